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

    The bar shows sources done of those found, items, items per second and failures so far.
    """
    if not wanted or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking for files", total=None)

        def draw(progress: Progress) -> None:
            """Move the bar."""
            total, done = progress.sources_total or None, progress.sources_done
            bar.update(task, description=progress_line(progress), total=total, completed=done)

        yield draw


def progress_line(progress: Progress) -> str:
    """Say in one line how far a run is."""
    rate = progress.items / progress.seconds if progress.seconds > 0 else 0.0
    return (
        f"{progress.sources_done:,} of {progress.sources_total:,} sources · {progress.items:,} items · "
        f"{rate:,.0f} items/s · {progress.failures:,} failed"
    )
