"""The kernel of the peak index: what every item's peaks are worth beside those of a query.

Conventions
-----------
Peaks of all items stand in the order of their positions, parallel arrays of position, row of the item, and weight.  A
second order, of numbers of peaks, follows their *loss*: the item's reference less the position.  A pair of peaks is
worth ``(a + b) log2(a + b) − a log2 a − b log2 b``, halved (entropy), or the product of the query's weight and
``scale · weight ** exponent`` of the item's.

References
----------
Flash entropy search: Li & Fiehn, Nat. Methods 2023, 20, 1475.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels import native

POINT = np.dtype([("position", "<f8"), ("weight", "<f4")])
"""A peak of a query."""
SAME, SHIFTED = 1, 2
MOST_POINTS = 65_534
"""So many peaks a query may have."""


@dataclass(frozen=True, slots=True)
class PeakArrays:
    """What the kernel reads.

    Parameters
    ----------
    positions, weights : ndarray of float32, shape (n,)
    items : ndarray of uint32, shape (n,)
        Below the number of rows.
    by_loss : ndarray of uint32, shape (m,)
        Numbers of the peaks whose items have a reference, by ascending loss.
    references : ndarray of float64, shape (rows,)
        NaN where an item has none.
    exponents, scales : ndarray of float32, shape (rows,)
    """

    positions: NDArray[np.float32]
    items: NDArray[np.uint32]
    weights: NDArray[np.float32]
    by_loss: NDArray[np.uint32]
    references: NDArray[np.float64]
    exponents: NDArray[np.float32]
    scales: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tallying:
    """How peaks are matched.

    Parameters
    ----------
    tolerance : float
        In the unit of the positions, or in ppm of the query's position if `relative`.
    relative : bool
    product : bool
        Whether a pair is worth the product of its weights, else what its entropy says.
    modes : int
        :data:`SAME` positions, :data:`SHIFTED` ones (equal losses), or both together.
    reference : float
        The query's.
    """

    tolerance: float
    relative: bool
    product: bool
    modes: int
    reference: float


def numbers_fit(arrays: PeakArrays) -> bool:
    """Say whether every number in the arrays points at something."""
    rows = len(arrays.references)
    if native.compiled is None:
        items, losses = arrays.items, arrays.by_loss
        return int(items.max(initial=0)) < max(rows, 1) and int(losses.max(initial=0)) < max(len(items), 1)
    return bool(native.compiled.check_peaks(arrays.items, arrays.by_loss, rows))


def tally(
    arrays: PeakArrays, query: NDArray[np.void], settings: Tallying
) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
    """Add up for each item, over the query's peaks, the best that any of its peaks in reach is worth.

    If peaks of a list are further apart than twice the tolerance, that is the similarity itself, else an upper bound
    of any pairing.

    Parameters
    ----------
    arrays : PeakArrays
        Whose numbers fit (:func:`numbers_fit`).
    query : ndarray of :data:`POINT`, shape (k,)
    settings : Tallying

    Returns
    -------
    scores : ndarray of float64, shape (rows,)
        Within 1e-6.
    counts : ndarray of uint16, shape (rows,)
        How many of the query's peaks have one in reach.

    Raises
    ------
    ValueError
        If the arrays are not parallel, or the query has more than :data:`MOST_POINTS` peaks.
    """
    rows = len(arrays.references)
    if native.compiled is None:
        _check_fit(arrays, len(query))
        return tally_reference(arrays, query, settings)
    scores, counts = np.empty(rows, np.float64), np.empty(rows, np.uint16)
    native.compiled.tally_peaks(
        arrays.positions, arrays.items, arrays.weights, arrays.by_loss, arrays.references, arrays.exponents,
        arrays.scales, np.ascontiguousarray(query), settings.tolerance, settings.relative, settings.product,
        settings.modes, settings.reference, scores, counts,
    )  # fmt: skip
    return scores, counts


def _check_fit(arrays: PeakArrays, points: int) -> None:
    parallel = {len(arrays.positions), len(arrays.items), len(arrays.weights)}
    by_row = {len(arrays.references), len(arrays.exponents), len(arrays.scales)}
    if len(parallel) > 1 or len(by_row) > 1 or points > MOST_POINTS:
        raise ValueError("the arrays of a peak index do not fit")


def tally_reference(
    arrays: PeakArrays, query: NDArray[np.void], settings: Tallying
) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
    """NumPy oracle of :func:`tally`."""
    rows = len(arrays.references)
    scores, counts = np.zeros(rows), np.zeros(rows, np.uint16)
    positions = arrays.positions.astype(np.float64)
    losses = arrays.references[arrays.items[arrays.by_loss]] - positions[arrays.by_loss]
    for position, weight in query[query["weight"] > 0].tolist():
        width = abs(position) * settings.tolerance * 1e-6 if settings.relative else settings.tolerance
        found = [np.empty(0, np.int64)]
        if settings.modes & SAME:
            found.append(np.flatnonzero((positions >= position - width) & (positions <= position + width)))
        if settings.modes & SHIFTED:
            loss, slack = settings.reference - position, 1e-9 * (abs(settings.reference) + 1)
            inside = (losses >= loss - width - slack) & (losses <= loss + width + slack)
            found.append(arrays.by_loss[inside].astype(np.int64))
        where = np.concatenate(found)
        best = np.zeros(rows)
        np.maximum.at(best, arrays.items[where], _gains(arrays, where, weight, product=settings.product))
        scores += best
        counts[np.unique(arrays.items[where])] += 1
    return scores, counts


def _gains(arrays: PeakArrays, where: NDArray[np.int64], own: float, *, product: bool) -> NDArray[np.float64]:
    weights, rows = arrays.weights[where].astype(np.float64), arrays.items[where]
    if product:
        gains = own * arrays.scales[rows].astype(np.float64) * weights ** arrays.exponents[rows].astype(np.float64)
    else:
        both = weights + own
        gains = (both * np.log2(both) - own * np.log2(own) - weights * np.log2(weights)) / 2
    return np.asarray(gains, np.float64)
