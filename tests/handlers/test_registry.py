"""The registry: what it costs to list kinds, and whom it tells the caps."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from nlsearch.errors import QueryError, UnknownKind
from nlsearch.handlers.registry import BUILT_IN, ENTRY_POINTS, Registry
from nlsearch.limits import Limits

HEAVY = ("numpy", "rdkit", "cv2", "Bio", "PIL", "edlib", "usearch", "tantivy", "sqlalchemy")
OUTSIDE = """
from nlsearch.limits import Limits

class Limited:
    kind = "limited"
    version = 1
    formats = fields = operators = spaces = requires = ()

    def __init__(self):
        self.limits = Limits()

HANDLER = Limited
"""


def test_listing_kinds_imports_no_library() -> None:
    code = (
        "import sys; from nlsearch.handlers.registry import Registry\n"
        "r = Registry(); r.operators(), r.fields(), r.spaces(), r.versions()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_caps_reach_handlers_from_everywhere(tmp_path: Path) -> None:
    (tmp_path / "limited.py").write_text(OUTSIDE)
    limits = Limits(molecule_atoms=5)
    registry = Registry([tmp_path], limits=limits)
    assert not registry.problems
    assert {kind for kind in registry.kinds if getattr(registry.get(kind), "limits", None) == limits} == {
        *BUILT_IN,
        "limited",
    }


def test_a_field_that_is_called_like_an_operator_can_be_asked_for() -> None:
    """By its values, for which it needs a notation and the operator options; or by ranges of its numbers."""
    registry = Registry()
    fields = registry.fields()
    for name, offered in registry.operators().items():
        if name in fields and fields[name].type not in {"integer", "float", "date"}:
            assert fields[name].notation, name
            assert all(operator.options for _, operator in offered), name


def test_an_unknown_kind_names_the_known() -> None:
    with pytest.raises(UnknownKind) as caught:
        Registry().get("melody")
    assert "molecule" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("x = ", "SyntaxError: invalid syntax"),
        ("x = 1", "AttributeError: module"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("class HANDLER:\n    kind = 'bare'\n    version = 1", "does not declare formats, fields, operators"),
    ],
)
def test_a_broken_file_of_handlers_costs_only_itself(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "broken.py").write_text(text)
    (tmp_path / "limited.py").write_text(OUTSIDE)
    registry = Registry([tmp_path])
    assert list(registry.problems) == [str(tmp_path / "broken.py")]
    assert said in registry.problems[str(tmp_path / "broken.py")]
    assert {handler.kind for handler in registry} == {*BUILT_IN, "limited"}


def test_a_broken_entry_point_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [importlib.metadata.EntryPoint("melody", "no_such_module:Melody", ENTRY_POINTS)]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    registry = Registry()
    assert {handler.kind for handler in registry} == set(BUILT_IN)
    assert "No module named" in registry.problems["no_such_module:Melody"]
    with pytest.raises(UnknownKind):
        Registry().get("melody")


def test_a_folder_of_handlers_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="no such folder"):
        Registry([tmp_path / "absent"])
