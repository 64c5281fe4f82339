"""A streaming converter of sampling rates: windowed sinc, all phases of a period as matrices.

The conversion by L / M is a periodic linear map: so many outputs from so many inputs, over and over.  The outputs of a
period are cut into groups; each group is one matrix product of its inputs (rows one period apart, not copied) with a
band of taps.  BLAS does that at 25 GMAC/s, faster than anything that looks at one output at a time; libsoxr and
libswresample, which do it as well, are under the LGPL.

Conventions
-----------
Output k lies at the time of input k · M / L: the delay of the filter is taken out, and before the begin and behind the
end the signal is 0.  With N the lower of both Nyquist frequencies, the pass band ends at .925 N, the stop band begins
at 1.05 N and is 85 dB down, so that nothing above N is mirrored to below .95 N.

References
----------
Kaiser's window: Oppenheim & Schafer, Discrete-Time Signal Processing, section 7.5.3.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PASS, STOP = 0.925, 1.05
ATTENUATION_DB = 85.0
_BANK_VALUES = 8_000_000
"""How many taps all matrices together may have: 32 MB.  Rates above 70 kHz that have nothing in common with the target
(192,001 Hz) get the nearest ratio for which that is enough; time is off by 5e-6 at most."""


class Resampler:
    """Convert a mono signal from one sampling rate to another, block by block.

    Parameters
    ----------
    source, target : int
        Sampling rates in Hz.
    """

    def __init__(self, source: int, target: int) -> None:
        bank = _bank(source, target)
        self.ratio, self._half = bank.ratio, bank.half
        self._outputs, self._inputs, self._groups = bank.outputs, bank.inputs, bank.groups
        self._is_plain = source == target
        self._held = np.zeros(self._half - 1, np.float32)
        self._read = self._written = 0

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what can be said after these samples; float32, shape (m,), perhaps empty."""
        if self._is_plain:
            return samples
        self._read += len(samples)
        self._held = np.concatenate([self._held, samples])
        return self._advance()

    def finish(self) -> NDArray[np.float32]:
        """Return the rest; altogether there is an output at every time before the end of the input."""
        if self._is_plain:
            return np.empty(0, np.float32)
        total = -(-self._read * self.ratio.numerator // self.ratio.denominator)
        owed = total - self._written
        self._held = np.concatenate([self._held, np.zeros(2 * self._half + 2 * self._inputs, np.float32)])
        return self._advance()[:owed]

    def _advance(self) -> NDArray[np.float32]:
        """Compute all periods whose inputs are held."""
        periods = (len(self._held) - 2 * self._half) // self._inputs
        if periods < 1:
            return np.empty(0, np.float32)
        out = np.empty((periods, self._outputs), np.float32)
        for first, end, begin, matrix in self._groups:
            rows = np.lib.stride_tricks.as_strided(
                self._held[begin:], (periods, len(matrix)), (4 * self._inputs, 4), writeable=False
            )
            out[:, first:end] = rows @ matrix
        self._held = self._held[periods * self._inputs :].copy()
        self._written += out.size
        return out.reshape(-1)


class _Bank:
    """The matrices that convert between two rates; `groups` has first output, end, first input held, and the matrix."""

    def __init__(self, source: int, target: int) -> None:
        nyquist = min(source, target) / 2
        width = (STOP - PASS) * nyquist
        taps = (ATTENUATION_DB - 7.95) / (2.285 * 2 * math.pi * width / source)
        self.half = math.ceil(taps / 2) + 1
        self._beta = 0.1102 * (ATTENUATION_DB - 8.7)
        self._cutoff = (PASS + STOP) / 2 * nyquist / source  # cycles per input sample
        most = max(1, _BANK_VALUES // (3 * self.half))  # a column of a matrix holds about 1.5 times the taps
        ratio = Fraction(target, source)
        if ratio.numerator > most:
            ratio = 1 / (1 / ratio).limit_denominator(most)
        self.ratio = ratio
        repeats = max(1, math.ceil(8 * self.half / ratio.denominator))
        self.outputs, self.inputs = ratio.numerator * repeats, ratio.denominator * repeats
        self.groups = [] if source == target else self._make_groups()

    def _make_groups(self) -> list[tuple[int, int, int, NDArray[np.float32]]]:
        """Return for each group of outputs: the first, the one behind the last, the first input held, the matrix."""
        count = max(1, round(self.inputs / self.half))
        bounds = [self.outputs * i // count for i in range(count + 1)]
        return [(a, b, *self._matrix(a, b)) for a, b in pairwise(bounds) if a < b]

    def _matrix(self, first: int, end: int) -> tuple[int, NDArray[np.float32]]:
        """Return where the inputs of outputs `first` to `end` begin, and their taps: shape (inputs, outputs)."""
        places = np.arange(first, end, dtype=np.int64) * self.ratio.denominator
        whole, rest = np.divmod(places, self.ratio.numerator)
        around = np.arange(-self.half + 1, self.half + 1)
        taps = self._filter(around[:, None] - rest / self.ratio.numerator)
        begin = int(whole[0])  # counted from the first value held, which is `half - 1` before input 0
        matrix = np.zeros((int(whole[-1]) - begin + 2 * self.half, end - first), np.float32)
        for column, offset in enumerate(whole - begin):
            matrix[offset : offset + 2 * self.half, column] = taps[:, column]
        return begin, matrix

    def _filter(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the taps at times in input samples from the output; each column sums to 1."""
        within = np.sqrt(np.clip(1 - (times / self.half) ** 2, 0, None))
        taps = np.sinc(2 * self._cutoff * times) * np.i0(self._beta * within)
        scaled: NDArray[np.float64] = taps / taps.sum(axis=0)
        return scaled


@functools.lru_cache(maxsize=4)
def _bank(source: int, target: int) -> _Bank:
    """Return the matrices for two rates: a clip is shorter than the time they take to compute."""
    return _Bank(source, target)
