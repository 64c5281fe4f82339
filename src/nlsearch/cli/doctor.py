"""``nlsearch doctor``: what is installed, what isolation holds here, and which caps are in force."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from typing import TYPE_CHECKING

import click

from nlsearch.cli.app import SOME_FAILED
from nlsearch.cli.kinds import missing
from nlsearch.cli.options import Place, examples, with_json, with_place
from nlsearch.cli.terminal import one_line, print_json, print_table

if TYPE_CHECKING:
    from nlsearch.model import Json


@click.command(
    epilog=examples(
        "nlsearch doctor --json",
    )
)
@with_json
@with_place()
def doctor(place: Place, as_json: bool) -> int:
    """Show versions, compiled parts, isolation, caps and handlers; exit code 3 if a handler cannot be loaded."""
    found = examine(place)
    if as_json:
        print_json(found)
    else:
        _print(found)
    return SOME_FAILED if found["handler_problems"] else 0


def examine(place: Place) -> dict[str, Json]:
    """Gather what the doctor says, as JSON."""
    from nlsearch import __version__, kernels
    from nlsearch.limits import REASONS, UNITS
    from nlsearch.sandbox.facts import describe

    registry, limits = place.registry(), place.limits()
    return {
        "versions": {"nlsearch": __version__, "python": platform.python_version(), **_installed()},
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "kernels": "native" if kernels.NATIVE else "NumPy (slower; the C extension was not built)",
        "encoding": sys.getfilesystemencoding(),
        "sandbox": describe(limits),
        "caps": [
            {"name": name, "value": value, "unit": UNITS[name], "reason": REASONS[name]}
            for name, value in limits.to_dict().items()
        ],
        "handlers": {handler.kind: missing(handler) or "ready" for handler in registry},
        "handler_problems": dict(registry.problems),
    }


def _installed() -> dict[str, str]:
    """Return the versions of everything that nlsearch asks for, ``"missing"`` where it is not there."""
    versions: dict[str, str] = {}
    for requirement in importlib.metadata.requires("nlsearch") or ():
        if "extra ==" not in requirement:
            name = requirement.split(";")[0].split("[")[0].rstrip("0123456789.<>=!~, ")
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                versions[name] = "missing"
    return versions


def _print(found: dict[str, Json]) -> None:
    print_table(("package", "version"), list(found["versions"].items()))
    click.echo(f"platform\t{found['platform']}\nkernels\t{found['kernels']}")
    click.echo("\nIsolation of the processes that read files")
    print_table(("fact", "value"), _flat(found["sandbox"]))
    click.echo("\nCaps (set one with --cap NAME=N)")
    rows = [(cap["name"], f"{cap['value']:,}", cap["unit"], cap["reason"]) for cap in found["caps"]]
    print_table(("cap", "value", "unit", "reason"), rows, numeric=("value",))
    click.echo("\nHandlers")
    print_table(("kind", "state"), list(found["handlers"].items()))
    for path, problem in found["handler_problems"].items():
        click.echo(one_line(f"left out: {path}: {problem}"))


def _flat(facts: dict[str, Json], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows.extend(_flat(value, f"{prefix}{name}."))
        else:
            rows.append((prefix + name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)))
    return rows
