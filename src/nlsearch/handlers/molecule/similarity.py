"""The same molecule, and those near it: what ``smiles`` and ``like`` ask, and how they are verified.

Similarities are RDKit's own, of bit sets: Tanimoto c / (a + b − c), Dice 2 c / (a + b), Tversky c / (c + α (a − c) + β
(b − c)), with a bits in the query, b in the item, c in both; 0 where nothing is shared
(with α = β = 0, 1 of any two sets that are not empty).

Identity does not depend on the fingerprint.  From the strongest:

``stereo``
    equal canonical SMILES with stereo, isotopes and charges;
``isotope``
    equal without stereo;
``connectivity``
    equal without stereo and isotopes;
``tautomer``
    equal canonical tautomers (:class:`rdMolStandardize.TautomerEnumerator` with RDKit's defaults) of the molecules
    without stereo and isotopes.  Charge states are not merged: what differs by a proton has another formula.

References
----------
A. Tversky, Psychological Review 1977, 84, 327.  α = 0.9, β = 0.1 after S. Senger, J. Chem. Inf. Model. 2009, 49, 1514:
what the query has counts more than what the item has besides, so that larger molecules around a core are found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry import fingerprints
from nlsearch.handlers.chemistry.payload import Decoded, composition, heavy_atoms, set_bits
from nlsearch.handlers.molecule.facts import FINGERPRINTS, LEVELS
from nlsearch.kernels.graphs import SYMBOLS
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Json, Nearest, Question, Scalar, Verdict

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from nlsearch.handlers.contract import Buffer

ALPHA, BETA = 0.9, 0.1
DICE = (0.5, 0.5)
NAMES = {
    "morgan": "Morgan 2, 2048 bits",
    "rdkit": "RDKit paths of 1 to 7 bonds, 2048 bits",
    "maccs": "166 MACCS keys",
    "atompair": "atom pairs, 2048 bits",
}
QUERIES = 64
"""Fingerprints of queries that are kept unpacked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a similarity question; `weights` are those of Tversky's index, None for Tanimoto."""

    fp: str
    metric: str
    level: str
    weights: tuple[float, float] | None


def asked_of(options: Mapping[str, Scalar]) -> Asked:
    """Read the options of ``smiles`` and ``like``.

    Raises
    ------
    QuerySyntax
        If one is unknown, a weight lies outside [0, 1], or weights are given without Tversky's index.
    """
    fp, metric = str(options.get("fp", "morgan")), str(options.get("metric", "tanimoto"))
    if fp not in FINGERPRINTS:
        raise QuerySyntax(f"there is no fingerprint {fp!r}", hint="known: " + ", ".join(FINGERPRINTS))
    if metric != "tversky" and ("alpha" in options or "beta" in options):
        raise QuerySyntax(f"alpha and beta do not belong to metric={metric}", hint="write metric=tversky")
    weights = float(options.get("alpha", ALPHA)), float(options.get("beta", BETA))
    for name, weight in zip(("alpha", "beta"), weights, strict=True):
        if not 0 <= weight <= 1:
            raise QuerySyntax(f"{name} is a weight from 0 to 1, not {weight:g}")
    known = {"tanimoto": None, "dice": DICE, "tversky": weights}
    if metric not in known:
        raise QuerySyntax(f"there is no metric {metric!r}", hint="known: " + ", ".join(known))
    return Asked(fp, metric, str(options.get("level", "stereo")), known[metric])


def described(asked: Asked, indexed: Sequence[str]) -> str:
    """Return what is the same and what is near, and whether it is looked up in the index.

    Parameters
    ----------
    asked : Asked
    indexed : sequence of str
        Fingerprints that the collection holds beside Morgan's.
    """
    same = "same molecule" if asked.level == "stereo" else f"same molecule at level {asked.level}"
    metric = asked.metric.capitalize()
    if asked.metric == "tversky" and asked.weights is not None:
        metric += " {:g} / {:g}".format(*asked.weights)
    text = f"{same} or near by {metric}, {NAMES[asked.fp]}"
    if asked.fp == "morgan" or asked.fp in indexed:
        return text
    return f"{text}, which is not indexed: every molecule is looked at one by one"


