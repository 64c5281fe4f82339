"""The registry: what it costs to list kinds, and whom it tells the caps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nlsearch.errors import UnknownKind
from nlsearch.handlers.registry import BUILT_IN, Registry
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


def test_operators_and_fields_have_different_names() -> None:
    """A field that is called like an operator could not be asked for."""
    registry = Registry()
    assert not set(registry.fields()) & set(registry.operators())


def test_an_unknown_kind_names_the_known() -> None:
    with pytest.raises(UnknownKind) as caught:
        Registry().get("melody")
    assert "molecule" in (caught.value.hint or "")
