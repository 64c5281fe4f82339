"""Reading reactions: every format, every record an item or refused with line and reason, hostile cuts and caps."""

from __future__ import annotations

import random

import pytest
from rdkit import Chem
from rdkit.Chem import rdChemReactions
from reactions import AWKWARD, ESTER, one, read

from held import Held
from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.chemistry.reactions import Reaction
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.handlers.reaction import ReactionHandler
from nlsearch.handlers.registry import Registry
from nlsearch.ingest.detect import detect
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

INCHIKEYS = {
    "acetic acid": "QTBSBXVTEAMEQO-UHFFFAOYSA-N",
    "ethanol": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
    "sulfuric acid": "QAOWNCQODCNURD-UHFFFAOYSA-N",
    "ethyl acetate": "XEKOWRVHYACXOJ-UHFFFAOYSA-N",
    "water": "XLYOFNOQVPJJNP-UHFFFAOYSA-N",
}


@pytest.fixture(scope="module")
def handler() -> ReactionHandler:
    return ReactionHandler()


def as_rxn(text: str, *, v3000: bool = False) -> str:
    """Write a reaction with RDKit, agents behind the products."""
    reaction = rdChemReactions.ReactionFromSmarts(text, useSmiles=True)
    rdChemReactions.Compute2DCoordsForReaction(reaction)
    write = rdChemReactions.ReactionToV3KRxnBlock if v3000 else rdChemReactions.ReactionToRxnBlock
    return str(write(reaction, separateAgents=True))


# -------------------------------------------------------------------------------------------------------- golden values
def test_fields_have_the_published_values(handler: ReactionHandler) -> None:
    features = handler.features(one(f"{ESTER}\tFischer esterification"))
    keys = INCHIKEYS
    assert features.fields == {
        "name": "Fischer esterification",
        "reactants": 2,
        "agents": 1,
        "products": 2,
        "mapped": True,
        "reactant": sorted([keys["acetic acid"], keys["ethanol"]]),
        "agent": [keys["sulfuric acid"]],
        "product": sorted([keys["ethyl acetate"], keys["water"]]),
        "rxn_smiles": "CC(=O)O.CCO>O=S(=O)(O)O>CCOC(C)=O.O",
    }
    assert features.words == "Fischer esterification"


@pytest.mark.parametrize(
    ("text", "mapped"),
    [("C>>C", False), ("[CH4:1]>>C", False), ("[CH4:1]>>[CH4:2]", False), ("[CH4:3]>>[CH4:3]", True),
     ("[CH4:0]>>[CH4:0]", False), (">[CH4:3]>[CH4:3]", False)],
)  # fmt: skip
def test_mapped_means_a_number_on_both_sides(handler: ReactionHandler, text: str, mapped: bool) -> None:
    assert handler.features(one(text)).fields["mapped"] is mapped


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("[Na+].[Cl-].C>[K+].[Br-]>C", (3, 2, 1)),
        ("[Na+].[Cl-].C>[K+].[Br-]>C |f:0.1,3.4|", (2, 1, 1)),
        ("[Na+].[Cl-].C>[K+].[Br-]>C |f:2.3|", (3, 2, 1)),  # parts of two sides
        ("[Na+].[Cl-].C>[K+].[Br-]>C |$;;$,f:3.4,^1:2|", (3, 1, 1)),
        ("[Na+].[Cl-].C>[K+].[Br-]>C |f:8.9|", (3, 2, 1)),
        ("C1.C1>>CC", (1, 0, 1)),
        (">>C", (0, 0, 1)),
        ("C>>", (1, 0, 0)),
    ],
)
def test_components_are_counted_as_the_record_groups_them(
    handler: ReactionHandler, text: str, counts: tuple[int, ...]
) -> None:
    fields = handler.features(one(f"{text} some name")).fields
    assert tuple(fields[name] for name in ("reactants", "agents", "products")) == counts
    assert fields["name"] == "some name"


def test_grouped_components_have_the_key_of_the_salt(handler: ReactionHandler) -> None:
    fields = handler.features(one("[Na+].[Cl-].C>>C |f:0.1|")).fields
    assert "FAPWRFPIFSIZLT-UHFFFAOYSA-M" in fields["reactant"]


