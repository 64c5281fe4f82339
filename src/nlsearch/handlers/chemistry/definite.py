"""What follows from a query whatever it is matched to: the elements of its atoms and the kinds of its bonds.

RDKit describes the condition on an atom or bond as an indented tree (``AtomAnd``, ``AtomType 1006 = val``, …).  Here
the tree is read conservatively: a condition that is not understood allows everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Bond, Mol

SINGLE, DOUBLE, TRIPLE, AROMATIC = 1, 2, 3, 12
"""RDKit's numbers of the bond types."""
OTHER = 0
"""Any other bond: quadruple, dative, zero-order …"""
KINDS = frozenset({SINGLE, DOUBLE, TRIPLE, AROMATIC})
ANY_BOND = KINDS | {OTHER}
HYDROGEN = 1
_NAMED_BONDS = {
    "SingleOrAromaticBond": frozenset({SINGLE, AROMATIC}),
    "DoubleOrAromaticBond": frozenset({DOUBLE, AROMATIC}),
    "SingleOrDoubleBond": frozenset({SINGLE, DOUBLE}),
    "SingleOrDoubleOrAromaticBond": frozenset({SINGLE, DOUBLE, AROMATIC}),
}


@dataclass(slots=True)
class Condition:
    """A node of the tree: the words of its line, and its children."""

    words: list[str]
    children: list[Condition] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AtomFacts:
    """What holds for every atom that a condition accepts; None where nothing follows."""

    element: int | None = None
    aromatic: bool | None = None


@dataclass(frozen=True, slots=True)
class Definite:
    """The definite part of a query.

    Parameters
    ----------
    elements : tuple of int or None
        Atomic number of each atom of the query; None where it may vary, and for hydrogen.
    plain, joined : tuple of (int, int, int)
        Bonds (atom, atom, kind) between such atoms whose kind is certain: as molecules hold it, and when single bonds
        between aromatic atoms count as aromatic.
    """

    elements: tuple[int | None, ...]
    plain: tuple[tuple[int, int, int], ...]
    joined: tuple[tuple[int, int, int], ...]


def read_tree(text: str) -> Condition:
    """Read RDKit's indented description; two spaces a level."""
    root = Condition([])
    path = [root]
    for line in text.splitlines():
        if not line.strip():
            continue
        depth = (len(line) - len(line.lstrip(" "))) // 2
        node = Condition(line.split())
        del path[depth + 1 :]
        path[-1].children.append(node)
        path.append(node)
    return root.children[0] if len(root.children) == 1 else root


# --------------------------------------------------------------------------------------------------------------- atoms
def atom_facts(atom: Atom) -> AtomFacts:
    """Return what follows about any atom that matches `atom`.

    An atom without a condition (of a SMILES) matches its element, aromatic or not.
    """
    if not atom.HasQuery():
        return AtomFacts(atom.GetAtomicNum() or None)
    return facts_of(read_tree(atom.DescribeQuery()))


def facts_of(node: Condition) -> AtomFacts:
    """Return what follows about any atom that satisfies a condition."""
    match node.words:
        case ["AtomAnd"]:
            parts = [facts_of(child) for child in node.children]
            elements = [part.element for part in parts if part.element is not None]
            aromatic = [part.aromatic for part in parts if part.aromatic is not None]
            return AtomFacts(elements[0] if elements else None, aromatic[0] if aromatic else None)
        case ["AtomOr"] if node.children:
            parts = [facts_of(child) for child in node.children]
            first = parts[0]
            return AtomFacts(
                first.element if all(part.element == first.element for part in parts) else None,
                first.aromatic if all(part.aromatic == first.aromatic for part in parts) else None,
            )
        case ["AtomType", value, "=", "val"]:
            return AtomFacts(int(value) % 1000 or None, int(value) >= 1000)
        case ["AtomAtomicNum", value, "=", "val"]:
            return AtomFacts(int(value) or None)
        case ["AtomIsAromatic", "1", sign, "val"]:
            return AtomFacts(aromatic=sign == "=")
        case ["AtomIsAliphatic", "1", sign, "val"]:
            return AtomFacts(aromatic=sign != "=")
    return AtomFacts()


