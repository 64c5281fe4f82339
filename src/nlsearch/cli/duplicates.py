"""``nlsearch duplicates``: which items of a collection are there more than once."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nlsearch.cli.app import INTERRUPTED, nothing_found
from nlsearch.cli.grouptable import print_groups, print_objects, written
from nlsearch.cli.options import Place, examples, query_shown, with_json, with_place
from nlsearch.cli.outputfile import OutputFile
from nlsearch.cli.progress import shown_comparing
from nlsearch.cli.resulttable import suffix_of
from nlsearch.cli.searching import kind_names, typed_settings
from nlsearch.cli.terminal import notice, on_terminal, one_line
from nlsearch.cli.wording import plural

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.search.copies import Duplicates

TOLD = 5
"""Skipped items that are named; all are in the JSON."""


@click.command(
    epilog=examples(
        "nlsearch duplicates",
        "nlsearch duplicates --kind image --min-score 0.5",
        "nlsearch duplicates --kind image -O keypoints=no",
        "nlsearch duplicates --exact --json",
        "nlsearch duplicates --kind molecule -O level=tautomer -o copies.csv",
        "nlsearch duplicates --query 'path:scans AND taken:2019'",
    )
)
@click.option("--kind", "kinds", multiple=True, shell_complete=kind_names, help="Only this kind (may be repeated).")
@click.option(
    "--min-score",
    "minimum",
    type=click.FloatRange(0, 1),
    help="From which score on two items are copies, instead of what their kind says.",
)
@click.option("--exact", is_flag=True, help="Only exact copies.")
@click.option("--query", metavar="QUERY", help="Compare only items that satisfy QUERY.")
@click.option(
    "-O", "--option", "settings", multiple=True, metavar="NAME=VALUE", help="An option of the kind's like operator."
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Stop comparing after this time; the answer then says that it is incomplete.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write a table of all items in groups to FILE, .csv, .tsv or .jsonl; - is CSV on standard output.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@with_json
@with_place()
def duplicates(output: Path | None, quiet: bool, place: Place, as_json: bool, **asked: Any) -> int:  # noqa: ANN401 - what is asked of the collection
    """Find what is there more than once, in groups; nothing is deleted or changed.

    Two items are copies of each other when the like operator of their kind verifies it in both directions, with at
    least the score that `nlsearch kinds KIND` gives as that of copies.  A group holds all that are copies, of the first
    or of another one; the evidence of each says of which.  Interrupting shows what was found so far.
    """
    suffix = None if output is None else suffix_of(output, as_json)
    with place.open() as collection, query_shown(asked["query"] or ""):
        found, whole = _compared(collection, not quiet, **asked)
    if suffix is not None and output is not None:
        _write(found, output, suffix)
    elif as_json:
        print_objects(found)
    else:
        _say_what_copies_are(found)
        print_groups(found)
    _say_rest(found, whole)
    if not whole:
        return INTERRUPTED
    return 0 if found.groups else nothing_found(found.complete)


def _compared(
    collection: Collection,
    with_progress: bool,
    *,
    kinds: tuple[str, ...],
    minimum: float | None,
    exact: bool,
    query: str | None,
    settings: tuple[str, ...],
    deadline: float | None,
) -> tuple[Duplicates, bool]:
    """Return what was found, and whether the work was not interrupted."""
    from nlsearch.ingest.interrupts import Interrupts

    with shown_comparing(with_progress) as progress, Interrupts() as interrupts:
        ask = partial(
            collection.duplicates, kinds or None, minimum, exact, query=query, deadline_s=deadline, progress=progress,
            stop=lambda: interrupts.asked, **typed_settings(collection, settings),
        )  # fmt: skip
        found: list[Duplicates] = []
        try:
            with interrupts.held():
                found.append(ask())
        except KeyboardInterrupt:
            if not found:
                raise
            return found[0], False
    return found[0], True


def _write(found: Duplicates, output: Path, suffix: str) -> None:
    file = OutputFile(output, sys.stdout)
    try:
        file.put(written(found, suffix, faithful=file.encoding.startswith("utf")))
        file.finish()
    finally:
        file.discard()


def _say_what_copies_are(found: Duplicates) -> None:
    """Say by kind what makes two items copies: of the kinds that have groups, or of all if there are none."""
    kinds = {group.kind for group in found.groups}
    for line in found.read_as:
        if not kinds or line.partition(":")[0] in kinds:
            (click.echo if on_terminal() else notice)(one_line(line))


def _say_rest(found: Duplicates, whole: bool) -> None:
    for item in found.skipped[:TOLD]:
        notice(one_line(f"not compared: {item.item.id}: {item.reason}"))
    if len(found.skipped) > TOLD:
        notice(f"not compared: {len(found.skipped) - TOLD:,} more; --json lists all")
    notice(summary(found) if whole else f"interrupted; found so far: {summary(found)}")


def summary(found: Duplicates) -> str:
    """Say in one line how many groups there are and what the answer promises."""
    groups = f"{plural(len(found.groups), 'group')} of {plural(found.members, 'item')}" if found.groups else "no copies"
    spare = f" · {found.spare:,} could go, {found.spare_exact:,} of them exact copies" if found.groups else ""
    compared = f"{found.compared:,} of {found.total:,} compared" if found.compared < found.total else (
        f"{found.total:,} compared"
    )  # fmt: skip
    skipped = f", {len(found.skipped):,} of them could not be" if found.skipped else ""
    undecided = f" · {plural(found.undecided, 'pair')} undecided" if found.undecided else ""
    completeness = "complete" if found.complete else "INCOMPLETE: cut short, there may be more"
    return (
        f"{groups}{spare} · {compared}{skipped}{undecided} · guarantee: {found.guarantee} · {completeness} · "
        f"{found.seconds:.2f} s"
    )
