"""What :mod:`nlsearch.kernels.melody` computes, slow and plain, and the moves by which a melody becomes a stretch."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels.melody import FOUND, MUTE, NEAR_ENOUGH, WILD, Melody, Move

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FAR = 10**9
_ONE = np.float32(1)
_EDIT = 2**16
"""What an edit costs."""
_STRANGE = _EDIT + 1
"""What a note of the melody costs that the item does not have."""
_HEADER = struct.Struct("<4s8I")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of all lines of a payload; see :mod:`nlsearch.handlers.score.payload`."""

    starts: NDArray[np.uint32]
    pitches: NDArray[np.uint8]
    steps: NDArray[np.uint8]
    gaps: NDArray[np.uint32]
    lengths: NDArray[np.uint32]

    @classmethod
    def of(cls, payload: bytes | memoryview) -> Columns:
        """Read them.  Raises ``ValueError`` if the payload is damaged."""
        if len(payload) < _HEADER.size or bytes(payload[:4]) != b"nlM1":
            raise ValueError("a payload is damaged")
        _, _, _, lines, notes, *_ = _HEADER.unpack_from(payload)
        at, columns = _HEADER.size, []
        for dtype, count in (("<u4", lines + 1), ("u1", notes), ("u1", notes), ("<u4", notes), ("<u4", notes)):
            columns.append(np.frombuffer(payload, dtype, count, at))
            at += (columns[-1].nbytes + 3) // 4 * 4
        return cls(*columns)


@dataclass(frozen=True, slots=True)
class Fit:
    """How the query lies beside an item: semitones and letter names up, and time units to one of the query."""

    transposition: int
    steps: int = 0
    scale: np.float32 = _ONE


@dataclass(frozen=True, slots=True)
class Comparison:
    """A melody beside the lines of an item."""

    melody: Melody
    item: Columns

    def same_pitch(self, i: int, at: int, fit: Fit) -> bool:
        """Say whether a note has the pitch of a note of the melody."""
        asked, got = int(self.melody.pitches[i]), int(self.item.pitches[at])
        if asked == WILD:
            return True
        if got == MUTE or got != asked + fit.transposition:
            return False
        step, found = int(self.melody.steps[i]), int(self.item.steps[at])
        return not self.melody.is_spelled or MUTE in (step, found) or found == step + fit.steps

    def same_note(self, i: int, at: int, fit: Fit) -> bool:
        """Say whether a note has pitch and duration of a note of the melody."""
        if not self.same_pitch(i, at, fit):
            return False
        return self.melody.pitches[i] == WILD or self._lasts(0, self.melody.gaps, self.melody.lengths, (i,), (at,), fit)

    def is_split(self, i: int, at: int, fit: Fit) -> bool:
        """Say whether the notes at − 1 and at are one of the melody."""
        if self.melody.pitches[i] == WILD or not (self.same_pitch(i, at - 1, fit) and self.same_pitch(i, at, fit)):
            return False
        return self._lasts(1, self.melody.gaps, self.melody.lengths, (i,), (at - 1, at), fit)

    def is_merged(self, i: int, at: int, fit: Fit) -> bool:
        """Say whether the notes i − 1 and i of the melody are one."""
        if self.melody.pitches[i] == WILD or self.melody.pitches[i - 1] != self.melody.pitches[i]:
            return False
        return self.same_pitch(i, at, fit) and self._lasts(
            2, self.melody.gaps, self.melody.lengths, (i - 1, i), (at,), fit
        )

    def _lasts(
        self,
        _: int,
        gaps: NDArray[np.float32] | None,
        lengths: NDArray[np.float32] | None,
        asked: tuple[int, ...],
        found: tuple[int, ...],
        fit: Fit,
    ) -> bool:
        if gaps is None or lengths is None:
            return True
        before = sum((gaps[i] for i in asked[:-1]), np.float32(0))
        ahead = sum((np.float32(self.item.gaps[at]) for at in found[:-1]), np.float32(0))
        pairs = ((gaps, self.item.gaps), (lengths, self.item.lengths))
        return any(
            _is_near(
                np.float32(ahead + np.float32(theirs[found[-1]])),
                np.float32(np.float32(before + ours[asked[-1]]) * fit.scale),
            )
            for ours, theirs in pairs
        )

    def best(self, diagonal: int, fit: Fit, low: int, high: int) -> tuple[int, int, int] | None:
        """Align the whole melody around a diagonal, within [low, high) of the axis: start, end and cost, or None."""
        k, n = self.melody.edits, len(self.melody)
        width = 2 * k + 1
        if self.melody.is_anchored and abs(diagonal - low) > k:
            return None
        cost = [[_FAR] * width for _ in range(n + 1)]
        start = [[0] * width for _ in range(n + 1)]
        for b in range(width):
            first = diagonal + b - k
            start[0][b] = low if self.melody.is_anchored else first
            if low <= first <= high:
                cost[0][b] = _EDIT * (first - start[0][b])
        for i in range(1, n + 1):
            for b in range(width):
                end = diagonal + i + b - k
                if not low <= end <= high:
                    continue
                for price, rows, notes, _ in self.ways(i, end, low, fit):
                    came = b + rows - notes
                    if not 0 <= came < width or cost[i - rows][came] >= _FAR:
                        continue
                    whole = cost[i - rows][came] + price
                    if whole < cost[i][b]:
                        cost[i][b], start[i][b] = whole, start[i - rows][came]
        ends = [k] + [k + sign * off for off in range(1, k + 1) for sign in (-1, 1)]
        best = min(ends, key=lambda b: cost[n][b])
        return None if cost[n][best] // _EDIT > k else (start[n][best], diagonal + n + best - k, cost[n][best])

    def ways(self, i: int, end: int, low: int, fit: Fit) -> Iterator[tuple[int, int, int, Move]]:
        """Yield the ways into a cell: price, notes of the melody and of the item, and the move."""
        at = end - 1
        if at >= low:
            same = self.same_note(i - 1, at, fit)
            yield (0 if same else _STRANGE), 1, 1, "same" if same else "changed"
        yield _STRANGE, 1, 0, "missing"
        if at >= low:
            yield _EDIT, 0, 1, "extra"
        if at - 1 >= low and self.is_split(i - 1, at, fit):
            yield _EDIT, 1, 2, "split"
        if i > 1 and at >= low and self.is_merged(i - 1, at, fit):
            yield _EDIT, 2, 1, "merged"

    def moves(self, start: int, end: int, fit: Fit) -> list[Move]:
        """Align the whole melody with a whole stretch; the first of the cheapest ways into a cell counts."""
        n, m = len(self.melody), end - start
        cost = [[_FAR] * (m + 1) for _ in range(n + 1)]
        way: list[list[tuple[int, int, Move]]] = [[(0, 1, "extra")] * (m + 1) for _ in range(n + 1)]
        cost[0] = [_EDIT * j for j in range(m + 1)]
        for i in range(1, n + 1):
            for j in range(m + 1):
                for price, rows, notes, move in self.ways(i, start + j, start, fit):
                    whole = cost[i - rows][j - notes] + price
                    if whole < cost[i][j]:
                        cost[i][j], way[i][j] = whole, (rows, notes, move)
        made: list[Move] = []
        i, j = n, m
        while i or j:
            rows, notes, move = way[i][j]
            i, j = i - rows, j - notes
            made.append(move)
        return made[::-1]


