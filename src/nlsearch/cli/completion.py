"""``nlsearch completion``: the script by which a shell completes commands, options and kinds."""

from __future__ import annotations

import click

from nlsearch.cli.options import examples


@click.command(
    epilog=examples(
        "nlsearch completion bash >> ~/.bashrc",
        "nlsearch completion zsh >> ~/.zshrc",
        "nlsearch completion fish > ~/.config/fish/completions/nlsearch.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL."""
    from click.shell_completion import ShellComplete, get_completion_class

    from nlsearch.cli.app import app

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - the three choices are click's own
    # The base class's method: the subclass for bash starts a bash to learn its version.
    click.echo(ShellComplete.source(kind(app, {}, "nlsearch", "_NLSEARCH_COMPLETE")))
