"""One pass over a sound file: what is heard is measured as it comes, so that memory does not grow with its length.

Blocks of the file's own rate give the loudness; the mono signal at 8 kHz the digest, the waveform and the levels; the
levels all the rest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import RATE, Frames
from nlsearch.handlers.audio.clip import Clip, clip_of_levels, stepped_levels
from nlsearch.handlers.audio.landmarks import Landmarks, Peaks
from nlsearch.handlers.audio.likeness import Likeness
from nlsearch.handlers.audio.overview import Overview
from nlsearch.handlers.contract import Source
from nlsearch.handlers.sound.decode import open_sound
from nlsearch.handlers.sound.decoders.decoder import Stated
from nlsearch.handlers.sound.listening import mono_pieces
from nlsearch.handlers.sound.loudness import Loud, Loudness
from nlsearch.handlers.sound.melody import MelodyTracker
from nlsearch.handlers.sound.notes import Notes
from nlsearch.limits import Limits


@dataclass(slots=True)
class Heard:
    """What a recording gave.

    Parameters
    ----------
    stated : Stated
        What its header says.
    complaints : list of str
        What was odd while it was decoded.
    samples : int
        Of the mono signal at 8 kHz.
    digest : bytes
        SHA-256 of that signal in 16-bit steps; empty where there is none, or it is silent.
    loud : Loud
    peaks : Peaks
    overview : bytes
    tempo_bpm : float, optional
    key : str
        ``""`` if there is none.
    likeness : ndarray of float32, shape (LIKENESS_DIMENSIONS,)
    melody : Notes
        Estimated.
    """

    stated: Stated
    complaints: list[str]
    samples: int
    digest: bytes
    loud: Loud
    peaks: Peaks
    overview: bytes
    tempo_bpm: float | None
    key: str
    likeness: NDArray[np.float32]
    melody: Notes

    @property
    def duration_s(self) -> float:
        """Seconds that were decoded."""
        return self.samples / RATE


def in_steps(signal: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return a signal in 16-bit steps, so that its digest does not depend on the last bit of a decoder."""
    return np.asarray(np.rint(np.clip(signal, -1, 1) * np.float32(32_767)), "<i2")


@dataclass(slots=True)
class Signal:
    """How long a signal is, and its digest."""

    samples: int = 0
    _is_silent: bool = True
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def feed(self, signal: NDArray[np.float32]) -> None:
        """Take the next samples of the mono signal at 8 kHz."""
        steps = in_steps(signal)
        self._hash.update(steps.tobytes())
        self.samples += len(signal)
        self._is_silent = self._is_silent and not steps.any()

    @property
    def digest(self) -> bytes:
        """SHA-256 of the signal in 16-bit steps; empty where there is none, or it is silent."""
        return b"" if self._is_silent else self._hash.digest()


@dataclass(slots=True)
class Listening:
    """Everything that listens to one sound."""

    _signal: Signal = field(default_factory=Signal)
    _frames: Frames = field(default_factory=Frames)
    _landmarks: Landmarks = field(default_factory=Landmarks)
    _overview: Overview = field(default_factory=Overview)
    _likeness: Likeness = field(default_factory=Likeness)
    _melody: MelodyTracker = field(default_factory=MelodyTracker)

    def feed(self, signal: NDArray[np.float32]) -> None:
        """Take the next samples of the mono signal at 8 kHz."""
        self._signal.feed(signal)
        self._overview.feed_signal(signal)
        self._melody.feed(signal)
        self._take(self._frames.feed(signal))

    def _take(self, levels: NDArray[np.float32]) -> None:
        self._landmarks.feed(levels)
        self._likeness.feed(levels)
        self._overview.feed_levels(levels)

    def heard(self, stated: Stated, complaints: list[str], loud: Loud) -> Heard:
        """Return what the whole sound gave."""
        self._take(self._frames.finish())
        likeness = self._likeness.finish()
        key = self._likeness.key
        return Heard(
            stated=stated,
            complaints=complaints,
            samples=self._signal.samples,
            digest=self._signal.digest,
            loud=loud,
            peaks=self._landmarks.finish(),
            overview=self._overview.finish().pack(),
            tempo_bpm=self._likeness.bpm,
            key="" if key is None else key.name,
            likeness=likeness,
            melody=self._melody.finish(),
        )


def listen(source: Source, limits: Limits) -> Heard:
    """Decode a sound file and measure it.

    Raises
    ------
    InputError
        If its header does not read.
    """
    with open_sound(source, limits) as sound:
        loudness = Loudness(max(1, sound.stated.sample_rate), max(1, sound.stated.channels))
        listening = Listening()
        for signal in mono_pieces(sound, loudness.feed):
            listening.feed(signal)
        return listening.heard(sound.stated, sound.complaints, loudness.finish())


@dataclass(frozen=True, slots=True)
class Clipped:
    """What a clip gave: its levels, the digest of its signal, how long it is, and what it is like, where known.

    ``why_empty`` says why it has no samples, where that is known: it is protected, or cut short.
    """

    clip: Clip
    digest: bytes
    duration_s: float
    likeness: NDArray[np.float32] | None = None
    why_empty: str = ""


def hear_clip(source: Source, limits: Limits) -> Clipped:
    """Decode a sound file to ask with it.

    Raises
    ------
    InputError
        If its header does not read.
    """
    whole, likeness, frames = Signal(), Likeness(), Frames()
    held: list[NDArray[np.int8]] = []
    with open_sound(source, limits) as sound:
        for signal in mono_pieces(sound):
            whole.feed(signal)
            levels = frames.feed(signal)
            likeness.feed(levels)
            held.append(stepped_levels(levels))
    held.append(stepped_levels(frames.finish()))
    why_empty = sound.complaints[0] if sound.complaints and not whole.samples else ""
    seconds = whole.samples / RATE
    return Clipped(clip_of_levels(np.concatenate(held)), whole.digest, seconds, likeness.finish(), why_empty)
