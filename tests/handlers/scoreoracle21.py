"""Notes of a score as plain tuples, read by us and by music21."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from nlsearch.handlers.score.notation import TICKS, Part, Score

Tuples = list[tuple[int, float, float, int | None]]


def tuples(part: Part) -> Tuples:
    """Return bar, onset and duration in quarters, and pitch of each note; grace notes out."""
    notes = [note for voice in part.voices for note in voice.notes if not note.grace]
    return sorted(
        (note.bar, round(note.onset / TICKS, 3), round(note.duration / TICKS, 3), note.pitch) for note in notes
    )


def music21_parts(path: Path) -> list[Tuples]:
    """Return the same of every part as music21 reads it; for scores of one voice a part."""
    from music21 import converter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parse(path, forceSource=True).toSoundingPitch()
        return [_tuples(part.stripTies()) for part in score.parts]


def _tuples(part: Any) -> Tuples:
    found: Tuples = []
    for bar, measure in enumerate(part.getElementsByClass("Measure")):
        for element in measure.flatten().notes:
            if not element.duration.isGrace:
                onset = round(float(measure.offset + element.offset), 3)
                length = round(float(element.duration.quarterLength), 3)
                found += [(bar, onset, length, int(pitch.ps)) for pitch in element.pitches]
    return sorted(found)


def voice(score: Score, part: int = 0, which: int = 0) -> list[tuple[float, float, int | None]]:
    """Return onset and duration in quarters, and pitch of the notes of a voice, in order."""
    notes = score.parts[part].voices[which].notes
    return [(note.onset / TICKS, note.duration / TICKS, note.pitch) for note in notes]
