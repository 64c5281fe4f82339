"""``nlsearch search`` and ``nlsearch like``: asking, and printing what was found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nlsearch.cli.answering import answer
from nlsearch.cli.batch import LIMIT, ask_all, batch_options, check_options, limit_of, output_options
from nlsearch.cli.options import Place, examples, query_shown, with_json, with_place
from nlsearch.cli.querycommand import QueryCommand
from nlsearch.cli.terminal import notice
from nlsearch.errors import QueryError
from nlsearch.handlers.contract import is_path

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.model import Scalar
    from nlsearch.query.syntax import Node
    from nlsearch.search.examples import Answer, Asked
    from nlsearch.search.session import Page

R = TypeVar("R")


def kind_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the kinds that begin so, for the completion of a shell."""
    from nlsearch.handlers.registry import Registry

    folders = (ctx.find_root().params.get("handlers_dir") or ()) if ctx else ()
    there = [folder for folder in folders if Path(folder).is_dir()]
    return [kind for kind in Registry(there).kinds if kind.startswith(incomplete)]


def _answer_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options by which an answer is cut, counted and written."""
    options = (
        click.option("-n", "--limit", type=click.IntRange(1, 100_000), default=20, show_default=True,
 help="Hits a page."),
        click.option("--after", metavar="TOKEN", help="Continue behind an earlier page (its `next`)."),
        click.option("--all", "everything", is_flag=True, help="All pages, one after the other."),
        click.option(
            "--count", type=click.Choice(["page", "exact"]), default="page", show_default=True,
            help="exact: verify every candidate, so that the total is known.",
        ),
        click.option("--deadline", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
                     help="Stop verifying after this time; the answer then says that it is incomplete."),
        click.option("--facet", "facets", multiple=True, metavar="FIELD",
  help="Count the values of a field over all hits."),
        click.option("--report", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.html",
                     help="Write one self-contained page with hits, pictures and evidence."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command(
    cls=QueryCommand,
    epilog=examples(
        "nlsearch search caffeine kind:molecule",
        "nlsearch search caffeine -citrate",
        "nlsearch search 'smarts:\"c1ccccc1O\" AND mass:[100 TO 300]' --count exact",
        "nlsearch search 'dna:\"ATGGTGCATCTGACTCCTGAG\"{mismatches=1}' --json",
        "nlsearch search 'smiles:\"CCO\"' --report hits.html",
        "nlsearch search 'dna:@{mismatches=1}' --queries genes.fa -o hits.csv",
        "nlsearch search 'dna:\"ATGGTGCATCTGACTCCTGAG\"' --format 'blast6 std qlen slen btop'",
    ),
)
@click.argument("query", nargs=-1, required=True)
@click.option("--kind", "kinds", multiple=True, shell_complete=kind_names, help="Only this kind (may be repeated).")
@click.option(
    "--queries",
    type=click.Path(),
    metavar="FILE",
    help=f"Ask with every record of FILE, for which @ stands in QUERY: 'dna:@'; {LIMIT} hits each unless --limit "
    "says otherwise.",
)
@output_options("--queries")
@_answer_options
@with_json
@with_place()
def search(query: tuple[str, ...], kinds: tuple[str, ...], place: Place, **given: Any) -> int:  # noqa: ANN401 - the shared options
    """Answer a QUERY; `-` reads it from standard input.

    Words, field:value, field:[10 TO 20], "a phrase", operator:"value"~0.7{option=value}, AND OR NOT ( ) and -word.
    Put the query in single quotes, so that the shell leaves its quotes alone.  A one-letter word that is excluded, or a
    word that begins with --, stands behind a -- of its own: nlsearch search --json -- vitamin -c

    With --queries the query is asked with every record of a file of sequences, one after the other: one table, or one
    file of alignments, holds the hits of all.  Records that could not be asked with are counted and told with the
    reason, and exit code 3 says that there are some.  Interrupting keeps what was finished.
    """
    queries = given.pop("queries")
    check_options(given, "--queries", batch=queries is not None)
    text = sys.stdin.read().strip() if query == ("-",) else " ".join(query)
    with place.open() as collection, query_shown(text):
        if queries is not None:

            def ask_each(progress: Callable[[Asked], None] | None) -> Generator[Answer, None, None]:
                """Ask with every record."""
                return collection.search_all(
                    text, queries, limit_of(given), kinds=kinds or None, deadline_s=given["deadline"],
                    progress=progress,
                )  # fmt: skip

            return ask_all(collection, ask_each, **given)
        _offer(text, collection)

        def ask(after: str | None) -> Page:
            """Fetch one page."""
            return collection.search(
                text, limit=given["limit"], after=after, kinds=kinds or None, deadline_s=given["deadline"],
                count=given["count"],
            )  # fmt: skip

        return answer(ask, collection, text, lambda: _tree(text, collection), **given)


def _tree(text: str, collection: Collection) -> Node:
    from nlsearch.query.parse import Names, parse

    return parse(text, Names.of(collection.registry), collection.limits)


@click.command(
    epilog=examples(
        "nlsearch like photo.jpg",
        "nlsearch like genome.fa --kind nucleotide --minimum 0.2",
        "nlsearch like /data/drugs.sdf#12 -O related=yes",
        "nlsearch like unknowns.sdf --batch -o hits.csv",
        "nlsearch like genes.fa --batch --format sam -o hits.sam",
    )
)
@click.argument("example", metavar="FILE_OR_ITEM")
@click.option(
    "--kind",
    shell_complete=kind_names,
    help="Read the example as this kind, or find items of this kind by its melody.",
)
@click.option("--minimum", type=click.FloatRange(0, 1), help="Lowest score of a hit.")
@click.option(
    "-O", "--option", "settings", multiple=True, metavar="NAME=VALUE", help="An option of the kind's like operator."
)
@batch_options
@output_options("--batch")
@_answer_options
@with_json
@with_place()
def like(
    example: str, kind: str | None, minimum: float | None, settings: tuple[str, ...], place: Place, **given: Any  # noqa: ANN401 - the shared options
) -> int:  # fmt: skip
    """Find what matches FILE_OR_ITEM: a file, or the id of an indexed item.

    With --batch every record of the file is a query of its own: one table holds the hits of all, and a row with the
    reason for each query without hits.  Interrupting keeps what was finished.  Exit code 3 says that some of the
    queries could not be read or asked.
    """
    batch = given.pop("batch")
    check_options(given, "--batch", batch=batch)
    with place.open() as collection, query_shown(f"like:{example}"):
        options = typed_settings(collection, settings)
        chosen = str(options.pop("kind")) if "kind" in options else kind
        if batch:

            def ask_each(progress: Callable[[Asked], None] | None) -> Generator[Answer, None, None]:
                """Ask for what is like every record."""
                return collection.like_all(
                    example, limit=limit_of(given), progress=progress, kind=chosen, deadline_s=given["deadline"],
                    minimum=minimum, leave_out_itself=given["leave_out_itself"], **options,
                )  # fmt: skip

            return ask_all(collection, ask_each, **given)

        def ask(after: str | None) -> Page:
            """Fetch one page."""
            return collection.like(
                example, kind=chosen, limit=given["limit"], after=after, deadline_s=given["deadline"],
                count=given["count"], minimum=minimum, **options,
            )  # fmt: skip

        return answer(ask, collection, f"like {example}", lambda: _example(example, chosen), **given)


def _example(example: str, kind: str | None) -> Node:
    from nlsearch.search.examples import example_node

    return example_node(example, None, {}, kind)


def typed_settings(collection: Collection, settings: Sequence[str]) -> dict[str, Scalar]:
    """Read ``NAME=VALUE`` texts as options of ``like``, typed by what the handlers declare.

    Raises
    ------
    QuerySyntax
        If an option is unknown or its value is not of its type.
    """
    from nlsearch.query.build import typed, unknown_option
    from nlsearch.query.parse import Names

    operator = Names.of(collection.registry).operators.get("like")
    if operator is None or not settings:
        if settings:
            raise QueryError("no kind has a query by example")
        return {}
    known = {option.name: option for option in operator.options}
    values: dict[str, Scalar] = {}
    for setting in settings:
        name, equal, value = setting.partition("=")
        if not equal:
            raise click.BadParameter(f"write NAME=VALUE, not {setting!r}")
        if name not in known:
            raise unknown_option(operator, name, None)
        values[name] = typed(known[name], value, None)
    return values


def _offer(text: str, collection: Collection) -> None:
    """Say what a bare query may have been meant as."""
    from nlsearch.query.suggest import offer

    registry = collection.registry
    proposal = offer(text, {*registry.operators(), *registry.fields()})
    if not proposal and is_path(text):
        proposal = f"did you mean nlsearch like {text}?"
    if proposal:
        notice(f"searching for words; {proposal}")


__all__ = ["kind_names", "like", "search", "typed_settings"]
