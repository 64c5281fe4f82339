"""What the tests of the sandbox share: a handler that makes trouble, and files that tell it which."""

from __future__ import annotations

import pytest
from sandbox_limits import LIMITS, OUTSIDE

from nlsearch.sandbox.outcomes import SourceTask
from nlsearch.sandbox.pool import Pool
from nlsearch.sandbox.sources import FileSource


@pytest.fixture(scope="session")
def pool():
    """One pool for many tests: whatever a test does to its worker, the next test gets a good one."""
    with Pool([OUTSIDE], LIMITS, jobs=2) as one:
        yield one


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of instructions and returns its task."""

    def make(name: str, *lines: str) -> SourceTask:
        path = tmp_path / f"{name}.trouble"
        path.write_text("\n".join(lines))
        return SourceTask(FileSource(str(path), path.name, "Trouble", str(path)).describe(), "trouble", token=name)

    return make
