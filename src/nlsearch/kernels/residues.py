"""Local alignment of protein sequences: ungapped and gapped scores of many targets, and one alignment.

All are exact and exhaustive: every diagonal, every cell.  A gap of *n* columns costs ``gap_open + n * gap_extend``, as
in BLAST.  Each has a slow obvious oracle in :mod:`nlsearch.kernels.residueoracles`, which is also what runs without
the C extension.

Conventions
-----------
A residue is one byte, the index of its letter in :data:`LETTERS`.  A record is a buffer that says at `length_at` how
many residues it has (little-endian, 32 bits) and holds them from `offset` on.  Other bytes among a target's residues
are foreign: they score −128 beside all, and no gap ends an alignment with one.  Positions are 0-based and half-open.

Ties are broken one way, so that the scores of many and the alignment of one speak of the same alignment: it ends at
the first target position, there at the first query position, that has the best score; backwards from there a column
of two residues goes before a gap in the query, and that before a gap in the target; a gap opens as late as it can.

References
----------
.. [1] Smith & Waterman (1981). Identification of common molecular subsequences. J. Mol. Biol. 147, 195.
.. [2] Gotoh (1982). An improved algorithm for matching biological sequences. J. Mol. Biol. 162, 705.
.. [3] Rognes (2011). Faster Smith-Waterman database searches with inter-sequence SIMD parallelisation.
       BMC Bioinformatics 12, 221.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels import native

__all__ = [
    "CAP",
    "LETTERS",
    "PLACE",
    "Alignment",
    "align_residues",
    "local_places",
    "smith_waterman",
    "ungapped_scores",
]

Buffer: TypeAlias = bytes | memoryview
Matrix: TypeAlias = NDArray[np.int8]

LETTERS = "ARNDCQEGHILKMFPSTWYVBZX*UOJ"
"""The first 24 in the order of NCBI's matrices; then selenocysteine, pyrrolysine, and leucine or isoleucine."""
CAP = 90
"""Ungapped scores are clipped here; with twice the highest score of a matrix it may not exceed 127."""
PLACE = np.dtype([("q_start", "<i4"), ("q_end", "<i4"), ("t_end", "<i4"), ("matches", "<i4"), ("columns", "<i4")])
"""Where the best alignment of a target lies, and what it is made of."""
_BLOCK = 8192
_FEW = 3
"""So few targets take less time one by one than beside each other."""


class Alignment(NamedTuple):
    """The best local alignment: its score, its half-open ranges, and its columns.

    ``runs`` are (length, operation): ``=`` the same residues, ``X`` others, ``I`` only in the query, ``D`` only in the
    target.  Without any score above 0 all is 0 and there are none.
    """

    score: int
    q_start: int
    q_end: int
    t_start: int
    t_end: int
    runs: list[tuple[int, str]]

    @property
    def matches(self) -> int:
        """Columns with the same residue twice."""
        return sum(length for length, operation in self.runs if operation == "=")

    @property
    def columns(self) -> int:
        """All columns."""
        return sum(length for length, _ in self.runs)


def ungapped_scores(
    matrix: Matrix,
    query: bytes,
    records: Sequence[Buffer],
    *,
    offset: int,
    length_at: int,
    cap: int = CAP,
) -> NDArray[np.uint8]:
    """Return the best score that each target reaches on any diagonal, without gaps, clipped at `cap`.

    Parameters
    ----------
    matrix : ndarray of int8, shape (27, 27)
        Scores of the query's residue (row) beside the target's.
    query : bytes
        Codes.
    records : sequence of bytes or memoryview
    offset, length_at : int
        Where a record has its residues and their number.
    cap : int
        ≥ 1.

    Returns
    -------
    ndarray of uint8, shape (n,)

    Raises
    ------
    ValueError
        If a record is none, a code of the query is none, or the cap is too high for the matrix.
    """
    _check(matrix, query)
    if cap < 1 or cap + 2 * max(0, int(matrix.max())) > 127:
        raise ValueError("the cap and two scores of the matrix exceed 127")
    if native.compiled is None:
        from nlsearch.kernels.residueoracles import ungapped_reference

        scores = [ungapped_reference(matrix, query, one, cap) for one in _targets(records, offset, length_at)]
        return np.array(scores, np.uint8)
    out, listed = np.zeros(len(records), np.uint8), list(records)
    for start in range(0, len(listed), _BLOCK):
        part = slice(start, start + _BLOCK)
        native.compiled.score_ungapped(matrix, query, cap, listed[part], offset, length_at, out[part])
    return out


