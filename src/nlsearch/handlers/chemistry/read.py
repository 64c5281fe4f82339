"""Reading chemical files: every record becomes a :class:`Molecule`, a :class:`~.reactions.Reaction` or is refused.

Molecules are read as RDKit reads them by default: sanitised, explicit hydrogens removed where they carry nothing,
stereo perceived from parities, wedges or coordinates.  The way back to the record's own atom order is kept beside.
A refused record is named with its line and the reason.  Files of molecules may hold reactions and the reverse, so both
handlers read with these functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.errors import InputError, LimitExceeded, MalformedContent
from nlsearch.handlers.chemistry.atoms import drawing, hydrogen, record_order
from nlsearch.handlers.chemistry.cml import cml_structure
from nlsearch.handlers.chemistry.complaints import molfile_complaint, smiles_complaint
from nlsearch.handlers.chemistry.exchange import cdxml_structure, mol2_structure, mrv_structure, pdb_structure
from nlsearch.handlers.chemistry.markup import element_records
from nlsearch.handlers.chemistry.payload import Structure
from nlsearch.handlers.chemistry.reactions import (
    SIDES,
    Reaction,
    Side,
    components,
    group_components,
    is_reaction,
    joined,
    split_sides,
)
from nlsearch.handlers.chemistry.records import Record, listed_records, mol2_records, pdb_records, sdf_records
from nlsearch.handlers.chemistry.rxnfiles import is_rxn, rdf_records, rxn_components, rxn_records
from nlsearch.handlers.chemistry.tables import reaction_columns, table_records
from nlsearch.handlers.texts import as_utf8
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

_LISTED_ATOM = re.compile(r"\[[^\]]*\]|Br|Cl|[BCNOPSFIbcnops*]")
_HYDROGEN_ATOM = re.compile(r"\[\d*H(?![a-z])")
_V3000_COUNTS = re.compile(r"M  V30 COUNTS (\d+)")


@dataclass(slots=True)
class Molecule:
    """The content of an item: the structure, its name, what the record says besides, the column of a table it is in."""

    structure: Structure
    title: str
    properties: list[tuple[str, str]]
    column: str = ""


def read_records(source: Source, limits: Limits, kind: str = "molecule") -> Iterator[RawItem | Skipped]:
    """Yield every record of `source`, read by the handler of `kind`; items of another kind say so.

    Raises
    ------
    MalformedContent
        If the file holds no record at all.
    """
    from rdkit import rdBase

    split, parse = _READERS.get(source.format, (listed_records, _listed))
    empty = True
    with source.open() as stream:
        for record in split(as_utf8(stream), limits):
            empty = False
            with rdBase.BlockLogs():
                outcome = _read(record, parse, limits, kind)
            yield outcome
    if empty:
        raise MalformedContent("the file holds no record", locator=source.path)


def first_record(source: Source, limits: Limits, kind: str) -> tuple[int, Any]:
    """Return number and content of the first record that can be read as `kind`; those behind it are not looked at.

    Raises
    ------
    MalformedContent
        If there is none, with the reason of the last record.
    """
    reason = "no record"
    for outcome in read_records(source, limits, kind):
        if isinstance(outcome, RawItem) and outcome.kind is None:
            return outcome.number, outcome.content
        reason = f"record {outcome.number} is a {outcome.kind}" if isinstance(outcome, RawItem) else outcome.reason
    raise MalformedContent(f"no {kind} can be read from it: {reason}", locator=source.path)


Parser = Callable[[Record, Limits], Structure | Reaction]


def _read(record: Record, parse: Parser, limits: Limits, kind: str) -> RawItem | Skipped:
    try:
        if record.refusal:
            raise LimitExceeded(f"line {record.line}: {record.refusal}")
        if record.unreadable:
            raise MalformedContent(f"line {record.line}: {record.unreadable}")
        content = parse(record, limits)
        if content.record_atoms == 0 or (isinstance(content, Structure) and content.mol.GetNumAtoms() == 0):
            raise MalformedContent(f"line {record.line}: the record has no atoms")
        limits.check("molecule_atoms", content.record_atoms)
    except InputError as error:
        return Skipped(record.number, error.message, error.code, record.record_id)
    if isinstance(content, Structure):
        found, structures = "molecule", [content]
        item: Molecule | Reaction = Molecule(content, record.title, record.properties, record.column)
    else:
        found, structures = "reaction", [side.structure for side in content.sides.values() if side.structure]
        item = replace(content, title=record.title, properties=record.properties)
    warnings = [record.remark] if record.remark else []
    warnings += [remark for structure in structures for remark in structure.remarks]
    if any(structure.mol.HasQuery() for structure in structures):
        warnings.append("the record holds query features; it is indexed as written")
    other = None if found == kind else found
    return RawItem(item, record.number, record.title, record.record_id, other, warnings)


# ----------------------------------------------------------------------------------------------------- SMILES and InChI
def _listed(record: Record, limits: Limits) -> Structure | Reaction:
    text = record.lines[0]
    if not text:
        raise MalformedContent(f"line {record.line}: an empty SMILES")
    try:
        return reaction_smiles(text, limits) if is_reaction(text) else smiles_structure(text, limits)
    except MalformedContent as error:
        raise MalformedContent(f"line {record.line}: {error.message}") from error


def _listed_reaction(record: Record, limits: Limits) -> Structure | Reaction:
    if record.lines[0] and not is_reaction(record.lines[0]):
        raise MalformedContent(f"line {record.line}: no reaction: it has no '>'")
    return _listed(record, limits)


def reaction_smiles(text: str, limits: Limits) -> Reaction:
    """Read a reaction SMILES ``reactants>agents>products``; of a CXSMILES extension the grouping ``f:`` is understood.

    Raises
    ------
    MalformedContent
        With the side and RDKit's reason.
    LimitExceeded
        If it has more atoms than `limits` let in; found before it is parsed.
    """
    text, _, extension = text.partition(" ")
    if len(text) > limits.molecule_atoms:
        limits.check("molecule_atoms", len(_LISTED_ATOM.findall(text)))
    sides: dict[str, Side] = {}
    first = 0
    for name, part in split_sides(text).items():
        sides[name] = Side(first=first)
        if not part:
            continue
        try:
            structure = smiles_structure(part, limits)
        except MalformedContent as error:
            raise MalformedContent(f"{name}: {error.message}") from error
        sides[name] = Side(structure, components(structure.mol), first)
        first += structure.record_atoms
    group_components(sides, extension.strip("|"))
    return Reaction(sides)


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
    if _HYDROGEN_ATOM.search(text) is None:
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


def _rdf_content(record: Record, limits: Limits) -> Structure | Reaction:
    if is_rxn(record):
        return rxn_reaction(record, limits)
    if not record.lines or record.lines[0].startswith("$"):
        raise MalformedContent(f"line {record.line}: a record without a structure")
    return molfile_structure(record, limits)


def rxn_reaction(record: Record, limits: Limits) -> Reaction:
    """Read a reaction from the lines of an RXN file (V2000 or V3000).

    Raises
    ------
    MalformedContent
        With the line in the file and the reason.
    LimitExceeded
        If it has more atoms than `limits` let in; found before its molecules are parsed.
    """
    if not is_rxn(record):
        raise MalformedContent(f"line {record.line}: the record does not begin with $RXN")
    blocks = rxn_components(record)
    limits.check("molecule_atoms", sum(_announced_atoms(block) for _, block in blocks))
    parts: dict[str, list[Structure]] = {name: [] for name in SIDES}
    firsts: dict[str, int] = {}
    atoms, last = 0, ""
    for name, block in blocks:
        structure = _component(block, limits)
        if structure.record_atoms == 0:
            raise MalformedContent(f"line {block.line}: a molecule without atoms")
        if firsts.setdefault(name, atoms) != atoms and name != last:
            raise MalformedContent(f"line {block.line}: the {name} are in two places")
        last = name
        parts[name].append(structure)
        atoms += structure.record_atoms
    sides = {name: Side(joined(held), [part.mol for part in held], firsts.get(name, 0)) for name, held in parts.items()}
    return Reaction(sides)


def _announced_atoms(block: Record) -> int:
    """Return how many atoms a molfile says that it has, 0 if it does not say."""
    announced = _V3000_COUNTS.search("\n".join(block.lines[:16]))
    text = announced.group(1) if announced else "".join(block.lines[3:4])[:3].strip()
    return int(text) if text.isdecimal() else 0


def _component(block: Record, limits: Limits) -> Structure:
    """Read one molfile of a reaction; a table of V3000, which has lost its heading, is named by its first line."""
    try:
        return molfile_structure(block, limits)
    except MalformedContent as error:
        if "V3000" not in "".join(block.lines[3:4]):
            raise
        reason = re.sub(r"^line \d+: ", "", error.message)
        raise MalformedContent(f"line {block.line}: {reason}") from error


def _cell_structure(record: Record, limits: Limits) -> Structure | Reaction:
    """Read a cell of a table: an InChI says that it is one, whatever the heading says."""
    return (_inchi_structure if record.lines[0].startswith("InChI=") else _listed)(record, limits)


_READERS: dict[str, tuple[Callable[..., Iterator[Record]], Parser]] = {
    "SDF": (sdf_records, molfile_structure),
    "MOL": (sdf_records, molfile_structure),
    "SMILES table": (table_records, _cell_structure),
    "SMILES": (listed_records, _listed),
    "InChI": (listed_records, _inchi_structure),
    "RXN": (rxn_records, rxn_reaction),
    "RDF": (rdf_records, _rdf_content),
    "reaction table": (partial(table_records, columns=reaction_columns), _listed_reaction),
    "reaction SMILES": (listed_records, _listed_reaction),
    "MOL2": (mol2_records, mol2_structure),
    "PDB": (pdb_records, pdb_structure),
    "CDXML": (partial(element_records, names=frozenset({"fragment", "step"})), cdxml_structure),
    "MRV": (partial(element_records, names=frozenset({"molecule", "reaction"})), mrv_structure),
    "CML": (partial(element_records, names=frozenset({"molecule", "reaction"})), cml_structure),
}
