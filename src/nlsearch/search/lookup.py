"""Items and sources by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nlsearch.errors import QueryError
from nlsearch.index import snapshot
from nlsearch.search.view import SplitView, View, readings

if TYPE_CHECKING:
    from pathlib import Path

    from nlsearch.declarations import Buffer
    from nlsearch.index.textquery import TextQuery


class Lookup:
    """Finds what an id names.

    Parameters
    ----------
    directory : Path
        The collection.
    view : callable
        Gives the newest view.
    """

    def __init__(self, directory: Path, view: Callable[[], View]) -> None:
        self._directory = directory
        self._view = view

    def find(self, item_id: str) -> tuple[SplitView, int] | None:
        """Return where an item is, or None.  A path alone stands for its only item."""
        view = self._view()
        for path, locator in readings(item_id):
            if locator and (found := view.find(path, locator)) is not None:
                return found
        only = [row for path, locator in readings(item_id) if not locator and (row := self.source(path))]
        return view.find(only[0].path, "#1") if len(only) == 1 and only[0].items == 1 else None

    def found(self, item_id: str) -> tuple[SplitView, int]:
        """Return where an item is.

        Raises
        ------
        QueryError
            If there is none.
        """
        found = self.find(item_id)
        if found is None:
            raise QueryError(f"there is no item {item_id!r}", hint=self.hint_for(item_id))
        return found

    def payloads(self, query: TextQuery, most: int) -> list[Buffer]:
        """Return the payloads of the items that match a text query, no more than `most`."""
        found: list[Buffer] = []
        for view in self._view().splits:
            keys = view.split.text.lightest(view.text(query), most - len(found))
            found.extend(view.split.payload(key) for key in keys)
        return found

    def source(self, path: str) -> snapshot.SourceRow | None:
        """Return what the catalog says of a source, or None."""
        return snapshot.read_source(self._directory, path)

    def hint_for(self, item_id: str) -> str:
        """Return what to do about an id that names a source and no item of it."""
        for path, _ in readings(item_id):
            row = self.source(path)
            if row is not None:
                return f"{path} holds {row.items} items: name one by its locator, as search prints them ({path}#1)"
        return "ids are path + locator, as search prints them"
