"""How long queries take on a collection: what ``nlsearch bench`` measures.

Each query runs once cold (its part of the index not yet opened by this process, as far as that is so) and then several
times warm; CPU time is that of this process.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.search.session import Count


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


def time_query(collection: Collection, query: str, repeat: int, limit: int, count: Count) -> Timing:
    """Run one query `repeat` + 1 times, each from scratch.

    A page that is asked for without a token starts a new session, so nothing that was verified is reused.

    Raises
    ------
    QueryError
        If the query cannot be answered.
    """
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(repeat + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        page = collection.search(query, limit=limit, count=count)
        walls.append((time.perf_counter() - wall) * 1e3)
        cpus.append((time.process_time() - cpu) * 1e3)
    warm = walls[1:]
    return Timing(
        query,
        len(page.hits),
        page.total,
        page.complete,
        first_ms=walls[0],
        median_ms=statistics.median(warm),
        p95_ms=percentile(warm, 0.95),
        cpu_ms=statistics.median(cpus[1:]),
    )


def operator_examples(collection: Collection) -> list[str]:
    """Return the examples of all operators of the kinds that the collection holds."""
    held = collection.stats().get("kinds")
    return [
        operator.example
        for handler in collection.registry
        if isinstance(held, dict) and handler.kind in held
        for operator in handler.operators
        if operator.name != "like" and not operator.reads  # values that are files lie elsewhere
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that at least `share` of them do not exceed (nearest rank).

    Examples
    --------
    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    ranked = sorted(values)
    return ranked[max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1)]
