"""The peak index: lists of peaks on one axis, asked for those that are alike (:mod:`nlsearch.index.peakfiles`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlsearch.declarations import PeakSpace
from nlsearch.errors import IndexDamaged
from nlsearch.index.peakfiles import BLOCK, LOSS_TYPE, MAGIC, PEAK_TYPES, ROW_TYPES, SHAPE, STORED, aligned, peak_file
from nlsearch.index.peakwrite import Row
from nlsearch.index.storage import mapped
from nlsearch.kernels.peakindex import POINT, SAME, SHIFTED, PeakArrays, Tallying, numbers_fit, tally
from nlsearch.model import PeakMatch

ROUNDING = 1e-6
"""What the kernel's arithmetic may take from a score."""
_MODES = {"same": SAME, "shifted": SHIFTED, "either": SAME | SHIFTED}


@dataclass(frozen=True, slots=True)
class Alike:
    """What the index says of a question.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n,)
        Ascending.
    bounds : ndarray of float32, shape (n,)
        No item scores higher.
    loose : ndarray of bool, shape (n,)
        Items whose peaks are other ones at the question's tolerance: their bound is 1 because it is not known.
    """

    keys: NDArray[np.uint32]
    bounds: NDArray[np.float32]
    loose: NDArray[np.bool_]


class PeakIndex:
    """Reads the peak index of one space; the file is memory-mapped.

    Parameters
    ----------
    directory : Path
    space : PeakSpace

    Attributes
    ----------
    keys : ndarray of uint32, shape (rows,)
        The items that have peaks, ascending.
    references : ndarray of float64, shape (rows,)

    Raises
    ------
    IndexDamaged
        If the file is missing, of another size than it says, or contradicts itself.
    """

    def __init__(self, directory: Path, space: PeakSpace) -> None:
        self.space = space
        self._path = peak_file(directory, space)
        raw = mapped(self._path, "u1")
        if len(raw) < SHAPE.size or bytes(raw[:8]) != MAGIC:
            raise self._damaged("is no peak index")
        _, rows, peaks, losses = SHAPE.unpack(raw[: SHAPE.size].tobytes())
        counts = [rows] * len(ROW_TYPES) + [peaks] * 3 + [losses]
        types = [*ROW_TYPES, *PEAK_TYPES, LOSS_TYPE]
        sections, at = [], SHAPE.size
        for count, dtype in zip(counts, types, strict=True):
            size = count * np.dtype(dtype).itemsize
            sections.append((at, size, dtype))
            at += aligned(size)
        if at != len(raw):
            raise self._damaged(f"has {len(raw):,} bytes instead of {at:,}")
        columns = [raw[start : start + size].view(dtype) for start, size, dtype in sections]
        self.references, self.keys, exponents, scales, self._apart, self._apart_relative = columns[:6]
        positions, items, weights, losses_order = columns[6:]
        self._arrays = PeakArrays(positions, items, weights, losses_order, self.references, exponents, scales)
        if not numbers_fit(self._arrays):
            raise self._damaged("points at what is not there")

    def _damaged(self, what: str) -> IndexDamaged:
        return IndexDamaged(what, locator=str(self._path), hint="run nlsearch check")

    @property
    def peaks(self) -> int:
        """How many peaks there are."""
        return len(self._arrays.positions)

    def alike(self, question: PeakMatch) -> Alike:
        """Find the items whose peaks are like those of the question.

        Returns
        -------
        Alike
            Those that score at least ``question.minimum`` but for rounding, and those of which it is not known.
        """
        query = np.empty(len(question.positions), POINT)
        query["position"], query["weight"] = question.positions, question.weights
        settings = Tallying(
            question.tolerance,
            question.relative,
            question.gain == "product",
            _MODES[question.mode],
            float("nan") if question.reference is None else question.reference,
        )
        scores, counts = tally(self._arrays, query, settings)
        loose = self._loose(question)
        kept = np.flatnonzero(loose | ((scores >= question.minimum - ROUNDING) & (counts >= max(1, question.at_least))))
        bounds = np.where(loose[kept], 1.0, np.minimum(1.0, scores[kept] + ROUNDING))
        return Alike(self.keys[kept], bounds.astype(np.float32), loose[kept])

    def _loose(self, question: PeakMatch) -> NDArray[np.bool_]:
        if question.apart is None:
            return np.zeros(len(self.keys), np.bool_)
        apart = self._apart_relative if question.relative else self._apart
        needed = question.apart * (1 + ROUNDING) if question.relative else question.apart  # shares are rounded
        loose: NDArray[np.bool_] = apart < np.float32(needed)
        if question.mode != "same":
            loose &= np.isfinite(self.references)
        return loose

    def stored(self, key_map: NDArray[np.int64]) -> tuple[list[Row], Iterator[NDArray[np.void]]]:
        """Return the rows that stay, with new keys, and their peaks in blocks; ``key_map`` gives −1 for what goes."""
        keys = np.asarray(key_map, np.int64)[self.keys]
        kept = np.flatnonzero(keys >= 0)
        arrays = self._arrays
        columns = (self.references, keys, arrays.exponents, arrays.scales, self._apart, self._apart_relative)
        rows = list(zip(*(column[kept].tolist() for column in columns), strict=True))
        place = np.full(len(keys), -1, np.int64)
        place[kept] = np.arange(len(kept))
        return rows, self._blocks(place)

    def _blocks(self, place: NDArray[np.int64]) -> Iterator[NDArray[np.void]]:
        for start in range(0, self.peaks, BLOCK):
            end = min(self.peaks, start + BLOCK)
            rows = place[self._arrays.items[start:end]]
            stay = rows >= 0
            block = np.empty(int(stay.sum()), STORED)
            block["position"] = self._arrays.positions[start:end][stay]
            block["weight"] = self._arrays.weights[start:end][stay]
            block["item"] = rows[stay]
            yield block
