"""Humdrum files: golden values by hand, and music21 as the oracle."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from textscores import durations, items, labels, line, ours, pitches, scores, theirs

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.score.formats.kern import records
from nlsearch.handlers.score.formats.kerntokens import recip_ticks
from nlsearch.handlers.score.notation import TICKS, Harmony, Key, Meter
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

CHORALE = """\
!!!COM: Anon, N.
!!!OTL@@DE: Lied
!!!ODT: 1612/
**kern\t**kern\t**text\t**text\t**mxhm
*I"Bass\t*I"Cantus\t*\t*\t*
*Ibass\t*Isoprn\t*\t*\t*
*k[b-]\t*k[b-]\t*\t*\t*
*d:\t*d:\t*\t*\t*
*M3/4\t*M3/4\t*\t*\t*
*MM96\t*MM96\t*\t*\t*
4D\t4a\tGlo-\tEh-\tD minor
=1\t=1\t=1\t=1\t=1
2.D\t[2f\t-ri-\t-re\t.
.\t4f]\t.\t.\t.
=:|!\t=:|!\t=:|!\t=:|!\t=:|!
2.BB-\t4e\t-a\t_\tB- major
.\t4.d\tin\tin\t.
.\t8c#\t|\t.\t.
==\t==\t==\t==\t==
*-\t*-\t*-\t*-\t*-
!!!AGN: hymn
"""


def test_parts_from_the_top_with_their_notes_keys_and_words() -> None:
    (score,) = scores(records, CHORALE)
    assert [part.name for part in score.parts] == ["Cantus", "Bass"]
    assert [part.instrument for part in score.parts] == ["soprano", "bass"]
    assert line(score.parts[0]) == [
        (0, 1, 69),
        (1, 3, 65),
        (4, 1, 64),
        (5, Fraction(3, 2), 62),
        (Fraction(13, 2), Fraction(1, 2), 61),
    ]
    assert pitches(score, 1) == [50, 50, 46]
    assert score.keys == [Key(0, -1, "D", "minor")]
    assert score.meters == [Meter(0, "3/4")]
    assert score.tempo == 96.0
    assert (score.title, score.composer) == ("Lied", "Anon, N.")
    assert score.words == {"genre": "hymn", "date": "1612/", "year": "1612"}
    assert score.warnings == []


def test_bars_have_the_numbers_of_the_file_and_a_pickup_the_one_before() -> None:
    (score,) = scores(records, CHORALE)
    assert labels(score) == ["0", "1", "1"]
    assert [bar.repeat_end for bar in score.parts[0].bars] == [0, 2, 0]
    assert [note.bar for note in score.parts[0].voices[0].notes] == [0, 1, 2, 2, 2]
    (score,) = scores(records, "**kern\n=!|:\n4c\n=12a:|!|:\n4d\n=\n4e\n=14\n4f\n==\n*-\n")
    assert labels(score) == ["11", "12a", "12a", "14"]
    assert [(bar.repeat_start, bar.repeat_end) for bar in score.parts[0].bars] == [(True, 2), (True, 0)] + [
        (False, 0)
    ] * 2


def test_syllables_stand_at_the_notes_and_verses_are_whole() -> None:
    (score,) = scores(records, CHORALE)
    assert [note.syllable for note in score.parts[0].voices[0].notes] == ["Glo-", "ri-", "a", "in", ""]
    assert score.parts[0].verses == ["Gloria in", "Ehre in"]
    assert score.parts[1].verses == []


def test_harmonies_say_what_they_are() -> None:
    (score,) = scores(records, CHORALE)
    assert score.harmonies == [Harmony(0, "D minor"), Harmony(4 * TICKS, "B- major")]
    (score,) = scores(records, "**harm\t**kern\t**fb\n4I\t4c\t6 4\n8V7\t8d\t.\n*-\t*-\t*-\n")
    assert score.harmonies == [Harmony(0, "I", "roman"), Harmony(0, "6 4", "figures"), Harmony(TICKS, "V7", "roman")]


@pytest.mark.parametrize(
    ("text", "quarters"),
    [
        ("4", 1),
        ("4.", Fraction(3, 2)),
        ("8..", Fraction(7, 8)),
        ("12", Fraction(1, 3)),
        ("0", 8),
        ("00", 16),
        ("0.", 12),
        ("000", 32),
        ("3%2", Fraction(8, 3)),
        ("20", Fraction(1, 5)),
        ("28", Fraction(1, 7)),
    ],
)
def test_durations_are_exact(text: str, quarters: Fraction) -> None:
    assert Fraction(recip_ticks(f"[{text}cc#/L"), TICKS) == quarters


@pytest.mark.parametrize(
    ("text", "pitch", "step"),
    [
        ("4c", 60, 28),
        ("4C", 48, 21),
        ("4cc#", 73, 35),
        ("4BB-", 46, 20),
        ("4b--", 69, 34),
        ("4en", 64, 30),
        ("4F##", 55, 24),
    ],
)
def test_pitches_and_their_spelling(text: str, pitch: int, step: int) -> None:
    (score,) = scores(records, f"**kern\n{text}\n*-\n")
    assert [(note.pitch, note.step) for note in score.parts[0].voices[0].notes] == [(pitch, step)]


def test_spines_split_join_and_change_places() -> None:
    text = "**kern\t**kern\n*^\t*\n2c\t4e\t1g\n.\t4f\t.\n*v\t*v\t*\n2d\t.\n*x\t*x\n1a\t1C\n*-\t*-\n"
    (score,) = scores(records, text)
    assert line(score.parts[1], 0) == [(0, 2, 60), (2, 2, 62), (4, 4, 48)]
    assert line(score.parts[1], 1) == [(0, 1, 64), (1, 1, 65)]
    assert line(score.parts[0]) == [(0, 4, 67), (4, 4, 69)]


def test_two_joins_in_one_line_are_two() -> None:
    (score,) = scores(records, "**kern\t**kern\n*^\t*^\n4c\t4e\t4g\t4b\n*v\t*v\t*v\t*v\n4d\t4a\n*-\t*-\n")
    assert [pitches(score, 0), pitches(score, 1)] == [[67, 69], [60, 62]]
    assert score.warnings == []


def test_a_spine_that_begins_later_has_its_notes_at_their_time() -> None:
    (score,) = scores(records, "**kern\n4c\n*+\n*\t**kern\n4d\t4D\n*-\t*\n4E\n*-\n")
    assert line(score.parts[1]) == [(0, 1, 60), (1, 1, 62)]
    assert line(score.parts[0]) == [(1, 1, 50), (2, 1, 52)]


def test_chords_grace_notes_ties_and_percussion() -> None:
    (score,) = scores(records, "**kern\n[4c [4e 4g\n4c_ 4e] 4f\n8qa\n4c]\n4r\n4R\n*-\n")
    notes = score.parts[0].voices[0].notes
    assert [(n.onset // TICKS, n.duration // TICKS, n.pitch, n.grace, n.lower) for n in notes] == [
        (0, 1, 67, False, False),
        (0, 2, 64, False, True),
        (0, 3, 60, False, True),
        (1, 1, 65, False, False),
        (2, 0, 69, True, False),
        (4, 1, None, False, False),
    ]
    (score,) = scores(records, "**kern\n*clefX\n4e\n*-\n")
    assert pitches(score) == [None]


def test_pitches_sound_as_they_are_written_in_the_file() -> None:
    (score,) = scores(records, "**kern\n*ITrd1c2\n*Trd-1c-2\n4c\n*-\n")
    assert pitches(score) == [60]


def test_a_tune_ends_with_its_spines_and_records_go_to_theirs() -> None:
    one = "!!!OTL: {0}\n!!!SCT: {0}1\n**kern\n4{0}\n*-\n!!!AGN: of {0}\n"
    first, second = items(records, one.format("c") + one.format("d"))
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert (first.number, first.title, first.content.words) == (1, "c", {"catalogue": "c1", "genre": "of c"})
    assert (second.number, second.title, second.content.words) == (2, "d", {"catalogue": "d1", "genre": "of d"})
    assert pitches(second.content) == [62]


def test_modes_are_named_and_a_signature_alone_has_no_tonic() -> None:
    (score,) = scores(records, "**kern\n*k[f#]\n4c\n*D:mix\n4c\n*b-:\n*k[b-e-a-d-g-]\n4d\n*-\n")
    assert score.keys == [
        Key(0, 1),
        Key(TICKS, 1, "D", "mixolydian"),
        Key(2 * TICKS, -5, "Bb", "minor"),
    ]


def test_what_is_odd_is_told_with_its_place() -> None:
    text = "**kern\t**kern\t**foo\n=7\t=7\t=7\n4c\t2d\t.\n4e\t4f\t.\n4zz\t.\t.\n=8\t=8\t=8\n4g]\n"
    (score,) = scores(records, text)
    assert score.warnings == [
        "notes of one line do not begin together: in bar 7 '4f'",
        "not understood, and left out: in bar 7 '4zz'",
        "parts do not end together: in bar 7",
        "a line has not as many columns as there are spines: in bar 8 '1 for 3'",
        "a tie ends where none began: in bar 8",
        "the spines do not end (*-): the file may be cut",
        "a spine that gives no notes is not read: '**foo'",
    ]
    assert pitches(score, 1) == [60, 64, 67]


def test_a_file_without_notes_is_an_item_and_one_without_spines_none() -> None:
    (score,) = scores(records, "**text\na\n*-\n")
    assert score.warnings == ["it holds no notes"]
    with pytest.raises(MalformedContent, match="exclusive interpretation"):
        items(records, "!!!OTL: nothing\n4c\n")


def test_notes_over_the_cap_skip_the_tune_alone() -> None:
    tune = "**kern\n4c\n4d\n4e\n*-\n"
    first, second = items(records, tune + "**kern\n4c\n*-\n", Limits(score_notes=2))
    assert isinstance(first, Skipped)
    assert first.code == "limit_exceeded"
    assert "score_notes = 2" in first.reason
    assert isinstance(second, RawItem)


def test_line_ends_and_encodings_do_not_matter() -> None:
    import io

    plain = ours(scores(records, CHORALE)[0])
    for raw in (CHORALE.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + CHORALE.encode()):
        assert ours(scores(records, raw)[0]) == plain
    (item,) = records(as_utf8(io.BytesIO(CHORALE.encode("utf-16"))), Limits())
    assert isinstance(item, RawItem)
    assert ours(item.content) == plain
    (score,) = scores(records, "!!!OTL: Für\n**kern\n4c\n*-\n".encode("latin-1"))
    assert score.title == "Für"


@pytest.mark.parametrize("seed", range(60))
def test_damage_gives_items_or_a_typed_error(seed: int) -> None:
    dice = random.Random(seed)
    raw = bytearray(CHORALE.encode() * 2)
    for _ in range(8):
        at = dice.randrange(len(raw))
        raw[at : at + dice.randrange(3)] = dice.choice(
            [b"", b"\t", b"\n", b"*^", b"*v", b"*-", b"[", b"q", b"\xff", b"0%0"]
        )
    try:
        for score in scores(records, bytes(raw)):
            for part in score.parts:
                assert all(part.bars[note.bar].onset <= note.onset for voice in part.voices for note in voice.notes)
    except InputError:
        pass


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", ["bach/bwv277", "bach/bwv281", "palestrina/Agnus_II_03_b", "palestrina/Gloria_50", "chopin/mazurka06-2"]
)
def test_music21_reads_the_same_notes(name: str) -> None:
    corpus = pytest.importorskip("music21.corpus")
    found = [path for path in corpus.getCorePaths() if str(path).endswith(f"{name}.krn")]
    if not found:
        pytest.skip(f"this music21 has no {name}")
    from music21.converter.subConverters import ConverterHumdrum

    raw = found[0].read_bytes()
    reader = ConverterHumdrum()
    reader.parseData(raw.decode("latin-1"))
    (score,) = scores(records, raw)
    assert ours(score) == theirs(reader.stream)
    assert durations(score)
