"""What is written, and how: tables and colours on a terminal only, plain lines elsewhere, JSON on request.

Results go to stdout, everything else to stderr.  ``NO_COLOR`` and ``TERM=dumb`` are honoured.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from nlsearch.errors import NlsearchError, QuerySyntax

if TYPE_CHECKING:
    from pathlib import Path

    from nlsearch.model import Json

_WINDOW = 76


def on_terminal() -> bool:
    """Say whether results are read by a person on a terminal."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def notice(text: str) -> None:
    """Write a notice to stderr."""
    click.echo(text, err=True)


def print_json(value: Json) -> None:
    """Write one JSON object as one line; non-ASCII letters stand as they are where the output can hold them."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "ascii")
        faithful = (sys.stdout.encoding or "").lower().startswith("utf")
    except UnicodeEncodeError:
        faithful = False
    sys.stdout.write((line if faithful else json.dumps(value)) + "\n")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], numeric: Iterable[str] = ()) -> None:
    """Write a table: ruled on a terminal, else one line a row with tabs between the cells and no headings.

    Parameters
    ----------
    headings : sequence of str
    rows : iterable of sequences
    numeric : iterable of str
        The headings whose cells stand at the right.
    """
    if not on_terminal():
        for row in rows:
            click.echo("\t".join(one_line(cell) for cell in row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    right = set(numeric)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    Console(highlight=False).print(table)


def one_line(value: object) -> str:
    """Return the text of a value with control characters made visible, so that no title can steer a terminal."""
    text = str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else _visible(c) for c in text)


def _visible(char: str) -> str:
    return " " if char in "\t\n\r" else char.encode("unicode_escape").decode("ascii")


def cannot_write(path: Path, error: OSError) -> NlsearchError:
    """Make the error for a file that cannot be written where the asker wants it."""
    return NlsearchError(f"cannot write: {error.strerror or error}", locator=str(path))


def show_error(error: NlsearchError) -> None:
    """Write an error and its hint to stderr."""
    where = f"{one_line(error.locator)}: " if error.locator else ""
    _error_line(where + error.message)
    if error.hint:
        notice(f"  {error.hint}")


def show_mistake(query: str, mistake: QuerySyntax) -> None:
    """Write a mistake in a query to stderr, with a caret under its column."""
    _error_line(mistake.message)
    if mistake.column is not None:
        line, caret = pointed(query, mistake.column)
        notice(f"  {line}\n  {caret}")
    if mistake.hint:
        notice(f"  {mistake.hint}")


def pointed(query: str, column: int) -> tuple[str, str]:
    """Return the part of `query` around `column`, and a line with a caret under that column.

    Examples
    --------
    >>> pointed("a smart:x", 2)
    ('a smart:x', '  ^')
    """
    start = max(0, min(column - _WINDOW // 2, len(query) - _WINDOW))
    end = min(len(query), start + _WINDOW)
    shown = "".join(char if char.isprintable() else " " for char in query[start:end])
    before = shown[: column - start]
    lead = "…" if start else ""
    return lead + shown + ("…" if end < len(query) else ""), " " * (len(lead) + sum(map(_width, before))) + "^"


def _width(char: str) -> int:
    """Return how many columns of a terminal a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _error_line(text: str) -> None:
    click.echo(
        click.style("error: ", fg="red", bold=True) + one_line(text), err=True, color=_colour(sys.stderr.isatty())
    )


def _colour(terminal: bool) -> bool:
    return terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
