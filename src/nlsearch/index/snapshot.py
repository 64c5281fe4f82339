"""What a reader needs to know of the catalog, read with the standard library alone.

Searching never imports SQLAlchemy (0.4 s of import in a cold process): one short transaction reads a consistent
:class:`Snapshot` of one generation.  A collection on a read-only medium is read as well.

Conventions
-----------
Every commit of the writer makes the next *generation*.  A split is part of generation *g* when it was created at or
before *g* and not removed at or before *g*; a tombstone ``(split, source)`` hides the items of that source in that
split from its own generation on, until it is lifted.  A source's number (``SourceRow.id``) stands for one *reading* of
the file: a file that is read again gets a new number, so old and new items never mix.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from nlsearch.errors import IndexDamaged, IndexTooNew, StoreError
from nlsearch.index.layout import CATALOG, JOURNAL, require_collection
from nlsearch.model import Failure

SCHEMA_VERSION = 1
"""The newest layout of the catalog that this nlsearch knows (``PRAGMA user_version``)."""
BUSY_SECONDS = 30.0
_CHANGE_COUNTER = 24
"""Where the SQLite file format keeps the number that every transaction raises."""
SourceStatus: TypeAlias = Literal["ok", "failed", "unrecognised", "container"]


@dataclass(frozen=True, slots=True)
class SplitRow:
    """A split of a snapshot: its name, its items, those that no tombstone hides, bytes, and digest of split.json."""

    id: str
    items: int
    live: int
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A file, or member of a container, that was read.

    Parameters
    ----------
    id : int
        The number of this reading; items in splits carry it as their ``source_id``.
    path : str
        As users see it.
    container : str
        The path of the archive file on disk that holds it, or ``""``.
    size : int
        Bytes on disk (of a member: unpacked).
    mtime_ns : int
        Modification time, nanoseconds since 1970; -1 when the source must be looked at again next time.
    sha256 : str
        Of the file's bytes, hexadecimal; of a member a checksum with its method (``crc32:…``).
    kind, format : str
        What read it; of an unrecognised source `format` is the signature of the handlers that were asked.
    handler_version : int
        :meth:`~nlsearch.handlers.registry.Registry.reading_versions` of its kind when it was read.
    status : {"ok", "failed", "unrecognised", "container"}
    items, failures : int
        How many items it gave, and how many entries it has among the failures.
    opener : str
        JSON by which a worker opens a member of a container, or a file that is read with files beside it, and of which
        ``beside`` says what those were; ``""`` for other plain files.
    """

    id: int
    path: str
    container: str
    size: int
    mtime_ns: int
    sha256: str
    kind: str
    format: str
    handler_version: int
    status: SourceStatus
    items: int
    failures: int
    opener: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation of a collection: which splits there are and what in them is hidden."""

    generation: int
    splits: tuple[SplitRow, ...]
    tombstones: Mapping[str, frozenset[int]]
    settings: Mapping[str, str]

    @property
    def items(self) -> int:
        """Number of items that can be found."""
        return sum(split.live for split in self.splits)


SOURCE_COLUMNS = ", ".join(SourceRow.__dataclass_fields__)


def read_snapshot(directory: str | Path, generation: int | None = None) -> Snapshot:
    """Read the newest generation of the collection in `directory`, or an earlier one.

    Raises
    ------
    StoreError
        If there is no collection, or splits of that `generation` were already deleted.
    IndexTooNew, IndexDamaged
        If the catalog cannot be read.
    """
    with reading(directory) as connection:
        newest, oldest = _generations(connection)
        wanted = newest if generation is None else generation
        if not oldest <= wanted <= newest:
            raise StoreError(
                f"generation {wanted} of the collection is no longer kept",
                locator=str(directory),
                hint="search again from the first page",
            )
        return Snapshot(
            wanted, _splits(connection, wanted), _tombstones(connection, wanted), dict(_rows(connection, _SETTINGS))
        )


def read_generation(directory: str | Path) -> int:
    """Read the number of the newest generation; cheap, to notice that a collection has changed."""
    with reading(directory) as connection:
        return _generations(connection)[0]


def stamp_of(directory: str | Path) -> tuple[int, bytes]:
    """Return what changes with every commit: the catalog's inode, and SQLite's change counter from its header.

    Two equal stamps mean the same generation, so a reader that took one *before* it read need not read again.

    Raises
    ------
    StoreError
        If there is no collection.
    """
    try:
        with Path(directory, CATALOG).open("rb", buffering=0) as file:
            return os.fstat(file.fileno()).st_ino, os.pread(file.fileno(), 4, _CHANGE_COUNTER)
    except OSError as exc:
        require_collection(directory)
        raise StoreError(f"the catalog cannot be read: {exc}", locator=str(directory)) from exc


def read_settings(directory: str | Path) -> dict[str, str]:
    """Read what the collection chooses about its index."""
    with reading(directory) as connection:
        return dict(_rows(connection, _SETTINGS))


def read_failures(directory: str | Path) -> list[Failure]:
    """Read every source and record that gave no item, by path and in the order of reading."""
    with reading(directory) as connection:
        return [Failure(*row) for row in _rows(connection, _FAILURES)]


def read_sources(directory: str | Path, *, containers: bool = False) -> list[SourceRow]:
    """Read every source of the collection, by path; with `containers` also the archives that were listed."""
    where = "" if containers else "WHERE status <> 'container'"
    with reading(directory) as connection:
        rows = _rows(connection, f"SELECT {SOURCE_COLUMNS} FROM sources {where} ORDER BY path")  # noqa: S608 - names of our own
        return [SourceRow(*row) for row in rows]


def read_source(directory: str | Path, path: str) -> SourceRow | None:
    """Read the source at `path`, or None if the collection has none there."""
    with reading(directory) as connection:
        rows = _rows(connection, f"SELECT {SOURCE_COLUMNS} FROM sources WHERE path = ?", path)  # noqa: S608 - names of our own
        return SourceRow(*rows[0]) if rows else None


@contextmanager
def reading(directory: str | Path) -> Iterator[sqlite3.Connection]:
    """Open the catalog for one consistent look at it.

    Raises
    ------
    StoreError
        If there is no collection, or it cannot be opened.
    IndexTooNew
        If a newer nlsearch wrote it.
    IndexDamaged
        If SQLite finds it malformed.
    """
    file = require_collection(directory) / CATALOG
    try:
        with closing(_connect(file)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise IndexTooNew(
                    f"the catalog has layout {version}, this nlsearch knows {SCHEMA_VERSION}",
                    locator=str(file),
                    hint="upgrade nlsearch",
                )
            connection.execute("BEGIN")
            yield connection
    except sqlite3.OperationalError as exc:
        raise _explained(exc, file) from exc
    except (sqlite3.DatabaseError, UnicodeDecodeError) as exc:  # a name in the schema, which SQLite quotes
        raise IndexDamaged(f"the catalog is damaged: {exc}", locator=str(file), hint="run nlsearch check") from exc


_SETTINGS = "SELECT key, value FROM settings ORDER BY key"
_FAILURES = (
    "SELECT f.path, f.locator, f.reason, f.code FROM failures f JOIN sources s ON s.id = f.source_id "
    "ORDER BY s.path, f.id"
)
_SPLITS = (
    "SELECT s.id, s.items, s.items - COALESCE((SELECT SUM(p.items) FROM tombstones t JOIN placements p "
    "ON p.split_id = t.split_id AND p.source_id = t.source_id WHERE t.split_id = s.id AND t.generation <= :g "
    "AND (t.lifted_generation IS NULL OR t.lifted_generation > :g)), 0), s.bytes, s.digest FROM splits s "
    "WHERE s.created_generation <= :g AND (s.removed_generation IS NULL OR s.removed_generation > :g) "
    "ORDER BY s.created_generation, s.id"
)
_TOMBSTONES = (
    "SELECT t.split_id, t.source_id FROM tombstones t JOIN splits s ON s.id = t.split_id "
    "WHERE t.generation <= :g AND (t.lifted_generation IS NULL OR t.lifted_generation > :g) "
    "AND s.created_generation <= :g AND (s.removed_generation IS NULL OR s.removed_generation > :g)"
)


def _rows(connection: sqlite3.Connection, sql: str, *values: str) -> list[tuple]:  # type: ignore[type-arg]
    return connection.execute(sql, values).fetchall()


def _generations(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the newest generation and the oldest of which every split is still there."""
    row = connection.execute("SELECT generation, oldest_generation FROM state").fetchone()
    if row is None or not all(isinstance(number, int) for number in row):
        raise sqlite3.DatabaseError("its generation is not a number")
    return row[0], row[1]


