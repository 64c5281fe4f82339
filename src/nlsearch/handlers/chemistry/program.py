"""From a query molecule to a pattern for :mod:`nlsearch.kernels.matching`.

It tells in a microsecond whether a molecule matches, for which RDKit needs fifty with decoding.

Every condition of the pattern follows from the query's, so that what lacks the pattern lacks the query.  Where all of
the query could be said in the pattern's terms, it also is the other way round: the pattern is *exact*.  Conditions that
are not understood (hybridisation, ranges of ring sizes …) count as true, and the pattern is not exact then; nor is it
when stereo counts and the query gives any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.chemistry.definite import (
    Condition,
    atom_facts,
    facts_of,
    gives_stereo,
    is_handed,
    needs_stereo,
    read_tree,
)
from nlsearch.kernels import find
from nlsearch.kernels.matching import (
    ALL_BONDS,
    AT_LEAST,
    AT_MOST,
    EQUAL,
    MOST_CLOSURES,
    MOST_PATTERN,
    MOST_PATTERNS,
    MOST_STACK,
    UNLIKE,
    Op,
    Operation,
    Program,
    Row,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Atom, Bond, Mol

_TRUE: Operation = (Op.TRUTH, 0, 0)
_AND: Operation = (Op.AND, 0, 0)
_OR: Operation = (Op.OR, 0, 0)
_NOT: Operation = (Op.NOT, 0, 0)
_NUMBERS: dict[str, Op] = {
    "AtomAtomicNum": Op.ELEMENT,
    "AtomType": Op.KIND_OF_ATOM,
    "AtomFormalCharge": Op.CHARGE,
    "AtomHCount": Op.HYDROGENS,
    "AtomImplicitHCount": Op.OWN_HYDROGENS,
    "AtomExplicitDegree": Op.DEGREE,
    "AtomTotalDegree": Op.CONNECTIONS,
    "AtomInNRings": Op.RINGS,
    "AtomMinRingSize": Op.SMALLEST_RING,
    "AtomRingBondCount": Op.RING_BONDS,
    "AtomIsotope": Op.ISOTOPE,
}
_YES_OR_NO: dict[str, tuple[Op, int, int]] = {
    "AtomIsAromatic": (Op.AROMATIC, 1, 0),
    "AtomIsAliphatic": (Op.AROMATIC, 0, 1),
    "AtomInRing": (Op.RINGS, 1, 0),
    "AtomHasRingBond": (Op.RING_BONDS, 1, 0),
    "AtomHasImplicitH": (Op.OWN_HYDROGENS, 1, 0),
}
"""Name → (number, its least value if true, its value if false); for aliphatic the other way round."""
_LARGEST_RING = 16
"""Larger ones are not told apart."""
_BOND_NUMBERS = {1: 0, 2: 1, 3: 2, 12: 3}
"""RDKit's bond type → kind."""
_OTHER_KIND = 4
"""Of bonds that graphs do not hold: dative, quadruple, zero-order …"""
_BOND_NAMES: dict[str, frozenset[int]] = {
    "SingleOrAromaticBond": frozenset({0, 3}),
    "DoubleOrAromaticBond": frozenset({1, 3}),
    "SingleOrDoubleBond": frozenset({0, 1}),
    "SingleOrDoubleOrAromaticBond": frozenset({0, 1, 3}),
}
_STEREO_INSIDE = re.compile(r"[/\\]|\[[^\]]*@")
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Compiled:
    """A pattern, its encoding, and what is known of it.

    Parameters
    ----------
    program : Program
    encoded : bytes
    exact : bool
        Whether it says all that the query says.
    stereo : bool
        Whether what matches has stereo given.
    bonded : bool
        Whether each bond of the query could be one, if only of a kind that graphs do not hold.
    rows : ndarray of uint16, shape (atoms of the query,), optional
        The row of the pattern for each of its atoms; None for several queries.
    """

    program: Program
    encoded: bytes
    exact: bool
    stereo: bool = False
    bonded: bool = True
    rows: NDArray[np.uint16] | None = None

    @property
    def inner(self) -> int:
        """Atoms of the largest pattern inside of a condition; 0 if there is none."""
        return max(map(len, self.program.patterns[1:]), default=0)

    def matches(self, graph: bytes, most: int, steps: int) -> tuple[list[tuple[int, ...]], bool] | None:
        """Return the matches in a graph that differ in their atoms, of those with the same atoms the least.

        Parameters
        ----------
        graph : bytes
            Encoded.
        most : int
            Matches that are looked for.
        steps : int
            Atoms that are tried.

        Returns
        -------
        matches : list of tuple of int
            Atoms of the molecule in the order of the query's, ascending.
        whole : bool
            False if `most` were found, or it took more than `steps`: there may be more.

        None if the graph does not tell: the pattern does not say all of the query, or there is no graph.
        """
        if not (self.exact and graph) or self.rows is None:
            return None
        found, whole = find(self.program, self.encoded, graph, self.rows, most, steps)
        return sorted(map(tuple, found.tolist())), whole


