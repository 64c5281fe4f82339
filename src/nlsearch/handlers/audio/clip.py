"""A clip as it is asked with: its whitened levels in windows, and the seeds of its peaks.

Conventions
-----------
Frames are those of :mod:`nlsearch.handlers.audio.bands`.  A clip of up to ten seconds is one window, a longer one is
covered by windows of five seconds; of one over :data:`COVERED` frames, such windows spread evenly over it stand for
all.  Levels are kept in steps of 1/16, from -8 to 8.  A *reading* is a speed: at reading *k* the clip sounds *k* bands
higher than the recording, and faster by 2 ** (k / 36).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import BANDS, HOP, PER_OCTAVE, RATE, whitened
from nlsearch.handlers.audio.landmarks import (
    KEPT,
    MINIMUM,
    MOST_BANDS,
    MOST_FRAMES,
    REACH,
    UNIT,
    Peaks,
    graded,
    highest,
    pair_keys,
)
from nlsearch.handlers.audio.payload import Recording
from nlsearch.kernels.landmarks import LANDMARK, local_peaks, peak_pairs

WHOLE, WINDOW = 320, 160
"""Frames of a clip that is one window, and of a window of a longer one."""
WINDOWS = 24
COVERED = WINDOWS * WINDOW
STEPS = 16
"""Steps of a level."""
READINGS = (-3, -2, -1, 0, 1, 2, 3)
AS_IT_IS = READINGS.index(0)
DENSITIES = ((100, 60), (50, 30), (30, 20), (20, 14), (12, 10))
"""Peaks of a unit that make seeds, and with how many others each: the more sound there is, the fewer are needed."""
_SEEDS_A_PEAK = (32.0, 22.0, 16.0, 12.0, 9.0)
"""What to expect of each density, for the choice among them."""
MOST_SEEDS, MOST_OTHERWISE = 36_000, 7_000
"""Of the reading as it is, and of each other."""


def speed_of(reading: int) -> float:
    """Return by how much the clip is faster than the recording in a reading, by its number in :data:`READINGS`."""
    return float(2 ** (READINGS[reading] / PER_OCTAVE))


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip, ready to be asked with.

    Parameters
    ----------
    frames : int
        Of the whole clip.
    windows : tuple of (int, int)
        First frame and number of frames of each window.
    levels : ndarray of int8, shape (frames of all windows, BANDS)
        Whitened, in steps of 1/16.
    """

    frames: int
    windows: tuple[tuple[int, int], ...]
    levels: NDArray[np.int8]

    def pack(self) -> list[object]:
        """Return it as plain values."""
        return [self.frames, [list(window) for window in self.windows], self.levels.tobytes()]

    @classmethod
    def unpack(cls, packed: list[object]) -> Clip:
        """Read what :meth:`pack` gives."""
        frames, windows, levels = packed
        assert isinstance(frames, int)  # noqa: S101 - as packed
        assert isinstance(windows, list | tuple)  # noqa: S101 - as packed
        assert isinstance(levels, bytes | memoryview)  # noqa: S101 - as packed
        every = np.frombuffer(levels, np.int8).reshape(-1, BANDS)
        return cls(frames, tuple((int(first), int(count)) for first, count in windows), every)


