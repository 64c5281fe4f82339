"""``nlsearch bench``: how long queries take on a collection of the user's own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nlsearch.bench.timing import Timing, operator_examples, time_query
from nlsearch.cli.app import NO_MATCH
from nlsearch.cli.options import Place, examples, query_shown, with_json, with_place
from nlsearch.cli.querycommand import QueryCommand
from nlsearch.cli.terminal import notice, print_json, print_table

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.search.session import Count


@click.command(
    cls=QueryCommand,
    epilog=examples(
        "nlsearch bench 'smarts:\"c1ccccc1O\"' caffeine",
        "nlsearch bench --queries queries.txt --repeat 50 --json",
    ),
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
    queries: tuple[str, ...], file: Path | None, repeat: int, limit: int, count: Count, place: Place, as_json: bool
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


def _timed(collection: Collection, query: str, repeat: int, limit: int, count: Count) -> Timing:
    with query_shown(query):
        return time_query(collection, query, repeat, limit, count)


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()]


def _row(timing: Timing) -> tuple[object, ...]:
    hits = f"{timing.hits:,}" + ("" if timing.complete else " (incomplete)")
    return (
        timing.query, hits, f"{timing.first_ms:.1f}", f"{timing.median_ms:.1f}", f"{timing.p95_ms:.1f}",
        f"{timing.cpu_ms:.1f}",
    )  # fmt: skip
