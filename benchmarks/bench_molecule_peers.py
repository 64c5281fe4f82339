"""Substructure beside RDKit's SubstructLibrary, similarity beside FPSim2, and how the ratios grow with the collection.

Usage: ``python benchmarks/bench_molecule_peers.py [--molecules 10000,40000] [--queries 60] [--collection FOLDER]``
(needs ../shared/data).  Collections are made below FOLDER, each once, and used again; without it in a temporary folder.

- Ours is ``Collection.search`` from the text of the query to hits with evidence and items: the first page of 20, and
  ``count="exact"``.  Each call works on a collection opened anew and warmed by queries that look at every molecule and
  find none, so that files are mapped as in a running process, but nothing verified, decoded or compiled is kept.
- ``SubstructLibrary`` holds all molecules decoded in memory (``MolHolder``, ``PatternHolder``), one thread, and gives
  the numbers of all molecules that match, without atoms.  ``useChirality`` as ours.
- ``FPSim2Engine`` holds all fingerprints in memory (Morgan 2, 2,048 bits), one thread, and gives numbers and
  similarities.

Both start from text.  Answers are compared first, molecule by molecule; a difference ends the run.  Then one rival
after the other answers all queries, so that each finds its memory and caches as it left them.  CPU time.
Goals: similarity ≤ 1 × (aim 0.5 ×); substructure, first page ≤ 0.1 ×, exact count ≤ 0.5 × of finding all.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from FPSim2 import FPSim2Engine
from FPSim2.io import create_db_file
from rdkit import Chem, rdBase
from rdkit.Chem import rdSubstructLibrary

import nlsearch
from compounds import collection, mixed_queries, number, query_of, smiles
from nlsearch.handlers.registry import Registry
from nlsearch.index.pins import pinned_snapshot
from nlsearch.limits import Limits
from nlsearch.query.parse import Names, parse
from nlsearch.search.candidates import screen
from nlsearch.search.parts import Part
from nlsearch.search.plan import Planner
from nlsearch.search.view import View
from timing import Stats, measure_in_turns, pooled, table

PAGE = 20
OURS = ("first page of 20", "exact count", "top 10")
EVERYTHING = 100_000
"""Hits of one page at most."""
BANDS = ((0, 19), (20, 999), (1_000, EVERYTHING))
"""Hits of a query: rare, in between, frequent."""
NOTHING = "[!#1;!#5;!#6;!#7;!#8;!#9;!#14;!#15;!#16;!#17;!#34;!#35;!#53]"
"""A condition without any term, so that every molecule is looked at."""
Answer = list[tuple[int, float]]


@dataclass
class Ours:
    """A collection that is opened anew before each call."""

    path: Path
    opened: nlsearch.Collection | None = None

    def renew(self) -> None:
        """Open the collection anew and warm what does not depend on the query."""
        if self.opened is not None:
            self.opened.close()
        self.opened = nlsearch.Collection.open(self.path)
        for query in (f'smarts:"{NOTHING}~{NOTHING}"', 'smiles:"[Xe]"', 'smiles:"[Xe]"~0.0'):
            page = self.opened.search(query, limit=1, count="page")
            if page.hits and not query.endswith("~0.0"):
                raise SystemExit(f"{query} finds something")

    def search(self, query: str, limit: int = PAGE, count: str = "page") -> nlsearch.Page:
        """Ask for the first page."""
        assert self.opened is not None  # noqa: S101 - renew comes first
        page: nlsearch.Page = self.opened.search(query, limit=limit, count=count)  # type: ignore[arg-type]
        return page

    def everything(self, query: str) -> list[nlsearch.Hit]:
        """Return all hits, in order, after checking that pages of either kind are their beginning."""
        self.renew()
        assert self.opened is not None  # noqa: S101 - as above
        first = self.search(query, count="exact")
        hits, after = list(first.hits), first.next
        while after:
            page = self.opened.search(query, limit=EVERYTHING, after=after)
            hits, after = hits + page.hits, page.next
        if first.total != len(hits) or not first.complete:
            raise SystemExit(f"{query}: says {first.total} hits, gives {len(hits)}")
        self.renew()
        lone = self.search(query)
        if [hit.item.id for hit in lone.hits] != [hit.item.id for hit in hits[:PAGE]]:
            raise SystemExit(f"{query}: the first page depends on whether all are counted")
        return hits


class Screening:
    """The candidate stage alone: the text index's answer in all splits, without verification."""

    def __init__(self, path: Path) -> None:
        self.registry = Registry()
        self.names = Names.of(self.registry)
        self.view = View(path, *pinned_snapshot(path, None))

    def root(self, query: str) -> Part:
        """Return the plan of a query."""
        tree = parse(query, self.names, Limits())
        return Planner(self.registry, lambda *_: []).plan(tree, None).root

    def candidates(self, root: Part) -> int:
        """Return how many candidates there are."""
        return sum(len(screen(root, split).keys) for split in self.view.splits)


