"""MOL2, CDXML, MRV, CML and PDB of ligands: what they say is read, atoms keep their numbers, mistakes have a line."""

from __future__ import annotations

import random
import re
from itertools import permutations

import numpy as np
import pytest
from molecules import AWKWARD, one, payload_of, read
from rdkit import Chem
from rdkit.Chem import AllChem
from written import WRITERS, flat, mol2, solid

from held import Held
from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry.payload import Decoded
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
PENICILLIN = "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O"
CITRAL = "CC(C)=CCC/C(C)=C/C=O"
CML = '<?xml version="1.0"?><cml xmlns="http://www.xml-cml.org/schema">%s</cml>'
CDXML = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n'
    '<!DOCTYPE CDXML SYSTEM "http://www.cambridgesoft.com/xml/cdxml.dtd" >\n<CDXML><page id="1">\n%s</page></CDXML>'
)
ETHER = (
    '<fragment id="{0}"><n id="{0}1" p="0 0"/><n id="{0}2" p="14.4 0" Element="8"/><n id="{0}3" p="28 5" {1}/>'
    '<b id="{0}4" B="{0}1" E="{0}2"/><b id="{0}5" B="{0}2" E="{0}3"/></fragment>\n'
)


def smiles(item: RawItem | Skipped) -> str:
    assert isinstance(item, RawItem), item
    return Chem.MolToSmiles(item.content.structure.mol)


def reasons(outcomes: list[RawItem | Skipped]) -> list[str]:
    return [outcome.reason if isinstance(outcome, Skipped) else "" for outcome in outcomes]


def numbered(mol: Chem.Mol, seed: int) -> Chem.Mol:
    """Return `mol` with its atoms, hydrogens too, in a random order."""
    order = list(range(mol.GetNumAtoms()))
    random.Random(seed).shuffle(order)
    renumbered = Chem.RenumberAtoms(mol, order)
    renumbered.SetProp("_Name", mol.GetProp("_Name"))
    return renumbered


# ------------------------------------------------------------------------------------------------------ every format
@pytest.mark.parametrize("form", ["CDXML", "MRV", "CML"])
def test_drawings_are_read_as_what_was_written(form: str) -> None:
    count = 0
    left_out = {"*", "|", "[2H]", "->"} | {"CML": {"FC=CF"}, "MRV": {"<-"}}.get(form, set())  # which these cannot say
    for text in AWKWARD:
        mol = flat(text)
        if any(part in text for part in left_out):
            continue
        item = one(WRITERS[form](mol), form)
        expected = Chem.MolFromMolBlock(Chem.MolToMolBlock(mol))  # what a molfile of the same drawing keeps
        assert smiles(item) == Chem.MolToSmiles(expected), text
        assert item.content.structure.record_atoms == mol.GetNumAtoms()
        count += 1
    assert count > 45


@pytest.mark.parametrize("form", ["MOL2", "MRV", "CML", "PDB"])
@pytest.mark.parametrize(
    "text", [ASPIRIN, PENICILLIN, CITRAL, "F/C=C\\Cl", "CC#N", "c1ccsc1", "Cn1cnc2c1c(=O)n(C)c(=O)n2C"]
)
def test_coordinates_in_space_give_stereo(form: str, text: str) -> None:
    assert smiles(one(WRITERS[form](solid(text)), form)) == Chem.CanonSmiles(text)


@pytest.mark.parametrize("form", ["MOL2", "CDXML", "MRV", "CML", "PDB"])
@pytest.mark.parametrize("seed", range(4))
def test_atoms_are_numbered_as_in_the_record(handler: MoleculeHandler, form: str, seed: int) -> None:
    mol = numbered(solid(ASPIRIN), seed)
    if form == "CDXML":
        AllChem.Compute2DCoords(mol)
    item = one(WRITERS[form](mol), form)
    assert item.content.structure.record_atoms == mol.GetNumAtoms()
    payload = handler.features(item).payload
    for smarts in ("C(=O)[OX2]", "cc", "[OX2H]", "[CH3]C"):
        verdict = handler.verify(handler.compile("smarts", smarts, {}), payload)
        assert verdict is not None
        expected = {frozenset(match) for match in mol.GetSubstructMatches(Chem.MolFromSmarts(smarts))}
        assert {frozenset(match) for match in verdict.evidence["atoms"]} == expected


