"""The melody of a recording: the line that stands out of many voices, as notes, estimated.

The spectrum is folded onto an axis of thirds of semitones and flattened, so that partials stand out and loud
instruments do not.  How salient a pitch is says the weighted sum over its harmonics [1]_; the melody is the path of
pitches that is most salient, at a price for every jump [2]_.  It is followed in stretches of 20 seconds, so that hours
need no more memory than minutes.  What comes out is read as the notes of a hum are, so that hums, scores and recordings
compare.

It is an estimate: of a voice or an instrument with an accompaniment most notes are right, of a dense orchestra few.

Conventions
-----------
Sound is 8,000 samples a second.  Frames lie 30 ms apart; frame *i* is about the time ``i * HOP_S``.

References
----------
.. [1] Klapuri (2006). Multiple fundamental frequency estimation by summing harmonic amplitudes. ISMIR.
.. [2] Salamon & Gómez (2012). Melody extraction from polyphonic music signals. IEEE TASLP 20, 1759.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.sound.listening import RATE
from nlsearch.handlers.sound.notes import Notes, notes_of
from nlsearch.handlers.sound.pitch import Contour
from nlsearch.kernels.contours import Folding, Prices, pitch_saliences, salient_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

HOP = 240
HOP_S = HOP / RATE
WINDOW, FFT = 1024, 2048
LOWEST, HIGHEST = 48, 90
"""Pitches between which the melody is looked for: C3 and F#6."""
BANDS = 3
"""Of a semitone."""
HARMONICS, DECAY = 6, 0.72
"""How many are summed, and what each counts of the one before."""
UPWARD = 0.015
"""What a pitch counts more than the semitone below: of two lines the upper one is more often the melody."""
FLAT = 25
"""Bands of the mean that is taken off, so that only what stands out is left."""
PRICES = Prices(step=0.15, jump=1.5, unvoiced=0.55)
"""Of moving on by a band and of a jump, and how salient nothing is; in mean saliences of the best pitch."""
STRETCH = 667
"""Frames of which the path is found at once: 20 s."""
PIECE = 20_000
"""Frames of which notes are found at once, and more until the voice pauses: 10 minutes."""
_BLOCK = 64
_TOP = 0.97 * RATE / 2


class MelodyTracker:
    """Follows the melody of a recording that is fed block by block.

    Examples
    --------
    >>> tracker = MelodyTracker()
    >>> tracker.feed(np.zeros(16_000, np.float32))
    >>> len(tracker.finish())
    0
    """

    def __init__(self) -> None:
        self._rest = np.zeros(WINDOW // 2, np.float32)
        self._held: list[NDArray[np.float32]] = []
        self._frames = 0
        self._pitches: list[NDArray[np.float32]] = []
        self._levels: list[NDArray[np.float32]] = []

    def feed(self, block: NDArray[np.float32]) -> None:
        """Take the next samples; float32, shape (n,), any n."""
        sound = np.concatenate([self._rest, block])
        count = (len(sound) - WINDOW) // HOP + 1
        if count <= 0:
            self._rest = sound
            return
        frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP][:count]
        for low in range(0, count, _BLOCK):
            self._held.append(saliences(frames[low : low + _BLOCK]))
        self._frames += count
        self._rest = sound[count * HOP :]
        if self._frames >= STRETCH:
            self._follow()

    def finish(self) -> Notes:
        """Return the notes of the melody."""
        self.feed(np.zeros(WINDOW // 2, np.float32))
        self._follow()
        none = np.empty(0, np.float32)
        pitches, levels = (np.concatenate([*held, none]) for held in (self._pitches, self._levels))
        parts: list[Notes] = []
        for low, high in _pieces(pitches):
            notes = notes_of(Contour(pitches[low:high], levels[low:high], HOP_S))
            begin = np.float32(low * HOP_S)
            parts.append(Notes(notes.onsets + begin, notes.ends + begin, notes.pitches))
        onsets, ends, heard = (
            np.concatenate([*(getattr(part, name) for part in parts), none]) for name in ("onsets", "ends", "pitches")
        )
        return Notes(onsets, ends, heard)

    def _follow(self) -> None:
        """Find the path through what is held."""
        if self._held:
            pitches, levels = _path(np.concatenate(self._held))
            self._pitches.append(pitches)
            self._levels.append(levels)
        self._held, self._frames = [], 0


def _pieces(pitches: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    """Yield pieces of a long contour, each up to where no voice is heard: notes are found in one at a time."""
    low = 0
    while low < len(pitches):
        silent = np.flatnonzero(np.isnan(pitches[low + PIECE :]))
        high = low + PIECE + int(silent[0]) if len(silent) else len(pitches)
        yield low, high
        low = high


def melody_notes(blocks: Iterable[NDArray[np.float32]]) -> Notes:
    """Return the melody of a recording.

    Parameters
    ----------
    blocks : iterable of ndarray of float32, shape (n,)
        8 kHz mono.
    """
    tracker = MelodyTracker()
    for block in blocks:
        tracker.feed(block)
    return tracker.finish()


_PITCHES = np.arange(LOWEST * BANDS, HIGHEST * BANDS + 1) / BANDS
_AXIS = np.arange(LOWEST * BANDS, int(BANDS * (69 + 12 * np.log2(_TOP / 440)))) / BANDS
_PLACES = 440 * 2 ** ((_AXIS - 69) / 12) * FFT / RATE
_FOLDING = Folding(
    FFT // 2 + 1,
    _PLACES.astype(np.int32),
    (_PLACES - _PLACES.astype(np.int32)).astype(np.float32),
    np.array([round(12 * BANDS * np.log2(h)) for h in range(1, HARMONICS + 1)], np.int32),
    DECAY ** np.arange(HARMONICS, dtype=np.float32),
    (1 + UPWARD * (_PITCHES - 60)).astype(np.float32),
    FLAT,
)
_WINDOW = np.hanning(WINDOW + 1)[:-1].astype(np.float32)


def saliences(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how salient each pitch is in each frame.

    Parameters
    ----------
    frames : ndarray of float32, shape (n, WINDOW)

    Returns
    -------
    ndarray of float32, shape (n, pitches)
        Pitches are thirds of semitones from :data:`LOWEST` to :data:`HIGHEST`.
    """
    spectrum = np.fft.rfft(frames * _WINDOW, FFT).astype(np.complex64, copy=False)
    return pitch_saliences(spectrum, _FOLDING)


def _path(saliences_: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the pitch of the most salient path in each frame, NaN where there is none, and its level in dB."""
    loud = saliences_.max(axis=1)
    mean = float(loud.mean())
    if mean <= 1e-6:
        return np.full(len(loud), np.nan, np.float32), np.full(len(loud), -120, np.float32)
    chosen = salient_path(saliences_ / np.float32(mean), PRICES)
    voiced = chosen >= 0
    at = np.clip(chosen, 1, saliences_.shape[1] - 2)
    rows = np.arange(len(at))
    left, here, right = (saliences_[rows, at + off] for off in (-1, 0, 1))
    bend = np.minimum(left - 2 * here + right, -1e-9)
    vertex = np.clip((left - right) / (2 * bend), -0.5, 0.5)
    pitches = np.where(voiced, LOWEST + (at + vertex) / BANDS, np.nan).astype(np.float32)
    levels = 40 * np.log10(np.maximum(here, 1e-3))  # the salience is about the root of an amplitude
    return pitches, levels.astype(np.float32)
