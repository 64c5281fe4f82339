"""Finds every byte of a collection that differs from what was written.

What a killed writer leaves (folders that the catalog does not name, unfinished work) is no damage: nothing reads it,
and the next writer removes it.  A check neither writes nor repairs, and runs beside readers and writers.
"""

from __future__ import annotations

from pathlib import Path

from nlsearch.errors import StoreError
from nlsearch.index.catalogsum import catalog_problems
from nlsearch.index.layout import CATALOG, require_collection, split_directory
from nlsearch.index.pins import pinned_snapshot
from nlsearch.index.problem import Problem
from nlsearch.index.split import verify_files

__all__ = ["Problem", "check"]


def check(directory: str | Path) -> list[Problem]:
    """Compare every file of the collection in `directory` with its checksum.

    Returns
    -------
    list of Problem
        Empty for a sound collection.

    Raises
    ------
    StoreError
        If there is no collection.
    """
    folder = require_collection(Path(directory).absolute())
    problems = catalog_problems(folder)
    try:
        snapshot, pin = pinned_snapshot(folder)
    except StoreError as exc:
        return problems or [Problem(str(folder / CATALOG), exc.message, exc.hint)]
    with pin:
        for row in snapshot.splits:
            problems += _split_problems(split_directory(folder, row.id), row.digest, row.items)
    return problems


def _split_problems(folder: Path, digest: str, items: int) -> list[Problem]:
    if not folder.is_dir():
        return [Problem(str(folder), f"the split, with {items:,} items, is missing", "index the sources again")]
    try:
        return verify_files(folder, digest)
    except (StoreError, OSError) as exc:
        return [Problem(str(folder), f"cannot be read: {exc}", "index the sources again")]
