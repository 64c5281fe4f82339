"""Engraved notation: what is written is what was given (verovio plays it), accidentals, values, colours."""

from __future__ import annotations

import base64
import io
import random
import re
import xml.etree.ElementTree as ET

import pytest

from nlsearch.errors import MissingExtra
from nlsearch.handlers.score import engrave
from nlsearch.handlers.score.engrave import MOST_BARS, EngravedNote, Passage, Staff, engraved
from nlsearch.handlers.score.formats.midi import records
from nlsearch.handlers.score.mei import MATCHED, mei_of
from nlsearch.handlers.score.notation import TICKS, Bar, Key, Meter, pitch_of
from nlsearch.handlers.score.notelengths import PLAIN, is_written, values_of
from nlsearch.handlers.score.spelling import alter_of, step_of
from nlsearch.limits import Limits

BAR = 4 * TICKS


def passage(*layers: list[EngravedNote], bars: int = 2, length: int = BAR, **given: object) -> Passage:
    shown = [Bar(str(at + 1), at * length) for at in range(bars)]
    return Passage("", [Staff("", layers)], shown, bars * length, **given)  # type: ignore[arg-type]


def line(*pitches: int, length: int = TICKS) -> list[EngravedNote]:
    return [EngravedNote(at * length, length, pitch) for at, pitch in enumerate(pitches)]


def written(mei: str) -> list[str]:
    """Return the notes and rests as ``8.c4s`` (value, dots, letter, octave, sign written), ``|`` between bars."""
    found = []
    for mark, inside in re.findall(r"<(note|rest|measure|mRest|chord)\b([^>]*)>", mei):
        said = dict(re.findall(r'([\w.]+)="([^"]*)"', inside))
        name = said.get("pname", "r") + said.get("oct", "") + said.get("accid", "") + ("~" if "tie" in said else "")
        value = said.get("dur", "") + "." * int(said.get("dots", 0))
        found.append("|" if mark == "measure" else "R" if mark == "mRest" else "(" if mark == "chord" else value + name)
    return found


