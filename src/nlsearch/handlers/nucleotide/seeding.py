"""Seeds: closed syncmers of 11 letters with 9-letter words, canonical over both strands (Edgar, PeerJ 2021 9:e10805).

Every run of 12 A, C, G, T holds at least one (``2 k − s − 1``), and a seed is a seed wherever it occurs: whether a
word is one depends on the word alone.  So an exact copy of a query has all of its seeds, on one diagonal.

Conventions
-----------
A diagonal is position in target − position in query.  The minus strand is the query's reverse complement on the
target's forward strand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.packed import Packed
from nlsearch.kernels import syncmers
from nlsearch.model import Anchors, Seeds

K, S = 11, 9
KEY_BITS = 2 * K - 1
SURE_RUN = 2 * K - S - 1
"""Every run of so many definite letters holds a seed."""
SEEDED_BASES = 80_000_000
"""Longer records carry no seeds (an answer of a worker is bounded); they are scanned instead."""
BIN = 160
"""Width of a diagonal bin here; bins overlap by half, so each holds any bin of 64 of the seed index whole."""
MANY_SEEDS = 20_000
MOST_SHIFT = 48
"""Edits that move a copy's diagonal by less than a bin of the seed index (64, less the rounding of positions)."""
_STEP = 2**22


def seeds_of(sequence: Packed) -> Seeds:
    """Return all seeds of a sequence, computed window by window."""
    parts = [_seeds(sequence.codes(at, min(at + _STEP + K - 1, sequence.length)), at) for at in _starts(sequence)]
    keys, positions, flags = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Seeds(keys, positions, sequence.length, flags)


def _starts(sequence: Packed) -> range:
    return range(0, max(sequence.length - K + 1, 1), _STEP)


def _seeds(codes: bytes, start: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint8]]:
    keys, positions, flags = syncmers(codes, K, S)
    return keys, positions + np.uint32(start), flags


@dataclass(frozen=True, slots=True)
class SeedList:
    """Seeds of a stretch: ``words`` are ``key * 2 + flag``, ascending for a query; ``positions`` are parallel."""

    words: NDArray[np.uint32]
    positions: NDArray[np.int64]

    @classmethod
    def of(cls, codes: bytes, offset: int = 0) -> SeedList:
        """Find the seeds of `codes`, ascending by position."""
        keys, positions, flags = syncmers(codes, K, S)
        return cls(keys * np.uint32(2) + flags, positions.astype(np.int64) + offset)

    def by_word(self) -> SeedList:
        """Return the same seeds, ascending by word, as a query needs them."""
        order = np.argsort(self.words, kind="stable")
        return SeedList(self.words[order], self.positions[order])

    def among(self, query: SeedList) -> SeedList:
        """Return the seeds whose words the query has too, on either strand."""
        known = np.zeros(2 ** (KEY_BITS + 1), np.bool_)
        known[query.words] = known[query.words ^ np.uint32(1)] = True
        kept = known[self.words]
        return SeedList(self.words[kept], self.positions[kept])


def matches_of(query: SeedList, target: SeedList) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs ``(query positions, target positions)`` of equal seeds."""
    target = target.among(query) if len(target.words) > MANY_SEEDS else target
    first = np.searchsorted(query.words, target.words, "left")
    counts = np.searchsorted(query.words, target.words, "right") - first
    total = int(counts.sum())
    if not total:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    return query.positions[np.repeat(first, counts) + within], np.repeat(target.positions, counts)


def anchors_of(query: SeedList, target: SeedList) -> Anchors:
    """Return all seeds that a query and one target share, on both strands, as the seed index would.

    The words of `query` ascend (:meth:`SeedList.by_word`).
    """
    found = [matches_of(query, target), matches_of(query, SeedList(target.words ^ np.uint32(1), target.positions))]
    queries, targets = (np.concatenate(column) for column in zip(*found, strict=True))
    flags = np.repeat(np.array([0, 1], np.uint8), [len(found[0][0]), len(found[1][0])])
    order = np.lexsort((np.where(flags, targets + queries, targets - queries), flags))
    items = np.zeros(len(order), np.uint32)
    return Anchors(items, flags[order], queries[order].astype(np.uint32), targets[order])


def places(query: SeedList, target: SeedList, votes: int) -> list[tuple[int, int]]:
    """Return the diagonals [low, high] of the bins in which at least `votes` seeds lie, however far apart."""
    q, t = matches_of(query, target)
    found = []
    for shift in (0, BIN // 2):
        bins, counts = np.unique((t - q + shift) // BIN, return_counts=True)
        found += [(at * BIN - shift, (at + 1) * BIN - shift - 1) for at in bins[counts >= votes].tolist()]
    return found


def disjoint_seeds(positions: NDArray[np.int64]) -> int:
    """Return the greatest number of seeds of which no two overlap (earliest end first)."""
    count, free = 0, -1
    for position in np.sort(positions).tolist():
        if position >= free:
            count, free = count + 1, position + K
    return count


def untouched_seeds(positions: NDArray[np.int64], edits: int) -> int:
    """Return how many seeds lie on nearby diagonals after `edits` edits, at the least; never below 1.

    One edit touches the seeds over one letter.  Diagonals of what is left differ by at most `edits`: they are cut into
    stretches of :data:`MOST_SHIFT`, of which one has its share.
    """
    if not len(positions):
        return 1
    left = len(positions) - most_touched(positions, edits)
    stretches = edits // (MOST_SHIFT + 1) + 1
    return max(1, -(-left // stretches))


def most_touched(positions: NDArray[np.int64], edits: int) -> int:
    """Return the greatest number of seeds that `edits` letters can touch.

    Dynamic programming over the place of the last letter: a letter at *p* after one at *o* newly touches the seeds that
    start in (max(*o*, *p* − K), *p*].
    """
    length = int(positions.max()) + K
    starts = np.bincount(positions, minlength=length)
    before = np.concatenate([np.zeros(K, np.int64), np.cumsum(starts)])  # before[p + K]: seeds that start up to p
    here, floor = before[K:], before[:length]
    best = here - floor
    for _ in range(edits - 1):
        reach = np.maximum.accumulate(np.concatenate([np.zeros(K, np.int64), best]))[:length]
        fresh = reach + here - floor
        for step in range(1, K):
            fresh[step:] = np.maximum(fresh[step:], best[:-step] + here[step:] - here[:-step])
        if np.array_equal(fresh, best):
            break
        best = fresh
    return int(best.max()) if edits else 0
