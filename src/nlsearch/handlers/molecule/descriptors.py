"""Properties that chemists filter by, each by RDKit's own definition, one function each.

=====================  =============================================================================================
donors                 hydrogen-bond donors, RDKit's ``CalcNumHBD`` (N, O or S with hydrogen)
acceptors              hydrogen-bond acceptors, RDKit's ``CalcNumHBA``
rotatable bonds        ``CalcNumRotatableBonds``, strict: no amides, esters, nor bonds beside triple bonds or rings
Lipinski violations    of: mw > 500 Da, logP > 5, NH + OH > 5, N + O > 10 (Adv. Drug Deliv. Rev. 1997, 23, 3)
fraction sp3           sp³ carbons / carbons (Lovering, J. Med. Chem. 2009, 52, 6752)
aromatic rings         rings of the smallest set of smallest rings in which all bonds are aromatic
stereo                 tetrahedral centres and double bonds of ``FindPotentialStereo``, whether or not they are given
scaffold               ring systems and the chains between them, no stereo (Bemis, J. Med. Chem. 1996, 39, 2887)
=====================  =============================================================================================
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from nlsearch.handlers.molecule.counted import counted

if TYPE_CHECKING:
    from rdkit.Chem import Mol

LARGE = 1000
"""Heavy atoms above which stereo is not searched for, which takes time with the square of them."""
MURCKO_ATOMS = 64
"""Up to so many atoms RDKit's own scaffold is faster; its time grows with their cube."""
CARBON = 6
_ISOTOPE = re.compile(r"\[\d+[A-Za-z]")
HEAVY_DA, LIPOPHILIC, DONORS, ACCEPTORS = 500.0, 5.0, 5, 10
"""Lipinski's limits; a violation is above them."""


def donors(mol: Mol, graph: bytes) -> int:
    """Return the number of hydrogen-bond donors; `graph` is the molecule's encoded graph."""
    return counted("CalcNumHBD", mol, graph)


def acceptors(mol: Mol, graph: bytes) -> int:
    """Return the number of hydrogen-bond acceptors."""
    return counted("CalcNumHBA", mol, graph)


def rotatable_bonds(mol: Mol, graph: bytes) -> int:
    """Return the number of rotatable bonds."""
    return counted("CalcNumRotatableBonds", mol, graph)


def lipinski_violations(mol: Mol, mw: float, logp: float) -> int:
    """Return how many of Lipinski's four limits the molecule breaks, with his own counts NH + OH and N + O.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    mw : float
        Average molecular weight in Da.
    logp : float
    """
    from rdkit.Chem import rdMolDescriptors

    broken = (
        mw > HEAVY_DA,
        logp > LIPOPHILIC,
        rdMolDescriptors.CalcNumLipinskiHBD(mol) > DONORS,
        rdMolDescriptors.CalcNumLipinskiHBA(mol) > ACCEPTORS,
    )
    return sum(broken)


def fraction_sp3(mol: Mol) -> float:
    """Return the share of carbons that are sp³, from 0 to 1; 0 without carbon."""
    from rdkit.Chem import rdMolDescriptors

    return round(rdMolDescriptors.CalcFractionCSP3(mol), 4)


def aromatic_rings(mol: Mol) -> int:
    """Return the number of aromatic rings."""
    from rdkit.Chem import rdMolDescriptors

    return int(rdMolDescriptors.CalcNumAromaticRings(mol))


def stereo(mol: Mol) -> tuple[str, int]:
    """Return how much of the stereo is given, and the number of tetrahedral centres.

    ``none``: there can be none; ``defined``: all centres and double bonds are given; ``undefined``: none is;
    ``partly``: some are.
    """
    from rdkit import Chem

    if mol.GetNumHeavyAtoms() > LARGE:
        return "", 0
    found = Chem.FindPotentialStereo(mol, cleanIt=False)
    if not found:
        return "none", 0
    centres = sum(one.type == Chem.StereoType.Atom_Tetrahedral for one in found)
    given = sum(one.specified == Chem.StereoSpecified.Specified for one in found)
    return "defined" if given == len(found) else "partly" if given else "undefined", centres


