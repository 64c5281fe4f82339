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
    "MIDI": "midi",
    "MusicXML": "musicxml",
    "MXL": "musicxml",
    "kern": "kern",
    "ABC": "abc",
    "MEI": "mei",
    "PAE": "pae",
    "score of another program": "last",
}
"""Format → module of :mod:`nlsearch.handlers.score.formats`, whose ``records(stream, limits)`` reads it."""
TEXTS = ("kern", "ABC", "PAE", "score of another program")
LONGEST = 500
"""Characters of a title."""


def read_records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the tunes or movements of `source`; the content of each is a :class:`~.notation.Score`.

    Raises
    ------
    InputError
        If the file as a whole is not what it seems; items already yielded are kept.
    """
    name = READERS.get(source.format)
    if name is None:
        raise UnsupportedFeature(f"{source.format or 'this'} is no format of scores", locator=source.path)
    records: Reader = importlib.import_module(f"nlsearch.handlers.score.formats.{name}").records
    with source.open() as stream:
        for record in records(as_utf8(stream) if source.format in TEXTS else stream, limits):
            if isinstance(record, RawItem) and len(record.title) > LONGEST:
                record.warnings.append(f"a title of {len(record.title):,} characters was cut")
                record.title = record.content.title = record.title[:LONGEST]
            yield record
