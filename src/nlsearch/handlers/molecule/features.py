"""What the index holds about a molecule.

Masses in dalton: ``mass`` is monoisotopic (of the isotopes given, else the most abundant), ``mw`` the average over
natural abundance.  ``logp`` is Wildman and Crippen's (J. Chem. Inf. Comput. Sci. 1999, 39, 868), ``tpsa`` Ertl's
(J. Med. Chem. 2000, 43, 3714) in square ångström; ``rings`` counts the smallest set of smallest rings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nlsearch.handlers.chemistry import fingerprints, screen
from nlsearch.handlers.chemistry.graphs import molecule_graph
from nlsearch.handlers.chemistry.inchikeys import inchikey
from nlsearch.handlers.chemistry.payload import encode
from nlsearch.handlers.chemistry.read import Molecule
from nlsearch.handlers.molecule.crippen import logp
from nlsearch.handlers.molecule.facts import FINGERPRINTS, MORGAN, SUBGRAPH
from nlsearch.model import Features, FieldValue, RawItem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

WORDS = 65_536
"""Characters of a record's data fields that are indexed as words."""
_NAMES = ("NAME", "GENERIC_NAME", "PREFERRED_NAME", "CHEBI_NAME", "COMPOUND_NAME", "PUBCHEM_IUPAC_NAME", "IUPAC_NAME")
_ACCESSIONS = ("PUBCHEM_COMPOUND_CID", "CHEMBL_ID", "CHEBI_ID", "DRUGBANK_ID", "DATABASE_ID", "ZINC_ID", "ACCESSION")


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
    fields |= _names(content)
    if content.column:
        fields["column"] = content.column
    key = fields.get("inchikey")
    return Features(
        words=_words(content),
        fields=fields,
        terms={SUBGRAPH: screen.molecule_terms(graph)},
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
    fields: dict[str, FieldValue] = {
        "formula": rdMolDescriptors.CalcMolFormula(mol),
        "mass": round(rdMolDescriptors.CalcExactMolWt(mol), 6),
        "mw": round(rdMolDescriptors._CalcMolWt(mol), 4),
        "charge": Chem.GetFormalCharge(mol),
        "heavy_atoms": mol.GetNumHeavyAtoms(),
        "rings": rdMolDescriptors.CalcNumRings(mol),
        "canonical_smiles": Chem.MolToSmiles(mol),
        "logp": round(logp(mol, graph), 4),
        "tpsa": round(rdMolDescriptors.CalcTPSA(mol), 3),
    }
    key = inchikey(mol)
    if key:
        fields["inchikey"] = key
    return fields


def _names(content: Molecule) -> dict[str, FieldValue]:
    """Return ``name`` and ``accession`` as far as the record gives them.

    A title of digits alone is a database's number: an accession, and a name among the data fields comes before it.
    """
    tags = {re.sub(r"\W+", "_", name).upper(): value for name, value in content.properties}
    given = next((tags[tag].split("\n")[0] for tag in _NAMES if tags.get(tag)), "")
    accessions = [tags[tag] for tag in _ACCESSIONS if tags.get(tag)][:1]
    if content.title.isdecimal() and content.title not in accessions:
        accessions.append(content.title)
    accession = accessions[0] if len(accessions) == 1 else accessions
    name = given if given and (not content.title or content.title.isdecimal()) else content.title
    return {key: value for key, value in (("name", name), ("accession", accession)) if value}


def _words(content: Molecule) -> str:
    lines = [content.title, *(f"{name} {value}" for name, value in content.properties)]
    return "\n".join(line for line in lines if line)[:WORDS]
