"""Chords: chord symbols and roman numerals, as they stand in scores and in queries.

Conventions
-----------
A chord is a root, a triad and what is added to it.  Symbols: ``C``, ``Am7``, ``F#dim``, ``G7/B``, ``Bbmaj7``, ``Hm``
(German).  Numerals: ``I``, ``ii``, ``V7``, ``viio``, ``bVI``, ``V65`` (figures say the inversion), ``V/V`` (of the
degree behind the bar); the case tells major from minor.  A chord without additions in a query stands for all chords
with its root and triad.

References
----------
C. Harte et al., *Symbolic representation of musical chords*, ISMIR 2005 (what a symbol consists of).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.score.keys import SCALES, Tonality, pitch_class
from nlsearch.handlers.score.notation import Harmony
from nlsearch.handlers.sound.keyprofiles import PITCH_CLASSES

ADDED = ("", "7", "maj7", "6", "other")
_SYMBOL = re.compile(r"(?P<root>[A-H])(?P<sign>##|#|♯|bb|b|♭|-)?(?P<kind>[^/]*)(?:/(?:[A-Ha-h][#b♯♭-]*|\d+))?$")
_KIND = re.compile(
    r"(?P<triad>maj(?=7|9|11|13|$)|major|min|minor|mi(?![a-z])|m(?!a)|-|dim|°|o|ø|hdim|aug|\+|sus[24]?|M(?=7|9|$)|Δ|j7)?"
    r"(?P<rest>.*)$"
)
_ROMAN_ROOTS = ("I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII")
_TRIAD_SIGNS = ("", "m", "dim", "aug", "sus")
_MINOR = {"min", "minor", "mi", "m", "-"}
_DIMINISHED = {"dim", "°", "o", "ø", "hdim"}
_NUMERAL = re.compile(
    r"(?P<sign>##|#|bb|b|♯|♭|-)?(?P<roman>VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i|N|Ger|Fr|It)"
    r"(?P<triad>o|°|ø|\+)?(?P<rest>[^/]*)(?:/(?P<of>.+))?$"
)
_ROMANS = ("I", "II", "III", "IV", "V", "VI", "VII")
_SEVENTHS = ("7", "65", "43", "42", "2", "6/5", "4/3", "4/2", "9", "11", "13")


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: root as pitch class (of numerals: semitones above the tonic), and the places of triad and addition."""

    root: int
    triad: int
    added: int = 0

    def symbol(self, down: int = 0) -> int:
        """Return its symbol, as semitones above `down`."""
        return 1 + (self.root - down) % 12 + 12 * self.triad + 60 * min(self.added, 3)

    def __str__(self) -> str:
        return f"{PITCH_CLASSES[self.root % 12]}{_TRIAD_SIGNS[self.triad]}{ADDED[self.added]}"

    def numeral(self) -> str:
        """Return its roman numeral, the root being above the tonic of a major key."""
        name = _ROMAN_ROOTS[self.root % 12]
        name = name.lower() if self.triad in (1, 2) else name
        return f"{name}{('', '', 'o', '+', 'sus')[self.triad]}{ADDED[self.added]}"


def _added(rest: str, *, major_seventh: bool = False) -> int:
    plain = rest.strip("()")
    if major_seventh or re.match(r"(?:maj|M|Δ|j)", plain):
        return 2
    if plain.startswith(("7", "9", "11", "13")):
        return 1
    if plain.startswith("6"):
        return 3
    return 0


def read_symbol(text: str) -> Chord | None:
    """Return the chord of a symbol; None if it is none."""
    match = _SYMBOL.match(text.strip())
    if match is None:
        return None
    sign = {"♯": "#", "♭": "b", "-": "b", None: ""}.get(match["sign"], match["sign"] or "")
    root = "B" if match["root"] == "H" else match["root"]
    kind = _KIND.match(match["kind"].replace(" ", ""))
    if kind is None:
        return None
    triad, rest = kind["triad"] or "", kind["rest"]
    which = 1 if triad in _MINOR else 2 if triad in _DIMINISHED else 3 if triad in ("aug", "+") else 0
    if triad.startswith("sus") or "sus" in rest:
        which = 4
    if which == 1 and re.search(r"[b\-]5", rest):
        which = 2
    if which == 0 and re.search(r"[#+]5", rest):
        which = 3
    if rest and not re.match(r"[\d(#b+ad\-susmjM^Δ,°]", rest):
        return None
    major = triad in ("maj", "M", "Δ", "j7") and (bool(rest) or triad in ("Δ", "j7"))
    added = 1 if triad == "ø" else _added(rest, major_seventh=major)
    return Chord(pitch_class(root + sign), which, added)