def smith_waterman(
    matrix: Matrix,
    query: bytes,
    records: Sequence[Buffer],
    *,
    offset: int,
    length_at: int,
    gap_open: int = 11,
    gap_extend: int = 1,
) -> NDArray[np.int32]:
    """Return the best local score of each target.

    Parameters
    ----------
    matrix, query, records, offset, length_at
        As in :func:`ungapped_scores`.
    gap_open, gap_extend : int
        0 to 1000 and 1 to 1000.

    Returns
    -------
    ndarray of int32, shape (n,)

    Raises
    ------
    ValueError
        As :func:`ungapped_scores`, or if the costs are out of range.
    """
    _check(matrix, query)
    if native.compiled is None:
        targets = _targets(records, offset, length_at)
        found = [align_residues(matrix, query, one, gap_open=gap_open, gap_extend=gap_extend).score for one in targets]
        return np.array(found, np.int32)
    out, listed = np.zeros(len(records), np.int32), list(records)
    for start in range(0, len(listed), _BLOCK):
        part = slice(start, start + _BLOCK)
        native.compiled.score_gapped(
            matrix, query, gap_open, gap_extend, listed[part], offset, length_at, None, out[part]
        )
    for at in np.flatnonzero(out < 0).tolist():  # beyond 16 bits
        target = _targets([listed[at]], offset, length_at)[0]
        out[at] = align_residues(matrix, query, target, gap_open=gap_open, gap_extend=gap_extend).score
    return out


def local_places(
    matrix: Matrix,
    query: bytes,
    records: Sequence[Buffer],
    scores: NDArray[np.int32],
    *,
    offset: int,
    length_at: int,
    gap_open: int = 11,
    gap_extend: int = 1,
) -> NDArray[Any]:
    """Return where the best alignment of each target lies, without writing it out.

    Parameters
    ----------
    matrix, query, records, offset, length_at, gap_open, gap_extend
        As in :func:`smith_waterman`.
    scores : ndarray of int32, shape (n,)
        What that returns for the same targets.

    Returns
    -------
    ndarray of :data:`PLACE`, shape (n,)
        Those of :func:`align_residues`; all 0 where the score is.
    """
    _check(matrix, query)
    out, listed = np.zeros(len(records), PLACE), list(records)
    goals = np.ascontiguousarray(scores, np.int32)
    if native.compiled is not None and len(listed) > _FEW:
        for start in range(0, len(listed), _BLOCK):
            part = slice(start, start + _BLOCK)
            numbers = out[part].view(np.int32)
            native.compiled.score_gapped(
                matrix, query, gap_open, gap_extend, listed[part], offset, length_at, goals[part], numbers
            )
    for at in np.flatnonzero((out["columns"] == 0) & (goals > 0)).tolist():
        target = _targets([listed[at]], offset, length_at)[0]
        found = align_residues(matrix, query, target, gap_open=gap_open, gap_extend=gap_extend)
        out[at] = (found.q_start, found.q_end, found.t_end, found.matches, found.columns)
    return out


def align_residues(
    matrix: Matrix, query: bytes, target: Buffer, *, gap_open: int = 11, gap_extend: int = 1
) -> Alignment:
    """Return the best local alignment of two sequences.

    It keeps 16 million cells at most; a larger table takes twice the time, and memory for some of its columns.

    Parameters
    ----------
    matrix : ndarray of int8, shape (27, 27)
    query : bytes
        Codes.
    target : bytes or memoryview
        Codes.
    gap_open, gap_extend : int

    Raises
    ------
    ValueError
        As :func:`smith_waterman`.
    """
    _check(matrix, query)
    if native.compiled is None:
        from nlsearch.kernels.residueoracles import align_reference

        return align_reference(matrix, query, bytes(target), gap_open, gap_extend)
    return Alignment(*native.compiled.align_residues(matrix, query, target, gap_open, gap_extend))


def _check(matrix: Matrix, query: bytes) -> None:
    if matrix.dtype != np.int8 or matrix.shape != (len(LETTERS), len(LETTERS)) or not matrix.flags.c_contiguous:
        raise ValueError("a matrix has 27 rows of 27 scores of 8 bits")
    if query and max(query) >= len(LETTERS):
        raise ValueError("a byte of the query is no code")


def _targets(records: Sequence[Buffer], offset: int, length_at: int) -> list[bytes]:
    targets = []
    for record in records:
        length = int.from_bytes(record[length_at : length_at + 4], "little")
        target = bytes(record[offset : offset + length])
        if len(record) < max(offset, length_at + 4) or len(target) < length:
            raise ValueError("not a record of residues")
        targets.append(target)
    return targets
