"""What verification needs of a recording, in few bytes: its peaks, by units of 32 frames, and what its pictures show.

::

    "nlA1"  units (u4)  peaks (u4)  bytes of the head (u4)
    digest    of the signal (32 bytes; zeros where there is none), and the duration in seconds (f8)
    head      msgpack: title, overview, melody, likeness
    starts    first peak of each unit, and their number at last (u4, units + 1)
    peaks     band << 8 | grade << 5 | frame in the unit (u2); of each unit first those that make seeds

All numbers are little-endian.  A second of music takes about 200 bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.audio import melodies
from nlsearch.handlers.audio.landmarks import STRONG, UNIT, Peaks, seeds_of
from nlsearch.handlers.sound.notes import Notes

_START = struct.Struct("<4sIII32sd")
_MAGIC = b"nlA1"


@dataclass(frozen=True, slots=True)
class Around:
    """What a payload holds beside the peaks.

    Parameters
    ----------
    duration_s : float
        Of what was decoded.
    digest : bytes
        Of the mono signal at 8 kHz; equal sounds have equal ones.  Empty for a recording without sound.
    title : str
    overview : bytes
        As :mod:`nlsearch.handlers.audio.overview` packs it.
    melody : bytes
        As :mod:`nlsearch.handlers.audio.melodies` packs it.
    likeness : bytes
        The vector of likeness (f2); empty for a recording without sound.
    """

    duration_s: float
    digest: bytes
    title: str
    overview: bytes = b""
    melody: bytes = b""
    likeness: bytes = b""


def encode(peaks: Peaks, around: Around) -> bytes:
    """Return the payload of a recording."""
    head = msgpack.packb([around.title, around.overview, around.melody, around.likeness])
    units = int(peaks.frames[-1]) // UNIT + 1 if len(peaks) else 0
    starts = np.searchsorted(peaks.frames, np.arange(units + 1, dtype=np.uint64) * UNIT).astype("<u4")
    packed = peaks.bands << 8 | peaks.grades.astype(np.uint32) << 5 | peaks.frames % UNIT
    packed = packed[np.lexsort((~peaks.strong, peaks.frames // UNIT))]
    begin = _START.pack(_MAGIC, units, len(peaks), len(head), around.digest, around.duration_s)
    return b"".join([begin, head, starts.tobytes(), packed.astype("<u2").tobytes()])


class Recording:
    """A payload, opened: nothing is decoded before it is asked for.

    Raises
    ------
    IndexDamaged
        If it is none.
    """

    def __init__(self, payload: bytes | memoryview) -> None:
        view = memoryview(payload)
        if len(view) < _START.size or bytes(view[:4]) != _MAGIC:
            raise IndexDamaged("is not the payload of a recording", hint="run nlsearch check")
        _, self.units, count, head, digest, self.duration_s = _START.unpack_from(view)
        self.digest: bytes = digest if any(digest) else b""
        self._head = view[_START.size : _START.size + head]
        begin = _START.size + head
        middle = begin + 4 * (self.units + 1)
        if len(view) != middle + 2 * count:
            raise IndexDamaged("the payload of a recording has a wrong length", hint="run nlsearch check")
        self._starts: NDArray[np.uint32] = np.frombuffer(view[begin:middle], "<u4")
        self._peaks: NDArray[np.uint16] = np.frombuffer(view[middle:], "<u2")
        if np.any(self._starts[1:] < self._starts[:-1]) or int(self._starts[-1]) > count:
            raise IndexDamaged("the peaks of a recording are out of order", hint="run nlsearch check")

    def __len__(self) -> int:
        return len(self._peaks)

    @property
    def around(self) -> Around:
        """What it holds beside the peaks."""
        held: list[Any] = msgpack.unpackb(self._head)
        return Around(self.duration_s, self.digest, *held)

    @property
    def melody(self) -> Notes:
        """Its melody, estimated; no notes where none is heard."""
        return melodies.unpack(self.around.melody)

    def between(self, begin: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the peaks in the frames [begin, end): frame, band and grade; int64, shape (n,) each.

        They come by unit, first those that make seeds.
        """
        first, last = max(0, min(begin // UNIT, self.units)), max(0, min(-(-end // UNIT), self.units))
        if last <= first:
            nothing = np.empty(0, np.int64)
            return nothing, nothing, nothing
        low, high = int(self._starts[first]), int(self._starts[last])
        packed = self._peaks[low:high].astype(np.int64)
        sizes: NDArray[np.int64] = np.diff(self._starts[first : last + 1].astype(np.int64)).astype(np.int64)
        frames = np.repeat(np.arange(first, last) * UNIT, sizes) + (packed & (UNIT - 1))
        held = (frames >= begin) & (frames < end)
        return frames[held], packed[held] >> 8, packed[held] >> 5 & 7

    def seeds(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return the seeds of the recording, as the index has them: keys and positions; uint32, shape (m,) each."""
        frames, bands, grades = self.between(0, self.units * UNIT)
        sizes = np.diff(self._starts.astype(np.int64)).astype(np.int64)
        rank = np.arange(len(frames)) - np.repeat(self._starts[:-1].astype(np.int64), sizes)
        strong = rank < STRONG
        order = np.lexsort((bands[strong], frames[strong]))
        chosen = [array[strong][order] for array in (frames, bands, grades)]
        all_of_them = np.ones(len(order), np.bool_)
        return seeds_of(
            Peaks(chosen[0].astype(np.uint32), chosen[1].astype(np.uint32), chosen[2].astype(np.uint8), all_of_them)
        )
