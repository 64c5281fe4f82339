"""The peer that finds recordings: Chromaprint's ``fpcalc``, and the clip's items beside every stretch of every track.

AcoustID compares whole songs; for clips the best there is is brute force: the bits in which the items of a clip differ
from as many items of a track, at every offset (as Chromaprint's own ``match_fingerprints`` lays one item on another).
The score is 1 less the share of bits that differ.  The threshold is fixed, for each length of clips, where so many
clips of tracks that are in no index, and of which no other figure is taken, would be false alarms.

References
----------
Chromaprint 1.5; Ke, Hoiem & Sukthankar (2005), Computer vision for music identification; Haitsma & Kalker (2002).
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ITEM_S = 1365 / 11_025
"""Seconds from one item to the next: frames of 4,096 samples at 11,025 Hz that overlap by two thirds."""
Items = NDArray[np.uint32]


def available() -> bool:
    """Say whether ``fpcalc`` is installed."""
    return shutil.which("fpcalc") is not None


def items_of(path: Path) -> tuple[Items, float]:
    """Return the items of a whole file (default algorithm, no limit of length), and the CPU seconds that took.

    ``fpcalc`` says "end of file" and exits with 3 for every file that its FFmpeg has read to the end.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run(["fpcalc", "-raw", "-length", "0", str(path)], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, _, items = said.stdout.partition("FINGERPRINT=")
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return np.array(items.split(",") if items.strip() else [], np.uint32), taken


@dataclass(frozen=True)
class Found:
    """What a clip gave: scores by offset of the best track, where those begin, the track, and CPU seconds."""

    score: float
    track: int
    scores: NDArray[np.float64]
    program_s: float
    matching_s: float

    def offsets_s(self, threshold: float) -> NDArray[np.float64]:
        """Return the offsets in the best track that pass a threshold, in seconds."""
        return np.flatnonzero(self.scores >= threshold) * ITEM_S


class Fingerprints:
    """The items of tracks, one after another."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self.paths: list[Path] = []
        self.cpu_s = 0.0
        self._items: list[Items] = []
        self._firsts = np.zeros(1, np.int64)
        self._all = np.empty(0, np.uint32)
        self.extend(paths)

    def extend(self, paths: Iterable[Path]) -> None:
        """Add tracks."""
        for path in paths:
            items, taken = items_of(path)
            self.cpu_s += taken
            self.paths.append(path)
            self._items.append(items)
        self._firsts = np.cumsum([0, *map(len, self._items)])
        self._all = np.concatenate([np.empty(0, np.uint32), *self._items])

    def __len__(self) -> int:
        return len(self._all)

    def find(self, path: Path) -> Found:
        """Lay a clip beside every stretch of every track."""
        asked, program_s = items_of(path)
        started = time.process_time()
        differing = np.full(len(self._all), 32 * max(1, len(asked)), np.int32)
        count = len(self._all) - len(asked) + 1
        if len(asked) and count > 0:
            differing[:count] = 0
            for at, item in enumerate(asked):
                differing[:count] += np.bitwise_count(self._all[at : at + count] ^ item)
            for edge in self._firsts[1:-1]:  # stretches over the end of a track
                differing[max(0, edge - len(asked) + 1) : edge] = 32 * len(asked)
        best = int(differing.argmin())
        track = int(np.searchsorted(self._firsts, best, side="right")) - 1
        part = differing[self._firsts[track] : self._firsts[track + 1]]
        scores = 1 - part / (32 * max(1, len(asked)))
        score = float(scores.max()) if len(asked) else 0.0
        return Found(score, track, scores, program_s, time.process_time() - started)


def threshold(scores: Sequence[float], share: float) -> float:
    """Return the least score above which at most a share of the scores are."""
    ordered = np.sort(np.asarray(scores))
    return float(np.nextafter(ordered[len(ordered) - 1 - int(share * len(ordered))], 2))
