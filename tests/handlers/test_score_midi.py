"""Standard MIDI Files: what is in them, what is odd about them, and that no note is lost."""

from __future__ import annotations

import io
import random
import struct
import time
from collections import Counter
from pathlib import Path

import midifiles as mf
import pytest
import symusic

from nlsearch.errors import InputError, LimitExceeded, MalformedContent
from nlsearch.handlers.score.formats.midi import records
from nlsearch.handlers.score.notation import TICKS, Note, Part, Score
from nlsearch.handlers.score.separation import MOST_VOICES, voices_of
from nlsearch.limits import Limits
from nlsearch.model import RawItem

END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x40\x83\x60\x80\x3c\x00"
"""C4, a quarter note of 480 ticks."""


def items(data: bytes, **caps: int) -> list[RawItem]:
    found = list(records(io.BytesIO(data), Limits(**caps)))
    assert all(isinstance(item, RawItem) for item in found)
    return found  # type: ignore[return-value]


def score(data: bytes, **caps: int) -> Score:
    (item,) = items(data, **caps)
    assert item.number == 1
    assert item.warnings is item.content.warnings
    return item.content


def track(content: bytes, division: int = 480) -> bytes:
    return mf.header(1, 1, division) + mf.chunk(b"MTrk", content)


def notes(of: Part | Score) -> list[Note]:
    parts = of.parts if isinstance(of, Score) else [of]
    return [note for part in parts for voice in part.voices for note in voice.notes]


def quarters(of: Part | Score) -> list[tuple[float, float, int | None]]:
    return [(note.onset / TICKS, note.duration / TICKS, note.pitch) for note in notes(of)]


def notes_on(data: bytes) -> int:
    """Count the note-ons of a clean file without reading times: an independent look at the bytes."""
    count, at = 0, 14
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        body, here, status = data[at + 8 : at + 8 + size], 0, 0
        while here < len(body):
            while body[here] & 128:
                here += 1
            here += 1
            if body[here] & 128:
                status = body[here]
                here += 1
            if status == 0xFF:
                here += 2 + body[here + 1]
            elif status in {0xF0, 0xF7}:
                here += 1 + body[here]
            else:
                count += status & 0xF0 == 0x90 and body[here + 1] > 0
                here += 1 if 0xC0 <= status < 0xE0 else 2
        at += 8 + size
    return count


