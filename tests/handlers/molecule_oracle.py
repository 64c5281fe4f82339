"""What RDKit itself says about every molecule, one by one and without any screen: the oracle of the kind's operators.

Queries are made from a number alone, so that any part of a long run can be repeated.  A new operator is a row of
:data:`OPERATORS`; a new fingerprint or level of identity is a row of :data:`FINGERPRINTS` or :data:`LEVELS`.  What the
handler does not declare is not asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from random_smarts import mixed_smarts, piece_smiles
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import (
    MolFromSmarts,
    MolFromSmiles,
    rdFingerprintGenerator,
    rdMolDescriptors,
    rdSubstructLibrary,
    rdTautomerQuery,
)
from rdkit.Chem.MolStandardize import rdMolStandardize

import nlsearch
from nlsearch.handlers.contract import Operator

MINIMUM = 0.5
ROUNDING = 1e-6
EVERYTHING = 100_000
Expected = dict[int, float | None]
"""Score of each molecule that is a hit; None where only being a hit is compared."""


@dataclass(frozen=True)
class Query:
    """A query, and how it is written in the query language."""

    operator: str
    value: str
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        value = self.value.replace('"', '\\"')
        return f'{self.operator}:"{value}"' + (f"{{{options}}}" if options else "")

    @property
    def stereo(self) -> bool:
        """Whether stereo that the query gives must be there."""
        return self.options.get("stereo", "yes") == "yes"


def parameters(stereo: bool) -> Any:
    """Return RDKit's parameters of a match; its cap on matches of recursive SMARTS is lifted."""
    made = Chem.SubstructMatchParameters()
    made.useChirality = stereo
    made.maxRecursiveMatches = 1_000_000
    made.maxMatches = 1_000
    return made


# ---------------------------------------------------------------------------------------------------------- identities
def _graph(mol: Chem.Mol) -> str:
    copy = Chem.Mol(mol)
    for atom in copy.GetAtoms():
        atom.SetIsotope(0)
    return str(Chem.MolToSmiles(Chem.RemoveHs(copy), isomericSmiles=False))


def _tautomer(mol: Chem.Mol) -> str:
    return _graph(rdMolStandardize.TautomerEnumerator().Canonicalize(mol))


LEVELS: dict[str, Callable[[Chem.Mol], str]] = {
    "stereo": Chem.MolToSmiles,
    "connectivity": _graph,
    "tautomer": _tautomer,
}
"""What is equal for the same molecule.  It is computed only for molecules of the query's formula."""
FINGERPRINTS: dict[str, Callable[[Chem.Mol], Any]] = {
    "morgan": rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint,
    "rdkit": rdFingerprintGenerator.GetRDKitFPGenerator().GetFingerprint,
    "maccs": rdMolDescriptors.GetMACCSKeysFingerprint,
    "atompair": rdFingerprintGenerator.GetAtomPairGenerator().GetFingerprint,
}


