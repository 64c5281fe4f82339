"""Building a seed index in bounded memory, and merging several into one.

Postings come item by item and must lie by key.  They are sorted in batches, the batches are spooled to disk, and ranges
of keys small enough for the memory are read from all batches, sorted and written: each posting is sorted twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nlsearch.declarations import SeedSpace
from nlsearch.index.seedfiles import PostingsFile, aligned, file_of
from nlsearch.index.storage import writing
from nlsearch.kernels import sort_pairs
from nlsearch.limits import MIB

if TYPE_CHECKING:
    from nlsearch.index.seeds import SeedIndex
    from nlsearch.model import Seeds

MEMORY_BYTES = 64 * MIB
_BYTES_A_POSTING = 64
_SAMPLE = 1024


def _room(memory_bytes: int) -> int:
    return max(memory_bytes // _BYTES_A_POSTING, 2 * _SAMPLE)


def key_ranges(samples: NDArray[np.uint64], room: int, key_bits: int) -> Iterator[tuple[int, int]]:
    """Cut all keys into half-open ranges that hold about `room` postings each.

    Parameters
    ----------
    samples : ndarray of uint64
        Every 1024th key of each sorted batch; a key that fills a range by itself becomes a range of its own.
    room : int
    key_bits : int
    """
    ordered = np.sort(samples)
    quantiles = ordered[:: max(room // _SAMPLE, 1)]
    full = quantiles[1:][quantiles[1:] == quantiles[:-1]]
    cuts = {0, 2**key_bits, *(int(q) for q in quantiles), *(int(q) + 1 for q in full)}
    edges = sorted(cuts)
    yield from itertools.pairwise(edges)


class _Spool:
    """Sorted batches of (key, posting) in one temporary file."""

    def __init__(self, path: Path, key_bits: int) -> None:
        self._path = path
        self._key_type = np.dtype(np.uint32 if key_bits <= 32 else np.uint64)
        self._batches: list[tuple[int, int, np.dtype[Any]]] = []
        self._end = 0
        self.samples: list[NDArray[np.uint64]] = []

    def add(self, keys: NDArray[np.uint64], values: NDArray[np.uint64]) -> None:
        """Append a batch of pairs to the file."""
        narrow = np.dtype(np.uint32 if int(values.max()) < 2**32 else np.uint64)
        self._batches.append((self._end, len(keys), narrow))
        with writing(self._path), self._path.open("ab") as file:
            file.write(keys.astype(self._key_type).data)
            file.write(values.astype(narrow).data)
            self._end = file.tell()
        self.samples.append(keys[::_SAMPLE].copy())

    def ranges(self, ranges: Sequence[tuple[int, int]]) -> Iterator[list[tuple[NDArray[Any], NDArray[Any]]]]:
        """Yield the postings of each range of keys as sorted pieces, in the order of the batches."""
        edges = np.array([low for low, _ in ranges[1:]], self._key_type)
        cuts = [self._cut(batch, edges) for batch in self._batches]
        with self._path.open("rb") as file:
            for number in range(len(ranges)):
                spans = [
                    (batch, int(cut[number]), int(cut[number + 1]))
                    for batch, cut in zip(self._batches, cuts, strict=True)
                ]
                yield [self._read(file, *span) for span in spans if span[1] < span[2]]

    def _cut(self, batch: tuple[int, int, np.dtype[Any]], edges: NDArray[Any]) -> NDArray[np.int64]:
        offset, count, _ = batch
        keys = np.memmap(self._path, self._key_type, "r", offset, (count,))
        return np.concatenate([[0], np.searchsorted(keys, edges), [count]]).astype(np.int64)

    def _read(
        self, file: BinaryIO, batch: tuple[int, int, np.dtype[Any]], low: int, high: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        offset, count, narrow = batch
        size = self._key_type.itemsize
        file.seek(offset + low * size)
        keys = np.frombuffer(file.read((high - low) * size), self._key_type)
        file.seek(offset + count * size + low * narrow.itemsize)
        return keys, np.frombuffer(file.read((high - low) * narrow.itemsize), narrow)

    def remove(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)


class SeedWriter:
    """Writes the seed index of one space.

    Parameters
    ----------
    directory : Path
        Where the files ``<space>.*`` are made; it exists.
    space : SeedSpace
    memory_bytes : int
        What the postings may take at any one time (about; the caller's own arrays come on top).
    """

    def __init__(self, directory: Path, space: SeedSpace, memory_bytes: int = MEMORY_BYTES) -> None:
        self._directory, self._space = Path(directory), space
        self._room = _room(memory_bytes)
        self._spool = _Spool(file_of(self._directory, space, "spool"), space.key_bits)
        self._keys: list[NDArray[np.uint64]] = []
        self._values: list[NDArray[np.uint64]] = []
        self._held = self._total = self._axis = 0
        self._items: list[tuple[int, int, int]] = []

    def add(self, key: int, seeds: Seeds) -> None:
        """Add the seeds of an item.

        Parameters
        ----------
        key : int
            The item's number in the split; ascending, gaps are allowed.
        seeds : Seeds
            In any order.

        Raises
        ------
        ValueError
            If the key does not ascend or the seeds are not what the space declares.
        """
        if not (self._items[-1][0] if self._items else -1) < key < 2**32:
            raise ValueError(f"item keys must ascend; {key} came late")
        keys, values = _postings(seeds, self._space, self._axis)
        self._items.append((key, self._axis, seeds.length))
        step = 2**self._space.shift
        self._axis += -(-seeds.length // step) * step
        self._total += len(keys)
        for start in range(0, len(keys), self._room):
            self._hold(keys[start : start + self._room], values[start : start + self._room])

    def _hold(self, keys: NDArray[np.uint64], values: NDArray[np.uint64]) -> None:
        if self._held + len(keys) > self._room:
            self._spool.add(*self._sorted())
        self._keys.append(keys)
        self._values.append(values)
        self._held += len(keys)

    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        keys = np.concatenate(self._keys) if self._keys else np.empty(0, np.uint64)
        values = np.concatenate(self._values) if self._values else np.empty(0, np.uint64)
        self._keys, self._values, self._held = [], [], 0
        return sort_pairs(keys, values)

    def finish(self) -> dict[str, int | bool]:
        """Write the files and return the facts of the header (JSON-able)."""
        table = np.array(self._items, np.uint64).reshape(-1, 3)
        with PostingsFile(self._directory, self._space, self._axis, self._total) as file:
            for keys, values in self._ordered():
                file.add(keys, values)
            facts = file.finish(table[:, 0].astype(np.uint32), table[:, 1], table[:, 2])
        self._spool.remove()
        return asdict(facts)

    def _ordered(self) -> Iterator[tuple[NDArray[Any], NDArray[np.uint64]]]:
        if not self._spool.samples:
            yield self._sorted()
            return
        if self._held:
            self._spool.add(*self._sorted())
        ranges = list(key_ranges(np.concatenate(self._spool.samples), self._room, self._space.key_bits))
        for (low, high), pieces in zip(ranges, self._spool.ranges(ranges), strict=True):
            if high - low == 1:
                yield from ((keys, values.astype(np.uint64)) for keys, values in pieces)
            elif pieces:
                yield sort_pairs(
                    np.concatenate([keys for keys, _ in pieces]), np.concatenate([values for _, values in pieces])
                )


def _postings(seeds: Seeds, space: SeedSpace, start: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return keys and postings of an item that starts at `start` on the axis, by position."""
    keys, positions = np.asarray(seeds.keys), np.asarray(seeds.positions)
    flags = np.zeros(len(keys), np.uint8) if seeds.flags is None else np.asarray(seeds.flags)
    if not keys.shape == positions.shape == flags.shape or keys.ndim != 1:
        raise ValueError(f"keys, positions and flags of space {space.name} must be as many")
    if len(keys):
        if int(keys.max()) >= 2**space.key_bits or int(flags.max()) >= 2**space.flag_bits:
            raise ValueError(f"a key or flag is too large for space {space.name}")
        if int(positions.max()) >= seeds.length or min(int(positions.min()), int(keys.min())) < 0:
            raise ValueError(f"a position is outside of the item's axis of {seeds.length}")
    if np.any(positions[1:] < positions[:-1]):
        order = np.argsort(positions, kind="stable")
        keys, positions, flags = keys[order], positions[order], flags[order]
    coarse = (positions.astype(np.uint64) + np.uint64(start)) >> np.uint64(space.shift)
    return keys.astype(np.uint64), coarse << np.uint64(space.flag_bits) | flags.astype(np.uint64)


# ------------------------------------------------------------------------------------------------------------ merging
def merge_seeds(
    parts: Sequence[tuple[SeedIndex, NDArray[np.int64]]],
    directory: Path,
    space: SeedSpace,
    memory_bytes: int = MEMORY_BYTES,
) -> dict[str, int | bool]:
    """Merge seed indexes of one space; the files are those that a new build would give.

    Parameters
    ----------
    parts : sequence of (SeedIndex, ndarray of int64, shape (n,))
        Each with the new key of each of its split's items, by old key; -1 leaves an item out.
    directory : Path
    space : SeedSpace
    memory_bytes : int
        What postings may take at any one time (about); the postings of one key are always held together.

    Returns
    -------
    dict
        The facts of the header.

    Raises
    ------
    ValueError
        If a part is of another space, or two items get one key.
    """
    for index, _ in parts:
        facts = index.facts
        if (facts.key_bits, facts.shift, facts.flag_bits) != (space.key_bits, space.shift, space.flag_bits):
            raise ValueError(f"a part does not have the layout of space {space.name}")
    keys, starts, lengths, moves = _merged_axis(parts, space)
    axis = int(starts[-1] + aligned(lengths[-1:], space.shift)[0]) if len(keys) else 0
    pieces = [(index, move) for (index, _), move in zip(parts, moves, strict=True)]
    total = sum(_surviving(index, move) for index, move in pieces)
    samples = [index.sample_keys(_SAMPLE) for index, _ in pieces]
    with PostingsFile(Path(directory), space, axis, total) as file:
        for low, high in key_ranges(
            np.concatenate([*samples, np.empty(0, np.uint64)]), _room(memory_bytes), space.key_bits
        ):
            moved = [_moved(index, move, low, high) for index, move in pieces]
            some_keys = np.concatenate([part[0] for part in moved] or [np.empty(0, np.uint64)])
            some_values = np.concatenate([part[1] for part in moved] or [np.empty(0, np.uint64)])
            by_value, of_value = sort_pairs(some_values, some_keys)
            file.add(*sort_pairs(of_value, by_value))
        return asdict(file.finish(keys, starts, lengths))


def _merged_axis(
    parts: Sequence[tuple[SeedIndex, NDArray[np.int64]]], space: SeedSpace
) -> tuple[NDArray[np.uint32], NDArray[np.uint64], NDArray[np.uint64], list[NDArray[np.int64]]]:
    """Return keys, starts and lengths of the merged items, and for each part where its items move (-1: nowhere)."""
    new_keys = [np.asarray(key_map, np.int64)[index.item_keys] for index, key_map in parts]
    every = np.concatenate([*new_keys, np.empty(0, np.int64)])
    lengths = np.concatenate([*(index.item_lengths for index, _ in parts), np.empty(0, np.uint64)])
    order = np.argsort(every, kind="stable")
    order = order[every[order] >= 0]
    if np.any(np.diff(every[order]) == 0):
        raise ValueError("two items get the same key")
    room = aligned(lengths[order], space.shift)
    starts = np.cumsum(room) - room
    target = np.full(len(every), -1, np.int64)
    target[order] = starts.astype(np.int64)
    moves = np.split(target, np.cumsum([len(part) for part in new_keys])[:-1]) if new_keys else []
    return every[order].astype(np.uint32), starts, lengths[order], moves


def _moved(
    index: SeedIndex, move: NDArray[np.int64], low: int, high: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return keys and new postings of the keys [low, high) of a part."""
    keys, positions, flags = index.range_postings(low, high)
    items = index.items_at(positions)
    kept = move[items] >= 0
    items, positions = items[kept], positions[kept]
    local = positions - index.item_starts[items]
    shift, flag_bits = np.uint64(index.facts.shift), np.uint64(index.facts.flag_bits)
    moved = (move[items].astype(np.uint64) + local) >> shift << flag_bits | flags[kept].astype(np.uint64)
    return keys[kept], moved


def _surviving(index: SeedIndex, move: NDArray[np.int64]) -> int:
    """Count the postings of a part whose items stay."""
    if np.all(move >= 0):
        return index.facts.postings
    total = 0
    for low, high in key_ranges(index.sample_keys(_SAMPLE), _room(MEMORY_BYTES), index.facts.key_bits):
        items = index.items_at(index.range_postings(low, high)[1])
        total += int(np.count_nonzero(move[items] >= 0))
    return total
