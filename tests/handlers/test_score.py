"""Searching scores: constructed pieces whose matches are known, through the collection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nlsearch
from nlsearch.errors import QueryError

TUNES = """%abc-2.1
X:1
T:Major
M:4/4
L:1/4
K:C
C D E F | G A B c | c B A G | F E D C |]

X:2
T:Minor
M:4/4
L:1/4
K:Am
A B c d | e f ^g a | e2 c2 | A4 |]

X:3
T:Repeated
M:3/4
L:1/4
K:G
|: G B d |1 g2 D :|2 e2 c | [K:G] A F D |]

X:4
T:Dotted
M:3/4
L:1/8
K:F
F3 G A2 | F3 G A2 | z2 c2 f2 | f6 |]

X:5
T:Sharp spelling
M:4/4
L:1/4
K:A
c d e f |]

X:6
T:Flat spelling
M:4/4
L:1/4
K:Ab
_d =d _f _g |]

X:7
T:Chords
M:4/4
L:1/4
K:F
"F"F F F F | "Bb"B B B B | "C7"c c c c | "F"F F F F | "Dm"d d d d |]
w:One two three four five six se- ven eight nine ten
"""

THREE_VOICES = """!!!OTL: Three voices
**kern\t**kern\t**kern
*Ibass\t*Itenor\t*Isopr
*M4/4\t*M4/4\t*M4/4
=1\t=1\t=1
1C\t4c\t2g
.\t4d\t.
.\t4e\t2g
.\t4f\t.
=2\t=2\t=2
1G\t4g\t4cc 4ee
.\t4f\t4dd 4ff
.\t4e#\t2ee
.\t4f#\t.
==\t==\t==
*-\t*-\t*-
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("tunes")
    (folder / "tunes.abc").write_text(TUNES, "utf-8")
    (folder / "three.krn").write_text(THREE_VOICES, "utf-8")
    with nlsearch.Collection.open(folder / "c.nls", create=True) as collection:
        report = collection.index([folder / "tunes.abc", folder / "three.krn"])
        assert (report.items, report.failures) == (8, [])
        yield collection


def found(opened: nlsearch.Collection, query: str) -> dict[str, dict[str, Any]]:
    """Return the evidence of each hit by the title of its item; each verifies again."""
    page = opened.search(query, limit=100, count="exact")
    assert page.complete
    assert all(opened.verify(hit) for hit in page.hits)
    return {hit.item.title: {**hit.evidence, "tier": hit.tier, "score": hit.score} for hit in page.hits}


# ------------------------------------------------------------------------------------------------------------ melodies
def test_a_melody_is_found_at_any_pitch_across_a_bar(opened: nlsearch.Collection) -> None:
    hits = found(opened, 'notes:"E4 F#4 G4 A4 B4"')
    assert set(hits) == {"Major", "Minor"}
    told = hits["Major"]
    assert (told["part"], told["voice"], told["bars"], told["notes"]) == (0, "1", ["1", "2"], [1, 2, 3, 4, 5])
    assert (told["transposition"], told["edits"], told["tier"], told["score"]) == (-2, [], "exact", 1.0)


def test_at_its_own_pitch_only_where_that_is_asked(opened: nlsearch.Collection) -> None:
    assert set(found(opened, 'notes:"C4 D4 E4 F4 G4"{transpose=no}')) == {"Major", "Three voices"}
    assert not found(opened, 'notes:"D4 E4 F#4 G4 A4"{transpose=no}')


def test_an_inner_voice_is_found_and_told(opened: nlsearch.Collection) -> None:
    hits = found(opened, 'notes:"C4 D4 E4 F4 G4 F4"')
    told = hits["Three voices"]
    assert (told["part"], told["bars"], told["notes"]) == (1, ["1", "2"], [0, 1, 2, 3, 4, 5])
    assert "enor" in told["part_name"].lower()
    assert told["transposition"] == 0


def test_of_a_chord_the_top_note_counts(opened: nlsearch.Collection) -> None:
    told = found(opened, 'notes:"G4 G4 E5 F5"')["Three voices"]
    assert (told["part"], told["notes"], told["bars"]) == (0, [0, 1, 2, 3], ["1", "2"])
    assert "Three voices" not in found(opened, 'notes:"G4 G4 C5 D5"')


