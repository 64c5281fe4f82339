"""Reactions: matches against the slow way, screen, atom maps, evidence, identity, mistakes in queries, drawing."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator
from reactions import AWKWARD, ESTER, QUERIES, Known, matches, one, random_query

from held import Held
from nlsearch import wire
from nlsearch.errors import MalformedContent, QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry import screen
from nlsearch.handlers.reaction import ReactionHandler
from nlsearch.handlers.reaction.payload import Decoded
from nlsearch.limits import Limits
from nlsearch.model import AllOf, AnyOf, Exact, Features, Probe, Question, Scan, Terms, Verdict

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def handler() -> ReactionHandler:
    return ReactionHandler()


@cache
def pool() -> list[tuple[Known, Features]]:
    return [(Known(text), features_of(text)) for text in AWKWARD]


def features_of(text: str) -> Features:
    return ReactionHandler().features(one(text))


def ask(query: str, text: str, **options: bool) -> Verdict | None:
    handler = ReactionHandler()
    return handler.verify(handler.compile("reaction", query, options), features_of(text).payload)


def admits(question: Question, features: Features) -> bool:
    """Say whether the candidate stage lets an item through."""
    match question:
        case AnyOf(parts):
            return any(admits(part, features) for part in parts)
        case AllOf(parts):
            return all(admits(part, features) for part in parts)
        case Terms(space, wanted):
            return set(wanted) <= set(features.terms.get(space, ()))
        case Exact("mapped", "true"):
            return features.fields["mapped"] is True
        case Exact(field, value):
            held = features.fields[field]
            return value in (held if isinstance(held, list) else [held])
        case Scan():
            return True
    raise AssertionError(question)


def compare(handler: ReactionHandler, query: str, *, stereo: bool = True, maps: bool = True) -> int:
    """Compare a query with the slow way on all reactions; return how many it finds."""
    probe = handler.compile("reaction", query, {"stereo": stereo, "maps": maps})
    hits = 0
    for known, features in pool():
        expected = matches(query, known, stereo=stereo, maps=maps)
        verdict = handler.verify(probe, features.payload)
        assert (verdict is not None) == bool(expected), (query, known.text)
        if verdict is None:
            continue
        hits += 1
        assert admits(probe.ask, features), (query, known.text)
        assert verdict.score <= probe.numerator / features.size
        if handler.limits == Limits():
            assert verdict.evidence["count"] == len(expected), (query, known.text)
        if expected <= {()}:
            continue
        told = {frozenset(atoms) for atoms in verdict.evidence["atoms"]}
        in_record = {frozenset(_in_record(known, match)) for match in expected}
        assert told <= in_record, (query, known.text)
    return hits


def _in_record(known: Known, match: tuple[tuple[str, frozenset[int]], ...]) -> list[int]:
    """Number atoms through the record, whose removed hydrogens come from RDKit's reading without sanitising."""
    found = []
    for name, atoms in match:
        part = known.text.split(">")[("reactants", "agents", "products").index(name)]
        whole = Chem.MolFromSmiles(part, sanitize=False)
        whole.UpdatePropertyCache(strict=False)
        for atom in whole.GetAtoms():
            atom.SetIntProp("at", atom.GetIdx())
        places = [atom.GetIntProp("at") for atom in Chem.RemoveHs(whole, sanitize=False).GetAtoms()]
        found += [known.firsts[name] + places[atom] for atom in atoms]
    return found


# ------------------------------------------------------------------------------------------------------------- matching
@pytest.mark.parametrize("query", QUERIES)
def test_hits_and_matches_are_those_of_the_slow_way(handler: ReactionHandler, query: str) -> None:
    hits = [compare(handler, query, stereo=stereo, maps=maps) for stereo in (True, False) for maps in (True, False)]
    assert hits[0] <= hits[1]
    assert hits[0] <= hits[3]


