"""Sounds that are made for tests: float32, 8 kHz, mono."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
Sound = NDArray[np.float32]


def noise(seconds: float, seed: int = 0, amplitude: float = 0.1) -> Sound:
    """White."""
    made = np.random.default_rng(seed).normal(size=int(seconds * RATE)) * amplitude
    return made.astype(np.float32)


def sine(hz: float, seconds: float, amplitude: float = 0.5) -> Sound:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def placed(sounds: list[tuple[float, Sound]], seconds: float) -> Sound:
    """Add sounds up, each from its second on."""
    out = np.zeros(int(seconds * RATE), np.float32)
    for at, sound in sounds:
        begin = int(at * RATE)
        held = out[begin : begin + len(sound)]
        held += sound[: len(held)]
    return out


def clicks(bpm: float, seconds: float = 20.0) -> Sound:
    """Make a click of 1 kHz a beat."""
    click = sine(1000, 0.05) * np.exp(-np.arange(400) / 80).astype(np.float32)
    return placed([(0.25 + beat * 60 / bpm, click) for beat in range(int(seconds * bpm / 60))], seconds)


def drums(bpm: float, seconds: float = 20.0, seed: int = 0) -> Sound:
    """Make bass drum and snare in turn on the beats, a hi-hat on them and halfway between."""
    n = np.arange(1600)
    kick = (0.8 * np.sin(2 * np.pi * (60 * n / RATE) + 20 * np.exp(-n / 200)) * np.exp(-n / 600)).astype(np.float32)
    snare = noise(0.2, seed, 0.4) * np.exp(-n / 400).astype(np.float32)
    hat = noise(0.05, seed + 1) * np.exp(-n[:400] / 60).astype(np.float32)
    halves = range(int(seconds * bpm / 30))
    struck = [(at * 30 / bpm, sound) for at in halves for sound in ([hat], [hat, kick], [hat, snare])[_struck(at)]]
    return placed(struck, seconds)


def _struck(half: int) -> int:
    return {0: 1, 2: 2}.get(half % 4, 0)


def tone(midi: float, seconds: float, partials: int = 6) -> Sound:
    """Make a decaying tone with partials, each 0.6 of the one below."""
    hz = 440 * 2 ** ((midi - 69) / 12)
    n = np.arange(int(seconds * RATE))
    made = sum(0.6**k * np.sin(2 * np.pi * hz * (k + 1) * n / RATE) for k in range(partials) if hz * (k + 1) < 3900)
    return (0.1 * made * np.exp(-n / RATE)).astype(np.float32)


def cadence(tonic: int, *, minor: bool = False, cents: float = 0.0, times: int = 2, chord_s: float = 0.8) -> Sound:
    """Make I IV V I, or i iv V i, with the root below."""
    third = 3 if minor else 4
    chords = [(0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7)] * times
    made = []
    for chord in chords:
        notes = [60 + tonic + note for note in chord] + [48 + tonic + chord[0]]
        made.append(sum((tone(note + cents / 100, chord_s) for note in notes), np.zeros(1, np.float32)))
    return np.concatenate(made).astype(np.float32)


def cut(length: int, places: list[int]) -> list[slice]:
    """Return the pieces of a stream that is cut at places (modulo its length)."""
    edges = sorted({0, length, *(place % (length + 1) for place in places)})
    return [slice(low, high) for low, high in itertools.pairwise(edges)]
