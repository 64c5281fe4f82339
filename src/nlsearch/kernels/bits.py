"""Kernels over bit sets: counts, Tanimoto, Hamming, and the exact best of many.

Conventions
-----------
A bit set is a row of uint8, a multiple of 8 bytes long.  Two empty sets have Tanimoto 0 (as RDKit has it).
Similarities are compared as float64, in which the distinct ratios of such sets stay distinct, and returned as float32.

References
----------
Bounds by count: Swamidass & Baldi, J Chem Inf Model 2007 47:302.  Bounds by folded sets (xor): Baldi, Hirschberg &
Nasr, J Chem Inf Model 2008 48:1367.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels import native

FOLD_BYTES = 32
FROM_SIMILARITY_BYTES = 512
"""Up to so many bytes a set, what sets have in common follows from their similarity in single precision."""
Bits = NDArray[np.uint8]
Counts = NDArray[np.uint32]


def _rows(bits: Bits) -> Bits:
    rows = np.ascontiguousarray(bits, np.uint8)
    if rows.ndim != 2 or rows.shape[1] % 8:
        raise ValueError(f"bit sets must be rows of a multiple of 8 bytes, not of shape {rows.shape}")
    return rows


def _query(query: Bits, rows: Bits) -> Bits:
    row = np.ascontiguousarray(query, np.uint8)
    if row.shape != rows.shape[1:]:
        raise ValueError(f"a query of shape {row.shape} does not fit rows of {rows.shape[1]} bytes")
    return row


def _counts(counts: Counts, rows: Bits) -> Counts:
    known = np.ascontiguousarray(counts, np.uint32)
    if known.shape != rows.shape[:1]:
        raise ValueError(f"{len(rows)} rows need as many counts, not {known.shape}")
    return known


def popcounts(bits: Bits) -> Counts:
    """Count the set bits of every row.

    Parameters
    ----------
    bits : ndarray of uint8, shape (n, b)

    Returns
    -------
    ndarray of uint32, shape (n,)
    """
    rows = _rows(bits)
    if native.compiled is None:
        return popcounts_reference(rows)
    counts = np.empty(len(rows), np.uint32)
    native.compiled.popcounts(rows, rows.shape[1], counts)
    return counts


def popcounts_reference(bits: Bits) -> Counts:
    """NumPy oracle of :func:`popcounts`."""
    counts: Counts = np.bitwise_count(bits).sum(axis=1, dtype=np.uint32)
    return counts


def tanimoto(query: Bits, bits: Bits, counts: Counts) -> NDArray[np.float32]:
    """Tanimoto similarity of one bit set with every row.

    Parameters
    ----------
    query : ndarray of uint8, shape (b,)
    bits : ndarray of uint8, shape (n, b)
    counts : ndarray of uint32, shape (n,)
        Set bits of every row, as :func:`popcounts` gives them.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    rows = _rows(bits)
    row, known = _query(query, rows), _counts(counts, rows)
    if native.compiled is None:
        return tanimoto_reference(row, rows, known)
    similarities = np.empty(len(rows), np.float32)
    native.compiled.tanimoto(row, rows, known, similarities)
    return similarities


def _ratios(query: Bits, bits: Bits, counts: Counts) -> NDArray[np.float64]:
    common = np.bitwise_count(bits & query).sum(axis=1, dtype=np.int64)
    union = int(np.bitwise_count(query).sum()) + counts.astype(np.int64) - common
    ratios: NDArray[np.float64] = np.divide(common, union, out=np.zeros(len(bits)), where=union > 0)
    return ratios


def tanimoto_reference(query: Bits, bits: Bits, counts: Counts) -> NDArray[np.float32]:
    """NumPy oracle of :func:`tanimoto`."""
    return _ratios(query, bits, counts).astype(np.float32)