def test_the_queries_find_and_refuse(handler: ReactionHandler) -> None:
    found = [compare(handler, query) for query in QUERIES]
    assert sum(1 for hits in found if hits) > 20
    assert min(found) == 0


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_random_queries_against_the_slow_way(seed: int, handler: ReactionHandler) -> None:
    dice = random.Random(seed)
    query = random_query(dice.choice(pool())[0], dice)
    compare(handler, query, maps=dice.random() < 0.8)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, most=st.integers(1, 3))
def test_a_cap_on_matches_loses_no_hit(seed: int, most: int) -> None:
    capped = ReactionHandler()
    capped.limits = Limits(verify_matches=most)
    dice = random.Random(seed)
    compare(capped, random_query(dice.choice(pool())[0], dice))


@pytest.mark.parametrize("query", QUERIES)
def test_the_smallest_cap_loses_no_hit(query: str) -> None:
    capped = ReactionHandler()
    capped.limits = Limits(verify_matches=1)
    compare(capped, query)


def test_symmetric_reactions_are_decided_past_the_cap() -> None:
    """Every way to lay the chains is a match of each side; a thousand of them are not the one that fits."""
    before = "".join(f"[CH3:{3 * i + 1}][CH2:{3 * i + 2}][CH3:{3 * i + 3}]." for i in range(8)).rstrip(".")
    query = ".".join(f"[C:{i}]" for i in range(1, 7))
    verdict = ask(f"{query}>>{query}", f"{before}>>{before}")
    assert verdict is not None
    assert verdict.evidence["count_capped"] is True
    swapped = ".".join(f"[C:{i % 6 + 1}][C:{(i + 1) % 6 + 1}]" for i in (0, 2, 4))
    crossed = ".".join(f"[C:{i % 6 + 1}][C:{(i + 1) % 6 + 1}]" for i in (1, 3, 5))
    assert ask(f"{swapped}>>{swapped}", f"{before}>>{before}") is not None
    assert ask(f"{swapped}>>{crossed}", "[CH3:1][CH3:2].[CH3:3][CH3:4].[CH3:5][CH3:6]>>[CH3:1][CH3:2].CC.CC") is None


def test_listed_matches_and_their_count(handler: ReactionHandler) -> None:
    verdict = ask("C>>C", f"{'C' * 30}>>{'C' * 30}")
    assert verdict is not None
    assert verdict.evidence["count"] == 900
    assert len(verdict.evidence["atoms"]) == 101
    assert "count_capped" not in verdict.evidence


# ----------------------------------------------------------------------------------------------------------- atom maps
@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("[C:1][OH:2]>>[C:1][O:2]", True),  # the alcohol keeps its oxygen
        ("C(=O)[OH:2]>>C(=O)[O:2]C", False),  # the ester's comes from the alcohol
        ("[C:1](=O)[OH:2]>>[C:1](=O)O", True),
        ("[C:7](=O)[OH:8]>>[C:7](=O)O.[OH2:8]", True),  # numbers are the query's own
        ("[C:1](=O)[OH:2]>>[C:2](=O)O.[OH2:1]", False),
        ("[OH:9]>>[OH2:9]", True),
        ("[CH2][OH:9]>>[OH2:9]", False),
        ("[S:1]>>", False),
        ("[C:1]>[S:1]>[C:1]", True),  # agents' numbers ask for nothing
    ],
)
def test_atom_maps_of_the_esterification(query: str, hit: bool) -> None:
    assert (ask(query, ESTER) is not None) == hit


def test_maps_are_not_asked_for_where_the_query_has_none_or_says_no() -> None:
    plain = "CC(=O)O.OCC>>CC(=O)OCC.O"
    assert ask("[C:1]O>>[C:1]O", plain) is None
    assert ask("CO>>CO", plain) is not None
    assert ask("[C:1]O>>[C:1]O", plain, maps=False) is not None
    assert ask("[C:1]O>>CO", plain) is not None


def test_unmapped_atoms_do_not_tie_with_each_other() -> None:
    assert ask("[C:1]>>[C:1]", "C[CH3:1]>>C[CH3:2]") is None
    assert ask("[C:1]>>[C:1]", "[CH3:0]C>>[CH3:0]C") is None


