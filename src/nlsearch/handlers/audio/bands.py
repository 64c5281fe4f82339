"""A sound as levels in bands of a third of a semitone, in frames of 32 ms: what everything else here is derived from.

Conventions
-----------
The mono signal at 8 kHz is cut into frames of 2,048 samples, one every 256 (32 ms), weighted by a Hann window; frame
*t* has sample 256 *t* in its middle.  Band *b* reaches a 72nd of an octave to both sides of 220 * 2 ** (b / 36) Hz.  A
level is the natural logarithm of the band's power plus a floor; a full-scale sine has a level of about 12.5.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels.landmarks import Bands, band_levels, whiten

RATE = 8_000
FRAME, HOP = 2_048, 256
PER_OCTAVE = 36
BANDS = 148
LOWEST_HZ = 220.0
FLOOR = 1e-3
WHITENED_OVER = 12
"""Bands to each side over which levels are whitened."""
FRAMES_A_SECOND = RATE / HOP
_AT_ONCE = 64


def band_hz(band: float) -> float:
    """Return the frequency in the middle of a band, in Hz."""
    return float(LOWEST_HZ * 2 ** (band / PER_OCTAVE))


@functools.cache
def band_table() -> Bands:
    """Return which bins of the spectrum each band takes, as far as it reaches over them."""
    wide = RATE / FRAME
    first, edges, weights = [], [0], list[float]()
    for band in range(BANDS):
        low, high = band_hz(band - 0.5), band_hz(band + 0.5)
        bins = range(int(low / wide + 0.5), int(high / wide + 0.5) + 1)
        first.append(bins[0])
        weights += [max(0.0, min(high, (i + 0.5) * wide) - max(low, (i - 0.5) * wide)) / wide for i in bins]
        edges.append(len(weights))
    return Bands(FRAME // 2 + 1, np.array(first, np.int32), np.array(edges, np.int32), np.array(weights, np.float32))


@functools.cache
def _window() -> NDArray[np.float32]:
    return np.hanning(FRAME + 1)[:-1].astype(np.float32)


@dataclass(slots=True)
class Frames:
    """Makes levels of a signal that comes in pieces; memory does not grow with its length."""

    _left: NDArray[np.float32] = field(default_factory=lambda: np.zeros(FRAME // 2, np.float32))
    _samples: int = 0
    _made: int = 0

    def feed(self, signal: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the levels of the frames that are complete now.

        Parameters
        ----------
        signal : ndarray of float32, shape (m,)
            The next samples, at 8 kHz.

        Returns
        -------
        ndarray of float32, shape (n, BANDS)
        """
        self._samples += len(signal)
        held = np.concatenate([self._left, signal.astype(np.float32, copy=False)])
        count = max(0, (len(held) - FRAME) // HOP + 1)
        self._left = held[count * HOP :]
        self._made += count
        return _levels(held, count)

    def finish(self) -> NDArray[np.float32]:
        """Return the levels of the last frames, of which the end is silence.

        There are as many frames in all as multiples of 256 below the number of samples.
        """
        count = -(-self._samples // HOP) - self._made
        held = np.concatenate([self._left, np.zeros(FRAME, np.float32)])
        return _levels(held, max(0, count))


def _levels(signal: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return the levels of the first `count` frames of a signal."""
    out = np.empty((count, BANDS), np.float32)
    if count:
        frames = np.lib.stride_tricks.sliding_window_view(signal, FRAME)[::HOP]
        for begin in range(0, count, _AT_ONCE):
            taken = frames[begin : min(begin + _AT_ONCE, count)] * _window()
            spectrum = np.fft.rfft(taken, axis=1).astype(np.complex64, copy=False)
            out[begin : begin + len(taken)] = band_levels(spectrum, band_table(), FLOOR)
    return out


def levels_of(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the levels of a whole signal; float32, shape (frames, BANDS)."""
    frames = Frames()
    return np.concatenate([frames.feed(signal), frames.finish()])


def whitened(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return levels less the mean of the bands around each; float32, shape (frames, BANDS)."""
    return whiten(levels, WHITENED_OVER)
