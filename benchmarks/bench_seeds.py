"""Seeds of DNA: 1,000 bases with 10 % errors against 57 Mb of genomes, and what the index costs.

The genomes are ../shared/data/genomes/*.fa.gz, one item a record; without them, or with ``random`` as argument, random
sequences of the same total.  The index is built in a process of its own, whose CPU time and peak memory are its alone.
A query is a stretch of a genome with 6 % substitutions, 2 % insertions and 2 % deletions, every other one reversed; it
is found when the best region of the best item is where it was taken from.

Usage: python benchmarks/bench_seeds.py [random] [queries]
Goals: syncmers, look-up and votes ≤ 5 ms; with the 2-bit sequence ≤ 1.91 bytes a base.
"""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nlsearch.declarations import SeedSpace
from nlsearch.index.seeds import SeedIndex, SeedWriter
from nlsearch.kernels import NATIVE, syncmers
from nlsearch.model import SeedMatch, Seeds
from timing import measure, pooled, table

HERE = Path(__file__).resolve().parent
GENOMES = HERE.parent.parent / "shared" / "data" / "genomes"
SPACE = SeedSpace("nucleotide.syncmer", key_bits=21, shift=3, flag_bits=1)
K, S = 11, 8
LENGTH = 1000
GOAL_MS = 5.0
GOAL_BYTES = 1.91
ROUNDS = 7
CODES = np.full(256, 4, np.uint8)
CODES[[*b"ACGTacgt"]] = [0, 1, 2, 3] * 2


def records(synthetic: bool) -> Iterator[np.ndarray]:
    """Yield sequences as letter codes."""
    if synthetic or not GENOMES.is_dir():
        rng = np.random.default_rng(7)
        yield from (rng.integers(0, 4, 3_800_000).astype(np.uint8) for _ in range(15))
        return
    for path in sorted(GENOMES.glob("*.fa.gz")):
        for record in gzip.decompress(path.read_bytes()).split(b">")[1:]:
            _, _, letters = record.partition(b"\n")
            yield CODES[np.frombuffer(letters.replace(b"\n", b""), np.uint8)]


def build(folder: str, synthetic: bool) -> None:
    """Build the index and print bases, CPU seconds of seeds and of the index, and peak memory above the start."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    writer = SeedWriter(Path(folder), SPACE)
    seeding = writing = bases = 0.0
    for key, codes in enumerate(records(synthetic)):
        started = time.process_time()
        keys, positions, flags = syncmers(codes, K, S)
        between = time.process_time()
        writer.add(key, Seeds(keys, positions, len(codes), flags))
        seeding, writing = seeding + between - started, writing + time.process_time() - between
        bases += len(codes)
    started = time.process_time()
    writer.finish()
    writing += time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(int(bases), seeding, writing, (peak - before) / 1024, peak / 1024)


def mutated(piece: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a stretch with 6 % substitutions, 2 % insertions and 2 % deletions."""
    codes = piece & 3
    spots = rng.random(len(codes)) < 0.06
    codes[spots] = (codes[spots] + rng.integers(1, 4, spots.sum())) % 4
    codes = codes[rng.random(len(codes)) >= 0.02]
    where = np.flatnonzero(rng.random(len(codes)) < 0.02)
    return np.insert(codes, where, rng.integers(0, 4, len(where)).astype(np.uint8))


def ask(index: SeedIndex, codes: np.ndarray) -> tuple[int, int, int, int]:
    """Return item, start, end and flag of the best region, as a handler asks for it."""
    keys, positions, flags = syncmers(codes, K, S)
    match = SeedMatch(
        SPACE.name,
        tuple(keys.tolist()),
        tuple(positions.tolist()),
        len(codes),
        tuple(flags.tolist()),
        min_votes=4,
    )
    answer = index.lookup(match)
    if not len(answer.keys):
        return -1, 0, 0, 0
    key = int(answer.keys[np.argmax(answer.votes)])
    best = answer.regions[key][0]
    return key, best.start, best.end, best.flag


def main() -> None:
    words = sys.argv[1:]
    if "build" in words:
        build(words[-1], "random" in words)
        return
    synthetic = "random" in words or not GENOMES.is_dir()
    queries = next((int(word) for word in words if word.isdecimal()), 100)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, *(["random"] if synthetic else []), "build", folder]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        bases, seeding, writing, added, peak = map(float, printed)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        print(f"{int(bases):,} bases of {'random letters' if synthetic else 'genomes'}, native kernels: {NATIVE}")
        print(f"build   {seeding:.2f} s CPU for syncmers, {writing:.2f} s for the index; peak {peak:.0f} MiB, of which")
        print(f"        {added:.0f} MiB above the imports (the longest sequence, its seeds and 64 MiB of postings)")
        print(
            f"size    {size / bases:.3f} bytes a base, {size / bases + 0.25:.3f} with 2-bit letters (goal {GOAL_BYTES})"
        )
        look_up(Path(folder), synthetic, queries)


def look_up(folder: Path, synthetic: bool, queries: int) -> None:
    """Measure opening and queries."""
    rng = np.random.default_rng(3)
    sequences = list(records(synthetic))
    weights = np.array([len(codes) for codes in sequences], float)
    started = time.process_time()
    index = SeedIndex(folder, SPACE)
    print(f"open    {1e3 * (time.process_time() - started):.2f} ms CPU")
    measured, found, regions = [], 0, 0
    for number in range(queries):
        key = int(rng.choice(len(sequences), p=weights / weights.sum()))
        start = int(rng.integers(0, max(len(sequences[key]) - LENGTH, 1)))
        codes = mutated(sequences[key][start : start + LENGTH], rng)
        codes = (3 - codes)[::-1].copy() if number % 2 else codes
        best = ask(index, codes)
        found += best[0] == key and best[1] <= start + LENGTH // 2 <= best[2] and best[3] == number % 2
        regions += best[2] - best[1]
        measured.append(measure({"seeds, look-up, votes": lambda codes=codes: ask(index, codes)}, ROUNDS))
    stats = pooled(measured)
    print(table(f"{LENGTH} bases with 10 % errors, {queries} queries", stats))
    median = stats["seeds, look-up, votes"].median
    print(f"median {median:.2f} ms (goal {GOAL_MS}); found {found} of {queries}; mean region {regions / queries:.0f}")


if __name__ == "__main__":
    main()
