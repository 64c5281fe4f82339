"""What follows from a record's structure, formula and ion, and what contradicts."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from nlsearch.handlers.spectrum import compound
from nlsearch.handlers.spectrum.adducts import parse_adduct
from nlsearch.handlers.spectrum.compound import identified
from nlsearch.limits import Limits

LIMITS = Limits()
CAFFEINE = "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"
INCHI = "InChI=1S/C8H10N4O2/c1-10-4-9-6-5(10)7(13)12(3)8(14)11(6)2/h4H,1-3H3"
KEY = "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
CHOLINE = "InChI=1S/C5H14NO/c1-6(2,3)4-5-7/h7H,4-5H2,1-3H3/q+1"


def told(smiles: str = "", inchi: str = "", **fields):
    return identified(fields, smiles, inchi, LIMITS)


# ----------------------------------------------------------------------------------------------------------- structure
@pytest.mark.parametrize(("smiles", "inchi"), [(CAFFEINE, ""), ("", INCHI), (CAFFEINE, INCHI)])
def test_key_formula_and_mass_follow_from_either_structure(smiles: str, inchi: str) -> None:
    found, warnings = told(smiles, inchi)
    assert found == {"inchikey": KEY, "formula": "C8H10N4O2", "mass": pytest.approx(194.080376, abs=1e-6)}
    assert warnings == []


@pytest.mark.parametrize("given_key", [KEY, KEY.lower(), f"InChIKey={KEY}", KEY[:14], KEY[:25]])
def test_a_key_is_written_whole_and_in_capitals(given_key: str) -> None:
    assert told(CAFFEINE, inchikey=given_key) == told(CAFFEINE)


def test_a_block_of_a_key_stays_if_nothing_completes_it() -> None:
    assert told(inchikey=KEY[:14]) == ({"inchikey": KEY[:14]}, [])


@pytest.mark.parametrize(("smiles", "inchi", "name"), [("CCO", "", "SMILES"), ("", CHOLINE, "InChI")])
def test_a_key_of_something_else_stands_and_is_told(smiles: str, inchi: str, name: str) -> None:
    found, warnings = told(smiles, inchi, inchikey=KEY)
    assert found["inchikey"] == KEY
    assert len(warnings) == 1
    assert warnings[0].startswith(f"the InChIKey {KEY} is not that of the {name}, ")


def test_an_inchi_that_is_not_the_smiles_is_told() -> None:
    found, warnings = told("CCO", INCHI)
    assert found["inchikey"] == KEY
    assert warnings == [f"the InChI's key {KEY} is not that of the SMILES, LFQSCWFLJHTTHZ-UHFFFAOYSA-N"]


def test_stereo_does_not_contradict() -> None:
    _, warnings = told("C[C@H](N)C(=O)O", inchikey="QNAYBMKLOCPYGJ-UHFFFAOYSA-N")
    assert warnings == []


def test_what_is_no_key_is_replaced_and_told() -> None:
    found, warnings = told(CAFFEINE, inchikey="caffeine")
    assert found["inchikey"] == KEY
    assert warnings == [f"'CAFFEINE' is no InChIKey; {KEY} is taken"]
    assert told(inchikey="caffeine") == ({}, ["'CAFFEINE' is no InChIKey"])


@pytest.mark.parametrize(
    ("smiles", "inchi", "words"),
    [
        ("C1CC", "", "the SMILES 'C1CC' cannot be read"), ("not smiles", "", "the SMILES 'not smiles' cannot be read"),
        ("C\0C", "", "cannot be read"), ("C\ud800", "", "cannot be read"), ("", "1S/C6H4", "cannot be read"),
        ("", "C8H10", "the InChI 'C8H10' cannot be read"), ("", "InChI=1S/\ud800", "cannot be read"),
        ("", "InChI=1S/C\0", "cannot be read"), ("C" * 300_000, "", "more atoms than molecule_atoms = 10,000"),
        ("", "InChI=1S/" + "C" * 300_000, "more atoms than molecule_atoms = 10,000"),
    ],
)  # fmt: skip
def test_a_structure_that_cannot_be_read_is_told(
    smiles: str, inchi: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    found, warnings = told(smiles, inchi, mass=5.0)
    assert found == {"mass": 5.0}
    assert len(warnings) == 1
    assert words in warnings[0]
    assert len(warnings[0]) < 120
    assert capfd.readouterr() == ("", "")


def test_the_smiles_stands_in_for_an_inchi_that_is_not_standard() -> None:
    found, warnings = told("CCO", "InChI=1/C2H6O/c1-2-3/h3H,2H2,1H3")
    assert found["inchikey"] == "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    assert warnings == []


STRUCTURES = [
    CAFFEINE, "C[N+](C)(C)CCO", "[O-]C(=O)C", "[Na+].[Cl-]", "CC(=O)[O-].[Na+]", "[NH3+]CC([O-])=O", "O.O.CCO",
    "[2H]OC", "C[NH3+].[Cl-]", "[O-]S(=O)(=O)[O-].[NH4+].[NH4+]", "[H+]", "[Fe+2].[Cl-].[Cl-]", "C1CCCCC1.C1CCCCC1",
    "[13CH4]", "OP(=O)([O-])OCC[N+](C)(C)C", "c1cc[nH+]cc1", "[Pt]", "C[Hg]C",
    "CCCCCCCCCCCCCCCCCC[N+](C)(C)CCCCCCCCCCCCCCCCCC",
]  # fmt: skip


@pytest.mark.parametrize("smiles", STRUCTURES)
def test_the_formula_of_an_inchi_is_that_of_its_molecule(smiles: str) -> None:
    inchi = Chem.MolToInchi(Chem.MolFromSmiles(smiles))
    found, _ = told("", inchi)
    back = Chem.MolFromInchi(inchi)
    assert found.get("formula", "H+") == rdMolDescriptors.CalcMolFormula(back)
    if "13C" not in smiles and "2H" not in smiles and "formula" in found:
        assert found["mass"] == pytest.approx(rdMolDescriptors.CalcExactMolWt(back), abs=2e-6)


@pytest.mark.parametrize(
    ("written", "formula", "mass"),
    [
        ("C8H10N4O2", "C8H10N4O2", 194.080376), ("O2N4H10C8", "C8H10N4O2", 194.080376),
        ("CH3COOH", "C2H4O2", 60.021129),
        ("[C5H14NO]+", "C5H14NO+", 104.106990), ("C5H14NO+", "C5H14NO+", 104.106990), ("[C4H2]2-", "C4H2-2", 50.016747),
        ("C8D10N4O2", "C8H10N4O2", 204.143143), ("ClNa", "ClNa", 57.958622),
    ],
)  # fmt: skip
def test_formulas_are_written_in_hills_order(written: str, formula: str, mass: float) -> None:
    found, warnings = told(formula=written)
    assert found == {"formula": formula, "mass": pytest.approx(mass, abs=2e-6)}
    assert warnings == []


def test_a_formula_that_cannot_be_read_gives_way_to_the_structures() -> None:
    found, warnings = told(CAFFEINE, formula="C8H10Xx")
    assert found["formula"] == "C8H10N4O2"
    assert warnings == ["the formula 'C8H10Xx' cannot be read: there is no element Xx (character 6)"]
    found, warnings = told(formula="C8H10*")
    assert found == {"formula": "C8H10*"}
    assert len(warnings) == 1


def test_what_the_record_says_stands() -> None:
    fields = {"mass": 194.08, "neutral_mass": 1.0, "ion_mode": "positive", "charge": 1, "formula": "C8H10N4O2",
              "inchikey": KEY, "adduct": "[M+H]+", "precursor": 195.0877, "author": "somebody"}  # fmt: skip
    assert identified(fields, CAFFEINE, INCHI, LIMITS) == (fields, [])
    assert told() == ({}, [])


# ----------------------------------------------------------------------------------------------------------------- ion
def test_what_follows_from_an_adduct() -> None:
    found, warnings = told(adduct="M+2H", precursor=98.0475)
    assert found == {"adduct": "[M+2H]2+", "charge": 2, "ion_mode": "positive", "precursor": 98.0475,
                     "neutral_mass": pytest.approx(194.080447, abs=1e-6)}  # fmt: skip
    assert warnings == []
    found, _ = told(adduct="[M+HCOOH-H]-")
    assert found == {"adduct": "[M+HCOO]-", "charge": -1, "ion_mode": "negative"}


def test_what_follows_from_a_charge_alone() -> None:
    assert told(charge=-2) == ({"charge": -2, "ion_mode": "negative"}, [])
    assert told(charge=0) == ({"charge": 0}, [])


def test_an_adduct_that_cannot_be_read_stays() -> None:
    assert told(adduct=" [M+Foo]+", precursor=100.0) == ({"adduct": "[M+Foo]+", "precursor": 100.0}, [])


def test_the_other_polarity_is_told() -> None:
    found, warnings = told(adduct="[M+H]+", ion_mode="negative")
    assert found["ion_mode"] == "negative"
    assert warnings == ["the adduct [M+H]+ is not that of negative ion mode"]


@pytest.mark.parametrize(
    ("precursor", "adduct", "fits"),
    [(195.0877, "[M+H]+", True), (195.5, "[M+H]+", True), (197.09, "[M+H]+", False), (389.168, "[2M+H]+", True),
     (193.073, "[M-H]-", True), (195.0877, "[M-H]-", False), (98.0475, "[M+2H]2+", True), (239.078, "[M+FA-H]-", True)],
)  # fmt: skip
def test_a_precursor_that_does_not_fit_is_told(precursor: float, adduct: str, fits: bool) -> None:
    _, warnings = told(inchi=INCHI, adduct=adduct, precursor=precursor)
    assert (warnings == []) is fits
    if not fits:
        assert f"the precursor {precursor:.4f} is not the monoisotopic one of C8H10N4O2 as {adduct}" in warnings[0]


def test_a_cation_fits_its_own_precursor() -> None:
    found, warnings = told(inchi=CHOLINE, adduct="[Cat]+", precursor=104.1070)
    assert (found["formula"], found["adduct"], found["charge"]) == ("C5H14NO+", "[M]+", 1)
    assert warnings == []


@pytest.mark.parametrize("precursor", [0.5, 0.0, "195.0877"])
def test_no_neutral_mass_without_a_precursor_that_could_have_one(precursor) -> None:
    found, _ = told(adduct="[M+H]+", precursor=precursor)
    assert "neutral_mass" not in found


MASSBANK = {
    "CH$FORMULA": "formula", "CH$IUPAC": "inchi", "CH$LINK: INCHIKEY": "inchikey",
    "MS$FOCUSED_ION: PRECURSOR_TYPE": "adduct", "MS$FOCUSED_ION: ION_TYPE": "adduct",
    "AC$MASS_SPECTROMETRY: ION_MODE": "ion_mode",
    "MS$FOCUSED_ION: PRECURSOR_M/Z": "precursor",
}  # fmt: skip


def massbank(path: Path) -> Iterator[dict[str, str]]:
    """Yield what each record says of its compound and ion."""
    record: dict[str, str] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            for key, field in MASSBANK.items():
                if line.startswith(key):
                    record[field] = line[len(key) :].strip(": \n")
            if line.startswith("//"):
                yield record
                record = {}


def test_the_records_of_massbank(shared_data: Path) -> None:
    path = shared_data / "spectra" / "massbank.txt.gz"
    if not path.exists():
        pytest.skip("the records of MassBank are not here")
    seen = contradicting = 0
    for record in massbank(path):
        inchi = record.pop("inchi")
        if inchi == "N/A":
            continue
        by_inchi, _ = told(inchi=inchi)
        assert by_inchi["inchikey"] == record.get("inchikey", by_inchi["inchikey"])
        said = record.pop("precursor", "NA").split("/")[-1]
        fields = (
            record | {"ion_mode": record["ion_mode"].lower()} | ({} if said == "NA" else {"precursor": float(said)})
        )
        found, warnings = identified(fields, "", inchi, LIMITS)
        assert found["formula"] == by_inchi["formula"]
        assert parse_adduct(str(found.get("adduct", "[M+H]+"))) is not None
        seen += 1
        contradicting += bool(warnings)
    assert (seen, contradicting) == (14_904, 27)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_nothing_is_fatal(smiles, inchi, formula, key, adduct) -> None:
    fields = {"formula": formula, "inchikey": key, "adduct": adduct, "precursor": 100.0}
    found, warnings = identified(fields, smiles, "InChI=1S/" + inchi, LIMITS)
    assert all(isinstance(warning, str) for warning in warnings)
    assert found["precursor"] == 100.0


def test_a_compound_is_looked_at_once_unless_its_text_is_long() -> None:
    compound._of_smiles.cache_clear()
    first = told("CCCCO")
    assert told("CCCCO") == first
    assert (compound._of_smiles.cache_info().hits, compound._of_smiles.cache_info().misses) == (1, 1)
    told("C" * 4097)
    assert compound._of_smiles.cache_info().misses == 1
