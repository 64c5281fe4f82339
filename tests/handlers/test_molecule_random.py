"""Random queries against brute force: screen and verification find what RDKit finds, molecule by molecule."""

from __future__ import annotations

import gzip
import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from molecule_oracle import Oracle, Query, Tally, compare, parameters, random_query
from molecules import AWKWARD, admits, one
from random_smarts import GROUPS, grammar_smarts, mixed_smarts, piece_smiles
from rdkit import Chem

import nlsearch
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.molecule.facts import SUBGRAPH

SEEDS = st.integers(0, 2**32 - 1)
PLAIN = [smiles for smiles in AWKWARD if " " not in smiles]
STEREO = [
    "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CC(N)C(=O)O", "O[C@H](F)[C@@H](Cl)Br", "O[C@@H](F)[C@@H](Cl)Br",
    "C1C[C@H]2CC[C@@H]1C2", "C/C=C/[C@H](C)O", "C/C=C\\[C@H](C)O", "CC=C[C@H](C)O", "C/C(F)=C(/Cl)Br", "CC(F)=C(Cl)Br",
    "C/C=C/C=C/C=C\\C", "C[S@](=O)c1ccccc1", "C[S@@](=O)c1ccccc1", "C[P@](=O)(O)c1ccccc1", "C[N+]1(C)CC[C@@H]1O",
    "C[C@]12CC[C@H]3[C@@H](CCc4cc(O)ccc34)[C@@H]1CC[C@@H]2O",
    "C[C@@]12CC[C@H]3[C@@H](CCc4cc(O)ccc34)[C@@H]1CC[C@@H]2O", "O=C1/C(=C/c2ccccc2)CCCC1", "C/C=N/O", "C/C=N\\O",
    "OC(=O)[C@@H]1CCCN1", "OC[C@@]1(O)OC[C@@H](O)[C@@H](O)[C@@H]1O", "F[C@](Cl)(Br)I", "F[C@@](Cl)(Br)I",
]  # fmt: skip


HANDLER = MoleculeHandler()


@cache
def pool() -> list[tuple[Chem.Mol, frozenset[int], bytes]]:
    """Return molecules with their terms and payloads; none has hydrogens that move the numbers of other atoms."""
    found = []
    for smiles in PLAIN + STEREO:
        if "[H]" in smiles:
            continue
        features = HANDLER.features(one(smiles))
        found.append((Chem.MolFromSmiles(smiles), frozenset(features.terms[SUBGRAPH].tolist()), features.payload))
    return found


def test_what_the_generator_writes_is_smarts() -> None:
    mols = [Chem.MolFromSmiles(smiles) for smiles in AWKWARD]
    dice = random.Random(11)
    texts = [mixed_smarts(mols, dice) for _ in range(500)] + [grammar_smarts(dice) for _ in range(200)]
    assert [text for text in [*texts, *GROUPS] if Chem.MolFromSmarts(text) is None] == []
    dice = random.Random(11)
    assert texts[:500] == [mixed_smarts(mols, dice) for _ in range(500)]
    assert len(set(texts)) > 500


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS, stereo=st.booleans())
def test_any_smarts_finds_what_brute_force_finds(seed: int, stereo: bool) -> None:
    smarts = mixed_smarts([mol for mol, _, _ in pool()], random.Random(seed))
    probe = HANDLER.compile("smarts", smarts, {"stereo": stereo})
    query = Chem.MergeQueryHs(Chem.MolFromSmarts(smarts))
    for mol, terms, payload in pool():
        matches = {frozenset(match) for match in mol.GetSubstructMatches(query, parameters(stereo))}
        verdict = HANDLER.verify(probe, payload)
        assert (verdict is not None) == bool(matches), (smarts, Chem.MolToSmiles(mol))
        if verdict is not None:
            assert admits(probe.ask, terms, mol.GetNumHeavyAtoms()), (smarts, Chem.MolToSmiles(mol))
            assert verdict.evidence["count"] == len(matches), (smarts, Chem.MolToSmiles(mol))
            assert {frozenset(atoms) for atoms in verdict.evidence["atoms"]} <= matches


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, stereo=st.booleans())
def test_any_piece_finds_what_brute_force_finds(seed: int, stereo: bool) -> None:
    dice = random.Random(seed)
    smiles = piece_smiles(dice.choice(pool())[0], dice, dice.randint(1, 14))
    if smiles is None:
        return
    probe = HANDLER.compile("substructure", smiles, {"stereo": stereo})
    query = Chem.MolFromSmiles(smiles)
    for mol, terms, payload in pool():
        holds = mol.HasSubstructMatch(query, parameters(stereo))
        assert (HANDLER.verify(probe, payload) is not None) == holds, (smiles, Chem.MolToSmiles(mol))
        assert not holds or admits(probe.ask, terms, mol.GetNumHeavyAtoms()), (smiles, Chem.MolToSmiles(mol))


