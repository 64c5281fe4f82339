"""``nlsearch handler new KIND``: a handler to start from, with a test that passes."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

import click

from nlsearch.cli.options import Place, examples, with_place
from nlsearch.cli.terminal import cannot_write, notice
from nlsearch.errors import QueryError

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


@click.group()
def handler() -> None:
    """Start a handler for a kind of your own."""


@handler.command(
    epilog=examples(
        "nlsearch handler new recipe --dir my_handlers",
        "python -m pytest my_handlers",
        "nlsearch --handlers-dir my_handlers index kitchen/",
    )
)
@click.argument("kind")
@click.option("--dir", "directory", type=click.Path(path_type=Path, file_okay=False), default=Path("handlers"),
              show_default=True, help="Where to write; pass it as --handlers-dir later.")  # fmt: skip
@with_place()
def new(kind: str, directory: Path, place: Place) -> None:
    """Write a handler for KIND, which works and has everything to be replaced, and its test.

    The sample reads text files with one record a line; its operator finds the records that hold a text.
    """
    kind = kind.replace("-", "_")
    if not _NAME.fullmatch(kind):
        raise QueryError(f"{kind!r} is no name for a kind", hint="lower-case letters, digits and _, like recipe")
    if kind in place.registry().kinds:
        raise QueryError(f"there is a handler for {kind} already")
    names = {"kind": kind, "title": "".join(part.capitalize() for part in kind.split("_"))}
    files = {directory / f"{kind}.py": _template("handler"), directory / "tests" / f"test_{kind}.py": _template("test")}
    for path in files:
        if path.exists():
            raise QueryError(f"{path} exists")
    for path, template in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(template.substitute(names), "utf-8")
        except OSError as exc:
            raise cannot_write(path, exc) from exc
        click.echo(str(path))
    notice(f"next: python -m pytest {directory}, then nlsearch --handlers-dir {directory} index …")


def _template(name: str) -> Template:
    return Template((Path(__file__).parent / "templates" / f"{name}.py.txt").read_text("utf-8"))
