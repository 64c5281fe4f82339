"""Structural terms in common: 100 terms of one item asked of 100,000 items of 100 terms, the best 20.

Beside Tantivy used directly on the same terms with the same query.  Item terms: 60 of common fragments (Pareto
frequencies, as fingerprint bits have) and 40 shared within a family of items.

Usage: python benchmarks/bench_overlap.py [items] [queries]
Goal: at most 1.3 times the CPU of Tantivy used directly.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur, Query

from nlsearch.handlers.contract import TermSpace
from nlsearch.index.split import Split, SplitWriter
from nlsearch.index.textquery import HasTerms
from nlsearch.model import Entry, Features
from timing import Stats, measure, pooled, table

SPACE = "bench.fragments"
COMMON, FAMILY = 60, 40
FAMILIES = 500
PAGE = 20
ROUNDS = 9


def make_sets(items: int, rng: np.random.Generator) -> list[NDArray[np.uint64]]:
    """Return the terms of each item, sorted and unique, 100 each."""
    families = rng.integers(2**20, 2**63, (FAMILIES, FAMILY), dtype=np.uint64)
    sets = []
    for _ in range(items):
        common = np.unique((rng.pareto(0.6, 10 * COMMON) + 1).clip(max=2**19).astype(np.uint64) % 20_000)
        chosen = rng.choice(common, min(COMMON, len(common)), replace=False)
        sets.append(np.union1d(chosen, families[int(rng.integers(FAMILIES))]))
    return sets


def write_split(directory: Path, sets: list[NDArray[np.uint64]]) -> Split:
    """Write the items as a split."""
    with SplitWriter(directory, {SPACE: TermSpace(SPACE)}, {}, {"document": 1}) as writer:
        for number, terms in enumerate(sets, 1):
            writer.add(Entry(1, "document", "/", f"#{number}", number, "", Features(terms={SPACE: terms})))
        writer.finish()
    return Split(directory)


class Direct:
    """Tantivy as one would use it for this alone: one field of terms."""

    def __init__(self, directory: Path, sets: list[NDArray[np.uint64]]) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("terms", tokenizer_name="whitespace", index_option="basic")
        directory.mkdir()
        index = tantivy.Index(builder.build(), path=str(directory))
        writer = index.writer(heap_size=1_000_000_000, num_threads=1)
        for terms in sets:
            document = tantivy.Document()
            document.add_text("terms", " ".join([f"{term:x}" for term in terms.tolist()]))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self.searcher, self.schema = index.searcher(), index.schema

    def top(self, terms: list[int], *, count: bool) -> tuple[list[int], list[float]]:
        """Return the best 20, by the number of shared terms or by BM25."""
        asked = [Query.term_query(self.schema, "terms", f"{term:x}", "basic") for term in terms]
        if count:
            asked = [Query.const_score_query(term, 1.0) for term in asked]
        hits = self.searcher.search(Query.boolean_query([(Occur.Should, term) for term in asked]), PAGE).hits
        return [place.doc for _, place in hits], [score for score, _ in hits]


def ask(split: Split, terms: list[int], *, count: bool) -> tuple[list[int], list[float]]:
    """Ask ours."""
    keys, scores, _ = split.text.top(HasTerms(SPACE, terms, 1, by_rarity=not count), PAGE)
    return keys, scores


def main() -> None:
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    amount = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    rng = np.random.default_rng(7)
    sets = make_sets(items, rng)
    with tempfile.TemporaryDirectory() as folder:
        split, direct = write_split(Path(folder, "split"), sets), Direct(Path(folder, "direct"), sets)
        queries = [sets[int(rng.integers(items))].tolist() for _ in range(amount)]
        size = np.mean([len(terms) for terms in queries])
        print(f"{items:,} items, {amount} queries of {size:.0f} terms; the best {PAGE} must be equal")
        for count, what in ((True, "number of shared terms"), (False, "BM25")):
            stats = pooled([compare(split, direct, terms, count=count) for terms in queries])
            print(table(f"best {PAGE} by {what}", stats))
            ratio = stats["nlsearch"].median / stats["Tantivy directly"].median
            print(f"nlsearch / Tantivy directly at the median: {ratio:.2f}\n")


def compare(split: Split, direct: Direct, terms: list[int], *, count: bool) -> dict[str, Stats]:
    """Check that both answer the same, then measure both."""
    ours, theirs = ask(split, terms, count=count), direct.top(terms, count=count)
    assert ours[0] == theirs[0], terms  # noqa: S101
    assert np.allclose(ours[1], theirs[1], rtol=1e-4), terms  # noqa: S101
    rivals = {
        "nlsearch": lambda: ask(split, terms, count=count),
        "Tantivy directly": lambda: direct.top(terms, count=count),
    }
    return measure(rivals, ROUNDS)


if __name__ == "__main__":
    main()