def read_numeral(text: str, is_minor: bool, deepest: int = 3) -> Chord | None:
    """Return the chord of a roman numeral in a major or minor key; None if it is none.

    Of degrees of degrees (``V/V/V``) at most `deepest` are followed, what is deeper is no numeral.
    """
    match = _NUMERAL.match(text.strip())
    if match is None or match["roman"] in ("Ger", "Fr", "It"):
        return None
    degrees = SCALES[is_minor]
    roman = match["roman"]
    sign = match["sign"] or ""
    alter = sign.count("#") + sign.count("♯") - sign.count("b") - sign.count("♭") - sign.count("-")
    if roman == "N":
        return Chord(1, 0)
    place = _ROMANS.index(roman.upper())
    lowered = is_minor and alter == -1 and degrees[place] != SCALES[0][place]
    root = degrees[place] + (0 if lowered else alter)  # bVI is VI in a minor key
    diminished = match["triad"] in ("o", "°", "ø")
    if place == len(_ROMANS) - 1 and is_minor and not alter and (diminished or roman == "vii"):
        root += 1  # on the leading note
    triad = 2 if diminished else 3 if match["triad"] == "+" else int(roman.islower())
    rest = match["rest"]
    added = 2 if rest.startswith(("maj", "M")) else 1 if rest.startswith(_SEVENTHS) or match["triad"] == "ø" else 0
    if match["of"]:
        if not deepest:
            return None
        over = read_numeral(match["of"], is_minor, deepest - 1)
        if over is None:
            return Chord(root % 12, triad, added)
        root = over.root + SCALES[over.triad == 1][place] + alter
    return Chord(root % 12, triad, added)


# -------------------------------------------------------------------------------------------------------- of a score
def chords_of(harmonies: Sequence[Harmony], keys: Sequence[tuple[int, Tonality]]) -> list[tuple[int, Chord, int]]:
    """Return the chords that a score states: which harmony, the chord with its root as pitch class, and the tonic.

    The tonic is −1 where the key is not known.  Repeats of a chord are one.
    """
    onsets = [onset for onset, _ in keys]
    found: list[tuple[int, Chord, int]] = []
    for number, harmony in enumerate(harmonies):
        at = max(int(np.searchsorted(onsets, harmony.onset, side="right")) - 1, 0)
        key = keys[at][1] if keys else None
        tonic = key.tonic if key is not None else -1
        chord: Chord | None = None
        if harmony.sort == "symbol":
            chord = read_symbol(harmony.text)
        elif harmony.sort == "roman" and key is not None:
            numeral = read_numeral(harmony.text, key.is_minor)
            chord = None if numeral is None else Chord((numeral.root + tonic) % 12, numeral.triad, numeral.added)
        if chord is not None and not (found and found[-1][1:] == (chord, tonic)):
            found.append((number, chord, tonic))
    return found


def chord_symbols(harmonies: Sequence[Harmony], keys: Sequence[tuple[int, Tonality]]) -> dict[str, bytes]:
    """Return the symbols of the chords of a score, without additions: in their key, and beside the one before."""
    held = chords_of(harmonies, keys)
    numerals = bytes(1 + (c.root - tonic) % 12 + 12 * c.triad if tonic >= 0 else 0 for _, c, tonic in held)
    return {"numeral": numerals, "change": changes([chord for _, chord, _ in held])}


def changes(chords: Sequence[Chord]) -> bytes:
    """Return a symbol for each chord but the first: how far its root is above the one before, and its triad."""
    return bytes(1 + (after.root - before.root) % 12 + 12 * after.triad for before, after in pairwise(chords))


# ---------------------------------------------------------------------------------------------------------- of a query
def read_progression(text: str) -> tuple[bool, list[tuple[str, Chord | None, Chord | None]]]:
    """Read a progression.

    Returns
    -------
    (bool, list of (str, Chord or None, Chord or None))
        Whether it is of numerals; for each token the chord in a major and in a minor key (of symbols both the same);
        None for ``?``.

    Raises
    ------
    QuerySyntax
        If a token is neither a chord symbol nor a numeral, or both sorts are mixed.
    """
    tokens = [token for token in re.split(r"[\s,;|]+|(?<=[^\s])-(?=[A-GIViv])", text.strip()) if token]
    if not tokens:
        raise QuerySyntax("there are no chords", hint='write numerals or symbols: chords:"I IV V I", chords:"C G Am F"')
    known = [token for token in tokens if token != "?"]  # noqa: S105 - a chord
    numerals = [read_numeral(token, False) for token in known]
    if known and all(numerals):
        return True, [
            (token, *((None, None) if token == "?" else (read_numeral(token, False), read_numeral(token, True))))  # noqa: S105
            for token in tokens
        ]
    for token in known:
        if read_symbol(token) is None:
            raise QuerySyntax(
                f"{token[:40]!r} is no chord", hint="write numerals (I IV V7 vi) or symbols (C G7 Am F), not both"
            )
    return False, [(token, read_symbol(token), read_symbol(token)) for token in tokens]
