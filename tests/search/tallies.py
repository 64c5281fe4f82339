"""Splits of number sequences for the search tests, and the slow, obvious meaning of a query on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlsearch.folding import words
from nlsearch.handlers.registry import Registry
from nlsearch.index.split import SplitWriter
from nlsearch.model import Entry, Extent, RawItem
from nlsearch.query import syntax
from nlsearch.search.view import SplitView

HANDLERS = Path(__file__).parents[2] / "examples" / "handlers"


@dataclass
class Tally:
    """A sequence as the oracle sees it."""

    id: str
    name: str
    numbers: list[int]
    source: int


class FewSplits:
    """Stands in for a View: splits that were made for a test."""

    generation = 1

    @staticmethod
    def extent(kind: str) -> Extent:
        return Extent(0, 0)

    def __init__(self, directory: Path, registry: Registry, splits: list[list[Tally]], dead: set[int]) -> None:
        self.tallies: dict[str, Tally] = {}
        self.splits = []
        handler = registry.get("tally")
        for number, tallies in enumerate(splits):
            folder = directory / f"split{number}"
            writer = SplitWriter(folder, registry.spaces(), registry.fields(), registry.versions())
            for place, tally in enumerate(tallies, 1):
                item = RawItem(tally.numbers, place, tally.name)
                features = handler.features(item)
                features.fields["name"] = tally.name
                path, locator = f"/t/{number}/{tally.source}.tally", f"#{place}"
                tally.id = path + locator
                writer.add(Entry(tally.source, "tally", path, locator, place, tally.name, features))
                if tally.source not in dead:
                    self.tallies[tally.id] = tally
            writer.finish()
            self.splits.append(SplitView(folder, number, frozenset(dead)))


def random_splits(seed: int, splits: int = 3, items: int = 25) -> list[list[Tally]]:
    """Make random sequences over few numbers, so that runs repeat; two or three items a source."""
    random = np.random.default_rng(seed)
    names = ["alpha", "beta", "gamma delta", "délta", "omega"]

    def sequence() -> list[int]:
        return [int(n) for n in random.integers(0, 4, int(random.integers(1, 12)))]

    return [
        [Tally("", names[int(random.integers(5))], sequence(), number * 100 + place // 3) for place in range(items)]
        for number in range(splits)
    ]


def meaning(node: syntax.Node, tally: Tally) -> float | None:
    """Return the structural score (−1 for none) of a tally under a query, or None if it does not match."""
    match node:
        case syntax.And(parts):
            scores = [meaning(part, tally) for part in parts]
            if any(score is None for score in scores):
                return None
            known = [score for score in scores if score is not None and score >= 0]
            return sum(known) / len(known) if known else -1.0
        case syntax.Or(parts):
            found = [score for score in (meaning(part, tally) for part in parts) if score is not None]
            return max((abs(score) if score >= 0 else 1.0, score) for score in found)[1] if found else None
        case syntax.Not(part):
            return -1.0 if meaning(part, tally) is None else None
        case syntax.Words(text) | syntax.FieldIs("name", text):
            return -1.0 if set(words(text)) <= set(words(tally.name)) else None
        case syntax.FieldIs("length", value):
            return -1.0 if len(tally.numbers) == int(value) else None
        case syntax.FieldRange("length", low, high):
            return -1.0 if int(low or 0) <= len(tally.numbers) <= int(high or 99) else None
        case syntax.Structure("run", value, minimum):
            run = [int(n) for n in value.split()]
            starts = range(len(tally.numbers) - len(run) + 1)
            if not any(tally.numbers[i : i + len(run)] == run for i in starts):
                return None
            score = len(run) / len(tally.numbers)
            return score if minimum is None or score >= minimum - 1e-9 else None
    raise AssertionError(node)


def no_example(*_: Any) -> list[Any]:
    """Stand in for query by example."""
    return []
