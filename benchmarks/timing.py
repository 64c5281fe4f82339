"""How the benchmarks measure: CPU time of single calls, rivals in alternating order, median and spread."""

from __future__ import annotations

import gc
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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

    def over(self, count: int) -> Stats:
        """Return the times of one of `count` that each call answered."""
        return Stats(self.p10 / count, self.median / count, self.p90 / count, self.p99 / count, self.calls)


def measure(
    callables: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, Stats]:
    """Call every callable once a round, each round starting with another one, after one round unmeasured.

    Parameters
    ----------
    callables : mapping of str to callable
        The rivals by name.
    rounds : int
    clock : callable
        CPU seconds of this process, all threads, by default.

    Returns
    -------
    dict of str to Stats
        Milliseconds.
    """
    names = list(callables)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for call in callables.values():
        call()
    for name in _turns(names, rounds):
        seconds[name].append(_taken(callables[name], clock))
    return {name: Stats.of(taken) for name, taken in seconds.items()}


def _turns(names: Sequence[str], rounds: int) -> Iterator[str]:
    """Yield every name once a round, each round starting with another one, while no garbage is collected."""
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            shift = turn % len(names)
            yield from [*names[shift:], *names[:shift]]
    finally:
        gc.enable()


def _taken(call: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    call()
    return clock() - started


def measure_in_turns(
    rivals: Mapping[str, Sequence[Callable[[], object]]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
    *,
    before: Mapping[str, Callable[[], object]],
) -> list[dict[str, Stats]]:
    """Let one rival after the other answer all queries, so that each finds the memory and caches that it left.

    Each round starts with another rival; a rival's turn begins with its first query, unmeasured.

    Parameters
    ----------
    rivals : mapping of str to sequence of callable
        By name, a callable for each query.
    rounds : int
    clock : callable
        As for :func:`measure`.
    before : mapping of str to callable
        By name of a rival, what is called before each of its calls, unmeasured.

    Returns
    -------
    list of dict of str to Stats
        Milliseconds, for each query by name.
    """
    names = list(rivals)
    seconds: dict[str, list[list[float]]] = {name: [[] for _ in calls] for name, calls in rivals.items()}
    for name in _turns(names, rounds):
        rivals[name][0]()
        for call, taken in zip(rivals[name], seconds[name], strict=True):
            if name in before:
                before[name]()
            taken.append(_taken(call, clock))
    queries = range(len(seconds[names[0]]))
    return [{name: Stats.of(seconds[name][query]) for name in names} for query in queries]


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
