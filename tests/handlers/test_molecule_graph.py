"""Graphs of molecules: their encoding, their terms, and what is decided on them, each against a slow way and RDKit."""

from __future__ import annotations

import contextlib
import gzip
import random
import re
from pathlib import Path

import numpy as np
import pytest
from molecules import AWKWARD
from random_smarts import GROUPS, grammar_smarts, mixed_smarts, piece_smiles, random_smarts
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from nlsearch import kernels
from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry import screen
from nlsearch.handlers.chemistry.graphs import molecule_graph
from nlsearch.handlers.chemistry.patterns import Pattern, read_smarts, read_structure, structure_pattern
from nlsearch.handlers.chemistry.payload import Decoded, Structure, encode
from nlsearch.handlers.chemistry.program import Compiled, compile_pattern
from nlsearch.handlers.molecule.crippen import logp
from nlsearch.kernels import graphs
from nlsearch.kernels.graphs import MOST_ATOMS, REORDERED, STEREO, Graph
from nlsearch.kernels.matching import EQUAL, STEPS, Op, Program, Row
from nlsearch.model import NO, UNDECIDED, YES

MORE = [
    "[Na+].[Cl-]", "C[N+](=O)[O-]", "[13CH3]C", "C[C]C", "[CH3]", "*CC", "O=[U]=O", "[2H]OC", "C[S+](C)[O-]", "[H][H]",
    "C=[N+]=[N-]", "[NH4+]", "C1CC1C1CC1", "c1ccccc1-c1ccccc1", "F[C@H](Cl)Br", "F/C=C/Cl", "C1CC2CCC3CC1CC23",
    "CCOC(=O)c1cc2c(=O)n3ccccc3nc2n(CCCOC)/c1=N\\C(C)=O", "C" * 80 + "1CCCCC1", "[Pt](F)(Cl)(Br)I", "c1cc[se]c1",
    "C1" + "C" * 20 + "C1", "[o+]1ccccc1", "[CH2]C", "[O]N", "[C-]#[O+]",
    "Cc1ccc(/C=c2\\sc3nc(-c4cccs4)nn3c2=O)o1", "F/C=C/c1cc(-c2ccccc2)ccc1",
]  # fmt: skip
MOST = 1000
"""Matches that are too many."""
KINDS = {
    Chem.BondType.SINGLE: 0, Chem.BondType.DOUBLE: 1, Chem.BondType.TRIPLE: 2, Chem.BondType.AROMATIC: 3
}  # fmt: skip
needs_native = pytest.mark.skipif(not kernels.NATIVE, reason="the C extension is not built")


def molecules() -> list[Chem.Mol]:
    found = [Chem.MolFromSmiles(smiles) for smiles in [*AWKWARD, *MORE]]
    return [mol for mol in found if mol is not None and molecule_graph(mol)]


def framed(graph: bytes) -> bytes:
    return len(graph).to_bytes(2, "little") + graph


def explicit(mol: Chem.Mol) -> tuple[str, str, tuple[tuple[int, ...], ...]]:
    smiles = Chem.MolToSmiles(mol, canonical=False, allBondsExplicit=True, allHsExplicit=True)
    return smiles, mol.GetProp("_smilesAtomOutputOrder"), mol.GetRingInfo().AtomRings()


# ------------------------------------------------------------------------------------------------------------ encoding
@pytest.mark.parametrize("mol", molecules(), ids=Chem.MolToSmiles)
def test_a_graph_holds_what_rdkit_says(mol: Chem.Mol) -> None:
    encoded = molecule_graph(mol)
    graph = Graph.decode(encoded)
    assert graph.encode() == encoded
    smiles, order, rings = explicit(mol)
    places = [int(number) for number in re.findall(r"\d+", order)]
    for place, number in enumerate(places):
        atom = mol.GetAtomWithIdx(number)
        sizes = [len(ring) for ring in rings if number in ring]
        held = (
            graph.elements[place], graph.aromatic[place], graph.hydrogens[place], graph.charges[place],
            graph.isotopes[place], graph.rings[place], graph.smallest[place], graph.handed[place],
        )  # fmt: skip
        assert held == (
            atom.GetAtomicNum(), atom.GetIsAromatic(), atom.GetTotalNumHs(), atom.GetFormalCharge(), atom.GetIsotope(),
            len(sizes), min([17, *sizes]) if sizes else 0, atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED,
        )  # fmt: skip
    bonds = {(frozenset((places[a], places[b])), kind) for a, b, kind in graph.bonds}
    assert bonds == {
        (frozenset((b.GetBeginAtomIdx(), b.GetEndAtomIdx())), KINDS[b.GetBondType()]) for b in mol.GetBonds()
    }
    assert bool(graph.flags & STEREO) == ("@" in smiles or "/" in smiles or "\\" in smiles)