# --------------------------------------------------------------------------------------------------------- substructure
class Library:
    """RDKit's SubstructLibrary, filled as needed."""

    def __init__(self) -> None:
        self.library = rdSubstructLibrary.SubstructLibrary(
            rdSubstructLibrary.MolHolder(), rdSubstructLibrary.PatternHolder()
        )
        self.parameters = Chem.SubstructMatchParameters()
        self.parameters.useChirality = True
        self.mols: list[Chem.Mol] = []

    def fill(self, texts: list[str]) -> None:
        """Add the molecules that it lacks."""
        for text in texts[len(self.mols) :]:
            self.mols.append(Chem.MolFromSmiles(text) or Chem.Mol())  # what cannot be read matches nothing
            self.library.AddMol(self.mols[-1])

    def matches(self, operator: str, value: str, most: int = -1) -> list[int]:
        """Return the numbers of the molecules that match, all or so many."""
        query = Chem.MergeQueryHs(Chem.MolFromSmarts(value)) if operator == "smarts" else Chem.MolFromSmiles(value)
        return list(self.library.GetMatches(query, self.parameters, numThreads=1, maxResults=most))


def substructure(ours: Ours, library: Library, queries: list[tuple[str, str]], rounds: int) -> None:
    """Compare and measure substructure queries."""
    found: list[int] = []
    let_through: list[int] = []
    screening = Screening(ours.path)
    for operator, value in queries:
        query = query_of(operator, value)
        hits = ours.everything(query)
        expected = library.matches(operator, value)
        same_set(query, {number(hit) for hit in hits}, set(expected), len(hits))
        print(f"  {len(hits):6,} {query}", flush=True)
        if not all(hit.evidence["atoms"] for hit in hits):
            raise SystemExit(f"{query}: hits without atoms")
        found.append(len(hits))
        let_through.append(screening.candidates(screening.root(query)))
    texts = [query_of(*query) for query in queries]
    rivals: dict[str, list[Callable[[], object]]] = {
        "first page of 20": [partial(ours.search, text) for text in texts],
        "exact count": [partial(ours.search, text, count="exact") for text in texts],
        "screen alone": [partial(screening.candidates, screening.root(text)) for text in texts],
        "SubstructLibrary, all": [partial(library.matches, *query) for query in queries],
        "SubstructLibrary, 20": [partial(library.matches, *query, PAGE) for query in queries],
    }
    measured = measure_in_turns(rivals, rounds, before=dict.fromkeys(OURS, ours.renew))
    print(f"hit sets of {len(queries)} queries equal, {sum(found):,} hits, {statistics.median(found):,.0f} a query")
    precision(queries, found, let_through, len(library.mols))
    print(table("substructure and SMARTS", pooled(measured)))
    for ours_name in ("first page of 20", "exact count"):
        ratios(ours_name, "SubstructLibrary, all", measured)
        for low, high in BANDS:
            band = [stats for stats, hits in zip(measured, found, strict=True) if low <= hits <= high]
            if band:
                ratios(f"- {len(band)} queries of {low:,} to {high:,} hits", "SubstructLibrary, all", band, ours_name)
    ratios("first page of 20", "SubstructLibrary, 20", measured)
    print()


def precision(queries: list[tuple[str, str]], found: list[int], let_through: list[int], molecules: int) -> None:
    """Print the share of candidates that are hits; queries that nothing can be screened by apart."""
    pairs = [(hits, some) for hits, some in zip(found, let_through, strict=True) if 0 < some < molecules]
    each = [hits / some for hits, some in pairs]
    print(
        f"verified / candidates: {sum(h for h, _ in pairs) / sum(s for _, s in pairs):.3f} over all, "
        f"{statistics.mean(each):.3f} mean, {statistics.median(each):.3f} median (goal 0.6); "
        f"{sum(some == molecules for some in let_through)} of {len(queries)} queries let everything through"
    )


def same_set(query: str, ours: set[int], theirs: set[int], listed: int) -> None:
    """End the run if hit sets differ, or ours lists an item twice."""
    if ours != theirs or listed != len(ours):
        raise SystemExit(f"{query}: {len(theirs - ours)} lost, {len(ours - theirs)} extra, {listed - len(ours)} twice")


def ratios(title: str, peer: str, measured: list[dict[str, Stats]], ours: str = "") -> None:
    """Print ours over the peer's: of the medians, of the sums, and how single queries spread."""
    mine = [stats[ours or title].median for stats in measured]
    other = [stats[peer].median for stats in measured]
    each = Stats.of([a / b / 1e3 for a, b in zip(mine, other, strict=True)])
    of_medians = statistics.median(mine) / statistics.median(other)
    print(
        f"{title} / {peer}: {of_medians:.3f} of medians, {sum(mine) / sum(other):.3f} of sums; "
        f"single queries {each.p10:.3f} {each.median:.3f} {each.p90:.3f} (p10, median, p90)"
    )


