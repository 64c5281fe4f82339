"""Kernels of the seed index: stable sorting of postings, and voting on diagonals.

Conventions
-----------
A posting is a little-endian number of `width` bytes, ``(axis position >> shift) << flag_bits | flag``.  The diagonal of
a seed is ``axis position - query position``, or ``axis position + query position`` where the flags of item and query
differ (``flag`` 1 in :data:`BAND`).

References
----------
Votes on diagonals: Wilbur & Lipman, PNAS 1983 80:726.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels import native

BAND = np.dtype([("low", "<i8"), ("high", "<i8"), ("item", "<u4"), ("flag", "<u4"), ("votes", "<u4"), ("seeds", "<u4")])
"""A run of diagonals of one item: [low, high] inclusive, on the axis; the item's number; flag; votes; seeds in all."""

ANCHOR = np.dtype([("target", "<i8"), ("item", "<u4"), ("seed", "<u4"), ("flag", "<u8")])
"""A seed of the query (its number) in an item: position in the item, rounded down; flag as in :data:`BAND`."""

BEST = np.dtype([("diagonal", "<i8"), ("item", "<u4"), ("reading", "<u4"), ("votes", "<f4"), ("expected", "<f4")])
"""A place with many weighted votes: the diagonal on the axis, the item in which the middle of the query lies there,
which reading of the query, its votes, and those that the best place would have if votes were normal."""

MAX_BIN = 2**30

COMMON = 20
"""A key that occurs once in so many bins of the axis has a vote of ln 2, where votes have weights."""


@dataclass(frozen=True, slots=True)
class Postings:
    """The postings of a seed index as they lie in its files.

    Parameters
    ----------
    packed : ndarray of uint8, shape (n * width,)
    width : int
        Bytes of a posting, 1 to 8.
    shift, flag_bits : int
        As the seed space declares them.
    item_starts : ndarray of uint64, shape (items,)
        Where each item starts on the axis, ascending.
    """

    packed: NDArray[np.uint8]
    width: int
    shift: int
    flag_bits: int
    item_starts: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.packed) // self.width


class _Asked(NamedTuple):
    """The seeds of a query: where their postings lie, their positions and their flags."""

    begins: NDArray[np.uint64]
    ends: NDArray[np.uint64]
    positions: NDArray[np.uint32]
    flags: NDArray[np.uint8]


