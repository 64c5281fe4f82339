"""The result of many queries as a file: one row a hit, or one JSON object a query.

Conventions
-----------
In ``.csv`` (RFC 4180, but with line feeds) and ``.tsv`` the queries stand in their order, their hits by rank; a query
without hits has one row with an empty rank and the reason.  A text that begins with ``=``, ``+``, ``-`` or ``@`` gets
an apostrophe before it, so that no spreadsheet computes what a file says; numbers stay as they are, and so do all texts
in ``.jsonl``.  Control characters are made visible.  UTF-8 without a mark.  A file appears under its name when it is
complete, and replaces the one that was there.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from nlsearch.cli.outputfile import OutputFile
from nlsearch.cli.terminal import one_line
from nlsearch.errors import QueryError

if TYPE_CHECKING:
    from nlsearch.model import Hit, Json
    from nlsearch.search.examples import Answer

COLUMNS = (
    "query", "query_id", "query_title", "rank", "score", "tier", "kind", "id", "title", "matched", "precursor_ppm",
    "accession", "formula", "inchikey", "reason",
)  # fmt: skip
FORMULA_SIGNS = ("=", "+", "-", "@")
NO_MATCH = "no match"
CUT_SHORT = "incomplete: cut short, there may be more"
UNKNOWN = "cut short before a first hit: whether there is a match is not known"


# -------------------------------------------------------------------------------------------------------------- rows
def rows(answer: Answer) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a query, in the order of :data:`COLUMNS`."""
    query = (str(answer.number), protected(answer.id), protected(answer.title))
    complete = answer.page is not None and answer.page.complete
    for rank, hit in enumerate(answer.hits, start=1):
        yield *query, str(rank), *_of_hit(hit), "" if complete else CUT_SHORT
    if not answer.hits:
        reason = answer.reason or (NO_MATCH if complete else UNKNOWN)
        yield *query, *[""] * (len(COLUMNS) - len(query) - 1), protected(reason)


def _of_hit(hit: Hit) -> tuple[str, ...]:
    item, evidence = hit.item, hit.evidence
    pairs, error = evidence.get("pairs"), evidence.get("precursor_ppm")
    return (
        f"{hit.score:.4f}",
        hit.tier,
        item.kind,
        protected(item.id),
        protected(item.title),
        str(len(pairs)) if isinstance(pairs, list) else "",
        f"{error:.2f}" if isinstance(error, int | float) else "",
        *(protected(_text(item.fields.get(name))) for name in ("accession", "formula", "inchikey")),
    )


def _text(value: Json) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)


def protected(text: str) -> str:
    """Return a text as it stands in a table: on one line, and never the formula of a spreadsheet.

    Examples
    --------
    >>> protected("=1+1"), protected("(-)-menthol")
    ("'=1+1", '(-)-menthol')
    """
    line = one_line(text)
    return f"'{line}" if line.startswith(FORMULA_SIGNS) else line


def described(answer: Answer) -> dict[str, Json]:
    """Return the JSON object of a query with all its hits."""
    page, error = answer.page, answer.error
    return {
        "query": answer.number,
        "query_id": answer.id,
        "query_title": answer.title,
        "kind": answer.kind,
        "hits": [hit.to_dict() for hit in answer.hits],
        "total": None if page is None else page.total,
        "complete": page is not None and page.complete,
        "guarantee": None if page is None else page.guarantee,
        "read_as": [] if page is None else page.read_as,
        "seconds": None if page is None else page.seconds,
        "error": None if error is None else {"code": error.code, "reason": answer.reason},
    }


# ------------------------------------------------------------------------------------------------------------- files
DELIMITERS: Mapping[str, str] = {".csv": ",", ".tsv": "\t"}
JSON_LINES = ".jsonl"
"""The suffixes of the three formats."""


def suffix_of(output: Path, as_json: bool) -> str:
    """Return the suffix of the format to write, ``-`` being standard output.

    Raises
    ------
    QueryError
        If the name says none, or another than ``--json`` does.
    """
    suffix = output.suffix.lower()
    if str(output) == "-":
        return JSON_LINES if as_json else ".csv"
    if suffix not in {*DELIMITERS, JSON_LINES}:
        raise QueryError(f"-o {output} does not say the format", hint="end it with .csv, .tsv or .jsonl")
    if as_json and suffix != JSON_LINES:
        raise QueryError(f"-o {output} is no JSON", hint="end it with .jsonl, or leave --json out")
    return suffix


class ResultTable:
    """Writes answers to a file, or to a stream that is there.

    Parameters
    ----------
    output : Path
        The file; ``-`` is `stream`.
    suffix : str
        Of the format.
    stream : text file
        Standard output.

    Raises
    ------
    NlsearchError
        If the file cannot be written; so do the methods.
    """

    def __init__(self, output: Path, suffix: str, stream: TextIO) -> None:
        self._suffix = suffix
        self._file = OutputFile(output, stream)
        self._file.put(self._written(None))

    def add(self, answer: Answer) -> None:
        """Write one answer."""
        self._file.put(self._written(answer))

    def check(self, found: int) -> None:
        """Do nothing: every hit has a row."""

    def finish(self) -> None:
        """Let what was written appear."""
        self._file.finish()

    def discard(self) -> None:
        """Remove what was written and has not appeared."""
        self._file.discard()

    def _written(self, answer: Answer | None) -> str:
        """Return an answer, or for None what comes before the first."""
        if self._suffix == JSON_LINES:
            faithful = self._file.encoding.startswith("utf")
            return "" if answer is None else json.dumps(described(answer), ensure_ascii=not faithful) + "\n"
        text = io.StringIO()
        table = csv.writer(text, delimiter=DELIMITERS[self._suffix], lineterminator="\n")
        table.writerows([COLUMNS] if answer is None else rows(answer))
        return text.getvalue()
