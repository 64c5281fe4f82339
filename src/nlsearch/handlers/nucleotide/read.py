"""Reading: which reader a source wants, told by its format or by its first bytes; and the file as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nlsearch.handlers.nucleotide.fasta import read_fasta
from nlsearch.handlers.nucleotide.flat import read_flat
from nlsearch.handlers.nucleotide.wholefile import WholeFile
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

_SNIFFED = 4096


def read_records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the records of `source`, after each GenBank or EMBL record its features, last the file of several records.

    Raises
    ------
    InputError
        If the file as a whole is not what it seems; items already yielded are kept.
    """
    whole = WholeFile(source.name)
    with source.open() as content:
        stream = as_utf8(content)
        flavour = {"GenBank": "genbank", "EMBL": "embl", "FASTA": "fasta"}.get(source.format)
        if flavour is None:
            flavour = _flavour(stream.read(_SNIFFED))
            stream.seek(0)
        for item in read_fasta(stream, limits) if flavour == "fasta" else read_flat(stream, flavour, limits):
            whole.add(item)
            yield item
    yield from whole.items()


def _flavour(head: bytes) -> str:
    if head.startswith(b"LOCUS ") or b"\nLOCUS " in head:
        return "genbank"
    return "embl" if head.startswith(b"ID   ") else "fasta"
