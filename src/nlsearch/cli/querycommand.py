"""Commands whose argument is a query, in which ``-word`` excludes a word and is no option."""

from __future__ import annotations

from pathlib import Path

import click


class QueryCommand(click.Command):
    """A command that takes ``-word`` as part of its query.

    An argument is an option if it begins with ``--``, is one letter behind a ``-``, or gives such a one-letter option
    its value at once (``-n5``, ``-cFOLDER`` if there is that folder).  Everything else belongs to the query, in the
    order given, and so does what stands behind ``--``.  Options that do not exist are refused as ever.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the options before a ``--`` and the query behind it."""
        end = args.index("--") if "--" in args else len(args)
        options, query = self._sorted(ctx, args[:end])
        query += args[end + 1 :]
        try:
            return super().parse_args(ctx, [*options, "--", *query] if query else options)
        except click.NoSuchOption as error:
            if error.possibilities:
                raise
            said = f"{error.message} A word of the query that looks like an option stands behind a --."
            raise click.NoSuchOption(error.option_name, said, ctx=ctx) from error

    def _sorted(self, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str]]:
        """Return what of `args` are options with their values, and what is the query."""
        takes_value = {
            name: not param.is_flag and not param.count
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
            for name in param.opts
        }
        options: list[str] = []
        query: list[str] = []
        left = iter(args)
        for arg in left:
            if not _is_option(arg):
                query.append(arg)
                continue
            options.append(arg)
            if takes_value.get(arg):
                value = next(left, None)
                if value is None:  # the -- must not become its value
                    return options, []
                options.append(value)
        return options, query


def _is_option(arg: str) -> bool:
    if arg.startswith("--"):
        return True
    if not arg.startswith("-") or len(arg) < 2 or not (arg[1].isascii() and arg[1].isalpha()):
        return False
    value = arg[2:]
    return not value or (arg[1] == "n" and value.isdecimal()) or (arg[1] == "c" and Path(value).is_dir())
