"""Sketches of genomes beside sourmash's: equal hashes and equal numbers for all pairs first, then CPU.

Usage: ``python benchmarks/bench_sketch.py [--genomes FOLDER] [--rounds 3]`` (needs sourmash and gzipped FASTA
files, by default those of ../shared/data/genomes).

- Sketching: from letters (ours: their codes) to the hashes of k 31, scaled 1000; sourmash's ``add_sequence``.
- Comparing: containment both ways, ANI, and Jaccard's index of one genome with all; sourmash's ``contained_by``,
  ``containment_ani`` and ``jaccard``.

A hash that differs, or a number that is off by more than 1e-9, ends the run.  Goal: sketching at 60 Mb/s or more.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import sourmash

from nlsearch.handlers.nucleotide.sketching import MOST_HASH, Hashes, Overlap, ani_of, shared, union
from nlsearch.handlers.sequences.bases import CODES
from nlsearch.kernels import sketch
from timing import measure

CLOSE = 1e-9


def records(path: Path) -> list[str]:
    """Return the sequences of a gzipped FASTA file, in upper case."""
    text = gzip.decompress(path.read_bytes()).decode("ascii")
    return ["".join(record.splitlines()[1:]).upper() for record in text.split(">")[1:]]


def theirs(sequences: list[str]) -> sourmash.MinHash:
    """Return sourmash's sketch of a genome."""
    made = sourmash.MinHash(n=0, ksize=31, scaled=1000)
    for sequence in sequences:
        made.add_sequence(sequence, force=True)
    return made


def ours(sequences: list[bytes]) -> Hashes:
    """Return our sketch of a genome."""
    return union(sketch(codes, MOST_HASH) for codes in sequences)


def overlap(a: Hashes, b: Hashes) -> Overlap:
    """Compare two of our sketches."""
    return Overlap(shared(a, b), len(a), len(b))


def check(mine: list[Hashes], their: list[sourmash.MinHash]) -> float:
    """Return the largest difference over all pairs; end the run if hashes or numbers are not the same."""
    for one, other in zip(mine, their, strict=True):
        if one.tolist() != sorted(other.hashes):
            raise SystemExit("the hashes differ")
    worst = 0.0
    for a, x in zip(mine, their, strict=True):
        for b, y in zip(mine, their, strict=True):
            found = overlap(a, b)
            forth, back = found.query_in_item, found.item_in_query
            apart = [
                forth - x.contained_by(y),
                back - y.contained_by(x),
                max(forth, back) - x.max_containment(y),
                found.similarity - x.jaccard(y),
                ani_of(forth) - (1.0 - x.containment_ani(y).dist),
                max(ani_of(forth), ani_of(back)) - (1.0 - x.max_containment_ani(y).dist),
            ]
            worst = max(worst, *map(abs, apart))
    if worst > CLOSE:
        raise SystemExit(f"numbers differ by {worst:g}")
    return worst


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    shared_genomes = Path(__file__).resolve().parents[2] / "shared" / "data" / "genomes"
    parser.add_argument("--genomes", type=Path, default=shared_genomes)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    letters = [records(path) for path in sorted(asked.genomes.glob("*.fa.gz"))]
    codes = [[sequence.encode().translate(CODES) for sequence in genome] for genome in letters]
    bases = sum(len(sequence) for genome in letters for sequence in genome)
    mine, their = [ours(genome) for genome in codes], [theirs(genome) for genome in letters]
    print(f"{len(letters)} genomes, {bases:,} bases; all pairs are the same within {check(mine, their):.1e}")
    sketching = measure(
        {
            "nlsearch": lambda: [ours(genome) for genome in codes],
            "sourmash": lambda: [theirs(genome) for genome in letters],
        },
        asked.rounds,
    )
    comparing = measure(
        {
            "nlsearch": lambda: [overlap(mine[0], other) for other in mine],
            "sourmash": lambda: [
                (their[0].containment_ani(other), other.containment_ani(their[0]), their[0].jaccard(other))
                for other in their
            ],
        },
        asked.rounds,
    )
    print("sketching:", {name: f"{bases / stats.median / 1e3:.0f} Mb/s" for name, stats in sketching.items()})
    print("one genome with all, ms:", {name: round(stats.median, 2) for name, stats in comparing.items()})


if __name__ == "__main__":
    main()
