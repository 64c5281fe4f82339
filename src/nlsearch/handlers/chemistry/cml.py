"""Reading Chemical Markup Language: one ``molecule`` element to an RDKit molecule.

Atoms and bonds are read as elements or as arrays in attributes, in the manner of CML 1 (``builtin``) too.  What is
given is used: elements, charges, isotopes, spin multiplicities, hydrogen counts, coordinates, bond orders, wedges,
parities, cis and trans.  Stereo comes from coordinates and wedges first, then from parities: a parity is the sign of
the determinant of the four atoms' coordinates, so that +1 is clockwise when seen from the first.  A record of several
atoms in three dimensions without any bond is refused: bonds are not guessed.

References
----------
P. Murray-Rust, H. S. Rzepa, J. Chem. Inf. Comput. Sci. 1999, 39, 928; CML Schema 2.4 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, fromstring

import numpy as np

from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry.atoms import drawing
from nlsearch.handlers.chemistry.complaints import reason_of
from nlsearch.handlers.chemistry.payload import Structure
from nlsearch.handlers.chemistry.records import Record
from nlsearch.limits import Limits

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Mol, RWMol

Values = Mapping[str, str]
_ORDERS = {"1": 1, "S": 1, "2": 2, "D": 2, "3": 3, "T": 3, "A": 4, "1.5": 4}
_AROMATIC = 4
_DUMMIES = frozenset({"*", "R", "Du", "Xx", "Dummy", "X"})
_ISOTOPES = {"D": 2, "T": 3}
_SINGULAR = {"atomID": "id", "bondID": "id", "atomRefs": "atomRefs2"}
_SPINS = {1: 0, 2: 1, 3: 2}
"""Unpaired electrons of a spin multiplicity."""


def cml_structure(record: Record, limits: Limits) -> Structure:
    """Read a CML molecule.

    Raises
    ------
    MalformedContent
        With the line of the molecule and the reason.
    LimitExceeded
        If it has more atoms than `limits` let in.
    """
    from rdkit import Chem

    element = fromstring(record.lines[0])  # noqa: S314 - written by markup.py, which lets no entity in
    atoms = list(_values(element, "atom"))
    limits.check("molecule_atoms", len(atoms))
    bonds = list(_values(element, "bond"))
    try:
        mol, unsaid = _built(atoms, bonds)
        Chem.SanitizeMol(mol)
        _perceive_stereo(mol, atoms, bonds)
        mol = Chem.RemoveHs(mol, sanitize=False)  # which would forget cis and trans
        Chem.SanitizeMol(mol)
    except MalformedContent as exc:
        raise MalformedContent(f"line {record.line}: {exc.message}") from exc
    except (ValueError, RuntimeError) as exc:
        raise MalformedContent(f"line {record.line}: {reason_of(exc)}") from exc
    Chem.AssignStereochemistry(mol, force=True)
    kept = [atom.GetIntProp("_record") for atom in mol.GetAtoms()]
    coordinates = drawing(mol)
    mol.RemoveAllConformers()
    order = None if len(kept) == len(atoms) else np.array(kept, dtype=np.uint32)
    remarks = ("bonds without an order are read as single",) if unsaid else ()
    return Structure(mol, len(atoms), order, coordinates, remarks)


# -------------------------------------------------------------------------------------------------------------- values
def _values(element: Element, name: str) -> Iterator[dict[str, str]]:
    """Yield what is said of each atom (or bond), by the names of CML 2, whichever way it is written."""
    for node in element.iter():
        if node.tag == name:
            yield _single(node)
        elif node.tag == f"{name}Array" and node.find(name) is None:
            yield from _listed(node)


def _single(node: Element) -> dict[str, str]:
    values = {_SINGULAR.get(key, key): value for key, value in node.attrib.items()}
    refs: list[str] = []
    for child in node:
        text = (child.text or "").strip()
        builtin = child.get("builtin", "")
        if builtin.startswith("atomRef"):
            refs.append(text)
        elif builtin:
            values[_SINGULAR.get(builtin, builtin)] = text
        elif child.tag in {"atomParity", "bondStereo"}:
            values[child.tag] = text or child.get("dictRef", "").rpartition(":")[2]
            values[f"{child.tag}Refs"] = child.get("atomRefs4", "")
    if refs:
        values["atomRefs2"] = " ".join(refs)
    return values


def _listed(node: Element) -> Iterator[dict[str, str]]:
    arrays = {key: value.split() for key, value in node.attrib.items() if key not in {"id", "title", "convention"}}
    for child in node:
        builtin = child.get("builtin", "")
        if builtin:
            if builtin == "atomRef":
                builtin = "atomRef2" if "atomRef1" in arrays else "atomRef1"
            arrays[builtin] = (child.text or "").split()
    for i in range(max(map(len, arrays.values()), default=0)):
        yield {_SINGULAR.get(key, key): items[i] for key, items in arrays.items() if i < len(items)}


def _whole(values: Values, key: str, default: int, most: int) -> int:
    """Return a whole number, at most `most` in size."""
    text = values.get(key, "")
    try:
        number = float(text) if text else float(default)
    except ValueError:
        number = float("nan")
    if not (number.is_integer() and abs(number) <= most):
        raise MalformedContent(f"{key} of {values.get('id', '?')[:40]} is {text[:40]!r}")
    return int(number)


def _places(atoms: list[dict[str, str]], keys: tuple[str, ...]) -> list[list[float]] | None:
    """Return the coordinates under `keys`; None unless all atoms have them."""
    try:
        places = [[float(values[key]) for key in keys] for values in atoms]
    except (KeyError, ValueError):
        return None
    return places if np.isfinite(places).all() else None


# ----------------------------------------------------------------------------------------------------- atoms and bonds
def _built(atoms: list[dict[str, str]], bonds: list[dict[str, str]]) -> tuple[RWMol, int]:
    """Return the molecule as it is written, not sanitised, and the number of bonds whose order is not said."""
    from rdkit import Chem

    mol = Chem.RWMol()
    index: dict[str, int] = {}
    for place, values in enumerate(atoms):
        name = values.get("id", f"#{place}")
        if name in index:
            raise MalformedContent(f"two atoms with the id {name[:40]}")
        index[name] = place
        mol.AddAtom(_atom(values, place))
    unsaid = sum(_add_bond(mol, values, index) for values in bonds)
    _set_wedges(mol, bonds, index)
    if not bonds and len(atoms) > 1 and any("x3" in values or "xFract" in values for values in atoms):
        raise MalformedContent(f"{len(atoms)} atoms and no bonds; coordinates alone are not read")
    for atom, values in zip(mol.GetAtoms(), atoms, strict=True):
        if "hydrogenCount" in values:
            explicit = sum(other.GetAtomicNum() == 1 for other in atom.GetNeighbors())
            atom.SetNumExplicitHs(max(0, _whole(values, "hydrogenCount", 0, 20) - explicit))
            atom.SetNoImplicit(True)
    flat, solid = _places(atoms, ("x2", "y2")), _places(atoms, ("x3", "y3", "z3"))
    if atoms and (solid or flat):
        conformer = Chem.Conformer(len(atoms))
        conformer.Set3D(solid is not None)
        conformer.SetPositions(np.array(solid or [[x, y, 0.0] for x, y in flat or ()]))
        mol.AddConformer(conformer)
    return mol, unsaid


def _atom(values: Values, place: int) -> Atom:
    from rdkit import Chem

    symbol = values.get("elementType", "")
    if symbol in _DUMMIES:
        atom = Chem.Atom(0)
    elif symbol in _ISOTOPES:
        atom = Chem.Atom(1)
        atom.SetIsotope(_ISOTOPES[symbol])
    else:
        try:
            atom = Chem.Atom(symbol)
        except RuntimeError as exc:
            raise MalformedContent(f"no element {symbol[:40]!r}") from exc
    atom.SetFormalCharge(_whole(values, "formalCharge", 0, 20))
    isotope = _whole(values, "isotope" if "isotope" in values else "isotopeNumber", 0, 500)
    if isotope:
        atom.SetIsotope(isotope)
    spin = _whole(values, "spinMultiplicity", 1, 10)
    if spin not in _SPINS:
        raise MalformedContent(f"spinMultiplicity of an atom is {spin}")
    atom.SetNumRadicalElectrons(_SPINS[spin])
    atom.SetIntProp("_record", place)
    return atom


def _add_bond(mol: RWMol, values: Values, index: Mapping[str, int]) -> bool:
    """Add a bond; say whether its order is left to the reader."""
    from rdkit import Chem

    kinds = (
        Chem.BondType.ZERO,
        Chem.BondType.SINGLE,
        Chem.BondType.DOUBLE,
        Chem.BondType.TRIPLE,
        Chem.BondType.AROMATIC,
    )
    first, second = _ends(values, index)
    written = values.get("order", "")
    order = _ORDERS.get(written.upper()) if written else 1
    if order is None:
        raise MalformedContent(f"a bond of the order {written[:40]!r}")
    if first == second or mol.GetBondBetweenAtoms(first, second) is not None:
        raise MalformedContent(f"a second bond, or one of an atom to itself: {values.get('atomRefs2', '')[:40]}")
    mol.AddBond(first, second, kinds[order])
    bond = mol.GetBondBetweenAtoms(first, second)
    if order == _AROMATIC:
        for part in (bond, bond.GetBeginAtom(), bond.GetEndAtom()):
            part.SetIsAromatic(True)
    return not written


def _set_wedges(mol: RWMol, bonds: list[dict[str, str]], index: Mapping[str, int]) -> None:
    """Set wedges and hashes; the narrow end is the first atom, unless only the second can be a centre.

    There are writers, RDKit among them, that order the ends by number.
    """
    from rdkit import Chem

    kinds = {"W": Chem.BondDir.BEGINWEDGE, "H": Chem.BondDir.BEGINDASH}
    for values in bonds:
        kind = kinds.get(values.get("bondStereo", values.get("stereo", "")).upper())
        if kind is None:
            continue
        first, second = _ends(values, index)
        if mol.GetAtomWithIdx(first).GetDegree() < 3 <= mol.GetAtomWithIdx(second).GetDegree():
            order = mol.GetBondBetweenAtoms(first, second).GetBondType()
            mol.RemoveBond(first, second)
            mol.AddBond(second, first, order)
        mol.GetBondBetweenAtoms(first, second).SetBondDir(kind)


def _ends(values: Values, index: Mapping[str, int]) -> list[int]:
    names = values.get("atomRefs2", "").split() or [values.get("atomRef1", ""), values.get("atomRef2", "")]
    if len(names) != 2 or not all(name in index for name in names):
        raise MalformedContent(f"a bond between {' '.join(names)[:80]!r}, which are not two atoms of the molecule")
    return [index[name] for name in names]


# -------------------------------------------------------------------------------------------------------------- stereo
def _perceive_stereo(mol: Mol, atoms: list[dict[str, str]], bonds: list[dict[str, str]]) -> None:
    """Assign stereo from coordinates and wedges, then parities, cis and trans where these left it open."""
    from rdkit import Chem

    index = {values.get("id", f"#{place}"): place for place, values in enumerate(atoms)}
    if mol.GetNumConformers() and mol.GetConformer().Is3D():
        Chem.AssignStereochemistryFrom3D(mol)
    elif mol.GetNumConformers():
        Chem.AssignChiralTypesFromBondDirs(mol)
        for bond in mol.GetBonds():
            bond.SetBondDir(Chem.BondDir.NONE)
        Chem.DetectBondStereochemistry(mol)
    for atom, values in zip(mol.GetAtoms(), atoms, strict=True):
        refs = [index.get(name, -1) for name in values.get("atomParityRefs", "").split()]
        if len(refs) == 4 and atom.GetChiralTag() == Chem.ChiralType.CHI_UNSPECIFIED:
            _set_parity(atom, refs, values["atomParity"])
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    if mol.GetNumConformers() == 0:
        for values in bonds:
            _set_cis_trans(mol, values, index)


def _set_parity(atom: Atom, refs: list[int], parity: str) -> None:
    from rdkit import Chem

    centre = atom.GetIdx()
    around = [bond.GetOtherAtomIdx(centre) for bond in atom.GetBonds()]
    around += [centre] * (4 - len(around))  # an implicit hydrogen or lone pair, which CML writes as the atom itself
    try:
        sign = float(parity)
    except ValueError:
        return
    if sign == 0 or sorted(around) != sorted(refs) or len(set(refs)) != 4:
        return
    places = [refs.index(neighbour) for neighbour in around]
    swaps = sum(places[i] > places[j] for i in range(4) for j in range(i + 1, 4))
    clockwise = (sign > 0) == (swaps % 2 == 0)
    tags = Chem.ChiralType.CHI_TETRAHEDRAL_CW, Chem.ChiralType.CHI_TETRAHEDRAL_CCW
    atom.SetChiralTag(tags[0 if clockwise else 1])


def _set_cis_trans(mol: Mol, values: Values, index: Mapping[str, int]) -> None:
    from rdkit import Chem

    kinds = {"C": Chem.BondStereo.STEREOCIS, "T": Chem.BondStereo.STEREOTRANS}
    kind = kinds.get(values.get("bondStereo", "").upper())
    refs = [index.get(name, -1) for name in values.get("bondStereoRefs", "").split()]
    if kind is None or len(refs) != 4 or -1 in refs:
        return
    bond = mol.GetBondBetweenAtoms(refs[1], refs[2])
    outer = [mol.GetBondBetweenAtoms(*refs[:2]), mol.GetBondBetweenAtoms(*refs[2:])]
    if bond is None or None in outer or bond.GetBondType() != Chem.BondType.DOUBLE:
        return
    first, last = (refs[0], refs[3]) if bond.GetBeginAtomIdx() == refs[1] else (refs[3], refs[0])
    bond.SetStereoAtoms(first, last)
    bond.SetStereo(kind)
