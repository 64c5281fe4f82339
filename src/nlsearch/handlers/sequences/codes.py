"""The six reading frames of a nucleotide sequence.

Conventions
-----------
Frame +1 begins with the first base, +2 and +3 one and two bases later; −1 to −3 are those of the other strand, counted
from its own first base.  A stop at the end of a frame is left out.

References
----------
The genetic codes, NCBI Taxonomy, compiled by A. Elzanowski and J. Ostell; read from Biopython.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.sequences.bases import reverse_complement
from nlsearch.handlers.sequences.translation import translated
from nlsearch.kernels.translated import FRAMES
from nlsearch.model import Scalar

__all__ = ["FRAMES", "bases_of", "genetic_code", "genetic_codes", "six_frames"]


def genetic_codes() -> dict[int, str]:
    """Return NCBI's tables of the genetic code: number and name."""
    from Bio.Data.CodonTable import unambiguous_dna_by_id

    return {number: str(table.names[0]) for number, table in sorted(unambiguous_dna_by_id.items())}


def genetic_code(options: Mapping[str, Scalar]) -> tuple[int, str]:
    """Return the number and the name of the genetic code that options ask for.

    Raises
    ------
    QuerySyntax
        If there is none of that number.
    """
    number, known = int(options.get("code", 1)), genetic_codes()
    if number not in known:
        raise QuerySyntax(f"there is no genetic code {number}", hint="NCBI's: " + ", ".join(map(str, known)))
    return number, known[number]


def six_frames(codes: bytes, number: int) -> Iterator[tuple[int, bytes]]:
    """Yield each frame with its residues, as upper-case letters; frames without a whole codon are left out.

    Parameters
    ----------
    codes : bytes
        As of :mod:`nlsearch.handlers.sequences.bases`.
    number : int
        Of a table that there is.
    """
    for frame in FRAMES:
        strand = codes if frame > 0 else reverse_complement(codes)
        residues = translated(strand, number, abs(frame) - 1, starts=False)
        if residues:
            yield frame, residues


def bases_of(frame: int, start: int, end: int, length: int) -> tuple[int, int]:
    """Return where residues [start, end) of a frame lie on the forward strand of a sequence of `length` bases."""
    low, high = (abs(frame) - 1 + 3 * at for at in (start, end))
    return (low, high) if frame > 0 else (length - high, length - low)