# ------------------------------------------------------------------------------------------------------------ evidence
def test_atoms_are_numbered_through_the_record_in_the_order_of_the_query() -> None:
    text = "[H]OC.[Na]>O>C[Na].[H]O"  # H0 O1 C2 Na3 | O4 | C5 Na6 H7 O8
    verdict = ask("CO.[Na]>O>O.[Na]C", text)
    assert verdict is not None
    assert verdict.evidence["atoms"] == [[2, 1, 3, 4, 8, 6, 5]]
    assert verdict.evidence["bonds"] == [[[2, 1], [6, 5]]]
    assert verdict.evidence["count"] == 1
    assert verdict.score == pytest.approx(1.0)


def test_score_is_matched_atoms_over_all_heavy_atoms() -> None:
    verdict = ask("[C:1](=O)[OH]>>", ESTER)
    assert verdict is not None
    assert (verdict.score, verdict.tier) == (pytest.approx(3 / 19), "exact")
    assert features_of(ESTER).size == 19


def test_components_match_disjoint_atoms() -> None:
    assert ask("C.C.C>>", "CC.C>>C") is not None
    assert ask("C.C.C.C>>", "CC.C>>C") is None


# ----------------------------------------------------------------------------------------------- identity, similarity
def test_the_same_reaction_in_other_words_is_exact(handler: ReactionHandler) -> None:
    spellings = ["CC(O)=O.OCC>>CCOC(C)=O.O", "C(C)O.CC(=O)O>[H+]>O.C(C)(=O)OCC", ESTER]
    payloads = [features_of(text).payload for text in spellings]
    for example in payloads:
        probe = handler.compile("like", example, {})
        for payload in payloads:
            verdict = handler.verify(probe, payload)
            assert (verdict.score, verdict.tier) == (1.0, "exact")
            assert verdict.evidence == {"similarity": 1.0, "fingerprint": "structural", "level": "stereo"}


def test_maps_make_no_stereo(handler: ReactionHandler) -> None:
    probe = handler.compile("like", "CC(C)O>>CC(C)=O", {})
    assert handler.verify(probe, features_of("[CH3:1][C@H:2]([CH3:3])O>>CC(C)=O").payload).tier == "exact"


def test_other_stereo_and_the_reverse_are_not_the_same(handler: ReactionHandler) -> None:
    probe = handler.compile("like", "C/C=C/C.Br>>CCC(C)Br", {})
    other = handler.verify(probe, features_of("C/C=C\\C.Br>>CCC(C)Br").payload)
    assert (other.score, other.tier, other.evidence["level"]) == (1.0, "near", None)
    assert handler.verify(probe, features_of("CCC(C)Br>>C/C=C/C.Br").payload).score < 0.5


def test_similarity_is_rdkits_tanimoto_of_both_sides(handler: ReactionHandler) -> None:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)

    def bits(known: Known) -> DataStructs.ExplicitBitVect:
        sides = [known.mols.get(name, Chem.Mol()) for name in ("reactants", "products")]
        return generator.GetFingerprint(sides[0]) + generator.GetFingerprint(sides[1])

    for known, features in pool():
        probe = handler.compile("like", features.payload, {})
        for other, others in pool():
            verdict = handler.verify(probe, others.payload)
            wanted = DataStructs.TanimotoSimilarity(bits(known), bits(other))
            assert verdict.evidence["similarity"] == pytest.approx(wanted)
        vector = features.vectors["reaction.structural"].tobytes()
        assert vector == probe.ask.vector == DataStructs.BitVectToBinaryText(bits(known))


