"""``like``: scores that hold the music of a file or an item, or a part of it, however it was written down.

The longest lines of the example are laid beside those of a score, at the transposition and diagonal that most of their
seeds agree in, and aligned at the least number of edits (Myers' bit vectors, by edlib).

Score and tier
--------------
Score = notes that are the same / notes of the shorter of both lines; tier ``exact`` where all notes of the example's
line are there, with the same proportions of durations, else ``near``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import MalformedContent, QuerySyntax
from nlsearch.handlers.score.compile import ALL, KIND, disjoint, pieces_of
from nlsearch.handlers.score.facts import INTERVALS
from nlsearch.handlers.score.melody import written_name
from nlsearch.handlers.score.payload import NONE, Line, Tune, encode
from nlsearch.handlers.score.places import evidence, written
from nlsearch.handlers.score.seeding import AHEAD, packed_intervals
from nlsearch.handlers.score.symbols import proportions
from nlsearch.kernels.melody import MUTE, Melody
from nlsearch.limits import Limits
from nlsearch.model import Json, Probe, Question, RawItem, Scalar, Scan, SeedMatch, Skipped, Verdict

MOST_LINES = 8
"""Lines of an example that are looked for: the longest."""
MOST_SEEDS = 4_000
FEW_NOTES, PIECE_NOTES = 64, 8
LEAST_SHARE = 0.75
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
    count = sum(len(line) for line in lines)
    voices = f"{len(lines)} voice{'s' if len(lines) > 1 else ''}"
    said = f"{tune.around.title or 'a score'}, {count} notes of {voices}, at any pitch"
    edits = int(options.get("edits", 2))
    told = {"payload": payload, "lines": [line.number for line in lines], "edits": edits}
    return Probe(KIND, "like", said, _question(lines, edits), told, "sound", exact_floor=1.0)


def _question(lines: list[Line], edits: int) -> Question:
    """Return what finds the candidates.

    Of up to :data:`FEW_NOTES` notes the cheapest disjoint pieces, one for every :data:`PIECE_NOTES` notes and more than
    there are edits; of more notes all runs of :data:`AHEAD` intervals.
    """
    if sum(len(line) for line in lines) <= FEW_NOTES:
        pitches = np.concatenate([line.pitches for line in lines])
        melody = Melody(pitches, np.full(len(pitches), MUTE, np.uint8))
        found = pieces_of(melody, [len(line) for line in lines])
        if found is None:
            return Scan()
        keys, positions, bits, spans = found
        pieces = min(disjoint(positions, spans), max(edits + 1, len(pitches) // PIECE_NOTES))
        return SeedMatch(
            INTERVALS, keys, positions, len(pitches), bin_width=1, max_occurrences=ALL, bits=bits, spans=spans,
            pieces=pieces,
        )  # fmt: skip
    packed = [packed_intervals(line.pitches) for line in lines]
    every = np.concatenate(packed)
    whole = np.flatnonzero(every & np.uint64(255))
    whole = whole[:: -(-len(whole) // MOST_SEEDS) or 1]
    if not len(whole):
        return Scan()
    return SeedMatch(
        INTERVALS, tuple(every[whole].tolist()), tuple(whole.tolist()), len(every), bin_width=4, capped_ok=True
    )


# ------------------------------------------------------------------------------------------------------- verification
@dataclass(frozen=True, slots=True)
class Beside:
    """Two lines beside each other: the share that is the same, and where."""

    share: float
    is_whole: bool
    transposition: int
    line: Line
    asked: Line
    asked_range: tuple[int, int]
    found_range: tuple[int, int]
    runs: tuple[tuple[int, str], ...]


def verify_like(probe: Probe, tune: Tune, payload: bytes | memoryview, limits: Limits) -> Verdict | None:
    """Return the best common stretch of the example and a score, and those of its other lines."""
    example = Tune(probe.verification["payload"])
    same = bytes(probe.verification["payload"]) == bytes(payload)
    found = []
    for number in probe.verification["lines"]:
        asked = example.line(number)
        best = max(
            (one for line in tune.lines() if (one := _beside(asked, line)) is not None),
            key=lambda one: (one.share, one.is_whole, -one.line.number),
            default=None,
        )
        if best is not None:
            found.append(best)
    found.sort(key=lambda one: (-one.share, not one.is_whole, one.asked.number))
    if not found or found[0].share < LEAST_SHARE:
        return None
    told = [_told(one, tune) for one in found[: 1 + limits.evidence_more]]
    shown = told[0]
    shown["more"], shown["count"] = told[1:], len(found)
    exact = same or (
        found[0].share == 1.0 and all(one.is_whole for one in found) and len(found) == len(probe.verification["lines"])
    )
    score = (
        1.0
        if exact
        else min(found[0].share, 1.0) * (0.5 + 0.5 * sum(one.share for one in found) / len(probe.verification["lines"]))
    )
    return Verdict(score, "exact" if exact else "near", shown)


def _beside(asked: Line, line: Line) -> Beside | None:
    """Lay two lines beside each other where most of their seeds agree."""
    import edlib

    placed = _placed(asked, line)
    if placed is None:
        return None
    diagonal, up = placed
    low, high = max(0, -diagonal), min(len(asked), len(line) - diagonal)
    if high <= low:
        return None
    slack = 2 + (high - low) // 8
    first, last = max(0, low + diagonal - slack), min(len(line), high + diagonal + slack)
    query = _letters(asked.pitches[low:high], up)
    target = _letters(line.pitches[first:last], 0)
    if not query or not target:
        return None
    answer = edlib.align(query, target, "HW", "path")
    start = answer["locations"][0][0] or 0
    runs = tuple((int(n), op) for n, op in _RUN.findall(answer["cigar"] or ""))
    same = sum(n for n, op in runs if op == "=")
    length = sum(n for n, op in runs if op in "=XD")
    found = (first + start, first + start + length)
    whole = (
        (low, high) == (0, len(asked))
        and same == high - low == length
        and proportions(asked.lengths) == proportions(line.lengths[slice(*found)])
    )
    share = same / max(min(len(asked), len(line)), 1)
    return Beside(share, whole, up, line, asked, (low, high), found, runs)


def _letters(pitches: NDArray[np.uint8], up: int) -> str:
    return "".join(chr(256 + int(pitch) + (up if pitch != NONE else 0)) for pitch in pitches)


def _placed(asked: Line, line: Line) -> tuple[int, int] | None:
    """Return the diagonal (place in the line − place in the example) and the transposition of most seeds."""
    for ahead in (AHEAD, 4, 2, 1):
        shift = np.uint64(8 * (AHEAD - ahead))
        ours, theirs = packed_intervals(asked.pitches) >> shift, packed_intervals(line.pitches) >> shift
        places: dict[int, list[int]] = {}
        for at, key in enumerate(theirs.tolist()):
            if key & 255:
                places.setdefault(key, []).append(at)
        votes: Counter[tuple[int, int]] = Counter()
        for at, key in enumerate(ours.tolist()):
            for other in places.get(key, ())[:64]:
                votes[(other - at, int(line.pitches[other]) - int(asked.pitches[at]))] += 1
        if votes:
            most = max(votes.values())
            return min(place for place, count in votes.items() if count == most)
    return None


def _told(one: Beside, tune: Tune) -> dict[str, Any]:
    """Return the evidence of two lines beside each other, with their differences in words."""
    notes = list(range(*one.found_range))
    edits: list[Json] = []
    at, i = one.found_range[0], one.asked_range[0]
    for count, operation in one.runs:
        for _ in range(count):
            if operation != "=":
                edits.append(_edit(one, tune, operation, i, at))
            i += operation in "=XI"
            at += operation in "=XD"
    return evidence(
        tune,
        one.line,
        notes or [one.found_range[0]],
        transposition=one.transposition,
        edits=edits[:100],
        edit_count=len(edits),
        query_notes=list(one.asked_range),
        share=round(one.share, 4),
    )


def _edit(one: Beside, tune: Tune, operation: str, i: int, at: int) -> Json:
    """Return a difference of two lines: X changed, I only in the example, D only in the score."""
    note = None if operation == "I" else written(tune, one.line, [at])[0]
    asked = _name(one.asked, i, one.transposition) if operation != "D" else ""
    found = _name(one.line, at) if operation != "I" else ""
    if operation == "X":
        kind, words = "changed", f"note {i + 1} is {found} instead of {asked}"
    elif operation == "I":
        kind, words = "missing", f"note {i + 1}, {asked}, is missing"
    else:
        kind, words = "extra", f"{found} is extra, before note {i + 1}"
    return {"kind": kind, "query_index": None if operation == "D" else i, "note_index": note, "words": words}


def _name(line: Line, at: int, up: int = 0) -> str:
    pitch = int(line.pitches[at])
    return "a note without pitch" if pitch == NONE else written_name(pitch, int(line.steps[at]), up)
