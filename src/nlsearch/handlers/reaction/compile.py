"""From an operator's value to a probe: how it was read, what to ask the index, what verification needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nlsearch.errors import InputError, LimitExceeded, QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry import screen
from nlsearch.handlers.chemistry.patterns import checked_text
from nlsearch.handlers.chemistry.reactions import Reaction, is_reaction
from nlsearch.handlers.chemistry.read import first_record, reaction_smiles
from nlsearch.handlers.chemistry.saying import counted
from nlsearch.handlers.reaction.facts import STRUCTURAL, TERMS
from nlsearch.handlers.reaction.patterns import ReactionPattern, read_reaction
from nlsearch.handlers.reaction.payload import Decoded, encode
from nlsearch.limits import Limits
from nlsearch.model import AllOf, Exact, Nearest, Probe, Question, Scalar, Scan

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Buffer, Source

KIND = "reaction"
MINIMUM = 0.5
"""Tanimoto below which reactions are not near, unless the query says otherwise."""
RELATED_MINIMUM, RELATED_LIMIT = 0.3, 100


def compile_reaction(value: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile ``reaction:"A>agent>B"``."""
    stereo, maps = bool(options.get("stereo", True)), bool(options.get("maps", True))
    pattern = read_reaction(value, stereo=stereo, maps=maps, limits=limits)
    ask = _question(pattern)
    read_as = f"reaction SMARTS, {_counts(pattern)}"
    if ask == Scan():
        read_as += "; nothing in it is certain, so every reaction is looked at"
    verification = {"reaction": value.strip(), "stereo": stereo, "maps": maps}
    return Probe(KIND, "reaction", read_as, ask, verification, "complete", numerator=pattern.atoms)


def _question(pattern: ReactionPattern) -> Question:
    """Return what to ask the index: the terms of every side, and maps on both sides where the query has some."""
    parts: list[Question] = []
    for name, side in pattern.sides.items():
        terms = screen.query_terms(side.mol)
        if terms:
            parts.append(screen.question(terms, TERMS[name]))
    if pattern.mapped:
        parts.append(Exact("mapped", "true"))
    return AllOf(tuple(parts)) if parts else Scan()


def _counts(pattern: ReactionPattern) -> str:
    said = [f"{name} {counted(side.mol.GetNumAtoms(), 'atom')}" for name, side in pattern.sides.items()]
    return ", ".join([*said, f"{len(pattern.mapped)} mapped"])


def compile_example(value: str | Buffer | Source, limits: Limits) -> Probe:
    """Compile ``like:"…"``: an item's payload, a reaction SMILES, or a file of which the first reaction counts."""
    if isinstance(value, str):
        return _similar_probe("reaction SMILES", Decoded(encode(_text_example(value, limits))))
    if isinstance(value, bytes | memoryview):
        return _similar_probe("the reaction", Decoded(bytes(value)))
    number, reaction = first_record(value, limits, KIND)
    return _similar_probe(f"record {number} of {value.name}", Decoded(encode(reaction)))


def _text_example(value: str, limits: Limits) -> Reaction:
    from rdkit import rdBase

    text = checked_text(value, "reaction SMILES")
    if not is_reaction(text):
        raise QuerySyntax("not a reaction SMILES: it has no '>'")
    try:
        with rdBase.BlockLogs():
            return reaction_smiles(text, limits)
    except LimitExceeded as exc:
        raise QueryTooCostly(exc.message, hint=exc.hint) from exc
    except InputError as exc:
        raise QuerySyntax(f"not a reaction SMILES: {exc.message}") from exc


def _similar_probe(read_as: str, example: Decoded) -> Probe:
    """Return the probe for the same reaction and its neighbours; the engine's minimum is the only floor."""
    bits = example.fingerprint
    verification = {"smiles": example.smiles, "fingerprint": bits}
    heavy = counted(example.heavy_atoms, "heavy atom")
    read_as += f", {heavy}; same reaction or near by Tanimoto, Morgan 2 of reactants and products, 2 × 2048 bits"
    return Probe(
        KIND,
        "like",
        read_as,
        Nearest(STRUCTURAL, bits, 0.0),
        verification,
        "complete",
        minimum=MINIMUM,
        related=Nearest(STRUCTURAL, bits, RELATED_MINIMUM, RELATED_LIMIT),
    )
