"""The progress of long work on stderr: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlsearch.ingest.report import Progress
    from nlsearch.search.copies import Comparing
    from nlsearch.search.examples import Asked

Move = Callable[[str, int | None, int], None]
"""Moves a bar: what to say, how much there is in all if that is known, how much of it is done."""


@contextmanager
def shown_progress(wanted: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Give the callback that draws the progress of indexing, or None when nobody would see it.

    The bar shows sources done of those found, items, items per second and failures so far.
    """
    with _bar(wanted, "looking for files") as move:

        def draw(progress: Progress) -> None:
            """Move the bar."""
            if move is not None:
                move(progress_line(progress), progress.sources_total or None, progress.sources_done)

        yield None if move is None else draw


@contextmanager
def shown_queries(wanted: bool) -> Iterator[Callable[[Asked], None] | None]:
    """Give the callback that draws how many queries of a file are answered, or None when nobody would see it.

    How many there are is not known before the last is read, so the bar only shows that there is progress.
    """
    with _bar(wanted, "reading the queries") as move:

        def draw(asked: Asked) -> None:
            """Move the bar."""
            if move is not None:
                move(queries_line(asked), None, asked.queries)

        yield None if move is None else draw


@contextmanager
def shown_comparing(wanted: bool) -> Iterator[Callable[[Comparing], None] | None]:
    """Give the callback that draws how many items were compared, or None when nobody would see it."""
    with _bar(wanted, "listing the items") as move:

        def draw(comparing: Comparing) -> None:
            """Move the bar."""
            if move is not None:
                move(comparing_line(comparing), comparing.total, comparing.compared)

        yield None if move is None else draw


@contextmanager
def _bar(wanted: bool, first: str) -> Iterator[Move | None]:
    if not wanted or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(first, total=None)

        def move(said: str, total: int | None, done: int) -> None:
            """Move the bar."""
            bar.update(task, description=said, total=total, completed=done)

        yield move


def progress_line(progress: Progress) -> str:
    """Say in one line how far a run is."""
    rate = progress.items / progress.seconds if progress.seconds > 0 else 0.0
    return (
        f"{progress.sources_done:,} of {progress.sources_total:,} sources · {progress.items:,} items · "
        f"{rate:,.0f} items/s · {progress.failures:,} failed"
    )


def queries_line(asked: Asked) -> str:
    """Say in one line how many queries are answered."""
    rate = asked.queries / asked.seconds if asked.seconds > 0 else 0.0
    return (
        f"{asked.queries:,} queries · {rate:,.0f} queries/s · {asked.found:,} with hits · {asked.hits:,} hits · "
        f"{asked.failures:,} failed"
    )


def comparing_line(comparing: Comparing) -> str:
    """Say in one line how far a comparison is."""
    rate = comparing.compared / comparing.seconds if comparing.seconds > 0 else 0.0
    return (
        f"{comparing.kind}: {comparing.compared:,} of {comparing.total:,} items · {rate:,.0f} items/s · "
        f"{comparing.copies:,} copies · {comparing.skipped:,} not compared"
    )
