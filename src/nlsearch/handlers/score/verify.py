"""Whether a score holds a melody: the stretches of its lines, and by which edits the melody becomes each of them.

Score and tier
--------------
Score = 1 − edits / notes of the query, less a little (:data:`STRANGE`, all together less than half an edit) for each
edit that leaves a note of the query without a counterpart: that a melody was ornamented or shortened is likelier than
that a note was replaced.  Tier ``exact`` without edits, else ``near``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.gaps import with_gaps
from nlsearch.handlers.score.melody import name_of, unpack, written_name
from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.payload import Line, Tune
from nlsearch.handlers.score.places import evidence, is_through_repeat, is_wanted, note_name, verdict, written
from nlsearch.kernels.melody import MUTE, WILD, Melody, Move, find_melodies, trace_melody
from nlsearch.limits import Limits
from nlsearch.model import Anchors, Json, Probe, Refined, Region, Verdict

STRANGE = 0.4
"""Of an edit: what it costs in all that every edit leaves a note of the query without a counterpart."""


class AskedMelody:
    """A compiled melody, opened."""

    def __init__(self, probe: Probe) -> None:
        self.told: dict[str, Any] = probe.verification
        self.melody: Melody = unpack(self.told)
        self.voice: str = self.told["voice"]
        self.is_anchored: bool = self.told["anchored"]
        self.stretches: list[int] = self.told["stretches"]

    @property
    def has_gaps(self) -> bool:
        """Whether there may be notes between its stretches."""
        return len(self.stretches) > 1

    @property
    def picky(self) -> bool:
        """Whether not every match counts."""
        return bool(self.voice) or self.is_anchored

    @property
    def is_relative(self) -> bool:
        """Whether it was given as intervals, so that there is no pitch to be transposed."""
        return bool(self.told.get("relative"))

    def score(self, found: NDArray[np.void]) -> NDArray[np.float32]:
        """Return the score of matches, as a candidate's bound has it."""
        strange = STRANGE * found["strange"] / max(self.melody.edits, 1)
        return (1 - (found["edits"] + strange) / len(self.melody)).astype(np.float32)


# ------------------------------------------------------------------------------------------------ many items at once
def refine(asked: AskedMelody, payloads: list[bytes | memoryview], anchors: Anchors) -> Refined:
    """Look beside the seeds that the melody shares with some scores."""
    if asked.has_gaps:
        return Refined(np.ones(len(payloads), np.float32), {row: [] for row in range(len(payloads))})
    found = find_melodies(asked.melody, payloads, anchors.queries, anchors.items, anchors.targets)
    return _refined(asked, found, payloads)


def _refined(asked: AskedMelody, found: NDArray[np.void], payloads: list[bytes | memoryview]) -> Refined:
    scores = np.zeros(len(payloads), np.float32)
    found = found[np.lexsort((found["start"], found["strange"], found["edits"], found["item"]))]
    items = found["item"].astype(np.int64)
    first = np.flatnonzero(np.diff(items, prepend=-1))
    scores[items[first]] = asked.score(found[first])
    return Refined(scores, Matched(found, items[first], first))


class Matched(Mapping[int, list[Region]]):
    """Where items match, by row, best first; made when it is asked for.

    Parameters
    ----------
    found : ndarray of FOUND, shape (n,)
        By item.
    items, first : ndarray of int64, shape (m,)
        The items in it, and where those of each begin.
    """

    def __init__(self, found: NDArray[np.void], items: NDArray[np.int64], first: NDArray[np.int64]) -> None:
        self._found = found
        ends = np.append(first, len(found))[1:]
        self._places = dict(zip(items.tolist(), zip(first.tolist(), ends.tolist(), strict=True), strict=True))

    def __getitem__(self, row: int) -> list[Region]:
        low, high = self._places[row]
        held = self._found[low:high]
        columns = (held[name].tolist() for name in ("start", "end", "edits"))
        return [Region(start, end, 0, float(-edits)) for start, end, edits in zip(*columns, strict=True)]

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def scores_of(asked: AskedMelody, payloads: list[bytes | memoryview]) -> NDArray[np.float32] | None:
    """Return the scores of scores of music beside a melody; None where only :func:`verify` can tell."""
    if asked.has_gaps or asked.picky:
        return None
    found = find_melodies(asked.melody, payloads, asked.melody.certain())
    scores = np.zeros(len(payloads), np.float32)
    np.maximum.at(scores, found["item"], asked.score(found))
    return scores


# ---------------------------------------------------------------------------------------------------------- one item
def verify(
    asked: AskedMelody, tune: Tune, payload: bytes | memoryview, regions: Sequence[Region], limits: Limits
) -> Verdict | None:
    """Return the best match of a score, and the others."""
    most, shown = limits.verify_matches, 1 + limits.evidence_more
    if asked.has_gaps:
        chains = with_gaps(asked.melody, asked.stretches, asked.voice, tune, payload, limits)
        if not chains:
            return None
        return verdict(chains[:shown], len(chains), 1.0, is_exact=True, capped=len(chains) >= most)
    found = _matches(asked, tune, payload, regions, most)
    if not len(found):
        return None
    told = [_told(asked, tune, tune.line(int(row["line"])), payload, row) for row in found[:shown]]
    best = float(asked.score(found[:1])[0])
    return verdict(told, len(found), best, is_exact=not found[0]["edits"], capped=len(found) >= most)


