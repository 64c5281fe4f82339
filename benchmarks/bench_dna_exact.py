"""Every exact substring is found: 12 to 50 letters, repeats and low complexity included, at every place.

Usage: ``python benchmarks/bench_dna_exact.py [--queries 10000] [--peers 300]`` (needs ../shared/data).

Half of the queries come from anywhere in the genomes, half from the windows of 50 letters with the fewest different
words among many, both strands in turns.  A scan of the letters says which records hold a query and at how many places:
at every place that begins with the first 12 letters of a query, all of its letters are compared; ``bytes.find`` must
say the same of a sample.  A record that is not found, is not of tier ``exact``, or of which another number of places is
told ends in the table of misses.  Also: what blastn (blastn-short below 30 letters, E ≤ 10) and
minimap2 (``-k 11``) find of the same records, of a sample.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import aligners
import genomes
import nlsearch
from nlsearch.limits import Limits
from timing import Stats, table

LENGTHS = range(12, 51)
WINDOW = 50
TRIED = 60
FIRST = 12
SAMPLE = 50
MOST = 1_000_000
CODES = np.zeros(256, np.uint32)
CODES[[*b"ACGT"]] = range(4)
LIMITS = Limits(evidence_more=MOST, verify_matches=MOST)


@dataclass
class Tally:
    """What was asked, and what was missed."""

    asked: Counter[int] = field(default_factory=Counter)
    places: int = 0
    records: int = 0
    repeated: int = 0
    misses: list[str] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)


def words(letters: bytes) -> int:
    """Return how many different words of three letters a stretch has; low where it is simple."""
    return len({letters[at : at + 3] for at in range(len(letters) - 2)})


def simple_stretch(held: Mapping[str, bytes], dice: random.Random) -> tuple[str, int]:
    """Return the simplest of many windows."""
    tried = [genomes.stretch(held, WINDOW, dice) for _ in range(TRIED)]
    return min(tried, key=lambda place: words(held[place[0]][place[1] : place[1] + WINDOW]))


def queries(held: Mapping[str, bytes], count: int, dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield kind and letters of queries."""
    for number in range(count):
        length = LENGTHS[number // 4 % len(LENGTHS)]
        simple = number % 2 == 0
        record, start = simple_stretch(held, dice) if simple else genomes.stretch(held, WINDOW, dice)
        letters = held[record][start : start + length]
        yield "simple" if simple else "any", genomes.reverse_complement(letters) if number // 2 % 2 else letters


class Scan:
    """All records in one string, and where in it some queries may be: where their first letters are."""

    def __init__(self, held: Mapping[str, bytes], asked: Sequence[bytes]) -> None:
        self.names = list(held)
        self.letters = b"|".join(held.values())
        self.ends = np.cumsum([len(letters) + 1 for letters in held.values()])
        firsts = sorted({_number(one[:FIRST]) for query in asked for one in both(query)})
        starting = np.zeros(4**FIRST, bool)
        starting[firsts] = True
        numbers = _numbers(self.letters)
        places = np.flatnonzero(starting[numbers])
        order = np.argsort(numbers[places], kind="stable")
        self._places, self._firsts = places[order], numbers[places[order]]

    def places(self, query: bytes) -> Counter[str]:
        """Return the number of places by record, both strands; a palindrome has one strand."""
        at = [place for one in both(query) for place in self._of(one)]
        return Counter(self.names[row] for row in np.searchsorted(self.ends, at, side="right").tolist())

    def _of(self, query: bytes) -> list[int]:
        low, high = np.searchsorted(self._firsts, [_number(query[:FIRST]), _number(query[:FIRST]) + 1])
        return [at for at in self._places[low:high].tolist() if self.letters.startswith(query, at)]

    def agrees(self, query: bytes) -> bool:
        """Say whether ``bytes.find`` finds as many places."""
        return sum(self.places(query).values()) == sum(1 for one in both(query) for _ in found(self.letters, one))


def both(query: bytes) -> set[bytes]:
    """Return both strands, or the only one."""
    return {query, genomes.reverse_complement(query)}


def found(letters: bytes, query: bytes) -> Iterator[int]:
    """Yield where the letters hold the query; overlapping places too."""
    at = letters.find(query)
    while at >= 0:
        yield at
        at = letters.find(query, at + 1)


def _number(letters: bytes) -> int:
    return int(_numbers(letters)[0])


def _numbers(letters: bytes) -> NDArray[np.uint32]:
    """Return the first letters of each place as a number in base 4."""
    codes = CODES[np.frombuffer(letters, np.uint8)]
    count = len(codes) - FIRST + 1
    numbers = np.zeros(count, np.uint32)
    for at in range(FIRST):
        numbers *= np.uint32(4)
        numbers += codes[at : at + count]
    return numbers


def told(opened: nlsearch.Collection, query: bytes) -> tuple[dict[str, int], dict[str, str]]:
    """Return the number of exact places that we tell, and the tier, by record."""
    page = opened.search(f'dna:"{query.decode()}"', limit=100_000, count="exact")
    counts, tiers = {}, {}
    for hit in page.hits:
        name = hit.item.locator.removeprefix("#")
        matches = (hit.evidence, *hit.evidence["more"])
        whole = [m for m in matches if m["cigar"] == f"{len(query)}="]
        listed_all = hit.evidence["count"] <= len(matches)
        counts[name], tiers[name] = len(whole) if listed_all else -1, hit.tier
    return counts, tiers


def check(opened: nlsearch.Collection, scan: Scan, kind: str, query: bytes, tally: Tally) -> None:
    """Ask for one query, and note what is missed."""
    expected = scan.places(query)
    started = time.process_time()
    counts, tiers = told(opened, query)
    seeded = "12-15" if len(query) < 16 else "16-50"
    tally.seconds.setdefault(f"{kind}, {seeded}", []).append(time.process_time() - started)
    tally.asked[len(query)] += 1
    tally.records += len(expected)
    tally.places += sum(expected.values())
    tally.repeated += sum(expected.values()) > 1
    for name, number in expected.items():
        if tiers.get(name) != "exact":
            tally.misses.append(f"{query.decode()}: {name} is {tiers.get(name, 'missing')}, it holds {number}")
        elif counts[name] != number:
            tally.misses.append(f"{query.decode()}: {name} holds {number}, told {counts[name]}")
    for name, tier in tiers.items():
        if tier == "exact" and name not in expected:
            tally.misses.append(f"{query.decode()}: {name} does not hold it")


def peers(folder: Path, held: Mapping[str, bytes], scan: Scan, asked: Sequence[bytes]) -> None:
    """Say of how many records that hold a query the peers tell an exact copy."""
    named = {f"q{number}": query for number, query in enumerate(asked)}
    fasta = genomes.write_fasta(folder / "all.fa", held)
    expected = {(name, record) for name, query in named.items() for record in scan.places(query)}
    if aligners.installed("blastn", "makeblastdb"):
        aligners.make_blast(fasta)
        found = set()
        for task, some in (("blastn-short", range(30)), ("blastn", range(30, 1000))):
            file = genomes.write_fasta(folder / "q.fa", {n: q for n, q in named.items() if len(q) in some})
            found |= _whole(aligners.blast_places(aligners.blast(fasta, file, task, evalue=10).said), named)
        print(f"blastn, E <= 10: {len(found & expected)} of {len(expected)} records that hold a query")
    if aligners.installed("minimap2"):
        file = genomes.write_fasta(folder / "q.fa", named)
        command = ["minimap2", "-c", "-k", "11", "-w", "1", "-N", "1000", "-s", "0", "-m", "0", "-t", "1", fasta, file]
        found = _whole(aligners.paf_places(aligners.run(command).said), named)
        print(f"minimap2 -k 11 -w 1: {len(found & expected)} of {len(expected)}")


def _whole(places: Sequence[aligners.Place], named: Mapping[str, bytes]) -> set[tuple[str, str]]:
    return {(p.query, p.record) for p in places if p.q_end - p.q_start == len(named[p.query])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--peers", type=int, default=300)
    given = parser.parse_args()
    dice, tally = random.Random(23), Tally()
    held = genomes.records(genomes.files())
    asked = list(queries(held, given.queries, dice))
    scan = Scan(held, [query for _, query in asked])
    if not all(scan.agrees(query) for _, query in asked[:SAMPLE]):
        raise SystemExit("the scans differ")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with nlsearch.Collection.open(folder / "all.nls", create=True, limits=LIMITS) as opened:
            opened.index(genomes.files())
            for number, (kind, query) in enumerate(asked, 1):
                check(opened, scan, kind, query, tally)
                if number % 1000 == 0:
                    print(f"{number:,} queries, {len(tally.misses)} misses", flush=True)
        print(f"{len(asked):,} queries of 12 to 50 letters, {tally.repeated:,} of them at several places")
        print(f"{tally.records:,} records and {tally.places:,} places: {len(tally.misses)} misses")
        print("\n".join(tally.misses[:20]))
        print(table("all places", {name: Stats.of(taken) for name, taken in sorted(tally.seconds.items())}))
        if given.peers:
            peers(folder, held, scan, [query for _, query in asked[: given.peers]])


if __name__ == "__main__":
    main()
