"""``hum``: from a hum to a probe, and how well it goes with a line of notes.  For every kind that has lines of notes.

A kind declares the operator of :mod:`~nlsearch.handlers.sound.facts` among its own, compiles it with
:func:`compile_hum`, opens the probe with :class:`AskedHum`, and lays it beside its lines with
:mod:`nlsearch.kernels.hum`.  :func:`beside` says what the hum does in the stretch that was found.

Score and tier
--------------
A step of the hum costs what :class:`~nlsearch.kernels.hum.Costs` says.  Score = 1 − mean cost of a step /
:data:`MOST_COST`.  What scores less than :meth:`AskedHum.least` is no hit: a line of chance does as well.  Tier
``near``, always.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.sound.notes import nearest_semitones
from nlsearch.kernels.hum import Costs, Hum
from nlsearch.model import Json, Probe, Scalar, Scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Source
    from nlsearch.handlers.sound.notes import Notes
    from nlsearch.limits import Limits

COSTS = Costs()
MOST_COST = 1.5
"""The mean cost of a step at which the score is 0."""
CHANCE_COST, CHANCE_GROWTH, HIT_COST = 0.33, 0.2, 0.72
"""The mean cost of a step that a line of chance reaches among half a million notes: of a hum of six notes, how it grows
with the logarithm of their number, and the most that a hit may cost.  Of 450 hums of tunes that are not among 8,514 one
or two in a hundred cost less at each length."""
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


def probe_of(kind: str, notes: Notes) -> Probe:
    """Return the probe of notes that were heard."""
    told = {
        "hum": {name: np.ascontiguousarray(column, "<f4").tobytes() for name, column in _columns(notes).items()},
        "cents": round(notes.cents, 1),
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


class AskedHum:
    """A compiled hum, opened.

    Parameters
    ----------
    probe : Probe
    """

    def __init__(self, probe: Probe) -> None:
        held: dict[str, Any] = probe.verification["hum"]
        columns = {name: np.frombuffer(raw, "<f4") for name, raw in held.items()}
        self.hum = Hum(columns["pitches"], columns["gaps"])
        self.onsets, self.ends = columns["onsets"], columns["ends"]
        self.cents: float = probe.verification["cents"]

    @property
    def rounded(self) -> NDArray[np.int64]:
        """The nearest semitones, once the tuning is taken off."""
        return nearest_semitones(self.hum.pitches, self.cents)

    @property
    def least(self) -> float:
        """The score that a hit has at least: less is no better than chance among thousands of tunes."""
        chance = CHANCE_COST + CHANCE_GROWTH * math.log(max(len(self.hum), 2) / 6)
        return 1 - min(chance, HIT_COST) / MOST_COST

    def scores(self, costs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of places by what they cost, 0 for those that are no hits."""
        scores = 1 - costs / np.float32(MOST_COST * max(len(self.hum) - 1, 1))
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


def beside(asked: AskedHum, stretch: Stretch) -> dict[str, Any]:
    """Return what a hum does in a stretch, as evidence.

    ``transposition`` in semitones from the hum to the line, ``cents_off`` how far its notes are off then (the median of
    their distances), ``query_s`` the seconds of the hum that were used, ``pace`` units of time of the line to a second
    of the hum, ``edits``.
    """
    from nlsearch.kernels.humreference import Beside

    pairs = Beside(asked.hum, stretch.pitches, stretch.gaps, COSTS).pairs()
    ours, theirs = (np.array(side) for side in zip(*pairs, strict=True))
    off = stretch.pitches[theirs] - asked.hum.pitches[ours]
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


def _edits(asked: AskedHum, stretch: Stretch, pairs: list[tuple[int, int]], up: int) -> Iterator[Json]:
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
