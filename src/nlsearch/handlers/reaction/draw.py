"""Drawing a reaction as SVG: reactants, an arrow with the agents above, products; the match highlighted on all sides.

Each component is drawn on its own, at one scale, and the drawings are put side by side.  The record's own
two-dimensional coordinates are used where a side has them all, else RDKit lays its components out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.chemistry import payload
from nlsearch.handlers.chemistry.drawing import HIGHLIGHT, laid_out, prepared
from nlsearch.handlers.reaction.payload import Decoded
from nlsearch.model import Picture, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

BOND = 24.0
"""Pixels of a usual bond."""
GAP, PLUS, ARROW, RISE = 12.0, 12.0, 90.0, 12.0
"""Pixels between parts, of a plus sign, of the shortest arrow, and between the arrow and what stands above."""
AGENT_SCALE = 0.6
LAID_OUT = 1.5
"""Ångström of a bond in RDKit's layouts."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A part of the drawing: SVG elements with their origin in the upper left, and their size in pixels."""

    content: str
    width: float
    height: float


def draw_reaction(item: Decoded, verdict: Verdict | None = None) -> Picture:
    """Return the drawing of `item`; all matches that `verdict` lists are highlighted."""
    from rdkit import rdBase

    with rdBase.BlockLogs():
        sides = {name: _side(item, name, verdict) for name in item.sides}
    parts = [*_summed(sides.get("reactants", [])), _arrow(sides.get("agents", [])), *_summed(sides.get("products", []))]
    whole = _row(parts, GAP)
    width, height = whole.width + 2 * GAP, whole.height + 2 * GAP
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.1f} {height:.1f}"><rect width="100%" height="100%" fill="#ffffff"/>'
        f"{_placed(whole, GAP, GAP)}</svg>\n"
    )
    return Picture("image/svg+xml", svg.encode())


# ---------------------------------------------------------------------------------------------------------- components
def _side(item: Decoded, name: str, verdict: Verdict | None) -> list[_Drawn]:
    """Return the drawings of the connected parts of one side."""
    from rdkit import Chem

    side = item.sides[name]
    atoms, bonds = _highlighted(item, name, verdict)
    mapping: list[tuple[int, ...]] = []
    parts = Chem.GetMolFrags(side.mol, asMols=True, sanitizeFrags=False, fragsMolAtomMapping=mapping)
    return [_component(side, part, places, atoms, bonds) for part, places in zip(parts, mapping, strict=True)]


def _component(
    side: payload.Decoded, part: Mol, places: tuple[int, ...], atoms: set[int], bonds: set[frozenset[int]]
) -> _Drawn:
    from rdkit.Chem.Draw import rdMolDraw2D

    mol = laid_out(part, None if side.coordinates is None else _in_scale(part, side.coordinates[list(places)]))
    lit = [i for i, atom in enumerate(places) if atom in atoms]
    bond_lit = [
        bond.GetIdx()
        for bond in part.GetBonds()
        if frozenset((places[bond.GetBeginAtomIdx()], places[bond.GetEndAtomIdx()])) in bonds
    ]
    drawer = rdMolDraw2D.MolDraw2DSVG(-1, -1)
    options: Any = drawer.drawOptions()
    options.scalingFactor = BOND / LAID_OUT
    options.clearBackground = False
    options.setHighlightColour(HIGHLIGHT)
    drawer.DrawMolecule(prepared(mol), highlightAtoms=lit, highlightBonds=bond_lit)
    drawer.FinishDrawing()
    text = drawer.GetDrawingText()
    return _Drawn(_inside(text), float(drawer.Width()), float(drawer.Height()))


def _in_scale(part: Mol, places: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return the record's own places with bonds as long as RDKit draws them; None if its bonds have no length."""
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in part.GetBonds()]
    if not ends:
        return places
    first, second = np.array(ends).T
    length = float(np.median(np.linalg.norm(places[first] - places[second], axis=1)))
    return places * np.float32(LAID_OUT / length) if length > 1e-3 else None


def _inside(svg: str) -> str:
    """Return what an SVG file holds between its outermost tags."""
    start = svg.index(">", svg.index("<svg")) + 1
    return svg[start : svg.rindex("</svg>")]


def _highlighted(item: Decoded, name: str, verdict: Verdict | None) -> tuple[set[int], set[frozenset[int]]]:
    """Return the matched atoms of one side, and its matched bonds as pairs of them."""
    evidence = {} if verdict is None else verdict.evidence
    atoms = {atom for match in evidence.get("atoms", []) for atom in item.from_record(name, match)}
    ends = (item.from_record(name, pair) for pairs in evidence.get("bonds", []) for pair in pairs)
    return atoms, {frozenset(pair) for pair in ends if len(pair) == 2}


# -------------------------------------------------------------------------------------------------------------- layout
def _summed(parts: list[_Drawn]) -> list[_Drawn]:
    """Return parts with a plus sign between each two."""
    plus = _Drawn('<path d="M 0 6 h 12 M 6 0 v 12" stroke="#000000" stroke-width="1.5" fill="none"/>', PLUS, PLUS)
    return [each for part in parts for each in (plus, part)][1:]


def _arrow(agents: list[_Drawn]) -> _Drawn:
    """Return the arrow with the agents above, made smaller; its own line is in the middle of its height."""
    above = _row([_scaled(agent, AGENT_SCALE) for agent in agents], GAP / 2)
    width = max(ARROW, above.width + 2 * GAP)
    middle = above.height + RISE
    line = (
        f'<path d="M 0 {middle:.1f} H {width - 9:.1f}" stroke="#000000" stroke-width="1.5" fill="none"/>'
        f'<path d="M {width:.1f} {middle:.1f} l -10 -5 v 10 z" fill="#000000"/>'
    )
    return _Drawn(_placed(above, (width - above.width) / 2, 0.0) + line, width, 2 * middle)


def _scaled(part: _Drawn, scale: float) -> _Drawn:
    return _Drawn(f'<g transform="scale({scale})">{part.content}</g>', part.width * scale, part.height * scale)


def _row(parts: list[_Drawn], gap: float) -> _Drawn:
    """Return parts side by side, their middles on one line."""
    if not parts:
        return _Drawn("", 0.0, 0.0)
    height = max(part.height for part in parts)
    placed, x = [], 0.0
    for part in parts:
        placed.append(_placed(part, x, (height - part.height) / 2))
        x += part.width + gap
    return _Drawn("".join(placed), x - gap, height)


def _placed(part: _Drawn, x: float, y: float) -> str:
    return f'<g transform="translate({x:.1f} {y:.1f})">{part.content}</g>'