@needs_native
def test_encoding_equals_its_oracle() -> None:
    for mol in molecules():
        for slanted in (False, True):
            arguments = explicit(mol)
            assert kernels.encode_graph(*arguments, slanted_is_aromatic=slanted) == kernels.encode_graph_reference(
                *arguments, slanted_is_aromatic=slanted
            )
        graph = molecule_graph(mol)
        assert kernels.with_hydrogens(graph) == kernels.with_hydrogens_reference(graph)


def test_what_has_no_graph() -> None:
    dative, query = Chem.MolFromSmiles("C->[Fe]"), Chem.MolFromSmarts("[C,N]")
    assert molecule_graph(dative) == b""
    assert molecule_graph(query) == b""
    assert molecule_graph(Chem.MolFromSmiles("C" * MOST_ATOMS)) != b""
    assert molecule_graph(Chem.MolFromSmiles("C" * (MOST_ATOMS + 1))) == b""


@needs_native
def test_what_is_no_graph_is_refused_and_never_read_beyond() -> None:
    dice = random.Random(4)
    whole = molecule_graph(Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O"))
    program = compile_pattern(Chem.MolFromSmarts("c1ccccc1O"), stereo=True)
    assert program is not None
    for _ in range(3000):
        broken = bytearray(whole[: dice.randrange(len(whole) + 1)])
        for _ in range(dice.randrange(4)):
            if broken:
                broken[dice.randrange(len(broken))] = dice.randrange(256)
        graph = bytes(broken)
        assert kernels.decide(program.program, program.encoded, [framed(graph), graph], 0)[0] in {NO, YES, UNDECIDED}
        for ask in (kernels.with_hydrogens, lambda graph: kernels.graph_terms(graph, 1024, joined=True)):
            with contextlib.suppress(ValueError):
                ask(graph)
    for _ in range(3000):
        numbers = np.frombuffer(program.encoded, "<i4").copy()
        for _ in range(dice.randrange(1, 4)):
            numbers[dice.randrange(len(numbers))] = dice.choice([-1, 0, 1, 2, 7, 300, 2**31 - 1, dice.randrange(40)])
        cut = numbers[: dice.randrange(len(numbers) + 1)].tobytes()
        with contextlib.suppress(ValueError):
            assert kernels.decide(program.program, cut, [framed(whole)], 0)[0] in {NO, YES, UNDECIDED}


# --------------------------------------------------------------------------------------------------------------- terms
def test_terms_equal_their_oracle_and_do_not_depend_on_the_order_of_atoms() -> None:
    dice = random.Random(7)
    for mol in molecules():
        graph = molecule_graph(mol)
        terms = kernels.graph_terms(graph, 2**16, joined=True).tolist()
        if mol.GetNumAtoms() < 30:
            assert terms == kernels.graph_terms_reference(graph, 2**16, joined=True).tolist()
        shuffled = list(range(mol.GetNumAtoms()))
        dice.shuffle(shuffled)
        again = molecule_graph(Chem.RenumberAtoms(mol, shuffled))
        assert kernels.graph_terms(again, 2**16, joined=True).tolist() == terms


def test_terms_tell_small_subgraphs_apart() -> None:
    """As many different terms as there are different subgraphs, counted by RDKit's canonical SMILES of each."""
    for smiles in (
        "CC(C)CCO",
        "OC1CCC1N",
        "C=CC#CC",
        "CC(C)(C)C",
        "C1CC1C",
        "NC(=O)C=O",
        "CCCCCC",
        "CC(C)CC",
        "C1CCCC1",
    ):
        mol = Chem.MolFromSmiles(smiles)
        kinds = set()
        for size in range(1, 6):
            for bonds in Chem.FindAllSubgraphsOfLengthN(mol, size):
                kinds.add(Chem.MolToSmiles(Chem.PathToSubmol(mol, bonds), allBondsExplicit=True))
        bare = {re.sub(r"H\d*", "", text) for text in kinds}  # elements and bonds only
        assert len(kernels.graph_terms(molecule_graph(mol), 2**30)) == len(bare)


@pytest.mark.parametrize("most", [0, 30, 31, 10**6])
def test_subgraphs_are_counted_before_there_are_too_many(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = molecule_graph(Chem.MolFromSmiles("[U](C)(C)(C)(C)C"))  # 2**5 - 1 subgraphs
    monkeypatch.setattr(graphs, "MOST_SUBGRAPHS", most)
    assert (kernels.graph_terms_reference(graph, 2**16) is None) == (most < 31)


@needs_native
def test_an_atom_of_very_many_neighbours_goes_past_the_screen_at_once() -> None:
    smarts = "[#92]" + "(C)" * 100
    graph = molecule_graph(Chem.MolFromSmiles("[U]" + "(C)" * 100))
    assert kernels.graph_terms(graph, 2**16) is None
    assert screen.molecule_terms(graph).tolist() == [screen.UNSCREENED]
    assert screen.query_terms(Chem.MolFromSmarts(smarts)) == [screen.ELEMENTS + 6, screen.ELEMENTS + 92]


# ------------------------------------------------------------------------------------------------------------ matching
def pattern(mols: list[Chem.Mol], dice: random.Random) -> tuple[str, Pattern] | None:
    """Return a random query that can be read, as text and as a pattern."""
    stereo = dice.random() < 0.7
    chosen = dice.randrange(5)
    try:
        if chosen == 0:
            text = piece_smiles(dice.choice(mols), dice, dice.choice([3, 6, 12]))
            return None if text is None else (text, structure_pattern(read_structure(text), stereo=stereo))
        text = (
            random_smarts(dice.choice(mols), dice, most=dice.choice([3, 6, 12])) if chosen < 3
            else grammar_smarts(dice) if chosen == 3 else mixed_smarts(mols, dice)
        )  # fmt: skip
        return text, read_smarts(text, stereo=stereo)
    except QuerySyntax:
        return None


def check(mols: list[Chem.Mol], queries: int, dice: random.Random, *, slowly: bool) -> int:
    """Compare what is decided with RDKit (and with the slow way); return how many pairs were decided to match."""
    graphs = [molecule_graph(mol) for mol in mols]
    matched = 0
    for _ in range(queries):
        drawn = pattern(mols, dice)
        if drawn is None:
            continue
        text, query = drawn
        compiled = compile_pattern(query.mol, stereo=query.stereo)
        assert compiled is not None
        decided = kernels.decide(compiled.program, compiled.encoded, [framed(graph) for graph in graphs], 0)
        parameters = query.parameters(1)
        for answer, mol, graph in zip(decided, mols, graphs, strict=True):
            truth = mol.HasSubstructMatch(query.mol, parameters)
            assert truth <= (answer != NO), (text, Chem.MolToSmiles(mol))
            assert not compiled.exact or truth >= (answer == YES), (text, Chem.MolToSmiles(mol))
            matched += answer == YES
            if compiled.exact and answer != UNDECIDED:
                found = compiled.matches(graph, MOST, STEPS)
                assert found is not None
                told = mol.GetSubstructMatches(query.mol, query.parameters(MOST))
                assert (len(found[0]), found[1]) == (len(told), len(told) < MOST), (text, Chem.MolToSmiles(mol))
                expected = least(mol, query)
                assert found[0] == expected or expected is None or not found[1], (text, Chem.MolToSmiles(mol))
            if slowly and mol.GetNumAtoms() < 40:
                assert kernels.decide_reference(compiled.program, graph) == answer
                assert_same_matches(compiled, graph)
    return matched


def least(mol: Chem.Mol, query: Pattern) -> list[tuple[int, ...]] | None:
    """Return RDKit's matches, of those with the same atoms the least; None if there are very many."""
    found = mol.GetSubstructMatches(query.mol, query.parameters(20 * MOST, uniquify=False))
    if len(found) == 20 * MOST:
        return None
    first: dict[frozenset[int], tuple[int, ...]] = {}
    for match in sorted(found):
        first.setdefault(frozenset(match), match)
    return list(first.values())


def assert_same_matches(compiled: Compiled, graph: bytes) -> None:
    assert compiled.rows is not None
    for most in (3, MOST):
        plain, all_plain = kernels.find_reference(compiled.program, graph, compiled.rows, most)
        found, whole = kernels.find(compiled.program, compiled.encoded, graph, compiled.rows, most)
        assert (len(found), whole) == (len(plain), all_plain)
        if whole:
            assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, plain.tolist()))


