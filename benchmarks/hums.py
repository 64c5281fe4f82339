"""Synthetic hums: a melody as a tone, a whistle or a voice, off key and off beat as people are.

Everything is drawn from the generator that is given, so a seed says all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
SORTS = ("tone", "whistle", "voice")
FORMANTS = ((700.0, 1.0, 110.0), (1_220.0, 0.5, 130.0), (2_600.0, 0.25, 180.0))
"""Of a sung ah: Hz, amplitude, bandwidth (Peterson & Barney 1952)."""


@dataclass(frozen=True)
class Jitter:
    """How far off people are: cents a note, semitones over the phrase, tempo, durations."""

    cents: float = 30.0
    drift: float = 1.0
    tempo: float = 0.3
    durations: float = 0.15


def hum(
    rng: np.random.Generator, sort: str, pitches: NDArray[np.int64], seconds: NDArray[np.float64], jitter: Jitter
) -> NDArray[np.float32]:
    """Return a hum of notes of these pitches (semitones) and distances in time."""
    n = len(pitches)
    centre = {"tone": 62.0, "whistle": 79.0, "voice": 57.0}[sort] + rng.uniform(-4, 4)
    sung = pitches - np.round(pitches.mean()) + centre + rng.uniform(-0.5, 0.5)
    sung = sung + rng.normal(0, jitter.cents / 100, n) + np.linspace(0, jitter.drift * rng.choice((-1, 1)), n)
    lengths = (
        seconds
        * (1 + rng.uniform(-jitter.tempo, jitter.tempo))
        * rng.uniform(1 - jitter.durations, 1 + jitter.durations, n)
    )
    return sound(rng, sort, sung, lengths)


def sound(
    rng: np.random.Generator, sort: str, pitches: NDArray[np.float64], lengths: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return notes as sound, with glides, vibrato, harmonics and breath as the sort has them."""
    edges = np.round(RATE * np.concatenate([[0], np.cumsum(lengths)])).astype(int)
    pitch, level = np.empty(edges[-1]), np.ones(edges[-1])
    for i, (low, high) in enumerate(pairwise(edges.tolist())):
        pitch[low:high] = pitches[i]
        level[low:high] = _attack(rng, high - low, sort, again=i > 0 and abs(pitches[i] - pitches[i - 1]) < 0.7)
    if sort != "tone":
        pitch = _smoothed(pitch, int(RATE * rng.uniform(0.03, 0.08)))
    if sort == "voice":
        times = np.arange(len(pitch)) / RATE
        pitch = pitch + rng.uniform(0.15, 0.5) * np.sin(2 * np.pi * rng.uniform(4.8, 6.4) * times)
        pitch = pitch + _smoothed(rng.normal(0, 6, len(pitch)), 800)
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    made = _partials(sort, hertz) * level
    noise = {"tone": 0.001, "whistle": 0.08, "voice": 0.03}[sort] * np.std(made)
    made = made + noise * rng.normal(0, 1, len(made))
    quiet = rng.normal(0, noise / 3 + 1e-5, int(RATE * rng.uniform(0.1, 0.5)))
    whole = np.concatenate([quiet, made, quiet])
    return (0.3 * whole / np.abs(whole).max()).astype(np.float32)


def _attack(rng: np.random.Generator, count: int, sort: str, *, again: bool) -> NDArray[np.float64]:
    """Return the loudness of a note: every note has a soft beginning, one of the same pitch again is set off."""
    depth = {"tone": 0.7, "whistle": 0.5, "voice": 0.3}[sort]
    depth = max(depth, rng.uniform(0.6, 1.0)) if again else depth * rng.uniform(0, 1)
    rise, fall = (min(int(RATE * rng.uniform(0.015, 0.05)), count // 3) for _ in range(2))
    level = np.ones(count)
    level[:rise] = np.linspace(1 - depth, 1, rise)
    level[count - fall :] = np.linspace(1, 1 - depth, fall)
    return level


def _smoothed(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    sums = np.concatenate([[0], np.cumsum(padded)])
    return (sums[width:] - sums[:-width]) / width


def _partials(sort: str, hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    if sort == "tone":
        return np.sin(phase)
    if sort == "whistle":
        return np.sin(phase) + 0.03 * np.sin(2 * phase)
    made = np.zeros(len(hertz))
    for number in range(1, 25):
        partial = number * hertz
        weight = sum(a / (1 + ((partial - f) / b) ** 2) for f, a, b in FORMANTS) + 0.05
        made += np.where(partial < 0.95 * RATE / 2, weight, 0) / number * np.sin(number * phase)
    return made


def recording(
    rng: np.random.Generator, pitches: NDArray[np.int64], seconds: NDArray[np.float64], level: float
) -> NDArray[np.float32]:
    """Return a melody of plucked tones over a bass, chords and a drum that are so loud beside it."""
    onsets = np.concatenate([[0.0], np.cumsum(seconds)])
    sound = np.zeros(int(RATE * (onsets[-1] + 0.5)))
    top = pitches - np.round(pitches.mean()) + 69 + rng.integers(-3, 4)
    for pitch, at, length in zip(top, onsets, seconds, strict=False):
        _pluck(sound, pitch, at, 0.95 * length, 1.0)
    root = 45 + int(rng.integers(0, 5))
    for number, at in enumerate(np.arange(0, onsets[-1], 1.0)):
        bass = root + (0, 5, 7, 0)[number % 4]
        _pluck(sound, bass, at, 0.95, level)
        for above in (12, 16, 19):
            _pluck(sound, bass + above, at + 0.02 * rng.random(), 0.9, 0.6 * level)
    for at in np.arange(0, onsets[-1], 0.5):
        low = int(RATE * at)
        sound[low : low + 400] += 0.4 * level * rng.normal(0, 1, 400) * np.exp(-np.arange(400) / 100)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def _pluck(sound: NDArray[np.float64], pitch: float, at: float, length: float, level: float) -> None:
    """Add a tone of eight partials that dies away."""
    low = int(RATE * at)
    count = min(int(RATE * length), len(sound) - low)
    times = np.arange(max(count, 0)) / RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    partials = [np.sin(2 * np.pi * k * hertz * times) / k**1.2 for k in range(1, 9) if k * hertz < 3_900]
    edges = np.minimum(1, np.minimum(times / 0.01, times[::-1] / 0.01))
    sound[low : low + len(times)] += level * sum(partials) * edges * np.exp(-2 * times)
