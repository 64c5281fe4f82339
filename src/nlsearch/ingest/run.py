"""How folders become splits: walk, decide, read in workers, put into splits, commit.

Outcomes of several sources mix as they come; :class:`Run` keeps the account: a source enters the report and the next
commit when its last record has been read, with every record an item or a failure, and an archive when all of
its members have.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import cast

from nlsearch.errors import InputError, MissingExtra, StoreError
from nlsearch.handlers.registry import Registry
from nlsearch.index.catalog import Catalog, Commit
from nlsearch.index.layout import WORK
from nlsearch.index.snapshot import SourceRow, read_generation
from nlsearch.ingest.changes import LOOK_AGAIN, Begun, Change, Changes, Reading, Settled, Unchanged, Unread
from nlsearch.ingest.interrupts import Interrupts
from nlsearch.ingest.merging import tidy
from nlsearch.ingest.report import Progress, Report
from nlsearch.ingest.shelf import Declared, Shelf
from nlsearch.ingest.walk import Found, Rules, walk
from nlsearch.limits import Limits
from nlsearch.model import Entry, Failure
from nlsearch.sandbox.outcomes import Done, Failed, Outcome, ReadEntry, SkippedRecord, SourceTask
from nlsearch.sandbox.pool import Pool
from nlsearch.sandbox.sources import visible

COMMIT_SECONDS = 10.0
LONGEST_WAIT = 12
"""Commits wait for half of the time that the run has taken, up to so many times the first wait: many small splits
would have to be merged, which costs as much as writing them."""
COMMIT_ITEMS = 50_000
PROGRESS_SECONDS = 0.1
SPLITS_BETWEEN_MERGES = 16
CHANGED_WHILE_READ = "changed_while_read"
PASSING = frozenset({MissingExtra.code, InputError.code})
"""Codes of failures that do not lie in the content: a missing library, a system that refuses to read."""
_Outcomes = Generator[tuple[SourceTask, Outcome], None, None]


class Run:
    """One indexing run, on a catalog that is open for writing."""

    def __init__(
        self,
        catalog: Catalog,
        pool: Pool,
        registry: Registry,
        limits: Limits,
        interrupts: Interrupts,
        retry_failed: bool,
    ) -> None:
        self.report = Report()
        self.commit_seconds, self.commit_items = COMMIT_SECONDS, COMMIT_ITEMS
        self.progress: Callable[[Progress], None] | None = None
        self._catalog = catalog
        self._pool = pool
        self._interrupts = interrupts
        rows = catalog.sources(containers=True)
        work = catalog.directory / WORK
        self._changes = Changes(rows, registry, limits, work, catalog.next_source_id(), retry_failed)
        self._before = {row.path for row in rows if row.status != "container"}
        declared = Declared(registry.spaces(), registry.fields(), registry.versions())
        self._shelf = Shelf(catalog.directory, declared, f"{read_generation(catalog.directory) + 1:08d}")
        self._pending = Commit()
        self._rows: dict[str, SourceRow] = {}
        self._counted: dict[str, SourceRow] = {}
        self._again: dict[str, Found] = {}
        self._held: dict[str, Settled | Unchanged] = {}
        self._second_round = False
        self._started = self._committed_at = self._shown_at = time.monotonic()
        self._items_since = self._in_flight = 0
        self._named_since_merge = 0
        self._open: Counter[str] = Counter()
        self._done, self._total, self._current = 0, 0, ""

    def read(self, roots: list[str], rules: Rules) -> None:
        """Read whatever has changed below `roots`; on Ctrl-C commit what is complete and raise."""
        try:
            found = list(walk(roots, rules))
            self._total = len(found)
            self._round(found)
            if self._again:
                self._commit()
                self._shelf.close_split()  # a split holds one reading of a source at most
                self._second_round = True
                again, self._again = self._again, {}
                self._round(_found_again(again.values()))
            self._remove(self._changes.removed([visible(root) for root in roots], rules))
        except KeyboardInterrupt:
            with self._interrupts.held():
                self._commit()
            raise
        self._commit()
        self._show(last=True)

    def discard(self) -> None:
        """Delete what no commit has named."""
        self._shelf.discard()
        for left in (self._catalog.directory / WORK).glob("spool-*"):
            left.unlink(missing_ok=True)

    # --------------------------------------------------------------------------------------------------------- rounds
    def _round(self, found: Iterable[Found | Failure]) -> None:
        outcomes = cast("_Outcomes", self._pool.read_sources(self._tasks(found)))
        with closing(outcomes):
            for task, outcome in outcomes:
                with self._interrupts.held():
                    self._take(task.token, outcome)
                    self._commit_if_due()

    def _tasks(self, found: Iterable[Found | Failure]) -> Iterator[SourceTask]:
        """Yield what is to be read, settling on the way what is not."""
        for one in found:
            self._open[one.path] += 1
            for change in self._changes.of(one):
                if isinstance(change, Reading):
                    self._open[one.path] += 1
                    yield SourceTask(change.source.describe(), change.draft.kind, change)
                else:
                    with self._interrupts.held():
                        self._note(one.path, change)
                        self._commit_if_due()
            with self._interrupts.held():
                self._close(one.path)

    def _note(self, path: str, change: Change) -> None:
        """Take a change that needs no reading; an archive's own, the last of its changes, waits for its members."""
        if isinstance(change, Begun):
            self._pending.touched.append(replace(change.known, mtime_ns=LOOK_AGAIN))
        elif isinstance(change, Unread):
            self._keep(change)
        elif isinstance(change, Settled | Unchanged):
            if change.row.path == path:
                self._held[path] = change
            else:
                self._settle(change)

    def _close(self, path: str) -> None:
        self._open[path] -= 1
        if not self._open[path]:
            del self._open[path]
            self._done += not self._second_round
            if path in self._held:
                self._settle_held(path)
        self._current = path
        self._show()

    # -------------------------------------------------------------------------------------------------------- changes
    def _settle_held(self, path: str) -> None:
        change = self._held.pop(path)
        if path in self._again:  # members are still to be read
            change = replace(change, row=replace(change.row, mtime_ns=LOOK_AGAIN))
        self._settle(change)

    def _settle(self, change: Settled | Unchanged) -> None:
        if isinstance(change, Unchanged):
            if change.row != change.known:
                self._pending.touched.append(change.row)
            if change.known.status != "container" and change.known.path not in self._counted:
                self.report.unchanged += 1
        else:
            self._record(change.row, [] if change.failure is None else [change.failure])

    def _keep(self, change: Unread) -> None:
        self._pending.touched.append(change.row)
        self._pending.failures.append((change.row.id, change.failure))
        self._changes.remember(change.row)
        self.report.changed += 1
        self.report.failures.append(change.failure)

    def _take(self, reading: Reading, outcome: Outcome) -> None:
        path = reading.draft.path
        if isinstance(outcome, ReadEntry):
            entry = Entry(
                reading.number, outcome.kind, path, outcome.locator, outcome.number, outcome.title, outcome.features
            )
            self._shelf.add(entry)
            reading.items += 1
            self._in_flight += 1
            self._items_since += 1
            self._current = path
            self._show()
        elif isinstance(outcome, SkippedRecord):
            reading.failures.append(Failure(path, outcome.locator, outcome.reason, outcome.code))
        else:
            self._finish(reading, outcome)
            self._close(reading.on_disk.path)

    def _finish(self, reading: Reading, end: Done | Failed) -> None:
        if reading.spool is not None:
            reading.spool.release()
        self._in_flight -= reading.items
        state = _state(reading.on_disk.file)
        if state is not None and state != (reading.on_disk.size, reading.on_disk.mtime_ns):
            self._shelf.abandon(reading.number)
            if self._second_round:
                self._record_changing(reading.draft)
            else:
                self._again[reading.on_disk.path] = reading.on_disk
            return
        row = reading.draft
        if isinstance(end, Failed):
            failure = Failure(row.path, "", end.reason, end.code)
            row = replace(row, status="failed")
            if end.code in PASSING or state is None:
                row = replace(row, mtime_ns=LOOK_AGAIN)
            if end.readable:
                reading.failures.append(failure)
            else:
                self._shelf.abandon(reading.number)
                reading.items, reading.failures = 0, [failure]
        if reading.items:
            self._shelf.finish(reading.number)
        self._record(replace(row, items=reading.items, failures=len(reading.failures)), reading.failures)

    def _record_changing(self, row: SourceRow) -> None:
        reason = "it changed while it was read, twice (index it again when it is at rest)"
        failure = Failure(row.path, "", reason, CHANGED_WHILE_READ)
        self._record(replace(row, status="failed", mtime_ns=LOOK_AGAIN, failures=1), [failure])

    def _record(self, row: SourceRow, failures: list[Failure]) -> None:
        """Put a source that is complete into the next commit and into the report."""
        replaced = self._rows.get(row.path)
        if replaced is not None:  # two names that look the same; the later one stands
            self._shelf.abandon(replaced.id)
        self._rows[row.path] = row
        self._pending.failures.extend((row.id, failure) for failure in failures)
        self._changes.remember(row)
        if row.status == "container":
            return
        self._uncount(row.path)
        self._counted[row.path] = row
        self.report.items += row.items
        self.report.failures.extend(failures)
        if row.path in self._before:
            self.report.changed += 1
        else:
            self.report.added += 1

    def _uncount(self, path: str) -> None:
        """Forget what the first round counted of a source that is read again."""
        row = self._counted.pop(path, None)
        if row is None:
            return
        self.report.items -= row.items
        self.report.failures = [failure for failure in self.report.failures if failure.path != path]
        if path in self._before:
            self.report.changed -= 1
        else:
            self.report.added -= 1

    def _remove(self, rows: list[SourceRow]) -> None:
        for row in rows:
            self._pending.removed.append(row.path)
            self._uncount(row.path)
            self.report.removed += row.path in self._before

    # -------------------------------------------------------------------------------------------------------- commits
    def _commit_if_due(self) -> None:
        now = time.monotonic()
        patience = min(max(self.commit_seconds, (now - self._started) / 2), LONGEST_WAIT * self.commit_seconds)
        if now - self._committed_at >= patience or self._items_since >= self.commit_items:
            if self._pending or self._rows:
                self._commit()
                self._merge_if_due()
            self._committed_at, self._items_since = time.monotonic(), 0

    def _commit(self) -> None:
        with self._interrupts.held():
            changes, self._pending = self._pending, Commit()
            changes.sources, self._rows = list(self._rows.values()), {}
            self._shelf.fill(changes)
            if not changes:
                return
            changes.next_source_id = self._changes.next_number
            try:
                self._catalog.commit(changes)
            except StoreError:
                self._catalog.delete_unnamed([split.id for split in changes.splits])
                raise
            self._named_since_merge += len(changes.splits)

    def _merge_if_due(self) -> None:
        if self._named_since_merge >= SPLITS_BETWEEN_MERGES and self._shelf.settled:
            tidy(self._catalog)
            self._named_since_merge = 0

    def _show(self, last: bool = False) -> None:
        now = time.monotonic()
        if self.progress is None or (now - self._shown_at < PROGRESS_SECONDS and not last):
            return
        self._shown_at = now
        items, failures = self.report.items + self._in_flight, len(self.report.failures)
        seconds = now - self._started
        self.progress(Progress(self._done, self._total, items, failures, seconds, self._current))


def _found_again(found: Iterable[Found]) -> Iterator[Found]:
    for one in found:
        state = _state(one.file)
        if state is not None:
            yield Found(one.path, one.file, *state, one.folder)


def _state(file: str) -> tuple[int, int] | None:
    """Return size and modification time of a file, or None if it is gone."""
    try:
        state = os.stat(file)  # noqa: PTH116 - a name of any bytes
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns
