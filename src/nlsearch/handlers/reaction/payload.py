"""The payload of a reaction: the payload of each side as one molecule, and where its atoms begin in the record.

Layout (little endian): version u8; for reactants, agents and products the record's index of the first atom u32 and the
length of what follows u32; then these three, each as :mod:`nlsearch.handlers.chemistry.payload` lays it out, or
nothing for an empty side.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from nlsearch.handlers.chemistry import payload
from nlsearch.handlers.chemistry.reactions import SIDES, Reaction

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_HEAD = struct.Struct("<B6I")
_VERSION = 1


def encode(reaction: Reaction) -> bytes:
    """Return the payload of `reaction`."""
    sides = [reaction.sides[name] for name in SIDES]
    parts = [b"" if side.structure is None else payload.encode(side.structure) for side in sides]
    numbers = [number for side, part in zip(sides, parts, strict=True) for number in (side.first, len(part))]
    return _HEAD.pack(_VERSION, *numbers) + b"".join(parts)


class Decoded:
    """A reaction read back from its payload, with what verification needs, derived once.

    Attributes
    ----------
    sides : dict of str to chemistry.payload.Decoded
        Those that are not empty, by name.

    Raises
    ------
    ValueError
        If the bytes are no payload of this version.
    """

    def __init__(self, raw: bytes) -> None:
        try:
            version, *numbers = _HEAD.unpack_from(raw)
        except struct.error as exc:
            raise ValueError("a reaction's payload is cut short") from exc
        if version != _VERSION:
            raise ValueError(f"a reaction's payload of unknown version {version}")
        self.sides: dict[str, payload.Decoded] = {}
        self._firsts: dict[str, int] = {}
        offset = _HEAD.size
        for name, first, length in zip(SIDES, numbers[::2], numbers[1::2], strict=True):
            if length:
                self.sides[name] = payload.Decoded(raw[offset : offset + length])
                self._firsts[name] = first
            offset += length

    @cached_property
    def heavy_atoms(self) -> int:
        """Atoms of all sides other than hydrogen, at least 1."""
        return heavy_atoms([side.mol for side in self.sides.values()])

    @cached_property
    def maps(self) -> dict[str, list[int]]:
        """The atom map number of each atom of reactants and products, 0 for none."""
        return {name: map_numbers(self._mol(name)) for name in ("reactants", "products")}

    @cached_property
    def fingerprint(self) -> bytes:
        """The structural fingerprint, packed."""
        from nlsearch.handlers.reaction.identity import structural

        return structural(self._mol("reactants"), self._mol("products"))

    @cached_property
    def smiles(self) -> str:
        """What two records of one reaction have in common: canonical reactants and products, without maps."""
        from nlsearch.handlers.reaction.identity import canonical

        return f"{canonical(self._mol('reactants'))}>>{canonical(self._mol('products'))}"

    def _mol(self, name: str) -> Mol | None:
        side = self.sides.get(name)
        return None if side is None else side.mol

    def in_record(self, name: str, atoms: Sequence[int]) -> list[int]:
        """Return 0-based indices in the record for atoms of one side."""
        first = self._firsts[name]
        return [first + atom for atom in self.sides[name].in_record(tuple(atoms))]

    def from_record(self, name: str, atoms: Sequence[int]) -> list[int]:
        """Return the atoms of one side among 0-based indices in the record, in their order."""
        first, side = self._firsts[name], self.sides[name]
        inside = [atom - first for atom in atoms if first <= atom < first + side.record_atoms]
        return side.from_record(inside)


def heavy_atoms(mols: Sequence[Mol]) -> int:
    """Return the atoms of some molecules other than hydrogen, at least 1: what a reaction's scores are divided by."""
    return max(1, sum(mol.GetNumHeavyAtoms() for mol in mols))


def map_numbers(mol: Mol | None) -> list[int]:
    """Return the atom map number of each atom, 0 for none."""
    return [] if mol is None else [atom.GetAtomMapNum() for atom in mol.GetAtoms()]
