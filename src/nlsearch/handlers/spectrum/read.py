"""Reading: which reader a source wants, told by its format."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from nlsearch.errors import UnsupportedFeature
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

Reader = Callable[[BinaryIO, Limits], Iterator[RawItem | Skipped]]

LONGEST = 500
"""Characters of a name or an id."""
READERS: dict[str, str] = {
    "MassBank": "massbank",
    "MGF": "mgf",
    "MSP": "msp",
    "spectra JSON": "json",
    "mzML": "mzml",
    "mzXML": "mzxml",
    "JCAMP-DX": "jcamp",
    "nmrML": "nmrml",
    "spectrum table": "table",
}
"""Format → module of :mod:`nlsearch.handlers.spectrum.formats`, whose ``records(stream, limits)`` reads it."""


def read_records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the spectra of `source`, in the order of the file.

    The content of each item is a :class:`~nlsearch.handlers.spectrum.records.Spectrum`.

    Raises
    ------
    InputError
        If the file as a whole is not what it seems; items already yielded are kept.
    """
    name = READERS.get(source.format)
    if name is None:
        raise UnsupportedFeature(f"{source.format or 'this'} is no format of spectra", locator=source.path)
    records: Reader = importlib.import_module(f"nlsearch.handlers.spectrum.formats.{name}").records
    with source.open() as stream:
        for record in records(as_utf8(stream), limits):
            yield _bounded(record)


def _bounded(record: RawItem | Skipped) -> RawItem | Skipped:
    """Return a record whose name and id are of a length that people can use; files may hold a megabyte in one line."""
    if record.record_id is not None and len(record.record_id) > LONGEST:
        if isinstance(record, Skipped):
            return replace(record, record_id=None)
        record.warnings.append(f"an id of {len(record.record_id):,} characters is not used")
        record.record_id = None
    if isinstance(record, RawItem) and len(record.title) > LONGEST:
        record.warnings.append(f"a name of {len(record.title):,} characters was cut")
        record.title = record.content.name = record.title[:LONGEST]
    return record
