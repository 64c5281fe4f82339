"""Reading the formats that programs exchange molecules in beside the CTfile: MOL2, PDB of ligands, CDXML, MRV, CML.

RDKit reads all but CML (:mod:`~.cml`).  Its readers are asked twice: for the molecule, and for the record with all its
hydrogens, which tells the record's atom order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import numpy as np

from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry.atoms import drawing, record_order
from nlsearch.handlers.chemistry.complaints import reason_of, sanitize_complaint
from nlsearch.handlers.chemistry.payload import Structure
from nlsearch.handlers.chemistry.records import POLYMER, Record
from nlsearch.limits import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

Reader = Callable[[bool], "Mol | None"]
"""Reads a record: True as RDKit does by default, False without sanitising and with all hydrogens."""

_COORDINATES_END = 54
"""Columns of an atom line of a PDB up to its z."""


def _structure(record: Record, read: Reader) -> Structure:
    """Return the molecule of `record`, or raise with what RDKit has against it."""
    try:
        mol = read(True)
        whole = read(False)
    except (RuntimeError, ValueError) as exc:  # RDKit's preconditions, such as an unknown element
        raise MalformedContent(f"line {record.line}: RDKit cannot read the record: {reason_of(exc)}") from exc
    if whole is None:
        raise MalformedContent(f"line {record.line}: RDKit cannot read the record")
    if mol is None:
        reason = sanitize_complaint(whole) or "RDKit refuses the record"
        raise MalformedContent(f"line {record.line}: {reason}")
    coordinates = drawing(mol)
    mol.RemoveAllConformers()
    return Structure(mol, whole.GetNumAtoms(), record_order(mol, whole), coordinates)


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

    types = [[*line.split(), "", "", "", "", "", ""][5] for line in _mol2_section(record.lines, "ATOM")]
    limits.check("molecule_atoms", len(types))
    announced = re.match(r"\s*(\d+)(?:\s+(\d+))?", record.lines[2]) if len(record.lines) > 2 else None
    if announced is None:
        raise MalformedContent(f"line {record.line}: the record says no number of atoms")
    for section, said in zip(("ATOM", "BOND"), announced.groups("0"), strict=True):
        there = len(_mol2_section(record.lines, section))
        if int(said) != there:
            raise MalformedContent(
                f"line {record.line}: {said} {section.lower()}s are announced in the record, {there} are there"
            )
    _check_mol2_bonds(record)
    block = "\n".join([*record.lines, ""])
    structure = _structure(record, lambda plain: Chem.MolFromMol2Block(block, sanitize=plain, removeHs=plain))
    places = [i for i, kind in enumerate(types) if not kind.upper().startswith("LP")]
    structure = _renumbered(structure, places, len(types))
    if any(atom.GetNumRadicalElectrons() for atom in structure.mol.GetAtoms()):
        structure.remarks = ("atoms of a MOL2 have the hydrogens that it gives and no others; some lack theirs",)
    return structure


def _check_mol2_bonds(record: Record) -> None:
    """Refuse bonds to atoms that are not there, which RDKit leaves out."""
    names = {line.split(None, 1)[0] for line in _mol2_section(record.lines, "ATOM")}
    for line in _mol2_section(record.lines, "BOND"):
        ends = line.split()[1:3]
        if len(ends) != 2 or not names.issuperset(ends):
            raise MalformedContent(f"line {record.line}: a bond between atoms {' and '.join(ends)} of {len(names)}")


def _mol2_section(lines: list[str], name: str) -> list[str]:
    """Return the lines of a section that are not blank."""
    found: list[str] = []
    inside = False
    for line in lines:
        if line.startswith("@"):
            inside = line.rstrip() == f"@<TRIPOS>{name}"
        elif inside and line.strip():
            found.append(line)
    return found


# ----------------------------------------------------------------------------------------------------- PDB of a ligand
def pdb_structure(record: Record, limits: Limits) -> Structure:
    """Read a model of a PDB file that holds no polymer.

    Bonds are those of the ``CONECT`` lines, of the order in which they are repeated, as RDKit and Open Babel write
    them; a record without such lines gets its bonds from distances.

    Raises
    ------
    MalformedContent
        With the line of the first atom and the reason; for residues of proteins and nucleic acids too.
    LimitExceeded
        If it has more atoms than `limits` let in; found before it is parsed.
    """
    from rdkit import Chem

    atoms = [line for line in record.lines if line.startswith(("HETATM", "ATOM  "))]
    polymer = next((line[17:20] for line in atoms if line[:4] == "ATOM" and re.fullmatch(POLYMER, line[17:20])), "")
    if polymer:
        raise MalformedContent(f"line {record.line}: a polymer ({polymer.strip()}); only PDB of ligands are read")
    limits.check("molecule_atoms", len(atoms))
    short = next((line for line in atoms if len(line) < _COORDINATES_END), "")
    if short:  # RDKit leaves such atoms out
        raise MalformedContent(f"line {record.line}: the record has an atom cut short: {short!r}")
    block = "\n".join([*record.lines, "END", ""])
    distances = not any(line.startswith("CONECT") for line in record.lines)

    def read(plain: bool) -> Mol | None:
        mol = Chem.MolFromPDBBlock(block, sanitize=plain, removeHs=plain, proximityBonding=distances)
        if plain and mol is not None and mol.GetNumConformers():
            Chem.AssignStereochemistryFrom3D(mol)  # RDKit leaves double bonds as they are
        return mol

    structure = _structure(record, read)
    whole = Chem.MolFromPDBBlock(block, sanitize=False, removeHs=False, proximityBonding=False)
    serials = {line[6:11].strip(): place for place, line in reversed(list(enumerate(atoms)))}
    names = [str(atom.GetPDBResidueInfo().GetSerialNumber()) for atom in whole.GetAtoms()]
    known = len(serials) == len(atoms) and all(name in serials for name in names)
    places = [serials[name] for name in names] if known else list(range(len(atoms)))
    structure = _renumbered(structure, places, len(atoms))
    if structure.mol.GetNumBonds() and not _repeats_bonds(record.lines):
        source = "distances" if distances else "the PDB, which gives no orders"
        structure.remarks = (f"bonds come from {source}; all are read as single",)
    return structure


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
    if any(len(bond.get("atomRefs2", "").split()) != 2 for bond in fromstring(molecule).iter("bond")):  # noqa: S314
        raise MalformedContent(f"line {record.line}: a bond that does not name two atoms")  # RDKit would crash
    listed = max((len(ids.split()) for ids in re.findall(r'atomID="([^"]*)"', molecule)), default=0)
    limits.check("molecule_atoms", max(listed, molecule.count("<atom ")))
    text = f"<cml><MDocument><MChemicalStruct>{molecule}</MChemicalStruct></MDocument></cml>"
    return _structure(record, lambda plain: Chem.MolFromMrvBlock(text, sanitize=plain, removeHs=plain))
