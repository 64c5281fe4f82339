"""The substructure screen: structural terms that every hit of a query must hold.

A term is the hash of a connected subgraph of up to five bonds, branched or not, that knows the element of each atom
and the kind of each bond (single, double, triple, aromatic) and nothing else (:mod:`nlsearch.kernels.graphs`).  Further
terms name the elements that occur.

Why nothing is lost
-------------------
A query contributes the subgraphs of its *definite* part: atoms whose element and bonds whose kind follow from the
query whatever it is matched to.  Such a subgraph is found in every molecule that matches, so its term is among the
molecule's.  The one trouble is the bond between two aromatic atoms that is not aromatic itself (biphenyl): SMARTS
``cc`` means both.  So molecules with such bonds are hashed under two labellings, *plain* (bonds as they are) and
*joined* (single bonds between aromatic atoms count as aromatic), and hold the terms of both.  A query is read under
each labelling on its own: ``cc`` is definite when joined, ``[#6]-[#6]`` when plain, ``[CX4]-c`` under both.

What cannot be screened (no encoded graph: more than 1000 atoms, query features, zero-order and dative bonds; aromatic
bonds of atoms that are not aromatic, as molfiles may have them; an atom with so many neighbours that there are millions
of subgraphs) holds the term ``UNSCREENED``, which every query
accepts as an alternative.

References
----------
M. Kratochvíl, J. Vondrášek, J. Galgonek, *Sachem*, J. Cheminform. 2018, 10, 27.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.chemistry.definite import (
    AROMATIC,
    DOUBLE,
    SINGLE,
    TRIPLE,
    Definite,
    definite_part,
    needs_stereo,
)
from nlsearch.kernels import graph_terms
from nlsearch.kernels.graphs import STEREO, Graph
from nlsearch.model import AllOf, AnyOf, Question, Scan, Terms

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

HASHES = 2**16
UNSCREENED = HASHES
"""Term of the molecules that are always candidates."""
STEREO_GIVEN = HASHES + 1
"""Term of the molecules whose record gives any stereo."""
NEVER = HASHES + 2
"""Term that no molecule holds."""
ELEMENTS = HASHES + 1024
"""Plus the atomic number: the term of an element that occurs."""
_KINDS = {SINGLE: 0, DOUBLE: 1, TRIPLE: 2, AROMATIC: 3}


def molecule_terms(graph: bytes) -> NDArray[np.uint64]:
    """Return the terms of a molecule by its encoded graph (empty if it has none): uint64, ascending and unique."""
    terms = graph_terms(graph, HASHES, joined=True) if graph else None
    if terms is None:
        return np.array([UNSCREENED], dtype=np.uint64)
    others = [STEREO_GIVEN] if graph[0] & STEREO else []
    others += sorted(ELEMENTS + number for number in Graph.elements_of(graph) if number > 1)
    return np.concatenate([terms, np.array(others, np.uint32)]).astype(np.uint64)


def query_terms(query: Mol, *, stereo: bool = False) -> list[int]:
    """Return the terms that every match of `query` holds, ascending; with `stereo` what it gives has to be there."""
    definite = definite_part(query)
    terms = {ELEMENTS + number for number in definite.elements if number is not None}
    if stereo and needs_stereo(query):
        terms.add(STEREO_GIVEN)
    for edges in {definite.plain, definite.joined}:
        terms |= _edge_terms(definite, edges)
    return sorted(terms)


def _edge_terms(definite: Definite, edges: tuple[tuple[int, int, int], ...]) -> set[int]:
    graph = Graph()
    place: dict[int, int] = {}
    for first, second, kind in edges:
        for atom in (first, second):
            if atom not in place:
                place[atom] = graph.add(definite.elements[atom] or 0, aromatic=True)
        graph.bonds.append((place[first], place[second], _KINDS[kind]))
    encoded = graph.encode()
    terms = graph_terms(encoded, HASHES) if encoded else None
    return set() if terms is None else set(terms.tolist())


def question(terms: Sequence[int], space: str) -> Question:
    """Return what to ask the text index for items that hold all `terms` of a space, or that cannot be screened."""
    if not terms:
        return Scan()
    return AnyOf((AllOf((Terms(space, tuple(terms)),)), Terms(space, (UNSCREENED,))))
