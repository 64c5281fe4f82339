"""What MusicXML writes around the notes: keys, meters, repeats, chord symbols, syllables, titles."""

from __future__ import annotations

import pytest
from musicxmltexts import SCALE, note, part, read, score

from nlsearch.handlers.score.notation import TICKS


def test_transposing_parts_sound_and_so_do_their_keys_and_chord_symbols():
    clarinet = (
        "<divisions>2</divisions><key><fifths>2</fifths><mode>major</mode></key>"
        "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    )
    harmony = "<harmony><root><root-step>D</root-step></root><kind>major</kind></harmony>"
    found = read(score(part(harmony + note("D5", 4), attributes=clarinet)))
    sounding = found.parts[0].voices[0].notes[0]
    assert (sounding.pitch, sounding.step) == (72, 35)
    assert [(key.fifths, key.tonic, key.mode) for key in found.keys] == [(0, "C", "major")]
    assert [h.text for h in found.harmonies] == ["C"]


@pytest.mark.parametrize(
    ("said", "pitch", "step"),
    [
        ("<chromatic>-9</chromatic>", 51, 23),  # E flat: alto saxophone, letters not said
        ("<diatonic>0</diatonic><chromatic>0</chromatic><octave-change>-1</octave-change>", 48, 21),
        ("<diatonic>-5</diatonic><chromatic>-9</chromatic><octave-change>-1</octave-change>", 39, 16),
    ],
)
def test_transpositions(said: str, pitch: int, step: int):
    found = read(score(part(note("C4", 2), attributes=f"<divisions>2</divisions><transpose>{said}</transpose>")))
    assert [(n.pitch, n.step) for n in found.parts[0].voices[0].notes] == [(pitch, step)]


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("<beats>3</beats><beat-type>4</beat-type>", "3/4"),
        ("<beats>3+2</beats><beat-type>8</beat-type>", "3+2/8"),
        ("<beats>2</beats><beat-type>4</beat-type><beats>3</beats><beat-type>8</beat-type>", "2/4+3/8"),
        ("<senza-misura/>", ""),
    ],
)
def test_meters(time: str, text: str):
    found = read(score(part(note("C4", 4), attributes=f"<divisions>2</divisions><time>{time}</time>")))
    assert [(meter.onset, meter.text) for meter in found.meters] == [(0, text)]


