"""What a similarity operator asks, opened from its probe: the chains to look for, and from which scores on they count.

A query of nucleotides asks for up to six chains, one a frame; each is looked for on its own, with its own length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.matrices import scheme_of
from nlsearch.handlers.sequences.sought import Bounds, Sought, enough_ungapped
from nlsearch.model import Extent


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
        self.chains: list[Sought] = [Sought(codes, frame, self.scheme) for frame, codes in facts["chains"]]
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
        return enough_ungapped(self.scheme, self.least(number, target_length))

    def bounds(self, number: int, target_length: int) -> Bounds:
        """Return when an alignment of a chain with a target of so many residues counts."""
        at = (number, target_length)
        return Bounds(self.space(*at), self.least(*at), self.enough(*at), self.identity, self.composition)

    def for_each(
        self, bound: Callable[[int, int], float], number: int, lengths: Iterable[int]
    ) -> NDArray[np.float64] | float:
        """Return a bound (:meth:`least`, :meth:`enough`) of a chain: one, or one for each length; shape (n,)."""
        if self._searched:
            return float(bound(number, 0))
        return np.array([float(bound(number, length)) for length in lengths], np.float64)
