"""``like``: scores that hold the music of a file or an item, or a part of it, however it was written down.

The longest lines of the example are laid beside those of a score, at the transposition and diagonal that most of their
seeds agree in, and aligned at the least number of edits (Myers' bit vectors, by edlib).  A short example, an excerpt,
is also looked for by the pieces that edits leave as they are.

Score and tier
--------------
Score = notes that are the same / notes of the shorter of both lines (of :data:`LEAST_NOTES` at least, where the example
has so many: a few notes are like everything); tier ``exact`` where all notes of the example's line are there, with the
same proportions of durations, else ``near``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import MalformedContent, QuerySyntax
from nlsearch.handlers.score.compile import ALL, KIND, counted, pieces_of
from nlsearch.handlers.score.facts import INTERVALS
from nlsearch.handlers.score.payload import NONE, Line, Tune, encode
from nlsearch.handlers.score.places import evidence, note_name, verdict, written
from nlsearch.handlers.score.seeding import AHEAD, packed_intervals
from nlsearch.handlers.score.symbols import proportions
from nlsearch.kernels.melody import MUTE, Melody
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Json, Probe, Question, RawItem, Scalar, Scan, SeedMatch, Skipped, Verdict

MOST_LINES = 8
"""Lines of an example that are looked for: the longest."""
MOST_SEEDS = 4_000
LEAST_SHARE = 0.75
LEAST_NOTES = 12
MOST_LISTED = 100
"""Differences that are listed; all are counted."""
LONGEST_EXCERPT = 24
"""Notes of a line up to which edits are allowed."""
MOST_VOTES = 500_000
"""Pairs of seeds of two lines that are counted."""
MOST_PLACES = 4
"""Diagonals with equally many seeds that are looked at."""
MOST_CELLS = 20_000_000
"""Notes times notes of two lines up to which they are aligned however different they are; beyond, half must agree."""
_RUN = re.compile(r"(\d+)([=XID])")


def payload_of_file(records: Iterable[RawItem | Skipped]) -> bytes:
    """Return the payload of the first score of a file.

    Raises
    ------
    MalformedContent
        If it holds none, or none with notes.
    """
    reason = "it holds no score"
    for record in records:
        if isinstance(record, Skipped):
            reason = record.reason
            continue
        payload = encode(record.content)
        if len(Tune(payload).line_pitch):
            return payload
        reason = "it holds no notes"
    raise MalformedContent(reason)


def compile_like(payload: bytes, options: Mapping[str, Scalar]) -> Probe:
    """Compile ``like`` for a payload.

    Raises
    ------
    QuerySyntax
        If it has fewer than two notes with a pitch.
    """
    tune = Tune(payload)
    held = [line for line in tune.lines(played=False) if (line.pitches != NONE).sum() > 1]
    if not held:
        raise QuerySyntax("it has no melody of its own: fewer than two notes with a pitch")
    lines = sorted(held, key=lambda line: (-len(line), line.number))[:MOST_LINES]
    edits = int(options.get("edits", 2))
    if not 0 <= edits <= LONGEST_EXCERPT // 2:
        raise QuerySyntax(f"edits is a whole number from 0 to {LONGEST_EXCERPT // 2}")
    question, edits = _question(lines, edits)
    said = f"{tune.around.title or 'a score'}, {counted(sum(len(line) for line in lines), 'note')} of "
    said += f"{counted(len(lines), 'voice')}, at any pitch" + (f", up to {counted(edits, 'edit')}" if edits else "")
    told = {"payload": payload, "lines": [line.number for line in lines], "edits": edits}
    return Probe(KIND, "like", said, question, told, "sound", exact_floor=1.0)


def _question(lines: list[Line], edits: int) -> tuple[Question, int]:
    """Return what finds the candidates, and how many edits it allows of an excerpt.

    Seeds of :data:`AHEAD` intervals; of an excerpt the pieces of its longest line that edits leave as they are.
    """
    keys: list[int] = []
    positions: list[int] = []
    base = 0
    for line in lines:
        packed = packed_intervals(line.pitches)
        whole = np.flatnonzero(packed & np.uint64(255))
        keys += packed[whole].tolist()
        positions += (whole + base).tolist()
        base += len(line)
    parts: list[Question] = []
    if keys:
        step = -(-len(keys) // MOST_SEEDS)
        whole_seeds = tuple(keys[::step]), tuple(positions[::step])
        parts.append(SeedMatch(INTERVALS, *whole_seeds, base, bin_width=4, capped_ok=True))
    line = lines[0]
    if keys and (len(line) > LONGEST_EXCERPT or not edits):
        return parts[0], 0
    for allowed in range(min(edits, len(line) // 4), -1, -1):
        melody = Melody(line.pitches, np.full(len(line), MUTE, np.uint8), edits=allowed)
        pieces = pieces_of(melody, [len(line)])
        if pieces is not None:
            found, at, bits, spans = pieces
            asked = SeedMatch(
                INTERVALS, found, at, len(line), max_occurrences=ALL, bits=bits, spans=spans, pieces=allowed + 1
            )
            return AnyOf((*parts, asked)), allowed
    return (parts[0] if parts else Scan()), 0


# ------------------------------------------------------------------------------------------------------- verification
@dataclass(frozen=True, slots=True)
class Beside:
    """Two lines beside each other: the share that is the same, edits of all of the example's, and where."""

    share: float
    edits: int
    is_whole: bool
    transposition: int
    line: Line
    asked: Line
    asked_range: tuple[int, int]
    found_range: tuple[int, int]
    runs: tuple[tuple[int, str], ...]