def compile_pattern(query: Mol, *, stereo: bool) -> Compiled | None:
    """Return the pattern of `query`, or None if it has none (too large, too deeply nested)."""
    compiler = _Compiler(stereo=stereo)
    try:
        compiler.pattern(query, 0)
    except _NoPatternError:
        return None
    needed = stereo and needs_stereo(query)
    bonded = all(map(_is_possible_bond, query.GetBonds()))
    rows = np.array([compiler.place[atom] for atom in range(query.GetNumAtoms())], np.uint16)
    return Compiled(compiler.program, compiler.program.encode(), compiler.exact, needed, bonded, rows)


def compile_list(queries: Sequence[Mol]) -> Compiled | None:
    """Return several patterns as one program, for :func:`nlsearch.kernels.label_atoms`; None if any is not exact.

    Patterns inside of conditions stand behind them, so that only the first ``len(queries)`` labels count.
    """
    compiler = _Compiler(stereo=False)
    try:
        compiler.patterns(queries)
    except _NoPatternError:
        return None
    return Compiled(compiler.program, compiler.program.encode(), exact=True) if compiler.exact else None


class _NoPatternError(Exception):
    """The query cannot be said as a pattern at all."""


class _Compiler:
    def __init__(self, *, stereo: bool) -> None:
        self.program = Program()
        self.exact = True
        self.place: dict[int, int] = {}
        """The row of each atom in the pattern that was filled last, which is the outermost."""
        self._stereo = stereo

    def patterns(self, queries: Sequence[Mol]) -> None:
        """Add `queries` as the first patterns, each from its first atom on."""
        self.program.patterns.extend([] for _ in queries)
        for number, query in enumerate(queries):
            self._fill(number, query, 0, 0)

    def pattern(self, query: Mol, depth: int, root: int | None = None) -> int:
        """Add `query` as a pattern and return its number."""
        self.program.patterns.append([])
        number = len(self.program.patterns) - 1
        self._fill(number, query, depth, root)
        return number

    def _fill(self, number: int, query: Mol, depth: int, root: int | None) -> None:
        if query.GetNumAtoms() > MOST_PATTERN or depth > _DEEPEST or len(self.program.patterns) > MOST_PATTERNS:
            raise _NoPatternError
        rows = self.program.patterns[number]
        if self._stereo and gives_stereo(query):
            self.exact = False
        place: dict[int, int] = {}
        for index in _order(query, root):
            atom = query.GetAtomWithIdx(index)
            links = []
            for bond in atom.GetBonds():
                other = bond.GetOtherAtomIdx(index)
                if other in place:
                    links.append((place[other], self._bonds(bond)))
            links.sort()
            if len(links) > MOST_CLOSURES:
                raise _NoPatternError
            operations = self._condition(atom, depth)
            if self._stereo and is_handed(atom):  # what matches a handed atom is handed too
                operations = [*operations, (Op.HANDED, EQUAL, 1), _AND]
            condition = self.program.condition(operations)
            parent, bonds = links[0] if links else (-1, ALL_BONDS)
            place[index] = len(rows)
            rows.append(Row(condition, parent, bonds, atom.GetDegree(), links[1:]))
        self.place = place

    # ----------------------------------------------------------------------------------------------------------- atoms
    def _condition(self, atom: Atom, depth: int) -> list[Operation]:
        if not atom.HasQuery():
            return self._plain(atom)
        described = atom.DescribeQuery()
        inner = _recursive(_smarts(atom) if "RecursiveStructure" in described else "")
        before = self.exact
        operations, exact = self._tree(read_tree(described), inner, depth, aliphatic=False)
        if next(inner, None) is not None or _height(operations) > MOST_STACK:  # not read as it was written
            operations, exact = [_TRUE], False
        self.exact = before and self.exact and exact
        return operations

    def _plain(self, atom: Atom) -> list[Operation]:
        """Return the condition of an atom of a whole molecule: element, charge and isotope as far as given."""
        if atom.GetAtomicNum() == 0 or atom.GetNumRadicalElectrons():
            self.exact = False
        if atom.GetAtomicNum() == 0:
            return [_TRUE]
        operations: list[Operation] = [(Op.ELEMENT, EQUAL, atom.GetAtomicNum())]
        for op, value in ((Op.CHARGE, atom.GetFormalCharge()), (Op.ISOTOPE, atom.GetIsotope())):
            if value:
                operations += [(op, EQUAL, value), _AND]
        return operations

    def _tree(
        self, node: Condition, inner: Iterator[str], depth: int, *, aliphatic: bool
    ) -> tuple[list[Operation], bool]:
        """Return operations that hold wherever the condition does, and whether they say no less.

        `aliphatic` says that only aliphatic atoms come so far, of which the graph tells the valence.
        """
        match node.words:
            case ["AtomAnd" | "AtomOr" as name] if node.children:
                aliphatic = aliphatic or (name == "AtomAnd" and facts_of(node).aromatic is False)
                parts = [self._tree(child, inner, depth, aliphatic=aliphatic) for child in node.children]
                return _joined(parts, name)
            case ["not", "AtomAnd" | "AtomOr" as name] if node.children:
                parts = [self._tree(child, inner, depth, aliphatic=aliphatic) for child in node.children]
                operations, exact = _joined(parts, name)
                return ([*operations, _NOT], True) if exact else ([_TRUE], False)
            case ["AtomNull"]:
                return [_TRUE], True
            case ["RecursiveStructure", "val", *words]:
                return self._inside(next(inner, ""), depth, negated="not" in words)
            case [name, value, "=" | "!=" as sign, "val"]:
                return _compared(name, int(value), EQUAL if sign == "=" else UNLIKE, aliphatic=aliphatic)
        return [_TRUE], False

    def _inside(self, smarts: str, depth: int, *, negated: bool) -> tuple[list[Operation], bool]:
        from rdkit import Chem

        query = Chem.MolFromSmarts(smarts) if smarts else None
        if query is None or query.GetNumAtoms() == 0:
            return [_TRUE], False
        outer, self.exact = self.exact, not (self._stereo and _STEREO_INSIDE.search(smarts))
        number = self.pattern(query, depth + 1, 0)
        exact, self.exact = self.exact, outer
        if negated:
            return ([(Op.INSIDE, 0, number), _NOT], True) if exact else ([_TRUE], False)
        return [(Op.INSIDE, 0, number)], exact

    # ----------------------------------------------------------------------------------------------------------- bonds
    def _bonds(self, bond: Bond) -> int:
        """Return the kinds of bond that satisfy the condition of `bond`, as a bit set."""
        if not bond.HasQuery():
            kind = _BOND_NUMBERS.get(int(bond.GetBondType()))
            if kind is None:
                self.exact = False
                return ALL_BONDS
            return 3 << 2 * kind
        node = read_tree(bond.DescribeQuery())
        allowed = 0
        for kind in range(4):
            for ring in (False, True):
                holds = _bond_holds(node, kind, ring=ring)
                self.exact = self.exact and holds is not None
                allowed |= (holds is not False) << (2 * kind + ring)
        return allowed


