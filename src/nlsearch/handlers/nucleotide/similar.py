"""Similar parts: from single seeds to alignments that chance does not give, with their E-values.

Alignments score as blastn's do by default: +2, −3, and gaps of 5 + 2 a letter.  They count from the E-value asked for
(Karlin & Altschul, PNAS 1990 87:2264) with all letters of the collection as the search space; a whole copy of the query
counts whatever its E-value is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.nucleotide.align import Match, Runs, agree, exact_match, joined_runs
from nlsearch.handlers.nucleotide.asked import Asked
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.seeding import K, SeedList, anchors_of
from nlsearch.handlers.sequences.statistics import Statistics, nucleotide_statistics
from nlsearch.kernels import Scheme, find_hsps, trace_hsp
from nlsearch.model import Anchors, Extent, Refined, Region

TRIGGER = 28
"""Score from which an extension with gaps is tried: 27 bits, as blastn does."""
_STEP = 2**22
_SAME = re.compile(r"=+|X+|I+|D+")


def statistics() -> Statistics:
    """Return what E-values follow from.

    Raises
    ------
    LookupError
        Never: the scheme is one that is tabled.
    """
    scheme = Scheme()
    found = nucleotide_statistics(scheme.match, scheme.mismatch, scheme.gap_open, scheme.gap_extend)
    if found is None:
        raise LookupError("the scheme is not tabled")
    return found


def search_space(asked: Asked, payloads: Sequence[Buffer]) -> int:
    """Return the search space in the collection; where that is not known, in these records alone."""
    searched = asked.searched or Extent(sum(Target(payload).length for payload in payloads), len(payloads))
    return statistics().search_space(asked.length, max(searched.total, 1), max(searched.items, 1))


def scheme_of(asked: Asked, space: int) -> Scheme:
    """Return how far alignments are looked for, given what there is to search."""
    cutoff = max(1, math.ceil(statistics().least_score(asked.evalue, space)))
    whole = Scheme().match * asked.length
    return Scheme(cutoff=cutoff, trigger=max(1, min(TRIGGER, cutoff, whole)))


# -------------------------------------------------------------------------------------------------- the candidate stage
def _region(hsp: np.void) -> Region:
    at = (int(hsp["q_at"]), int(hsp["t_at"]))
    return Region(int(hsp["t_start"]), int(hsp["t_end"]), int(hsp["strand"]), float(hsp["score"]), at)


def refine(asked: Asked, payloads: list[bytes | memoryview], anchors: Anchors) -> Refined:
    """Extend the seeds that the query shares with some records, and score the records by their best alignment."""
    hsps = _found(asked, scheme_of(asked, search_space(asked, payloads)), payloads, anchors)
    scores = np.zeros(len(payloads), np.float32)
    first = np.flatnonzero(np.diff(hsps["item"], prepend=-1))
    best = hsps[first]
    shares = best["matches"] / np.maximum(best["columns"], 1) * (best["q_end"] - best["q_start"]) / asked.length
    scores[best["item"]] = np.where(best["whole"] != 0, 1.0, np.minimum(shares + 1e-6, 1.0))
    for row in np.unique(hsps["item"][hsps["t_start"] == 0]).tolist():
        target = Target(payloads[row])
        ends = hsps["t_end"][hsps["item"] == row]
        if target.is_circular and (ends == target.length).any():
            scores[row] = 1.0  # a match across the origin may be put together of two
    regions: dict[int, list[Region]] = {}
    for hsp in hsps:
        regions.setdefault(int(hsp["item"]), []).append(_region(hsp))
    return Refined(scores, regions)


def _found(asked: Asked, scheme: Scheme, payloads: list[bytes | memoryview], anchors: Anchors) -> NDArray[np.void]:
    """Return the alignments on the strands and of the identity asked for."""
    if len(asked.flags) < 2:
        anchors = anchors.only(anchors.flags == asked.flags[0])
    hsps = find_hsps(scheme, asked.oriented("+"), payloads, anchors)
    if asked.identity:
        hsps = hsps[hsps["matches"] >= asked.identity * hsps["columns"]]
    return hsps


# ---------------------------------------------------------------------------------------------------------- one record
def similar_parts(asked: Asked, target: Target, regions: Sequence[Region]) -> list[Match]:
    """Return the alignments of one record, whole copies first, then by falling score.

    With regions only those are aligned again; without, all seeds of the record are looked at.
    """
    scheme = scheme_of(asked, search_space(asked, [target.payload]))
    placed = [region for region in regions if region.at is not None]
    if not placed:
        placed = [_region(hsp) for hsp in _found(asked, scheme, [target.payload], _anchors(asked, target))]
    found = [_aligned(asked, target, scheme, region) for region in placed]
    matches = [match for match in found if match is not None]
    return list(_joined(matches, target.length)) if target.is_circular else matches


def _joined(matches: list[Match], length: int) -> Iterator[Match]:
    """Put matches together that meet at the origin of a circular record; such a match ends beyond the last letter."""
    firsts = [match for match in matches if match.t_start == 0]
    whole: list[tuple[Match, Match, Match]] = []
    for last in (match for match in matches if match.t_end == length and match.t_start > 0):
        for first in firsts:
            met = (last.q_end, first.q_start) if last.strand == "+" else (first.q_end, last.q_start)
            if first.strand == last.strand and met[0] == met[1] and first.t_end <= last.t_start:
                start, end = min(first.q_start, last.q_start), max(first.q_end, last.q_end)
                runs = joined_runs(last.runs, first.runs)
                whole.append(
                    (replace(last, q_start=start, q_end=end, t_end=length + first.t_end, runs=runs), last, first)
                )
                break
    parts = [part for _, *both in whole for part in both]
    kept = [match for match, _, _ in whole] + [match for match in matches if not any(match is part for part in parts)]
    yield from sorted(kept, key=lambda match: (-match.score, match.t_start, match.strand))


def _anchors(asked: Asked, target: Target) -> Anchors:
    """Return the seeds that query and record share, found window by window."""
    query = asked.seeds("+")
    parts = [
        SeedList.of(target.codes(start, start + _STEP + K - 1), start).among(query)
        for start in range(0, max(target.length - K + 1, 1), _STEP)
    ]
    shared = SeedList(np.concatenate([p.words for p in parts]), np.concatenate([p.positions for p in parts]))
    return anchors_of(query, shared)


def _aligned(asked: Asked, target: Target, scheme: Scheme, region: Region) -> Match | None:
    strand = "-" if region.flag else "+"
    query = asked.oriented(strand)
    if region.end - region.start == asked.length and is_copy(query, target.codes(region.start, region.end)):
        return exact_match(asked.length, region.start, strand)
    if region.at is None or not (0 <= region.at[0] <= asked.length and 0 <= region.at[1] <= target.length):
        return None
    q_start, q_end, t_start, t_end, score, columns = trace_hsp(
        scheme, asked.oriented("+"), target.payload, region.flag, region.at
    )
    if score < scheme.cutoff:
        return None
    runs = _runs(columns, query[q_start:q_end], target.codes(t_start, t_end))
    if strand == "-":
        q_start, q_end = asked.length - q_end, asked.length - q_start
    return Match(q_start, q_end, t_start, t_end, strand, tuple(runs))


def is_copy(query: bytes, target: bytes) -> bool:
    """Say whether every letter of the query allows that of the target."""
    return len(query) == len(target) and (
        query == target or all(agree(q, t) for q, t in zip(query, target, strict=True))
    )


def _runs(columns: bytes, query: bytes, target: bytes) -> Runs:
    """Return the runs of an alignment; of ambiguous letters those that agree count as equal."""
    if max(query, default=0) > 3 or max(target, default=0) > 3:
        columns = bytes(_told(columns, query, target))
    return [(len(same), same[0]) for same in _SAME.findall(columns.decode("ascii"))]


def _told(columns: bytes, query: bytes, target: bytes) -> Iterator[int]:
    q = t = 0
    for column in columns:
        yield ord("=") if column == ord("X") and agree(query[q], target[t]) else column
        q += column != ord("D")
        t += column != ord("I")
