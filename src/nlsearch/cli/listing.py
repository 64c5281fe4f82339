"""``nlsearch failures``, ``stats`` and ``check``: the state of the collection."""

from __future__ import annotations

from dataclasses import asdict

import click

from nlsearch.cli.app import DAMAGED
from nlsearch.cli.options import Place, examples, with_json, with_place
from nlsearch.cli.terminal import notice, one_line, print_json, print_table


@click.command(
    epilog=examples(
        "nlsearch failures --code unknown_kind",
        "nlsearch failures --json",
    )
)
@click.option("--code", "codes", multiple=True, help="Only failures with this code (may be repeated).")
@with_json
@with_place()
def failures(codes: tuple[str, ...], place: Place, as_json: bool) -> None:
    """List every file and record that gave no item, with the reason and its code."""
    with place.open() as collection:
        listed = [failure for failure in collection.failures() if not codes or failure.code in codes]
    if as_json:
        for failure in listed:
            print_json(asdict(failure))
        return
    print_table(("where", "code", "reason"), [(f.path + f.locator, f.code, f.reason) for f in listed])
    notice(f"{len(listed):,} failures" if listed else "no failures")


@click.command(
    epilog=examples(
        "nlsearch stats --json",
    )
)
@with_json
@with_place()
def stats(place: Place, as_json: bool) -> None:
    """Count what the collection holds."""
    with place.open() as collection:
        counted = collection.stats()
    if as_json:
        print_json(counted)
        return
    rows: list[tuple[str, str]] = []
    for name, value in counted.items():
        if isinstance(value, dict):
            rows.extend((f"{name}: {key}", _number(count)) for key, count in value.items())
        else:
            rows.append((name, _number(value)))
    print_table(("what", "how many"), rows, numeric=("how many",))


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


@click.command(
    epilog=examples(
        "nlsearch check && echo sound",
    )
)
@with_json
@with_place()
def check(place: Place, as_json: bool) -> int:
    """Compare every file of the collection with its checksum; exit code 4 if something is damaged."""
    with place.open() as collection:
        problems = collection.check()
    for problem in problems:
        if as_json:
            print_json(problem.to_dict())
        else:
            hint = f" ({problem.hint})" if problem.hint else ""
            click.echo(one_line(f"{problem.path}: {problem.what}{hint}"))
    notice(f"{len(problems):,} problems" if problems else "every file is as it was written")
    return DAMAGED if problems else 0
