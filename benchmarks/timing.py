"""How the benchmarks measure: CPU time of single calls, rivals in alternating order, median and spread."""

from __future__ import annotations

import gc
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stats:
    """Milliseconds of CPU of single calls: quantiles, and the number of calls."""

    p10: float
    median: float
    p90: float
    p99: float
    calls: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Stats:
        """Summarise measured seconds."""
        ordered = sorted(seconds)
        p10, median, p90, p99 = (
            1e3 * ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in (0.1, 0.5, 0.9, 0.99)
        )
        return cls(p10, median, p90, p99, len(ordered))


def measure(
    callables: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
    *,
    before: Mapping[str, Callable[[], object]] | None = None,
    warm: bool = True,
) -> dict[str, Stats]:
    """Call every callable once a round, each round starting with another one, after one round unmeasured.

    Parameters
    ----------
    callables : mapping of str to callable
        The rivals by name.
    rounds : int
    clock : callable
        CPU seconds of this process, all threads, by default.
    before : mapping of str to callable, optional
        By name, what is called before each call, unmeasured.
    warm : bool
        Whether there is a round unmeasured.

    Returns
    -------
    dict of str to Stats
        Milliseconds.
    """
    names = list(callables)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for call in callables.values() if warm else ():
        call()
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                if before is not None:
                    before[name]()
                started = clock()
                callables[name]()
                seconds[name].append(clock() - started)
    finally:
        gc.enable()
    return {name: Stats.of(taken) for name, taken in seconds.items()}


def pooled(per_query: Sequence[Mapping[str, Stats]]) -> dict[str, Stats]:
    """Summarise many queries: quantiles over the medians of each."""
    return {name: Stats.of([stats[name].median / 1e3 for stats in per_query]) for name in per_query[0]}


def table(title: str, stats: Mapping[str, Stats]) -> str:
    """Return the measured times as a text table."""
    width = max(len(name) for name in stats)
    lines = [f"{title}  (CPU ms; Python {platform.python_version()}, {platform.machine()})"]
    lines.append(f"{'':{width}}  {'p10':>9} {'median':>9} {'p90':>9} {'p99':>9} {'calls':>7}")
    lines += [
        f"{name:{width}}  {s.p10:9.3f} {s.median:9.3f} {s.p90:9.3f} {s.p99:9.3f} {s.calls:7d}"
        for name, s in stats.items()
    ]
    return "\n".join(lines)
