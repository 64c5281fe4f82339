"""Proteins beside blastp, MMseqs2 and DIAMOND: hits, CPU of a query, E-values, chance hits, bytes and building.

Usage: ``python benchmarks/bench_protein_peers.py [--proteins 28000] [--queries 100] [--shuffled 200] [--rounds 3]
[--exhaustive 20] [--seed 90210]`` (needs ../shared/data, blastp, pyopal; mmseqs, diamond and pyncbitk if installed).

28,000 open reading frames of bacteria have 8.4 million residues.  Queries: whole proteins drawn with a seed that was
used for nothing else, and of each a piece of 60 to 120 residues.

- The truth: pairs that blastp (``-comp_based_stats 0``, ``OLD_FSC=1``) lists at E ≤ 1e-3 and that pass by exhaustive
  Smith-Waterman (pyopal) with the E-value of that score.  Recall is the share of them that is found.
- Ours: ``Collection.search`` in a warm process, a page of 20 hits with evidence, all hits, and ``exhaustive=true``.
- Rivals answer in turns; a batch of all queries is divided by their number.  In process: pyncbitk, warm, a call each.
- First, no pair may score less than with blastp, and ``exhaustive=true`` has to give the hits and scores of
  pyopal.

Goals: recall ≥ .97 at ≤ 130 ms CPU; E-values within 2 × of blastp's; ≤ 1.5 × the expected chance hits; ≤ 2 bytes a
residue.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyopal
from scoring_matrices import ScoringMatrix

import aligners
import nlsearch
import orfs
import proteinpeers as peers
from genomes import write_fasta
from nlsearch.handlers.sequences.matrices import scheme_of
from proteinpeers import Found, Hits

E = 1e-3
EVERY = 100_000
SMALLEST = 1e-170
"""blastp prints 0 where an E-value is hardly less."""
Pairs = set[tuple[str, str]]
Scores = dict[tuple[str, str], int]


def ours(opened: nlsearch.Collection, queries: Mapping[str, str], options: str = "") -> Hits:
    """Return all hits of ours."""
    found: Hits = {}
    for name, residues in queries.items():
        for hit in opened.search(f'protein:"{residues}"{options}', limit=EVERY).hits:
            said = hit.evidence
            ranges = tuple(said["query"]), tuple(said["target"])  # type: ignore[arg-type]
            found[name, hit.item.title] = Found(said["raw_score"], said["evalue"], *ranges)  # type: ignore[arg-type]
    return found


class Oracle:
    """Smith-Waterman of every pair by pyopal, with E-values of :mod:`nlsearch.handlers.sequences.statistics`."""

    def __init__(self, held: Mapping[str, str]) -> None:
        self.names, self.total = list(held), sum(map(len, held.values()))
        self.database = pyopal.Database(list(held.values()))
        self.aligner = pyopal.Aligner(ScoringMatrix.from_name("BLOSUM62"), gap_open=12, gap_extend=1)
        self.statistics = scheme_of("BLOSUM62").gapped

    def scores(self, queries: Mapping[str, str]) -> Scores:
        """Return the scores of all pairs whose E-value is at most 1e-3."""
        found = {}
        for name, residues in queries.items():
            space = self.statistics.search_space(len(residues), self.total, len(self.names))
            least = self.statistics.least_score(E, space)
            for hit in self.aligner.align(residues, self.database, algorithm="sw"):
                if hit.score >= least:
                    found[name, self.names[hit.target_index]] = hit.score
        return found


def check_exhaustive(
    opened: nlsearch.Collection, queries: Mapping[str, str], scores: dict[tuple[str, str], int]
) -> None:
    """End the run if ``exhaustive=true`` does not give the hits and scores of the oracle."""
    found = ours(opened, queries, "{exhaustive=yes, composition=no}")
    said = {pair: one.score for pair, one in found.items() if one.evalue <= E}
    expected = {pair: score for pair, score in scores.items() if pair[0] in queries}
    if said != expected:
        lost, more = expected.keys() - said.keys(), said.keys() - expected.keys()
        other = [pair for pair in said.keys() & expected.keys() if said[pair] != expected[pair]]
        raise SystemExit(f"exhaustive: {len(lost)} lost, {len(more)} too many, {len(other)} of another score")
    print(f"exhaustive=true: {len(said):,} hits of {len(queries)} queries, sets and scores equal to pyopal's")


def compare_scores(found: Hits, blast: Hits) -> None:
    """End the run if a shared pair scores less than with blastp; print the ratios of E-values of equal alignments."""
    shared = [(found[pair], blast[pair]) for pair in found.keys() & blast.keys()]
    if any(a.score < b.score for a, b in shared):
        raise SystemExit("alignments score less than blastp's")
    ranged = [(a, b) for a, b in shared if (a.query, a.target) == (b.query, b.target)]
    same = [(a, b) for a, b in ranged if a.score == b.score]
    ratios = sorted(a.evalue / b.evalue for a, b in same if b.evalue > SMALLEST)
    print(f"{len(shared):,} shared pairs, none of which scores less; {len(ranged):,} of equal ranges,", end=" ")
    print(f"of which {len(ranged) - len(same)} score more, as blastp's alignment between them is not the best")
    middle = ratios[len(ratios) // 2]
    print(f"E-values, ours / blastp (OLD_FSC=1): {ratios[0]:.3f} {middle:.3f} {ratios[-1]:.3f} (least, median, most)")


def recall(name: str, found: Pairs, truth: Pairs, other: Pairs) -> None:
    parts = [f"{len(found & one) / max(1, len(one)):.4f}" for one in (truth, other)]
    print(f"  {name:34} {len(found):6,} pairs, recall {parts[0]}; of those by blastp's default {parts[1]}")


# ----------------------------------------------------------------------------------------------------------------- CPU
def one_by_one(calls: list[Callable[[], object]]) -> Callable[[], list[float]]:
    def ask() -> list[float]:
        taken = []
        for call in calls:
            started = time.process_time()
            call()
            taken.append(time.process_time() - started)
        return taken

    return ask


def batch(call: Callable[[], aligners.Run], queries: int) -> Callable[[], list[float]]:
    return lambda: [call().cpu / queries]


def race(rivals: Mapping[str, Callable[[], list[float]]], rounds: int) -> None:
    """Let all answer in turns, each round starting with another one, and print CPU ms of a query."""
    names, taken = list(rivals), {name: [] for name in rivals}
    for turn in range(rounds):
        shift = turn % len(names)
        for name in [*names[shift:], *names[:shift]]:
            taken[name].append(rivals[name]())
    print(f"  {'CPU ms a query':34} {'mean':>7} {'rounds':>15} {'median':>7} {'p10':>7} {'p90':>7}")
    for name, runs in taken.items():
        means = sorted(1e3 * statistics.mean(run) for run in runs)
        each = sorted(1e3 * statistics.median(times) for times in zip(*runs, strict=True))
        line = f"  {name:34} {statistics.median(means):7.1f} {means[0]:7.1f} {means[-1]:7.1f}"
        spread = [each[int(q * (len(each) - 1))] for q in (0.5, 0.1, 0.9)] if len(each) > 1 else []
        print(line + "".join(f" {value:7.1f}" for value in spread))


def compare(
    title: str,
    opened: nlsearch.Collection,
    held: Mapping[str, str],
    queries: dict[str, str],
    given: argparse.Namespace,
    folder: Path,
) -> None:
    """Compare hits, then CPU, of one set of queries."""
    fasta, asked = folder / "proteins.faa", write_fasta(folder / "queries.faa", queries)
    mean = sum(map(len, queries.values())) / len(queries)
    print(f"\n== {len(queries)} {title}, {mean:.0f} residues in the mean")
    scores = Oracle(held).scores(queries)
    check_exhaustive(opened, dict(list(queries.items())[: given.exhaustive]), scores)
    runs: dict[str, Callable[[], aligners.Run]] = {
        "blastp, default": lambda: peers.blastp(fasta, asked, composition="2"),
        "blastp, -comp_based_stats 0": lambda: peers.blastp(fasta, asked, composition="0"),
    }
    if aligners.installed("mmseqs"):
        runs["mmseqs -s 7.5"] = lambda: peers.mmseqs(asked, folder)
    if aligners.installed("diamond"):
        runs["diamond --ultra-sensitive"] = lambda: peers.diamond(fasta, asked)
    theirs = {name: peers.hits_of(call().said) for name, call in runs.items()}
    plain = ours(opened, queries)
    compare_scores(plain, theirs["blastp, -comp_based_stats 0"])
    truth = theirs["blastp, -comp_based_stats 0"].keys() & scores.keys()
    other = theirs["blastp, default"].keys() & scores.keys()
    print(f"  Smith-Waterman {len(scores):,} pairs, truth {len(truth):,} of them, by blastp's default {len(other):,}")
    recall("ours", set(plain), set(truth), set(other))
    recall("ours, composition=no", set(ours(opened, queries, "{composition=no}")), set(truth), set(other))
    recall("Smith-Waterman", set(scores), set(truth), set(other))
    for name, found in theirs.items():
        recall(name, set(found), set(truth), set(other))
    values = [f'protein:"{residues}"' for residues in queries.values()]
    rivals = {
        "ours, page of 20": one_by_one([lambda v=v: opened.search(v, limit=20) for v in values]),
        "ours, all hits": one_by_one([lambda v=v: opened.search(v, limit=1000) for v in values]),
        f"ours, exhaustive ({given.exhaustive} queries)": one_by_one(
            [lambda v=v: opened.search(v + "{exhaustive=yes}", limit=20) for v in values[: given.exhaustive]]
        ),
    }
    in_process = aligners.blast_in_process(fasta, asked, program="BlastP")
    if in_process:
        print(f"  blastp in process: {sum(call() for call in in_process):,} alignments")
        rivals["blastp in process"] = one_by_one(in_process)
    race(rivals | {name: batch(call, len(queries)) for name, call in runs.items()}, given.rounds)


def chance(opened: nlsearch.Collection, queries: dict[str, str], folder: Path) -> None:
    """Count the hits of shuffled queries at E ≤ 1: one a query is expected."""
    fasta, asked = folder / "proteins.faa", write_fasta(folder / "shuffled.faa", queries)
    print(f"\n== {len(queries)} shuffled queries at E ≤ 1 (1 hit a query is expected)")
    counted = {
        "ours": len(ours(opened, queries, "{evalue=1}")),
        "ours, composition=no": len(ours(opened, queries, "{evalue=1, composition=no}")),
        "blastp, default": len(peers.hits_of(peers.blastp(fasta, asked, composition="2", evalue=1).said)),
        "blastp, 0, OLD_FSC": len(peers.hits_of(peers.blastp(fasta, asked, composition="0", evalue=1).said)),
    }
    for name, count in counted.items():
        print(f"  {name:34} {count / len(queries):.3f} hits a query")


def build(held: Mapping[str, str], folder: Path) -> None:
    """Index everywhere; print CPU and bytes a residue."""
    fasta, place = write_fasta(folder / "proteins.faa", held), folder / "proteins.nls"
    total = sum(map(len, held.values()))
    started = aligners.with_children()
    with nlsearch.Collection.open(place, create=True) as made:
        made.index([str(fasta)], jobs=1)
    print(
        f"{len(held):,} proteins, {total:,} residues\nindexing: ours {aligners.with_children() - started:.1f} s CPU",
        end="",
    )
    files = [path for path in place.rglob("*") if path.is_file()]
    payloads = [path for path in files if path.name.startswith("payloads")]
    print(f", {peers.size(payloads) / total:.2f} bytes a residue in payloads, {peers.size(files) / total:.2f} in all")
    taken = aligners.make_blast(fasta, "prot")
    print(
        f"  makeblastdb {taken.cpu:.1f} s, {peers.size(list(folder.glob('proteins.p*'))) / total:.2f} bytes a residue"
    )
    if aligners.installed("mmseqs"):
        taken = peers.make_mmseqs(fasta, folder)
        print(f"  mmseqs {taken.cpu:.1f} s, {peers.size(list(folder.glob('targets*'))) / total:.2f} bytes a residue")
    if aligners.installed("diamond"):
        taken = peers.make_diamond(fasta)
        print(f"  diamond {taken.cpu:.1f} s, {(folder / 'proteins.dmnd').stat().st_size / total:.2f} bytes a residue")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("proteins", 28_000), ("queries", 100), ("exhaustive", 20), ("shuffled", 200), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seed", type=int, default=90210)
    given = parser.parse_args()
    if not aligners.installed("blastp", "makeblastdb"):
        return
    rng, held = random.Random(given.seed), orfs.proteins(given.proteins)
    names = rng.sample(list(held), given.queries)
    whole, pieces = {f"q_{name}": held[name] for name in names}, orfs.fragments(held, names, rng)
    mixed = {f"s_{name}": orfs.shuffled(held[name], rng) for name in rng.sample(list(held), given.shuffled)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        build(held, folder)
        with orfs.collection(folder, held) as opened:
            compare("proteins", opened, held, whole, given, folder)
            compare("fragments", opened, held, pieces, given, folder)
            chance(opened, mixed, folder)


if __name__ == "__main__":
    main()
