"""Merging splits from what they hold, without reading any source again."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import StoreError
from nlsearch.index.records import unpacked_terms
from nlsearch.index.split import Split, StoredItem
from nlsearch.index.splitfacts import SplitInfo
from nlsearch.index.splitwrite import MEMORY_BYTES, ItemOrder, Organs, item_order
from nlsearch.index.storage import writing
from nlsearch.model import Entry, Features

_Fact = TypeVar("_Fact")


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
        entry = _entry(item, record, float(split.sizes[old]), split.payload(old))
        yield item_order(entry, entry.features.size), number, old, entry


def _entry(item: StoredItem, record: tuple[str, Mapping[str, bytes]], size: float, payload: memoryview) -> Entry:
    words, terms = record
    features = Features(
        words=words,
        fields=dict(item.fields),
        terms={space: unpacked_terms(held) for space, held in terms.items()},
        payload=bytes(payload),
        size=size,
        keys=dict(item.keys),
    )
    return Entry(item.source_id, item.kind, item.path, item.locator, item.number, item.title, features)


def _merge_seeds(splits: Sequence[Split], keys: Sequence[NDArray[np.int64]], organs: Organs) -> None:
    for name in sorted({name for split in splits for name in split.info.seed_spaces}):
        from nlsearch.index.seeds import merge_seeds

        holders = [
            (split.seeds(name), mapped) for split, mapped in zip(splits, keys, strict=True) if split.has_seeds(name)
        ]
        space = next(split.info.seed_spaces[name] for split in splits if split.has_seeds(name))
        merge_seeds(holders, organs.organ_folder("seeds"), space, organs.memory_bytes)
        organs.used.add(name)


def _merge_vectors(splits: Sequence[Split], keys: Sequence[NDArray[np.int64]], organs: Organs) -> None:
    for name in sorted({name for split in splits for name in split.info.vector_spaces}):
        from nlsearch.index.vectors import merge_vectors

        holders = [
            (split.vectors(name), mapped) for split, mapped in zip(splits, keys, strict=True) if split.has_vectors(name)
        ]
        space = next(split.info.vector_spaces[name] for split in splits if split.has_vectors(name))
        merge_vectors(holders, organs.organ_folder("vectors"), space)
        organs.used.add(name)


def _merge_peaks(splits: Sequence[Split], keys: Sequence[NDArray[np.int64]], organs: Organs) -> None:
    for name in sorted({name for split in splits for name in split.info.peak_spaces}):
        from nlsearch.index.peakwrite import merge_peaks

        holders = [
            (split.peaks(name), mapped) for split, mapped in zip(splits, keys, strict=True) if split.has_peaks(name)
        ]
        space = next(split.info.peak_spaces[name] for split in splits if split.has_peaks(name))
        merge_peaks(holders, organs.organ_folder("peaks"), space, organs.memory_bytes)
        organs.used.add(name)


def _agreed(what: str, declared: Iterable[Mapping[str, _Fact]]) -> dict[str, _Fact]:
    agreed: dict[str, _Fact] = {}
    for part in declared:
        for name, fact in part.items():
            if agreed.setdefault(name, fact) != fact:
                raise StoreError(f"{what} {name} differs between splits: {agreed[name]} and {fact}", hint="index again")
    return agreed
