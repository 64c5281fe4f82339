"""The 20 most similar of 140,000 molecules, beside FPSim2 in memory, one thread, on the same fingerprints.

RDKit Morgan fingerprints (radius 2, 2,048 bits) of ../shared/data/molecules/*.smi.gz, made once by FPSim2 and kept in
the folder of temporary files; without the data, or with ``random`` as argument, sparse random bit sets.  FPSim2
answers ``top_k(k=20, threshold=0)`` and ``similarity(0.7)``; its search alone, without the conversion of the query
from RDKit, is measured.  Ours is :meth:`VectorIndex.nearest` on memory-mapped files.  Answers are compared first.

Usage: python benchmarks/bench_tanimoto.py [random] [queries]
Goal: ≤ 1.5 × FPSim2's CPU; aim < 1 ×.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from FPSim2 import FPSim2Engine
from FPSim2.FPSim2lib import GenericSearch
from FPSim2.io import create_db_file
from FPSim2.io.chem import METRICS, get_bounds_range
from rdkit import RDLogger

from nlsearch.handlers.contract import VectorSpace
from nlsearch.index.vectors import VectorIndex, VectorWriter
from nlsearch.kernels import NATIVE
from nlsearch.model import Nearest
from timing import measure, pooled, table

HERE = Path(__file__).resolve().parent
MOLECULES = HERE.parent.parent / "shared" / "data" / "molecules"
FILES = ("muv.93k.smi.gz", "znp.50k.smi.gz")
SPACE = VectorSpace("molecule.morgan", 2048, "tanimoto")
PAGE = 20
ROUNDS = 7


def fpsim2_file() -> Path:
    """Return FPSim2's file of fingerprints, made on the first call."""
    path = Path(tempfile.gettempdir(), "nlsearch-bench-morgan.h5")
    if path.exists():
        return path
    RDLogger.DisableLog("rdApp.*")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        texts = [gzip.decompress((MOLECULES / name).read_bytes()).decode() for name in FILES]
        smiles = [line.split()[0] for text in texts for line in text.splitlines()]
        source, made = Path(folder, "all.smi"), Path(folder, "all.h5")
        source.write_text("\n".join(f"{text} {number}" for number, text in enumerate(smiles)))
        create_db_file(str(source), str(made), None, "Morgan", {"radius": 2, "fpSize": 2048})
        made.replace(path)
    return path


def random_rows(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return rows as FPSim2 holds them: number, 32 words, count; sorted by count."""
    weights = rng.pareto(1.0, 2048) + 0.2
    chance = np.minimum(weights / weights.sum() * rng.normal(45, 12, (n, 1)).clip(8), 0.9)
    bits = np.packbits(rng.random((n, 2048), dtype=np.float32) < chance, axis=1).view("<u8")
    counts = np.bitwise_count(bits).sum(axis=1)
    rows = np.column_stack([np.arange(n, dtype=np.uint64), bits, counts.astype(np.uint64)])
    return np.ascontiguousarray(rows[np.argsort(counts, kind="stable")])


class Peer:
    """FPSim2's in-memory search: bounds by count, then its compiled loop, one thread."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows
        counts = rows[:, -1].astype(int)
        values, first = np.unique(counts, return_index=True)
        ends = np.append(first[1:], len(counts))
        self.bins = [(int(v), (int(a), int(b))) for v, a, b in zip(values, first, ends, strict=True)]

    def search(self, query: np.ndarray, threshold: float, k: int) -> np.ndarray:
        """Do what ``FPSim2Engine._search`` does with a query that is loaded."""
        bounds = get_bounds_range(query, threshold, None, None, self.bins, "tanimoto")
        return GenericSearch(query, self.rows, threshold, k, METRICS["tanimoto"], *bounds)


def same_answers(ours: tuple[np.ndarray, np.ndarray], theirs: np.ndarray, limit: int | None) -> bool:
    """Compare similarities, and items wherever ties at the last place leave no choice."""
    keys, similarities = ours
    if not np.allclose(similarities, theirs["coeff"], atol=1e-6):
        return False
    last = similarities[-1] if limit is not None and len(similarities) else -1
    return set(keys[similarities > last].tolist()) == set(theirs["mol_id"][theirs["coeff"] > last + 1e-6].tolist())


def main() -> None:
    words = sys.argv[1:]
    rng = np.random.default_rng(1)
    synthetic = "random" in words or not MOLECULES.is_dir()
    queries = next((int(word) for word in words if word.isdecimal()), 60)
    rows = random_rows(140_000, rng) if synthetic else np.ascontiguousarray(FPSim2Engine(str(fpsim2_file())).fps)
    peer = Peer(rows)
    with tempfile.TemporaryDirectory() as folder:
        writer = VectorWriter(Path(folder), SPACE)
        for row in rows:
            writer.add(int(row[0]), row[1:-1].view(np.uint8))
        writer.finish()
        index = VectorIndex(Path(folder), SPACE)
        what = "random bit sets" if synthetic else "Morgan fingerprints"
        print(f"{len(rows):,} {what}, {queries} of them as queries, native kernels: {NATIVE}")
        chosen = rows[rng.choice(len(rows), queries, replace=False)]
        for title, threshold, limit in (("top 20", 0.0, PAGE), ("all of at least 0.7", 0.7, None)):
            report(title, index, peer, chosen, threshold, limit)


def report(title: str, index: VectorIndex, peer: Peer, chosen: np.ndarray, threshold: float, limit: int | None) -> None:
    """Compare and measure one kind of question."""
    measured = []
    for query in chosen:
        question = Nearest(SPACE.name, query[1:-1].tobytes(), threshold, limit)
        calls: dict[str, Callable[[], object]] = {
            "nlsearch": lambda question=question: index.nearest(question),
            "FPSim2": lambda query=query: peer.search(query, threshold, limit or 0),
        }
        if not same_answers(index.nearest(question), peer.search(query, threshold, limit or 0), limit):
            sys.exit(f"answers differ for molecule {query[0]}")
        measured.append(measure(calls, ROUNDS))
    stats = pooled(measured)
    print(table(title, stats))
    print(f"nlsearch / FPSim2: {stats['nlsearch'].median / stats['FPSim2'].median:.2f}  (answers equal)\n")


if __name__ == "__main__":
    main()