def windows_of(frames: int) -> tuple[tuple[int, int], ...]:
    """Return the windows that stand for a clip of so many frames."""
    if frames <= COVERED:
        count = 1 if frames <= WHOLE else -(-frames // WINDOW)
        edges = [round(frames * i / count) for i in range(count + 1)]
        return tuple((low, high - low) for low, high in itertools.pairwise(edges))
    last = frames - WINDOW
    return tuple((round(last * i / (WINDOWS - 1)), WINDOW) for i in range(WINDOWS))


def clip_of_levels(levels: NDArray[np.int8]) -> Clip:
    """Make a clip of whitened levels in steps; int8, shape (frames, BANDS)."""
    windows = windows_of(len(levels))
    return Clip(len(levels), windows, np.concatenate([_NONE, *(levels[a : a + n] for a, n in windows)]))


def clip_of_recording(recording: Recording) -> Clip:
    """Make a clip of an indexed recording: levels that are high at its peaks, and low elsewhere."""
    frames = round(recording.duration_s * RATE / HOP)
    windows = windows_of(frames)
    held = [_NONE]
    for begin, count in windows:
        at, band, grade = recording.between(begin - 2, begin + count + 2)
        levels = np.full((count + 8, BANDS + 4), -8, np.int8)
        height = np.minimum(12 + 12 * grade, 127).astype(np.int8)
        rows, columns = at - begin + 4, band + 2
        for later, up, share in ((2, 0, 4), (-2, 0, 4), (0, 1, 4), (0, -1, 4), (1, 0, 2), (-1, 0, 2), (0, 0, 1)):
            np.maximum.at(levels, (rows + later, columns + up), (height // share).astype(np.int8))
        held.append(levels[4:-4, 2:-2])
    return Clip(frames, windows, np.concatenate(held))


_NONE = np.empty((0, BANDS), np.int8)


def stepped_levels(levels: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return levels, whitened and in steps; shape (frames, BANDS)."""
    return np.clip(np.rint(whitened(levels) * STEPS), -127, 127).astype(np.int8)


def peaks_of_clip(clip: Clip) -> Peaks:
    """Return the peaks in the windows of a clip, in frames of the clip."""
    found = [np.empty(0, LANDMARK)]
    done = 0
    for begin, count in clip.windows:
        levels = (clip.levels[done : done + count] / STEPS).astype(np.float32)
        held = local_peaks(levels, REACH, MINIMUM).copy()
        held["frame"] += np.uint32(begin)
        found.append(held[highest(held, KEPT)])
        done += count
    return graded(np.concatenate(found))


@dataclass(frozen=True, slots=True)
class ClipSeeds:
    """Seeds of a clip in some readings; parallel tuples."""

    keys: tuple[int, ...]
    positions: tuple[int, ...]
    readings: tuple[int, ...]


def seeds_of_clip(clip: Clip, peaks: Peaks, readings: Iterable[int]) -> ClipSeeds:
    """Return the seeds of a clip in the given readings, by their numbers, as many as are worth their while."""
    units = sum(count for _, count in clip.windows) / UNIT
    keys: list[int] = []
    positions: list[int] = []
    which: list[int] = []
    for reading in readings:
        most = MOST_SEEDS if reading == AS_IT_IS else MOST_OTHERWISE
        costs = [units * density * seeds for (density, _), seeds in zip(DENSITIES, _SEEDS_A_PEAK, strict=True)]
        first = 0 if reading == AS_IT_IS else 1
        chosen = next((i for i in range(first, len(DENSITIES)) if costs[i] <= most), len(DENSITIES) - 1)
        found, at = _seeds_at(peaks, *DENSITIES[chosen], reading)
        keys += found.tolist()
        positions += at.tolist()
        which += [reading] * len(found)
    return ClipSeeds(tuple(keys), tuple(positions), tuple(which))


def _seeds_at(peaks: Peaks, most: int, fan: int, reading: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return keys and positions of the `most` highest peaks of each unit, as they are in the recording."""
    found = np.empty(len(peaks), LANDMARK)
    found["frame"], found["band"], found["level"] = peaks.frames, peaks.bands, peaks.grades
    chosen = highest(found, most)
    frames, bands = peaks.frames[chosen], peaks.bands[chosen]
    pairs = peak_pairs(frames, bands, fan, MOST_FRAMES, MOST_BANDS)
    at = np.rint(frames * speed_of(reading)).astype(np.int64)
    band = bands.astype(np.int64) - READINGS[reading]
    first, second = pairs[:, 0], pairs[:, 1]
    later = at[second] - at[first]
    held = (later >= 1) & (later <= MOST_FRAMES)
    held &= (np.minimum(band[first], band[second]) >= 0) & (np.maximum(band[first], band[second]) < BANDS)
    first, second, later = first[held], second[held], later[held]
    keys = pair_keys(band[first].astype(np.uint32), band[second].astype(np.uint32), later.astype(np.uint32))
    return keys, at[first].astype(np.uint32)
