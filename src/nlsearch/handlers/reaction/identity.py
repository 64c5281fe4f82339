"""When two records are the same reaction, and how near others are.

The structural fingerprint is the Morgan fingerprint (radius 2, 2048 bits, no chirality) of the reactants followed by
that of the products, so that a reaction is far from its reverse.  Agents and atom maps do not count: they are what
records of one reaction differ in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlsearch.handlers.chemistry import fingerprints

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_EMPTY = bytes(fingerprints.MORGAN_BITS // 8)


def structural(reactants: Mol | None, products: Mol | None) -> bytes:
    """Return the structural fingerprint, 4096 bits packed."""
    sides = (reactants, products)
    return b"".join(_EMPTY if mol is None else fingerprints.packed(fingerprints.morgan(mol)).tobytes() for mol in sides)


def canonical(mol: Mol | None) -> str:
    """Return the canonical SMILES of one side without atom maps; ``""`` if it is empty."""
    from rdkit import Chem

    if mol is None:
        return ""
    if any(atom.GetAtomMapNum() for atom in mol.GetAtoms()):
        mol = Chem.Mol(mol)
        for atom in mol.GetAtoms():
            atom.SetAtomMapNum(0)
        # RDKit takes atoms for different that differ in their maps only, and so sees centres where there are none.
        Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    return str(Chem.MolToSmiles(mol))
