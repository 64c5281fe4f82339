"""Indexing 140,000 molecules and 57 Mb of DNA: CPU beside the handlers' own, memory of every worker, bytes by purpose.

The handlers' own CPU is what ``read`` and ``features`` take on the same files, two at a time, without pool or index.
Usage: ``python benchmarks/bench_index.py [MOLECULES]`` (needs ../shared/data).
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import nlsearch
from nlsearch.handlers.registry import Registry
from nlsearch.limits import Limits
from nlsearch.model import RawItem

DATA = Path(__file__).parents[2] / "shared" / "data"
MIB = 2**20
JOBS = 2


@dataclass
class Gz:
    """A gzip file as a source."""

    path: str
    name: str
    format: str = ""
    companions: tuple[()] = ()

    def open(self) -> io.BufferedIOBase:
        """Open the decompressed bytes."""
        return gzip.open(self.path)  # type: ignore[return-value]


class MemoryWatch(threading.Thread):
    """Samples the peak resident memory (VmHWM) of this process and all its descendants."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peaks: dict[int, int] = {}
        self.done = threading.Event()

    def run(self) -> None:
        """Sample until told to stop."""
        while not self.done.wait(0.2):
            parents: dict[int, int] = {}
            for status in Path("/proc").glob("[0-9]*/status"):
                try:
                    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
                except OSError:
                    continue
                pid = int(lines["Pid"])
                parents[pid] = int(lines["PPid"])
                if "VmHWM" in lines and _descends(pid, parents):
                    self.peaks[pid] = max(self.peaks.get(pid, 0), int(lines["VmHWM"].split()[0]) * 1024)


def _descends(pid: int, parents: dict[int, int]) -> bool:
    seen = 0
    while pid in parents and seen < 20:
        if pid == os.getpid():
            return True
        pid, seen = parents[pid], seen + 1
    return pid == os.getpid()


def own_cpu(kind: str, path: Path) -> tuple[float, int]:
    """Return CPU seconds and items of a handler on one file."""
    handler = Registry().get(kind)
    started, items = time.process_time(), 0
    for item in handler.read(Gz(str(path), path.name.removesuffix(".gz")), Limits()):
        if isinstance(item, RawItem):
            handler.features(item)
            items += 1
    return time.process_time() - started, items


def handlers_cpu(files: dict[str, list[Path]]) -> dict[str, tuple[float, int]]:
    """Return CPU seconds and items of each handler on its files, two at a time as the pool reads them.

    Two busy hyperthreads of one core slow each other down, so one process after the other would not be comparable.
    """
    with ProcessPoolExecutor(JOBS, get_context("forkserver")) as pool:
        running = {kind: [pool.submit(own_cpu, kind, path) for path in paths] for kind, paths in files.items()}
        done = {kind: [future.result() for future in futures] for kind, futures in running.items()}
    return {kind: (sum(cpu for cpu, _ in parts), sum(n for _, n in parts)) for kind, parts in done.items()}


def by_purpose(collection: Path) -> dict[str, int]:
    """Add up the bytes of the collection by what they are for."""
    sizes: dict[str, int] = defaultdict(int)
    for path in collection.rglob("*"):
        if path.is_file():
            parts = path.relative_to(collection).parts
            inside = parts[2] if len(parts) > 3 else path.stem.split(".")[0]
            sizes[inside if parts[0] == "splits" else parts[0]] += path.stat().st_size
    return dict(sizes)


def main(molecules: int) -> None:
    """Print the tables."""
    if not DATA.is_dir():
        sys.exit("needs ../shared/data")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "files")
        folder.mkdir()
        files: dict[str, list[Path]] = {"molecule": [], "nucleotide": sorted((DATA / "genomes").glob("*.fa.gz"))}
        lines: list[bytes] = []
        for name in ("znp.50k.smi.gz", "muv.93k.smi.gz"):
            lines += gzip.decompress((DATA / "molecules" / name).read_bytes()).splitlines()
        chosen = lines[:molecules]
        for number in range(0, len(chosen), 10_000):
            target = folder / f"molecules {number}.smi.gz"
            target.write_bytes(gzip.compress(b"\n".join(chosen[number : number + 10_000]) + b"\n", mtime=0))
            files["molecule"].append(target)
        for genome in files["nucleotide"]:
            (folder / genome.name).symlink_to(genome)
        own = handlers_cpu(files)
        watch = MemoryWatch()
        watch.start()
        before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        with nlsearch.Collection.open(Path(scratch, "x.nls"), create=True) as collection:
            report = collection.index([folder], jobs=JOBS)
        watch.done.set()
        after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        total = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after, strict=True))
        mine = sum(seconds for seconds, _ in own.values())
        out = sys.stdout.write
        for kind, (seconds, items) in own.items():
            out(f"handler {kind:12} {items:8,} items {seconds:8.1f} CPU s\n")
        out(f"indexing in all      {report.items:8,} items {total:8.1f} CPU s, {report.seconds:.1f} s wall\n")
        out(f"pipeline over handlers: {(total - mine) / mine:.1%} (index building included; goal 25 %)\n")
        peaks = sorted(watch.peaks.items(), key=lambda pair: -pair[1])
        main_peak = watch.peaks.get(os.getpid(), 0)
        workers = [peak for pid, peak in peaks if pid != os.getpid()]
        out(f"peak memory: worker {max(workers, default=0) / MIB:.0f} MiB (goal 600), main {main_peak / MIB:.0f} MiB\n")
        sizes = by_purpose(Path(scratch, "x.nls"))
        everything = sum(sizes.values())
        for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]):
            out(f"  {name:14} {size / MIB:9.1f} MiB {size / everything:6.1%}\n")
        organs = sum(size for name, size in sizes.items() if name in {"text", "seeds", "vectors", "payloads"})
        out(f"neither organ nor payload: {1 - organs / everything:.1%} (goal 30 %)\n")
        out(json.dumps({"failures": len(report.failures)}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 140_000)
