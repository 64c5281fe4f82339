"""What the index holds about a molecule.

Masses in dalton: ``mass`` is monoisotopic (of the isotopes given, else the most abundant), ``mw`` the average over
natural abundance.  ``logp`` is Wildman and Crippen's (J. Chem. Inf. Comput. Sci. 1999, 39, 868), ``tpsa`` Ertl's
(J. Med. Chem. 2000, 43, 3714) in square ångström; ``rings`` counts the smallest set of smallest rings.  The other
properties are defined in :mod:`.descriptors`, salts in :mod:`nlsearch.handlers.chemistry.salts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nlsearch.handlers.chemistry import fingerprints, screen
from nlsearch.handlers.chemistry.formula import formula_terms
from nlsearch.handlers.chemistry.graphs import molecule_graph
from nlsearch.handlers.chemistry.inchikeys import inchikey
from nlsearch.handlers.chemistry.names import called
from nlsearch.handlers.chemistry.payload import encode
from nlsearch.handlers.chemistry.read import Molecule
from nlsearch.handlers.chemistry.salts import component_keys, parent_key
from nlsearch.handlers.molecule import descriptors
from nlsearch.handlers.molecule.crippen import logp
from nlsearch.handlers.molecule.facts import FINGERPRINTS, FORMULA, MORGAN, SUBGRAPH
from nlsearch.model import Features, FieldValue, RawItem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rdkit.Chem import Mol


def molecule_features(item: RawItem, more: Sequence[str] = ()) -> Features:
    """Derive everything that the index holds about one molecule.

    Parameters
    ----------
    item : RawItem
    more : sequence of str
        Fingerprints to index beside Morgan's.
    """
    from rdkit import rdBase

    content: Molecule = item.content
    mol = content.structure.mol
    graph = molecule_graph(mol)
    with rdBase.BlockLogs():
        fields = _fields(mol, graph)
        vectors = _vectors(mol, ("morgan", *more))
    names = called(content.title, content.properties)
    if content.column:
        fields["column"] = content.column
    key = fields.get("inchikey")
    return Features(
        words=names.words,
        fields=fields | names.fields,
        terms={SUBGRAPH: screen.molecule_terms(graph), FORMULA: formula_terms(str(fields["formula"]))},
        vectors=vectors,
        payload=encode(content.structure, graph, vectors[MORGAN]),
        size=float(max(1, mol.GetNumHeavyAtoms())),
        keys={"inchikey": str(key)} if key else {},
    )


def _vectors(mol: Mol, names: Sequence[str]) -> dict[str, NDArray[np.uint8]]:
    """Return fingerprints by space; what costs too much is left to verification, which then looks at the molecule."""
    if mol.GetNumHeavyAtoms() > fingerprints.QUADRATIC_ATOMS:
        names = [name for name in names if name != "atompair"]
    return {FINGERPRINTS[name].name: fingerprints.packed(fingerprints.fingerprint(mol, name)) for name in names}


def _fields(mol: Mol, graph: bytes) -> dict[str, FieldValue]:
    from rdkit import Chem
    from rdkit.Chem import rdMolDescriptors

    mol.UpdatePropertyCache(strict=False)
    mw = round(rdMolDescriptors._CalcMolWt(mol), 4)
    smiles = str(Chem.MolToSmiles(mol))
    partition = round(logp(mol, graph), 4)
    fields: dict[str, FieldValue] = {
        "formula": rdMolDescriptors.CalcMolFormula(mol),
        "mass": round(rdMolDescriptors.CalcExactMolWt(mol), 6),
        "mw": mw,
        "charge": Chem.GetFormalCharge(mol),
        "heavy_atoms": mol.GetNumHeavyAtoms(),
        "rings": rdMolDescriptors.CalcNumRings(mol),
        "canonical_smiles": smiles,
        "logp": partition,
        "tpsa": round(rdMolDescriptors.CalcTPSA(mol), 3),
        "lipinski_violations": descriptors.lipinski_violations(mol, mw, partition),
    }
    return fields | _counts(mol, graph, smiles) | _identities(mol, smiles)


def _counts(mol: Mol, graph: bytes, smiles: str) -> dict[str, FieldValue]:
    given, centres = descriptors.stereo(mol)
    fields: dict[str, FieldValue] = {
        "donors": descriptors.donors(mol, graph),
        "acceptors": descriptors.acceptors(mol, graph),
        "rotatable_bonds": descriptors.rotatable_bonds(mol, graph),
        "fraction_sp3": descriptors.fraction_sp3(mol),
        "aromatic_rings": descriptors.aromatic_rings(mol),
        "isotopes": descriptors.has_isotopes(smiles),
        "radicals": descriptors.radicals(mol, smiles),
    }
    return fields | {"stereo": given, "stereocentres": centres} if given else fields


def _identities(mol: Mol, smiles: str) -> dict[str, FieldValue]:
    """Return what the molecule and its parts are called by; the parent only where it is another than the molecule."""
    own = inchikey(mol)
    parent = parent_key(mol, smiles, own)
    found: dict[str, FieldValue] = {
        "components": descriptors.components(mol),
        "inchikey": own,
        "component": component_keys(smiles) if "." in smiles else [],
        "parent": "" if parent == own else parent,
        "scaffold": descriptors.scaffold(mol),
    }
    return {name: value for name, value in found.items() if value}
