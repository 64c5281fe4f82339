"""Reading: which reader a source wants, told by its format or by its first bytes; and the file as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nlsearch.handlers.nucleotide.formats import bed, gff
from nlsearch.handlers.nucleotide.wholefile import WholeFile
from nlsearch.handlers.sequences.read import read_by, read_sequences
from nlsearch.handlers.sequences.records import NUCLEOTIDE
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source


READERS = {"FASTQ": "fastq", "2bit": "twobit"}
"""Format → module of :mod:`nlsearch.handlers.nucleotide.formats`; all others are shared with proteins."""
TABLES = {"GFF3": gff.features, "GTF": gff.features, "BED": bed.features}
"""Formats of features, which are read with the sequences beside them."""


def read_records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the records of `source`, after each annotated record its features, last the file of several records.

    Proteins come too, as their own kind.

    Raises
    ------
    InputError
        If the file as a whole is not what it seems; items already yielded are kept.
    """
    if source.format in TABLES:
        items = read_by(NUCLEOTIDE, TABLES[source.format](source, limits))
    else:
        items = read_sequences(source, limits, NUCLEOTIDE, READERS)
    if source.format == "FASTQ":
        yield from items
        return
    whole = WholeFile(source.name)
    for item in items:
        whole.add(item)
        yield item
    yield from whole.items()
