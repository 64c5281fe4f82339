"""Reading the formats that programs exchange molecules in beside the CTfile: MOL2, PDB of ligands, CDXML, MRV, CML.

RDKit reads all but CML (:mod:`~.cml`).  Its readers are asked twice: for the molecule, and for the record with all its
hydrogens, which tells the record's atom order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry.atoms import drawing, record_order
from nlsearch.handlers.chemistry.complaints import sanitize_complaint
from nlsearch.handlers.chemistry.payload import Structure
from nlsearch.handlers.chemistry.records import Record
from nlsearch.limits import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

Reader = Callable[[bool], "Mol | None"]
"""Reads a record: True as RDKit does by default, False without sanitising and with all hydrogens."""

POLYMER = frozenset(
    [
        "ALA",
        "ARG",
        "ASN",
        "ASP",
        "CYS",
        "GLN",
        "GLU",
        "GLY",
        "HIS",
        "ILE",
        "LEU",
        "LYS",
        "MET",
        "PHE",
        "PRO",
        "SER",
        "THR",
        "TRP",
        "TYR",
        "VAL",
        "ASX",
        "GLX",
        "SEC",
        "PYL",
        "MSE",
        "UNK",
        "A",
        "C",
        "G",
        "I",
        "T",
        "U",
        "N",
        "DA",
        "DC",
        "DG",
        "DI",
        "DT",
        "DU",
        "DN",
    ]
)
"""Residues of proteins and nucleic acids, as ``ATOM`` lines name them."""


def _structure(record: Record, read: Reader) -> Structure:
    """Return the molecule of `record`, or raise with what RDKit has against it."""
    try:
        mol = read(True)
        whole = read(False)
    except RuntimeError as exc:  # RDKit's preconditions, such as an unknown element
        raise MalformedContent(f"line {record.line}: RDKit cannot read the record: {_first_line(exc)}") from exc
    if whole is None:
        raise MalformedContent(f"line {record.line}: RDKit cannot read the record")
    if mol is None:
        reason = sanitize_complaint(whole) or "RDKit refuses the record"
        raise MalformedContent(f"line {record.line}: {reason}")
    coordinates = drawing(mol)
    mol.RemoveAllConformers()
    return Structure(mol, whole.GetNumAtoms(), record_order(mol, whole), coordinates)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join(lines[:2])


def _renumbered(structure: Structure, places: list[int], atoms: int) -> Structure:
    """Return `structure` with atoms counted as in a record of `atoms`, in which RDKit saw those at `places` only."""
    if len(places) != structure.record_atoms:
        raise MalformedContent(f"{len(places)} atoms, of which RDKit reads {structure.record_atoms}")
    seen = np.arange(len(places), dtype=np.uint32) if structure.order is None else structure.order
    order: NDArray[np.uint32] = np.array(places, dtype=np.uint32)[seen]
    same = len(order) == atoms and bool((order == np.arange(atoms)).all())
    return Structure(structure.mol, atoms, None if same else order, structure.coordinates)


# ---------------------------------------------------------------------------------------------------------------- MOL2
def mol2_structure(record: Record, limits: Limits) -> Structure:
    """Read a record of a Tripos MOL2; lone pairs count as atoms of the record and are no atoms of the molecule.

    Raises
    ------
    MalformedContent
        With the line of the record and the reason.
    LimitExceeded
        If it has more atoms than `limits` let in; found before it is parsed.
    """
    from rdkit import Chem

    types = _mol2_types(record.lines)
    limits.check("molecule_atoms", len(types))
    if not types:
        raise MalformedContent(f"line {record.line}: the record has no atoms")
    announced = re.match(r"\s*(\d+)", record.lines[2]) if len(record.lines) > 2 else None
    if announced is None or int(announced.group(1)) != len(types):
        said = announced.group(1) if announced else "no number of"
        raise MalformedContent(f"line {record.line + 2}: {said} atoms are announced, {len(types)} are there")
    block = "\n".join([*record.lines, ""])
    structure = _structure(record, lambda plain: Chem.MolFromMol2Block(block, sanitize=plain, removeHs=plain))
    places = [i for i, kind in enumerate(types) if not kind.upper().startswith("LP")]
    return _renumbered(structure, places, len(types))


def _mol2_types(lines: list[str]) -> list[str]:
    """Return the atom types (``C.ar``) of the atom lines, in their order."""
    types: list[str] = []
    inside = False
    for line in lines:
        if line.startswith("@"):
            inside = line.startswith("@<TRIPOS>ATOM")
        elif inside and line.strip():
            types.append([*line.split(), "", "", "", "", "", ""][5])
    return types


# ----------------------------------------------------------------------------------------------------- PDB of a ligand
def pdb_structure(record: Record, limits: Limits) -> Structure:
    """Read a model of a PDB file that holds no polymer.

    Bond orders come from bonds that ``CONECT`` lines repeat, as RDKit and Open Babel write them; bonds that none names
    come from distances.

    Raises
    ------
    MalformedContent
        With the line of the first atom and the reason; for residues of proteins and nucleic acids too.
    LimitExceeded
        If it has more atoms than `limits` let in; found before it is parsed.
    """
    from rdkit import Chem

    atoms = [line for line in record.lines if line.startswith(("HETATM", "ATOM  "))]
    polymer = next((line[17:20].strip() for line in atoms if line.startswith("ATOM") and is_polymer(line)), "")
    if polymer:
        raise MalformedContent(
            f"line {record.line}: it holds a polymer ({polymer}); only PDB files of ligands are read"
        )
    limits.check("molecule_atoms", len(atoms))
    block = "\n".join([*record.lines, "END", ""])
    structure = _structure(record, lambda plain: Chem.MolFromPDBBlock(block, sanitize=plain, removeHs=plain))
    whole = Chem.MolFromPDBBlock(block, sanitize=False, removeHs=False)
    serials = {line[6:11].strip(): place for place, line in reversed(list(enumerate(atoms)))}
    names = [str(atom.GetPDBResidueInfo().GetSerialNumber()) for atom in whole.GetAtoms()]
    known = len(serials) == len(atoms) and all(name in serials for name in names)
    places = [serials[name] for name in names] if known else list(range(len(atoms)))
    structure = _renumbered(structure, places, len(atoms))
    if structure.mol.GetNumBonds() and not _repeats_bonds(record.lines):
        structure.remarks = ("the PDB gives no bond orders; all bonds are read as single",)
    return structure


def is_polymer(line: str) -> bool:
    """Say whether the residue of an atom line of a PDB is one of a protein or nucleic acid."""
    return line[17:20].strip() in POLYMER


def _repeats_bonds(lines: list[str]) -> bool:
    for line in lines:
        if line.startswith("CONECT"):
            partners = [line[i : i + 5].strip() for i in range(11, 31, 5)]
            partners = [partner for partner in partners if partner]
            if len(set(partners)) < len(partners):
                return True
    return False


# ----------------------------------------------------------------------------------------------------------- CDXML, MRV
def cdxml_structure(record: Record, limits: Limits) -> Structure:
    """Read a fragment of a ChemDraw XML page; nicknames that it spells out (``Ph``) are expanded.

    Raises
    ------
    MalformedContent
        With the line of the fragment and the reason.
    LimitExceeded
        If it has more atoms than `limits` let in; found before RDKit parses it.
    """
    from rdkit import Chem

    fragment = record.lines[0]
    limits.check("molecule_atoms", len(re.findall(r"<n[ />]", fragment)))
    if "<n" not in fragment:
        raise MalformedContent(f"line {record.line}: the record has no atoms")
    page = f'<?xml version="1.0" encoding="UTF-8"?><CDXML><page id="0">{fragment}</page></CDXML>'
    return _structure(record, lambda plain: next(iter(Chem.MolsFromCDXML(page, plain, plain)), None))


def mrv_structure(record: Record, limits: Limits) -> Structure:
    """Read a molecule of a Marvin document.

    Raises
    ------
    MalformedContent
        With the line of the molecule and the reason.
    LimitExceeded
        If it has more atoms than `limits` let in; found before RDKit parses it.
    """
    from rdkit import Chem

    molecule = record.lines[0]
    listed = max((len(ids.split()) for ids in re.findall(r'atomID="([^"]*)"', molecule)), default=0)
    limits.check("molecule_atoms", max(listed, molecule.count("<atom ")))
    text = f"<cml><MDocument><MChemicalStruct>{molecule}</MChemicalStruct></MDocument></cml>"
    return _structure(record, lambda plain: Chem.MolFromMrvBlock(text, sanitize=plain, removeHs=plain))
