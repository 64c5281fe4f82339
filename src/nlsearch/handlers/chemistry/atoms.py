"""From a record's atoms to RDKit's and back: which of them a molecule keeps, and where the record draws them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import MalformedContent

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol


@cache
def hydrogen() -> Mol:
    """Return the pattern of a hydrogen of any isotope."""
    from rdkit import Chem

    return Chem.MolFromSmarts("[#1]")


@cache
def _not_hydrogen() -> Mol:
    from rdkit import Chem

    return Chem.MolFromSmarts("[!#1]")


def record_order(mol: Mol, whole: Mol) -> NDArray[np.uint32] | None:
    """Return the index in `whole` (the record, with all its hydrogens) of each atom of `mol`; None if the same.

    Raises
    ------
    MalformedContent
        If it cannot be told which atoms of the record the molecule kept.
    """
    count = whole.GetNumAtoms()
    if mol.GetNumAtoms() == count:
        return None
    kept = [atom for (atom,) in whole.GetSubstructMatches(_not_hydrogen(), maxMatches=count + 1)]
    if len(kept) != mol.GetNumAtoms() or mol.HasSubstructMatch(hydrogen()):
        kept = _kept_atoms(whole)
    if len(kept) != mol.GetNumAtoms():
        raise MalformedContent(f"{count} atoms, and it cannot be told which {mol.GetNumAtoms()} of them are kept")
    return np.array(kept, dtype=np.uint32)


def _kept_atoms(whole: Mol) -> list[int]:
    """Return the atoms that RDKit keeps when it removes hydrogens (isotopes, hydrides, bridges … stay)."""
    from rdkit import Chem

    whole = Chem.Mol(whole)
    whole.UpdatePropertyCache(strict=False)
    for atom in whole.GetAtoms():
        atom.SetIntProp("_record", atom.GetIdx())
    return [atom.GetIntProp("_record") for atom in Chem.RemoveHs(whole, sanitize=False).GetAtoms()]


def drawing(mol: Mol) -> NDArray[np.float32] | None:
    """Return the two-dimensional coordinates that the record itself gives, shape (atoms, 2); None if it has none."""
    if mol.GetNumConformers() == 0:
        return None
    places = mol.GetConformer().GetPositions()
    if len(places) < 2 or not np.isfinite(places).all() or np.abs(places[:, 2]).max() > 1e-3:
        return None
    flat = places[:, :2].astype(np.float32)
    return flat if np.isfinite(flat).all() and np.ptp(flat, axis=0).max() > 1e-3 else None
