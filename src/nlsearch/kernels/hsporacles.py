"""Python oracle of local alignment of nucleotides: slow and plain, and what runs where nothing was compiled."""

from __future__ import annotations

from collections import deque
from dataclasses import astuple, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels.hspband import Reach, reach
from nlsearch.kernels.hsps import BAND_LANES, HSP, Scheme
from nlsearch.kernels.payloadletters import BASES, PayloadLetters

if TYPE_CHECKING:
    from nlsearch.model import Anchors

_ROUNDED = 8
"""Positions in the target are rounded down to a multiple of this."""
_RECENT = 16
_EIGHT = 8
_SLACK = 4
"""Matches that the last extension may add to the first."""
_MOST_LOST = 16_000
"""What a path within the band may lie below the best, so that the compiled kernel has room for it."""


@dataclass(frozen=True, slots=True)
class _Start:
    """An alignment without gaps that may grow."""

    q: int
    t: int
    length: int
    strand: int
    score: int

    def rank(self) -> tuple[int, ...]:
        return -self.score, self.strand, self.t, self.q, self.length


@dataclass(slots=True)
class _Hsp:
    """The fields of :data:`~nlsearch.kernels.hsps.HSP`."""

    q_start: int
    q_end: int
    t_start: int
    t_end: int
    q_at: int
    t_at: int
    item: int
    strand: int
    score: int
    matches: int
    columns: int
    whole: int

    def rank(self) -> tuple[int, ...]:
        return -self.whole, -self.score, self.t_start, self.strand, self.q_start

    def knows(self, start: _Start) -> bool:
        """Say whether a start lies inside, near the diagonals of the ends."""
        inside = self.q_start <= start.q and start.q + start.length <= self.q_end
        inside &= self.t_start <= start.t and start.t + start.length <= self.t_end
        ends = (self.t_start - self.q_start, self.t_end - self.q_end)
        near = min(ends) - BAND_LANES // 2 <= start.t - start.q <= max(ends) + BAND_LANES // 2
        return self.strand == start.strand and inside and near

    def stands_for(self, other: _Hsp) -> bool:
        """Say whether `other` begins or ends here too, or lies inside, and scores no better."""
        begins = (self.q_start, self.t_start) == (other.q_start, other.t_start)
        ends = (self.q_end, self.t_end) == (other.q_end, other.t_end)
        within = self.q_start <= other.q_start and other.q_end <= self.q_end
        within &= self.t_start <= other.t_start and other.t_end <= self.t_end
        return self.strand == other.strand and (begins or ends or within) and self.score >= other.score


