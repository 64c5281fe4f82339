"""``nlsearch handler new`` writes a handler that works, and a test that passes."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from click.testing import CliRunner

from nlsearch.cli.app import app
from nlsearch.handlers.registry import Registry
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped


@pytest.fixture
def folder(tmp_path):
    result = CliRunner().invoke(app, ["handler", "new", "cooking-recipe", "--dir", str(tmp_path / "own")])
    assert (result.exit_code, result.stderr.startswith("next: python -m pytest")) == (0, True), result.output
    return tmp_path / "own"


class Text:
    path = "/kitchen/a.cooking_recipe"
    name = "a.cooking_recipe"
    format = "CookingRecipe"

    def open(self):
        return io.BytesIO(b"soup\tsalt & water\nnothing\n\tbread")


def test_the_handler_keeps_the_contract(folder):
    registry = Registry([folder])
    assert registry.problems == {}
    handler = registry.get("cooking_recipe")
    first, second, third = handler.read(Text(), Limits())
    assert isinstance(first, RawItem)
    assert (first.title, first.number) == ("soup", 1)
    assert isinstance(second, Skipped)
    assert third.content == "bread"
    features = handler.features(first)
    assert features.fields == {"name": "soup", "cooking_recipe_length": 12}
    operator = handler.operators[0]
    probe = handler.compile(operator.name, "SALT", {"case": False})
    verdict = handler.verify(probe, features.payload)
    assert verdict.evidence == {"target": [0, 4]}
    assert verdict.score == pytest.approx(4 / 12)
    assert handler.verify(handler.compile(operator.name, "SALT", {"case": True}), features.payload) is None
    assert b"&amp;" in handler.draw(features.payload, verdict).data


@pytest.mark.parametrize("name", ["Recipe", "a.b", "molecule", "x" * 40])
def test_names_that_are_none_or_taken_are_refused(tmp_path, name):
    result = CliRunner().invoke(app, ["handler", "new", name, "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(folder):
    result = CliRunner().invoke(app, ["handler", "new", "cooking_recipe", "--dir", str(folder)])
    assert (result.exit_code, "exists" in result.stderr) == (2, True)


def test_its_own_test_passes(folder):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
