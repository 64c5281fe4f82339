"""Fingerprints and identities of whole molecules.

``morgan`` follows D. Rogers and M. Hahn, J. Chem. Inf. Model. 2010, 50, 742 (ECFP4): radius 2, 2048 bits, no chirality,
RDKit's default atom invariants.  ``rdkit`` are RDKit's own branched paths of 1 to 7 bonds, 2048 bits.  ``maccs`` are
the 166 public MACCS keys (J. L. Durant et al., J. Chem. Inf. Comput. Sci. 2002, 42, 1273) in 192 bits, of which number
0 and those above 166 are never set.  ``atompair`` are pairs of atoms with their distance in bonds (R. E. Carhart et
al., J. Chem. Inf. Comput. Sci. 1985, 25, 64), counts simulated, 2048 bits.  All are RDKit's defaults but for the size
of ``maccs``, which changes no similarity.
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
MACCS_BYTES = 24
QUADRATIC_ATOMS = 1000
"""Heavy atoms up to which atom pairs are worth their cost, which grows with the square: 1.4 s at 1000."""


def fingerprint(mol: Mol, name: str) -> Any:  # noqa: ANN401 - see below
    """Return the fingerprint of `mol` that is called `name` (see the module) as RDKit's bit vector."""
    if name == "maccs":
        return _maccs(mol)
    return morgan(mol) if name == "morgan" else _generator(name).GetFingerprint(mol)


@cache
def _generator(name: str) -> Any:  # noqa: ANN401 - see below
    from rdkit.Chem import rdFingerprintGenerator

    if name == "morgan":
        return rdFingerprintGenerator.GetMorganGenerator(radius=MORGAN_RADIUS, fpSize=MORGAN_BITS)
    makers: dict[str, Any] = {
        "rdkit": rdFingerprintGenerator.GetRDKitFPGenerator,
        "atompair": rdFingerprintGenerator.GetAtomPairGenerator,
    }
    return makers[name](fpSize=2048)


def _maccs(mol: Mol) -> Any:  # noqa: ANN401 - see below
    from rdkit import DataStructs
    from rdkit.Chem import rdMolDescriptors

    raw = DataStructs.BitVectToBinaryText(rdMolDescriptors.GetMACCSKeysFingerprint(mol))
    return unpacked(raw.ljust(MACCS_BYTES, b"\0"))


def morgan(mol: Mol) -> Any:  # noqa: ANN401 - RDKit's ExplicitBitVect has no importable type
    """Return the Morgan fingerprint of `mol` as RDKit's bit vector."""
    return _generator("morgan").GetFingerprint(mol)


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
    return str(Chem.MolToSmiles(_flat(mol), isomericSmiles=False))


def isotopic(mol: Mol) -> str:
    """Return the canonical SMILES of `mol` with isotopes but without stereo."""
    from rdkit import Chem

    return str(Chem.MolToSmiles(_flat(mol)))


def _flat(mol: Mol) -> Mol:
    """Return `mol` without stereo, and without the hydrogens that were atoms for the sake of stereo or isotopes."""
    from rdkit import Chem, rdBase

    flat = Chem.Mol(mol)
    Chem.RemoveStereochemistry(flat)
    if flat.GetNumHeavyAtoms() == flat.GetNumAtoms():
        return flat
    with rdBase.BlockLogs():
        return Chem.RemoveHs(flat)
