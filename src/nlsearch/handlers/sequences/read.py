"""Reading files that may hold nucleotides and proteins: which reader a source wants, by its format or first bytes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO

from nlsearch.handlers.sequences.fasta import read_fasta
from nlsearch.handlers.sequences.flat import read_flat
from nlsearch.handlers.sequences.stockholm import read_stockholm
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

Reader = Callable[[BinaryIO, Limits], Iterator[RawItem | Skipped]]
_SNIFFED = 4096
_FLAVOURS = {
    "GenBank": "genbank",
    "GenPept": "genbank",
    "EMBL": "embl",
    "FASTA": "fasta",
    "protein FASTA": "fasta",
    "Stockholm": "stockholm",
}


def read_by(kind: str, records: Iterator[RawItem | Skipped]) -> Iterator[RawItem | Skipped]:
    """Yield `records` as the handler of `kind` gives them: its own items do not say their kind."""
    for record in records:
        if isinstance(record, RawItem) and record.kind == kind:
            record.kind = None
        yield record


def read_sequences(source: Source, limits: Limits, kind: str, own: Mapping[str, str]) -> Iterator[RawItem | Skipped]:
    """Yield the records of `source`, and after each annotated record its features, read by the handler of `kind`.

    Items of another kind say so.

    Parameters
    ----------
    source : Source
    limits : Limits
    kind : str
    own : mapping of str to str
        Format → module of the package ``formats`` of the kind, for those that only its handler reads; ``records`` of
        it takes a stream and the limits.

    Raises
    ------
    InputError
        If the file as a whole is not what it seems; items already yielded are kept.
    """
    name = own.get(source.format)
    if name is None:
        yield from read_by(kind, _records(source, limits))
        return
    records: Reader = importlib.import_module(f"nlsearch.handlers.{kind}.formats.{name}").records
    with source.open() as content:
        yield from read_by(kind, records(as_utf8(content), limits))


def _records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    with source.open() as content:
        stream = as_utf8(content)
        flavour = _FLAVOURS.get(source.format)
        if flavour is None:
            flavour = _flavour(stream.read(_SNIFFED))
            stream.seek(0)
        if flavour == "fasta":
            yield from read_fasta(stream, limits, source.name)
        elif flavour == "stockholm":
            yield from read_stockholm(stream, limits)
        else:
            yield from read_flat(stream, flavour, limits)


def _flavour(head: bytes) -> str:
    if head.startswith(b"LOCUS ") or b"\nLOCUS " in head:
        return "genbank"
    if head.startswith(b"# STOCKHOLM"):
        return "stockholm"
    return "embl" if head.startswith(b"ID   ") else "fasta"
