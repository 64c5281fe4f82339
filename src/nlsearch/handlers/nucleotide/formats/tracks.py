"""What tables of features share: lines, places, and the items of their features.

Conventions
-----------
Parts are 0-based and half-open; locations are written in INSDC notation, 1-based and closed.  The record that a line
names is not in the file, so features have their place and no sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from nlsearch.handlers.sequences.headers import accessions_of
from nlsearch.handlers.sequences.packed import packed_of
from nlsearch.handlers.sequences.records import NUCLEOTIDE, Annotation, Record
from nlsearch.limits import Limits
from nlsearch.model import RawItem

FARTHEST = 2**32 - 1
"""Positions are 32-bit."""
_BOM = b"\xef\xbb\xbf"


def lines_of(stream: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """Yield the lines of a table without their ends and without a byte order mark.

    Raises
    ------
    LimitExceeded
        If a line is over the cap ``line_bytes``.
    """
    most = limits.line_bytes
    line = stream.readline(most + 1).removeprefix(_BOM)
    while line:
        limits.check("line_bytes", len(line))
        yield line.rstrip(b"\r\n")
        line = stream.readline(most + 1)


def number_of(text: str) -> int | None:
    """Return a position; None if the text is none."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 10 and int(text) <= FARTHEST else None


def location_of(parts: list[tuple[int, int]], strand: str) -> str:
    """Return parts, ascending, in INSDC notation."""
    ranges = [
        f"{end}^{end + 1}" if start == end else str(end) if end == start + 1 else f"{start + 1}..{end}"
        for start, end in parts
    ]
    joined = ranges[0] if len(ranges) == 1 else f"join({','.join(ranges)})"
    return f"complement({joined})" if strand == "-" else joined


class Stubs:
    """The records that lines name, each made once."""

    def __init__(self) -> None:
        self._made: dict[str, Record] = {}
        self.lengths: dict[str, int] = {}

    def record(self, name: str) -> Record:
        """Return the record of this name; it holds no sequence."""
        if name not in self._made:
            self._made[name] = Record(name, packed_of(b""), accessions=accessions_of(name))
        return self._made[name]


@dataclass(slots=True)
class Row:
    """A feature as a table has it.

    Parameters
    ----------
    record : Record
        The record that it lies on.
    type, name : str
        Its type, and what to call it (``""`` if it has no name).
    strand : str
        ``"+"``, ``"-"``, or ``""`` where the file does not say.
    parts : list of (int, int)
    known : dict of str to list of str
        Its attributes.
    feature_id : str
        Its id in the file; ``""`` if it has none.
    length : int
        Bases of the record; 0 where unknown.
    """

    record: Record
    type: str
    name: str
    strand: str
    parts: list[tuple[int, int]]
    known: dict[str, list[str]]
    feature_id: str = ""
    length: int = 0


def feature_item(number: int, row: Row) -> RawItem:
    """Return the item of a feature."""
    ordered = sorted(row.parts)
    location = location_of(ordered, row.strand)
    directed = reversed(ordered) if row.strand == "-" else ordered
    placed = [(start, end, row.strand or "+") for start, end in directed]
    length = row.length or max(end for _, end in ordered)
    title = row.name or f"{row.record.name}:{location}"
    own = Annotation(row.type, title, location, row.strand, placed, row.known, None, row.record, length)
    record_id = row.feature_id or f"{row.record.name}:{location}:{row.type}"
    return RawItem(own, number, title, record_id, kind=NUCLEOTIDE)
