"""The octanol/water partition coefficient after Wildman and Crippen, from the graph of a molecule.

Every atom, hydrogens included, is of the first of 110 types that it matches, and contributes what its type says.  The
types are read from the installed RDKit, whose ``CalcCrippenDescriptors`` gives the same values, ten times slower.

References
----------
S. A. Wildman and G. M. Crippen, J. Chem. Inf. Comput. Sci. 1999, 39, 868.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from nlsearch.handlers.chemistry.graphs import molecule_graph
from nlsearch.handlers.chemistry.program import Compiled, compile_list
from nlsearch.handlers.molecule.counted import TRIED
from nlsearch.kernels import NATIVE, label_atoms, with_hydrogens

if TYPE_CHECKING:
    from rdkit.Chem import Mol


def logp(mol: Mol, graph: bytes) -> float:
    """Return the logarithm of the partition coefficient of `mol`, whose encoded graph is `graph` (empty if none)."""
    types = _types() if NATIVE else None
    whole = with_hydrogens(graph) if types and graph else b""
    if types is None or not whole:
        return _by_rdkit(mol)
    return _sum(types, whole)


def _sum(types: tuple[Compiled, list[float]], whole: bytes) -> float:
    program, amounts = types
    return math.fsum(map(amounts.__getitem__, label_atoms(program.program, program.encoded, whole)))


def _as_compiled(smarts: str) -> str:
    """Return a type as RDKit has it compiled in: hydrogens are told by the element beside them, aromatic or not."""
    if not smarts.startswith("[#1]"):
        return smarts
    return smarts.replace("!C", "!#6").replace("!N", "!#7").replace("!O", "!#8").replace("!S", "!#16")


@cache
def _types() -> tuple[Compiled, list[float]] | None:
    """Return the types with what each contributes, by label (255: none does); None if RDKit gives other values."""
    from rdkit import Chem, RDConfig

    table = Path(RDConfig.RDDataDir) / "Crippen.txt"
    if not table.is_file():
        return None
    rows = [line.split("\t") for line in table.read_text("utf-8").splitlines() if line.strip() and line[0] != "#"]
    queries = [Chem.MolFromSmarts(_as_compiled(row[1])) for row in rows]
    if not all(queries):
        return None
    program = compile_list(queries)
    if program is None:
        return None
    amounts = [float(row[2]) for row in rows]
    types = program, amounts + [0.0] * (256 - len(amounts))
    tried = [Chem.MolFromSmiles(smiles) for smiles in TRIED]
    agree = all(abs(_sum(types, with_hydrogens(molecule_graph(mol))) - _by_rdkit(mol)) < 1e-6 for mol in tried)
    return types if agree else None


def _by_rdkit(mol: Mol) -> float:
    from rdkit.Chem import rdMolDescriptors

    return float(rdMolDescriptors.CalcCrippenDescriptors(mol)[0])
