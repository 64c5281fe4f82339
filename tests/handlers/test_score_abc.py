"""ABC tune books: golden values by hand and from the standard, and music21 as the oracle."""

from __future__ import annotations

import io
import random
import re
from fractions import Fraction

import pytest
from textscores import durations, items, labels, line, ours, pitches, scores, theirs

from nlsearch.errors import InputError, LimitExceeded, MalformedContent
from nlsearch.handlers.score.formats.abc import read_melody, records
from nlsearch.handlers.score.formats.abcfields import key_setting, plain_text, quarters_a_minute
from nlsearch.handlers.score.notation import TICKS, Harmony, Key, Meter
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

BOOK = """\
%abc-2.1
M:3/4
L:1/4
C:Trad.

X:1
T:First \\"uber alles
T:Other name
O:Ireland
R:jig
Q:1/4=90
K:Dm
A|:"Dm"d2-d|"^slowly""A7"^c3|1 _B3:|2 d3|]
w: Glo- ri-_ a | in ex-*
w: Eh- re

X:27
T:Second
M:6/8
L:1/8
K:G
G>A B/2c/ d2|
"""


def test_tunes_of_a_book_with_the_fields_of_the_file() -> None:
    first, second = items(records, BOOK)
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert (first.number, first.record_id, first.title) == (1, "1", "First über alles")
    assert (second.number, second.record_id, second.title) == (2, "27", "Second")
    score = first.content
    assert score.composer == "Trad."
    assert score.words == {"origin": "Ireland", "genre": "jig", "subtitle": "Other name"}
    assert score.keys == [Key(0, -1, "D", "minor")]
    assert score.meters == [Meter(0, "3/4")]
    assert score.tempo == 90.0
    assert score.harmonies == [Harmony(TICKS, "Dm"), Harmony(4 * TICKS, "A7")]
    assert second.content.meters == [Meter(0, "6/8")]


def test_ties_repeats_endings_and_bars() -> None:
    score = scores(records, BOOK)[0]
    assert line(score.parts[0]) == [(0, 1, 69), (1, 3, 74), (4, 3, 73), (7, 3, 70), (10, 3, 74)]
    assert labels(score) == ["0", "1", "2", "3", "4"]
    bars = score.parts[0].bars
    assert [bar.repeat_start for bar in bars] == [False, True, False, False, False]
    assert [bar.repeat_end for bar in bars] == [0, 0, 0, 2, 0]
    assert [bar.endings for bar in bars] == [(), (), (), (1,), (2,)]


def test_lyrics_stand_at_their_notes() -> None:
    score = scores(records, BOOK)[0]
    assert [note.syllable for note in score.parts[0].voices[0].notes] == ["Glo-", "ri-", "a", "in", "ex-"]
    assert score.parts[0].verses == ["Gloria in ex", "Ehre"]


@pytest.mark.parametrize(
    ("words", "syllables"),
    [
        ("a b c d", ["a", "b", "c", "d"]),
        ("a-b c-", ["a-", "b", "c-", ""]),
        ("a_ b", ["a", "", "b", ""]),
        ("a--b", ["a-", "", "b", ""]),
        ("a - b", ["a", "", "b", ""]),
        ("*a~b c\\-d", ["", "a b", "c-d", ""]),
        ("a|b c", ["a", "", "b", "c"]),
    ],
)
def test_signs_of_aligned_lyrics(words: str, syllables: list[str]) -> None:
    score = read_melody(f"CD|EF|\nw:{words}")
    assert [note.syllable for note in score.parts[0].voices[0].notes] == syllables


def test_lyrics_go_on_in_a_continued_field_and_without_notes_are_told() -> None:
    score = read_melody("CDEF|\nw:a b\n+:c d\nGA|\nw:e f g")
    assert [note.syllable for note in score.parts[0].voices[0].notes] == list("abcdef")
    assert score.parts[0].verses == ["a b c d e f g"]
    assert score.warnings == ["syllables of w: have no note: in bar 3 of the tune 'e f g'"]


def test_words_behind_the_tune_are_verses() -> None:
    (score,) = scores(records, "X:1\nK:C\nCDE|\nW:one\nW:two\nW:\nW:three\n")
    assert score.parts[0].verses == ["one two", "three"]


