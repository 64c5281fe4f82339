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

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import HOP, RATE
from nlsearch.handlers.audio.calibration import Measured, asked_of, surety
from nlsearch.handlers.audio.clip import READINGS, STEPS, Clip, speed_of
from nlsearch.handlers.audio.worths import FIRST, STEP, WORTHS
from nlsearch.kernels.landmarks import Scales, weigh_places

NEAR, FAR = 3, 16
"""Frames to both sides of a place at which a window may lie: of a clip of one window, and of several."""
DRIFT = 2
LEAST_SHARE = 0.5
"""Of the clip, in one passage."""
HOPELESS = -0.3
"""What a peak is worth in no window of a place that is not looked at closely."""
LEAST_PEAKS = 30
SURE = 0.5
"""Scores below are no match."""
DULL = 0.04
"""What a peak must be worth more than at the four best places of chance, in a window of several in the passage."""

DULL_SHARE = 0.1
"""The same, as a share of what a peak gains in the best window."""


def chance_moves(reach: int) -> NDArray[np.int32]:
    """Return the frames and bands by which a clip is moved to see what chance is worth; shape (30, 2)."""
    later = [side * (reach + beyond) for side in (-1, 1) for beyond in (6, 11, 16)]
    moves = [(frames, up) for frames in later for up in (-9, 0, 9)]
    moves += [(frames, up) for frames in (-5, 0, 5) for up in (-12, -8, 8, 12)]
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
        counts = [count for _, count in clip.windows]
        firsts = np.cumsum([0, *counts[:-1]]).tolist()
        windows = [(begin, count, first) for (begin, count), first in zip(clip.windows, firsts, strict=True)]
        reach = NEAR if len(counts) == 1 else FAR
        self.tried = np.arange(-reach, reach + 1, dtype=np.int32)
        chance = chance_moves(reach)
        later = np.concatenate([self.tried, chance[:, 0]])
        up = np.concatenate([np.zeros(len(self.tried), np.int32), chance[:, 1]])
        moves = (later, up, len(self.tried), HOPELESS)
        self.scales = Scales(clip.levels, worth_of(clip.levels), np.array(windows, np.int32), *moves)

    def window(self, number: int) -> NDArray[np.int8]:
        """Return the levels of a window; int8, shape (frames, BANDS)."""
        _, count, first = self.scales.windows[number].tolist()
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
    """

    target: float
    speed: float
    passage: tuple[int, int]
    score: float
    peaks: int
    gain: float


class Asking(NamedTuple):
    """Places at which a clip is looked for; parallel.

    Rows of payloads, ascending, target frames, readings, and the votes of each as a share of those that the best place
    would have by chance.
    """

    rows: NDArray[np.uint32]
    targets: NDArray[np.int64]
    readings: NDArray[np.uint8]
    votes: NDArray[np.float64]


def places_of(
    asked: Asked, payloads: list[bytes | memoryview], asking: Asking, durations_s: list[float], hours: float
) -> list[Place | None]:
    """Lay a clip beside places in recordings.

    Parameters
    ----------
    asked : Asked
    payloads : list of bytes
    asking : Asking
    durations_s : list of float
        Of the recordings.
    hours : float
        How much sound is searched: the more, the surer a place has to be.

    Returns
    -------
    list of Place or None
        None where no passage of at least half of the clip is surely the clip's.
    """
    if not len(asking.rows):
        return []
    sums, inside = weigh_places(asked.scales, payloads, asking.rows, asking.targets, asking.readings)
    tried = len(asked.tried)
    paths = _paths(sums[:, :, :tried])
    here = np.take_along_axis(sums[:, :, :tried], paths[:, :, None], axis=2)[:, :, 0].astype(np.float64)
    held = np.take_along_axis(inside[:, :, :tried], paths[:, :, None], axis=2)[:, :, 0].astype(np.int64)
    chance, around = sums[:, :, tried:].astype(np.float64), inside[:, :, tried:].astype(np.int64)
    highest = np.sort(chance / np.maximum(around, 1), axis=2)[:, :, -4:].mean(axis=2)
    gains = np.where(held > 0, here / np.maximum(held, 1) - highest, 0.0)
    dull = np.maximum(DULL, DULL_SHARE * gains.max(axis=1, keepdims=True)) if here.shape[1] > 1 else -1e6
    begins, ends = _best_runs((gains - dull) * held)
    numbers = np.arange(here.shape[1])
    run = (numbers >= begins[:, None]) & (numbers < ends[:, None])
    peaks = (held * run).sum(axis=1)
    worth = (here * run).sum(axis=1) / np.maximum(peaks, 1)
    others = (chance * run[:, :, None]).sum(axis=1) / np.maximum((around * run[:, :, None]).sum(axis=1), 1)
    spans = _spans(asked.clip, begins, ends, asking, durations_s)
    least = asked_of((spans[:, 1] - spans[:, 0]) * HOP / RATE, len(asked.clip.windows), hours)
    scores = surety(Measured(worth, others, peaks, asking.votes), least)
    scores[~inside[:, :, tried:].any(axis=(1, 2))] = 0
    scores[(spans[:, 1] - spans[:, 0] < LEAST_SHARE * asked.clip.frames) | (peaks < LEAST_PEAKS)] = 0
    found: list[Place | None] = [None] * len(scores)
    for i in np.flatnonzero(scores >= SURE).tolist():
        speed = speed_of(int(asking.readings[i]))
        moved, refined = _line(asked, int(begins[i]), asked.tried[paths[i, begins[i] : ends[i]]], speed)
        span = int(spans[i, 0]), int(spans[i, 1])
        gain = float(worth[i] - others[i].mean())
        found[i] = Place(int(asking.targets[i]) + moved, refined, span, float(scores[i]), int(peaks[i]), gain)
    return found


def _paths(sums: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the move of each window, each near the one before, at which all together are worth most.

    Parameters
    ----------
    sums : ndarray of float32, shape (places, windows, moves)

    Returns
    -------
    ndarray of int64, shape (places, windows)
    """
    places, windows, moves = sums.shape
    best = sums[:, 0].astype(np.float64)
    came: list[NDArray[np.int64]] = []
    for window in range(1, windows):
        padded = np.pad(best, ((0, 0), (DRIFT, DRIFT)), constant_values=-np.inf)
        reach = np.stack([padded[:, step : step + moves] for step in range(2 * DRIFT + 1)])
        chosen = reach.argmax(axis=0)
        came.append(np.arange(moves) + chosen - DRIFT)
        best = np.take_along_axis(reach, chosen[None], axis=0)[0] + sums[:, window]
    paths = np.empty((places, windows), np.int64)
    paths[:, -1] = best.argmax(axis=1)
    for window in range(windows - 1, 0, -1):
        paths[:, window - 1] = came[window - 1][np.arange(places), paths[:, window]]
    return paths


