"""From a value to a probe: the chains to look for, or a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nlsearch.errors import InputError, QuerySyntax
from nlsearch.handlers.protein.patterns import Pattern
from nlsearch.handlers.protein.payload import Target
from nlsearch.handlers.sequences.aminoacids import CODES, TO_LETTERS, looks_like_bases, parse_query
from nlsearch.handlers.sequences.bases import CODES as BASE_CODES
from nlsearch.handlers.sequences.bases import GAP, IGNORED, INVALID
from nlsearch.handlers.sequences.codes import genetic_code, six_frames
from nlsearch.handlers.sequences.residues import digest
from nlsearch.handlers.sequences.similarity import LEAST, Similarity, counted
from nlsearch.limits import Limits
from nlsearch.model import Guarantee, Probe, RawItem, Scalar, Scan, Skipped


def compile_protein(text: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile the operator ``protein``.

    Raises
    ------
    QuerySyntax
        If the value is no protein, or an option is out of range.
    """
    codes = parse_query(text)
    said = [counted(len(codes), "residue")]
    if looks_like_bases(codes):
        said.append("which read as nucleotides: blastx searches their translation")
    return _similar("protein", [[0, codes]], len(codes), said, options, limits)


def compile_blastx(text: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile the operator ``blastx``: nucleotides, translated in six frames.

    Raises
    ------
    QuerySyntax
        If the value holds no codon or something that is no nucleotide, or there is no such genetic code.
    """
    number, name = genetic_code(options)
    bases = _bases(text)
    chains = [[frame, residues.translate(CODES)] for frame, residues in six_frames(bases, number)]
    if not chains:
        raise QuerySyntax("the value holds no whole codon", hint='write blastx:"ATGGCC…"')
    said = [counted(len(bases), "nucleotide"), f"six frames by genetic code {number} ({name})"]
    return _similar("blastx", chains, len(bases), said, options, limits)


def compile_prosite(text: str) -> Probe:
    """Compile the operator ``prosite``.

    Raises
    ------
    QuerySyntax
        If the value is no pattern.
    """
    pattern = Pattern.parse(text)
    facts = {"asks": "pattern", "pattern": text}
    return Probe("protein", "prosite", pattern.read_as, Scan(), facts, "complete")


def compile_like(codes: bytes, name: str, options: Mapping[str, Scalar], limits: Limits) -> Probe:
    """Compile the operator ``like`` for the protein of a file or of an indexed item.

    Raises
    ------
    QuerySyntax
        If it has no residues.
    """
    if not codes:
        raise QuerySyntax(f"{name or 'the example'} has no residues to search with")
    said = [counted(len(codes), "residue") + (f" of {name}" if name else "")]
    return _similar("like", [[0, codes]], len(codes), said, options, limits, digest(codes.translate(TO_LETTERS)))


def example_of_payload(payload: bytes) -> tuple[bytes, str]:
    """Return the residues of an indexed item and its label."""
    target = Target(payload)
    return target.codes, target.label


def first_protein(items: Iterable[RawItem | Skipped]) -> tuple[bytes, str]:
    """Return the residues of the first protein of a file that is read as an example, and its name.

    Raises
    ------
    InputError
        If it holds none.
    """
    for item in items:
        residues = getattr(item.content, "residues", b"") if isinstance(item, RawItem) else b""
        if isinstance(item, RawItem) and item.kind in {None, "protein"} and residues:
            return bytes(residues).translate(CODES), item.title
    raise InputError("the example holds no protein")


# ------------------------------------------------------------------------------------------------------------- parts
def _bases(text: str) -> bytes:
    body = "".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    ignored = IGNORED.decode()
    written = [character for character in body if character not in ignored]
    codes = "".join(c if c < "\x80" else "\x00" for c in written).encode().translate(BASE_CODES)
    for place, (character, code) in enumerate(zip(written, codes, strict=True), 1):
        if code in {GAP, INVALID}:
            raise QuerySyntax(
                f"{character!r} at letter {place} is no nucleotide",
                hint="blastx takes A C G T U and IUPAC codes; protein takes residues",
            )
    return codes


def _similar(
    operator: str,
    chains: list[list[Any]],
    length: int,
    said: list[str],
    options: Mapping[str, Scalar],
    limits: Limits,
    own: bytes = b"",
) -> Probe:
    asked = Similarity.of(options, max(len(codes) for _, codes in chains), limits)
    exhaustive = bool(options.get("exhaustive", False))
    said += asked.said + ["every target compared with gaps"] * exhaustive
    facts = {
        "asks": "similar",
        "chains": chains,
        "length": length,
        "matrix": asked.matrix,
        "evalue": asked.evalue,
        "identity": asked.identity,
        "exhaustive": exhaustive,
        "composition": asked.composition,
        "digest": own,
    }
    guarantee: Guarantee = "complete" if exhaustive else "sound"
    ask = Scan(scored=True)
    return Probe("protein", operator, ", ".join(said), ask, facts, guarantee, minimum=LEAST, exact_floor=1.0)
