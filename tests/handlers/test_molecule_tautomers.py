"""Substructures of any tautomer against RDKit's ``TautomerQuery``, molecule by molecule."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from molecules import AWKWARD, many, payload_of
from rdkit import Chem
from rdkit.Chem import rdTautomerQuery
from rdkit.Chem.MolStandardize import rdMolStandardize

import nlsearch
from nlsearch import wire
from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.molecule.tautomers import tautomers_of
from nlsearch.limits import Limits
from nlsearch.model import AllOf, Scan

COUNT, QUERIES = 1000, 40
ENUMERATOR = rdMolStandardize.TautomerEnumerator()
PEPTIDE = "NC(C)C(=O)" * 10 + "O"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Real molecules, awkward ones, and a random tautomer of some."""
    dice = random.Random(2)
    found = [*many(COUNT, seed=8), *AWKWARD]
    forms = (list(ENUMERATOR.Enumerate(Chem.MolFromSmiles(text)).tautomers) for text in found[:150])
    found += [Chem.MolToSmiles(dice.choice(some)) for some in forms]
    return [text for text in found if "|" not in text]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> Iterator[nlsearch.Collection]:
    folder = tmp_path_factory.mktemp("tautomers")
    (folder / "all.smi").write_text("".join(f"{text} m{i}\n" for i, text in enumerate(texts)))
    with nlsearch.Collection.open(folder / "c.nls", create=True) as opened:
        opened.index(folder / "all.smi", jobs=1)
        yield opened


def piece(mol: Chem.Mol, dice: random.Random) -> str | None:
    """Return a random tautomer of a piece of `mol` with whole rings, as SMILES."""
    atoms = {dice.randrange(mol.GetNumAtoms())}
    for _ in range(dice.randint(2, 9)):
        atoms |= {n.GetIdx() for a in atoms for n in mol.GetAtomWithIdx(a).GetNeighbors() if dice.random() < 0.6}
    for ring in mol.GetRingInfo().AtomRings():
        if len(atoms & set(ring)) > 1:
            atoms |= set(ring)
    cut = Chem.MolFromSmiles(Chem.MolFragmentToSmiles(mol, sorted(atoms)))
    return None if cut is None else Chem.MolToSmiles(dice.choice(list(ENUMERATOR.Enumerate(cut).tautomers)))


def expected(query: str, mols: list[Chem.Mol], *, stereo: bool) -> dict[str, tuple[tuple[int, ...], ...]]:
    asked = rdTautomerQuery.TautomerQuery(Chem.MolFromSmiles(query))
    matches = {
        f"m{i}": asked.GetSubstructMatches(mol, uniquify=True, useChirality=stereo) for i, mol in enumerate(mols)
    }
    return {name: found for name, found in matches.items() if found}


def test_hits_and_atoms_are_rdkits(collection: nlsearch.Collection, texts: list[str]) -> None:
    mols = [Chem.MolFromSmiles(text) for text in texts]
    sizes = {f"m{i}": mol.GetNumHeavyAtoms() for i, mol in enumerate(mols)}
    dice = random.Random(4)
    queries = ["Oc1ccccn1", "CC(=O)CC(C)=O", "Nc1nc2[nH]cnc2c(=O)[nH]1", "c1ccccc1", "O=c1cccc[nH]1", "CC(O)=N", "C=N"]
    while len(queries) < QUERIES:
        found = piece(dice.choice(mols), dice)
        if found is not None and Chem.MolFromSmiles(found) is not None:
            queries.append(found)
    several = 0
    for turn, query in enumerate(queries):
        stereo = turn % 4 > 0
        matches = expected(query, mols, stereo=stereo)
        option = "" if stereo else "{stereo=no}"
        page = collection.search(f'tautomer:"{query}"{option}', limit=100_000, count="exact")
        assert {hit.item.title for hit in page.hits} == matches.keys(), query
        assert page.guarantee == "complete"
        atoms = Chem.MolFromSmiles(query).GetNumAtoms()
        for hit in page.hits:
            assert hit.evidence["atoms"] == [list(match) for match in matches[hit.item.title][:101]], query
            assert hit.evidence["count"] == len(matches[hit.item.title])
            assert hit.score == min(1.0, atoms / sizes[hit.item.title])
        several += len(page.hits)
    assert several > 5 * QUERIES


