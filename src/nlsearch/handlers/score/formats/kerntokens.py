"""Tokens of ``**kern``: notes, barlines and tandem interpretations.

References
----------
D. Huron, *The Humdrum Toolkit: Reference Manual*, Menlo Park 1995, chapter "**kern"; additions (rational durations,
breves) of Humdrum Extras and humlib, https://www.humdrum.org/rep/kern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nlsearch.handlers.score.formats.keys import mode_of
from nlsearch.handlers.score.notation import LETTERS, TICKS, pitch_of

_DURATION = re.compile(r"([0-9]{1,6})(?:%([0-9]{1,6}))?(\.{0,8})")
_PITCH = re.compile(r"(([A-Ga-g])\2*)(#+|-+|n)?")
_SIGNATURE = re.compile(r"\*k\[(.*?)\]?$")
_TONIC = re.compile(r"\*([A-Ga-g])(#+|-+)?:(\w*)$")
_BARLINE = re.compile(r"=+([0-9]+[a-z]*)?")
_KEPT_TOKENS = 20_000


@dataclass(slots=True)
class Token:
    """What a token of a data line says.

    Parameters
    ----------
    ticks : int
        Its duration; -1 if it gives none.
    grace : bool
    tones : tuple of (pitch, step, begins a tie, ends a tie)
        Pitch and step are None for percussion.
    odd : str
        What of it was not understood, ``""`` if nothing.
    """

    ticks: int
    grace: bool
    tones: tuple[tuple[int | None, int | None, bool, bool], ...]
    odd: str = ""


def recip_ticks(text: str) -> int:
    """Return the duration at the first digits of a token, in ticks; -1 if it has none.

    ``4.`` is a dotted quarter, ``3%2`` two thirds of a whole note, ``0`` a breve, ``00`` a long, ``000`` a maxima.
    """
    found = _DURATION.search(text)
    if found is None:
        return -1
    number, over, dots = found.groups()
    if number.strip("0"):
        whole, part = 4 * TICKS * int(over or 1), int(number)
    else:
        whole, part = 4 * TICKS * 2 ** len(number) * int(over or 1), 1
    if dots:
        whole, part = whole * (2 ** (len(dots) + 1) - 1), part * 2 ** len(dots)
    return whole // part


class Tokens:
    """Tokens that have been read, for most come often."""

    def __init__(self) -> None:
        self._known: dict[str, Token] = {}

    def __getitem__(self, text: str) -> Token:
        token = self._known.get(text)
        if token is None:
            if len(self._known) > _KEPT_TOKENS:
                self._known.clear()
            token = self._known[text] = _token(text)
        return token


def _token(text: str) -> Token:
    ticks = -1
    grace = False
    tones: list[tuple[int | None, int | None, bool, bool]] = []
    odd = ""
    for piece in text.split(" "):
        if ticks < 0:
            ticks = recip_ticks(piece)
        grace = grace or "q" in piece or "Q" in piece
        if "r" in piece:
            continue
        found = _PITCH.search(piece)
        begins, ends = "[" in piece or "_" in piece, "]" in piece or "_" in piece
        if found is None:
            if "R" in piece:
                tones.append((None, None, begins, ends))
            elif piece not in {"", "."}:
                odd = odd or piece
            continue
        letters, _, accidental = found.groups()
        octave = 3 + len(letters) if letters[0].islower() else 4 - len(letters)
        step = 7 * octave + LETTERS.index(letters[0].upper())
        pitch = pitch_of(step, _alter(accidental))
        if 0 <= pitch < 128:
            tones.append((pitch, step, begins, ends))
        else:
            odd = odd or piece
    return Token(ticks, grace, tuple(tones), odd)


def _alter(accidental: str | None) -> int:
    if not accidental or accidental == "n":
        return 0
    return len(accidental) if accidental[0] == "#" else -len(accidental)


def barline(token: str) -> tuple[str, bool, bool]:
    """Return the number at a barline, and whether a repeated passage ends and begins there."""
    found = _BARLINE.match(token)
    style = "".join(letter for letter in token if letter in ":|!")
    ends = len(style) > 1 and style[0] == ":"
    begins = len(style) > 1 and style[-1] == ":"
    return (found[1] or "" if found else ""), ends, begins


def signature_fifths(token: str) -> int | None:
    """Return the sharps of a signature such as ``*k[b-e-]`` (negative: flats); None if it is none."""
    found = _SIGNATURE.match(token)
    if found is None:
        return None
    return found[1].count("#") - found[1].count("-")


def tonic_and_mode(token: str) -> tuple[str, str] | None:
    """Return the tonic and the mode of a key such as ``*b-:`` or ``*G:dor``; None if it is none."""
    found = _TONIC.match(token)
    if found is None:
        return None
    letter, accidental, mode = found.groups()
    tonic = letter.upper() + (accidental or "").replace("-", "b")
    return tonic, mode_of(mode) or ("major" if letter.isupper() else "minor")
