"""The graph of a molecule in the encoding of :mod:`nlsearch.kernels.graphs`, from few calls of RDKit.

One call a fact and atom would cost more than everything else that is derived from a molecule.  So RDKit writes the
whole graph as a SMILES in which every atom stands in brackets with its hydrogens and every bond is written.

A slash hides the kind of a bond between aromatic atoms, which may be aromatic or single.  Where a molecule has such
single bonds, it is written without the stereo of double bonds, and so without slashes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nlsearch.kernels import encode_graph
from nlsearch.kernels.graphs import MOST_ATOMS, STEREO

if TYPE_CHECKING:
    from rdkit.Chem import Mol


@cache
def _single_aromatic() -> Mol:
    from rdkit import Chem

    return Chem.MolFromSmarts("a-a")


def molecule_graph(mol: Mol) -> bytes:
    """Return the encoded graph of `mol`; ``b""`` if it has none (over 1000 atoms, query features, odd bonds)."""
    if not 0 < mol.GetNumAtoms() <= MOST_ATOMS or mol.HasQuery():
        return b""
    smiles = _written(mol)
    slanted = "/" in smiles or "\\" in smiles
    plain = _without_slashes(mol) if slanted and mol.HasSubstructMatch(_single_aromatic()) else mol
    if plain is not mol:
        smiles = _written(plain)
    order = str(plain.GetProp("_smilesAtomOutputOrder"))
    graph = encode_graph(smiles, order, mol.GetRingInfo().AtomRings(), slanted_is_aromatic=slanted)
    return bytes([graph[0] | STEREO]) + graph[1:] if slanted and graph else graph


def _written(mol: Mol) -> str:
    from rdkit import Chem

    return str(Chem.MolToSmiles(mol, canonical=False, allBondsExplicit=True, allHsExplicit=True))


def _without_slashes(mol: Mol) -> Mol:
    """Return a copy without the stereo of double bonds."""
    from rdkit import Chem

    plain = Chem.Mol(mol)
    for bond in plain.GetBonds():
        bond.SetStereo(Chem.BondStereo.STEREONONE)
        bond.SetBondDir(Chem.BondDir.NONE)
    return plain
