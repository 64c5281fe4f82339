"""Molecules: golden values of the fields; every record of every format is an item or refused with line and reason."""

from __future__ import annotations

import pytest
from molecules import one, read
from rdkit import Chem, rdBase

from nlsearch.errors import MalformedContent, QuerySyntax
from nlsearch.handlers.chemistry.payload import Decoded
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


def block(mol: Chem.Mol, **options: bool) -> str:
    return Chem.MolToMolBlock(mol, **options)


# -------------------------------------------------------------------------------------------------------- golden values
@pytest.mark.parametrize(
    ("smiles", "inchikey", "formula", "mass", "mw", "rings"),
    [
        (ASPIRIN, "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "C9H8O4", 180.0423, 180.16, 1),
        ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "C8H10N4O2", 194.0804, 194.19, 2),
        ("C1=CC2=C(C=C1O)C(=CN2)CCN", "QZAYGJVTTNCVMB-UHFFFAOYSA-N", "C10H12N2O", 176.0950, 176.21, 2),
        ("CC(C)Cc1ccc(cc1)C(C)C(=O)O", "HEFNNWSXXWATRW-UHFFFAOYSA-N", "C13H18O2", 206.1307, 206.28, 1),
        ("CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O", "JGSARLDLIJGVTE-MBNYWOFBSA-N", "C16H18N2O4S",
         334.0987, 334.39, 3),
        ("OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O", "WQZGKKKJIJFFOK-VFUOTHLCSA-N", "C6H12O6", 180.0634, 180.16, 1),
    ],
)  # fmt: skip
def test_fields_have_the_published_values(
    handler: MoleculeHandler, smiles: str, inchikey: str, formula: str, mass: float, mw: float, rings: int
) -> None:
    features = handler.features(one(f"{smiles}\tsome name"))
    assert features.fields["inchikey"] == features.keys["inchikey"] == inchikey
    assert features.fields["formula"] == formula
    assert features.fields["mass"] == pytest.approx(mass, abs=5e-5)
    assert features.fields["mw"] == pytest.approx(mw, abs=0.01)
    assert features.fields["rings"] == rings
    assert features.fields["name"] == "some name"
    assert features.fields["charge"] == 0
    assert features.size == features.fields["heavy_atoms"] == Chem.MolFromSmiles(smiles).GetNumHeavyAtoms()


def test_surface_and_partition_of_aspirin(handler: MoleculeHandler) -> None:
    fields = handler.features(one(ASPIRIN)).fields
    assert fields["tpsa"] == pytest.approx(63.60, abs=0.005)  # Ertl's example values
    assert fields["logp"] == pytest.approx(1.31, abs=0.005)


def test_only_declared_fields_are_filled(handler: MoleculeHandler) -> None:
    declared = {field.name for field in handler.fields} | {"accession"}
    features = handler.features(one("[Na+].[Cl-] salt"))
    assert set(features.fields) <= declared
    spaces = {space.name for space in handler.spaces}
    held = {"molecule.subgraph", "molecule.morgan", "molecule.formula"}
    assert {*features.terms, *features.vectors} == held <= spaces


# -------------------------------------------------------------------------------------------------------------- reading
def test_every_record_of_an_sdf_is_an_item_or_skipped_with_its_line() -> None:
    good = block(Chem.MolFromSmiles("CCO"))
    five = good.replace("  1  2  1", "  1  2  3", 1).replace("  2  3  1", "  2  3  3", 1)
    text = f"{good}>  <NAME>\nspirit\n\n$$$$\nbroken\n\n\nnonsense\n$$$$\n{five}$$$$\n{good}"
    for content in (text, text.replace("\n", "\r\n")):
        first, second, third, fourth = read(content, "SDF")
        assert isinstance(first, RawItem)
        assert isinstance(fourth, RawItem)
        assert fourth.number == 4
        assert isinstance(second, Skipped)
        counts_line = content.replace("\r", "").split("\n").index("nonsense") + 1
        assert second.reason == f"line {counts_line}: the counts line does not begin with two numbers"
        assert isinstance(third, Skipped)
        line = content.replace("\r", "").split("\n").index("  1  2  3  0") - 1
        assert third.reason == f"line {line}: Explicit valence for atom # 1 C, 6, is greater than permitted"


def test_latin_1_titles_and_data_fields(handler: MoleculeHandler) -> None:
    content = ("café" + block(Chem.MolFromSmiles("CO")) + ">  <Quelle> (1)\nMüller & Söhne\nBerlin\n\n$$$$\n").encode(
        "latin-1"
    )
    (item,) = read(content, "SDF")
    assert isinstance(item, RawItem)
    assert item.title == "café"
    words = handler.features(item).words
    assert all(word in words for word in ("café", "Quelle", "Müller", "Berlin"))


def test_a_number_as_title_gives_way_to_a_name(handler: MoleculeHandler) -> None:
    text = (
        "2244"
        + block(Chem.MolFromSmiles(ASPIRIN))
        + "> <GENERIC_NAME>\naspirin\n\n> <PUBCHEM_COMPOUND_CID>\n2244\n\n$$$$\n"
    )
    (item,) = read(text, "SDF")
    assert isinstance(item, RawItem)
    assert item.title == "2244"
    fields = handler.features(item).fields
    assert (fields["name"], fields["accession"]) == ("aspirin", "2244")


