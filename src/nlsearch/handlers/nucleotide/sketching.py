"""Sketches of sequences, and what two of them say: containment, similarity, and the identity that follows (ANI).

Conventions
-----------
A sketch is the set of hashes up to :data:`MOST_HASH` of all words of 31 letters (k) on either strand, one in a thousand
(scaled); words with an ambiguous letter have none.  Numbers are those of sourmash 4 for the same k and scaled.

References
----------
FracMinHash and its bias: Hera et al., Genome Res 2023 33:1061.  ANI: Rahman Hera, Pierce-Ward & Koslicki, ibid.
sourmash: Brown & Irber, J. Open Source Softw. 2016 1:27.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.packed import Packed
from nlsearch.kernels import SKETCH_K, sketch

SCALED = 1000
MOST_HASH = round(2**64 / SCALED)
PRESENT = 2**64 - 1
"""A term that every item with a sketch has, beside its hashes; it is above :data:`MOST_HASH`."""
_STEP = 2**20
Hashes = NDArray[np.uint64]


def sketch_of(sequence: Packed) -> Hashes:
    """Return the sketch of a sequence, ascending, computed window by window."""
    starts = range(0, max(sequence.length - SKETCH_K + 1, 0), _STEP)
    pieces = (sequence.codes(at, min(at + _STEP + SKETCH_K - 1, sequence.length)) for at in starts)
    return union(sketch(piece, MOST_HASH) for piece in pieces)


def union(sketches: Iterable[Hashes]) -> Hashes:
    """Return the hashes of all sketches, each once."""
    return np.unique(np.concatenate([np.empty(0, np.uint64), *sketches]))


def terms_of(hashes: Hashes) -> Hashes:
    """Return the structural terms of an item with this sketch; none for an empty one."""
    return np.append(hashes, np.uint64(PRESENT)) if len(hashes) else hashes


def shared(a: Hashes, b: Hashes) -> int:
    """Count the hashes that both sketches have."""
    few, many = (a, b) if len(a) <= len(b) else (b, a)
    if not len(few):
        return 0
    places = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return int((many[places] == few).sum())


def containment(common: int, own: int) -> float:
    """Return which share of a sketch of `own` hashes is in another that has `common` of them, without its bias."""
    if not common:
        return 0.0
    bias: float = 1.0 - (1.0 - 1.0 / SCALED) ** float(own * SCALED)
    return min(1.0, common / (own * bias))


def ani_of(contained: float) -> float:
    """Return the average nucleotide identity that a containment stands for, from 0 to 1."""
    if contained in {0.0, 1.0}:
        return contained
    distance: float = 1.0 - contained ** (1.0 / SKETCH_K)
    return 1.0 - distance


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a query's sketch and an item's have in common: numbers of hashes."""

    common: int
    query: int
    item: int

    @property
    def query_in_item(self) -> float:
        """Containment of the query in the item."""
        return containment(self.common, self.query)

    @property
    def item_in_query(self) -> float:
        """Containment of the item in the query."""
        return containment(self.common, self.item)

    @property
    def similarity(self) -> float:
        """Jaccard's index of both sketches."""
        return self.common / max(1, self.query + self.item - self.common)

    def is_enough(self, least: float) -> bool:
        """Say whether they share a hash and one contains at least such a share of the other."""
        return self.common > 0 and max(self.query_in_item, self.item_in_query) >= least
