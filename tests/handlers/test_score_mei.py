"""Reading MEI: golden values by hand from the guidelines, and scores that verovio made of MusicXML."""

from __future__ import annotations

import io
import random
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from musicxmltexts import note as xml_note
from musicxmltexts import part as xml_part
from musicxmltexts import read as read_musicxml
from musicxmltexts import score as xml_score
from scoreoracle21 import tuples, voice

from nlsearch.errors import InputError, MalformedContent, UnsupportedFeature
from nlsearch.handlers.score.formats import mei
from nlsearch.handlers.score.notation import TICKS, Score
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

STAFF = '<staffDef n="1" lines="5"/>'
HEAD = (
    "<meiHead><fileDesc><titleStmt><title>Lied</title><composer>A. B.</composer><respStmt>"
    '<persName role="lyricist">C. D.</persName></respStmt></titleStmt></fileDesc></meiHead>'
)


def records(content: str | bytes, limits: Limits | None = None) -> list[RawItem | Skipped]:
    content = content.encode() if isinstance(content, str) else content
    return list(mei.records(io.BytesIO(content), limits or Limits()))


def read(content: str | bytes) -> Score:
    (item,) = records(content)
    assert isinstance(item, RawItem), item
    return item.content


def note(name: str, dur: str = "4", more: str = "", inside: str = "") -> str:
    return f'<note pname="{name[0]}" oct="{name[1]}" dur="{dur}" {more}>{inside}</note>'


def bar(*layers: str, more: str = "", behind: str = "") -> str:
    inside = "".join(f'<layer n="{n}">{layer}</layer>' for n, layer in enumerate(layers, 1))
    return f'<measure {more}><staff n="1">{inside}</staff>{behind}</measure>'


def mdiv(*measures: str, define: str = f"<staffGrp>{STAFF}</staffGrp>", attributes: str = "", more: str = "") -> str:
    section = f"<section>{''.join(measures)}</section>"
    return f"<mdiv {more}><score><scoreDef {attributes}>{define}</scoreDef>{section}</score></mdiv>"


def document(*mdivs: str, head: str = HEAD) -> str:
    body = f"<music><body>{''.join(mdivs)}</body></music>"
    return f'<?xml version="1.0"?><mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0">{head}{body}</mei>'


def pitches(*measures: str, attributes: str = "", define: str = f"<staffGrp>{STAFF}</staffGrp>") -> list[int | None]:
    found = read(document(mdiv(*measures, attributes=attributes, define=define)))
    return [n.pitch for n in found.parts[0].voices[0].notes]


# ------------------------------------------------------------------------------------------------------------ the notes
def test_notes_have_their_places_pitches_steps_and_bars():
    found = read(
        document(mdiv(bar(note("c4") + note("d4", "8") + note("e4", "4", 'dots="1"')), bar(note("b5", "breve"))))
    )
    notes = found.parts[0].voices[0].notes
    assert [(n.onset / TICKS, n.duration / TICKS, n.pitch, n.step, n.bar) for n in notes] == [
        (0, 1, 60, 28, 0),
        (1, 0.5, 62, 29, 0),
        (1.5, 1.5, 64, 30, 0),
        (3, 8, 83, 41, 1),
    ]
    assert (found.title, found.composer, found.lyricist) == ("Lied", "A. B.", "C. D.")


def test_accidentals_last_for_the_bar_in_their_octave_on_all_layers():
    first = note("f4", more='accid="n"') + note("f4") + note("f5") + note("c4", inside='<accid accid="s"/>')
    assert pitches(bar(first), bar(note("f4") + note("c4")), attributes='key.sig="1s"') == [65, 65, 78, 61, 66, 60]
    found = read(document(mdiv(bar(note("b4", more='accid="f"'), note("b4")), attributes='keysig="0"')))
    assert voice(found, which=1) == [(0.0, 1.0, 70)]


