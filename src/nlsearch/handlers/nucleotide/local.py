"""Similar parts: seeds that line up, then an edit path around them, trimmed to what is similar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nlsearch.handlers.nucleotide.align import Match, Runs, agree, best_part, edit_path, least_score, penalty_of
from nlsearch.handlers.nucleotide.asked import Asked
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.seeding import K, Locus, SeedList, loci
from nlsearch.kernels import extend

FLANK = 150
"""How much of the query is taken beside the outermost seeds at first; more while the match comes near the end."""
NEAR = 40
SURE = 6
"""With so many seeds a locus is aligned whatever its ungapped score."""
MISSING = 6.0
"""What a gapped alignment may add to the best ungapped score of a locus of few seeds."""
REACH = 128
XDROP = 16
_PAD = 16
Span = tuple[str, int, int]
"""Strand, start and end of a stretch of the target to look at."""


def local_matches(asked: Asked, target: Target, spans: Sequence[Span]) -> Iterator[tuple[int, Match]]:
    """Yield ``(number of the window, local alignment)`` in the spans, in the query's forward coordinates."""
    penalty = penalty_of(asked.identity)
    place, seeds = (0, 0), SeedList.of(b"")
    for strand, start, end in spans:
        if strand == "-" and asked.is_palindrome:
            continue
        if place != (start, end):
            place, seeds = (start, end), SeedList.of(target.codes(start, end), start)
        for number in range(len(asked.windows)):
            for match in _of_window(asked, number, strand, seeds, target, penalty):
                yield number, match


def _of_window(
    asked: Asked, number: int, strand: str, seeds: SeedList, target: Target, penalty: float
) -> Iterator[Match]:
    first, last = asked.windows[number]
    query, wanted = asked.sample(number, strand)
    if not len(wanted.words):
        return
    least = least_score(len(query), target.length) - MISSING
    for locus in loci(wanted, seeds, asked.votes):
        if locus.votes < SURE and _ungapped(query, locus, target, least) < least:
            continue
        match = _align(query, locus, target, penalty)
        if match is None:
            continue
        if strand == "-":
            size = last - first
            match = replace(match, strand="-", q_start=size - match.q_end, q_end=size - match.q_start)
        yield match.moved(first, 0)


def _ungapped(query: bytes, locus: Locus, target: Target, enough: float) -> int:
    """Return the better score of the ungapped alignments through the outermost seeds; one that is enough will do."""
    best = 0
    for q, t in (locus.first, locus.last):
        low, start = max(0, q - REACH), max(0, t - REACH)
        codes = target.codes(start, t + K + REACH)
        score = extend(query[low : q + K + REACH], codes, q - low, t - start, 1, -2, XDROP)[0]
        best = max(best, score)
        if best >= enough:
            break
    return best


def _align(query: bytes, locus: Locus, target: Target, penalty: float) -> Match | None:
    """Align around a locus; take more of the query while the similar part reaches the end of what was taken."""
    flank = FLANK
    while True:
        pad = _PAD + flank // 16
        low = max(0, locus.q_start - flank, -locus.high - _PAD)
        high = min(len(query), locus.q_end + flank, target.length - locus.low + _PAD)
        start = max(0, low + locus.low - pad)
        codes = target.codes(start, high + locus.high + pad)
        path = edit_path(query[low:high], codes)
        if path is None:
            return None
        q, t, runs, score = best_part(path[2], penalty)
        if score <= 0:
            return None
        q_end = q + sum(length for length, operation in runs if operation != "D")
        cut_left = 0 < low == locus.q_start - flank and q < NEAR
        cut_right = high == locus.q_end + flank < len(query) and q_end > high - low - NEAR
        if not (cut_left or cut_right):
            return _grown(query, target, low + q, start + path[0] + t, runs)
        flank *= 4


def _grown(query: bytes, target: Target, q_start: int, t_start: int, runs: Runs) -> Match:
    """Extend an alignment at both ends while letters agree (an edit path may have scattered its last letters)."""
    q_end = q_start + sum(length for length, operation in runs if operation != "D")
    t_end = t_start + sum(length for length, operation in runs if operation != "I")
    before = _agreeing(query[max(0, q_start - 64) : q_start][::-1], target.codes(t_start - 64, t_start)[::-1])
    after = _agreeing(query[q_end : q_end + 64], target.codes(t_end, t_end + 64))
    grown = [*runs]
    grown[0] = (grown[0][0] + before, "=")
    grown[-1] = (grown[-1][0] + after, "=")
    return Match(q_start - before, q_end + after, t_start - before, t_end + after, "+", tuple(grown))


def _agreeing(query: bytes, target: bytes) -> int:
    for count, (q, t) in enumerate(zip(query, target, strict=False)):
        if not agree(q, t):
            return count
    return min(len(query), len(target))
