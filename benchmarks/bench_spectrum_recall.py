"""How often the best hit of a spectrum is another spectrum of the same compound, by metric, beside the peers.

Usage: ``python benchmarks/bench_spectrum_recall.py [--queries 200] [--collection FOLDER]`` (needs ../shared/data,
ms_entropy and matchms).

Queries are records whose compound (first block of the InChIKey) has another record; the query itself is left out.
Recall@k: the share of queries with a record of the compound among the first k hits.  With the precursor: only records
whose precursor is within 0.01 Da.  Peers rank the same cleaned spectra by their own scores, ours are pages of ``like``;
scores that are equal in six decimals are ties, which stand in the order of the file.  Tolerance 0.01 Da; scores below
0.01 do not count.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matchms import Spectrum as Theirs
from matchms.similarity import CosineGreedy, ModifiedCosineGreedy
from ms_entropy import FlashEntropySearch

import nlsearch
from massbank import FILE, Record, collection, records

TOLERANCE, NEAR_DA, LEAST = 0.01, 0.01, 0.01
METRICS = ("entropy", "cosine", "modified", "neutral_loss", "hybrid")
Scores = Callable[[Record], np.ndarray]


def theirs(record: Record) -> Theirs:
    cleaned = record.cleaned
    return Theirs(
        cleaned.positions.astype(float),
        cleaned.intensities.astype(float),
        {"precursor_mz": record.precursor},
        metadata_harmonization=False,
    )


def peers(found: list[Record]) -> dict[str, Scores]:
    """Return by metric what gives the scores of all records."""
    index = FlashEntropySearch(max_ms2_tolerance_in_da=TOLERANCE)
    listed = [{"precursor_mz": r.precursor, "peaks": r.peaks, "number": n} for n, r in enumerate(found)]
    order = [one["number"] for one in index.build_index(listed, clean_spectra=False)]
    held = [theirs(record) for record in found]

    def flash(method: str) -> Scores:
        def ask(query: Record) -> np.ndarray:
            said = index.search(
                precursor_mz=query.precursor, peaks=query.peaks, ms2_tolerance_in_da=TOLERANCE, method=method,
                precursor_ions_removal_da=None, noise_threshold=0, min_ms2_difference_in_da=2 * TOLERANCE,
            )  # fmt: skip
            scores = np.zeros(len(found))
            scores[order] = said[f"{method}_search"]
            return scores

        return ask

    def pairwise(measure: CosineGreedy | ModifiedCosineGreedy) -> Scores:
        return lambda query: np.array([float(measure.pair(one, theirs(query))["score"]) for one in held])

    return {
        "entropy": flash("open"),
        "cosine": pairwise(CosineGreedy(TOLERANCE)),
        "modified": pairwise(ModifiedCosineGreedy(TOLERANCE)),
        "neutral_loss": flash("neutral_loss"),
        "hybrid": flash("hybrid"),
    }


def rank(order: list[Record], query: Record, *, near: bool) -> int:
    """Return at which place (from 1) the first record of the compound stands, 0 if nowhere."""
    place = 0
    for one in order:
        if one.locator == query.locator or (near and not is_near(one, query)):
            continue
        place += 1
        if one.inchikey[:14] == query.inchikey[:14]:
            return place
    return 0


def is_near(one: Record, query: Record) -> bool:
    return abs(one.precursor - query.precursor) <= NEAR_DA


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--collection", type=Path)
    given = parser.parse_args()
    found = [r for r in records() if len(r.cleaned.positions) and r.precursor > 0 and not math.isnan(r.precursor)]
    compounds = Counter(record.inchikey[:14] for record in found if record.inchikey)
    usable = [record for record in found if compounds[record.inchikey[:14]] > 1 and record.inchikey]
    queries = random.Random(3).sample(usable, given.queries)
    print(f"{len(found):,} records, {len(usable):,} with another record of the compound, {len(queries)} queries")
    by_locator = {record.locator: record for record in found}
    rivals = peers(found)
    with tempfile.TemporaryDirectory() as temporary, collection(given.collection or Path(temporary)) as opened:
        print(f"{'':14} {'any precursor':^37}   {'precursor within 0.01 Da':^37}")
        print(f"{'':14} {'ours @1':>8} {'@10':>8} {'peer @1':>8} {'@10':>8}   " * 2)
        for metric in METRICS:
            ranks: dict[str, list[int]] = {"ours": [], "peer": [], "ours near": [], "peer near": []}
            for query in queries:
                for near in (False, True):
                    name = " near" if near else ""
                    ranks["ours" + name].append(rank(ours(opened, query, metric, by_locator, near), query, near=near))
                scores = rivals[metric](query)
                order = [
                    found[at] for at in np.argsort(-np.round(scores, 6), kind="stable").tolist() if scores[at] >= LEAST
                ]
                ranks["peer"].append(rank(order, query, near=False))
                ranks["peer near"].append(rank(order, query, near=True))
            row = [shares(ranks[name]) for name in ("ours", "peer", "ours near", "peer near")]
            print(f"{metric:14} {row[0]} {row[1]}   {row[2]} {row[3]}")


def shares(ranks: list[int]) -> str:
    at_1, at_10 = (sum(0 < place <= k for place in ranks) / len(ranks) for k in (1, 10))
    return f"{at_1:8.3f} {at_10:8.3f}"


def ours(opened: nlsearch.Collection, query: Record, metric: str, known: dict[str, Record], near: bool) -> list[Record]:
    options = {"precursor_da": NEAR_DA} if near else {}
    page = opened.like(f"{FILE}{query.locator}", limit=1000, minimum=LEAST, metric=metric, **options)  # type: ignore[arg-type]
    hits = {hit.item.locator: round(hit.score, 6) for hit in page.hits if hit.item.locator in known}
    places = {locator: place for place, locator in enumerate(known)}
    return [known[locator] for locator in sorted(hits, key=lambda one: (-hits[one], places[one]))]


if __name__ == "__main__":
    main()
