"""From a value to a probe: the chains to look for, or a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nlsearch.errors import InputError, QuerySyntax, QueryTooCostly
from nlsearch.handlers.protein.patterns import Pattern
from nlsearch.handlers.protein.payload import Target
from nlsearch.handlers.sequences.aminoacids import CODES, TO_LETTERS, looks_like_bases, parse_query
from nlsearch.handlers.sequences.bases import CODES as BASE_CODES
from nlsearch.handlers.sequences.bases import GAP, IGNORED, INVALID
from nlsearch.handlers.sequences.codes import genetic_codes, six_frames
from nlsearch.handlers.sequences.matrices import MATRICES, scheme_of
from nlsearch.handlers.sequences.residues import digest
from nlsearch.model import Guarantee, Probe, RawItem, Scalar, Scan, Skipped

DEFAULT_EVALUE = 1e-3
MOST_RESIDUES = 100_000
"""Of a chain that is looked for: one comparison with the longest known protein takes seconds then."""
LEAST = 1e-5
"""Scores below are no hits; the least of a hit is one match in a chain, far above for all that passes."""


def compile_protein(text: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile the operator ``protein``.

    Raises
    ------
    QuerySyntax
        If the value is no protein, or an option is out of range.
    """
    codes = parse_query(text)
    said = [_counted(len(codes), "residue")]
    if looks_like_bases(codes):
        said.append("which read as nucleotides: blastx searches their translation")
    return _similar("protein", [[0, codes]], len(codes), said, options)


def compile_blastx(text: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile the operator ``blastx``: nucleotides, translated in six frames.

    Raises
    ------
    QuerySyntax
        If the value holds no codon or something that is no nucleotide, or there is no such genetic code.
    """
    number = int(options.get("code", 1))
    known = genetic_codes()
    if number not in known:
        raise QuerySyntax(f"there is no genetic code {number}", hint="NCBI's: " + ", ".join(map(str, known)))
    bases = _bases(text)
    chains = [[frame, residues.translate(CODES)] for frame, residues in six_frames(bases, number)]
    if not chains:
        raise QuerySyntax("the value holds no whole codon", hint='write blastx:"ATGGCC…"')
    said = [_counted(len(bases), "nucleotide"), f"six frames by genetic code {number} ({known[number]})"]
    return _similar("blastx", chains, len(bases), said, options)


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


def compile_like(codes: bytes, name: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile the operator ``like`` for the protein of a file or of an indexed item.

    Raises
    ------
    QuerySyntax
        If it has no residues.
    """
    if not codes:
        raise QuerySyntax(f"{name or 'the example'} has no residues to search with")
    said = [_counted(len(codes), "residue") + (f" of {name}" if name else "")]
    return _similar("like", [[0, codes]], len(codes), said, options, digest(codes.translate(TO_LETTERS)))


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
def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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
    own: bytes = b"",
) -> Probe:
    matrix = str(options.get("matrix", MATRICES[2]))
    evalue, identity = float(options.get("evalue", DEFAULT_EVALUE)), float(options.get("identity", 0.0))
    exhaustive = bool(options.get("exhaustive", False))
    longest = max(len(codes) for _, codes in chains)
    if longest > MOST_RESIDUES:
        raise QueryTooCostly(f"a chain of {longest:,} residues is over the {MOST_RESIDUES:,} that are compared")
    if not 0.0 < evalue < 1e9:
        raise QuerySyntax(f"evalue is a number above 0, not {evalue:g}")
    if not 0.0 <= identity <= 1.0:
        raise QuerySyntax(f"identity is a share from 0 to 1, not {identity:g}")
    scheme = scheme_of(matrix)
    said += [f"{matrix} with gaps {scheme.gap_open}/{scheme.gap_extend}", f"E-value ≤ {evalue:g}, or the whole chain"]
    if not options.get("composition", True):
        said.append("whatever the composition")
    said += [f"identity ≥ {identity:g}"] * bool(identity) + ["every target compared with gaps"] * exhaustive
    facts = {
        "asks": "similar",
        "chains": chains,
        "length": length,
        "matrix": matrix,
        "evalue": evalue,
        "identity": identity,
        "exhaustive": exhaustive,
        "composition": bool(options.get("composition", True)),
        "digest": own,
    }
    guarantee: Guarantee = "complete" if exhaustive else "sound"
    ask = Scan(scored=True)
    return Probe("protein", operator, ", ".join(said), ask, facts, guarantee, minimum=LEAST, exact_floor=1.0)