@pytest.mark.parametrize(
    ("music", "lengths"),
    [
        (
            "C C2 C/ C/2 C// C3/2 C3// C/4",
            [1, 2, Fraction(1, 2), Fraction(1, 2), Fraction(1, 4), Fraction(3, 2), Fraction(3, 4), Fraction(1, 4)],
        ),
        ("C>D E<F", [Fraction(3, 2), Fraction(1, 2), Fraction(1, 2), Fraction(3, 2)]),
        ("C>>D C<<D", [Fraction(7, 4), Fraction(1, 4), Fraction(1, 4), Fraction(7, 4)]),
        ("C> {d}(D E2)", [Fraction(3, 2), Fraction(1, 2), 2]),
        ("(3CDE F", [Fraction(2, 3)] * 3 + [1]),
        ("(3(CDE) F", [Fraction(2, 3)] * 3 + [1]),
        ("(3:2:4CDEF G", [Fraction(2, 3)] * 4 + [1]),
        ("(2CD (4CDEF", [Fraction(3, 2)] * 2 + [Fraction(3, 4)] * 4),
        ("(5CDEFG", [Fraction(2, 5)] * 5),
        ("[M:6/8](5CDEFG", [Fraction(3, 5)] * 5),
        ("(7:8CDEFGAB", [Fraction(8, 7)] * 7),
        ("(3::2C2D E", [Fraction(4, 3), Fraction(2, 3), 1]),
        ("[CE]2 [C2E]3", [2, 2, 6, 6]),
    ],
)
def test_lengths(music: str, lengths: list[Fraction]) -> None:
    assert durations(read_melody(f"L:1/4\n{music}")) == lengths


def test_a_triplet_is_exact_with_a_dotted_note_in_it() -> None:
    assert line(read_melody("L:1/4\n(3C>DE F").parts[0])[-1] == (2, 1, 65)


def test_rests_and_rests_of_bars() -> None:
    score = read_melody("M:3/4\nL:1/4\nCzx|Z2|D2 y Z|E3|")
    assert line(score.parts[0]) == [(0, 1, 60), (9, 2, 62), (12, 3, 64)]
    assert labels(score) == ["1", "2", "3", "4", "5"]
    told = "a rest of whole bars (Z) within a bar is read as one of notes (z)"
    assert score.warnings == [f"{told}: in bar 4 of the tune"]


def test_an_accidental_holds_to_the_bar_line_in_all_octaves_and_over_a_tie() -> None:
    assert pitches(read_melody("^Cc=C c|c")) == [61, 73, 60, 72, 72]
    assert pitches(read_melody("%%propagate-accidentals octave\n^Cc C|")) == [61, 72, 61]
    assert pitches(read_melody("%%propagate-accidentals not\n^CC|")) == [61, 60]
    assert line(read_melody("L:1/4\n^C-|C C|").parts[0]) == [(0, 2, 61), (2, 1, 60)]
    assert pitches(read_melody("{^c}d c C|")) == [74, 73, 60]
    assert pitches(read_melody("__B _e ^^f =B|")) == [69, 75, 79, 71]


@pytest.mark.parametrize(
    ("key", "fifths", "tonic", "mode", "pitch"),
    [
        ("C", 0, "C", "major", 77),
        ("Gm", -2, "G", "minor", 77),
        ("G MIXOLYDIAN", 0, "G", "mixolydian", 77),
        ("Ador", 1, "A", "dorian", 78),
        ("Bphr", 1, "B", "phrygian", 78),
        ("F#m", 3, "F#", "minor", 78),
        ("Bb", -2, "Bb", "major", 77),
        ("EM", 1, "E", "minor", 78),
        ("none", 0, "", "", 77),
        ("", 0, "", "", 77),
        ("HP", 2, "", "", 78),
        ("D=f", 2, "D", "major", 77),
        ("C ^f clef=bass", 0, "C", "major", 78),
        ("D exp _b ^f", 0, "D", "major", 78),
        ("Dmix^f", 1, "D", "mixolydian", 78),
    ],
)
def test_keys(key: str, fifths: int, tonic: str, mode: str, pitch: int) -> None:
    (score,) = scores(records, f"X:1\nK:{key}\nf|\n")
    assert score.keys == [Key(0, fifths, tonic, mode)]
    assert pitches(score) == [pitch]
    assert score.warnings == []


def test_pitches_are_those_that_sound() -> None:
    def pitch(key: str, voice: str = "") -> int | None:
        (score,) = scores(records, f"X:1\n{voice}K:{key}\nC|\n")
        assert score.warnings == []
        return pitches(score)[0]

    assert pitch("C clef=treble-8") == 48
    assert pitch("C treble+8") == 72
    assert pitch("C octave=-1") == 48
    assert pitch("C bass") == 60
    assert pitch("C transpose=-2") == 58
    assert pitch("C -8va", "%%MIDI transpose -24\n") == 36
    (score,) = scores(records, "X:1\nK:D transpose=-2\nF|\n")
    assert (score.keys, [(n.pitch, n.step) for n in score.parts[0].voices[0].notes]) == (
        [Key(0, 0, "C", "major")],
        [(64, 30)],
    )


