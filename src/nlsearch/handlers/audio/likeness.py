"""What a recording sounds like, as one vector: recordings that sound alike have a high cosine.

Conventions
-----------
All of it comes from levels, one frame of two (64 ms); levels more than 10 nepers of power below the highest of their
block are raised to that.  Neither gain nor the key nor, but for its octave, the tempo counts.  The parts:

- timbre: mean and deviation of the cepstral coefficients 1 to 16 (a cosine transform over bands), and the deviation of
  their change over 128 ms;
- loudness: deviation of the mean level, and of its change;
- contrast: in six ranges of bands, mean and deviation of how far the highest fifth of levels is above the lowest;
- harmony: the sums of pitch classes from the tonic up, and how much two pitch classes an interval apart sound at once;
- tonnetz: mean and deviation of how far the pitch classes of a frame lie from the middle of the circles of fifths,
  minor thirds and major thirds, and how far they move in 128 ms;
- rhythm: how strong onsets are, how much they vary, the correlation of onsets at lags of 1/4 s to 2 s, a third of an
  octave apart, and where the tempo lies within its octave.

Each value is standardised by the means and deviations of a varied corpus of game music
(:mod:`~nlsearch.handlers.audio.likenessscales`), cut off at 3 deviations and weighted by its part.

References
----------
Cepstra: Davis & Mermelstein, IEEE Trans. ASSP 28(4), 1980.  Contrast: Jiang et al., "Music type classification by
spectral contrast feature", ICME 2002.  Tonnetz: Harte, Sandler & Gasser, "Detecting harmonic change in musical audio",
AMCMM 2006.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import BANDS, FRAMES_A_SECOND, PER_OCTAVE
from nlsearch.handlers.audio.blocks import RANGE, Blocks
from nlsearch.handlers.audio.likenessscales import DEVIATIONS, MEANS, PARTS
from nlsearch.handlers.audio.moments import Moments
from nlsearch.handlers.audio.tempo import Tempo
from nlsearch.handlers.audio.tonality import STEPS, Key, Tonality, best_key, partials, tuning_of

DIMENSIONS = sum(part.size for part in PARTS)
EVERY = 2
CEPSTRA = 16
RANGES = 6
SPARSE = 2
"""Of the frames looked at, one of so many is looked at for contrast and harmony."""
MOST_DEVIATIONS = 3.0
_LAGS = 0.25 * 2 ** (np.arange(10) / 3) * FRAMES_A_SECOND


class Likeness:
    """Makes the vector of levels that come in pieces.

    Attributes
    ----------
    tempo : Tempo
    tonality : Tonality
        Both are fed with the same levels; :meth:`finish` finishes them.
    bpm : float or None
    key : Key or None
        What they estimated, after :meth:`finish`.
    """

    def __init__(self) -> None:
        self.tempo, self.tonality = Tempo(), Tonality()
        self.bpm: float | None = None
        self.key: Key | None = None
        self._blocks = Blocks()
        self._cepstra, self._changes = Moments(CEPSTRA + 1), Moments(CEPSTRA + 1)
        self._contrast = Moments(RANGES)
        self._intervals = Moments(7)
        self._tonnetz, self._moves = Moments(3), Moments(1)

    def feed(self, levels: NDArray[np.float32]) -> None:
        """Take the next levels; float32, shape (n, BANDS)."""
        self.tempo.feed(levels)
        self.tonality.feed(levels)
        for block in self._blocks.feed(levels):
            self._take(block[::EVERY])

    def _take(self, levels: NDArray[np.float32]) -> None:
        held = np.maximum(levels, levels.max() - np.float32(RANGE))
        cepstra = held @ _cosines()
        self._cepstra.add(cepstra)
        self._changes.add(cepstra[2:] - cepstra[:-2])
        self._contrast.add(_contrasts(held[::SPARSE]))
        self._harmony(held[::SPARSE])

    def _harmony(self, levels: NDArray[np.float32]) -> None:
        """Add the intervals and the places on the tonnetz of frames in which something has a pitch."""
        chroma = _chroma(levels)
        sums = chroma.sum(axis=1)
        chroma = chroma[sums > 0] / sums[sums > 0, None]
        if not len(chroma):
            return
        pairs = [(chroma * np.roll(chroma, interval, axis=1)).sum(axis=1) for interval in range(7)]
        self._intervals.add(np.sqrt(np.stack(pairs, axis=1)))
        centroids = chroma @ _circles()
        self._tonnetz.add(np.abs(centroids))
        self._moves.add(np.sqrt((np.abs(np.diff(centroids, axis=0)) ** 2).sum(axis=1, keepdims=True)))

    def measured(self) -> NDArray[np.float64]:
        """Return the values before they are standardised, by part; all 0 without frames.  Feed no more afterwards."""
        rest = self._blocks.rest()
        if len(rest):
            self._take(rest[::EVERY])
        self.bpm, self.key = self.tempo.finish(), self.tonality.finish()
        parts = [
            self._cepstra.mean[1:],
            self._cepstra.deviation[1:],
            self._changes.deviation[1:],
            np.array([self._cepstra.deviation[0], self._changes.deviation[0]]),
            self._contrast.mean,
            self._contrast.deviation,
            self._from_tonic(),
            self._intervals.mean,
            self._tonnetz.mean,
            self._tonnetz.deviation,
            self._moves.mean,
            self._rhythm(),
        ]
        return np.concatenate(parts)

    def _from_tonic(self) -> NDArray[np.float64]:
        chroma = self.tonality.chroma()
        return np.asarray(np.sqrt(np.roll(chroma, -best_key(chroma).tonic)), np.float64)

    def _rhythm(self) -> NDArray[np.float64]:
        correlation = self.tempo.correlation()
        at_lags = np.interp(_LAGS, np.arange(len(correlation)), correlation)
        turn = np.exp(2j * np.pi * math.log2(self.bpm)) if self.bpm else 0j
        strengths = self.tempo.strengths
        return np.concatenate([strengths, at_lags, [turn.real, turn.imag]])

    def finish(self) -> NDArray[np.float32]:
        """Return the vector; float32, shape (DIMENSIONS,), of length 1.

        Silence has one too: it is like other silence.
        """
        return standardised(self.measured())


def standardised(measured: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return measured values as a vector of length 1; float32, shape (DIMENSIONS,)."""
    apart = np.clip((measured - MEANS) / DEVIATIONS, -MOST_DEVIATIONS, MOST_DEVIATIONS)
    weighted = apart * np.repeat([part.weight / math.sqrt(part.size) for part in PARTS], [part.size for part in PARTS])
    return np.asarray(weighted / max(float(np.sqrt((weighted**2).sum())), 1e-9), np.float32)


