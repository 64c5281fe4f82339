"""Query molecules: read from SMARTS, SMILES or a molfile, with what matching needs.

Conventions
-----------
Stereo that the query gives must be there; a query without stereo matches any.  Explicit hydrogens are merged into
hydrogen counts, so that they match implicit ones.  Evidence lists atoms in the order of the query's remaining atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry.complaints import line_complaint
from nlsearch.handlers.chemistry.definite import AROMATIC, HYDROGEN, atom_facts, bond_kinds
from nlsearch.handlers.chemistry.graphs import molecule_graph
from nlsearch.handlers.chemistry.payload import Structure
from nlsearch.handlers.chemistry.reactions import is_reaction
from nlsearch.handlers.chemistry.read import molfile_structure, smiles_structure
from nlsearch.handlers.chemistry.records import Record
from nlsearch.limits import Limits

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from nlsearch.handlers.chemistry.program import Compiled

KEPT = 64
"""Queries that are kept as they were read."""
RECURSIVE_MATCHES = 1_000_000
"""Matches of a recursive SMARTS in one molecule: RDKit's default of 1000 loses atoms of highly branched molecules."""


@dataclass
class Pattern:
    """A query molecule ready for matching.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    order : tuple of int, optional
        0-based indices in the query as it was written, for each atom; None if the same.
    stereo : bool
        Whether the stereo that it gives counts.
    """

    mol: Mol
    order: tuple[int, ...] | None
    stereo: bool

    @cached_property
    def atoms(self) -> int:
        """Atoms that count in the score: all but definite hydrogens, at least 1."""
        hydrogens = sum(_is_hydrogen(atom) for atom in self.mol.GetAtoms())
        return max(1, self.mol.GetNumAtoms() - hydrogens)

    @cached_property
    def bonds(self) -> list[tuple[int, int]]:
        """The query's bonds as pairs of its atoms."""
        return [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in self.mol.GetBonds()]

    @cached_property
    def compiled(self) -> Compiled | None:
        """The pattern on encoded graphs; None if it has none."""
        from nlsearch.handlers.chemistry.program import compile_pattern

        return compile_pattern(self.mol, stereo=self.stereo)

    @cached_property
    def graph(self) -> bytes:
        """The encoded graph of a whole molecule; ``b""`` if it has none."""
        return molecule_graph(self.mol)

    @cached_property
    def parts(self) -> int:
        """How many connected parts it has."""
        from rdkit import Chem

        return len(Chem.GetMolFrags(self.mol))

    @cached_property
    def rings(self) -> int:
        """Independent rings: bonds − atoms + parts."""
        return self.mol.GetNumBonds() - self.mol.GetNumAtoms() + self.parts

    @cached_property
    def aromatic_rings(self) -> int:
        """Rings of which every atom, or every bond, is aromatic whatever is matched."""
        from rdkit import Chem

        found = 0
        for ring in map(tuple, Chem.GetSSSR(Chem.Mol(self.mol))):
            atoms = [self.mol.GetAtomWithIdx(index) for index in ring]
            bonds = [self.mol.GetBondBetweenAtoms(*pair) for pair in zip(ring, ring[1:] + ring[:1], strict=True)]
            found += all(_is_aromatic(atom) for atom in atoms) or all(bond_kinds(bond) == {AROMATIC} for bond in bonds)
        return min(found, self.rings)

    @cached_property
    def extent(self) -> tuple[int, int]:
        """How many atoms and connected parts it has."""
        return self.mol.GetNumAtoms(), self.parts

    def parameters(self, matches: int, *, uniquify: bool = True) -> Any:  # noqa: ANN401 - RDKit's
        """Return RDKit's parameters for at most `matches` matches, which differ in their atoms if `uniquify`."""
        from rdkit import Chem

        parameters: Any = Chem.SubstructMatchParameters()
        parameters.useChirality = self.stereo
        parameters.maxMatches = matches
        parameters.maxRecursiveMatches = RECURSIVE_MATCHES
        parameters.uniquify = uniquify
        return parameters


def _is_aromatic(atom: Any) -> bool:  # noqa: ANN401 - rdkit.Chem.Atom, which is untyped
    return bool(atom_facts(atom).aromatic if atom.HasQuery() else atom.GetIsAromatic())


def _is_hydrogen(atom: Any) -> bool:  # noqa: ANN401 - rdkit.Chem.Atom, which is untyped
    return bool(atom_facts(atom).element == HYDROGEN)


@lru_cache(maxsize=KEPT)
def pattern_of(text: str, *, smarts: bool, stereo: bool, limits: Limits) -> Pattern:
    """Return the query molecule that a text says, as it was read last: to compile and to verify need the same.

    Raises
    ------
    QuerySyntax, QueryTooCostly
        As :func:`read_smarts` does, or :func:`read_structure`.
    """
    if smarts:
        return read_smarts(text, stereo=stereo, limits=limits)
    return structure_pattern(read_structure(text, limits=limits), stereo=stereo)


