"""Picking peaks from continuous traces, and centroiding profile mass spectra.

Conventions
-----------
A peak's intensity is that of its highest sample, never an area.  The topographic prominence of a maximum is its height
above the higher of the two lowest points that lie between it and higher ground, or the end of the trace, on its left
and right; maxima of one height in a row count as one, in their middle.  All is deterministic, and costs O(n log n).

References
----------
S. Gibb and K. Strimmer, Bioinformatics 2012, 28, 2270 (MALDIquant; the descent from the apex to a third of its height
is the method ``descendPeak`` of MSnbase 2 with ``signalPercentage`` 33, where weights are whole intensities).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from nlsearch.handlers.spectrum.records import Spectrum

NOISE = 10.0
"""How often the noise a prominence must be: from valley to top, noise alone makes some 8 in 65,536 samples."""
LEAST = 0.01
"""Lowest prominence of a peak, of the range of the trace."""
RIPPLE = 0.1
"""Maxima of a profile mass spectrum that are less prominent than so much of their height belong to a neighbour."""
DESCENT = 1 / 3
"""Samples above so much of the apex make up the centroid."""
_BLOCK = 32
_GAP = 5.0  # times the step: the samples between two peaks were left out, as they are zero
_NEGATIVE = 0.1  # of the highest: lower signals of the other phase are artefacts

Peaks = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""Positions, ascending, and intensities."""


