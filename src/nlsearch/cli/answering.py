"""What becomes of an answer: tables, JSON, alignments, counts and reports of its pages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nlsearch.cli.app import nothing_found
from nlsearch.cli.terminal import notice, on_terminal, one_line, print_json, print_table
from nlsearch.cli.words import evidence_in_words
from nlsearch.errors import QueryError

if TYPE_CHECKING:
    from nlsearch.cli.alignments.aligned import Query
    from nlsearch.cli.alignments.output import AlignmentOutput
    from nlsearch.collection import Collection
    from nlsearch.model import Hit, Json
    from nlsearch.query.syntax import Node
    from nlsearch.search.session import Page

Ask = Callable[[str | None], "Page"]
"""Fetch one page: the first for None, else the one that the token names."""


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


class _Table:
    """Shows an answer to a person: a table, and on a terminal the best alignments below it."""

    def __init__(self, collection: Collection, node: Callable[[], Node]) -> None:
        self._collection = collection
        self._node = node

    def head(self, page: Page) -> None:
        """Say how the query was read; on a terminal with the results, else beside them."""
        for line in page.read_as:
            (click.echo if on_terminal() else notice)(one_line(line))

    def hits(self, hits: Sequence[Hit], seen: Seen) -> None:
        """Show the hits of a page; `seen` counts those before."""
        headings = ("#", "tier", "score", "kind", "title", "where", "evidence")
        if hits:
            rows = [_row(hit, number) for number, hit in enumerate(hits, seen.next_number)]
            print_table(headings, rows, numeric=("#", "score"))
        if on_terminal() and any("cigar" in hit.evidence for hit in hits):
            from nlsearch.cli.alignments.best import best_alignments

            for line in best_alignments(hits, seen.next_number, self._collection, self._node()):
                click.echo(one_line(line))

    def tail(self, page: Page, counts: dict[str, dict[str, int]], seen: Seen) -> None:
        """Say how many there are, and what the answer promises."""
        for name, values in counts.items():
            print_table((name, "items"), list(values.items()), numeric=("items",))
        _say_rest(page, seen)


class _Json:
    """Prints an answer for programs."""

    def head(self, page: Page) -> None:
        """Print nothing: the last line tells."""

    def hits(self, hits: Sequence[Hit], seen: Seen) -> None:  # noqa: ARG002 - as a table does
        """Print the hits of a page."""
        for hit in hits:
            print_json(hit.to_dict())

    def tail(self, page: Page, counts: dict[str, dict[str, int]], seen: Seen) -> None:  # noqa: ARG002 - as a table does
        """Print what holds of the answer as a whole."""
        _print_page_json(page, counts)


class _Alignments:
    """Writes the alignments of an answer in a format."""

    def __init__(self, output: AlignmentOutput, query: Query) -> None:
        self._output = output
        self._query = query
        self._begun = False

    def head(self, page: Page) -> None:
        """Say how the query was read."""
        for line in page.read_as:
            notice(one_line(line))

    def hits(self, hits: Sequence[Hit], seen: Seen) -> None:  # noqa: ARG002 - as a table does
        """Write the hits of a page."""
        self._begun = self._output.add_hits(hits, self._query, first=not self._begun)

    def tail(self, page: Page, counts: dict[str, dict[str, int]], seen: Seen) -> None:  # noqa: ARG002 - as a table does
        """Let the output appear, and say how many there are."""
        self._output.check(seen.matches + seen.related)
        self._output.finish()
        _say_rest(page, seen)


def answer(
    ask: Ask,
    collection: Collection,
    asked: str,
    node: Callable[[], Node],
    *,
    after: str | None,
    everything: bool,
    facets: tuple[str, ...],
    report: Path | None,
    as_json: bool,
    form: str | None,
    output: Path | None,
    **_: Any,  # noqa: ANN401 - what only `ask` needs
) -> int:
    """Ask for a page or all of them, show what was found, and return the exit code.

    Parameters
    ----------
    ask : callable
    collection : Collection
    asked : str
        The query, as the heading of a report.
    node : callable
        Gives the syntax tree of the query: the letters that it asks with stand there.
    after, everything, facets, report, as_json, form, output
        As given to the command; `form` is the value of ``--format``.
    """
    _check_facets(facets, collection)
    with ExitStack() as undo:
        to_show = _shower(collection, node, form, output, undo, as_json=as_json)
        page = ask(after)
        seen = Seen(_offset(after))
        shown: list[Hit] = []
        to_show.head(page)
        while True:
            to_show.hits(page.hits, seen)
            seen.add(page.hits)
            shown.extend(page.hits if report else ())
            if not (everything and page.next):
                break
            page = _joined(page, ask(page.next))
        to_show.tail(page, {name: page.facets(name) for name in facets}, seen)
    if report is not None:
        from nlsearch.cli.report import write_report

        write_report(report, asked, replace(page, hits=shown), seen, collection)
        notice(f"wrote {report}")
    return 0 if seen.matches or seen.related else nothing_found(page.complete)


def _shower(
    collection: Collection, node: Callable[[], Node], form: str | None, output: Path | None, undo: ExitStack,
    *, as_json: bool,
) -> _Table | _Json | _Alignments:  # fmt: skip
    """Return what shows the answer."""
    if form is None:
        return _Json() if as_json else _Table(collection, node)
    from nlsearch.cli.alignments.queries import QueryTexts

    to = alignment_output(collection, form, output)
    undo.callback(to.discard)
    return _Alignments(to, QueryTexts(collection, node()))


def alignment_output(collection: Collection, form: str, output: Path | None) -> AlignmentOutput:
    """Return what writes alignments in the format that is named.

    Raises
    ------
    NlsearchError
        If there is no such format, or the file cannot be written.
    """
    from nlsearch.cli.alignments.forms import form_of
    from nlsearch.cli.alignments.output import AlignmentOutput
    from nlsearch.cli.alignments.queries import item_letters

    return AlignmentOutput(output or Path("-"), form_of(form), item_letters(collection), sys.stdout)


def _offset(after: str | None) -> int:
    """Return how many hits stand on the pages before."""
    from nlsearch.search.session import Token

    return 0 if after is None else Token.decode(after).offset


def _joined(earlier: Page, later: Page) -> Page:
    """Carry what held of earlier pages over to the last."""
    return replace(later, complete=earlier.complete and later.complete, seconds=earlier.seconds + later.seconds)


def _row(hit: Hit, number: int) -> tuple[object, ...]:
    evidence = evidence_in_words(hit.item.kind, hit.evidence)
    key = hit.item.fields.get("inchikey")
    if hit.item.kind == "spectrum" and key:  # whose spectrum it is: several have one title
        evidence = f"{evidence}; {key}" if evidence else str(key)
    return number, hit.tier, f"{hit.score:.3f}", hit.item.kind, hit.item.title, hit.item.id, evidence


def _say_rest(page: Page, seen: Seen) -> None:
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


def _print_page_json(page: Page, counts: dict[str, dict[str, int]]) -> None:
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
