"""Merging splits from what they hold, without reading any source again."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nlsearch.declarations import PeakSpace, SeedSpace, VectorSpace
from nlsearch.errors import StoreError
from nlsearch.index.records import unpacked_terms
from nlsearch.index.split import Split, StoredItem
from nlsearch.index.splitfacts import SplitInfo
from nlsearch.index.splitwrite import MEMORY_BYTES, ItemOrder, Organs, item_order
from nlsearch.index.storage import writing
from nlsearch.model import Entry, Features

_Fact = TypeVar("_Fact")
_Space = TypeVar("_Space", SeedSpace, VectorSpace, PeakSpace)


def merge_splits(
    parts: Sequence[tuple[Split, Iterable[int]]], directory: Path, memory_bytes: int = MEMORY_BYTES
) -> SplitInfo:
    """Write one split with the items of several, leaving out the items of dead sources.

    The merged split answers as if it had been written from the same entries.

    Parameters
    ----------
    parts : sequence of (Split, source ids)
        Splits with the sources whose items are to be freed.
    directory : path
        Of the new split; made if absent, must be empty.
    memory_bytes : int
        What merging one seed space may hold.

    Raises
    ------
    StorageFull
        If the disk takes no more.
    IndexDamaged
        If a part cannot be read.
    StoreError
        If parts come from different versions of a handler, or declare a space or field differently.
    """
    directory = Path(directory)
    living = [(split, keys) for split, dead in parts if len(keys := _living(split, dead))]
    splits = [split for split, _ in living]
    versions = _agreed("handler version of kind", [_living_versions(split, keys) for split, keys in living])
    spaces = _agreed("space", [split.info.spaces for split in splits])
    _agreed("type of field", [{name: field.type for name, field in split.info.fields.items()} for split in splits])
    fields = {name: field for split in splits for name, field in split.info.fields.items()}
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with Organs(directory, spaces, fields, versions, memory_bytes) as organs:
            new_keys = _write_items(living, organs)
            _merge_seeds(splits, new_keys, organs)
            _merge_vectors(splits, new_keys, organs)
            _merge_peaks(splits, new_keys, organs)
            return organs.finish()


def _living(split: Split, dead: Iterable[int]) -> NDArray[np.int64]:
    return np.flatnonzero(~np.isin(split.source_ids, np.fromiter(dead, np.int64)))


def _living_versions(split: Split, living: NDArray[np.int64]) -> dict[str, int]:
    """Return the handler versions of the kinds that have living items."""
    found = {}
    for kind, (first, end) in split.info.kinds.items():
        if np.searchsorted(living, first) < np.searchsorted(living, end):
            found[kind] = split.info.handler_versions[kind]
    return found


def _write_items(parts: Sequence[tuple[Split, NDArray[np.int64]]], organs: Organs) -> list[NDArray[np.int64]]:
    """Write all living items in their common order; return each part's new keys, −1 for freed items."""
    keys = [np.full(split.info.items, -1, np.int64) for split, _ in parts]
    rows = [_rows(number, split, living) for number, (split, living) in enumerate(parts)]
    for new, (_, number, old, entry) in enumerate(heapq.merge(*rows, key=lambda row: row[:3])):
        keys[number][old] = new
        organs.add(entry)
    return keys


def _rows(number: int, split: Split, living: NDArray[np.int64]) -> Iterator[tuple[ItemOrder, int, int, Entry]]:
    """Yield living items of one part: order, number of the part, old key, and the entry with text and payload only."""
    alive = living.tolist()
    for old, item, record in zip(alive, split.records(alive), split.features.many(alive), strict=True):
        entry = _entry(item, record, float(split.sizes[old]), int(split.extents[old]), split.payload(old))
        yield item_order(entry, entry.features.size), number, old, entry


def _entry(
    item: StoredItem, record: tuple[str, Mapping[str, bytes]], size: float, extent: int, payload: memoryview
) -> Entry:
    words, terms = record
    features = Features(
        words=words,
        fields=dict(item.fields),
        terms={space: unpacked_terms(held) for space, held in terms.items()},
        payload=bytes(payload),
        size=size,
        keys=dict(item.keys),
        extent=extent,
    )
    return Entry(item.source_id, item.kind, item.path, item.locator, item.number, item.title, features)


def _merge_seeds(splits: Sequence[Split], keys: Sequence[NDArray[np.int64]], organs: Organs) -> None:
    for space, holders in _held_spaces(splits, keys, lambda split: split.info.seed_spaces):
        from nlsearch.index.seeds import merge_seeds

        parts = [(split.seeds(space.name), mapped) for split, mapped in holders]
        merge_seeds(parts, organs.organ_folder("seeds"), space, organs.memory_bytes)
        organs.used.add(space.name)


def _merge_vectors(splits: Sequence[Split], keys: Sequence[NDArray[np.int64]], organs: Organs) -> None:
    for space, holders in _held_spaces(splits, keys, lambda split: split.info.vector_spaces):
        from nlsearch.index.vectors import merge_vectors

        parts = [(split.vectors(space.name), mapped) for split, mapped in holders]
        merge_vectors(parts, organs.organ_folder("vectors"), space)
        organs.used.add(space.name)


def _merge_peaks(splits: Sequence[Split], keys: Sequence[NDArray[np.int64]], organs: Organs) -> None:
    for space, holders in _held_spaces(splits, keys, lambda split: split.info.peak_spaces):
        from nlsearch.index.peakwrite import merge_peaks

        parts = [(split.peaks(space.name), mapped) for split, mapped in holders]
        merge_peaks(parts, organs.organ_folder("peaks"), space, organs.memory_bytes)
        organs.used.add(space.name)


def _held_spaces(
    splits: Sequence[Split], keys: Sequence[NDArray[np.int64]], spaces_of: Callable[[Split], Mapping[str, _Space]]
) -> Iterator[tuple[_Space, list[tuple[Split, NDArray[np.int64]]]]]:
    """Yield each space, by name, with the splits that have something in it and the new keys of their items."""
    for name in sorted({name for split in splits for name in spaces_of(split)}):
        holders = [(split, mapped) for split, mapped in zip(splits, keys, strict=True) if name in spaces_of(split)]
        yield spaces_of(holders[0][0])[name], holders


def _agreed(what: str, declared: Iterable[Mapping[str, _Fact]]) -> dict[str, _Fact]:
    agreed: dict[str, _Fact] = {}
    for part in declared:
        for name, fact in part.items():
            if agreed.setdefault(name, fact) != fact:
                raise StoreError(f"{what} {name} differs between splits: {agreed[name]} and {fact}", hint="index again")
    return agreed
