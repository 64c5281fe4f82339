"""Molecules: the screen against brute force, evidence, identity and similarity, mistakes in queries, drawing."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from molecules import AWKWARD, admits, one, payload_of, read
from random_smarts import random_smarts
from rdkit import Chem

from held import Held
from nlsearch import wire
from nlsearch.errors import MalformedContent, QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry import screen
from nlsearch.handlers.chemistry.graphs import molecule_graph
from nlsearch.handlers.chemistry.payload import Decoded
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.molecule.facts import MORGAN, SUBGRAPH
from nlsearch.limits import Limits
from nlsearch.model import Nearest, Probe, RawItem, Scan, Skipped, Terms

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def pool(handler: MoleculeHandler) -> list[tuple[Chem.Mol, frozenset[int], bytes]]:
    found = []
    for smiles in AWKWARD:
        features = handler.features(one(smiles))
        found.append((Chem.MolFromSmiles(smiles), frozenset(features.terms[SUBGRAPH].tolist()), features.payload))
    return found


def block(mol: Chem.Mol, **options: bool) -> str:
    return Chem.MolToMolBlock(mol, **options)


# ---------------------------------------------------------------------------------------------------- screen and verify
@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_no_hit_of_a_random_smarts_is_lost(seed: int, handler: MoleculeHandler, pool: list) -> None:
    dice = random.Random(seed)
    smarts = random_smarts(dice.choice(pool)[0], dice)
    if dice.random() < 0.2:
        smarts += "." + random_smarts(dice.choice(pool)[0], dice, most=4)
    probe = handler.compile("smarts", smarts, {})
    query = Chem.MergeQueryHs(Chem.MolFromSmarts(smarts))
    for mol, terms, payload in pool:
        matches = mol.GetSubstructMatches(query, useChirality=True)
        verdict = handler.verify(probe, payload)
        assert (verdict is not None) == bool(matches), smarts
        if verdict is not None:
            assert admits(probe.ask, terms, mol.GetNumHeavyAtoms()), (smarts, Chem.MolToSmiles(mol))
            assert verdict.score <= min(1.0, probe.numerator / max(1, mol.GetNumHeavyAtoms()))
            assert verdict.evidence["count"] == len(matches)


@pytest.mark.parametrize(
    ("smarts", "smiles"),
    [("N->[Pt]", "N->[Pt](Cl)(Cl)<-N"), ("[Re]$[Re]", "[Re]$[Re]"), ("*$*", "[W]$[W]")],
)
def test_bonds_that_graphs_do_not_hold_are_found(smarts: str, smiles: str, handler: MoleculeHandler) -> None:
    mol = Chem.MolFromSmiles(smiles)
    assert mol.HasSubstructMatch(Chem.MolFromSmarts(smarts))
    probe = handler.compile("smarts", smarts, {})
    features = handler.features(one(smiles))
    assert "contradict" not in probe.read_as
    assert admits(probe.ask, frozenset(features.terms[SUBGRAPH].tolist()), mol.GetNumHeavyAtoms())
    assert handler.verify(probe, features.payload) is not None


@pytest.mark.parametrize("smarts", ["[C;N]", "C-;=C", "C-;$C", "C@;!@C", "[D3;D4]"])
def test_contradictions_are_told_at_once(smarts: str, handler: MoleculeHandler) -> None:
    probe = handler.compile("smarts", smarts, {})
    assert "nothing can match" in probe.read_as
    assert probe.ask == Terms(SUBGRAPH, (screen.NEVER,))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_no_hit_of_a_random_structure_is_lost(seed: int, handler: MoleculeHandler, pool: list) -> None:
    dice = random.Random(seed)
    whole = dice.choice(pool)[0]
    atoms = {dice.randrange(whole.GetNumAtoms())}
    for _ in range(dice.randint(1, 9)):
        atoms |= {n.GetIdx() for a in atoms for n in whole.GetAtomWithIdx(a).GetNeighbors() if dice.random() < 0.4}
    piece = Chem.MolFragmentToSmiles(whole, sorted(atoms))
    if Chem.MolFromSmiles(piece) is None:
        return
    for operator in ("substructure", "superstructure"):
        probe = handler.compile(operator, piece, {})
        query = Chem.MolFromSmiles(piece)
        for mol, terms, payload in pool:
            large, small = (mol, query) if operator == "substructure" else (query, mol)
            holds = large.HasSubstructMatch(small, useChirality=True)
            assert (handler.verify(probe, payload) is not None) == holds, (operator, piece, Chem.MolToSmiles(mol))
            if holds:
                assert admits(probe.ask, terms, mol.GetNumHeavyAtoms()), (operator, piece, Chem.MolToSmiles(mol))


@pytest.mark.parametrize(
    "smarts", ["cc", "c-c", "c:c", "c~c", "[#6]-[#6]", "[#6]~[#6]", "[c,C]-,:c", "c!:c", "c1ccccc1c", "a-a"]
)
def test_bonds_between_aromatic_atoms_lose_nothing(handler: MoleculeHandler, pool: list, smarts: str) -> None:
    probe = handler.compile("smarts", smarts, {})
    query = Chem.MolFromSmarts(smarts)
    hits = [terms for mol, terms, _ in pool if mol.HasSubstructMatch(query)]
    assert len(hits) >= 5
    assert all(admits(probe.ask, terms, 1) for terms in hits)


@pytest.mark.parametrize(
    ("smarts", "elements"),
    [("[!C]", 0), ("[C,N]", 0), ("*", 0), ("[$(CO)]", 0), ("[#1]", 0), ("[2H]", 0), ("[a]", 0), ("[!#6;!#1]", 0),
     ("[C,c]", 1), ("[Cl]", 1), ("[#6;R]~[#7]", 2), ("[C;$(CO)]", 1), ("A~a", 0), ("[r5]", 0), ("[Se]", 1),
     ("[*;!C]", 0)],
)  # fmt: skip
def test_only_certain_atoms_give_terms(smarts: str, elements: int) -> None:
    terms = screen.query_terms(Chem.MolFromSmarts(smarts))
    assert len(terms) == elements


def test_a_query_without_certain_parts_scans(handler: MoleculeHandler) -> None:
    probe = handler.compile("smarts", "*~[!C]", {})
    assert probe.ask == Scan()
    assert "every molecule" in probe.read_as


def test_large_molecules_go_past_the_screen(handler: MoleculeHandler) -> None:
    features = handler.features(one("C" * 1001))
    assert features.terms[SUBGRAPH].tolist() == [screen.UNSCREENED]
    probe = handler.compile("smarts", "CCCCC", {})
    assert admits(probe.ask, frozenset({screen.UNSCREENED}), 1001)
    verdict = handler.verify(probe, features.payload)
    assert verdict is not None
    assert verdict.evidence["count"] == 997
    assert len(verdict.evidence["atoms"]) == 101


def test_zero_order_bonds_and_query_features_go_past_the_screen(handler: MoleculeHandler) -> None:
    zero = Chem.RWMol(Chem.MolFromSmiles("C.[Fe]"))
    zero.AddBond(0, 1, Chem.BondType.ZERO)
    assert screen.UNSCREENED in screen.molecule_terms(molecule_graph(zero.GetMol())).tolist()
    text = block(Chem.MolFromSmiles("CCO")).replace(" O   0", " Q   0")
    (item,) = read(text, "MOL")
    assert isinstance(item, RawItem)
    assert item.warnings
    assert screen.UNSCREENED in handler.features(item).terms[SUBGRAPH].tolist()


def test_aromatic_bonds_between_aliphatic_atoms_lose_nothing(handler: MoleculeHandler) -> None:
    text = block(Chem.MolFromSmiles("CCO")).replace("  1  2  1", "  1  2  4", 1)
    features = handler.features(one(text, "MOL"))
    probe = handler.compile("smarts", "CC", {})
    assert handler.verify(probe, features.payload) is not None
    assert admits(probe.ask, frozenset(features.terms[SUBGRAPH].tolist()), 3)


def test_real_molecules_against_brute_force(handler: MoleculeHandler, shared_data: Path) -> None:
    lines = gzip.decompress((shared_data / "molecules" / "muv.93k.smi.gz").read_bytes()).decode().splitlines()
    dice = random.Random(7)
    found = []
    for item in read("\n".join(dice.sample(lines, 120))):
        assert isinstance(item, RawItem)
        features = handler.features(item)
        found.append((item.content.structure.mol, frozenset(features.terms[SUBGRAPH].tolist()), features.payload))
    for _ in range(60):
        smarts = random_smarts(dice.choice(found)[0], dice, most=16)
        probe = handler.compile("smarts", smarts, {})
        query = Chem.MergeQueryHs(Chem.MolFromSmarts(smarts))
        for mol, terms, payload in found:
            hit = mol.HasSubstructMatch(query, useChirality=True)
            assert not hit or admits(probe.ask, terms, 1), smarts
            assert (handler.verify(probe, payload) is not None) == hit, smarts


# ------------------------------------------------------------------------------------------------------------- evidence
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_atoms_are_numbered_as_in_the_record(seed: int, handler: MoleculeHandler) -> None:
    dice = random.Random(seed)
    smiles = dice.choice([ASPIRIN, "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "[2H]C([2H])(O)CN", "NCc1ccc(-c2ccccc2)cc1"])
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    order = list(range(mol.GetNumAtoms()))
    dice.shuffle(order)
    mol = Chem.RenumberAtoms(mol, order)
    for text, form, options in (
        (block(mol), "MOL", {}),
        (Chem.MolToV3KMolBlock(mol), "MOL", {}),
        (Chem.MolToSmiles(mol, canonical=False), "SMILES", {}),
    ):
        payload = payload_of(text, form)
        if form == "MOL":
            whole = Chem.MolFromMolBlock(text, removeHs=False)
        else:
            parameters = Chem.SmilesParserParams()
            parameters.removeHs = False
            whole = Chem.MolFromSmiles(text, parameters)
        for smarts in ("C=O", "ccc", "[#6]~[#7]", "[#8,#7]-[#6]"):
            verdict = handler.verify(handler.compile("smarts", smarts, options), payload)
            expected = {frozenset(m) for m in whole.GetSubstructMatches(Chem.MolFromSmarts(smarts))}
            got = set() if verdict is None else {frozenset(m) for m in verdict.evidence["atoms"]}
            assert got == expected
            if verdict is not None:
                for match, pairs in zip(verdict.evidence["atoms"], verdict.evidence["bonds"], strict=True):
                    assert {a for pair in pairs for a in pair} == set(match)
                    assert all(whole.GetBondBetweenAtoms(*pair) is not None for pair in pairs)


def test_score_is_matched_atoms_over_heavy_atoms(handler: MoleculeHandler) -> None:
    verdict = handler.verify(handler.compile("smarts", "C(=O)[OX2H1]", {}), payload_of(ASPIRIN))
    assert verdict is not None
    assert verdict.score == pytest.approx(3 / 13)
    assert (verdict.tier, verdict.evidence["atoms"]) == ("exact", [[10, 11, 12]])
    assert verdict.evidence["bonds"] == [[[10, 11], [10, 12]]]
    whole = handler.verify(handler.compile("substructure", ASPIRIN, {}), payload_of(ASPIRIN))
    assert whole is not None
    assert whole.score == 1.0


def test_explicit_hydrogens_match_implicit_ones(handler: MoleculeHandler) -> None:
    for smarts in ("[H]O", "O[H]", "[#1]O"):
        probe = handler.compile("smarts", smarts, {})
        assert probe.numerator == 1
        assert handler.verify(probe, payload_of("CCO")) is not None
        assert handler.verify(probe, payload_of("COC")) is None
    water = handler.compile("smarts", "[H]O[H]", {})
    assert handler.verify(water, payload_of("O")) is not None
    assert handler.verify(water, payload_of("CO")) is None


def test_handedness_survives_merging_of_hydrogens(handler: MoleculeHandler) -> None:
    """Every way to write an enantiomer with an explicit hydrogen matches it and not its mirror image."""
    from itertools import permutations

    both = {tag: payload_of(f"F[{tag}H](Cl)Br") for tag in ("C@", "C@@")}
    for first, *others in permutations(["[H]", "F", "Cl", "Br"]):
        for tag in both:
            text = f"{first}[{tag}]" + "".join(f"({other})" for other in others)
            wanted = Chem.CanonSmiles(text)
            for payload in both.values():
                hit = handler.verify(handler.compile("smarts", text, {}), payload) is not None
                assert hit == (Decoded(payload).smiles == wanted), text


def test_stereo_counts_unless_told_otherwise(handler: MoleculeHandler) -> None:
    for query, same, other, flat in (
        ("F/C=C/F", "F/C=C/F", "F/C=C\\F", "FC=CF"),
        ("N[C@@H](C)C(=O)O", "N[C@@H](C)C(=O)O", "N[C@H](C)C(=O)O", "NC(C)C(=O)O"),
    ):
        for operator in ("smarts", "substructure"):
            strict, loose = (handler.compile(operator, query, {"stereo": stereo}) for stereo in (True, False))
            assert [handler.verify(strict, payload_of(m)) is not None for m in (same, other, flat)] == [
                True,
                False,
                False,
            ]
            assert all(handler.verify(loose, payload_of(m)) is not None for m in (same, other, flat))


def test_stereo_of_other_shapes_asks_for_nothing_as_in_rdkit(handler: MoleculeHandler) -> None:
    query, flat = "C[Pt@SP1](F)(Cl)Br", "C[Pt](F)(Cl)Br"
    parameters = Chem.SubstructMatchParameters()
    parameters.useChirality = True
    assert Chem.MolFromSmiles(flat).GetSubstructMatches(Chem.MolFromSmarts(query), parameters)
    features = handler.features(one(flat))
    for operator in ("smarts", "substructure"):
        probe = handler.compile(operator, query, {})
        assert handler.verify(probe, features.payload) is not None
        assert admits(probe.ask, frozenset(features.terms[SUBGRAPH].tolist()), 5)
        assert handler.decide(probe, [features.payload]) != b"\0"


def test_smiles_perceives_aromaticity_and_smarts_does_not(handler: MoleculeHandler) -> None:
    kekule, payload = "C1=CC=CC=C1", payload_of("Cc1ccccc1")
    assert handler.verify(handler.compile("substructure", kekule, {}), payload) is not None
    assert handler.verify(handler.compile("smarts", kekule, {}), payload) is None


def test_superstructure_lists_atoms_of_both_sides(handler: MoleculeHandler) -> None:
    probe = handler.compile("superstructure", "[H]OC(=O)c1ccccc1", {})
    verdict = handler.verify(probe, payload_of("[H]C([H])=O"))
    assert verdict is not None
    assert (verdict.evidence["atoms"], verdict.evidence["query_atoms"]) == ([[1, 3]], [[2, 3]])
    assert handler.verify(probe, payload_of("OC=S")) is None
    verdict = handler.verify(probe, payload_of("OC=O"))
    assert verdict is not None
    assert verdict.score == pytest.approx(3 / 9)
    assert verdict.evidence["atoms"] == [[0, 1, 2]]
    assert verdict.evidence["query_atoms"] == [[1, 2, 3]]


# ------------------------------------------------------------------------------------------------- identity, similarity
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_every_spelling_of_a_molecule_is_exact(seed: int, handler: MoleculeHandler) -> None:
    text = random.Random(seed).choice(AWKWARD)
    mol = Chem.MolFromSmiles(text)
    spelling = Chem.MolToRandomSmilesVect(mol, 1, randomSeed=seed % 2**31)[0]
    if "|" in text or Chem.CanonSmiles(spelling) != Chem.MolToSmiles(mol):
        return
    verdict = handler.verify(handler.compile("smiles", spelling, {}), payload_of(text))
    assert verdict is not None
    assert (verdict.tier, verdict.score, verdict.evidence["level"]) == ("exact", 1.0, "stereo")


@pytest.mark.parametrize("operator", ["substructure", "superstructure", "tautomer", "smiles"])
def test_a_molfile_without_a_title_is_a_query(operator: str, handler: MoleculeHandler) -> None:
    text = block(Chem.MolFromSmiles(ASPIRIN))
    assert text.startswith("\n")
    verdict = handler.verify(handler.compile(operator, text, {}), payload_of(ASPIRIN))
    assert verdict is not None
    assert verdict.score == 1.0


def test_levels_of_identity(handler: MoleculeHandler) -> None:
    query = "N[C@@H](C)C(=O)O"
    strict = handler.compile("smiles", query, {"fp": "morgan", "level": "stereo"})
    loose = handler.compile("smiles", query, {"level": "connectivity"})
    mirror = handler.verify(strict, payload_of("N[C@H](C)C(=O)O"))
    assert mirror is not None
    assert (mirror.tier, mirror.score) == ("near", 1.0)
    assert mirror.evidence == {
        "similarity": 1.0,
        "fingerprint": "morgan",
        "metric": "tanimoto",
        "level": "connectivity",
    }
    for other in ("N[C@H](C)C(=O)O", "NC(C)C(=O)O", "[2H]C([2H])([2H])[C@@H](N)C(=O)O", "[15NH2][C@@H](C)C(=O)O"):
        verdict = handler.verify(loose, payload_of(other))
        assert verdict is not None
        assert (verdict.tier, verdict.score) == ("exact", 1.0)
    charged = handler.verify(strict, payload_of("[NH3+][C@@H](C)C(=O)[O-]"))
    assert charged is not None
    assert charged.tier == "near"
    assert charged.evidence["level"] is None
    assert 0 < charged.score < 1


@pytest.mark.parametrize(
    ("query", "item", "level"),
    [
        ("CC=N", "[H]/N=C/C", "connectivity"),
        ("[H]/N=C(/N)C", "CC(=N)N", "connectivity"),
        ("[H]/N=C/C", "[H]/N=C\\C", "connectivity"),
        ("[13CH3]C=N", "[H]/N=C/[13CH3]", "isotope"),
        ("CC=N", "[2H]/N=C/C", "connectivity"),
    ],
)
def test_a_hydrogen_that_only_carries_stereo_is_no_difference(
    query: str, item: str, level: str, handler: MoleculeHandler
) -> None:
    for one_way, other in ((query, item), (item, query)):
        verdict = handler.verify(handler.compile("smiles", one_way, {"level": "connectivity"}), payload_of(other))
        assert verdict is not None
        assert (verdict.tier, verdict.evidence["level"]) == ("exact", level)


def test_similarity_is_rdkits_tanimoto_and_the_vector_the_same_bits(handler: MoleculeHandler) -> None:
    from rdkit import DataStructs
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    query, other = ASPIRIN, "O=C(O)c1ccccc1O"
    probe = handler.compile("smiles", query, {})
    bits = [generator.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles in (query, other)]
    verdict = handler.verify(probe, payload_of(other))
    assert verdict is not None
    assert verdict.score == pytest.approx(DataStructs.TanimotoSimilarity(*bits), abs=1e-12)
    assert isinstance(probe.ask, Nearest)
    assert (probe.minimum, probe.ask.minimum) == (0.5, 0.0)
    vector = np.frombuffer(probe.ask.vector, dtype=np.uint8)
    assert np.flatnonzero(np.unpackbits(vector, bitorder="little")).tolist() == list(bits[0].GetOnBits())
    stored = handler.features(one(other)).vectors["molecule.morgan"]
    assert np.flatnonzero(np.unpackbits(stored, bitorder="little")).tolist() == list(bits[1].GetOnBits())


def test_like_reads_items_and_files(handler: MoleculeHandler) -> None:
    payload = payload_of(ASPIRIN)
    sdf = Held(("broken\n$$$$\n" + block(Chem.MolFromSmiles(ASPIRIN)) + "$$$$\n").encode(), "drugs.sdf", "SDF")
    for value in (payload, memoryview(payload), sdf, ASPIRIN):
        probe = handler.compile("like", value, {})
        verdict = handler.verify(probe, payload)
        assert verdict is not None
        assert verdict.tier == "exact"
    assert "record 2 of drugs.sdf" in handler.compile("like", sdf, {}).read_as
    with pytest.raises(MalformedContent, match="no molecule"):
        handler.compile("like", Held(b"C1CC", format="SMILES"), {})


# ----------------------------------------------------------------------------------------------------- queries, payload
@pytest.mark.parametrize(
    ("operator", "value", "message"),
    [
        ("smarts", "", "an empty SMARTS"),
        ("smiles", "  ", "an empty SMILES"),
        ("smarts", "c1ccc", "ring closure 1 at character 2 has no partner"),
        ("smiles", "CC(=O", "the branch opened at character 3 is never closed"),
        ("smiles", "CC)O", "the branch closed at character 3 was never opened"),
        ("smarts", "CC[C", "the bracket opened at character 3 is never closed"),
        ("smarts", "CC[Qq]C", "[Qq] at character 3 is no atom"),
        ("smarts", "CXC", "unexpected 'X' at character 2"),
        ("smarts", "CC>>CO", "a reaction"),
        ("smiles", "CC>>CO", "a reaction"),
        ("substructure", "C(C)(C)(C)(C)C", "Explicit valence for atom # 0 C, 5"),
        ("smiles", "CCO ethanol", "text after it at character 5"),
        ("smiles", "InChI=1S/CH4/h1H4", "an InChI"),
        ("smarts", "C\u00e9", "'é' at character 2"),
        ("smiles", "C\x00C", "at character 2"),
    ],
)
def test_a_mistake_in_a_query_is_named_with_its_place(
    handler: MoleculeHandler, operator: str, value: str, message: str
) -> None:
    with pytest.raises(QuerySyntax) as caught:
        handler.compile(operator, value, {})
    assert message in caught.value.message


def test_costly_queries_are_refused(handler: MoleculeHandler) -> None:
    for operator in ("smarts", "smiles"):
        with pytest.raises(QueryTooCostly, match="molecule_atoms"):
            handler.compile(operator, "C" * 10_001, {})


def test_probes_travel(handler: MoleculeHandler) -> None:
    for operator, value in (
        ("smarts", "c1ccccc1O"),
        ("smiles", "CCO"),
        ("superstructure", "CCO"),
        ("substructure", "CO"),
    ):
        probe = handler.compile(operator, value, {"stereo": False, "level": "connectivity", "fp": "morgan"})
        back = wire.unpack(wire.pack(probe))
        assert isinstance(back, Probe)
        assert back == probe
        assert handler.verify(back, payload_of("Oc1ccccc1")) == handler.verify(probe, payload_of("Oc1ccccc1"))


@pytest.mark.parametrize("smiles", AWKWARD)
def test_a_payload_is_the_molecule(handler: MoleculeHandler, smiles: str) -> None:
    features = handler.features(one(smiles))
    item = Decoded(features.payload)
    assert item.smiles == features.fields["canonical_smiles"] == Chem.MolToSmiles(Chem.MolFromSmiles(smiles))
    assert item.heavy_atoms == features.size
    again = handler.features(one(smiles))
    assert wire.canonical(again) == wire.canonical(features)
    assert len(features.payload) < 1000


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(0, 100))
def test_a_damaged_payload_is_told(cut: int) -> None:
    with pytest.raises(ValueError, match="payload"):
        _ = Decoded(payload_of(ASPIRIN)[:cut]).mol


def test_drawings_highlight_the_match(handler: MoleculeHandler) -> None:
    flat = block(Chem.MolFromSmiles(ASPIRIN))
    for payload in (payload_of(ASPIRIN), payload_of(flat, "MOL"), payload_of("C" * 300), payload_of("[Na+].[Cl-]")):
        plain = handler.draw(payload)
        assert plain.media_type == "image/svg+xml"
        assert b"<svg" in plain.data
        verdict = handler.verify(handler.compile("smarts", "*", {}), payload)
        assert b"#F9CC5B" not in plain.data
        assert b"#F9CC5B" in handler.draw(payload, verdict).data
        assert handler.draw(payload).data == plain.data


# ------------------------------------------------------------------------------------------------------ related, limits
def test_what_is_a_molecule_has_related_ones(handler: MoleculeHandler) -> None:
    vector = handler.features(one(ASPIRIN)).vectors[MORGAN].tobytes()
    for operator in ("smiles", "substructure", "superstructure", "smarts"):
        related = handler.compile(operator, ASPIRIN, {}).related
        assert related == Nearest(MORGAN, vector, 0.3, 100), operator
    for smarts in ("[OX2H]", "cc", "C~O", "[C,N]"):
        assert handler.compile("smarts", smarts, {}).related is None


def test_caps_hold_for_queries_and_matches() -> None:
    tight = MoleculeHandler()
    tight.limits = Limits(molecule_atoms=8, verify_matches=3, evidence_more=1)
    for operator in ("smarts", "substructure", "smiles"):
        with pytest.raises(QueryTooCostly, match="molecule_atoms = 8"):
            tight.compile(operator, "C" * 9, {})
    verdict = tight.verify(tight.compile("smarts", "C", {}), payload_of("CCCCCC"))
    assert verdict is not None
    assert (verdict.evidence["count"], verdict.evidence["count_capped"]) == (3, True)
    assert len(verdict.evidence["atoms"]) == 2
    wide = MoleculeHandler()
    wide.limits = Limits(molecule_atoms=20_000)
    long = wide.compile("smarts", "C" * 10_001, {})
    assert wide.verify(long, payload_of("CC")) is None


def test_long_lines_and_records_are_refused_by_name() -> None:
    (first, second) = read("C" * 300 + "\nCCO ethanol\n", limits=Limits(line_bytes=200))
    assert isinstance(first, Skipped)
    assert "line_bytes = 200" in first.reason
    assert isinstance(second, RawItem)
    text = block(Chem.MolFromSmiles(ASPIRIN)) + "$$$$\n"
    (refused,) = read(text, "SDF", Limits(record_bytes=100))
    assert isinstance(refused, Skipped)
    assert "record_bytes = 100" in refused.reason
