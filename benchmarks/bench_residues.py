"""Local alignment of proteins: billions of cells a second of each kernel, beside pyopal and parasail where installed.

Random proteins with the usual composition, in lengths as bacteria have them.  Scores are compared first.  The ungapped
kernel is exhaustive, on every diagonal; if its figure falls below a tenth of what it was, the compiler has stopped
vectorising its inner loop, which is silent otherwise.

Usage: python benchmarks/bench_residues.py [targets]
Goals on AVX2, one thread: ungapped ≥ 30, Smith-Waterman ≥ 2 Gcells/s for a query of 300 residues.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from nlsearch.handlers.sequences.aminoacids import letters
from nlsearch.handlers.sequences.composition import _USUAL
from nlsearch.handlers.sequences.matrices import scheme_of
from nlsearch.kernels import NATIVE
from nlsearch.kernels.residues import align_residues, local_places, smith_waterman, ungapped_scores
from timing import measure

LAYOUT = {"offset": 4, "length_at": 0}
ROUNDS = 5
ALIGNED = 100


def chains(count: int, rng: np.random.Generator) -> list[bytes]:
    usual = np.array(_USUAL) / sum(_USUAL)
    lengths = rng.gamma(2.2, 150, count).astype(int) + 30
    return [rng.choice(20, length, p=usual).astype(np.uint8).tobytes() for length in lengths]


def installed(name: str) -> Any | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def compare(name: str, theirs: list[int], ours: np.ndarray) -> None:
    if theirs != ours.tolist():
        raise SystemExit(f"the scores of {name} differ")


def rivals(query: bytes, targets: list[bytes], ours: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return what the libraries that are installed do with the same, once their scores are the same."""
    made: dict[str, Callable[[], object]] = {}
    text, texts = letters(query), [letters(target) for target in targets]
    pyopal, matrices = installed("pyopal"), installed("scoring_matrices")
    if pyopal and matrices:
        scores = matrices.ScoringMatrix.from_name("BLOSUM62")
        database, aligner = pyopal.Database(texts), pyopal.Aligner(scores, gap_open=12, gap_extend=1)
        theirs = [hit.score for hit in aligner.align(text, database, algorithm="sw")]
        compare("pyopal", theirs, ours)
        made["pyopal"] = lambda: aligner.align(text, database, algorithm="sw")
    if parasail := installed("parasail"):
        profile = parasail.profile_create_sat(text, parasail.blosum62)
        few = texts[:1000]

        def score_all() -> list[int]:
            return [parasail.sw_striped_profile_sat(profile, one, 12, 1).score for one in few]

        compare("parasail", score_all(), ours[:1000])
        made["parasail"] = score_all
    return made


def main() -> None:
    rng = np.random.default_rng(1)
    targets = chains(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, rng)
    records = [len(target).to_bytes(4, "little") + target for target in targets]
    sizes = np.array([len(target) for target in targets])
    matrix = scheme_of("BLOSUM62").matrix
    print(f"{len(targets):,} targets, {sizes.sum():,} residues, compiled: {NATIVE}; Gcells/s, median of {ROUNDS}")
    for length in (30, 100, 300, 1000):
        query = rng.choice(20, length).astype(np.uint8).tobytes()
        scores = smith_waterman(matrix, query, records, **LAYOUT)
        calls: dict[str, Callable[[], object]] = {
            "ungapped": lambda q=query: ungapped_scores(matrix, q, records, **LAYOUT),
            "gapped": lambda q=query: smith_waterman(matrix, q, records, **LAYOUT),
            "places": lambda q=query, s=scores: local_places(matrix, q, records, s, **LAYOUT),
            "align": lambda q=query: [align_residues(matrix, q, target) for target in targets[:ALIGNED]],
            **rivals(query, targets, scores),
        }
        taken = measure(calls, ROUNDS)
        few = {"align": sizes[:ALIGNED].sum(), "parasail": sizes[:1000].sum()}
        rates = {name: length * few.get(name, sizes.sum()) / stats.median / 1e6 for name, stats in taken.items()}
        print(f"query of {length:>5}: " + ", ".join(f"{name} {rate:.2f}" for name, rate in rates.items()))


if __name__ == "__main__":
    main()
