"""Reading: which reader a source wants, told by its format or by its first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nlsearch.handlers.sequences.read import read_sequences
from nlsearch.handlers.sequences.records import PROTEIN
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

READERS = {"UniProt": "uniprotflat", "UniProt XML": "uniprotxml"}
"""Format → module of :mod:`nlsearch.handlers.protein.formats`; all others are shared with nucleotides."""


def read_records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the records of `source`, and after each annotated record its features; nucleotides too, as their own kind.

    Raises
    ------
    InputError
        If the file as a whole is not what it seems; items already yielded are kept.
    """
    return read_sequences(source, limits, PROTEIN, READERS)
