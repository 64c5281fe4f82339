"""What :mod:`nlsearch.kernels.hum` computes, in NumPy, and the steps by which a hum goes through a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels.hum import FAR_OFF, PLACE, STEPS, Costs, Hum, Lines
from nlsearch.kernels.melodyoracle import Columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_PITCH = np.float32(1e8)
"""Above it."""
_MUTE = 255


@dataclass(frozen=True, slots=True)
class _Row:
    """A note of the hum at each note of the line.

    What the way there costs, its pace, whether it has one (1, or 0 before the first step), where it began, and the last
    step (-1: none).
    """

    cost: NDArray[np.float32]
    pace: NDArray[np.float32]
    known: NDArray[np.float32]
    start: NDArray[np.int64]
    step: NDArray[np.int8]


class Beside:
    """A hum beside one line.

    Parameters
    ----------
    hum : Hum
    pitches, gaps : ndarray of float32, shape (n,)
        Of the line; NaN for a note without pitch.
    costs : Costs
    """

    def __init__(self, hum: Hum, pitches: NDArray[np.float32], gaps: NDArray[np.float32], costs: Costs) -> None:
        self._costs = costs
        self._pitches = np.where(np.isnan(pitches), FAR_OFF, pitches).astype(np.float32)
        self._onsets = np.concatenate([[0.0], np.cumsum(gaps.astype(np.float64))])[:-1]
        self._n = len(hum)
        self.rows: list[_Row] = []
        for i in range(self._n):
            self.rows.append(self._row(hum, i))

    def _row(self, hum: Hum, i: int) -> _Row:
        n, costs = len(self._pitches), self._costs
        first = np.float32(i) * np.float32(costs.skipped) if i <= costs.most_skipped else FAR_OFF
        none = np.zeros(n, np.float32)
        row = _Row(np.full(n, first, np.float32), none, none.copy(), np.arange(n), np.full(n, -1, np.int8))
        onsets = hum.onsets
        for number, (a, b) in enumerate(STEPS):
            if i >= a and n > b:
                interval = np.float32(hum.pitches[i]) - np.float32(hum.pitches[i - a])
                time = np.log2(np.float32(onsets[i] - onsets[i - a]))
                self._step(row, number, self.rows[i - a], interval, time)
        row.cost[self._pitches >= _NO_PITCH] = FAR_OFF
        return row

    def _step(self, row: _Row, number: int, came: _Row, interval: np.float32, time: np.float32) -> None:
        costs, b = self._costs, STEPS[number][1]
        off = np.abs(interval - (self._pitches[b:] - self._pitches[:-b]))
        pace = time - np.log2(np.maximum(self._onsets[b:] - self._onsets[:-b], 1e-6).astype(np.float32))
        back, known = came.pace[:-b] - pace, came.known[:-b]
        late = np.float32(costs.time) * np.minimum(np.abs(back), np.float32(costs.most_time))
        whole = came.cost[:-b] + np.float32(costs.pitch) * np.minimum(off, np.float32(costs.most_pitch))
        whole = whole + known * late + np.float32(_price(costs, number))
        better = whole < row.cost[b:]
        eased = pace + known * ((np.float32(1) - np.float32(costs.ease)) * back)
        for held, new in ((row.cost, whole), (row.pace, eased), (row.known, np.ones_like(whole))):
            held[b:][better] = new[better]
        row.start[b:][better] = came.start[:-b][better]
        row.step[b:][better] = number

    def best(self) -> tuple[int, int, float] | None:
        """Return the notes [start, end) of the cheapest way, and what it costs; None if there is no way."""
        i, j, cost = self._end()
        return None if cost >= FAR_OFF else (int(self.rows[i].start[j]), j + 1, float(cost))

    def _end(self) -> tuple[int, int, np.float32]:
        best = (0, 0, FAR_OFF)
        for i in range(max(self._n - 1 - self._costs.most_skipped, 0), self._n):
            row = self.rows[i].cost + np.float32(self._n - 1 - i) * np.float32(self._costs.skipped)
            j = int(row.argmin()) if len(row) else 0
            if len(row) and row[j] < best[2]:
                best = (i, j, row[j])
        return best

    def pairs(self) -> list[tuple[int, int]]:
        """Return the notes of the hum and of the line at which the steps of the cheapest way begin and end."""
        i, j, cost = self._end()
        if cost >= FAR_OFF:
            return []
        found = [(i, j)]
        while (number := int(self.rows[i].step[j])) >= 0:
            i, j = i - STEPS[number][0], j - STEPS[number][1]
            found.append((i, j))
        return found[::-1]


def _price(costs: Costs, number: int) -> float:
    a, b = STEPS[number]
    if a == b:
        return costs.changed if a > 1 else 0.0
    return (b - a) * costs.split if b > a else (a - b) * costs.merged


def find_in_lines(hum: Hum, lines: Lines, costs: Costs, item: int = 0) -> NDArray[np.void]:
    """See :func:`nlsearch.kernels.hum.find_hum_in_lines`."""
    if len(hum) < 1 or len(lines.pitches) != len(lines.gaps) or lines.starts[-1] != len(lines.pitches):
        raise ValueError("the arrays of a hum or of lines do not fit")
    found = []
    for line, (low, high) in enumerate(zip(lines.starts[:-1].tolist(), lines.starts[1:].tolist(), strict=True)):
        if high > low:
            best = Beside(hum, lines.pitches[low:high], lines.gaps[low:high], costs).best()
            if best is not None:
                found.append((item, line, low + best[0], low + best[1], best[2]))
    return np.array(found, PLACE)


def find_in_payloads(hum: Hum, payloads: list[bytes | memoryview], costs: Costs) -> NDArray[np.void]:
    """See :func:`nlsearch.kernels.hum.find_hum_in_payloads`."""
    found = [np.empty(0, PLACE)]
    for item, payload in enumerate(payloads):
        columns = Columns.of(payload)
        pitches = np.where(columns.pitches == _MUTE, np.nan, columns.pitches).astype(np.float32)
        found.append(find_in_lines(hum, Lines(pitches, columns.gaps.astype(np.float32), columns.starts), costs, item))
    return np.concatenate(found)
