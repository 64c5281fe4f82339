"""Drawing a molecule as SVG, with the matched atoms and bonds highlighted.

The record's own two-dimensional coordinates are used where it has them, else RDKit lays the molecule out.
"""

from __future__ import annotations

from nlsearch.handlers.chemistry.drawing import HIGHLIGHT, laid_out, prepared
from nlsearch.handlers.chemistry.payload import Decoded
from nlsearch.model import Picture, Verdict

WIDTH, HEIGHT = 480, 360


def draw_molecule(item: Decoded, verdict: Verdict | None = None) -> Picture:
    """Return the drawing of `item`; all matches that `verdict` lists are highlighted."""
    from rdkit import rdBase
    from rdkit.Chem.Draw import rdMolDraw2D

    atoms, bonds = _highlighted(item, verdict)
    drawer = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT)
    drawer.drawOptions().setHighlightColour(HIGHLIGHT)
    with rdBase.BlockLogs():
        mol = prepared(laid_out(item.mol, item.coordinates))
        drawer.DrawMolecule(mol, highlightAtoms=atoms, highlightBonds=bonds)
        drawer.FinishDrawing()
    return Picture("image/svg+xml", drawer.GetDrawingText().encode())


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
