"""The matrices to choose from, with their gap costs and what is known of chance scores under them.

Conventions
-----------
Matrices are those of NCBI, in half or third bits, as Biopython has them.  Letters that these lack score as in BLAST+:
selenocysteine U as cysteine, pyrrolysine O as X, J as the mean of leucine and isoleucine, rounded up.

References
----------
Henikoff & Henikoff, PNAS 1992 89:10915.  Dayhoff, Schwartz & Orcutt, Atlas of Protein Sequence and Structure 1978
5:345.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.aminoacids import LETTERS
from nlsearch.handlers.sequences.statistics import GAPS, Statistics, protein_statistics

__all__ = ["MATRICES", "Scheme", "scheme_of"]

MATRICES: tuple[str, ...] = tuple(GAPS)


@dataclass(frozen=True, eq=False)
class Scheme:
    """A matrix with its gap costs.

    Parameters
    ----------
    name : str
    matrix : ndarray of int8, shape (27, 27)
    gap_open, gap_extend : int
        A gap of *n* columns costs ``gap_open + n * gap_extend``.
    gapped, ungapped : Statistics
    """

    name: str
    matrix: NDArray[np.int8]
    gap_open: int
    gap_extend: int
    gapped: Statistics
    ungapped: Statistics


@functools.cache
def scheme_of(name: str) -> Scheme:
    """Return the scheme of one of :data:`MATRICES`."""
    from Bio.Align import substitution_matrices

    gapped, ungapped = protein_statistics(name, *GAPS[name]), protein_statistics(name, None, None)
    assert gapped is not None  # noqa: S101 - GAPS lists what is tabled
    assert ungapped is not None  # noqa: S101 - as above
    loaded = substitution_matrices.load(name)  # type: ignore[no-untyped-call]
    known = np.array([[loaded[a, b] for b in str(loaded.alphabet)] for a in str(loaded.alphabet)])
    order = [str(loaded.alphabet).index(letter) for letter in LETTERS[: len(str(loaded.alphabet))]]
    return Scheme(name, _with_rare(known[np.ix_(order, order)]), *GAPS[name], gapped, ungapped)


def _with_rare(known: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return the scores of all letters from those of the first 24."""
    alike = {"U": "C", "O": "X"}
    weights = np.zeros((len(LETTERS), len(known)))
    for row, letter in enumerate(LETTERS):
        for one in "IL" if letter == "J" else alike.get(letter, letter):
            weights[row, LETTERS.index(one)] = 0.5 if letter == "J" else 1.0
    matrix = np.ceil(weights @ known @ weights.T).astype(np.int8)
    matrix.flags.writeable = False
    return matrix
