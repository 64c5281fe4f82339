"""Make ``examples/queries`` anew: a hum, as somebody may hum it, synthesised by this code.

Usage: ``python examples/make_queries.py``.  Needs NumPy only.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

RATE = 8_000
KEY = 57.23
"""The pitch of its do, a quarter of a semitone off any key; 60 is middle C."""
BEAT_S = 0.46
TUNE = (
    (0, 1), (2, 1), (4, 1), (0, 1), (0, 1), (2, 1), (4, 1), (0, 1), (4, 1), (5, 1), (7, 2), (4, 1), (5, 1), (7, 2),
)  # fmt: skip
"""Frère Jacques: semitones above do, and beats."""


def hum() -> bytes:
    """Return the beginning of Frère Jacques, hummed off key and off beat, as a WAV file of 8 bits."""
    rng = np.random.default_rng(1)
    pitch, level = [], []
    for steps, beats in TUNE:
        count = int(RATE * BEAT_S * beats * rng.uniform(0.9, 1.1))
        times = np.arange(count) / RATE
        pitch.append(KEY + steps + rng.normal(0, 0.2) + 0.2 * np.sin(2 * np.pi * 5.5 * times))
        level.append(np.minimum(1, 0.2 + np.minimum(times, times[::-1]) / 0.05))
    whole = np.convolve(np.pad(np.concatenate(pitch), 200, "edge"), np.full(401, 1 / 401), "valid")
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((whole - 69) / 12)) / RATE
    voice = sum(np.sin(number * phase) / number**1.5 for number in range(1, 8)) * np.concatenate(level)
    voice = voice + 0.01 * rng.normal(0, 1, len(voice))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(np.round(128 + 90 * voice / np.abs(voice).max()).astype(np.uint8).tobytes())
    return out.getvalue()


if __name__ == "__main__":
    folder = Path(__file__).parent / "queries"
    folder.mkdir(exist_ok=True)
    (folder / "frère jacques.wav").write_bytes(hum())
