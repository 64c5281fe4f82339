"""Fields of molecules: values against RDKit's, scaffolds, salts and parents, names, and how people write them."""

from __future__ import annotations

import gzip
import itertools
import re
import time
from pathlib import Path

import pytest
from molecules import AWKWARD, one
from rdkit import Chem
from rdkit.Chem import Crippen, Descriptors, Lipinski, rdinchi
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.Scaffolds import MurckoScaffold

from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry.names import called, cas_numbers, check_digit
from nlsearch.handlers.chemistry.salts import component_keys, parent_key
from nlsearch.handlers.molecule import MoleculeHandler, descriptors
from nlsearch.limits import Limits
from nlsearch.model import AllOf, AnyOf, Exact, Prefix, Question

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
ASPIRIN_KEY = "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"
SODIUM, ACETATE, ACETIC = "FKNQFGJONOIPTF-UHFFFAOYSA-N", "QTBSBXVTEAMEQO-UHFFFAOYSA-M", "QTBSBXVTEAMEQO-UHFFFAOYSA-N"


@pytest.fixture(scope="module")
def many(shared_data: Path) -> list[Chem.Mol]:
    """More than 5,000 molecules: screening compounds, natural products, stereo, and real molfiles."""
    folder = shared_data / "molecules"
    found = []
    for name, step in (("muv.93k.smi.gz", 40), ("chembl_20_chiral.smi.gz", 12), ("znp.50k.smi.gz", 30)):
        with gzip.open(folder / name, "rt") as lines:
            found += [Chem.MolFromSmiles(line.split()[0]) for line in itertools.islice(lines, 0, None, step)]
    with gzip.open(folder / "mols.1000.sdf.gz") as stream:
        found += list(Chem.ForwardSDMolSupplier(stream))
    return [mol for mol in found if mol is not None and mol.GetNumAtoms()]


def key(smiles: str) -> str:
    return str(rdinchi.MolToInchiKey(Chem.MolFromSmiles(smiles)))


def fields_of(text: str, form: str = "SMILES") -> dict:
    return MoleculeHandler().features(one(text, form)).fields


# ---------------------------------------------------------------------------------------------------------- properties
def test_properties_are_those_of_rdkit() -> None:
    for smiles in AWKWARD:
        fields, mol = fields_of(smiles), Chem.MolFromSmiles(smiles)
        broken = (
            Descriptors.MolWt(mol) > 500,
            Crippen.MolLogP(mol) > 5,
            Lipinski.NHOHCount(mol) > 5,
            Lipinski.NOCount(mol) > 10,
        )
        wanted = {
            "donors": Lipinski.NumHDonors(mol),
            "acceptors": Lipinski.NumHAcceptors(mol),
            "rotatable_bonds": Lipinski.NumRotatableBonds(mol),
            "lipinski_violations": sum(broken),
            "fraction_sp3": pytest.approx(Lipinski.FractionCSP3(mol), abs=1e-4),
            "aromatic_rings": Lipinski.NumAromaticRings(mol),
            "radicals": Descriptors.NumRadicalElectrons(mol),
            "isotopes": any(atom.GetIsotope() for atom in mol.GetAtoms()),
            "components": smiles.split()[0].count(".") + 1,
        }
        assert {name: fields[name] for name in wanted} == wanted, smiles


def test_isotopes_charges_and_radicals_stand_in_the_smiles(many: list[Chem.Mol]) -> None:
    """So that looking for them in most molecules costs nothing."""
    for mol in many[::4] + [mol for mol in many if "+" in Chem.MolToSmiles(mol)]:
        atoms, smiles = list(mol.GetAtoms()), Chem.MolToSmiles(mol)
        assert descriptors.has_isotopes(smiles) == any(atom.GetIsotope() for atom in atoms)
        assert descriptors.radicals(mol, smiles) == sum(atom.GetNumRadicalElectrons() for atom in atoms)
        if not any(atom.GetFormalCharge() for atom in atoms) and "." not in smiles:
            assert parent_key(mol, smiles, "own") == "own"


@pytest.mark.parametrize(
    ("smiles", "stereo", "centres"),
    [
        ("CCO", "none", 0), ("C[C@H](F)Cl", "defined", 1), ("CC(F)Cl", "undefined", 1),
        ("C[C@H](F)C(Cl)Br", "partly", 2), ("F/C=C/F", "defined", 0), ("FC=CF", "undefined", 0),
        ("F/C=C/C(F)Cl", "partly", 1), ("c1ccccc1", "none", 0), ("C1CCC=CC1", "none", 0),
        ("CC1CCC(C)CC1", "undefined", 2), ("OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O", "defined", 5),
    ],
)  # fmt: skip
def test_how_much_stereo_is_given(smiles: str, stereo: str, centres: int) -> None:
    fields = fields_of(smiles)
    assert (fields["stereo"], fields["stereocentres"]) == (stereo, centres)


