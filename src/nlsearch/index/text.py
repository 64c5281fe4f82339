"""The text index of a split: words, keywords, numbers and structural terms, in one Tantivy segment.

The only module that knows Tantivy.  An index is written once by one thread into one segment, so that the number of a
Tantivy document *is* the key of the item; nothing is stored but the index itself.  Opening never writes beside the
index (it may lie on a read-only medium) and starts no thread.

What is indexed is described in :mod:`nlsearch.index.texttokens`, what can be asked in :mod:`nlsearch.index.textquery`.
Scores are BM25 (Robertson and Zaragoza 2009, doi:10.1561/1500000019; k1 = 1.2, b = 0.75).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur, Query

from nlsearch.errors import IndexDamaged, StorageFull, StoreError
from nlsearch.folding import chunks
from nlsearch.handlers.contract import Field
from nlsearch.index import texttokens as tokens
from nlsearch.index.textquery import (
    AllItems,
    EveryOf,
    FieldWords,
    HasTerms,
    HasWords,
    Keyword,
    KindIs,
    NotSources,
    NumberRange,
    SomeOf,
    TextQuery,
    Without,
)
from nlsearch.model import Entry

HEAP_BYTES = 3 * 2**30
"""Above what any split needs, so that there is one segment; Tantivy takes only what it uses."""
RAREST_OF_ALL = 16
RAREST_AT_LEAST = 128
_CODES_FILE = "spaces.json"
_FULL = ("no space left", "os error 28", "os error 5)", "input/output error", "os error 122", "quota exceeded")


class TextWriter:
    """Writes the text index of a split.

    Parameters
    ----------
    directory : path
        Made if absent; must be empty.
    fields : mapping of str to Field
        The declared fields of all kinds in the split, by name.
    """

    def __init__(self, directory: Path, fields: Mapping[str, Field]) -> None:
        self.directory = Path(directory)
        self.fields = dict(fields)
        self.items = 0
        self._codes: dict[str, str] = {}
        self.directory.mkdir(parents=True, exist_ok=True)
        with _translating(self.directory):
            index = tantivy.Index(_schema(self.fields), path=str(self.directory))
            self._writer = index.writer(heap_size=HEAP_BYTES, num_threads=1)

    def add(self, entry: Entry) -> None:
        """Add the item with the next key (0, 1, 2 …).

        Raises
        ------
        StorageFull
            If the disk takes no more.
        """
        for space in entry.features.terms:
            if space not in self._codes:
                self._codes[space] = f"{len(self._codes)}:"
        document = tantivy.Document()
        document.add_text("words", tokens.words_text(entry, self.fields))
        document.add_text("exact", tokens.exact_text(entry, self.fields))
        if field_words := tokens.field_words_text(entry, self.fields):
            document.add_text("field_words", field_words)
        if entry.features.terms:
            document.add_text("terms", tokens.terms_text(entry, self._codes))
        for name, number in tokens.numbers(entry, self.fields):
            document.add_float(f"n_{name}", number)
        with _translating(self.directory):
            self._writer.add_document(document)
        self.items += 1

    def finish(self) -> dict[str, int]:
        """Write everything and return ``{"items": n}``.

        Raises
        ------
        StorageFull
            If the disk takes no more.
        StoreError
            If the items do not fit into one segment.
        """
        with _translating(self.directory):
            self._writer.commit()
            self._writer.wait_merging_threads()
        (self.directory / _CODES_FILE).write_text(json.dumps(self._codes))
        for lock in self.directory.glob(".tantivy-*.lock"):
            lock.unlink()
        searcher, _ = _load(self.directory)
        if searcher.num_segments > 1 or searcher.num_docs != self.items:
            raise StoreError(
                f"{self.items} items gave {searcher.num_segments} segments of {searcher.num_docs} documents",
                locator=str(self.directory),
                hint="fewer items per split",
            )
        return {"items": self.items}


class TextIndex:
    """Searches the text index of a split.

    Parameters
    ----------
    directory : path
    fields : mapping of str to Field
        As given to the writer.

    Raises
    ------
    IndexDamaged
        If the files cannot be read; so do all methods.
    """

    def __init__(self, directory: Path, fields: Mapping[str, Field]) -> None:
        self.directory = Path(directory)
        self._fields = fields
        self._searcher, self._schema = _load(self.directory)
        try:
            self._codes: dict[str, str] = json.loads((self.directory / _CODES_FILE).read_bytes())
        except (OSError, ValueError) as exc:
            raise IndexDamaged("the list of term spaces cannot be read", locator=str(self.directory)) from exc
        self.items: int = self._searcher.num_docs

    def top(self, query: TextQuery, limit: int, offset: int = 0) -> tuple[list[int], list[float], int]:
        """Return the best items: keys, scores and the number of all matches.

        Best first; of equal scores the lower key first.
        """
        raise NotImplementedError

    def matching(self, query: TextQuery) -> NDArray[np.uint32]:
        """Return the keys of all matches, ascending."""
        raise NotImplementedError

    def lightest(self, query: TextQuery, limit: int, offset: int = 0) -> list[int]:
        """Return the keys of matches number `offset` to ``offset + limit`` in ascending order of key."""
        raise NotImplementedError

    def count(self, query: TextQuery) -> int:
        """Return the number of matches."""
        raise NotImplementedError

    def frequency(self, space: str, term: int) -> int:
        """Return how many items hold a structural term."""
        raise NotImplementedError

    def facet(self, field: str, query: TextQuery | None = None) -> dict[str, int]:
        """Count the matches (all items without a `query`) by the folded value of a keyword field, or ``kind``."""
        raise NotImplementedError
