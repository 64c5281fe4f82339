"""Files that a split is made of: written once, made durable, described by size and checksum, then only read."""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import IndexDamaged, StorageFull, StoreError
from nlsearch.index.layout import sync_directory
from nlsearch.limits import MIB

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""What the system says when a disk takes no more, or fails."""


@dataclass(frozen=True, slots=True)
class FileSum:
    """What a file must be: its size in bytes and its SHA-256, hexadecimal."""

    size: int
    sha256: str


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Translate what the operating system refuses while files below `path` are written.

    Raises
    ------
    StorageFull
        If the disk takes no more, or fails.
    StoreError
        For anything else that the system refuses.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno in DISK_FULL:
            raise StorageFull(f"the disk took no more: {exc.strerror}", locator=str(path)) from exc
        raise StoreError(f"cannot write: {exc.strerror or exc}", locator=str(path)) from exc


def seal(directory: Path) -> dict[str, FileSum]:
    """Make every file below `directory` durable and return its size and checksum by relative name, sorted."""
    sums: dict[str, FileSum] = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = Path(folder, name)
            sums[path.relative_to(directory).as_posix()] = file_sum(path, durable=True)
        sync_directory(folder)
    return dict(sorted(sums.items()))


def file_sum(path: Path, *, durable: bool = False) -> FileSum:
    """Return size and checksum of a file; with `durable`, flush it to the disk as well."""
    with path.open("rb") as file:
        if durable:
            os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileSum(file.tell(), digest)


def write_durably(path: Path, content: bytes) -> None:
    """Write a small file and flush it, and its name, to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)


class RowSpool:
    """Rows of numbers that wait on disk until all of them are there; no more than a MiB of them is held.

    Parameters
    ----------
    path : Path
        Of the file that they wait in; made with the first of them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: list[bytes] = []
        self._held_bytes = 0

    def add(self, rows: NDArray[Any]) -> None:
        """Take rows; they are copied."""
        self._held.append(rows.tobytes())
        self._held_bytes += rows.nbytes
        if self._held_bytes > MIB:
            self._flush()

    def all(self, dtype: str) -> NDArray[Any]:
        """Return all rows, one after the other, as :func:`mapped` does."""
        self._flush()
        return mapped(self._path, dtype)

    def remove(self) -> None:
        """Delete the file."""
        self._path.unlink()

    def _flush(self) -> None:
        with writing(self._path), self._path.open("ab") as spool:
            spool.writelines(self._held)
        self._held, self._held_bytes = [], 0


def mapped(path: Path, dtype: str, count: int | None = None) -> NDArray[Any]:
    """Map a file as a flat read-only array of `dtype`; an empty file gives an empty array.

    It is a plain array over the map: ``np.memmap`` takes ten times as long to make, and longer to read a number from.

    Raises
    ------
    IndexDamaged
        If the file is missing, or does not hold whole numbers of `dtype`, or not `count` of them if that is given.
    """
    try:
        with path.open("rb") as file:
            empty = os.fstat(file.fileno()).st_size == 0
            content = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            array = np.frombuffer(content, dtype)
    except (OSError, ValueError) as exc:
        raise IndexDamaged(f"cannot be read: {exc}", locator=str(path), hint="run nlsearch check") from exc
    if count is not None and len(array) != count:
        message = f"holds {len(array)} instead of {count} numbers of type {dtype}"
        raise IndexDamaged(message, locator=str(path), hint="run nlsearch check")
    return array