@pytest.mark.parametrize(
    ("query", "kind", "query_index", "note_index", "words"),
    [
        ("C4 D4 C#4 F4 G4 A4", "changed", 2, 2, "note 3 is E4 instead of C#4"),
        ("C4 D4 F4 G4 A4 B4", "extra", None, 2, "E4 is extra, before note 3"),
        ("C4 D4 E4 C#5 F4 G4 A4", "missing", 3, None, "note 4, C#5, is missing"),
    ],
)
def test_edits_are_told_in_words(
    opened: nlsearch.Collection, query: str, kind: str, query_index: int, note_index: int, words: str
) -> None:
    assert "Major" not in found(opened, f'notes:"{query}"')
    told = found(opened, f'notes:"{query}"{{edits=1}}')["Major"]
    assert told["tier"] == "near"
    assert told["edits"] == [{"kind": kind, "query_index": query_index, "note_index": note_index, "words": words}]
    count = len(query.split())
    assert 1 - 1.4 / count - 1e-6 <= told["score"] <= 1 - 1 / count


def test_splitting_and_merging_are_one_edit_where_durations_count(opened: nlsearch.Collection) -> None:
    split = found(opened, 'notes:"C4:4 D4:4 E4:8 E4:8 F4:4 G4:4"{edits=1}')["Major"]
    assert [edit["kind"] for edit in split["edits"]] == ["merged"]
    merged = found(opened, 'notes:"G4:4 A4:4 B4:4 C5:2 B4:4 A4:4"{edits=1}')["Major"]
    assert [edit["kind"] for edit in merged["edits"]] == ["split"]
    assert merged["edits"][0]["words"] == "note 4, C5, is split in two"


def test_durations_count_where_they_are_given(opened: nlsearch.Collection) -> None:
    assert set(found(opened, 'notes:"F4:4. G4:8 A4:4 F4:4."')) == {"Dotted"}
    assert set(found(opened, 'notes:"F4:2. G4:4 A4:2 F4:2."')) == {"Dotted"}, "at another scale of time"
    assert not found(opened, 'notes:"F4:4 G4:4 A4:4 F4:4"')
    assert set(found(opened, 'notes:"F4:4 G4:4 A4:4 F4:4"{durations=no}')) == {"Dotted"}
    told = found(opened, 'notes:"F4:4 G4:8 A4:4 F4:4. G4:8"{edits=1}')["Dotted"]
    assert told["edits"][0]["words"] == "note 1, F4, has another duration"


def test_a_rest_belongs_to_the_note_before_it(opened: nlsearch.Collection) -> None:
    assert set(found(opened, 'notes:"G4:8 A4:4 r:4 C5:4 F5:4"')) == {"Dotted"}
    assert set(found(opened, 'notes:"G4:8 A4:4 C5:4 F5:4"')) == {"Dotted"}, "without the rest the durations agree"


def test_wildcards(opened: nlsearch.Collection) -> None:
    told = found(opened, 'notes:"C4 ? E4 ? G4"')
    assert set(told) == {"Major", "Minor"} or "Major" in told
    assert told["Major"]["notes"] == [0, 1, 2, 3, 4]
    gap = found(opened, 'notes:"C4 D4 E4 * C5 B4 A4"')
    assert gap["Major"]["notes"] == [0, 1, 2, 8, 9, 10]
    assert gap["Major"]["bars"] == ["1", "3"]
    assert not found(opened, 'notes:"C5 B4 A4 * D4 E4 F4 G4"')


def test_letter_names_count_where_that_is_asked(opened: nlsearch.Collection) -> None:
    assert {"Sharp spelling"} <= set(found(opened, 'notes:"C#5 D5 E5 F#5"'))
    plain = found(opened, 'notes:"Db5 D5 E5 Gb5"')
    assert {"Sharp spelling", "Flat spelling"} <= set(plain)
    spelled = found(opened, 'notes:"C#5 D5 E5 F#5"{spelling=yes}')
    assert "Sharp spelling" in spelled
    assert "Flat spelling" not in spelled


