"""Planted stretches of genomes beside BLAST and minimap2: what is found, of what E-value, at what CPU.

Usage: ``python benchmarks/bench_dna_planted.py [--queries 50] [--rounds 3] [--chance 500] [--lengths 1000,250,100]
[--rates 0,5,10,15,20,25]`` (needs ../shared/data; blastn, minimap2, pyncbitk and mappy are
left out where they are not installed).

Queries are stretches of the genomes, on both strands, with edits (9 of 10 substitutions).  A stretch is found by an
alignment on its strand, half of which at least lies in it; an alignment of blastn (no filter, no limits, E ≤ 1e-3), by
one that covers half of its target.  E-values are compared where query and target range are equal.

- Ours, page: the first 20 records, with the alignments of each.  Ours, exact: ``count="exact"``, 1,000 records.
- blastn, dc-megablast, megablast, minimap2: a process that answers all queries of the cell, one thread.
- blastn in process: pyncbitk, a query a call.  mappy: the same of minimap2.

Chance: random and shuffled queries of 1,000 letters with ``evalue=1``, of which one alignment a query is expected.
Goals: found ≥ blastn − 0.01 for 1,000 at 0-20 % and 250 at 0-15 %; ≥ 0.97 of blastn's alignments; exact ≤ 1/4 and page
≤ 1/10 of blastn in process; ≤ 2 × mappy at 0-10 %; E-values within 2 ×; chance ≤ 1.5 × what is expected.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aligners
import genomes
import nlsearch
from aligners import Place
from genomes import Planted
from nlsearch.limits import Limits
from timing import measure, measure_in_turns, pooled, table

UNLIMITED = Limits(evidence_more=100_000, verify_matches=100_000)
TASKS = ("blastn", "dc-megablast", "megablast")
SMALL_BASES = 6_000_000


@dataclass
class Compared:
    """Alignments of blastn, those that are missed, and E-values where ranges are equal."""

    listed: int = 0
    missed: int = 0
    ratios: list[float] = field(default_factory=list)
    scores: Counter[str] = field(default_factory=Counter)
    worst: dict[str, tuple[float, Place, Place]] = field(default_factory=dict)

    def add(self, ours: Place, theirs: Place) -> None:
        """Take in a pair."""
        says = "lower" if ours.score < theirs.score else "higher" if ours.score > theirs.score else "equal"
        self.scores[says] += 1
        if not ours.evalue or not theirs.evalue:
            return
        ratio = ours.evalue / theirs.evalue
        self.ratios.append(ratio)
        off = max(ratio, 1 / ratio)
        if off > self.worst.get(says, (0.0,))[0]:
            self.worst[says] = off, ours, theirs


def question(letters: str, evalue: float = 1e-3) -> str:
    """Return the query in our notation."""
    return f'dna:"{letters}"{{evalue={evalue:g}}}'


def ours(opened: nlsearch.Collection, name: str, letters: str, evalue: float = 1e-3, limit: int = 0) -> list[Place]:
    """Return our alignments: of a first page, or all."""
    asked = question(letters, evalue)
    page = opened.search(asked, limit=limit) if limit else opened.search(asked, limit=100_000, count="exact")
    found = []
    for hit in page.hits:
        for told in (hit.evidence, *hit.evidence["more"]):
            rows = told.get("rows", {})
            ranges = *told["query"], *told["target"], told["strand"]
            numbers = raw_score(told), told["bit_score"], told["evalue"]
            shown = rows.get("query", told["cigar"]), rows.get("target", "")
            found.append(Place(name, hit.item.locator.removeprefix("#"), *ranges, *numbers, shown))
    return found


def raw_score(told: dict[str, object]) -> float:
    """Return +2 for equal letters, -3 for others, -5 for a gap and -2 for each of its letters."""
    runs = [(int(n), op) for n, op in genomes.CIGAR.findall(str(told["cigar"]))]
    paid = {"=": 2, "X": -3, "I": -2, "D": -2}
    return sum(n * paid[op] - 5 * (op in "ID") for n, op in runs)


def found(query: Planted, places: Iterable[Place]) -> bool:
    """Say whether a stretch is found."""
    return any(
        place.record == query.record
        and place.strand == query.strand
        and 2 * place.overlap(query.start, query.end) >= place.t_end - place.t_start
        for place in places
    )


def share(theirs: Sequence[Place], mine: Sequence[Place]) -> list[Place]:
    """Return those of their alignments that no one of ours covers by half."""
    held: dict[tuple[str, str, str], list[Place]] = defaultdict(list)
    for place in mine:
        held[place.query, place.record, place.strand].append(place)
    return [
        place
        for place in theirs
        if not any(
            2 * one.overlap(place.t_start, place.t_end) >= place.t_end - place.t_start
            for one in held[place.query, place.record, place.strand]
        )
    ]


class Genomes:
    """The collections and the files of the peers."""

    def __init__(self, folder: Path, given: argparse.Namespace) -> None:
        self.folder, self.given = folder, given
        self.held = genomes.records(genomes.files())
        self.fasta = genomes.write_fasta(folder / "all.fa", self.held)
        self.opened = self._collection("all.nls", self.held)
        self.all_told = nlsearch.Collection.open(folder / "all.nls", limits=UNLIMITED)
        self.small = self._first(SMALL_BASES)
        self.few = self._collection("few.nls", self.small)
        self.has_blast = aligners.installed("blastn", "makeblastdb")
        self.has_minimap = aligners.installed("minimap2")
        if self.has_blast:
            aligners.make_blast(self.fasta)
        if self.has_minimap:
            aligners.make_minimap(self.fasta)

    def _first(self, bases: int) -> dict[str, bytes]:
        taken: dict[str, bytes] = {}
        for name, letters in self.held.items():
            if sum(map(len, taken.values())) + len(letters) <= bases:
                taken[name] = letters
        return taken

    def _collection(self, name: str, held: dict[str, bytes]) -> nlsearch.Collection:
        fasta = genomes.write_fasta(self.folder / f"{name}.fa", held)
        opened = nlsearch.Collection.open(self.folder / name, create=True)
        opened.index([fasta])
        return opened

    def asked(self, queries: Sequence[Planted]) -> Path:
        """Write queries for the peers."""
        return genomes.write_fasta(self.folder / "asked.fa", {query.name: query.letters for query in queries})

    # ------------------------------------------------------------------------------------------------------ one cell
    def cell(self, length: int, rate: float, dice: random.Random, compared: Compared) -> str:
        """Ask the queries of a cell; return its row: what is found, then CPU."""
        queries = genomes.planted(self.held, length, rate, self.given.queries, dice)
        asked = self.asked(queries)
        mine = {q.name: ours(self.all_told, q.name, q.letters) for q in queries}
        paged = {q.name: ours(self.opened, q.name, q.letters, limit=20) for q in queries}
        recall = {"ours": mine, "page": paged}
        row = ""
        if self.has_blast:
            told = {task: aligners.blast_places(aligners.blast(self.fasta, asked, task).said) for task in TASKS}
            recall |= {task: by_query(places) for task, places in told.items()}
            everything = [place for places in mine.values() for place in places]
            missed = share(told["blastn"], everything)
            count = len(told["blastn"])
            compared.listed += count
            compared.missed += len(missed)
            row = f" {1 - len(missed) / max(count, 1):6.3f} {count:6}"
            row += f" {sum(place.evalue <= 1e-6 for place in missed):5}"
            match_up(everything, told["blastn"], compared)
        if self.has_minimap:
            recall["minimap2"] = by_query(aligners.paf_places(aligners.minimap(self.fasta, asked).said))
        shares = [sum(found(q, who.get(q.name, ())) for q in queries) / len(queries) for who in recall.values()]
        print(f"{length:5} {100 * rate:3.0f} % " + " ".join(f"{one:7.3f}" for one in shares) + row, flush=True)
        return f"{length:5} {100 * rate:3.0f} % " + self.cost(queries, asked)

    def header(self) -> str:
        """Return what stands above the first table."""
        peers = [*(TASKS if self.has_blast else ()), *(["minimap2"] if self.has_minimap else [])]
        names = " ".join(f"{name[:7]:>7}" for name in ("ours", "page", *peers))
        return "length, edits " + names[3:] + "  share  of all missed at E <= 1e-6"

    def cost(self, queries: Sequence[Planted], asked: Path) -> str:
        """Measure the CPU of a query."""
        alone: dict[str, list[Callable[[], object]]] = {
            "page": [partial(self.opened.search, question(q.letters), limit=20) for q in queries],
            "exact": [partial(self.opened.search, question(q.letters), limit=1000, count="exact") for q in queries],
        }
        within = aligners.blast_in_process(self.fasta, asked, dust_filtering=False) if self.has_blast else None
        mapped = aligners.minimap_in_process(self.fasta, [q.letters for q in queries]) if self.has_minimap else None
        alone |= {"blastn in process": within} if within else {}
        alone |= {"mappy": mapped} if mapped else {}
        stats = pooled(measure_in_turns(alone, self.given.rounds, before={}))
        batches: dict[str, Callable[[], object]] = {}
        if self.has_blast:
            batches |= {task: partial(aligners.blast, self.fasta, asked, task) for task in TASKS}
        if self.has_minimap:
            batches["minimap2"] = partial(aligners.minimap, self.fasta, asked)
        if batches:
            taken = measure(batches, self.given.rounds, aligners.with_children)
            stats |= {name: one.over(len(queries)) for name, one in taken.items()}
        return " ".join(f"{name} {s.median:.2f} ({s.p10:.2f}-{s.p90:.2f})" for name, s in stats.items())

    # ------------------------------------------------------------------------------------------------------- the rest
    def chance(self, dice: random.Random) -> None:
        """Count the alignments of queries that match by chance alone."""
        count = self.given.chance
        made = {"random": [bytes(dice.choices(genomes.LETTERS, k=1000)) for _ in range(count)], "shuffled": []}
        for _ in range(count):
            name, start = genomes.stretch(self.held, 1000, dice)
            made["shuffled"].append(bytes(dice.sample(self.held[name][start : start + 1000], 1000)))
        for kind, several in made.items():
            named = {f"q{number}": letters.decode() for number, letters in enumerate(several)}
            mine = [p for name, letters in named.items() for p in ours(self.all_told, name, letters, 1.0)]
            line = f"{kind}: {count} queries, E <= 1: expected {count}, ours {len(mine)}"
            line += f" ({len({place.query for place in mine})} queries)"
            if self.has_blast:
                asked = genomes.write_fasta(self.folder / "chance.fa", named)
                theirs = aligners.blast_places(aligners.blast(self.fasta, asked, evalue=1.0).said)
                line += f", blastn {len(theirs)} ({len({place.query for place in theirs})} queries)"
            print(line, flush=True)

    def growth(self, dice: random.Random) -> None:
        """Measure the same queries in a part of the genomes and in all."""
        queries = genomes.planted(self.small, 1000, 0.1, self.given.queries, dice)
        sizes = [sum(map(len, held.values())) / 1e6 for held in (self.small, self.held)]
        rivals: dict[str, list[Callable[[], object]]] = {}
        for opened, size in zip((self.few, self.opened), sizes, strict=True):
            rivals[f"page, {size:.1f} Mb"] = [partial(opened.search, question(q.letters), limit=20) for q in queries]
            rivals[f"exact, {size:.1f} Mb"] = [
                partial(opened.search, question(q.letters), limit=1000, count="exact") for q in queries
            ]
        print(table("growth, 1000 at 10 %", pooled(measure_in_turns(rivals, self.given.rounds, before={}))))


def by_query(places: Iterable[Place]) -> dict[str, list[Place]]:
    held: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        held[place.query].append(place)
    return held


def match_up(mine: Iterable[Place], theirs: Iterable[Place], compared: Compared) -> None:
    """Compare alignments with equal ranges."""
    same = {place.range: place for place in mine}
    for place in theirs:
        if place.range in same:
            compared.add(same[place.range], place)


def report(compared: Compared) -> None:
    """Print how E-values differ, and the alignments that differ most."""
    ratios = sorted(compared.ratios)
    if not ratios:
        return
    print(f"of {compared.listed:,} alignments of blastn {1 - compared.missed / compared.listed:.4f} are found")
    off = sum(not 0.5 <= ratio <= 2 for ratio in ratios)
    print(
        f"E-values, ours / blastn, {len(ratios):,} alignments of equal ranges: {ratios[0]:.3g} to {ratios[-1]:.3g}, "
        f"median {statistics.median(ratios):.3f}, {off:,} differ by more than 2 x; score {dict(compared.scores)}"
    )
    for says, (times, mine, theirs) in compared.worst.items():
        if says == "equal" and times < 2:
            continue
        print(f"score {says}, {times:.3g} x: {mine.range}")
        for who, place in (("ours", mine), ("blastn", theirs)):
            print(f"  {who}: score {place.score:g}, E {place.evalue:g}")
            print("\n".join(f"    {row}" for row in place.rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--chance", type=int, default=500)
    parser.add_argument("--lengths", default="1000,250,100")
    parser.add_argument("--rates", default="0,5,10,15,20,25")
    given = parser.parse_args()
    dice, compared = random.Random(17), Compared()
    with tempfile.TemporaryDirectory() as temporary:
        whole = Genomes(Path(temporary), given)
        print(
            f"{sum(map(len, whole.held.values())):,} bases, {len(whole.held)} records; {given.queries} queries a cell"
        )
        print(whole.header())
        lengths, rates = map(int, given.lengths.split(",")), [float(rate) / 100 for rate in given.rates.split(",")]
        rows = [whole.cell(length, rate, dice, compared) for length in lengths for rate in rates]
        print("CPU ms a query, median (10 % to 90 %)", *rows, sep="\n")
        report(compared)
        whole.growth(dice)
        if given.chance:
            whole.chance(dice)


if __name__ == "__main__":
    main()
