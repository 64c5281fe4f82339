"""Scores of spectra beside ms_entropy's and matchms', pair by pair, and pages of hits beside the ranking of all.

Usage: ``python benchmarks/bench_spectrum_equality.py [--pairs 6000] [--queries 100] [--collection FOLDER]`` (needs
../shared/data, ms_entropy and matchms).

Pairs: half of two records of one compound, half at random, on the same cleaned peaks.  Entropy, neutral loss and
hybrid by ms_entropy (pairwise code, and Flash search for the last two), cosine, modified cosine and cosine of neutral
losses by matchms, greedy and optimal.  Pages: every hit of ``like`` with its score, in order, beside all records scored
one by one with the published code.  A difference of more than 1e-5 is counted.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matchms import Spectrum as Theirs
from matchms.similarity import (
    CosineGreedy,
    CosineHungarian,
    ModifiedCosineGreedy,
    ModifiedCosineHungarian,
    NeutralLossesCosine,
)
from ms_entropy import FlashEntropySearch, calculate_entropy_similarity
from ms_entropy import clean_spectrum as compiled_clean_spectrum
from ms_entropy.spectra.tools import clean_spectrum

from massbank import Record, at_the_edge, collection, records, similarity

TOLERANCE = 0.01
CLOSE = 1e-5


def theirs(record: Record) -> Theirs:
    cleaned = record.cleaned
    metadata = {} if math.isnan(record.precursor) else {"precursor_mz": record.precursor}
    return Theirs(
        cleaned.positions.astype(np.float64),
        cleaned.intensities.astype(np.float64),
        metadata,
        metadata_harmonization=False,
    )


def ours(metric: str, a: Record, b: Record, **more: object) -> float:
    return similarity(metric, a, b, TOLERANCE, **more)


def flash_of(kept: list[Record]) -> tuple[FlashEntropySearch, list[int]]:
    """Return their index of records, and where each stands in it."""
    index = FlashEntropySearch(max_ms2_tolerance_in_da=TOLERANCE)
    listed = [{"precursor_mz": r.precursor, "peaks": r.peaks, "number": n} for n, r in enumerate(kept)]
    built = index.build_index(listed, clean_spectra=False, min_ms2_difference_in_da=2 * TOLERANCE)
    return index, [one["number"] for one in built]


def pairs_of(found: list[Record], count: int, rng: random.Random) -> list[tuple[Record, Record]]:
    by_compound = defaultdict(list)
    for record in found:
        by_compound[record.inchikey[:14]].append(record)
    groups = [group for key, group in by_compound.items() if key and len(group) > 1]
    same = [tuple(rng.sample(rng.choice(groups), 2)) for _ in range(count // 2)]
    return same + [(rng.choice(found), rng.choice(found)) for _ in range(count - len(same))]  # type: ignore[return-value]


def compare_pairs(found: list[Record], count: int, rng: random.Random) -> None:
    measures = {
        ("cosine", False): CosineGreedy(TOLERANCE),
        ("cosine", True): CosineHungarian(TOLERANCE),
        ("modified", False): ModifiedCosineGreedy(TOLERANCE),
        ("modified", True): ModifiedCosineHungarian(TOLERANCE),
    }
    losses = NeutralLossesCosine(TOLERANCE)
    differences: dict[str, list[float]] = defaultdict(list)
    edges: dict[str, int] = defaultdict(int)
    for a, b in pairs_of(found, count, rng):
        expected = calculate_entropy_similarity(a.peaks, b.peaks, ms2_tolerance_in_da=TOLERANCE, clean_spectra=False)
        differences["entropy"].append(abs(ours("entropy", a, b) - expected))
        x, y = theirs(a), theirs(b)
        for (metric, optimal), measure in measures.items():
            said = float(measure.pair(y, x)["score"])
            name = f"{metric}, {'optimal' if optimal else 'greedy'}"
            differences[name].append(abs(ours(metric, a, b, optimal=optimal) - said))
        said = float(losses.pair(y, x)["score"])
        differences["neutral loss, cosine"].append(abs(ours("neutral_loss", a, b, base="cosine") - said))
    index, order = flash_of(found)
    for a in rng.sample(found, max(1, count // 2000)):
        said_of = {
            "neutral_loss": index.neutral_loss_search(a.precursor, a.peaks.copy(), TOLERANCE),
            "hybrid": index.hybrid_search(
                precursor_mz=a.precursor, peaks=a.peaks.copy(), ms2_tolerance_in_da=TOLERANCE
            ),
        }
        for metric, scores in said_of.items():
            for place in rng.sample(range(len(order)), 2000):
                other = found[order[place]]
                name = f"{metric.replace('_', ' ')}, entropy"
                difference = abs(ours(metric, a, other) - float(scores[place]))
                if difference > CLOSE and at_the_edge(metric, a, other, TOLERANCE, float(scores[place])):
                    edges[name] += 1
                else:
                    differences[name].append(difference)
    print(f"{'':24} {'pairs':>7} {'largest difference':>20} {'over 1e-5':>10} {'peaks at the edge':>18}")
    for name, held in differences.items():
        wrong = sum(d > CLOSE for d in held)
        print(f"{name:24} {len(held) + edges[name]:7,} {max(held):20.1e} {wrong:10} {edges[name]:18}")


def compare_cleaning(found: list[Record]) -> None:
    wrong = {clean_spectrum: 0, compiled_clean_spectrum: 0}
    for record in found:
        positions = np.frombuffer(record.payload, "<f8", *_span(record))
        heights = np.frombuffer(record.payload, "<f4", len(positions), 16 + 8 * len(positions))
        limit = record.precursor - 1.6 if record.precursor > 0 else -1
        for cleaner in wrong:
            said = cleaner(
                np.column_stack([positions, heights]), max_mz=limit, noise_threshold=0.01,
                min_ms2_difference_in_da=2 * TOLERANCE,
            )  # fmt: skip
            same = said.shape == record.peaks.shape and np.allclose(said, record.peaks, rtol=1e-5, atol=1e-7)
            wrong[cleaner] += not same
    plain, compiled = wrong.values()
    print(f"cleaning: {len(found):,} records; {plain} differ from clean_spectrum in Python, {compiled} from its C")


def _span(record: Record) -> tuple[int, int]:
    return int(np.frombuffer(record.payload, "<u4", 1, 4)[0]), 16


def compare_pages(found: list[Record], opened: object, count: int, rng: random.Random) -> None:
    scorers: dict[str, Callable[[Record, Record], float]] = {
        "entropy": lambda a, b: float(
            calculate_entropy_similarity(a.peaks, b.peaks, ms2_tolerance_in_da=TOLERANCE, clean_spectra=False)
        ),
        "cosine": lambda a, b: float(CosineGreedy(TOLERANCE).pair(_held(b), _held(a))["score"]),
        "modified": lambda a, b: float(ModifiedCosineGreedy(TOLERANCE).pair(_held(b), _held(a))["score"]),
    }
    ids = {record.locator: record for record in found}
    for metric, score in scorers.items():
        checked = lost = extra = wrong = disordered = 0
        usable = [r for r in found if len(r.cleaned.positions) and (metric != "modified" or r.precursor > 0)]
        for query in rng.sample(usable, count if metric == "entropy" else max(1, count // 5)):
            page = opened.search(  # type: ignore[attr-defined]
                f'like:"{massbank_id(query)}"{{metric={metric}}}', limit=100_000, count="exact"
            )
            said = {hit.item.locator: hit.score for hit in page.hits}
            scores = [hit.score for hit in page.hits if hit.tier == "near"]
            disordered += scores != sorted(scores, reverse=True)
            for locator, other in ids.items():
                if metric == "modified" and not other.precursor > 0:
                    continue
                expected = score(query, other)
                checked += 1
                lost += expected >= 0.5 + CLOSE and locator not in said
                extra += expected < 0.5 - CLOSE and locator in said
                wrong += locator in said and abs(said[locator] - expected) > CLOSE
        print(
            f"pages by {metric}: {checked:,} pairs, {lost} hits lost, {extra} too many, {wrong} of another score, "
            f"{disordered} pages out of order"
        )


_HELD: dict[str, Theirs] = {}


def _held(record: Record) -> Theirs:
    if record.locator not in _HELD:
        _HELD[record.locator] = theirs(record)
    return _HELD[record.locator]


def massbank_id(record: Record) -> str:
    from massbank import FILE

    return f"{FILE}{record.locator}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=6000)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--collection", type=Path)
    given = parser.parse_args()
    rng = random.Random(7)
    found = records()
    compare_cleaning(found)
    scored = [record for record in found if len(record.cleaned.positions) and record.precursor > 0]
    compare_pairs(scored, given.pairs, rng)
    with tempfile.TemporaryDirectory() as temporary, collection(given.collection or Path(temporary)) as opened:
        compare_pages(found, opened, given.queries, rng)


if __name__ == "__main__":
    main()
