"""Which peaks of two lists belong together: the greatest products first, or with the greatest sum; in plain Python.

What the compiled kernels of :mod:`nlsearch.kernels.peaklists` are tested against, and what runs where nothing was
compiled.

References
----------
Assignment: Kuhn, Nav. Res. Logist. Q. 1955, 2, 83.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels.peaklists import Cleaned

Match: TypeAlias = tuple[int, int, float, bool]
"""A peak of each list, what they add to the score, whether the second was shifted."""
MOST_PAIRS = 1 << 22
_FEW = 12
"""Groups of so many pairs are decided by trying all ways, which nobody can get wrong."""


def near(reach: Callable[[float], float], a: Cleaned, b: Cleaned, shift: float) -> list[Match]:
    """Return all pairs of peaks within the tolerance.

    Parameters
    ----------
    reach : callable
        Gives the tolerance at a position.
    a, b : Cleaned
    shift : float
        Added to the positions of `b`.

    Raises
    ------
    MemoryError
        If there are more than :data:`MOST_PAIRS`.
    """
    moved = b.positions.astype(np.float64) + shift
    at = a.positions.astype(np.float64)
    widths = np.array([reach(position) for position in at.tolist()])
    low, high = np.searchsorted(moved, at - widths), np.searchsorted(moved, at + widths, "right")
    if int((high - low).sum()) > MOST_PAIRS:
        raise MemoryError("millions of pairs of peaks lie within the tolerance")
    windows = zip(low.tolist(), high.tolist(), strict=True)
    return [
        (i, j, float(a.weights[i] * b.weights[j]), bool(shift))
        for i, (start, end) in enumerate(windows)
        for j in range(start, end)
    ]


def greedy(found: list[Match]) -> list[Match]:
    """Choose pairs with the greatest product first, of equal ones the later."""
    order = sorted(range(len(found)), key=lambda k: (found[k][2], k), reverse=True)
    used_a: set[int] = set()
    used_b: set[int] = set()
    chosen = []
    for k in order:
        i, j, _, _ = found[k]
        if i not in used_a and j not in used_b:
            chosen.append(found[k])
            used_a.add(i)
            used_b.add(j)
    return chosen


def optimal(found: Iterable[Match]) -> list[Match]:
    """Choose the pairs with the greatest sum, in each connected group by itself.

    Raises
    ------
    MemoryError
        If a group is so large that a table of it has more than :data:`MOST_PAIRS` cells.
    """
    best: dict[tuple[int, int], Match] = {}
    for match in found:
        if match[:2] not in best or best[match[:2]][2] < match[2]:
            best[match[:2]] = match
    groups: dict[int, list[Match]] = {}
    parents: dict[int, int] = {}
    for i, j in best:
        parents[_root(parents, i)] = _root(parents, ~j)
    for match in best.values():
        groups.setdefault(_root(parents, match[0]), []).append(match)
    return [match for group in groups.values() for match in (_tried(group) if len(group) <= _FEW else _assigned(group))]


def _root(parents: dict[int, int], at: int) -> int:
    parents.setdefault(at, at)
    while parents[at] != at:
        parents[at] = at = parents[parents[at]]
    return at


def _tried(group: list[Match]) -> list[Match]:
    """Try all ways to pair the peaks of a group."""
    if not group:
        return []
    first, rest = group[0], group[1:]
    with_it = [first, *_tried([m for m in rest if m[0] != first[0] and m[1] != first[1]])]
    without = _tried(rest)
    return max(with_it, without, key=lambda chosen: sum(m[2] for m in chosen))


def _assigned(group: list[Match]) -> list[Match]:
    """Assign the peaks of one list to those of the other, with potentials."""
    rows, columns = ({peak: n for n, peak in enumerate(sorted({m[side] for m in group}))} for side in (0, 1))
    if len(rows) * len(columns) > MOST_PAIRS:
        raise MemoryError("a group of peaks that lie within the tolerance is too large")
    gains = np.zeros((len(rows), len(columns)))
    for i, j, gain, _ in group:
        gains[rows[i], columns[j]] = gain
    pairs = set(_assignment(gains)) if len(rows) <= len(columns) else {(r, c) for c, r in _assignment(gains.T)}
    return [match for match in group if (rows[match[0]], columns[match[1]]) in pairs]


def _assignment(gains: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return (row, column) of each row, with the greatest sum; there are no more rows than columns."""
    n, m = gains.shape
    of_row, of_column = np.zeros(n), np.zeros(m)
    row_at = np.full(m, -1)
    for row in range(n):
        least, way = np.full(m, np.inf), np.full(m, -1)
        seen = np.zeros(m, np.bool_)
        at, current = -1, row
        while current >= 0:  # until a free column is reached
            cost = of_row[current] + of_column - gains[current]
            better = ~seen & (cost < least)
            least[better], way[better] = cost[better], at
            at = int(np.argmin(np.where(seen, np.inf, least)))
            step = least[at]
            of_column[seen] += step
            of_row[row_at[seen]] -= step
            of_row[row] -= step
            least[~seen] -= step
            seen[at] = True
            current = int(row_at[at])
        while at >= 0:
            before = int(way[at])
            row_at[at] = row if before < 0 else row_at[before]
            at = before
    return [(int(row), column) for column, row in enumerate(row_at.tolist()) if row >= 0]