def is_handed(atom: Atom) -> bool:
    """Say whether an atom of a query is a tetrahedral centre of given handedness."""
    from rdkit import Chem

    return atom.GetChiralTag() in {Chem.ChiralType.CHI_TETRAHEDRAL_CW, Chem.ChiralType.CHI_TETRAHEDRAL_CCW}


def gives_stereo(query: Mol) -> bool:
    """Say whether a query gives any stereo: handed atoms, sides of double bonds or axes."""
    from rdkit import Chem

    return any(atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED for atom in query.GetAtoms()) or any(
        bond.GetStereo() > Chem.BondStereo.STEREOANY for bond in query.GetBonds()
    )


def needs_stereo(query: Mol) -> bool:
    """Say whether whatever matches must have stereo.

    A tetrahedral atom that is handed needs one; of other shapes (square planes …) RDKit asks for nothing.  The sides of
    a double bond count only if the bond is double in the molecule too, which ``=,-`` leaves open, and axes are not
    written in line notations.
    """
    from rdkit import Chem

    handed = {Chem.ChiralType.CHI_TETRAHEDRAL_CW, Chem.ChiralType.CHI_TETRAHEDRAL_CCW}
    sides = {Chem.BondStereo.STEREOZ, Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOCIS, Chem.BondStereo.STEREOTRANS}
    return any(atom.GetChiralTag() in handed for atom in query.GetAtoms()) or any(
        bond.GetStereo() in sides and bond_kinds(bond) == {DOUBLE} for bond in query.GetBonds()
    )


# --------------------------------------------------------------------------------------------------------------- bonds
def bond_kinds(bond: Bond) -> frozenset[int]:
    """Return the kinds of bond that `bond` may match: a superset."""
    if bond.HasQuery():
        return _allowed(read_tree(bond.DescribeQuery()))
    kind = int(bond.GetBondType())
    return frozenset({kind}) if kind in KINDS else ANY_BOND


def _allowed(node: Condition) -> frozenset[int]:
    match node.words:
        case ["BondAnd"]:
            return frozenset.intersection(ANY_BOND, *(_allowed(child) for child in node.children))
        case ["BondOr"] if node.children:
            return frozenset.union(*(_allowed(child) for child in node.children))
        case ["BondOrder", value, "=", "val"]:
            return frozenset({int(value) if int(value) in KINDS else OTHER})
        case ["BondOrder", value, "!=", "val"]:
            return ANY_BOND - ({int(value)} & KINDS)
        case [name, "1", "=", "val"] if name in _NAMED_BONDS:
            return _NAMED_BONDS[name]
        case [name, "1", "!=", "val"] if name in _NAMED_BONDS:
            return ANY_BOND - _NAMED_BONDS[name]
    return ANY_BOND


def _labels(kinds: frozenset[int], first: AtomFacts, second: AtomFacts) -> tuple[frozenset[int], frozenset[int]]:
    """Return the plain and the joined labels that a matched bond may have."""
    aliphatic = first.aromatic is False or second.aromatic is False
    plain = kinds - {AROMATIC} if aliphatic else kinds
    if aliphatic or SINGLE not in plain:
        return plain, plain
    if first.aromatic and second.aromatic:
        return plain, plain - {SINGLE} | {AROMATIC}
    return plain, plain | {AROMATIC}


def definite_part(query: Mol) -> Definite:
    """Return the definite part of a query molecule (from SMARTS, SMILES or a molfile)."""
    facts = [atom_facts(atom) for atom in query.GetAtoms()]
    elements = tuple(fact.element if fact.element != HYDROGEN else None for fact in facts)
    plain: list[tuple[int, int, int]] = []
    joined: list[tuple[int, int, int]] = []
    for bond in query.GetBonds():
        first, second = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if elements[first] is None or elements[second] is None:
            continue
        both = _labels(bond_kinds(bond), facts[first], facts[second])
        for labels, edges in zip(both, (plain, joined), strict=True):
            if len(labels) == 1 and labels <= KINDS:
                edges.append((first, second, next(iter(labels))))
    return Definite(elements, tuple(plain), tuple(joined))