def test_labels_of_dummy_atoms_are_no_isotopes() -> None:
    assert not fields_of("[1*]CC")["isotopes"]
    assert fields_of("[13CH4]")["isotopes"]


def test_lipinski_counts_his_own_donors_and_acceptors() -> None:
    # six NH and OH but four donors for CalcNumHBD: each NH2 counts twice for Lipinski
    smiles = "NCC(N)CC(N)C"
    assert Lipinski.NHOHCount(Chem.MolFromSmiles(smiles)) == 6 > Lipinski.NumHDonors(Chem.MolFromSmiles(smiles))
    assert fields_of(smiles)["lipinski_violations"] == 1


# ----------------------------------------------------------------------------------------------------------- scaffolds
@pytest.mark.parametrize(
    ("smiles", "scaffold"),
    [
        (ASPIRIN, "c1ccccc1"), ("CCO", None), ("O=C1CCCCC1C", "O=C1CCCCC1"),
        ("c1ccccc1CCc1ccncc1", "c1ccc(CCc2ccncc2)cc1"),
        ("C[C@H]1CC[C@@H](C=C)CC1", "C1CCCCC1"), ("Cn1cccc1", "c1cc[nH]c1"), ("C1CC1.CC1CCC1", "C1CC1.C1CCC1"),
    ],
)  # fmt: skip
def test_known_scaffolds(smiles: str, scaffold: str | None) -> None:
    expected = scaffold and Chem.MolToSmiles(Chem.MolFromSmiles(scaffold))
    assert fields_of(smiles).get("scaffold") == expected


def test_scaffolds_are_rdkits_and_their_own(many: list[Chem.Mol]) -> None:
    """So that what is counted can be asked again: the scaffold of a scaffold is itself."""
    assert len(many) > 5000
    for mol in many:
        found = descriptors.scaffold(mol)
        assert found == MurckoScaffold.MurckoScaffoldSmiles(mol=mol), Chem.MolToSmiles(mol)
        assert found == Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(mol), isomericSmiles=False)
        if found:
            assert found == Chem.MolToSmiles(descriptors.pruned(mol), isomericSmiles=False)
            assert descriptors.scaffold(Chem.MolFromSmiles(found)) == found


def test_pruning_equals_rdkits_scaffold_on_awkward_molecules() -> None:
    for smiles in AWKWARD:
        mol = Chem.MolFromSmiles(smiles)
        slow, fast = Chem.MurckoDecompose(mol), descriptors.pruned(mol)
        if mol.GetRingInfo().NumRings():
            assert Chem.MolToSmiles(slow) == Chem.MolToSmiles(fast), smiles
        else:
            assert fast.GetNumAtoms() == 0


def test_large_molecules_and_mixtures_take_no_longer_than_their_size() -> None:
    """RDKit's own functions take minutes for these: the cube of the atoms, the square of the components."""
    started = time.process_time()
    peptide = Chem.MolFromSmiles("N[C@@H](Cc1ccccc1)C(=O)" * 300 + "O")
    assert descriptors.scaffold(peptide).count("c") == 1800
    water = ".".join(["O"] * 2000)
    assert parent_key(Chem.MolFromSmiles(water), water, "") == key("O")
    assert component_keys(water) == [key("O")]
    assert time.process_time() - started < 20


# --------------------------------------------------------------------------------------------------- salts and mixtures
@pytest.mark.parametrize(
    ("smiles", "parent"),
    [
        ("CC(=O)[O-].[Na+]", "CC(=O)O"), ("C[NH3+].[Cl-]", "CN"), ("Cl.CN(C)C", "CN(C)C"),
        ("CC(=O)O.O.O", "CC(=O)O"), ("[Na+].[Cl-]", "Cl"), ("C[N+](C)(C)C.[I-]", "C[N+](C)(C)C"),
        ("NCC(=O)O.OS(=O)(=O)O", "NCC(=O)O"), ("O=[N+]([O-])c1ccccc1.[Na+].[OH-]", "O=[N+]([O-])c1ccccc1"),
        ("[2H]C([2H])([2H])C(=O)[O-].[K+]", "[2H]C([2H])([2H])C(=O)O"), ("C[C@H](N)C(=O)[O-].[Na+]", "C[C@H](N)C(=O)O"),
    ],
)  # fmt: skip
def test_known_parents(smiles: str, parent: str) -> None:
    assert fields_of(smiles)["parent"] == key(parent)


