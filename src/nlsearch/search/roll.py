"""Which items are compared with each other, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from nlsearch.index.textquery import Keyword, SomeOf
from nlsearch.search.execute import TextRun, VerifiedRun
from nlsearch.search.parts import Plan, probes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.registry import Registry
    from nlsearch.index.split import StoredItem
    from nlsearch.model import Item
    from nlsearch.search.view import SplitView, View

Members: TypeAlias = "Mapping[int, NDArray[np.uint32]]"
"""Keys of items, ascending, by the number of their split."""


def living(view: View) -> Members:
    """Return all items."""
    found = {}
    for part in view.splits:
        keys = np.arange(part.split.info.items, dtype=np.uint32)
        found[part.number] = keys[part.living(keys)]
    return found


def matching(view: View, plan: Plan, registry: Registry) -> tuple[Members, bool]:
    """Return the items that satisfy a plan, and whether it could be decided about all."""
    found: dict[int, NDArray[np.uint32]] = {}
    if next(probes(plan.root), None) is None:
        return {part.number: np.asarray(keys) for part, keys in TextRun(plan, view, registry.get).matches()}, True
    run = VerifiedRun(plan.counted(view.extent), view, registry.get)
    for block in run.matching():
        if block is not None:
            part, keys = block
            found[part.number] = np.concatenate([found.get(part.number, keys[:0]), keys])
    return found, run.complete


def having(view: View, members: Members, field: str, values: Iterable[str]) -> Members:
    """Return those of the items whose keyword field has one of the values."""
    asked = SomeOf(tuple(Keyword(field, value) for value in values))
    return {
        part.number: np.intersect1d(members[part.number], part.split.text.matching(part.text(asked)))
        for part in view.splits
        if part.number in members
    }


class Roll:
    """The items of one kind that are compared, in the order of path and number; an item's place in it is its rank.

    Parameters
    ----------
    view : View
    kind : str
    members : mapping
        Keys by the number of their split, of all kinds.

    Attributes
    ----------
    ranks : dict of int to ndarray of int64
        By the number of a split, the rank of each of its items; -1 for those that are not compared.
    """

    def __init__(self, view: View, kind: str, members: Members) -> None:
        self._view = view
        listed = sorted(
            (stored.path, stored.number, stored.locator, part.number, key, stored.source_id)
            for part in view.splits
            for key, stored in _stored(part, kind, members)
        )
        self._places = [(split, key) for _, _, _, split, key, _ in listed]
        self._sources = [(source, number) for _, number, _, _, _, source in listed]
        self.ranks = {part.number: np.full(part.split.info.items, -1, np.int64) for part in view.splits}
        for rank, (split, key) in enumerate(self._places):
            self.ranks[split][key] = rank

    def __len__(self) -> int:
        return len(self._places)

    def place(self, rank: int) -> tuple[SplitView, int]:
        """Return the split of an item and its key there."""
        split, key = self._places[rank]
        return self._view.splits[split], key

    def item(self, rank: int) -> Item:
        """Return an item as a user sees it."""
        part, key = self.place(rank)
        return part.split.item(key).to_item()

    def is_part(self, first: int, second: int) -> bool:
        """Say whether one of two items is the file as a whole that holds the other."""
        (source, one), (other, two) = self._sources[first], self._sources[second]
        return source == other and 0 in (one, two)


def _stored(part: SplitView, kind: str, members: Members) -> Iterator[tuple[int, StoredItem]]:
    keys = members.get(part.number, np.empty(0, np.uint32))
    low, high = part.split.kind_range(kind)
    keys = keys[(keys >= low) & (keys < high)]
    return zip(keys.tolist(), part.split.records(keys), strict=True)