def question(mol: Mol, bits: bytes, asked: Asked) -> Question:
    """Return what to ask the index: neighbours, and for identities that fingerprints do not see, the same formula.

    The neighbours have no floor of their own (the engine's minimum holds), so that ``~0.3`` finds all above 0.3.
    """
    from rdkit.Chem import rdMolDescriptors

    near = Nearest(FINGERPRINTS[asked.fp].name, bits, lacking=asked.fp != "morgan", weights=asked.weights)
    if asked.level == "stereo" and any(bits):  # equal molecules have equal bits, and sets without bits are not similar
        return near
    return AnyOf((near, Exact("formula", rdMolDescriptors.CalcMolFormula(mol))))


def verification(mol: Mol, bits: bytes, asked: Asked) -> dict[str, Any]:
    """Return what :meth:`Similarities.verify` needs to know of the query; the rest follows from its SMILES."""
    from rdkit import Chem
    from rdkit.Chem import rdMolDescriptors

    return {
        "smiles": Chem.MolToSmiles(mol),
        "formula": rdMolDescriptors.CalcMolFormula(mol),
        "heavy_atoms": max(1, mol.GetNumHeavyAtoms()),
        "fingerprint": bits,
        "fp": asked.fp,
        "metric": asked.metric,
        "weights": None if asked.weights is None else list(asked.weights),
        "level": asked.level,
    }


class Wanted:
    """The molecule that a query asks for, by its canonical SMILES; what identity compares is derived when needed."""

    def __init__(self, smiles: str) -> None:
        self.smiles = smiles

    @cached_property
    def mol(self) -> Mol:
        """The molecule."""
        from rdkit import Chem, rdBase

        with rdBase.BlockLogs():
            return Chem.MolFromSmiles(self.smiles) or Chem.MolFromSmiles(self.smiles, sanitize=False)

    @cached_property
    def isotopic(self) -> str:
        """Canonical SMILES with isotopes, without stereo."""
        return fingerprints.isotopic(self.mol)

    @cached_property
    def has_isotopes(self) -> bool:
        """Whether an isotope is given."""
        return any(atom.GetIsotope() for atom in self.mol.GetAtoms())

    @cached_property
    def connectivity(self) -> str:
        """Canonical SMILES without stereo and isotopes."""
        return fingerprints.connectivity(self.mol)


class Similarities:
    """Verifies similarity and identity; keeps the fingerprints and tautomers that were used last.

    Parameters
    ----------
    kept : int
        Molecules of which something is kept.
    limits : Limits
        Molecules with more heavy atoms than ``tautomer_atoms`` have no other tautomer.
    """

    def __init__(self, kept: int, limits: Limits) -> None:
        self._tautomer_atoms = limits.tautomer_atoms
        self._composed = lru_cache(maxsize=QUERIES)(composed)
        self._wanted = lru_cache(maxsize=QUERIES)(Wanted)
        self._query_bits = lru_cache(maxsize=QUERIES)(_set_bits)
        self._query = lru_cache(maxsize=QUERIES)(fingerprints.unpacked)
        self._fingerprint = lru_cache(maxsize=kept)(_fingerprint)
        self._skeleton = lru_cache(maxsize=kept)(skeleton)
        self._tautomer = lru_cache(maxsize=kept)(canonical_tautomer)

    def verify(self, wanted: Mapping[str, Any], payload: Buffer, decoded: Callable[[Buffer], Decoded]) -> Verdict:
        """Return the verdict about an item: exact if it is the wanted molecule, else near, whatever the similarity.

        Tanimoto of Morgan's bits, and that the composition is another, are told by the payload as it is.
        """
        if wanted["fp"] == "morgan" and wanted["metric"] == "tanimoto":
            bits, held = self._query_bits(wanted["fingerprint"]), set_bits(payload)
            shared = len(bits.intersection(held))
            similarity = shared / (len(bits) + len(held) - shared) if shared else 0.0
        else:
            own = self._fingerprint(decoded(payload), wanted["fp"])
            similarity = _similarity(self._query(wanted["fingerprint"]), own, wanted)
        level = self._level(wanted, payload, decoded, alike=similarity == 1.0)
        same = level is not None and LEVELS.index(level) >= LEVELS.index(wanted["level"])
        if level == "isotope" and not self._wanted(wanted["smiles"]).has_isotopes:
            level = "connectivity"  # nothing to be equal in
        evidence: dict[str, Json] = {
            "similarity": similarity,
            "fingerprint": wanted["fp"],
            "metric": wanted["metric"],
            "level": level,
        }
        if wanted["metric"] == "tversky":
            evidence["alpha"], evidence["beta"] = wanted["weights"]
        return Verdict(1.0 if same else similarity, "exact" if same else "near", evidence)

    def _level(
        self, wanted: Mapping[str, Any], payload: Buffer, decoded: Callable[[Buffer], Decoded], *, alike: bool
    ) -> str | None:
        """Return the strongest level at which an item is the wanted molecule; what is cheap excludes first."""
        heavy = heavy_atoms(payload)
        if heavy is not None and heavy != wanted["heavy_atoms"]:
            return None
        if alike and decoded(payload).smiles == wanted["smiles"]:
            return "stereo"
        if composition(payload) not in {None, self._composed(wanted["formula"])}:
            return None
        if decoded(payload).formula != wanted["formula"]:
            return None
        return self._identity(self._wanted(wanted["smiles"]), decoded(payload))

    def _identity(self, query: Wanted, item: Decoded) -> str | None:
        """Return the strongest level at which an item of equal formula is the wanted molecule, None if it is not.

        Tautomers keep the skeleton of heavy atoms.
        """
        if item.smiles == query.smiles:
            return "stereo"
        own, other = item.connectivity, query.connectivity
        if own == other:
            return "isotope" if fingerprints.isotopic(item.mol) == query.isotopic else "connectivity"
        if item.heavy_atoms > self._tautomer_atoms or self._skeleton(own) != self._skeleton(other):
            return None
        return "tautomer" if self._tautomer(own) == self._tautomer(other) else None