@pytest.mark.parametrize("smiles", [ASPIRIN, "C[N+](C)(C)C", "O=[N+]([O-])c1ccccc1", "[NH3+]CC(=O)[O-]"])
def test_a_molecule_that_is_its_own_parent_does_not_repeat_its_key(smiles: str) -> None:
    fields = fields_of(smiles)
    assert "parent" not in fields
    assert "component" not in fields
    assert fields["components"] == 1


def test_parents_and_components_are_those_of_the_long_way(many: list[Chem.Mol]) -> None:
    chooser = rdMolStandardize.LargestFragmentChooser(preferOrganic=True)
    uncharger = rdMolStandardize.Uncharger(canonicalOrder=True)
    several = [mol for mol in many if "." in Chem.MolToSmiles(mol) or Chem.MolToSmiles(mol).count("+")]
    assert len(several) > 100
    for mol in [*several[:400], *many[:100]]:
        own, smiles = str(rdinchi.MolToInchiKey(mol)), Chem.MolToSmiles(mol)
        assert parent_key(mol, smiles, own) == rdinchi.MolToInchiKey(uncharger.uncharge(chooser.choose(mol)))
        parts = Chem.GetMolFrags(mol, asMols=True)
        assert descriptors.components(mol) == len(parts)
        assert component_keys(smiles) == sorted({rdinchi.MolToInchiKey(part) for part in parts})


def test_components_are_listed_once() -> None:
    assert fields_of("CC(=O)[O-].CC(=O)[O-].[Na+].[Na+]")["component"] == sorted([ACETATE, SODIUM])


# ------------------------------------------------------------------------------------------------------------ notations
def is_or(field: str, wanted: str) -> Question:
    return AnyOf((Exact(field, wanted), Exact("inchikey", wanted)))


@pytest.mark.parametrize(
    ("field", "value", "ask"),
    [
        ("inchikey", ASPIRIN_KEY, Exact("inchikey", ASPIRIN_KEY)),
        ("inchikey", f"InChIKey={ASPIRIN_KEY.lower()}", Exact("inchikey", ASPIRIN_KEY)),
        ("inchikey", "BSYNRYMUTXBXSQ", Prefix("inchikey", "BSYNRYMUTXBXSQ-")),
        ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA", Prefix("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-")),
        ("inchikey", "InChI=1S/C2H4O2/c1-2(3)4/h1H3,(H,3,4)", Exact("inchikey", ACETIC)),
        ("component", "[Na+]", is_or("component", SODIUM)),
        ("component", SODIUM, is_or("component", SODIUM)),
        ("parent", "OC(C)=O", is_or("parent", ACETIC)),
        ("parent", "CC(=O)[O-].[Na+]", is_or("parent", ACETIC)),
        ("parent", ACETIC, is_or("parent", ACETIC)),
        ("parent", "InChI=1S/C2H4O2/c1-2(3)4/h1H3,(H,3,4)", is_or("parent", ACETIC)),
        ("scaffold", "C1=CC=CC=C1", Exact("scaffold", "c1ccccc1")),
        ("scaffold", "C[C@H]1CCCCC1", Exact("scaffold", "C1CCCCC1")),
        ("canonical_smiles", "OCC", Exact("canonical_smiles", "CCO")),
        ("cas", "50-78-2", Exact("cas", "50-78-2")),
        ("cas", "CAS RN: 50\u201378\u20112", Exact("cas", "50-78-2")),
    ],
)  # fmt: skip
def test_what_people_write_is_asked(handler: MoleculeHandler, field: str, value: str, ask: Question) -> None:
    assert handler.translate(field, value).ask == ask


def test_a_mixture_asks_for_all_its_components(handler: MoleculeHandler) -> None:
    question = handler.translate("component", "CC(=O)[O-].[Na+]").ask
    assert isinstance(question, AllOf)
    assert set(question.parts) == {is_or("component", SODIUM), is_or("component", ACETATE)}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("inchikey", "BSYN", "block 1 of the InChIKey has 4 letters; 14 are expected"),
        ("inchikey", "BSYNRYMUTXBX1Q", "'1' at letter 13 of block 1"),
        ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-NN", "block 3 of the InChIKey has 2 letters; 1 are expected"),
        ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYAA-N", "A at letter 9 of block 2"),
        ("inchikey", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N-N", "4 blocks"),
        ("inchikey", "InChI=1/CH4/h1H4", "not standard"),
        ("inchikey", "InChI=1S/rubbish", "not an InChI"),
        ("component", "not a smiles", "not a SMILES"),
        ("component", "*", "no InChIKey"),
        ("parent", "*C", "no InChIKey"),
        ("scaffold", "CCO", "no ring"),
        ("scaffold", "c1cccc1", "kekulize"),
        ("cas", "50-78-3", "the check digit of the CAS number 50-78-3 should be 2"),
        ("cas", "aspirin", "not a CAS number"),
        ("cas", "5-78-2", "not a CAS number"),
    ],
)  # fmt: skip
def test_mistakes_say_what_is_expected(handler: MoleculeHandler, field: str, value: str, message: str) -> None:
    with pytest.raises(QuerySyntax, match=re.escape(message)):
        handler.translate(field, value)