@pytest.mark.parametrize(
    ("field", "name", "accession"),
    [
        ("> <GENERIC_NAME>\naspirin\n\n", "aspirin", "12345"),
        ("> <DRUGBANK_ID>\nDB00945\n\n", "12345", ["DB00945", "12345"]),
        ("", "12345", "12345"),
    ],
)
def test_a_number_as_title_is_an_accession(
    handler: MoleculeHandler, field: str, name: str, accession: str | list[str]
) -> None:
    (item,) = read("12345" + block(Chem.MolFromSmiles(ASPIRIN)) + field + "$$$$\n", "SDF")
    assert isinstance(item, RawItem)
    fields = handler.features(item).fields
    assert (fields["name"], fields["accession"]) == (name, accession)


def test_a_nul_is_not_taken_for_the_end() -> None:
    item, other = read("CCO\0 nul\nCCO spirit\n")
    assert isinstance(item, Skipped)
    assert item.reason == "line 1: a NUL at character 4"
    assert isinstance(other, RawItem)
    (item,) = read("InChI=1S/CH4/h1H4\0x nul\n", "InChI")
    assert isinstance(item, Skipped)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_text_in_utf16_is_read_as_in_utf8(encoding: str) -> None:
    text = "CCO Größe 😀\r\nC1CC x\r\nc1ccccc1 benzene\r\n"
    content = (text if encoding == "utf-16" else "\ufeff" + text).encode(encoding)
    first, second, third = read(content)
    assert isinstance(first, RawItem)
    assert isinstance(second, Skipped)
    assert isinstance(third, RawItem)
    assert (first.title, third.title) == ("Größe 😀", "benzene")
    (item,) = read("\ufeffCCO ".encode("utf-16-le") + b"\x00\xd8")
    assert isinstance(item, RawItem)
    assert item.title == "\ufffd"


def test_a_record_cut_anywhere_keeps_the_earlier_ones() -> None:
    whole = block(Chem.MolFromSmiles("CCN"))
    text = f"{whole}$$$$\n{block(Chem.MolFromSmiles(ASPIRIN))}$$$$\n"
    for cut in range(len(whole) + 5, len(text), 29):
        outcomes = read(text[:cut], "SDF")
        assert isinstance(outcomes[0], RawItem)
        assert len(outcomes) <= 2
        assert all(isinstance(o, RawItem) or o.reason.startswith("line ") for o in outcomes)


def test_invalid_valence_names_line_and_reason() -> None:
    good, bad = read("C1CC1 cyclopropane\nC(C)(C)(C)(C)C five bonds\n")
    assert isinstance(good, RawItem)
    assert isinstance(bad, Skipped)
    assert bad.number == 2
    assert bad.reason == "line 2: Explicit valence for atom # 0 C, 5, is greater than permitted"
    mol = Chem.MolFromSmiles("C(C)(C)(C)(C)C", sanitize=False)
    (item,) = read(block(mol, kekulize=False), "MOL")
    assert isinstance(item, Skipped)
    assert item.reason == "line 5: Explicit valence for atom # 0 C, 5, is greater than permitted"


def test_records_of_a_smiles_list_are_numbered_without_heading_comments_and_blank_lines() -> None:
    items = read(
        "smiles name\n# a comment\n\nCCO\tspirit of wine\r\nc1ccccc1 benzene\n   \nnot-a-smiles x\nCC |$A;B$| named\n"
    )
    assert [item.number for item in items] == [1, 2, 3, 4]
    assert [item.title for item in items if isinstance(item, RawItem)] == ["spirit of wine", "benzene", "named"]
    assert isinstance(items[2], Skipped)
    assert items[2].reason == "line 7: unexpected 't' at character 3"


def test_caps_name_themselves() -> None:
    limits = Limits(molecule_atoms=50)
    for text, form in (("C" * 51, "SMILES"), (block(Chem.MolFromSmiles("C" * 51)), "MOL")):
        (item,) = read(text, form, limits)
        assert isinstance(item, Skipped)
        assert item.code == "limit_exceeded"
        assert "molecule_atoms = 50" in item.reason


def test_empty_files_and_structures_are_refused() -> None:
    with pytest.raises(MalformedContent, match="no record"):
        read("", "SDF")
    (item,) = read(block(Chem.Mol()), "MOL")
    assert isinstance(item, Skipped)
    assert "no atoms" in item.reason


def test_tables_and_inchi(handler: MoleculeHandler) -> None:
    first, second, third = read(
        'id,Name,SMILES,note\n1,"spirit, pure",CCO,clear\n2,,C1CC,\n3,water,O,"two\nlines"\n', "SMILES table"
    )
    assert isinstance(first, RawItem)
    assert first.title == "spirit, pure"
    assert "clear" in handler.features(first).words
    assert isinstance(second, Skipped)
    assert second.reason == "line 3: ring closure 1 at character 2 has no partner"
    assert isinstance(third, RawItem)
    (item,) = read("InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12) aspirin", "InChI")
    assert isinstance(item, RawItem)
    assert handler.features(item).fields["inchikey"] == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"


