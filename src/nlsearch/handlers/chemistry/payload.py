"""The payload of a molecule: RDKit's own binary form, the way back to the record's atoms, and a drawing's coordinates.

Layout (little endian): version u8, flags u8, atoms of the record u32, atoms of the molecule u32; the length of the
encoded graph u16 and the graph (:mod:`nlsearch.kernels.graphs`), so that many payloads can be matched without decoding
any; the length of the fingerprint's bits u16 and the bits, ascending, each as the distance to the one before (the first
to −1) in u8, where 255 is a step without a bit; with flag 1 for each
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

from nlsearch.kernels.graphs import HEAD_BYTES as GRAPH_HEAD

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

    from nlsearch.handlers.contract import Buffer

_HEAD = struct.Struct("<BBII")
GRAPH_AT = _HEAD.size
"""Where in a payload the length of the graph stands, and behind it the graph."""
_VERSION = 2
_ORDERED, _DRAWN = 1, 2
_LEAP = 255
_WITHOUT_AROMATIC = bytes(i & 127 for i in range(256))
_LOW, _HIGH = bytes(i & 7 for i in range(256)), bytes(i >> 4 for i in range(256))


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
    remarks : tuple of str
        What the reader had to assume; told to users, not kept in the payload.
    """

    mol: Mol
    record_atoms: int
    order: NDArray[np.uint32] | None = None
    coordinates: NDArray[np.float32] | None = None
    remarks: tuple[str, ...] = ()


class Decoded:
    """A molecule read back from its payload, with what verification needs, derived once and when it is asked for.

    All but :attr:`mol`, and what follows from it, is there without decoding the molecule.

    Raises
    ------
    ValueError
        If the bytes are no payload of this version.
    """

    def __init__(self, payload: bytes) -> None:
        try:
            version, flags, self.record_atoms, atoms = _HEAD.unpack_from(payload)
        except struct.error as exc:
            raise ValueError("a molecule's payload is cut short") from exc
        if version != _VERSION:
            raise ValueError(f"a molecule's payload of unknown version {version}")
        size = int.from_bytes(payload[GRAPH_AT : GRAPH_AT + 2], "little")
        offset = GRAPH_AT + 2 + size
        self._atoms = atoms
        self.graph = payload[GRAPH_AT + 2 : offset]
        offset += 2 + int.from_bytes(payload[offset : offset + 2], "little")
        if offset + 4 * atoms * bool(flags & _ORDERED) + (4 + 4 * atoms) * bool(flags & _DRAWN) >= len(payload):
            raise ValueError("a molecule's payload is cut short")
        self.order: tuple[int, ...] | None = None
        if flags & _ORDERED:
            self.order = tuple(np.frombuffer(payload, "<u4", atoms, offset).tolist())
            offset += 4 * atoms
        self.coordinates: NDArray[np.float32] | None = None
        if flags & _DRAWN:
            scale = np.frombuffer(payload, "<f4", 1, offset)[0]
            self.coordinates = np.frombuffer(payload, "<i2", 2 * atoms, offset + 4).reshape(-1, 2) * scale
            offset += 4 + 4 * atoms
        self._payload, self._rest = payload, offset

    @cached_property
    def mol(self) -> Mol:
        """The molecule.

        Raises
        ------
        ValueError
            If its bytes do not decode.
        """
        from rdkit import Chem

        try:
            raw = zlib.decompress(self._payload[self._rest :])
            mol: Mol = Chem.Mol(raw)  # type: ignore[call-overload]  # RDKit's stubs say str
        except (zlib.error, RuntimeError) as exc:
            raise ValueError(f"a molecule's payload does not decode: {exc}") from exc
        if mol.GetNumAtoms() != self._atoms:
            raise ValueError("a molecule's payload holds another number of atoms than it says")
        return mol

    @cached_property
    def heavy_atoms(self) -> int:
        """Atoms other than hydrogen, at least 1."""
        known = heavy_atoms(self._payload)
        return max(1, self.mol.GetNumHeavyAtoms()) if known is None else known

    @cached_property
    def parts(self) -> int:
        """How many connected parts it has."""
        from rdkit import Chem

        return len(Chem.GetMolFrags(self.mol))

    @cached_property
    def formula(self) -> str:
        """Molecular formula in Hill's order, isotopes as their element."""
        from rdkit.Chem import rdMolDescriptors

        return str(rdMolDescriptors.CalcMolFormula(self.mol))

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


