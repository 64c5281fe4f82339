"""SAM, the Sequence Alignment/Map format, version 1.6 (Li et al., Bioinformatics 2009 25:2078).

Conventions
-----------
Positions are 1-based.  CIGAR and sequence go along the target's forward strand; what of the query is not aligned is
clipped softly.  Flag 16 is the minus strand, 256 marks all lines of a query behind its first, and 4 a query without any
alignment.  Mapping quality is 255: not known.  Names that SAM does not allow, or that two items share, are changed;
``DS`` in the header says which item is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlsearch.cli.alignments.aligned import Alignment, Runs, cigar_of, complemented
from nlsearch.cli.alignments.paf import UNKNOWN_QUALITY, tags, unfit

__all__ = ["References", "header", "line", "query_name", "unaligned", "unfit"]

MINUS, SECONDARY, UNALIGNED = 16, 256, 4
_NOT_IN_REFERENCES = re.compile(r"[^0-9A-Za-z!#$%&+./:;?@^_|~*=-]")
_NOT_IN_QUERIES = re.compile(r"[^!-?A-~]")
_LONGEST_NAME = 254


class References:
    """The items that alignments name, each under a name of its own."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._lengths: dict[str, int] = {}

    def name(self, one: Alignment) -> str:
        """Return the name of the item of an alignment."""
        target = one.target
        if target.item not in self._names:
            wanted = _NOT_IN_REFERENCES.sub("_", target.id) or "_"
            wanted = f"_{wanted[1:]}" if wanted[0] in "*=" else wanted
            name, number = wanted, 1
            while name in self._lengths:
                number += 1
                name = f"{wanted}~{number}"
            self._names[target.item] = name
            self._lengths[name] = target.length or 0
        return self._names[target.item]

    def lines(self) -> Iterator[str]:
        """Yield the lines of the header that list them."""
        for item, name in self._names.items():
            said = "".join(c if c.isprintable() else " " for c in item)
            yield f"@SQ\tSN:{name}\tLN:{self._lengths[name]}\tDS:{said}"


def header(references: References, version: str) -> Iterator[str]:
    """Yield the lines before the first alignment."""
    yield "@HD\tVN:1.6\tSO:unsorted\tGO:query"
    yield from references.lines()
    yield f"@PG\tID:nlsearch\tPN:nlsearch\tVN:{version}"


def query_name(name: str) -> str:
    """Return the name of a query as SAM allows it."""
    return _NOT_IN_QUERIES.sub("_", name)[:_LONGEST_NAME] or "query"


def line(one: Alignment, references: References, *, first: bool) -> str:
    """Return the line of an alignment; `first` if it is the first one of its query."""
    backward = one.strand == "-"
    letters = one.q_letters
    shown = (complemented(letters) if backward else letters) or "*"
    flag = (MINUS if backward else 0) | (0 if first else SECONDARY)
    fields = (
        query_name(one.query.id), flag, references.name(one), one.t_start + 1, UNKNOWN_QUALITY,
        cigar_of(clipped(one)), "*", 0, 0, shown, "*", *tags(one),
    )  # fmt: skip
    return "\t".join(map(str, fields))


def clipped(one: Alignment) -> Runs:
    """Return the runs along the target's forward strand, with what of the query stands outside of them."""
    before, behind = one.q_start, (one.query.length or one.q_end) - one.q_end
    if one.strand == "-":
        before, behind = behind, before
    ends = [((size, "S"),) if size else () for size in (before, behind)]
    return (*ends[0], *one.forward_runs, *ends[1])


def unaligned(name: str, letters: str) -> str:
    """Return the line of a query without any alignment."""
    return "\t".join(map(str, (query_name(name), UNALIGNED, "*", 0, 0, "*", "*", 0, 0, letters or "*", "*")))


def lines(alignments: Sequence[Alignment], references: References, *, first: bool) -> Iterator[str]:
    """Yield the lines of one query and one item; `first` if the item is the first one of its query."""
    for number, one in enumerate(alignments):
        yield line(one, references, first=first and not number)