def sort_pairs(keys: NDArray[Any], values: NDArray[Any]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Sort pairs by key, stably.

    Parameters
    ----------
    keys, values : ndarray of unsigned integers, shape (n,)

    Returns
    -------
    keys, values : ndarray of uint64, shape (n,)
        New arrays.

    Raises
    ------
    ValueError
        If the arrays differ in length.
    """
    if keys.shape != values.shape or keys.ndim != 1:
        raise ValueError(f"keys {keys.shape} and values {values.shape} must be as many")
    if native.compiled is None:
        return sort_pairs_reference(keys, values)
    sorted_keys, sorted_values = keys.astype(np.uint64), values.astype(np.uint64)
    native.compiled.sort_pairs(sorted_keys, sorted_values)
    return sorted_keys, sorted_values


def sort_pairs_reference(keys: NDArray[Any], values: NDArray[Any]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """NumPy oracle of :func:`sort_pairs`."""
    order = np.argsort(keys, kind="stable")
    return keys[order].astype(np.uint64), values[order].astype(np.uint64)


def pack_postings(values: NDArray[np.uint64], width: int) -> NDArray[np.uint8]:
    """Cut numbers to their `width` lowest bytes, little-endian.

    Parameters
    ----------
    values : ndarray of uint64, shape (n,)
    width : int
        1 to 8.

    Returns
    -------
    ndarray of uint8, shape (n * width,)
    """
    if not 1 <= width <= 8:
        raise ValueError(f"postings have 1 to 8 bytes, not {width}")
    if native.compiled is None:
        return pack_postings_reference(values, width)
    packed = np.empty(len(values) * width, np.uint8)
    native.compiled.pack_postings(np.ascontiguousarray(values, np.uint64), width, packed)
    return packed


def pack_postings_reference(values: NDArray[np.uint64], width: int) -> NDArray[np.uint8]:
    """NumPy oracle of :func:`pack_postings`."""
    return np.ascontiguousarray(values.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width]).reshape(-1)


def gather_postings(
    packed: NDArray[np.uint8], width: int, begins: NDArray[np.uint64], ends: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Read ranges of postings one after the other.

    Parameters
    ----------
    packed : ndarray of uint8, shape (n * width,)
    width : int
    begins, ends : ndarray of uint64, shape (q,)
        Half-open ranges in units of postings.

    Returns
    -------
    values : ndarray of uint64, shape (m,)
    numbers : ndarray of uint32, shape (m,)
        Which range each value is of.

    Raises
    ------
    ValueError
        If a range is outside of `packed`.
    """
    if np.any(begins > ends) or (len(ends) and int(ends.max()) * width > len(packed)):
        raise ValueError("a range of postings is outside of the index")
    lengths = (ends - begins).astype(np.int64)
    numbers = np.repeat(np.arange(len(begins), dtype=np.uint32), lengths)
    first = begins.astype(np.int64) - (np.cumsum(lengths) - lengths)
    where = np.repeat(first, lengths) + np.arange(len(numbers))
    values = np.zeros((len(where), 8), np.uint8)
    values[:, :width] = packed[: len(packed) // width * width].reshape(-1, width)[where]
    return values.view("<u8").reshape(-1).astype(np.uint64), numbers


def vote(
    postings: Postings,
    begins: NDArray[np.uint64],
    ends: NDArray[np.uint64],
    positions: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    bin_width: int,
    min_votes: int,
) -> NDArray[np.void]:
    """Find the diagonals of items on which seeds of a query line up.

    Diagonals are counted in bins of `bin_width`; every query seed counts once a bin.  A bin is kept if it and one of
    its neighbours together have `min_votes`, so that any `min_votes` seeds within `bin_width` diagonals are found.
    Kept bins that touch are one band, whose votes are those of its best pair of neighbours.

    Parameters
    ----------
    postings : Postings
    begins, ends : ndarray of uint64, shape (q,)
        The postings of each query seed, half-open.
    positions : ndarray of uint32, shape (q,)
        Where each query seed starts.
    flags : ndarray of uint8, shape (q,)
        Flags of the query seeds.
    bin_width : int
        1 to 2**30.
    min_votes : int
        At least 1.

    Returns
    -------
    ndarray of BAND, shape (m,)
        By item, then most votes first, then flag, then diagonal.

    Raises
    ------
    ValueError
        If shapes do not fit, a range is outside of the postings or a posting outside of the items.
    """
    arrays = _checked(postings, begins, ends, positions, flags, bin_width, min_votes)
    if native.compiled is None:
        return vote_reference(postings, *arrays, bin_width, min_votes)
    return np.frombuffer(native.compiled.vote(*_given(postings, arrays, bin_width, min_votes)), BAND)


def _checked(
    postings: Postings,
    begins: NDArray[np.uint64],
    ends: NDArray[np.uint64],
    positions: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    bin_width: int,
    min_votes: int,
) -> _Asked:
    arrays = _Asked(
        np.ascontiguousarray(begins, np.uint64),
        np.ascontiguousarray(ends, np.uint64),
        np.ascontiguousarray(positions, np.uint32),
        np.ascontiguousarray(flags, np.uint8),
    )
    if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1:
        raise ValueError("begins, ends, positions and flags must be as many")
    if not (1 <= bin_width <= MAX_BIN and min_votes >= 1 and 1 <= postings.width <= 8):
        raise ValueError("bin_width, min_votes or width is out of range")
    return arrays


def _given(postings: Postings, arrays: _Asked, bin_width: int, min_votes: int) -> tuple[Any, ...]:
    settings = (postings.width, postings.shift, postings.flag_bits, bin_width, min(min_votes, 2**32 - 1))
    return postings.packed, np.ascontiguousarray(postings.item_starts, np.uint64), *arrays, settings


def line_up(
    postings: Postings,
    begins: NDArray[np.uint64],
    ends: NDArray[np.uint64],
    positions: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    bin_width: int,
    min_votes: int,
) -> NDArray[np.void]:
    """Find the single seeds that line up, as :func:`vote` finds where they do.

    Parameters
    ----------
    postings, begins, ends, positions, flags, bin_width, min_votes
        As for :func:`vote`.

    Returns
    -------
    ndarray of ANCHOR, shape (m,)
        By item, flag and diagonal: every seed in a bin which, with one of its neighbours, holds `min_votes`.  Where
        `min_votes` is more than 1, there may be others.

    Raises
    ------
    ValueError
        As for :func:`vote`.
    """
    arrays = _checked(postings, begins, ends, positions, flags, bin_width, min_votes)
    if native.compiled is None:
        return line_up_reference(postings, *arrays, bin_width, min_votes)
    return np.frombuffer(native.compiled.anchors(*_given(postings, arrays, bin_width, min_votes)), ANCHOR)


def line_up_reference(
    postings: Postings,
    begins: NDArray[np.uint64],
    ends: NDArray[np.uint64],
    positions: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    bin_width: int,
    min_votes: int,
) -> NDArray[np.void]:
    """NumPy oracle of :func:`line_up`; it leaves out no more than that may be left out, and gives nothing else."""
    seeds, axis, opposite, items, diagonal = _hits(postings, _Asked(begins, ends, positions, flags))
    found = np.zeros(len(axis), ANCHOR)
    found["item"], found["flag"], found["seed"] = items, opposite, seeds
    found["target"] = axis - postings.item_starts[items].astype(np.int64)
    order = np.lexsort((diagonal, opposite, items))
    bins = _bins(diagonal, positions, bin_width)
    place = items * 2 + opposite
    held: dict[tuple[int, int], int] = {}
    for at in zip(place.tolist(), bins.tolist(), strict=True):
        held[at] = held.get(at, 0) + 1
    beside = [
        held[p, b] + max(held.get((p, b - 1), 0), held.get((p, b + 1), 0))
        for p, b in zip(place[order].tolist(), bins[order].tolist(), strict=True)
    ]
    return found[order[np.array(beside, np.int64) >= min_votes]]


def vote_best(
    postings: Postings,
    begins: NDArray[np.uint64],
    ends: NDArray[np.uint64],
    positions: NDArray[np.uint32],
    weights: NDArray[np.float32],
    readings: NDArray[np.uint32],
    place: Place,
    wanted: NDArray[np.uint8] | None = None,
) -> NDArray[np.void]:
    """Find the diagonals that get the most weighted votes.

    Each seed of the query gives its weight to the bins of its postings' diagonals.  A place is a pair of neighbouring
    bins that has no less than the pair before it and more than the pair after it.

    Parameters
    ----------
    postings : Postings
        Without flags that count.
    begins, ends : ndarray of uint64, shape (q,)
    positions : ndarray of uint32, shape (q,)
    weights : ndarray of float32, shape (q,)
    readings : ndarray of uint32, shape (q,)
        Ascending; seeds of different readings vote apart.
    place : Place
    wanted : ndarray of uint8, shape (items,), optional
        Items with 0 get no places.

    Returns
    -------
    ndarray of BEST, shape (m,)
        Most votes first, then by reading, then by diagonal; at most ``place.most``.

    Raises
    ------
    ValueError
        If shapes do not fit or a range is outside of the postings.
    """
    given = (
        np.ascontiguousarray(begins, np.uint64),
        np.ascontiguousarray(ends, np.uint64),
        np.ascontiguousarray(positions, np.uint32),
        np.ascontiguousarray(weights, np.float32),
        np.ascontiguousarray(readings, np.uint32),
    )
    if len({array.shape for array in given}) != 1 or place.bin_width & (place.bin_width - 1) or place.bin_width < 1:
        raise ValueError("seeds of a question must be as many, and its bins a power of two wide")
    if native.compiled is None:
        return vote_best_reference(postings, *given, place, wanted)
    settings = (postings.width, postings.shift, postings.flag_bits, place.bin_width.bit_length() - 1)
    starts = np.ascontiguousarray(postings.item_starts, np.uint64)
    asked = b"" if wanted is None else np.ascontiguousarray(wanted, np.uint8)
    found = native.compiled.vote_best(
        postings.packed, starts, *given, asked, (*settings, place.axis, place.span, place.most)
    )
    return np.frombuffer(found, BEST)


@dataclass(frozen=True, slots=True)
class Place:
    """What :func:`vote_best` takes for a place: bins of this width on an axis of this length, a query of this span."""

    axis: int
    span: int
    bin_width: int
    most: int


def vote_weights(place: Place, counts: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Return the weight of the vote of each seed, by how many postings it has: the rarer, the more.

    Parameters
    ----------
    place : Place
    counts : ndarray of uint64, shape (q,)
        A seed without postings has no vote, whatever its weight.

    Returns
    -------
    ndarray of float32, shape (q,)
    """
    held = np.maximum(counts.astype(np.float64), 1)
    return np.log1p(place.axis / place.bin_width / (COMMON * held)).astype(np.float32)


def vote_best_reference(
    postings: Postings,
    begins: NDArray[np.uint64],
    ends: NDArray[np.uint64],
    positions: NDArray[np.uint32],
    weights: NDArray[np.float32],
    readings: NDArray[np.uint32],
    place: Place,
    wanted: NDArray[np.uint8] | None = None,
) -> NDArray[np.void]:
    """NumPy oracle of :func:`vote_best`; the order of a sum of weights may differ."""
    values, seeds = gather_postings(postings.packed, postings.width, begins, ends)
    axis = ((values >> np.uint64(postings.flag_bits)) << np.uint64(postings.shift)).astype(np.int64)
    bias = int(positions.max(initial=0))
    bins = (axis - positions[seeds].astype(np.int64) + bias) // place.bin_width
    count = (place.axis + bias) // place.bin_width + 2
    found = []
    for reading in np.unique(readings).tolist():
        votes = np.zeros(count, np.float64)
        mine = readings[seeds] == reading
        np.add.at(votes, bins[mine], weights[seeds][mine].astype(np.float64))
        pairs = votes[:-1] + votes[1:]
        high = (pairs > 0) & (pairs >= np.append(0, pairs[:-1])) & (pairs > np.append(pairs[1:], 0))
        diagonals = (np.flatnonzero(high) + 1) * place.bin_width - bias
        middles = diagonals + place.span // 2
        items = np.searchsorted(postings.item_starts.astype(np.int64), middles, side="right") - 1
        held = (middles >= 0) & (middles < place.axis) & (items >= 0)
        if wanted is not None:
            held &= wanted[np.maximum(items, 0)] > 0
        best = np.zeros(int(held.sum()), BEST)
        best["diagonal"], best["item"], best["reading"] = diagonals[held], items[held], reading
        best["votes"], best["expected"] = pairs[high][held], _by_chance(postings, place, pairs, bias)[items[held]]
        found.append(best)
    every = np.concatenate(found) if found else np.empty(0, BEST)
    return every[np.lexsort((every["diagonal"], every["reading"], -every["votes"]))][: place.most]


def _by_chance(postings: Postings, place: Place, pairs: NDArray[np.float64], bias: int) -> NDArray[np.float64]:
    """Return for each item what the best place would get by chance: in it, or anywhere if that is more."""
    edges = np.append(postings.item_starts.astype(np.int64), place.axis)
    bins = np.clip((edges - place.span // 2 + bias) >> (place.bin_width.bit_length() - 1), 0, len(pairs))
    anywhere = _best_of_normal(pairs)
    best = np.full(len(edges) - 1, anywhere)
    for item, (low, high) in enumerate(pairwise(bins.tolist())):
        if high > low:
            best[item] = max(anywhere, _best_of_normal(pairs[low:high]))
    return best


def _best_of_normal(pairs: NDArray[np.float64]) -> float:
    return float(pairs.mean() + np.sqrt(pairs.var() * 2 * np.log(len(pairs))))


def vote_reference(
    postings: Postings,
    begins: NDArray[np.uint64],
    ends: NDArray[np.uint64],
    positions: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    bin_width: int,
    min_votes: int,
) -> NDArray[np.void]:
    """NumPy oracle of :func:`vote`."""
    seeds, _, opposite, items, diagonal = _hits(postings, _Asked(begins, ends, positions, flags))
    if not len(seeds):
        return np.empty(0, BAND)
    bins = _bins(diagonal, positions, bin_width)
    return _bands(items, opposite.astype(np.int64), bins, diagonal, seeds, min_votes)


def _hits(
    postings: Postings, asked: _Asked
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Return for each posting its query seed, axis position, whether the flags differ, its item and its diagonal."""
    values, seeds = gather_postings(postings.packed, postings.width, asked.begins, asked.ends)
    axis = ((values >> np.uint64(postings.flag_bits)) << np.uint64(postings.shift)).astype(np.int64)
    opposite = (values & np.uint64(2**postings.flag_bits - 1)).astype(np.int64) != asked.flags[seeds]
    items = np.searchsorted(postings.item_starts, axis.astype(np.uint64), side="right").astype(np.int64) - 1
    if len(items) and items.min() < 0:
        raise ValueError("a posting lies before the first item")
    where = asked.positions[seeds].astype(np.int64)
    return seeds, axis, opposite, items, np.where(opposite, axis + where, axis - where)


def _bins(diagonal: NDArray[np.int64], positions: NDArray[np.uint32], bin_width: int) -> NDArray[np.int64]:
    bias = (int(positions.max(initial=0)) // bin_width + 1) * bin_width
    return (diagonal + bias) // bin_width


def _bands(
    items: NDArray[np.int64],
    opposite: NDArray[np.int64],
    bins: NDArray[np.int64],
    diagonal: NDArray[np.int64],
    seeds: NDArray[np.uint32],
    min_votes: int,
) -> NDArray[np.void]:
    order = np.lexsort((diagonal, bins, opposite, items))
    group = np.stack([items, opposite, bins], axis=1)[order]
    first = np.flatnonzero(np.concatenate([[True], np.any(group[1:] != group[:-1], axis=1)]))
    label = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(order))))
    distinct = np.unique(np.stack([label, seeds[order].astype(np.int64)], axis=1), axis=0)[:, 0]
    votes = np.bincount(distinct, minlength=len(first))
    heads = group[first]
    touches = np.all(heads[1:] - heads[:-1] == [0, 0, 1], axis=1)
    after = np.append(np.where(touches, votes[1:], 0), 0)
    before = np.concatenate([[0], np.where(touches, votes[:-1], 0)])
    pair = votes + np.maximum(before, after)
    kept = np.flatnonzero(pair >= min_votes)
    if not len(kept):
        return np.empty(0, BAND)
    fresh = np.concatenate([[True], (np.diff(kept) != 1) | ~touches[kept[1:] - 1]])
    starts = np.flatnonzero(fresh)
    lasts = np.append(starts[1:], len(kept)) - 1
    ends = np.append(first[1:], len(order)) - 1
    bands = np.zeros(len(starts), BAND)
    bands["item"], bands["flag"] = heads[kept[starts], 0], heads[kept[starts], 1]
    bands["low"] = diagonal[order][first[kept[starts]]]
    bands["high"] = diagonal[order][ends[kept[lasts]]]
    bands["votes"] = np.maximum.reduceat(pair[kept], starts)
    bands["seeds"] = np.add.reduceat(votes[kept], starts)
    return bands[np.lexsort((bands["low"], bands["flag"], -bands["votes"].astype(np.int64), bands["item"]))]
