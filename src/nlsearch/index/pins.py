"""Pins: what live readers still read, so that no split is deleted under them.

A pin is a file in ``pins/`` named ``<generation>-<token>`` on which its reader holds an advisory lock.  A pin whose
lock can be taken belongs to a dead reader and is removed.  On a read-only medium nothing is ever deleted, so there no
pin is needed and none is made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from nlsearch.index.layout import PINS
from nlsearch.index.snapshot import Snapshot, read_snapshot

_EVERYTHING = 0
_ATTEMPTS = 16


class Pin:
    """Keeps the splits of one generation, and of all later ones, on disk until it is closed."""

    _descriptor: int | None = None

    def __init__(self, directory: str | Path, generation: int = _EVERYTHING) -> None:
        self._folder = Path(directory, PINS)
        self._token = secrets.token_hex(8)
        self._path = self._folder / f"{generation}-{self._token}"
        with contextlib.suppress(OSError):
            for _ in range(_ATTEMPTS):
                if self._take():
                    break

    def _take(self) -> bool:
        """Make and lock the file; False if a collector removed it between the two."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._path.stat().st_ino == os.fstat(descriptor).st_ino:
                self._descriptor = descriptor
                return True
        except OSError:
            pass
        os.close(descriptor)
        return False

    @property
    def held(self) -> bool:
        """False where no pin could be made (a read-only medium)."""
        return self._descriptor is not None

    def narrow(self, generation: int) -> None:
        """Pin `generation` from now on, instead of everything."""
        if self._descriptor is not None:
            path = self._folder / f"{generation}-{self._token}"
            with contextlib.suppress(OSError):
                self._path.rename(path)
                self._path = path

    def close(self) -> None:
        """Let go; may be called again."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def pinned_snapshot(directory: str | Path, generation: int | None = None) -> tuple[Snapshot, Pin]:
    """Read a snapshot and pin it, such that none of its splits is deleted before the pin is closed.

    Raises
    ------
    StoreError
        As :func:`~nlsearch.index.snapshot.read_snapshot` does.
    """
    with contextlib.ExitStack() as undo:
        pin = undo.enter_context(Pin(directory))
        snapshot = read_snapshot(directory, generation)
        undo.pop_all()
    pin.narrow(snapshot.generation)
    return snapshot, pin


def pinned_generations(directory: str | Path) -> set[int]:
    """Return the generations that live readers have pinned (0: all), removing the pins of dead ones."""
    found: set[int] = set()
    folder = Path(directory, PINS)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        with contextlib.suppress(OSError, ValueError):
            generation = int(path.name.partition("-")[0])
            if _is_held(path):
                found.add(generation)
            else:
                path.unlink()
    return found


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
