"""``nlsearch like FILE --batch``: every record of a file is a query, and one table holds what was found."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nlsearch.cli.app import INTERRUPTED, SOME_FAILED, nothing_found
from nlsearch.cli.progress import shown_queries
from nlsearch.cli.resulttable import ResultTable, suffix_of
from nlsearch.cli.terminal import notice
from nlsearch.cli.wording import plural

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.model import Guarantee
    from nlsearch.search.examples import Answer, Asked

R = TypeVar("R")
LIMIT = 10
"""Hits a query, unless ``--limit`` says otherwise."""
_OF_PAGES = {"after": "--after", "everything": "--all", "count": "--count", "facets": "--facet", "report": "--report"}
_OF_BATCHES = {"output": "-o", "leave_out_itself": "--leave-out-itself"}


def batch_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options by which a whole file of queries is asked."""
    options = (
        click.option("--batch", is_flag=True,
                     help=f"Every record of FILE is a query, with {LIMIT} hits each unless --limit says otherwise."),
        click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
                     metavar="FILE", help="With --batch: the table, .csv, .tsv or .jsonl; - (the default) is CSV, or "
                     "with --json JSON lines, on standard output."),
        click.option("--leave-out-itself", is_flag=True,
                     help="With --batch: not the query's own record, where FILE itself is indexed."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def check_options(given: Mapping[str, Any], *, batch: bool) -> None:
    """Refuse options of pages beside ``--batch``, and its own without it.

    Raises
    ------
    click.UsageError
    """
    context = click.get_current_context()
    for name, option in (_OF_PAGES if batch else _OF_BATCHES).items():
        if name in given and context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"{option} does not go with --batch" if batch else f"{option} wants --batch")


def limit_of(given: Mapping[str, Any]) -> int:
    """Return how many hits a query may have."""
    source = click.get_current_context().get_parameter_source("limit")
    return LIMIT if source is click.core.ParameterSource.DEFAULT else int(given["limit"])


@dataclass(slots=True)
class Tally:
    """What became of the queries whose answers are written.

    Parameters
    ----------
    asked : Asked
        How many there are.
    cut_short : int
        Queries with an incomplete answer.
    guarantee : {"complete", "sound", "approximate"}
        The weakest of all.
    """

    asked: Asked
    cut_short: int = 0
    guarantee: Guarantee = "complete"

    def add(self, answer: Answer, seconds: float) -> None:
        """Count an answer that was written `seconds` after the start."""
        from nlsearch.search.parts import GUARANTEES

        self.asked = self.asked.after(answer, seconds)
        if answer.page is not None:
            self.cut_short += not answer.page.complete
            self.guarantee = max(self.guarantee, answer.page.guarantee, key=GUARANTEES.index)


def ask_all(
    collection: Collection, example: str, output: Path | None, *, as_json: bool, limit: int, **how: Any  # noqa: ANN401 - what like_all takes
) -> int:  # fmt: skip
    """Ask for every record of a file, write the table, and return the exit code.

    Raises
    ------
    NlsearchError
        If nothing can be read, or the table cannot be written.
    """
    from nlsearch.search.examples import Asked

    target = Path("-") if output is None else output
    suffix = suffix_of(target, as_json)
    tally = Tally(Asked())
    to_screen = str(target) == "-" and sys.stdout.isatty()
    with shown_queries(not to_screen) as progress:
        answers = collection.like_all(example, limit=limit, progress=progress, **how)
        whole = _write_all(answers, ResultTable(target, suffix, sys.stdout), tally)
    notice(summary(tally) if whole else f"interrupted; what was finished stays: {summary(tally)}")
    if not whole:
        return INTERRUPTED
    if tally.asked.failures:
        return SOME_FAILED
    return 0 if tally.asked.found else nothing_found(not tally.cut_short)


def _write_all(answers: Generator[Answer, None, None], table: ResultTable, tally: Tally) -> bool:
    """Write every answer; return False if that was interrupted, and what was finished is there."""
    from nlsearch.ingest.interrupts import Interrupts

    started = time.monotonic()
    whole = False
    with ExitStack() as undo, closing(answers), Interrupts() as interrupts:
        undo.callback(table.discard)
        try:
            for answer in answers:
                with interrupts.held():
                    table.add(answer)
                    tally.add(answer, time.monotonic() - started)
            whole = True
        except KeyboardInterrupt:
            pass
        if whole or tally.asked.queries:
            with interrupts.held():
                table.finish()
    return whole


def summary(tally: Tally) -> str:
    """Say in one line what became of the queries, and what the answers promise."""
    asked = tally.asked
    counts = f"{asked.found:,} with hits, {asked.queries - asked.found - asked.failures:,} without"
    cut = f"INCOMPLETE: {tally.cut_short:,} cut short, there may be more" if tally.cut_short else "complete"
    return (
        f"{plural(asked.queries, 'query')}: {counts}, {asked.failures:,} failed · {plural(asked.hits, 'hit')} · "
        f"guarantee: {tally.guarantee} · {cut} · {asked.seconds:.2f} s"
    )