def _is_possible_bond(bond: Bond) -> bool:
    """Say whether a bond of any kind could satisfy the condition of `bond`."""
    if not bond.HasQuery():
        return True
    node = read_tree(bond.DescribeQuery())
    return any(
        _bond_holds(node, kind, ring=ring) is not False for kind in range(_OTHER_KIND + 1) for ring in (False, True)
    )


def _joined(parts: list[tuple[list[Operation], bool]], name: str) -> tuple[list[Operation], bool]:
    operations = list(parts[0][0])
    for part, _ in parts[1:]:
        operations += [*part, _AND if name == "AtomAnd" else _OR]
    return operations, all(exact for _, exact in parts)


def _compared(name: str, value: int, sign: int, *, aliphatic: bool) -> tuple[list[Operation], bool]:
    if name in _YES_OR_NO:
        op, yes, no = _YES_OR_NO[name]
        wanted = yes if (value == 1) == (sign == EQUAL) else no
        return [(op, AT_LEAST if wanted else EQUAL, wanted)], True
    if name == "AtomInNRings" and value < 0:
        return [(Op.RINGS, AT_LEAST, 1) if sign == EQUAL else (Op.RINGS, EQUAL, 0)], True
    if name == "AtomTotalValence" and aliphatic:
        return [(Op.VALENCE, sign, value)], True
    if name == "AtomTotalValence":
        return _valence(value, sign), False
    if name not in _NUMBERS or (name == "AtomMinRingSize" and value > _LARGEST_RING):
        return [_TRUE], False
    return [(_NUMBERS[name], sign, value)], True


