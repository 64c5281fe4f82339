"""Run the commands that the documentation shows and put their real output below them.

A transcript is a fenced block of the language ``console`` that starts with ``$ nlsearch …``; further commands may
follow in the same block.  All transcripts of a page are run in order in the root of the repository, on a new collection
of ``examples/collection`` unless the first of them is an ``index``.  ``…/`` stands for the folder of the repository,
``[…]`` for lines left out (a command followed by ``# first N lines`` shows no more), and times are those of one run:
they are not compared.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

from click.testing import CliRunner

from nlsearch.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ONLY = re.compile(r"\s+# first (\d+) lines?$")
_SECONDS = re.compile(r'\d+\.\d+ s\b|(?<="seconds": )[0-9.e-]+')


def pages() -> Iterator[Path]:
    """Yield every page that has a transcript."""
    return (page for page in PAGES if _BLOCK.search(page.read_text("utf-8")))


def rerun(text: str) -> str:
    """Return a page with the output of its transcripts replaced where it differs in more than time."""
    with tempfile.TemporaryDirectory() as scratch, chdir(ROOT):
        place = {"NLSEARCH_COLLECTION": str(Path(scratch, "docs.nls")), "COLUMNS": "120", "NO_COLOR": "1"}
        with patch.dict(os.environ, place):
            first = _BLOCK.search(text)
            if first is None or not first[1].startswith("$ nlsearch index "):
                _run("nlsearch index examples/collection")
            return _BLOCK.sub(lambda found: _fresh(found[0], found[1]), text)


def _fresh(shown: str, inside: str) -> str:
    commands = [line for line in inside.splitlines() if line.startswith("$ nlsearch ")]
    fresh = "\n".join(f"{command}\n{_shown(command)}".rstrip() for command in commands)
    block = f"```console\n{fresh}\n```"
    return shown if _SECONDS.sub("", shown) == _SECONDS.sub("", block) else block


def _shown(command: str) -> str:
    only = _ONLY.search(command)
    output = _run(_ONLY.sub("", command.removeprefix("$ ")))
    lines = output.replace(f"{ROOT}/", "…/").rstrip().splitlines()
    if only is not None and len(lines) > int(only[1]):
        lines = [*lines[: int(only[1])], "[…]"]
    return "\n".join(line.rstrip() for line in lines)


def _run(command: str) -> str:
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output
