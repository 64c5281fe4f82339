"""Reading chemical files: every record becomes a :class:`~.payload.Structure` or is refused with line and reason.

Molecules are read as RDKit reads them by default: sanitised, explicit hydrogens removed where they carry nothing,
stereo perceived from parities, wedges or coordinates.  The way back to the record's own atom order is kept beside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import InputError, LimitExceeded, MalformedContent
from nlsearch.handlers.chemistry.atoms import drawing, hydrogen, record_order
from nlsearch.handlers.chemistry.cml import cml_structure
from nlsearch.handlers.chemistry.complaints import molfile_complaint, smiles_complaint
from nlsearch.handlers.chemistry.exchange import cdxml_structure, mol2_structure, mrv_structure, pdb_structure
from nlsearch.handlers.chemistry.markup import element_records
from nlsearch.handlers.chemistry.payload import Structure
from nlsearch.handlers.chemistry.records import Record, listed_records, mol2_records, pdb_records, sdf_records
from nlsearch.handlers.chemistry.tables import table_records
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

_LISTED_ATOM = re.compile(r"\[[^\]]*\]|Br|Cl|[BCNOPSFIbcnops*]")
_V3000_COUNTS = re.compile(r"M  V30 COUNTS (\d+)")


@dataclass(slots=True)
class Molecule:
    """The content of an item: the structure, its name, what the record says besides, the column of a table it is in."""

    structure: Structure
    title: str
    properties: list[tuple[str, str]]
    column: str = ""


def read_records(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield every record of `source`.

    Raises
    ------
    MalformedContent
        If the file holds no record at all.
    """
    from rdkit import rdBase

    split, parse = _READERS.get(source.format, (listed_records, _listed_structure))
    empty = True
    with source.open() as stream:
        for record in split(as_utf8(stream), limits):
            empty = False
            with rdBase.BlockLogs():
                outcome = _read(record, parse, limits)
            yield outcome
    if empty:
        raise MalformedContent("the file holds no record", locator=source.path)


Parser = Callable[[Record, Limits], Structure]


def _read(record: Record, parse: Parser, limits: Limits) -> RawItem | Skipped:
    try:
        if record.refusal:
            raise LimitExceeded(f"line {record.line}: {record.refusal}")
        if record.unreadable:
            raise MalformedContent(f"line {record.line}: {record.unreadable}")
        structure = parse(record, limits)
        if structure.mol.GetNumAtoms() == 0:
            raise MalformedContent(f"line {record.line}: the record has no atoms")
        limits.check("molecule_atoms", structure.record_atoms)
    except InputError as error:
        return Skipped(record.number, error.message, error.code, record.record_id)
    warnings = list(structure.remarks)
    if structure.mol.HasQuery():
        warnings.append("the record holds query features; it is indexed as written")
    content = Molecule(structure, record.title, record.properties, record.column)
    return RawItem(content, record.number, record.title, record.record_id, warnings=warnings)


# ----------------------------------------------------------------------------------------------------- SMILES and InChI
def _listed_structure(record: Record, limits: Limits) -> Structure:
    text = record.lines[0]
    if not text:
        raise MalformedContent(f"line {record.line}: an empty SMILES")
    if is_reaction(text):
        raise MalformedContent(f"line {record.line}: a reaction, not a molecule")
    try:
        return smiles_structure(text, limits)
    except MalformedContent as error:
        raise MalformedContent(f"line {record.line}: {error.message}") from error


def is_reaction(text: str) -> bool:
    """Say whether a SMILES or SMARTS has a reaction arrow (a dative bond ``->`` is none)."""
    return ">" in text.split(" ", maxsplit=1)[0].replace("->", "")