@dataclass
class _Hunt:
    """One query and one target, and what is found in it."""

    scheme: Scheme
    query: bytes
    target: PayloadLetters
    item: int = 0
    starts: list[_Start] = field(default_factory=list)
    hsps: list[_Hsp] = field(default_factory=list)

    @cached_property
    def strands(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The codes of the query and of its reverse complement."""
        codes = np.frombuffer(self.query, np.uint8)
        turned = codes[::-1]
        return codes, np.where(turned > 3, turned, 3 - turned).astype(np.uint8)

    # ------------------------------------------------------------------------------------------------- without gaps
    def try_anchors(self, anchors: list[tuple[int, int, int]]) -> None:
        """Extend seeds without gaps: flags, positions in the query and in the target."""
        recent: deque[tuple[int, int, int, int]] = deque(maxlen=_RECENT)
        for flag, at, near in anchors:
            strand = int(flag != 0)
            q = len(self.query) - self.scheme.seed - at if strand else at
            for t in range(max(near, 0), min(near + _ROUNDED, self.target.length - self.scheme.seed + 1)):
                seen = any((s, d) == (strand, t - q) and first <= t < end for s, d, first, end in recent)
                if self._is_seed(strand, q, t) and not seen:
                    recent.append(self._try(strand, q, t))

    def _is_seed(self, strand: int, q: int, t: int) -> bool:
        seed = self.scheme.seed
        return np.array_equal(self.strands[strand][q : q + seed] & 3, self.target.letters[t : t + seed])

    def _try(self, strand: int, q: int, t: int) -> tuple[int, int, int, int]:
        """Extend one seed; return strand, diagonal, and which positions in the target it covers."""
        query, target = self.strands[strand] & np.uint8(3), self.target.letters
        after, ahead = _ungapped(query[q:], target[t:], self.scheme)
        before, back = _ungapped(query[:q][::-1], target[:t][::-1], self.scheme)
        if max(self.query) > 3:
            self._note_copy(strand, t - q)
        if after + before >= self.scheme.trigger:
            self.starts.append(_Start(q - back, t - back, ahead + back, strand, after + before))
        return strand, t - q, t - back, t + ahead

    def _note_copy(self, strand: int, at: int) -> None:
        """Keep a whole copy of a query with ambiguous letters, each of which allows the target's."""
        n = len(self.query)
        codes = self.target.codes[max(at, 0) : at + n].tolist()
        asked = self.strands[strand].tolist()
        known = any(hsp.t_start == at and hsp.strand == strand for hsp in self.hsps)
        if at < 0 or len(codes) < n or known or not all(map(_allows, asked, codes)):
            return
        score = self.scheme.match * sum(code < 4 for code in asked)
        self.hsps.append(_Hsp(0, n, at, at + n, n // 2, at + n // 2, self.item, strand, score, n, n, 1))

    # --------------------------------------------------------------------------------------------------- with gaps
    def grow(self) -> None:
        """Extend the starts, best first, and keep what scores enough, or is a whole copy."""
        for start in sorted(self.starts, key=_Start.rank):
            if len(self.hsps) >= self.scheme.most:
                break
            if not any(hsp.knows(start) for hsp in self.hsps) and self._is_promising(start):
                hsp, _ = self.align(start.strand, *self._through(start))
                hsp.whole = int(hsp.matches == hsp.columns == len(self.query))
                if hsp.score >= self.scheme.cutoff or hsp.whole:
                    self._note(hsp)
        self.hsps.sort(key=_Hsp.rank)

    def _is_promising(self, start: _Start) -> bool:
        """Say whether the first extension comes near the score that is asked for, or the start is a whole copy."""
        scheme, n = self.scheme, len(self.query)
        if start.length == n and start.score == scheme.match * n:
            return True
        left, right = self._both_ways(start.strand, *self._through(start), scheme.drop)
        return left.score + right.score >= scheme.cutoff - scheme.match * _SLACK

    def _through(self, start: _Start) -> tuple[int, int]:
        """Return the middle of the longest run of equal letters, as positions in query and target."""
        query = self.strands[start.strand][start.q : start.q + start.length]
        target = self.target.codes[start.t : start.t + start.length]
        best = end = same = 0
        for at, (q, t) in enumerate(zip(query.tolist(), target.tolist(), strict=True), 1):
            same = same + 1 if q == t and q < 4 else 0
            if same > best:
                best, end = same, at
        return start.q + end - best // 2, start.t + end - best // 2

    def _both_ways(self, strand: int, q: int, t: int, drop: int) -> tuple[Reach, Reach]:
        query, target = self.strands[strand], self.target.codes
        left = reach(query[:q][::-1], target[:t][::-1], self.scheme, drop)
        return left, reach(query[q:], target[t:], self.scheme, drop)

    def align(self, strand: int, q: int, t: int) -> tuple[_Hsp, bytes]:
        """Align through a pair of positions; return the columns too."""
        left, right = self._both_ways(strand, q, t, self.scheme.last_drop)
        columns = left.columns[::-1] + right.columns
        hsp = _Hsp(
            *(q - left.query, q + right.query, t - left.target, t + right.target, q, t, self.item, strand),
            *(left.score + right.score, columns.count(b"="), len(columns), 0),
        )
        return hsp, columns

    def _note(self, hsp: _Hsp) -> None:
        """Keep an alignment unless one that is kept stands for it; let go of those that it stands for."""
        if not any(other.stands_for(hsp) for other in self.hsps):
            self.hsps = [other for other in self.hsps if not hsp.stands_for(other)]
            self.hsps.append(hsp)


def _ungapped(query: NDArray[np.uint8], target: NDArray[np.uint8], scheme: Scheme) -> tuple[int, int]:
    """Return the best score of a stretch from the start on, and its length; ends are looked for every eight letters."""
    n = min(len(query), len(target))
    score = best = length = 0
    for at in range(0, n, _EIGHT):
        end = min(at + _EIGHT, n)
        for step, same in enumerate((query[at:end] == target[at:end]).tolist(), at + 1):
            score += scheme.match if same else scheme.mismatch
            if score > best:
                best, length = score, step
        if best - score > scheme.ungapped_drop:
            break
    return best, length


def _allows(asked: int, code: int) -> bool:
    return asked < len(BASES) and code < len(BASES) and not BASES[code] & ~BASES[asked]


def _check_scheme(scheme: Scheme, query: bytes) -> None:
    fits = 1 <= scheme.match <= 100 and -100 <= scheme.mismatch <= 0 and scheme.gap_open >= 0 and scheme.gap_extend >= 1
    fits &= 1 <= scheme.seed <= 15 and scheme.most >= 1 and scheme.drop >= 0 and scheme.last_drop >= 0
    lost = max(scheme.drop, scheme.last_drop) + scheme.gap_open + BAND_LANES * scheme.gap_extend
    if not fits or lost > _MOST_LOST:
        raise ValueError("the scoring scheme is out of range")
    if (scheme.match + 1) * len(query) >= 2**31:
        raise ValueError("the query is too long")


def _fit(scheme: Scheme, query: bytes, items: int, anchors: Anchors) -> bool:
    columns = (anchors.items, anchors.flags, anchors.queries, anchors.targets)
    if len({len(column) for column in columns}) != 1:
        return False
    rows, queries, targets = (column.astype(np.int64) for column in (anchors.items, anchors.queries, anchors.targets))
    fits = bool(np.all(np.diff(rows) >= 0)) and int(rows.max(initial=-1)) < items
    fits &= int(queries.max(initial=-scheme.seed)) + scheme.seed <= len(query)
    return fits and bool(np.all((targets > -_ROUNDED) & (targets < 2**32)))


def find_hsps_reference(
    scheme: Scheme, query: bytes, payloads: list[bytes | memoryview], anchors: Anchors
) -> NDArray[np.void]:
    """Python oracle of :func:`~nlsearch.kernels.hsps.find_hsps`."""
    _check_scheme(scheme, query)
    targets = [PayloadLetters.of(payload) for payload in payloads]
    if not _fit(scheme, query, len(payloads), anchors):
        raise ValueError("anchors do not fit their query or items")
    found: list[tuple[int, ...]] = []
    for item in np.unique(anchors.items).tolist():
        rows = anchors.items == item
        hunt = _Hunt(scheme, query, targets[item], item)
        columns = (anchors.flags[rows].tolist(), anchors.queries[rows].tolist(), anchors.targets[rows].tolist())
        hunt.try_anchors(list(zip(*columns, strict=True)))
        hunt.grow()
        found += [astuple(hsp) for hsp in hunt.hsps]
    return np.array(found, HSP)


def trace_hsp_reference(
    scheme: Scheme, query: bytes, payload: bytes | memoryview, strand: int, at: tuple[int, int]
) -> tuple[int, int, int, int, int, bytes]:
    """Python oracle of :func:`~nlsearch.kernels.hsps.trace_hsp`."""
    _check_scheme(scheme, query)
    target = PayloadLetters.of(payload)
    if not (0 <= at[0] <= len(query) and 0 <= at[1] <= target.length and strand in {0, 1}):
        raise ValueError("the pair lies outside of its sequences")
    hsp, columns = _Hunt(scheme, query, target).align(strand, *at)
    return hsp.q_start, hsp.q_end, hsp.t_start, hsp.t_end, hsp.score, columns