def opened(folder: Path, smiles: list[str]) -> nlsearch.Collection:
    """Index molecules, number *i* called ``M<i>``."""
    source = folder / "molecules.smi"
    source.write_text("".join(f"{text} M{i}\n" for i, text in enumerate(smiles)))
    collection = nlsearch.Collection.open(folder / "x.nls", create=True)
    report = collection.index([source], jobs=1)
    assert (report.items, report.failures) == (len(smiles), [])
    return collection


def differences(collection: nlsearch.Collection, oracle: Oracle, queries: range) -> list[str]:
    """Ask random queries and return what differs from the oracle."""
    declared = collection.registry.get("molecule").operators
    tally = Tally()
    told = [compare(collection, oracle, random_query(i, oracle, declared), tally) for i in queries]
    assert tally.hits > len(queries)
    return [text for text in told if text]


def test_a_collection_finds_what_brute_force_finds(tmp_path: Path) -> None:
    oracle = Oracle(PLAIN + STEREO)
    with opened(tmp_path, oracle.smiles) as collection:
        assert differences(collection, oracle, range(120)) == []


def test_the_comparison_sees_what_is_lost_and_extra(tmp_path: Path) -> None:
    """The oracle is told of one molecule as another: the comparison must say so."""
    with opened(tmp_path, ["CCO", "CCN", "c1ccccc1"]) as collection:
        oracle, tally = Oracle(["CCO", "CCS", "c1ccccc1"]), Tally()
        assert compare(collection, oracle, Query("smarts", "c"), tally) == ""
        assert compare(collection, oracle, Query("smarts", "CO"), tally) == ""
        assert tally.right
        assert "lost CCS" in compare(collection, oracle, Query("substructure", "S"), tally)
        assert "extra CCS" in compare(collection, oracle, Query("superstructure", "CCCN"), tally)
        query = Query("smiles", "OCC", {"fp": "morgan", "level": "stereo"})
        assert compare(collection, oracle, query, tally) == ""
        assert (tally.queries, tally.pairs, tally.lost, tally.extra) == (5, 15, 1, 1)
        assert not tally.right


@pytest.mark.long
def test_a_large_collection_finds_what_brute_force_finds(tmp_path: Path, shared_data: Path) -> None:
    """The same as benchmarks/bench_molecule_equality.py, on fewer molecules: half of them chiral."""
    chosen: list[str] = []
    for name, count in (("chembl_20_chiral.smi.gz", 1000), ("muv.93k.smi.gz", 500), ("znp.50k.smi.gz", 500)):
        lines = gzip.decompress((shared_data / "molecules" / name).read_bytes()).decode().splitlines()
        chosen += [line.split()[0] for line in random.Random(5).sample(lines, count)]
    oracle = Oracle(chosen)
    with opened(tmp_path, chosen) as collection:
        assert differences(collection, oracle, range(10_000, 10_400)) == []
