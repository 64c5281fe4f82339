"""The payload of a score: columns of its notes, its lines, and what is written around them.

Layout
------
All numbers are little-endian.  A header of 36 bytes: ``b"nlM1"``, then uint32: notes, voices, lines, notes of lines,
ticks of a time unit, bytes of the text, and two zeros.  Then columns, each padded to a multiple of 4 bytes:

==================  ==========  ==============================================================================
column              type        holds
==================  ==========  ==============================================================================
``line_starts``     uint32      lines + 1: where each line begins among the notes of lines
``line_pitch``      uint8       of each note of a line; 255 where it has none
``line_step``       uint8       its letter name and octave; 255 where it has none
``line_gap``        uint32      time units from each note of a line to the next, of the last its duration
``line_length``     uint32      its duration
``line_note``       uint32      which note it is
``line_voice``      uint32      of each line
``note_starts``     uint32      voices + 1: where each voice begins among the notes
``onset``           uint32      time units
``duration``        uint32      time units
``pitch``           uint8       255 for none
``step``            uint8       255 for none
``bar``             uint32      index among the bars of its part
``flags``           uint8       1 grace, 2 lower note of a chord
==================  ==========  ==============================================================================

and the text: msgpack, compressed with zstandard (:class:`Around`).  A *line* is what melodies are searched in: a voice
without grace notes and without the lower notes of chords.  There is a line of each voice as written, then one of each
voice with repeats as it is played.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import msgpack
import numpy as np
import zstandard
from numpy.typing import NDArray

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.score.notation import Harmony, Key, Meter, Note, Part, Score, playing_order

MAGIC = b"nlM1"
NONE = 255
"""Pitch or step of a note that has none."""
GRACE, LOWER = 1, 2
_BYTES = {"line_pitch", "line_step", "pitch", "step", "flags"}
MOST_PLAYED = 8
"""A voice whose repeats make it longer than so many times what is written has no line as it is played."""
_HEADER = struct.Struct("<4s8I")
_MOST = 2**32 - 1


@dataclass(slots=True)
class PartAround:
    """What is written around the notes of a part; `bars` are (label, time units), `playing` runs of bars."""

    name: str
    instrument: str
    voices: list[str]
    bars: list[tuple[str, int]]
    playing: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Around:
    """What a payload holds as text: times are in time units, `syllables` are (note, text)."""

    title: str
    composer: str
    parts: list[PartAround]
    keys: list[tuple[int, int, str, str]]
    meters: list[tuple[int, str]]
    harmonies: list[tuple[int, str, str]]
    syllables: list[tuple[int, str]]
    tempo: float | None = None


def _unit(score: Score) -> int:
    """Return the greatest number of ticks in which all times are whole, and fit."""
    notes = [note for part in score.parts for voice in part.voices for note in voice.notes]
    times = [note.onset for note in notes]
    times += [note.duration for note in notes]
    times += [bar.onset for part in score.parts for bar in part.bars]
    times += [key.onset for key in score.keys]
    times += [meter.onset for meter in score.meters]
    times += [harmony.onset for harmony in score.harmonies]
    unit = max(int(np.gcd.reduce(np.array(times, np.int64))) if times else 1, 1)
    last = max((note.onset + note.duration for note in notes), default=0)
    return unit if last // unit <= _MOST else max(unit, -(-last // _MOST))


def encode(score: Score) -> bytes:
    """Return the payload of a score."""
    unit = _unit(score)
    voices = [voice for part in score.parts for voice in part.voices]
    notes = [note for voice in voices for note in voice.notes]
    table = np.array([_row(note, unit) for note in notes], np.int64).reshape(-1, 6)
    note_starts = np.cumsum([0, *(len(voice.notes) for voice in voices)])
    lines, line_voice = _lines(score, table, note_starts)
    line_note = np.concatenate([*lines, np.empty(0, np.int64)])
    lengths = table[line_note, 1]
    gaps = np.concatenate([*(_gaps(table[line, 0], table[line, 1]) for line in lines), np.empty(0, np.int64)])
    text = zstandard.ZstdCompressor(level=9).compress(msgpack.packb(asdict(_around(score, unit, notes))))
    header = _HEADER.pack(MAGIC, len(notes), len(voices), len(lines), len(line_note), unit, len(text), 0, 0)
    columns = [
        np.cumsum([0, *(len(line) for line in lines)]).astype("<u4"), table[line_note, 2].astype("u1"),
        table[line_note, 3].astype("u1"), gaps.astype("<u4"), lengths.astype("<u4"), line_note.astype("<u4"),
        np.array(line_voice, "<u4"), note_starts.astype("<u4"), table[:, 0].astype("<u4"), table[:, 1].astype("<u4"),
        table[:, 2].astype("u1"), table[:, 3].astype("u1"), table[:, 4].astype("<u4"), table[:, 5].astype("u1"),
    ]  # fmt: skip
    return b"".join([header, *(_padded(column.tobytes()) for column in columns), text])


def _row(note: Note, unit: int) -> tuple[int, int, int, int, int, int]:
    pitch = NONE if note.pitch is None else min(max(note.pitch, 0), 127)
    step = NONE if note.step is None else min(max(note.step, 0), NONE - 1)
    flags = GRACE * note.grace + LOWER * note.lower
    return note.onset // unit, note.duration // unit, pitch, step, note.bar, flags


def _lines(
    score: Score, table: NDArray[np.int64], note_starts: NDArray[np.int64]
) -> tuple[list[NDArray[np.int64]], list[int]]:
    """Return the rows of the notes of each line, and which voice it is of."""
    written, played, of_played, voice = [], [], [], 0
    for part in score.parts:
        runs = _repeated(part)
        for _ in part.voices:
            low, high = int(note_starts[voice]), int(note_starts[voice + 1])
            line = low + np.flatnonzero(table[low:high, 5] == 0)
            written.append(line)
            if runs:
                bars = table[line, 4]
                again = [line[(bars >= first) & (bars < end)] for first, end in runs]
                if sum(map(len, again)) <= MOST_PLAYED * len(line):
                    played.append(np.concatenate(again))
                    of_played.append(voice)
            voice += 1
    return [*written, *played], [*range(voice), *of_played]


def _gaps(onsets: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the time from each note of a line to the next; where a repeat goes back, its duration."""
    ahead = np.diff(onsets, append=onsets[-1:])
    return np.where(ahead > 0, ahead, lengths)


