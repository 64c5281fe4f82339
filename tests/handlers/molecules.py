"""Molecules and random queries for the tests: awkward structures, and SMARTS written from pieces of molecules."""

from __future__ import annotations

import gzip
import random
from itertools import product
from pathlib import Path

from rdkit import Chem

from held import Held
from nlsearch.handlers.molecule import MoleculeHandler
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

AWKWARD = """
CC(=O)Oc1ccccc1C(=O)O
c1ccc(-c2ccccc2)cc1
c1ccc2c(c1)-c1cccc3cccc-2c13
c1ccc2c(c1)c1ccccc1c1ccccc21
c1ccc2c(c1)-c1ccccc1-2
c1ccc2cccc-2cc1
C1=CC2=CC=CC2=CC=C1
c1ccc(-c2ccc(-c3ccccc3)nc2)cc1
n1ccccc1-c1ccccn1
O=c1cccc[nH]1
O=C1C=CC(=O)C=C1
CN1C=NC2=C1C(=O)N(C(=O)N2C)C
C1=CC(=C2C=CC=C2)C=C1
c1cc2ccc3cccc4ccc(c1)c2c34
C1CC2CCC1C2
C12C3C4C1C5C2C3C45
OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O
OC[C@H]1O[C@H](O)[C@H](O)[C@@H](O)[C@@H]1O
N[C@@H](Cc1c[nH]c2ccccc12)C(=O)O
N[C@H](Cc1c[nH]c2ccccc12)C(=O)O
F/C=C/F
F/C=C\\F
FC=CF
CC(=O)[O-].[Na+]
[NH4+].[Cl-]
[2H]C([2H])([2H])O
[13CH3]C(=O)O
[CH3]
[O]N=O
C[N+](=O)[O-]
C#N
[C-]#[O+]
N#[N+]c1ccccc1
C[Si](C)(C)Cl
CS(=O)(=O)N
OP(=O)(O)O
BrC(Br)(Br)Br
[H][H]
[H]O[H]
[Na+].[H-]
B1OB(OB(O1)c1ccccc1)c1ccccc1
c1cc[se]c1
c1ccsc1-c1cccs1
C[Fe]C
Cl[Pt](Cl)(<-N)<-N
*c1ccccc1
C=C=C
CC(C)=CCC/C(C)=C/C=O
CCCCCCCCCCCCCCCC(=O)O
C1CCCCCCCCCCC1
c1ccc(cc1)C(c1ccccc1)(c1ccccc1)c1ccccc1
O=C(Nc1ccccc1)c1ccc(-c2ccccc2-c2nnn[nH]2)cc1
CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O
F[C@H](Cl)Br
F[C@@H](Cl)Br
CC(C)(C)c1ccc(O)cc1 |$;;;;;;;;;;$|
[O-][n+]1ccccc1-c1cccc[n+]1[O-]
C1=CC=C[CH+]C=C1
[cH-]1cccc1.[Na+]
""".strip().splitlines()


def read(content: bytes | str, form: str = "SMILES", limits: Limits | None = None) -> list[RawItem | Skipped]:
    raw = content.encode() if isinstance(content, str) else content
    return list(MoleculeHandler().read(Held(raw, format=form), limits or Limits()))


def one(text: str, form: str = "SMILES") -> RawItem:
    (item,) = read(text, form)
    assert isinstance(item, RawItem), item
    return item


def payload_of(text: str, form: str = "SMILES") -> bytes:
    return MoleculeHandler().features(one(text, form)).payload


def random_smarts(mol: Chem.Mol, dice: random.Random, *, most: int = 12) -> str:
    """Write a random connected piece of `mol` as SMARTS, loosening some of its conditions; it nearly always matches."""
    atoms = [dice.randrange(mol.GetNumAtoms())]
    tree: dict[int, list[tuple[int, Chem.Bond]]] = {atoms[0]: []}
    closures: dict[int, list[str]] = {atoms[0]: []}
    used: set[int] = set()
    for _ in range(dice.randint(0, most - 1)):
        edge = _edge_out(mol, atoms, dice)
        if edge is None:
            break
        known, new, bond = edge
        atoms.append(new)
        tree[known].append((new, bond))
        tree[new], closures[new] = [], []
        used.add(bond.GetIdx())
    number = 0
    for bond in mol.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if bond.GetIdx() not in used and set(ends) <= set(atoms) and dice.random() < 0.8 and number < 90:
            number += 1
            kind = _bond(bond, dice)
            closures[ends[0]].append(f"{kind}%{number + 9}")
            closures[ends[1]].append(f"{kind}%{number + 9}")

    def write(atom: int) -> str:
        text = _atom(mol.GetAtomWithIdx(atom), dice) + "".join(closures[atom])
        return text + "".join(f"({_bond(bond, dice)}{write(child)})" for child, bond in tree[atom])

    return write(atoms[0])


