"""``nlsearch index``, ``merge`` and ``rm``: what changes a collection."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nlsearch.cli.app import INTERRUPTED, NO_MATCH, SOME_FAILED
from nlsearch.cli.options import Place, examples, with_json, with_place
from nlsearch.cli.progress import shown_progress
from nlsearch.cli.terminal import notice, one_line, print_json

if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.ingest.report import Report

SHOWN_FAILURES = 10


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


with_lock_timeout = click.option(
    "--lock-timeout",
    "lock_timeout_s",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another process that is writing.",
)


def _settings(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG001 - click's signature
    pairs = [value.partition("=") for value in values]
    if not all(equal for _, equal, _ in pairs):
        raise click.BadParameter("write KIND.SETTING=VALUES, e.g. molecule.fingerprints=maccs,rdkit")
    return {name: text for name, _, text in pairs}


@click.command(
    epilog=examples(
        "nlsearch index papers/ drugs.sdf",
        "nlsearch index /data --jobs 8 --exclude '*.tmp'",
        "nlsearch index scans/ --cap image_pixels=400000000 --retry-failed",
        "nlsearch index drugs.sdf --with molecule.fingerprints=maccs,rdkit",
    )
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 1024),
    default=_processors,
    show_default="processors",
    help="Processes that read.",
)
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match (may be repeated).")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files that match (may be repeated).")
@click.option("--retry-failed", is_flag=True, help="Also read again what failed before and has not changed.")
@click.option(
    "--with",
    "settings",
    multiple=True,
    metavar="KIND.SETTING=VALUES",
    callback=_settings,
    help="What the collection is to hold from now on, e.g. molecule.fingerprints=maccs,rdkit; `nlsearch kinds KIND` "
    "lists settings.",
)
@with_lock_timeout
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@with_json
@with_place("--limit")
def index(paths: tuple[Path, ...], jobs: int, quiet: bool, place: Place, as_json: bool, **how: Any) -> int:  # noqa: ANN401 - what Collection.index takes
    """Index PATHS (files, folders, archives), or bring them up to date.

    What is unchanged is not read again; what is gone from a folder is removed.  Interrupting keeps what was committed.
    Exit code 3 says that some files could not be read; `nlsearch failures` lists them.  What could not be read earlier
    and has not changed is counted as "from before" and leaves the exit code at 0.
    """
    with place.open(create=True) as collection:
        try:
            with shown_progress(not quiet) as progress:
                report = collection.index(paths, jobs, progress, **how)
        except KeyboardInterrupt:
            notice(f"interrupted; what was committed stays: {_held(collection)}")
            return INTERRUPTED
        before = _failures_before(collection, report)
    if as_json:
        print_json({**described(report), "failures_before": before})
    else:
        _print_report(report, before)
    return SOME_FAILED if report.failures else 0


def _failures_before(collection: Collection, report: Report) -> int:
    """Count the failures of the collection that an earlier run met and this one did not."""
    met = set(report.failures)
    return sum(failure not in met for failure in collection.failures())


def _held(collection: Collection) -> str:
    stats: Mapping[str, object] = collection.stats()
    return f"{stats['items']:,} items"


def described(report: Report) -> dict[str, object]:
    """Return a report as JSON."""
    return {
        "items": report.items,
        "sources": report.sources,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "failures": [asdict(failure) for failure in report.failures],
        "seconds": report.seconds,
        "generation": report.generation,
    }


def _print_report(report: Report, before: int) -> None:
    standing = f" ({before:,} more from before: nlsearch failures)" if before else ""
    click.echo(
        f"{report.items:,} items from {report.sources:,} sources ({report.added:,} new, {report.changed:,} changed); "
        f"{report.unchanged:,} unchanged, {report.removed:,} removed, {len(report.failures):,} failures{standing}; "
        f"{report.seconds:.1f} s"
    )
    for failure in sorted(report.failures, key=lambda one: (one.path, one.locator))[:SHOWN_FAILURES]:
        notice(one_line(f"  {failure.path}{failure.locator}: {failure.reason} [{failure.code}]"))
    if len(report.failures) > SHOWN_FAILURES:
        notice(f"  … and {len(report.failures) - SHOWN_FAILURES:,} more: nlsearch failures")


@click.command(epilog=examples("nlsearch merge"))
@with_lock_timeout
@with_json
@with_place()
def merge(lock_timeout_s: float, place: Place, as_json: bool) -> None:
    """Merge the pieces of the index into as few as possible, from what is stored; no source is read again."""
    with place.open() as collection:
        left = collection.merge(lock_timeout_s=lock_timeout_s)
    if as_json:
        print_json({"splits": left})
    else:
        click.echo(f"{left:,} splits left")


@click.command("rm", epilog=examples("nlsearch rm old/drugs.sdf", "nlsearch rm /data/2019"))
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_lock_timeout
@with_json
@with_place()
def remove(paths: tuple[Path, ...], lock_timeout_s: float, place: Place, as_json: bool) -> int:
    """Remove the items of PATHS from the collection; the files on the disk stay."""
    with place.open() as collection:
        went = collection.remove(paths, lock_timeout_s=lock_timeout_s)
    if as_json:
        print_json({"removed": went})
    else:
        click.echo(f"{went:,} items removed")
    return 0 if went else NO_MATCH
