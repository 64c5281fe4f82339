"""The kernel of loudness: K-weighted power, sum, power and peak of each hop of each channel.

Conventions
-----------
A hop is a stretch of frames (100 ms).  The state of the filters goes on from call to call.  Without the compiled kernel
the filters are applied as finite impulse responses of .25 s, whose rest is below 1e-12, by FFT; it is ten times slower.

References
----------
ITU-R BS.1770-4, annex 1; the filters for other rates than 48 kHz after R. Brecht De Man, Evaluation of
Implementations of the EBU R128 Loudness Measurement, AES Convention 145 (2018).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTED, SUM, POWER, PEAK = range(4)
"""Columns of what :meth:`HopWeigher.weigh` returns."""
_SHELF = (1681.974450955533, 3.999843853973347, 0.7071752369554196)
_HIGH_PASS = (38.13547087602444, 0.5003270373238773)
_RESPONSE_S = 0.25


def k_filters(rate: int) -> NDArray[np.float64]:
    """Return the two filters of K-weighting at a sampling rate: shape (2, 5), rows b0 b1 b2 a1 a2 (a0 is 1).

    Stable from 3,400 Hz on: the shelf lies at 1,682 Hz.
    """
    frequency, gain, q = _SHELF
    k = math.tan(math.pi * frequency / rate)
    high = 10 ** (gain / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]
    first = [*(b / a0 for b in shelf), 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    frequency, q = _HIGH_PASS
    k = math.tan(math.pi * frequency / rate)
    a0 = 1 + k / q + k * k
    second = [1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([first, second])


def impulse_response(filters: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return what two second-order filters in a row make of a single 1, by their recursion; shape (length,)."""
    signal = [1.0] + [0.0] * (length - 1)
    for b0, b1, b2, a1, a2 in filters.tolist():
        s1 = s2 = 0.0
        for i, x in enumerate(signal):
            y = b0 * x + s1
            s1, s2 = b1 * x - a1 * y + s2, b2 * x - a2 * y
            signal[i] = y
    return np.array(signal)


class HopWeigher:
    """The filters of a stream.

    Parameters
    ----------
    rate : int
        Hz, from 3,400.
    channels, hop : int
        Frames of a hop.
    """

    def __init__(self, rate: int, channels: int, hop: int) -> None:
        self._filters = k_filters(rate)
        self._channels, self._hop = channels, hop
        self._state = np.zeros((channels, 4))
        self._response: NDArray[np.float64] | None = None
        self._before: NDArray[np.float64] = np.empty((0, channels))
        if native.compiled is None:
            self._response = impulse_response(self._filters, round(_RESPONSE_S * rate))
            self._before = np.zeros((len(self._response) - 1, channels))

    def weigh(self, samples: NDArray[np.float32], hop: int = 0) -> NDArray[np.float64]:
        """Return the sums of each hop.

        Parameters
        ----------
        samples : ndarray of float32, shape (n, channels)
            n a multiple of the hop.
        hop : int
            Another length for this call.

        Returns
        -------
        ndarray of float64, shape (n / hop, channels, 4)
            Power after K-weighting, sum, power (each summed, not averaged), and highest magnitude.
        """
        hop = hop or self._hop
        if self._response is not None:
            return self._weigh_reference(samples, hop)
        out = np.empty((len(samples) // hop, self._channels, 4))
        if out.size:
            native.compiled.weigh_hops(
                np.ascontiguousarray(samples, np.float32), self._channels, hop, self._filters, self._state, out
            )
        return out

    def _weigh_reference(self, samples: NDArray[np.float32], hop: int) -> NDArray[np.float64]:
        assert self._response is not None  # noqa: S101 - only called with it
        frames = np.concatenate([self._before, samples])
        size = 2 ** math.ceil(math.log2(len(frames) + len(self._response)))
        spectrum = np.fft.rfft(frames, size, axis=0) * np.fft.rfft(self._response, size)[:, None]
        weighted = np.fft.irfft(spectrum, size, axis=0)[len(self._before) : len(frames)]
        self._before = frames[len(frames) - len(self._before) :]
        shape = (len(samples) // hop, hop, self._channels)
        cut, plain = weighted.reshape(shape), samples.astype(np.float64).reshape(shape)
        columns = [(cut**2).sum(1), plain.sum(1), (plain**2).sum(1), np.abs(plain).max(1, initial=0)]
        return np.stack(columns, axis=2)
