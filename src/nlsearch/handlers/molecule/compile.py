"""From an operator's value to a probe: how it was read, what to ask the index, what verification needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nlsearch.errors import MalformedContent, QuerySyntax
from nlsearch.handlers.molecule import fingerprints, screen
from nlsearch.handlers.molecule.patterns import Pattern, read_smarts, read_structure, structure_pattern
from nlsearch.handlers.molecule.payload import Decoded, Structure
from nlsearch.handlers.molecule.read import Molecule, read_records
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Nearest, Probe, Question, Range, RawItem, Scalar

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from nlsearch.handlers.contract import Buffer, Source

KIND = "molecule"
MINIMUM = 0.5
"""Tanimoto below which molecules are not near, unless the query says otherwise."""


def compile_smarts(value: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile ``smarts:"…"``."""
    pattern = read_smarts(value, stereo=bool(options.get("stereo", True)))
    verification = {"smarts": value.strip(), "stereo": pattern.stereo}
    return _pattern_probe("smarts", "SMARTS", pattern, verification)


def compile_substructure(value: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile ``substructure:"…"``: a SMILES or molfile whose aromaticity is perceived before it is matched."""
    pattern = structure_pattern(read_structure(value), stereo=bool(options.get("stereo", True)))
    return _pattern_probe(
        "substructure", _notation(value), pattern, {"structure": value.strip("\r\n "), "stereo": pattern.stereo}
    )


def _pattern_probe(operator: str, notation: str, pattern: Pattern, verification: dict[str, Any]) -> Probe:
    terms = screen.query_terms(pattern.mol)
    read_as = f"{notation}, {_counted(pattern.mol.GetNumAtoms(), 'atom')}, {_counted(pattern.rings, 'ring')}"
    if not terms:
        read_as += "; nothing in it is certain, so every molecule is looked at"
    return Probe(KIND, operator, read_as, screen.question(terms), verification, "complete", numerator=pattern.atoms)


def compile_superstructure(value: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile ``superstructure:"…"``: items that the query contains have no more heavy atoms than it."""
    structure = read_structure(value)
    heavy = max(1, structure.mol.GetNumHeavyAtoms())
    return Probe(
        KIND,
        "superstructure",
        f"{_notation(value)}, {_counted(heavy, 'heavy atom')}",
        Range("heavy_atoms", None, heavy),
        {"structure": value.strip("\r\n "), "stereo": bool(options.get("stereo", True))},
        "complete",
    )


def compile_smiles(value: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile ``smiles:"…"``."""
    return _similar_probe("smiles", _notation(value), read_structure(value).mol, options)


def compile_example(value: str | Buffer | Source, options: Mapping[str, Scalar]) -> Probe:
    """Compile ``like:"…"``: the payload of an item, or a chemical file, of which the first readable record counts."""
    if isinstance(value, str):
        return _similar_probe("like", _notation(value), read_structure(value).mol, options)
    if isinstance(value, bytes | memoryview):
        return _similar_probe("like", "the molecule", Decoded(bytes(value)).mol, options)
    structure, records = _first_record(value)
    which = "the only record" if records == 1 else f"the first readable record of {records}"
    return _similar_probe("like", f"{which} of {value.name}", structure.mol, options)


def _first_record(source: Source) -> tuple[Structure, int]:
    first: Structure | None = None
    reason, records = "no record", 0
    for outcome in read_records(source, Limits()):
        records += 1
        if not isinstance(outcome, RawItem):
            reason = outcome.reason
        elif first is None:
            content: Molecule = outcome.content
            first = content.structure
    if first is None:
        raise MalformedContent(f"no molecule can be read from it: {reason}", locator=source.path)
    return first, records


def _similar_probe(operator: str, read_as: str, mol: Mol, options: Mapping[str, Scalar]) -> Probe:
    """Return the probe for the same molecule and its neighbours.

    The question has no floor of its own (the engine's minimum holds), so that ``~0.3`` finds everything above 0.3.
    """
    from rdkit import Chem
    from rdkit.Chem import rdMolDescriptors

    level = str(options.get("level", "stereo"))
    if str(options.get("fp", "morgan")) != "morgan":
        raise QuerySyntax(f"there is no fingerprint {options['fp']!r}", hint="known: morgan")
    bits = fingerprints.packed(fingerprints.morgan(mol)).tobytes()
    ask: Question = Nearest("molecule.morgan", bits, 0.0)
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
    return Probe(KIND, operator, read_as, ask, verification, "complete", minimum=MINIMUM)


def _notation(value: str) -> str:
    return "molfile" if "M  END" in value or "M  V30" in value else "SMILES"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
