"""Translation of coding sequences by NCBI's tables of the genetic code.

References
----------
The genetic codes, NCBI Taxonomy, compiled by A. Elzanowski and J. Ostell; read from Biopython.
"""

from __future__ import annotations

import functools

from nlsearch.handlers.sequences.aminoacids import CODES as RESIDUES
from nlsearch.handlers.sequences.bases import SETS

_DEFINITE_TABLE = 4
_LETTER = b"ACGT"


@functools.cache
def _table(number: int) -> tuple[dict[bytes, int], frozenset[bytes]] | None:
    """Return the residues by the codes of codons, and the codons that start; None if there is no such table."""
    from Bio.Data.CodonTable import unambiguous_dna_by_id

    known = unambiguous_dna_by_id.get(number)
    if known is None:
        return None
    forward = {**dict.fromkeys(known.stop_codons, "*"), **known.forward_table}
    return (
        {_coded(codon): ord(residue) for codon, residue in forward.items()},
        frozenset(_coded(codon) for codon in known.start_codons),
    )


def _coded(codon: str) -> bytes:
    return bytes(_LETTER.index(ord(letter)) for letter in codon)


@functools.cache
def _residue(codon: bytes, number: int) -> int:
    """Return the residue of a codon; X where ambiguous letters leave open which."""
    table = _table(number)
    assert table is not None  # noqa: S101 - the caller asked
    if codon in table[0]:
        return table[0][codon]
    choices = [[base for base in range(_DEFINITE_TABLE) if SETS[code] >> base & 1] for code in codon]
    found = {table[0][bytes((a, b, c))] for a in choices[0] for b in choices[1] for c in choices[2]}
    return found.pop() if len(found) == 1 else ord("X")


def codon_residues(number: int) -> bytes:
    """Return a table as the kernels take it (:mod:`nlsearch.kernels.translated`).

    Parameters
    ----------
    number : int
        Of a table that there is.
    """
    table = _table(number)
    assert table is not None  # noqa: S101 - the caller asked
    codons = (bytes((at >> 4, at >> 2 & 3, at & 3)) for at in range(64))
    return bytes(table[0][codon] for codon in codons).translate(RESIDUES)


def translated(codes: bytes, number: int = 1, skipped: int = 0, *, starts: bool = True) -> bytes | None:
    """Translate a coding sequence, without the stop at its end.

    Parameters
    ----------
    codes : bytes
        Codes of nucleotides, spliced and in the direction of the feature.
    number : int
        Of the table.
    skipped : int
        Bases before the first whole codon, 0 to 2.
    starts : bool
        Whether the feature's start is the protein's: a first codon that may start is then read as methionine.

    Returns
    -------
    bytes or None
        Upper-case letters; None if there is no such table or no whole codon.
    """
    table = _table(number)
    if table is None:
        return None
    codons = [codes[at : at + 3] for at in range(skipped, len(codes) - 2, 3)]
    if not codons:
        return None
    residues = bytearray(_residue(codon, number) for codon in codons)
    if starts and not skipped and codons[0] in table[1]:
        residues[0] = ord("M")
    return bytes(residues).removesuffix(b"*")
