"""Fields whose values have a notation of their own: from a value to a question."""

from __future__ import annotations

from collections.abc import Callable

from nlsearch.errors import LimitExceeded, QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry.formula import read_formula
from nlsearch.handlers.chemistry.inchikeys import read_key, read_molecule
from nlsearch.handlers.chemistry.names import read_cas
from nlsearch.handlers.chemistry.salts import read_component, read_parent
from nlsearch.handlers.molecule import descriptors
from nlsearch.handlers.molecule.facts import FORMULA
from nlsearch.limits import Limits
from nlsearch.model import Exact, Reading


def translate(field: str, value: str, limits: Limits) -> Reading:
    """Read the value of a field.

    Raises
    ------
    QuerySyntax
        With the first mistake, and what is expected.
    QueryTooCostly
        If a structure has more atoms than molecules may have.
    """
    from rdkit import rdBase

    readers: dict[str, Callable[[], Reading]] = {
        "formula": lambda: read_formula(value, "formula", FORMULA),
        "inchikey": lambda: read_key(value, "inchikey", limits),
        "component": lambda: read_component(value, limits),
        "parent": lambda: read_parent(value, limits),
        "scaffold": lambda: _read_scaffold(value, limits),
        "canonical_smiles": lambda: _read_smiles(value, limits),
        "cas": lambda: read_cas(value),
    }
    try:
        with rdBase.BlockLogs():
            return readers[field]()
    except LimitExceeded as error:
        raise QueryTooCostly(error.message, hint=error.hint) from error


def _read_scaffold(value: str, limits: Limits) -> Reading:
    found = descriptors.scaffold(read_molecule(value, limits))
    if not found:
        raise QuerySyntax("scaffold: the structure has no ring", hint="molecules without rings: rings:0")
    return Reading(Exact("scaffold", found), f"the scaffold {found}")


def _read_smiles(value: str, limits: Limits) -> Reading:
    from rdkit import Chem

    written = Chem.MolToSmiles(read_molecule(value, limits))
    return Reading(Exact("canonical_smiles", written), "" if written == value.strip() else written)