def test_key_meter_and_length_change_within_a_tune() -> None:
    score = read_melody("M:2/4\nK:G\nL:1/4\nFF|[K:F][M:3/4]FFB|\nL:1/8\nK:D\nF2|")
    assert line(score.parts[0])[-2:] == [(4, 1, 70), (5, 1, 66)]
    assert score.keys == [Key(0, 1, "G", "major"), Key(2 * TICKS, -1, "F", "major"), Key(5 * TICKS, 2, "D", "major")]
    assert score.meters == [Meter(0, "2/4"), Meter(2 * TICKS, "3/4")]


def test_voices_and_overlays() -> None:
    text = 'X:1\nM:2/4\nL:1/4\nV:T clef=treble name="Tenor"\nV:B clef=bass-8 nm=Bass\nK:C\n'
    (score,) = scores(records, text + "V:T\nCD&E2|F2|\nV:B\n[V:B]c2|[K:F]b2|\n[V:T]G2|\n")
    assert [part.name for part in score.parts] == ["Tenor", "Bass"]
    assert line(score.parts[0], 0) == [(0, 1, 60), (1, 1, 62), (2, 2, 65), (4, 2, 67)]
    assert line(score.parts[0], 1) == [(0, 2, 64)]
    assert line(score.parts[1]) == [(0, 2, 60), (2, 2, 70)]