def _valence(value: int, sign: int) -> list[Operation]:
    """Return a condition on the valence; of aromatic atoms a graph tells it to within two, of carbon to within one."""
    aliphatic: list[Operation] = [(Op.AROMATIC, EQUAL, 0), (Op.VALENCE, sign, value), _AND]
    aromatic: list[Operation] = [(Op.AROMATIC, EQUAL, 1)]
    if sign == EQUAL:
        aromatic += [(Op.LEAST_VALENCE, AT_MOST, value), _AND, (Op.LEAST_VALENCE, AT_LEAST, value - 2), _AND]
        aromatic += [(Op.ELEMENT, UNLIKE, 6), (Op.LEAST_VALENCE, AT_LEAST, value - 1), _OR, _AND]
    return [*aliphatic, *aromatic, _OR]


def _bond_holds(node: Condition, kind: int, *, ring: bool) -> bool | None:
    """Say whether a bond of this kind satisfies a condition; None if that is not clear."""
    match node.words:
        case ["BondAnd" | "BondOr" as name] if node.children:
            parts = [_bond_holds(child, kind, ring=ring) for child in node.children]
            decisive = name == "BondOr"
            return decisive if decisive in parts else None if None in parts else not decisive
        case ["not", "BondAnd" | "BondOr" as name] if node.children:
            inner = _bond_holds(Condition([name], node.children), kind, ring=ring)
            return None if inner is None else not inner
        case ["BondNull"]:
            return True
        case ["BondOrder", value, "=" | "!=", "val"] if kind == _OTHER_KIND and int(value) not in _BOND_NUMBERS:
            return None
        case ["BondOrder", value, "=" | "!=" as sign, "val"]:
            return (_BOND_NUMBERS.get(int(value)) == kind) == (sign == "=")
        case ["BondInRing", "1", "=" | "!=" as sign, "val"]:
            return ring == (sign == "=")
        case [name, "1", "=" | "!=" as sign, "val"] if name in _BOND_NAMES:
            return (kind in _BOND_NAMES[name]) == (sign == "=")
    return None


def _height(operations: Sequence[Operation]) -> int:
    """Return how many values lie on the stack at most."""
    height = most = 0
    for op, _, _ in operations:
        height += -1 if op in {Op.AND, Op.OR} else 0 if op is Op.NOT else 1
        most = max(most, height)
    return most


def _recursive(smarts: str) -> Iterator[str]:
    """Yield what stands in the outermost ``$(…)`` of an atom's SMARTS, in order."""
    at = smarts.find("$(")
    while at >= 0:
        depth, end = 1, at + 2
        while end < len(smarts) and depth:
            depth += {"(": 1, ")": -1}.get(smarts[end], 0)
            end += 1
        yield smarts[at + 2 : end - 1]
        at = smarts.find("$(", end)


def _smarts(atom: Atom) -> str:
    try:
        return str(atom.GetSmarts())
    except ValueError:  # RDKit cannot write every condition that it reads
        return ""


def _order(query: Mol, root: int | None) -> list[int]:
    """Return the atoms so that each hangs on an earlier one where it can, the rarest first, rings closed soon."""
    rank = {atom.GetIdx(): _rarity(atom) for atom in query.GetAtoms()}
    order: list[int] = []
    links = dict.fromkeys(rank, 0)
    while len(order) < len(rank):
        left = [index for index in rank if index not in order]
        linked = [index for index in left if links[index]]
        chosen = root if root is not None and not order else max(linked or left, key=lambda i: (links[i], rank[i], -i))
        order.append(chosen)
        for neighbour in query.GetAtomWithIdx(chosen).GetNeighbors():
            links[neighbour.GetIdx()] += 1
    return order


def _rarity(atom: Atom) -> tuple[int, int]:
    element = atom_facts(atom).element
    usual = {None: 0, 1: 1, 6: 2, 8: 3, 7: 3}
    return usual.get(element, 4), atom.GetDegree()
