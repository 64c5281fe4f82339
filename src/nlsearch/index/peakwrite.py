"""Writing the peak index of a space, from items or from the indexes of other splits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nlsearch.declarations import PeakSpace
from nlsearch.index.peakfiles import BLOCK, MAGIC, ROW_TYPES, SHAPE, STORED, aligned, peak_file
from nlsearch.index.storage import RowSpool, mapped, writing
from nlsearch.model import Peaks

if TYPE_CHECKING:
    from nlsearch.index.peaks import PeakIndex

Row: TypeAlias = tuple[float, int, float, float, float, float]
"""Reference, key, exponent, scale, apart, apart_relative of an item."""


class PeakWriter:
    """Writes the peak index of one space; peaks wait on disk, not in memory.

    Parameters
    ----------
    directory : Path
        Where the file is made; it exists.
    space : PeakSpace
    memory_bytes : int
        What sorting may hold.
    """

    def __init__(self, directory: Path, space: PeakSpace, memory_bytes: int) -> None:
        self._directory, self._space, self._memory = Path(directory), space, memory_bytes
        self._rows: list[Row] = []
        self._spool = RowSpool(peak_file(self._directory, space, "spool"))

    def add(self, key: int, peaks: Peaks) -> None:
        """Add the peaks of an item; one without peaks leaves no trace.

        Raises
        ------
        ValueError
            If positions and weights are not parallel or not finite, or a weight is not positive.
        """
        count = len(peaks.positions)
        found = np.empty(count, STORED)
        if len(peaks.weights) != count:
            raise ValueError(f"{count} positions and {len(peaks.weights)} weights")
        found["position"], found["weight"] = peaks.positions, peaks.weights
        if not (np.isfinite(found["position"]).all() and (found["weight"] > 0).all()):
            raise ValueError(f"peaks of space {self._space.name} must be finite and their weights positive")
        if not count:
            return
        found["item"] = len(self._rows)
        self._rows.append((peaks.reference, key, peaks.exponent, peaks.scale, peaks.apart, peaks.apart_relative))
        self._spool.add(found)

    def add_stored(self, rows: list[Row], peaks: Iterator[NDArray[np.void]]) -> None:
        """Add rows and their peaks as :meth:`PeakIndex.stored` gives them, with new keys."""
        first = len(self._rows)
        self._rows.extend(rows)
        for some in peaks:
            moved = some.copy()
            moved["item"] += first
            self._spool.add(moved)

    def finish(self) -> dict[str, int]:
        """Write the file and return what it holds (JSON-able)."""
        order = np.argsort(np.array([row[1] for row in self._rows], np.int64), kind="stable")
        place = np.empty(len(order), np.uint32)
        place[order] = np.arange(len(order), dtype=np.uint32)
        columns = list(zip(*(self._rows[row] for row in order.tolist()), strict=True)) or [()] * len(ROW_TYPES)
        spooled = self._spool.all("u1").view(STORED)
        references = np.array(columns[0], "<f8")
        with writing(self._directory), peak_file(self._directory, self._space).open("wb") as file:
            file.write(bytes(SHAPE.size))
            for column, dtype in zip(columns, ROW_TYPES, strict=True):
                _write(file, np.array(column, dtype))
            places = self._write_peaks(file, spooled, place)
            losses = self._write_losses(file, places, references)
            file.seek(0)
            file.write(SHAPE.pack(MAGIC, len(order), len(spooled), losses))
        del spooled
        self._spool.remove()
        return {"rows": len(order), "peaks": len(places), "losses": losses}

    def _write_peaks(self, file: BinaryIO, spooled: NDArray[np.void], place: NDArray[np.uint32]) -> _Lying:
        """Write the three sections of peaks, sorted; return the peaks as they now lie in the file."""
        start = file.tell()
        sections = [start + k * aligned(4 * len(spooled)) for k in range(3)]

        def value(block: NDArray[np.void]) -> NDArray[np.float64]:
            return block["position"].astype(np.float64)

        done = 0
        for some in _in_order(spooled, value, self._memory // 4):
            block = spooled[some]
            rows = place[block["item"]]
            order = np.lexsort((rows, block["position"]))
            for section, column in zip(sections, (block["position"], rows, block["weight"]), strict=True):
                file.seek(section + 4 * done)
                file.write(np.ascontiguousarray(column[order]).data)
            done += len(some)
        file.seek(start + 3 * aligned(4 * len(spooled)))
        file.truncate()
        file.flush()
        raw = mapped(Path(file.name), "u1")
        parts = [raw[at : at + 4 * done] for at in sections]
        return _Lying(parts[0].view("<f4"), parts[1].view("<u4"))

    def _write_losses(self, file: BinaryIO, peaks: _Lying, references: NDArray[np.float64]) -> int:
        known = np.isfinite(references)
        done = 0

        def value(block: _Lying) -> NDArray[np.float64]:
            return np.asarray(references[block.items] - block.positions, np.float64)

        for some in _in_order(peaks, value, self._memory // 4, lambda block: known[block.items]):
            losses = value(peaks[some])
            file.write(some[np.lexsort((some, losses))].astype("<u4").data)
            done += len(some)
        file.write(bytes(aligned(4 * done) - 4 * done))
        return done


@dataclass(frozen=True, slots=True)
class _Lying:
    """Positions and items of peaks as they lie in a file."""

    positions: NDArray[np.float32]
    items: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, some: slice | NDArray[np.int64]) -> _Lying:
        return _Lying(self.positions[some], self.items[some])


def _in_order(
    peaks: Any,  # noqa: ANN401 - an array or _Lying
    value: Callable[[Any], NDArray[np.float64]],
    memory: int,
    wanted: Callable[[Any], NDArray[np.bool_]] | None = None,
) -> Iterator[NDArray[np.int64]]:
    """Yield numbers of peaks in groups of ascending values, each group small enough to be sorted in memory."""
    most = max(1, memory // 64)
    groups = -(-len(peaks) // most)
    if groups <= 1:
        everything = np.arange(len(peaks))
        yield everything if wanted is None else everything[wanted(peaks[:])]
        return
    sample = np.sort(value(peaks[:: max(1, len(peaks) // (groups * 256))]))
    sample = sample[np.isfinite(sample)]
    cuts = np.unique(sample[:: max(1, len(sample) // groups)][1:])
    edges = [-np.inf, *cuts.tolist(), np.inf]
    for low, high in pairwise(edges):
        found = []
        for start in range(0, len(peaks), BLOCK):
            block = peaks[start : start + BLOCK]
            values = value(block)
            inside = (values >= low) & (values < high)
            if wanted is not None:
                inside &= wanted(block)
            found.append(np.flatnonzero(inside) + start)
        yield np.concatenate(found)


def _write(file: BinaryIO, column: NDArray[Any]) -> None:
    file.write(np.ascontiguousarray(column).data)
    file.write(bytes(aligned(column.nbytes) - column.nbytes))


def merge_peaks(
    parts: Sequence[tuple[PeakIndex, NDArray[np.int64]]], directory: Path, space: PeakSpace, memory_bytes: int
) -> dict[str, int]:
    """Merge peak indexes of one space; the file is the one that a new build would give.

    Parameters
    ----------
    parts : sequence of (PeakIndex, ndarray of int64, shape (n,))
        Each with the new key of each of its split's items, by old key; -1 leaves an item out.
    directory : Path
    space : PeakSpace
    memory_bytes : int
        What sorting may hold.

    Returns
    -------
    dict
        As :meth:`PeakWriter.finish` does.
    """
    writer = PeakWriter(directory, space, memory_bytes)
    for index, key_map in parts:
        writer.add_stored(*index.stored(key_map))
    return writer.finish()