def _matches(
    asked: AskedMelody, tune: Tune, payload: bytes | memoryview, regions: Sequence[Region], most: int
) -> NDArray[np.void]:
    """Return at most so many matches that count, fewest edits first, without those that overlap a better one."""
    queries = asked.melody.certain()
    if regions:
        reach = asked.melody.edits
        notes = sorted({at for region in regions for at in range(region.start - reach, region.end + reach)})
        axis = np.array(notes, np.int64)
        axis = axis[(axis >= 0) & (axis < len(tune.line_pitch))]
        targets, every = np.repeat(axis, len(queries)), np.tile(queries, len(axis))
        found = find_melodies(asked.melody, [payload], every, np.zeros(len(every), np.uint32), targets)
    else:
        found = find_melodies(asked.melody, [payload], queries)
    found = found[found["end"] > found["start"]]
    order = np.lexsort([found[name] for name in ("scale", "transposition", "end", "start", "strange", "edits")])
    kept: list[int] = []
    taken = np.zeros(len(tune.line_pitch), np.bool_)
    lines: dict[int, Line] = {}
    seen: set[tuple[int, ...]] = set()
    for number in order.tolist():
        if len(kept) == most:
            break
        which, first, end = (int(found[name][number]) for name in ("line", "start", "end"))
        if taken[first:end].any():
            continue
        line = lines[which] if which in lines else lines.setdefault(which, tune.line(which))
        if not _counts(asked, tune, line, first - line.start, end - line.start):
            continue
        place = (line.part, line.voice, *line.notes[first - line.start : end - line.start].tolist())
        if place in seen:
            continue
        seen.add(place)
        taken[first:end] = True
        kept.append(number)
    return found[kept]


def _counts(asked: AskedMelody, tune: Tune, line: Line, start: int, end: int) -> bool:
    """Say whether a match is where it is asked for, and is none of a line as it is written."""
    if not is_wanted(line, tune, asked.voice) or (asked.is_anchored and start):
        return False
    return not line.is_played or is_through_repeat(tune, line, start, end - 1)


def _told(asked: AskedMelody, tune: Tune, line: Line, payload: bytes | memoryview, row: np.void) -> dict[str, Json]:
    """Return the evidence of a match."""
    start, end = int(row["start"]), int(row["end"])
    edits = _edits(asked.melody, tune, line, payload, row)
    return evidence(
        tune,
        line,
        list(range(start - line.start, end - line.start)),
        transposition=None if asked.is_relative else int(row["transposition"]),
        edits=edits,
        **({"time_scale": round(float(row["scale"]) * tune.unit / TICKS, 6)} if row["scale"] else {}),
    )


def _edits(melody: Melody, tune: Tune, line: Line, payload: bytes | memoryview, row: np.void) -> list[Json]:
    """Return the edits of a match, in words."""
    if not row["edits"]:
        return []
    first, end = int(row["start"]) - line.start, int(row["end"]) - line.start
    rows = written(tune, line, list(range(first, end)))
    told: list[Json] = []
    i, at = 0, first
    for move in trace_melody(melody, payload, row):
        if move != "same":
            query = None if move == "extra" else i
            note = None if move == "missing" else rows[at - first]
            wanted, found = _wanted(melody, i, row), note_name(line, at) if at < end else ""
            retimed = at < end and _sounds(melody, i, line, at, row) and (wanted == found or not melody.is_spelled)
            words = _words(move, i, wanted, found, retimed=retimed)
            told.append({"kind": move, "query_index": query, "note_index": note, "words": words})
        i += {"extra": 0, "merged": 2}.get(move, 1)
        at += {"missing": 0, "split": 2}.get(move, 1)
    return told


def _wanted(melody: Melody, i: int, row: np.void) -> str:
    """Return the name of a note of the query where it is looked for."""
    if i >= len(melody) or melody.pitches[i] == WILD:
        return "any note"
    step = int(melody.steps[i]) + int(row["steps"])
    if melody.is_spelled and melody.steps[i] != MUTE and 0 <= step < MUTE:
        return name_of(int(melody.pitches[i]) + int(row["transposition"]), step)
    return written_name(int(melody.pitches[i]), int(melody.steps[i]), int(row["transposition"]))


def _sounds(melody: Melody, i: int, line: Line, at: int, row: np.void) -> bool:
    """Say whether a note of the line sounds as one of the melody."""
    return i < len(melody) and int(melody.pitches[i]) + int(row["transposition"]) == int(line.pitches[at])


def _words(move: Move, i: int, wanted: str, found: str, *, retimed: bool) -> str:
    """Return an edit in words."""
    if move == "changed":
        if retimed:
            return f"note {i + 1}, {wanted}, has another duration"
        return f"note {i + 1} is {found} instead of {wanted}"
    if move == "missing":
        return f"note {i + 1}, {wanted}, is missing"
    if move == "extra":
        return f"{found} is extra, before note {i + 1}"
    if move == "split":
        return f"note {i + 1}, {wanted}, is split in two"
    return f"notes {i + 1} and {i + 2}, {wanted}, are one"