def test_sounding_accidentals_go_first_and_where_they_are_stated_the_others_are_natural():
    stated = bar(note("f4", more='accid.ges="s"') + note("f4", more='accid.ges="s"') + note("f5"))
    assert pitches(stated, attributes='key.sig="1s"') == [66, 66, 77]
    editor = note("f4", inside='<supplied><accid accid="s" func="edit"/></supplied>')
    assert pitches(bar(editor)) == [66]


def test_a_tied_note_has_the_pitch_of_the_first_in_the_next_bar():
    found = read(
        document(
            mdiv(
                bar(note("f4", more='accid="s" tie="i"')),
                bar(note("f4", more='tie="m"')),
                bar(note("f4", more='tie="t"') + note("f4")),
            )
        )
    )
    assert voice(found) == [(0.0, 3.0, 66), (3.0, 1.0, 65)]
    assert found.warnings == []


def test_tie_elements_name_their_notes_over_layers_and_bars():
    measures = (
        bar(note("c4", more='xml:id="a"'), behind='<tie startid="#a" endid="#b"/>'),
        bar(note("d4"), note("c4", more='xml:id="b"')),
    )
    found = read(document(mdiv(*measures)))
    assert voice(found) == [(0.0, 2.0, 60), (1.0, 1.0, 62)]
    assert len(found.parts[0].voices) == 1 or not found.parts[0].voices[1].notes


def test_a_tie_that_ends_without_a_start_is_told():
    found = read(document(mdiv(bar(note("c4", more='tie="t"'), more='n="7"'))))
    assert voice(found) == [(0.0, 1.0, 60)]
    assert found.warnings == ["a tie ends where none began; its note counts by itself (in bar 7)"]


def test_tuplets_nest_and_spans_name_their_notes():
    triplet = '<tuplet num="3" numbase="2">' + note("c4", "8") * 2 + "{}</tuplet>"
    inner = '<tuplet num="2" numbase="1">' + note("d4", "8") * 2 + "</tuplet>"
    found = read(document(mdiv(bar("<beam>" + triplet.format(inner) + "</beam>" + note("e4")))))
    assert [round(onset * 6) for onset, _, _ in voice(found)] == [0, 2, 4, 5, 6]
    span = '<tupletSpan startid="#a" endid="#c" num="3" numbase="2"/>'
    spanned = note("c4", "8", 'xml:id="a"') + note("c4", "8") + note("c4", "8", 'xml:id="c"') + note("d4")
    found = read(document(mdiv(bar(spanned, behind=span))))
    assert [round(onset * 3) for onset, _, _ in voice(found)] == [0, 1, 2, 3]


def test_grace_notes_tremolos_and_chords():
    grace = note("c5", "8", 'grace="acc"') + "<graceGrp>" + note("b4", "8") + "</graceGrp>"
    chord = '<chord dur="2">' + '<note pname="c" oct="4"/><note pname="g" oct="4"/>' + "</chord>"
    tremolo = "<bTrem>" + note("d4", "2") + "</bTrem>"
    alternating = "<fTrem>" + note("e4", "2") + note("g4", "2") + "</fTrem>"
    found = read(document(mdiv(bar(grace + chord + tremolo + alternating))))
    assert [
        (n.onset / TICKS, n.duration / TICKS, n.pitch, n.grace, n.lower) for n in found.parts[0].voices[0].notes
    ] == [
        (0, 0, 72, True, False),
        (0, 0, 71, True, False),
        (0, 2, 67, False, False),
        (0, 2, 60, False, True),
        (2, 2, 62, False, False),
        (4, 1, 64, False, False),
        (5, 1, 67, False, False),
    ]


def test_rests_spaces_and_bars_without_notes():
    measures = (
        bar('<rest dur="4"/><space dur="8"/>' + note("c4", "8")),
        bar("<mRest/>"),
        bar('<multiRest num="3"/>'),
        bar(note("d4")),
    )
    found = read(document(mdiv(*measures, attributes='meter.count="3" meter.unit="4"')))
    assert voice(found) == [(1.5, 0.5, 60), (2 + 3 + 9, 1.0, 62)]


