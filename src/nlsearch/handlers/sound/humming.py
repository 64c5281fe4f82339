"""``hum``: from a hum to a probe, and how well it goes with lines of notes.  For every kind that has such lines.

A kind declares the operator of :mod:`~nlsearch.handlers.sound.facts` among its own, compiles it with
:func:`compile_hum`, opens the probe with :class:`Asked`, and lays it beside its lines with
:mod:`nlsearch.kernels.hum`.  :func:`beside` says what the hum does in the stretch that was found.

A recording is asked with as a hum is (:func:`compile_recording`): its melody is estimated and cut into phrases, of
which :data:`LEAST_SHARE` have to be found.

Score and tier
--------------
A step of the hum costs what :class:`~nlsearch.kernels.hum.Costs` says.  Score = 1 − mean cost of a step /
:data:`MOST_COST`.  What scores less than :attr:`Phrase.least` is no hit: a line of chance does as well.  Of
a recording it is the mean of the phrases found, less where others are not.  Tier ``near``, always.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.sound.notes import nearest_semitones
from nlsearch.kernels.hum import Costs, Hum, Lines, find_hum_in_lines
from nlsearch.model import Json, Probe, Scalar, Scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Source
    from nlsearch.handlers.sound.notes import Notes
    from nlsearch.limits import Limits

COSTS = Costs()
MOST_COST = 2.0
"""The mean cost of a step at which the score is 0."""
CHANCE_COST, CHANCE_GROWTH, HIT_COST = 0.33, 0.2, 0.72
"""The mean cost of a step that a line of chance reaches among half a million notes: of a hum of six notes, how it grows
with the logarithm of their number, and the most that a hit may cost.  Of 450 hums of tunes that are not among 8,514 one
or two in a hundred cost less at each length."""
PHRASE, MOST_PHRASES, LEAST_SHARE = 24, 8, 0.3
"""Notes of a phrase of a recording, how many of them are looked for, and the share of them that a hit holds."""
RECORDING_S = 600.0
"""So much of a recording is listened to."""
SHOWN = 16
"""Notes that the answer repeats."""
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def compile_hum(kind: str, source: Source, limits: Limits, options: Mapping[str, Scalar]) -> Probe:
    """Compile ``hum`` of a file.

    Raises
    ------
    QuerySyntax
        If there is too little sound in it.
    InputError
        If it does not decode.
    """
    from nlsearch.handlers.sound.listening import mono_8k
    from nlsearch.handlers.sound.notes import MOST_SECONDS, transcribed

    del options
    return probe_of(kind, transcribed(mono_8k(source, limits, MOST_SECONDS)))


def compile_recording(kind: str, operator: str, source: Source, limits: Limits) -> Probe:
    """Compile a recording that is asked with, of one voice or of many: what it is the rendering of, say.

    Raises
    ------
    QuerySyntax
        If no melody is heard in it.
    InputError
        If it does not decode.
    """
    from nlsearch.handlers.sound.listening import mono_8k
    from nlsearch.handlers.sound.melody import melody_notes
    from nlsearch.handlers.sound.notes import refuse_few

    notes = melody_notes([mono_8k(source, limits, RECORDING_S)])
    refuse_few(notes)
    probe = probe_of(kind, notes)
    said = probe.read_as.replace("a hum", "the melody of a recording, estimated", 1)
    phrases = _phrases(len(notes))
    told = {**probe.verification, "phrases": phrases}
    return replace(probe, operator=operator, read_as=said, verification=told)


def _phrases(count: int) -> list[list[int]]:
    """Return which notes [low, high) the phrases of a recording are, evenly spread where there are many."""
    number = max(round(count / PHRASE), 1)
    edges = np.rint(np.linspace(0, count, number + 1)).astype(int).tolist()
    phrases = [[low, high] for low, high in pairwise(edges)]
    chosen = np.unique(np.linspace(0, number - 1, MOST_PHRASES).round().astype(int))
    return [phrases[at] for at in chosen.tolist()]


def probe_of(kind: str, notes: Notes) -> Probe:
    """Return the probe of notes that were heard as a hum."""
    told = {
        "hum": {name: np.ascontiguousarray(column, "<f4").tobytes() for name, column in _columns(notes).items()},
        "cents": round(notes.cents, 1),
        "phrases": [[0, len(notes)]],
    }
    return Probe(kind, "hum", said_of(notes), Scan(scored=True), told, "approximate", best_tier="near")


def _columns(notes: Notes) -> dict[str, NDArray[np.float32]]:
    return {"pitches": notes.pitches, "gaps": notes.gaps, "onsets": notes.onsets, "ends": notes.ends}


def said_of(notes: Notes) -> str:
    """Return how a hum was heard.

    Examples
    --------
    ``a hum, 11 notes in 6.2 s: C4 D4 E4 C4 …, tuned 23 cents low``
    """
    names = [note_name(pitch) for pitch in notes.rounded[:SHOWN].tolist()] + ["…"] * (len(notes) > SHOWN)
    cents = round(notes.cents)
    tuned = f"tuned {abs(cents)} cents {'high' if cents > 0 else 'low'}" if cents else "in tune"
    seconds = float(notes.ends[-1] - notes.onsets[0])
    return f"a hum, {len(notes)} notes in {seconds:.1f} s: {' '.join(names)}, {tuned}"


def note_name(pitch: int) -> str:
    """Return the name of a pitch: ``C4`` is middle C."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


