"""Puts entries into splits, and knows what of each split may be seen.

Entries of several sources mix in a split, and a large source spans several.  A split is named in the catalog once a
reading in it is finished; the unfinished ones in it are hidden, and revealed by the commit in which they finish.  So a
source appears in one commit, whole, wherever its items lie.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nlsearch.handlers.contract import Field, Space
from nlsearch.index.catalog import Commit, NewSplit
from nlsearch.index.layout import SPLITS, WORK, split_directory, sync_directory
from nlsearch.index.split import SplitWriter
from nlsearch.index.splitfacts import SplitInfo
from nlsearch.index.storage import writing
from nlsearch.model import Entry

MAX_ITEMS = 50_000
MAX_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Declared:
    """What a split may hold: spaces and fields by name, handler versions by kind."""

    spaces: Mapping[str, Space]
    fields: Mapping[str, Field]
    versions: Mapping[str, int]


@dataclass(slots=True)
class Shelf:
    """The splits that a run makes.

    Parameters
    ----------
    directory : Path
        The collection.
    declared : Declared
    prefix : str
        Of the names of splits; no other run has had it.
    max_items, max_bytes : int
        A split is closed when it has that many items or bytes of features.
    """

    directory: Path
    declared: Declared
    prefix: str
    max_items: int = MAX_ITEMS
    max_bytes: int = MAX_BYTES
    _made: int = 0
    _writer: SplitWriter | None = None
    _counts: Counter[int] = field(default_factory=Counter)
    _closed: list[NewSplit] = field(default_factory=list)
    _finished: set[int] = field(default_factory=set)
    _abandoned: set[int] = field(default_factory=set)
    _hidden: set[int] = field(default_factory=set)

    def add(self, entry: Entry) -> None:
        """Take an entry.

        Raises
        ------
        StorageFull
            If the disk takes no more.
        """
        if self._writer is None:
            declared = self.declared
            self._writer = SplitWriter(
                self.directory / WORK / self.next_name(), declared.spaces, declared.fields, declared.versions
            )
        self._writer.add(entry)
        self._counts[entry.source_id] += 1
        if self._writer.items >= self.max_items or self._writer.spooled_bytes >= self.max_bytes:
            self.close_split()

    def finish(self, reading: int) -> None:
        """Say that every entry of `reading` has been added; the next commit shows them."""
        self._finished.add(reading)

    def abandon(self, reading: int) -> None:
        """Say that the entries of `reading` are never to be seen."""
        self._finished.discard(reading)
        self._abandoned.add(reading)

    def next_name(self) -> str:
        """Return a name for a new split."""
        self._made += 1
        return f"{self.prefix}-{self._made:05d}"

    def close_split(self) -> None:
        """Finish the split that is being written; later entries go into another."""
        if self._writer is None:
            return
        info = self._writer.finish()
        self._closed.append(place(self.directory, self._writer.directory, info, dict(self._counts)))
        self._writer = None
        self._counts = Counter()

    @property
    def settled(self) -> bool:
        """True if no split that is named hides a reading that is still to be revealed."""
        return not self._hidden - self._abandoned

    def fill(self, commit: Commit) -> None:
        """Add to `commit` the splits that are to be named with it, and what is hidden and revealed."""
        if any(reading in self._finished for reading in self._counts):
            self.close_split()
        kept: list[NewSplit] = []
        commit.revealed.extend(sorted(self._finished & self._hidden))
        self._hidden -= self._finished
        for split in self._closed:
            if any(reading in self._finished for reading in split.sources):
                unfinished = [reading for reading in split.sources if reading not in self._finished]
                commit.splits.append(split)
                commit.hidden.extend((split.id, reading) for reading in unfinished)
                self._hidden.update(unfinished)
            elif all(reading in self._abandoned for reading in split.sources):
                shutil.rmtree(split_directory(self.directory, split.id))
            else:
                kept.append(split)
        self._closed = kept
        self._finished = set()

    def discard(self) -> None:
        """Delete everything that no commit has named."""
        if self._writer is not None:
            with suppress(OSError):
                self._writer.abandon()
            self._writer = None
        for split in self._closed:
            shutil.rmtree(split_directory(self.directory, split.id), ignore_errors=True)
        self._closed = []


def place(directory: Path, made: Path, info: SplitInfo, sources: Mapping[int, int]) -> NewSplit:
    """Move a finished split to where readers look, durably; the catalog does not name it yet.

    Raises
    ------
    StorageFull
        If the disk takes no more.
    """
    with writing(made):
        made.rename(split_directory(directory, made.name))
        sync_directory(directory / SPLITS)
    return NewSplit(made.name, info.total_bytes, info.digest, sources)
