"""The key of a score: as it is stated, else estimated from its notes.

References
----------
Profiles of keys and their correlation with durations: Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990, ch. 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.notation import NATURALS, Key

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
MINOR_LIKE = {"minor", "aeolian", "dorian", "phrygian", "locrian"}
"""Modes with a minor third."""
_ON_FIFTHS = {"major": 0, "ionian": 0, "lydian": -1, "mixolydian": 1, "dorian": 2, "minor": 3, "aeolian": 3}
_ON_FIFTHS |= {"phrygian": 4, "locrian": 5}
"""Fifths from the tonic of the major key with the same signature up to that of the mode."""
_FIFTHS = "FCGDAEB"
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


def tonic_of(fifths: int, mode: str) -> str:
    """Return the name of the tonic of a mode with a signature."""
    at = 1 + fifths + _ON_FIFTHS[mode]
    signs, letter = divmod(at, 7)
    return _FIFTHS[letter] + ("#" * signs if signs > 0 else "b" * -signs)


def stated(key: Key) -> Tonality | None:
    """Return the key that a source states; None for a signature without a mode."""
    mode = key.mode.lower()
    if mode not in _ON_FIFTHS:
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
    if len(pitches) < LEAST_NOTES:
        return None
    held = np.bincount(pitches % 12, durations.astype(np.float64), 12)
    if held.std() == 0:
        return None
    best: tuple[float, int, str] | None = None
    for mode, profile in (("major", _MAJOR), ("minor", _MINOR)):
        for tonic in range(12):
            fits = float(np.corrcoef(np.roll(profile, tonic), held)[0, 1])
            if best is None or fits > best[0] + 1e-12:
                best = (fits, tonic, mode)
    assert best is not None  # noqa: S101 - there are 24 keys
    names = _MAJOR_NAMES if best[2] == "major" else _MINOR_NAMES
    return Tonality(best[1], names[best[1]], best[2], False)


def tonality(
    keys: Sequence[Key], pitches: NDArray[np.uint8], durations: NDArray[np.uint32]
) -> tuple[list[tuple[int, Tonality]], bool]:
    """Return the keys of a score, each from where on it holds, and whether the first is stated.

    A signature without a mode is taken for the one of its two keys that the notes fit better.
    """
    guess: Tonality | None = None
    found: list[tuple[int, Tonality]] = []
    for key in keys:
        told = stated(key)
        if told is None:
            told = _of_signature(key.fifths, pitches, durations)
        if told is not None:
            found.append((key.onset, told))
    if not found:
        guess = estimated(pitches, durations)
        found = [(0, guess)] if guess is not None else []
    return found, bool(found and found[0][1].is_stated)


def _of_signature(fifths: int, pitches: NDArray[np.uint8], durations: NDArray[np.uint32]) -> Tonality | None:
    if not -7 <= fifths <= 7 or len(pitches) < LEAST_NOTES:
        return None
    held = np.bincount(pitches % 12, durations.astype(np.float64), 12)
    fits = {}
    for mode, profile in (("major", _MAJOR), ("minor", _MINOR)):
        name = tonic_of(fifths, mode)
        rolled = np.roll(profile, pitch_class(name))
        fits[mode] = (float(np.corrcoef(rolled, held)[0, 1]) if held.std() else 0.0, name)
    mode = max(fits, key=lambda one: (fits[one][0], one == "major"))
    return Tonality(pitch_class(fits[mode][1]), fits[mode][1], mode, False)
