"""From an operator's value to a probe: how it was read, what to ask the index, what verification needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nlsearch.handlers.chemistry import fingerprints, screen
from nlsearch.handlers.chemistry.patterns import Pattern, pattern_of, read_structure
from nlsearch.handlers.chemistry.payload import Decoded
from nlsearch.handlers.chemistry.possible import is_everything, is_possible
from nlsearch.handlers.chemistry.read import first_record
from nlsearch.handlers.chemistry.saying import counted
from nlsearch.handlers.molecule import similarity
from nlsearch.handlers.molecule.facts import MORGAN, SUBGRAPH
from nlsearch.limits import Limits
from nlsearch.model import Nearest, Probe, Range, Scalar, Terms

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from nlsearch.handlers.contract import Buffer, Source

KIND = "molecule"
MINIMUM = 0.5
"""Similarity below which molecules are not near, unless the query says otherwise."""
RELATED_MINIMUM, RELATED_LIMIT = 0.3, 100
"""Which neighbours are listed as related: of random pairs of MUV 6 in 1000 are as similar."""


def compile_smarts(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``smarts:"…"``."""
    text = value.strip()
    pattern = pattern_of(text, smarts=True, stereo=bool(options.get("stereo", True)), limits=limits)
    verification = {"smarts": text, "stereo": pattern.stereo}
    return _pattern_probe("smarts", "SMARTS", pattern, verification, _as_molecule(value))


def compile_substructure(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``substructure:"…"``: a SMILES or molfile whose aromaticity is perceived before it is matched."""
    pattern = pattern_of(value, smarts=False, stereo=bool(options.get("stereo", True)), limits=limits)
    verification = {"structure": value, "stereo": pattern.stereo}
    return _pattern_probe("substructure", notation(value), pattern, verification, pattern.mol)


def _pattern_probe(
    operator: str, notation: str, pattern: Pattern, verification: dict[str, Any], whole: Mol | None
) -> Probe:
    terms = screen.query_terms(pattern.mol, stereo=pattern.stereo)
    read_as = f"{notation}, {counted(pattern.mol.GetNumAtoms(), 'atom')}, {_rings(pattern)}"
    ask = screen.question(terms, SUBGRAPH)
    compiled = pattern.compiled
    if compiled is not None and not (compiled.bonded and is_possible(compiled.program)):
        ask = Terms(SUBGRAPH, (screen.NEVER,))
        read_as += "; its conditions contradict each other, nothing can match"
    elif compiled is not None and compiled.exact and is_everything(compiled.program):
        read_as += "; every molecule matches"
    elif not terms:
        read_as += "; nothing in it is certain, so every molecule is looked at"
    return Probe(
        KIND,
        operator,
        read_as,
        ask,
        verification,
        "complete",
        numerator=pattern.atoms,
        related=None if whole is None else neighbours(whole),
    )


def _rings(pattern: Pattern) -> str:
    """Return the number of rings in words, and how many are aromatic: "2 aromatic rings", "3 rings (1 aromatic)"."""
    aromatic = pattern.aromatic_rings
    if aromatic and aromatic == pattern.rings:
        return counted(aromatic, "aromatic ring")
    return counted(pattern.rings, "ring") + (f" ({aromatic} aromatic)" if aromatic else "")


def _as_molecule(smarts: str) -> Mol | None:
    """Return a SMARTS as the molecule that it draws; None if it says more (or less) than a molecule does."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smarts.strip())
    return None if mol is None or mol.HasQuery() else mol


def neighbours(mol: Mol) -> Nearest:
    """Return what asks for the molecules related to `mol`."""
    return _near(fingerprints.packed(fingerprints.morgan(mol)).tobytes())


def _near(bits: bytes) -> Nearest:
    return Nearest(MORGAN, bits, RELATED_MINIMUM, RELATED_LIMIT)


def compile_superstructure(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``superstructure:"…"``: items that the query contains have no more heavy atoms than it."""
    pattern = pattern_of(value, smarts=False, stereo=bool(options.get("stereo", True)), limits=limits)
    heavy = max(1, pattern.mol.GetNumHeavyAtoms())
    return Probe(
        KIND,
        "superstructure",
        f"{notation(value)}, {counted(heavy, 'heavy atom')}",
        Range("heavy_atoms", None, heavy),
        {"structure": value, "stereo": pattern.stereo},
        "complete",
        related=neighbours(pattern.mol),
    )


def compile_smiles(value: str, options: Mapping[str, Scalar], limits: Limits, indexed: Sequence[str] = ()) -> Probe:
    """Compile ``smiles:"…"``; `indexed` are the fingerprints that the collection holds beside Morgan's."""
    mol = read_structure(value, limits=limits).mol
    return _similar_probe("smiles", notation(value), mol, options, indexed)


def compile_example(
    value: str | Buffer | Source, options: Mapping[str, Scalar], limits: Limits, indexed: Sequence[str] = ()
) -> Probe:
    """Compile ``like:"…"``: the payload of an item, or a chemical file, of which the first readable record counts."""
    if isinstance(value, str):
        return _similar_probe("like", notation(value), read_structure(value, limits=limits).mol, options, indexed)
    if isinstance(value, bytes | memoryview):
        return _similar_probe("like", "the molecule", Decoded(bytes(value)).mol, options, indexed)
    number, content = first_record(value, limits, KIND)
    return _similar_probe("like", f"record {number} of {value.name}", content.structure.mol, options, indexed)


def _similar_probe(
    operator: str, read_as: str, mol: Mol, options: Mapping[str, Scalar], indexed: Sequence[str]
) -> Probe:
    asked = similarity.asked_of(options)
    bits = fingerprints.packed(fingerprints.fingerprint(mol, asked.fp)).tobytes()
    read_as += f", {counted(mol.GetNumHeavyAtoms(), 'heavy atom')}; {similarity.described(asked, indexed)}"
    return Probe(
        KIND,
        operator,
        read_as,
        similarity.question(mol, bits, asked),
        similarity.verification(mol, bits, asked),
        "complete",
        minimum=MINIMUM,
        exact_floor=1.0,
        related=_near(bits) if asked.fp == "morgan" else neighbours(mol),
    )


def notation(value: str) -> str:
    """Return what the text of a structure is written in."""
    return "molfile" if "M  END" in value or "M  V30" in value else "SMILES"