def test_like_reads_the_first_reaction_of_a_file(handler: ReactionHandler) -> None:
    source = Held(b"CCO alcohol\nC(C)(C)(C)(C)C>>C\nCC>>CO third\n", "some.rsmi", "reaction SMILES")
    probe = handler.compile("like", source, {})
    assert probe.read_as.startswith("record 3 of some.rsmi, 4 heavy atoms")
    assert handler.verify(probe, features_of("CC>>OC").payload).tier == "exact"
    with pytest.raises(MalformedContent, match="no reaction can be read from it"):
        handler.compile("like", Held(b"CCO\n", "some.rsmi", "reaction SMILES"), {})
    molecule = Chem.MolToMolBlock(Chem.MolFromSmiles("CO"))
    rdf = Held(f"$RDFILE 1\n$MFMT\n{molecule}".encode(), "m.rdf", "RDF")
    with pytest.raises(MalformedContent, match="record 1 is a molecule"):
        handler.compile("like", rdf, {})


# ------------------------------------------------------------------------------------------------------------- queries
@pytest.mark.parametrize(
    ("query", "read_as"),
    [
        ("[C:1](=O)[OH:2].[O:3]C>>[C:1](=O)[O:3]C", "reactants 5 atoms, products 4 atoms, 2 mapped"),
        ("C>>", "reactants 1 atom, 0 mapped"),
        (">[Pd]>", "agents 1 atom, 0 mapped"),
        ("[H]C>>C", "reactants 1 atom, products 1 atom, 0 mapped"),
    ],
)
def test_the_answer_says_how_a_query_was_read(handler: ReactionHandler, query: str, read_as: str) -> None:
    assert handler.compile("reaction", query, {}).read_as == f"reaction SMARTS, {read_as}"


def test_a_query_without_certain_parts_scans(handler: ReactionHandler) -> None:
    probe = handler.compile("reaction", "*>>*", {})
    assert probe.ask == Scan()
    assert "every reaction is looked at" in probe.read_as
    assert handler.compile("reaction", "[*:1]>>[*:1]", {}).ask == AllOf((Exact("mapped", "true"),))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "an empty reaction SMARTS"),
        ("CCO", "has no '>'"),
        ("[NH3]->[Fe]", "has no '>'"),
        (">>", "empty on all sides"),
        ("C>C", "this has one"),
        ("A>B>C>D", "this has 3"),
        ("C(>>C", "reactants: not a SMARTS: the branch opened at character 2 is never closed"),
        ("C>>C1", "products: not a SMARTS: ring closure 1 at character 2 has no partner"),
        ("C>X>C", "agents: not a SMARTS"),
        ("[C:1].[C:1]>>[C:1]", "map number 1 stands twice among the reactants"),
        ("C>>\u00e9", "is not allowed"),
    ],
)
def test_a_mistake_in_a_query_is_named(handler: ReactionHandler, query: str, said: str) -> None:
    with pytest.raises(QuerySyntax) as error:
        handler.compile("reaction", query, {})
    assert said in error.value.message


def test_mistakes_come_with_a_hint(handler: ReactionHandler) -> None:
    for query in ("CCO", ">>", "C>C"):
        with pytest.raises(QuerySyntax) as error:
            handler.compile("reaction", query, {})
        assert "A>>B" in error.value.hint


def test_costly_queries_are_refused(handler: ReactionHandler) -> None:
    with pytest.raises(QueryTooCostly, match="products"):
        handler.compile("reaction", f"C>>{'C' * 10_001}", {})
    with pytest.raises(QueryTooCostly):
        handler.compile("like", f"C>>{'C' * 10_001}", {})


def test_probes_travel(handler: ReactionHandler) -> None:
    for probe in (handler.compile("reaction", "[C:1]>>[C:1]", {}), handler.compile("like", "C>>O", {})):
        assert isinstance(probe, Probe)
        assert wire.unpack(wire.pack(probe)) == probe


def test_large_sides_go_past_the_screen(handler: ReactionHandler) -> None:
    features = features_of(f"{'C' * 1001}>>CO")
    assert features.terms["reaction.reactant"].tolist() == [screen.UNSCREENED]
    probe = handler.compile("reaction", "CCCCC>>CO", {})
    assert admits(probe.ask, features)
    assert handler.verify(probe, features.payload) is not None


