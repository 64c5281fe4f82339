"""The libraries of a handler are imported once, before workers are forked, and only those."""

from __future__ import annotations

import sys

import pytest

from nlsearch.errors import WorkerCrashed
from nlsearch.handlers.registry import Registry
from nlsearch.limits import Limits
from nlsearch.sandbox.outcomes import Done, Failed, SourceTask
from nlsearch.sandbox.pool import Pool
from nlsearch.sandbox.preload import preload
from nlsearch.sandbox.sources import FileSource

HANDLER = """
from nlsearch.model import Features, RawItem

class Handler:
    kind = {kind!r}
    version = 1
    formats = fields = operators = spaces = ()
    requires = {requires!r}

    def read(self, source, limits):
        {imports}
        yield RawItem("", 1)

    def features(self, item):
        return Features()

HANDLER = Handler
"""


@pytest.fixture
def libraries(tmp_path, monkeypatch):
    """Importable modules that exist only here."""
    folder = tmp_path / "libraries"
    (folder / "nlslib").mkdir(parents=True)
    (folder / "nlslib" / "__init__.py").write_text("")
    (folder / "nlslib" / "deep.py").write_text("class Thing: pass")
    (folder / "nlsother.py").write_text("")
    (folder / "nlscrash.py").write_text("import os; os.abort()")
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if name.startswith(("nlslib", "nlsother"))]:
        del sys.modules[name]


def handler(folder, kind, requires, imports):
    folder.mkdir(exist_ok=True)
    (folder / f"{kind}.py").write_text(HANDLER.format(kind=kind, requires=requires, imports=imports))
    return folder


def test_imports_inside_methods_are_found(libraries, tmp_path):
    folder = handler(tmp_path / "h", "deepkind", ("nlslib",), "from nlslib.deep import Thing; import nlsother")
    preload(Registry([folder]).get("deepkind"))
    assert "nlslib.deep" in sys.modules
    assert "nlsother" not in sys.modules


def test_a_library_that_is_absent_is_left_to_its_user(libraries, tmp_path):
    folder = handler(tmp_path / "h", "absentkind", ("nlsabsent",), "import nlsabsent.part")
    preload(Registry([folder]).get("absentkind"))
    assert "nlsabsent" not in sys.modules


def test_a_library_that_crashes_on_import_costs_the_files_of_its_kind_only(libraries, tmp_path):
    folder = handler(tmp_path / "h", "crashkind", ("nlscrash",), "import nlscrash")
    handler(folder, "goodkind", ("nlslib",), "import nlslib.deep")
    path = tmp_path / "f.x"
    path.write_text("")
    description = FileSource(str(path), path.name, "X", str(path)).describe()
    tasks = [SourceTask(description, kind, kind) for kind in ("goodkind", "crashkind", "goodkind")]
    with Pool([folder], Limits(worker_seconds=20)) as pool:
        last = [outcome for _, outcome in pool.read_sources(tasks) if isinstance(outcome, (Done, Failed))]
    assert [type(one) for one in last] == [Done, Failed, Done]
    assert isinstance(last[1].error, WorkerCrashed)
