"""The landmarks of a sound: peaks of its whitened levels, and seeds of the strongest peaks, two by two.

Conventions
-----------
Peaks are the cells above :data:`MINIMUM` that are highest within :data:`REACH`.  Of each *unit* of 32 frames (1.024 s)
the :data:`KEPT` highest are kept, to be compared with other sounds; of the :data:`STRONG` highest of these, each makes
seeds with the next :data:`FAN` in its zone.  A seed's key packs the band of the first peak, how many bands the second
is higher, and how many frames later; its position is the frame of the first.

References
----------
Wang, ISMIR 2003, "An industrial-strength audio search algorithm".  Which landmarks: few strong peaks with many
partners find more of what is noisy than many peaks with few (measured; see docs/figures.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import BANDS, whitened
from nlsearch.handlers.audio.worths import GRADE_EDGES
from nlsearch.kernels.landmarks import LANDMARK, local_peaks, peak_pairs

REACH = (2, 2)
MINIMUM = 0.3
UNIT = 32
KEPT, STRONG, FAN = 100, 20, 14
MOST_FRAMES, MOST_BANDS = 31, 27


@dataclass(frozen=True, slots=True)
class Peaks:
    """Peaks of a sound, by frame and band.

    Parameters
    ----------
    frames, bands : ndarray of uint32, shape (n,)
    grades : ndarray of uint8, shape (n,)
        How high each is, 0 to 7.
    strong : ndarray of bool, shape (n,)
        Which make seeds.
    """

    frames: NDArray[np.uint32]
    bands: NDArray[np.uint32]
    grades: NDArray[np.uint8]
    strong: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.frames)


def highest(found: NDArray[np.void], most: int) -> NDArray[np.bool_]:
    """Say which peaks are among the `most` highest of their unit; of equal ones the first.

    Parameters
    ----------
    found : ndarray of LANDMARK, shape (n,)
    most : int

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    units = found["frame"] // UNIT
    order = np.lexsort((-found["level"], units))
    sizes = np.bincount(units[order]) if len(found) else np.empty(0, np.int64)
    rank = np.arange(len(found)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = np.zeros(len(found), np.bool_)
    chosen[order[rank < most]] = True
    return chosen


def graded(found: NDArray[np.void], strong: int = STRONG) -> Peaks:
    """Return found peaks with their levels in steps, and the `strong` highest of each unit marked."""
    grades = np.searchsorted(GRADE_EDGES, found["level"], side="right").astype(np.uint8)
    return Peaks(found["frame"].copy(), found["band"].copy(), grades, highest(found, strong))


@dataclass(slots=True)
class Landmarks:
    """Finds the peaks of a sound whose levels come in pieces; it keeps what it found, a few hundred bytes a second."""

    _held: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, BANDS), np.float32))
    _begin: int = 0
    _decided: int = 0
    _open: list[NDArray[np.void]] = field(default_factory=list)
    _kept: list[NDArray[np.void]] = field(default_factory=list)

    def feed(self, levels: NDArray[np.float32]) -> None:
        """Take the next levels; float32, shape (n, BANDS)."""
        self._held = np.concatenate([self._held, whitened(levels)])
        self._decide(self._begin + len(self._held) - REACH[0])

    def finish(self) -> Peaks:
        """Return the peaks of the whole sound."""
        self._decide(self._begin + len(self._held))
        self._close(-(-self._decided // UNIT) * UNIT)
        return graded(np.concatenate([np.empty(0, LANDMARK), *self._kept]))

    def _decide(self, end: int) -> None:
        """Find the peaks in all frames up to `end`, of which what comes after them within reach is known."""
        if end <= self._decided:
            return
        found = local_peaks(self._held, REACH, MINIMUM, (self._decided - self._begin, end - self._begin)).copy()
        found["frame"] += np.uint32(self._begin)
        self._open.append(found)
        self._decided = end
        keep = max(self._begin, end - REACH[0])
        self._held, self._begin = self._held[keep - self._begin :].copy(), keep
        self._close(end // UNIT * UNIT)

    def _close(self, end: int) -> None:
        """Keep the highest peaks of the units that end at frame `end` or before."""
        found = np.concatenate([np.empty(0, LANDMARK), *self._open])
        done = found["frame"] < end
        closed = found[done]
        self._kept.append(closed[highest(closed, KEPT)])
        self._open = [found[~done]]


def seeds_of(peaks: Peaks, fan: int = FAN) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the seeds of the strong peaks.

    Parameters
    ----------
    peaks : Peaks
    fan : int

    Returns
    -------
    keys, positions : ndarray of uint32, shape (m,)
    """
    frames, bands = peaks.frames[peaks.strong], peaks.bands[peaks.strong]
    pairs = peak_pairs(frames, bands, fan, MOST_FRAMES, MOST_BANDS)
    first, second = pairs[:, 0], pairs[:, 1]
    return pair_keys(bands[first], bands[second], frames[second] - frames[first]), frames[first]


def pair_keys(first: NDArray[np.uint32], second: NDArray[np.uint32], later: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the key of each pair of bands, `later` frames apart; all uint32, shape (m,)."""
    steps = second.astype(np.int64) - first.astype(np.int64) + MOST_BANDS
    zones = first.astype(np.int64) * (2 * MOST_BANDS + 1) + steps
    return (zones * MOST_FRAMES + later.astype(np.int64) - 1).astype(np.uint32)
