"""Where melodies go as a hum does, as evidence; and hums beside the melodies of recordings.

:func:`beside` says what a hum does in a stretch of notes that the kernel found, of a score or a recording.
:func:`scores_beside` and :func:`evidence_beside` do all of it for a kind whose items have a melody as
:class:`~nlsearch.handlers.sound.notes.Notes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.sound.humming import COSTS, Asked, Phrase, note_name
from nlsearch.kernels.hum import Lines, find_hum_in_lines
from nlsearch.model import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.sound.notes import Notes


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a line of notes.

    Parameters
    ----------
    pitches : ndarray of float32, shape (n,)
        NaN for none.
    gaps : ndarray of float32, shape (n,)
        Time from each note to the next.
    names : list of str
        Of the notes.
    """

    pitches: NDArray[np.float32]
    gaps: NDArray[np.float32]
    names: list[str]


def beside(asked: Phrase, stretch: Stretch) -> dict[str, Any]:
    """Return what a hum does in a stretch, as evidence.

    ``transposition`` in semitones from the hum to the line, ``cents_off`` how far its notes are off then (the median of
    their distances), ``query_s`` the seconds of the hum that were used, ``pace`` units of time of the line to a second
    of the hum, ``edits``.
    """
    from nlsearch.kernels.humreference import Beside

    pairs = Beside(asked.hum, stretch.pitches, stretch.gaps, COSTS).pairs()
    ours, theirs = (np.array(side) for side in zip(*pairs, strict=True))
    off = stretch.pitches[theirs] - asked.pitches[ours]
    up = float(np.median(off))
    edits = list(_edits(asked, stretch, pairs, round(up + asked.cents / 100)))
    first, last = pairs[0], pairs[-1]
    passed = float(stretch.gaps[first[1] : last[1]].sum())
    hummed = float(asked.onsets[last[0]] - asked.onsets[first[0]])
    return {
        "transposition": round(up + asked.cents / 100),
        "cents_off": round(100 * float(np.median(np.abs(off - up)))),
        "query_s": [round(float(asked.onsets[first[0]]), 2), round(float(asked.ends[last[0]]), 2)],
        "pace": passed / hummed if hummed > 0 else 0.0,
        "edits": edits,
    }


def _edits(asked: Phrase, stretch: Stretch, pairs: list[tuple[int, int]], up: int) -> Iterator[Json]:
    """Yield what a hum leaves out, adds, and sings otherwise; notes of both are numbered from 0."""
    names = [note_name(pitch + up) for pitch in asked.rounded.tolist()]
    for i in (*range(pairs[0][0]), *range(pairs[-1][0] + 1, len(names))):
        yield _edit("missing", i, None, f"note {i + 1} of the hum, {names[i]}, is left out")
    before = pairs[0]
    for i, j in pairs:
        passed, over = range(before[0] + 1, i), range(before[1] + 1, j)
        if len(passed) == len(over):
            yield from (
                _edit("changed", a, b, f"{stretch.names[b]}, hummed as {names[a]}")
                for a, b in zip(passed, over, strict=True)
                if names[a] != stretch.names[b]
            )
        else:
            yield from (_edit("missing", a, None, f"note {a + 1} of the hum, {names[a]}, is not there") for a in passed)
            yield from (_edit("extra", None, b, f"{stretch.names[b]} is not hummed") for b in over)
        before = i, j


def _edit(kind: str, query: int | None, note: int | None, words: str) -> Json:
    return {"kind": kind, "query_index": query, "note_index": note, "words": words}


# ------------------------------------------------------------------------------------------ beside melodies as they are
def scores_beside(asked: Asked, melodies: Sequence[Notes]) -> NDArray[np.float32]:
    """Return the scores of recordings whose melodies are these."""
    starts = np.cumsum([0, *map(len, melodies)]).astype(np.uint32)
    lines = Lines(_joined(melodies, "pitches"), _joined(melodies, "gaps"), starts)
    each = np.zeros((len(asked.phrases), len(melodies)), np.float32)
    for row, phrase in zip(each, asked.phrases, strict=True):
        found = find_hum_in_lines(phrase.hum, lines, COSTS)
        row[found["line"]] = phrase.scores(found["cost"])
    return asked.scores(each)


def _joined(melodies: Sequence[Notes], column: str) -> NDArray[np.float32]:
    return np.concatenate([*(getattr(notes, column) for notes in melodies), np.empty(0, np.float32)])


def evidence_beside(asked: Asked, notes: Notes) -> tuple[float, list[dict[str, Any]]]:
    """Return the score of a recording whose melody this is, and the evidence of each phrase that is found, best first.

    ``target_s`` in seconds of the recording and its ``notes`` there besides what :func:`beside` says; score 0 and no
    evidence for no hit.
    """
    score = float(scores_beside(asked, [notes])[0])
    told: list[dict[str, Any]] = []
    for phrase in asked.phrases if score else ():
        lines = Lines(notes.pitches, notes.gaps, np.array([0, len(notes)], np.uint32))
        for place in find_hum_in_lines(phrase.hum, lines, COSTS):
            reached = float(phrase.scores(place["cost"][None])[0])
            if reached:
                held = slice(int(place["start"]), int(place["end"]))
                names = [note_name(pitch) for pitch in notes.rounded[held].tolist()]
                seconds = [round(float(notes.onsets[held][0]), 2), round(float(notes.ends[held][-1]), 2)]
                found = beside(phrase, Stretch(notes.pitches[held], notes.gaps[held], names))
                told.append({"target_s": seconds, "score": round(reached, 4), "notes": names, **found})
    return score, sorted(told, key=lambda one: (-one["score"], one["target_s"]))
