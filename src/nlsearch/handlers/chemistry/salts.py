"""Salts and mixtures: the components of a record, and its parent.

*Components* are the connected parts of the structure as it is drawn (a covalent ``Na–O`` is one part).  The *parent* is
the largest organic component, neutralised:

1. of several components RDKit's ``LargestFragmentChooser(preferOrganic=True)`` takes one: with carbon before those
   without, then the one with more atoms, hydrogens included, then the heavier, then by SMILES;
2. RDKit's ``Uncharger`` (``canonicalOrder=True``) takes or adds protons until no charge is left that a proton can
   balance; a quaternary ammonium keeps its charge, and so do nitro groups.

Nothing else is changed: no normalisation of groups, no tautomer, no isotope, no stereo (``FragmentParent`` and
``ChargeParent`` of rdMolStandardize with ``skipStandardize``).  Both are named by their standard InChIKey.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry.inchikeys import inchikey, is_key, read_molecule
from nlsearch.limits import Limits
from nlsearch.model import AllOf, AnyOf, Exact, Question, Reading

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_CHARGED = re.compile(r"\[[^\]]*[+-]")
KEPT = 4096
"""Keys of components that are kept: the counterions of a file are always the same."""


@cache
def _tools() -> tuple[Any, Any]:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    return (
        rdMolStandardize.LargestFragmentChooser(preferOrganic=True),
        rdMolStandardize.Uncharger(canonicalOrder=True),
    )


def component_keys(smiles: str) -> list[str]:
    """Return the InChIKeys of the distinct components of a molecule, ascending; those without InChI are left out.

    Parameters
    ----------
    smiles : str
        Canonical, so that equal components are written alike.
    """
    return sorted({key for part in set(smiles.split(".")) if (key := _key_of(part))})


@lru_cache(maxsize=KEPT)
def _key_of(smiles: str) -> str:
    from rdkit import Chem

    mol = Chem.MolFromSmiles(smiles)
    return "" if mol is None else inchikey(mol)


def parent(mol: Mol, smiles: str) -> Mol:
    """Return the parent of a molecule, whose canonical SMILES is `smiles`; the molecule itself if it is its own."""
    largest = _largest(mol, smiles) if "." in smiles else mol
    return _tools()[1].uncharge(largest) if _CHARGED.search(smiles) else largest


def _largest(mol: Mol, smiles: str) -> Mol:
    """Return the component that RDKit chooses, among one of each kind: its time grows with the square of them."""
    from rdkit import Chem

    chooser = _tools()[0]
    each = Chem.MolFromSmiles(".".join(sorted(set(smiles.split(".")))))
    found: Mol = chooser.choose(mol if each is None else each)
    return found


def parent_key(mol: Mol, smiles: str, own: str) -> str:
    """Return the InChIKey of the parent; `own`, the molecule's key, where that is the same."""
    found = parent(mol, smiles)
    return own if found is mol else inchikey(found)


# ------------------------------------------------------------------------------------------------------------- reading
def read_component(value: str, limits: Limits) -> Reading:
    """Read a component: a whole InChIKey, a standard InChI, SMILES or a molfile.

    What is asked is a record that is the component, or holds it among others.  A structure of several components asks
    for all of them.

    Raises
    ------
    QuerySyntax
        If it cannot be read, or has no InChIKey.
    """
    return read_parts(value, "component", limits, lambda key: _is_or_holds(key, "component"))


def read_parts(value: str, field: str, limits: Limits, ask: Callable[[str], Question]) -> Reading:
    """Read a whole InChIKey, or a structure whose components are all asked for by their keys.

    Parameters
    ----------
    value : str
    field : str
        The name of the field, for what is said.
    limits : Limits
    ask : callable
        From an InChIKey to the question for it.

    Raises
    ------
    QuerySyntax
        If it cannot be read, or has no InChIKey.
    """
    from rdkit import Chem

    text = value.strip()
    if is_key(text):
        return Reading(ask(text.upper()))
    keys = component_keys(str(Chem.MolToSmiles(read_molecule(value, limits))))
    if not keys:
        raise _no_key(field)
    parts = tuple(ask(key) for key in keys)
    return Reading(parts[0] if len(parts) == 1 else AllOf(parts), " with ".join(keys))


def read_parent(value: str, limits: Limits) -> Reading:
    """Read a parent: a whole InChIKey, or a structure whose own parent is taken.

    Raises
    ------
    QuerySyntax
        If it cannot be read, or has no InChIKey.
    """
    from rdkit import Chem

    text = value.strip()
    if is_key(text):
        return Reading(_is_or_holds(text.upper(), "parent"))
    mol = read_molecule(value, limits)
    found = parent(mol, str(Chem.MolToSmiles(mol)))
    key = inchikey(found)
    if not key:
        raise _no_key("parent")
    return Reading(_is_or_holds(key, "parent"), f"{Chem.MolToSmiles(found)}, {key}")


def _is_or_holds(key: str, field: str) -> Question:
    """Return the question: `field` holds only what differs from the record's own key."""
    return AnyOf((Exact(field, key), Exact("inchikey", key)))


def _no_key(field: str) -> QuerySyntax:
    return QuerySyntax(f"{field}: the structure has no InChIKey", hint="dummy atoms and queries have none")