# ------------------------------------------------------------------------------------------------------------- formats
@pytest.mark.parametrize("v3000", [False, True])
@pytest.mark.parametrize("text", [text for text in AWKWARD if "[H" not in text and "[2H]" not in text])
def test_rxn_files_that_rdkit_writes(handler: ReactionHandler, text: str, v3000: bool) -> None:
    by_smiles = handler.features(one(text))
    rxn = as_rxn(text, v3000=v3000)
    for content in (rxn, rxn.replace("\n", "\r\n")):
        features = handler.features(one(content, "RXN"))
        if "@" not in text and "/" not in text:  # RDKit's templates have lost their stereo
            assert features.fields == by_smiles.fields | {"name": features.fields.get("name", "")} or (
                features.fields == by_smiles.fields
            )
            assert (features.vectors["reaction.structural"] == by_smiles.vectors["reaction.structural"]).all()
        assert features.terms.keys() == by_smiles.terms.keys()
        for space, terms in features.terms.items():
            assert terms.tolist() == by_smiles.terms[space].tolist()


def test_agents_of_a_file_are_numbered_where_they_stand(handler: ReactionHandler) -> None:
    for v3000 in (False, True):
        payload = handler.features(one(as_rxn("CO>N>CS", v3000=v3000), "RXN")).payload
        verdict = handler.verify(handler.compile("reaction", "O>N>S", {}), payload)
        assert verdict.evidence["atoms"] == [[1, 4, 3]]
    payload = handler.features(one("CO>N>CS")).payload
    assert handler.verify(handler.compile("reaction", "O>N>S", {}), payload).evidence["atoms"] == [[1, 2, 4]]


def test_explicit_hydrogens_of_a_file_count(handler: ReactionHandler) -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles("OC"))
    turned = Chem.RenumberAtoms(mol, [2, 3, 0, 4, 1, 5])  # H H O H C H
    block = Chem.MolToMolBlock(turned)
    rxn = f"$RXN\nmethanol twice\n\n\n  1  1\n$MOL\n{block}$MOL\n{block}"
    payload = handler.features(one(rxn, "RXN")).payload
    verdict = handler.verify(handler.compile("reaction", "CO>>CO", {}), payload)
    assert verdict.evidence["atoms"] == [[4, 2, 10, 8]]


def rdf(*records: str) -> str:
    return "$RDFILE 1\n$DATM    11/27/2026 12:00\n" + "".join(records)


def test_an_rdf_holds_reactions_molecules_and_data(handler: ReactionHandler) -> None:
    rxn = as_rxn("CO.S>>CS.O").replace("$RXN\n\n", "$RXN\nthe first\n", 1)
    long = "x" * 74
    text = rdf(
        f"$RFMT $RIREG 77\n{rxn}$DTYPE RXN:VARIATION:YIELD\n$DATUM 87.5\n$DTYPE NOTE\n$DATUM {long}+\ntail\nsecond\n",
        f"$MFMT $MIREG 8\nmethanol{Chem.MolToMolBlock(Chem.MolFromSmiles('CO'))}$DTYPE CLASS\n$DATUM alcohol\n",
        "$RFMT\n$RXN\nbroken\n\n\n  1  1\n$MOL\n",
        "$RIREG 9\n",
        f"$RFMT\n{rxn}$DTYPE S\n$DATUM $MFMT\n{Chem.MolToMolBlock(Chem.MolFromSmiles('N'))}",
    )
    for content in (text, text.replace("\n", "\r\n")):
        first, molecule, broken, bare, last = read(content, "RDF")
        assert isinstance(first, RawItem)
        assert (first.title, first.record_id, first.kind) == ("the first", "77", None)
        features = handler.features(first)
        assert features.fields["accession"] == "77"
        assert features.words == f"the first\nACCESSION 77\nRXN:VARIATION:YIELD 87.5\nNOTE {long}tail\nsecond"
        assert isinstance(molecule, RawItem)
        assert (molecule.title, molecule.record_id, molecule.kind) == ("methanol", "8", "molecule")
        fields = MoleculeHandler().features(molecule).fields
        assert (fields["formula"], fields["name"], fields["accession"]) == ("CH4O", "methanol", "8")
        assert isinstance(broken, Skipped)
        line = text.split("\n").index("broken") + 4
        assert broken.reason == f"line {line}: 2 molecules are announced, 1 follow"
        assert isinstance(bare, Skipped)
        assert "without a structure" in bare.reason
        assert bare.record_id == "9"
        assert isinstance(last, RawItem)
        assert last.number == 5
        assert handler.features(last).words == "the first"


