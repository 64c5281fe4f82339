"""Reading: which reader a source wants, told by its format or by its first bytes; and the file as a whole."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from nlsearch.handlers.nucleotide.wholefile import WholeFile
from nlsearch.handlers.sequences.read import read_by, read_sequences
from nlsearch.handlers.sequences.records import NUCLEOTIDE
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source


Reader = Callable[[BinaryIO, Limits], Iterator[RawItem | Skipped]]
READERS = {"FASTQ": "fastq", "2bit": "twobit", "GFF3": "gff", "GTF": "gff", "BED": "bed"}
"""Format → module of :mod:`nlsearch.handlers.nucleotide.formats`; all others are shared with proteins."""


def read_records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the records of `source`, after each annotated record its features, last the file of several records.

    Proteins come too, as their own kind.

    Raises
    ------
    InputError
        If the file as a whole is not what it seems; items already yielded are kept.
    """
    if source.format == "FASTQ":
        yield from _items(source, limits)
        return
    whole = WholeFile(source.name)
    for item in _items(source, limits):
        whole.add(item)
        yield item
    yield from whole.items()


def _items(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    name = READERS.get(source.format)
    if name is None:
        yield from read_sequences(source, limits, NUCLEOTIDE)
        return
    records: Reader = importlib.import_module(f"nlsearch.handlers.nucleotide.formats.{name}").records
    with source.open() as content:
        yield from read_by(NUCLEOTIDE, records(as_utf8(content), limits))
