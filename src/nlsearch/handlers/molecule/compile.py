"""From an operator's value to a probe: how it was read, what to ask the index, what verification needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nlsearch.errors import MalformedContent, QuerySyntax
from nlsearch.handlers.chemistry import fingerprints, screen
from nlsearch.handlers.chemistry.patterns import Pattern, read_smarts, read_structure, structure_pattern
from nlsearch.handlers.chemistry.payload import Decoded
from nlsearch.handlers.chemistry.read import Molecule, read_records
from nlsearch.handlers.molecule.facts import MORGAN, SUBGRAPH
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Nearest, Probe, Question, Range, RawItem, Scalar

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from nlsearch.handlers.contract import Buffer, Source

KIND = "molecule"
MINIMUM = 0.5
"""Tanimoto below which molecules are not near, unless the query says otherwise."""
RELATED_MINIMUM, RELATED_LIMIT = 0.3, 100
"""Which neighbours are listed as related: of random pairs of MUV 6 in 1000 are as similar."""


def compile_smarts(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``smarts:"…"``."""
    pattern = read_smarts(value, stereo=bool(options.get("stereo", True)), limits=limits)
    verification = {"smarts": value.strip(), "stereo": pattern.stereo}
    return _pattern_probe("smarts", "SMARTS", pattern, verification, _as_molecule(value))


def compile_substructure(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``substructure:"…"``: a SMILES or molfile whose aromaticity is perceived before it is matched."""
    pattern = structure_pattern(read_structure(value, limits=limits), stereo=bool(options.get("stereo", True)))
    verification = {"structure": value.strip("\r\n "), "stereo": pattern.stereo}
    return _pattern_probe("substructure", _notation(value), pattern, verification, pattern.mol)


def _pattern_probe(
    operator: str, notation: str, pattern: Pattern, verification: dict[str, Any], whole: Mol | None
) -> Probe:
    terms = screen.query_terms(pattern.mol, stereo=pattern.stereo)
    read_as = f"{notation}, {_counted(pattern.mol.GetNumAtoms(), 'atom')}, {_counted(pattern.rings, 'ring')}"
    if not terms:
        read_as += "; nothing in it is certain, so every molecule is looked at"
    return Probe(
        KIND,
        operator,
        read_as,
        screen.question(terms, SUBGRAPH),
        verification,
        "complete",
        numerator=pattern.atoms,
        related=None if whole is None else _neighbours(_morgan_bits(whole)),
    )


def _as_molecule(smarts: str) -> Mol | None:
    """Return a SMARTS as the molecule that it draws; None if it says more (or less) than a molecule does."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smarts.strip())
    return None if mol is None or mol.HasQuery() else mol


def _morgan_bits(mol: Mol) -> bytes:
    return fingerprints.packed(fingerprints.morgan(mol)).tobytes()


def _neighbours(bits: bytes) -> Nearest:
    return Nearest(MORGAN, bits, RELATED_MINIMUM, RELATED_LIMIT)


def compile_superstructure(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``superstructure:"…"``: items that the query contains have no more heavy atoms than it."""
    structure = read_structure(value, limits=limits)
    heavy = max(1, structure.mol.GetNumHeavyAtoms())
    return Probe(
        KIND,
        "superstructure",
        f"{_notation(value)}, {_counted(heavy, 'heavy atom')}",
        Range("heavy_atoms", None, heavy),
        {"structure": value.strip("\r\n "), "stereo": bool(options.get("stereo", True))},
        "complete",
        related=_neighbours(_morgan_bits(structure.mol)),
    )


def compile_smiles(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``smiles:"…"``."""
    return _similar_probe("smiles", _notation(value), read_structure(value, limits=limits).mol, options)


def compile_example(value: str | Buffer | Source, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``like:"…"``: the payload of an item, or a chemical file, of which the first readable record counts."""
    if isinstance(value, str):
        return _similar_probe("like", _notation(value), read_structure(value, limits=limits).mol, options)
    if isinstance(value, bytes | memoryview):
        return _similar_probe("like", "the molecule", Decoded(bytes(value)).mol, options)
    number, mol = _first_record(value, limits)
    return _similar_probe("like", f"record {number} of {value.name}", mol, options)


def _first_record(source: Source, limits: Limits) -> tuple[int, Mol]:
    """Return the first record that can be read, with its number; those behind it are not looked at."""
    reason = "no record"
    for outcome in read_records(source, limits):
        if isinstance(outcome, RawItem) and outcome.kind is not None:
            reason = f"record {outcome.number} is a {outcome.kind}"
        elif isinstance(outcome, RawItem):
            content: Molecule = outcome.content
            return outcome.number, content.structure.mol
        else:
            reason = outcome.reason
    raise MalformedContent(f"no molecule can be read from it: {reason}", locator=source.path)


def _similar_probe(operator: str, read_as: str, mol: Mol, options: Mapping[str, Scalar]) -> Probe:
    """Return the probe for the same molecule and its neighbours.

    The question has no floor of its own (the engine's minimum holds), so that ``~0.3`` finds everything above 0.3.
    """
    from rdkit import Chem
    from rdkit.Chem import rdMolDescriptors

    level = str(options.get("level", "stereo"))
    if str(options.get("fp", "morgan")) != "morgan":
        raise QuerySyntax(f"there is no fingerprint {options['fp']!r}", hint="known: morgan")
    bits = _morgan_bits(mol)
    ask: Question = Nearest(MORGAN, bits, 0.0)
    if level == "connectivity":  # isotopologues differ in their fingerprints
        ask = AnyOf((ask, Exact("formula", rdMolDescriptors.CalcMolFormula(mol))))
    verification = {
        "smiles": Chem.MolToSmiles(mol),
        "connectivity": fingerprints.connectivity(mol),
        "fingerprint": bits,
        "level": level,
    }
    read_as += (
        f", {_counted(mol.GetNumHeavyAtoms(), 'heavy atom')}; same molecule or near by Tanimoto, Morgan 2, 2048 bits"
    )
    return Probe(KIND, operator, read_as, ask, verification, "complete", minimum=MINIMUM, related=_neighbours(bits))


def _notation(value: str) -> str:
    return "molfile" if "M  END" in value or "M  V30" in value else "SMILES"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
