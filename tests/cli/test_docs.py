"""The generated parts of the documentation say what the program says."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def script(name):
    """Import a script of the documentation, as its neighbours do."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))


def generator():
    return script("generate")


PAGES = {path.relative_to(DOCS).as_posix(): (path, title, part) for path, title, part in generator().pages()}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_up_to_date(name):
    path, title, part = PAGES[name]
    assert path.exists(), "run python docs/generate.py"
    assert path.read_text("utf-8") == generator().refreshed(path, title, part), "run python docs/generate.py"


@pytest.mark.parametrize("page", [path.relative_to(DOCS.parent).as_posix() for path in script("transcripts").pages()])
def test_the_output_shown_is_the_output(page):
    text = (DOCS.parent / page).read_text("utf-8")
    assert script("transcripts").rerun(text) == text, "run python docs/generate.py"


def test_a_stale_transcript_is_found():
    text = "```console\n$ nlsearch search nothing-has-this-word\n9 found\n```\n"
    assert "0 found" in script("transcripts").rerun(text)


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