def overlaps(query: Bits, bits: Bits, counts: Counts) -> NDArray[np.int64]:
    """Count the bits that one bit set shares with every row.

    They follow exactly from the Tanimoto similarity t and the counts a and b: t (a + b) / (1 + t), which single
    precision gets right within 0.001 for sets of up to 4,096 bits; larger sets are counted.

    Parameters
    ----------
    query : ndarray of uint8, shape (b,)
    bits : ndarray of uint8, shape (n, b)
    counts : ndarray of uint32, shape (n,)

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    if native.compiled is None or np.size(query) > FROM_SIMILARITY_BYTES:
        rows = _rows(bits)
        return overlaps_reference(_query(query, rows), rows)
    similar = tanimoto(query, bits, counts).astype(np.float64)
    sizes = int(np.bitwise_count(query).sum()) + counts.astype(np.int64)
    return np.rint(similar * sizes / (1 + similar)).astype(np.int64)


def overlaps_reference(query: Bits, bits: Bits) -> NDArray[np.int64]:
    """NumPy oracle of :func:`overlaps`."""
    common: NDArray[np.int64] = np.bitwise_count(bits & query).sum(axis=1, dtype=np.int64)
    return common


def tversky(
    common: NDArray[np.int64], own: int, counts: NDArray[Any], weights: tuple[float, float]
) -> NDArray[np.float64]:
    """Tversky's index from counts: common / (common + α (own − common) + β (counts − common)), as RDKit's.

    Without common bits it is 0; but with α = β = 0 it is 1 for any two sets that are not empty.

    Parameters
    ----------
    common : ndarray of int, shape (n,)
        Bits that the query shares with each row.
    own : int
        Bits of the query.
    counts : ndarray of int, shape (n,)
        Bits of each row.
    weights : (float, float)
        α and β, not negative.

    Returns
    -------
    ndarray of float64, shape (n,)

    References
    ----------
    A. Tversky, Psychological Review 1977, 84, 327.
    """
    alpha, beta = weights
    shared = common.astype(np.int64)
    amounts = counts.astype(np.int64)
    whole = shared + alpha * (own - shared) + beta * (amounts - shared)
    without = ((amounts > 0) & (own > 0)).astype(np.float64)
    index: NDArray[np.float64] = np.divide(shared, whole, out=without, where=whole > 0)
    return index


def hamming(query: Bits, bits: Bits) -> NDArray[np.uint32]:
    """Count the bits in which one bit set differs from every row.

    Returns
    -------
    ndarray of uint32, shape (n,)
    """
    rows = _rows(bits)
    row = _query(query, rows)
    if native.compiled is None:
        return hamming_reference(row, rows)
    distances = np.empty(len(rows), np.uint32)
    native.compiled.hamming(row, rows, distances)
    return distances


def hamming_reference(query: Bits, bits: Bits) -> NDArray[np.uint32]:
    """NumPy oracle of :func:`hamming`."""
    distances: NDArray[np.uint32] = np.bitwise_count(bits ^ query).sum(axis=1, dtype=np.uint32)
    return distances


def fold(bits: Bits) -> Bits:
    """Fold every row to 256 bits by exclusive or.

    Two folded rows never differ in more bits than the rows do, which bounds their similarity from above at an eighth
    of the memory traffic for 2,048 bits.

    Parameters
    ----------
    bits : ndarray of uint8, shape (n, b)

    Returns
    -------
    ndarray of uint8, shape (n, 32)
    """
    rows = _rows(bits)
    words = -(-rows.shape[1] // FOLD_BYTES)
    padded = np.zeros((len(rows), words * FOLD_BYTES), np.uint8)
    padded[:, : rows.shape[1]] = rows
    folded: Bits = np.bitwise_xor.reduce(padded.reshape(len(rows), words, FOLD_BYTES), axis=1)
    return folded


def tanimoto_top(
    query: Bits,
    bits: Bits,
    counts: Counts,
    minimum: float = 0.0,
    limit: int | None = None,
    keys: NDArray[np.uint32] | None = None,
    folded: Bits | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Find the rows most similar to a bit set, exactly.

    Rows are visited from the query's own count outwards and left out by their bounds; with `limit` the bound grows
    with the similarity of the worst row kept.

    Parameters
    ----------
    query : ndarray of uint8, shape (b,)
    bits : ndarray of uint8, shape (n, b)
        Sorted by count.
    counts : ndarray of uint32, shape (n,)
        Set bits of every row, ascending.
    minimum : float
        Least similarity, inclusive.
    limit : int, optional
        Keep only as many; None keeps all.
    keys : ndarray of uint32, shape (n,), optional
        What breaks ties, ascending; the row numbers if absent.
    folded : ndarray of uint8, shape (n, 32), optional
        :func:`fold` of `bits`; saves time, never changes the answer.
    mask : ndarray of bool, shape (n,), optional
        Rows that may be returned; all if absent.

    Returns
    -------
    rows : ndarray of uint32, shape (m,)
        Best first, ties by key.
    similarities : ndarray of float32, shape (m,)

    Raises
    ------
    ValueError
        If shapes do not fit or `counts` is not ascending.
    """
    rows = _rows(bits)
    row, known = _query(query, rows), _counts(counts, rows)
    order = None if keys is None else np.ascontiguousarray(keys, np.uint32)
    if order is not None and order.shape != known.shape:
        raise ValueError("keys must be as many as rows")
    if folded is not None and folded.shape != (len(rows), FOLD_BYTES):
        raise ValueError(f"folded rows must be of shape {(len(rows), FOLD_BYTES)}, not {folded.shape}")
    if mask is not None and mask.shape != known.shape:
        raise ValueError("the mask must be as long as the rows")
    most = len(rows) if limit is None else min(limit, len(rows))
    if most < 0 or np.isnan(minimum):
        raise ValueError("limit must not be negative, minimum must be a number")
    if native.compiled is None:
        return tanimoto_top_reference(row, rows, known, minimum, most, order, mask)
    thin = None if folded is None else np.ascontiguousarray(folded, np.uint8)
    open_rows = None if mask is None else np.ascontiguousarray(mask, np.bool_).view(np.uint8)
    where, similarity = native.compiled.tanimoto_top(row, rows, known, float(minimum), most, order, thin, open_rows)
    return np.frombuffer(where, np.uint32), np.frombuffer(similarity, np.float32)


def tanimoto_top_reference(
    query: Bits,
    bits: Bits,
    counts: Counts,
    minimum: float = 0.0,
    limit: int | None = None,
    keys: NDArray[np.uint32] | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """NumPy oracle of :func:`tanimoto_top`; visits every row."""
    if np.any(counts[1:] < counts[:-1]):
        raise ValueError("rows must be sorted by count")
    ratios = _ratios(query, bits, counts)
    rows = np.flatnonzero(ratios >= minimum) if mask is None else np.flatnonzero((ratios >= minimum) & mask)
    ties = rows if keys is None else keys[rows]
    best = rows[np.lexsort((ties, -ratios[rows]))][:limit]
    return best.astype(np.uint32), ratios[best].astype(np.float32)
