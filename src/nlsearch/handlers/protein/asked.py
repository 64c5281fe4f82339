"""What a similarity operator asks, opened from its probe: the chains to look for, and from which scores on they count.

A query of nucleotides asks for up to six chains, one a frame; each is looked for on its own, with its own length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.matrices import Scheme, scheme_of
from nlsearch.kernels.residues import CAP, ungapped_scores
from nlsearch.model import Extent

ENOUGH_BITS = 22.5
"""A target whose best ungapped score has so many bits (43 of BLOSUM62) is compared with gaps too."""
ENOUGH_SHARE = 0.7
"""The same for one whose ungapped score is this share of the least score with gaps, where that is less."""


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain that is looked for.

    Parameters
    ----------
    codes : bytes
    frame : int
        1 to 3 and −1 to −3 for a translated query, else 0.
    scheme : Scheme
    """

    codes: bytes
    frame: int
    scheme: Scheme

    @property
    def length(self) -> int:
        """Residues."""
        return len(self.codes)

    @cached_property
    def own_score(self) -> int:
        """What the whole chain scores beside itself."""
        codes = np.frombuffer(self.codes, np.uint8)
        return int(self.scheme.matrix[codes, codes].sum(dtype=np.int64))

    @cached_property
    def least_of_copy(self) -> int:
        """The least ungapped score, capped, of a target that holds the whole chain."""
        record = len(self.codes).to_bytes(4, "little") + self.codes
        return int(ungapped_scores(self.scheme.matrix, self.codes, [record], offset=4, length_at=0, cap=CAP)[0])

    def space(self, extent: Extent) -> int:
        """Return the search space in all that is searched."""
        return self.scheme.gapped.search_space(self.length, extent.total, max(1, extent.items))

    def evalue(self, raw: float, space: float) -> float:
        """Return the E-value of a raw score."""
        return self.scheme.gapped.expected(raw, space)

    def bit_score(self, raw: int) -> float:
        """Return the bits of a raw score."""
        return self.scheme.gapped.bit_score(raw)


class Asked:
    """A similarity question.

    Parameters
    ----------
    facts : dict
        ``Probe.verification``: chains, length, matrix, evalue, identity, exhaustive, composition (whether an
        alignment is worth less where its stretches are of biased composition), digest (of an example: features
        with the same sequence are hits too).
    searched : Extent, optional
        What there is to search; without it each target stands for itself.
    """

    def __init__(self, facts: dict[str, Any], searched: Extent | None) -> None:
        self.scheme = scheme_of(facts["matrix"])
        self.chains: list[Chain] = [Chain(codes, frame, self.scheme) for frame, codes in facts["chains"]]
        self.length: int = facts["length"]
        self.evalue: float = facts["evalue"]
        self.identity: float = facts["identity"]
        self.exhaustive: bool = facts["exhaustive"]
        self.composition: bool = facts["composition"]
        self.digest: bytes = facts["digest"]
        self._searched = searched
        self._spaces = [chain.space(searched) if searched else 0 for chain in self.chains]

    def space(self, number: int, target_length: int) -> int:
        """Return the search space of a chain, for a target of so many residues."""
        known = self._spaces[number]
        return known or self.chains[number].space(Extent(target_length, 1))

    def least(self, number: int, target_length: int) -> float:
        """Return the raw score whose E-value is just low enough."""
        return self.scheme.gapped.least_score(self.evalue, self.space(number, target_length))

    def enough(self, number: int, target_length: int) -> int:
        """Return from which capped ungapped score on a target is compared with gaps too; 0 if all are."""
        if self.exhaustive:
            return 0
        bound = min(self.scheme.ungapped.raw_score(ENOUGH_BITS), ENOUGH_SHARE * self.least(number, target_length))
        return max(1, min(CAP, math.ceil(bound)))

    def for_each(
        self, bound: Callable[[int, int], float], number: int, lengths: Iterable[int]
    ) -> NDArray[np.float64] | float:
        """Return a bound (:meth:`least`, :meth:`enough`) of a chain: one, or one for each length; shape (n,)."""
        if self._searched:
            return float(bound(number, 0))
        return np.array([float(bound(number, length)) for length in lengths], np.float64)
