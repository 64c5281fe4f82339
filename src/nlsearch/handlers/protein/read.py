"""Reading: which reader a source wants, told by its format or by its first bytes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from nlsearch.handlers.sequences.read import read_by, read_sequences
from nlsearch.handlers.sequences.records import PROTEIN
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

Reader = Callable[[BinaryIO, Limits], Iterator[RawItem | Skipped]]
READERS = {"UniProt": "uniprotflat", "UniProt XML": "uniprotxml"}
"""Format → module of :mod:`nlsearch.handlers.protein.formats`; all others are shared with nucleotides."""


def read_records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the records of `source`, and after each annotated record its features; nucleotides too, as their own kind.

    Raises
    ------
    InputError
        If the file as a whole is not what it seems; items already yielded are kept.
    """
    name = READERS.get(source.format)
    if name is None:
        yield from read_sequences(source, limits, PROTEIN)
        return
    records: Reader = importlib.import_module(f"nlsearch.handlers.protein.formats.{name}").records
    with source.open() as content:
        yield from read_by(PROTEIN, records(as_utf8(content), limits))