# ------------------------------------------------------------------------------------------------------------- writing
def test_a_line_with_rests_dots_and_ties() -> None:
    notes = [
        EngravedNote(0, 3 * TICKS // 2, 60),
        EngravedNote(3 * TICKS // 2, TICKS // 2, 62),
        EngravedNote(3 * TICKS, 2 * TICKS, 64),
    ]
    assert written(mei_of(passage(notes))) == ["|", "4.c4", "8d4", "4r", "4e4~", "|", "4e4~", "2.r"]
    assert written(mei_of(passage([]))) == ["|", "R", "|", "R"]


def test_signs_are_written_where_they_are_new() -> None:
    notes = line(66, 66, 65, 66, 66)
    assert written(mei_of(passage(notes))) == ["|", "4f4s", "4f4", "4f4n", "4f4s", "|", "4f4s", "2.r"]
    in_g = mei_of(passage(notes, keys=[Key(0, 1)]))
    assert written(in_g) == ["|", "4f4", "4f4", "4f4n", "4f4s", "|", "4f4", "2.r"]
    assert '<keySig sig="1s"/>' in in_g
    flats = mei_of(passage([EngravedNote(0, TICKS, 61, 29), EngravedNote(TICKS, TICKS, 61, 28)]))
    assert written(flats)[1:3] == ["4d4f", "4c4s"]


def test_signs_hold_for_the_whole_staff() -> None:
    upper, lower = line(78, length=BAR), line(66, 66, length=TICKS)
    assert written(mei_of(passage(upper, lower, bars=1))) == ["|", "1f5s", "4f4s", "4f4", "2r"]


def test_tuplets_and_beams() -> None:
    notes = [EngravedNote(at * TICKS // 3, TICKS // 3, 60 + at) for at in range(3)]
    notes += [EngravedNote(TICKS + at * TICKS // 4, TICKS // 4, 72) for at in range(8)]
    mei = mei_of(passage(notes, bars=1))
    assert (
        re.findall(r"<(/?)(tuplet|beam)", mei)
        == [("", "tuplet"), ("", "beam"), ("/", "beam"), ("/", "tuplet")]
        + [
            ("", "beam"),
            ("/", "beam"),
        ]
        * 2
    )
    assert 'num="3" numbase="2"' in mei
    compound = mei_of(
        passage(line(*range(60, 66), length=TICKS // 2), bars=1, length=3 * TICKS, meters=[Meter(0, "6/8")])
    )
    assert compound.count("<beam>") == 2


def test_keys_meters_repeats_endings_and_words() -> None:
    bars = [
        Bar("1", 0, repeat_start=True),
        Bar("2", BAR, repeat_end=2, endings=(1,)),
        Bar("3", 2 * BAR, endings=(2,)),
        Bar("4", 3 * BAR, endings=(2,)),
    ]
    notes = [EngravedNote(0, BAR, 60, syllable="glo-"), EngravedNote(BAR, BAR, 60, syllable="<a>")]
    keys, meters = [Key(-BAR, 2), Key(2 * BAR, -3)], [Meter(0, "4/4"), Meter(2 * BAR, "3+2/8")]
    mei = mei_of(Passage("A & B", [Staff("x", [notes])], bars, 4 * BAR, keys, meters))
    root = ET.fromstring(mei)  # noqa: S314 - our own
    ns = "{http://www.music-encoding.org/ns/mei}"
    assert [one.get("n") for one in root.iter(f"{ns}ending")] == ["1", "2"]
    assert [(one.get("left"), one.get("right")) for one in root.iter(f"{ns}measure")] == [
        ("rptstart", None),
        (None, "rptend"),
        (None, None),
        (None, None),
    ]
    assert [one.get("sig") for one in root.iter(f"{ns}keySig")] == ["2s", "3f"]
    assert [one.get("count") for one in root.iter(f"{ns}meterSig")] == ["4", "3+2"]
    assert [(one.text, one.get("con")) for one in root.iter(f"{ns}syl")] == [("glo", "d"), ("<a>", None)]
    assert root.find(f".//{ns}title").text == "A & B"  # type: ignore[union-attr]


@pytest.mark.parametrize("fifths", range(-7, 8))
def test_every_pitch_has_a_name_near_the_key(fifths: int) -> None:
    names = [step_of(pitch, fifths) for pitch in range(24, 108)]
    assert [pitch_of(step, alter_of(pitch, step)) for pitch, step in enumerate(names, start=24)] == list(range(24, 108))
    most = max(abs(alter_of(pitch, step)) for pitch, step in enumerate(names, start=24))
    assert most <= (2 if abs(fifths) > 2 else 1)
    scale = [pitch for pitch in range(60, 72) if (pitch * 7 - fifths + 1) % 12 < 7]
    assert len({step_of(pitch, fifths) % 7 for pitch in scale}) == 7, "each letter once"


def test_values() -> None:
    assert all(values_of(value.ticks) == (value,) for value in PLAIN)
    for ticks in (5 * TICKS, TICKS // 7, 5 * TICKS // 4, 9 * TICKS // 8, TICKS + TICKS // 64):
        assert is_written(ticks)
        assert sum(value.ticks for value in values_of(ticks)) == ticks
    assert not is_written(TICKS * 1000 // 1013)
    assert values_of(TICKS * 1000 // 1013) == values_of(TICKS)
    assert values_of(1) == ()


# ----------------------------------------------------------------------------------------------------------- engraving
def played(of: Passage) -> list[tuple[int, int, int | None]]:
    """Return what verovio plays: onset, duration and pitch, in ticks."""
    verovio = pytest.importorskip("verovio")
    toolkit = verovio.toolkit()
    toolkit.setOptions({"inputFrom": "mei"})
    assert toolkit.loadData(mei_of(of))
    (item,) = records(io.BytesIO(base64.b64decode(toolkit.renderToMIDI())), Limits())
    score = item.content  # type: ignore[union-attr]
    return sorted((n.onset, n.duration, n.pitch) for part in score.parts for voice in part.voices for n in voice.notes)


def test_verovio_plays_what_was_given() -> None:
    rng = random.Random(7)
    lengths = [TICKS * quarters // 4 for quarters in (4, 2, 1, 6, 3, 8, 12, 10, 5, 24)]
    for fifths in (-4, 0, 3):
        for _ in range(5):
            notes, at = [], 0
            while at < 5 * BAR:
                length = rng.choice(lengths)
                if rng.random() < 0.25:
                    for _ in range(3):
                        notes.append(EngravedNote(at, TICKS // 3, rng.randrange(50, 80)))
                        at += TICKS // 3
                    at = -(-at // TICKS) * TICKS
                    continue
                top = rng.randrange(55, 85)
                notes += [EngravedNote(at, length, top - down) for down in rng.choice([(0,), (0,), (0, 4), (0, 3, 7)])]
                at += length + rng.choice([0, 0, 0, TICKS // 2])
                if rng.random() < 0.5:
                    at = -(-at // TICKS) * TICKS
            bars = -(-max(note.onset + note.duration for note in notes) // BAR)
            given = sorted((note.onset, note.duration, note.pitch) for note in notes)
            found = played(passage(notes, bars=bars, keys=[Key(0, fifths)], meters=[Meter(0, "4/4")]))
            off = max((abs(a[0] - b[0]) for a, b in zip(given, found, strict=True)), default=0)
            assert [note[2] for note in found] == [note[2] for note in given]
            assert off < TICKS // 60, "verovio's own files have 120 ticks a quarter note"
            assert max(abs(a[1] - b[1]) for a, b in zip(given, found, strict=True)) < TICKS // 20


def test_matched_notes_are_coloured_in_the_drawing() -> None:
    pytest.importorskip("verovio")
    notes = [EngravedNote(at * TICKS, TICKS, 60 + at, matched=at in {1, 2}) for at in range(8)]
    drawing = engraved(Passage("Tune & <air>", [Staff("voice", [notes])], [Bar("5", 0), Bar("6", BAR)], 2 * BAR))
    assert drawing is not None
    root = ET.fromstring(drawing)  # noqa: S314 - our own
    assert (root.get("role"), root[0].text) == ("img", "Tune & <air>")
    coloured = [one for one in root.iter() if one.get("color") == MATCHED or one.get("fill") == MATCHED]
    assert len([one for one in coloured if one.get("class") == "note"]) == 2
    assert len([one for one in root.iter() if one.get("class") == "note"]) == 8
    again = engraved(Passage("Tune & <air>", [Staff("voice", [notes])], [Bar("5", 0), Bar("6", BAR)], 2 * BAR))
    assert drawing == again


def test_what_is_not_engraved(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("verovio")
    assert engraved(passage(line(60), bars=MOST_BARS + 1)) is None
    assert engraved(Passage("", [], [Bar("1", 0)], BAR)) is None
    assert engraved(passage([EngravedNote(0, TICKS, 60)] * 3_000)) is None
    monkeypatch.setattr(engrave, "is_available", lambda: False)
    with pytest.raises(MissingExtra, match="verovio"):
        engraved(passage(line(60)))


def test_played_and_odd_notes_are_engraved_too() -> None:
    pytest.importorskip("verovio")
    rng = random.Random(3)
    for _ in range(20):
        notes = [
            EngravedNote(
                rng.randrange(2 * BAR),
                rng.choice([0, 1, rng.randrange(3 * TICKS), 10**12]),
                rng.choice([None, rng.randrange(128)]),
                rng.choice([None, rng.randrange(75)]),
                matched=rng.random() < 0.3,
                syllable=rng.choice(["", "a\x00<", "-"]),
                grace=rng.random() < 0.1,
            )
            for _ in range(30)
        ]
        layers = [sorted(notes[:20], key=lambda note: note.onset), sorted(notes[20:], key=lambda note: note.onset)]
        drawing = engraved(
            passage(*layers, keys=[Key(0, rng.randrange(-9, 9))], meters=[Meter(0, rng.choice(["x", "7/8", "0/0"]))])
        )
        assert drawing is not None
        ET.fromstring(drawing)  # noqa: S314 - our own
