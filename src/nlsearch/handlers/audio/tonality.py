"""The key of a recording and how far it is tuned from A at 440 Hz, as its partials tell.

Conventions
-----------
A partial is a peak among the bands of a frame that stands out by more than 2 nepers of power (8.7 dB) from the bands
around it; between bands it is placed by a parabola.  Every fourth frame is looked at: a frame of 256 ms each 128 ms.
Each partial counts as its amplitude beside the strongest of its frame.  Partials are gathered by pitch class in steps
of 10 cents, C first, and parted into semitones at the end, when the tuning is known: the mean direction of all places
within a semitone.  The key is the one whose profile correlates best with these sums; the profile of a key is what its
notes and their first partials, each 0.6 of the one before, are worth together.

The spelling of keys is that of scores.

References
----------
Profiles: Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990, ch. 4.  Their partials: Gómez, "Tonal description
of polyphonic audio for music content processing", INFORMS Journal on Computing 18(3), 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import BANDS, PER_OCTAVE, whitened
from nlsearch.handlers.audio.blocks import RANGE, Blocks
from nlsearch.handlers.sound.keyprofiles import MAJOR, MINOR, MODES, NAMES
from nlsearch.kernels.landmarks import local_peaks

EVERY = 4
"""Frames from one that is looked at to the next."""
OUT = 2.0
"""By how much a partial stands out, in nepers of power."""
STEPS = 120
"""Of pitch in an octave."""
LEAST_PARTIALS = 1.0
"""A frame, on average; noise has 0.1, music 2 to 20."""
LEAST_FIT = 0.5
"""Of the best key's correlation."""
LEAST_FRAMES = 16
_FROM_C = 9 * STEPS // 12
"""Steps from C up to the lowest band, A."""
_PARTIALS = ((0, 1.0), (12, 0.6), (19, 0.36), (24, 0.216), (28, 0.13))
"""Semitones of the first partials above their note, and what they are worth."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was estimated.

    Parameters
    ----------
    name : str
        ``"C major"``, ``"F# minor"``.
    tonic : int
        Pitch class, C is 0.
    is_minor : bool
    fit : float
        Correlation with the key's profile.
    """

    name: str
    tonic: int
    is_minor: bool
    fit: float


class Tonality:
    """Gathers the partials of levels that come in pieces."""

    def __init__(self) -> None:
        self._blocks = Blocks()
        self.frames = 0
        self.partials = 0
        self.steps: NDArray[np.float64] = np.zeros(STEPS)
        """What partials count at each step of the octave, C first."""

    def feed(self, levels: NDArray[np.float32]) -> None:
        """Take the next levels; float32, shape (n, BANDS)."""
        for block in self._blocks.feed(levels):
            self._take(block)

    def _take(self, block: NDArray[np.float32]) -> None:
        levels = np.ascontiguousarray(block[::EVERY])
        _, places, weights = partials(levels)
        self.frames += len(levels)
        self.partials += len(places)
        at = np.rint(places * (STEPS / PER_OCTAVE) + _FROM_C).astype(np.int64) % STEPS
        self.steps += np.bincount(at, weights, STEPS)

    def finish(self) -> Key | None:
        """Return the key; None where too little has a pitch (silence, noise, drums) or no key fits."""
        rest = self._blocks.rest()
        if len(rest):
            self._take(rest)
        if self.frames < LEAST_FRAMES or self.partials < LEAST_PARTIALS * self.frames:
            return None
        key = best_key(self.chroma())
        return key if key.fit >= LEAST_FIT else None

    @property
    def tuning(self) -> float:
        """How far the notes lie above those of A at 440 Hz, in cents, -50 to 50.

        0 where nothing has a pitch, and without a meaning where there is no key.
        """
        return 100 * tuning_of(self.steps)

    def chroma(self) -> NDArray[np.float64]:
        """Return what the partials of each pitch class count, C first, with sum 1 (or all 0); shape (12,)."""
        return folded(self.steps, tuning_of(self.steps))


def partials(levels: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Find the partials of frames.

    Parameters
    ----------
    levels : ndarray of float32, shape (n, BANDS)

    Returns
    -------
    frames : ndarray of int64, shape (m,)
    places : ndarray of float64, shape (m,)
        In bands, with fractions.
    weights : ndarray of float64, shape (m,)
        Amplitudes, 1 for the strongest of a frame.
    """
    top = levels.max(axis=1)
    found = local_peaks(whitened(np.maximum(levels, top[:, None] - np.float32(RANGE))), (0, 1), OUT)
    frames, bands = found["frame"].astype(np.int64), found["band"].astype(np.int64)
    inner = (bands > 0) & (bands < BANDS - 1)
    frames, bands = frames[inner], bands[inner]
    below, here, above = (levels[frames, bands + off].astype(np.float64) for off in (-1, 0, 1))
    bend = np.minimum(below - 2 * here + above, -1e-6)
    places = bands + np.clip(0.5 * (below - above) / bend, -0.5, 0.5)
    weights = np.exp(0.5 * (here - top[frames].astype(np.float64)))
    return frames, np.asarray(places, np.float64), np.asarray(weights, np.float64)


def tuning_of(steps: NDArray[np.float64]) -> float:
    """Return how far above the nearest semitones the partials lie on average, in semitones, -0.5 to 0.5."""
    around = np.exp(2j * np.pi * np.arange(STEPS) / (STEPS // 12))
    mean = complex((steps * around).sum())
    return float(np.angle(mean) / (2 * np.pi)) if abs(mean) > 1e-9 else 0.0


def folded(steps: NDArray[np.float64], tuning: float) -> NDArray[np.float64]:
    """Return the sums of the steps nearest to each semitone at a tuning, with sum 1 (or all 0); shape (12,)."""
    semitones = np.rint(np.arange(STEPS) * 12 / STEPS - tuning).astype(np.int64) % 12
    sums = np.bincount(semitones, steps, 12)
    total = float(sums.sum())
    return np.asarray(sums / total if total > 0 else sums, np.float64)


def best_key(chroma: NDArray[np.float64]) -> Key:
    """Return the key that fits best; of keys that fit equally the first, by mode and then by tonic from C.

    Parameters
    ----------
    chroma : ndarray of float64, shape (12,)
    """
    apart = chroma - chroma.mean()
    length = float(np.sqrt((apart**2).sum()))
    fits = np.round(_profiles() @ apart / length, 12) if length > 1e-9 else np.zeros((2, 12))
    mode, tonic = divmod(int(fits.argmax()), 12)
    return Key(f"{NAMES[mode][tonic]} {MODES[mode]}", tonic, bool(mode), float(fits[mode, tonic]))


@cache
def _profiles() -> NDArray[np.float64]:
    """Return the profile of each key with its partials, with mean 0 and length 1; float64, shape (2, 12, 12)."""
    sounding = [sum(worth * np.roll(profile, up) for up, worth in _PARTIALS) for profile in (MAJOR, MINOR)]
    profiles = np.array([[np.roll(profile, tonic) for tonic in range(12)] for profile in sounding])
    apart = profiles - profiles.mean(axis=2, keepdims=True)
    return np.asarray(apart / np.sqrt((apart**2).sum(axis=2, keepdims=True)), np.float64)