@pytest.mark.parametrize("form", ["CDXML", "MRV", "CML", "PDB"])
def test_a_drawing_is_kept(form: str) -> None:
    mol = flat("Cc1ccccc1O")
    drawn = Decoded(payload_of(WRITERS[form](mol), form)).coordinates
    assert drawn is not None
    own = mol.GetConformer().GetPositions()[:, :2]
    distances = [np.linalg.norm(places[:, None] - places[None], axis=2) for places in (np.array(drawn), own)]
    scale = distances[0][0, 1] / distances[1][0, 1]
    assert distances[0] == pytest.approx(distances[1] * scale, abs=0.02 * scale)
    assert Decoded(payload_of(WRITERS["CML"](solid("CCO")), "CML")).coordinates is None


@pytest.mark.parametrize("form", ["MOL2", "CDXML", "MRV", "CML", "PDB"])
def test_the_cap_of_atoms_holds_before_parsing(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = WRITERS[form](flat("C" * 51) if form != "MOL2" else solid("C" * 17))
    for reader in ("MolFromMol2Block", "MolsFromCDXML", "MolFromMrvBlock", "MolFromPDBBlock", "RWMol"):
        monkeypatch.delattr(Chem, reader)
    (skipped,) = read(text, form, Limits(molecule_atoms=50))
    assert isinstance(skipped, Skipped)
    assert (skipped.code, "molecule_atoms = 50" in skipped.reason) == ("limit_exceeded", True)


@pytest.mark.parametrize("form", ["MOL2", "CDXML", "MRV", "CML", "PDB"])
def test_the_cap_of_a_record(form: str) -> None:
    (skipped,) = read(WRITERS[form](solid(ASPIRIN)), form, Limits(record_bytes=400))
    assert isinstance(skipped, Skipped)
    assert (skipped.code, "record_bytes = 400" in skipped.reason) == ("limit_exceeded", True)


@pytest.mark.parametrize("form", ["MOL2", "CDXML", "MRV", "CML", "PDB"])
def test_records_cut_or_flipped_anywhere_raise_nothing_else(form: str) -> None:
    """What is read is an item or skipped, or the file is refused where it breaks; RDKit's crashes are the worker's."""
    dice = random.Random(11)
    whole = WRITERS[form](solid(CITRAL)).encode()
    for _ in range(60):
        damaged = bytearray(whole[: dice.randrange(1, len(whole))] if dice.random() < 0.4 else whole)
        for _ in range(dice.randrange(4)):
            damaged[dice.randrange(len(damaged))] = dice.choice(b"0123456789 \nCNZ<>\"'-\xff\x00")
        try:
            outcomes = read(bytes(damaged), form)
        except MalformedContent:
            continue
        for outcome in outcomes:
            assert isinstance(outcome, RawItem) or outcome.reason
            if isinstance(outcome, RawItem):
                Decoded(MoleculeHandler().features(outcome).payload)


# ---------------------------------------------------------------------------------------------------------------- MOL2
def test_mol2_of_several_records_with_comments_and_crlf() -> None:
    text = "# made by hand\n\n" + mol2(solid("CCO", "spirit")) + "#\n" + mol2(solid("Cc1ccccc1", "toluene"))
    text = text.replace("@<TRIPOS>BOND", "# bonds\n@<TRIPOS>BOND")
    for content in (text, text.replace("\n", "\r\n")):
        first, second = read(content, "MOL2")
        assert [smiles(item) for item in (first, second)] == ["CCO", "Cc1ccccc1"]
        assert [item.title for item in (first, second)] == ["spirit", "toluene"]


def test_a_broken_mol2_record_costs_itself_only() -> None:
    good, bad = mol2(solid("CCO")), mol2(solid("CC")).replace("@<TRIPOS>BOND", "@<TRIPOS>BAND")
    count = good.count("\n")
    astray = good.replace("@<TRIPOS>BOND\n    1     1", "@<TRIPOS>BOND\n    1    31")
    outcomes = read(good + bad + good + astray + good, "MOL2")
    assert [type(outcome) for outcome in outcomes] == [RawItem, Skipped, RawItem, Skipped, RawItem]
    assert reasons(outcomes)[1] == f"line {count + 1}: 7 bonds are announced in the record, 0 are there"
    first = 2 * count + bad.count("\n") + 1
    assert reasons(outcomes)[3] == f"line {first}: a bond between atoms 31 and 2 of 9"


def test_lone_pairs_of_a_mol2_count_in_the_record(handler: MoleculeHandler) -> None:
    mol = solid("CO")
    text = mol2(mol).replace(
        f"{mol.GetNumAtoms()} {mol.GetNumBonds()} 1", f"{mol.GetNumAtoms() + 1} {mol.GetNumBonds()} 1"
    )
    text = re.sub(r"(ATOM\n)", r"\1      0 LP1  9.0 9.0 9.0 LP 1 LIG 0.0\n", text)
    lines = [line.split() for line in text.splitlines()]
    start = lines.index(["@<TRIPOS>ATOM"]) + 1
    item = one(_renumber_mol2(text), "MOL2")
    verdict = handler.verify(handler.compile("smarts", "CO", {}), handler.features(item).payload)
    assert verdict is not None
    (match,) = verdict.evidence["atoms"]
    assert [lines[start + atom][1][0] for atom in match] == ["C", "O"]
    assert item.content.structure.record_atoms == mol.GetNumAtoms() + 1


def test_a_mol2_without_its_hydrogens_is_remarked_on() -> None:
    assert one(mol2(solid("CCO")), "MOL2").warnings == []
    (warning,) = one(mol2(flat("CCO")), "MOL2").warnings
    assert "lack" in warning


def _renumber_mol2(text: str) -> str:
    """Give the atoms numbers from 1 in their order, and the bonds those of their atoms."""
    head, rest = text.split("@<TRIPOS>ATOM\n")
    atoms, bonds = rest.split("@<TRIPOS>BOND\n")
    rows = [line.split() for line in atoms.splitlines()]
    new = {row[0]: str(i) for i, row in enumerate(rows, 1)}
    atoms = "\n".join(" ".join([new[row[0]], *row[1:]]) for row in rows)
    lines = [line.split() for line in bonds.split("@")[0].splitlines()]
    return (
        head
        + "@<TRIPOS>ATOM\n"
        + atoms
        + "\n@<TRIPOS>BOND\n"
        + "".join(f"{number} {new[first]} {new[second]} {kind}\n" for number, first, second, kind in lines)
    )


# --------------------------------------------------------------------------------------------------------------- CDXML
def test_every_molecule_of_a_page_is_an_item_and_a_reaction_is_not() -> None:
    body = (
        ETHER.format(3, "")
        + '<group id="9">'
        + ETHER.format(4, 'NumHydrogens="7"')
        + ETHER.format(5, 'Element="9"')
        + "</group>"
        + '<fragment id="6"/>\n<scheme id="7"><step id="8" ReactionStepReactants="3"/></scheme>'
    )
    outcomes = read(CDXML % body, "CDXML")
    assert [outcome.number for outcome in outcomes] == [1, 2, 3, 4, 5]
    assert [smiles(outcomes[0]), smiles(outcomes[2])] == ["COC", "COF"]
    assert reasons(outcomes)[1] == "line 5: Explicit valence for atom # 2 C, 8, is greater than permitted"
    assert reasons(outcomes)[3:] == [
        "line 7: the record has no atoms",
        "line 8: a reaction, not a molecule; the molecules of the page are items of their own",
    ]


def test_nicknames_are_expanded_and_are_no_records() -> None:
    body = (
        '<fragment id="70"><n id="71" p="0 0"/><n id="72" p="14.4 0" NodeType="Nickname"><fragment id="73">'
        '<n id="74" p="14.4 0"/><n id="75" p="20 5" Element="8"/><n id="76" p="20 -5" Element="8" Charge="-1"/>'
        '<n id="77" p="10 0" NodeType="ExternalConnectionPoint"/><b id="78" B="74" E="75" Order="2"/>'
        '<b id="79" B="74" E="76"/><b id="80" B="77" E="74"/></fragment><t p="1 1"><s>COO-</s></t></n>'
        '<b id="81" B="71" E="72"/><annotation id="82" Keyword="Name" Content="acetate"/></fragment>'
    )
    (item,) = read(CDXML % body, "CDXML")
    assert (smiles(item), item.title) == ("CC(=O)[O-]", "acetate")


def test_an_element_that_does_not_exist_is_a_reason() -> None:
    (skipped,) = read(CDXML % ETHER.format(3, 'Element="999"'), "CDXML")
    assert reasons([skipped]) == ["line 4: Atomic number not found"]


# ----------------------------------------------------------------------------------------------------------------- XML
def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE cml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    text = (CML % "<molecule><name>&b;</name></molecule>").replace("<cml ", bomb + "<cml ")
    with pytest.raises(MalformedContent, match="declares an entity"):
        read(text, "CML")
    outside = '<!DOCTYPE cml SYSTEM "file:///etc/passwd">'
    item = one(
        (CML % '<molecule><atomArray><atom id="a" elementType="O"/></atomArray></molecule>').replace(
            "<cml ", outside + "<cml "
        ),
        "CML",
    )
    assert smiles(item) == "O"


def test_xml_that_breaks_keeps_the_records_before() -> None:
    molecule = '<molecule id="x{}"><atomArray><atom id="a" elementType="O"/></atomArray></molecule>\n'
    text = CML % (molecule.format(1) + molecule.format(2) + "<molecule><atom</molecule>")
    outcomes = MoleculeHandler().read(Held(text.encode(), format="CML"), Limits())
    assert [next(outcomes).title, next(outcomes).title] == ["x1", "x2"]
    with pytest.raises(MalformedContent, match=r"line 3: the XML breaks, inside a record: .*nothing behind it is read"):
        next(outcomes)


def test_xml_nested_too_deep_is_refused() -> None:
    (skipped,) = read(CML % ("<molecule>" + "<a>" * 5000 + "</a>" * 5000 + "</molecule>"), "CML")
    assert reasons([skipped]) == ["line 1: elements nested deeper than 200 levels"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_xml_in_its_encodings(encoding: str) -> None:
    text = (CML % '<molecule title="Größe"><atomArray><atom id="a" elementType="O"/></atomArray></molecule>').replace(
        '"1.0"', f'"1.0" encoding="{"iso-8859-1" if encoding == "latin-1" else encoding}"'
    )
    (item,) = read(text.encode(encoding), "CML")
    assert isinstance(item, RawItem)
    assert item.title == "Größe"


# ----------------------------------------------------------------------------------------------------------------- CML
TWO = '<atom id="a" elementType="C"/><atom id="b" elementType="C"/>'
ATOMS = (
    '<atom id="a1" elementType="C" hydrogenCount="3" isotope="13"/><atom id="a2" elementType="C" spinMultiplicity="2"/>'
    '<atom id="a3" elementType="O" formalCharge="-1"/>'
)
LISTED = (
    '<atomArray atomID="a1 a2 a3" elementType="C C O" formalCharge="0 0 -1" isotope="13 0 0" spinMultiplicity="1 2 1"/>'
)
CML1 = "".join(
    f'<atom id="a{i}"><string builtin="elementType">{element}</string>{more}</atom>'
    for i, element, more in (
        (1, "C", '<integer builtin="isotope">13</integer>'),
        (2, "C", '<integer builtin="spinMultiplicity">2</integer>'),
        (3, "O", '<integer builtin="formalCharge">-1</integer>'),
    )
) + "".join(
    f'<bond><string builtin="atomRef">{first}</string><string builtin="atomRef">{second}</string>'
    '<string builtin="order">1</string></bond>'
    for first, second in (("a1", "a2"), ("a2", "a3"))
)
BOND_ARRAYS = (
    '<bondArray><bond atomRefs2="a1 a2" order="S"/><bond atomRefs2="a2 a3" order="1"/></bondArray>',
    '<bondArray atomRef1="a1 a2" atomRef2="a2 a3" order="S 1"/>',
    '<bondArray><stringArray builtin="atomRef">a1 a2</stringArray><stringArray builtin="atomRef">a2 a3</stringArray>'
    '<stringArray builtin="order">1 1</stringArray></bondArray>',
)


@pytest.mark.parametrize(
    "body",
    [f"<atomArray>{ATOMS}</atomArray>{bonds}" for bonds in BOND_ARRAYS] + [LISTED + BOND_ARRAYS[1], CML1],
)
def test_cml_in_all_its_manners(body: str) -> None:
    assert smiles(one(CML % f"<molecule>{body}</molecule>", "CML")) == "[13CH3][CH][O-]"


@pytest.mark.parametrize("prefix", ["cml:", ""])
def test_names_and_properties_of_a_cml(handler: MoleculeHandler, prefix: str) -> None:
    text = CML % (
        '<molecule id="m1"><atomArray><atom id="a1" elementType="O"/></atomArray><name>water</name><name>aqua</name>'
        '<property title="boiling point"><scalar>373 K</scalar></property></molecule>'
    )
    item = one(re.sub(r"<(/?)(?=[a-z])", rf"<\1{prefix}", text), "CML")
    assert item.title == "water"
    features = handler.features(item)
    assert features.fields["synonyms"] == ["aqua"]
    assert "boiling point 373 K" in features.words


@pytest.mark.parametrize("text", ["F[C@](Cl)(Br)I", "F[C@@](Cl)(Br)I", "C[C@H](N)O", "C[C@@H](N)O"])
def test_a_parity_is_the_sign_of_the_determinant(text: str) -> None:
    """The definition of CML, from coordinates: the sign of | 1 1 1 1 | x | y | z | of the four atoms, in any order."""
    mol = solid(text)
    places = mol.GetConformer().GetPositions()
    (centre, _), *_ = Chem.FindMolChiralCenters(mol)
    around = [atom.GetIdx() for atom in mol.GetAtomWithIdx(centre).GetNeighbors()]
    written = Chem.MolToCMLBlock(mol)
    written = re.sub(r' [xyz]3="[^"]*"|\s*<atomParity.*</atomParity>\s*', "", written)
    for refs in permutations(around):
        sign = np.sign(np.linalg.det(np.vstack([np.ones(4), places[list(refs)].T])))
        parity = f'<atomParity atomRefs4="{" ".join(f"a{ref}" for ref in refs)}">{sign:.0f}</atomParity>'
        pattern = rf'(<atom id="a{centre}"[^>]*>)'
        assert smiles(one(re.sub(pattern, rf"\1{parity}", written), "CML")) == Chem.CanonSmiles(text)


def test_a_hydrogen_that_a_parity_does_not_write_is_the_atom_itself() -> None:
    text = CML % (
        '<molecule><atomArray><atom id="c" elementType="C" hydrogenCount="1">'
        '<atomParity atomRefs4="f c l b">1</atomParity></atom>'
        '<atom id="f" elementType="F"/><atom id="l" elementType="Cl"/><atom id="b" elementType="Br"/></atomArray>'
        '<bondArray><bond atomRefs2="c f" order="S"/><bond atomRefs2="c l" order="S"/><bond atomRefs2="c b" order="S"/>'
        "</bondArray></molecule>"
    )  # from F: H, Cl, Br clockwise
    assert smiles(one(text, "CML")) == Chem.CanonSmiles("F[C@@H](Cl)Br")


@pytest.mark.parametrize(("letter", "expected"), [("C", "F/C=C\\F"), ("T", "F/C=C/F")])
def test_cis_and_trans_of_a_cml(letter: str, expected: str) -> None:
    written = Chem.MolToCMLBlock(Chem.MolFromSmiles("FC=CF"))
    stereo = f'order="D"><bondStereo atomRefs4="a0 a1 a2 a3">{letter}</bondStereo></bond>'
    assert smiles(one(written.replace('order="D"/>', stereo), "CML")) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<atom id="a" elementType="Zz"/>', "no element 'Zz'"),
        ('<atom id="a" elementType="C" formalCharge="x"/>', "formalCharge of a is 'x'"),
        ('<atom id="a" elementType="C" formalCharge="1e99"/>', "formalCharge of a is '1e99'"),
        ('<atom id="a" elementType="C"/><atom id="a" elementType="C"/>', "two atoms with the id a"),
        ('<atom id="a" elementType="C"/><bond atomRefs2="a b"/>', "'a b', which are not two atoms"),
        ('<atom id="a" elementType="C"/><bond atomRefs2="a a"/>', "of an atom to itself"),
        (TWO + '<bond atomRefs2="a b" order="hbond"/>', "order 'hbond'"),
        (TWO + 2 * '<bond atomRefs2="a b" order="S"/>', "a second bond"),
        ('<atom id="a" elementType="C" x3="0"/><atom id="b" elementType="C" x3="1"/>', "2 atoms and no bonds"),
        (TWO.replace("C", "F") + '<bond atomRefs2="a b" order="2"/>', "Explicit valence"),
        ("", "no atoms"),
        ("<reaction/>", "no atoms"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_cml_is_said(body: str, reason: str) -> None:
    (skipped,) = read(CML % f"\n<molecule>{body}</molecule>", "CML")
    assert isinstance(skipped, Skipped)
    assert skipped.reason.startswith("line 2: ")
    assert reason in skipped.reason


def test_a_bond_without_an_order_is_remarked_on() -> None:
    item = one(
        CML
        % '<molecule><atom id="a" elementType="C"/><atom id="b" elementType="O"/><bond atomRefs2="a b"/></molecule>',
        "CML",
    )
    assert (smiles(item), item.warnings) == ("CO", ["bonds without an order are read as single"])


# ----------------------------------------------------------------------------------------------------------------- MRV
def test_every_structure_of_a_marvin_document(handler: MoleculeHandler) -> None:
    first, second = (Chem.MolToMrvBlock(flat(text)) for text in (ASPIRIN, "OCC"))
    piece = re.search(r"<MChemicalStruct>.*</MChemicalStruct>", second)
    assert piece is not None
    named = piece.group().replace("<molecule ", '<molecule title="spirit" ')
    document = first.replace("</MDocument>", f"{named}<MChemicalStruct><reaction/></MChemicalStruct></MDocument>")
    outcomes = read(document, "MRV")
    assert [smiles(item) for item in outcomes[:2]] == [Chem.CanonSmiles(ASPIRIN), "CCO"]
    assert isinstance(outcomes[1], RawItem)
    assert handler.features(outcomes[1]).fields["name"] == "spirit"
    assert reasons(outcomes)[2] == "line 2: a reaction, not a molecule"


# ------------------------------------------------------------------------------------------------------ PDB of ligands
def test_bond_orders_of_a_pdb_are_repeated_bonds_and_missed_if_there_are_none() -> None:
    text = Chem.MolToPDBBlock(solid(ASPIRIN, "aspirin"))
    item = one(text, "PDB")
    assert (smiles(item), item.title, item.warnings) == (Chem.CanonSmiles(ASPIRIN), "aspirin", [])
    single = re.sub(r"(?m)^(CONECT.{5})(.*)$", lambda m: m[1] + "".join(sorted(set(re.findall(".{5}", m[2])))), text)
    item = one(single, "PDB")
    assert item.warnings == ["bonds come from the PDB, which gives no orders; all are read as single"]
    without = re.sub(r"(?m)^CONECT.*\n", "", text)
    item = one(without, "PDB")
    assert item.warnings == ["bonds come from distances; all are read as single"]
    assert item.content.structure.mol.GetNumBonds() == Chem.MolFromSmiles(ASPIRIN).GetNumBonds()


def test_every_model_of_a_pdb_is_an_item_and_end_begins_anew() -> None:
    text = Chem.MolToPDBBlock(solid("CCO", "spirit"))
    atoms = "".join(line + "\n" for line in text.splitlines() if line.startswith("HETATM"))
    bonds = "".join(line + "\n" for line in text.splitlines() if line.startswith("CONECT"))
    models = "".join(f"MODEL     {i:4}\n{atoms}ENDMDL\n" for i in (1, 2))
    document = f"HEADER    A LIGAND\n{models}{bonds}END\n{Chem.MolToPDBBlock(solid('CC#N', 'acetonitrile'))}"
    items = read(document, "PDB")
    assert [smiles(item) for item in items] == ["CCO", "CCO", "CC#N"]
    assert [(item.number, item.title) for item in items] == [(1, "A LIGAND"), (2, "A LIGAND"), (3, "acetonitrile")]


def test_names_of_a_pdb() -> None:
    text = Chem.MolToPDBBlock(Chem.MolFromSmiles("O")).replace("UNL", "HOH")
    body = text.replace("COMPND", "REMARK")
    assert one(body, "PDB").title == "HOH"
    assert one(f"HEADER    SOLVENT                                 01-JAN-20   1ABC\n{body}", "PDB").title == "SOLVENT"
    assert one(f"COMPND    MOL_ID: 1;\nCOMPND   2 MOLECULE: HEAVY WATER;\n{body}", "PDB").title == "HEAVY WATER"


def test_a_polymer_is_not_a_ligand() -> None:
    protein = Chem.MolToPDBBlock(Chem.MolFromSequence("GA"))
    (skipped,) = read(protein, "PDB")
    assert reasons([skipped]) == ["line 1: a polymer (GLY); only PDB of ligands are read"]


def test_alternate_places_of_an_atom_keep_the_numbers_of_the_record(handler: MoleculeHandler) -> None:
    lines = Chem.MolToPDBBlock(solid("CO")).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("HETATM"))
    other = lines[first].replace("    1  C1 ", "   99  C1B")
    lines[first] = lines[first].replace(" C1 ", " C1A")
    lines.insert(first + 1, other)
    item = one("\n".join(lines), "PDB")
    verdict = handler.verify(handler.compile("smarts", "CO", {}), handler.features(item).payload)
    assert verdict is not None
    assert verdict.evidence["atoms"] == [[0, 2]]
    assert item.content.structure.record_atoms == 7


def test_an_atom_of_a_pdb_that_is_cut_short_is_not_left_out() -> None:
    text = Chem.MolToPDBBlock(flat("CCO"))
    lines = text.splitlines()
    lines[2] = lines[2][:40]
    (skipped,) = read("\n".join(lines), "PDB")
    assert reasons([skipped]) == [f"line 2: the record has an atom cut short: {lines[2]!r}"]
