"""What the index holds about a reaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.chemistry import screen
from nlsearch.handlers.chemistry.graphs import molecule_graph
from nlsearch.handlers.chemistry.inchikeys import inchikey
from nlsearch.handlers.chemistry.names import called
from nlsearch.handlers.chemistry.reactions import SIDES, Reaction
from nlsearch.handlers.reaction.facts import STRUCTURAL, TERMS
from nlsearch.handlers.reaction.identity import canonical, structural
from nlsearch.handlers.reaction.payload import encode, heavy_atoms, map_numbers
from nlsearch.model import Features, FieldValue, RawItem

if TYPE_CHECKING:
    from rdkit.Chem import Mol

WORDS = 65_536
"""Characters of a record's data fields that are indexed as words."""
_KEYS = {"reactants": "reactant", "agents": "agent", "products": "product"}


def reaction_features(item: RawItem) -> Features:
    """Derive everything that the index holds about one reaction."""
    from rdkit import rdBase

    content: Reaction = item.content
    mols = {name: side.structure.mol for name, side in content.sides.items() if side.structure is not None}
    with rdBase.BlockLogs():
        fields = _fields(content, mols)
        terms = {TERMS[name]: screen.molecule_terms(molecule_graph(mol)) for name, mol in mols.items()}
    both = structural(mols.get("reactants"), mols.get("products"))
    return Features(
        words=_words(content),
        fields=fields,
        terms=terms,
        vectors={STRUCTURAL: np.frombuffer(both, dtype=np.uint8).copy()},
        payload=encode(content),
        size=float(heavy_atoms(list(mols.values()))),
    )


def _fields(content: Reaction, mols: dict[str, Mol]) -> dict[str, FieldValue]:
    fields: dict[str, FieldValue] = {name: len(side.components) for name, side in content.sides.items()}
    fields["mapped"] = is_mapped(mols)
    fields["rxn_smiles"] = ">".join(canonical(mols.get(name)) for name in SIDES)
    for name, field in _KEYS.items():
        keys = sorted({key for mol in content.sides[name].components if (key := inchikey(mol))})
        if keys:
            fields[field] = keys
    names = called(content.title, content.properties).fields
    return fields | {name: names[name] for name in ("name", "accession") if name in names}


def _words(content: Reaction) -> str:
    lines = [content.title, *(f"{name} {value}" for name, value in content.properties)]
    return "\n".join(line for line in lines if line)[:WORDS]


def is_mapped(mols: dict[str, Mol]) -> bool:
    """Say whether an atom map number stands on both sides."""
    before, behind = (set(map_numbers(mols.get(name))) - {0} for name in ("reactants", "products"))
    return not before.isdisjoint(behind)
