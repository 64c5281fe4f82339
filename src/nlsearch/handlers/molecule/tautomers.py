"""Substructure search for any tautomer of a query: RDKit's ``TautomerQuery``.

RDKit enumerates the tautomers of the query, at most 1000 and by at most 1000 transforms, and marks the atoms and bonds
that differ between them.  A molecule matches if it holds the unmarked part as the query has it and the marked part as
one of the tautomers has it.

Why no hit is lost
------------------
So a match is a substructure match of the query with its marked bonds as in one tautomer.  The screen's terms of such a
form (:mod:`nlsearch.handlers.chemistry.screen`) hold in every molecule that it matches: a molecule that matches holds
the terms of one form at least, and those that are common to all, such as those of the unmarked bonds.

References
----------
G. Landrum et al., RDKit, ``Code/GraphMol/TautomerQuery``; transforms after M. Sitzmann, W.-D. Ihlenfeldt, M. C.
Nicklaus, J. Comput. Aided Mol. Des. 2010, 24, 521.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry import screen
from nlsearch.handlers.chemistry.patterns import pattern_of, read_structure
from nlsearch.handlers.chemistry.saying import counted
from nlsearch.handlers.molecule.compile import KIND, neighbours, notation
from nlsearch.handlers.molecule.facts import SUBGRAPH
from nlsearch.limits import Limits, how_to_raise
from nlsearch.model import AllOf, AnyOf, Probe, Question, Scalar, Terms

if TYPE_CHECKING:
    from rdkit.Chem import Mol

QUERIES = 16
"""Queries whose tautomers are kept: enumerating takes milliseconds for a drug, a second for a long peptide."""
BRANCHES = 16
"""Up to so many different forms are asked for one by one; of more, their unmarked bonds."""


@dataclass(frozen=True, slots=True)
class Tautomers:
    """The tautomers of a query.

    Parameters
    ----------
    query : rdkit.Chem.rdTautomerQuery.TautomerQuery
    count : int
        How many RDKit has enumerated.
    whole : bool
        False if there are more than RDKit enumerates.
    """

    query: Any
    count: int
    whole: bool

    def forms(self) -> Iterator[Mol]:
        """Yield the query with its marked bonds as in each tautomer, without repeats."""
        from rdkit import Chem

        template = self.query.GetTemplateMolecule()
        marked = set(self.query.GetModifiedBonds())
        seen: set[tuple[int, ...]] = set()
        for tautomer in self.query.GetTautomers():
            form = Chem.RWMol(tautomer)
            for bond in form.GetBonds():
                if bond.GetIdx() not in marked:
                    fixed = template.GetBondWithIdx(bond.GetIdx())
                    bond.SetBondType(fixed.GetBondType())
                    bond.SetIsAromatic(fixed.GetIsAromatic())
            kinds = tuple(int(bond.GetBondType()) for bond in form.GetBonds())
            if kinds not in seen:
                seen.add(kinds)
                yield form

    def question(self) -> Question:
        """Return what to ask the text index."""
        forms = list(islice(self.forms(), BRANCHES + 1))
        if len(forms) > BRANCHES:
            return screen.question(screen.query_terms(self._fixed(forms[0])), SUBGRAPH)
        branches = {frozenset(screen.query_terms(form)) for form in forms}
        common = frozenset.intersection(*branches)
        question = screen.question(sorted(common), SUBGRAPH)
        rest = sorted(sorted(branch - common) for branch in branches)
        if not rest[0]:  # one form asks for no more than all have in common
            return question
        narrower = AnyOf(tuple(Terms(SUBGRAPH, tuple(terms)) for terms in (*rest, [screen.UNSCREENED])))
        return AllOf((question, narrower))

    def _fixed(self, form: Mol) -> Mol:
        """Return a form without its marked bonds: what all forms share."""
        from rdkit import Chem

        fixed = Chem.RWMol(form)
        for index in sorted(self.query.GetModifiedBonds(), reverse=True):
            bond = fixed.GetBondWithIdx(index)
            fixed.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        return fixed


@lru_cache(maxsize=QUERIES)
def tautomers_of(structure: str, limits: Limits) -> Tautomers:
    """Enumerate the tautomers of a structure, given as SMILES or molfile.

    Raises
    ------
    QuerySyntax
        If it is no structure, or RDKit cannot enumerate its tautomers.
    QueryTooCostly
        If it has more heavy atoms than ``tautomer_atoms``.
    """
    from rdkit import rdBase
    from rdkit.Chem import rdTautomerQuery
    from rdkit.Chem.MolStandardize import rdMolStandardize

    mol = read_structure(structure, limits=limits).mol
    if mol.GetNumHeavyAtoms() > limits.tautomer_atoms:
        reason = f"{mol.GetNumHeavyAtoms():,} heavy atoms are over the cap tautomer_atoms = {limits.tautomer_atoms:,}"
        raise QueryTooCostly(reason, hint=how_to_raise("tautomer_atoms"))
    with rdBase.BlockLogs():
        try:
            query = rdTautomerQuery.TautomerQuery(mol)
            status = rdMolStandardize.TautomerEnumerator().Enumerate(mol).status
        except (ValueError, RuntimeError) as exc:
            raise QuerySyntax(f"RDKit finds no tautomers of it: {' '.join(str(exc).split())}") from exc
    whole = status == rdMolStandardize.TautomerEnumeratorStatus.Completed
    return Tautomers(query, len(query.GetTautomers()), whole)


def compile_tautomer(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``tautomer:"…"``; where RDKit does not enumerate all tautomers, the guarantee is ``sound`` only."""
    pattern = pattern_of(value, smarts=False, stereo=bool(options.get("stereo", True)), limits=limits)
    tautomers = tautomers_of(value, limits)
    forms = counted(tautomers.count, "tautomer")
    if not tautomers.whole:
        forms = f"the first {forms}, of more"
    return Probe(
        KIND,
        "tautomer",
        f"{notation(value)}, {counted(pattern.mol.GetNumAtoms(), 'atom')}, {forms}",
        tautomers.question(),
        {"structure": value, "stereo": pattern.stereo},
        "complete" if tautomers.whole else "sound",
        numerator=pattern.atoms,
        related=neighbours(pattern.mol),
    )
