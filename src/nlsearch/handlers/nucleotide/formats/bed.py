"""BED: regions of a genome, one a line, with three to twelve columns.

Conventions
-----------
Positions in the file are 0-based and half-open; the blocks of a line are its parts.

References
----------
J. Niu et al., GA4GH BED v1.0, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.nucleotide.formats.genome import Sequences
from nlsearch.handlers.nucleotide.formats.tracks import Row, Stubs, directed, feature_items, lines_of, number_of
from nlsearch.handlers.texts import as_utf8, decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

_HEADINGS = ("#", "track", "browser")
MOST_BLOCKS = 100_000


def features(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield every region, with its sequence where a file beside it has that.

    Raises
    ------
    MalformedContent
        If the table holds no region.
    LimitExceeded
        If a line is over its cap.
    """
    stubs, number = Stubs(Sequences(None, source.companions, limits)), 0
    with source.open() as content:
        for at, raw in enumerate(lines_of(as_utf8(content), limits), start=1):
            text = decoded(raw)
            if not text.strip() or text.startswith(_HEADINGS):
                continue
            number += 1
            try:
                row = _row(text, stubs)
            except InputError as error:
                yield Skipped(number, f"line {at}: {error.message}")
                continue
            yield from feature_items(number, row, stubs)
    if not number:
        raise MalformedContent("the table holds no region")


def _row(text: str, stubs: Stubs) -> Row:
    columns = text.split("\t") if "\t" in text else text.split()
    if len(columns) < 3:
        raise MalformedContent(f"{len(columns)} columns, where at least 3 are wanted")
    start, end = number_of(columns[1].strip()), number_of(columns[2].strip())
    if start is None or end is None or start > end:
        raise MalformedContent(f"{columns[1]!r} to {columns[2]!r} is no place")
    name = columns[3].strip() if len(columns) > 3 and columns[3].strip() != "." else ""
    strand = columns[5] if len(columns) > 5 and columns[5] in {"+", "-"} else ""
    known = {"label": [name]} if name else {}
    parts = directed(_blocks(columns, start, end), strand)
    return Row(stubs.record(columns[0]), "region", name, strand, parts, known)


def _blocks(columns: list[str], start: int, end: int) -> list[tuple[int, int]]:
    """Return the blocks of a line, or all of it where it has none or they do not fit."""
    if len(columns) < 12:
        return [(start, end)]
    sizes, starts = ([number_of(word) for word in columns[at].strip(", ").split(",")] for at in (10, 11))
    if len(sizes) != len(starts) or len(sizes) > MOST_BLOCKS:
        raise MalformedContent(f"{len(sizes):,} sizes and {len(starts):,} starts of blocks")
    parts = []
    for size, at in zip(sizes, starts, strict=True):
        if size is None or at is None or start + at + size > end:
            raise MalformedContent("a block is no place inside the region")
        parts.append((start + at, start + at + size))
    return parts
