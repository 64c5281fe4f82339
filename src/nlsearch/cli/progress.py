"""The progress of indexing on stderr: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlsearch.ingest.report import Progress


@contextmanager
def shown_progress(wanted: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Give the callback that draws a progress bar, or None when nobody would see it.

    The bar shows sources done, items, items per second and failures so far.
    """
    if not wanted or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        TextColumn("{task.completed:,}/{task.fields[known]} sources"),
        TextColumn("{task.fields[items]:,} items"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TextColumn("{task.fields[failures]:,} failed", style="red"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, known="?", items=0, rate=0.0, failures=0)

        def draw(progress: Progress) -> None:
            bar.update(task)

        yield draw
