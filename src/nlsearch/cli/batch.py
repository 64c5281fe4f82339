"""``like FILE --batch``, ``search --queries FILE``: every record of a file is a query, and one table holds all hits."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

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
AskAll: TypeAlias = "Callable[[Callable[[Asked], None] | None], Generator[Answer, None, None]]"
LIMIT = 10
"""Hits a query, unless ``--limit`` says otherwise."""
_OF_PAGES = {"after": "--after", "everything": "--all", "count": "--count", "facets": "--facet", "report": "--report"}
_OF_BATCHES = {"leave_out_itself": "--leave-out-itself"}
_NOT_ALIGNED = {"as_json": "--json", "facets": "--facet"}


def batch_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options by which a whole file of queries is asked."""
    options = (
        click.option("--batch", is_flag=True,
                     help=f"Every record of FILE is a query, with {LIMIT} hits each unless --limit says otherwise."),
        click.option("--leave-out-itself", is_flag=True,
                     help="With --batch: not the query's own record, where FILE itself is indexed."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def output_options(many: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command the options that say where and how results are written; `many` is the option of many queries."""
    file = click.Path(path_type=Path, dir_okay=False, allow_dash=True)

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        """Add the options to `command`."""
        form = click.option("--format", "form", metavar="FORMAT",
                            help="Write alignments of sequences as blast6, paf, sam or pairwise; columns may follow: "
                            "'blast6 qseqid sseqid pident btop'.")  # fmt: skip
        output = click.option("-o", "--output", type=file, metavar="FILE",
                              help=f"With --format: where to write. With {many}: the table, .csv, .tsv or .jsonl; - "
                              "(the default) is CSV, or with --json JSON lines, on standard output.")  # fmt: skip
        return form(output(command))

    return decorate


def check_options(given: Mapping[str, Any], many: str, *, batch: bool) -> None:
    """Refuse options that do not go together.

    Parameters
    ----------
    given : mapping
        The options of the command.
    many : str
        The option of many queries: those of pages do not go with it, and some want it.
    batch : bool
        Whether it is given.

    Raises
    ------
    click.UsageError
    """
    for name, option in (_OF_PAGES if batch else _OF_BATCHES).items():
        if _is_given(given, name):
            raise click.UsageError(f"{option} does not go with {many}" if batch else f"{option} wants {many}")
    form = given["form"]
    if form is None and not batch and given["output"] is not None:
        raise click.UsageError(f"-o wants {many} or --format")
    for name, option in _NOT_ALIGNED.items():
        if form is not None and _is_given(given, name):
            raise click.UsageError(f"{option} does not go with --format")


def _is_given(given: Mapping[str, Any], name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return name in given and source is not click.core.ParameterSource.DEFAULT


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


class Table(Protocol):
    """What answers are written to."""

    def add(self, answer: Answer) -> None:
        """Write one answer."""
        ...

    def check(self, found: int) -> None:
        """Refuse to appear without what was `found`."""
        ...

    def finish(self) -> None:
        """Let what was written appear."""
        ...

    def discard(self) -> None:
        """Remove what was written and has not appeared."""
        ...


def ask_all(
    collection: Collection, ask: AskAll, output: Path | None, *, as_json: bool, form: str | None, **_: Any  # noqa: ANN401 - what only `ask` needs
) -> int:  # fmt: skip
    """Ask for every record of a file, write what was found, and return the exit code.

    Parameters
    ----------
    collection : Collection
    ask : callable
        Gives the answers; it is told where to say how far it is.
    output : Path or None
    as_json : bool
    form : str or None
        The value of ``--format``.

    Raises
    ------
    NlsearchError
        If nothing can be read, or the results cannot be written.
    """
    from nlsearch.search.examples import Asked

    target = Path("-") if output is None else output
    suffix = "" if form is not None else suffix_of(target, as_json)
    tally = Tally(Asked())
    to_screen = str(target) == "-" and sys.stdout.isatty()
    with shown_queries(not to_screen) as progress:
        answers = ask(progress)
        whole = _write_all(answers, _table(collection, target, suffix, form), tally)
    notice(summary(tally) if whole else f"interrupted; what was finished stays: {summary(tally)}")
    if not whole:
        return INTERRUPTED
    if tally.asked.failures:
        return SOME_FAILED
    return 0 if tally.asked.found else nothing_found(not tally.cut_short)


def _table(collection: Collection, target: Path, suffix: str, form: str | None) -> Table:
    if form is None:
        return ResultTable(target, suffix, sys.stdout)
    from nlsearch.cli.answering import alignment_output

    return alignment_output(collection, form, target)


def _write_all(answers: Generator[Answer, None, None], table: Table, tally: Tally) -> bool:
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
        if whole:
            table.check(tally.asked.hits)
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
