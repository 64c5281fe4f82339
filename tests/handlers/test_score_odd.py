"""Odd questions about scores: what does not read, what is hardly there, and what edits and repeats do to evidence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nlsearch
from nlsearch.errors import QueryError, QueryTooCostly
from nlsearch.handlers.score.formats.midi import records
from nlsearch.handlers.score.harmonies import read_numeral, read_symbol
from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.patterns import Pattern, edits_between, matches
from nlsearch.limits import Limits

TUNES = """%abc-2.1
X:1
T:Scale
M:4/4
L:1/4
K:C
C D E F | G A B c | d e f g |]

X:2
T:Repeated
M:4/4
L:1/4
K:C
|: C E G c | e d B D :| F A c f |]
w: one two three four five six se- ven eight nine ten last

X:3
T:Sharp
M:4/4
L:1/4
K:C
^C D E F | A, B, E, A, |]

X:4
T:Chords
M:4/4
L:1/4
K:C
"C"C4 | "F"F4 | "G7"G4 | "Am"A4 |]

X:5
T:Drone
M:4/4
L:1/4
K:C
G G G G | G G G G | G G G G | G G G G | G G G G | G G G G | G G G G | G G G G |]

X:6
T:Few notes
M:4/4
L:1/4
K:C
C G C c |]
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "tunes.abc").write_text(TUNES, "utf-8")
    with nlsearch.Collection.open(folder / "c.nls", create=True) as collection:
        assert collection.index([folder / "tunes.abc"]).items == 6
        yield collection


def found(opened: nlsearch.Collection, query: str) -> dict[str, dict[str, Any]]:
    """Return the evidence of each hit by the title of its item; each verifies again."""
    page = opened.search(query, limit=100, count="exact")
    assert page.complete
    assert all(opened.verify(hit) for hit in page.hits)
    return {hit.item.title: {**hit.evidence, "tier": hit.tier, "score": hit.score} for hit in page.hits}


# ------------------------------------------------------------------------------------------------------------- reading
LONG = "9" * 5_000


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (f'notes:"C4:{LONG} D4"', "is no note"),
        ('notes:"C4:99999/1 D4:1"', "is no note"),
        (f'notes:"C4:4{"." * 3000} D4"', "is no note"),
        (f'notes:"c{60 * chr(39)} d"', "out of reach"),
        ('notes:"C,,,,,,,,,, D"', "out of reach"),
        (f'notes:"{"c f b e a d g " * 30}"', "is out of reach"),
        ('notes:"A9 B9"', "between C-1 and G9"),
        ('notes:"60 128"', "out of reach"),
        (f'abc:"c{30 * chr(39)} d"', "one note is found in every score|give at least two; "),
        (f'intervals:"{LONG}"', "is no interval"),
        (f'intervals:"M{LONG}"', "is no interval"),
        ('rhythm:"1/00 1"', "is no duration"),
        (f'rhythm:"{LONG} 1"', "is no duration"),
        (f'rhythm:"{"9" * 400} 1"', "is no duration"),
        ('notes:"C4 ? ? ?"{edits=2}', "none of 1 known notes"),
        ('notes:"C4:8 D4:8 E4:8 F4:8"{edits=2}', "at most 1"),
        ('contour:"U"{edits=1}', "too short for edits"),
    ],
)  # fmt: skip
def test_values_out_of_bounds_are_mistakes(opened: nlsearch.Collection, query: str, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        opened.search(query)
    assert any(part in f"{caught.value} {caught.value.hint}" for part in says.split("|"))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (f'notes:"{"C4 D4 " * 1000}"{{edits=100}}', "100 edits of 2,000"),
        (f'contour:"{"UD" * 1001}"', "2,002 directions"),
        (f'chords:"{"C G " * 1001}"', "2,002 chords"),
    ],
)
def test_what_would_take_minutes_is_refused(opened: nlsearch.Collection, query: str, says: str) -> None:
    with pytest.raises(QueryTooCostly, match=says):
        opened.search(query)


@pytest.mark.parametrize(
    ("text", "name"),
    [("Am/c", "Am"), ("G7/b", "G7"), ("C6/9", "C6"), ("F#m7b5/A", "F#dim7"), ("Fine", None), ("C/x", None)],
)
def test_what_stands_behind_the_bar_of_a_chord(text: str, name: str | None) -> None:
    chord = read_symbol(text)
    assert (None if chord is None else str(chord)) == name


def test_degrees_of_degrees_have_an_end(opened: nlsearch.Collection) -> None:
    assert read_numeral("V/V", False) is not None
    assert opened.search(f'chords:"{"V/" * 3000}V"').hits == []


def test_a_voice_of_many_digits_is_no_voice(opened: nlsearch.Collection) -> None:
    assert not found(opened, f'notes:"C4 D4"{{voice={LONG}}}')
    assert "Scale" in found(opened, 'notes:"C4 D4"{voice=01}')