def _edge_out(mol: Chem.Mol, atoms: list[int], dice: random.Random) -> tuple[int, int, Chem.Bond] | None:
    edges = [
        (atom, bond.GetOtherAtomIdx(atom), bond)
        for atom in atoms
        for bond in mol.GetAtomWithIdx(atom).GetBonds()
        if bond.GetOtherAtomIdx(atom) not in atoms
    ]
    return dice.choice(edges) if edges else None


def _atom(atom: Chem.Atom, dice: random.Random) -> str:
    number = atom.GetAtomicNum()
    if number == 0:
        return "*"
    symbol = atom.GetSymbol().lower() if atom.GetIsAromatic() else atom.GetSymbol()
    ring = "R" if atom.IsInRing() else "R0"
    loose = [
        f"[#{number}]", "*", "a" if atom.GetIsAromatic() else "A", f"[{symbol},#7]", f"[#{number},#8;{ring}]", "[!#1]",
        f"[#{number};{ring}]", f"[$([#{number}])]", f"[{symbol};$(*~*),$(*)]", f"[#{number};h{atom.GetTotalNumHs()}]",
        f"[{symbol};D{atom.GetDegree()}]", f"[!$([Xe])&#{number}]", f"[#{number}&{'a' if symbol.islower() else 'A'}]",
        f"[{symbol}{atom.GetFormalCharge():+d}]", f"[!Xe;{symbol}]", f"[{symbol},{symbol};!Xe]",
        f"[#{number},#{number}]",
    ]  # fmt: skip
    return f"[{symbol}]" if dice.random() < 0.6 else dice.choice(loose)


def _bond(bond: Chem.Bond, dice: random.Random) -> str:
    kinds = {"SINGLE": "-", "DOUBLE": "=", "TRIPLE": "#", "AROMATIC": ":"}
    kind = kinds.get(str(bond.GetBondType()))
    if kind is None:
        return "~"
    ring = "@" if bond.IsInRing() else "!@"
    plain = "" if kind in "-:" else kind
    loose = [kind, "~", ring, f"{kind},=", "-,:" if kind in "-:" else kind, f"{kind};{ring}", "!$", "=,:,-,#"]
    return plain if dice.random() < 0.6 else dice.choice(loose)


REAL = Path(__file__).parents[3] / "shared" / "data" / "molecules" / "muv.93k.smi.gz"


def many(count: int, seed: int = 5) -> list[str]:
    """Return SMILES of different molecules: drawn from MUV where the real data is, else made of pieces."""
    dice = random.Random(seed)
    if not REAL.exists():
        return dice.sample(["".join(pieces) for pieces in product(*map(str.split, (LEFT, MIDDLE, RIGHT)))], count)
    lines = gzip.decompress(REAL.read_bytes()).decode().splitlines()
    return [line.split()[0] for line in dice.sample(lines, count)]


LEFT = """
C CC CCC CO CCO N CN CC(C) F Cl Br O OC NC(=O) CC(=O) CC(=O)N CS N#C OC(=O) FC(F)(F) C1CC1
"""
MIDDLE = """
c1ccc(cc1) c1cc(ccn1) c1cnc(nc1) c1cc(c[nH]1) c1ccc(s1) C1CCC(CC1) C1CCN(CC1) C1CN(CCN1) c1ccc2c(c1)[nH]cc2 C=C
c1cc2ccccc2nc1 C(=O)N C(=O)O CN C[C@H](N)C(=O)N c1nnc(o1) S(=O)(=O)N
"""
RIGHT = """
C CC CCC CCO O N C(=O)C C(=O)O C(=O)N CN OC F c1ccccc1 c1ccncc1 C(F)(F)F C#N CCN1CCOCC1 Cc1c[nH]cn1
"""
