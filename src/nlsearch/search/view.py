"""A collection pinned at one generation: what a search, and all its pages, run on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.index.split import Split
from nlsearch.index.textquery import EveryOf, NotSources, TextQuery
from nlsearch.model import Extent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.index.pins import Pin
    from nlsearch.index.snapshot import Snapshot


class SplitView:
    """One split with its dead sources; keys of dead items never leave it.

    Parameters
    ----------
    directory : Path
        The split's folder.
    number : int
        Its place in the view, which breaks ties in the order of hits.
    dead : frozenset of int
        Source ids whose items were deleted or replaced.
    digest : str, optional
        What the catalog says that the digest of the split is.
    """

    def __init__(self, directory: Path, number: int, dead: frozenset[int], digest: str | None = None) -> None:
        self.directory = directory
        self._digest = digest
        self.number = number
        self.dead = dead

    @cached_property
    def split(self) -> Split:
        """The opened split."""
        return Split(self.directory, self._digest)

    @cached_property
    def _alive(self) -> NDArray[np.bool_]:
        dead = np.fromiter(self.dead, dtype=np.int64, count=len(self.dead))
        return ~np.isin(self.split.source_ids, dead)

    @property
    def live_items(self) -> int:
        """How many items of the split are not deleted."""
        return int(self._alive.sum()) if self.dead else self.split.info.items

    def living_between(self, low: int, high: int) -> int:
        """Return how many items with keys in [low, high) are not deleted."""
        return int(self._alive[low:high].sum()) if self.dead else high - low

    def living(self, keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Return for each of `keys` whether its item is not deleted; bool, shape (n,)."""
        if not self.dead:
            return np.ones(len(keys), dtype=bool)
        return self._alive[keys]

    def extent(self, kind: str) -> Extent:
        """Return what there is to search in the living items of a kind."""
        low, high = self.split.kind_range(kind)
        extents = self.split.extents[low:high]
        if self.dead:
            extents = extents[self._alive[low:high]]
        return Extent(int(extents.sum()), int(np.count_nonzero(extents)))

    def text(self, query: TextQuery) -> TextQuery:
        """Return `query` without the items of dead sources."""
        if not self.dead:
            return query
        return EveryOf((query, NotSources(tuple(sorted(self.dead)))))


class View:
    """All splits of one generation, opened when first needed.

    Parameters
    ----------
    directory : Path
        The collection.
    snapshot : Snapshot
        What the catalog said.
    pin : Pin
        Keeps the splits on disk; closed with the view.
    """

    def __init__(self, directory: Path, snapshot: Snapshot, pin: Pin) -> None:
        self.snapshot = snapshot
        self._pin = pin
        self._extents: dict[str, Extent] = {}
        nothing: frozenset[int] = frozenset()
        self.splits = tuple(
            SplitView(directory / "splits" / row.id, number, snapshot.tombstones.get(row.id, nothing), row.digest)
            for number, row in enumerate(snapshot.splits)
        )

    @property
    def generation(self) -> int:
        """The catalog's generation that this view shows."""
        return self.snapshot.generation

    def extent(self, kind: str) -> Extent:
        """Return what there is to search of a kind in all splits; asked at every query of some kinds, so it is kept."""
        if kind not in self._extents:
            parts = [part.extent(kind) for part in self.splits]
            self._extents[kind] = Extent(sum(part.total for part in parts), sum(part.items for part in parts))
        return self._extents[kind]

    def find(self, path: str, locator: str) -> tuple[SplitView, int] | None:
        """Return the split and key of the item at ``path + locator``, or None."""
        for view in self.splits:
            key = view.split.find(path, locator)
            if key is not None and bool(view.living(np.array([key], dtype=np.uint32))[0]):
                return view, key
        return None

    def close(self) -> None:
        """Close every split that was opened, and let go of all of them."""
        for view in self.splits:
            if "split" in view.__dict__:
                view.split.close()
        self._pin.close()


def readings(item_id: str) -> Iterator[tuple[str, str]]:
    """Yield every way to cut an id into path and locator.

    Both may hold ``#``; the locator may be missing, the path relative to the working directory.
    """
    cuts = [len(item_id), *(at for at, letter in enumerate(item_id) if letter == "#")]
    for at in cuts:
        path, locator = item_id[:at], item_id[at:]
        yield path, locator
        if (absolute := os.path.abspath(path)) != path:  # noqa: PTH100 - Path.absolute keeps ".."
            yield absolute, locator
