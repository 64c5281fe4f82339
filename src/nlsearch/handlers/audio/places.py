"""A clip beside a place in a recording: how its windows lie there, which passage agrees, and how sure that is.

Each peak of the recording has a worth: the logarithm of how much likelier the clip's level there is where the clip is
from that place than where it is not (:mod:`.worths`).  What peaks are worth at the place is compared with what they
are worth at the same place with the clip moved by some frames and bands, where a steady or a repeating sound is worth
much too: only what is above that speaks for the place.

Conventions
-----------
The windows of a clip may lie a few frames earlier or later than the place says, each at most :data:`DRIFT` frames from
the one before: speeds between two readings, and recordings that run unevenly.  The passage is the run of windows that
gains most.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.calibration import surety
from nlsearch.handlers.audio.clip import READINGS, STEPS, Clip, speed_of
from nlsearch.handlers.audio.payload import Recording
from nlsearch.handlers.audio.worths import FIRST, STEP, WORTHS
from nlsearch.kernels.landmarks import Marks, Moves, Scales, worth_at_peaks

NEAR = 3
"""Frames to both sides of a place at which a window may lie; with several windows more."""
FAR = 12
DRIFT = 2
LEAST_SHARE = 0.5
"""Of the clip, in one passage."""
DULL = 0.1
"""What a peak must gain in a window of the passage."""


@functools.cache
def chance_moves() -> NDArray[np.int32]:
    """Return the frames and bands by which a clip is moved to see what chance is worth; shape (30, 2)."""
    moves = [(later, up) for later in (-19, -14, -9, 9, 14, 19) for up in (-9, 0, 9)]
    moves += [(later, up) for later in (-5, 5) for up in (-12, -8, 8, 12)]
    moves += [(0, up) for up in (-12, -8, 8, 12)]
    return np.array(moves, np.int32)


def worth_of(levels: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return what each level of a clip is worth at a peak of each grade; float32, shape (8, 256)."""
    mean, deviation = float(levels.mean()) / STEPS, max(float(levels.std()) / STEPS, 1e-3)
    at = (np.arange(-128, 128) / STEPS - mean) / deviation
    steps = FIRST + STEP * np.arange(WORTHS.shape[1])
    return np.stack([np.interp(at, steps, row) for row in WORTHS]).astype(np.float32)


