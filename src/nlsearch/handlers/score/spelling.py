"""Spelling: the letter names of pitches that come without, and the accidentals that are written.

A pitch gets the name that is nearest to the key on the line of fifths: in C major E flat, B flat, F sharp, C sharp and
G sharp.
"""

from __future__ import annotations

from nlsearch.handlers.score.keys import ON_THE_LINE
from nlsearch.handlers.score.notation import LETTERS, NATURALS, pitch_of

_SIGNS = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "x"}


def step_of(pitch: int, fifths: int) -> int:
    """Return the step of a pitch in a key with so many sharps (negative: flats).

    Examples
    --------
    >>> step_of(61, 0), step_of(61, -4), step_of(70, 0)
    (28, 29, 34)
    """
    low = fifths - 3  # of twelve names on the line of fifths, where C is 0
    place = low + (pitch % 12 * 7 - low) % 12
    letter = LETTERS.index(ON_THE_LINE[(place + 1) % 7])
    alter = (place + 1) // 7
    return 7 * ((pitch - alter - NATURALS[letter]) // 12 - 1) + letter


def alter_of(pitch: int, step: int) -> int:
    """Return by how many semitones a pitch is above its letter name."""
    return pitch - pitch_of(step, 0)


class Accidentals:
    """The accidentals of one bar of a staff: what holds of each step, from the key or from a sign before."""

    def __init__(self, fifths: int) -> None:
        sharp = ON_THE_LINE[: max(0, fifths)]
        flat = ON_THE_LINE[::-1][: max(0, -fifths)]
        self._key = {letter: (letter in sharp) - (letter in flat) for letter in LETTERS}
        self._signs: dict[int, int] = {}

    def mei(self, step: int, alter: int, *, is_tied: bool) -> str:
        """Return the attribute of MEI that says the accidental, written only where it is new."""
        holds = self._signs.get(step, self._key[LETTERS[step % 7]])
        if is_tied or alter == holds:
            return f' accid.ges="{_SIGNS[alter]}"' if alter else ""
        self._signs[step] = alter
        return f' accid="{_SIGNS[alter]}"'
