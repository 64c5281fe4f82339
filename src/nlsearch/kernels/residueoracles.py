"""The slow obvious versions of :mod:`nlsearch.kernels.residues`: its oracles, and what runs without the C extension."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels.residues import LETTERS, Alignment, Matrix

__all__ = ["align_reference", "score_table", "ungapped_reference"]

_FOREIGN = -128
_Table = list[list[int]]


def score_table(matrix: Matrix, query: bytes, target: bytes) -> NDArray[np.int64]:
    """Return what each residue of the query (row) scores beside each of the target."""
    wide = np.full((len(LETTERS), 256), _FOREIGN, np.int64)
    wide[:, : len(LETTERS)] = matrix
    return wide[np.frombuffer(query, np.uint8)][:, np.frombuffer(target, np.uint8)]


def ungapped_reference(matrix: Matrix, query: bytes, target: bytes, cap: int) -> int:
    """Return the best sum of a stretch of any diagonal, at least 0, clipped at `cap`."""
    scores = score_table(matrix, query, target)
    best = 0
    for diagonal in range(-len(query) + 1, len(target)):
        running = 0
        for score in scores.diagonal(diagonal).tolist():
            running = max(0, running + score)
            best = max(best, running)
    return min(best, cap)


def align_reference(matrix: Matrix, query: bytes, target: bytes, gap_open: int, gap_extend: int) -> Alignment:
    """Return the best local alignment, from whole tables of scores.

    ``ends[i][j]`` is the best score of an alignment that ends with the first *i* residues of the query and the first
    *j* of the target; of ``gapped`` and ``skipped`` it ends with a gap in the query, or in the target.
    """
    if not 0 <= gap_open <= 1000 or not 1 <= gap_extend <= 1000:
        raise ValueError("a gap costs 0 to 1000 to open and 1 to 1000 a column")
    scores = score_table(matrix, query, target).tolist()
    first = gap_open + gap_extend
    shape = (len(query) + 1, len(target) + 1)
    ends, gapped, skipped = ([[fill] * shape[1] for _ in range(shape[0])] for fill in (0, -first, -first))
    best, q_end, t_end = 0, 0, 0
    for j in range(1, shape[1]):
        for i in range(1, shape[0]):
            gapped[i][j] = max(ends[i][j - 1] - first, gapped[i][j - 1] - gap_extend)
            skipped[i][j] = max(ends[i - 1][j] - first, skipped[i - 1][j] - gap_extend)
            ends[i][j] = max(0, ends[i - 1][j - 1] + scores[i - 1][j - 1], gapped[i][j], skipped[i][j])
            if ends[i][j] > best:
                best, q_end, t_end = ends[i][j], i, j
    steps = list(_steps((ends, gapped, skipped), scores, first, (q_end, t_end)))[::-1]
    operations = ["=" if op == "X" and query[i - 1] == target[j - 1] else op for op, i, j in steps]
    runs = [(len(list(same)), op) for op, same in groupby(operations)]
    in_query = sum(op != "D" for op in operations)
    in_target = sum(op != "I" for op in operations)
    return Alignment(best, q_end - in_query, q_end, t_end - in_target, t_end, runs)


def _steps(
    tables: tuple[_Table, _Table, _Table], scores: _Table, first: int, end: tuple[int, int]
) -> Iterator[tuple[str, int, int]]:
    """Yield the columns of the best alignment backwards: operation, and the cell that it ends in."""
    ends, gapped, skipped = tables
    i, j = end
    state = "X"
    while i and j:
        if state == "X":
            if not ends[i][j]:
                return
            if ends[i][j] == ends[i - 1][j - 1] + scores[i - 1][j - 1]:
                yield "X", i, j
                i, j = i - 1, j - 1
            else:
                state = "D" if ends[i][j] == gapped[i][j] else "I"
        elif state == "D":
            yield "D", i, j
            state = "X" if gapped[i][j] == ends[i][j - 1] - first else "D"
            j -= 1
        else:
            yield "I", i, j
            state = "X" if skipped[i][j] == ends[i - 1][j] - first else "I"
            i -= 1