def test_a_bar_that_repeats_the_one_before_has_its_notes():
    found = read(document(mdiv(bar(note("c4") + note("d4")), bar("<mRpt/>"), bar("<mRpt2/>"))))
    assert voice(found) == [(0.0, 1.0, 60), (1.0, 1.0, 62), (2.0, 1.0, 60), (3.0, 1.0, 62)]
    assert found.warnings == ["<mRpt2> was not written out (in bar 3)"]


def test_units_of_ppq_count_where_nothing_is_written():
    define = '<staffGrp><staffDef n="1" ppq="96"/></staffGrp>'
    found = read(document(mdiv(bar('<note pname="c" oct="4" dur.ppq="48"/>' + note("d4")), define=define)))
    assert voice(found) == [(0.0, 0.5, 60), (0.5, 1.0, 62)]


def test_percussion_and_notes_that_cannot_be_read():
    define = '<staffGrp><staffDef n="1" clef.shape="perc"/></staffGrp>'
    assert pitches(bar(note("c4")), define=define) == [None]
    found = read(
        document(mdiv(bar('<note dur="4" loc="3"/><note dur="4"/><note dur="4" pnum="61"/>' + note("c4", "x"))))
    )
    assert [n.pitch for n in found.parts[0].voices[0].notes] == [None, 61, 60]
    assert found.warnings == [
        "a note without a pitch that can be read was left out (in bar 1)",
        "a note without a duration that can be read was given none (in bar 1)",
    ]


# ------------------------------------------------------------------------------------------------- staves, bars, marks
def test_transposing_staves_sound_and_octaves_that_sound_go_first():
    define = '<staffGrp><staffDef n="1" trans.semi="-2" trans.diat="-1" key.sig="2s" key.mode="major"/></staffGrp>'
    found = read(document(mdiv(bar(note("d5") + note("c4", more='oct.ges="5"')), define=define)))
    assert [(n.pitch, n.step) for n in found.parts[0].voices[0].notes] == [(72, 35), (71, 34)]
    assert [(key.fifths, key.tonic, key.mode) for key in found.keys] == [(0, "C", "major")]


def test_staves_that_are_braced_are_one_part_and_layers_stay_on_their_staff():
    piano = '<staffGrp symbol="brace"><label>Piano</label><staffDef n="1"/><staffDef n="2"/></staffGrp>'
    define = f'<staffGrp><staffDef n="3" label="Voice"/>{piano}</staffGrp>'
    layers = "".join(
        f'<staff n="{n}"><layer n="1">{note(name, more=more)}</layer></staff>'
        for n, name, more in ((3, "c5", ""), (1, "c4", 'staff="2"'), (2, "c3", ""))
    )
    found = read(document(mdiv(f"<measure>{layers}</measure>", define=define)))
    assert [(part.name, [v.name for v in part.voices]) for part in found.parts] == [
        ("Voice", ["1"]),
        ("Piano", ["1 (staff 1)", "1 (staff 2)"]),
    ]


def test_keys_and_meters_change_between_bars_and_in_them():
    change = '<scoreDef><keySig sig="3f" mode="minor"/><meterSig count="3+2" unit="8"/></scoreDef>'
    inside = note("c4") + '<keySig sig="0"/>' + note("c4")
    found = read(document(mdiv(bar(note("c4")), change, bar(inside), attributes='meter.sym="cut" key.sig="0"')))
    assert [(key.onset / TICKS, key.fifths, key.tonic) for key in found.keys] == [(0, 0, ""), (1, -3, "C"), (2, 0, "")]
    assert [(meter.onset / TICKS, meter.text) for meter in found.meters] == [(0, "2/2"), (1, "3+2/8")]