def test_what_stands_before_the_first_record_is_refused_not_dropped() -> None:
    first, second = read(rdf("odd\n", f"$RFMT\n{as_rxn('C>>C')}"), "RDF")
    assert isinstance(first, Skipped)
    assert first.reason.startswith("line 3: ")
    assert isinstance(second, RawItem)


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("id,reaction_smiles,yield", "r1,CO>>C=O,80"),
        ("rxn_smiles\tname", "CO>>C=O\tr1"),
        ("ReactionSmiles\tPatentNumber\tid", "CO>>C=O\tUS1\tr1"),
        ('"Mapped Reaction SMILES";"rxn_id"', '"CO>>C=O";"r1"'),
        ("reaction,title", "CO>>C=O,r1"),
    ],
)
def test_tables_with_a_column_of_reactions(handler: ReactionHandler, heading: str, row: str) -> None:
    content = f"{heading}\n{row}\n\n{row.replace('CO', 'C(')}\n{row.replace('CO>>C=O', 'CO')}\n"
    assert detect(content.encode(), "x.csv", Registry())[1].name == "reaction table"
    first, second, third = read(content, "reaction table")
    assert isinstance(first, RawItem)
    assert first.title == "r1"
    assert handler.features(first).fields["rxn_smiles"] == "CO>>C=O"
    assert isinstance(second, Skipped)
    assert second.reason.startswith("line 4: reactants: the branch opened at character 2 is never closed")
    assert third == Skipped(3, "line 5: no reaction: it has no '>'")


@pytest.mark.parametrize(
    ("head", "name", "form"),
    [
        (b"$RXN\n\n", "x", "RXN"),
        (b"$RXN V3000\n\n", "x.rxn", "RXN"),
        (b"$RDFILE 1\n", "x.txt", "RDF"),
        (b"C>>C\n", "x.rsmi", "reaction SMILES"),
        (b"rxn_smiles,name\nC>>C,x\n", "x.rsmi", "reaction table"),
        (b"smiles,name\nC,x\n", "x.csv", "SMILES table"),
        (b"C>>C\n", "x.smi", "SMILES"),
    ],
)
def test_formats_are_told_by_their_bytes(head: bytes, name: str, form: str) -> None:
    assert detect(head, name, Registry())[1].name == form


def test_a_table_of_other_reactions_is_not_claimed() -> None:
    assert detect(b"patient,reaction\n1,rash\n2,fever > 39\n", "x.csv", Registry()) is None


# ------------------------------------------------------------------------------------------- reactions among molecules
def test_reactions_in_a_list_of_molecules_are_reactions(handler: ReactionHandler) -> None:
    text = "CCO ethanol\nCO>>C=O oxidation\nC>C one arrow\nC(C)(C)(C)(C)C>>C\n[NH3]->[Fe] dative\n"
    outcomes = list(MoleculeHandler().read(Held(text.encode(), format="SMILES"), Limits()))
    ethanol, oxidation, arrow, valence, dative = outcomes
    assert isinstance(oxidation, RawItem)
    assert (oxidation.kind, oxidation.title, oxidation.number) == ("reaction", "oxidation", 2)
    assert isinstance(oxidation.content, Reaction)
    assert handler.features(oxidation).fields["rxn_smiles"] == "CO>>C=O"
    assert isinstance(ethanol, RawItem)
    assert isinstance(dative, RawItem)
    assert ethanol.kind is dative.kind is None
    assert isinstance(arrow, Skipped)
    assert arrow.reason == "line 3: a reaction has two signs '>' (A>>B or A>agent>B), this has one"
    assert isinstance(valence, Skipped)
    assert valence.reason.startswith("line 4: reactants: Explicit valence")


