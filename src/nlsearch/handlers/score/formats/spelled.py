"""Names of pitches, keys and chords, as XML formats spell them, and how they are transposed.

Conventions
-----------
The line of fifths: F -1, C 0, G 1, D 2, … B 5, F# 6; a signature counts along it, and so does a transposition.
"""

from __future__ import annotations

from nlsearch.handlers.score.keys import MODES, ON_THE_LINE, name_on_the_line, tonic_of
from nlsearch.handlers.score.notation import LETTERS, NATURALS

LETTER_STEPS = {letter: step for step, letter in enumerate(LETTERS)}
KINDS = {
    "major": "", "minor": "m", "augmented": "+", "diminished": "dim", "dominant": "7", "major-seventh": "maj7",
    "minor-seventh": "m7", "diminished-seventh": "dim7", "augmented-seventh": "+7", "half-diminished": "m7b5",
    "major-minor": "m(maj7)", "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9", "major-ninth": "maj9",
    "minor-ninth": "m9", "dominant-11th": "11", "major-11th": "maj11", "minor-11th": "m11", "dominant-13th": "13",
    "major-13th": "maj13", "minor-13th": "m13", "suspended-second": "sus2", "suspended-fourth": "sus4",
    "Neapolitan": "N6", "Italian": "It+6", "French": "Fr+6", "German": "Ger+6", "pedal": "ped", "power": "5",
    "Tristan": "Tristan",
}  # fmt: skip
"""Kinds of chords as MusicXML 4.0 calls them (type ``kind-value``), and what stands behind the root for them."""


def signs(alter: int) -> str:
    """Return an accidental as text: ``"#"``, ``"bb"``."""
    return "#" * alter if alter > 0 else "b" * -alter


def tonic(fifths: int, mode: str) -> str:
    """Return the tonic of a key of a known mode, else ``""``."""
    return tonic_of(fifths, mode) if mode in MODES else ""


def shift_of(diatonic: int, chromatic: int) -> int:
    """Return how far an interval moves along the line of fifths: a fifth up 1, a major second up 2."""
    return 7 * chromatic - 12 * diatonic


def shifted(fifths: int, shift: int) -> int:
    """Return a signature that a transposition moved, respelled where it would need more than seven accidentals."""
    moved = fifths + shift
    if abs(moved) > 7 and shift:
        moved = (moved + 5) % 12 - 5
    return moved


def root(step: str, alter: int, shift: int) -> str:
    """Return the sounding name of a chord's root or bass; ``""`` if its letter is none."""
    letter = step.strip().upper()[:1]
    return name_on_the_line(ON_THE_LINE.index(letter) - 1 + 7 * alter + shift) if letter in LETTER_STEPS else ""


_SIMPLEST = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
"""Letters that an interval of so many semitones goes up, if nobody says."""


def letters_of(chromatic: int) -> int:
    """Return the letters of an interval of which only the semitones are said: 2 for 4, -1 for -2."""
    octave, rest = divmod(abs(chromatic), 12)
    letters = 7 * octave + _SIMPLEST[rest]
    return letters if chromatic >= 0 else -letters


def semitones(step: int) -> int:
    """Return the pitch of a letter name without accidentals; a table of :func:`~…notation.pitch_of`."""
    return 12 * (step // 7 + 1) + NATURALS[step % 7]