def checked_text(value: str, what: str) -> str:
    """Return `value` without surrounding blanks.

    Raises
    ------
    QuerySyntax
        If nothing is left, or it holds a character that no line notation has.
    """
    text = value.strip()
    if not text:
        raise QuerySyntax(f"an empty {what}", hint="every item would match")
    for position, character in enumerate(text):
        if not (character.isascii() and character.isprintable()):
            raise QuerySyntax(f"{what}: {character!r} at character {position + 1} is not allowed")
    return text


def read_smarts(value: str, *, stereo: bool = True, limits: Limits | None = None) -> Pattern:
    """Read a SMARTS.

    Raises
    ------
    QuerySyntax
        With the first mistake and its character.
    QueryTooCostly
        If it has more atoms than molecules may have.
    """
    from rdkit import Chem, rdBase

    text = checked_text(value, "SMARTS")
    cap = (limits or Limits()).molecule_atoms
    with rdBase.BlockLogs():
        query = Chem.MolFromSmarts(text)
        if query is None:
            reason = "a reaction, not a molecule" if is_reaction(text) else line_complaint(text)
            raise QuerySyntax(f"not a SMARTS: {reason}")
        if query.GetNumAtoms() == 0:
            raise QuerySyntax("a SMARTS without atoms")
        if query.GetNumAtoms() > cap:
            raise QueryTooCostly(f"a SMARTS of {query.GetNumAtoms():,} atoms is over the cap molecule_atoms = {cap:,}")
        _keep_handedness(query)
        return Pattern(Chem.MergeQueryHs(query), None, stereo)


def _keep_handedness(query: Mol) -> None:
    """Turn the chiral tags that would change their meaning when ``MergeQueryHs`` takes a hydrogen away.

    RDKit reads a tag in the order of an atom's bonds, and with three bonds as if the hydrogen stood second (as in
    ``F[C@H](Cl)Br``).  Taking it from the first or third place is an odd permutation.
    """
    from rdkit import Chem

    tags = {Chem.ChiralType.CHI_TETRAHEDRAL_CW, Chem.ChiralType.CHI_TETRAHEDRAL_CCW}
    for atom in query.GetAtoms():
        if atom.GetChiralTag() not in tags or atom.GetDegree() != 4:
            continue
        places = [i for i, bond in enumerate(atom.GetBonds()) if _is_merged(bond.GetOtherAtom(atom))]
        if len(places) == 1 and places[0] % 2 == 0:
            atom.InvertChirality()


def _is_merged(atom: Any) -> bool:  # noqa: ANN401 - rdkit.Chem.Atom, which is untyped
    return bool(atom.GetDegree() == 1 and atom.DescribeQuery().strip() == "AtomAtomicNum 1 = val")


def read_structure(value: str, *, limits: Limits | None = None) -> Structure:
    """Read a whole molecule from SMILES (or CXSMILES) or the text of a molfile.

    Raises
    ------
    QuerySyntax
        With RDKit's reason.
    QueryTooCostly
        If it has more atoms than molecules may have.
    """
    from rdkit import rdBase

    cap = limits or Limits()
    if value.strip().startswith("InChI="):
        raise QuerySyntax("not a SMILES: an InChI", hint='fields read it: inchikey:"InChI=…"')
    try:
        with rdBase.BlockLogs():
            structure = _structure(value, cap)
    except LimitExceeded as exc:
        raise QueryTooCostly(exc.message, hint=exc.hint) from exc
    except InputError as exc:
        raise QuerySyntax(exc.message) from exc
    if structure.record_atoms == 0:
        raise QuerySyntax("a structure without atoms")
    return structure


def _structure(value: str, limits: Limits) -> Structure:
    if "M  END" in value or "M  V30" in value:
        lines = value.replace("\r\n", "\n").split("\n")
        return molfile_structure(Record(1, 1, lines), limits)
    text = checked_text(value, "SMILES")
    head, _, rest = text.partition(" ")
    if is_reaction(text):
        raise MalformedContent("not a SMILES of one molecule: a reaction")
    if rest and not rest.startswith("|"):
        raise MalformedContent(f"not a SMILES: text after it at character {len(head) + 2}")
    try:
        return smiles_structure(text, limits)
    except MalformedContent as error:
        raise MalformedContent(f"not a SMILES: {error.message}") from error


def structure_pattern(structure: Structure, *, stereo: bool) -> Pattern:
    """Return a molecule as a pattern: its atoms match their element, its bonds their kind."""
    order = None if structure.order is None else tuple(structure.order.tolist())
    return Pattern(structure.mol, order, stereo)
