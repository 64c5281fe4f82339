"""The lock of the one writer: an advisory lock on ``write.lock``, which names the process that holds it.

The kernel releases it when its process ends in whatever way, so nothing has to be cleaned up after a kill.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nlsearch.errors import IndexLocked, StorageFull, StoreError
from nlsearch.index.layout import LOCK
from nlsearch.index.storage import DISK_FULL

_POLL_SECONDS = 0.05


@contextmanager
def write_lock(directory: str | Path, timeout_s: float = 10.0) -> Iterator[None]:
    """Hold the writer's lock of the collection in `directory`.

    Parameters
    ----------
    directory : path
    timeout_s : float
        How long to wait for another writer.

    Raises
    ------
    IndexLocked
        If another writer still holds it; the message names its process.
    StorageFull
        If the disk takes no more, not even an empty file.
    StoreError
        If the collection cannot be written at all.
    """
    path = Path(directory, LOCK)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as exc:
        if exc.errno in DISK_FULL:
            raise StorageFull(f"the disk took no more: {exc.strerror}", locator=str(directory)) from exc
        raise StoreError(f"the collection cannot be written: {exc.strerror}", locator=str(directory)) from exc
    try:
        _acquire(descriptor, path, timeout_s)
        with suppress(OSError):  # the name is for people; the lock holds without it, also on a disk that is full
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
                raise IndexLocked(
                    f"process {holder} is writing to the collection",
                    locator=str(path.parent),
                    hint="wait for it, or wait longer with --lock-timeout SECONDS (Python: lock_timeout_s)",
                ) from exc
            time.sleep(_POLL_SECONDS)
        else:
            return
