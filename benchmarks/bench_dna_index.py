"""The index of nucleotides: bytes a base, CPU and memory of building, one long record, and a cold process.

Usage: ``python benchmarks/bench_dna_index.py [--long 250] [--rounds 7]`` (needs ../shared/data; makeblastdb, blastn and
minimap2 are left out where they are not installed; ``--long`` is in Mb, 0 leaves it out).

Built in a process of its own, by one worker; CPU of all its processes, and the peak resident memory of each.  The long
record is random letters on a single line; a stretch of it with 10 % edits must be found in its place.  Cold: a process
that starts, answers one query of 1,000 letters with 10 % edits, and ends.
Goals: ≤ 2.0 bytes a base; build ≤ 2 × ``minimap2 -d``; bounded memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import aligners
import genomes
import nlsearch
from bench_dna_planted import question
from bench_index import MemoryWatch, by_purpose

MIB = 2**20
SRC = Path(__file__).resolve().parents[1] / "src"
RATE = 0.1


def build(fasta: str, collection: str) -> None:
    """Index a file; print CPU and wall seconds, and peak bytes of this process and of its workers, as JSON."""
    watch = MemoryWatch()
    watch.start()
    before, started = aligners.with_children(), time.monotonic()
    with nlsearch.Collection.open(collection, create=True) as opened:
        report = opened.index([fasta], jobs=1)
    watch.done.set()
    watch.join()
    workers = [peak for pid, peak in watch.peaks.items() if pid != os.getpid()]
    told = {
        "items": report.items,
        "failures": [failure.reason for failure in report.failures],
        "cpu": aligners.with_children() - before,
        "wall": time.monotonic() - started,
        "writer": watch.peaks.get(os.getpid(), 0),
        "worker": max(workers, default=0),
    }
    print(json.dumps(told))


def built(fasta: Path, collection: Path) -> dict[str, Any]:
    """Index a file in another process, and print what it took."""
    said = aligners.run([sys.executable, __file__, "build", fasta, collection], {"PYTHONPATH": str(SRC)}).said
    told: dict[str, Any] = json.loads(said)
    print(
        f"{fasta.name}: {told['cpu']:.1f} s CPU, {told['wall']:.1f} s wall, {told['items']} items; peak: worker "
        f"{told['worker'] / MIB:.0f} MiB, writer {told['writer'] / MIB:.0f} MiB; failures {told['failures']}",
        flush=True,
    )
    return told


def beside_peers(folder: Path, rounds: int) -> None:
    """Build the index of all genomes, in turns with the peers."""
    held = genomes.records(genomes.files())
    fasta = genomes.write_fasta(folder / "all.fa", held)
    bases = sum(map(len, held.values()))
    print(f"{bases:,} bases, {len(held)} records")
    taken: dict[str, list[aligners.Run]] = {"makeblastdb": [], "minimap2 -d": []}
    mine: list[float] = []
    peers = {"makeblastdb": aligners.make_blast, "minimap2 -d": aligners.make_minimap}
    here = {name: make for name, make in peers.items() if aligners.installed(name.split()[0])}
    for turn in range(rounds):
        for name, make in here.items():
            taken[name].append(make(fasta))
        mine.append(built(fasta, folder / f"{turn}.nls")["cpu"])
    print(f"ours: {statistics.median(mine):.2f} s CPU ({min(mine):.2f} to {max(mine):.2f})")
    suffixes = {"makeblastdb": "n", "minimap2 -d": "mmi"}
    for name in here:
        cpu = [run.cpu for run in taken[name]]
        size = sum(path.stat().st_size for path in folder.glob("all.*") if path.suffix[1:].startswith(suffixes[name]))
        print(
            f"{name}: {statistics.median(cpu):.2f} s CPU ({min(cpu):.2f} to {max(cpu):.2f}), peak "
            f"{taken[name][0].peak / MIB:.0f} MiB, {size / bases:.3f} bytes a base"
        )
        print(f"ours / {name}: {statistics.median(mine) / statistics.median(cpu):.2f} x CPU")
    sizes = by_purpose(folder / "0.nls")
    parts = ", ".join(f"{name} {size / bases:.3f}" for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]))
    print(f"ours: {sum(sizes.values()) / bases:.3f} bytes a base: {parts}")


def one_line(folder: Path, bases: int) -> None:
    """Index one long record on one line, and ask for a stretch of it."""
    letters = np.frombuffer(genomes.LETTERS, np.uint8)[np.random.default_rng(5).integers(0, 4, bases)].tobytes()
    fasta = genomes.write_fasta(folder / "long.fa", {"long": letters})
    dice = random.Random(5)
    asked = genomes.planted({"long": letters}, 1000, RATE, 3, dice)
    del letters
    built(fasta, folder / "long.nls")
    with nlsearch.Collection.open(folder / "long.nls") as opened:
        for query in asked:
            started, cpu = time.monotonic(), time.process_time()
            page = opened.search(question(query.letters), limit=20)
            cpu, wall = time.process_time() - cpu, time.monotonic() - started
            best = page.hits[0].evidence["target"] if page.hits else None
            right = best is not None and best[0] < query.end and query.start < best[1]
            print(f"  query: {cpu:.2f} s CPU, {wall:.2f} s wall, found in its place: {right}")
    sizes = by_purpose(folder / "long.nls")
    print(f"  {sum(sizes.values()) / bases:.3f} bytes a base: { {k: round(v / bases, 3) for k, v in sizes.items()} }")


def cold(folder: Path, rounds: int) -> None:
    """Start a process for one query, in turns with blastn."""
    held = genomes.records(genomes.files())
    query = genomes.planted(held, 1000, RATE, 1, random.Random(3))[0]
    asked = genomes.write_fasta(folder / "asked.fa", {"q": query.letters})
    ours = [sys.executable, "-m", "nlsearch", "-c", folder / "0.nls", "search", question(query.letters), "--json"]
    runs: dict[str, list[aligners.Run]] = {"ours": [], "blastn": [], "minimap2": []}
    for _ in range(rounds):
        runs["ours"].append(aligners.run(ours, {"PYTHONPATH": str(SRC)}))
        if aligners.installed("blastn"):
            runs["blastn"].append(aligners.blast(folder / "all.fa", asked))
        if aligners.installed("minimap2"):
            runs["minimap2"].append(aligners.minimap(folder / "all.fa", asked))
    if query.record not in runs["ours"][0].said:
        raise SystemExit("the stretch is not found")
    for name, several in runs.items():
        if several:
            cpu, wall = sorted(run.cpu for run in several), sorted(run.wall for run in several)
            print(
                f"cold, {name}: {1e3 * statistics.median(cpu):.0f} ms CPU ({1e3 * cpu[0]:.0f} to {1e3 * cpu[-1]:.0f}), "
                f"{1e3 * statistics.median(wall):.0f} ms wall, peak {several[0].peak / MIB:.0f} MiB"
            )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        beside_peers(folder, 3)
        cold(folder, given.rounds)
        if given.long:
            one_line(folder, given.long * 1_000_000)


if __name__ == "__main__":
    if sys.argv[1:2] == ["build"]:
        build(*sys.argv[2:4])
    else:
        main()
