"""Query reactions: a pattern for each side, and which atoms must carry the same map number in the record.

Conventions
-----------
Each side is read as ``smarts:`` reads a pattern: explicit hydrogens are merged into hydrogen counts (a map number on
such a hydrogen goes with it), stereo that is given must be there.  The components of a side match disjoint atoms.
A map number that stands on both sides of the query *ties* its two atoms: they match atoms that carry one and the same
map number, not 0, in the record.  Map numbers on one side only, or on agents, ask for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nlsearch.errors import MalformedContent, QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry.patterns import Pattern, checked_text, read_smarts
from nlsearch.handlers.chemistry.reactions import is_reaction, split_sides
from nlsearch.handlers.reaction.payload import map_numbers
from nlsearch.limits import Limits

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAP = "molAtomMapNumber"
"""RDKit's property that holds an atom's map number; it is absent where there is none."""


@dataclass
class ReactionPattern:
    """A query reaction ready for matching.

    Parameters
    ----------
    sides : mapping of str to Pattern
        Those that are not empty, in the order of :data:`~nlsearch.handlers.chemistry.reactions.SIDES`.
    mapped : dict of int to (int, int)
        For every map number that ties, its atom among the reactants' pattern and that among the products'.
    """

    sides: Mapping[str, Pattern]
    mapped: dict[int, tuple[int, int]]

    @cached_property
    def atoms(self) -> int:
        """Atoms that count in the score: all but definite hydrogens."""
        return sum(side.atoms for side in self.sides.values())

    @cached_property
    def bonds(self) -> list[tuple[int, int]]:
        """The query's bonds as pairs of its atoms, which are numbered through all sides."""
        pairs, first = [], 0
        for side in self.sides.values():
            pairs += [(first + begin, first + end) for begin, end in side.bonds]
            first += side.mol.GetNumAtoms()
        return pairs

    def tied(self, name: str, numbers: Sequence[int | None]) -> Mol:
        """Return the pattern of a side whose tied atoms match mapped atoms only.

        Parameters
        ----------
        name : {"reactants", "products"}
        numbers : sequence of int or None
            For each tie the map number that its atom must carry in the record; None for any.
        """
        from rdkit import Chem
        from rdkit.Chem import rdqueries

        mol = Chem.RWMol(self.sides[name].mol)
        place = 0 if name == "reactants" else 1
        for atoms, number in zip(self.mapped.values(), numbers, strict=True):
            if number is None:
                condition = rdqueries.HasPropQueryAtom(MAP)
            else:
                condition = rdqueries.HasIntPropWithValueQueryAtom(MAP, number)
            mol.GetAtomWithIdx(atoms[place]).ExpandQuery(condition)
        return mol.GetMol()


def read_reaction(value: str, *, stereo: bool, maps: bool, limits: Limits) -> ReactionPattern:
    """Read a reaction SMARTS.

    Raises
    ------
    QuerySyntax
        With the side, the first mistake there and its character.
    QueryTooCostly
        If a side has more atoms than molecules may have.
    """
    text = checked_text(value, "reaction SMARTS")
    if not is_reaction(text):
        raise QuerySyntax("not a reaction SMARTS: it has no '>'", hint='write A>>B, A>> or >>B; molecules: smarts:"…"')
    try:
        parts = split_sides(text)
    except MalformedContent as exc:
        raise QuerySyntax(f"not a reaction SMARTS: {exc.message}", hint="write A>>B, A>> or >>B") from exc
    sides = {name: _read_side(name, part, stereo, limits) for name, part in parts.items() if part}
    return ReactionPattern(sides, _ties(sides) if maps else {})


def _read_side(name: str, text: str, stereo: bool, limits: Limits) -> Pattern:
    try:
        return read_smarts(text, stereo=stereo, limits=limits)
    except QueryTooCostly as exc:
        raise QueryTooCostly(f"{name}: {exc.message}", hint=exc.hint) from exc
    except QuerySyntax as exc:
        raise QuerySyntax(f"{name}: {exc.message}", hint=exc.hint) from exc


def _ties(sides: Mapping[str, Pattern]) -> dict[int, tuple[int, int]]:
    places = []
    for name in ("reactants", "products"):
        found: dict[int, int] = {}
        for atom, number in enumerate(map_numbers(sides[name].mol) if name in sides else []):
            if number in found:
                raise QuerySyntax(
                    f"map number {number} stands twice among the {name}",
                    hint="give each atom its own number, or say maps=no",
                )
            if number:
                found[number] = atom
        places.append(found)
    return {number: (places[0][number], places[1][number]) for number in sorted(places[0].keys() & places[1].keys())}
