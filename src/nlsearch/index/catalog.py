"""The catalog as its one writer uses it: SQLAlchemy Core on SQLite, one transaction a commit.

SQLite keeps a rollback journal here, not a write-ahead log: readers then leave no files behind, a collection on a
read-only medium opens as it is, and one checksum covers the whole catalog.  A commit excludes readers for as long as
the disk takes to flush a few pages; they wait, they never fail.

:class:`Catalog` is opened cheaply; :meth:`Catalog.writing` takes the writer's lock, finds out whether the catalog is
sound, removes what killed writers left, and settles the checksum at the end.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nlsearch.errors import IndexDamaged, IndexTooNew, StoreError
from nlsearch.index import catalogsum
from nlsearch.index.catalogfile import make_catalog, open_engine, refuse_foreign, translated
from nlsearch.index.commits import Commit, NewSplit, Transaction, chunks
from nlsearch.index.layout import CATALOG, PINS, WORK, is_collection, refuse_file, require_collection, split_directory
from nlsearch.index.lock import write_lock
from nlsearch.index.migrations import MIGRATIONS
from nlsearch.index.pins import pinned_generations
from nlsearch.index.snapshot import SourceRow, read_failures, read_sources
from nlsearch.index.storage import writing as writing_files
from nlsearch.model import Failure

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["Catalog", "Commit", "NewSplit"]


class Catalog:
    """The catalog of the collection in `directory`; see the module's docstring."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._engine: Engine | None = None
        self._pending = False

    @classmethod
    def create(cls, directory: str | Path, settings: Mapping[str, str] | None = None) -> Catalog:
        """Make an empty collection; one that exists already is opened.

        Raises
        ------
        StoreError
            If `directory` holds something else, or cannot be written.
        """
        folder = Path(directory).absolute()
        refuse_file(folder)
        with writing_files(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with write_lock(folder):
            if not is_collection(folder):
                refuse_foreign(folder)
                with writing_files(folder), translated(folder / CATALOG):
                    make_catalog(folder, settings or {})
        return cls(folder)

    @classmethod
    def open(cls, directory: str | Path) -> Catalog:
        """Open the catalog of an existing collection.

        Raises
        ------
        StoreError
            If there is none.
        """
        return cls(require_collection(Path(directory).absolute()))

    # ------------------------------------------------------------------------------------------------------- reading
    def sources(self, *, containers: bool = False) -> list[SourceRow]:
        """Read every source, by path; with `containers` also the archives that were listed."""
        return read_sources(self.directory, containers=containers)

    def failures(self) -> list[Failure]:
        """Read every failure, by path."""
        return read_failures(self.directory)

    def next_source_id(self) -> int:
        """Return the first number that no reading has had."""
        from sqlalchemy import select

        from nlsearch.index.tables import STATE

        with translated(self.directory / CATALOG), self._connected() as connection:
            return int(connection.execute(select(STATE.c.next_source_id)).scalar_one())

    # ------------------------------------------------------------------------------------------------------- writing
    @contextmanager
    def writing(self, timeout_s: float = 10.0) -> Iterator[Catalog]:
        """Be the one writer.

        Parameters
        ----------
        timeout_s : float
            How long to wait for another writer.

        Raises
        ------
        IndexLocked
            If another process is writing.
        IndexDamaged, IndexTooNew
            If the catalog cannot be trusted, or not be understood.
        StorageFull
            If the disk takes no more.
        """
        with write_lock(self.directory, timeout_s):
            problems = catalogsum.catalog_problems(self.directory)
            if problems:
                raise IndexDamaged(problems[0].what, locator=problems[0].path, hint=problems[0].hint)
            self._pending = False
            self._engine = open_engine(self.directory / CATALOG)
            try:
                with writing_files(self.directory), translated(self.directory / CATALOG):
                    self._migrate()
                    self._clean()
                yield self
            finally:
                self._close()

    def commit(self, changes: Commit) -> int:
        """Make `changes` durable, all or none; return the new generation.

        Raises
        ------
        StorageFull
            If the disk takes no more; nothing has changed then, or everything (if it failed on the very last flush).
        """
        with writing_files(self.directory), translated(self.directory / CATALOG), self._transaction() as connection:
            return Transaction(connection).apply(changes)

    def drop_dead_splits(self) -> int:
        """Take splits without any visible item out of the newest generation; return how many there were."""
        from sqlalchemy import exists, select

        from nlsearch.index.tables import PLACEMENTS, SPLITS, TOMBSTONES

        hidden = exists().where(
            TOMBSTONES.c.split_id == PLACEMENTS.c.split_id,
            TOMBSTONES.c.source_id == PLACEMENTS.c.source_id,
            TOMBSTONES.c.lifted_generation.is_(None),
        )
        visible = exists().where(PLACEMENTS.c.split_id == SPLITS.c.id, ~hidden)
        with translated(self.directory / CATALOG), self._connected() as connection:
            query = select(SPLITS.c.id).where(SPLITS.c.removed_generation.is_(None), ~visible)
            dead = list(connection.execute(query).scalars())
        if dead:
            self.commit(Commit(removed_splits=dead))
        return len(dead)

    def placements(self, split_id: str) -> dict[int, int]:
        """Return the visible items of a split by source."""
        from sqlalchemy import select

        from nlsearch.index.tables import PLACEMENTS, TOMBSTONES

        dead = select(TOMBSTONES.c.source_id).where(
            TOMBSTONES.c.split_id == split_id, TOMBSTONES.c.lifted_generation.is_(None)
        )
        with translated(self.directory / CATALOG), self._connected() as connection:
            rows = connection.execute(
                select(PLACEMENTS.c.source_id, PLACEMENTS.c["items"]).where(
                    PLACEMENTS.c.split_id == split_id, PLACEMENTS.c.source_id.not_in(dead)
                )
            )
            return {int(source_id): int(items) for source_id, items in rows}

    def delete_unnamed(self, splits: Iterable[str]) -> None:
        """Delete the folders of those `splits` that a commit which failed has not named.

        A commit may fail when all that is left to do is to flush a folder, and stand nevertheless; only the catalog
        knows.  If it cannot be asked, the next writer deletes them.
        """
        from sqlalchemy import select

        from nlsearch.index.tables import SPLITS

        with contextlib.suppress(StoreError):
            with translated(self.directory / CATALOG), self._connected() as connection:
                named = set(connection.execute(select(SPLITS.c.id)).scalars())
            for name in set(splits) - named:
                shutil.rmtree(split_directory(self.directory, name), ignore_errors=True)

    def collect_garbage(self) -> list[str]:
        """Delete the folders of removed splits that no live reader has pinned; return their names."""
        from sqlalchemy import func, select

        from nlsearch.index.tables import PLACEMENTS, SPLITS, STATE, TOMBSTONES

        pinned = pinned_generations(self.directory)
        with translated(self.directory / CATALOG), self._connected() as connection:
            removed = SPLITS.c.removed_generation
            query = select(SPLITS.c.id).where(removed.is_not(None))
            if pinned:
                query = query.where(removed <= min(pinned))
            victims = list(connection.execute(query).scalars())
        if not victims:
            return []
        with writing_files(self.directory), translated(self.directory / CATALOG), self._transaction() as connection:
            for chunk in chunks(victims):
                gone = connection.scalar(select(func.max(removed)).where(SPLITS.c.id.in_(chunk)))
                older = STATE.c.oldest_generation < gone
                connection.execute(STATE.update().where(older).values(oldest_generation=gone))
                connection.execute(PLACEMENTS.delete().where(PLACEMENTS.c.split_id.in_(chunk)))
                connection.execute(TOMBSTONES.delete().where(TOMBSTONES.c.split_id.in_(chunk)))
                connection.execute(SPLITS.delete().where(SPLITS.c.id.in_(chunk)))
        for name in victims:
            shutil.rmtree(split_directory(self.directory, name), ignore_errors=True)
        return victims

    # ------------------------------------------------------------------------------------------------------ machinery
    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        if self._engine is None:
            raise StoreError("the catalog is not open for writing", hint="use it inside `with catalog.writing():`")
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if not self._pending:
            catalogsum.mark_pending(self.directory)
            self._pending = True
        with self._connected() as connection, connection.begin():
            yield connection

    def _migrate(self) -> None:
        with self._connected() as connection:
            version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        if version > len(MIGRATIONS):
            raise IndexTooNew(f"the catalog has layout {version}, this nlsearch knows {len(MIGRATIONS)}")
        for number, step in enumerate(MIGRATIONS[version:], version + 1):
            with self._transaction() as connection:
                step(connection)
                connection.exec_driver_sql(f"PRAGMA user_version = {number}")

    def _clean(self) -> None:
        """Remove what killed writers left: unfinished work, splits without a name, failures without a source."""
        from sqlalchemy import select

        from nlsearch.index.tables import FAILURES, SOURCES, SPLITS

        work, splits = self.directory / WORK, self.directory / "splits"
        for folder in (work, splits, self.directory / PINS):
            folder.mkdir(exist_ok=True)
        for left in work.iterdir():
            _delete(left)
        with self._connected() as connection:
            named = set(connection.execute(select(SPLITS.c.id)).scalars())
            orphan = FAILURES.c.source_id.not_in(select(SOURCES.c.id))
            stray = connection.execute(select(FAILURES.c.id).where(orphan).limit(1)).first()
        for left in splits.iterdir():
            if left.name not in named:
                _delete(left)
        if stray is not None:
            with self._transaction() as connection:
                connection.execute(FAILURES.delete().where(orphan))
        self.collect_garbage()

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._pending:
            self._pending = False
            with contextlib.suppress(OSError):  # then the sum stays pending, which is true and no damage
                catalogsum.settle(self.directory)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