def smiles_structure(text: str, limits: Limits) -> Structure:
    """Read a SMILES or CXSMILES.

    Raises
    ------
    MalformedContent
        With RDKit's reason.
    LimitExceeded
        If it has more atoms than `limits` let in; found before it is parsed.
    """
    from rdkit import Chem

    if "\0" in text:  # RDKit would read what is before it
        raise MalformedContent(f"a NUL at character {text.index(chr(0)) + 1}")
    if len(text) > limits.molecule_atoms:
        limits.check("molecule_atoms", len(_LISTED_ATOM.findall(text.split(" ", maxsplit=1)[0])))
    mol = Chem.MolFromSmiles(text)
    if mol is None:
        raise MalformedContent(smiles_complaint(text))
    if "H" not in text:
        return Structure(mol, mol.GetNumAtoms())
    whole = Chem.MolFromSmiles(text, sanitize=False)
    return Structure(mol, whole.GetNumAtoms(), record_order(mol, whole))


def _inchi_structure(record: Record, limits: Limits) -> Structure:
    from rdkit.Chem import rdinchi

    limits.check("molecule_atoms", len(record.lines[0]) // 25)
    text = record.lines[0]
    mol = None if "\0" in text else rdinchi.InchiToMol(text, True, True)[0]
    if mol is None:
        raise MalformedContent(f"line {record.line}: not an InChI that RDKit can read")
    return Structure(mol, mol.GetNumAtoms())


# ------------------------------------------------------------------------------------------------------------ molfiles
def molfile_structure(record: Record, limits: Limits) -> Structure:
    """Read a molfile (V2000 or V3000).

    Raises
    ------
    MalformedContent
        With the line in the file and RDKit's reason.
    LimitExceeded
        If it has more atoms than `limits` let in; found before it is parsed.
    """
    from rdkit import Chem

    text = "\n".join(record.lines)
    block = _encoded(text)
    announced = _V3000_COUNTS.search(text)
    if announced:
        limits.check("molecule_atoms", int(announced.group(1)))
    mol = Chem.MolFromMolBlock(block)
    if mol is None:
        raise MalformedContent(molfile_complaint(record.lines, record.line))
    coordinates = drawing(mol)
    mol.RemoveAllConformers()
    symbols = [] if announced else [line[31:34].strip() for line in record.lines[4 : 4 + int(record.lines[3][:3])]]
    heavy = [i for i, symbol in enumerate(symbols) if symbol != "H"]
    if symbols and len(heavy) == mol.GetNumAtoms() and not mol.HasSubstructMatch(hydrogen()):
        order = np.array(heavy, dtype=np.uint32) if len(heavy) < len(symbols) else None
        return Structure(mol, len(symbols), order, coordinates)
    whole = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
    return Structure(mol, whole.GetNumAtoms(), record_order(mol, whole), coordinates)


def _encoded(block: str) -> bytes:
    """Return the bytes of a molfile: those of its file, or of a query in UTF-8."""
    try:
        return block.encode("latin-1")
    except UnicodeEncodeError:
        return block.encode()


def _cell_structure(record: Record, limits: Limits) -> Structure:
    """Read a cell of a table: an InChI says that it is one, whatever the heading says."""
    return (_inchi_structure if record.lines[0].startswith("InChI=") else _listed_structure)(record, limits)


_READERS: dict[str, tuple[Callable[..., Iterator[Record]], Parser]] = {
    "SDF": (sdf_records, molfile_structure),
    "MOL": (sdf_records, molfile_structure),
    "SMILES table": (table_records, _cell_structure),
    "SMILES": (listed_records, _listed_structure),
    "InChI": (listed_records, _inchi_structure),
    "MOL2": (mol2_records, mol2_structure),
    "PDB": (pdb_records, pdb_structure),
    "CDXML": (partial(element_records, names=frozenset({"fragment", "step"})), cdxml_structure),
    "MRV": (partial(element_records, names=frozenset({"molecule", "reaction"})), mrv_structure),
    "CML": (partial(element_records, names=frozenset({"molecule", "reaction"})), cml_structure),
}
