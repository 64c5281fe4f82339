"""Drawing a molecule as SVG, with the matched atoms and bonds highlighted.

The record's own two-dimensional coordinates are used where it has them, else RDKit lays the molecule out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.chemistry.payload import Decoded
from nlsearch.model import Picture, Verdict

if TYPE_CHECKING:
    from rdkit.Chem import Mol

WIDTH, HEIGHT = 480, 360
HIGHLIGHT = (0.98, 0.80, 0.36)


def draw_molecule(item: Decoded, verdict: Verdict | None = None) -> Picture:
    """Return the drawing of `item`; all matches that `verdict` lists are highlighted."""
    from rdkit import rdBase
    from rdkit.Chem.Draw import rdMolDraw2D

    atoms, bonds = _highlighted(item, verdict)
    drawer = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT)
    drawer.drawOptions().setHighlightColour(HIGHLIGHT)
    with rdBase.BlockLogs():
        mol = _prepared(_laid_out(item))
        drawer.DrawMolecule(mol, highlightAtoms=atoms, highlightBonds=bonds)
        drawer.FinishDrawing()
    return Picture("image/svg+xml", drawer.GetDrawingText().encode())


def _laid_out(item: Decoded) -> Mol:
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    mol = Chem.Mol(item.mol)
    if item.coordinates is None:
        rdDepictor.Compute2DCoords(mol)
        return mol
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.Set3D(False)
    conformer.SetPositions(np.pad(item.coordinates.astype(np.float64), ((0, 0), (0, 1))))
    mol.AddConformer(conformer)
    return mol


def _prepared(mol: Mol) -> Mol:
    """Return `mol` with Kekulé bonds and wedges; an aromatic system without a Kekulé form is drawn as it is."""
    from rdkit import Chem
    from rdkit.Chem.Draw import rdMolDraw2D

    try:
        return rdMolDraw2D.PrepareMolForDrawing(mol, kekulize=True)
    except (Chem.KekulizeException, ValueError):
        return rdMolDraw2D.PrepareMolForDrawing(mol, kekulize=False)


def _highlighted(item: Decoded, verdict: Verdict | None) -> tuple[list[int], list[int]]:
    if verdict is None:
        return [], []
    matches: list[list[int]] = verdict.evidence.get("atoms", [])
    atoms = sorted({atom for match in matches for atom in item.from_record(match)})
    bonds: set[int] = set()
    for pairs in verdict.evidence.get("bonds", []):
        for pair in pairs:
            first, second = item.from_record(pair)
            bond = item.mol.GetBondBetweenAtoms(first, second)
            if bond is not None:
                bonds.add(bond.GetIdx())
    return atoms, sorted(bonds)
