"""Residues as small numbers.

Conventions
-----------
A *code* is the index of a letter in :data:`LETTERS`, the order of the matrices of BLAST (Henikoff & Henikoff, PNAS 1992
89:10915) with selenocysteine, pyrrolysine and J behind.
"""

from __future__ import annotations

LETTERS = "ARNDCQEGHILKMFPSTWYVBZX*UOJ"
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


def letters(codes: bytes) -> str:
    """Return the upper-case letters of `codes`."""
    return codes.translate(TO_LETTERS).decode("ascii")