def _best_runs(gains: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each place the run of windows with the highest sum, half-open; empty where all are below 0 (Kadane).

    Parameters
    ----------
    gains : ndarray of float64, shape (places, windows)

    Returns
    -------
    begins, ends : ndarray of int64, shape (places,)
    """
    places = len(gains)
    best, current = np.zeros(places), np.zeros(places)
    begin, begins, ends = (np.zeros(places, np.int64) for _ in range(3))
    for window in range(gains.shape[1]):
        begin = np.where(current <= 0, window, begin)
        current = np.maximum(current, 0) + gains[:, window]
        better = current > best
        best = np.where(better, current, best)
        begins, ends = np.where(better, begin, begins), np.where(better, window + 1, ends)
    return begins, ends


def _spans(
    clip: Clip,
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    asking: Asking,
    durations_s: list[float],
) -> NDArray[np.int64]:
    """Return the frames of the clip in runs of windows, as far as they lie in the recording; shape (places, 2)."""
    windows = np.array(clip.windows, np.int64)
    speeds = np.array([speed_of(reading) for reading in range(len(READINGS))])[asking.readings]
    lengths = np.array(durations_s)[asking.rows] * RATE / HOP
    first = windows[np.minimum(begins, len(windows) - 1), 0]
    last = windows[np.maximum(ends - 1, 0)].sum(axis=1)
    low = np.maximum(first, np.ceil(-asking.targets / speeds).astype(np.int64))
    high = np.minimum(last, ((lengths - asking.targets) / speeds).astype(np.int64) + 1)
    return np.stack([low, np.where(ends > begins, high, low)], axis=1)


def _line(asked: Asked, begin: int, moves: NDArray[np.int32], speed: float) -> tuple[float, float]:
    """Return by how many frames the clip begins later than said, and its speed, from how its windows lie."""
    moved = -moves.astype(np.float64) * speed
    if len(moves) < 3:
        return float(moved.mean()), speed
    middles = [first + count / 2 for first, count in asked.clip.windows[begin : begin + len(moves)]]
    slope, start = np.polyfit(np.array(middles), moved, 1)
    return float(start), float(speed + slope)