@pytest.mark.parametrize("value", ["C" * 40, "InChI=1S/C" + "1" * 2000])
def test_structures_over_the_cap_are_too_costly(value: str) -> None:
    handler = MoleculeHandler()
    handler.limits = Limits(molecule_atoms=30)
    with pytest.raises(QueryTooCostly, match="molecule_atoms"):
        handler.translate("parent", value)


# --------------------------------------------------------------------------------------------------------------- names
@pytest.mark.parametrize(
    "number", ["50-78-2", "58-08-2", "7732-18-5", "64-17-5", "7440-44-0", "9002-07-7", "1333-74-0"]
)
def test_check_digits_of_known_numbers(number: str) -> None:  # aspirin, caffeine, water, ethanol, carbon, trypsin, H2
    first, second, check = number.split("-")
    assert check_digit(first, second) == int(check)
    assert cas_numbers(f"see [{number}]; CAS:{number}, not x{number} nor {number}1") == [number]
    wrong = f"{first}-{second}-{(int(check) + 1) % 10}"
    assert cas_numbers(f"see {wrong} or 1{number}-2") == []


PUBCHEM = [
    ("PUBCHEM_COMPOUND_CID", "2244"),
    ("PUBCHEM_IUPAC_OPENEYE_NAME", "2-acetoxybenzoic acid"),
    ("PUBCHEM_IUPAC_CAS_NAME", "2-acetyloxybenzoic acid"),
    ("PUBCHEM_IUPAC_NAME_MARKUP", "2-acetyl<i>oxy</i>benzoic acid"),
    ("PUBCHEM_IUPAC_NAME", "2-acetyloxybenzoic acid"),
    ("Other names", "Acetylsalicylic acid | ASA; 2-Acetyloxybenzoic  acid\nα-x"),
    ("CHEMBL_ID", "CHEMBL25"),
    ("note", "CAS 50-78-2, formerly 11126-35-5"),
]


def test_names_of_a_record() -> None:
    fields = called("2244", PUBCHEM).fields
    assert fields == {
        "name": "2-acetyloxybenzoic acid",
        "synonyms": ["2-acetoxybenzoic acid", "Acetylsalicylic acid", "ASA", "α-x"],
        "accession": ["2244", "CHEMBL25"],
        "cas": ["50-78-2", "11126-35-5"],
    }
    assert called("aspirin", PUBCHEM).fields["synonyms"][1] == "2-acetyloxybenzoic acid"


@pytest.mark.parametrize(
    "tag",
    ["SYNONYMS", "Synonym", "ALIASES", "Other names", "PUBCHEM_SYNONYMS", "IUPAC_NAME",
     "PUBCHEM_IUPAC_TRADITIONAL_NAME", "GENERIC_NAME", "Trade name", "INTERNATIONAL_BRANDS"],
)  # fmt: skip
def test_usual_tags_of_synonyms(tag: str) -> None:
    found = called("x", [(tag, "other one")])
    assert found.fields["synonyms"] == ["other one"]
    assert found.words == "x"  # a text field's words are indexed once


@pytest.mark.parametrize(
    "tag",
    ["PUBCHEM_COMPOUND_CID", "PUBCHEM_SUBSTANCE_ID", "chembl_id", "Molecule ChEMBL ID", "ChEBI ID", "DRUGBANK_ID",
     "DATABASE_ID", "ZINC_ID", "HMDB_ID", "UNII", "Accession", "id", "Catalog ID", "IDNUMBER"],
)  # fmt: skip
def test_usual_tags_of_accessions(tag: str) -> None:
    assert called("x", [(tag, "AB12")]).fields["accession"] == "AB12"


def test_the_same_accession_stands_once() -> None:
    assert called("DB00945", [("DATABASE_ID", "DB00945"), ("DRUGBANK_ID", "DB00945")]).fields["accession"] == "DB00945"
