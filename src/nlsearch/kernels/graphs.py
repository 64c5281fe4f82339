"""Kernels over molecular graphs: their encoding, and the hashes of their small subgraphs.

Encoding
--------
Little endian: flags u8, atoms *n* u16, closures *k* u16, isotopes *i* u8; then *n* bytes each of

* element + 128 × aromatic,
* hydrogens that are no atoms of the graph + 8 if its handedness is written + 16 × (charge + 8),
* number of rings + 16 × size of the smallest (0 none, 1 … 14 for 3 … 16 atoms, 15 larger),
* offset to an earlier neighbour (0 none) + 64 × kind of that bond (0 single, 1 double, 2 triple, 3 aromatic);

*k* further bonds (atom u16, atom + 16384 × kind u16) and *i* isotopes (atom u16, mass number u16).  Flag 1: stereo was
written.  The atoms stand in the order of the SMILES; flag 2: that is not the molecule's, and the *n* atoms' numbers in
the molecule (u16) follow.  At most 1000 atoms; what cannot be encoded is ``b""``.

Terms
-----
The hash of a connected subgraph of one to five bonds knows the element of each atom and the kind of each bond.  It is
the same for isomorphic subgraphs (two rounds of neighbour labels, Weisfeiler and Leman 1968); others may share it.
Enumeration: S. Wernicke, IEEE/ACM Trans. Comput. Biol. Bioinform. 2006, 3, 347, over bonds instead of vertices.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels import native

SINGLE, DOUBLE, TRIPLE, AROMATIC, SLANTED = range(5)
STEREO = 1
"""Flag: stereo was written."""
REORDERED = 2
"""Flag: the order of the atoms is not the molecule's."""
MOST_ATOMS = 1000
TERM_BONDS = 5
MOST_SUBGRAPHS = 2_000_000
"""Subgraphs that are hashed: their number grows with the fifth power of the neighbours that an atom has."""
_HEAD = struct.Struct("<BHHB")
HEAD_BYTES = _HEAD.size
"""Bytes before those of the elements."""
_KINDS = {"-": SINGLE, "/": SLANTED, "\\": SLANTED, "=": DOUBLE, "#": TRIPLE, ":": AROMATIC}
_TOKEN = re.compile(
    r"\[(?P<isotope>\d*)(?P<symbol>\*|[A-Z][a-z]?|[a-z][a-z]?)(?P<chiral>@+(?:(?:TH|AL|SP|TB|OH)\d+)?)?"
    r"(?:H(?P<hydrogens>\d*))?(?P<charge>\++\d*|-+\d*)?(?::\d+)?\]"
    r"|(?P<bond>-(?!>)|[/\\=#:])|(?P<label>\d|%\d\d|%\(\d+\))|[().]"
)
SYMBOLS: tuple[str, ...] = tuple(re.findall(
    r"\S+",
    "* H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts "
    "Og",
))  # fmt: skip
"""Symbols of the elements by atomic number; 0 is a dummy."""
_NUMBERS = {symbol: number for number, symbol in enumerate(SYMBOLS)}
_MASK = 2**64 - 1
_SALTS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)