def _splits(connection: sqlite3.Connection, generation: int) -> tuple[SplitRow, ...]:
    return tuple(SplitRow(*row) for row in connection.execute(_SPLITS, {"g": generation}))


def _tombstones(connection: sqlite3.Connection, generation: int) -> dict[str, frozenset[int]]:
    hidden: dict[str, set[int]] = {}
    for split_id, source_id in connection.execute(_TOMBSTONES, {"g": generation}):
        hidden.setdefault(split_id, set()).add(source_id)
    return {split_id: frozenset(ids) for split_id, ids in hidden.items()}


def _connect(file: Path) -> sqlite3.Connection:
    """Open read-only; let SQLite roll back what a killed writer left, where the medium can be written."""
    uri = file.as_uri() if file.is_absolute() else file.absolute().as_uri()
    modes = ("mode=ro", "mode=rw") if interrupted(file) else ("mode=ro", "mode=ro&immutable=1")
    refused: sqlite3.OperationalError | None = None
    for mode in modes:
        connection = sqlite3.connect(f"{uri}?{mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("SELECT generation FROM state").fetchone()
        except sqlite3.OperationalError as exc:
            connection.close()
            refused = exc
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            connection.close()
            raise
        else:
            return connection
    raise refused if refused is not None else sqlite3.OperationalError("not opened")


def interrupted(file: Path) -> bool:
    """Say whether a journal stands beside the catalog `file`: its last transaction will be rolled back."""
    journal = file.with_name(JOURNAL)
    return journal.exists() and journal.stat().st_size > 0


def _explained(exc: sqlite3.OperationalError, file: Path) -> StoreError:
    if interrupted(file):
        return StoreError(
            "a writer was interrupted while it committed",
            locator=str(file),
            hint="open the collection once where it can be written",
        )
    if "no such" in str(exc):  # a table or column that every version has
        return IndexDamaged(f"the catalog is damaged: {exc}", locator=str(file), hint="run nlsearch check")
    return StoreError(f"the catalog cannot be read: {exc}", locator=str(file))
