"""The root command: which subcommands there are, and what becomes of errors.

A subcommand's module is imported when the subcommand runs, so that ``nlsearch kinds`` never pays for the index.

Exit codes: 0 found, 1 no match, 2 usage or query error (also: stopped before it was known whether there is a match),
3 some files failed, 4 index damaged, 70 a bug in nlsearch, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import click

from nlsearch.errors import IndexDamaged, NlsearchError, StorageFull

NO_MATCH = 1
MISUSE = 2
SOME_FAILED = 3
DAMAGED = 4
INTERRUPTED = 130
BUG = 70


@dataclass(frozen=True, slots=True)
class Row:
    """One subcommand: where it is, and its line in the help."""

    module: str
    attribute: str
    help: str


COMMANDS: dict[str, Row] = {
    "index": Row("writing", "index", "Index files and folders, or bring them up to date."),
    "search": Row("searching", "search", "Answer a query."),
    "like": Row("searching", "like", "Find what matches a file or an indexed item."),
    "duplicates": Row("duplicates", "duplicates", "Find what is there more than once, in groups."),
    "show": Row("items", "show", "Print everything known of an item."),
    "draw": Row("items", "draw", "Draw an item, with its match highlighted."),
    "explain": Row("items", "explain", "Say why an item is, or is not, a hit."),
    "verify": Row("items", "verify", "Read the sources of hits again and reproduce their evidence."),
    "failures": Row("listing", "failures", "List what could not be read, with reasons."),
    "kinds": Row("kinds", "kinds", "Show kinds, formats, fields, operators and options."),
    "stats": Row("listing", "stats", "Count what the collection holds."),
    "check": Row("listing", "check", "Compare every file of the collection with its checksum."),
    "merge": Row("writing", "merge", "Merge the pieces of the index."),
    "rm": Row("writing", "remove", "Remove files from the collection (not from the disk)."),
    "bench": Row("bench", "bench", "Time queries on this collection."),
    "doctor": Row("doctor", "doctor", "Show versions, isolation, caps and handlers."),
    "handler": Row("scaffold", "handler", "Start a handler for a kind of your own."),
    "completion": Row("completion", "completion", "Print the completion script of a shell."),
}


class App(click.Group):
    """The group of all subcommands, each loaded at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the module of a subcommand."""
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        command: click.Command = getattr(importlib.import_module(f"nlsearch.cli.{row.module}"), row.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand, or propose the nearest."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from nlsearch.query.suggest import nearest

            close = nearest(args[0], COMMANDS, 1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the table without importing any subcommand."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.help) for name, row in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the subcommand; a reader that closes the pipe early ends it quietly."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _forget_output()
            return 0
        return result

    def main(self, args: Sequence[str] | None = None, *_: Any, standalone_mode: bool = True, **extra: Any) -> Any:  # noqa: ANN401 - click's signature
        """Run the command line; errors become messages and exit codes."""
        extra.pop("prog_name", None)
        code = _outcome(lambda: super(App, self).main(args, "nlsearch", standalone_mode=False, **extra))
        if standalone_mode:
            sys.exit(code)
        return code


def run(arguments: Sequence[str]) -> int:
    """Run the command line on `arguments` and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.excepthook = _report_bug
    return int(app.main(list(arguments), standalone_mode=False))


def _report_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback and leave with a code of its own: Python's would be that of "no match"."""
    sys.__excepthook__(kind, error, trace)
    sys.stderr.write("this is a bug in nlsearch; the lines above say where\n")
    sys.stderr.flush()
    os._exit(BUG)


def exit_code(error: NlsearchError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, IndexDamaged):
        return DAMAGED
    return SOME_FAILED if isinstance(error, StorageFull) else MISUSE


def nothing_found(complete: bool) -> int:
    """Return the exit code of an answer without hits: "no match" only where everything was looked at."""
    if complete:
        return NO_MATCH
    from nlsearch.cli.terminal import notice

    notice("nothing was found before the answer was cut short; whether there is a match is not known")
    return MISUSE


def _outcome(call: Callable[[], Any]) -> int:
    """Call, and turn what happens into an exit code and a message on stderr."""
    try:
        code = call()
    except NlsearchError as error:
        from nlsearch.cli.terminal import show_error

        show_error(error)
        return exit_code(error)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OSError as error:
        from nlsearch.cli.terminal import show_error

        show_error(NlsearchError(error.strerror or str(error), locator=str(error.filename or "")))
        return MISUSE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _forget_output() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


@click.command(
    cls=App,
    invoke_without_command=False,
    epilog=(
        "\b\nExamples:\n"
        "  nlsearch index papers/ drugs.sdf\n"
        "  nlsearch search 'smarts:\"c1ccccc1O\" AND mass:[100 TO 300]'\n"
        "  nlsearch like photo.jpg --json"
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("-c", "--collection", metavar="FOLDER", help="The collection, for all subcommands.")
@click.option("--handlers-dir", multiple=True, metavar="FOLDER", help="A folder with handlers of your own.")
@click.version_option(None, "-V", "--version", package_name="nlsearch", message="nlsearch %(version)s")
@click.pass_context
def app(ctx: click.Context, collection: str | None, handlers_dir: tuple[str, ...]) -> None:
    """Search molecules, sequences, images and more, with evidence for every hit.

    The collection is --collection, else $NLSEARCH_COLLECTION, else ./.nlsearch.
    Exit codes: 0 found, 1 no match, 2 usage or query error, 3 some files failed, 4 index damaged.
    """
    ctx.obj = {"collection": collection, "handlers_dir": handlers_dir}
