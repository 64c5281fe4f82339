"""What the tests of handlers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rdkit import rdBase

from nlsearch.handlers.molecule import MoleculeHandler

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep RDKit's log out of the way: awkward structures are what these tests are about."""
    with rdBase.BlockLogs():
        yield


@pytest.fixture(scope="module")
def handler() -> MoleculeHandler:
    return MoleculeHandler()