class Asked:
    """A clip, opened once for all items.

    Parameters
    ----------
    clip : Clip
    """

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.worth = worth_of(clip.levels)
        counts = [count for _, count in clip.windows]
        self.firsts = np.cumsum([0, *counts[:-1]]).tolist()
        windows = [(begin, count, first) for (begin, count), first in zip(clip.windows, self.firsts, strict=True)]
        reach = NEAR if len(counts) == 1 else FAR
        self.tried = np.arange(-reach, reach + 1, dtype=np.int32)
        later = np.concatenate([self.tried, chance_moves()[:, 0]])
        up = np.concatenate([np.zeros(len(self.tried), np.int32), chance_moves()[:, 1]])
        self.scales = Scales(clip.levels, self.worth, np.array(windows, np.int32), Moves(later, up, len(self.tried)))

    def window(self, number: int) -> NDArray[np.int8]:
        """Return the levels of a window; int8, shape (frames, BANDS)."""
        first, count = self.firsts[number], self.clip.windows[number][1]
        return self.clip.levels[first : first + count]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage of a clip lies in a recording.

    Parameters
    ----------
    target : float
        Frame of the recording at which the clip begins, or would begin.
    speed : float
        By how much the clip is faster.
    passage : (int, int)
        Frames of the clip, half-open.
    score : float
        0.5 is the threshold.
    peaks : int
        How many peaks of the recording lie in the passage.
    gain : float
        What one of them is worth more than by chance.
    reading : int
    """

    target: float
    speed: float
    passage: tuple[int, int]
    score: float
    peaks: int
    gain: float
    reading: int


def place_of(asked: Asked, recording: Recording, target: int, reading: int, hours: float) -> Place | None:
    """Lay a clip beside a place in a recording.

    Parameters
    ----------
    asked : Asked
    recording : Recording
    target : int
        The frame of the recording at which the clip begins.
    reading : int
        Which of :data:`~nlsearch.handlers.audio.clip.READINGS`.
    hours : float
        How much sound was searched: the more, the surer a place has to be.

    Returns
    -------
    Place or None
        None where no passage of at least half of the clip agrees.
    """
    speed = speed_of(reading)
    marks = [_marks(asked, recording, number, target, reading) for number in range(len(asked.clip.windows))]
    sums, inside = _tried(asked, marks)
    path = _path(sums, asked.tried)
    here = [(float(sums[number, at]), int(inside[number, at])) for number, at in enumerate(path)]
    chance = [_by_chance(asked, number, marks[number], int(asked.tried[at])) for number, at in enumerate(path)]
    gains = [worth - usual.mean() * count for (worth, count), (usual, _) in zip(here, chance, strict=True)]
    run = _best_run(np.array(gains) - DULL * np.array([count for _, count in here]))
    passage = _frames_of(asked.clip, run, target, speed, recording)
    if run is None or passage[1] - passage[0] < LEAST_SHARE * asked.clip.frames:
        return None
    chosen = range(*run)
    peaks = sum(here[number][1] for number in chosen)
    if not peaks:
        return None
    worth = sum(here[number][0] for number in chosen) / peaks
    others = sum(chance[number][0] * chance[number][1] for number in chosen)
    usual = others / np.maximum(1, sum(chance[number][1] for number in chosen))
    score = surety(worth, usual, peaks, hours)
    moved, refined = _line(asked, run, path, speed)
    return Place(target + moved, refined, passage, score, peaks, float(worth - usual.mean()), reading)


def _marks(asked: Asked, recording: Recording, number: int, target: int, reading: int) -> Marks:
    """Return the peaks of the recording in and around a window, as they lie in it."""
    begin, count = asked.clip.windows[number]
    speed = speed_of(reading)
    low, high = target + speed * (begin - 32), target + speed * (begin + count + 32)
    frames, bands, grades = recording.between(max(0, int(low)), max(0, int(high) + 1))
    at = np.rint((frames - target) / speed).astype(np.int32) - begin
    return Marks(at, (bands + READINGS[reading]).astype(np.int32), grades.astype(np.uint8))


def _tried(asked: Asked, marks: list[Marks]) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """Return what each window is worth at each move tried, and its peaks; shape (windows, moves)."""
    still = np.zeros(len(asked.tried), np.int32)
    found = [
        worth_at_peaks(asked.window(number), asked.worth, one, asked.tried, still) for number, one in enumerate(marks)
    ]
    return np.stack([sums for sums, _ in found]), np.stack([inside for _, inside in found])


def _path(sums: NDArray[np.float32], tried: NDArray[np.int32]) -> list[int]:
    """Return the move of each window, each near the one before, at which all together are worth most."""
    best = sums[0].astype(np.float64)
    came: list[NDArray[np.int64]] = []
    at = np.arange(len(tried))
    for row in sums[1:]:
        reach = np.stack([_shifted(best, step) for step in range(-DRIFT, DRIFT + 1)])
        chosen = reach.argmax(axis=0)
        came.append(at + chosen - DRIFT)
        best = reach.max(axis=0) + row
    path = [int(best.argmax())]
    for before in reversed(came):
        path.append(int(before[path[-1]]))
    return path[::-1]


def _shifted(values: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Return ``values[i + step]`` at i, less than anything where there is none."""
    out = np.full(len(values), -np.inf)
    low, high = max(0, -step), len(values) - max(0, step)
    out[low:high] = values[low + step : high + step]
    return out


def _by_chance(asked: Asked, number: int, marks: Marks, move: int) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    """Return what a peak of a window is worth at each of the moves of chance, and how many peaks lie in it there."""
    moves = chance_moves()
    sums, inside = worth_at_peaks(
        asked.window(number), asked.worth, marks, np.ascontiguousarray(moves[:, 0]) + np.int32(move), moves[:, 1]
    )
    return sums / np.maximum(inside, 1).astype(np.float64), inside


def _best_run(gains: NDArray[np.float64]) -> tuple[int, int] | None:
    """Return the run of windows with the highest sum, half-open; None where all are below 0 (Kadane)."""
    best, run, begin, current = 0.0, None, 0, 0.0
    for number, gain in enumerate(gains.tolist()):
        if current <= 0:
            begin, current = number, 0.0
        current += gain
        if current > best:
            best, run = current, (begin, number + 1)
    return run


def _frames_of(
    clip: Clip, run: tuple[int, int] | None, target: int, speed: float, recording: Recording
) -> tuple[int, int]:
    """Return the frames of the clip in a run of windows that lie in the recording."""
    if run is None:
        return 0, 0
    spread = len(clip.windows) > 1 and clip.windows[0][0] + clip.windows[0][1] < clip.windows[1][0]
    begin = clip.windows[run[0]][0]
    last = clip.windows[run[1] - 1]
    end = clip.frames if spread and run[1] == len(clip.windows) else last[0] + last[1]
    length = recording.around.duration_s * 8_000 / 256
    return max(begin, int(np.ceil(-target / speed))), min(end, int((length - target) / speed) + 1)


def _line(asked: Asked, run: tuple[int, int], path: list[int], speed: float) -> tuple[float, float]:
    """Return by how many frames the clip begins later than said, and its speed, from how its windows lie."""
    numbers = np.arange(*run)
    moved = -asked.tried[[path[number] for number in numbers]].astype(np.float64) * speed
    if len(numbers) < 3:
        return float(moved.mean()), speed
    middles = np.array([asked.clip.windows[number][0] + asked.clip.windows[number][1] / 2 for number in numbers])
    slope, begin = np.polyfit(middles, moved, 1)
    return float(begin), float(speed + slope)
