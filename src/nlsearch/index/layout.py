"""Where the files of a collection lie.

::

    collection/
      catalog.db     the truth: which splits and sources there are
      catalog.sum    checksum of catalog.db
      write.lock     held by the one writer; names its process
      splits/<id>/   immutable once the catalog names them
      pins/          one locked file for each reader, naming the generation that it reads
      work/          what a writer has not finished; the next writer empties it
"""

from __future__ import annotations

import os
from pathlib import Path

from nlsearch.errors import StoreError

CATALOG = "catalog.db"
JOURNAL = "catalog.db-journal"
SUM = "catalog.sum"
LOCK = "write.lock"
SPLITS = "splits"
PINS = "pins"
WORK = "work"


def is_collection(directory: str | Path) -> bool:
    """Say whether `directory` holds a collection; in a folder that may not be entered none can be seen."""
    return os.path.isfile(os.path.join(directory, CATALOG))  # noqa: PTH113, PTH118 - Path.is_file raises where one may not look


def require_collection(directory: str | Path) -> Path:
    """Return `directory` as a path, or raise.

    Raises
    ------
    StoreError
        If there is no collection, or the folder may not be entered.
    """
    folder = Path(directory)
    if is_collection(folder):
        return folder
    refuse_file(folder)
    try:
        (folder / CATALOG).stat()
    except PermissionError as exc:
        raise StoreError("the folder may not be entered", locator=str(folder)) from exc
    except (OSError, ValueError):
        pass
    raise StoreError("there is no collection", locator=str(folder), hint="make one with nlsearch index FOLDER")


def refuse_file(directory: Path) -> None:
    """Raise if what should be the folder of a collection is a file.

    Raises
    ------
    StoreError
    """
    if os.path.lexists(directory) and not os.path.isdir(directory):  # noqa: PTH112 - Path.is_dir raises where one may not look
        raise StoreError("it is no folder, and a collection is one", locator=str(directory))


def split_directory(directory: str | Path, split_id: str) -> Path:
    """Return the folder of the split called `split_id`."""
    return Path(directory, SPLITS, split_id)


def sync_directory(directory: str | Path) -> None:
    """Make the names in `directory` durable (fsync of the folder)."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