def _is_near(got: np.float32, wanted: np.float32) -> bool:
    off = got - wanted
    return bool(off <= NEAR_ENOUGH * wanted and -off <= NEAR_ENOUGH * wanted)


def fits_of(melody: Melody, item: Columns, q: int, at: int) -> Iterator[Fit]:
    """Yield how a melody lies beside an item if two notes are the same."""
    asked, got = int(melody.pitches[q]), int(item.pitches[at])
    if asked == WILD or got == MUTE or (melody.is_fixed and got != asked):
        return
    step, found = int(melody.steps[q]), int(item.steps[at])
    steps = found - step if melody.is_spelled and MUTE not in (step, found) else 0
    if melody.gaps is None or melody.lengths is None:
        yield Fit(got - asked, steps)
        return
    scales = np.float32(item.gaps[at]) / melody.gaps[q], np.float32(item.lengths[at]) / melody.lengths[q]
    for scale in dict.fromkeys(scales):
        if scale > 0:
            yield Fit(got - asked, steps, scale)


def find_melodies_reference(
    melody: Melody,
    payloads: list[bytes | memoryview],
    queries: NDArray[np.uint32],
    items: NDArray[np.uint32] | None = None,
    targets: NDArray[np.int64] | None = None,
) -> NDArray[np.void]:
    """Oracle of :func:`nlsearch.kernels.melody.find_melodies`: the same matches, some of them more often."""
    found = []
    for item, payload in enumerate(payloads):
        columns = Columns.of(payload)
        if items is None or targets is None:
            pairs = [(int(q), at) for at in range(len(columns.pitches)) for q in queries]
        else:
            held = np.flatnonzero(items == item)
            pairs = list(zip(queries[held].tolist(), targets[held].tolist(), strict=True))
        compared = Comparison(melody, columns)
        for q, at in pairs:
            line = int(np.searchsorted(columns.starts, at, side="right")) - 1
            low, high = int(columns.starts[line]), int(columns.starts[line + 1])
            for fit in fits_of(melody, columns, q, at):
                answer = compared.best(at - q, fit, low, high)
                if answer is not None:
                    start, end, cost = answer
                    scale = 0.0 if melody.gaps is None else float(fit.scale)
                    found.append((item, line, start, end, fit.transposition, fit.steps, *divmod(cost, _EDIT), scale))
    return np.array(found, FOUND)


def trace_melody_reference(
    melody: Melody, payload: bytes | memoryview, start: int, end: int, fit: tuple[int, int, float]
) -> list[Move]:
    """Oracle of :func:`nlsearch.kernels.melody.trace_melody`."""
    columns = Columns.of(payload)
    if not 0 <= start <= end <= len(columns.pitches):
        raise ValueError("the stretch lies outside of its item")
    return Comparison(melody, columns).moves(start, end, Fit(fit[0], fit[1], np.float32(fit[2])))