@pytest.mark.parametrize("query", ['notes:"60 62 64 65"', 'notes:"C4,D4,E4,F4"', 'notes:"60:4 62 64 65"{durations=no}'])
def test_numbers_of_midi_and_commas(opened: nlsearch.Collection, query: str) -> None:
    assert found(opened, query)["Scale"]["notes"] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ('intervals:"M2 +2 -1"', "3 intervals, +2 +2 -1, at any pitch"),
        ('intervals:"+2 ? -1"', "3 intervals, +2 ? -1, in semitones"),
        ('contour:"*U?D"', "3 directions, up ? down"),
        ('degrees:"^1 b3"', "2 degrees, 1 b3, of the key in force, by the scale of its mode"),
        ('solfege:"Do mi"', "2 syllables, do mi, do is the tonic of the key in force"),
        ('rhythm:"4 r1 1"{anchored=yes}', "1 proportion, 4 r1 1, at any tempo, at the beginning of a voice"),
        ('chords:"Hm F#7"', "2 chords, Bm F#7, in any key"),
        ('chords:"I V7"', "2 numerals, I V7, in the key in force"),
        (
            'notes:"60 62"{voice=alto}',
            "2 notes, C4 D4, numbers of MIDI, 60 is middle C, at any pitch, in the part or voice alto",
        ),
    ],
)  # fmt: skip
def test_how_a_value_was_read_is_said(opened: nlsearch.Collection, query: str, said: str) -> None:
    assert opened.search(query).read_as == [f"{query.partition(':')[0]}: read as {said}"]


# ------------------------------------------------------------------------------------------------------------ evidence
def test_intervals_are_not_transposed(opened: nlsearch.Collection) -> None:
    assert found(opened, 'intervals:"+2 +2 +1 +2"')["Scale"]["transposition"] is None


def test_a_gap_may_come_before_any_known_note(opened: nlsearch.Collection) -> None:
    told = found(opened, 'notes:"? * D4 E4 F4"')["Scale"]
    assert told["notes"] in ([0, 1, 2, 3], [0, 4, 5, 6])
    assert found(opened, 'notes:"? * ? C4 D4 E4"')


def test_a_gap_through_a_repeat_is_flagged(opened: nlsearch.Collection) -> None:
    told = found(opened, 'notes:"E5 D5 B4 * C4 E4 G4"')["Repeated"]
    assert (told["notes"], told["through_repeat"]) == ([4, 5, 6, 0, 1, 2], True)
    written = found(opened, 'notes:"C4 E4 G4 * F4 A4"')["Repeated"]
    assert written["notes"] == [0, 1, 2, 8, 9]
    assert "through_repeat" not in written
    assert written["lyrics"] == "one two three … eight nine" or "…" in written["lyrics"]


def test_edits_through_a_repeat_name_notes_as_written(opened: nlsearch.Collection) -> None:
    told = found(opened, 'notes:"B4 D4 C#4 E4 G4 C5"{edits=1}')["Repeated"]
    assert told["notes"] == [6, 7, 0, 1, 2, 3]
    assert [(edit["query_index"], edit["note_index"]) for edit in told["edits"]] == [(2, 0)]


def test_anchored_with_edits_is_every_beginning(opened: nlsearch.Collection) -> None:
    """The stretch nearest to the seeds starts later, the one that counts with the voice."""
    told = found(opened, 'notes:"B4 D4 E4 F4 G4 A4"{edits=1, anchored=yes}')["Scale"]
    assert told["notes"][0] == 0
    assert found(opened, 'notes:"D4 E4 F4 G4 A4"{edits=1, anchored=yes}')["Scale"]["edits"][0]["kind"] == "extra"
    assert "Scale" not in found(opened, 'notes:"E4 F4 G4 A4 B4"{edits=1, anchored=yes}')
    assert found(opened, 'contour:"*UUUUD"{edits=1, anchored=yes}')["Scale"]["notes"][0] == 0


def test_another_letter_is_no_other_duration(opened: nlsearch.Collection) -> None:
    assert "Sharp" not in found(opened, 'notes:"Db4 D4 E4 F4"{spelling=yes}')
    told = found(opened, 'notes:"Db4 D4 E4 F4"{spelling=yes, edits=1}')["Sharp"]
    assert [edit["words"] for edit in told["edits"]] == ["note 1 is C#4 instead of Db4"]


@pytest.mark.parametrize(
    ("query", "title", "edits"),
    [
        ('contour:"*UUUUDUUUUUU"{edits=1}', "Scale", [("changed", 4, "direction 5 is up instead of down")]),
        ('degrees:"1 2 b3 4 5 6 7"{edits=1}', "Scale", [("changed", 2, "degree 3 is 3 instead of b3")]),
        ('rhythm:"1 1 1 1 2"{edits=1}', "Scale", [("changed", 3, "proportion 4 is 1:1 instead of 1:2")]),
        ('intervals:"+2 ? +1 +2 +3 +2 +1"{edits=1}', "Scale", [("changed", 4, "interval 5 is +2 instead of +3")]),
        ('chords:"I IV ii V7 vi"{edits=1}', "Chords", [("missing", 2, "chord 3, ii, is missing")]),
        ('chords:"G C Em"{edits=1}', "Chords", [("extra", None, "G7 is extra, before chord 3")]),
    ],
)
def test_edits_of_patterns_are_told_in_words(
    opened: nlsearch.Collection, query: str, title: str, edits: list[tuple[str, int | None, str]]
) -> None:
    told = found(opened, query)[title]
    assert [(edit["kind"], edit["query_index"], edit["words"]) for edit in told["edits"]] == edits


