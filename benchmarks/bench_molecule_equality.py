"""Do all operators find what RDKit finds, molecule by molecule?  2,000 queries on 20,000 molecules, stereo included.

Usage: ``python benchmarks/bench_molecule_equality.py [--queries 2000] [--molecules 20000] [--part 1/10]``
(needs ../shared/data).  Half of the molecules are ChEMBL's with stereocentres.  Ours is ``Collection.search`` with
``count="exact"``, all hits; RDKit matches every molecule without any screen, which takes long, so it can be cut into
parts: query *i* depends on *i* alone.  The run fails when a hit is lost, extra or has another score or evidence.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import nlsearch
from compounds import FILES, JOBS, cpu, smiles, write

# isort: split
from molecule_oracle import Oracle, Tally, compare, random_query  # beside the tests, which compounds makes known

CHIRAL = ("chembl_20_chiral.smi.gz",)
TOLD = 20
"""Queries between two lines of progress."""


def numbers(part: str, queries: int) -> range:
    """Return the numbers of the queries of a part such as ``3/10``."""
    which, parts = (int(text) for text in part.split("/"))
    return range(queries * (which - 1) // parts, queries * which // parts)


def run(folder: Path, texts: list[str], chosen: range, only: str) -> bool:
    """Compare; say whether nothing differs."""
    files = write(folder / f"equality {len(texts)}", texts)
    tallies: dict[str, Tally] = defaultdict(Tally)
    with nlsearch.Collection.open(folder / f"equality {len(texts)}" / "x.nls", create=True) as collection:
        report = collection.index([files], jobs=JOBS)
        if report.failures:
            raise SystemExit(f"{report.failures[0]}: the oracle would hold other molecules")
        declared = [
            one for one in collection.registry.get("molecule").operators if not only or one.name in only.split(",")
        ]
        oracle = Oracle(texts)
        started = cpu()
        print(f"{len(texts):,} molecules, queries {chosen.start} to {chosen.stop - 1}", flush=True)
        for done, i in enumerate(chosen, 1):
            query = random_query(i, oracle, declared)
            told = compare(collection, oracle, query, tallies[query.operator])
            if told:
                print(f"  {i} {told}", flush=True)
            if done % TOLD == 0 or done == len(chosen):
                print(f"  {done} of {len(chosen)}, {cpu() - started:.0f} CPU s: {total(tallies)}", flush=True)
    for name, tally in sorted(tallies.items()):
        print(f"{name:15} {tally}")
    print(f"{'all':15} {total(tallies)}")
    return total(tallies).right


def total(tallies: dict[str, Tally]) -> Tally:
    """Add up the tallies of all operators."""
    names = ("queries", "pairs", "hits", "lost", "extra", "scores")
    return Tally(*(sum(getattr(tally, name) for tally in tallies.values()) for name in names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--molecules", type=int, default=20_000)
    parser.add_argument("--part", default="1/1", help="as 3/10: the third of ten")
    parser.add_argument("--operators", default="", help="only these, with commas between them")
    parser.add_argument("--collection", type=Path, help="folder that keeps the collection")
    given = parser.parse_args()
    half = given.molecules // 2
    texts = smiles(half, CHIRAL)
    texts += smiles(given.molecules - len(texts), FILES)
    chosen = numbers(given.part, given.queries)
    if given.collection:
        sys.exit(not run(given.collection, texts, chosen, given.operators))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(not run(Path(folder), texts, chosen, given.operators))


if __name__ == "__main__":
    main()
