"""From a pitch contour to notes: where each begins and ends, and its pitch in fractions of a semitone.

The contour is fitted by levels a quarter of a semitone apart: each frame costs its distance from its level (no more
than :data:`MOST_OFF`), each change of level :data:`CHANGE_COST`.  So vibrato and glides stay within a note, while a
short note of another pitch is one.  A note also ends where the voice pauses, or where its loudness dips: the same pitch
sung twice.

The instrument's or singer's tuning is not assumed: the offset from the nearest semitones is estimated over all notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.sound.pitch import pitch_contour
from nlsearch.kernels.contours import kept_levels
from nlsearch.model import Melody

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.sound.pitch import Contour

LEVELS_A_SEMITONE = 4
CHANGE_COST = 0.045
"""Of another level, in seconds that are a semitone off."""
MOST_OFF = 1.5
"""Semitones: what a frame costs at most."""
PAUSE_S = 0.045
"""Without a voice so long, a note ends."""
DIP_DB = 5.0
"""So far the loudness falls and rises between two notes of one pitch."""
SHORTEST_S = 0.065
"""Of a note."""
MOST_SECONDS = 60.0
"""Of a hum that are listened to."""
LEAST_NOTES = 4


class Notes(Melody):
    """A melody with what follows from its notes."""

    __slots__ = ()

    @classmethod
    def of(cls, melody: Melody) -> Notes:
        """Return the notes of a melody."""
        return cls(melody.onsets, melody.ends, melody.pitches)

    @property
    def gaps(self) -> NDArray[np.float32]:
        """Seconds from each note to the next; of the last its duration."""
        return np.append(np.diff(self.onsets), (self.ends - self.onsets)[-1:]).astype(np.float32)

    @property
    def cents(self) -> float:
        """How far the notes lie above the nearest semitones, −50 to 50: the circular mean, by duration."""
        turns = np.exp(2j * np.pi * self.pitches) * (self.ends - self.onsets)
        return float(100 * np.angle(turns.sum()) / (2 * np.pi)) if len(self) else 0.0

    @property
    def rounded(self) -> NDArray[np.int64]:
        """The nearest semitones, once the tuning is taken off."""
        return nearest_semitones(self.pitches, self.cents)


def nearest_semitones(pitches: NDArray[np.float32], cents: float) -> NDArray[np.int64]:
    """Return pitches as whole semitones, once a tuning so many cents high is taken off."""
    whole: NDArray[np.int64] = np.rint(pitches - cents / 100).astype(np.int64)
    return whole


def transcribed(sound: NDArray[np.float32]) -> Notes:
    """Return the notes of a hum.

    Parameters
    ----------
    sound : ndarray of float32, shape (n,)
        8,000 samples a second.

    Raises
    ------
    QuerySyntax
        If there are fewer than :data:`LEAST_NOTES`.
    """
    notes = notes_of(pitch_contour(sound))
    refuse_few(notes)
    return notes


def refuse_few(notes: Notes) -> None:
    """Raise ``QuerySyntax`` if there are fewer than :data:`LEAST_NOTES`."""
    if len(notes) < LEAST_NOTES:
        raise QuerySyntax(
            f"too little sound: {len(notes)} notes are heard, {float((notes.ends - notes.onsets).sum()):.1f} s in all",
            hint=f"hum, whistle or sing at least {LEAST_NOTES} notes of the melody",
        )


def notes_of(contour: Contour) -> Notes:
    """Segment a contour into notes."""
    steady = _steady(contour.pitches, CHANGE_COST / contour.hop_s)
    runs = _runs(steady, contour.pitches, PAUSE_S / contour.hop_s)
    pieces = [piece for low, high in runs for piece in _at_dips(contour.levels, low, high)]
    kept = [(low, high) for low, high in pieces if (high - low) * contour.hop_s >= SHORTEST_S]
    pitches = [_pitch(contour.pitches[low:high]) for low, high in kept]
    places = np.array(kept, np.float32).reshape(-1, 2) * np.float32(contour.hop_s)
    return Notes(places[:, 0], places[:, 1], np.array(pitches, np.float32))


def _steady(pitches: NDArray[np.float32], change_cost: float) -> NDArray[np.int64]:
    """Return the level of each frame, the cheapest of all piecewise constant ones (Viterbi)."""
    voiced = np.isfinite(pitches)
    if not voiced.any():
        return np.zeros(len(pitches), np.int64)
    low, high = np.floor(np.nanmin(pitches)), np.ceil(np.nanmax(pitches))
    levels = np.arange(low, high + 0.01, 1 / LEVELS_A_SEMITONE, dtype=np.float32)
    return kept_levels(pitches, levels, change_cost, MOST_OFF)


def _runs(levels: NDArray[np.int64], pitches: NDArray[np.float32], pause: float) -> list[tuple[int, int]]:
    """Return the stretches of one level with a voice; pauses of up to so many frames do not end one."""
    voiced = np.flatnonzero(np.isfinite(pitches))
    if not len(voiced):
        return []
    breaks = (np.diff(voiced) > pause) | (np.diff(levels[voiced]) != 0)
    firsts = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    lasts = np.concatenate([np.flatnonzero(breaks), [len(voiced) - 1]])
    return [(int(voiced[a]), int(voiced[b]) + 1) for a, b in zip(firsts, lasts, strict=True)]


def _at_dips(levels: NDArray[np.float32], low: int, high: int) -> list[tuple[int, int]]:
    """Divide a stretch where the loudness falls and rises again."""
    pieces, start, fell = [], low, None
    peak = valley = float(levels[low])
    for i in range(low + 1, high):
        level = float(levels[i])
        valley = min(valley, level)
        if fell is None and level < peak - DIP_DB:
            fell = i
        if fell is not None and level > valley + DIP_DB:
            pieces.append((start, fell))
            start, fell, peak, valley = i, None, level, level
        elif level > peak:
            peak = valley = level
    return [*pieces, (start, high)]


def _pitch(pitches: NDArray[np.float32]) -> float:
    """Return the median of the middle of a note."""
    edge = len(pitches) // 5
    held = pitches[edge : len(pitches) - edge]
    held = held[np.isfinite(held)]
    return float(np.median(held if len(held) else pitches[np.isfinite(pitches)]))