@dataclass
class Graph:
    """A molecular graph, decoded.

    Parameters
    ----------
    elements, hydrogens, charges, isotopes, rings, smallest : list of int
        Of each atom: atomic number, hydrogens that are no atoms, formal charge, mass number (0 if not given), number of
        rings, size of the smallest of them (0 if there is none, 17 if it has more than 16 atoms).
    aromatic, handed : list of bool
    order : list of int
        The molecule's number of each atom; empty if the orders are the same.
    bonds : list of (int, int, int)
        Atom, atom, kind; bonds to the parent first, in the order of atoms, then closures.
    flags : int
    """

    elements: list[int] = field(default_factory=list)
    aromatic: list[bool] = field(default_factory=list)
    hydrogens: list[int] = field(default_factory=list)
    charges: list[int] = field(default_factory=list)
    isotopes: list[int] = field(default_factory=list)
    rings: list[int] = field(default_factory=list)
    smallest: list[int] = field(default_factory=list)
    bonds: list[tuple[int, int, int]] = field(default_factory=list)
    flags: int = 0
    handed: list[bool] = field(default_factory=list)
    order: list[int] = field(default_factory=list)

    def add(
        self, element: int, *, aromatic: bool = False, hydrogens: int = 0, charge: int = 0, isotope: int = 0
    ) -> int:
        """Add an atom and return its number."""
        self.elements.append(element)
        self.aromatic.append(aromatic)
        self.hydrogens.append(hydrogens)
        self.charges.append(charge)
        self.isotopes.append(isotope)
        self.rings.append(0)
        self.smallest.append(0)
        self.handed.append(False)
        return len(self.elements) - 1

    def encode(self) -> bytes:
        """Return the graph in the encoding of this module, ``b""`` if it cannot be encoded."""
        n = len(self.elements)
        parent: dict[int, tuple[int, int]] = {}
        closures: list[tuple[int, int]] = []
        for first, second, kind in self.bonds:
            low, high = sorted((first, second))
            if high not in parent and 0 < high - low < 63:
                parent[high] = (high - low, kind)
            else:
                closures.append((first, second | kind << 14))
        marked = [(a, isotope) for a, isotope in enumerate(self.isotopes) if isotope]
        whole = all(h <= 7 and -8 <= c <= 7 for h, c in zip(self.hydrogens, self.charges, strict=True))
        if n > MOST_ATOMS or not whole or len(marked) > 255 or max(self.rings, default=0) > 15:
            return b""
        rows = (
            [e + 128 * a for e, a in zip(self.elements, self.aromatic, strict=True)],
            [
                h + 8 * handed + 16 * (c + 8)
                for h, handed, c in zip(self.hydrogens, self.handed, self.charges, strict=True)
            ],
            [r + 16 * (0 if not s else min(s - 2, 15)) for r, s in zip(self.rings, self.smallest, strict=True)],
            [offset + 64 * kind for offset, kind in (parent.get(a, (0, 0)) for a in range(n))],
        )
        order = [] if self.order == list(range(n)) else self.order
        flags = self.flags & ~REORDERED | REORDERED * bool(order)
        head = _HEAD.pack(flags, n, len(closures), len(marked))
        pairs = [struct.pack("<HH", *pair) for pair in (*closures, *marked)]
        return head + b"".join(map(bytes, rows)) + b"".join(pairs) + struct.pack(f"<{len(order)}H", *order)

    @classmethod
    def decode(cls, raw: bytes) -> Graph:
        """Read an encoded graph.

        Raises
        ------
        ValueError
            If it is none.
        """
        try:
            flags, n, closures, isotopes = _HEAD.unpack_from(raw)
            pairs = struct.unpack_from(f"<{2 * (closures + isotopes)}H", raw, _HEAD.size + 4 * n)
            end = _HEAD.size + 4 * n + 4 * (closures + isotopes)
            order = struct.unpack_from(f"<{n}H", raw, end) if flags & REORDERED else ()
        except struct.error as exc:
            raise ValueError("not an encoded graph") from exc
        elements, states, rings, tree = (raw[_HEAD.size + i * n : _HEAD.size + (i + 1) * n] for i in range(4))
        graph = cls(
            [e & 127 for e in elements],
            [e > 127 for e in elements],
            [s & 7 for s in states],
            [(s >> 4) - 8 for s in states],
            [0] * n,
            [r & 15 for r in rings],
            [(r >> 4) + 2 if r >> 4 else 0 for r in rings],
            flags=flags,
            handed=[bool(s & 8) for s in states],
            order=list(order),
        )
        graph.bonds = [(a - (t & 63), a, t >> 6) for a, t in enumerate(tree) if t & 63]
        for c in range(closures):
            graph.bonds.append((pairs[2 * c], pairs[2 * c + 1] & 0x3FFF, pairs[2 * c + 1] >> 14))
        for i in range(closures, closures + isotopes):
            graph.isotopes[pairs[2 * i]] = pairs[2 * i + 1]
        return graph

    @staticmethod
    def elements_of(raw: bytes) -> set[int]:
        """Return the atomic numbers in an encoded graph, which is not decoded for it."""
        atoms = int.from_bytes(raw[1:3], "little")
        return {number & 127 for number in set(raw[_HEAD.size : _HEAD.size + atoms])}

    def around(self) -> list[list[tuple[int, int]]]:
        """Return for each atom its (neighbour, number of the bond)."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.elements]
        for i, (first, second, _) in enumerate(self.bonds):
            found[first].append((second, i))
            found[second].append((first, i))
        return found


# ------------------------------------------------------------------------------------------------------------ encoding
def encode_graph(
    smiles: str, order: str, rings: Sequence[Sequence[int]], *, slanted_is_aromatic: bool = False
) -> bytes:
    """Encode a molecule.

    Parameters
    ----------
    smiles : str
        With every atom in brackets and every bond written (RDKit: ``allHsExplicit``, ``allBondsExplicit``).
    order : str
        For each atom of the SMILES its number in the molecule, and in `rings`: ``"[2,0,1]"``.
    rings : sequence of sequence of int
        The atoms of each ring.
    slanted_is_aromatic : bool
        RDKit writes a slash for aromatic bonds too: what it stands for between two aromatic atoms.

    Returns
    -------
    bytes
        Empty if it cannot be encoded: more than 1000 atoms, bonds of other kinds, charges beyond −8 … 7,
        aromatic bonds of other atoms, and slashes between two aromatic atoms unless `slanted_is_aromatic`.
    """
    if native.compiled is None:
        return encode_graph_reference(smiles, order, rings, slanted_is_aromatic=slanted_is_aromatic)
    encoded: bytes = native.compiled.encode_graph(smiles, order, tuple(rings), slanted_is_aromatic)
    return encoded


def encode_graph_reference(
    smiles: str, order: str, rings: Sequence[Sequence[int]], *, slanted_is_aromatic: bool = False
) -> bytes:
    """Encode a molecule: the oracle of :func:`encode_graph`."""
    try:
        graph = _Reader(smiles, AROMATIC if slanted_is_aromatic else None).graph
    except _Refused:
        return b""
    if any(kind == AROMATIC and not (graph.aromatic[a] and graph.aromatic[b]) for a, b, kind in graph.bonds):
        return b""
    graph.order = [int(number) for number in re.findall(r"\d+", order)]
    place = {number: atom for atom, number in enumerate(graph.order)}
    for ring in rings:
        for number in ring:
            atom = place[number]
            graph.rings[atom] += 1
            graph.smallest[atom] = min(graph.smallest[atom] or len(ring), len(ring))
    return graph.encode()


class _Refused(ValueError):
    """The SMILES is not understood."""


class _Reader:
    """Reads a SMILES with every atom in brackets and every bond written.

    Raises
    ------
    _Refused
        If it is not understood; `slanted` is the kind that slashes between aromatic atoms stand for, None for none.
    """

    def __init__(self, smiles: str, slanted: int | None) -> None:
        self.graph = Graph()
        self._slanted = slanted
        self._tree: list[tuple[int, int, int]] = []
        self._closures: list[tuple[int, int, int]] = []
        self._open: dict[int, tuple[int, int | None]] = {}
        self._branches: list[int] = []
        self._last = -1
        self._kind: int | None = None
        at = 0
        while at < len(smiles):
            token = _TOKEN.match(smiles, at)
            if token is None:
                raise _Refused
            at = token.end()
            self._read(token)
        self.graph.bonds = self._tree + self._closures

    def _read(self, token: re.Match[str]) -> None:
        if token["symbol"]:
            self._atom(token)
        elif token["bond"]:
            self._kind = _KINDS[token["bond"]]
            self.graph.flags |= STEREO * (self._kind == SLANTED)
        elif token["label"]:
            self._label(int(token["label"].strip("%()")))
        elif token[0] == "(":
            self._branches.append(self._last)
        else:
            self._last = self._branches.pop() if token[0] == ")" else -1

    def _atom(self, token: re.Match[str]) -> None:
        atom = _add_atom(self.graph, token)
        if self._last >= 0:
            bonds = self._tree if atom - self._last < 63 else self._closures
            bonds.append((self._last, atom, self._settled(self._kind, self._last, atom)))
        self._last, self._kind = atom, None

    def _label(self, label: int) -> None:
        if label in self._open:
            first, earlier = self._open.pop(label)
            kind = earlier if self._kind is None or earlier == SLANTED else self._kind
            self._closures.append((first, self._last, self._settled(kind, first, self._last)))
        else:
            self._open[label] = (self._last, self._kind)
        self._kind = None

    def _settled(self, kind: int | None, first: int, second: int) -> int:
        if kind == SLANTED:
            kind = self._slanted if self.graph.aromatic[first] and self.graph.aromatic[second] else SINGLE
        if kind is None:
            raise _Refused
        return kind


def _add_atom(graph: Graph, token: re.Match[str]) -> int:
    symbol = token["symbol"]
    number = _NUMBERS.get(symbol.capitalize())
    if number is None:
        raise _Refused
    written = token["charge"] or ""
    amount = written.lstrip("+-")
    charge = int(amount) if amount else len(written)
    hydrogens = 0 if token["hydrogens"] is None else int(token["hydrogens"] or 1)
    atom = graph.add(
        number,
        aromatic=symbol[0].islower(),
        hydrogens=hydrogens,
        charge=-charge if written.startswith("-") else charge,
        isotope=int(token["isotope"] or 0),
    )
    graph.handed[atom] = bool(token["chiral"])
    graph.flags |= STEREO * graph.handed[atom]
    return atom


def with_hydrogens(graph: bytes) -> bytes:
    """Return the graph with every hydrogen as an atom, behind the others; ``b""`` if that is too large.

    Raises
    ------
    ValueError
        If `graph` is none.
    """
    if native.compiled is None:
        return with_hydrogens_reference(graph)
    whole: bytes = native.compiled.with_hydrogens(graph)
    return whole


def with_hydrogens_reference(graph: bytes) -> bytes:
    """Add hydrogens: the oracle of :func:`with_hydrogens`."""
    whole = Graph.decode(graph)
    for atom, amount in enumerate(list(whole.hydrogens)):
        whole.bonds += [(atom, whole.add(1), SINGLE) for _ in range(amount)]
        whole.hydrogens[atom] = 0
    whole.order = []
    return whole.encode()


# --------------------------------------------------------------------------------------------------------------- terms
def graph_terms(graph: bytes, hashes: int, *, joined: bool = False) -> NDArray[np.uint32] | None:
    """Return the hashes of the connected subgraphs of one to five bonds.

    Parameters
    ----------
    graph : bytes
        Encoded.
    hashes : int
        Hashes are below it.
    joined : bool
        Also those of the graph in which single bonds between aromatic atoms count as aromatic.

    Returns
    -------
    ndarray of uint32, shape (n,), or None
        Ascending and unique; None if there are more than :data:`MOST_SUBGRAPHS` subgraphs.

    Raises
    ------
    ValueError
        If `graph` is none.
    """
    if native.compiled is None:
        return graph_terms_reference(graph, hashes, joined=joined)
    room = 2048
    while True:
        out = np.empty(room, np.uint32)
        found: int = native.compiled.graph_terms(graph, hashes, joined, out)
        if found < 0:
            return None
        if found <= room:
            return out[:found].copy()
        room = found


def graph_terms_reference(graph: bytes, hashes: int, *, joined: bool = False) -> NDArray[np.uint32] | None:
    """Return the hashes of subgraphs: the oracle of :func:`graph_terms`."""
    whole = Graph.decode(graph)
    if sum(1 for _ in _connected(whole)) > MOST_SUBGRAPHS:
        return None
    terms = {_hash(whole, some) % hashes for some in _connected(whole)}
    if joined:
        whole.bonds = [
            (a, b, AROMATIC if kind == SINGLE and whole.aromatic[a] and whole.aromatic[b] else kind)
            for a, b, kind in whole.bonds
        ]
        terms |= {_hash(whole, some) % hashes for some in _connected(whole)}
    return np.array(sorted(terms), np.uint32)


def _connected(graph: Graph) -> Iterator[tuple[int, ...]]:
    """Yield every connected set of one to five bonds once, by growing all sets of one size from those below.

    Of more than :data:`MOST_SUBGRAPHS` sets only some come, more than these.
    """
    around = graph.around()
    level: set[tuple[int, ...]] = {(bond,) for bond in range(len(graph.bonds))}
    for _ in range(TERM_BONDS):
        yield from level
        larger: set[tuple[int, ...]] = set()
        for some in level:
            atoms = {atom for member in some for atom in graph.bonds[member][:2]}
            larger |= {tuple(sorted((*some, bond))) for atom in atoms for _, bond in around[atom] if bond not in some}
            if len(larger) > MOST_SUBGRAPHS:
                break
        level = larger


def _hash(graph: Graph, bonds: tuple[int, ...]) -> int:
    chosen = [graph.bonds[bond] for bond in bonds]
    labels = {atom: _mix(graph.elements[atom] + 1) for bond in chosen for atom in bond[:2]}
    for _ in range(2):
        sums = {atom: 3 * label for atom, label in labels.items()}
        for first, second, kind in chosen:
            sums[first] += _mix(labels[second] ^ _SALTS[kind])
            sums[second] += _mix(labels[first] ^ _SALTS[kind])
        final, labels = sums, {atom: _mix(total & _MASK) for atom, total in sums.items()}
    return _mix((len(bonds) * _SALTS[0] + sum(_mix(total & _MASK) for total in final.values())) & _MASK)


def _mix(x: int) -> int:
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & _MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & _MASK
    return x ^ x >> 31
