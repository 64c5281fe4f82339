"""Patterns that nothing matches, or everything: told at once, and never wrongly; and those that take for ever."""

from __future__ import annotations

import random
import time

import pytest
from molecules import AWKWARD, admits, one
from random_smarts import grammar_smarts
from rdkit import Chem

from nlsearch.errors import QueryTooCostly
from nlsearch.handlers.chemistry import screen
from nlsearch.handlers.chemistry.patterns import read_smarts
from nlsearch.handlers.chemistry.possible import is_everything, is_possible
from nlsearch.handlers.chemistry.program import compile_pattern
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.molecule.facts import SUBGRAPH
from nlsearch.limits import Limits
from nlsearch.model import UNDECIDED, Terms

ODD = ["N->[Cu]", "[NH3]->[Pt](Cl)Cl", "[Re]$[Re]", "[Cl-].[Na+]", "C[Pt](F)(Cl)Br"]


@pytest.mark.parametrize(
    "smarts", ["C-&=C", "C@&!@C", "[C;c]", "[CH1H2]", "[#6;#7]", "[D2D3]", "[+;-]C", "[R;R0]", "[C;!#6]", "[13C;12C]"]
)
def test_a_contradiction_is_told_and_asks_for_nothing(smarts: str, handler: MoleculeHandler) -> None:
    probe = handler.compile("smarts", smarts, {})
    assert probe.ask == Terms(SUBGRAPH, (screen.NEVER,))
    assert "nothing can match" in probe.read_as
    query = read_smarts(smarts).mol
    assert not any(Chem.MolFromSmiles(smiles).HasSubstructMatch(query) for smiles in [*AWKWARD, *ODD])


@pytest.mark.parametrize("smarts", ["*", "[*]", "[C,!C]", "[a,A]"])
def test_what_everything_matches_is_told(smarts: str, handler: MoleculeHandler) -> None:
    assert "every molecule matches" in handler.compile("smarts", smarts, {}).read_as


@pytest.mark.parametrize("smarts", ["N->[Cu]", "[#7]->[#78]", "[Re]$[Re]", "[#7]!-;!=;!#;!:[#29]", "[!#6]!-&!=&!#&!:*"])
def test_bonds_that_graphs_do_not_have_lose_nothing(smarts: str, handler: MoleculeHandler) -> None:
    probe = handler.compile("smarts", smarts, {})
    query = read_smarts(smarts).mol
    found = 0
    for smiles in [*AWKWARD, *ODD]:
        mol = Chem.MolFromSmiles(smiles)
        features = handler.features(one(smiles))
        matches = mol.HasSubstructMatch(query)
        found += matches
        assert (handler.verify(probe, features.payload) is not None) == matches
        if matches:
            assert admits(probe.ask, frozenset(features.terms[SUBGRAPH].tolist()), mol.GetNumHeavyAtoms())
            assert handler.decide(probe, [features.payload]) != b"\0"
    assert found


def test_what_matches_is_possible_and_what_does_not_is_not_everything() -> None:
    """Conditions of a small grammar, against RDKit."""
    dice = random.Random(7)
    mols = [mol for mol in map(Chem.MolFromSmiles, [*AWKWARD, *ODD]) if mol is not None]
    told = 0
    for _ in range(400):
        smarts = grammar_smarts(dice)
        query = Chem.MolFromSmarts(smarts)
        compiled = None if query is None else compile_pattern(query, stereo=True)
        if compiled is None:
            continue
        matched = [mol.HasSubstructMatch(query) for mol in mols]
        possible = compiled.bonded and is_possible(compiled.program)
        told += not possible
        assert possible or not any(matched), smarts
        assert not (compiled.exact and is_everything(compiled.program)) or all(matched), smarts
    assert told


@pytest.mark.parametrize("smarts", [".".join(["C"] * 12 + ["[CD1]"] * 3), "C.C.C.C.C.[CD1].[CD1].[CD1]"])
def test_a_pattern_of_many_parts_gives_up_in_time(smarts: str) -> None:
    handler = MoleculeHandler()
    handler.limits = Limits(verify_steps=20_000)
    payload = handler.features(one("C" * 200)).payload
    probe = handler.compile("smarts", smarts, {})
    started = time.process_time()
    assert handler.decide(probe, [payload]) == bytes([UNDECIDED])
    with pytest.raises(QueryTooCostly, match="verify_steps"):
        handler.verify(probe, payload)
    assert time.process_time() - started < 60  # RDKit alone has no end to its search


def test_a_pattern_of_many_parts_matches_as_in_rdkit(handler: MoleculeHandler) -> None:
    smarts = "[#6].[#7].O.[#8].[CX4]"
    probe, query = handler.compile("smarts", smarts, {}), Chem.MolFromSmarts(smarts)
    for smiles in AWKWARD:
        mol = Chem.MolFromSmiles(smiles)
        verdict = handler.verify(probe, handler.features(one(smiles)).payload)
        assert (0 if verdict is None else verdict.evidence["count"]) == len(
            mol.GetSubstructMatches(query, maxMatches=1000)
        )
