"""Scores of text formats in tests: what a reader makes of a text, in quarters, and what music21 makes of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, BinaryIO

from nlsearch.handlers.score.notation import TICKS, Part, Score
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

Records = Callable[[BinaryIO, Limits], Iterator[RawItem | Skipped]]


def items(records: Records, content: str | bytes, limits: Limits | None = None) -> list[RawItem | Skipped]:
    raw = content.encode() if isinstance(content, str) else content
    return list(records(io.BytesIO(raw), limits or Limits()))


def scores(records: Records, content: str | bytes) -> list[Score]:
    return [item.content for item in items(records, content)]


def line(part: Part, voice: int = 0) -> list[tuple[Fraction, Fraction, int | None]]:
    """Return onset, duration and pitch of the notes of a voice, grace notes left out."""
    notes = part.voices[voice].notes
    return [(Fraction(n.onset, TICKS), Fraction(n.duration, TICKS), n.pitch) for n in notes if not n.grace]


def pitches(score: Score, part: int = 0, voice: int = 0) -> list[int | None]:
    return [pitch for _, _, pitch in line(score.parts[part], voice)]


def durations(score: Score, part: int = 0) -> list[Fraction]:
    return [duration for _, duration, _ in line(score.parts[part])]


def labels(score: Score, part: int = 0) -> list[str]:
    return [bar.label for bar in score.parts[part].bars]


def ours(score: Score) -> list[list[tuple[int, int, int | None]]]:
    """Return onset, duration (in ticks) and pitch of all notes of each part."""
    return [
        sorted((n.onset, n.duration, n.pitch) for voice in part.voices for n in voice.notes if not n.grace)
        for part in score.parts
    ]


def theirs(stream: Any) -> list[list[tuple[int, int, int | None]]]:
    """Return the same of a music21 score."""
    from music21.harmony import Harmony

    rows = []
    for part in stream.parts or [stream]:
        merged = part.stripTies()
        notes = [n for n in merged.recurse().notes if not isinstance(n, Harmony) and not n.duration.isGrace]
        rows.append(
            sorted(
                (
                    round(Fraction(n.getOffsetInHierarchy(merged)) * TICKS),
                    round(Fraction(n.quarterLength) * TICKS),
                    pitch.midi,
                )
                for n in notes
                for pitch in n.pitches
            )
        )
    return rows
