"""``hum``: from a hum to a probe, and how well it goes with lines of notes.  For every kind that has such lines.

A kind declares the operator of :mod:`~nlsearch.handlers.sound.facts` among its own, compiles it with
:func:`compile_hum`, opens the probe with :class:`Asked`, and lays it beside its lines with
:mod:`nlsearch.kernels.hum`.  :mod:`~nlsearch.handlers.sound.beside` says what the hum does in the stretch
that was found.

A recording is asked with as a hum is (:func:`compile_recording`): its melody is estimated and cut into phrases, of
which :data:`LEAST_SHARE` have to be found.  So are the voices of a score (:func:`compile_voices`), of which the best
counts.

Score and tier
--------------
A step of the hum costs what :class:`~nlsearch.kernels.hum.Costs` says.  Score = 1 − mean cost of a step /
:data:`MOST_COST`.  What scores less than :attr:`Phrase.least` is no hit: a line of chance does as well.  Of
a recording or a voice it is the mean of the phrases found, less where others are not.  Tier ``near``, always.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.sound.keyprofiles import PITCH_CLASSES
from nlsearch.handlers.sound.notes import LEAST_NOTES, Notes, nearest_semitones
from nlsearch.kernels.hum import Costs, Hum
from nlsearch.model import Probe, Scalar, Scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Source
    from nlsearch.limits import Limits
    from nlsearch.model import Melody

COSTS = Costs()
MOST_COST = 2.0
"""The mean cost of a step at which the score is 0."""
CHANCE_COST, CHANCE_GROWTH, HIT_COST = 0.45, 0.3, 1.0
"""The mean cost of a step that a line of chance reaches among half a million notes: of a hum of six notes, how it grows
with the logarithm of their number, and the most that a hit may cost.  Of 450 hums of tunes that are not among 8,514
three in a hundred cost less."""
MINIMUM = 0.3
"""Every hit scores more, so that the others need not be verified."""
PHRASE, MOST_PHRASES = 24, 8
"""Notes of a phrase of a recording or a score, and how many phrases are looked for."""
LEAST_SHARE, LEAST_FOUND = 0.3, 2
"""The share of the phrases that a hit holds, and how many at least, if there are so many: one is there by chance."""
MOST_VOICES = 6
"""Of an item of another kind that are asked."""
ESTIMATED = "the melody of a recording, estimated"
RECORDING_S = 600.0
"""So much of a recording is listened to."""
SHOWN = 16
"""Notes that the answer repeats."""


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
    return compile_voices(kind, operator, [notes], ESTIMATED)


def compile_voices(kind: str, operator: str, melodies: Sequence[Melody], said: str) -> Probe:
    """Compile the melodies of an item of another kind; the longest is sure to be asked, others if they are half of it.

    Parameters
    ----------
    kind, operator : str
    melodies : sequence of Melody
        The longest first.
    said : str
        What they are of.

    Raises
    ------
    QuerySyntax
        If no melody has notes enough.
    """
    longest = len(melodies[0]) if melodies else 0
    if longest < LEAST_NOTES:
        raise QuerySyntax(
            f"there is too little melody in it: {longest} notes", hint=f"at least {LEAST_NOTES} notes can be found"
        )
    voices = [Notes.of(melody) for melody in melodies if 2 * len(melody) >= longest][:MOST_VOICES]
    more = f"; with {len(voices) - 1} more voice{'s' if len(voices) > 2 else ''}" if len(voices) > 1 else ""
    read_as = said_of(voices[0], said) + more
    return _probe(kind, operator, voices, [_phrases(len(notes)) for notes in voices], read_as)


def _phrases(count: int) -> list[list[int]]:
    """Return which notes [low, high) the phrases of a recording are, evenly spread where there are many."""
    number = max(round(count / PHRASE), 1)
    edges = np.rint(np.linspace(0, count, number + 1)).astype(int).tolist()
    phrases = [[low, high] for low, high in pairwise(edges)]
    chosen = np.unique(np.linspace(0, number - 1, MOST_PHRASES).round().astype(int))
    return [phrases[at] for at in chosen.tolist()]


def probe_of(kind: str, notes: Notes) -> Probe:
    """Return the probe of notes that were heard as a hum."""
    return _probe(kind, "hum", [notes], [[[0, len(notes)]]], said_of(notes))


def _probe(
    kind: str, operator: str, voices: Sequence[Notes], phrases: Sequence[list[list[int]]], read_as: str
) -> Probe:
    told = {
        "hum": [
            {
                **{name: np.ascontiguousarray(column, "<f4").tobytes() for name, column in _columns(notes).items()},
                "cents": round(notes.cents, 1),
                "phrases": held,
            }
            for notes, held in zip(voices, phrases, strict=True)
        ]
    }
    return Probe(kind, operator, read_as, Scan(scored=True), told, "approximate", MINIMUM, best_tier="near")


def _columns(notes: Notes) -> dict[str, NDArray[np.float32]]:
    return {"pitches": notes.pitches, "gaps": notes.gaps, "onsets": notes.onsets, "ends": notes.ends}


def said_of(notes: Notes, what: str = "a hum") -> str:
    """Return how a hum, or another melody, was heard.

    Examples
    --------
    ``a hum, 11 notes in 6.2 s: C4 D4 E4 C4 …, tuned 23 cents low``
    """
    names = [note_name(pitch) for pitch in notes.rounded[:SHOWN].tolist()] + ["…"] * (len(notes) > SHOWN)
    cents = round(notes.cents)
    tuned = f"tuned {abs(cents)} cents {'high' if cents > 0 else 'low'}" if cents else "in tune"
    seconds = float(notes.ends[-1] - notes.onsets[0])
    return f"{what}, {len(notes)} notes in {seconds:.1f} s: {' '.join(names)}, {tuned}"


def note_name(pitch: int) -> str:
    """Return the name of a pitch: ``C4`` is middle C."""
    return f"{PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"


class Asked:
    """A compiled hum, or the melodies of an item, opened.

    Parameters
    ----------
    probe : Probe

    Attributes
    ----------
    phrases : list of Phrase
        Of all voices, one after the other.
    """

    def __init__(self, probe: Probe) -> None:
        self.phrases: list[Phrase] = []
        self._counts: list[int] = []
        for voice in probe.verification["hum"]:
            columns = {name: np.frombuffer(voice[name], "<f4") for name in ("pitches", "gaps", "onsets", "ends")}
            self._counts.append(len(voice["phrases"]))
            self.phrases += [
                Phrase(**{name: column[low:high] for name, column in columns.items()}, cents=voice["cents"])
                for low, high in voice["phrases"]
            ]

    def scores(self, each: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of items by those that each phrase has there; float32, shape (phrases, n).

        Of the voices the best counts.
        """
        voices = np.split(each, np.cumsum(self._counts)[:-1])
        best: NDArray[np.float32] = np.max([_of_voice(rows) for rows in voices], axis=0)
        return best


def _of_voice(each: NDArray[np.float32]) -> NDArray[np.float32]:
    found = (each > 0).sum(axis=0)
    share = found / np.float32(len(each))
    mean = each.sum(axis=0) / np.maximum(found, 1).astype(np.float32)
    is_hit = (share >= LEAST_SHARE) & (found >= min(LEAST_FOUND, len(each)))
    return np.where(is_hit, mean * (np.float32(0.5) + share / 2), 0).astype(np.float32)


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