def test_logs_stay_quiet_and_as_they_were(capfd: pytest.CaptureFixture[str], handler: MoleculeHandler) -> None:
    before = rdBase.LogStatus()
    read("C1CC\nC(C)(C)(C)(C)C")
    read("x\n\n\nnothing\n", "SDF")
    with pytest.raises(QuerySyntax):
        handler.compile("smarts", "[C", {})
    handler.features(one("[Na+].[Cl-]"))
    assert rdBase.LogStatus() == before
    assert capfd.readouterr().err == ""


# ------------------------------------------------------------------------------------------------- what chemists write
@pytest.mark.parametrize(("group", "kind"), [("&1", "STEREO_AND"), ("o1", "STEREO_OR"), ("a", "STEREO_ABSOLUTE")])
def test_enhanced_stereo_is_kept_and_matched_as_drawn(handler: MoleculeHandler, group: str, kind: str) -> None:
    text = f"C[C@H](F)Cl |{group}:1|"
    mol = Chem.MolFromSmiles(text)
    for content, form in ((text, "SMILES"), (Chem.MolToV3KMolBlock(mol), "MOL")):
        payload = handler.features(one(content, form)).payload
        (found,) = Decoded(payload).mol.GetStereoGroups()
        assert (str(found.GetGroupType()), [atom.GetIdx() for atom in found.GetAtoms()]) == (kind, [1])
        hits = [
            handler.verify(handler.compile("substructure", query, {}), payload) is not None
            for query in ("C[C@H](F)Cl", "C[C@@H](F)Cl")
        ]
        assert hits == [True, False]


@pytest.mark.parametrize(
    ("symbol", "line"),
    [("A  ", ""), ("Q  ", ""), ("X  ", ""), ("L  ", "M  ALS   1  2 F C   N   \n"), ("R# ", "M  RGP  1   1   1\n")],
)
def test_query_features_of_a_molfile_are_kept_and_said(handler: MoleculeHandler, symbol: str, line: str) -> None:
    text = block(Chem.MolFromSmiles("CCO")).replace(" C   0", f" {symbol} 0", 1).replace("M  END", f"{line}M  END")
    item = one(text, "MOL")
    assert item.warnings == ["the record holds query features; it is indexed as written"]
    features = handler.features(item)
    assert "inchikey" not in features.fields
    assert Decoded(features.payload).mol.GetNumAtoms() == 3


@pytest.mark.parametrize(
    ("text", "charge", "formula"),
    [("CC(=O)[O-].[Na+]", 0, "C2H3NaO2"), ("[13CH3]O", 0, "CH4O"), ("[CH3]", 0, "CH3"), ("C[NH3+]", 1, "CH6N+")],
)
def test_salts_isotopes_radicals_and_ions_survive(
    handler: MoleculeHandler, text: str, charge: int, formula: str
) -> None:
    for content, form in ((text, "SMILES"), (block(Chem.MolFromSmiles(text)), "MOL")):
        features = handler.features(one(content, form))
        assert (features.fields["charge"], features.fields["formula"]) == (charge, formula)
        assert Decoded(features.payload).smiles == Chem.CanonSmiles(text)


def test_records_of_one_name_stay_apart() -> None:
    assert [(item.number, item.title, item.record_id) for item in read("CC twin\nCCC twin\n")] == [
        (1, "twin", None),
        (2, "twin", None),
    ]


def test_an_empty_smiles_is_refused() -> None:
    (skipped, item) = read("smiles,name\n,nothing\nC,methane\n", "SMILES table")
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "line 2: an empty SMILES"
    assert isinstance(item, RawItem)


# ----------------------------------------------------------------------------------------------------- a missing $$$$
@pytest.mark.parametrize("data", ["", "> <ID>\n7\n\n", "> <A>\nx\n\n> <B>\ny\nz\n\n"])
@pytest.mark.parametrize("v3000", [False, True])
def test_a_molecule_that_no_delimiter_parts_is_warned_of(data: str, v3000: bool) -> None:
    first, second = (Chem.MolToMolBlock(Chem.MolFromSmiles(smiles), forceV3000=v3000) for smiles in ("CCO", "CCN"))
    items = read(first + data + second + "$$$$\n" + first + "$$$$\n", "SDF")
    assert [item.number for item in items] == [1, 2]
    line = (first + data).count("\n") + 1
    assert items[0].warnings == [f"a further molecule begins in line {line} without $$$$ before it; it is not read"]
    assert items[1].warnings == []


@pytest.mark.parametrize("title", ["", "inner"])
def test_a_molfile_in_a_data_field_is_no_missing_delimiter(title: str) -> None:
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    inner = title + block
    (item,) = read(f"{block}> <ID>\n7\n\n> <MOL>\n{inner}\n> <X>\ny\n\n$$$$\n", "SDF")
    assert item.warnings == []