class Example:
    """What is looked for, opened: its lines with their seeds."""

    def __init__(self, probe: Probe) -> None:
        self.payload = bytes(probe.verification["payload"])
        self.edits = int(probe.verification["edits"])
        tune = Tune(self.payload)
        self.lines = [Seeded.of(tune.line(number)) for number in probe.verification["lines"]]


@dataclass(frozen=True, slots=True)
class Seeded:
    """A line with its seeds, and the order of these."""

    line: Line
    seeds: NDArray[np.uint64]
    order: NDArray[np.int64]

    @classmethod
    def of(cls, line: Line) -> Seeded:
        """Work out the seeds of a line."""
        seeds = packed_intervals(line.pitches)
        return cls(line, seeds, np.argsort(seeds, kind="stable"))


def verify_like(example: Example, tune: Tune, payload: bytes | memoryview, limits: Limits) -> Verdict | None:
    """Return the best common stretch of the example and a score, and those of its other lines."""
    held = [Seeded.of(line) for line in tune.lines()]
    found = []
    for asked in example.lines:
        best = max(
            (one for line in held if (one := _beside(asked, line, example.edits)) is not None),
            key=lambda one: (one.share, one.is_whole, -one.line.number),
            default=None,
        )
        if best is not None:
            found.append(best)
    found.sort(key=lambda one: (-one.share, not one.is_whole, one.asked.number))
    if not found or not (found[0].share >= LEAST_SHARE or found[0].edits <= example.edits):
        return None
    told = [_told(one, tune) for one in found[: 1 + limits.evidence_more]]
    count = len(example.lines)
    every = len(found) == count and found[0].share == 1.0 and all(one.is_whole for one in found)
    exact = every or example.payload == bytes(payload)
    score = 1.0 if exact else found[0].share * (0.5 + 0.5 * sum(one.share for one in found) / count)
    return verdict(told, len(found), score, is_exact=exact)


def _beside(one: Seeded, other: Seeded, edits: int) -> Beside | None:
    """Lay two lines beside each other where most of their seeds agree."""
    best: Beside | None = None
    for diagonal, up in _placed(one, other):
        found = _aligned(one.line, other.line, diagonal, up, edits)
        if found is not None and (best is None or (found.share, found.is_whole) > (best.share, best.is_whole)):
            best = found
    return best


def _aligned(asked: Line, line: Line, diagonal: int, up: int, edits: int) -> Beside | None:
    """Align two lines near a diagonal."""
    import edlib

    low, high = max(0, -diagonal), min(len(asked), len(line) - diagonal)
    if high <= low:
        return None
    slack = 2 + edits + (high - low) // 8
    first, last = max(0, low + diagonal - slack), min(len(line), high + diagonal + slack)
    query = _letters(asked.pitches[low:high], up)
    target = _letters(line.pitches[first:last], 0)
    if not query or not target:
        return None
    most = -1 if len(query) * len(target) <= MOST_CELLS else len(query) // 2
    answer = edlib.align(query, target, "HW", "path", k=most)
    if answer["editDistance"] < 0:
        return None
    start = answer["locations"][0][0] or 0
    runs = tuple((int(n), op) for n, op in _RUN.findall(answer["cigar"] or ""))
    same = sum(n for n, op in runs if op == "=")
    length = sum(n for n, op in runs if op in "=XD")
    found = (first + start, first + start + length)
    covers = (low, high) == (0, len(asked))
    whole = (
        covers
        and same == high - low == length
        and proportions(asked.lengths) == proportions(line.lengths[slice(*found)])
    )
    share = same / max(min(len(asked), len(line)), min(len(asked), LEAST_NOTES), 1)
    distance = sum(n for n, op in runs if op != "=") if covers else len(asked)
    return Beside(min(share, 1.0), distance, whole, up, line, asked, (low, high), found, runs)


