"""Fingerprints and identities of whole molecules.

Morgan fingerprints follow D. Rogers and M. Hahn, J. Chem. Inf. Model. 2010, 50, 742 (ECFP4): radius 2, 2048 bits, no
chirality, RDKit's default atom invariants.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

MORGAN_BITS = 2048
MORGAN_RADIUS = 2


@cache
def _morgan_generator() -> Any:  # noqa: ANN401 - RDKit's generator has no importable type
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=MORGAN_RADIUS, fpSize=MORGAN_BITS)


def morgan(mol: Mol) -> Any:  # noqa: ANN401 - RDKit's ExplicitBitVect has no importable type
    """Return the Morgan fingerprint of `mol` as RDKit's bit vector."""
    return _morgan_generator().GetFingerprint(mol)


def packed(bits: Any) -> NDArray[np.uint8]:  # noqa: ANN401 - see above
    """Return RDKit's bit vector as uint8, shape (bits // 8,): bit *i* in byte ``i // 8``, value ``1 << (i % 8)``."""
    from rdkit import DataStructs

    return np.frombuffer(DataStructs.BitVectToBinaryText(bits), dtype=np.uint8).copy()


def unpacked(raw: bytes) -> Any:  # noqa: ANN401 - see above
    """Return packed bits as RDKit's bit vector."""
    from rdkit import DataStructs

    return DataStructs.CreateFromBinaryText(raw)  # type: ignore[arg-type]  # RDKit's stubs say str


def connectivity(mol: Mol) -> str:
    """Return the canonical SMILES of `mol` without stereo and isotopes: equal for stereoisomers and isotopologues."""
    from rdkit import Chem

    if any(atom.GetIsotope() for atom in mol.GetAtoms()):
        mol = Chem.Mol(mol)
        for atom in mol.GetAtoms():
            atom.SetIsotope(0)
        mol = Chem.RemoveHs(mol)
    return str(Chem.MolToSmiles(mol, isomericSmiles=False))
