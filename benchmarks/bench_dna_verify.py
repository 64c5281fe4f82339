"""Verification of nucleotides: planted loci found again, and what it costs beside edlib on the whole record.

Usage: ``python benchmarks/bench_dna_verify.py [FASTA, .gz allowed] [queries per cell]``

Queries are stretches of the genome, on either strand, with substitutions and indels at a given rate.  A query is found
if a match overlaps its origin.  *region*: verified where the seed index would send it; *record*: everywhere; *edlib*:
the best alignment of the whole query anywhere in the record, on one strand, which the indexed search must agree with.
"""

from __future__ import annotations

import gzip
import random
import statistics
import sys
from pathlib import Path

import edlib

from held import Held
from nlsearch.handlers.nucleotide import NucleotideHandler
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Region, Verdict
from timing import measure

DEFAULT = Path(__file__).parents[2] / "shared" / "data" / "genomes" / "GCF_000148585.2.fa.gz"
LENGTHS, RATES = (100, 250, 1000), (0.0, 0.05, 0.1, 0.15, 0.2)
OTHER = str.maketrans("ACGT", "TGCA")


def mutated(text: str, rate: float, dice: random.Random) -> str:
    """Return `text` with four substitutions to one indel, at `rate` a letter."""
    made = []
    for letter in text:
        chance = dice.random()
        if chance >= rate:
            made.append(letter)
        elif chance < 0.8 * rate:
            made.append(dice.choice([other for other in "ACGT" if other != letter]))
        elif chance < 0.9 * rate:
            made.append(letter + dice.choice("ACGT"))
    return "".join(made)


def overlaps(verdict: Verdict | None, start: int, end: int) -> bool:
    """Say whether a match of the verdict overlaps a stretch."""
    if verdict is None:
        return False
    places = [verdict.evidence["target"], *(match["target"] for match in verdict.evidence["more"])]
    return any(low < end and start < high for low, high in places)


def main(path: str = str(DEFAULT), queries: str = "20") -> None:
    """Run the benchmark."""
    if not Path(path).is_file():
        raise SystemExit(f"{path} is not here; name a FASTA file")
    raw = Path(path).read_bytes()
    handler = NucleotideHandler()
    genome = Held(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw, "genome.fa", "FASTA")
    item = next(item for item in handler.read(genome, Limits()) if isinstance(item, RawItem))
    sequence, payload = item.content.sequence, handler.features(item).payload
    text = sequence.codes().translate(b"ACGT" + b"N" * 252).decode()
    dice = random.Random(11)
    print(f"{len(text):,} bases of {Path(path).name}; CPU ms a query, medians")
    print("length  rate  found in region, record of asked   region   record    edlib, one strand")
    for length in LENGTHS:
        for rate in RATES:
            found_near = found_far = 0
            spent: list[tuple[float, float, float]] = []
            for _ in range(int(queries)):
                start = dice.randrange(len(text) - length)
                origin = text[start : start + length]
                minus = dice.random() < 0.5
                query = mutated(origin, rate, dice)
                asked = query.translate(OTHER)[::-1] if minus else query
                probe = handler.compile("dna", asked.replace("N", "A"), {"strand": "both"})
                region = Region(max(0, start - 64), start + length + 64, int(minus), 1.0)
                found_near += overlaps(handler.verify(probe, payload, (region,)), start, start + length)
                found_far += overlaps(handler.verify(probe, payload), start, start + length)
                steps = {
                    "region": lambda p=probe, r=region: handler.verify(p, payload, (r,)),
                    "record": lambda p=probe: handler.verify(p, payload),
                    "edlib": lambda q=query: edlib.align(q, text, "HW", "path"),
                }
                stats = measure(steps, rounds=1)
                spent.append((stats["region"].median, stats["record"].median, stats["edlib"].median))
            near, far, peer = (statistics.median(column) for column in zip(*spent, strict=True))
            print(
                f"{length:6}  {rate:4.2f}  {found_near:15} {found_far:8} {queries:>8}"
                f" {near:8.2f} {far:8.1f} {peer:8.1f}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