def set_bits(payload: Buffer) -> list[int]:
    """Return the numbers of the set bits of the fingerprint in a payload, ascending; nothing else is decoded."""
    start = GRAPH_AT + 4 + int.from_bytes(payload[GRAPH_AT : GRAPH_AT + 2], "little")
    found: list[int] = []
    place = -1
    for step in payload[start : start + int.from_bytes(payload[start - 2 : start], "little")]:
        place += step
        if step < _LEAP:
            found.append(place)
    return found


def _atoms(payload: Buffer) -> tuple[bytes, bytes]:
    """Return elements and states of the atoms of the graph in a payload; empty if it has none."""
    if payload[GRAPH_AT : GRAPH_AT + 2] == b"\0\0":
        return b"", b""
    start = GRAPH_AT + 2 + GRAPH_HEAD
    atoms = int.from_bytes(payload[GRAPH_AT + 3 : GRAPH_AT + 5], "little")
    elements, states = (bytes(payload[start + row * atoms : start + (row + 1) * atoms]) for row in range(2))
    return elements.translate(_WITHOUT_AROMATIC), states


def heavy_atoms(payload: Buffer) -> int | None:
    """Return the number of atoms other than hydrogens and dummies, at least 1, by the graph; None if there is none."""
    elements, _ = _atoms(payload)
    return max(1, len(elements) - elements.count(0) - elements.count(1)) if elements else None


def composition(payload: Buffer) -> tuple[bytes, int, int] | None:
    """Return the elements of the heavy atoms, ascending, the number of hydrogens, and the charge; None if not known.

    Only equal compositions have equal formulas; nothing is decoded for it.
    """
    elements, states = _atoms(payload)
    if not elements:
        return None
    heavy = bytes(sorted(elements.replace(b"\1", b"")))
    return heavy, sum(states.translate(_LOW)) + elements.count(1), sum(states.translate(_HIGH)) - 8 * len(elements)


def _steps(fingerprint: NDArray[np.uint8]) -> bytes:
    bits = np.flatnonzero(np.unpackbits(fingerprint, bitorder="little"))
    distances = bits + 1
    distances[1:] -= distances[:-1].copy()
    if distances.max(initial=0) < _LEAP:
        return distances.astype(np.uint8).tobytes()
    return b"".join(bytes([_LEAP] * (distance // _LEAP) + [distance % _LEAP]) for distance in distances.tolist())


def encode(structure: Structure, graph: bytes = b"", fingerprint: NDArray[np.uint8] | None = None) -> bytes:
    """Return the payload of `structure`.

    Parameters
    ----------
    structure : Structure
    graph : bytes
        Its encoded graph; empty if it has none.
    fingerprint : ndarray of uint8, shape (bits // 8,), optional
        Packed.
    """
    atoms = structure.mol.GetNumAtoms()
    flags, middle = 0, b""
    if structure.order is not None:
        flags |= _ORDERED
        middle += structure.order.astype("<u4").tobytes()
    if structure.coordinates is not None:
        flags |= _DRAWN
        scale = max(0.005, float(np.abs(structure.coordinates).max(initial=0.0)) / 32767)
        middle += struct.pack("<f", scale) + np.rint(structure.coordinates / scale).astype("<i2").tobytes()
    steps = b"" if fingerprint is None else _steps(fingerprint)
    head = _HEAD.pack(_VERSION, flags, structure.record_atoms, atoms)
    return bytes(
        head
        + len(graph).to_bytes(2, "little")
        + graph
        + len(steps).to_bytes(2, "little")
        + steps
        + middle
        + zlib.compress(structure.mol.ToBinary(0))
    )
