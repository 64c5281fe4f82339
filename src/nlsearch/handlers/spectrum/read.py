"""Reading: which reader a source wants, told by its format."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from nlsearch.errors import UnsupportedFeature
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

Reader = Callable[[BinaryIO, Limits], Iterator[RawItem | Skipped]]

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
        yield from records(as_utf8(stream), limits)
