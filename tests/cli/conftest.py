from __future__ import annotations

import pytest
from cli_fake import FakeCollection, FakeRegistry
from click.testing import CliRunner

from nlsearch.cli.app import app
from nlsearch.cli.options import Place


@pytest.fixture
def collection(monkeypatch):
    """The collection that every command opens."""
    fake = FakeCollection()
    monkeypatch.setattr(Place, "open", lambda self, create=False: fake)
    monkeypatch.setattr(Place, "registry", lambda self: FakeRegistry())
    return fake


@pytest.fixture
def run(collection):
    """Run the command line on arguments; the result has exit_code, stdout, stderr."""

    def call(*arguments, stdin=None):
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call