def test_repeats_endings_and_labels():
    measures = (
        bar(note("c4"), more='n="0" metcon="false" right="rptstart"'),
        bar(note("d4"), more='n="1"'),
        '<ending n="1, 2">' + bar(note("e4"), more='n="2a" right="rptend"') + "</ending>",
        '<ending n="3">' + bar(note("f4"), more='n="2b"') + "</ending>",
        bar(note("g4"), more='n="3" right="rptboth"'),
        bar(note("g4"), more='n="4" left="rptboth"'),
    )
    found = read(document(mdiv(*measures)))
    assert [(one.label, one.repeat_start, one.repeat_end, one.endings) for one in found.parts[0].bars] == [
        ("0", False, 0, ()),
        ("1", True, 0, ()),
        ("2a", False, 2, (1, 2)),
        ("2b", False, 0, (3,)),
        ("3", False, 2, ()),
        ("4", True, 0, ()),
    ]


def test_harmonies_figures_and_tempo():
    behind = (
        '<harm tstamp="2">Am7</harm><harm startid="#n">V6</harm><harm tstamp="1"><fb><f>6</f><f>4</f></fb></harm>'
        '<tempo mm="60" mm.unit="2">Adagio</tempo>'
    )
    found = read(document(mdiv(bar(note("c4") + note("d4") + note("e4", more='xml:id="n"'), behind=behind))))
    assert [(h.onset / TICKS, h.text, h.sort) for h in found.harmonies] == [
        (0, "6 4", "figures"),
        (1, "Am7", "symbol"),
        (2, "V6", "roman"),
    ]
    assert (found.tempo, found.words["tempo"]) == (120.0, "Adagio")


def test_syllables_and_verses():
    def verse(number: int, *syllables: tuple[str, str]) -> str:
        return f'<verse n="{number}">' + "".join(f'<syl wordpos="{p}">{t}</syl>' for p, t in syllables) + "</verse>"

    first = note("c4", inside=verse(1, ("i", "glo")) + verse(2, ("s", "Et")))
    second = note("d4", inside=verse(1, ("m", "ri"))) + note("e4", inside=verse(1, ("t", "a"), ("s", "e")))
    found = read(document(mdiv(bar(first + second))))
    assert [n.syllable for n in found.parts[0].voices[0].notes] == ["glo-", "ri-", "a e"]
    assert found.parts[0].verses == ["gloria e", "Et"]


# ------------------------------------------------------------------------------------------------------------- the file
def test_movements_are_items_with_their_ids():
    found = records(
        document(mdiv(bar(note("c4")), more='xml:id="m1" label="Kyrie"'), mdiv(bar(note("d4")), more='xml:id="m2"'))
    )
    assert [(item.number, item.title, item.record_id) for item in found if isinstance(item, RawItem)] == [
        (1, "Kyrie", "m1"),
        (2, "Lied", "m2"),
    ]
    assert found[0].content.words["work"] == "Lied"


def test_scores_of_a_corpus_have_their_own_titles():
    one = document(mdiv(bar(note("c4")))).partition("?>")[2]
    found = records(f"<meiCorpus>{HEAD.replace('Lied', 'Songs')}{one}{one.replace('Lied', 'Aria')}</meiCorpus>")
    assert [item.title for item in found if isinstance(item, RawItem)] == ["Lied", "Aria"]


def test_parts_that_are_written_one_by_one_begin_together():
    parts = "".join(
        f'<part><scoreDef><staffGrp><staffDef n="{n}"/></staffGrp></scoreDef><section>'
        + f'<measure><staff n="{n}"><layer n="1">{note(name)}{note(name)}</layer></staff></measure>' * 2
        + "</section></part>"
        for n, name in ((1, "c5"), (2, "c3"))
    )
    found = read(document(f"<mdiv><parts>{parts}</parts></mdiv>"))
    assert [voice(found, part)[-1] for part in (0, 1)] == [(3.0, 1.0, 72), (3.0, 1.0, 48)]