def test_grace_notes_chords_and_what_is_only_printed() -> None:
    score = read_melody('L:1/4\n{/gAB}!trill!C+fermata+ "^up"[C-^E-]u.~[C^E] | {a}-C H(D) $ * `')
    notes = score.parts[0].voices[0].notes
    assert [(n.onset // TICKS, n.duration // TICKS, n.pitch, n.grace, n.lower) for n in notes] == [
        (0, 0, 79, True, False),
        (0, 0, 69, True, False),
        (0, 0, 71, True, False),
        (0, 1, 60, False, False),
        (1, 2, 65, False, False),
        (1, 2, 60, False, True),
        (3, 0, 81, True, False),
        (3, 1, 60, False, False),
        (4, 1, 62, False, False),
    ]
    assert score.warnings == ["a tie begins at no note: in bar 2 of the tune"]


@pytest.mark.parametrize(
    ("music", "flags"),
    [
        ("C:|D", [(False, 2), (False, 0)]),
        ("C::D:|", [(False, 2), (True, 2)]),
        ("|:C:|:D:|", [(True, 2), (True, 2)]),
        ("|:C::|D|]", [(True, 3), (False, 0)]),
        ("C||:D|E:||F", [(False, 0), (True, 0), (False, 2), (False, 0)]),
    ],
)
def test_repeats(music: str, flags: list[tuple[bool, int]]) -> None:
    assert [(bar.repeat_start, bar.repeat_end) for bar in read_melody(music).parts[0].bars] == flags


def test_endings_of_several_bars_and_lists_of_times() -> None:
    bars = read_melody("C|[1,3 D|E:|2 F|G||A|").parts[0].bars
    assert [bar.endings for bar in bars] == [(), (1, 3), (1, 3), (2,), (2,), ()]


def test_two_parts_of_a_bar_at_a_repeat_have_one_number() -> None:
    score = read_melody("M:3/4\nL:1/4\nA|BBB|c2:|d|eee|")
    assert labels(score) == ["0", "1", "2", "2", "3"]


def test_a_full_bar_ends_with_its_line_and_its_accidentals_hold_on() -> None:
    score = read_melody("M:2/4\nL:1/4\n_B2\nBA|B2|")
    assert labels(score) == ["1", "2", "3"]
    assert pitches(score) == [70, 70, 69, 71]


@pytest.mark.parametrize(
    ("field", "tempo"),
    [
        ("1/4=120", 120.0),
        ("3/8=60", 90.0),
        ('"Allegro" 1/4=100', 100.0),
        ("1/4 1/8=60", 90.0),
        ("120", 60.0),
        ("C=80", 40.0),
        ('"Slow"', None),
    ],
)
def test_tempo_is_in_quarters(field: str, tempo: float | None) -> None:
    assert quarters_a_minute(field, TICKS // 2) == tempo


def test_text_has_its_letters() -> None:
    assert plain_text("\\'e \\`a \\^o \\~n \\cc \\aa \\ss \\u00fc &auml; \\\"U") == "é à ô ñ ç å ß ü ä Ü"
    assert key_setting("Bb").altered == {"B": -1, "E": -1}


def test_music_behind_an_empty_line_is_not_lost() -> None:
    (score,) = scores(records, "X:1\nK:C\nCD|\n\nSome words of someone.\nEF|\n")
    assert pitches(score) == [60, 62, 64, 65]
    assert len(score.warnings) == 2


def test_what_is_odd_is_told_with_its_place() -> None:
    (score,) = scores(records, "X:1\nL:x\nnonsense\nK:Q\nC?|D#E# a''''''|\n")
    assert score.warnings == [
        "a note length is not understood: 'x'",
        "a line of the header is not understood: 'nonsense'",
        "a key is not understood: 'Q'",
        "a sign is not understood, and left out: 3 times, first in bar 1 of the tune '?'",
        "a note out of range is left out: in bar 2 of the tune",
    ]
    assert pitches(score) == [60, 62, 64]


def test_quoted_printable_is_undone() -> None:
    (score,) = scores(records, "X:1\nK:F\nA=3DB|=20\nc=\nB|\n")
    assert pitches(score) == [69, 71, 72, 70]


def test_a_file_without_tunes_is_refused_and_one_without_x_is_read() -> None:
    with pytest.raises(MalformedContent, match="X:"):
        items(records, "T:nothing\n")
    (score,) = scores(records, "T:one\nK:C\nC|\n")
    assert score.warnings == ["the tune has no X: field with a number"]
    (score,) = scores(records, "X:1\nT:silence\nK:C\n")
    assert score.warnings == ["it holds no notes"]
    assert len(score.parts) == 1


def test_notes_and_bars_over_the_cap_skip_the_tune_alone() -> None:
    for music in ("CDEF", "Z9999|Z9999|"):
        first, second = items(records, f"X:1\nK:C\n{music}\nX:2\nK:C\nC|\n", Limits(score_notes=3))
        assert isinstance(first, Skipped)
        assert (first.code, first.record_id) == ("limit_exceeded", "1")
        assert isinstance(second, RawItem)
    with pytest.raises(LimitExceeded, match="score_notes"):
        read_melody("CDEF G", Limits(score_notes=3))


def test_line_ends_and_encodings_do_not_matter() -> None:
    plain = [ours(score) for score in scores(records, BOOK)]
    for raw in (
        BOOK.replace("\n", "\r\n").encode(),
        BOOK.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + BOOK.encode(),
    ):
        assert [ours(score) for score in scores(records, raw)] == plain
    found = list(records(as_utf8(io.BytesIO(BOOK.encode("utf-16"))), Limits()))
    assert [ours(item.content) for item in found if isinstance(item, RawItem)] == plain
    (score,) = scores(records, "X:1\nT:Für\nK:C\nC\n".encode("latin-1"))
    assert score.title == "Für"


def test_a_bare_melody_has_defaults() -> None:
    score = read_melody("CDE F2")
    assert durations(score) == [Fraction(1, 2)] * 3 + [1]
    assert pitches(score) == [60, 62, 64, 65]
    assert (score.keys, score.meters, labels(score), score.warnings) == ([], [], ["1"], [])
    assert read_melody("").warnings == ["it holds no notes"]


@pytest.mark.parametrize("seed", range(60))
def test_damage_gives_items_or_a_typed_error(seed: int) -> None:
    dice = random.Random(seed)
    raw = bytearray(BOOK.encode() * 2)
    signs = [b"", b"|", b"[", b"(3", b"{", b'"', b"&", b"-", b">", b"\n", b"K:", b"[V:2]", b"\xff", b"L:0/0", b"M:1/0"]
    for _ in range(8):
        at = dice.randrange(len(raw))
        raw[at : at + dice.randrange(3)] = dice.choice(signs)
    try:
        for score in scores(records, bytes(raw)):
            for part in score.parts:
                onsets = [bar.onset for bar in part.bars]
                assert onsets == sorted(onsets)
                assert all(part.bars[note.bar].label for voice in part.voices for note in voice.notes)
    except InputError:
        pass


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "few"), [("essenFolksong/testd", 8), ("essenFolksong/han1", 25), ("airdsAirs/book1", 12)]
)
def test_music21_reads_the_same_notes(name: str, few: int) -> None:
    corpus = pytest.importorskip("music21.corpus")
    found = [path for path in corpus.getCorePaths() if str(path).endswith(f"{name}.abc")]
    if not found:
        pytest.skip(f"this music21 has no {name}")
    from music21.abcFormat import ABCFile
    from music21.abcFormat.translate import abcToStreamScore

    raw = found[0].read_bytes()
    texts = re.split(r"(?m)^(?=X:)", raw.decode("latin-1"))[1 : few + 1]
    for text, score in zip(texts, scores(records, raw), strict=False):
        # without this line music21 does not carry accidentals through the bar
        assert ours(score) == theirs(abcToStreamScore(ABCFile().readstr(f"%abc-2.1\n{text}"))), score.title
