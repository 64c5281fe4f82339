"""A chain of residues that is looked for, and from which scores on an alignment with it counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nlsearch.handlers.sequences.matrices import Scheme
from nlsearch.kernels.residues import CAP, ungapped_scores
from nlsearch.model import Extent

__all__ = ["Bounds", "Sought", "enough_ungapped"]

ENOUGH_BITS = 22.5
"""A target whose best ungapped score has so many bits (43 of BLOSUM62) is compared with gaps too."""
ENOUGH_SHARE = 0.7
"""The same for one whose ungapped score is this share of the least score with gaps, where that is less."""


@dataclass(frozen=True, eq=False)
class Sought:
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


@dataclass(frozen=True, slots=True)
class Bounds:
    """When an alignment counts.

    Parameters
    ----------
    space : int
        The search space of E-values.
    least : float
        The raw score whose E-value is just low enough.
    enough : int
        From which capped ungapped score on a stretch is compared with gaps too; 0 if all are.
    identity : float
        Least share of matches among the columns.
    composition : bool
        Whether it is worth less where its stretches are of biased composition.
    """

    space: int
    least: float
    enough: int
    identity: float
    composition: bool


def enough_ungapped(scheme: Scheme, least: float) -> int:
    """Return from which capped ungapped score on a target may reach `least` with gaps."""
    bound = min(scheme.ungapped.raw_score(ENOUGH_BITS), ENOUGH_SHARE * least)
    return max(1, min(CAP, math.ceil(bound)))
