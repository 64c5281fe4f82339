"""Telling chemical files by their bytes, and leaving alone what only looks like them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from rdkit import Chem
from written import WRITERS, flat, mol2, solid

import nlsearch
from nlsearch.handlers.registry import Registry
from nlsearch.ingest.detect import detect

ETHANOL = "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3"
MOL2 = mol2(solid("CCO", "spirit"))
CML = '<molecule xmlns="http://www.xml-cml.org/schema"><atomArray><atom id="a" elementType="O"/></atomArray></molecule>'


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


def written() -> dict[str, str]:
    """Return one file of each format with what tells it."""
    mol = flat("CCO", "spirit")
    block = Chem.MolToMolBlock(mol)
    return {
        "SDF": f"{block}> <X>\n1\n\n$$$$\n",
        "MOL": block,
        "InChI": f"{ETHANOL} spirit\n",
        "SMILES table": "id,smiles\n1,CCO\n",
        "MOL2": MOL2,
        **{form: WRITERS[form](mol) for form in ("CDXML", "MRV", "CML", "PDB")},
    }


@pytest.mark.parametrize("form", list(written()))
@pytest.mark.parametrize("name", ["x", "x.txt", "x.pdb", "x.xml", "x.smi"])
def test_bytes_tell_a_chemical_format_under_any_name(registry: Registry, form: str, name: str) -> None:
    content = written()[form].encode()
    for head in (content, b"\xef\xbb\xbf" + content) if form != "InChI" else (content,):
        found = detect(head, name, registry)
        assert found is not None
        assert (found[0], found[1].name) == ("molecule", form)


@pytest.mark.parametrize(
    ("head", "name", "form"),
    [
        ("# a comment\n\n" + MOL2, "x", "MOL2"),
        (MOL2.replace("\n", "\r\n"), "x", "MOL2"),
        (CML, "x", "CML"),
        (
            '<?xml version="1.0"?><!-- made by hand -->\n<cml:cml xmlns:cml="http://www.xml-cml.org/schema"/>',
            "x",
            "CML",
        ),
        ("<list><molecule><atomArray/></molecule></list>", "x.cml", "CML"),
        ("<MDocument><MChemicalStruct/></MDocument>", "x", "MRV"),
        ("cut", "x.mol2", "MOL2"),
        ("<cut", "x.cdxml", "CDXML"),
        ("HETATM    1  C1  LIG A   1       1.000  -2.000  30.000  1.00  0.00           C  \n", "x.pdb", "PDB"),
        ("ATOM      1  C1  LIG     1       1.000  -2.000  30.000\n", "x.ent", "PDB"),
    ],
)
def test_other_spellings(registry: Registry, head: str, name: str, form: str) -> None:
    found = detect(head.encode(), name, registry)
    assert found is not None
    assert (found[0], found[1].name) == ("molecule", form)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (Chem.MolToPDBBlock(Chem.MolFromSequence("GAV")), "x.pdb"),
        (
            "SEQRES   1 A    3  GLY ALA VAL\nHETATM    1  C1  LIG A   1       1.000  -2.000  30.000\n",
            "x.pdb",
        ),
        ("ATOM      1  P    DA A   1       1.000  -2.000  30.000\n", "x.pdb"),
        ("HEADER    NOTHING YET\nREMARK   1\n", "x.pdb"),
        ("data_1ABC\n_atom_site.group_PDB\nATOM 1 N GLY\nHETATM 2 C LIG\n", "x.cif"),
        ('<?xml version="1.0"?><gpx><list/></gpx>', "x.gpx"),
        ('<list><item name="molecule"/></list>', "x.xml"),
        ('<?xml version="1.0"?><!DOCTYPE html><html><p>@&lt;TRIPOS&gt;</p></html>', "x.html"),
        ("<svg><text>cml atomArray</text></svg>", "x.svg"),
        ("date,temperature\n2020,3\n", "x.csv"),
        ("name;structure\nNotre-Dame;church\n", "x.csv"),
        ("inchikey,mass\n", "x.csv"),
        ("I told him that he smiles, and he smiles at me, too.\n", "x.txt"),
        ("see @<TRIPOS>MOLECULE in the manual\n", "x.txt"),
    ],
)
def test_what_is_left_alone(registry: Registry, head: str, name: str) -> None:
    found = detect(head.encode(), name, registry)
    assert found is None or found[0] != "molecule"


def test_real_files_of_other_kinds_are_left_alone(registry: Registry, shared_data: Path) -> None:
    looked = 0
    for folder in ("structures", "annotated", "spectra", "genomes"):
        for path in sorted((shared_data / folder).iterdir()):
            content = path.read_bytes()
            head = gzip.decompress(content)[:8192] if path.suffix == ".gz" else content[:8192]
            found = detect(head, path.name.removesuffix(".gz"), registry)
            assert found is None or found[0] != "molecule", path
            looked += 1
    assert looked > 30


def test_one_file_of_each_format_packed(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for form, content in written().items():
        (folder / f"{form}.txt.gz").write_bytes(gzip.compress(content.encode()))
    (folder / "list.smi.gz").write_bytes(gzip.compress(b"CCO spirit\n"))
    with nlsearch.Collection.open(tmp_path / "x.nls", create=True) as collection:
        report = collection.index([folder], jobs=1)
        assert report.failures == []
        page = collection.search('smiles:"CCO"')
        assert len(page.hits) == report.items == len(written()) + 1
        assert {hit.tier for hit in page.hits} == {"exact"}
