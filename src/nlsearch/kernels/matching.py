"""Kernels that tell whether a pattern is in molecular graphs, many graphs a call.

A pattern is data: conditions on atoms in postfix notation, and for each of its atoms which condition it has to satisfy,
which earlier atom it hangs on and by which bonds.  Further patterns, of which the first atom counts, can stand inside
conditions (recursive SMARTS).  The answer is whether there is a match, of many graphs, or where all are, of one.

Encoding (int32, little endian): number of patterns, conditions and operations; where the operations of each condition
start, and the end; the operations (code, comparison, value); then for each pattern its number of atoms, for each of
them (condition, earlier atom or −1, bonds, degree, closures), and the closures (earlier atom, bonds).  *Bonds* is a
bit set: bit 2 × kind for those outside of rings, the next bit for those in rings.

References
----------
Backtracking over connected patterns: J. R. Ullmann, J. ACM 1976, 23, 31.  Bridges: R. E. Tarjan, Inf. Process. Lett.
1974, 2, 160.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels import native
from nlsearch.kernels.graphs import AROMATIC, Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO, YES, UNDECIDED = range(3)
"""What is said of a graph; undecided where there is none, or where it took too many steps."""
ALL_BONDS = 0xFF
MOST_PATTERN, MOST_PATTERNS, MOST_STACK, MOST_CLOSURES = 250, 254, 32, 250
STEPS = 20_000_000
"""Atoms that are tried in one graph unless another number is given: a fifth of a second."""


class Op(IntEnum):
    """What an operation of a condition pushes on the stack: whether a number of the atom compares to a value.

    ``INSIDE`` is whether the pattern *value* is there with its first atom on the atom; ``AND``, ``OR`` and ``NOT``
    combine what is on the stack.
    """

    TRUTH = 0
    ELEMENT = 1
    AROMATIC = 2
    CHARGE = 3
    HYDROGENS = 4
    """All, also those that are atoms of the graph."""
    OWN_HYDROGENS = 5
    DEGREE = 6
    CONNECTIONS = 7
    RINGS = 8
    SMALLEST_RING = 9
    RING_BONDS = 10
    ISOTOPE = 11
    KIND_OF_ATOM = 12
    """Element + 1000 × aromatic."""
    INSIDE = 13
    AND = 14
    OR = 15
    NOT = 16
    VALENCE = 17
    """Sum of bond orders (aromatic: 4) and hydrogens."""
    HANDED = 18
    """Whether the handedness of the atom is written."""
    LEAST_VALENCE = 19
    """Sum of bond orders (aromatic: 1) and hydrogens."""


EQUAL, UNLIKE, AT_LEAST, AT_MOST = range(4)
Operation = tuple[Op, int, int]
"""(code, comparison, value)."""


@dataclass
class Row:
    """An atom of a pattern; `closures` are (earlier atom, bonds)."""

    condition: int
    parent: int = -1
    bonds: int = ALL_BONDS
    degree: int = 0
    closures: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Program:
    """Patterns with their conditions; the first pattern is what is looked for."""

    conditions: list[tuple[Operation, ...]] = field(default_factory=list)
    patterns: list[list[Row]] = field(default_factory=list)

    def condition(self, operations: Sequence[Operation]) -> int:
        """Return the number of a condition, added if it is new."""
        wanted = tuple(operations)
        if wanted not in self.conditions:
            self.conditions.append(wanted)
        return self.conditions.index(wanted)

    def encode(self) -> bytes:
        """Return the encoding of this module."""
        ends = np.cumsum([0, *map(len, self.conditions)]).tolist()
        numbers = [len(self.patterns), len(self.conditions), ends[-1], *ends]
        numbers += [number for operations in self.conditions for operation in operations for number in operation]
        for rows in self.patterns:
            numbers.append(len(rows))
            for row in rows:
                numbers += [row.condition, row.parent, row.bonds, row.degree, len(row.closures)]
            numbers += [number for row in rows for closure in row.closures for number in closure]
        return np.array(numbers, "<i4").tobytes()


def decide(
    program: Program, encoded: bytes, buffers: list[bytes | memoryview], offset: int, steps: int = STEPS
) -> bytes:
    """Say of each graph whether the pattern is in it.

    Parameters
    ----------
    program : Program
    encoded : bytes
        The same, encoded.
    buffers : list of bytes-like
        Each holds, from `offset` on, the length of an encoded graph as u16, and the graph.
    offset : int
    steps : int
        Atoms that are tried in one graph; after a few times as many, no further graph is looked at.

    Returns
    -------
    bytes
        :data:`NO`, :data:`YES` or :data:`UNDECIDED` for each.

    Raises
    ------
    ValueError
        If the program is none.
    """
    if native.compiled is None:
        return bytes([decide_reference(program, _inner(buffer, offset)) for buffer in buffers])
    answer: bytes = native.compiled.decide(encoded, buffers, offset, steps)
    return answer


def decide_parts(whole: bytes, buffers: list[bytes | memoryview], offset: int, steps: int = STEPS) -> bytes:
    """Say of each graph whether it is a part of the graph `whole`: elements, bond kinds, given charges and isotopes.

    Parameters, answer and errors are those of :func:`decide`.  Undecided are graphs
    with dummies, and those that would be a part but may have unpaired electrons, which a graph does not show.
    """
    if native.compiled is None:
        return bytes([decide_part_reference(whole, _inner(buffer, offset)) for buffer in buffers])
    answer: bytes = native.compiled.decide_parts(whole, buffers, offset, steps)
    return answer


def find(
    program: Program, encoded: bytes, graph: bytes, rows: NDArray[np.uint16], most: int, steps: int = STEPS
) -> tuple[NDArray[np.uint16], bool]:
    """Find the matches of the pattern in one graph that differ in their atoms, of those with the same atoms the least.

    Parameters
    ----------
    program : Program
    encoded : bytes
        The same, encoded.
    graph : bytes
        Encoded, not empty.
    rows : ndarray of uint16, shape (atoms of the pattern,)
        The row of each atom of the query.
    most : int
        Matches that are looked for, at least 1.
    steps : int
        Atoms that are tried.

    Returns
    -------
    matches : ndarray of uint16, shape (matches, atoms of the pattern)
        The molecule's atom for each of the query's; in no order that counts.
    whole : bool
        False if `most` were found, or it took more than `steps`: there may be more.

    Raises
    ------
    ValueError
        If the program, the graph or the rows are none.
    """
    if native.compiled is None:
        return find_reference(program, graph, rows, most)
    found, whole = native.compiled.find(encoded, graph, np.ascontiguousarray(rows, "<u2"), most, steps)
    return np.frombuffer(found, np.uint16).reshape(-1, len(rows)), whole


def label_atoms(program: Program, encoded: bytes, graph: bytes) -> bytes:
    """Return for each atom the number of the first pattern that is there with its first atom, 255 where none is.

    Raises
    ------
    ValueError
        If the program or the graph is none.
    """
    if native.compiled is None:
        return label_atoms_reference(program, graph)
    labels: bytes = native.compiled.label_atoms(encoded, graph)
    return labels


def count_bonds(program: Program, encoded: bytes, graph: bytes) -> int:
    """Count the bonds that match a pattern of two bound atoms, either way round.

    Raises
    ------
    ValueError
        If the program is none of two bound atoms, or the graph is none.
    """
    if native.compiled is None:
        return count_bonds_reference(program, graph)
    found: int = native.compiled.count_bonds(encoded, graph)
    return found


def _inner(buffer: bytes | memoryview, offset: int) -> bytes:
    size = int.from_bytes(buffer[offset : offset + 2], "little")
    return bytes(buffer[offset + 2 : offset + 2 + size])


# ------------------------------------------------------------------------------------------------------------- oracles
class _Target:
    """A graph with what conditions ask for, derived plainly."""

    def __init__(self, program: Program, graph: Graph) -> None:
        self.program = program
        self.graph = graph
        self.around = graph.around()
        self.in_ring = [self._linked(*bond[:2], without=i) for i, bond in enumerate(graph.bonds)]
        self.inside: dict[tuple[int, int], bool] = {}

    def _linked(self, start: int, end: int, without: int) -> bool:
        seen, waiting = {start}, [start]
        while waiting:
            for neighbour, bond in self.around[waiting.pop()]:
                if bond != without and neighbour not in seen:
                    seen.add(neighbour)
                    waiting.append(neighbour)
        return end in seen

    def fact(self, op: Op, atom: int) -> int:
        graph, around = self.graph, self.around[atom]
        own = graph.hydrogens[atom]
        values = {
            Op.ELEMENT: graph.elements[atom],
            Op.AROMATIC: int(graph.aromatic[atom]),
            Op.CHARGE: graph.charges[atom],
            Op.HYDROGENS: own + sum(graph.elements[other] == 1 for other, _ in around),
            Op.OWN_HYDROGENS: own,
            Op.DEGREE: len(around),
            Op.CONNECTIONS: len(around) + own,
            Op.RINGS: graph.rings[atom],
            Op.SMALLEST_RING: graph.smallest[atom],
            Op.RING_BONDS: sum(self.in_ring[bond] for _, bond in around),
            Op.ISOTOPE: graph.isotopes[atom],
            Op.KIND_OF_ATOM: graph.elements[atom] + 1000 * graph.aromatic[atom],
            Op.LEAST_VALENCE: own + sum((1, 2, 3, 1)[graph.bonds[bond][2]] for _, bond in around),
            Op.HANDED: int(graph.handed[atom]),
            Op.VALENCE: own + sum(graph.bonds[bond][2] + 1 for _, bond in around),
        }
        return values[op]

    def holds(self, condition: int, atom: int) -> bool:
        stack: list[bool] = []
        for op, comparison, value in self.program.conditions[condition]:
            if op is Op.TRUTH:
                stack.append(True)
            elif op is Op.NOT:
                stack.append(not stack.pop())
            elif op in {Op.AND, Op.OR}:
                last, first = stack.pop(), stack.pop()
                stack.append(first and last if op is Op.AND else first or last)
            elif op is Op.INSIDE:
                if (value, atom) not in self.inside:
                    self.inside[value, atom] = next(self.matches(value, [atom]), None) is not None
                stack.append(self.inside[value, atom])
            else:
                known = self.fact(op, atom)
                stack.append((known == value, known != value, known >= value, known <= value)[comparison])
        return stack.pop()

    def bond(self, first: int, second: int, allowed: int) -> bool:
        for other, number in self.around[first]:
            if other == second:
                return bool(allowed >> (2 * self.graph.bonds[number][2] + self.in_ring[number]) & 1)
        return False

    def matches(self, pattern: int, mapped: list[int]) -> Iterator[list[int]]:
        """Yield the matches of a pattern whose first atoms are `mapped`; these are checked too if there is one."""
        rows = self.program.patterns[pattern]
        if len(mapped) == 1 and not self.fits(rows[0], mapped[0], []):
            return
        if len(mapped) == len(rows):
            yield mapped
            return
        row = rows[len(mapped)]
        for atom in range(len(self.graph.elements)):
            if atom not in mapped and self.fits(row, atom, mapped):
                yield from self.matches(pattern, [*mapped, atom])

    def fits(self, row: Row, atom: int, mapped: list[int]) -> bool:
        links = [(row.parent, row.bonds)] if row.parent >= 0 else []
        return (
            len(self.around[atom]) >= row.degree
            and all(self.bond(atom, mapped[other], bonds) for other, bonds in [*links, *row.closures])
            and self.holds(row.condition, atom)
        )


def decide_reference(program: Program, graph: bytes) -> int:
    """Say whether the pattern is in the graph: the oracle of :func:`decide`."""
    if not graph:
        return UNDECIDED
    target = _Target(program, Graph.decode(graph))
    atoms = range(len(target.graph.elements))
    return YES if any(next(target.matches(0, [atom]), None) for atom in atoms) else NO


def find_reference(
    program: Program, graph: bytes, rows: NDArray[np.uint16], most: int
) -> tuple[NDArray[np.uint16], bool]:
    """Find the matches of the pattern that differ in their atoms: the oracle of :func:`find`."""
    target = _Target(program, Graph.decode(graph))
    atoms = range(len(target.graph.elements))
    order = target.graph.order or atoms
    least: dict[frozenset[int], list[int]] = {}
    for inside in chain.from_iterable(target.matches(0, [atom]) for atom in atoms):
        match = [order[inside[row]] for row in rows.tolist()]
        least[frozenset(match)] = min(match, least.get(frozenset(match), match))
        if len(least) == most:
            break
    return np.array(list(least.values()), np.uint16).reshape(-1, len(rows)), len(least) < most


def label_atoms_reference(program: Program, graph: bytes) -> bytes:
    """Label atoms by the first pattern that is there: the oracle of :func:`label_atoms`."""
    target = _Target(program, Graph.decode(graph))

    def label(atom: int) -> int:
        numbers = range(len(program.patterns))
        return next((i for i in numbers if next(target.matches(i, [atom]), None) is not None), 255)

    return bytes(map(label, range(len(target.graph.elements))))


def count_bonds_reference(program: Program, graph: bytes) -> int:
    """Count the bonds that match: the oracle of :func:`count_bonds`."""
    target = _Target(program, Graph.decode(graph))
    first, second = program.patterns[0]
    return sum(
        target.bond(a, b, second.bonds)
        and any(
            target.holds(first.condition, one) and target.holds(second.condition, other)
            for one, other in ((a, b), (b, a))
        )
        for a, b, _ in target.graph.bonds
    )


def decide_part_reference(whole: bytes, graph: bytes) -> int:
    """Say whether `graph` is a part of `whole`: the oracle of :func:`decide_parts`."""
    part = Graph.decode(graph) if graph else Graph()
    if not part.elements or 0 in part.elements:
        return UNDECIDED
    program = Program(patterns=[[]])
    for atom, element in enumerate(part.elements):
        wanted: list[Operation] = [(Op.ELEMENT, EQUAL, element)]
        for op, value in ((Op.CHARGE, part.charges[atom]), (Op.ISOTOPE, part.isotopes[atom])):
            if value:
                wanted += [(op, EQUAL, value), (Op.AND, 0, 0)]
        links = [(a + b - atom, 3 << 2 * kind) for a, b, kind in part.bonds if atom in {a, b} and a + b - atom < atom]
        program.patterns[0].append(Row(program.condition(wanted), closures=links))
    found = decide_reference(program, whole)
    return UNDECIDED if found == YES and not is_closed_shell(part) else found


_SHELLS: dict[tuple[int, int, bool], tuple[int, ...]] = {
    (6, 0, True): (3,), (7, 0, True): (2, 3), (7, 1, True): (3,), (8, 0, True): (2,), (16, 0, True): (2,),
    (6, 0, False): (4,), (7, 0, False): (3,), (8, 0, False): (2,), (16, 0, False): (2, 4, 6), (15, 0, False): (3, 5),
    (5, 0, False): (3,), (14, 0, False): (4,), (9, 0, False): (1,), (17, 0, False): (1,), (35, 0, False): (1,),
    (53, 0, False): (1,), (1, 0, False): (1,), (7, 1, False): (4,), (15, 1, False): (4,), (8, 1, False): (3,),
    (16, 1, False): (3,), (3, 1, False): (0,), (11, 1, False): (0,), (19, 1, False): (0,), (8, -1, False): (1,),
    (16, -1, False): (1,), (7, -1, False): (2,), (5, -1, False): (4,), (9, -1, False): (0,), (17, -1, False): (0,),
    (35, -1, False): (0,), (53, -1, False): (0,),
}  # fmt: skip
"""(element, charge, aromatic) → valences, aromatic bonds counting 1, at which all electrons are surely paired."""


def is_closed_shell(graph: Graph) -> bool:
    """Say whether every atom has a valence at which it surely has no unpaired electron."""
    valences = list(graph.hydrogens)
    for first, second, kind in graph.bonds:
        for atom in (first, second):
            valences[atom] += 1 if kind == AROMATIC else kind + 1
    states = zip(graph.elements, graph.charges, graph.aromatic, strict=True)
    return all(valence in _SHELLS.get(state, ()) for valence, state in zip(valences, states, strict=True))
