"""The kernels of pitch contours: how salient pitches are, the most salient path, and levels that a contour keeps to.

Each has a NumPy oracle of the same name with ``_reference``.

References
----------
.. [1] Klapuri (2006). Multiple fundamental frequency estimation by summing harmonic amplitudes. ISMIR.
.. [2] Forney (1973). The Viterbi algorithm. Proceedings of the IEEE 61, 268.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels import native

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Folding:
    """How a spectrum is folded onto an axis of pitches, and harmonics are summed there.

    Parameters
    ----------
    bins : int
        Of the spectrum.
    below : ndarray of int32, shape (axis,)
        The bin below each place of the axis.
    share : ndarray of float32, shape (axis,)
        How far the place is from it to the next.
    shifts : ndarray of int32, shape (harmonics,)
        Places from a pitch to each of its harmonics.
    gains : ndarray of float32, shape (harmonics,)
        What each counts.
    weights : ndarray of float32, shape (pitches,)
        What each pitch counts; the first is at the first place of the axis.
    flat : int
        Places, an odd number, of the mean that is taken off.
    """

    bins: int
    below: NDArray[np.int32]
    share: NDArray[np.float32]
    shifts: NDArray[np.int32]
    gains: NDArray[np.float32]
    weights: NDArray[np.float32]
    flat: int


def pitch_saliences(spectrum: NDArray[np.complex64], folding: Folding) -> NDArray[np.float32]:
    """Return how salient each pitch is in each frame.

    At each place counts the square root of the amplitude less the mean around it, at least 0; of a pitch the weighted
    sum over its harmonics [1]_.

    Parameters
    ----------
    spectrum : ndarray of complex64, shape (frames, folding.bins)
    folding : Folding

    Returns
    -------
    ndarray of float32, shape (frames, pitches)

    Raises
    ------
    ValueError
        If the shapes do not fit, or a place is beyond the spectrum.
    """
    if spectrum.ndim != 2 or spectrum.shape[1] != folding.bins:
        raise ValueError(f"a spectrum of {spectrum.shape} does not have {folding.bins} bins")
    if native.compiled is None:
        return pitch_saliences_reference(spectrum, folding)
    out = np.empty((len(spectrum), len(folding.weights)), np.float32)
    native.compiled.pitch_saliences(
        np.ascontiguousarray(spectrum, np.complex64),
        folding.bins,
        folding.flat,
        folding.below,
        folding.share,
        folding.shifts,
        folding.gains,
        folding.weights,
        out,
    )
    return out


def pitch_saliences_reference(spectrum: NDArray[np.complex64], folding: Folding) -> NDArray[np.float32]:
    """NumPy oracle of :func:`pitch_saliences`."""
    root = np.sqrt(np.abs(spectrum)).astype(np.float32)
    held = root[:, folding.below]
    held += folding.share * (root[:, folding.below + 1] - held)
    flat = folding.flat
    padded = np.pad(held.astype(np.float64), ((0, 0), (flat // 2 + 1, flat // 2)), mode="edge")
    sums = np.cumsum(padded, axis=1)
    held -= ((sums[:, flat:] - sums[:, :-flat]) / flat).astype(np.float32)
    np.maximum(held, 0, out=held)
    total = np.zeros((len(held), len(folding.weights)), np.float32)
    for shift, gain in zip(folding.shifts.tolist(), folding.gains, strict=True):
        part = held[:, shift : shift + total.shape[1]]
        total[:, : part.shape[1]] += gain * part
    return total * folding.weights


@dataclass(frozen=True, slots=True)
class Prices:
    """What a path pays for moving on by a pitch and for a jump, and what a frame without any gains."""

    step: float
    jump: float
    unvoiced: float


def salient_path(gains: NDArray[np.float32], prices: Prices) -> NDArray[np.int64]:
    """Return the pitch of each frame on the path of the greatest gain [2]_, -1 for none.

    Parameters
    ----------
    gains : ndarray of float32, shape (frames, pitches)
        Of each pitch in each frame.
    prices : Prices

    Returns
    -------
    ndarray of int64, shape (frames,)
    """
    if native.compiled is None:
        return salient_path_reference(gains, prices)
    chosen = np.empty(len(gains), np.int64)
    given = np.ascontiguousarray(gains, np.float32)
    native.compiled.salient_path(given, gains.shape[1], prices.step, prices.jump, prices.unvoiced, chosen)
    return chosen


def salient_path_reference(gains: NDArray[np.float32], prices: Prices) -> NDArray[np.int64]:
    """NumPy oracle of :func:`salient_path`."""
    count, pitches = gains.shape
    step, price = np.float32(prices.step), np.float32(prices.jump)
    rose, fell, jumped = np.zeros((3, count, pitches), np.bool_)
    sources = np.empty(count, np.int64)  # where a jump comes from, -1 for nothing
    stayed = np.empty(count, np.bool_)  # where nothing was before
    total, silent = np.zeros(pitches, np.float32), np.float32(0)
    below, above = np.full((2, pitches), -np.inf, np.float32)
    for i in range(count):
        best = int(total.argmax())
        sources[i] = best if total[best] >= silent else -1
        jump = max(total[best], silent) - price
        np.subtract(total[:-1], step, out=below[1:])
        np.subtract(total[1:], step, out=above[:-1])
        for flags, other in ((rose, below), (fell, above), (jumped, jump)):
            np.greater(other, total, out=flags[i])
            np.maximum(total, other, out=total)
        total += gains[i]
        stayed[i] = silent >= jump
        silent = max(silent, jump) + np.float32(prices.unvoiced)
    chosen = np.empty(count, np.int64)
    state = int(total.argmax()) if total.max() >= silent else -1
    for i in range(count - 1, -1, -1):
        chosen[i] = state
        if state < 0:
            state = -1 if stayed[i] else int(sources[i])
        elif jumped[i, state]:
            state = int(sources[i])
        else:
            state += 1 if fell[i, state] else -int(rose[i, state])
    return chosen


def kept_levels(
    pitches: NDArray[np.float32], levels: NDArray[np.float32], change: float, most: float
) -> NDArray[np.int64]:
    """Return which level each frame of a contour keeps to, at the least cost of all piecewise constant ones [2]_.

    Parameters
    ----------
    pitches : ndarray of float32, shape (n,)
        NaN costs nothing.
    levels : ndarray of float32, shape (m,)
        At least one.
    change : float
        What another level costs.
    most : float
        What a frame costs at most; less, it costs its distance from the level.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    if native.compiled is None:
        return kept_levels_reference(pitches, levels, change, most)
    chosen = np.empty(len(pitches), np.int64)
    given, kept = (np.ascontiguousarray(column, np.float32) for column in (pitches, levels))
    native.compiled.kept_levels(given, kept, change, most, chosen)
    return chosen


def kept_levels_reference(
    pitches: NDArray[np.float32], levels: NDArray[np.float32], change: float, most: float
) -> NDArray[np.int64]:
    """NumPy oracle of :func:`kept_levels`."""
    total = np.zeros(len(levels), np.float32)
    changed = np.zeros((len(pitches), len(levels)), np.bool_)
    best = np.zeros(len(pitches), np.int64)
    for i in np.flatnonzero(np.isfinite(pitches)).tolist():
        best[i] = total.argmin()
        other = total[best[i]] + np.float32(change)
        changed[i] = other < total
        total = np.minimum(total, other) + np.minimum(np.abs(pitches[i] - levels), np.float32(most))
    chosen = np.empty(len(pitches), np.int64)
    level = int(total.argmin())
    for i in range(len(pitches) - 1, -1, -1):
        chosen[i] = level
        if changed[i, level]:
            level = int(best[i])
    return chosen
