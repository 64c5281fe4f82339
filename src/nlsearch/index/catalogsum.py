"""The checksum of catalog.db, beside it in ``catalog.sum``.

SQLite does not notice a flipped byte inside a text or a number.  The sum is written in two phases: *pending* before a
writer changes anything, *settled* with the SHA-256 of the file when it has finished.  A kill between the two leaves
"pending", which is not taken for damage: SQLite's own structural check then stands in for the sum.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

from nlsearch.errors import StoreError
from nlsearch.index.layout import CATALOG, SUM, sync_directory
from nlsearch.index.problem import Problem
from nlsearch.index.snapshot import interrupted, reading
from nlsearch.index.storage import write_durably

_HINT = "index the sources into a new collection"


def mark_pending(directory: Path) -> None:
    """Say, durably, that the catalog is about to change."""
    _write(directory, {"state": "pending"})


def settle(directory: Path) -> None:
    """Write the checksum of the catalog as it is, unless a journal is left that will change it once it is opened."""
    if not interrupted(directory / CATALOG):
        _write(directory, {"state": "settled", "sha256": _digest(directory / CATALOG)})


def catalog_problems(directory: Path) -> list[Problem]:
    """Compare the catalog with its checksum and, where that is pending, with SQLite's own rules."""
    while True:
        before = _stored(directory)
        if before is None:
            return [Problem(str(directory / SUM), "the checksum of the catalog is missing or damaged", _HINT)]
        problems = _structure(directory)
        settled = "sha256" in json.loads(before)
        differs = settled and json.loads(before)["sha256"] != _digest(directory / CATALOG)
        if _stored(directory) != before:
            continue  # a writer came between
        if differs and not problems:
            problems = [Problem(str(directory / CATALOG), "its bytes differ from what was written", _HINT)]
        return problems


def _structure(directory: Path) -> list[Problem]:
    file = str(directory / CATALOG)
    try:
        with reading(directory) as connection:
            rows = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
    except (StoreError, sqlite3.Error) as exc:
        return [Problem(file, exc.message if isinstance(exc, StoreError) else str(exc), _HINT)]
    return [] if rows == ["ok"] else [Problem(file, f"SQLite finds it malformed: {row}", _HINT) for row in rows]


def _write(directory: Path, facts: dict[str, str]) -> None:
    new = directory / f"{SUM}.new"
    write_durably(new, _packed(facts))
    new.rename(directory / SUM)
    sync_directory(directory)


def _packed(facts: dict[str, str]) -> bytes:
    return json.dumps(facts).encode()


def _stored(directory: Path) -> bytes | None:
    """Return the bytes of the checksum's file; None unless each of them is one that was written."""
    try:
        content = (directory / SUM).read_bytes()
        facts = json.loads(content)
        known = facts == {"state": "pending"} or (set(facts) == {"state", "sha256"} and facts["state"] == "settled")
    except (OSError, ValueError, TypeError):
        return None
    return content if known and content == _packed(facts) else None


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
