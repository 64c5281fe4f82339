"""Donors, acceptors and rotatable bonds, counted on the graph of a molecule: the values of RDKit's functions, faster.

RDKit's definitions are SMARTS that differ between its versions.  Those below are tried on a few molecules once, and the
first that gives what the installed RDKit's function gives is used; where none does, the function itself is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nlsearch.handlers.chemistry.graphs import molecule_graph
from nlsearch.handlers.chemistry.program import Compiled, compile_list
from nlsearch.kernels import NATIVE, count_bonds, label_atoms

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_ACCEPTORS = (
    "[$([O,S;H1;v2]-[!$(*=[O,N,P,S])]),$([O,S;H0;v2]),$([O,S;-]),$([N;v3;!$(N-*=!@[O,N,P,S])]),$([nH0{},o,s;+0])]"
)
_END = "!$(*#*)&!D1&!$(C(F)(F)F)&!$(C(Cl)(Cl)Cl)&!$(C(Br)(Br)Br)&!$(C([CH3])([CH3])[CH3])"
_AMIDE = (
    "&!$([CD3](=[N,O,S])-!@[#7,O,S!D1])&!$([#7,O,S!D1]-!@[CD3]=[N,O,S])"
    "&!$([CD3](=[N+])-!@[#7!D1])&!$([#7!D1]-!@[CD3]=[N+])"
)  # fmt: skip
DEFINITIONS: dict[str, tuple[str, ...]] = {
    "CalcNumHBD": ("[N&!H0&v3,N&!H0&+1&v4,O&H1&+0,S&H1&+0,n&H1&+0]",),
    "CalcNumHBA": (_ACCEPTORS.format("X2"), _ACCEPTORS.format("")),
    "CalcNumRotatableBonds": (f"[{_END}{_AMIDE}]-,:;!@[{_END}]", f"[{_END}{_AMIDE}]-!@[{_END}]"),
}
"""RDKit's function → what it may count: atoms, or the bond between two."""
TRIED = (
    "CC(=O)Nc1ccc(O)cc1", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "CC(C)(C)OC(=O)NCC#N", "FC(F)(F)c1ccccc1-c1ccccc1",
    "NS(=O)(=O)c1ccccn1", "C[N+](C)(C)CC(=O)[O-]", "Cn1ccnc1SCC", "O=C1NC(=O)c2ccccc12", "CCOP(=O)(OCC)OCC",
    "c1ccsc1CC(N)=[NH2+]", "OB(O)c1ccco1", "CC(=S)NN", "O=c1cc[nH]c(=O)[nH]1", "CSC", "C[n+]1ccccc1CCO",
    "CCN(CC)C(=O)C=C", "c1ccc(-n2cccc2)cc1", "CCCC#CCC",
)  # fmt: skip
"""Molecules on which definitions are compared with those of the installed RDKit."""


def counted(function: str, mol: Mol, graph: bytes) -> int:
    """Return what RDKit's function of that name returns for `mol`, whose encoded graph is `graph` (empty if none)."""
    program = _definition(function) if NATIVE and graph else None
    if program is None:
        return _by_rdkit(function, mol)
    return _count(program, graph)


def _by_rdkit(function: str, mol: Mol) -> int:
    from rdkit.Chem import rdMolDescriptors

    return int(getattr(rdMolDescriptors, function)(mol))


def _count(program: Compiled, graph: bytes) -> int:
    if len(program.program.patterns[0]) == 2:
        return count_bonds(program.program, program.encoded, graph)
    return label_atoms(program.program, program.encoded, graph).count(0)


@cache
def _definition(function: str) -> Compiled | None:
    """Return the definition that agrees with the installed RDKit, None if none does."""
    from rdkit import Chem

    mols = [Chem.MolFromSmiles(smiles) for smiles in TRIED]
    for smarts in DEFINITIONS[function]:
        program = compile_list([Chem.MolFromSmarts(smarts)])
        if program and all(_count(program, molecule_graph(mol)) == _by_rdkit(function, mol) for mol in mols):
            return program
    return None
