"""The formats in which alignments are written: by name what they are, and how their text is made.

A format is given with ``--format``; of BLAST's table the columns may follow its name: ``"blast6 qseqid sseqid btop"``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from nlsearch.cli.alignments import blast6, paf, pairwise, sam
from nlsearch.cli.alignments.aligned import Alignment, Side
from nlsearch.errors import QueryError


class Form(ABC):
    """A format while a file of it is written."""

    keeps_order = True
    """Whether lines may be written as they come; else all come before :meth:`head` is asked for."""

    def unfit(self, one: Alignment) -> str:  # noqa: ARG002 - some formats refuse some
        """Say why an alignment cannot be written, ``""`` if it can."""
        return ""

    @abstractmethod
    def lines(self, alignments: Sequence[Alignment], *, first: bool) -> Iterator[str]:
        """Yield the lines of one query and one item; `first` if it is the first item of the query."""

    def without(self, query: Side) -> Iterator[str]:  # noqa: ARG002 - some formats say it
        """Yield the lines of a query that no item is aligned to."""
        yield from ()

    def head(self) -> Iterator[str]:
        """Yield the lines before all others."""
        yield from ()


class Blast6(Form):
    """BLAST's table; see :mod:`nlsearch.cli.alignments.blast6`."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns

    def lines(self, alignments: Sequence[Alignment], *, first: bool) -> Iterator[str]:  # noqa: ARG002 - as the others
        """Yield a line an alignment."""
        return blast6.lines(alignments, self._columns)


class Paf(Form):
    """PAF; see :mod:`nlsearch.cli.alignments.paf`."""

    def unfit(self, one: Alignment) -> str:
        """Say why an alignment cannot be written, ``""`` if it can."""
        return paf.unfit(one)

    def lines(self, alignments: Sequence[Alignment], *, first: bool) -> Iterator[str]:  # noqa: ARG002 - as the others
        """Yield a line an alignment."""
        return paf.lines(alignments)


class Sam(Form):
    """SAM, whose header names what is only known at the end; see :mod:`nlsearch.cli.alignments.sam`."""

    keeps_order = False

    def __init__(self) -> None:
        self._references = sam.References()

    def unfit(self, one: Alignment) -> str:
        """Say why an alignment cannot be written, ``""`` if it can."""
        return sam.unfit(one)

    def lines(self, alignments: Sequence[Alignment], *, first: bool) -> Iterator[str]:
        """Yield a line an alignment."""
        return sam.lines(alignments, self._references, first=first)

    def without(self, query: Side) -> Iterator[str]:
        """Yield the line of a query that is not aligned."""
        yield sam.unaligned(query.id, query.letters())

    def head(self) -> Iterator[str]:
        """Yield the header."""
        from importlib.metadata import version

        return sam.header(self._references, version("nlsearch"))


class Pairwise(Form):
    """Rows for the eye; see :mod:`nlsearch.cli.alignments.pairwise`."""

    def __init__(self) -> None:
        self._query: Side | None = None

    def lines(self, alignments: Sequence[Alignment], *, first: bool) -> Iterator[str]:
        """Yield the query before its first item, the item, and all its alignments."""
        query, target = alignments[0].query, alignments[0].target
        if first:
            yield from self._asked(query)
        yield _one_line(f"> {target.id} {target.title}".rstrip())
        if target.length:
            yield f"Length={target.length}"
        yield ""
        for one in alignments:
            yield from pairwise.lines(one)

    def without(self, query: Side) -> Iterator[str]:
        """Yield the query and that nothing was found."""
        yield from self._asked(query)
        yield "***** No hits found *****"
        yield ""

    @staticmethod
    def _asked(query: Side) -> Iterator[str]:
        yield f"Query= {query.id}"
        if query.length:
            yield f"Length={query.length}"
        yield ""

    def head(self) -> Iterator[str]:
        """Yield how positions count."""
        yield f"# {pairwise.POSITIONS}"
        yield ""


FORMS: Mapping[str, str] = {
    "blast6": "BLAST's table (-outfmt 6), columns may follow: 'blast6 qseqid sseqid pident btop'",
    "paf": "minimap2's table, with cg:Z and NM:i",
    "sam": "SAM 1.6, with = and X in the CIGAR",
    "pairwise": "rows of query and item for the eye",
}
"""What each format is."""


def form_of(text: str) -> Form:
    """Return the format that ``--format`` names.

    Raises
    ------
    QueryError
        If there is no such format or column.
    """
    name, *columns = text.split() or [""]
    if name not in FORMS:
        raise QueryError(f"there is no format {name!r}", hint=f"formats: {', '.join(FORMS)}")
    if columns and name != "blast6":
        raise QueryError(f"format {name} has no columns to choose", hint="blast6 has")
    if name == "blast6":
        return Blast6(_columns(columns))
    return Paf() if name == "paf" else Sam() if name == "sam" else Pairwise()


def _columns(named: Sequence[str]) -> tuple[str, ...]:
    columns: list[str] = []
    for name in named or ["std"]:
        if name != "std" and name not in blast6.COLUMNS:
            raise QueryError(f"blast6 has no column {name!r}", hint=f"columns: std {' '.join(blast6.COLUMNS)}")
        columns.extend(blast6.STANDARD if name == "std" else [name])
    return tuple(columns)


def _one_line(text: str) -> str:
    from nlsearch.cli.terminal import one_line

    return one_line(text)
