"""The generated parts of the documentation say what the program says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def generator():
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = {path.relative_to(DOCS).as_posix(): (path, title, part) for path, title, part in generator().pages()}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_up_to_date(name):
    path, title, part = PAGES[name]
    assert path.exists(), "run python docs/generate.py"
    assert path.read_text("utf-8") == generator().refreshed(path, title, part), "run python docs/generate.py"


def test_what_is_written_by_hand_stays(tmp_path):
    made = generator()
    page = tmp_path / "page.md"
    page.write_text(f"# By hand\n\nbefore\n\n{made.BEGIN}\nold\n{made.END}\n\nafter\n")
    text = made.refreshed(page, "ignored", "new\n")
    assert text == f"# By hand\n\nbefore\n\n{made.BEGIN}\n\nnew\n\n{made.END}\n\nafter\n"
    page.write_text(text)
    assert made.refreshed(page, "ignored", "new\n") == text
    page.write_text("# By hand only\n")
    assert made.refreshed(page, "ignored", "new").startswith(f"# By hand only\n\n{made.BEGIN}\n\nnew\n")


def test_every_error_limit_and_command_is_documented():
    from nlsearch import errors
    from nlsearch.cli.app import COMMANDS
    from nlsearch.limits import Limits

    texts = {name: (DOCS / name).read_text("utf-8") for name in ("errors.md", "limits.md", "command-line.md")}
    for name in vars(errors):
        if isinstance(getattr(errors, name), type) and issubclass(getattr(errors, name), errors.NlsearchError):
            assert f"`{name}`" in texts["errors.md"]
    assert all(f"`{name}`" in texts["limits.md"] for name in Limits().to_dict())
    assert all(f"## `nlsearch {name}" in texts["command-line.md"] for name in COMMANDS)
