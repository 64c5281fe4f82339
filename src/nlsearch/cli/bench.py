"""``nlsearch bench``: how long queries take on a collection of the user's own.

Each query runs once cold (its part of the index not yet opened by this process, as far as that is so) and then several
times warm; CPU time is that of this process.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nlsearch.cli.app import NO_MATCH
from nlsearch.cli.options import Place, examples, query_shown, with_json, with_place
from nlsearch.cli.terminal import notice, print_json, print_table

if TYPE_CHECKING:
    from nlsearch.collection import Collection


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one query took: wall clock of the first run, then median and 95th percentile, and median CPU, in ms."""

    query: str
    hits: int
    total: int | None
    complete: bool
    first_ms: float
    median_ms: float
    p95_ms: float
    cpu_ms: float


@click.command(
    epilog=examples(
        "nlsearch bench 'smarts:\"c1ccccc1O\"' caffeine",
        "nlsearch bench --queries queries.txt --repeat 50 --json",
    )
)
@click.argument("queries", nargs=-1)
@click.option("--queries", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="A file with one query a line.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1, 10_000), default=9, show_default=True, help="Warm runs of each query.")
@click.option("-n", "--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Hits a page.")
@click.option("--count", type=click.Choice(["page", "exact"]), default="page", show_default=True, help="As in search.")
@with_json
@with_place()
def bench(
    queries: tuple[str, ...], file: Path | None, repeat: int, limit: int, count: str, place: Place, as_json: bool
) -> int:
    """Time QUERIES on the collection; without any, the examples of the operators of its kinds."""
    with place.open() as collection:
        asked = [*queries, *(_lines(file) if file else ())] or operator_examples(collection)
        timings = [_timed(collection, query, repeat, limit, count) for query in asked]
    if as_json:
        for timing in timings:
            print_json(asdict(timing))
    else:
        headings = ("query", "hits", "first ms", "median ms", "p95 ms", "CPU ms")
        print_table(headings, [_row(timing) for timing in timings], numeric=headings[1:])
    if not timings:
        notice("nothing to ask: the collection is empty")
    return 0 if any(timing.hits for timing in timings) else NO_MATCH


def operator_examples(collection: Collection) -> list[str]:
    """Return the examples of all operators of the kinds that the collection holds."""
    held = collection.stats().get("kinds")
    return [
        operator.example
        for handler in collection.registry
        if isinstance(held, dict) and handler.kind in held
        for operator in handler.operators
        if operator.name != "like"
    ]


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()]


def _timed(collection: Collection, query: str, repeat: int, limit: int, count: str) -> Timing:
    """Run one query `repeat` + 1 times, each from scratch.

    A page that is asked for without a token starts a new session, so nothing that was verified is reused.
    """
    walls: list[float] = []
    cpus: list[float] = []
    with query_shown(query):
        for _ in range(repeat + 1):
            wall, cpu = time.perf_counter(), time.process_time()
            page = collection.search(query, limit=limit, count="exact" if count == "exact" else "page")
            walls.append((time.perf_counter() - wall) * 1e3)
            cpus.append((time.process_time() - cpu) * 1e3)
    warm = walls[1:]
    return Timing(
        query, len(page.hits), page.total, page.complete,
        first_ms=walls[0], median_ms=statistics.median(warm), p95_ms=percentile(warm, 0.95),
        cpu_ms=statistics.median(cpus[1:]),
    )  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that at least `share` of them do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1)]


def _row(timing: Timing) -> tuple[object, ...]:
    hits = f"{timing.hits:,}" + ("" if timing.complete else " (incomplete)")
    return (
        timing.query, hits, f"{timing.first_ms:.1f}", f"{timing.median_ms:.1f}", f"{timing.p95_ms:.1f}",
        f"{timing.cpu_ms:.1f}",
    )  # fmt: skip