# ----------------------------------------------------------------------------------------------------- payload, drawing
@pytest.mark.parametrize("text", AWKWARD)
def test_a_payload_is_the_reaction(text: str) -> None:
    known, decoded = Known(text), Decoded(features_of(text).payload)
    assert decoded.sides.keys() == known.mols.keys()
    for name, mol in known.mols.items():
        assert Chem.MolToSmiles(decoded.sides[name].mol) == Chem.MolToSmiles(mol)
    total = sum(side.record_atoms for side in decoded.sides.values())
    places = [decoded.in_record(name, range(side.mol.GetNumAtoms())) for name, side in decoded.sides.items()]
    flat = [place for part in places for place in part]
    assert len(set(flat)) == len(flat)
    assert set(flat) <= set(range(total))
    for name, part in zip(decoded.sides, places, strict=True):
        assert decoded.from_record(name, part) == list(range(len(part)))


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\x07" + bytes(24)])
def test_a_damaged_payload_is_told(damage: bytes) -> None:
    with pytest.raises(ValueError, match="payload"):
        Decoded(damage)


def test_drawings_highlight_the_match_on_both_sides(handler: ReactionHandler) -> None:
    payload = features_of(ESTER).payload
    verdict = handler.verify(handler.compile("reaction", "[C:1](=O)[OH]>>[C:1](=O)O", {}), payload)
    plain, lit = handler.draw(payload), handler.draw(payload, verdict)
    assert plain.media_type == lit.media_type == "image/svg+xml"
    colour = b"#F9CC5B"
    assert colour not in plain.data
    reactants, _, products = lit.data.partition(b'<path d="M 0 ')  # the arrow's line
    assert reactants.count(colour) >= 3
    assert products.count(colour) >= 3
    one_side = handler.verify(handler.compile("reaction", "[C:1](=O)[OH]>>", {}), payload)
    assert colour not in handler.draw(payload, one_side).data.partition(b'<path d="M 0 ')[2]


@pytest.mark.parametrize("text", AWKWARD)
def test_every_drawing_is_well_formed(handler: ReactionHandler, text: str) -> None:
    picture = handler.draw(features_of(text).payload)
    root = ET.fromstring(picture.data)  # noqa: S314 - our own
    assert root.tag.endswith("svg")
    assert float(root.attrib["width"]) > 100
    assert picture == handler.draw(features_of(text).payload)


def test_evidence_is_the_same_when_it_is_read_again(handler: ReactionHandler) -> None:
    probe = handler.compile("reaction", "[C:1]O>>[C:1]O", {})
    verdict = handler.verify(probe, features_of(ESTER).payload)
    assert ReactionHandler().verify(replace(probe), features_of(ESTER).payload) == verdict


# ------------------------------------------------------------------------------------------------- fields of the sides
@pytest.mark.parametrize("value", ["CCO", "[CH3:1]C[OH:7]", "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "C(O)C"])
def test_components_are_asked_for_by_structure(value: str, handler: ReactionHandler) -> None:
    key = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"  # ethanol's
    for field in ("reactant", "agent", "product"):
        assert handler.translate(field, value).ask == Exact(field, key)
        assert handler.translate(field, key.lower()).ask == Exact(field, key)
    features = features_of("[CH3:1][CH2:2][OH:3]>>[CH3:1][CH:2]=[O:3]")
    assert admits(handler.translate("reactant", value).ask, features)
    assert not admits(handler.translate("product", value).ask, features)


def test_components_that_are_asked_for_together(handler: ReactionHandler) -> None:
    ask = handler.translate("product", "O.CCO").ask
    assert isinstance(ask, AllOf)
    assert len(ask.parts) == 2
    for bad in ("C1CC", "*C", "InChI=1S/nonsense"):
        with pytest.raises(QuerySyntax):
            handler.translate("product", bad)
    with pytest.raises(QueryTooCostly, match="molecule_atoms"):
        handler.translate("product", "C" * 20_000)
