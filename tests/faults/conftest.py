"""The shim that makes writes fail, and folders where flushing to the disk costs little."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from crashing import Driver

NOBODY = 65534
MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one: flushing costs nothing there


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``failing_writes.c``, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler (cc) is here to build failing_writes.c")
    built = tmp_path_factory.mktemp("shim") / "failing_writes.so"
    source = Path(__file__).with_name("failing_writes.c")
    subprocess.run([compiler, "-O1", "-Wall", "-shared", "-fPIC", "-o", built, source, "-ldl"], check=True)
    return built


@pytest.fixture(scope="session")
def driver(shim: Path) -> Iterator[Driver]:
    """A server of children that can be killed, and whose writes can fail."""
    with Driver(shim) as one:
        yield one


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """An empty folder in memory, deleted after the test."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, prefix="nlsearch-faults-") as folder:
        yield Path(folder)


@contextmanager
def _unprivileged() -> Iterator[None]:
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def unprivileged() -> Callable[[], AbstractContextManager[None]]:
    """In a ``with`` block of it this process is no longer root, and modes of files hold for it."""
    return _unprivileged
