"""A score as the readers give it: parts, voices, notes, bars, and what is written around them.

Conventions
-----------
Time is counted in :data:`TICKS` of a quarter note from the start of the score, in written order: a repeated passage
stands once.  ``onset`` and ``duration`` are ints.  Pitches are *sounding* semitones, 60 is middle C (C4), also of
transposing instruments.  A *step* counts letter names in the same way: ``7 * octave + (C 0, D 1, … B 6)`` of the
sounding pitch, so middle C is 28; together with the pitch it says the accidental.

Tied notes are one note, in the bar of the first.  Grace notes are kept and marked; they take no time (duration 0).  Of
a chord the highest note stands in the line; the others follow it, marked ``lower``.  Rests are gaps.  Percussion has no
pitch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

TICKS = 46_126_080
"""Ticks of a quarter note: 2**10 · 3**2 · 5 · 7 · 11 · 13, so that all usual tuplets and divisions are whole."""
LETTERS = "CDEFGAB"
NATURALS = (0, 2, 4, 5, 7, 9, 11)
"""Semitones of the letters above C."""


@dataclass(slots=True)
class Note:
    """A note of a voice.

    Parameters
    ----------
    onset, duration : int
        Ticks; the duration of tied notes is their sum, of grace notes 0.
    pitch : int, optional
        Sounding semitones, 0 to 127; None for percussion without pitch.
    step : int, optional
        Sounding letter name and octave, as a number; None where the source has no spelling (MIDI).
    bar : int
        Index in ``Part.bars`` of the bar in which it starts.
    syllable : str
        Of the first verse, with a hyphen where the word goes on (``"glo-"``, ``"ri-"``, ``"a"``).
    grace, lower : bool
        Whether it is a grace note, and whether it is a note of a chord below the top one.
    """

    onset: int
    duration: int
    pitch: int | None
    step: int | None
    bar: int
    syllable: str = ""
    grace: bool = False
    lower: bool = False


@dataclass(slots=True)
class Bar:
    """A bar of a part.

    Parameters
    ----------
    label : str
        Its number as printed or as the source says it (``"0"`` for a pickup if so numbered, ``"12a"``).
    onset : int
        Ticks.
    repeat_start : bool
        Whether a repeated passage begins with it.
    repeat_end : int
        How often the passage that ends with it is played in all; 0 where none ends, 2 for a plain repeat.
    endings : tuple of int
        Times at which it is played (``(1,)`` first ending, ``(2,)`` second); empty: always.
    """

    label: str
    onset: int
    repeat_start: bool = False
    repeat_end: int = 0
    endings: tuple[int, ...] = ()


@dataclass(slots=True)
class Voice:
    """A voice of a part: notes by onset, each chord from its highest note down."""

    name: str
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    """A part: an instrument or a singer; a staff of a score without parts."""

    name: str = ""
    instrument: str = ""
    voices: list[Voice] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    verses: list[str] = field(default_factory=list)
    """Whole text of each verse, words joined."""


@dataclass(slots=True)
class Key:
    """A key from a place on.

    Parameters
    ----------
    onset : int
    fifths : int
        Of the signature: sharps, negative for flats.
    tonic : str
        ``"C"``, ``"F#"``, ``"Bb"``; ``""`` where the source gives a signature alone.
    mode : str
        ``"major"``, ``"minor"``, ``"dorian"`` …; ``""`` where the source does not say.
    """

    onset: int
    fifths: int
    tonic: str = ""
    mode: str = ""


@dataclass(slots=True)
class Meter:
    """A meter from a place on, as written: ``"3/4"``, ``"C|"`` is ``"2/2"``, ``"3+2/8"``; ``""`` for none (free)."""

    onset: int
    text: str


@dataclass(slots=True)
class Harmony:
    """A chord symbol, a roman numeral or a figured bass at a place, as written: ``"Am7"``, ``"V6"``, ``"6 4"``.

    ``sort`` is ``"symbol"``, ``"roman"`` or ``"figures"``.
    """

    onset: int
    text: str
    sort: str = "symbol"


@dataclass(slots=True)
class Score:
    """A tune or a movement.

    Parameters
    ----------
    title, composer, lyricist : str
    words : dict of str to str
        What else the source says of it, by what that is: ``"origin"``, ``"genre"``, ``"source"``, ``"year"``.
    parts : list of Part
    keys, meters, harmonies : list
        By onset.
    tempo : float, optional
        Quarter notes a minute, at the start; None where it is not given as a number.
    warnings : list of str
        What was odd: notes that were refused, durations that did not fit.
    """

    title: str = ""
    composer: str = ""
    lyricist: str = ""
    words: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    meters: list[Meter] = field(default_factory=list)
    harmonies: list[Harmony] = field(default_factory=list)
    tempo: float | None = None
    warnings: list[str] = field(default_factory=list)


def pitch_of(step: int, alter: int) -> int:
    """Return the semitones of a letter name with accidentals (`alter` semitones up)."""
    return 12 * (step // 7 + 1) + NATURALS[step % 7] + alter


def sort_voice(voice: Voice) -> None:
    """Put the notes of a voice in order, and mark those of a chord that are not its highest.

    Notes of one onset are a chord; a grace note is never part of one and comes before it.  Grace notes stay in
    their order.
    """
    voice.notes.sort(
        key=lambda note: (note.onset, not note.grace, 0 if note.grace or note.pitch is None else -note.pitch - 1)
    )
    before: Note | None = None
    for note in voice.notes:
        note.lower = before is not None and before.onset == note.onset and not before.grace and not note.grace
        if not note.lower:
            before = note


def playing_order(bars: Sequence[Bar]) -> list[tuple[int, int]]:
    """Return the runs of bars [first, end) in the order in which they are played: repeats and endings expanded.

    One run means that nothing is repeated.  Jumps by words (da capo, dal segno) are not followed.
    """
    order: list[int] = []
    start = at = 0
    times = 1
    while at < len(bars) and len(order) < 16 * len(bars):
        bar = bars[at]
        if bar.repeat_start and at != start and times == 1:
            start = at
        if bar.endings and times not in bar.endings:
            at += 1
            continue
        order.append(at)
        if bar.repeat_end > times:
            times, at = times + 1, start
            continue
        if bar.repeat_end or (bar.endings and not (at + 1 < len(bars) and bars[at + 1].endings == bar.endings)):
            times, start = 1, at + 1
        at += 1
    runs: list[tuple[int, int]] = []
    for number in order:
        if runs and runs[-1][1] == number:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs
