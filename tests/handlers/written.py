"""Molecules written in the formats of exchange, by RDKit where it has a writer, for the tests that read them."""

from __future__ import annotations

from rdkit import Chem
from rdkit.Chem import AllChem

TRIPOS = {"H": "H", "F": "F", "Cl": "Cl", "Br": "Br", "I": "I"}
BONDS = {"SINGLE": "1", "DOUBLE": "2", "TRIPLE": "3", "AROMATIC": "ar"}


def flat(smiles: str, name: str = "some name") -> Chem.Mol:
    """Return a molecule with a drawing."""
    mol = Chem.MolFromSmiles(smiles)
    AllChem.Compute2DCoords(mol)
    mol.SetProp("_Name", name)
    return mol


def solid(smiles: str, name: str = "some name") -> Chem.Mol:
    """Return a molecule with all its hydrogens in three dimensions."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=7) == 0
    mol.SetProp("_Name", name)
    return mol


def mol2(mol: Chem.Mol) -> str:
    """Write a neutral molecule with its hydrogens as a Tripos MOL2 (RDKit has no writer of it)."""
    if mol.HasSubstructMatch(Chem.MolFromSmarts("c=O")):  # Tripos calls only some rings aromatic
        mol = Chem.Mol(mol)
        Chem.Kekulize(mol, clearAromaticFlags=True)
    lines = ["@<TRIPOS>MOLECULE", mol.GetProp("_Name"), f"{mol.GetNumAtoms()} {mol.GetNumBonds()} 1 0 0", "SMALL"]
    lines += ["NO_CHARGES", "", "@<TRIPOS>ATOM"]
    places = mol.GetConformer().GetPositions()
    for atom, (x, y, z) in zip(mol.GetAtoms(), places, strict=True):
        name = f"{atom.GetSymbol()}{atom.GetIdx() + 1}"
        lines.append(f"{atom.GetIdx() + 1:7} {name:6} {x:9.4f} {y:9.4f} {z:9.4f} {_tripos(atom):5} 1 LIG 0.0")
    lines.append("@<TRIPOS>BOND")
    for bond in mol.GetBonds():
        ends = f"{bond.GetBeginAtomIdx() + 1:5} {bond.GetEndAtomIdx() + 1:5}"
        lines.append(f"{bond.GetIdx() + 1:5} {ends} {BONDS[str(bond.GetBondType())]}")
    return "\n".join([*lines, "@<TRIPOS>SUBSTRUCTURE", "     1 LIG         1", ""])


def _tripos(atom: Chem.Atom) -> str:
    symbol = atom.GetSymbol()
    if symbol in TRIPOS:
        return symbol
    if atom.GetIsAromatic():
        return f"{symbol}.ar" if symbol in "CN" else f"{symbol}.2"
    orders = [bond.GetBondTypeAsDouble() for bond in atom.GetBonds()]
    return f"{symbol}.{1 if max(orders) == 3 or orders.count(2) == 2 else 2 if max(orders) == 2 else 3}"


WRITERS = {
    "MOL2": mol2,
    "CDXML": Chem.MolToCDXMLBlock,
    "MRV": Chem.MolToMrvBlock,
    "CML": Chem.MolToCMLBlock,
    "PDB": Chem.MolToPDBBlock,
}
