"""Where in a score a match is: evidence, and which lines an asker wants."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nlsearch.folding import keyword
from nlsearch.handlers.score.melody import written_name
from nlsearch.handlers.score.payload import NONE, Line, Tune
from nlsearch.model import Json, Verdict


def is_wanted(line: Line, tune: Tune, voice: str) -> bool:
    """Say whether a line is of a part or voice of this name, or of the part of this number (from 1)."""
    if not voice:
        return True
    part = tune.around.parts[line.part]
    if voice.isdecimal():
        return voice.isascii() and voice.lstrip("0") == str(line.part + 1)
    names = (part.name, part.instrument, part.voices[line.voice])
    return any(keyword(voice) in keyword(name) for name in names if name)


def evidence(tune: Tune, line: Line, notes: Sequence[int], **more: Json) -> dict[str, Any]:
    """Return the evidence of a match.

    Parameters
    ----------
    tune : Tune
    line : Line
        The line in which it is, as written or as played.
    notes : sequence of int
        Its notes, by their place in the line.
    **more
        What else there is to say.
    """
    part = tune.around.parts[line.part]
    first, last = notes[0], notes[-1]
    told: dict[str, Any] = {
        "part": line.part,
        "part_name": part.name or part.instrument,
        "voice": part.voices[line.voice],
        "bars": [tune.label(line, first), tune.label(line, last)],
        "notes": written(tune, line, notes),
        **more,
    }
    if line.is_played and is_through_repeat(tune, line, first, last):
        told["through_repeat"] = True
    syllables = _sung(tune, line, notes)
    if syllables:
        told["lyrics"] = syllables
    return told


def verdict(
    listed: list[dict[str, Json]], count: int, score: float, *, is_exact: bool, capped: bool = False
) -> Verdict:
    """Return the verdict on an item.

    Parameters
    ----------
    listed : list of dict
        The evidence of its best match, and of those of the others that are listed.
    count : int
        How many matches there are, or were looked for if `capped`.
    """
    best, *more = listed
    best["more"], best["count"] = more, count
    if capped:
        best["count_capped"] = True
    return Verdict(score, "exact" if is_exact else "near", best)


def written(tune: Tune, line: Line, notes: Sequence[int]) -> list[int]:
    """Return which notes of the voice as it is written these are."""
    if not line.is_played:
        return [int(at) for at in notes]
    plain = tune.line(int(tune.line_voice[line.number]))
    return [int(at) for at in np.searchsorted(plain.notes, line.notes[list(notes)])]


def note_name(line: Line, at: int, up: int = 0) -> str:
    """Return the name of a note, spelled as it is written, so many semitones higher."""
    pitch = int(line.pitches[at])
    return "a note without pitch" if pitch == NONE else written_name(pitch, int(line.steps[at]), up)


def is_through_repeat(tune: Tune, line: Line, first: int, last: int) -> bool:
    """Say whether notes [first, last] of a line as it is played are apart as written."""
    rows = written(tune, line, list(range(first, last + 1)))
    return any(after != before + 1 for before, after in pairwise(rows))


def _sung(tune: Tune, line: Line, notes: Sequence[int]) -> str:
    """Return the syllables under some notes."""
    held = tune.syllables
    if not held:
        return ""
    words: list[str] = []
    before = notes[0]
    for at in notes:
        words += ["…"] * (at > before + 1)
        words.append(held.get(int(line.notes[at]), ""))
        before = at
    text = " ".join(" ".join(words).split()).replace("- ", "")
    return text if text.strip("… ") else ""
