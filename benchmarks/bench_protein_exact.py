"""Exact peptides are all found: thousands of pieces of proteins, searched one by one, beside a plain scan.

Usage: ``python benchmarks/bench_protein_exact.py [--proteins 28000] [--peptides 1000] [--seed 555]`` (needs
../shared/data).  Quick by default; ``--peptides 10000`` takes a quarter of an hour.

Peptides of 7 to 30 residues without X, half of them of low complexity: of the lowest entropy among many drawn.  Every
protein that holds one has to be a hit of tier ``exact`` with every place in the evidence, or where these are more than
it lists, with their number; no other may be.
Goal: no misses.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import nlsearch
import orfs
from nlsearch.limits import Limits

DRAWN = 200
"""Of so many places the one of the lowest entropy gives a peptide of low complexity."""
EVERY = 100_000
Place = tuple[str, int, int]


def peptides(held: Mapping[str, str], count: int, rng: random.Random) -> Iterator[str]:
    """Yield pieces, every other one of low complexity."""
    chains = [chain for chain in held.values() if "X" not in chain]
    for number in range(count):
        length = rng.randint(7, 30)
        drawn = [_piece(rng.choice(chains), length, rng) for _ in range(DRAWN if number % 2 else 1)]
        yield min(drawn, key=orfs.entropy)


def _piece(chain: str, length: int, rng: random.Random) -> str:
    start = rng.randint(0, len(chain) - length)
    return chain[start : start + length]


def scanned(held: Mapping[str, str], peptide: str) -> set[Place]:
    """Return all places of a peptide, overlapping ones too, protein by protein."""
    places = set()
    for name, chain in held.items():
        at = chain.find(peptide)
        while at >= 0:
            places.add((name, at, at + len(peptide)))
            at = chain.find(peptide, at + 1)
    return places


def searched(opened: nlsearch.Collection, peptide: str, expected: set[Place]) -> set[Place]:
    """Return all places of a peptide in exact hits; those that are not listed but counted as far as expected."""
    places = set()
    for hit in opened.search(f'protein:"{peptide}"', limit=EVERY).hits:
        listed = [hit.evidence, *hit.evidence["more"]] if hit.tier == "exact" else []  # type: ignore[misc]
        places |= {(hit.item.title, *one["target"]) for one in listed if one["cigar"] == f"{len(peptide)}="}
        there = {place for place in expected if place[0] == hit.item.title}
        if len(listed) == Limits().evidence_more + 1 and hit.evidence["count"] >= len(there):  # type: ignore[operator]
            places |= there
    return places


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--proteins", type=int, default=28_000)
    parser.add_argument("--peptides", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=555)
    given = parser.parse_args()
    rng, held = random.Random(given.seed), orfs.proteins(given.proteins)
    asked = list(peptides(held, given.peptides, rng))
    there = missed = extra = 0
    taken = 0.0
    with tempfile.TemporaryDirectory() as scratch, orfs.collection(Path(scratch), held) as opened:
        for peptide in asked:
            expected, started = scanned(held, peptide), time.process_time()
            found = searched(opened, peptide, expected)
            taken += time.process_time() - started
            there, missed, extra = there + len(expected), missed + len(expected - found), extra + len(found - expected)
    low = sorted(map(orfs.entropy, asked[1::2]))
    print(f"{len(asked):,} peptides of 7 to 30 residues, {sum(map(len, held.values())):,} residues searched")
    print(
        f"  the half of low complexity: {low[0]:.2f} to {low[-1]:.2f} bits a residue, median {low[len(low) // 2]:.2f}"
    )
    print(f"  {there:,} places, {missed} missed, {extra} too many; {1e3 * taken / len(asked):.1f} ms CPU a query")
    if missed or extra:
        raise SystemExit("exact peptides were missed")


if __name__ == "__main__":
    main()