# ------------------------------------------------------------------------------------------------------ refused records
def two_places() -> str:
    """Write a V3000 reaction whose second reactant stands behind its product."""
    first, _, rest = as_rxn("CO.CS>>CN", v3000=True).partition("M  V30 BEGIN PRODUCT")
    tables = first.split("M  V30 BEGIN CTAB")
    moved = f"M  V30 BEGIN REACTANT\nM  V30 BEGIN CTAB{tables[2]}"
    kept = f"{tables[0]}M  V30 BEGIN CTAB{tables[1]}M  V30 END REACTANT\nM  V30 BEGIN PRODUCT"
    return kept + rest.replace("M  END", f"{moved}M  END")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("$RXN\n\n\n", "line 1: the reaction ends before its counts line"),
        ("$RXN\n\n\n\nxx yy\n", "line 5: the counts line does not begin with two numbers"),
        ("$RXN\n\n\n\n  0  0\n", "the record has no atoms"),
        ("$RXN V3000\n\n\n\nM  V30 COUNTS 1 0\n", "line 5: the record ends without M  END"),
        ("$RXN V3000\n\n\n\nM  END\n", "line 5: the reaction has no counts line"),
        ("$RXN V3000\n\n\n\nM  V30 COUNTS 1 0\nM  END\n", "line 5: 1 molecules are announced, 0 follow"),
        (two_places(), "the reactants are in two places"),
        ("CCO\n\n\n\n\n\n", "line 1: the record does not begin with $RXN"),
        (
            as_rxn("CO>>C=O").replace("  2  1  0", "  2  7  0", 1),
            "line 13: the record ends after 3 of 9 atoms and bonds",
        ),
        (as_rxn("CO>>C=O").replace("  1  2  1  0", "  1  9  1  0", 1), "line 13: a bond to atom 9 of 2"),
        (as_rxn("CO>>C=O", v3000=True).replace("M  V30 1 1 1 2", "M  V30 1 1 1 9", 1), "line 7: "),
    ],
)
def test_a_broken_file_is_named_with_its_line(content: str, said: str) -> None:
    (outcome,) = read(content, "RXN")
    assert isinstance(outcome, Skipped)
    assert said in outcome.reason


def test_empty_files_are_told() -> None:
    for form in ("RXN", "RDF", "reaction SMILES"):
        with pytest.raises(MalformedContent, match="no record"):
            read("\n\n", form)


def test_caps_hold_before_parsing() -> None:
    tight = Limits(molecule_atoms=5)
    (listed,) = read("CCC>>CCC", limits=tight)
    (drawn,) = read(as_rxn("CCC>>CCC"), "RXN", tight)
    for outcome in (listed, drawn):
        assert isinstance(outcome, Skipped)
        assert outcome.code == "limit_exceeded"
        assert "6 atoms is over the cap molecule_atoms = 5" in outcome.reason
    (large,) = read(rdf(f"$RFMT\n{as_rxn('C>>C')}"), "RDF", Limits(record_bytes=50))
    assert isinstance(large, Skipped)
    assert "record_bytes = 50" in large.reason
    (wide,) = read(as_rxn("C>>C") + "x" * 200 + "\n", "RXN", Limits(line_bytes=100))
    assert isinstance(wide, Skipped)
    assert "line_bytes = 100" in wide.reason
    (line,) = read(f"{'C' * 200}>>C\n", limits=Limits(line_bytes=100))
    assert isinstance(line, Skipped)
    assert "line_bytes = 100" in line.reason


def test_cuts_and_corruption_anywhere_give_items_or_reasons(handler: ReactionHandler) -> None:
    """A file of 30 records, cut or corrupted at random places: what comes is typed, and the numbers add up."""
    dice = random.Random(20)
    texts = [text for text in AWKWARD if "[H" not in text and "[2H]" not in text][:10]
    records = [f"$RFMT $RIREG {i}\n{as_rxn(text, v3000=i % 3 == 0)}$DTYPE N\n$DATUM {i}\n"
               for i, text in enumerate(texts * 3, 1)]  # fmt: skip
    whole = rdf(*records).encode()
    for _ in range(60):
        content = bytearray(whole[: dice.randrange(len(whole))] if dice.random() < 0.5 else whole)
        for _ in range(dice.randint(0, 4)):
            if content:
                content[dice.randrange(len(content))] = dice.randrange(256)
        _counts_add_up(handler, bytes(content))


def _counts_add_up(handler: ReactionHandler, content: bytes) -> None:
    try:
        outcomes = read(content, "RDF")
    except InputError as error:
        assert error.message  # noqa: PT017 - every kind of outcome is allowed but an untyped one
        return
    assert [outcome.number for outcome in outcomes] == list(range(1, len(outcomes) + 1))
    for outcome in outcomes:
        if isinstance(outcome, Skipped):
            assert outcome.reason
        elif outcome.kind is None:
            handler.features(outcome)
        else:
            MoleculeHandler().features(outcome)
