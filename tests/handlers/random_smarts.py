"""Random queries from a seeded ``random.Random``: pieces of molecules as SMILES and SMARTS, SMARTS from a grammar.

Everything written parses with RDKit; whether it matches anything is for an oracle to say.  A piece written as SMARTS
mostly matches the molecule that it was cut from: its atoms are loosened to conditions that hold there, and now and then
one that does not is slipped in.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from rdkit import Chem

GROUPS = (
    "c1ccc2[nH]ccc2c1", "C(=O)[OX2H1]", "[NX3;H2]", "c1ccccc1-c1ccccc1", "S(=O)(=O)N", "C#N", "[F,Cl,Br,I]",
    "c1ccncc1", "[CX3](=O)[NX3]", "C1CCNCC1", "[#6]-[#16]-[#6]", "c1nnn[nH]1", "[N+](=O)[O-]", "C=C", "[C@H]",
    "c1ccc2ccccc2c1", "O=C1CCCN1", "n1cncc1", "c-[Cl]", "[OH]c1ccccc1", "[R2]", "C(F)(F)F", "N~C~N", "c1cscc1",
    "[#7]~[#6](~[#8])~[#6]", "[$([NX3;H2,H1;!$(NC=O)])]", "[CX4;H0]", "[r3]", "[R]!@[R]", "[D4]", "[+]", "[-]",
    "[#6]1~[#6]~[#6]~[#6]~[#6]~[#6]1", "[!#6;!#1]", "C/C=C/C", "[O;D1]=C-[O;D2]", "a-a", "[n;H1]", "*~[!C]", "[x3]",
    "[v5]", "C1CC1", "[Br]c", "[I]", "P", "[B,Si,Se]", "O=C([O-])C", "NC(=[NH2+])N", "N[C@@H](C)C(=O)O",
    "[C;$(C=O)]-[N;$(N-c)]", "[CH2][CH2][CH2][CH2][CH2]", "c1ccc(cc1)S(=O)(=O)[NX3]", "[#6;R]~[#6;R](~[#8;!R])~[#7;R]",
    "[$([#6]~[#7]),$([#6]~[#16])]", "[#8]=[#6]-,=[#6]=[#6]",
)  # fmt: skip
"""Functional groups, ring systems and conditions on their own: frequent and rare ones."""

_BARE = frozenset(["B", "C", "N", "O", "P", "S", "F", "Cl", "Br", "I", "b", "c", "n", "o", "p", "s"])
"""Symbols that need no brackets."""
_ELEMENTS = (*"CCCCCCCcccccNNnOOOS****AAaos", "F", "Cl", "Br", "P", "I", "B")
_PRIMITIVES = (
    "#6", "#6", "#7", "#8", "#16", "#9", "#17", "C", "c", "N", "n", "O", "S", "s", "o", "*", "a", "A", "R", "R0", "R1",
    "R2", "R3", "r", "r3", "r5", "r6", "r7", "D1", "D2", "D3", "D4", "X1", "X2", "X3", "X4", "v1", "v2", "v3", "v4",
    "v6", "H0", "H1", "H2", "H3", "h", "h0", "h1", "h2", "+", "-", "+0", "+1", "-1", "x", "x0", "x2", "x3", "^1", "^2",
    "^3", "13C", "2*", "z0", "z1", "z2", "Z1", "D{2-3}", "r{5-6}", "X{-2}", "h{1-}",
)  # fmt: skip
_BONDS = (
    "", "", "", "", "", "", "", "-", "=", "#", ":", "~", "~", "~", "~", "@", "!@", "-,=", "-,:", "-;@", "-;!@",
    "=,:;@", "!-", "!=", "-,=;@", "!#",
)  # fmt: skip


@dataclass
class _Tree:
    """A spanning tree of a piece, with the ring bonds that close it."""

    atoms: list[int]
    children: dict[int, list[tuple[int, Chem.Bond]]] = field(default_factory=dict)
    closures: dict[int, list[str]] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------------------- pieces
def piece(mol: Chem.Mol, dice: random.Random, atoms: int) -> list[int]:
    """Return a random connected set of at most so many atoms (fewer only if the fragment has no more)."""
    chosen = [dice.randrange(mol.GetNumAtoms())]
    while len(chosen) < atoms:
        edge = _edge_out(mol, chosen, dice)
        if edge is None:
            break
        chosen.append(edge[1])
    return chosen


def piece_smiles(mol: Chem.Mol, dice: random.Random, atoms: int) -> str | None:
    """Write a piece as SMILES, with the stereo that is whole in it; None if it is no molecule of its own."""
    text = str(Chem.MolFragmentToSmiles(mol, piece(mol, dice, atoms)))
    read = Chem.MolFromSmiles(text)
    return None if read is None or read.GetNumAtoms() == 0 else text


def plain_smarts(mol: Chem.Mol, dice: random.Random, atoms: int) -> str:
    """Write a piece as RDKit writes SMARTS: element, aromaticity and charge of each atom, the kind of each bond."""
    return str(Chem.MolFragmentToSmarts(mol, piece(mol, dice, atoms)))


def random_smarts(mol: Chem.Mol, dice: random.Random, *, most: int = 12, loose: float = 0.4) -> str:
    """Write a random connected piece of `mol` as SMARTS.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    dice : random.Random
    most : int
        Atoms at most.
    loose : float
        Share of the atoms and bonds that are loosened, tightened or made wrong.
    """
    return _rooted(mol, dice.randrange(mol.GetNumAtoms()), dice, most, loose)


def _rooted(mol: Chem.Mol, root: int, dice: random.Random, most: int, loose: float, depth: int = 0) -> str:
    tree = _grow(mol, root, dice, dice.randint(1, most), loose)
    stereo = dice.random() < 0.3

    def write(atom: int, before: int) -> str:
        around = before + len(tree.closures[atom]) + len(tree.children[atom])
        text = _atom(mol.GetAtomWithIdx(atom), dice, loose, depth, handed=stereo and around >= 3)
        text += "".join(tree.closures[atom])
        branches = [_bond(bond, dice, loose, turned=stereo) + write(child, 1) for child, bond in tree.children[atom]]
        if dice.random() < loose / 20 and mol.GetAtomWithIdx(atom).GetTotalNumHs() and "@" not in text:
            branches.append(dice.choice(("[H]", "[#1]")))
        return text + _joined(branches)

    return write(root, 0)


def _joined(branches: list[str]) -> str:
    """Write branches behind their atom, the last one without parentheses."""
    return "".join(f"({branch})" for branch in branches[:-1]) + "".join(branches[-1:])


def _grow(mol: Chem.Mol, root: int, dice: random.Random, atoms: int, loose: float) -> _Tree:
    tree = _Tree([root], {root: []}, {root: []})
    used: set[int] = set()
    while len(tree.atoms) < atoms:
        edge = _edge_out(mol, tree.atoms, dice)
        if edge is None:
            break
        known, new, bond = edge
        tree.atoms.append(new)
        tree.children[known].append((new, bond))
        tree.children[new], tree.closures[new] = [], []
        used.add(bond.GetIdx())
    number = 9
    for bond in mol.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if bond.GetIdx() not in used and set(ends) <= set(tree.atoms) and dice.random() < 0.8 and number < 99:
            number += 1
            text = f"{_bond(bond, dice, loose)}%{number}"
            for end in ends:
                tree.closures[end].append(text)
    return tree


def _edge_out(mol: Chem.Mol, atoms: list[int], dice: random.Random) -> tuple[int, int, Chem.Bond] | None:
    edges = [
        (atom, bond.GetOtherAtomIdx(atom), bond)
        for atom in atoms
        for bond in mol.GetAtomWithIdx(atom).GetBonds()
        if bond.GetOtherAtomIdx(atom) not in atoms
    ]
    return dice.choice(edges) if edges else None


def mixed_smarts(mols: Sequence[Chem.Mol], dice: random.Random, *, most: int = 16) -> str:
    """Write a SMARTS of any origin: loosened and plain pieces of 1 to `most` atoms, two pieces, grammar, groups."""
    mol, chance = dice.choice(mols), dice.random()
    if chance < 0.45:
        return random_smarts(mol, dice, most=most, loose=dice.choice((0.1, 0.3, 0.6)))
    if chance < 0.6:
        return plain_smarts(mol, dice, dice.randint(1, most))
    if chance < 0.7:
        return ".".join(random_smarts(some, dice, most=most // 2) for some in (mol, dice.choice(mols)))
    return grammar_smarts(dice) if chance < 0.85 else dice.choice(GROUPS)


# ------------------------------------------------------------------------------------------------- conditions that hold
def _atom(atom: Chem.Atom, dice: random.Random, loose: float, depth: int, *, handed: bool) -> str:
    number = atom.GetAtomicNum()
    if number == 0:
        return "*"
    if number == 1:
        return dice.choice(("[H]", "[#1]"))
    symbol = atom.GetSymbol().lower() if atom.GetIsAromatic() else atom.GetSymbol()
    if handed and atom.GetHybridization() == Chem.HybridizationType.SP3 and dice.random() < 0.5:
        return f"[{symbol}{dice.choice(('@', '@@'))}{dice.choice(('', 'H')) if atom.GetTotalNumHs() == 1 else ''}]"
    if dice.random() >= loose:
        return f"[{symbol}]" if dice.random() < 0.5 or symbol not in _BARE else symbol
    if dice.random() < 0.35:
        return _generalised(atom, symbol, dice)
    parts = [_condition(atom, symbol, dice, depth) for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.6:
        parts.insert(0, dice.choice((f"#{number}", symbol, "a" if atom.GetIsAromatic() else "A")))
    return "[" + dice.choice((";", "&")).join(parts) + "]"


def _generalised(atom: Chem.Atom, symbol: str, dice: random.Random) -> str:
    number, ring = atom.GetAtomicNum(), "R" if atom.IsInRing() else "R0"
    aromatic = "a" if atom.GetIsAromatic() else "A"
    return dice.choice((
        f"[#{number}]", "*", aromatic, f"[{symbol},#7]", f"[#{number},#8;{ring}]", "[!#1]", f"[#{number};{ring}]",
        f"[$([#{number}])]", f"[{symbol};$(*~*),$(*)]", f"[!$([Xe])&#{number}]", f"[#{number}&{aromatic}]", "[!Xe]",
        f"[!Xe;{symbol}]", f"[{symbol},{symbol};!Xe]", f"[#{number},#{number}]", f"[{ring}]", "[C,c,N,n]", "[!C]",
        "[#6,#7]", f"[{symbol}{atom.GetFormalCharge():+d}]", f"[C&!D5,{symbol}]", f"[!#1;!{dice.choice(_ELEMENTS)}]",
        f"[*;{symbol}]",
    ))  # fmt: skip


def _condition(atom: Chem.Atom, symbol: str, dice: random.Random, depth: int) -> str:
    """Return one condition: mostly one that holds, sometimes the denial of another, sometimes any."""
    chance = dice.random()
    if chance < 0.05:
        return dice.choice(_PRIMITIVES)
    if chance < 0.15:
        return "!" + dice.choice(_PRIMITIVES)
    if chance < 0.3 and depth < 2:
        inner = _rooted(atom.GetOwningMol(), atom.GetIdx(), dice, 4, 0.4, depth + 1)
        return f"$({inner})" if dice.random() < 0.8 else f"!$({inner}~[#{dice.choice((7, 8, 16, 53))}])"
    if chance < 0.4:
        return f"{symbol},{dice.choice(_PRIMITIVES)}"
    return dice.choice(_holding(atom))


def _holding(atom: Chem.Atom) -> list[str]:
    info = atom.GetOwningMol().GetRingInfo()
    index, charge, hydrogens = atom.GetIdx(), atom.GetFormalCharge(), atom.GetTotalNumHs()
    ring_bonds = sum(bond.IsInRing() for bond in atom.GetBonds())
    others = sum(other.GetAtomicNum() not in {1, 6} for other in atom.GetNeighbors())
    holding = [
        f"D{atom.GetDegree()}", f"X{atom.GetTotalDegree()}", f"v{atom.GetTotalValence()}", f"H{hydrogens}",
        f"h{hydrogens}", f"R{info.NumAtomRings(index)}", f"x{ring_bonds}", f"z{others}", f"{charge:+d}",
        f"D{{{max(0, atom.GetDegree() - 1)}-{atom.GetDegree() + 1}}}", f"!#{atom.GetAtomicNum() + 1}",
        "+" if charge == 1 else "+0",
    ]  # fmt: skip
    if info.NumAtomRings(index):
        holding += [f"r{info.MinAtomRingSize(index)}", "r", "R", "x", f"r{{3-{info.MinAtomRingSize(index)}}}"]
    if atom.GetIsotope():
        holding.append(f"{atom.GetIsotope()}*")
    hybrid = {"SP": "^1", "SP2": "^2", "SP3": "^3"}.get(str(atom.GetHybridization()))
    return holding if hybrid is None else [*holding, hybrid]


def _bond(bond: Chem.Bond, dice: random.Random, loose: float, *, turned: bool = False) -> str:
    kinds = {"SINGLE": "-", "DOUBLE": "=", "TRIPLE": "#", "AROMATIC": ":"}
    kind = kinds.get(str(bond.GetBondType()))
    if kind is None:
        return "~"
    if turned and kind == "-" and dice.random() < 0.5:
        return dice.choice("/\\")
    if dice.random() >= loose:
        return "" if kind in "-:" else kind
    ring = "@" if bond.IsInRing() else "!@"
    return dice.choice((
        kind, "~", ring, f"{kind},=", "-,:" if kind in "-:" else kind, f"{kind};{ring}", "!$", "=,:,-,#",
        f"-,{kind};{ring}", f"{kind}&{ring}", dice.choice(_BONDS),
    ))  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- grammar
def grammar_smarts(dice: random.Random, *, most: int = 7) -> str:
    """Write a SMARTS of at most so many atoms from a small grammar; one part in eight has several components."""
    parts = dice.choice((1, 1, 1, 1, 1, 1, 1, 2))
    return ".".join(_grown(dice, 1 + int(dice.random() ** 2 * (most // parts)), 0) for _ in range(parts))


def _grown(dice: random.Random, atoms: int, depth: int) -> str:
    """Write a random tree of bracket atoms, sometimes with one ring bond from its first atom to its last."""
    texts = [_any_atom(dice, depth) for _ in range(atoms)]
    parents = [dice.randrange(max(0, i - 2), i) for i in range(1, atoms)]
    if atoms >= 3 and parents[-1] != 0 and dice.random() < 0.4:
        bond = dice.choice(_BONDS)
        texts[0], texts[-1] = texts[0] + f"{bond}1", texts[-1] + "1"

    def write(i: int) -> str:
        children = [child for child, parent in enumerate(parents, 1) if parent == i]
        return texts[i] + _joined([f"{dice.choice(_BONDS)}{write(child)}" for child in children])

    return write(0)


def _any_atom(dice: random.Random, depth: int) -> str:
    if dice.random() < 0.6:
        return dice.choice(_ELEMENTS)
    return "[" + ";".join(_any_alternatives(dice, depth) for _ in range(dice.choice((1, 1, 2)))) + "]"


def _any_alternatives(dice: random.Random, depth: int) -> str:
    counts = [dice.choice((1, 1, 1, 2)) for _ in range(dice.choice((1, 1, 2, 3)))]
    return ",".join("&".join(_any_primitive(dice, depth) for _ in range(count)) for count in counts)


def _any_primitive(dice: random.Random, depth: int) -> str:
    text = dice.choice(_PRIMITIVES)
    if depth < 2 and dice.random() < 0.1:
        text = f"$({_grown(dice, dice.randint(1, 3), depth + 1)})"
    return "!" + text if dice.random() < 0.15 else text
