"""The payload of a molecule: RDKit's own binary form, the way back to the record's atoms, and a drawing's coordinates.

Layout (little endian): version u8, flags u8, atoms of the record u32, atoms of the molecule u32; with flag 1 for each
atom of the molecule its 0-based index in the record u32 (absent when the two orders are the same); with flag 2 a scale
f32 and for each atom x and y as i16 (Å = value × scale); then, deflated (RFC 1950), the bytes of ``Mol.ToBinary``
without conformers.

RDKit's binary form needs no sanitising, no ring search and no stereo perception: it decodes in half the time of a
SMILES whose aromaticity and stereo are restored in full, and keeps atom order.  Deflating halves it for a few
microseconds.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

_HEAD = struct.Struct("<BBII")
_VERSION = 1
_ORDERED, _DRAWN = 1, 2


@dataclass(slots=True)
class Structure:
    """A molecule as it was read.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sanitised, without removable hydrogens, without conformers.
    order : ndarray of uint32, shape (atoms,), optional
        0-based index of each atom in the source record; None if the orders are the same.
    record_atoms : int
        Atoms that the record has, explicit hydrogens included.
    coordinates : ndarray of float32, shape (atoms, 2), optional
        The record's own drawing, in its own unit (Å by custom).
    """

    mol: Mol
    record_atoms: int
    order: NDArray[np.uint32] | None = None
    coordinates: NDArray[np.float32] | None = None


class Decoded:
    """A molecule read back from its payload, with what verification needs, derived once.

    Raises
    ------
    ValueError
        If the bytes are no payload of this version.
    """

    def __init__(self, payload: bytes) -> None:
        from rdkit import Chem

        try:
            version, flags, self.record_atoms, atoms = _HEAD.unpack_from(payload)
        except struct.error as exc:
            raise ValueError("a molecule's payload is cut short") from exc
        if version != _VERSION:
            raise ValueError(f"a molecule's payload of unknown version {version}")
        offset = _HEAD.size
        self.order: tuple[int, ...] | None = None
        if flags & _ORDERED:
            self.order = tuple(np.frombuffer(payload, "<u4", atoms, offset).tolist())
            offset += 4 * atoms
        self.coordinates: NDArray[np.float32] | None = None
        if flags & _DRAWN:
            scale = np.frombuffer(payload, "<f4", 1, offset)[0]
            self.coordinates = np.frombuffer(payload, "<i2", 2 * atoms, offset + 4).reshape(-1, 2) * scale
            offset += 4 + 4 * atoms
        try:
            raw = zlib.decompress(payload[offset:])
            self.mol: Mol = Chem.Mol(raw)  # type: ignore[call-overload]  # RDKit's stubs say str
        except (zlib.error, RuntimeError) as exc:
            raise ValueError(f"a molecule's payload does not decode: {exc}") from exc
        if self.mol.GetNumAtoms() != atoms:
            raise ValueError("a molecule's payload holds another number of atoms than it says")

    @cached_property
    def heavy_atoms(self) -> int:
        """Atoms other than hydrogen, at least 1."""
        return max(1, self.mol.GetNumHeavyAtoms())

    @cached_property
    def smiles(self) -> str:
        """Canonical SMILES with stereo and isotopes."""
        from rdkit import Chem

        return str(Chem.MolToSmiles(self.mol))

    @cached_property
    def connectivity(self) -> str:
        """Canonical SMILES without stereo and isotopes."""
        from nlsearch.handlers.chemistry.fingerprints import connectivity

        return connectivity(self.mol)

    def in_record(self, atoms: tuple[int, ...]) -> list[int]:
        """Return 0-based indices in the record's own order."""
        return list(atoms) if self.order is None else [self.order[atom] for atom in atoms]

    def from_record(self, atoms: list[int]) -> list[int]:
        """Return the molecule's atoms for 0-based indices in the record's order."""
        if self.order is None:
            return list(atoms)
        place = {index: atom for atom, index in enumerate(self.order)}
        return [place[index] for index in atoms]


def encode(structure: Structure) -> bytes:
    """Return the payload of `structure`."""
    atoms = structure.mol.GetNumAtoms()
    flags, middle = 0, b""
    if structure.order is not None:
        flags |= _ORDERED
        middle += structure.order.astype("<u4").tobytes()
    if structure.coordinates is not None:
        flags |= _DRAWN
        scale = max(0.005, float(np.abs(structure.coordinates).max(initial=0.0)) / 32767)
        middle += struct.pack("<f", scale) + np.rint(structure.coordinates / scale).astype("<i2").tobytes()
    head = _HEAD.pack(_VERSION, flags, structure.record_atoms, atoms)
    return bytes(head + middle + zlib.compress(structure.mol.ToBinary(0)))