class Oracle:
    """Molecules, matched one by one by RDKit.

    Parameters
    ----------
    smiles : sequence of str
        Number *i* is called ``M<i>`` in the collection.
    """

    def __init__(self, smiles: Sequence[str]) -> None:
        self.smiles = list(smiles)
        self.library = rdSubstructLibrary.SubstructLibrary(rdSubstructLibrary.MolHolder())
        with rdBase.BlockLogs():
            self.mols = [MolFromSmiles(text) for text in smiles]
        for mol in self.mols:
            self.library.AddMol(mol)
        self._bits: dict[str, list[Any]] = {}
        self._names: dict[tuple[str, int], str] = {}

    @cached_property
    def formulas(self) -> dict[str, list[int]]:
        """The molecules of each formula."""
        found: dict[str, list[int]] = {}
        for i, mol in enumerate(self.mols):
            found.setdefault(rdMolDescriptors.CalcMolFormula(mol), []).append(i)
        return found

    def holding(self, query: Any, stereo: bool) -> Expected:
        """Return the molecules in which `query`, a molecule or a TautomerQuery, is found."""
        return dict.fromkeys(self.library.GetMatches(query, parameters(stereo), numThreads=1, maxResults=-1))

    def contained(self, query: Chem.Mol, stereo: bool) -> Expected:
        """Return the molecules that are found in `query`."""
        asked = parameters(stereo)
        return dict.fromkeys(i for i, mol in enumerate(self.mols) if query.HasSubstructMatch(mol, asked))

    def alike(self, query: Chem.Mol, fp: str, level: str) -> Expected:
        """Return the molecules that are the same at a level (score 1) or near (Tanimoto)."""
        if fp not in self._bits:
            self._bits[fp] = [FINGERPRINTS[fp](mol) for mol in self.mols]
        near = DataStructs.BulkTanimotoSimilarity(FINGERPRINTS[fp](query), self._bits[fp])
        expected: Expected = {i: value for i, value in enumerate(near) if value >= MINIMUM}
        name = LEVELS[level](query)
        for i in self.formulas.get(rdMolDescriptors.CalcMolFormula(query), []):
            if (level, i) not in self._names:
                self._names[level, i] = LEVELS[level](self.mols[i])
            if self._names[level, i] == name:
                expected[i] = 1.0
        return expected


# ------------------------------------------------------------------------------------------------------------ operators
def _whole(oracle: Oracle, dice: random.Random) -> str:
    """Return a molecule of the set as others would write it, now and then without stereo and isotopes."""
    return str(Chem.MolToSmiles(dice.choice(oracle.mols), doRandom=True, isomericSmiles=dice.random() < 0.8))


def _piece(oracle: Oracle, dice: random.Random) -> str:
    """Return a piece of 2 to 25 atoms, small ones more often."""
    for _ in range(20):
        text = piece_smiles(dice.choice(oracle.mols), dice, 2 + int(24 * dice.random() ** 2))
        if text is not None:
            return text
    return "c1ccccc1"


def _larger(oracle: Oracle, dice: random.Random) -> str:
    """Return a molecule that contains one or two of the set."""
    first = _whole(oracle, dice)
    chance = dice.random()
    if chance < 0.4:
        return f"{first}.{_whole(oracle, dice)}"
    return f"{first}.{_piece(oracle, dice)}" if chance < 0.6 else first


def _smarts(oracle: Oracle, dice: random.Random) -> str:
    return mixed_smarts(oracle.mols, dice)


@dataclass(frozen=True)
class Asked:
    """How an operator is asked: its share of the queries, a value of it, and who is a hit."""

    share: int
    value: Callable[[Oracle, random.Random], str]
    expected: Callable[[Oracle, Query], Expected]


OPERATORS: dict[str, Asked] = {
    "smarts": Asked(40, _smarts, lambda o, q: o.holding(Chem.MergeQueryHs(MolFromSmarts(q.value)), q.stereo)),
    "substructure": Asked(20, _piece, lambda o, q: o.holding(MolFromSmiles(q.value), q.stereo)),
    "superstructure": Asked(10, _larger, lambda o, q: o.contained(MolFromSmiles(q.value), q.stereo)),
    "tautomer": Asked(
        10, _piece, lambda o, q: o.holding(rdTautomerQuery.TautomerQuery(MolFromSmiles(q.value)), q.stereo)
    ),
    "smiles": Asked(20, _whole, lambda o, q: o.alike(MolFromSmiles(q.value), q.options["fp"], q.options["level"])),
}


