"""Scores as music21 reads them, as plain lists: what readers of scores are compared with."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

GRID = 100_800
"""Steps of a quarter note in which onsets and durations are compared."""


class Plain(NamedTuple):
    """A note: index of its bar, onset and duration in steps, pitch (-1 for percussion), voice (a name)."""

    bar: int
    onset: int
    duration: int
    pitch: int
    voice: str


class PlainPart(NamedTuple):
    """The notes of a part, ties merged, and the onset of each of its bars."""

    notes: list[Plain]
    bars: list[int]


def steps(quarters: Any) -> int:
    return round(quarters * GRID)


def parsed(path: Path, text: str | None = None) -> tuple[list[list[PlainPart]], float]:
    """Return the scores of a file, each by its parts, and the seconds of CPU that music21 took to parse it."""
    from music21 import converter, stream

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        if text is None:
            whole = converter.parse(path, forceSource=True)
        else:
            whole = converter.parse(text, format="abc", forceSource=True)
        seconds = time.process_time() - start
        scores = list(whole.scores) if isinstance(whole, stream.Opus) else [whole]
        return [plain(score) for score in scores], seconds


def plain(score: Any) -> list[PlainPart]:
    """Return the parts of a music21 score; the staves of one instrument are one part."""
    from music21 import stream

    if score.atSoundingPitch is not True:
        score = score.toSoundingPitch()
    parts = list(score.parts) if isinstance(score, stream.Score) else [score]
    groups: dict[Any, list[Any]] = {}
    for part in parts:
        name = str(part.id).partition("-Staff")[0] if isinstance(part, stream.PartStaff) else id(part)
        groups.setdefault(name, []).append(part)
    return [_part(staves) for staves in groups.values()]


def _part(staves: list[Any]) -> PlainPart:
    notes: list[Plain] = []
    bars: list[int] = []
    for number, staff in enumerate(staves):
        raw, bars = _staff(staff, number)
        notes += _merged(raw)
    return PlainPart(sorted(notes), bars)


def _staff(staff: Any, number: int) -> tuple[list[tuple[Plain, str]], list[int]]:
    from music21 import stream

    measures = list(staff.getElementsByClass(stream.Measure)) or [staff]
    found: list[tuple[Plain, str]] = []
    bars: list[int] = []
    for bar, measure in enumerate(measures):
        start = measure.offset if measure is not staff else 0
        bars.append(steps(start))
        for name, offset, element in _elements(measure):
            for pitch, tie in _pitches(element):
                place = steps(start + offset + element.offset)
                length = steps(element.duration.quarterLength)
                found.append((Plain(bar, place, length, pitch, f"{number} {name}"), tie))
    return found, bars


def _elements(measure: Any) -> Iterator[tuple[str, Any, Any]]:
    from music21 import harmony, note, stream

    for element in measure:
        if isinstance(element, stream.Voice):
            for inner in element:
                if isinstance(inner, note.NotRest) and not isinstance(inner, harmony.Harmony):
                    yield str(element.id), element.offset, inner
        elif isinstance(element, note.NotRest) and not isinstance(element, harmony.Harmony):
            yield "", 0, element


def _pitches(element: Any) -> Iterator[tuple[int, str]]:
    if element.duration.isGrace:
        return
    members = element.notes if element.isChord or hasattr(element, "notes") else [element]
    for member in members:
        tie = member.tie or (element.tie if len(members) == 1 else None)
        yield (int(member.pitch.ps) if hasattr(member, "pitch") else -1), "" if tie is None else str(tie.type)


def _merged(raw: list[tuple[Plain, str]]) -> list[Plain]:
    """Merge tied notes: a note that ends a tie goes on with the one of its pitch that ends where it begins."""
    waiting: dict[tuple[int, int], list[int]] = {}
    merged: list[Plain] = []
    for one, tie in sorted(raw, key=lambda pair: pair[0].onset):
        at = None
        if tie in {"stop", "continue"}:
            found = waiting.get((one.pitch, one.onset), [])
            same = [index for index in found if merged[index].voice == one.voice] or found
            if same:
                at = same[-1]
                found.remove(at)
                merged[at] = merged[at]._replace(duration=one.onset + one.duration - merged[at].onset)
        if at is None:
            at = len(merged)
            merged.append(one)
        if tie in {"start", "continue"}:
            waiting.setdefault((one.pitch, one.onset + one.duration), []).append(at)
    return merged
