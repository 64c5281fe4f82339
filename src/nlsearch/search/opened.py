"""What a collection keeps open: the views and the sessions that were asked last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from nlsearch.index import snapshot
from nlsearch.index.pins import pinned_snapshot
from nlsearch.search.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from nlsearch.handlers.registry import Registry
    from nlsearch.search.session import Session

KEPT_SESSIONS = 16
KEPT_VIEWS = 4


class Opened:
    """Views by generation and sessions by query, the oldest closed when there are too many; for several threads.

    Parameters
    ----------
    directory : Path
        The collection.
    registry : Registry
        Learns what the collection chooses whenever a view is opened.
    """

    def __init__(self, directory: Path, registry: Registry) -> None:
        self._directory = directory
        self._registry = registry
        self._lock = threading.RLock()
        self._views: OrderedDict[int, View] = OrderedDict()
        self._sessions: OrderedDict[tuple[int, str], Session] = OrderedDict()
        self._last_seen: tuple[tuple[int, bytes], int] | None = None

    def view(self, generation: int | None = None) -> View:
        """Return the view of a generation (None: the newest), opening it if needed."""
        with self._lock:
            wanted = self._newest() if generation is None else generation
            view = self._views.get(wanted)
            if view is None:
                view = self.own_view(wanted)
                self._views[wanted] = view
                while len(self._views) > KEPT_VIEWS:
                    self._close_oldest()
            return view

    def own_view(self, generation: int | None = None) -> View:
        """Open a view that nobody else has; the caller closes it."""
        view = View(self._directory, *pinned_snapshot(self._directory, generation))
        self._registry.choose(view.snapshot.settings)
        return view

    def session(self, generation: int, name: str) -> Session | None:
        """Return the session of the query that is called `name`, if it is still there."""
        with self._lock:
            return self._sessions.get((generation, name))

    def keep(self, session: Session) -> None:
        """Keep a session for its further pages."""
        with self._lock:
            self._sessions[session.view.generation, session.name] = session
            while len(self._sessions) > KEPT_SESSIONS:
                self._sessions.popitem(last=False)

    def close(self) -> None:
        """Close all views."""
        self._sessions.clear()
        while self._views:
            self._views.popitem()[1].close()

    def _newest(self) -> int:
        stamp = snapshot.stamp_of(self._directory)
        if self._last_seen is None or self._last_seen[0] != stamp:
            self._last_seen = stamp, snapshot.read_generation(self._directory)
        return self._last_seen[1]

    def _close_oldest(self) -> None:
        old, closing = self._views.popitem(last=False)
        for key in [key for key in self._sessions if key[0] == old]:
            del self._sessions[key]
        closing.close()