def test_the_other_tautomer_is_found_drawn_verified_and_explained(collection: nlsearch.Collection) -> None:
    query = 'tautomer:"Oc1ccccn1"'
    page = collection.search(query, limit=1000)
    assert "SMILES, 7 atoms, 3 tautomers" in page.read_as[0]
    (pyridone,) = [hit for hit in page.hits if hit.item.title == f"m{COUNT + AWKWARD.index('O=c1cccc[nH]1')}"]
    assert pyridone.evidence["atoms"] == [[0, 1, 2, 3, 4, 5, 6]]
    assert len(pyridone.evidence["bonds"][0]) == 7
    assert pyridone.score == 1.0
    assert collection.verify(pyridone)
    assert b"#F9CC5B" in collection.draw(pyridone).data
    assert collection.explain(query, pyridone.item.id).status == "hit"
    assert pyridone.item.id not in {hit.item.id for hit in collection.search('substructure:"Oc1ccccn1"', 1000).hits}


def test_what_rdkit_cuts_is_sound_only(handler: MoleculeHandler) -> None:
    probe = handler.compile("tautomer", PEPTIDE, {})
    assert probe.guarantee == "sound"
    assert "of more" in probe.read_as
    verdict = handler.verify(probe, payload_of(PEPTIDE))
    assert verdict is not None
    assert verdict.score == 1.0
    assert handler.compile("tautomer", "CC(=O)NC", {}).guarantee == "complete"


def test_forms_keep_what_the_template_fixes() -> None:
    for text in (*AWKWARD[:30], "Nc1nc2[nH]cnc2c(=O)[nH]1"):
        tautomers = tautomers_of(text, Limits())
        marked = set(tautomers.query.GetModifiedBonds())
        template = tautomers.query.GetTemplateMolecule()
        forms = list(tautomers.forms())
        assert 1 <= len(forms) <= tautomers.count
        for form in forms:
            for bond in form.GetBonds():
                if bond.GetIdx() not in marked:
                    assert bond.GetBondType() == template.GetBondWithIdx(bond.GetIdx()).GetBondType()


def test_many_forms_are_asked_for_by_what_they_share(handler: MoleculeHandler) -> None:
    few = handler.compile("tautomer", "CC(=O)CC(C)=O", {})
    assert isinstance(few.ask, AllOf)
    many_forms = handler.compile("tautomer", "CC(=O)CC(=O)CC(=O)CC(=O)CC(=O)C", {})
    assert not isinstance(many_forms.ask, AllOf | Scan)
    for probe in (few, many_forms):
        assert wire.unpack(wire.pack(probe)) == probe
        assert probe.related is not None


def test_large_queries_are_refused(handler: MoleculeHandler) -> None:
    with pytest.raises(QueryTooCostly, match="tautomer_atoms = 250"):
        handler.compile("tautomer", "C" * 251, {})
    wide = MoleculeHandler()
    wide.limits = Limits(tautomer_atoms=251)
    assert "251 atoms, 1 tautomer" in wide.compile("tautomer", "C" * 251, {}).read_as


@pytest.mark.parametrize("value", ["", "C1CC", "CC>>CO"])
def test_mistakes_are_named(value: str, handler: MoleculeHandler) -> None:
    with pytest.raises(QuerySyntax):
        handler.compile("tautomer", value, {})


def test_a_molfile_is_read_too(handler: MoleculeHandler) -> None:
    text = Chem.MolToMolBlock(Chem.MolFromSmiles("Oc1ccccn1"))
    probe = handler.compile("tautomer", text, {})
    assert probe.read_as.startswith("molfile")
    assert handler.verify(probe, payload_of("O=c1cccc[nH]1")) is not None
