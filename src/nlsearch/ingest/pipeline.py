"""What a collection can be asked to do with files: index them, remove them, merge what is stored of them.

What a commit holds is durable and whole: a source appears with all of its items, or not at all.  A kill, a full disk or
Ctrl-C between two commits loses the work since the last one, never more, and the next run takes it up from there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nlsearch.handlers.registry import Registry
from nlsearch.handlers.settings import checked, chosen_of
from nlsearch.index.catalog import Catalog, Commit
from nlsearch.index.snapshot import read_generation, read_settings
from nlsearch.ingest.changes import LOOK_AGAIN, OUTDATED
from nlsearch.ingest.interrupts import Interrupts
from nlsearch.ingest.merging import merge_all, tidy
from nlsearch.ingest.report import Progress, Report
from nlsearch.ingest.run import COMMIT_ITEMS, COMMIT_SECONDS, Run
from nlsearch.ingest.walk import Rules
from nlsearch.limits import Limits
from nlsearch.sandbox.pool import Pool
from nlsearch.sandbox.sources import visible


def index(
    directory: str | Path,
    paths: Iterable[str | Path],
    *,
    registry: Registry | None = None,
    limits: Limits | None = None,
    jobs: int = 2,
    progress: Callable[[Progress], None] | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    retry_failed: bool = False,
    settings: Mapping[str, str | Iterable[str]] | None = None,
    lock_timeout_s: float = 10.0,
    commit_seconds: float = COMMIT_SECONDS,
    commit_items: int = COMMIT_ITEMS,
    merge_after: bool = True,
    pool: Pool | None = None,
) -> Report:
    """Bring a collection up to date with files and folders; what is reported is durable when this returns.

    Parameters
    ----------
    directory : path
        The collection; made if there is none.
    paths : iterable of path
        Files, folders and archives.  Known sources below them that are gone are removed.
    registry : Registry, optional
    limits : Limits, optional
    jobs : int
        Worker processes.
    progress : callable, optional
        Called about ten times a second with a :class:`~nlsearch.ingest.report.Progress`.
    include, exclude : sequence of str
        Patterns as in ``.gitignore``, relative to each path.
    retry_failed : bool
        Read again what had failed, even if it is unchanged.
    settings : mapping, optional
        What the collection is to choose from now on (:mod:`nlsearch.handlers.settings`).
    lock_timeout_s : float
        How long to wait for another writer.
    commit_seconds : float
        The first wait between commits; later ones wait for half of the time that the run has taken, at most
        twelve times as long.  That is how much work a kill may cost.
    commit_items : int
        The same in items.
    merge_after : bool
        Merge splits that have gathered.
    pool : Pool, optional
        Workers to use instead of new ones.

    Returns
    -------
    Report

    Raises
    ------
    QueryError
        If a setting is unknown.
    IndexLocked
        If another process is writing.
    StorageFull
        If the disk takes no more; the last commit stands.
    KeyboardInterrupt
        After committing what was complete.
    """
    started = time.monotonic()
    limits = limits or Limits()
    registry = registry or Registry(limits=limits)
    roots = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - links stay as users see them
    rules = Rules(tuple(include), tuple(exclude))
    wanted = checked(settings or {}, registry)
    catalog = Catalog.create(directory)
    with catalog.writing(lock_timeout_s), Interrupts() as interrupts:
        adopt(catalog, registry, wanted)
        with pool or Pool(registry.directories, limits, jobs, settings=registry.settings) as workers:
            run = Run(catalog, workers, registry, limits, interrupts, retry_failed)
            run.commit_seconds, run.commit_items, run.progress = commit_seconds, commit_items, progress
            try:
                run.read(roots, rules)
            finally:
                run.discard()
        if merge_after:
            tidy(catalog)
        catalog.collect_garbage()
    run.report.generation = read_generation(catalog.directory)
    run.report.seconds = time.monotonic() - started
    return run.report


def adopt(catalog: Catalog, registry: Registry, wanted: Mapping[str, str]) -> None:
    """Make `wanted` the collection's settings, and let the handlers of `registry` know what holds.

    What was read of a kind whose settings change is out of date, and says so in the same commit: a run that is cut
    short leaves a mixture, of which the next run knows what is left to do.
    """
    before = read_settings(catalog.directory)
    after = {**before, **wanted}
    registry.choose(after)
    if after != before:
        changed = {handler.kind for handler in registry if chosen_of(handler, before) != chosen_of(handler, after)}
        outdated = [replace(row, handler_version=OUTDATED) for row in catalog.sources() if row.kind in changed]
        catalog.commit(Commit(settings=dict(wanted), touched=outdated))


def remove(directory: str | Path, paths: Iterable[str | Path], *, lock_timeout_s: float = 10.0) -> int:
    """Take files, folders, archives or members of archives out of a collection (not off the disk).

    What is still on the disk comes back when it is indexed again; a member when its archive is.

    Returns
    -------
    int
        How many items went.

    Raises
    ------
    IndexLocked
        If another process is writing.
    """
    roots = [visible(os.path.abspath(path)) for path in paths]  # noqa: PTH100
    catalog = Catalog.open(directory)
    with catalog.writing(lock_timeout_s):
        known = {row.path: row for row in catalog.sources(containers=True)}
        rows = [
            row
            for row in known.values()
            if any(row.path == root or row.path.startswith(root.rstrip("/") + "/") for root in roots)
        ]
        if rows:
            gone = {row.path for row in rows}
            torn = {row.container for row in rows} & known.keys() - gone
            touched = [replace(known[path], mtime_ns=LOOK_AGAIN) for path in sorted(torn)]
            catalog.commit(Commit(removed=list(gone), touched=touched))
        catalog.drop_dead_splits()
        catalog.collect_garbage()
    return sum(row.items for row in rows)


def merge(directory: str | Path, *, lock_timeout_s: float = 10.0) -> int:
    """Merge all splits into as few as possible, dropping what was removed; return how many are left.

    Raises
    ------
    IndexLocked
        If another process is writing.
    StorageFull
        If the disk has no room; the splits stay as they were.
    """
    catalog = Catalog.open(directory)
    with catalog.writing(lock_timeout_s):
        return merge_all(catalog)
