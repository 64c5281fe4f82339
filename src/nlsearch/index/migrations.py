"""The layouts that the catalog has had, as the ordered steps that lead to the newest.

``PRAGMA user_version`` counts the steps that were taken.  A step, once released, never changes; a new layout is a new
step at the end, and :data:`nlsearch.index.snapshot.SCHEMA_VERSION` counts with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FIRST = (
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL,"
    " oldest_generation INTEGER NOT NULL, next_source_id INTEGER NOT NULL)",
    "INSERT INTO state (id, generation, oldest_generation, next_source_id) VALUES (1, 1, 1, 1)",
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE splits (id TEXT PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL, digest TEXT NOT NULL,"
    " created_generation INTEGER NOT NULL, removed_generation INTEGER)",
    "CREATE TABLE sources (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, container TEXT NOT NULL,"
    " size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL, format TEXT NOT NULL,"
    " handler_version INTEGER NOT NULL, status TEXT NOT NULL, items INTEGER NOT NULL, failures INTEGER NOT NULL,"
    " opener TEXT NOT NULL)",
    "CREATE TABLE placements (source_id INTEGER NOT NULL, split_id TEXT NOT NULL, items INTEGER NOT NULL,"
    " PRIMARY KEY (source_id, split_id))",
    "CREATE INDEX placements_by_split ON placements (split_id)",
    "CREATE TABLE tombstones (split_id TEXT NOT NULL, source_id INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " lifted_generation INTEGER, PRIMARY KEY (split_id, source_id))",
    "CREATE INDEX tombstones_by_source ON tombstones (source_id)",
    "CREATE TABLE failures (id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, path TEXT NOT NULL,"
    " locator TEXT NOT NULL, reason TEXT NOT NULL, code TEXT NOT NULL)",
    "CREATE INDEX failures_by_source ON failures (source_id)",
    "CREATE TABLE links (key_name TEXT NOT NULL, key_value TEXT NOT NULL, item_id TEXT NOT NULL,"
    " PRIMARY KEY (key_name, key_value, item_id))",
)


def _first(connection: Connection) -> None:
    for statement in _FIRST:
        connection.exec_driver_sql(statement)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first,)
