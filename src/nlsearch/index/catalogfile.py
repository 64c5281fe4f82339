"""The file of the catalog: making it, opening it for the writer, and translating what SQLite says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nlsearch.errors import IndexDamaged, StorageFull, StoreError
from nlsearch.index import catalogsum
from nlsearch.index.layout import CATALOG, PINS, SPLITS, WORK, sync_directory
from nlsearch.index.migrations import MIGRATIONS
from nlsearch.index.snapshot import BUSY_SECONDS

if TYPE_CHECKING:
    from sqlalchemy import Engine

_OWN_NAMES = frozenset({"write.lock", "catalog.sum", "catalog.sum.new", "catalog.db.new", "catalog.db.new-journal"})


def open_engine(file: Path) -> Engine:
    """Make an engine on one SQLite file, whose transactions begin as the one writer's."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    def connect() -> sqlite3.Connection:
        uri = f"{file.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = EXTRA")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Translate what SQLite and SQLAlchemy raise.

    Raises
    ------
    StorageFull
        If the disk takes no more, or fails.
    IndexDamaged
        If SQLite finds the file malformed.
    StoreError
        For anything else.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except (DBAPIError, sqlite3.Error) as exc:
        cause = exc.orig if isinstance(exc, DBAPIError) else exc
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
            raise StorageFull(f"the disk took no more: {cause}", locator=str(file)) from exc
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise IndexDamaged(f"the catalog is damaged: {cause}", locator=str(file)) from exc
        hint = "the disk may be full, or the folder not writable" if code == sqlite3.SQLITE_CANTOPEN else ""
        raise StoreError(f"the catalog cannot be written: {cause}", locator=str(file), hint=hint) from exc


def make_catalog(folder: Path, settings: Mapping[str, str]) -> None:
    """Make the files of an empty collection; the catalog appears last, whole."""
    for name in (SPLITS, PINS, WORK):
        (folder / name).mkdir(exist_ok=True)
    new = folder / f"{CATALOG}.new"
    for left in (new, new.with_name(f"{new.name}-journal")):
        left.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)):
        pass
    new.touch()
    engine = open_engine(new)
    with engine.connect() as connection, connection.begin():
        for step in MIGRATIONS:
            step(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {len(MIGRATIONS)}")
        for key, value in settings.items():
            connection.exec_driver_sql("INSERT INTO settings (key, value) VALUES (?, ?)", (key, value))
    engine.dispose()
    catalogsum.mark_pending(folder)
    new.rename(folder / CATALOG)
    sync_directory(folder)
    catalogsum.settle(folder)
    sync_directory(folder.parent)


def refuse_foreign(folder: Path) -> None:
    """Raise unless `folder` is empty, or holds only what a killed creation left."""
    for path in folder.iterdir():
        own = path.name in _OWN_NAMES or (path.name in {SPLITS, PINS, WORK} and not any(path.iterdir()))
        if not own:
            raise StoreError(
                "the folder holds other files and no collection", locator=str(folder), hint="name a new folder"
            )
