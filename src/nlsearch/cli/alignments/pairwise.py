"""Alignments for the eye: the row of the query, marks, the row of the item, as BLAST prints them.

Conventions
-----------
Positions are 1-based and closed.  Rows follow the query: on the minus strand the item's positions fall.
"""

from __future__ import annotations

from collections.abc import Iterator

from nlsearch.cli.alignments.aligned import Alignment
from nlsearch.cli.alignments.blast6 import query_ends, target_ends
from nlsearch.cli.alignments.numbers import bits_text, evalue_text, percent

WIDTH = 60
"""Columns of a block."""
POSITIONS = "positions are 1-based and closed"
_STRANDS = {"+": "Plus", "-": "Minus"}


def lines(one: Alignment, most_blocks: int | None = None) -> Iterator[str]:
    """Yield the lines of an alignment: scores, identities, strand or frame, then blocks of :data:`WIDTH` columns.

    Parameters
    ----------
    one : Alignment
    most_blocks : int, optional
        Leave out what comes behind so many blocks, and say so.
    """
    yield from facts(one)
    yield ""
    if one.rows is None:
        yield f"the letters of this alignment are not at hand; CIGAR along the query: {one.columns:,} columns"
        yield ""
        return
    yield from _blocks(one, most_blocks)


def facts(one: Alignment) -> Iterator[str]:
    """Yield what BLAST says of an alignment before its rows."""
    raw = "" if one.raw_score is None else f" ({one.raw_score})"
    expect = "" if one.evalue is None else f",  Expect = {evalue_text(one.evalue, 0)}"
    yield f" Score = {bits_text(one.bit_score)} bits{raw}{expect}"
    shares = [("Identities", one.total("="))]
    if one.is_protein and one.positives is not None:
        shares.append(("Positives", one.positives))
    shares.append(("Gaps", one.total("ID")))
    said = (f"{name} = {count}/{one.columns} ({percent(count, one.columns)}%)" for name, count in shares)
    yield " " + ", ".join(said)
    if one.frame:
        yield f" Frame = {one.frame:+d}"
    elif one.strand and not one.is_protein:
        yield f" Strand=Plus/{_STRANDS[one.strand]}"


def _blocks(one: Alignment, most: int | None) -> Iterator[str]:
    above, below = one.rows or ("", "")
    end = len(above) if most is None else min(len(above), WIDTH * most)
    q, t = _Counter(*query_ends(one), above), _Counter(*target_ends(one), below)
    width = max(len(str(place)) for place in (one.q_end, one.t_end))
    for at in range(0, end, WIDTH):
        stop = min(at + WIDTH, len(above))
        yield f"Query  {_numbered(q, above[at:stop], width)}"
        yield f"       {'':{width}}  {one.midline[at:stop]}".rstrip()
        yield f"Sbjct  {_numbered(t, below[at:stop], width)}"
        yield ""
    if end < len(above):
        yield f"… {len(above) - end:,} more columns: --format pairwise shows all"
        yield ""


class _Counter:
    """Tells the positions of the letters of a row, block by block."""

    def __init__(self, first: int, last: int, row: str) -> None:
        letters = max(1, len(row) - row.count("-"))
        self._step = (abs(last - first) + 1) // letters * (1 if last >= first else -1)
        self._next = first

    def ends(self, row: str) -> tuple[int, int]:
        """Return the first and the last position of the next block; of one without letters the position before."""
        count = len(row) - row.count("-")
        sign = 1 if self._step > 0 else -1
        first = self._next
        self._next += self._step * count
        return (first, self._next - sign) if count else (first - sign, first - sign)


def _numbered(counter: _Counter, row: str, width: int) -> str:
    first, last = counter.ends(row)
    return f"{first:<{width}}  {row}  {last}"
