"""Shared fixtures: the example collection, indexed once for the whole run, and the real data where it is present."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import nlsearch

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples" / "collection"
SHARED = ROOT.parent / "shared" / "data"


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts a job in the background of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def example_files() -> Path:
    """The folder of example files."""
    return EXAMPLES


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nlsearch.Collection]:
    """The example collection, indexed; tests only read it."""
    directory = tmp_path_factory.mktemp("examples") / "examples.nls"
    with nlsearch.Collection.open(directory, create=True) as collection:
        collection.index([EXAMPLES], jobs=1)
        yield collection


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files beside the checkout; tests that want them are skipped where they are absent."""
    if not SHARED.is_dir():
        pytest.skip("the real data files (shared/data) are not here")
    return SHARED
