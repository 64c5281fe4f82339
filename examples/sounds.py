"""Sounds of the example collection: three short recordings, a sound effect, and a clip to ask with."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
"""Hz: enough to be found by, and small."""
BARCAROLE = (
    57, 64, 69, 72, 69, 64, 55, 62, 67, 71, 67, 62, 53, 60, 65, 69, 72, 77, 52, 59, 64, 68, 71, 76,
    50, 57, 62, 65, 69, 74, 55, 59, 65, 67, 71, 65, 48, 55, 60, 64, 67, 72, 52, 56, 62, 64, 68, 71,
)  # fmt: skip
TOP = (76, 0, 81, 79, 0, 74, 0, 79, 77, 0, 81, 84, 83, 0, 80, 76)

ROUND = (
    *((0, 1), (2, 1), (4, 1), (0, 1)) * 2, *((4, 1), (5, 1), (7, 2)) * 2,
    *((7, 0.5), (9, 0.5), (7, 0.5), (5, 0.5), (4, 1), (0, 1)) * 2, *((0, 1), (-5, 1), (0, 2)) * 2,
)  # fmt: skip
"""Frère Jacques: semitones above do, and beats."""


def _tone(pitch: float, seconds: float, partials: int, decay_s: float) -> NDArray[np.float64]:
    """Return a plucked tone: partials that fall off, the higher the faster."""
    at = np.arange(int(seconds * RATE)) / RATE
    hz = 440 * 2 ** ((pitch - 69) / 12)
    numbers = [n for n in range(1, partials + 1) if n * hz < 3_900]
    waves = [np.sin(2 * np.pi * n * hz * at) / n**1.2 * np.exp(-at * n**0.5 / decay_s) for n in numbers]
    return np.sum([np.zeros(len(at)), *waves], axis=0)


def _add(signal: NDArray[np.float64], start_s: float, tone: NDArray[np.float64], gain: float) -> None:
    first = int(start_s * RATE)
    held = tone[: max(0, len(signal) - first)]
    signal[first : first + len(held)] += gain * held


def barcarole() -> NDArray[np.float64]:
    """Return a piece in six-eight time: broken chords below a melody."""
    signal = np.zeros(12 * RATE)
    for number, pitch in enumerate(BARCAROLE):
        _add(signal, number * 0.25, _tone(pitch, 1.0, 6, 0.35), 0.5)
    for number, pitch in enumerate(TOP):
        if pitch:
            _add(signal, number * 0.75, _tone(pitch + 0.02, 1.4, 9, 0.6), 0.8)
    return signal


def music_box() -> NDArray[np.float64]:
    """Return Frère Jacques from a music box, above a drone of a fifth."""
    beat_s = 0.3
    signal = np.zeros(int(32.5 * beat_s * RATE))
    beats = 0.0
    for step, length in ROUND:
        _add(signal, beats * beat_s, _tone(74.1 + step, 1.0, 5, 0.4), 0.8)
        beats += length
    for beat in range(0, 32, 2):
        _add(signal, beat * beat_s, _tone(50.1 if beat % 4 else 57.1, 0.9, 4, 0.5), 0.4)
    return signal


def workshop() -> NDArray[np.float64]:
    """Return ten seconds of a workshop: hammers on metal at uneven times, above a motor."""
    chance = np.random.default_rng(16)
    signal = 0.05 * np.cumsum(chance.standard_normal(10 * RATE))
    signal -= np.convolve(signal, np.ones(40) / 40, "same")
    at = 0.2
    while at < 9.6:
        struck = chance.uniform(55, 95)
        for ratio in (1.0, 2.76, 5.40, 8.93):  # of a free bar
            _add(signal, at, _tone(struck + 12 * np.log2(ratio), 0.7, 1, 0.12), 0.9 / ratio**0.5)
        at += chance.uniform(0.14, 0.5)
    return signal


def bell() -> NDArray[np.float64]:
    """Return one stroke of a bell, shorter than what can be compared."""
    return _tone(81, 1.0, 3, 0.3)


def clip() -> NDArray[np.float64]:
    """Return five seconds from the middle of the barcarole, behind noise as loud as half the music."""
    part = barcarole()[int(4.4 * RATE) : int(9.4 * RATE)]
    noise = np.random.default_rng(7).standard_normal(len(part))
    return part / part.std() + noise / 2**0.5


def _steps(signal: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.rint(signal / np.abs(signal).max() * 24_000).astype("<i2")


def flac(signal: NDArray[np.float64], **tags: str) -> bytes:
    """Return a signal as FLAC."""
    import soundfile

    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", RATE, 1, "PCM_16", format="FLAC") as sound:
        for name, value in tags.items():
            setattr(sound, name, value)
        sound.write(_steps(signal) // 64 * 64)  # ten bits are enough, and pack well
    return file.getvalue()


def wav(signal: NDArray[np.float64]) -> bytes:
    """Return a signal as WAV of eight bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes((_steps(signal) // 256 + 128).astype(np.uint8).tobytes())
    return file.getvalue()


def files() -> dict[str, bytes]:
    """Return the sounds of the collection by their paths in it."""
    album = {"artist": "The Example Ensemble", "album": "Sounds to be found", "date": "2026"}
    return {
        "sounds/barcarole.flac": flac(barcarole(), title="Barcarole in A minor", genre="Chamber music", **album),
        "sounds/frère jacques.flac": flac(music_box(), title="Frère Jacques", genre="Music box", **album),
        "sounds/workshop.flac": flac(workshop(), title="Workshop", genre="Field recording", **album),
        "sounds/bell.wav": wav(bell()),
    }


def queries() -> dict[str, bytes]:
    """Return sounds to ask with, by their names."""
    return {"noisy clip.flac": flac(clip())}