def composed(formula: str) -> tuple[bytes, int, int]:
    """Return the composition that a formula of RDKit's says, as payloads hold it."""
    heavy, hydrogens = bytearray(), 0
    for symbol, amount in re.findall(r"([A-Z][a-z]?|\*)(\d*)", formula):
        if symbol == "H":
            hydrogens = int(amount or 1)
        else:
            heavy += bytes([SYMBOLS.index(symbol)]) * int(amount or 1)
    charge = re.search(r"([+-])(\d*)$", formula)
    return bytes(sorted(heavy)), hydrogens, int(charge[1] + (charge[2] or "1")) if charge else 0


def _set_bits(raw: bytes) -> frozenset[int]:
    """Return the numbers of the set bits of a packed fingerprint."""
    return frozenset(np.flatnonzero(np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")).tolist())


def _similarity(query: Any, item: Any, wanted: Mapping[str, Any]) -> float:  # noqa: ANN401 - RDKit's ExplicitBitVect
    from rdkit import DataStructs

    if wanted["metric"] == "tversky":
        return float(DataStructs.TverskySimilarity(query, item, *wanted["weights"]))
    measure = DataStructs.DiceSimilarity if wanted["metric"] == "dice" else DataStructs.TanimotoSimilarity
    return float(measure(query, item))


def _fingerprint(item: Decoded, name: str) -> Any:  # noqa: ANN401 - RDKit's ExplicitBitVect
    return fingerprints.fingerprint(item.mol, name)


def skeleton(smiles: str) -> str:
    """Return what tautomers share: the graph of elements of a SMILES, without bond orders, hydrogens and charges."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdMolHash

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        return "" if mol is None else str(rdMolHash.MolHash(mol, rdMolHash.HashFunction.ElementGraph))


def canonical_tautomer(smiles: str) -> str:
    """Return the canonical SMILES, without stereo, of RDKit's canonical tautomer of a SMILES without stereo.

    RDKit looks at 1000 tautomers at most; starting from one canonical SMILES makes the choice repeatable.  What RDKit
    cannot standardise is its own tautomer.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            return smiles
        try:
            return str(Chem.MolToSmiles(rdMolStandardize.TautomerEnumerator().Canonicalize(mol), isomericSmiles=False))
        except (ValueError, RuntimeError):  # a tautomer that does not sanitise
            return smiles
