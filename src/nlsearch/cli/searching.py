"""``nlsearch search`` and ``nlsearch like``: asking, and printing what was found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nlsearch.cli.app import nothing_found
from nlsearch.cli.batch import ask_all, batch_options, check_options, limit_of
from nlsearch.cli.options import Place, examples, query_shown, with_json, with_place
from nlsearch.cli.querycommand import QueryCommand
from nlsearch.cli.terminal import notice, on_terminal, one_line, print_json, print_table
from nlsearch.cli.words import evidence_in_words
from nlsearch.errors import QueryError
from nlsearch.handlers.contract import is_path

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.model import Hit, Json, Scalar
    from nlsearch.search.session import Page

R = TypeVar("R")
Ask = Callable[[str | None], "Page"]
"""Fetch one page: the first for None, else the one that the token names."""


def _kind_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
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
    ),
)
@click.argument("query", nargs=-1, required=True)
@click.option("--kind", "kinds", multiple=True, shell_complete=_kind_names, help="Only this kind (may be repeated).")
@_answer_options
@with_json
@with_place()
def search(query: tuple[str, ...], kinds: tuple[str, ...], place: Place, **given: Any) -> int:  # noqa: ANN401 - the shared options
    """Answer a QUERY; `-` reads it from standard input.

    Words, field:value, field:[10 TO 20], "a phrase", operator:"value"~0.7{option=value}, AND OR NOT ( ) and -word.
    Put the query in single quotes, so that the shell leaves its quotes alone.  A one-letter word that is excluded, or a
    word that begins with --, stands behind a -- of its own: nlsearch search --json -- vitamin -c
    """
    text = sys.stdin.read().strip() if query == ("-",) else " ".join(query)
    with place.open() as collection, query_shown(text):
        _offer(text, collection)

        def ask(after: str | None) -> Page:
            """Fetch one page."""
            return collection.search(
                text, limit=given["limit"], after=after, kinds=kinds or None, deadline_s=given["deadline"],
                count=given["count"],
            )  # fmt: skip

        return _answer(ask, collection, text, **given)


@click.command(
    epilog=examples(
        "nlsearch like photo.jpg",
        "nlsearch like genome.fa --kind nucleotide --minimum 0.2",
        "nlsearch like /data/drugs.sdf#12 -O related=yes",
        "nlsearch like unknowns.sdf --batch -o hits.csv",
    )
)
@click.argument("example", metavar="FILE_OR_ITEM")
@click.option("--kind", shell_complete=_kind_names, help="Read the example as this kind.")
@click.option("--minimum", type=click.FloatRange(0, 1), help="Lowest score of a hit.")
@click.option(
    "-O", "--option", "settings", multiple=True, metavar="NAME=VALUE", help="An option of the kind's like operator."
)
@batch_options
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
    check_options(given, batch=batch)
    with place.open() as collection, query_shown(f"like:{example}"):
        options = typed_settings(collection, settings)
        chosen = str(options.pop("kind")) if "kind" in options else kind
        if batch:
            return ask_all(
                collection, example, given["output"], as_json=given["as_json"], limit=limit_of(given), kind=chosen,
                deadline_s=given["deadline"], minimum=minimum, leave_out_itself=given["leave_out_itself"], **options,
            )  # fmt: skip

        def ask(after: str | None) -> Page:
            """Fetch one page."""
            return collection.like(
                example, kind=chosen, limit=given["limit"], after=after, deadline_s=given["deadline"],
                count=given["count"], minimum=minimum, **options,
            )  # fmt: skip

        return _answer(ask, collection, f"like {example}", **given)


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


@dataclass(slots=True)
class Seen:
    """What was shown of an answer.

    Parameters
    ----------
    before : int
        Hits on the pages before the first one shown.
    matches, related : int
        Hits shown: those that were verified, and neighbours.
    """

    before: int = 0
    matches: int = 0
    related: int = 0

    @property
    def next_number(self) -> int:
        """The number of the next hit, from 1."""
        return self.before + self.matches + self.related + 1

    def add(self, hits: Sequence[Hit]) -> None:
        """Count the hits of a page."""
        related = sum(hit.tier == "related" for hit in hits)
        self.related += related
        self.matches += len(hits) - related


def _check_facets(facets: Sequence[str], collection: Collection) -> None:
    """Refuse a facet that is no field.

    Raises
    ------
    QueryError
    """
    fields = collection.registry.fields()
    for name in facets:
        if name not in fields:
            from nlsearch.query.suggest import nearest

            close = nearest(name, fields, 1)
            hint = f"did you mean {close[0]}?" if close else "nlsearch kinds lists the fields"
            raise QueryError(f"there is no field {name!r} to count by", hint=hint)


def _offer(text: str, collection: Collection) -> None:
    """Say what a bare query may have been meant as."""
    from nlsearch.query.suggest import offer

    registry = collection.registry
    proposal = offer(text, {*registry.operators(), *registry.fields()})
    if not proposal and is_path(text):
        proposal = f"did you mean nlsearch like {text}?"
    if proposal:
        notice(f"searching for words; {proposal}")


# --------------------------------------------------------------------------------------------------------- answering
def _answer(
    ask: Ask,
    collection: Collection,
    asked: str,
    *,
    after: str | None,
    everything: bool,
    facets: tuple[str, ...],
    report: Path | None,
    as_json: bool,
    **_: Any,  # noqa: ANN401 - what only `ask` needs
) -> int:
    _check_facets(facets, collection)
    page = ask(after)
    seen = Seen(_offset(after))
    shown: list[Hit] = []
    if not as_json:
        _print_head(page)
    while True:
        _print_hits(page.hits, seen.next_number, as_json)
        seen.add(page.hits)
        shown.extend(page.hits if report else ())
        if not (everything and page.next):
            break
        page = _joined(page, ask(page.next))
    counts = {name: page.facets(name) for name in facets}
    (_print_page_json if as_json else _print_tail)(page, counts, seen)
    if report is not None:
        from nlsearch.cli.report import write_report

        write_report(report, asked, replace(page, hits=shown), seen, collection)
        notice(f"wrote {report}")
    return 0 if seen.matches or seen.related else nothing_found(page.complete)


def _offset(after: str | None) -> int:
    """Return how many hits stand on the pages before."""
    from nlsearch.search.session import Token

    return 0 if after is None else Token.decode(after).offset


def _joined(earlier: Page, later: Page) -> Page:
    """Carry what held of earlier pages over to the last."""
    return replace(later, complete=earlier.complete and later.complete, seconds=earlier.seconds + later.seconds)


def _print_hits(hits: Sequence[Hit], first: int, as_json: bool) -> None:
    if as_json:
        for hit in hits:
            print_json(hit.to_dict())
        return
    headings = ("#", "tier", "score", "kind", "title", "where", "evidence")
    if hits:
        print_table(headings, [_row(hit, first + i) for i, hit in enumerate(hits)], numeric=("#", "score"))


def _row(hit: Hit, number: int) -> tuple[object, ...]:
    evidence = evidence_in_words(hit.item.kind, hit.evidence)
    key = hit.item.fields.get("inchikey")
    if hit.item.kind == "spectrum" and key:  # whose spectrum it is: several have one title
        evidence = f"{evidence}; {key}" if evidence else str(key)
    return number, hit.tier, f"{hit.score:.3f}", hit.item.kind, hit.item.title, hit.item.id, evidence


def _print_head(page: Page) -> None:
    """Say how the query was read; on a terminal with the results, else beside them."""
    for line in page.read_as:
        (click.echo if on_terminal() else notice)(one_line(line))


def _print_tail(page: Page, counts: dict[str, dict[str, int]], seen: Seen) -> None:
    for name, values in counts.items():
        print_table((name, "items"), list(values.items()), numeric=("items",))
    notice(summary(page, seen))
    if page.next:
        notice(f"more: --after {page.next}  (or --all)")


def summary(page: Page, seen: Seen) -> str:
    """Say in one line how many hits there are and what the answer promises; related ones are counted apart."""
    shown = seen.matches
    if page.total is None:
        number = f"{shown:,} shown"
    else:
        number = f"{shown:,} of {page.total:,}" if page.total != shown else f"{shown:,} found"
    number += f", {seen.related:,} related" if seen.related else ""
    completeness = "complete" if page.complete else "INCOMPLETE: cut short, there may be more"
    return f"{number} · guarantee: {page.guarantee} · {completeness} · {page.seconds:.3f} s"


def _print_page_json(page: Page, counts: dict[str, dict[str, int]], _: Seen) -> None:
    described: dict[str, Json] = {
        "total": page.total,
        "complete": page.complete,
        "guarantee": page.guarantee,
        "read_as": page.read_as,
        "seconds": page.seconds,
        "next": page.next,
    }
    if counts:
        described["facets"] = counts
    print_json({"page": described})


__all__ = ["Seen", "like", "search", "summary", "typed_settings"]
