"""Reactions as they are read: what stands before, above and behind the arrow, each side one molecule of many parts.

Conventions
-----------
Atoms are counted from 0 through the record in file order: a reaction SMILES gives reactants, agents, products; an RXN
file may list its agents last.  Each side lies in one piece of that order, which begins at :attr:`Side.first`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry.payload import Structure

if TYPE_CHECKING:
    from rdkit.Chem import Mol

SIDES = ("reactants", "agents", "products")
"""In the order of a reaction SMILES: ``reactants>agents>products``."""
_GROUPS = re.compile(r"(?:^|,)f:([\d.,]+)")


@dataclass(slots=True)
class Side:
    """One side of a reaction.

    Parameters
    ----------
    structure : Structure, optional
        All its components as one molecule; None if the side is empty.
    components : list of rdkit.Chem.Mol
        What the record calls one component: what stands between dots, a ``$MOL`` block, or a group of CXSMILES.
    first : int
        Where its atoms begin in the record's order, from 0.
    """

    structure: Structure | None = None
    components: list[Mol] = field(default_factory=list)
    first: int = 0


@dataclass(slots=True)
class Reaction:
    """The content of an item: its sides by name (:data:`SIDES`), its name and what the record says besides."""

    sides: Mapping[str, Side]
    title: str = ""
    properties: list[tuple[str, str]] = field(default_factory=list)

    @property
    def record_atoms(self) -> int:
        """Atoms that the record has, explicit hydrogens included."""
        return sum(side.structure.record_atoms for side in self.sides.values() if side.structure is not None)


def is_reaction(text: str) -> bool:
    """Say whether a SMILES or SMARTS has a reaction arrow (a dative bond ``->`` is none)."""
    return ">" in text.split(" ", maxsplit=1)[0].replace("->", "")


def split_sides(text: str) -> dict[str, str]:
    """Return reactants, agents and products of a reaction SMILES or SMARTS, ``""`` for those that are empty.

    Raises
    ------
    MalformedContent
        If it has not two arrows, or neither reactants nor products nor agents.
    """
    parts = re.split(r"(?<!-)>", text)
    if len(parts) != 3:
        arrows = {1: "none", 2: "one"}.get(len(parts), str(len(parts) - 1))
        raise MalformedContent(f"a reaction has two signs '>' (A>>B or A>agent>B), this has {arrows}")
    if not any(parts):
        raise MalformedContent("the reaction is empty on all sides")
    return dict(zip(SIDES, parts, strict=True))


def joined(structures: Sequence[Structure]) -> Structure | None:
    """Return structures as one molecule of several parts, with its ring information; None if there are none."""
    from rdkit import Chem

    if len(structures) < 2:
        return structures[0] if structures else None
    whole = structures[0].mol
    for structure in structures[1:]:
        whole = Chem.CombineMols(whole, structure.mol)
    Chem.GetSymmSSSR(whole)  # joining forgets the rings, and patterns ask for them
    orders, first = list[NDArray[np.uint32]](), 0
    for structure in structures:
        order = structure.order
        if order is None:
            order = np.arange(structure.mol.GetNumAtoms(), dtype=np.uint32)
        orders.append(order + np.uint32(first))
        first += structure.record_atoms
    order = np.concatenate(orders)
    same = len(order) == first and bool((order == np.arange(first)).all())
    remarks = tuple(remark for structure in structures for remark in structure.remarks)
    return Structure(whole, first, None if same else order, _coordinates(structures), remarks)


def _coordinates(structures: Sequence[Structure]) -> NDArray[np.float32] | None:
    """Return the drawings of all; one that has a single atom has none of its own and is laid at the origin."""
    drawn = [np.zeros((1, 2), dtype=np.float32) if s.mol.GetNumAtoms() == 1 else s.coordinates for s in structures]
    return None if any(places is None for places in drawn) else np.concatenate([p for p in drawn if p is not None])


def components(mol: Mol) -> list[Mol]:
    """Return the connected parts of a molecule, in the order of their first atoms."""
    from rdkit import Chem

    return list(Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False))


def group_components(sides: Mapping[str, Side], extension: str) -> None:
    """Join the components that a CXSMILES extension (between its bars) groups.

    ``f:0.1,3.4`` joins the first two of the record, and the fourth with the fifth; they count through all sides.
    Groups that name what is not there, or parts of different sides, are left aside, as are all other extensions.
    """
    found = _GROUPS.search(extension)
    if found is None:
        return
    groups = [[int(number) for number in group.split(".") if number] for group in found.group(1).split(",")]
    first = 0
    for side in sides.values():
        count = len(side.components)
        inside = [
            [number - first for number in group]
            for group in groups
            if len(group) > 1 and all(first <= number < first + count for number in group)
        ]
        side.components = _grouped(side.components, inside)
        first += count


def _grouped(parts: list[Mol], groups: list[list[int]]) -> list[Mol]:
    taken = {number for group in groups for number in group[1:]}
    heads = {group[0]: group for group in groups}
    found: list[Mol] = []
    for number, part in enumerate(parts):
        if number in taken:
            continue
        whole = joined([Structure(parts[i], parts[i].GetNumAtoms()) for i in heads.get(number, [number])])
        found.append(part if whole is None else whole.mol)
    return found