def test_keys_with_and_without_mode_where_they_change():
    minor = "<divisions>2</divisions><key><fifths>-3</fifths><mode>minor</mode></key>"
    change = "<attributes><key><fifths>-3</fifths></key></attributes>"
    dorian = "<attributes><key><fifths>0</fifths><mode>dorian</mode></key></attributes>"
    found = read(score(part(note("C4", 4), change + note("C4", 4), dorian + note("D4", 4), attributes=minor)))
    assert [(key.onset // TICKS, key.fifths, key.tonic, key.mode) for key in found.keys] == [
        (0, -3, "C", "minor"),
        (2, -3, "", ""),
        (4, 0, "D", "dorian"),
    ]


def test_repeats_and_endings_of_one_part_hold_for_all():
    left = '<barline location="left">{}</barline>'
    right = '<barline location="right">{}</barline>'
    bars = (
        left.format('<repeat direction="forward"/>') + note("C4", 4),
        left.format('<ending number="1, 2" type="start"/>')
        + note("D4", 4)
        + right.format('<ending number="1, 2" type="stop"/><repeat direction="backward" times="3"/>'),
        left.format('<ending number="3" type="start"/>')
        + note("E4", 4)
        + right.format('<ending number="3" type="discontinue"/>'),
        note("F4", 4),
    )
    found = read(score(part(*bars), part(*[note("C3", 4)] * 4, name="P2")))
    for one in found.parts:
        assert [(bar.repeat_start, bar.repeat_end, bar.endings) for bar in one.bars] == [
            (True, 0, ()),
            (False, 3, (1, 2)),
            (False, 0, (3,)),
            (False, 0, ()),
        ]


def test_tempo_in_quarters():
    metronome = (
        "<direction><direction-type><words>Andante</words></direction-type><direction-type><metronome>"
        "<beat-unit>eighth</beat-unit><beat-unit-dot/><per-minute>80</per-minute></metronome></direction-type></direction>"
    )
    found = read(score(part(metronome + note("C4", 4))))
    assert (found.tempo, found.words["tempo"]) == (60.0, "Andante")
    assert read(score(part('<sound tempo="96"/>' + note("C4", 4)))).tempo == 96.0
    assert read(SCALE).tempo is None


@pytest.mark.parametrize(
    ("said", "text", "sort"),
    [
        ("<root><root-step>A</root-step></root><kind>minor-seventh</kind>", "Am7", "symbol"),
        (
            "<root><root-step>C</root-step></root><kind>major</kind><bass><bass-step>E</bass-step></bass>",
            "C/E",
            "symbol",
        ),
        (
            "<root><root-step>B</root-step><root-alter>-1</root-alter></root><kind>dominant</kind><degree>"
            "<degree-value>9</degree-value><degree-alter>-1</degree-alter><degree-type>add</degree-type></degree>",
            "Bb7(addb9)",
            "symbol",
        ),
        ("<root><root-step>C</root-step></root><kind>none</kind>", "N.C.", "symbol"),
        ("<function>V</function><kind>dominant</kind><inversion>1</inversion>", "V65", "roman"),
        ("<numeral><numeral-root>2</numeral-root></numeral><kind>major</kind>", "II", "roman"),
        ("<function>V</function><kind>major</kind><function>ii</function><kind>minor</kind>", "V/ii", "roman"),
    ],
)
def test_harmonies(said: str, text: str, sort: str):
    found = read(score(part(note("C4", 2) + f"<harmony>{said}<offset>1</offset></harmony>" + note("D4", 2))))
    assert [(h.onset / TICKS, h.text, h.sort) for h in found.harmonies] == [(1.5, text, sort)]


def test_figured_bass_moves_under_its_note():
    six = "<figured-bass><figure><figure-number>6</figure-number></figure>{}<duration>1</duration></figured-bass>"
    bass = six.format("<figure><prefix>sharp</prefix><figure-number>4</figure-number></figure>") + six.format("")
    found = read(score(part(note("C3", 2) + bass + note("D3", 2))))
    assert [(h.onset / TICKS, h.text, h.sort) for h in found.harmonies] == [
        (1.0, "6 #4", "figures"),
        (1.5, "6", "figures"),
    ]


def test_syllables_elisions_and_verses():
    def lyric(number: int, syllabic: str, text: str, more: str = "") -> str:
        return f'<lyric number="{number}"><syllabic>{syllabic}</syllabic><text>{text}</text>{more}</lyric>'

    elided = "<elision>‿</elision><syllabic>single</syllabic><text>e</text>"
    bars = (
        note("C4", 2, lyric(2, "single", "Et") + lyric(1, "begin", "glo"))
        + note("D4", 2, lyric(2, "single", "in") + lyric(1, "middle", "ri")),
        note("E4", 2, lyric(1, "end", "a", elided)) + note("F4", 2),
    )
    found = read(score(part(*bars)))
    assert [n.syllable for n in found.parts[0].voices[0].notes] == ["glo-", "ri-", "a e", ""]
    assert found.parts[0].verses == ["gloria e", "Et in"]


def test_titles_people_parts_and_no_rights():
    head = (
        "<work><work-number>Op. 5</work-number><work-title>Suite</work-title></work>"
        "<movement-number>2</movement-number><movement-title>Gigue\n in D</movement-title>"
        '<identification><creator type="composer">A. B.</creator><creator type="poet">C. D.</creator>'
        '<creator type="arranger">E. F.</creator><rights>nobody</rights><source>MS 7</source></identification>'
        '<credit page="1"><credit-type>subtitle</credit-type><credit-words>for two</credit-words></credit>'
        '<credit page="1"><credit-words>© nobody</credit-words></credit>'
        '<part-list><score-part id="P1"><part-name>Flute</part-name><score-instrument id="I">'
        "<instrument-name>Traverso</instrument-name></score-instrument></score-part>"
        '<score-part id="P2"><part-name>Cello</part-name></score-part></part-list>'
    )
    found = read(score(part(note("C4", 4), name="P2"), part(note("C5", 4)), head=head))
    assert (found.title, found.composer, found.lyricist) == ("Gigue in D", "A. B.", "C. D.")
    assert found.words == {
        "work": "Suite",
        "opus": "Op. 5",
        "movement": "2",
        "arranger": "E. F.",
        "source": "MS 7",
        "subtitle": "for two",
    }
    assert [(one.name, one.instrument) for one in found.parts] == [("Flute", "Traverso"), ("Cello", "")]