def test_decisions_and_matches_equal_rdkit_and_the_slow_way() -> None:
    assert check(molecules(), 150, random.Random(1), slowly=kernels.NATIVE) > 500


def test_matches_are_told_in_the_order_of_the_molecule() -> None:
    dice = random.Random(4)
    mols = [Chem.RenumberAtoms(mol, dice.sample(range(n := mol.GetNumAtoms()), n)) for mol in molecules()]
    assert sum(bool(molecule_graph(mol)[0] & REORDERED) for mol in mols) > 20
    assert check(mols, 60, dice, slowly=kernels.NATIVE) > 100
    (payload,) = (encode(Structure(mol, mol.GetNumAtoms()), molecule_graph(mol)) for mol in mols[3:4])
    assert Decoded(payload).heavy_atoms == mols[3].GetNumHeavyAtoms()


@needs_native
def test_a_search_for_all_matches_refuses_what_is_none() -> None:
    compiled = compile_pattern(read_smarts("CC").mol, stereo=True)
    assert compiled is not None
    whole = Chem.RenumberAtoms(Chem.MolFromSmiles("CCO"), [2, 0, 1])
    graph = molecule_graph(whole)
    assert graph[0] & REORDERED
    for damaged in (b"", graph[:-1], graph[:-2] + b"\xff\xff"):
        with pytest.raises(ValueError, match="not an encoded graph"):
            kernels.find(compiled.program, compiled.encoded, damaged, compiled.rows, 10)
    for rows in ([], [0], [0, 2], [0, 1, 1]):
        with pytest.raises(ValueError, match="a row for each atom"):
            kernels.find(compiled.program, compiled.encoded, graph, np.array(rows, np.uint16), 10)
    for most in (0, -1, 2**20 + 1):
        with pytest.raises(ValueError, match="number of matches"):
            kernels.find(compiled.program, compiled.encoded, graph, compiled.rows, most)
    assert Graph.decode(kernels.with_hydrogens(graph)).order == []


