"""Plaine & Easie Code: golden values by hand, most of them examples of the specification."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from textscores import durations, items, labels, line, pitches, scores

from nlsearch.errors import InputError, LimitExceeded, MalformedContent
from nlsearch.handlers.score.formats.pae import read_incipit, records
from nlsearch.handlers.score.notation import TICKS, Key, Meter
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

QUARTER = Fraction(1)
EIGHTH = Fraction(1, 2)
SIXTEENTH = Fraction(1, 4)
MARC = """\
=LDR  00000ndm a2200000 u 4500
=001  1001145660
=100  1\\$aVivaldi, Antonio
=245  00$aConcerto /
=031  \\\\$a1$b2$c1$dAllegro$gG-2$mvl 1$nbBE$o3/4$p{lcub}'8GA{rcub}4B{dollar}xF 4F$rg$2pe
=031  \\\\$a2$b1$c1$gC-1$oc$p''2C-$tKyrie eleison
=500  \\\\$aA note
"""


def heard(notes: str, meter: str = "") -> list[tuple[Fraction, Fraction, int | None]]:
    score = read_incipit(f"@timesig:{meter}\n@data:{notes}")
    assert score.warnings == []
    return line(score.parts[0])


def test_a_line_with_clef_key_and_meter() -> None:
    score = read_incipit("%G-2$xFC@3/4 4'CDE/''2.F/")
    assert pitches(score) == [61, 62, 64, 78]
    assert durations(score) == [1, 1, 1, 3]
    assert score.keys == [Key(0, 2)]
    assert score.meters == [Meter(0, "3/4")]
    assert labels(score) == ["1", "2"]
    assert score.warnings == []


def test_a_bare_incipit_has_defaults() -> None:
    score = read_incipit("CDE")
    assert line(score.parts[0]) == [(0, 1, 60), (1, 1, 62), (2, 1, 64)]


@pytest.mark.parametrize(
    ("notes", "lengths"),
    [
        ("0C9D1E2F4G8A6B3C5D7E", [16, 8, 4, 2, 1, EIGHTH, SIXTEENTH, SIXTEENTH / 2, SIXTEENTH / 4, SIXTEENTH / 8]),
        ("4.C8..DE", [Fraction(3, 2), Fraction(7, 8), Fraction(7, 8)]),
        ("8.68{AB''C}{DEF}4G", [3 * SIXTEENTH, SIXTEENTH, EIGHTH] * 2 + [1]),
        ("7.CDE", [1, 1, 1]),
        ("4('6DEFGA;5)", [QUARTER / 5] * 5),
        ("8({'3DEFGA};5)", [EIGHTH / 5] * 5),
        ("8(6ABC;3)D", [EIGHTH / 3] * 3 + [SIXTEENTH]),
        ("({6ABC})", [EIGHTH / 3] * 3),
        ("4('4D8E)", [Fraction(2, 3), Fraction(1, 3)]),
        ("(8ABCDE;5)", [EIGHTH * 4 / 5] * 5),
        ("8(C)(2''D)", [EIGHTH, 2]),
        ("({8AB(C)})", [Fraction(1, 3)] * 3),
    ],
)
def test_durations_and_groups(notes: str, lengths: list[Fraction]) -> None:
    assert [duration for _, duration, _ in heard(notes)] == lengths


@pytest.mark.parametrize(
    ("notes", "tones"),
    [
        ("''C'GC,GC,,G", [72, 67, 60, 55, 48, 43]),
        ("xFbBxxGbbEnF", [66, 70, 69, 62, 65]),
        ("xF''F'F/F", [66, 77, 66, 65]),
        ("$bBEA BE/nB$ B", [70, 63, 71, 71]),
        ("'x(F)G", [66, 67]),
        ("$xFC[GD] FCGDA", [66, 61, 68, 63, 69]),
    ],
)
def test_pitches(notes: str, tones: list[int]) -> None:
    assert [pitch for _, _, pitch in heard(notes)] == tones


def test_rests_and_rests_of_bars() -> None:
    assert heard("=2/4C-D", "3/4") == [(6, 1, 60), (8, 1, 62)]
    assert heard("=/4C") == [(4, 1, 60)]
    assert labels(read_incipit("@3/4 =3/4CDE/")) == ["1", "2", "3", "4"]


def test_ties_carry_their_accidental_over_the_bar_line() -> None:
    assert heard("4xF+/FF") == [(0, 2, 66), (2, 1, 65)]
    assert heard("2''G/8{_AB}/4_") == [(0, Fraction(5, 2), 79), (Fraction(5, 2), EIGHTH, 81), (3, Fraction(3, 2), 83)]
    assert read_incipit("4C+D").warnings == ["a tie leads to no note of its pitch: in bar 1 of the incipit"]


def test_chords_of_both_versions() -> None:
    (score,) = (read_incipit("''2D^'A^xF4C"),)
    notes = score.parts[0].voices[0].notes
    assert [(n.pitch, n.lower, n.duration // TICKS) for n in notes] == [
        (74, False, 2),
        (69, True, 2),
        (66, True, 2),
        (60, False, 1),
    ]
    second = read_incipit(";pe2%G-2 2^'FA''C>4D^'CE>_")
    assert line(second.parts[0]) == [(0, 2, 72), (0, 2, 69), (0, 2, 65), (2, 1, 74), (3, 2, 64), (3, 2, 60)]


def test_grace_notes_take_no_time() -> None:
    score = read_incipit("'4Ag''C{8D'B}q8A4Gqq{6AB}r4C")
    assert [duration for _, duration, _ in line(score.parts[0])] == [1, EIGHTH, EIGHTH, 1, 1]
    graces = [note for note in score.parts[0].voices[0].notes if note.grace]
    assert [(note.pitch, note.duration) for note in graces] == [(72, 0), (69, 0), (69, 0), (71, 0)]


def test_figures_and_bars_are_written_out() -> None:
    assert [pitch for _, _, pitch in heard("!{'8AB}!ffC")] == [69, 71] * 3 + [60]
    score = read_incipit("@3/4 '4ABG/i/i/2.C")
    assert pitches(score) == [69, 71, 67] * 3 + [60]
    assert [note.bar for note in score.parts[0].voices[0].notes] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert line(score.parts[0])[-1] == (9, 3, 60)


def test_bars_repeats_and_a_pickup() -> None:
    score = read_incipit("@3/4 4C//:DEF/2G://:4A/BCD//")
    bars = score.parts[0].bars
    assert [bar.label for bar in bars] == ["0", "1", "2", "2", "3"]
    assert [(bar.repeat_start, bar.repeat_end) for bar in bars] == [
        (False, 0),
        (True, 0),
        (False, 2),
        (True, 0),
        (False, 0),
    ]


def test_clef_key_and_meter_change() -> None:
    score = read_incipit("%C-1 $bBEA @c '2A-//$xFC 8B-4-2-/@3/2 1C2-//")
    assert pitches(score) == [68, 71, 61]
    assert score.keys == [Key(0, -3), Key(4 * TICKS, 2)]
    assert [meter.text for meter in score.meters] == ["4/4", "3/2"]


@pytest.mark.parametrize(("written", "text"), [("c", "4/4"), ("c/", "2/2"), ("o.", "o."), ("3/4|4/4", "3/4|4/4")])
def test_meters(written: str, text: str) -> None:
    assert read_incipit(f"@clef:G-2\n@timesig:{written}\n@data:4C").meters == [Meter(0, text)]


@pytest.mark.parametrize(
    ("key", "signature", "named"),
    [
        ("E|b", "bBEA", Key(0, -3, "Eb", "major")),
        ("f|x", "xFCG", Key(0, 3, "F#", "minor")),
        ("G", "", Key(0, 0, "G", "major")),
        ("1t", "bB", Key(0, -1)),
    ],
)
def test_keys_are_named(key: str, signature: str, named: Key) -> None:
    score = read_incipit(f"@clef:G-2\n@keysig:{signature}\n@key:{key}\n@data:4C")
    assert score.keys == [named]
    assert score.words == ({"mode": "1t"} if key == "1t" else {})


def test_all_forms_say_the_same() -> None:
    notes = "=/2.'A/xG-/"
    forms = (
        f"%G-2@3/4$bB {notes}",
        f"@clef:G-2\n@timesig:3/4\n@keysig:bB\n@data:{notes}\n",
        f'{{"clef": "G-2", "timesig": "3/4", "keysig": "bB", "data": "{notes}"}}',
        f";pe2%G-2@3/4$bB {notes}",
    )
    read = [read_incipit(form) for form in forms]
    assert all(score == read[0] for score in read)
    assert line(read[0].parts[0]) == [(3, 3, 69), (6, 3, 68)]


def test_files_of_lines_of_fields_and_of_marc() -> None:
    found = items(records, "# incipits\n%G-2 4'C\n\nid7\t''D\n")
    assert [(item.number, item.record_id) for item in found] == [(1, None), (2, "id7")]
    assert [pitches(item.content) for item in found if isinstance(item, RawItem)] == [[60], [74]]
    fields = "@start:a\n@clef:G-2\n@data:C\n@end:a\n@start:b\n@clef:G-2\n@title:Two\n@data:D\n@end:b\n"
    found = items(records, fields)
    assert [(item.record_id, item.title) for item in found if isinstance(item, RawItem)] == [("a", ""), ("b", "Two")]
    found = items(records, "@clef:G-2\n@data:C\n@clef:G-2\n@data:D\n\n@data:E\n")
    assert [pitches(item.content) for item in found if isinstance(item, RawItem)] == [[60], [62], [64]]


def test_marc_records_give_their_incipits() -> None:
    first, second = items(records, MARC)
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert (first.record_id, first.title) == ("1001145660-1.2.1", "Concerto")
    score = first.content
    assert pitches(score) == [67, 69, 70, 66]
    assert score.keys == [Key(0, -2, "G", "minor"), Key(2 * TICKS, 1)]
    assert (score.composer, score.parts[0].name) == ("Vivaldi, Antonio", "vl 1")
    assert score.words == {"movement": "Allegro", "source": "1001145660"}
    assert second.content.parts[0].verses == ["Kyrie eleison"]


def test_what_is_odd_is_told_with_its_place() -> None:
    score = read_incipit("4C?/D(E/F)/(2G/f+{''''''''C}")
    assert score.warnings == [
        "a sign is not understood, and left out: in bar 1 of the incipit '?'",
        "a tuplet is not closed before a bar line: in bar 2 of the incipit",
        "a parenthesis is not closed: in bar 4 of the incipit",
        "no figure to be repeated: in bar 5 of the incipit",
        "a note out of range is left out: in bar 5 of the incipit 'C'",
        "a tie leads to no note of its pitch: in bar 5 of the incipit",
    ]


def test_files_without_incipits_and_incipits_without_notes() -> None:
    with pytest.raises(MalformedContent, match="no incipit"):
        items(records, "# nothing\n")
    assert scores(records, "%G-2 --/\n")[0].warnings == ["it holds no notes"]


def test_notes_and_bars_over_the_cap() -> None:
    for notes in ("!CD!ffff", "=9999/"):
        first, second = items(records, f"{notes}\nC\n", Limits(score_notes=5))
        assert isinstance(first, Skipped)
        assert first.code == "limit_exceeded"
        assert isinstance(second, RawItem)
    with pytest.raises(LimitExceeded, match="score_notes"):
        read_incipit("CDE", Limits(score_notes=2))


@pytest.mark.parametrize("seed", range(60))
def test_damage_gives_items_or_a_typed_error(seed: int) -> None:
    dice = random.Random(seed)
    raw = bytearray(MARC.encode() + b"%G-2 8({6'AB''C})!4A!f/i/=2/2C+/C^E;5)\n@data:'4ABAG/i/\n")
    for _ in range(8):
        at = dice.randrange(len(raw))
        raw[at : at + dice.randrange(3)] = dice.choice(
            [b"", b"(", b")", b"!", b"ff", b"/", b"i", b";0)", b"+", b"^", b"\xff"]
        )
    try:
        for score in scores(records, bytes(raw)):
            onsets = [bar.onset for bar in score.parts[0].bars]
            assert onsets == sorted(onsets)
            assert all(note.duration >= 0 for note in score.parts[0].voices[0].notes)
    except InputError:
        pass