def _letters(pitches: NDArray[np.uint8], up: int) -> str:
    """Return pitches as characters, moved; those that are none are the same in both lines."""
    codes = 512 + np.where(pitches != NONE, pitches.astype(np.int64) + up, NONE + 256)
    return codes.astype("<u4").tobytes().decode("utf-32-le")


def _placed(one: Seeded, other: Seeded) -> list[tuple[int, int]]:
    """Return the diagonals (place in the line − place in the example) and transpositions of most seeds.

    Those that have as many, the nearest to that which begins with both lines first.
    """
    asked, line = one.line.pitches, other.line.pitches
    for ahead in (AHEAD, 4, 2, 1):
        shift = np.uint64(8 * (AHEAD - ahead))
        ours, theirs = one.seeds >> shift, other.seeds >> shift
        order = other.order if ahead == AHEAD else np.argsort(theirs, kind="stable")
        at = np.flatnonzero(ours & np.uint64(255))
        places, others = _pairs(ours[at], at, theirs[order], order)
        if not len(places):
            continue
        diagonals, ups = others - places, line[others].astype(np.int64) - asked[places]
        pairs, votes = np.unique(diagonals << 9 | (ups + 128), return_counts=True)
        best = pairs[votes == votes.max()]
        best = best[np.argsort(np.abs(best >> 9), kind="stable")][:MOST_PLACES].tolist()
        return [(pair >> 9, (pair & 511) - 128) for pair in best]
    return []


def _pairs(
    ours: NDArray[np.uint64], at: NDArray[np.int64], theirs: NDArray[np.uint64], order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of equal seeds; of a frequent seed, the places nearest to that in the example.

    `theirs` ascend, and where they are equal `order` does, their places.
    """
    low, high = np.searchsorted(theirs, ours, side="left"), np.searchsorted(theirs, ours, side="right")
    most = max(MOST_VOTES // max(len(at), 1), 4)
    held = np.minimum(high - low, most)
    ranks = np.cumsum(np.diff(theirs, prepend=theirs[:1]) != 0)
    size = np.int64(max(order.max(initial=0), at.max(initial=0)) + 1)
    rank_of = ranks[np.minimum(low, len(ranks) - 1)] if len(ranks) else low
    nearest = np.searchsorted(ranks * size + order, rank_of * size + at)
    first = np.clip(nearest - held // 2, low, high - held)
    steps = np.arange(int(held.sum())) - np.repeat(np.cumsum(held) - held, held)
    return np.repeat(at, held), order[np.repeat(first, held) + steps]


def _told(one: Beside, tune: Tune) -> dict[str, Any]:
    """Return the evidence of two lines beside each other, with their differences in words."""
    notes = list(range(*one.found_range))
    differences = list(_differences(one, tune))
    return evidence(
        tune,
        one.line,
        notes or [one.found_range[0]],
        transposition=one.transposition,
        edits=differences[:MOST_LISTED],
        edit_count=len(differences),
        query_notes=list(one.asked_range),
        share=round(one.share, 4),
    )


def _differences(one: Beside, tune: Tune) -> Iterator[Json]:
    """Yield the edits by which the example becomes what was found; notes as they are numbered in the voice."""
    low = one.found_range[0]
    rows = written(tune, one.line, list(range(*one.found_range)))
    at, i = low, one.asked_range[0]
    for count, operation in one.runs:
        for _ in range(count):
            query = None if operation == "D" else i
            note = None if operation == "I" else rows[at - low]
            if operation == "X":
                wanted = note_name(one.asked, i, one.transposition)
                words = f"note {i + 1} is {note_name(one.line, at)} instead of {wanted}"
                yield {"kind": "changed", "query_index": query, "note_index": note, "words": words}
            elif operation == "I":
                words = f"note {i + 1}, {note_name(one.asked, i, one.transposition)}, is missing"
                yield {"kind": "missing", "query_index": query, "note_index": note, "words": words}
            elif operation == "D":
                words = f"{note_name(one.line, at)} is extra, before note {i + 1}"
                yield {"kind": "extra", "query_index": query, "note_index": note, "words": words}
            i += operation in "=XI"
            at += operation in "=XD"