def test_functional_groups_are_decided_as_rdkit_does() -> None:
    for text in GROUPS:
        query = Chem.MolFromSmarts(text)
        compiled = compile_pattern(query, stereo=False)
        assert compiled is not None
        for mol in molecules():
            (answer,) = kernels.decide(compiled.program, compiled.encoded, [framed(molecule_graph(mol))], 0)
            truth = mol.HasSubstructMatch(query)
            assert (answer == YES) == truth if compiled.exact else truth <= (answer == YES), (
                text,
                Chem.MolToSmiles(mol),
            )


@needs_native
def test_real_molecules_are_decided_as_rdkit_does(shared_data: Path) -> None:
    mols: list[Chem.Mol] = []
    for name in ("muv.93k.smi.gz", "znp.50k.smi.gz", "chembl_20_chiral.smi.gz"):
        lines = gzip.decompress((shared_data / "molecules" / name).read_bytes()).decode().splitlines()
        mols += filter(None, (Chem.MolFromSmiles(line.split()[0]) for line in random.Random(2).sample(lines, 120)))
    assert check(mols, 150, random.Random(3), slowly=False) > 5000


@pytest.mark.parametrize(
    "smarts", ["[^2]", "[v3]", "[z1]", "[D{2-3}]", "[k5]", "[r17]", "[$([#6]-[^2])]", "[!$([C^2])]", "[C@H]", "C/C=C/C"]
)
def test_what_a_pattern_cannot_say_is_not_exact(smarts: str) -> None:
    compiled = compile_pattern(read_smarts(smarts).mol, stereo=True)
    assert compiled is not None
    assert not compiled.exact