def has_isotopes(smiles: str) -> bool:
    """Say whether a canonical SMILES gives the isotope of any atom (the label of a dummy atom is none)."""
    return _ISOTOPE.search(smiles) is not None


@cache
def _radical() -> Any:  # noqa: ANN401 - RDKit's QueryAtom
    from rdkit.Chem import rdqueries

    return rdqueries.NumRadicalElectronsGreaterQueryAtom(0)


def radicals(mol: Mol, smiles: str) -> int:
    """Return the number of unpaired electrons; atoms that have some stand in brackets in `smiles`."""
    if "[" not in smiles:
        return 0
    return sum(atom.GetNumRadicalElectrons() for atom in mol.GetAtomsMatchingQuery(_radical()))


def components(mol: Mol) -> int:
    """Return the number of connected parts."""
    from rdkit import Chem

    return len(Chem.GetMolFrags(mol))


def scaffold(mol: Mol) -> str:
    """Return the Bemis-Murcko scaffold as canonical SMILES without stereo; ``""`` if there is no ring.

    It keeps what is bound to rings and linkers by a double bond, as RDKit's ``MurckoScaffold`` does, and is the same
    as ``MurckoScaffoldSmiles`` gives.
    """
    from rdkit import Chem

    if not mol.GetRingInfo().NumRings():
        return ""
    found = Chem.MurckoDecompose(mol) if mol.GetNumAtoms() <= MURCKO_ATOMS else pruned(mol)
    return str(Chem.MolToSmiles(found, isomericSmiles=False))


def pruned(mol: Mol) -> Mol:
    """Return what RDKit's ``MurckoDecompose`` returns, in time linear in the number of atoms.

    Atoms with one neighbour are taken away until only rings and the chains between them are left; then those come back
    that are double-bonded to what is left.
    """
    from rdkit import Chem

    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond) for bond in mol.GetBonds()]
    kept = _rings_and_linkers(mol.GetNumAtoms(), [(first, second) for first, second, _ in bonds])
    borders = [(b, a, bond) if a in kept else (a, b, bond) for a, b, bond in bonds if (a in kept) != (b in kept)]
    back = {outer for outer, _, bond in borders if bond.GetBondType() == Chem.BondType.DOUBLE}
    edited = Chem.RWMol(mol)
    for inner in {inner for outer, inner, _ in borders if outer not in back}:
        _cap(edited.GetAtomWithIdx(inner))
    edited.BeginBatchEdit()
    for atom in range(mol.GetNumAtoms()):
        if atom not in kept and atom not in back:
            edited.RemoveAtom(atom)
    edited.CommitBatchEdit()
    return edited


def _rings_and_linkers(amount: int, bonds: list[tuple[int, int]]) -> set[int]:
    """Return the atoms that are left when those with less than two neighbours go, again and again."""
    neighbours: list[set[int]] = [set() for _ in range(amount)]
    for first, second in bonds:
        neighbours[first].add(second)
        neighbours[second].add(first)
    ends = [atom for atom, near in enumerate(neighbours) if len(near) < 2]
    gone = set(ends)
    while ends:
        atom = ends.pop()
        for near in neighbours[atom]:
            neighbours[near].discard(atom)
            if len(neighbours[near]) < 2 and near not in gone:
                gone.add(near)
                ends.append(near)
    return set(range(amount)) - gone


def _cap(atom: Any) -> None:  # noqa: ANN401 - rdkit.Chem.Atom, which is untyped
    """Let hydrogen take the place of what an atom loses."""
    from rdkit import Chem

    if atom.GetIsAromatic() and atom.GetAtomicNum() != CARBON:
        atom.SetNumExplicitHs(1)
    elif atom.GetNoImplicit() or atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED:
        atom.SetNoImplicit(False)
        atom.SetNumExplicitHs(0)
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