# ----------------------------------------------------------------------------------------------------------- similarity
def fpsim2(folder: Path, texts: list[str]) -> FPSim2Engine:
    """Return FPSim2's engine for the molecules, from a file that is made once."""
    path = folder / f"{len(texts)}" / "morgan.h5"
    if not path.exists():
        made = path.with_suffix(".new.h5")
        rows = [[text, i] for i, text in enumerate(texts)]
        create_db_file(rows, str(made), "smiles", "Morgan", {"radius": 2, "fpSize": 2048})
        made.replace(path)
    return FPSim2Engine(str(path))


def similarity(ours: Ours, engine: FPSim2Engine, queries: list[str], rounds: int) -> None:
    """Compare and measure two thresholds and the best ten."""
    for threshold in (0.7, 0.5):
        found = 0
        for text in queries:
            query = f'smiles:"{text}"~{threshold}'
            mine = [(number(hit), hit.evidence["similarity"]) for hit in ours.everything(query)]
            same_similarities(query, mine, answer(engine.similarity(text, threshold)))
            found += len(mine)
        asked = [f'smiles:"{text}"~{threshold}' for text in queries]
        rivals: dict[str, list[Callable[[], object]]] = {
            "first page of 20": [partial(ours.search, query) for query in asked],
            "exact count": [partial(ours.search, query, count="exact") for query in asked],
            "FPSim2": [partial(engine.similarity, text, threshold) for text in queries],
        }
        measured = measure_in_turns(rivals, rounds, before=dict.fromkeys(OURS, ours.renew))
        print(f"answers of {len(queries)} queries equal, {found:,} hits")
        print(table(f"similarity of at least {threshold}", pooled(measured)))
        ratios("first page of 20", "FPSim2", measured)
        ratios("exact count", "FPSim2", measured)
        print()
    best_ten(ours, engine, queries, rounds)


def best_ten(ours: Ours, engine: FPSim2Engine, queries: list[str], rounds: int) -> None:
    """Compare and measure the ten most similar."""
    for text in queries:
        query = f'smiles:"{text}"~0.0'
        ours.renew()
        mine = [(number(hit), hit.evidence["similarity"]) for hit in ours.search(query, limit=10).hits]
        theirs = answer(engine.top_k(text, 10, 0.0))
        last = min(value for _, value in mine) + 1e-6
        if not np.allclose(sorted(v for _, v in mine), sorted(v for _, v in theirs), atol=1e-6):
            raise SystemExit(f"{query}: other similarities than FPSim2's")
        same_similarities(query, *([pair for pair in some if pair[1] > last] for some in (mine, theirs)))
    rivals: dict[str, list[Callable[[], object]]] = {
        "top 10": [partial(ours.search, f'smiles:"{text}"~0.0', limit=10) for text in queries],
        "FPSim2": [partial(engine.top_k, text, 10, 0.0) for text in queries],
    }
    measured = measure_in_turns(rivals, rounds, before=dict.fromkeys(OURS, ours.renew))
    print(f"answers of {len(queries)} queries equal (ties at the last place apart)")
    print(table("top 10", pooled(measured)))
    ratios("top 10", "FPSim2", measured)
    print()


def answer(found: np.ndarray) -> Answer:
    """Return FPSim2's answer as (number, similarity)."""
    return [(int(row["mol_id"]), float(row["coeff"])) for row in found]


def same_similarities(query: str, mine: Iterable[tuple[int, float]], theirs: Iterable[tuple[int, float]]) -> None:
    """End the run if the molecules or their similarities differ (FPSim2 computes with 32 bits)."""
    mine, theirs = sorted(mine), sorted(theirs)
    same_set(query, {i for i, _ in mine}, {i for i, _ in theirs}, len(mine))
    if not np.allclose([v for _, v in mine], [v for _, v in theirs], atol=1e-6):
        raise SystemExit(f"{query}: other similarities than FPSim2's")


# ------------------------------------------------------------------------------------------------------------------ run
def run(folder: Path, sizes: list[int], queries: int, similar: int, rounds: int) -> None:
    """Measure at every size, with the same queries."""
    texts = smiles(max(sizes))
    library = Library()
    library.fill(texts[: min(sizes)])
    dice = random.Random(3)
    asked = mixed_queries(library.mols, queries, dice)
    alike = dice.sample(texts[: min(sizes)], similar)
    for size in sorted(sizes):
        print(f"===== {size:,} molecules", flush=True)
        ours = Ours(collection(folder, size))
        library.fill(texts[:size])
        with rdBase.BlockLogs():
            substructure(ours, library, asked, rounds)
            similarity(ours, fpsim2(folder, texts[:size]), alike, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--molecules", default="10000,40000", help="sizes, with commas between them")
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--similar", type=int, default=30, help="molecules asked for by similarity")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--collection", type=Path, help="folder that keeps the collections")
    given = parser.parse_args()
    sizes = [int(size) for size in given.molecules.split(",")]
    if given.collection:
        run(given.collection, sizes, given.queries, given.similar, given.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), sizes, given.queries, given.similar, given.rounds)


if __name__ == "__main__":
    main()
