"""Spectra beside ms_entropy's Flash search and matchms: CPU of a query, of building, bytes, and growth.

Usage: ``python benchmarks/bench_spectrum_peers.py [--records 3000,15000] [--queries 60] [--rounds 5]
[--copies 100000] [--collection FOLDER]`` (needs ../shared/data, ms_entropy and matchms).

- Ours, page: ``Collection.like`` from the peaks of an item to 20 hits with items, scores and every matched pair.
- Ours, scores: the peak index alone, from peaks to the bound of every item that scores at least 0.5; what Flash does.
- Flash: ``FlashEntropySearch`` in memory, from cleaned peaks to the scores of all records; without hits, pairs, order.
  Flash, best 20: with its ``get_topn_matches`` behind it, which orders and gives what it holds of 20 records.
- matchms: ``CosineGreedy`` and ``ModifiedCosineGreedy`` (numba, warm), one query with all records, one thread.

All start from the same cleaned peaks (tolerance 0.02 Da, and 0.01).  Scores are compared first: a difference of more
than 1e-5 ends the run.  Rivals answer in turns.  ``--copies`` makes a collection of so many records, moved at random,
for the time of a page there.  Goals: open search ≤ 1.5 × Flash; cosine and modified ≤ 0.01 × matchms; p95 < 50 ms at
100,000; ≤ 12 bytes a peak.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from matchms import Spectrum as Theirs
from matchms.similarity import CosineGreedy, ModifiedCosineGreedy
from ms_entropy import FlashEntropySearch

import nlsearch
from massbank import FILE, Record, at_the_edge, collection, records
from nlsearch.handlers.registry import Registry
from nlsearch.index.pins import pinned_snapshot
from nlsearch.model import AllOf, PeakMatch
from nlsearch.search.plan import complete_options
from nlsearch.search.view import View
from timing import Stats, measure_in_turns, pooled, table

CLOSE = 1e-5
METHODS = {"entropy": "open", "neutral_loss": "neutral_loss", "hybrid": "hybrid"}


class Flash:
    """Their index of the records that have peaks and a precursor."""

    def __init__(self, found: list[Record], tolerance: float) -> None:
        self.index = FlashEntropySearch(max_ms2_tolerance_in_da=tolerance)
        self.tolerance = tolerance
        listed = [{"precursor_mz": r.precursor, "peaks": r.peaks, "number": n} for n, r in enumerate(found)]
        started = time.process_time()
        built = self.index.build_index(listed, clean_spectra=False)
        self.build_s = time.process_time() - started
        self.order = [one["number"] for one in built]

    def ask(self, query: Record, method: str) -> np.ndarray:
        """Return the scores of all records, in the order of their index."""
        if method == "open":
            return self.index.open_search(query.peaks, self.tolerance)
        if method == "neutral_loss":
            return self.index.neutral_loss_search(query.precursor, query.peaks.copy(), self.tolerance)
        if method == "identity":
            return self.index.identity_search(query.precursor, query.peaks, 0.01, self.tolerance)
        return self.index.hybrid_search(
            precursor_mz=query.precursor, peaks=query.peaks, ms2_tolerance_in_da=self.tolerance
        )

    def best(self, query: Record, method: str) -> list[dict[str, object]]:
        """Return their best 20 of at least 0.5."""
        return self.index.get_topn_matches(self.ask(query, method), topn=20, min_similarity=0.5)


class Ours:
    """Our collection, asked for pages, or its peak index alone."""

    def __init__(self, opened: nlsearch.Collection) -> None:
        self.opened = opened
        self.view = View(opened.directory, *pinned_snapshot(opened.directory))
        self.handler = Registry().get("spectrum")
        self.options = next(operator for operator in self.handler.operators if operator.name == "like")

    def page(self, record: Record, metric: str, tolerance: float, **more: object) -> nlsearch.Page:
        """Return the first 20 hits."""
        return self.opened.like(
            f"{self.source}{record.locator}",
            limit=20,
            metric=metric,
            tol_da=tolerance,
            **more,  # type: ignore[arg-type]
        )

    @property
    def source(self) -> str:
        """The path of the file of records."""
        return str(self.opened.search("kind:spectrum", limit=1).hits[0].item.path)

    def question(self, record: Record, metric: str, tolerance: float) -> PeakMatch:
        """Return what the peak index is asked."""
        options = complete_options(self.options, {"metric": metric, "tol_da": tolerance})
        ask = self.handler.compile("like", record.payload, options).ask
        return next(p for p in ask.parts if isinstance(p, PeakMatch)) if isinstance(ask, AllOf) else ask

    def scores(self, question: PeakMatch) -> None:
        """Ask every split for the items that score enough."""
        for view in self.view.splits:
            view.split.peaks(question.space).alike(question)
            if question.others is not None and view.split.has_peaks(question.others):
                view.split.peaks(question.others).alike(question)


def check(found: list[Record], flash: Flash, ours: Ours, queries: list[Record], tolerance: float) -> None:
    """End the run if scores differ."""
    for query in queries:
        for metric, method in METHODS.items():
            scores = flash.ask(query, method)
            said = {
                hit.item.locator: hit.score
                for hit in ours.opened.like(
                    f"{ours.source}{query.locator}", limit=100_000, metric=metric, tol_da=tolerance, count="exact"
                ).hits
            }
            for place, number in enumerate(flash.order):
                score, locator = float(scores[place]), found[number].locator
                near = abs(score - 0.5) < CLOSE
                if near:
                    continue
                same = (score >= 0.5) == (locator in said) and abs(said.get(locator, score) - score) <= CLOSE
                if not same and not at_the_edge(metric, query, found[number], tolerance, score):
                    raise SystemExit(
                        f"{metric} of {query.locator} and {locator}: {score} there, {said.get(locator)} here"
                    )


def theirs(record: Record) -> Theirs:
    metadata = {} if math.isnan(record.precursor) else {"precursor_mz": record.precursor}
    cleaned = record.cleaned
    return Theirs(
        cleaned.positions.astype(float), cleaned.intensities.astype(float), metadata, metadata_harmonization=False
    )


def all_pairs(measure: CosineGreedy | ModifiedCosineGreedy, query: Theirs, all_of_them: list[Theirs]) -> None:
    for one in all_of_them:
        measure.pair(one, query)


def compare(size: int, given: argparse.Namespace, folder: Path, rng: random.Random) -> None:
    for tolerance in (0.02, 0.01):
        found = [
            record for record in records(size, tolerance) if len(record.cleaned.positions) and record.precursor > 0
        ]
        flash = Flash(found, tolerance)
        with collection(folder, size) as opened:
            ours = Ours(opened)
            queries = rng.sample(found, given.queries)
            check(found, flash, ours, queries[:5], tolerance)
            print(
                f"\n== {size:,} records, tolerance {tolerance} Da: scores equal; Flash index {flash.build_s:.2f} s CPU"
            )
            source = ours.source
            for metric, method in METHODS.items():
                rivals: dict[str, list[Callable[[], object]]] = {
                    "Flash": [partial(flash.ask, query, method) for query in queries],
                    "Flash, best 20": [partial(flash.best, query, method) for query in queries],
                    "ours, scores": [partial(ours.scores, ours.question(q, metric, tolerance)) for q in queries],
                    "ours, page": [
                        partial(opened.like, source + q.locator, limit=20, metric=metric, tol_da=tolerance)
                        for q in queries
                    ],
                }
                report(metric, measure_in_turns(rivals, given.rounds, before={}))
            identity: dict[str, list[Callable[[], object]]] = {
                "Flash": [partial(flash.ask, query, "identity") for query in queries],
                "ours, page": [
                    partial(opened.like, source + q.locator, limit=20, tol_da=tolerance, precursor_da=0.01)
                    for q in queries
                ],
            }
            report("identity", measure_in_turns(identity, given.rounds, before={}))
            if tolerance == 0.01:
                sizes(ours)
                beside_matchms(found, opened, source, queries[:3], tolerance)


def beside_matchms(
    found: list[Record], opened: nlsearch.Collection, source: str, queries: list[Record], tolerance: float
) -> None:
    held = [theirs(record) for record in found]
    for metric, measure in (("cosine", CosineGreedy(tolerance)), ("modified", ModifiedCosineGreedy(tolerance))):
        all_pairs(measure, held[0], held[:10])
        rivals: dict[str, list[Callable[[], object]]] = {
            "matchms": [partial(all_pairs, measure, theirs(query), held) for query in queries],
            "ours, page": [
                partial(opened.like, source + q.locator, limit=20, metric=metric, tol_da=tolerance) for q in queries
            ],
        }
        report(metric, measure_in_turns(rivals, 2, before={}))


def report(title: str, measured: list[dict[str, Stats]]) -> None:
    stats = pooled(measured)
    print(table(title, stats))
    first = next(iter(stats))
    ratios = [f"{name} {stats[name].median / stats[first].median:.3f} x" for name in stats if name != first]
    print(f"medians beside {first}: {', '.join(ratios)}")
    if "Flash, best 20" in stats:
        print(f"page beside Flash, best 20: {stats['ours, page'].median / stats['Flash, best 20'].median:.3f} x")


def sizes(ours: Ours) -> None:
    for view in ours.view.splits:
        for name in view.split.info.peak_spaces:
            peaks = view.split.peaks(name).peaks
            size = view.split.info.files[f"peaks/{name}.peaks"].size
            print(f"{name}: {peaks:,} peaks, {size / peaks:.1f} bytes a peak")
        total = view.split.info.total_bytes
        print(f"the whole collection: {total / view.split.info.items:,.0f} bytes an item")


def copies(count: int, folder: Path, rng: np.random.Generator) -> None:
    """Ask a collection of MassBank's records, repeated with every peak moved by some ppm, for pages."""
    path = folder / f"copies-{count}.mgf"
    if not path.exists():
        held = records()
        with path.open("w") as out:
            for number in range(count):
                record = held[number % len(held)]
                n = int(np.frombuffer(record.payload, "<u4", 1, 4)[0])
                positions = np.frombuffer(record.payload, "<f8", n, 16) * (1 + rng.normal(0, 3e-6, n))
                heights = np.frombuffer(record.payload, "<f4", n, 16 + 8 * n) * rng.lognormal(0, 0.2, n)
                precursor = f"PEPMASS={record.precursor}\n" if record.precursor > 0 else ""
                lines = "\n".join(f"{a:.5f} {b:.6g}" for a, b in zip(positions, heights, strict=True))
                out.write(f"BEGIN IONS\nTITLE=copy {number}\nSCANS={number}\n{precursor}{lines}\nEND IONS\n")
    with nlsearch.Collection.open(folder / f"copies-{count}.nls", create=True) as opened:
        started = time.monotonic()
        opened.index([path], jobs=2)
        print(f"\n== {count:,} records, indexed in {time.monotonic() - started:.0f} s")
        ids = [hit.item.id for hit in opened.search("kind:spectrum unscored:no", limit=300).hits]
        for metric in ("entropy", "cosine", "modified", "neutral_loss", "hybrid"):
            taken = []
            for one in ids:
                begun = time.process_time()
                try:
                    opened.like(one, limit=20, metric=metric)
                except nlsearch.QuerySyntax:  # no precursor
                    continue
                taken.append(time.process_time() - begun)
            print(table(metric, {"page": Stats.of(taken)}))
            print(f"p95 {1e3 * np.quantile(taken, 0.95):.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", default="3000,15000")
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--collection", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.collection or Path(temporary)
        folder.mkdir(exist_ok=True)
        for size in map(int, filter(None, given.records.split(","))):
            compare(size, given, folder, random.Random(11))
        if given.copies:
            copies(given.copies, folder, np.random.default_rng(5))
    print(f"records from {FILE.name}")


if __name__ == "__main__":
    main()
