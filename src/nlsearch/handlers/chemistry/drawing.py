"""What drawings of molecules and of reactions share: layout, wedges, the colour of a match."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

HIGHLIGHT = (0.98, 0.80, 0.36)
"""Red, green and blue of the matched atoms and bonds."""


def laid_out(mol: Mol, coordinates: NDArray[np.float32] | None) -> Mol:
    """Return a copy with the record's own two-dimensional `coordinates`, else with RDKit's layout."""
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    mol = Chem.Mol(mol)
    if coordinates is None:
        rdDepictor.Compute2DCoords(mol)
        return mol
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.Set3D(False)
    conformer.SetPositions(np.pad(coordinates.astype(np.float64), ((0, 0), (0, 1))))
    mol.AddConformer(conformer)
    return mol


def prepared(mol: Mol) -> Mol:
    """Return `mol` with Kekulé bonds and wedges; an aromatic system without a Kekulé form is drawn as it is."""
    from rdkit import Chem
    from rdkit.Chem.Draw import rdMolDraw2D

    try:
        return rdMolDraw2D.PrepareMolForDrawing(mol, kekulize=True)
    except (Chem.KekulizeException, ValueError):
        return rdMolDraw2D.PrepareMolForDrawing(mol, kekulize=False)