@pytest.mark.parametrize("smarts", ["c1ccccc1", "[$([NX3]C=O)]", "[!$(C=O);R2]", "C-,=C", "C@C", "[13C]", "*", "[nH]"])
def test_what_a_pattern_says_in_full_is_exact(smarts: str) -> None:
    compiled = compile_pattern(read_smarts(smarts).mol, stereo=True)
    assert compiled is not None
    assert compiled.exact


def endless() -> tuple[Program, bytes, bytes]:
    """A path of 40 atoms that ends in another element; a grid of carbon, in which it has many ways, none of them right;
    and a chain, in which it is."""
    grid, chain, query = Graph(), Graph(), Program()
    for place in range(400):
        grid.add(6)
        grid.bonds += [(place - step, place, 0) for step in (1, 20) if place >= step and (step == 20 or place % 20)]
    carbon, other = query.condition([(Op.ELEMENT, EQUAL, 6)]), query.condition([(Op.ELEMENT, EQUAL, 7)])
    query.patterns.append([Row(carbon)] + [Row(carbon, i) for i in range(38)] + [Row(other, 38)])
    for place in range(40):
        chain.add(7 if place == 39 else 6)
    chain.bonds = [(place - 1, place, 0) for place in range(1, 40)]
    return query, grid.encode(), chain.encode()


@needs_native
def test_a_pattern_that_takes_too_many_steps_is_not_decided() -> None:
    query, grid, chain = endless()
    assert kernels.decide(query, query.encode(), [framed(grid), framed(chain)], 0) == bytes([UNDECIDED, YES])
    rows = np.arange(40, dtype=np.uint16)
    found, whole = kernels.find(query, query.encode(), grid, rows, 10)
    assert (len(found), whole) == (0, False)
    found, whole = kernels.find(query, query.encode(), chain, rows, 10)
    assert (found.tolist(), whole) == ([list(range(40))], True)


@needs_native
def test_few_graphs_may_take_all_their_steps() -> None:
    """A call that would take seconds for each of thousands of graphs ends, and leaves the rest undecided."""
    query, grid, chain = endless()
    graphs = [framed(graph) for graph in (chain, grid, chain, grid, grid, grid, chain)]
    answer = kernels.decide(query, query.encode(), graphs, 0, 100_000)
    assert answer == bytes([YES, UNDECIDED, YES] + 4 * [UNDECIDED])
    for steps in (0, -5):
        with pytest.raises(ValueError, match="steps positive"):
            kernels.decide(query, query.encode(), graphs, 0, steps)


def test_parts_equal_rdkit_and_the_slow_way() -> None:
    mols = molecules()
    graphs = [molecule_graph(mol) for mol in mols]
    found = 0
    for whole in mols:
        decided = kernels.decide_parts(molecule_graph(whole), [framed(graph) for graph in graphs], 0)
        for answer, mol, graph in zip(decided, mols, graphs, strict=True):
            truth = whole.HasSubstructMatch(mol)
            assert answer == UNDECIDED or (answer == YES) == truth, (Chem.MolToSmiles(mol), Chem.MolToSmiles(whole))
            if whole.GetNumAtoms() < 30 and kernels.NATIVE:
                assert kernels.decide_part_reference(molecule_graph(whole), graph) == answer
            found += answer == YES
    assert found > 100


# ---------------------------------------------------------------------------------------------------------------- logP
def test_logp_is_rdkits() -> None:
    for mol in molecules():
        expected = rdMolDescriptors.CalcCrippenDescriptors(Chem.Mol(mol))[0]
        assert logp(mol, molecule_graph(mol)) == pytest.approx(expected, abs=1e-9), Chem.MolToSmiles(mol)


def test_logp_of_real_molecules_is_rdkits(shared_data: Path) -> None:
    lines = gzip.decompress((shared_data / "molecules" / "znp.50k.smi.gz").read_bytes()).decode().splitlines()
    for line in random.Random(6).sample(lines, 300):
        mol = Chem.MolFromSmiles(line.split()[0])
        expected = rdMolDescriptors.CalcCrippenDescriptors(Chem.Mol(mol))[0]
        assert logp(mol, molecule_graph(mol)) == pytest.approx(expected, abs=1e-9)