class Asked:
    """A compiled hum or recording, opened.

    Parameters
    ----------
    probe : Probe
    """

    def __init__(self, probe: Probe) -> None:
        columns = {name: np.frombuffer(raw, "<f4") for name, raw in probe.verification["hum"].items()}
        cents: float = probe.verification["cents"]
        self.phrases = [
            Phrase(**{name: column[low:high] for name, column in columns.items()}, cents=cents)
            for low, high in probe.verification["phrases"]
        ]

    def scores(self, each: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of items by those that each phrase has there; float32, shape (phrases, n)."""
        found = (each > 0).sum(axis=0)
        share = found / np.float32(len(each))
        mean = each.sum(axis=0) / np.maximum(found, 1).astype(np.float32)
        return np.where(share >= LEAST_SHARE, mean * (np.float32(0.5) + share / 2), 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Notes that are looked for as one: a whole hum, or a phrase of a recording.

    Parameters
    ----------
    pitches, gaps, onsets, ends : ndarray of float32, shape (n,)
        Semitones with fractions, and seconds.
    cents : float
        How far they lie above the nearest semitones.
    """

    pitches: NDArray[np.float32]
    gaps: NDArray[np.float32]
    onsets: NDArray[np.float32]
    ends: NDArray[np.float32]
    cents: float

    @property
    def hum(self) -> Hum:
        """The same for the kernel."""
        return Hum(self.pitches, self.gaps)

    @property
    def rounded(self) -> NDArray[np.int64]:
        """The nearest semitones, once the tuning is taken off."""
        return nearest_semitones(self.pitches, self.cents)

    @property
    def least(self) -> float:
        """The score that a hit has at least: less is no better than chance among thousands of tunes."""
        chance = CHANCE_COST + CHANCE_GROWTH * math.log(max(len(self.pitches), 2) / 6)
        return 1 - min(chance, HIT_COST) / MOST_COST

    def scores(self, costs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of places by what they cost, 0 for those that are no hits."""
        scores = 1 - costs / np.float32(MOST_COST * max(len(self.pitches) - 1, 1))
        return np.where(scores >= self.least, scores, 0).astype(np.float32)


# --------------------------------------------------------------------------------------------------- what it does there
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
            yield from (_edit("missing", a, None, f"note {a + 1} of the hum, {names[a]}, is extra") for a in passed)
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

    ``target_s`` in seconds of the recording besides what :func:`beside` says; score 0 and no evidence for no hit.
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
                told.append({"target_s": seconds, "score": round(reached, 4), **found})
    return score, sorted(told, key=lambda one: (-one["score"], one["target_s"]))
