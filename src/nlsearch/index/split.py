"""An immutable piece of index, as searches read it.

::

    split.json      what is in it, and size and checksum of every other file; written last
    text/           the text index                              nlsearch.index.text
    seeds/          one seed index a space                      nlsearch.index.seeds
    vectors/        one vector index a space                    nlsearch.index.vectors
    payloads.*      what verification works from, by key        nlsearch.index.payloads
    items.*         what users see of each item, by key         nlsearch.index.records
    features.*      words and terms, kept for merging, by key   nlsearch.index.records
    sizes.f4        Features.size of each item, never rounded up
    sources.u8      the catalog's number of each item's source

Items are numbered in the order of kind, size, path and record number, so each kind is a range of keys and light items
come first.  Opening reads split.json and compares the sizes of the files; everything else waits until it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import IndexDamaged
from nlsearch.index.payloads import Blobs
from nlsearch.index.problem import Problem
from nlsearch.index.records import Records
from nlsearch.index.splitfacts import EXTENTS, SPLIT_FILE, SplitInfo
from nlsearch.index.splitwrite import SplitWriter
from nlsearch.index.storage import file_sum, mapped
from nlsearch.index.text import TextIndex
from nlsearch.index.textquery import EveryOf, Keyword, SomeOf, TextQuery
from nlsearch.index.texttokens import identity
from nlsearch.model import FieldValue, Item

if TYPE_CHECKING:
    from nlsearch.index.peaks import PeakIndex
    from nlsearch.index.seeds import SeedIndex
    from nlsearch.index.vectors import VectorIndex

__all__ = ["Split", "SplitInfo", "SplitWriter", "StoredItem", "verify_files"]

FEW = 1_000
"""So many items are named one by one in a question about them; of more, all that match are looked up."""
_DAMAGED_HINT = "run nlsearch check, and index the sources again"


@dataclass(frozen=True, slots=True)
class StoredItem:
    """What a split keeps of an item for users."""

    kind: str
    title: str
    path: str
    locator: str
    number: int
    fields: Mapping[str, FieldValue]
    source_id: int
    keys: Mapping[str, str]

    @property
    def id(self) -> str:
        """Path + locator."""
        return self.path + self.locator

    def to_item(self) -> Item:
        """Return the item as users see it."""
        return Item(self.id, self.kind, self.title, self.path, self.locator, self.fields)


class Split:
    """Reads a split.

    Parameters
    ----------
    directory : path
    digest : str, optional
        What :attr:`SplitInfo.digest` must be.

    Raises
    ------
    IndexDamaged
        If a file is missing or has another size than when it was written, or bytes turn out to be wrong later.
    IndexTooNew
        If a newer nlsearch wrote it.
    """

    def __init__(self, directory: Path | str, digest: str | None = None) -> None:
        self.directory = Path(directory)
        self.info = SplitInfo.read(self.directory)
        self._seeds: dict[str, SeedIndex] = {}
        self._vectors: dict[str, VectorIndex] = {}
        self._peaks: dict[str, PeakIndex] = {}
        if digest is not None and digest != self.info.digest:
            raise self._damaged(SPLIT_FILE, "is not what the catalog names")
        for name, expected in self.info.files.items():
            try:
                size = (self.directory / name).stat().st_size
            except OSError as exc:
                raise self._damaged(name, f"cannot be read: {exc.strerror}") from exc
            if size != expected.size:
                raise self._damaged(name, f"has {size:,} bytes instead of {expected.size:,}")

    def __len__(self) -> int:
        return self.info.items

    # -------------------------------------------------------------------------------------------------------- organs
    @cached_property
    def text(self) -> TextIndex:
        """The text index."""
        return TextIndex(self.directory / "text", self.info.fields)

    def has_seeds(self, space: str) -> bool:
        """Say whether any item has seeds in `space`."""
        return space in self.info.seed_spaces

    def seeds(self, space: str) -> SeedIndex:
        """Return the seed index of `space`.

        Raises
        ------
        KeyError
            If no item has seeds in it (:meth:`has_seeds`).
        """
        if space not in self._seeds:
            from nlsearch.index.seeds import SeedIndex

            self._seeds[space] = SeedIndex(self.directory / "seeds", self.info.seed_spaces[space])
        return self._seeds[space]

    def has_vectors(self, space: str) -> bool:
        """Say whether any item has a vector in `space`."""
        return space in self.info.vector_spaces

    def vectors(self, space: str) -> VectorIndex:
        """Return the vector index of `space`.

        Raises
        ------
        KeyError
            If no item has a vector in it (:meth:`has_vectors`).
        """
        if space not in self._vectors:
            from nlsearch.index.vectors import VectorIndex

            self._vectors[space] = VectorIndex(self.directory / "vectors", self.info.vector_spaces[space])
        return self._vectors[space]

    def has_peaks(self, space: str) -> bool:
        """Say whether any item has peaks in `space`."""
        return space in self.info.peak_spaces

    def peaks(self, space: str) -> PeakIndex:
        """Return the peak index of `space`.

        Raises
        ------
        KeyError
            If no item has peaks in it (:meth:`has_peaks`).
        """
        if space not in self._peaks:
            from nlsearch.index.peaks import PeakIndex

            self._peaks[space] = PeakIndex(self.directory / "peaks", self.info.peak_spaces[space])
        return self._peaks[space]

    # --------------------------------------------------------------------------------------------------------- items
    def payload(self, key: int) -> memoryview:
        """Return the bytes that verification works from, as a view of the mapped file."""
        return self._payloads[key]

    def payloads(self, keys: NDArray[np.uint32]) -> list[bytes | memoryview]:
        """Return the payloads of several items, in the order asked."""
        return self._payloads.some(keys)

    def item(self, key: int) -> StoredItem:
        """Return what users see of item `key`."""
        return StoredItem(*self._items[key])

    def records(self, keys: Iterable[int]) -> Iterator[StoredItem]:
        """Yield several items in the order asked; ascending keys are fastest."""
        return (StoredItem(*record) for record in self._items.many(map(int, keys)))

    def matching(self, query: TextQuery, among: Sequence[int] | None = None) -> NDArray[np.uint32]:
        """Return the keys of the items that satisfy `query`, ascending.

        If it is only asked which of the items `among` do, others may be left out.
        """
        if among is not None and len(among) <= FEW:
            items = (self.item(key) for key in among)
            query = EveryOf((query, SomeOf(tuple(Keyword("id", identity(one.path, one.locator)) for one in items))))
        return self.text.matching(query)

    def find(self, path: str, locator: str) -> int | None:
        """Return the key of the item at ``path + locator``, or None."""
        found = self.text.lightest(Keyword("id", identity(path, locator)), 1)
        return found[0] if found else None

    def kind_range(self, kind: str) -> tuple[int, int]:
        """Return the keys [first, end) of the items of `kind`; empty if there are none."""
        return self.info.kinds.get(kind, (0, 0))

    @cached_property
    def sizes(self) -> NDArray[np.float32]:
        """``Features.size`` of each item, rounded down to single precision; shape (n,)."""
        return cast("NDArray[np.float32]", self._column("sizes.f4", "<f4"))

    @cached_property
    def extents(self) -> NDArray[np.int64]:
        """``Features.extent`` of each item; shape (n,)."""
        if EXTENTS not in self.info.files:
            return np.broadcast_to(np.int64(0), self.info.items)
        return cast("NDArray[np.int64]", self._column(EXTENTS, "<i8"))

    @cached_property
    def source_ids(self) -> NDArray[np.int64]:
        """The catalog's number of each item's source; shape (n,)."""
        return cast("NDArray[np.int64]", self._column("sources.u8", "<i8"))

    @cached_property
    def features(self) -> Records:
        """Words and terms of each item, for merging: ``[words, {space: little-endian u64 bytes}]``."""
        return Records(self.directory, "features")

    @cached_property
    def _items(self) -> Records:
        return Records(self.directory, "items")

    @cached_property
    def _payloads(self) -> Blobs:
        return Blobs(self.directory, "payloads")

    def _column(self, name: str, dtype: str) -> NDArray[np.generic]:
        column = mapped(self.directory / name, dtype)
        if len(column) != self.info.items:
            raise self._damaged(name, f"has {len(column):,} rows for {self.info.items:,} items")
        return column

    def _damaged(self, name: str, what: str) -> IndexDamaged:
        return IndexDamaged(what, locator=str(self.directory / name), hint=_DAMAGED_HINT)

    def close(self) -> None:
        """Let go of all files; views of payloads that are still held stay valid."""
        self._seeds.clear()
        self._vectors.clear()
        self._peaks.clear()
        for name in ("text", "sizes", "extents", "source_ids", "features", "_items", "_payloads"):
            self.__dict__.pop(name, None)


def verify_files(directory: Path | str, digest: str | None = None) -> list[Problem]:
    """Compare every file of a split with its checksum.

    Parameters
    ----------
    directory : path
    digest : str, optional
        What the catalog says that the digest of split.json is.

    Returns
    -------
    list of Problem
        One for each file that is missing, different, unreadable or not of the split.
    """
    directory = Path(directory)
    try:
        info = SplitInfo.read(directory)
    except IndexDamaged as exc:
        return [Problem(str(directory / SPLIT_FILE), exc.message, _DAMAGED_HINT)]
    if digest is not None and digest != info.digest:  # then its checksums say nothing
        return [Problem(str(directory / SPLIT_FILE), "its bytes differ from what was written", _DAMAGED_HINT)]
    problems = []
    for name, expected in info.files.items():
        path = directory / name
        try:
            found = file_sum(path)
        except OSError as exc:
            problems.append(Problem(str(path), f"cannot be read: {exc.strerror}", _DAMAGED_HINT))
            continue
        if found != expected:
            what = "its size" if found.size != expected.size else "its bytes"
            problems.append(Problem(str(path), f"{what} differ from what was written", _DAMAGED_HINT))
    known = {directory / name for name in (*info.files, SPLIT_FILE)}
    strange = [path for path in sorted(directory.rglob("*")) if path not in known and not path.is_dir()]
    problems += [Problem(str(path), "does not belong to the split", "it can be deleted") for path in strange]
    return problems
