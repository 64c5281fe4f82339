"""Merges splits, so that a search asks few of them.

Splits of a tier (each tier holds eight times the items of the one below) are merged when eight have gathered, so every
item is rewritten once a tier; a split of which much is hidden is rewritten alone.  Readers go on with the old splits:
those are deleted when nobody has them pinned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from nlsearch.errors import IndexDamaged
from nlsearch.index.catalog import Catalog, Commit
from nlsearch.index.layout import WORK, split_directory
from nlsearch.index.merge import merge_splits
from nlsearch.index.snapshot import Snapshot, SplitRow, read_snapshot
from nlsearch.index.split import Split
from nlsearch.index.splitfacts import SplitInfo
from nlsearch.ingest.shelf import place

FANOUT = 8
SMALLEST_TIER = 1_000
DEAD_SHARE = 0.3
MAX_ITEMS = 4_000_000
MAX_BYTES = 16 * 2**30
_AUTOMATIC_ITEMS = MAX_ITEMS // FANOUT


@dataclass(slots=True)
class _Group:
    """Splits that may become one: no kind comes from two versions, no space or field is declared in two ways."""

    rows: list[SplitRow] = field(default_factory=list)
    facts: dict[tuple[str, str], object] = field(default_factory=dict)

    def accepts(self, facts: dict[tuple[str, str], object]) -> bool:
        """Say whether a split of these facts fits to those that are here."""
        return all(self.facts.get(name, fact) == fact for name, fact in facts.items())

    def add(self, row: SplitRow, facts: dict[tuple[str, str], object]) -> None:
        """Put a split in."""
        self.rows.append(row)
        self.facts.update(facts)


def tidy(catalog: Catalog) -> int:
    """Merge what has gathered; return how many merges were made.  Call inside ``catalog.writing()``.

    Raises
    ------
    StorageFull
        If the disk has no room; the splits stay as they were.
    """
    catalog.drop_dead_splits()
    made = 0
    while (due := _due(catalog)) is not None:
        merge_rows(catalog, due)
        made += 1
    catalog.collect_garbage()
    return made


def merge_all(catalog: Catalog) -> int:
    """Merge everything into as few splits as possible; return how many are left."""
    catalog.drop_dead_splits()
    snapshot = read_snapshot(catalog.directory)
    for group in _groups(catalog, snapshot.splits):
        for batch in _batches(group):
            if len(batch) > 1 or batch[0].live < batch[0].items:
                merge_rows(catalog, batch)
    catalog.collect_garbage()
    return len(read_snapshot(catalog.directory).splits)


def merge_rows(catalog: Catalog, rows: list[SplitRow]) -> None:
    """Merge the splits of `rows` into one, in one commit."""
    directory = catalog.directory
    snapshot = read_snapshot(directory)
    made = directory / WORK / _name(snapshot)
    sources: dict[int, int] = {}
    with ExitStack() as opened:
        parts = []
        for row in rows:
            split = opened.enter_context(closing(Split(split_directory(directory, row.id), row.digest)))
            parts.append((split, snapshot.tombstones.get(row.id, frozenset())))
            for source_id, items in catalog.placements(row.id).items():
                sources[source_id] = sources.get(source_id, 0) + items
        info = merge_splits(parts, made)
    if info.items != sum(sources.values()):
        raise IndexDamaged("splits hold other items than the catalog says", locator=str(directory / "splits"))
    merged = place(directory, made, info, sources)
    catalog.commit(Commit(splits=[merged], removed_splits=[row.id for row in rows]))


def _name(snapshot: Snapshot) -> str:
    """Return the name of a merged split: one commit makes at most one, so its generation is enough."""
    return f"{snapshot.generation + 1:08d}-merged"


def _due(catalog: Catalog) -> list[SplitRow] | None:
    rows = read_snapshot(catalog.directory).splits
    for row in rows:
        if row.items - row.live > DEAD_SHARE * row.items:
            return [row]
    small = [row for row in rows if row.live < _AUTOMATIC_ITEMS and row.bytes < MAX_BYTES // FANOUT]
    for level in sorted({_tier(row) for row in small}):
        tier = [row for row in small if _tier(row) <= level]
        if len(tier) >= FANOUT:
            for group in _groups(catalog, tier):
                if len(group) >= FANOUT:
                    return group
    return None


def _tier(row: SplitRow) -> int:
    tier, most = 0, SMALLEST_TIER
    while row.live > most:
        tier, most = tier + 1, most * FANOUT
    return tier


def _groups(catalog: Catalog, rows: Iterable[SplitRow]) -> list[list[SplitRow]]:
    groups: list[_Group] = []
    for row in rows:
        facts = _facts(SplitInfo.read(split_directory(catalog.directory, row.id)))
        group = next((group for group in groups if group.accepts(facts)), None)
        if group is None:
            group = _Group()
            groups.append(group)
        group.add(row, facts)
    return [group.rows for group in groups]


def _facts(info: SplitInfo) -> dict[tuple[str, str], object]:
    return {
        **{("version", kind): info.handler_versions.get(kind) for kind in info.kinds},
        **{("space", name): space for name, space in info.spaces.items()},
        **{("field", name): declared.type for name, declared in info.fields.items()},
    }


def _batches(rows: list[SplitRow]) -> Iterator[list[SplitRow]]:
    """Cut a group so that no merged split is over the caps."""
    batch: list[SplitRow] = []
    for row in rows:
        full = sum(r.live for r in batch) + row.live > MAX_ITEMS or sum(r.bytes for r in batch) + row.bytes > MAX_BYTES
        if batch and full:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