def _padded(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % 4)


def _around(score: Score, unit: int, notes: list[Note]) -> Around:
    return Around(
        score.title,
        score.composer,
        [
            PartAround(
                part.name,
                part.instrument,
                [voice.name for voice in part.voices],
                [(bar.label, bar.onset // unit) for bar in part.bars],
                _repeated(part),
            )
            for part in score.parts
        ],
        [(key.onset // unit, key.fifths, key.tonic, key.mode) for key in score.keys],
        [(meter.onset // unit, meter.text) for meter in score.meters],
        [(harmony.onset // unit, harmony.text, harmony.sort) for harmony in score.harmonies],
        [(number, note.syllable) for number, note in enumerate(notes) if note.syllable],
        score.tempo,
    )


def _repeated(part: Part) -> list[tuple[int, int]]:
    runs = playing_order(part.bars)
    return runs if len(runs) > 1 else []


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a voice.

    Parameters
    ----------
    number, part, voice : int
        Which line it is, of which part, and which of that part's voices.
    start : int
        Where it begins on the axis of all lines.
    is_played : bool
        Whether it is the voice as it is played, with its repeats.
    pitches, steps : ndarray of uint8, shape (n,)
    gaps, lengths : ndarray of uint32, shape (n,)
        Time units to the next note, and of the note itself.
    notes : ndarray of uint32, shape (n,)
        Rows in the columns of notes.
    """

    number: int
    part: int
    voice: int
    start: int
    is_played: bool
    pitches: NDArray[np.uint8]
    steps: NDArray[np.uint8]
    gaps: NDArray[np.uint32]
    lengths: NDArray[np.uint32]
    notes: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.pitches)


class Tune:
    """An opened payload.

    Parameters
    ----------
    payload : bytes or memoryview

    Raises
    ------
    IndexDamaged
        If it is not one of a score.
    """

    def __init__(self, payload: Buffer) -> None:
        self._payload = memoryview(payload)
        try:
            magic, notes, voices, lines, line_notes, self.unit, text, _, _ = _HEADER.unpack_from(self._payload)
        except struct.error as exc:
            raise IndexDamaged("the payload of a score is too short", hint="run nlsearch check") from exc
        if magic != MAGIC:
            raise IndexDamaged("this is no payload of a score", hint="run nlsearch check")
        self.voices, self.n_lines = voices, lines
        self._counts = {
            "line_starts": lines + 1, "line_pitch": line_notes, "line_step": line_notes, "line_gap": line_notes,
            "line_length": line_notes, "line_note": line_notes, "line_voice": lines, "note_starts": voices + 1,
            "onset": notes, "duration": notes, "pitch": notes, "step": notes, "bar": notes, "flags": notes,
        }  # fmt: skip
        self._starts: dict[str, int] = {}
        at = _HEADER.size
        for name, count in self._counts.items():
            self._starts[name] = at
            at += count if name in _BYTES else 4 * count
            at += -at % 4
        if at + text > len(self._payload):
            raise IndexDamaged("the payload of a score is too short", hint="run nlsearch check")
        self._text = self._payload[at : at + text]

    def _column(self, name: str) -> NDArray[Any]:
        kind = "u1" if name in _BYTES else "<u4"
        return np.frombuffer(self._payload, kind, self._counts[name], self._starts[name])

    @cached_property
    def line_starts(self) -> NDArray[np.uint32]:
        """Where each line begins on the axis of all lines; shape (lines + 1,)."""
        return self._column("line_starts")

    @cached_property
    def line_pitch(self) -> NDArray[np.uint8]:
        """Pitches of the notes of all lines."""
        return self._column("line_pitch")

    @cached_property
    def line_note(self) -> NDArray[np.uint32]:
        """Rows of the notes of all lines."""
        return self._column("line_note")

    @cached_property
    def line_voice(self) -> NDArray[np.uint32]:
        """The voice of each line."""
        return self._column("line_voice")

    @cached_property
    def note_starts(self) -> NDArray[np.uint32]:
        """Where the notes of each voice begin; shape (voices + 1,)."""
        return self._column("note_starts")

    @cached_property
    def onset(self) -> NDArray[np.uint32]:
        """Of each note, in time units."""
        return self._column("onset")

    @cached_property
    def duration(self) -> NDArray[np.uint32]:
        """Of each note, in time units."""
        return self._column("duration")

    @cached_property
    def pitch(self) -> NDArray[np.uint8]:
        """Of each note; 255 for none."""
        return self._column("pitch")

    @cached_property
    def step(self) -> NDArray[np.uint8]:
        """Letter name and octave of each note; 255 for none."""
        return self._column("step")

    @cached_property
    def bar(self) -> NDArray[np.uint32]:
        """Index of the bar of each note among those of its part."""
        return self._column("bar")

    @cached_property
    def flags(self) -> NDArray[np.uint8]:
        """Of each note: grace, lower."""
        return self._column("flags")

    @cached_property
    def around(self) -> Around:
        """What is written around the notes."""
        told = msgpack.unpackb(zstandard.ZstdDecompressor().decompress(self._text))
        parts = [PartAround(**{**part, "bars": [tuple(bar) for bar in part["bars"]]}) for part in told["parts"]]
        return Around(**{**told, "parts": parts})

    @cached_property
    def syllables(self) -> dict[int, str]:
        """What is sung, by the row of the note."""
        return dict(self.around.syllables)

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        """The part of each voice, and which of the part's voices it is."""
        return [(n, at) for n, part in enumerate(self.around.parts) for at in range(len(part.voices))]

    @property
    def keys(self) -> list[Key]:
        """The keys that the source states; onsets in time units."""
        return [Key(*told) for told in self.around.keys]

    @property
    def meters(self) -> list[Meter]:
        """The meters that the source states; onsets in time units."""
        return [Meter(*told) for told in self.around.meters]

    @property
    def harmonies(self) -> list[Harmony]:
        """The chord symbols, numerals and figures; onsets in time units."""
        return [Harmony(*told) for told in self.around.harmonies]

    def lines(self, played: bool = True) -> Iterator[Line]:
        """Yield all lines; without those as played, if `played` is false."""
        for number in range(self.n_lines if played else self.voices):
            yield self.line(number)

    def line(self, number: int) -> Line:
        """Return a line by its number; those below `voices` are written."""
        low, high = int(self.line_starts[number]), int(self.line_starts[number + 1])
        held = slice(low, high)
        part, voice = self._places[int(self.line_voice[number])]
        return Line(
            number,
            part,
            voice,
            low,
            number >= self.voices,
            self.line_pitch[held],
            self._column("line_step")[held],
            self._column("line_gap")[held],
            self._column("line_length")[held],
            self.line_note[held],
        )

    def label(self, line: Line, at: int) -> str:
        """Return the label of the bar in which a note of a line starts."""
        bars = self.around.parts[line.part].bars
        return str(bars[int(self.bar[line.notes[at]])][0]) if bars else ""