# ---------------------------------------------------------------------------------------------------- what is in them
def test_a_song_with_a_conductor_track() -> None:
    conductor = [
        mf.meta(0, 3, "Kleines Lied"),
        mf.meta(0, 2, "(c) nobody"),
        mf.meta(0, 0x51, (500_000).to_bytes(3, "big")),
        mf.meta(0, 0x58, bytes([3, 2, 24, 8])),
        mf.meta(0, 0x59, bytes([0xFE, 1])),  # two flats, minor
        mf.meta(1440, 0x58, bytes([4, 2, 24, 8])),
        mf.meta(2000, 6, "Chorus"),
    ]
    voice = [
        mf.meta(0, 3, "Soprano"),
        mf.program(0, 73),
        *mf.note(0, 480, 67),
        *mf.note(480, 240, 70),
        *mf.note(1440, 960, 72),
    ]
    found = score(mf.smf(conductor, voice))
    assert (found.title, found.tempo, found.warnings) == ("Kleines Lied", 120.0, [])
    assert found.words == {"markers": "Chorus"}
    assert [(key.onset, key.fifths, key.tonic, key.mode) for key in found.keys] == [(0, -2, "G", "minor")]
    assert [(meter.onset, meter.text) for meter in found.meters] == [(0, "3/4"), (3 * TICKS, "4/4")]
    (part,) = found.parts
    assert (part.name, part.instrument) == ("Soprano", "Flute")
    assert quarters(part) == [(0, 1, 67), (1, 0.5, 70), (3, 2, 72)]
    assert [(bar.label, bar.onset // TICKS) for bar in part.bars] == [("1", 0), ("2", 3)]
    assert [note.bar for note in notes(part)] == [0, 0, 1]
    assert all(note.step is None for note in notes(part))


@pytest.mark.parametrize(
    ("fifths", "minor", "tonic"),
    [(0, 0, "C"), (0, 1, "A"), (7, 0, "C#"), (-7, 0, "Cb"), (3, 1, "F#"), (6, 1, "D#"), (-3, 0, "Eb"), (-7, 1, "Ab")],
)
def test_keys(fifths: int, minor: int, tonic: str) -> None:
    (key,) = score(mf.smf([mf.meta(0, 0x59, bytes([fifths % 256, minor])), *mf.note(0, 1, 60)])).keys
    assert (key.fifths, key.tonic, key.mode) == (fifths, tonic, "minor" if minor else "major")


def test_channels_of_one_track_are_parts_and_channel_10_is_percussion() -> None:
    events = [
        mf.meta(0, 3, "Band"),
        mf.program(0, 40, 1),
        *mf.note(0, 480, 60),
        *mf.note(0, 480, 62, 1),
        mf.program(480, 56, 1),
        *mf.note(480, 480, 64, 1),
        *mf.note(0, 120, 36, 9),
        *mf.note(0, 120, 42, 9),
    ]
    found = score(mf.smf(events, form=0))
    assert found.title == "Band"
    assert [(part.name, part.instrument) for part in found.parts] == [
        ("channel 1", ""),
        ("Violin, Trumpet", "Violin, Trumpet"),
        ("Percussion", "Percussion"),
    ]
    assert [(note.pitch, note.lower) for note in notes(found.parts[2])] == [(None, False), (None, True)]
    assert found.meters == []
    assert len(found.parts[0].bars) == 1


def test_the_first_track_names_itself_where_others_play_too() -> None:
    left, right = [mf.meta(0, 3, "Piano, left"), *mf.note(0, 9, 40)], [mf.meta(0, 3, "right"), *mf.note(0, 9, 70)]
    found = score(mf.smf(left, right))
    assert found.title == ""
    assert [part.name for part in found.parts] == ["Piano, left", "right"]
    assert score(mf.smf([mf.meta(0, 3, "Elise"), *mf.note(0, 9, 40)])).title == "Elise"


def test_format_2_is_one_score_a_track() -> None:
    data = mf.smf([mf.meta(0, 3, "one"), *mf.note(0, 480, 60)], [mf.meta(0, 3, "two"), *mf.note(0, 480, 62)], form=2)
    assert [(item.number, item.title) for item in items(data)] == [(1, "one"), (2, "two")]
    assert [notes(item.content)[0].pitch for item in items(data)] == [60, 62]


def test_a_riff_wrapper_and_bytes_before_the_header() -> None:
    data = track(NOTE + END)
    inside = b"RMID" + b"DISP\x03\0\0\0abc\0" + b"data" + struct.pack("<I", len(data)) + data
    wrapped = b"RIFF" + struct.pack("<I", len(inside)) + inside
    assert quarters(score(wrapped)) == [(0, 1, 60)]
    assert score(wrapped).warnings == []
    found = score(bytes(128) + data)
    assert quarters(found) == [(0, 1, 60)]
    assert found.warnings == ["128 bytes before the MIDI header are not read"]


@pytest.mark.parametrize("division", [24, 96, 120, 384, 480, 960, 1024, 10_080, 15_360])
def test_times_are_exact(division: int) -> None:
    found = score(track(mf.body([*mf.note(7, 5, 60)]), division))
    (only,) = notes(found)
    assert (only.onset * division, only.duration * division) == (7 * TICKS, 5 * TICKS)


def test_a_division_that_does_not_divide_is_rounded() -> None:
    (only,) = notes(score(track(mf.body([*mf.note(700, 50, 60)]), 500)))
    assert only.onset == round(7 * TICKS / 5)


# -------------------------------------------------------------------------------------------------------------- words
def sung(*lyrics: tuple[int, str], sort: int = 5) -> list[str]:
    events = [event for at in range(4) for event in mf.note(480 * at, 480, 60 + at)]
    found = score(mf.smf([*events, *(mf.meta(tick, sort, text) for tick, text in lyrics)]))
    (part,) = found.parts
    return [note.syllable for note in notes(part)] + part.verses


def test_syllables_by_spaces_by_hyphens_by_karaoke_marks() -> None:
    wanted = ["Glo-", "ri-", "a", "in", "Gloria in"]
    assert sung((0, "Glo"), (480, "ri"), (960, "a "), (1440, "in ")) == wanted
    assert sung((0, "Glo-"), (480, "ri-"), (960, "a"), (1440, "in")) == wanted
    assert sung((0, "\\Glo"), (480, "ri"), (960, "a"), (1440, "/in"), sort=1) == wanted
    assert sung((0, "O"), (480, "du"), (960, "mein"), (1440, "Herz"))[4] == "O du mein Herz"
    assert sung((5, "O "), (930, "du "))[:4] == ["O", "", "du", ""], "the nearest note"
    assert sung((240, "O "), (960, "du ")) == ["", "", "du", "", "O du"], "no note is near, the word stays"
    assert sung((0, "Text by N. N."), sort=1) == ["", "", "", ""]


def test_words_in_a_track_of_their_own_go_to_the_part_that_they_fit() -> None:
    bass = [event for at in range(3) for event in mf.note(700 * at, 480, 40)]
    melody = [event for at in range(3) for event in mf.note(480 * at, 480, 70)]
    words = [mf.meta(0, 1, "@LENGL"), mf.meta(0, 1, "@TMy tune"), mf.meta(0, 1, "\\One "), mf.meta(480, 1, "two ")]
    found = score(mf.smf([mf.meta(0, 3, "x")], bass, melody, words))
    assert found.title == "My tune"
    assert [part.verses for part in found.parts] == [[], ["One two"]]
    assert [note.syllable for note in notes(found.parts[1])] == ["One", "two", ""]


def test_text_is_utf8_or_latin_1() -> None:
    for raw in ("Für".encode(), "Für".encode("latin-1")):
        assert score(mf.smf([mf.meta(0, 3, raw), *mf.note(0, 9, 60)])).title == "Für"


# ------------------------------------------------------------------------------------------------------------- voices
def test_voices_under_a_line() -> None:
    """A melody of quarters over half notes in one channel: two voices, none with a note of the other."""
    tune = [event for at, pitch in enumerate([72, 74, 76, 77]) for event in mf.note(480 * at, 480, pitch)]
    bass = [event for at, pitch in enumerate([48, 43]) for event in mf.note(960 * at, 960, pitch)]
    (part,) = score(mf.smf([*tune, *bass])).parts
    assert [[note.pitch for note in voice.notes] for voice in part.voices] == [[72, 74, 76, 77], [48, 43]]
    assert not any(note.lower for note in notes(part))


def test_a_line_with_few_chords_stays_one_voice() -> None:
    tune = [event for at, pitch in enumerate([72, 74, 76, 77]) for event in mf.note(480 * at, 480, pitch)]
    chord = [event for pitch in (64, 60) for event in mf.note(0, 480, pitch)]
    (part,) = score(mf.smf([*tune, *chord])).parts
    (voice,) = part.voices
    assert [(note.pitch, note.lower) for note in voice.notes] == [
        (72, False),
        (64, True),
        (60, True),
        (74, False),
        (76, False),
        (77, False),
    ]


def test_voices_take_every_note_once_whatever_there_is() -> None:
    rng = random.Random(3)
    for _ in range(200):
        wide = rng.choice([2, 30])
        timed = sorted(
            {(at := rng.randrange(wide), at + rng.randrange(1, 9), rng.randrange(40, 90)) for _ in range(40)},
            key=lambda note: (note[0], -note[2], note[1]),
        )
        lines = voices_of(timed)
        assert sorted(index for line in lines for index in line) == list(range(len(timed)))
        assert len(lines) <= MOST_VOICES
        assert lines == voices_of(list(timed))
        assert all(line == sorted(line) for line in lines)


def test_chords_of_a_player_are_chords() -> None:
    rng = random.Random(5)
    events = []
    for at in range(30):
        for pitch in (60, 64, 67):
            events += mf.note(37 + 480 * at + at + rng.randrange(25), 400, pitch)
    found = score(mf.smf(events))
    assert "not quantised" in found.warnings[0]
    assert len({note.onset for note in notes(found)}) == 30


# --------------------------------------------------------------------------------------------------------------- odd
@pytest.mark.parametrize(
    ("data", "wanted", "warning"),
    [
        (track(b"\0\x90\x3c\x40\0\xff\x01\x01a\x10\x3c\0" + END), [(0, 1 / 30, 60)], ""),
        (track(b"\0\x90\x3c\x40\0\xf0\x02\x01\xf7\x10\x3c\0" + END), [(0, 1 / 30, 60)], ""),
        (track(b"\0\xf8" + NOTE + END), [(0, 1, 60)], ""),
        (track(NOTE), [(0, 1, 60)], ""),
        (track(b"\0\x90\x3c\x40\x83\x60\x3e\x40" + END), [(0, 1, 60), (1, 1 / 480, 62)], "2 notes without an end"),
        (
            track(b"\0\x90\x3c\x40\x83\x60\x3c\x40\x83\x60\x3c\0" + END),
            [(0, 1, 60), (1, 1, 60)],
            "1 note without an end",
        ),
        (track(b"\0\x90\x3c\x40\x10\x3c\x40\x10\x3c\0\x10\x3c\0" + END), [(0, 1 / 15, 60), (1 / 30, 1 / 15, 60)], ""),
        (track(b"\0\x90\x3c\x40\x83\x60\xb0\x7b\0\x10\x80\x3c\0" + END), [(0, 1, 60)], ""),
        (track(b"\0\x90\x3c\x40\0\x3c\0" + END), [(0, 1 / 480, 60)], "1 note without length"),
        (track(NOTE + END, 0), [(0, 1, 60)], "no time"),
        (track(NOTE + END, 0xE728), [(0, 0.96, 60)], "timed in 25 frames a second"),
        (track(NOTE + END, 0xE364), [(0, 480 / (3_000_000 / 1001 / 2), 60)], "timed in 29 frames a second"),
        (track(NOTE + b"\x10\xf4" + NOTE + END), [(0, 1, 60)], "no event begins with F4"),
        (track(b"\0\x3c\x40" + END), [], "data without a status"),
        (track(NOTE + b"\0\x90\x3c\xc0"), [(0, 1, 60)], "a status C0 in place of data"),
        (track(b"\x8f\xff\xff\xff\x7f\x90\x3c\x40" + END), [], "more than four bytes"),
        (track(NOTE + END + NOTE), [(0, 1, 60)], "9 bytes behind its end are not read"),
        (mf.header(1, 0), [], "it has no notes"),
        (mf.header(1, 2) + mf.chunk(b"MTrk", NOTE + END), [(0, 1, 60)], "announces 2 tracks, the file has 1"),
        (mf.header(1, 1) + mf.chunk(b"XFIH", b"abc") + mf.chunk(b"MTrk", NOTE + END), [(0, 1, 60)], ""),
        (mf.header(1, 1) + b"MTrk\x7f\xff\xff\xff" + NOTE + END, [(0, 1, 60)], "is cut"),
        (mf.header(1, 1) + b"MTrk\0\0\0\x05" + NOTE + END, [(0, 1, 60)], "has not the 5 bytes"),
        (mf.header(9, 1) + mf.chunk(b"MTrk", NOTE + END), [(0, 1, 60)], "format 9"),
        (track(NOTE + END) + bytes(40), [(0, 1, 60)], ""),
        (track(mf.meta(0, 0x58, b"\0\2")[1].join([b"\0", NOTE + END])), [(0, 1, 60)], "make no sense"),
    ],
)
def test_odd_files(data: bytes, wanted: list[tuple[float, float, int]], warning: str) -> None:
    found = score(data)
    assert quarters(found) == [pytest.approx(one, abs=1e-7) for one in wanted]
    assert (warning in " | ".join(found.warnings)) if warning else not found.warnings


def test_no_header() -> None:
    for data in (b"", b"MThd", b"RIFF\0\0\0\0RMIDdata\0\0\0\0", b"x" * 1000 + mf.header()):
        with pytest.raises(MalformedContent, match="header"):
            items(data)


def test_times_beyond_all_music_and_caps() -> None:
    jump = b"\xff\xff\xff\x7f\x90\x3c\x40\x10\x80\x3c\0"
    found = score(track(NOTE + jump * 20 + END))
    assert len(notes(found)) == 2
    assert "19 notes left out, from bar" in " ".join(found.warnings)
    assert all(note.onset < 2**62 for note in notes(found))
    found = score(track(NOTE * 10 + END), score_notes=4)
    assert len(notes(found)) == 4
    assert "6 notes left out, from bar 1 on: the cap score_notes is 4" in found.warnings
    with pytest.raises(LimitExceeded, match="record_bytes"):
        items(track(NOTE * 100 + END), record_bytes=200)
    long = mf.smf([mf.meta(0, 0x58, bytes([1, 7, 24, 8])), *mf.note(0, 1, 60), *mf.note(480 * 100_000, 1, 60)])
    found = score(long)
    assert "longer than 200,000 bars" in " ".join(found.warnings)
    assert notes(found)[1].bar == 199_999


@pytest.mark.parametrize(
    "content",
    [
        b"\0\x90\x3c\x40" + b"\0\x3c\x40" * 100_000 + b"\1\x3c\0" * 100_000,
        b"\0\x90\x3c\x40" + b"\1\x3c\x40" * 100_000,
        b"\0\xff\x05\x01a" * 100_000,
        b"".join(b"\0\x90" + bytes([at % 128, 64]) for at in range(100_000)),
    ],
    ids=["unison", "hung", "lyrics", "chord"],
)
def test_no_file_takes_long(content: bytes) -> None:
    before = time.process_time()
    items(track(content + END))
    assert time.process_time() - before < 10


def test_nothing_but_input_errors_escapes_from_damaged_files() -> None:
    rng = random.Random(11)
    whole = mf.smf(
        [mf.meta(0, 3, "x"), mf.meta(0, 0x58, bytes([3, 2, 24, 8])), mf.meta(0, 0x51, b"\7\xa1\x20")],
        [event for at in range(60) for event in mf.note(240 * at, 240, 50 + at % 20, at % 3 * 9 % 16)],
        [mf.meta(240 * at, 5, "la ") for at in range(20)],
    )
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 2, 8])):
            at = rng.randrange(len(data))
            if rng.random() < 0.7:
                data[at] = rng.choice([0, 127, 128, 255, rng.randrange(256)])
            else:
                del data[at : at + rng.randrange(1, 9)]
        try:
            found = items(bytes(data))
        except InputError:
            continue
        for note in (note for item in found for note in notes(item.content)):
            assert note.duration > 0
            assert 0 <= note.onset < 2**63


