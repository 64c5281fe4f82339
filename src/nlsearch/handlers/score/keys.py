"""The key of a score: as it is stated, else estimated from its notes.

References
----------
Profiles of keys and their correlation with durations: Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990, ch. 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.notation import NATURALS, Key
from nlsearch.handlers.sound.keyprofiles import MAJOR, MINOR, NAMES
from nlsearch.handlers.sound.keyprofiles import MODES as KEY_MODES

_DIGITS = 12
"""Of a correlation; keys that agree in so many fit equally well."""
MINOR_LIKE = {"minor", "aeolian", "dorian", "phrygian", "locrian"}
"""Modes with a minor third."""
MODES = {
    "major": 0, "ionian": 0, "minor": 3, "aeolian": 3, "dorian": 2, "phrygian": 4, "lydian": -1, "mixolydian": 1,
    "locrian": 5,
}  # fmt: skip
"""How far the tonic lies along the line of fifths from where the signature's major key has it."""
ON_THE_LINE = "FCGDAEB"
"""Letters on the line of fifths, on which F is -1 and C is 0; signatures take their sharps in this order."""
SCALES = (NATURALS, (0, 2, 3, 5, 7, 8, 10))
"""Semitones above the tonic of the degrees of major and natural minor keys."""
LEAST_NOTES = 4


@dataclass(frozen=True, slots=True)
class Tonality:
    """A tonic (pitch class, C is 0), its name, the mode, and whether the source states it."""

    tonic: int
    name: str
    mode: str
    is_stated: bool

    @property
    def is_minor(self) -> bool:
        """Whether the third is minor."""
        return self.mode in MINOR_LIKE

    def __str__(self) -> str:
        return f"{self.name} {self.mode}"


def pitch_class(name: str) -> int:
    """Return the pitch class of a name such as ``"F#"`` or ``"Bb"``.  Raises ``ValueError`` if it is none."""
    if not name or name[0] not in "CDEFGAB" or name[1:].strip("#b"):
        raise ValueError(f"{name!r} is no name of a note")
    return (NATURALS["CDEFGAB".index(name[0])] + name.count("#") - name[1:].count("b")) % 12


def name_on_the_line(fifths: int) -> str:
    """Return the name at a place of the line of fifths: ``"C"``, ``"F#"``, ``"Bb"``."""
    signs, letter = divmod(fifths + 1, 7)
    return ON_THE_LINE[letter] + ("#" * signs if signs > 0 else "b" * -signs)


def tonic_of(fifths: int, mode: str) -> str:
    """Return the name of the tonic of a mode with a signature."""
    return name_on_the_line(fifths + MODES[mode])


def stated(key: Key) -> Tonality | None:
    """Return the key that a source states; None for a signature without a mode."""
    mode = key.mode.lower()
    if mode not in MODES:
        return None
    try:
        name = key.tonic or tonic_of(key.fifths, mode)
        return Tonality(pitch_class(name), name, mode, True)
    except ValueError:
        return None


def estimated(pitches: NDArray[np.uint8], durations: NDArray[np.uint32]) -> Tonality | None:
    """Estimate the key by correlation with the profiles of all major and minor keys.

    Parameters
    ----------
    pitches : ndarray of uint8, shape (n,)
        Known ones only.
    durations : ndarray of uint32, shape (n,)

    Returns
    -------
    Tonality or None
        None if there are fewer than :data:`LEAST_NOTES` notes, or nothing tells one key from another.
    """
    fits = _fits(pitches, durations)
    if fits is None or not fits.any():
        return None
    mode, tonic = divmod(int(fits.argmax()), 12)
    return Tonality(tonic, NAMES[mode][tonic], KEY_MODES[mode], False)


def tonality(
    keys: Sequence[Key], pitches: NDArray[np.uint8], durations: NDArray[np.uint32]
) -> list[tuple[int, Tonality]]:
    """Return the keys of a score, each from where on it holds.

    A signature without a mode is taken for the one of its two keys that the notes fit better.
    """
    told = [(key.onset, stated(key) or _of_signature(key.fifths, pitches, durations)) for key in keys]
    found = [(onset, key) for onset, key in told if key is not None]
    if found:
        return found
    guess = estimated(pitches, durations)
    return [] if guess is None else [(0, guess)]


def _of_signature(fifths: int, pitches: NDArray[np.uint8], durations: NDArray[np.uint32]) -> Tonality | None:
    fits = _fits(pitches, durations)
    if not -7 <= fifths <= 7 or fits is None:
        return None
    names = [tonic_of(fifths, mode) for mode in KEY_MODES]
    major, minor = (fits[mode, pitch_class(name)] for mode, name in enumerate(names))
    mode = int(minor > major)
    return Tonality(pitch_class(names[mode]), names[mode], KEY_MODES[mode], False)


def _fits(pitches: NDArray[np.uint8], durations: NDArray[np.uint32]) -> NDArray[np.float64] | None:
    """Return the correlation with each major and minor key, by tonic; float64, shape (2, 12).

    None of fewer than :data:`LEAST_NOTES` notes; all 0 where nothing tells one key from another.
    """
    if len(pitches) < LEAST_NOTES:
        return None
    held = np.bincount(pitches % 12, durations.astype(np.float64), 12)
    if held.std() == 0:
        return np.zeros((2, 12))
    apart = _profiles() @ (held - held.mean())
    return np.asarray(np.round(apart / (held.std() * np.sqrt(12)), _DIGITS), np.float64)


@cache
def _profiles() -> NDArray[np.float64]:
    """Return the profile of each key, by pitch class, with mean 0 and length 1; float64, shape (2, 12, 12)."""
    profiles = np.array([[np.roll(profile, tonic) for tonic in range(12)] for profile in (MAJOR, MINOR)])
    apart = profiles - profiles.mean(axis=2, keepdims=True)
    lengths = np.sqrt((apart**2).sum(axis=2, keepdims=True))
    return np.asarray(apart / lengths, np.float64)
