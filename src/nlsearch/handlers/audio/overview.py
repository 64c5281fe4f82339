"""A preview of a recording of any length: its waveform in at most 800 columns, its spectrogram in at most 400.

Conventions
-----------
Columns are gathered while the sound streams by, without knowing its length: whenever they are full, neighbours are
joined and each column stands for twice the time.  In the end between half and all of them are in use, the last for as
much as was left; a sound of less than 1.6 s (12.8 s for the spectrogram) has fewer.

The waveform has the peak and the root mean square of each column in steps of 3/8 dB: 255 is full scale and more, 1 is
95.25 dB below, 0 is less.  The spectrogram has the mean level of groups of four bands: 12 a neper of power, 0 is a
level of -7 and less.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.audio.bands import BANDS, HOP, RATE
from nlsearch.handlers.audio.columns import Columns

WAVEFORM_COLUMNS, SPECTROGRAM_COLUMNS = 800, 400
JOINED_BANDS = 4
GROUPS = BANDS // JOINED_BANDS
DB_STEP = 0.375
LEVEL_STEPS, LEAST_LEVEL = 12.0, -7.0
_GRAIN = 16
"""Samples of the finest column of a waveform, a power of two."""
_AT_ONCE = 16_384
"""Samples that are worked on at once, few enough for the processor's cache."""
_FULL = 32_767.0
_FINER = 64.0
"""Steps into which one step of a level is divided while levels are summed."""
_VERSION = 1
_HEADER = struct.Struct("<BxHHxxIIQ")


@dataclass(frozen=True, slots=True)
class Preview:
    """What is drawn of a recording.

    Parameters
    ----------
    peak, rms : ndarray of uint8, shape (n,)
        Of the columns of the waveform; 255 + 8/3 times the decibels relative to full scale.
    spectrogram : ndarray of uint8, shape (m, GROUPS)
    column_samples : int
        Samples of a column of the waveform, at 8 kHz.
    column_frames : int
        Frames of a column of the spectrogram.
    samples : int
        Of the recording, at 8 kHz.
    """

    peak: NDArray[np.uint8]
    rms: NDArray[np.uint8]
    spectrogram: NDArray[np.uint8]
    column_samples: int
    column_frames: int
    samples: int

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.samples / RATE

    @property
    def waveform_s(self) -> float:
        """Seconds that the columns of the waveform stand for; the last is not full, so it is no less than all."""
        return len(self.peak) * self.column_samples / RATE

    @property
    def spectrogram_s(self) -> float:
        """Seconds that the columns of the spectrogram stand for."""
        return len(self.spectrogram) * self.column_frames * HOP / RATE

    def pack(self) -> bytes:
        """Return the preview as at most 16,500 bytes.

        Little-endian ``version u8, 0 u8, n u16, m u16, 0 u16, column_samples u32, column_frames u32, samples u64``;
        then, deflated, the arrays, of the spectrogram the differences from the column before.
        """
        counts = len(self.peak), len(self.spectrogram)
        head = _HEADER.pack(_VERSION, *counts, self.column_samples, self.column_frames, self.samples)
        changes = np.diff(self.spectrogram, axis=0, prepend=np.zeros((1, GROUPS), np.uint8))
        arrays = (self.peak, self.rms, np.ascontiguousarray(changes.T))
        return head + zlib.compress(b"".join(array.tobytes() for array in arrays), 9)

    @classmethod
    def unpack(cls, packed: bytes | memoryview) -> Preview:
        """Read a packed preview.

        Raises
        ------
        IndexDamaged
            If it is none.
        """
        try:
            version, n, m, column_samples, column_frames, samples = _HEADER.unpack_from(packed)
            size = 2 * n + m * GROUPS
            held = zlib.decompressobj().decompress(packed[_HEADER.size :], size + 1)
        except (struct.error, zlib.error) as exc:
            raise IndexDamaged("the preview of a recording is damaged", hint="run nlsearch check") from exc
        if version != _VERSION or len(held) != size:
            raise IndexDamaged("the preview of a recording is damaged", hint="run nlsearch check")
        values = np.frombuffer(held, np.uint8)
        changes = values[2 * n :].reshape(GROUPS, m).T
        spectrogram = np.add.accumulate(changes, axis=0, dtype=np.uint8)
        return cls(values[:n], values[n : 2 * n], spectrogram, column_samples, column_frames, samples)


class Overview:
    """Gathers the preview of a sound that comes in pieces."""

    def __init__(self) -> None:
        self._waveform = Columns(WAVEFORM_COLUMNS, 1, 1)
        self._spectrogram = Columns(SPECTROGRAM_COLUMNS, GROUPS, 0)
        self._left = np.empty(0, np.float32)
        self._samples = 0

    def feed_signal(self, signal: NDArray[np.float32]) -> None:
        """Take the next samples; float32, shape (n,), finite, at 8 kHz, 1 is full scale."""
        self._samples += len(signal)
        held = np.concatenate([self._left, signal])
        whole = len(held) // _GRAIN * _GRAIN
        self._left = held[whole:].copy()
        for begin in range(0, whole, _AT_ONCE):
            self._take(held[begin : min(begin + _AT_ONCE, whole)])

    def _take(self, signal: NDArray[np.float32]) -> None:
        """Add whole grains.  Samples become whole numbers, so that their sums are exact."""
        steps = np.rint(np.clip(signal, -1, 1) * np.float32(_FULL)).astype(np.float64)
        grains = steps.reshape(-1, _GRAIN)
        highest = np.abs(steps)
        while len(highest) > len(grains):
            highest = np.maximum(highest[::2], highest[1::2])
        self._waveform.add(np.einsum("ij,ij->i", grains, grains)[:, None], highest[:, None])

    def feed_levels(self, levels: NDArray[np.float32]) -> None:
        """Take the next levels; float32, shape (n, BANDS)."""
        four = sum((levels[:, band::JOINED_BANDS] for band in range(1, JOINED_BANDS)), levels[:, ::JOINED_BANDS])
        codes = np.maximum(four / np.float32(JOINED_BANDS) - np.float32(LEAST_LEVEL), 0)
        whole = np.rint(codes * np.float32(LEVEL_STEPS * _FINER)).astype(np.float64)
        self._spectrogram.add(whole, np.empty((len(levels), 0)))

    def finish(self) -> Preview:
        """Return the preview of all that was fed."""
        if len(self._left):
            self._take(np.concatenate([self._left, np.zeros(_GRAIN - len(self._left), np.float32)]))
            self._left = np.empty(0, np.float32)
        wave, spectrum = self._waveform, self._spectrogram
        each = wave.each * _GRAIN
        counts = np.minimum(each, self._samples - np.arange(wave.used) * each)
        rms = np.sqrt(wave.sums[:, 0] / counts)
        means = spectrum.sums / spectrum.counts()[:, None] / _FINER
        codes = np.minimum(np.rint(means), 255).astype(np.uint8)
        return Preview(_decibels(wave.tops[:, 0]), _decibels(rms), codes, each, spectrum.each, self._samples)


def _decibels(amplitudes: NDArray[np.float64]) -> NDArray[np.uint8]:
    db = 20 * np.log10(np.maximum(amplitudes, 1e-3) / _FULL)
    return np.asarray(np.rint(np.clip(255 + db / DB_STEP, 0, 255)), np.uint8)


def amplitudes(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the amplitudes that codes of a waveform stand for, 1 is full scale."""
    held = 10 ** ((codes.astype(np.float64) - 255) * DB_STEP / 20)
    return np.where(codes > 0, held, 0.0)
