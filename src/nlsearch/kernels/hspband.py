"""The band of :mod:`nlsearch.kernels.hsporacles`: alignment outwards from a pair of positions, row by row.

Conventions
-----------
Row *r* holds the cells of an anti-diagonal: lane *k* stands for ``i = offset + k`` letters of the query and ``r − i``
of the target.  From row to row the offset stays or grows by one, in turn, but for what keeps the best cell centred.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels.hsps import BAND_LANES, Scheme

_EDGE = 16
"""Cells beside a row that no path reaches."""
_PAD = BAND_LANES + _EDGE
"""Letters beyond an end that match nothing."""
_LOW = -(2**40)
_NO_QUERY, _NO_TARGET = 250, 251
_STEERED = 4
"""After so many rows it is looked where the best cell is."""
_CENTRED = 2
"""So far from the middle it may be."""
_PAIR, _DELETED, _INSERTED = 0, 1, 2
_DELETED_ON, _INSERTED_ON = 4, 8
_LANES = np.arange(BAND_LANES)


@dataclass(frozen=True, slots=True)
class Reach:
    """The best alignment that starts at a pair: score, letters of query and target, columns from the start on."""

    score: int
    query: int
    target: int
    columns: bytes


def reach(query: NDArray[np.uint8], target: NDArray[np.uint8], scheme: Scheme, drop: int) -> Reach:
    """Align two sequences of codes from their starts on, until no path is within `drop` of the best score."""
    farthest = len(query) * (1 + scheme.match) + drop + 2 * BAND_LANES  # each letter more costs 1 at least
    band = _Band(_padded(query, _NO_QUERY), _padded(target[:farthest], _NO_TARGET), scheme)
    most_q, most_t = len(query), min(len(target), farthest)
    steering = _Steering()
    best = best_row = best_i = 0
    for row in range(1, most_q + most_t + 1):
        offset = band.offsets[-1] + steering.step()
        if offset > most_q or row - (offset + BAND_LANES - 1) > most_t:
            break
        band.add(offset)
        lane = int(np.argmax(band.best))
        top = int(band.best[lane])
        if top > best:
            best, best_row, best_i = top, row, offset + lane
        elif top < best - drop:
            break
        if row % _STEERED == 0:
            steering.look(lane)
    return Reach(best, best_i, best_row - best_i, band.columns(best_row, best_i))


def _padded(codes: NDArray[np.uint8], nothing: int) -> NDArray[np.uint8]:
    pad = np.full(_PAD, nothing, np.uint8)
    return np.concatenate([pad, np.where(codes > 3, nothing, codes).astype(np.uint8), pad])


@dataclass(slots=True)
class _Steering:
    """By how much the offset grows."""

    lean: int = 0
    turn: int = 0

    def step(self) -> int:
        one = self.turn
        if self.lean > 0 and not self.turn:
            one, self.lean = 1, self.lean - 1
        elif self.lean < 0 and self.turn:
            one, self.lean = 0, self.lean + 1
        self.turn ^= 1
        return one

    def look(self, lane: int) -> None:
        aside = lane - BAND_LANES // 2
        self.lean = aside if abs(aside) > _CENTRED else 0


def _nowhere() -> NDArray[np.int64]:
    return np.full(BAND_LANES + 2 * _EDGE, _LOW, np.int64)


def _first() -> list[NDArray[np.int64]]:
    row = _nowhere()
    row[_EDGE + BAND_LANES // 2] = 0
    return [_nowhere(), row]


@dataclass(slots=True)
class _Band:
    """The last two rows, and the ways into the cells of all (Gotoh, J Mol Biol 1982 162:705)."""

    query: NDArray[np.uint8]
    target: NDArray[np.uint8]
    scheme: Scheme
    offsets: list[int] = field(default_factory=lambda: [-BAND_LANES // 2] * 2)
    any_way: list[NDArray[np.int64]] = field(default_factory=_first)
    deleted: list[NDArray[np.int64]] = field(default_factory=lambda: [_nowhere(), _nowhere()])
    inserted: list[NDArray[np.int64]] = field(default_factory=lambda: [_nowhere(), _nowhere()])
    ways: list[NDArray[np.uint8]] = field(default_factory=lambda: [np.zeros(BAND_LANES, np.uint8)])

    @property
    def best(self) -> NDArray[np.int64]:
        """The scores of the last row, shape (BAND_LANES,)."""
        return self.any_way[-1][_EDGE : _EDGE + BAND_LANES]

    def _same(self, row: int, offset: int) -> NDArray[np.bool_]:
        """Say which cells of a row end with equal letters."""
        i = offset + _LANES
        same: NDArray[np.bool_] = self.query[_PAD + i - 1] == self.target[_PAD + row - i - 1]
        return same

    def _seen(self, rows: list[NDArray[np.int64]], back: int, i: int) -> NDArray[np.int64]:
        """Return the cells of an earlier row, from `i` letters of the query on."""
        start = _EDGE + i - self.offsets[-back]
        return rows[-back][start : start + BAND_LANES]

    def add(self, offset: int) -> None:
        """Compute the next row; of equal ways a pair is best, then a deletion, and a gap that begins."""
        first, more = self.scheme.gap_open + self.scheme.gap_extend, self.scheme.gap_extend
        same = self._same(len(self.ways), offset)
        pair = self._seen(self.any_way, 2, offset - 1) + np.where(same, self.scheme.match, self.scheme.mismatch)
        fresh_d, on_d = self._seen(self.any_way, 1, offset) - first, self._seen(self.deleted, 1, offset) - more
        fresh_i, on_i = self._seen(self.any_way, 1, offset - 1) - first, self._seen(self.inserted, 1, offset - 1) - more
        deleted, inserted = np.maximum(fresh_d, on_d), np.maximum(fresh_i, on_i)
        best = np.maximum(pair, np.maximum(deleted, inserted))
        ways = np.where(pair == best, _PAIR, np.where(deleted >= inserted, _DELETED, _INSERTED))
        ways += _DELETED_ON * (on_d > fresh_d) + _INSERTED_ON * (on_i > fresh_i)
        self.ways.append(ways.astype(np.uint8))
        self.offsets.append(offset)
        for rows, found in ((self.any_way, best), (self.deleted, deleted), (self.inserted, inserted)):
            row = _nowhere()
            row[_EDGE : _EDGE + BAND_LANES] = found
            rows[:] = [rows[-1], row]

    def columns(self, row: int, i: int) -> bytes:
        """Return the columns from the start to a cell."""
        found = bytearray()
        state = _PAIR
        while row > 0:
            offset = self.offsets[row + 1]  # the first of the offsets is that of no row
            way = int(self.ways[row][i - offset])
            if state == _PAIR and way & 3:
                state = way & 3
            elif state == _PAIR:
                found += b"=" if self.query[_PAD + i - 1] == self.target[_PAD + row - i - 1] else b"X"
                row, i = row - 2, i - 1
            elif state == _DELETED:
                found += b"D"
                row, state = row - 1, _DELETED if way & _DELETED_ON else _PAIR
            else:
                found += b"I"
                row, i, state = row - 1, i - 1, _INSERTED if way & _INSERTED_ON else _PAIR
        return bytes(found[::-1])
