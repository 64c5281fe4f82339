"""Damaged and odd MIDI files, caps, and readers of others: no note is lost without a word."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import midifiles as mf
import pytest
import symusic
from midifiles import items, notes_of, quarters, score, track

from nlsearch.errors import InputError, LimitExceeded, MalformedContent
from nlsearch.handlers.score.notation import TICKS

END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x40\x83\x60\x80\x3c\x00"
"""C4, a quarter note of 480 ticks."""


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
    assert len(notes_of(found)) == 2
    assert "19 notes left out, from bar" in " ".join(found.warnings)
    assert all(note.onset < 2**62 for note in notes_of(found))
    found = score(track(NOTE * 10 + END), score_notes=4)
    assert len(notes_of(found)) == 4
    assert "6 notes left out, from bar 1 on: the cap score_notes is 4" in found.warnings
    with pytest.raises(LimitExceeded, match="record_bytes"):
        items(track(NOTE * 100 + END), record_bytes=200)
    long = mf.smf([mf.meta(0, 0x58, bytes([1, 7, 24, 8])), *mf.note(0, 1, 60), *mf.note(480 * 100_000, 1, 60)])
    found = score(long)
    assert "longer than 200,000 bars" in " ".join(found.warnings)
    assert notes_of(found)[1].bar == 199_999


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
        for note in (note for item in found for note in notes_of(item.content)):
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
        assert len(notes_of(score(data))) == notes_on(data) == 80


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
            (note.onset * division // TICKS, note.duration * division // TICKS, note.pitch) for note in notes_of(found)
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
        ours = Counter((note.onset, note.pitch) for note in notes_of(found))
        assert ours == theirs
        signatures = [key.sharps for key in source.recurse().getElementsByClass("KeySignature")]
        assert [key.fifths for key in found.keys[:1]] == signatures[:1]
