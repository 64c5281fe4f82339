"""The graph of a molecule in the encoding of :mod:`nlsearch.kernels.graphs`, from few calls of RDKit.

One call a fact and atom would cost more than everything else that is derived from a molecule.  So RDKit writes the
whole graph as a SMILES in which every atom stands in brackets with its hydrogens and every bond is written.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nlsearch.kernels import encode_graph
from nlsearch.kernels.graphs import MOST_ATOMS

if TYPE_CHECKING:
    from rdkit.Chem import Mol


@cache
def _single_aromatic() -> Mol:
    from rdkit import Chem

    return Chem.MolFromSmarts("a-a")


def molecule_graph(mol: Mol) -> bytes:
    """Return the encoded graph of `mol`; ``b""`` if it has none (over 1000 atoms, query features, odd bonds)."""
    from rdkit import Chem

    if not 0 < mol.GetNumAtoms() <= MOST_ATOMS or mol.HasQuery():
        return b""
    smiles = Chem.MolToSmiles(mol, canonical=False, allBondsExplicit=True, allHsExplicit=True)
    slanted = ("/" in smiles or "\\" in smiles) and not mol.HasSubstructMatch(_single_aromatic())
    order = str(mol.GetProp("_smilesAtomOutputOrder"))
    rings = mol.GetRingInfo().AtomRings()
    return encode_graph(smiles, order, rings, slanted_is_aromatic=slanted)
