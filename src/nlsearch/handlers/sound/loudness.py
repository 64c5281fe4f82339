"""How loud a recording is: integrated loudness, peak, share of silence.

Conventions
-----------
Blocks of 400 ms, one every 100 ms.  *Integrated loudness* is the mean power after K-weighting of the blocks above -70
LUFS that are at most 10 LU below the mean of those; the channels of low frequencies do not count, those behind count
1.41 times, in the order of WAV (of Vorbis and Opus the decoder makes that order).  It is None where no block is above
-70 LUFS, or the sound is shorter than a block.  The *peak* is the highest sample, in dB of full scale.  A block is
*silent* if in every channel what varies (the root mean square about the mean, so that a constant is silent) is below
-60 dB of full scale; of a sound shorter than a block, all of it is one.

References
----------
ITU-R BS.1770-4; EBU Tech 3341 for the cases that the tests build.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels.loudness import PEAK, POWER, SUM, WEIGHTED, HopWeigher

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOPS = 4
ABSOLUTE_LUFS, RELATIVE_LU = -70.0, -10.0
SILENT_DB = -60.0
LOWEST_RATE = 4000
"""Hz below which K-weighting has no meaning: its shelf begins at 1.7 kHz."""
_OFFSET = -0.691
_BEHIND = 1.41
_WEIGHTS = {5: (1, 1, 1, _BEHIND, _BEHIND), 6: (1, 1, 1, 0, _BEHIND, _BEHIND), 7: (1, 1, 1, 0, 1, _BEHIND, _BEHIND),
            8: (1, 1, 1, 0, _BEHIND, _BEHIND, _BEHIND, _BEHIND)}  # fmt: skip
"""Of each channel; others have 1 for all."""


@dataclass(frozen=True, slots=True)
class Loud:
    """What was measured.

    Parameters
    ----------
    integrated_lufs : float, optional
    peak_dbfs : float, optional
        None if every sample is 0.
    silence_share : float
        Of the blocks, 0 to 1; 1 where there are no samples.
    """

    integrated_lufs: float | None
    peak_dbfs: float | None
    silence_share: float


class Loudness:
    """Measure a stream of blocks.

    Parameters
    ----------
    sample_rate : int
        Hz.
    channels : int
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate, self._channels = sample_rate, channels
        self._hop = max(1, round(sample_rate / 10))
        self._weigher = HopWeigher(max(sample_rate, LOWEST_RATE), channels, self._hop)
        self._held: list[NDArray[np.float32]] = []
        self._count = 0
        self._sums: list[NDArray[np.float64]] = []

    def feed(self, block: NDArray[np.float32]) -> None:
        """Measure a block: native rate, float32, shape (n, channels)."""
        self._held.append(block)
        self._count += len(block)
        if self._count < self._hop:
            return
        frames = np.concatenate(self._held) if len(self._held) > 1 else block
        whole = self._count - self._count % self._hop
        self._sums.append(self._weigher.weigh(frames[:whole]))
        self._held, self._count = [frames[whole:].copy()], self._count - whole

    def finish(self) -> Loud:
        """Return what the whole stream gives."""
        hops = np.concatenate([np.empty((0, self._channels, 4)), *self._sums])
        peaks = [float(hops[..., PEAK].max(initial=0))]
        rest = np.empty((0, self._channels, 4))
        if self._count:
            rest = self._weigher.weigh(np.concatenate(self._held), self._count)
            peaks.append(float(rest[..., PEAK].max()))
        peak = max(peaks)
        return Loud(
            integrated_lufs=self._integrated(hops[..., WEIGHTED]) if self._rate >= LOWEST_RATE else None,
            peak_dbfs=20 * math.log10(peak) if peak > 0 else None,
            silence_share=self._silence(hops, rest),
        )

    def _integrated(self, powers: NDArray[np.float64]) -> float | None:
        """Return the gated loudness in LUFS of the weighted power of hops, shape (hops, channels)."""
        weights = np.array(_WEIGHTS.get(self._channels, (1,) * self._channels))
        blocks = _windows((powers @ weights) / self._hop) / HOPS
        blocks = blocks[blocks > _power(ABSOLUTE_LUFS)]
        if not len(blocks):
            return None
        blocks = blocks[blocks > blocks.mean() * 10 ** (RELATIVE_LU / 10)]
        return _OFFSET + 10 * math.log10(float(blocks.mean()))

    def _silence(self, hops: NDArray[np.float64], rest: NDArray[np.float64]) -> float:
        sums, frames = _windows(hops), self._hop * HOPS
        if not len(sums):
            frames = len(hops) * self._hop + self._count
            sums = (hops.sum(axis=0) + rest.sum(axis=0))[None]
        if not frames:
            return 1.0
        varying = sums[..., POWER] / frames - (sums[..., SUM] / frames) ** 2
        return float((varying.max(axis=1) < 10 ** (SILENT_DB / 10)).mean())


def _windows(hops: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums over each four hops in a row; the first axis is then three shorter."""
    count = max(0, len(hops) - HOPS + 1)
    windows: NDArray[np.float64] = sum((hops[i : i + count] for i in range(1, HOPS)), hops[:count])
    return windows


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET) / 10))
