"""A search that may have exponentially many ways to fail ends with an error, for every operator that searches."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import molecules
import pytest
import reactions
from rdkit import Chem

from nlsearch.errors import QueryTooCostly
from nlsearch.handlers.chemistry.finding import has_many_ways
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.reaction import ReactionHandler
from nlsearch.limits import Limits
from nlsearch.model import Verdict

C60 = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3"
    "c8c4c4c9c5c1c1c6c2c3c41"
)
NAPHTHALENE = "c1ccc2ccccc2c1"
PATH = "~".join(["[#6]"] * 29) + "~[#6;D1;R]"
"""Carbons of which the last cannot be: a ring atom with one neighbour."""
PENAM = (
    "CC1(C)S[C@@H]2[C@H]([C@@H]3N4C(=O)[C@@H]([C@H]5O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]5O)[C@H]4SC3(C)C)C(=O)N2"
    "[C@H]1c1c[nH]c2ccccc12"
)
FEW = Limits(verify_steps=20)


def verified(limits: Limits, operator: str, value: str, item: str) -> Verdict | None:
    handler = MoleculeHandler()
    handler.limits = limits
    return handler.verify(handler.compile(operator, value, {}), handler.features(molecules.one(item)).payload)


@pytest.mark.parametrize(
    ("operator", "value", "item"),
    [
        ("smarts", f"[^2]{PATH}", C60),  # hybridisation is RDKit's to tell
        ("smarts", PATH, C60),
        ("smarts", f"[$({PATH})]", C60),
        ("smarts", f"[$({PATH});^2]", C60),
        ("tautomer", NAPHTHALENE, C60),
        ("superstructure", C60, NAPHTHALENE),
        ("smarts", "C.C.C.C.C.[C^1]", "C" * 20),
    ],
)
def test_every_operator_on_molecules_ends(operator: str, value: str, item: str) -> None:
    with pytest.raises(QueryTooCostly, match="verify_steps = 20"):
        verified(FEW, operator, value, item)


@pytest.mark.parametrize("value", ["tautomer", "superstructure"])
def test_what_ends_in_time_is_found(value: str) -> None:
    query, item = (C60, NAPHTHALENE) if value == "superstructure" else (NAPHTHALENE, C60)
    assert verified(Limits(), value, query, item)


@pytest.mark.parametrize("value", ["C.C.[CX3]", "C.C.[CX4;D3;R3]", "C.C.C.C.C.C.[13C]"])
def test_a_part_that_is_nowhere_is_told_at_once(value: str) -> None:
    assert verified(FEW, "smarts", value, "C" * 900) is None


def test_listing_costs_no_hit() -> None:
    """One match makes a hit; that all cannot be listed within the caps is said, and nothing more."""
    whole = verified(Limits(), "substructure", "CC.CC.CC.CC", PENAM)
    assert whole is not None
    told = Chem.MolFromSmiles(PENAM).GetSubstructMatches(Chem.MolFromSmiles("CC.CC.CC.CC"))
    assert (whole.evidence["count"], "count_capped" in whole.evidence) == (len(told), False)
    verdict = verified(Limits(verify_steps=100), "substructure", "CC.CC.CC.CC", PENAM)
    assert verdict is not None
    assert verdict.evidence["count_capped"] is True
    by_rdkit = verified(Limits(verify_steps=3_000), "smarts", "[#6;^3]C.CC.CC.CC", PENAM)
    assert by_rdkit is not None
    assert by_rdkit.evidence["count_capped"] is True


@pytest.mark.parametrize("query", [f"{NAPHTHALENE}>>", f">{NAPHTHALENE}>", "[c:1]1ccc2ccccc2c1>>[c:1]Br"])
def test_the_sides_of_a_reaction_end(query: str) -> None:
    handler = ReactionHandler()
    handler.limits = Limits(verify_steps=5)
    mapped = C60.replace("c12", "[c:1]12", 1)
    payload = handler.features(reactions.one(f"{mapped}>{C60}>Br[c:1]1ccccc1 name")).payload
    with pytest.raises(QueryTooCostly, match="verify_steps = 5"):
        handler.verify(handler.compile("reaction", query, {}), payload)
    assert ReactionHandler().verify(handler.compile("reaction", query, {}), payload)


@pytest.mark.parametrize(
    ("smiles", "atoms", "parts", "expected"),
    [
        (C60, 8, 1, True),
        (C60, 7, 1, False),
        (f"{C60}.{'C' * 120}", 8, 1, True),
        ("C" * 301, 8, 1, True),
        ("C" * 300, 8, 1, False),
        (PENAM, 39, 1, False),
        ("C" * 30, 5, 5, True),
        ("C" * 30, 4, 4, False),
        ("C" * 900, 3, 3, True),
    ],
)
def test_only_cages_long_chains_and_scattered_patterns_are_counted(
    smiles: str, atoms: int, parts: int, expected: bool
) -> None:
    assert has_many_ways(Chem.MolFromSmiles(smiles), atoms, parts) is expected


INTERRUPTED = """
import os, subprocess, sys
from rdkit import Chem
from nlsearch.handlers.chemistry.finding import find_matches
from nlsearch.handlers.chemistry.patterns import read_smarts
pattern = read_smarts("C.C.C.[CX4;D4]")
mol = Chem.MolFromSmiles("C" * 200)
subprocess.Popen([sys.executable, "-c", f"import os, time; time.sleep(0.5); os.kill({os.getpid()}, 2)"])
search = lambda parameters: mol.GetSubstructMatches(pattern.mol, parameters)
try:
    found = find_matches(search, mol, SIZE, pattern.parameters, (10, 50_000_000))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("size", ["(1, 1)", "(4, 4)"], ids=["plain", "counted"])
def test_an_interrupt_is_none_of_rdkits_business(size: str) -> None:
    """RDKit would end its search and return what it has, which is no answer."""
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.replace("SIZE", size)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | ({"OPENBLAS_NUM_THREADS": "1"} if size == "(1, 1)" else {}),  # no thread but one to interrupt
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert ended.stdout == "interrupted\n", ended.stderr
