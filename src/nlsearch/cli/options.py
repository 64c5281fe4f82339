"""Options that many subcommands share, and how they open a collection."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from nlsearch.cli.terminal import notice, one_line, show_mistake
from nlsearch.errors import QuerySyntax

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.handlers.registry import Registry
    from nlsearch.limits import Limits

P = ParamSpec("P")
R = TypeVar("R")
DEFAULT_COLLECTION = ".nlsearch"


def examples(*lines: str) -> str:
    """Return the epilog of a command's help: what one would type."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subcommand works: the collection's folder, handlers of the user's own, caps that differ."""

    collection: Path
    handlers_dirs: tuple[Path, ...]
    caps: tuple[tuple[str, str], ...]

    def open(self, *, create: bool = False) -> Collection:
        """Open the collection; what cannot be loaded of the user's own handlers is said on stderr."""
        from nlsearch.collection import Collection

        collection = Collection.open(
            self.collection, create=create, limits=self.limits(), handlers_dirs=self.handlers_dirs
        )
        notice_problems(collection.registry)
        return collection

    def limits(self) -> Limits:
        """Return the caps in force."""
        from nlsearch.limits import Limits

        return Limits.parse(dict(self.caps))

    def registry(self) -> Registry:
        """Return the kinds that are known, without opening a collection."""
        from nlsearch.handlers.registry import Registry

        return Registry(self.handlers_dirs, limits=self.limits())


def notice_problems(registry: Registry) -> None:
    """Say on stderr which of the user's own handlers are left out."""
    for path, problem in registry.problems.items():
        notice(one_line(f"handler {path} is left out: {problem}"))


def _caps(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:  # noqa: ARG001 - click's signature
    pairs = [value.partition("=") for value in values]
    if not all(equal for _, equal, _ in pairs):
        raise click.BadParameter("write NAME=N, e.g. image_pixels=400000000")
    return tuple((name, text) for name, _, text in pairs)


def with_place(*cap_names: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command ``--collection``, ``--handlers-dir`` and ``--cap``, and pass it a :class:`Place` as `place`.

    Parameters
    ----------
    *cap_names : str
        Further names of the option ``--cap``.
    """

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        """Add the options to `command`."""

        @click.option(
            "-c", "--collection", metavar="FOLDER", help="The collection (default $NLSEARCH_COLLECTION or ./.nlsearch)."
        )
        @click.option("--handlers-dir", multiple=True, metavar="FOLDER", help="A folder with handlers of your own.")
        @click.option(
            "--cap", *cap_names, "caps", multiple=True, metavar="NAME=N", callback=_caps,
            help="Set a cap, e.g. image_pixels=400000000; `nlsearch doctor` lists them.",
        )  # fmt: skip
        @click.pass_context
        @functools.wraps(command)
        def wrapper(ctx: click.Context, /, **given: Any) -> R:  # noqa: ANN401 - the options of the command
            """Gather the shared options into a place."""
            place = _place(ctx, given.pop("collection"), given.pop("handlers_dir"), given.pop("caps"))
            return command(place=place, **given)

        return wrapper

    return decorate


def _place(
    ctx: click.Context, collection: str | None, handlers_dir: tuple[str, ...], caps: tuple[tuple[str, str], ...]
) -> Place:
    above: dict[str, Any] = ctx.obj or {}
    chosen = collection or above.get("collection") or os.environ.get("NLSEARCH_COLLECTION") or DEFAULT_COLLECTION
    folders = (*above.get("handlers_dir", ()), *handlers_dir)
    return Place(Path(chosen), tuple(map(Path, folders)), caps)


def with_json(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command ``--json``, passed as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")(command)


class QueryMistake(click.ClickException):
    """A query that was not understood, shown with a caret under the column."""

    exit_code = 2

    def __init__(self, query: str, mistake: QuerySyntax) -> None:
        super().__init__(mistake.message)
        self.query = query
        self.mistake = mistake

    def show(self, file: Any = None) -> None:  # noqa: ANN401, ARG002 - click's signature
        """Write the message, the query with the caret, and the hint to stderr."""
        show_mistake(self.query, self.mistake)


@contextmanager
def query_shown(query: str) -> Iterator[None]:
    """Show `query` with a caret when something inside finds a mistake in it."""
    try:
        yield
    except QuerySyntax as mistake:
        raise QueryMistake(query, mistake) from mistake
