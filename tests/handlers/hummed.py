"""Sounds made for the tests: notes as tones with known pitches, onsets and ends, 8 kHz mono."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
Sound = NDArray[np.float32]
Partials = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def sine(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sin(phase)


def rich(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    return sum((np.sin(k * phase) / k for k in range(1, 6)), np.zeros(len(phase)))


def hollow(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a tone whose fundamental is weaker than its second and third partials."""
    return 0.2 * np.sin(phase) + np.sin(2 * phase) + 0.8 * np.sin(3 * phase)


def tone(pitch: float | NDArray[np.float64], seconds: float, partials: Partials = sine) -> Sound:
    """Return a tone; `pitch` may change from sample to sample."""
    hertz = np.broadcast_to(440 * 2 ** ((np.asarray(pitch) - 69) / 12), (round(RATE * seconds),))
    return (0.4 * partials(2 * np.pi * np.cumsum(hertz) / RATE)).astype(np.float32)


def melody(
    pitches: Sequence[float], seconds: Sequence[float], partials: Partials = sine, rest: float = 0.05, lead: float = 0.2
) -> Sound:
    """Return notes with rests of `rest` seconds between them, after `lead` seconds of silence."""
    parts = [np.zeros(round(RATE * lead), np.float32)]
    for pitch, length in zip(pitches, seconds, strict=True):
        note = tone(pitch, length - rest, partials)
        ramp = np.minimum(1, np.minimum(np.arange(len(note)), np.arange(len(note))[::-1]) / 80)
        parts += [(note * ramp).astype(np.float32), np.zeros(round(RATE * rest), np.float32)]
    return np.concatenate(parts)


def wav(sound: Sound, rate: int = RATE, channels: int = 1) -> bytes:
    """Return a WAV file of 16 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(np.round(32_000 * np.clip(sound, -1, 1)), channels).astype("<i2").tobytes())
    return out.getvalue()
