"""Whether a record matches: exact copies, copies within a number of edits, or similar parts, on both strands.

Score and tier
--------------
Score = identity × coverage: matches / columns of the best alignment, times the share of the query that it covers.
Tier ``exact`` where the whole query matches identically, else ``near``.  A similar part counts from the identity
asked for, and to the E-value asked for (:mod:`~nlsearch.handlers.nucleotide.similar`); a whole copy always counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from nlsearch.handlers.nucleotide.align import Match, exact_match, rows, within_edits
from nlsearch.handlers.nucleotide.asked import Asked
from nlsearch.handlers.nucleotide.occurrences import (
    SCANNED,
    every_window,
    merged_windows,
    occurrences,
    windows_with_pieces,
)
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.seeding import SeedList, places
from nlsearch.handlers.nucleotide.similar import search_space, similar_parts, statistics
from nlsearch.limits import Limits
from nlsearch.model import Json, Region, Verdict

MANY_REGIONS = 100
"""A seed index that lists more places than this may have left some out."""
ROW_COLUMNS = 1_000
NAMED_FEATURES = 50
_MARGIN = 16
Span = tuple[str, int, int]
"""Strand, start and end of a stretch of the target to look at."""


def verify(asked: Asked, target: Target, regions: Sequence[Region], limits: Limits) -> Verdict | None:
    """Return the verdict on one record (or, for an example, on a feature with the same sequence).

    `limits` bounds the matches that are looked for (``verify_matches``) and listed (``evidence_more``).
    """
    if asked.digest and asked.digest == target.digest and asked.length == target.length and "+" in asked.strands:
        return _verdict([exact_match(asked.length, 0, "+")], asked, target, 1.0, limits)
    if target.is_feature or not target.has_sequence:
        return None
    if asked.edits is not None:
        spans = _spans(asked, target, regions)
        found = _distinct(_within(asked, target, spans), limits)
        kept = [match for match in found if match.identity >= asked.identity]
        return _verdict(kept, asked, target, kept[0].identity, limits) if kept else None
    return _similar(asked, target, regions, limits)


# -------------------------------------------------------------------------------------------------------- where to look
def _spans(asked: Asked, target: Target, regions: Sequence[Region]) -> list[Span]:
    """Return the stretches to look at, which do not overlap on a strand when they come from regions."""
    if not regions or _is_cut(asked, regions):
        overlap = asked.length + (asked.edits or 0) + _MARGIN
        return [(strand, start, end) for start, end in target.windows(overlap) for strand in asked.strands]
    margin = _MARGIN + (asked.edits or 0)
    merged: list[Span] = []
    for strand, start, end in sorted(
        ("-" if r.flag else "+", max(0, r.start - margin), min(target.length, r.end + margin)) for r in regions
    ):
        if strand not in asked.strands or end <= start:
            continue
        if merged and merged[-1][0] == strand and start <= merged[-1][2]:
            merged[-1] = (strand, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((strand, start, end))
    return merged


def _is_cut(asked: Asked, regions: Sequence[Region]) -> bool:
    """Say whether the list of regions may lack one with a copy, so that the whole record must be looked at.

    An exact copy has all votes there are: it is on a list that goes down to fewer.
    """
    if len(regions) <= MANY_REGIONS:
        return False
    votes = [region.votes for region in regions]
    return bool(asked.edits) or min(votes) == max(votes)


# ----------------------------------------------------------------------------------------------------- exact and edits
def _exact(asked: Asked, target: Target, spans: Sequence[Span]) -> Iterator[Match]:
    """Yield every copy of the whole query."""
    for strand, start, end in spans:
        query = asked.oriented(strand)
        if strand == "-" and asked.is_palindrome:
            continue
        for at in occurrences(query, target.codes(start, end)):
            yield exact_match(asked.length, start + at, strand)


def _within(asked: Asked, target: Target, spans: Sequence[Span]) -> Iterator[Match]:
    """Yield copies of the whole query with at most ``asked.edits`` edits."""
    yield from _exact(asked, target, spans)
    edits = asked.edits or 0
    if not edits:
        return
    for strand, start, end in spans:
        query = asked.oriented(strand)
        if strand == "-" and asked.is_palindrome:
            continue
        codes = target.codes(start, end)
        for low, high in _windows(asked, strand, codes):
            yield from within_edits(query, codes[low:high], edits, strand, start + low)


def _windows(asked: Asked, strand: str, codes: bytes) -> list[tuple[int, int]]:
    """Return the windows of a stretch outside which there is no copy within ``asked.edits`` edits."""
    query, edits = asked.oriented(strand), asked.edits or 0
    reach = len(query) + edits
    if len(codes) <= SCANNED:
        return [(0, len(codes))]
    narrowed = windows_with_pieces(query, codes, edits)
    if narrowed is None and asked.is_seeded:
        seeds = asked.seeds(strand)
        bins = places(seeds, SeedList.of(codes), asked.votes)
        narrowed = merged_windows([(low - edits, high + reach) for low, high in bins if high + reach > 0], len(codes))
    return every_window(len(codes), reach) if narrowed is None else narrowed


def _distinct(matches: Iterable[Match], limits: Limits) -> list[Match]:
    """Sort by errors and place; leave out repeats, and inexact matches that overlap a better one on their strand."""
    kept: dict[tuple[str, int, int], Match] = {}
    limited = islice(matches, 4 * limits.verify_matches)
    for match in sorted(limited, key=lambda m: (m.errors, -m.matches, m.t_start, m.strand)):
        place = (match.strand, match.t_start, match.t_end)
        if place in kept or (match.errors and any(_overlap(match, other) for other in kept.values())):
            continue
        kept[place] = match
        if len(kept) == limits.verify_matches:
            break
    return list(kept.values())


def _overlap(a: Match, b: Match) -> bool:
    return a.strand == b.strand and a.t_start < b.t_end and b.t_start < a.t_end


# -------------------------------------------------------------------------------------------------------- similar parts
def _similar(asked: Asked, target: Target, regions: Sequence[Region], limits: Limits) -> Verdict | None:
    """Look for copies of the whole query, and for similar parts."""
    if asked.is_seeded:
        found = similar_parts(asked, target, regions)[: limits.verify_matches]
    else:
        found = _distinct(_exact(asked, target, _spans(asked, target, ())), limits)
    if not found:
        return None
    best = found[0]
    return _verdict(found, asked, target, best.identity * (best.q_end - best.q_start) / asked.length, limits)


# -------------------------------------------------------------------------------------------------------------- verdict
def _verdict(matches: list[Match], asked: Asked, target: Target, score: float, limits: Limits) -> Verdict:
    best = matches[0]
    whole = not best.errors and (best.q_start, best.q_end) == (0, asked.length)
    more = matches[1 : 1 + limits.evidence_more]
    told = _teller(asked, target)
    evidence = told(best)
    if sum(length for length, _ in best.runs) <= ROW_COLUMNS:
        above, below = rows(asked.letters(best), target.around(best.t_start, best.t_end), best.runs)
        evidence["rows"] = {"query": above, "midline": best.midline, "target": below}
    if not target.is_feature:
        named = target.places(best.t_start, best.t_end, 4 * NAMED_FEATURES)
        evidence["features"] = list(dict.fromkeys(place.name for place in named))[:NAMED_FEATURES]
    evidence["more"] = [told(match) for match in more]
    evidence["count"] = len(matches)
    if len(matches) >= limits.verify_matches:
        evidence["count_capped"] = True
    return Verdict(1.0 if whole else min(score, 1.0), "exact" if whole else "near", evidence)


def _teller(asked: Asked, target: Target) -> Callable[[Match], dict[str, Json]]:
    """Return what writes the evidence of a match, with what there is to search in the collection (or in the target)."""
    chance, space = statistics(), search_space(asked, [target.payload])

    def told(match: Match) -> dict[str, Json]:
        """Return the evidence of one match."""
        return {
            "query": [match.q_start, match.q_end],
            "target": [match.t_start, match.t_end],
            "strand": match.strand,
            "cigar": match.cigar,
            "identity": match.identity,
            "mismatches": match.total("X"),
            "gaps": match.total("ID"),
            "bit_score": round(chance.bit_score(match.score), 2),
            "evalue": float(f"{chance.expected(match.score, space):.3g}"),
            "search_space": int(space),
            "query_length": asked.length,
            **({"wraps": True} if match.t_end > target.length else {}),
        }

    return told