def random_query(number: int, oracle: Oracle, operators: Sequence[Operator]) -> Query:
    """Return query `number`: an operator that is declared, with a value and options that it takes."""
    dice = random.Random(number)
    known = [operator for operator in operators if operator.name in OPERATORS]
    (operator,) = dice.choices(known, [OPERATORS[operator.name].share for operator in known])
    options: dict[str, str] = {}
    for option in operator.options:
        if option.name == "stereo" and dice.random() < 0.3:
            options["stereo"] = "no"
        for name, table in (("fp", FINGERPRINTS), ("level", LEVELS)):
            if option.name == name:
                choices = [choice for choice in option.choices if choice in table]
                options[name] = str(option.default) if dice.random() < 0.4 else dice.choice(choices)
    with rdBase.BlockLogs():
        return Query(operator.name, OPERATORS[operator.name].value(oracle, dice), options)


# ----------------------------------------------------------------------------------------------------------- comparing
@dataclass
class Tally:
    """What was compared so far."""

    queries: int = 0
    pairs: int = 0
    hits: int = 0
    lost: int = 0
    extra: int = 0
    scores: int = 0
    """Hits whose score or evidence is another than RDKit's."""

    def __str__(self) -> str:
        return (
            f"{self.queries:,} queries, {self.pairs:,} pairs, {self.hits:,} hits; "
            f"{self.lost} lost, {self.extra} extra, {self.scores} of another score or evidence"
        )

    @property
    def right(self) -> bool:
        """Whether nothing differs."""
        return not (self.lost or self.extra or self.scores)


def all_hits(collection: nlsearch.Collection, query: str) -> Iterator[tuple[int, nlsearch.Hit]]:
    """Yield the number of each molecule that is found, with its hit, through the public API."""
    page = collection.search(query, limit=EVERYTHING, count="exact")
    assert page.complete
    while True:
        for hit in page.hits:
            yield int(str(hit.item.fields["name"])[1:]), hit
        if page.next is None:
            return
        page = collection.search(query, limit=EVERYTHING, after=page.next)


def compare(collection: nlsearch.Collection, oracle: Oracle, query: Query, tally: Tally) -> str:
    """Compare the hits of one query with the oracle's, add to the tally, and say what differs (``""`` if nothing)."""
    with rdBase.BlockLogs():
        expected = OPERATORS[query.operator].expected(oracle, query)
    found: dict[int, nlsearch.Hit] = {}
    twice = 0
    for number, hit in all_hits(collection, str(query)):
        twice += number in found
        found[number] = hit
    lost, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    wrong = [i for i in sorted(expected.keys() & found.keys()) if not _same(found[i], expected[i], oracle, query)]
    tally.queries += 1
    tally.pairs += len(oracle.mols)
    tally.hits += len(found)
    tally.lost += len(lost)
    tally.extra += len(extra) + twice
    tally.scores += len(wrong)
    told = [
        f"{name} {oracle.smiles[some[0]]}"
        for name, some in (("lost", lost), ("extra", extra), ("other", wrong))
        if some
    ]
    return f"{query}: {'; '.join(told)}" if told else ""


def _same(hit: nlsearch.Hit, score: float | None, oracle: Oracle, query: Query) -> bool:
    """Compare score and evidence; the matched atoms of one hit in twenty, where hydrogens do not move their numbers."""
    if score is not None:
        return abs(hit.score - score) < ROUNDING
    i = int(str(hit.item.fields["name"])[1:])
    if query.operator not in {"smarts", "substructure"} or i % 20 or "[H]" in oracle.smiles[i]:
        return bool(hit.evidence["atoms"])
    pattern = (
        Chem.MergeQueryHs(MolFromSmarts(query.value)) if query.operator == "smarts" else MolFromSmiles(query.value)
    )
    asked = parameters(query.stereo)
    matches = oracle.mols[i].GetSubstructMatches(pattern, asked)
    if hit.evidence["count"] != len(matches):
        return False
    if len(matches) == asked.maxMatches:  # which of more are listed is for either to choose
        asked.maxMatches = 1_000_000
        matches = oracle.mols[i].GetSubstructMatches(pattern, asked)
    listed = {frozenset(atoms) for atoms in hit.evidence["atoms"]}
    return listed <= {frozenset(match) for match in matches}
