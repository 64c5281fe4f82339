"""The pitch of one voice: fundamental frequencies of a hum, a whistle, a song, an instrument.

The cumulative mean normalised difference function of YIN [1]_ gives each frame a few candidates; of these the path is
chosen that costs least in aperiodicity and jumps, as pYIN does [2]_.  So a frame whose octave is wrong by itself
follows its neighbours.  The period is then measured over as many periods as there is room for, so that a high whistle
is no coarser than a low hum.

Conventions
-----------
Sound is 8,000 samples a second.  Frames lie 10 ms apart; frame *i* is about the time ``i * HOP_S``.  Pitches are
semitones, 60 is middle C, with fractions; NaN where no voice is heard.

References
----------
.. [1] de Cheveigné & Kawahara (2002). YIN. Journal of the Acoustical Society of America 111, 1917.
.. [2] Mauch & Dixon (2014). pYIN. ICASSP, 659.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.sound.listening import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOP = 80
HOP_S = HOP / RATE
LOWEST_HZ, HIGHEST_HZ = 60.0, 1_500.0
WINDOW = 400
"""Samples over which a difference is summed: 50 ms."""
LEAST_LAG, MOST_LAG = int(RATE / HIGHEST_HZ) - 1, int(RATE / LOWEST_HZ) + 2
_FRAME = WINDOW + MOST_LAG + 1
_FFT = 1024
_BLOCK = 512
"""Frames that are worked on at a time."""
CANDIDATES = 6
OCTAVE_COST = 0.07
"""What a candidate costs beside another that is an octave higher: of equal periods the shortest is meant."""
UNVOICED_COST = 0.3
"""The aperiodicity beyond which nothing is heard."""
JUMP_COST, MOST_JUMP, SWITCH_COST = 0.5, 0.6, 0.12
"""Of an octave between two frames, of any jump, of a voice that begins or ends."""
QUIET_DB, SILENT_DB = 38.0, -66.0
"""So far below the loud frames, or below full scale, nothing is heard."""
_LEVEL = 200
"""Samples over which a level is taken: 25 ms."""


@dataclass(frozen=True, slots=True)
class Contour:
    """What is heard of one voice, frame by frame.

    Parameters
    ----------
    pitches : ndarray of float32, shape (n,)
        Semitones, NaN where no voice is heard.
    levels : ndarray of float32, shape (n,)
        dB, 0 is a full-scale square wave.
    hop_s : float
        Seconds from frame to frame; the first is about the time 0.
    """

    pitches: NDArray[np.float32]
    levels: NDArray[np.float32]
    hop_s: float = HOP_S


def pitch_contour(sound: NDArray[np.float32]) -> Contour:
    """Track the pitch of one voice.

    Parameters
    ----------
    sound : ndarray of float32, shape (n,)
        8,000 samples a second.
    """
    count = len(sound) // HOP
    if not count:
        return Contour(np.empty(0, np.float32), np.empty(0, np.float32))
    levels = _levels(sound, count)
    before = WINDOW // 2
    padded = np.pad(sound, (before, _FRAME)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[: count * HOP : HOP]
    lags = np.empty((count, CANDIDATES), np.float32)
    costs = np.empty((count, CANDIDATES), np.float32)
    ratios = np.empty((count, MOST_LAG + 1), np.float32)
    for low in range(0, count, _BLOCK):
        held = slice(low, min(low + _BLOCK, count))
        ratios[held] = normalised_differences(frames[held])
        lags[held], costs[held] = _candidates(ratios[held])
    loud = np.percentile(levels, 95)
    costs[(levels < loud - QUIET_DB) | (levels < SILENT_DB)] = np.inf
    chosen = _best_path(np.log2(lags), costs)
    pitches = np.full(count, np.nan, np.float32)
    voiced = np.flatnonzero(chosen >= 0)
    periods = _refined(ratios[voiced], lags[voiced, chosen[voiced]])
    pitches[voiced] = 69 + 12 * np.log2(RATE / periods / 440)
    return Contour(pitches, levels)


def _levels(sound: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return the level of each frame in dB."""
    padded = np.pad(sound.astype(np.float64), (_LEVEL // 2, _LEVEL))
    sums = np.concatenate([[0.0], np.cumsum(padded * padded)])
    starts = np.arange(count) * HOP
    power = (sums[starts + _LEVEL] - sums[starts]) / _LEVEL
    decibels: NDArray[np.float32] = (10 * np.log10(np.maximum(power, 1e-12))).astype(np.float32)
    return decibels


def normalised_differences(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cumulative mean normalised difference of each frame at each lag.

    Parameters
    ----------
    frames : ndarray of float32, shape (n, WINDOW + MOST_LAG + 1)

    Returns
    -------
    ndarray of float32, shape (n, MOST_LAG + 1)
        1 at lag 0; 0 at a lag after which the sound repeats itself; 1 everywhere in silence.
    """
    whole = np.fft.rfft(frames, _FFT)
    head = np.fft.rfft(frames[:, :WINDOW], _FFT)
    alike = np.fft.irfft(whole * head.conj(), _FFT)[:, : MOST_LAG + 1]
    sums = np.pad(np.cumsum(frames.astype(np.float64) ** 2, axis=1), ((0, 0), (1, 0)))
    energy = sums[:, WINDOW : WINDOW + MOST_LAG + 1] - sums[:, : MOST_LAG + 1]
    difference = np.maximum(energy[:, :1] + energy - 2 * alike, 0)
    difference[:, 0] = 0
    total = np.cumsum(difference, axis=1)
    lags = np.arange(MOST_LAG + 1)
    tiny = 1e-7 * (energy[:, :1] + 1e-9) * np.maximum(lags, 1)
    ratios: NDArray[np.float32] = np.where(total > tiny, difference * lags / np.maximum(total, 1e-30), 1.0).astype(
        np.float32
    )
    ratios[:, 0] = 1
    return ratios


def _candidates(ratios: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the lags of the best dips of each frame, and their costs; inf where there are fewer."""
    inner = ratios[:, LEAST_LAG : MOST_LAG + 1]
    dips = np.full(inner.shape, np.inf, np.float32)
    middle = inner[:, 1:-1]
    is_dip = (middle <= inner[:, :-2]) & (middle < inner[:, 2:])
    lags = np.arange(LEAST_LAG, MOST_LAG + 1)
    bias = (OCTAVE_COST * np.log2(lags / LEAST_LAG)).astype(np.float32)
    dips[:, 1:-1] = np.where(is_dip, middle + bias[1:-1], np.inf)
    dips[:, 1:-1] -= np.where(is_dip, _depth(inner), 0)
    best = np.argpartition(dips, CANDIDATES, axis=1)[:, :CANDIDATES]
    best.sort(axis=1)
    costs = np.take_along_axis(dips, best, 1)
    costs -= bias[best[np.arange(len(best)), costs.argmin(axis=1)]][:, None]
    at = np.clip(best + LEAST_LAG, 1, MOST_LAG - 1)
    return at.astype(np.float32) + _vertex(ratios, at), costs


def _depth(ratios: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far below each place but the outer two the parabola through it and its neighbours goes."""
    left, here, right = ratios[:, :-2], ratios[:, 1:-1], ratios[:, 2:]
    bend = np.maximum(left - 2 * here + right, 1e-6)
    depth: NDArray[np.float32] = np.minimum((left - right) ** 2 / (8 * bend), here)
    return depth


def _vertex(ratios: NDArray[np.float32], at: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return how far from each place the parabola through it and its neighbours has its vertex."""
    left, here, right = (np.take_along_axis(ratios, at + off, 1) for off in (-1, 0, 1))
    bend = left - 2 * here + right
    off = np.clip((left - right) / (2 * np.maximum(bend, 1e-9)), -1, 1)
    vertex: NDArray[np.float32] = np.where(bend > 1e-9, off, 0).astype(np.float32)
    return vertex


def _best_path(octaves: NDArray[np.float32], costs: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return which candidate of each frame is on the cheapest path, -1 for none (Viterbi)."""
    count, states = costs.shape[0], CANDIDATES + 1
    came = np.zeros((count, states), np.int8)
    steps = np.full((states, states), SWITCH_COST, np.float32)
    steps[-1, -1] = 0
    total = np.append(costs[0], np.float32(UNVOICED_COST))
    for i in range(1, count):
        jumps = np.abs(octaves[i][:, None] - octaves[i - 1][None, :])
        np.minimum(JUMP_COST * jumps, MOST_JUMP, out=steps[:-1, :-1])
        ways = steps + total
        came[i] = ways.argmin(axis=1)
        total = ways.min(axis=1)
        total[:-1] += costs[i]
        total[-1] += UNVOICED_COST
        total -= total.min()
    chosen = np.empty(count, np.int64)
    state = int(total.argmin())
    for i in range(count - 1, -1, -1):
        chosen[i] = state
        state = int(came[i, state])
    return np.where(chosen == CANDIDATES, -1, chosen)


def _refined(ratios: NDArray[np.float32], periods: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return periods measured over 2, 4, 8 … periods as long as the dip there is a good one."""
    periods = periods.copy()
    open_ = np.arange(len(periods))
    many = 2
    while len(open_):
        wanted = periods[open_] * many
        open_ = open_[wanted < MOST_LAG - 2]
        if not len(open_):
            break
        wanted = periods[open_] * many
        at = np.rint(wanted).astype(np.intp)[:, None] + np.arange(-1, 2)
        held = np.take_along_axis(ratios[open_], at, 1)
        best = np.take_along_axis(at, held.argmin(axis=1)[:, None], 1)
        lag = (best + _vertex(ratios[open_], best))[:, 0]
        is_dip = (held.min(axis=1) < UNVOICED_COST) & (np.abs(lag - wanted) < 1.5)
        open_ = open_[is_dip]
        periods[open_] = lag[is_dip] / many
        many *= 2
    return periods