def test_the_edits_of_a_pattern_add_up_to_its_distance() -> None:
    pattern = Pattern("contour", (b"\1", b"\2", None, b"\3", b"\2"))
    for symbols in (b"\1\2\3\3\2\1\1\2\3\2", b"\2\2\2\2\2\2", b"\1\1\2\1\3\2\3"):
        for start, end, edits in matches(pattern, symbols, 2):
            assert len(edits_between(pattern, symbols[start:end])) == edits
    assert [found[:2] for found in matches(pattern, b"\1\2\2\3\2", 1, is_anchored=True)] == [(0, 5)]


# ---------------------------------------------------------------------------------------------------------------- like
def like(opened: nlsearch.Collection, folder: Path, tune: str, **options: int) -> list[tuple[str, str]]:
    (folder / "example.abc").write_text(f"%abc-2.1\nX:1\nT:x\nM:4/4\nL:1/4\nK:C\n{tune}|]\n", "utf-8")
    page = opened.like(folder / "example.abc", **options)
    assert all(opened.verify(hit) for hit in page.hits)
    return [(hit.item.title, hit.tier) for hit in page.hits]


def test_a_drone_is_like_itself(opened: nlsearch.Collection, tmp_path: Path) -> None:
    assert ("Drone", "exact") in like(opened, tmp_path, "G G G G|" * 8)


def test_a_few_notes_are_not_like_a_long_tune(opened: nlsearch.Collection, tmp_path: Path) -> None:
    tune = "C D E F|G A B c|C G C c|d e f g|g f e d|c2 A2|F2 D2|B,4"
    assert "Few notes" not in dict(like(opened, tmp_path, tune))


def test_edits_of_an_excerpt_count(opened: nlsearch.Collection, tmp_path: Path) -> None:
    excerpt = "D E F ^G|A B ^c d"
    assert "Scale" in dict(like(opened, tmp_path, excerpt, edits=2))
    with pytest.raises(QueryError, match="from 0 to 12"):
        like(opened, tmp_path, excerpt, edits=13)


def test_differences_through_a_repeat_name_notes_as_written(opened: nlsearch.Collection, tmp_path: Path) -> None:
    (tmp_path / "example.abc").write_text("%abc-2.1\nX:1\nT:x\nL:1/4\nK:C\ne d B D|C ^E G c|e d B D|]\n", "utf-8")
    hit = next(hit for hit in opened.like(tmp_path / "example.abc").hits if hit.item.title == "Repeated")
    assert hit.evidence["through_repeat"] is True
    told = [(edit["note_index"], edit["words"]) for edit in hit.evidence["edits"]]
    assert told == [(1, "note 6 is E4 instead of E#4")]


# ---------------------------------------------------------------------------------------------------- seen and heard
def heard(opened: nlsearch.Collection, query: str, title: str) -> list[tuple[int, int | None]]:
    """Return onset in quarters and pitch of the notes of a match, as a MIDI file says them."""
    hit = next(hit for hit in opened.search(query).hits if hit.item.title == title)
    (item,) = records(io.BytesIO(opened.draw(hit, "midi").data), Limits())
    notes = item.content.parts[0].voices[0].notes  # type: ignore[union-attr]
    return [(note.onset // TICKS, note.pitch) for note in notes]


def test_a_match_through_a_repeat_is_heard_as_it_is_played(opened: nlsearch.Collection) -> None:
    assert heard(opened, 'notes:"B4 D4 C4 E4"', "Repeated") == [(0, 71), (1, 62), (2, 60), (3, 64)]


def test_of_a_progression_its_bars_are_heard(opened: nlsearch.Collection) -> None:
    assert heard(opened, 'chords:"F G7"', "Chords") == [(0, 65), (4, 67)]
    assert heard(opened, 'chords:"G7 Am"', "Chords") == [(0, 67), (4, 69)]


def test_a_note_of_hours_is_not_engraved(tmp_path: Path) -> None:
    (tmp_path / "long.abc").write_text("X:1\nT:long\nL:1/4\nK:C\nC99999 D E|]\n", "utf-8")
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True) as collection:
        collection.index([tmp_path / "long.abc"])
        (hit,) = collection.search('notes:"C4 D4"').hits
        for form in (None, "roll", "midi", "wav"):
            assert len(collection.draw(hit, form).data) < 10_000_000
