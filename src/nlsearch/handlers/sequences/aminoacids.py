"""Residues as small numbers.

Conventions
-----------
A *code* is the index of a letter in :data:`LETTERS`, the order of the matrices of BLAST (Henikoff & Henikoff, PNAS 1992
89:10915) with selenocysteine, pyrrolysine and J behind.
"""

from __future__ import annotations

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.sequences.residues import GAPS, NOISE
from nlsearch.kernels.residues import LETTERS

__all__ = ["CODES", "INVALID", "LETTERS", "TO_LETTERS", "letters", "looks_like_bases", "parse_query"]

INVALID = 255


def _table() -> bytes:
    table = bytearray([INVALID]) * 256
    for code, letter in enumerate(LETTERS):
        table[ord(letter)] = table[ord(letter.lower())] = code
    return bytes(table)


CODES = _table()
"""``bytes.translate`` table from text to codes."""
TO_LETTERS = LETTERS.encode() + b"?" * (256 - len(LETTERS))
"""``bytes.translate`` table from codes to upper-case letters."""


_LEFT_OUT = frozenset((NOISE + GAPS).decode())
_STOP = bytes([LETTERS.index("*")])
_BASES = b"ACGTUN".translate(CODES)
_MANY_BASES = 30


def letters(codes: bytes) -> str:
    """Return the upper-case letters of `codes`."""
    return codes.translate(TO_LETTERS).decode("ascii")


def looks_like_bases(codes: bytes) -> bool:
    """Say whether residues are so many and of so few kinds that they read as nucleotides."""
    return len(codes) >= _MANY_BASES and not codes.translate(None, _BASES)


def parse_query(text: str) -> bytes:
    """Read the value of a query: letters in either case; white space, digits, gaps and header lines are left out.

    A stop (``*``) at the end says that the chain ends there and is left out too, as in files.

    Raises
    ------
    QuerySyntax
        If it holds no residues, or a character that is none; the message names the character and its place.
    """
    body = "".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    written = [character for character in body if character not in _LEFT_OUT]
    for place, character in enumerate(written, 1):
        if character.upper() not in LETTERS:
            raise QuerySyntax(
                f"{character!r} at letter {place} is no residue",
                hint="the twenty amino acids, B Z J X for uncertain ones, U, O, and * for a stop",
            )
    codes = "".join(written).upper().encode().translate(CODES).removesuffix(_STOP)
    if not codes:
        raise QuerySyntax("the value holds no residues", hint='write protein:"MKVLAAGIVG"')
    return codes
