"""The mono signal at 8 kHz that features are taken from.

Channels are mixed with equal weights, those left out that are silent beside the others.  Where the mix cancels (one
channel is the other upside down), the loudest channel is taken instead.  What holds is decided once a second, and
changes over 50 ms.

Conventions
-----------
Input: blocks of shape (n, channels), float32.  Output: float32 at :data:`~nlsearch.handlers.sound.decode.RATE`, sample
k at k / 8000 s.  It depends on the signal, and not on how it is cut into blocks (but for rounding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.sound.decode import RATE
from nlsearch.handlers.sound.resample import Resampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUIET = 1e-4
"""Channels whose power is below this share of the loudest are left out of the mix (-40 dB)."""
CANCELS, STANDS = 0.1, 0.3
"""Power of the mix, in that of a mix of unrelated channels: below the first it cancels, above the second no longer."""
LOUDER = 4.0
"""By how much more power another channel takes the place of the chosen one (6 dB)."""
FADE_S = 0.05


class Mono:
    """Make the mono signal of a stream of blocks.

    Parameters
    ----------
    sample_rate : int
        Hz, from 1000.
    channels : int
        At least 1.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._resampler = Resampler(sample_rate, RATE)
        self._channels = channels
        self._segment = sample_rate
        self._fade = max(1, round(FADE_S * sample_rate))
        self._held: list[NDArray[np.float32]] = []
        self._count = 0
        self._weights: NDArray[np.float32] | None = None
        self._chosen: int | None = None

    def feed(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what can be said after this block; float32, shape (m,), perhaps empty."""
        if self._channels == 1:
            return self._resampler.feed(block[:, 0])
        self._held.append(block)
        self._count += len(block)
        if self._count < self._segment:
            return np.empty(0, np.float32)
        frames = np.concatenate(self._held)
        whole = self._count - self._count % self._segment
        mixed = [self._mix(frames[at : at + self._segment]) for at in range(0, whole, self._segment)]
        self._held, self._count = [frames[whole:].copy()], self._count - whole
        return self._resampler.feed(np.concatenate(mixed))

    def finish(self) -> NDArray[np.float32]:
        """Return the rest."""
        last = np.empty(0, np.float32)
        if self._count:
            last = self._resampler.feed(self._mix(np.concatenate(self._held)))
            self._held, self._count = [], 0
        return np.concatenate([last, self._resampler.finish()])

    def _mix(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mix one segment; shape (n, channels) to (n,)."""
        before = self._weights
        weights = self._weigh(frames)
        self._weights = weights
        mixed: NDArray[np.float32] = frames @ weights
        if before is not None and not np.array_equal(before, weights):
            fading = min(self._fade, len(frames))
            share = np.arange(fading, dtype=np.float32) / np.float32(self._fade)
            mixed[:fading] = share * mixed[:fading] + (1 - share) * (frames[:fading] @ before)
        return mixed

    def _weigh(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each channel counts in a segment; float32, shape (channels,)."""
        products = (frames.T @ frames).astype(np.float64)
        powers = np.diagonal(products)
        loudest = int(np.argmax(powers))
        if not powers[loudest] > 0:
            return self._weights if self._weights is not None else self._equal(np.ones(self._channels, bool))
        active = powers > QUIET * powers[loudest]
        unrelated = powers[active].sum()
        ratio = products[np.ix_(active, active)].sum() / unrelated
        if ratio > (CANCELS if self._chosen is None else STANDS):
            self._chosen = None
            return self._equal(active)
        if self._chosen is None or powers[loudest] > LOUDER * powers[self._chosen]:
            self._chosen = loudest
        single = np.zeros(self._channels, np.float32)
        single[self._chosen] = 1
        return single

    def _equal(self, active: NDArray[np.bool_]) -> NDArray[np.float32]:
        weights: NDArray[np.float32] = (active / active.sum()).astype(np.float32)
        return weights
