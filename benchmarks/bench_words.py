"""Word queries on a collection, beside SQLite FTS5 over the same text.

100,000 items of about 30 words whose frequencies follow Zipf's law, queries of 1 to 3 words of mixed frequencies
(AND), the best 20 by BM25 and the number of all matches.  Both must count the same matches.  ``nlsearch`` is the whole
of ``Collection.search``, from the text of the query to hits with evidence; its text index alone is listed beside it.

Usage: python benchmarks/bench_words.py [items] [queries]
Goal: median ≤ 2 ms, p99 ≤ 10 ms, and a tenth of FTS5's median.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import nlsearch
from nlsearch.index.split import Split
from nlsearch.index.textquery import HasWords
from timing import Stats, measure, pooled, table

HANDLERS = Path(__file__).parent / "line_handlers"
WORDS = 50_000
LENGTH = 30
PAGE = 20
ROUNDS = 9


def make_texts(items: int, rng: np.random.Generator) -> list[str]:
    """Return texts of words of Zipf's law (exponent 1)."""
    weights = 1 / np.arange(1, WORDS + 1)
    lengths = np.maximum(1, rng.poisson(LENGTH, items))
    drawn = rng.choice(WORDS, lengths.sum(), p=weights / weights.sum())
    spelt = [spell(number) for number in range(WORDS)]
    return [" ".join(spelt[n] for n in part) for part in np.split(drawn, np.cumsum(lengths)[:-1])]


def spell(number: int) -> str:
    """Return a pronounceable word for a number."""
    word = ""
    number += 1
    while number:
        number, digit = divmod(number, 80)
        word += "bdfgklmnprstvxzh"[digit % 16] + "aeiou"[digit // 16]
    return word


def make_queries(texts: list[str], amount: int, rng: np.random.Generator) -> list[str]:
    """Return queries of 1 to 3 words: half from one text (so that they match), half of independent frequency ranks."""
    ranks = np.exp(rng.uniform(0, np.log(WORDS), (amount, 3))).astype(int)
    queries = []
    for number in range(amount):
        size = 1 + number % 3
        if number % 2:
            words = texts[int(rng.integers(len(texts)))].split()
            queries.append(" ".join(rng.choice(words, min(size, len(words)), replace=False)))
        else:
            queries.append(" ".join(spell(int(rank) - 1) for rank in ranks[number, :size]))
    return queries


def write_collection(folder: Path, texts: list[str]) -> nlsearch.Collection:
    """Index the texts, into one split."""
    (folder / "texts.lines").write_text("\n".join(texts) + "\n")
    collection = nlsearch.Collection.open(folder / "x.nls", create=True, handlers_dirs=[HANDLERS])
    collection.index([folder / "texts.lines"])
    collection.merge()
    return collection


def write_rival(path: Path, texts: list[str]) -> sqlite3.Connection:
    """Write the texts as an FTS5 table, optimised."""
    rival = sqlite3.connect(path)
    rival.execute("CREATE VIRTUAL TABLE t USING fts5(words, content='', tokenize='unicode61')")
    rival.executemany("INSERT INTO t(rowid, words) VALUES (?, ?)", ((n, text) for n, text in enumerate(texts)))
    rival.execute("INSERT INTO t(t) VALUES ('optimize')")
    rival.commit()
    return rival


def ask_rival(rival: sqlite3.Connection, query: str) -> tuple[list[int], int]:
    """Return the best 20 and the number of all matches."""
    best = rival.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (query, PAGE)).fetchall()
    (count,) = rival.execute("SELECT count(*) FROM t WHERE t MATCH ?", (query,)).fetchone()
    return [row for (row,) in best], count


def ask_rival_page(rival: sqlite3.Connection, query: str) -> list[int]:
    """Return the best 20 only."""
    rows = rival.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (query, PAGE)).fetchall()
    return [row for (row,) in rows]


def main() -> None:
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    amount = int(sys.argv[2]) if len(sys.argv) > 2 else 120
    rng = np.random.default_rng(7)
    texts = make_texts(items, rng)
    queries = make_queries(texts, amount, rng)
    with tempfile.TemporaryDirectory() as folder, write_collection(Path(folder), texts) as collection:
        (directory,) = Path(folder, "x.nls", "splits").iterdir()
        split = Split(directory)
        rival = write_rival(Path(folder, "rival.db"), texts)
        print(f"{items:,} items, {amount} queries; split {split.info.total_bytes / 1e6:.1f} MB")
        per_query: list[dict[str, Stats]] = []
        matched = 0
        for query in queries:
            page = collection.search(query, limit=PAGE)
            _, count = ask_rival(rival, query)
            assert (page.total, len(page.hits)) == (count, min(count, PAGE)), (query, page.total, count)  # noqa: S101
            matched += count > 0
            per_query.append(measure(rivals(collection, split, rival, query), ROUNDS))
        print(f"hit counts equal for all {amount} queries, {matched} of them with matches")
        stats = pooled(per_query)
        print(table(f"best {PAGE} and total, medians of {ROUNDS} rounds over queries", stats))
        ours = stats["nlsearch"].median
        for name in ("FTS5", "FTS5, no total"):
            print(f"nlsearch / {name} at the median: {ours / stats[name].median:.3f}")
        rival.close()
        split.close()


def rivals(
    collection: nlsearch.Collection, split: Split, rival: sqlite3.Connection, query: str
) -> dict[str, Callable[[], object]]:
    """Return the callables to measure for one query."""
    return {
        "nlsearch": lambda: collection.search(query, limit=PAGE),
        "its text index": lambda: split.text.top(HasWords(query), PAGE),
        "FTS5": lambda: ask_rival(rival, query),
        "FTS5, no total": lambda: ask_rival_page(rival, query),
    }


if __name__ == "__main__":
    main()
