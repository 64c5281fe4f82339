"""A search that may have exponentially many ways to fail ends with an error, for every operator that searches."""

from __future__ import annotations

import molecules
import pytest
import reactions
from rdkit import Chem

from nlsearch.errors import QueryTooCostly
from nlsearch.handlers.chemistry.finding import has_many_ways
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.reaction import ReactionHandler
from nlsearch.limits import Limits

C60 = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3"
    "c8c4c4c9c5c1c1c6c2c3c41"
)
NAPHTHALENE = "c1ccc2ccccc2c1"
FEW = Limits(verify_steps=20)


@pytest.mark.parametrize(
    ("operator", "value", "item"),
    [
        ("smarts", NAPHTHALENE, C60),
        ("substructure", NAPHTHALENE, C60),
        ("tautomer", NAPHTHALENE, C60),
        ("superstructure", C60, NAPHTHALENE),
        ("smarts", "C.C.C.C.[CD3]", "CCCCCC"),
    ],
)
def test_every_operator_on_molecules_ends(operator: str, value: str, item: str) -> None:
    handler = MoleculeHandler()
    handler.limits = FEW
    payload = handler.features(molecules.one(item)).payload
    with pytest.raises(QueryTooCostly, match="verify_steps = 20"):
        handler.verify(handler.compile(operator, value, {}), payload)
    assert MoleculeHandler().verify(handler.compile(operator, value, {}), payload) or "D3" in value


@pytest.mark.parametrize("query", [f"{NAPHTHALENE}>>", f">{NAPHTHALENE}>", "[c:1]1ccc2ccccc2c1>>[c:1]Br"])
def test_the_sides_of_a_reaction_end(query: str) -> None:
    handler = ReactionHandler()
    handler.limits = FEW
    mapped = C60.replace("c12", "[c:1]12", 1)
    payload = handler.features(reactions.one(f"{mapped}>{C60}>Br[c:1]1ccccc1 name")).payload
    with pytest.raises(QueryTooCostly, match="verify_steps = 20"):
        handler.verify(handler.compile("reaction", query, {}), payload)
    assert ReactionHandler().verify(handler.compile("reaction", query, {}), payload)


@pytest.mark.parametrize(
    ("smiles", "atoms", "parts", "expected"),
    [
        (C60, 8, 1, True),
        (C60, 7, 1, False),
        ("C" * 301, 8, 1, True),
        ("C" * 300, 8, 1, False),
        ("c1ccc2ccccc2c1", 10, 1, False),
        ("CC", 4, 4, True),
        ("CC", 3, 3, False),
    ],
)
def test_only_cages_long_chains_and_scattered_patterns_are_counted(
    smiles: str, atoms: int, parts: int, expected: bool
) -> None:
    assert has_many_ways(Chem.MolFromSmiles(smiles), atoms, parts) is expected