def test_through_a_repeat(opened: nlsearch.Collection) -> None:
    told = found(opened, 'notes:"G5 D4 G4 B4 D5 E5"')["Repeated"]
    assert told["through_repeat"] is True
    assert told["notes"] == [3, 4, 0, 1, 2, 5]
    assert told["bars"] == ["2", "3"] or told["bars"][0] == "2"
    written = found(opened, 'notes:"G4 B4 D5 G5 D4"')["Repeated"]
    assert "through_repeat" not in written
    assert written["count"] == 1


def test_where_to_look(opened: nlsearch.Collection) -> None:
    assert "Major" in found(opened, 'notes:"C4 D4 E4 F4"{anchored=yes}')
    assert "Major" not in found(opened, 'notes:"E4 F4 G4 A4"{anchored=yes}')
    assert "Three voices" in found(opened, 'notes:"C4 D4 E4 F4"{voice=tenor}')
    assert "Three voices" in found(opened, 'notes:"C4 D4 E4 F4"{voice=2}')
    assert "Three voices" not in found(opened, 'notes:"C4 D4 E4 F4"{voice=1}')


def test_other_matches_are_listed(opened: nlsearch.Collection) -> None:
    told = found(opened, 'notes:"F4 G4 A4"{durations=no}')["Dotted"]
    assert told["count"] == 2
    assert [told["notes"], told["more"][0]["notes"]] == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "query", ['notes:"c\' d\' e\' f\'"', 'notes:"do re mi fa"', 'abc:"CDEF"', "pae:\"'4CDEF\"", 'intervals:"M2 M2 m2"',
              'intervals:"+2 +2 +1"', 'notes:"H4 C#5 D#5 E5"'],
)  # fmt: skip
def test_a_melody_may_be_written_in_many_ways(opened: nlsearch.Collection, query: str) -> None:
    assert "Major" in found(opened, query)


# --------------------------------------------------------------------------------------------------- single dimensions
def test_degrees_are_those_of_the_key_in_force(opened: nlsearch.Collection) -> None:
    hits = found(opened, 'degrees:"1 2 3 4 5"')
    assert {"Major", "Minor"} <= set(hits)
    assert hits["Minor"]["key"] == "A minor"
    assert hits["Minor"]["key_source"] == "stated"
    assert "Minor" in found(opened, 'degrees:"5 6 #7 1"')
    assert "Major" in found(opened, 'solfege:"do re mi fa sol"')
    assert set(found(opened, 'degrees:"5 6 7 1"')) == {"Major"}


def test_contour(opened: nlsearch.Collection) -> None:
    assert set(found(opened, 'contour:"*UUUUUUURDDDDDDD"')) == {"Major"}
    assert found(opened, 'contour:"*UUUUUUURDDDDDDD"')["Major"]["notes"] == list(range(16))
    assert "Major" in found(opened, 'contour:"UU?UUUU?D"')


def test_rhythm_alone(opened: nlsearch.Collection) -> None:
    told = found(opened, 'rhythm:"3 1 2 3 1 2"')
    assert set(told) == {"Dotted"}
    assert (told["Dotted"]["bars"], told["Dotted"]["notes"]) == (["1", "2"], [0, 1, 2, 3, 4, 5])
    assert set(found(opened, 'rhythm:"3 1 2 r2 2 2 6"')) == {"Dotted"}
    assert set(found(opened, 'rhythm:"3/8 1/8 1/4 3/8"')) == {"Dotted"}


def test_intervals_with_unknown_ones(opened: nlsearch.Collection) -> None:
    assert "Major" in found(opened, 'intervals:"+2 ? +1 ? +2"')


def test_patterns_with_edits(opened: nlsearch.Collection) -> None:
    told = found(opened, 'rhythm:"3 1 2 3 1 5"{edits=1}')
    assert told["Dotted"]["tier"] == "near"
    assert told["Dotted"]["score"] == pytest.approx(1 - 1 / 5)


