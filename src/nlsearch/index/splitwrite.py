"""Writing a split: entries come in any order, wait in a spool on the disk, and are numbered when all are there."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from sys import byteorder
from typing import TYPE_CHECKING, Literal, Self, cast

import numpy as np

from nlsearch.declarations import Field, PeakSpace, SeedSpace, Space, TermSpace, VectorSpace
from nlsearch.errors import StoreError
from nlsearch.index.payloads import BlobWriter
from nlsearch.index.records import SCATTERED, RecordWriter, packed_terms
from nlsearch.index.splitfacts import EXTENTS, SPLIT_FILE, SplitInfo
from nlsearch.index.spool import Spool
from nlsearch.index.storage import seal, write_durably, writing
from nlsearch.index.text import TextWriter
from nlsearch.model import Entry

if TYPE_CHECKING:
    from nlsearch.index.peakwrite import PeakWriter
    from nlsearch.index.seeds import SeedWriter
    from nlsearch.index.vectors import VectorWriter

MEMORY_BYTES = 64 * 2**20
ItemOrder = tuple[str, float, str, int]


class SplitWriter:
    """Makes a split of entries added in any order.

    Parameters
    ----------
    directory : path
        Made if absent; must be empty.  Its name becomes durable when the caller renames it.
    spaces, fields, handler_versions : mapping
        By name, by name, and by kind: of all kinds that may be added.
    memory_bytes : int
        What the writer of one seed space may hold.
    """

    def __init__(
        self,
        directory: Path,
        spaces: Mapping[str, Space],
        fields: Mapping[str, Field],
        handler_versions: Mapping[str, int],
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self.directory = Path(directory)
        with writing(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            self._spool = Spool(self.directory)
        self._orders: list[ItemOrder] = []
        self._declared = (dict(spaces), dict(fields), dict(handler_versions), memory_bytes)

    @property
    def items(self) -> int:
        """Number of entries added so far."""
        return len(self._orders)

    @property
    def spooled_bytes(self) -> int:
        """Bytes of features added so far, from which a caller tells when the split is large enough."""
        return self._spool.bytes

    def add(self, entry: Entry) -> None:
        """Take an entry.

        Raises
        ------
        StorageFull
            If the disk takes no more.
        StoreError
            If the entry's kind, or a space that it has something in, was not declared.
        """
        _check(entry, self._declared[0], self._declared[2])
        with writing(self.directory):
            self._spool.add(entry)
        self._orders.append(item_order(entry, entry.features.size))

    def finish(self) -> SplitInfo:
        """Write all organs and split.json and flush everything to the disk.

        Raises
        ------
        StorageFull
            If the disk takes no more.
        """
        orders = self._orders
        with writing(self.directory), closing(self._spool), Organs(self.directory, *self._declared) as organs:
            for number in sorted(range(len(orders)), key=orders.__getitem__):
                organs.add(self._spool[number])
            self._spool.close()
            return organs.finish()

    def abandon(self) -> None:
        """Free the spool without finishing; the caller deletes the folder."""
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.abandon()


class Organs:
    """Writes the organs of a split from entries that come in the order of their keys.

    Parameters
    ----------
    directory, spaces, fields, handler_versions, memory_bytes
        As for :class:`SplitWriter`; the directory exists.
    """

    def __init__(
        self,
        directory: Path,
        spaces: Mapping[str, Space],
        fields: Mapping[str, Field],
        handler_versions: Mapping[str, int],
        memory_bytes: int,
    ) -> None:
        self.directory = directory
        self.spaces, self.fields, self.handler_versions = dict(spaces), dict(fields), dict(handler_versions)
        self.memory_bytes = memory_bytes
        self.used: set[str] = set()
        """The spaces in which any item has something."""
        self._seeds: dict[str, SeedWriter] = {}
        self._vectors: dict[str, VectorWriter] = {}
        self._peaks: dict[str, PeakWriter] = {}
        self._kinds: dict[str, tuple[int, int]] = {}
        self._sizes, self._sources, self._extents = array("f"), array("q"), array("q")
        self._text = TextWriter(directory / "text", self.fields)
        self._payloads = BlobWriter(directory, "payloads")
        self._items = RecordWriter(directory, "items", SCATTERED)
        self._features = RecordWriter(directory, "features")

    def add(self, entry: Entry) -> None:
        """Write the item with the next key."""
        key, features = len(self._sizes), entry.features
        self._kinds[entry.kind] = (self._kinds.get(entry.kind, (key, key))[0], key + 1)
        self._sizes.append(_rounded_down(features.size))
        self._sources.append(entry.source_id)
        self._extents.append(features.extent)
        self._text.add(entry)
        self._payloads.add(features.payload)
        self._items.add(
            (
                entry.kind,
                entry.title,
                entry.path,
                entry.locator,
                entry.number,
                features.fields,
                entry.source_id,
                features.keys,
            )
        )
        terms = {space: packed_terms(held) for space, held in features.terms.items()}
        self._features.add((features.words, terms))
        self.used.update(terms)
        for space, seeds in features.seeds.items():
            self._seed_writer(space).add(key, seeds)
        for space, vector in features.vectors.items():
            self._vector_writer(space).add(key, vector)
        for space, peaks in features.peaks.items():
            self._peak_writer(space).add(key, peaks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for part in (self._payloads, self._items, self._features):
            with suppress(StoreError):  # finish has reported what matters
                part.close()

    def finish(self) -> SplitInfo:
        """Finish every organ, make all files durable and write split.json."""
        self._text.finish()
        for stored in (self._payloads, self._items, self._features):
            stored.finish()
        organs: list[SeedWriter | VectorWriter | PeakWriter] = [
            *self._seeds.values(),
            *self._vectors.values(),
            *self._peaks.values(),
        ]
        for organ in organs:
            organ.finish()
        if byteorder == "big":
            for column in (self._sizes, self._sources, self._extents):
                column.byteswap()
        (self.directory / "sizes.f4").write_bytes(self._sizes.tobytes())
        (self.directory / "sources.u8").write_bytes(self._sources.tobytes())
        if any(self._extents):
            (self.directory / EXTENTS).write_bytes(self._extents.tobytes())
        info = SplitInfo(
            items=len(self._sizes),
            kinds=self._kinds,
            sources=len(set(self._sources)),
            handler_versions={kind: self.handler_versions[kind] for kind in self._kinds},
            spaces={name: space for name, space in self.spaces.items() if name in self.used},
            fields=self.fields,
            files=seal(self.directory),
        )
        write_durably(self.directory / SPLIT_FILE, info.to_json())
        return info

    def organ_folder(self, name: Literal["seeds", "vectors", "peaks"]) -> Path:
        """Return the folder of the seed, vector or peak indexes, made when first asked for."""
        folder = self.directory / name
        folder.mkdir(exist_ok=True)
        return folder

    def _seed_writer(self, space: str) -> SeedWriter:
        if space not in self._seeds:
            from nlsearch.index.seeds import SeedWriter

            declared = cast("SeedSpace", self.spaces[space])
            self._seeds[space] = SeedWriter(self.organ_folder("seeds"), declared, self.memory_bytes)
            self.used.add(space)
        return self._seeds[space]

    def _vector_writer(self, space: str) -> VectorWriter:
        if space not in self._vectors:
            from nlsearch.index.vectors import VectorWriter

            declared = cast("VectorSpace", self.spaces[space])
            self._vectors[space] = VectorWriter(self.organ_folder("vectors"), declared)
            self.used.add(space)
        return self._vectors[space]

    def _peak_writer(self, space: str) -> PeakWriter:
        if space not in self._peaks:
            from nlsearch.index.peakwrite import PeakWriter

            declared = cast("PeakSpace", self.spaces[space])
            self._peaks[space] = PeakWriter(self.organ_folder("peaks"), declared, self.memory_bytes)
            self.used.add(space)
        return self._peaks[space]


def item_order(item: Entry, size: float) -> ItemOrder:
    """Return by what items of a split are ordered: kind, size, path, record number."""
    return item.kind, _rounded_down(size), item.path, item.number


def _check(entry: Entry, spaces: Mapping[str, Space], handler_versions: Mapping[str, int]) -> None:
    where, features = entry.path + entry.locator, entry.features
    if entry.kind not in handler_versions:
        raise StoreError(f"kind {entry.kind!r} was not declared to the split", locator=where)
    held: tuple[tuple[type[Space], Mapping[str, object]], ...] = (
        (TermSpace, features.terms),
        (SeedSpace, features.seeds),
        (VectorSpace, features.vectors),
        (PeakSpace, features.peaks),
    )
    for organ, names in held:
        for name in names:
            if not isinstance(spaces.get(name), organ):
                what = f"kind {entry.kind} has features in {name!r}, which is not declared as a {organ.__name__}"
                raise StoreError(what, locator=where, hint="the handler must list it in its spaces")


def _rounded_down(size: float) -> float:
    """Return the largest single-precision number ≤ `size`, at least 1, so that bounds from it stay bounds."""
    if not math.isfinite(size) or size <= 1:
        return 1.0
    single = np.float32(size)
    return float(single if float(single) <= size else np.nextafter(single, np.float32(0)))
