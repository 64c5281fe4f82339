"""Reactions for the tests, a random query written from pieces of them, and the slow way to match one."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass, field

from rdkit import Chem

from held import Held
from nlsearch.handlers.reaction import ReactionHandler
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

ESTER = "[CH3:1][C:2](=[O:3])[OH:4].[CH3:5][CH2:6][OH:7]>OS(=O)(=O)O>[CH3:1][C:2](=[O:3])[O:7][CH2:6][CH3:5].[OH2:4]"
AWKWARD = f"""
{ESTER}
CC(=O)O.OCC>OS(=O)(=O)O>CC(=O)OCC.O
[CH2:1]=[CH:2][CH:3]=[CH2:4].[CH2:5]=[CH2:6]>>[CH2:1]1[CH:2]=[CH:3][CH2:4][CH2:5][CH2:6]1
[CH3:1][C:2]([CH3:3])([CH3:4])[OH:5].[ClH:6]>>[CH3:1][C:2]([CH3:3])([CH3:4])[Cl:6].[OH2:5]
[CH3:1][C:2]([CH3:3])([CH3:4])[OH:5].[ClH:6]>>[CH3:4][C:2]([CH3:1])([CH3:3])[Cl:6].[OH2:5]
[CH3:1][CH2:1][OH:2]>>[CH2:1]=[CH2:1].[OH2:2]
[CH3:1][CH2:2][Br:3]>>CC
[cH:1]1[cH:2][cH:3][cH:4][cH:5][cH:6]1.[Br:7][Br:8]>[Fe]>[cH:1]1[cH:2][cH:3][c:4]([Br:7])[cH:5][cH:6]1.[BrH:8]
F[C@H:1](Cl)Br>>F[C@@H:1](Cl)O
F[C@@H:1](Cl)Br>>F[C@@H:1](Cl)O
[H][H].C/C=C/C>[Pd]>CCCC
[2H]O.[CH3:1]Cl>>[CH3:1]O
[H:1][O:2][CH3:3]>>[O:2]=[CH2:3]
C1CC1>>
>>C1CC1
>[Na+].[Cl-]>C
[CH3:1][CH3:2].[CH3:3][CH3:4]>>[CH3:1][CH2:2][CH2:3][CH3:4]
[CH3:1][CH2:2][CH2:3][CH3:4]>>[CH3:1][CH3:4].[CH3:2][CH3:3]
c1ccc(-c2ccccc2)cc1>>C1CCC(CC1)C1CCCCC1
C[N+](=O)[O-].[CH3:9]I>>[CH3:9][N+](=O)[O-].CI
""".strip().splitlines()
QUERIES = """
C>>C
[C:1][O:2]>>[C:1][O:2]
[C:1][OH:2]>>[C:1]=[O:2]
[C:1].[C:2]>>[C:1][C:2]
[C:1][C:2]>>[C:1].[C:2]
[C:1][C:2]>>[C:2][C:1]
[CH3:1][C:2]>>[CH3:1][C:2]
[CH3:1].[CH3:2].[CH3:3]>>[CH3:1].[CH3:2].[CH3:3]
[*:1]~[*:2]~[*:3]>>[*:1]~[*:2]
[#6:1]>>[#6:1]
[#6:1]>>[#7:1]
[c:1][c:2][c:3]>>[c:1][c:2][c:3]
[C@:1](F)(Cl)Br>>[C:1]
[C@H:1](F)(Cl)Br>>[C@@H:1](F)(Cl)O
[H][C:1]>>[C:1]
[H]O>>O
C.C>>
C.C.C.C>>
>>C
>Cl>
>[Pd]>
*>*>*
C/C=C/C>>
C/C=C\\C>>
[r3]>>
cc>>
[OH]>>
[C:1]>>[O:2]
[Br:4]>>[Br:4]
[2H]>>
""".strip().splitlines()


def read(content: bytes | str, form: str = "reaction SMILES", limits: Limits | None = None) -> list[RawItem | Skipped]:
    raw = content.encode() if isinstance(content, str) else content
    return list(ReactionHandler().read(Held(raw, format=form), limits or Limits()))


def one(text: str | bytes, form: str = "reaction SMILES") -> RawItem:
    (item,) = read(text, form)
    assert isinstance(item, RawItem), item
    return item


@dataclass
class Known:
    """A reaction of the tests, read by RDKit alone: its sides, and where they begin in the record."""

    text: str
    mols: dict[str, Chem.Mol] = field(default_factory=dict)
    firsts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = 0
        for name, part in zip(("reactants", "agents", "products"), self.text.split(">"), strict=True):
            if part:
                self.mols[name] = Chem.MolFromSmiles(part)
                self.firsts[name] = first
                first += Chem.MolFromSmiles(part, sanitize=False).GetNumAtoms()


def matches(
    query: str, known: Known, *, stereo: bool = True, maps: bool = True
) -> set[tuple[tuple[str, frozenset[int]], ...]]:
    """Return every match, as the atoms of each side: all matches of each, and of their combinations those allowed."""
    patterns: dict[str, Chem.Mol] = {}
    for name, part in zip(("reactants", "agents", "products"), re.split(">", query), strict=True):
        if part:
            patterns[name] = Chem.MergeQueryHs(Chem.MolFromSmarts(part))
    if not patterns.keys() <= known.mols.keys():
        return set()
    numbers = {name: [atom.GetAtomMapNum() for atom in mol.GetAtoms()] for name, mol in patterns.items()}
    shared = (set(numbers.get("reactants", ())) & set(numbers.get("products", ()))) - {0} if maps else set()
    every = [
        known.mols[name].GetSubstructMatches(mol, uniquify=False, useChirality=stereo, maxMatches=10**6)
        for name, mol in patterns.items()
    ]
    found = set()
    for combined in itertools.product(*every):
        parts = dict(zip(patterns, combined, strict=True))
        if all(_same_number(number, parts, numbers, known) for number in shared):
            found.add(tuple((name, frozenset(part)) for name, part in parts.items()))
    return found


def _same_number(number: int, parts: dict, numbers: dict, known: Known) -> bool:
    carried = [
        known.mols[name].GetAtomWithIdx(parts[name][numbers[name].index(number)]).GetAtomMapNum()
        for name in ("reactants", "products")
    ]
    return carried[0] == carried[1] != 0


def random_query(known: Known, dice: random.Random) -> str:
    """Write pieces of both sides of a reaction as a query whose map numbers are the record's, some of them wrong."""
    texts = []
    for name in ("reactants", "products"):
        mol = known.mols.get(name)
        texts.append("" if mol is None or dice.random() < 0.1 else _piece(mol, dice))
    return ">>".join(texts) if any(texts) else "C>>"


def _piece(mol: Chem.Mol, dice: random.Random) -> str:
    atoms = {dice.randrange(mol.GetNumAtoms())}
    for _ in range(dice.randint(0, 4)):
        atoms |= {n.GetIdx() for a in atoms for n in mol.GetAtomWithIdx(a).GetNeighbors() if dice.random() < 0.5}
    taken: set[int] = set()
    symbols = []
    for atom in mol.GetAtoms():
        number = atom.GetAtomMapNum() if dice.random() < 0.7 else 0
        if dice.random() < 0.1:
            number = dice.randint(1, 6)
        if number in taken or atom.GetIdx() not in atoms:
            number = 0
        taken.add(number)
        element = "*" if dice.random() < 0.2 else f"#{atom.GetAtomicNum()}"
        symbols.append(f"[{element}:{number}]" if number else f"[{element}]")
    return Chem.MolFragmentToSmiles(mol, sorted(atoms), atomSymbols=symbols, isomericSmiles=False)
