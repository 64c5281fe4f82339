"""Nucleotides as people write them in a query.

Conventions
-----------
X is no letter of IUPAC's; programs that mask write it for N, and files are read so, but a query has to write N.
"""

from __future__ import annotations

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.sequences.bases import CODES, IGNORED, INVALID, LETTERS, PROTEIN_ONLY

_QUERY_CODES = bytes(INVALID if byte in b"Xx" else code for byte, code in enumerate(CODES))


def parse_query(text: str) -> bytes:
    """Read the value of a query: letters, with white space, digits and a FASTA header line left out.

    Raises
    ------
    QuerySyntax
        If it holds no nucleotides, or a character that is none; the message names it and what the value looks like.
    """
    lines = text.splitlines()
    body = "".join(line for line in lines if not line.lstrip().startswith(">"))
    raw = body.encode("utf-8", "surrogatepass").translate(_QUERY_CODES, IGNORED)
    if not raw:
        raise QuerySyntax("the value holds no nucleotides", hint='write dna:"ACGT"')
    wrong = next((i for i, code in enumerate(raw) if code >= len(LETTERS)), None)
    if wrong is None:
        return raw
    shown = "".join(c for c in body if ord(c) > 127 or bytes([ord(c)]).translate(None, IGNORED))[wrong]
    if PROTEIN_ONLY & set(body.upper()) and body.replace("*", "").isalpha():
        raise QuerySyntax(
            f"{shown!r} at letter {wrong + 1} is no nucleotide: this reads as a protein",
            hint='protein:"…" searches proteins with it, tblastn:"…" translated nucleotides',
        )
    hint = "write N for any base" if shown in "Xx" else "A C G T U and R Y S W K M B D H V N"
    raise QuerySyntax(f"{shown!r} at letter {wrong + 1} is no nucleotide", hint=hint)
