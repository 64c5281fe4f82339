"""The tempo of a recording: how many beats a minute, or that there is no beat.

Conventions
-----------
The onset strength of a frame is the mean over bands of how much their levels rise from the frame before; levels more
than 10 nepers of power (43 dB) below the highest of their block count as equal, so that neither gain nor hiss matters.
Less its mean over the second around, it is correlated with itself up to a lag of one block.  The correlation is summed
over all the recording, so memory does not grow with its length.  A lag's share is the correlation there, and at twice
and four times the lag with halved weights, times a log-normal prior around half a second; lags at which the correlation
is less than 0.4 of the highest are left out.  The lag is then read off the highest multiple (2, 4, 8 ...) that still
has a peak, and between frames by a parabola.

Where halves of the beat sound as strongly as the beat, nobody can tell 80 from 160: the estimate is then the one nearer
to 120, so that it may be half or twice (in three time, a third or three times) of what a score states.

References
----------
Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36(1), 2007.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import FRAMES_A_SECOND
from nlsearch.handlers.audio.blocks import BLOCK, RANGE, Blocks
from nlsearch.handlers.audio.moments import Moments

USUAL_SECONDS, OCTAVES = 0.5, 0.7
"""Middle and deviation of the prior over the time from beat to beat."""
FASTEST, SLOWEST = 260.0, 40.0
"""Beats a minute that are looked for."""
LEAST_SHARE = 0.4
"""Of the highest correlation, which a beat has at least."""
LEAST_SECONDS = 3.0
LEAST_CORRELATION = 0.1
_AROUND = 16
"""Frames to each side whose mean is taken from an onset strength."""
_COMB = ((1, 1.0), (2, 0.5), (4, 0.25))


def onset_strength(levels: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the onset strength of each frame of a block.

    Parameters
    ----------
    levels : ndarray of float32, shape (n, BANDS)
        n is at least 1.
    before : ndarray of float32, shape (BANDS,)
        The frame before them.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    held = np.concatenate([before[None], levels])
    np.maximum(held, levels.max() - np.float32(RANGE), out=held)
    rises = held[1:] - held[:-1]
    np.maximum(rises, 0, out=rises)
    return np.asarray(rises.mean(axis=1), np.float32)


class Tempo:
    """Estimates the tempo of levels that come in pieces."""

    def __init__(self) -> None:
        self._blocks = Blocks()
        self._last: NDArray[np.float32] | None = None
        self._raw = np.zeros(2 * _AROUND, np.float64)
        self._earlier = np.zeros(BLOCK, np.float64)
        self._sums = np.zeros(BLOCK + 1, np.float64)
        self._strengths = Moments(1)
        self.frames = 0

    def feed(self, levels: NDArray[np.float32]) -> None:
        """Take the next levels; float32, shape (n, BANDS)."""
        for block in self._blocks.feed(levels):
            self._take(block)

    def _take(self, block: NDArray[np.float32]) -> None:
        before = block[0] if self._last is None else self._last
        self._last = block[-1].copy()
        self.frames += len(block)
        strengths = onset_strength(block, before).astype(np.float64)
        self._strengths.add(strengths[:, None])
        self._correlate(strengths)

    def _correlate(self, strengths: NDArray[np.float64]) -> None:
        """Add the products of onset strengths, less what is usual around them, with those up to a block earlier."""
        raw = np.concatenate([self._raw, strengths])
        sums = np.concatenate([[0.0], np.cumsum(raw)])
        wide = 2 * _AROUND + 1
        now = raw[_AROUND : len(raw) - _AROUND] - (sums[wide:] - sums[:-wide]) / wide
        self._raw = raw[-2 * _AROUND :]
        both = np.concatenate([self._earlier, now])
        size = 1 << (len(both) + BLOCK).bit_length()
        later = np.fft.rfft(np.concatenate([np.zeros(BLOCK), now]), size)
        self._sums += np.fft.irfft(later * np.fft.rfft(both, size).conj(), size)[: BLOCK + 1]
        self._earlier = both[-BLOCK:]

    @property
    def strengths(self) -> tuple[float, float]:
        """The mean and the deviation of the onset strength."""
        return float(self._strengths.mean[0]), float(self._strengths.deviation[0])

    def correlation(self) -> NDArray[np.float64]:
        """Return the correlation of the onset strength with itself by lag in frames, 1 at lag 0; shape (BLOCK + 1,).

        All 0 where nothing sounds anew.  Call :meth:`finish` before.
        """
        known = self.frames - np.arange(BLOCK + 1)
        if self._sums[0] <= 1e-9 * self.frames:
            return np.zeros(BLOCK + 1)
        return np.where(known > 0, self._sums / self._sums[0] * self.frames / np.maximum(known, 1), 0.0)

    def finish(self) -> float | None:
        """Return the tempo in beats a minute; None where there is no beat, or less than :data:`LEAST_SECONDS`."""
        rest = self._blocks.rest()
        if len(rest):
            self._take(rest)
        self._correlate(np.zeros(_AROUND))
        if self.frames < LEAST_SECONDS * FRAMES_A_SECOND:
            return None
        longest = min(BLOCK, self.frames - int(FRAMES_A_SECOND))
        lag = beat_lag(self.correlation()[: longest + 1], max(LEAST_CORRELATION, 4 / float(np.sqrt(self.frames))))
        return None if lag is None else 60 * FRAMES_A_SECOND / lag


def beat_lag(correlation: NDArray[np.float64], least: float) -> float | None:
    """Return the frames from beat to beat; None if no lag correlates at least so much.

    Parameters
    ----------
    correlation : ndarray of float64, shape (n,)
        By lag in frames.
    least : float
    """
    first, last = (60 * FRAMES_A_SECOND / tempo for tempo in (FASTEST, SLOWEST))
    lags = np.arange(first, min(last, len(correlation) - 2), 0.25)
    if not len(lags):
        return None
    places = np.arange(len(correlation))
    comb = sum(weight * np.interp(times * lags, places, correlation, right=0.0) for times, weight in _COMB)
    octaves = np.log2(lags / (USUAL_SECONDS * FRAMES_A_SECOND)) / OCTAVES
    heights = np.interp(lags, places, correlation)
    shares = np.where(heights >= LEAST_SHARE * heights.max(), np.maximum(comb, 0.0), 0.0) * np.exp(-0.5 * octaves**2)
    at = float(lags[int(shares.argmax())])
    height, lag = _summit(correlation, at, max(1, int(at / 8)))
    if height < least:
        return None
    times = 1
    while 2 * times * lag < len(correlation) - 2:
        again, longer = _summit(correlation, 2 * times * lag, 2)
        if again < height / 2:
            break
        times, lag = 2 * times, longer / (2 * times)
    return lag


def _summit(correlation: NDArray[np.float64], about: float, reach: int) -> tuple[float, float]:
    """Return the height and the place, between frames, of the highest correlation within reach of a lag."""
    low, high = max(1, round(about) - reach), min(len(correlation) - 2, round(about) + reach)
    at = low + int(correlation[low : high + 1].argmax())
    before, here, after = correlation[at - 1 : at + 2].tolist()
    bend = before - 2 * here + after
    off = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return here, at + min(0.5, max(-0.5, off))