# -------------------------------------------------------------------------------------------------------------- chords
def test_progressions_of_numerals_and_of_symbols(opened: nlsearch.Collection) -> None:
    told = found(opened, 'chords:"I IV V I"')["Chords"]
    assert told["chords"] == ["F", "Bb", "C7", "F"]
    assert told["bars"] == ["1", "4"]
    assert set(found(opened, 'chords:"I IV V7 I vi"')) == {"Chords"}
    assert set(found(opened, 'chords:"C F G C Am"')) == {"Chords"}, "in any key"
    assert found(opened, 'chords:"C F G C Am"')["Chords"]["transposition"] == 5
    assert set(found(opened, 'chords:"I ? V ? vi"')) == {"Chords"}
    assert not found(opened, 'chords:"I IV Vmaj7 I"')
    assert not found(opened, 'chords:"I IV V7 i"')
    near = found(opened, 'chords:"I ii V7 I vi"{edits=1}')["Chords"]
    assert (near["tier"], near["score"]) == ("near", pytest.approx(0.8))


# -------------------------------------------------------------------------------------------------------------- fields
def test_melody_and_words(opened: nlsearch.Collection) -> None:
    told = found(opened, 'notes:"F4 F4 F4 F4" AND lyrics:seven')
    assert set(told) == {"Chords"}
    assert set(found(opened, "chord:Dm")) == {"Chords"}
    assert set(found(opened, "meter:3/4")) == {"Repeated", "Dotted"}
    assert set(found(opened, 'key:"A minor"')) == {"Minor"}
    assert found(opened, "notes:[16 TO 16]").keys() == {"Major"}


# ----------------------------------------------------------------------------------------------------------- mistakes
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('notes:"C4"', "one note"),
        ('notes:" "', "nothing between the quotes"),
        ('notes:"C4 Q4"', "'Q4' is no note"),
        ('notes:"? ? ?"', "no note in the melody"),
        ('notes:"C4 D4 E4"{edits=2}', "from 0 to 1"),
        ('notes:"C4 D4 * E4 F4"{edits=1}', "do not go together"),
        ('notes:"C4 D4"{durations=yes}', "no durations are given"),
        ('notes:"C4:0 D4"', "is no note"),
        ('degrees:"1 8"', "'8' is no degree"),
        ('solfege:"do ra"', "'ra' is no syllable"),
        ('contour:"UXD"', "'X' is no direction"),
        ('contour:"???"', "everything"),
        ('rhythm:"1"', "at least two"),
        ('rhythm:"1 x"', "'x' is no duration"),
        ('intervals:"+2 Q5"', "'Q5' is no interval"),
        ('intervals:"M5"', "no interval"),
        ('chords:"I Am"', "is no chord"),
        ('chords:"? ?"', "everything"),
        ('abc:"z z"', "no notes"),
        ("pae:\"-\"", "no notes"),
    ],
)  # fmt: skip
def test_mistakes_are_told(opened: nlsearch.Collection, query: str, says: str) -> None:
    with pytest.raises(QueryError, match=r".") as caught:
        opened.search(query)
    assert says in f"{caught.value} {caught.value.hint}"


def test_how_a_melody_was_read_is_said(opened: nlsearch.Collection) -> None:
    page = opened.search("notes:\"c'4 d' h'8\"{edits=1}")
    assert page.read_as == [
        "notes: read as 3 notes, C4:4 D4:4 B4:8, Helmholtz octaves, German letters: H, and B for B flat, at any pitch, "
        "durations count, up to 1 edit, with 1 edit so short a melody is found nearly everywhere"
    ]


def test_a_tune_finds_itself_and_nothing_else(opened: nlsearch.Collection, tmp_path: Path) -> None:
    (tmp_path / "like.abc").write_text("X:1\nT:x\nM:4/4\nL:1/8\nK:D\nD2E2F2G2|A2B2c2d2|d2c2B2A2|G2F2E2D2|]\n")
    page = opened.like(tmp_path / "like.abc")
    assert [(hit.item.title, hit.tier, hit.score) for hit in page.hits] == [("Major", "exact", 1.0)]
    assert page.hits[0].evidence["transposition"] == -2