def peaks_of(spectrum: Spectrum) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Return the peaks of a spectrum, its own or picked ones, and what is to be said about it.

    Of a profile mass spectrum they are its centroids.  NMR signals of the other phase, as in DEPT or APT, count by
    their absolute height if they reach a tenth of the highest.

    Parameters
    ----------
    spectrum : Spectrum

    Returns
    -------
    positions : ndarray of float64, shape (peaks,)
        Ascending.
    intensities : ndarray of float64, shape (peaks,)
        Positive if picked.
    warnings : list of str
    """
    if not spectrum.profile:
        return spectrum.positions, spectrum.intensities, []
    x, y = spectrum.positions, spectrum.intensities
    warnings: list[str] = []
    if spectrum.axis == "mz":
        where, height = centroid(x, y)
    else:
        where, height = pick_peaks(x, y)
        if spectrum.axis == "shift":
            where, height = _both_phases(x, y, (where, height), warnings)
    above = height > 0
    if lost := len(above) - int(above.sum()):
        warnings.append(f"{lost:,} maxima below zero are no peaks")
    where, height = where[above], height[above]
    count = f"{len(where):,} peak{' was' if len(where) == 1 else 's were'}"
    return where, height, [f"profile data: {count} picked from {len(x):,} points", *warnings]


def _both_phases(x: NDArray[np.float64], y: NDArray[np.float64], upward: Peaks, warnings: list[str]) -> Peaks:
    top = float(np.max(y, initial=0))
    where, depth = pick_peaks(x, -y)
    deep = depth >= _NEGATIVE * top
    if not deep.any():
        return upward
    warnings.append(f"{int(deep.sum()):,} of them are negative signals, by their absolute height")
    positions, heights = np.concatenate([upward[0], where[deep]]), np.concatenate([upward[1], depth[deep]])
    order = np.argsort(positions, kind="stable")
    return positions[order], heights[order]


def pick_peaks(positions: ArrayLike, intensities: ArrayLike, *, noise: float = NOISE, least: float = LEAST) -> Peaks:
    """Return the peaks of a continuous trace: its maxima that are prominent enough.

    A peak lies at the top of the parabola through its highest sample and the two next to it.

    Parameters
    ----------
    positions : array_like of float, shape (n,)
        Ascending and distinct.
    intensities : array_like of float, shape (n,)
        May be negative; peaks point upward.
    noise : float
        How often the noise (:func:`noise_of`) a peak must be prominent.
    least : float
        How prominent it must be at least, of the range of the intensities.

    Returns
    -------
    positions : ndarray of float64, shape (peaks,)
        Ascending.
    intensities : ndarray of float64, shape (peaks,)
        Of the highest samples.
    """
    x, y = np.asarray(positions, np.float64), np.asarray(intensities, np.float64)
    if len(x) < 3:
        return np.empty(0), np.empty(0)
    at = maxima(y)
    prominent = prominences(y, at) >= max(noise * noise_of(y), least * float(np.ptp(y)))
    at = at[prominent]
    return _tops(x, y, at), y[at]


def noise_of(intensities: ArrayLike) -> float:
    """Return the standard deviation of the noise, estimated where the trace is quiet.

    It is the 20th percentile of the deviations from a line in each 32 samples.  Of a trace of less than ten such blocks
    it is the median of the second differences, which for white noise is 1.652 times the deviation; of one of less than
    two it is zero, as no noise can be told from signals there.
    """
    y = np.asarray(intensities, np.float64)
    blocks = len(y) // _BLOCK
    if blocks < 10:
        return float(np.median(np.abs(np.diff(y, 2)))) / (0.6745 * math.sqrt(6)) if blocks > 1 else 0.0
    rows = y[: blocks * _BLOCK].reshape(blocks, _BLOCK)
    ramp = np.arange(_BLOCK) - (_BLOCK - 1) / 2
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows = rows - (rows @ ramp / (ramp @ ramp))[:, None] * ramp
    return float(np.percentile(np.sqrt((rows**2).sum(axis=1) / (_BLOCK - 2)), 20))


def maxima(intensities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return where `intensities` has its local maxima, ends of the trace not counted; of a plateau the middle."""
    starts = np.flatnonzero(np.concatenate([[True], np.diff(intensities) != 0]))[: len(intensities)]
    ends = np.append(starts[1:], len(intensities)) - 1
    rising = np.sign(np.diff(intensities[starts]))
    tops = np.flatnonzero((rising[:-1] > 0) & (rising[1:] < 0)) + 1
    return np.asarray((starts[tops] + ends[tops]) // 2, np.int64)


def prominences(intensities: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the topographic prominence of each of the local maxima `at`, which must be all there are."""
    if not len(at):
        return np.empty(0)
    heights = intensities[at].tolist()
    bounds = np.concatenate([[0], at])
    before = np.minimum.reduceat(intensities, bounds)[: len(at)]  # lowest from the maximum before on
    after = np.minimum.reduceat(intensities, at)
    left = _lowest(heights, before.tolist())
    right = _lowest(heights[::-1], after[::-1].tolist())[::-1]
    return np.asarray(heights - np.maximum(left, right), np.float64)


def _lowest(heights: list[float], gaps: list[float]) -> NDArray[np.float64]:
    """Return the lowest point before each maximum back to higher ground; `gaps` are the lowest points in front."""
    found = []
    lower: list[tuple[float, float]] = []  # height, and lowest point before it, of those that are higher than all after
    for height, gap in zip(heights, gaps, strict=True):
        lowest = gap
        while lower and lower[-1][0] <= height:
            lowest = min(lowest, lower.pop()[1])
        found.append(lowest)
        lower.append((height, lowest))
    return np.array(found, np.float64)


def _tops(x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the positions of the tops of parabolas through three samples, at unequal distances if need be."""
    left, right = x[at - 1] - x[at], x[at + 1] - x[at]
    down, up = y[at - 1] - y[at], y[at + 1] - y[at]
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = (down * right**2 - up * left**2) / (2 * (down * right - up * left))
    flat = ~np.isfinite(shift) | (down == 0) | (up == 0)
    return np.asarray(x[at] + np.where(flat, 0.0, np.clip(shift, left / 2, right / 2)), np.float64)


def centroid(positions: ArrayLike, intensities: ArrayLike) -> Peaks:
    """Return the centroids of a profile mass spectrum.

    A peak reaches from its apex to the lowest sample before the next, to zero, or to where samples are missing.
    Its m/z is the mean of its samples above a third of the apex, weighted by how far they are above, so that a sample
    more or less at its feet changes nothing; its intensity is that of the apex.  Maxima that are less prominent than a
    tenth of their height are ripples on a neighbour.  Nothing is taken for noise: cleaning does that.

    Parameters
    ----------
    positions, intensities : array_like of float, shape (n,)
        Ascending and distinct m/z; intensities below zero count as zero.

    Returns
    -------
    positions, intensities : ndarray of float64, shape (peaks,)
    """
    x, y = _closed(np.asarray(positions, np.float64), np.maximum(np.asarray(intensities, np.float64), 0))
    at = maxima(y)
    at = at[prominences(y, at) >= RIPPLE * y[at]]
    if not len(at):
        return np.empty(0), np.empty(0)
    cuts = [left + int(np.argmin(y[left:right])) for left, right in zip(at[:-1].tolist(), at[1:].tolist(), strict=True)]
    peak = np.searchsorted(np.array(cuts, np.int64), np.arange(len(y)), "left")
    height = np.maximum.reduceat(y, np.concatenate([[0], np.array(cuts, np.int64) + 1]))
    weight = np.maximum(y - DESCENT * height[peak], 0.0)
    total = np.bincount(peak, weight, len(at))
    origin = x[at]  # differences to it are summed up, so that no digit is lost
    return origin + np.bincount(peak, weight * (x - origin[peak]), len(at)) / total, height


def _closed(x: NDArray[np.float64], y: NDArray[np.float64]) -> Peaks:
    """Return the samples with zeros at the ends and where samples are missing, as they are left out where zero."""
    if not len(x):
        return x, y
    steps = np.diff(x)
    near = np.minimum(np.append(steps[1:], np.inf), np.concatenate([[np.inf], steps[:-1]]))[: len(steps)]
    wide = np.flatnonzero(steps > _GAP * near)
    return (
        np.concatenate([[x[0]], np.insert(x, wide + 1, (x[wide] + x[wide + 1]) / 2), [x[-1]]]),
        np.concatenate([[0.0], np.insert(y, wide + 1, 0.0), [0.0]]),
    )