def test_of_several_readings_the_first_is_taken_and_told():
    app = f"<app><lem>{note('c4')}</lem><rdg>{note('d4')}</rdg></app>"
    choice = f"<choice><sic>{note('e4')}</sic><corr>{note('f4')}</corr></choice>"
    found = read(document(mdiv(bar(app + choice))))
    assert [n.pitch for n in found.parts[0].voices[0].notes] == [60, 64]
    assert len(found.warnings) == 2
    other = bar(note("d4"), more='n="1"')
    around = f"<app><rdg>{bar(note('c4'))}</rdg><rdg>{other}</rdg></app>"
    found = read(document(mdiv(around, bar(note("e4")))))
    assert [n.pitch for n in found.parts[0].voices[0].notes] == [60, 64]
    assert found.warnings == ["of several readings the first was taken (in bar 1)"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding: str):
    text = document(mdiv(bar(note("c4"))), head=HEAD.replace("Lied", "Größe")).replace("><", ">\r\n<")
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    assert read(text.replace('version="1.0"', f'version="1.0" encoding="{name}"', 1).encode(encoding)).title == "Größe"


def test_a_prefix_of_the_namespace_does_not_matter():
    found = read('<m:mei xmlns:m="http://www.music-encoding.org/ns/mei"><m:mdiv><m:measure><m:staff n="1"><m:layer>'
                 '<m:note pname="c" oct="4" dur="4"/></m:layer></m:staff></m:measure></m:mdiv></m:mei>')  # fmt: skip
    assert voice(found) == [(0.0, 1.0, 60)]


def test_what_is_cut_or_no_mei():
    text = document(mdiv(bar(note("c4")), bar(note("d4"))))
    found = read(text[: text.rindex("<measure")])
    assert voice(found) == [(0.0, 1.0, 60)]
    assert found.warnings[-1].startswith("cut short: line 1")
    for content, error in (
        ("<html/>", MalformedContent),
        (document(), UnsupportedFeature),
        (text[:200], MalformedContent),
    ):
        with pytest.raises(error):
            records(content)
    (capped,) = records(text, Limits(score_notes=1))
    assert isinstance(capped, Skipped)
    assert capped.code == "limit_exceeded"


def test_damage_raises_only_input_errors():
    dice = random.Random(6)
    tuplet = '<tuplet num="3" numbase="2">' + note("f4", "8", 'tie="i"') * 3 + "</tuplet>"
    content = document(
        mdiv(*[bar(tuplet + note("f4", more='tie="t"')) for _ in range(20)], attributes='key.sig="1s"')
    ).encode()
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(dice.choice([1, 3, 20])):
            at = dice.randrange(len(damaged))
            if dice.random() < 0.5:
                damaged[at] = dice.randrange(256)
            else:
                del damaged[at : at + dice.randrange(20)]
        with suppress(InputError):
            records(bytes(damaged))


def test_what_verovio_makes_of_musicxml_is_the_same():
    with warnings.catch_warnings():  # its types, made by SWIG, name no module
        warnings.simplefilter("ignore")
        verovio = pytest.importorskip("verovio")
        toolkit = verovio.toolkit(False)
    toolkit.setResourcePath(str(Path(verovio.__file__).parent / "data"))
    key = "<divisions>6</divisions><key><fifths>1</fifths></key>"
    tied = '<tie type="{0}"/>{1}<notations><tied type="{0}"/></notations>'
    half = "<type>half</type>"
    time = "<type>eighth</type><time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
    tuplet = time + '</time-modification><notations><tuplet type="{}"/></notations>'
    triplet = (tuplet.format("start"), time + "</time-modification>", tuplet.format("stop"))
    bars = (
        xml_note("F#4", 6, "<type>quarter</type>")
        + "".join(xml_note("C5", 2, more) for more in triplet)
        + xml_note("G4", 12, tied.format("start", half)),
        xml_note("G4", 12, tied.format("stop", half))
        + xml_note("B4", 12, half, "<chord/>")
        + xml_note("Bb4", 12, half + "<accidental>flat</accidental>"),
    )
    head = '<part-list><score-part id="P1"><part-name>Flute</part-name></score-part></part-list>'
    text = xml_score(xml_part(*bars, attributes=key), head=head)
    assert toolkit.loadData(text)
    made = read(toolkit.getMEI())
    assert [tuples(part) for part in made.parts] == [tuples(part) for part in read_musicxml(text).parts]
    assert len(tuples(made.parts[0])) == 7
