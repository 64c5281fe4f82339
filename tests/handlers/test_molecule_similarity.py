"""Similarity and identity against RDKit: every fingerprint and metric, indexed or not, and mixtures of both."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from molecules import AWKWARD, many, one, payload_of
from rdkit import Chem, DataStructs
from rdkit.Chem import MACCSkeys, rdFingerprintGenerator, rdMolDescriptors
from rdkit.Chem.MolStandardize import rdMolStandardize

import nlsearch
from nlsearch import wire
from nlsearch.errors import QueryError, QuerySyntax
from nlsearch.handlers.chemistry.payload import composition
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.molecule.facts import FINGERPRINTS, LEVELS
from nlsearch.handlers.molecule.similarity import composed
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Nearest

COUNT, QUERIES = 2000, 50
FLAT = rdMolStandardize.TautomerEnumerator()
REFERENCE: dict[str, Callable[[Chem.Mol], DataStructs.ExplicitBitVect]] = {
    "morgan": rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint,
    "rdkit": Chem.RDKFingerprint,
    "maccs": MACCSkeys.GenMACCSKeys,
    "atompair": rdFingerprintGenerator.GetAtomPairGenerator().GetFingerprint,
}
METRICS: dict[str, Callable[..., float]] = {
    "tanimoto": DataStructs.TanimotoSimilarity,
    "dice": DataStructs.DiceSimilarity,
    "tversky": lambda a, b: DataStructs.TverskySimilarity(a, b, 0.9, 0.1),
}


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return many(COUNT)


@pytest.fixture(scope="module")
def mols(smiles: list[str]) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in smiles]


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory, smiles: list[str]) -> Iterator[nlsearch.Collection]:
    """A collection of which every fifth item holds its Morgan fingerprint only, the others all of them."""
    folder = tmp_path_factory.mktemp("similar")
    plain, rich = folder / "plain.smi", folder / "rich.smi"
    for path in (plain, rich):
        lines = [f"{text} m{i}\n" for i, text in enumerate(smiles) if (i % 5 == 0) == (path == plain)]
        path.write_text("".join(lines))
    with nlsearch.Collection.open(folder / "c.nls", create=True) as collection:
        collection.index(plain, jobs=1)
        collection.index(rich, jobs=1, settings={"molecule.fingerprints": "rdkit,maccs,atompair"})
        yield collection


def found(collection: nlsearch.Collection, query: str) -> dict[str, float]:
    page = collection.search(query, limit=100_000, count="exact")
    assert page.complete
    assert page.guarantee == "complete"
    assert page.total == len(page.hits)
    scores = [hit.score for hit in page.hits if hit.tier == "near"]
    assert scores == sorted(scores, reverse=True)
    return {hit.item.title: hit.score for hit in page.hits}


@pytest.mark.parametrize("fp", FINGERPRINTS)
def test_hits_and_scores_are_rdkits(
    fp: str, mixture: nlsearch.Collection, smiles: list[str], mols: list[Chem.Mol]
) -> None:
    bits = [REFERENCE[fp](mol) for mol in mols]
    canonical = [Chem.MolToSmiles(mol) for mol in mols]
    dice = random.Random(11)
    near = 0
    for turn in range(QUERIES):
        place = dice.randrange(len(mols))
        metric = "tanimoto" if turn % 3 else ("dice", "tversky")[turn // 3 % 2]
        minimum = (0.5, 0.35, 0.7, 0.6)[turn % 4]
        scores = (
            (i, 1.0 if canonical[i] == canonical[place] else METRICS[metric](bits[place], other))
            for i, other in enumerate(bits)
        )
        expected = {f"m{i}": score for i, score in scores if score >= minimum - 1e-12}
        query = f'smiles:"{smiles[place]}"~{minimum}{{fp={fp},metric={metric}}}'
        assert found(mixture, query) == expected, query
        near += len(expected) - 1
    assert near > QUERIES


def test_a_mixture_has_what_was_chosen_in_time(mixture: nlsearch.Collection, smiles: list[str]) -> None:
    assert [split.split.info.vector_spaces.keys() for split in mixture._view(None).splits] == [
        {"molecule.morgan"},
        {space.name for space in FINGERPRINTS.values()},
    ]
    page = mixture.search(f'smiles:"{smiles[0]}"{{fp=rdkit}}')
    assert "one by one" not in page.read_as[0]
    assert page.hits[0].evidence == {"similarity": 1.0, "fingerprint": "rdkit", "metric": "tanimoto", "level": "stereo"}


def test_filters_hold_beside_what_is_not_indexed(
    mixture: nlsearch.Collection, smiles: list[str], mols: list[Chem.Mol]
) -> None:
    query = f'smiles:"{smiles[4]}"~0.3{{fp=maccs}}'
    every = found(mixture, query)
    heavy = {f"m{i}" for i, mol in enumerate(mols) if 20 <= mol.GetNumHeavyAtoms() <= 24}
    some = found(mixture, f"{query} AND heavy_atoms:[20 TO 24]")
    assert some == {name: score for name, score in every.items() if name in heavy}
    assert len(some) > 1


def test_hits_verify_again_and_explain(mixture: nlsearch.Collection, smiles: list[str]) -> None:
    for options in ("fp=rdkit", "fp=maccs,metric=dice", "metric=tversky,alpha=0.3,beta=1", "level=tautomer"):
        query = f'smiles:"{smiles[3]}"~0.3{{{options}}}'
        hits = mixture.search(query, limit=3).hits
        assert len(hits) > 1, options
        for hit in hits:
            assert mixture.verify(hit), options
            assert mixture.explain(query, hit.item.id).status == "hit"
    last = mixture.search(f'smiles:"{smiles[3]}"~0.3{{metric=tversky,alpha=0.3,beta=1}}', limit=3).hits[-1]
    assert {key: last.evidence[key] for key in ("metric", "alpha", "beta")} == {
        "metric": "tversky", "alpha": 0.3, "beta": 1.0,
    }  # fmt: skip


def test_a_deadline_cuts_the_look_at_every_molecule_short(mixture: nlsearch.Collection, smiles: list[str]) -> None:
    page = mixture.search(f'smiles:"{smiles[5]}"{{fp=rdkit,level=isotope}}', deadline_s=0.0)
    assert not page.complete


def test_related_ones_are_morgans_neighbours(mixture: nlsearch.Collection, smiles: list[str]) -> None:
    queries = (f'smiles:"{text}"~0.95{{fp=maccs,related=yes}}' for text in smiles[:12])
    related = [hit for query in queries for hit in mixture.search(query, limit=1000).hits if hit.tier == "related"]
    assert related
    assert {hit.evidence["space"] for hit in related} == {"molecule.morgan"}


# ----------------------------------------------------------------------------------------------------------- by itself
@pytest.fixture(scope="module")
def payloads() -> list[tuple[Chem.Mol, bytes]]:
    return [(Chem.MolFromSmiles(text), payload_of(text)) for text in AWKWARD]


@settings(max_examples=60, deadline=None)
@given(
    query=st.sampled_from(AWKWARD),
    fp=st.sampled_from(list(FINGERPRINTS)),
    alpha=st.floats(0, 1),
    beta=st.floats(0, 1),
)
def test_awkward_molecules_have_rdkits_tversky(
    query: str, fp: str, alpha: float, beta: float, handler: MoleculeHandler, payloads: list[tuple[Chem.Mol, bytes]]
) -> None:
    probe = handler.compile("smiles", query, {"fp": fp, "metric": "tversky", "alpha": alpha, "beta": beta})
    asked = Chem.MolFromSmiles(query)
    for mol, payload in payloads:
        verdict = handler.verify(probe, payload)
        assert verdict is not None
        similarity = DataStructs.TverskySimilarity(REFERENCE[fp](asked), REFERENCE[fp](mol), alpha, beta)
        assert verdict.evidence["similarity"] == similarity
        same = Chem.MolToSmiles(asked) == Chem.MolToSmiles(mol)
        assert (verdict.tier, verdict.score) == (("exact", 1.0) if same else ("near", similarity))


@pytest.mark.parametrize("smiles", ["C", "[Na+].[Cl-]", "[He]"])
def test_molecules_without_bits_are_found_by_their_formula(smiles: str, handler: MoleculeHandler) -> None:
    probe = handler.compile("smiles", smiles, {"fp": "rdkit"})
    assert isinstance(probe.ask, AnyOf)
    assert isinstance(probe.ask.parts[1], Exact)
    assert probe.ask.parts[1].value == handler.features(one(smiles)).fields["formula"]
    verdict = handler.verify(probe, payload_of(smiles))
    assert verdict is not None
    assert (verdict.tier, verdict.score, verdict.evidence["similarity"]) == ("exact", 1.0, 0.0)


@pytest.mark.parametrize(
    ("one_way", "other", "level"),
    [
        ("N[C@@H](C)C(=O)O", "OC(=O)[C@H](C)N", "stereo"),
        ("N[C@@H](C)C(=O)O", "N[C@H](C)C(=O)O", "connectivity"),
        ("[13CH3][C@@H](N)C(=O)O", "[13CH3][C@H](N)C(=O)O", "isotope"),
        ("[13CH3][C@@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "connectivity"),
        ("[2H]C([2H])([2H])C(N)C(=O)O", "CC(N)C(=O)O", "connectivity"),
        ("Oc1ccccn1", "O=c1cccc[nH]1", "tautomer"),
        ("CC(=O)CC(C)=O", "CC(O)=CC(C)=O", "tautomer"),
        ("Nc1nc2[nH]cnc2c(=O)[nH]1", "Nc1nc2nc[nH]c2c(O)n1", "tautomer"),
        ("C[C@@H](O)c1ncc[nH]1", "C[C@H](O)c1ncc[nH]1", "connectivity"),
        ("Cc1c[nH]cn1", "Cc1cnc[nH]1", "tautomer"),
        ("NCC(=O)O", "[NH3+]CC(=O)[O-]", None),
        ("CC(=O)O", "CC(=O)[O-]", None),
        ("CCO", "COC", None),
        ("C1CCCCC1O", "CCCCCC=O", None),
    ],
)
def test_levels_do_not_depend_on_the_fingerprint(
    one_way: str, other: str, level: str | None, handler: MoleculeHandler
) -> None:
    for query, item in ((one_way, other), (other, one_way)):
        for fp in FINGERPRINTS:
            for asked in LEVELS:
                verdict = handler.verify(handler.compile("smiles", query, {"fp": fp, "level": asked}), payload_of(item))
                assert verdict is not None
                isotopes = "[13" in query or "[2H]" in query
                assert verdict.evidence["level"] == level
                holds = "isotope" if level == "connectivity" and "[" in query and not isotopes and same_isotopes(
                    query, item
                ) else level  # fmt: skip
                exact = holds is not None and LEVELS.index(holds) >= LEVELS.index(asked)
                assert verdict.tier == ("exact" if exact else "near"), (query, item, fp, asked)


def same_isotopes(first: str, second: str) -> bool:
    return sorted(a.GetIsotope() for a in Chem.MolFromSmiles(first).GetAtoms()) == sorted(
        a.GetIsotope() for a in Chem.MolFromSmiles(second).GetAtoms()
    )


def test_tautomers_are_those_of_equal_canonical_tautomers(handler: MoleculeHandler, smiles: list[str]) -> None:
    """Brute force: every pair of 100 molecules and a random tautomer of each."""
    dice = random.Random(3)
    texts = [text for text in smiles[:300] if "." not in text][:100]
    for text in list(texts):
        forms = list(FLAT.Enumerate(Chem.MolFromSmiles(text)).tautomers)
        texts.append(Chem.MolToSmiles(dice.choice(forms)))
    items = [(handler.features(one(text)), canonical(text)) for text in texts]
    pairs = 0
    for place, text in enumerate(texts):
        probe = handler.compile("smiles", text, {"level": "tautomer"})
        assert isinstance(probe.ask, AnyOf)
        formula = probe.ask.parts[1]
        assert isinstance(formula, Exact)
        for features, key in items:
            same = key == items[place][1]
            if same:  # the candidate stage finds it
                assert features.fields["formula"] == formula.value
                pairs += 1
            if same or features.fields["formula"] == formula.value:
                verdict = handler.verify(probe, features.payload)
                assert verdict is not None
                assert (verdict.tier == "exact") == same, text
    assert pairs > len(texts) + 60


def canonical(text: str) -> str:
    flat = Chem.MolFromSmiles(Chem.MolToSmiles(Chem.MolFromSmiles(text), isomericSmiles=False))
    return Chem.MolToSmiles(FLAT.Canonicalize(flat), isomericSmiles=False)


def test_tautomers_of_large_molecules_are_not_sought() -> None:
    narrow = MoleculeHandler()
    narrow.limits = Limits(tautomer_atoms=6)
    verdict = narrow.verify(narrow.compile("smiles", "Oc1ccccn1", {"level": "tautomer"}), payload_of("O=c1cccc[nH]1"))
    assert verdict is not None
    assert (verdict.tier, verdict.evidence["level"]) == ("near", None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "tversky", "alpha": 1.5}, "alpha is a weight from 0 to 1"),
        ({"metric": "tversky", "beta": -0.1}, "beta is a weight from 0 to 1"),
        ({"alpha": 0.5}, "do not belong to metric=tanimoto"),
        ({"metric": "dice", "beta": 0.5}, "do not belong to metric=dice"),
        ({"fp": "avalon"}, "no fingerprint 'avalon'"),
        ({"metric": "soergel"}, "no metric 'soergel'"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, str | float], message: str, handler: MoleculeHandler
) -> None:
    with pytest.raises(QuerySyntax, match=message):
        handler.compile("smiles", "CCO", options)


def test_what_is_not_indexed_is_said_and_travels(handler: MoleculeHandler) -> None:
    for fp in ("rdkit", "maccs", "atompair"):
        probe = handler.compile("smiles", "CCO", {"fp": fp, "metric": "tversky"})
        assert "looked at one by one" in probe.read_as
        assert "Tversky 0.9 / 0.1" in probe.read_as
        assert isinstance(probe.ask, Nearest)
        assert (probe.ask.lacking, probe.ask.weights) == (True, (0.9, 0.1))
        assert wire.unpack(wire.pack(probe)) == probe
    rich = MoleculeHandler()
    rich.chosen = {"fingerprints": ("maccs",)}
    assert "one by one" not in rich.compile("smiles", "CCO", {"fp": "maccs"}).read_as
    assert set(rich.features(one("CCO")).vectors) == {"molecule.morgan", "molecule.maccs"}
    rich.chosen = {"fingerprints": ("atompair",)}
    assert set(rich.features(one("C" * 1001)).vectors) == {"molecule.morgan"}


# ------------------------------------------------------------------------------------------------------------- settings
def test_members_of_archives_are_read_again_too(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.smi", "CCO ethanol\n")
        archive.writestr("words.fasta", ">x\nACGT\n")
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True) as collection:
        assert collection.index(packed, jobs=1).items == 2
        report = collection.index(packed, jobs=1, settings={"molecule.fingerprints": "atompair"})
        assert (report.items, report.unchanged, report.failures) == (1, 1, [])
        assert collection.search("smiles:CCO{fp=atompair}").hits[0].score == 1.0
        assert collection.index(packed, jobs=1).unchanged == 2


def test_a_changed_setting_reads_again_and_is_remembered(tmp_path: Path) -> None:
    source, plain = tmp_path / "a.smi", tmp_path / "b.smi"
    source.write_text("CCO ethanol\nCCN ethylamine\n")
    plain.write_text("CCC propane\n")
    with nlsearch.Collection.open(tmp_path / "c.nls", create=True) as collection:
        assert collection.index([source, plain], jobs=1).items == 3
        assert "one by one" in collection.search("smiles:CCO{fp=maccs}").read_as[0]
        with pytest.raises(QueryError, match="no setting called"):
            collection.index(source, settings={"molecule.colour": "red"})
        with pytest.raises(QueryError, match="no value 'avalon'") as caught:
            collection.index(source, settings={"molecule.fingerprints": ["maccs", "avalon"]})
        assert "rdkit, maccs, atompair" in caught.value.hint
        report = collection.index(source, jobs=1, settings={"molecule.fingerprints": ["MACCS"]})
        assert (report.items, report.unchanged) == (2, 0)
        assert "one by one" not in collection.search("smiles:CCO{fp=maccs}").read_as[0]
        assert "one by one" not in collection.like(source, fp="maccs").read_as[0]
    with nlsearch.Collection.open(tmp_path / "c.nls") as collection:
        report = collection.index([source, plain], jobs=1)  # b.smi is still of the old setting
        assert (report.items, report.unchanged) == (1, 1)
        assert collection.index([source, plain], jobs=1).unchanged == 2
        assert collection.stats()["settings"] == {"molecule.fingerprints": "maccs"}
        assert "one by one" not in collection.search("smiles:CCO{fp=maccs}").read_as[0]
        collection.merge()
        assert {hit.item.title for hit in collection.search("smiles:CCO~0.1{fp=maccs}").hits} >= {"ethanol"}
        report = collection.index([source, plain], jobs=1, settings={"molecule.fingerprints": ""})
        assert report.items == 3
        assert "one by one" in collection.search("smiles:CCO{fp=maccs}").read_as[0]


def test_a_composition_is_that_of_the_formula() -> None:
    for smiles in [*AWKWARD, "[Fe+3]", "[O-]S(=O)(=O)[O-]", "*C", "[2H]O[2H]", "[Na+].[Cl-]", "BrC(Cl)(F)I", "[H+]"]:
        mol = Chem.MolFromSmiles(smiles.split()[0])
        held = None if mol is None else composition(payload_of(Chem.MolToSmiles(mol)))
        if held is not None:
            assert composed(rdMolDescriptors.CalcMolFormula(mol)) == held, smiles