# ------------------------------------------------------------------------------------------------------------- oracles
def test_every_note_on_is_a_note() -> None:
    """As many notes as the bytes begin, also where symusic loses those without an end."""
    rng = random.Random(2)
    for _ in range(20):
        events = [e for _ in range(80) for e in mf.note(rng.randrange(9000), rng.randrange(1, 999), rng.randrange(128))]
        for _ in range(rng.randrange(3)):
            events.remove(next(event for event in events if event[1][0] == 0x80))
        data = mf.smf(events)
        assert len(notes(score(data))) == notes_on(data) == 80


def test_symusic_finds_the_same_notes_where_all_have_an_end() -> None:
    rng = random.Random(4)
    for division in (96, 480, 10_080):
        tracks = [
            [
                e
                for _ in range(100)
                for e in mf.note(rng.randrange(9000), rng.randrange(1, 99), rng.randrange(128), channel)
            ]
            for channel in (0, 5)
        ]
        data = mf.smf(*tracks, division=division)
        other = symusic.Score.from_midi(data)
        theirs = Counter((note.time, note.duration, note.pitch) for one in other.tracks for note in one.notes)
        found = score(data)
        moved = any("not quantised" in warning for warning in found.warnings)
        ours = Counter(
            (note.onset * division // TICKS, note.duration * division // TICKS, note.pitch) for note in notes(found)
        )
        if moved:
            assert Counter(pitch for _, _, pitch in ours.elements()) == Counter(p for _, _, p in theirs.elements())
        else:
            assert ours == theirs


def test_music21_wrote_these(tmp_path: Path) -> None:
    music21 = pytest.importorskip("music21")
    for name in ("bach/bwv66.6", "bach/bwv253", "schoenberg/opus19/movement6"):
        source = music21.corpus.parse(name).stripTies()
        path = source.write("midi", fp=str(tmp_path / "x.mid"))
        found = score(Path(path).read_bytes())
        theirs = Counter(
            (round(float(one.getOffsetInHierarchy(source)) * TICKS), pitch.midi)
            for one in source.recurse().notes
            if not one.duration.isGrace
            for pitch in one.pitches
        )
        ours = Counter((note.onset, note.pitch) for note in notes(found))
        assert ours == theirs
        signatures = [key.sharps for key in source.recurse().getElementsByClass("KeySignature")]
        assert [key.fifths for key in found.keys[:1]] == signatures[:1]
