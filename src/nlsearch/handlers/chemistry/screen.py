"""The substructure screen: structural terms that every hit of a query must hold.

A term is the hash of a connected subgraph of up to five bonds, branched or not, that knows the element of each atom
and the kind of each bond (single, double, triple, aromatic) and nothing else: RDKit's fingerprint generator with atomic
numbers as invariants.  Further terms name the elements that occur.

Why nothing is lost
-------------------
A query contributes the subgraphs of its *definite* part: atoms whose element and bonds whose kind follow from the
query whatever it is matched to.  Such a subgraph is found in every molecule that matches, so its term is among the
molecule's.  The one trouble is the bond between two aromatic atoms that is not aromatic itself (biphenyl): SMARTS
``cc`` means both.  So molecules with such bonds are hashed under two labellings, *plain* (bonds as they are) and
*joined* (single bonds between aromatic atoms count as aromatic), and hold the terms of both.  A query is read under
each labelling on its own: ``cc`` is definite when joined, ``[#6]-[#6]`` when plain, ``[CX4]-c`` under both.

What cannot be screened (more than 1000 heavy atoms, query features, zero-order and dative bonds, aromatic bonds of
atoms that are not aromatic, as molfiles may have them) holds the term ``UNSCREENED``, which every query accepts as an
alternative.

References
----------
M. Kratochvíl, J. Vondrášek, J. Galgonek, *Sachem*, J. Cheminform. 2018, 10, 27.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.chemistry.definite import AROMATIC, Definite, definite_part
from nlsearch.model import AllOf, AnyOf, Question, Scan, Terms

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

HASHES = 2**20
MAX_BONDS = 5
UNSCREENED = HASHES
"""Term of the molecules that are always candidates."""
ELEMENTS = HASHES + 1024
"""Plus the atomic number: the term of an element that occurs."""
ODD_BONDS = ("*!-;!=;!#;!:*", "A:*")
"""SMARTS of bonds whose matching does not follow from their kind and their atoms' aromaticity."""
LARGE = 1000
"""Heavy atoms above which a molecule holds nearly every term and is not hashed."""


@cache
def _generator() -> Any:  # noqa: ANN401 - RDKit's generator has no importable type
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetRDKitFPGenerator(
        minPath=1,
        maxPath=MAX_BONDS,
        useHs=False,
        branchedPaths=True,
        useBondOrder=True,
        fpSize=HASHES,
        numBitsPerFeature=1,
    )


@cache
def _pattern(smarts: str) -> Mol:
    from rdkit import Chem

    return Chem.MolFromSmarts(smarts)


def _hashes(mol: Mol, numbers: Sequence[int], from_atoms: Sequence[int] = ()) -> set[int]:
    if mol.GetNumBonds() == 0:
        return set()
    arguments = {"fromAtoms": list(from_atoms)} if from_atoms else {}
    found = _generator().GetSparseCountFingerprint(mol, customAtomInvariants=list(numbers), **arguments)
    return {bit % HASHES for bit in found.GetNonzeroElements()}  # one dictionary: bits would come one call each


def atomic_numbers(mol: Mol) -> list[int]:
    """Return the atomic number of each atom; most are carbon, and asking for the others alone is four times faster."""
    numbers = [6] * mol.GetNumAtoms()
    for (i,) in mol.GetSubstructMatches(_pattern("[!#6]"), maxMatches=len(numbers) + 1):
        numbers[i] = mol.GetAtomWithIdx(i).GetAtomicNum()
    return numbers


def molecule_terms(mol: Mol) -> NDArray[np.uint64]:
    """Return the terms of a molecule: uint64, ascending and unique."""
    if mol.GetNumHeavyAtoms() > LARGE:
        return np.array([UNSCREENED], dtype=np.uint64)
    numbers = atomic_numbers(mol)
    terms = _hashes(mol, numbers)
    biaryl = mol.GetSubstructMatches(_pattern("a-a"), maxMatches=mol.GetNumBonds() + 1)
    if biaryl:
        terms |= _hashes(_joined(mol, biaryl), numbers, sorted({first for first, _ in biaryl}))
    terms |= {ELEMENTS + number for number in set(numbers) if number > 1}
    if mol.HasQuery() or any(mol.HasSubstructMatch(_pattern(odd)) for odd in ODD_BONDS):
        terms.add(UNSCREENED)
    return np.array(sorted(terms), dtype=np.uint64)


def _joined(mol: Mol, biaryl: Sequence[tuple[int, int]]) -> Mol:
    """Return a copy in which single bonds between aromatic atoms count as aromatic."""
    from rdkit import Chem

    copy = Chem.RWMol(mol)
    for first, second in biaryl:
        bond = copy.GetBondBetweenAtoms(first, second)
        bond.SetBondType(Chem.BondType.AROMATIC)
        bond.SetIsAromatic(True)
    return copy


def query_terms(query: Mol) -> list[int]:
    """Return the terms that every match of `query` holds, ascending."""
    definite = definite_part(query)
    terms = {ELEMENTS + number for number in definite.elements if number is not None}
    for edges in {definite.plain, definite.joined}:
        terms |= _edge_terms(definite, edges)
    return sorted(terms)


def _edge_terms(definite: Definite, edges: tuple[tuple[int, int, int], ...]) -> set[int]:
    from rdkit import Chem

    graph = Chem.RWMol()
    place: dict[int, int] = {}
    for first, second, kind in edges:
        for atom in (first, second):
            if atom not in place:
                place[atom] = graph.AddAtom(Chem.Atom(definite.elements[atom] or 0))
        graph.AddBond(place[first], place[second], Chem.BondType.values[kind])
        if kind == AROMATIC:
            graph.GetBondWithIdx(graph.GetNumBonds() - 1).SetIsAromatic(True)
    return _hashes(graph, [definite.elements[atom] or 0 for atom in place])


def question(terms: Sequence[int], space: str) -> Question:
    """Return what to ask the text index for items that hold all `terms` of a space, or that cannot be screened."""
    if not terms:
        return Scan()
    return AnyOf((AllOf((Terms(space, tuple(terms)),)), Terms(space, (UNSCREENED,))))
