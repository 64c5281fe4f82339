"""One commit of the catalog: what it changes, and the statements that change it on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeVar

from nlsearch.index.snapshot import SourceRow
from nlsearch.model import Failure

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

_CHUNK = 500
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class NewSplit:
    """A split that lies in ``splits/`` and is to be named: digest of its split.json, and its items by source."""

    id: str
    bytes: int
    digest: str
    sources: Mapping[int, int]

    @property
    def items(self) -> int:
        """All items."""
        return sum(self.sources.values())


@dataclass(slots=True)
class Commit:
    """What one transaction changes.

    Parameters
    ----------
    splits : list of NewSplit
    removed_splits : list of str
        Replaced by others (merged).
    sources : list of SourceRow
        Replace the rows of the same paths; items of the replaced readings become hidden.
    touched : list of SourceRow
        New facts of readings that stay: when the file was changed, where its bytes lie.
    removed : list of str
        Paths of sources that are gone.
    failures : list of (int, Failure)
        With the number of the reading that gave them; seen once that reading stands in `sources`.
    hidden : list of (str, int)
        (split, reading) of readings that are not finished.
    revealed : list of int
        Readings that are finished: what hid them is lifted.
    next_source_id : int
        The first number that no reading has; 0 leaves it.
    settings : dict
    """

    splits: list[NewSplit] = field(default_factory=list)
    removed_splits: list[str] = field(default_factory=list)
    sources: list[SourceRow] = field(default_factory=list)
    touched: list[SourceRow] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failures: list[tuple[int, Failure]] = field(default_factory=list)
    hidden: list[tuple[str, int]] = field(default_factory=list)
    revealed: list[int] = field(default_factory=list)
    next_source_id: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Say whether anything that a reader can see changes."""
        return any((self.splits, self.removed_splits, self.sources, self.touched, self.removed, self.settings))


class Transaction:
    """Applies a :class:`Commit` on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._generation = 0

    def apply(self, changes: Commit) -> int:
        """Run every statement; return the new generation."""
        from sqlalchemy import select

        from nlsearch.index.tables import SETTINGS, STATE

        self._generation = int(self._connection.execute(select(STATE.c.generation)).scalar_one()) + 1
        self._connection.execute(STATE.update().values(generation=self._generation))
        if changes.next_source_id:
            self._connection.execute(STATE.update().values(next_source_id=changes.next_source_id))
        self._splits(changes)
        self._sources(changes)
        self._failures(changes.failures)
        self._reveal(changes.revealed)
        for key, value in changes.settings.items():
            self._connection.execute(SETTINGS.delete().where(SETTINGS.c.key == key))
            self._insert(SETTINGS, [{"key": key, "value": value}])
        return self._generation

    def _splits(self, changes: Commit) -> None:
        from nlsearch.index.tables import PLACEMENTS, SPLITS, TOMBSTONES

        generation = self._generation
        self._insert(
            SPLITS,
            [
                {
                    "id": split.id,
                    "items": split.items,
                    "bytes": split.bytes,
                    "digest": split.digest,
                    "created_generation": generation,
                }
                for split in changes.splits
            ],
        )
        self._insert(
            PLACEMENTS,
            [
                {"source_id": source_id, "split_id": split.id, "items": items}
                for split in changes.splits
                for source_id, items in split.sources.items()
            ],
        )
        self._insert(
            TOMBSTONES,
            [{"split_id": split, "source_id": source, "generation": generation} for split, source in changes.hidden],
        )
        for chunk in chunks(changes.removed_splits):
            self._connection.execute(
                SPLITS.update().where(SPLITS.c.id.in_(chunk)).values(removed_generation=generation)
            )

    def _sources(self, changes: Commit) -> None:
        from sqlalchemy import select

        from nlsearch.index.tables import FAILURES, SOURCES

        for chunk in chunks([*(row.path for row in changes.sources), *changes.removed]):
            found = self._connection.execute(select(SOURCES.c.id).where(SOURCES.c.path.in_(chunk)))
            replaced = [int(number) for number in found.scalars()]
            self._hide(replaced)
            self._connection.execute(FAILURES.delete().where(FAILURES.c.source_id.in_(replaced)))
            self._connection.execute(SOURCES.delete().where(SOURCES.c.id.in_(replaced)))
        for row in changes.touched:
            self._connection.execute(SOURCES.update().where(SOURCES.c.id == row.id).values(**asdict(row)))
        self._insert(SOURCES, [asdict(row) for row in changes.sources])

    def _hide(self, readings: list[int]) -> None:
        """Hide the items of `readings` wherever they are and not yet hidden."""
        from sqlalchemy import and_, exists, literal, select

        from nlsearch.index.tables import PLACEMENTS, SPLITS, TOMBSTONES

        same = and_(TOMBSTONES.c.split_id == PLACEMENTS.c.split_id, TOMBSTONES.c.source_id == PLACEMENTS.c.source_id)
        self._connection.execute(  # what hid an unfinished reading, and was lifted since, hides it again
            TOMBSTONES.delete().where(TOMBSTONES.c.source_id.in_(readings), TOMBSTONES.c.lifted_generation.is_not(None))
        )
        places = (
            select(PLACEMENTS.c.split_id, PLACEMENTS.c.source_id, literal(self._generation))
            .join(SPLITS, SPLITS.c.id == PLACEMENTS.c.split_id)
            .where(PLACEMENTS.c.source_id.in_(readings), SPLITS.c.removed_generation.is_(None), ~exists().where(same))
        )
        self._connection.execute(TOMBSTONES.insert().from_select(["split_id", "source_id", "generation"], places))

    def _reveal(self, readings: Sequence[int]) -> None:
        from nlsearch.index.tables import TOMBSTONES

        for chunk in chunks(readings):
            self._connection.execute(
                TOMBSTONES.update()
                .where(TOMBSTONES.c.source_id.in_(chunk), TOMBSTONES.c.lifted_generation.is_(None))
                .values(lifted_generation=self._generation)
            )

    def _failures(self, failures: Iterable[tuple[int, Failure]]) -> None:
        from nlsearch.index.tables import FAILURES

        self._insert(FAILURES, [{"source_id": number, **asdict(failure)} for number, failure in failures])

    def _insert(self, table: Table, rows: list[dict[str, object]]) -> None:
        if rows:
            self._connection.execute(table.insert(), rows)


def chunks(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """Yield `values` in pieces that fit the number of parameters of a statement."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