@cache
def _cosines() -> NDArray[np.float32]:
    """Return the orthonormal cosine transform of bands, coefficients 0 to CEPSTRA; shape (BANDS, CEPSTRA + 1)."""
    angles = np.pi / BANDS * (np.arange(BANDS)[:, None] + 0.5) * np.arange(CEPSTRA + 1)
    table = np.sqrt(2 / BANDS) * np.cos(angles)
    table[:, 0] /= math.sqrt(2)
    return np.asarray(table, np.float32)


@cache
def _circles() -> NDArray[np.complex128]:
    """Return where pitch classes lie on the circles of fifths, minor and major thirds; shape (12, 3)."""
    return np.asarray(np.exp(2j * np.pi / 12 * np.arange(12)[:, None] * np.array([7, 9, 4])), np.complex128)


def _contrasts(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return by how much the highest fifth of the levels of each range is above the lowest; shape (n, RANGES)."""
    edges = np.linspace(0, BANDS, RANGES + 1).astype(int).tolist()
    out = np.empty((len(levels), RANGES), np.float32)
    for number, (low, high) in enumerate(itertools.pairwise(edges)):
        ordered = np.sort(levels[:, low:high], axis=1)
        fifth = (high - low) // 5
        out[:, number] = ordered[:, -fifth:].mean(axis=1) - ordered[:, :fifth].mean(axis=1)
    return out


def _chroma(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what the partials of each pitch class count in each frame, A first, at the tuning of all of them."""
    frames, places, weights = partials(levels)
    steps = np.rint(places * (STEPS / PER_OCTAVE)).astype(np.int64) % STEPS
    tuning = tuning_of(np.bincount(steps, weights, STEPS).astype(np.float64))
    classes = np.rint(places * (12 / PER_OCTAVE) - tuning).astype(np.int64) % 12
    return np.asarray(np.bincount(frames * 12 + classes, weights, len(levels) * 12).reshape(-1, 12), np.float64)
