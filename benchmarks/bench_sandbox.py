"""What isolation costs: start, replacement, round trip, and entries a second against reading in this process.

Run alone: ``python benchmarks/bench_sandbox.py``.  Wall-clock figures where two processes work, CPU where one does.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nlsearch import wire
from nlsearch.sandbox.frames import FrameReader, frame, message_of, outcome_of
from nlsearch.sandbox.outcomes import ReadEntry, SourceTask
from nlsearch.sandbox.pool import Pool
from nlsearch.sandbox.sources import FileSource
from timing import measure, table

HANDLERS = [Path(__file__).parent / "sandbox_handlers"]
RECORDS = 4000
FILES = 4
ROUNDS = 5


def task(folder: Path, records: int, name: str) -> SourceTask:
    path = folder / name
    path.write_text(str(records))
    return SourceTask(FileSource(str(path), name, "Even", str(path)).describe(), "even", name)


def entries(pool: Pool, tasks: list[SourceTask]) -> list[ReadEntry]:
    return [outcome for _, outcome in pool.read_sources(tasks) if isinstance(outcome, ReadEntry)]


def wall(name: str, action: Callable[[], object], rounds: int) -> None:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    print(f"{name:44} {statistics.median(taken):9.2f} ms  ({taken[0]:.2f} to {taken[-1]:.2f}, {rounds} times)")


def starts(folder: Path) -> None:
    one = task(folder, 1, "one")

    def cold() -> None:
        with Pool(HANDLERS) as pool:
            pool.read_one(one.description, "even")

    wall("start of a pool to its first entry", cold, 5)
    with Pool(HANDLERS) as pool:
        pool.read_one(one.description, "even")

        def replace() -> None:
            pool.take("even").close()
            pool.read_one(one.description, "even")

        wall("a worker killed, another forked, first entry", replace, 50)
        wall("round trip (one record of a file)", lambda: pool.read_one(one.description, "even"), 300)
        small = [task(folder, 1, f"s{n}") for n in range(300)]
        wall("300 files of one record, one worker", lambda: entries(pool, small), 5)
    for kind in ("molecule", "nucleotide", "image"):
        replace_with(kind)


def replace_with(kind: str) -> None:
    """Measure replacement when the libraries of a kind are preloaded."""
    with Pool() as pool:
        pool.take(kind).close()

        def replace() -> None:
            worker = pool.take(kind)
            list(worker.exchange(["facts"]))
            worker.close()

        wall(f"  replacement with the libraries of {kind}", replace, 20)


def throughput(folder: Path) -> None:
    tasks = [task(folder, RECORDS, f"f{n}") for n in range(FILES)]
    inline, one, two = Pool(HANDLERS, inline=True), Pool(HANDLERS, jobs=1), Pool(HANDLERS, jobs=2)
    with one, two:
        expected = sorted(wire.canonical(entry.features) for entry in entries(inline, tasks))
        for pool in (one, two):
            got = entries(pool, tasks)
            if sorted(wire.canonical(entry.features) for entry in got) != expected:
                raise SystemExit("isolated and inline reading differ")
        size = len(frame(message_of(got[0])))
        for name, pool in (("inline", inline), ("one worker", one), ("two workers", two)):
            rates, cpu = [], []
            for _ in range(ROUNDS):
                began, burnt = time.perf_counter(), time.process_time()
                count = len(entries(pool, tasks))
                rates.append(count / (time.perf_counter() - began))
                cpu.append((time.process_time() - burnt) / count * 1e6)
            print(
                f"{name:14} {statistics.median(rates):9.0f} entries/s ({min(rates):.0f} to {max(rates):.0f}), "
                f"{statistics.median(cpu):6.1f} us CPU of this process an entry of {size} bytes"
            )
    costs(got[0])


def costs(entry: ReadEntry) -> None:
    packed = frame(message_of(entry))
    stats = measure(
        {
            "check": lambda: [wire.check(entry.features) for _ in range(100)],
            "pack": lambda: [frame(message_of(entry)) for _ in range(100)],
            "unpack": lambda: [outcome_of(m) for m in FrameReader(10**6).feed(packed * 100)],
        },
        rounds=50,
    )
    print(table("100 entries", stats))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        starts(Path(folder))
        throughput(Path(folder))


if __name__ == "__main__":
    main()
