"""Nucleotide letters as small numbers.

Conventions
-----------
A *code* is the index of a letter in :data:`LETTERS`: A 0, C 1, G 2, T 3, then the eleven ambiguous letters of IUPAC
(Cornish-Bowden, Nucleic Acids Res 1985 13:3021).  U reads as T, X as N, lower case as upper case.  A *set* has bit 1
for A, 2 for C, 4 for G, 8 for T.

X is no letter of IUPAC's; programs that mask write it for N, and files are read so.

A query letter matches a target letter if every base that the target letter may be is one that the query letter allows
(the target's set lies within the query's).  So N in a query matches everything, R matches A, G and R, and an N in the
target is matched by N alone: what is unknown never counts as identity with a definite base.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels.payloadletters import BASES

LETTERS = "ACGTRYSWKMBDHVN"
DEFINITE = 4
GAP = 254
INVALID = 255
LETTER_BYTES = LETTERS.encode()
SETS = BASES
PROTEIN_ONLY = frozenset("EFILPQZJO*")
IGNORED = bytes([9, 10, 11, 12, 13, 32, *range(48, 58)])
"""White space and digits, which sequence texts hold for the eye."""


def _table() -> bytes:
    table = bytearray([INVALID]) * 256
    for code, letter in enumerate(LETTERS):
        table[ord(letter)] = table[ord(letter.lower())] = code
    for alias, letter in ("UT", "XN"):
        table[ord(alias)] = table[ord(alias.lower())] = LETTERS.index(letter)
    for gap in b"-.~":
        table[gap] = GAP
    return bytes(table)


def _complement() -> bytes:
    flipped = [sum(1 << (3 - bit) for bit in range(4) if members >> bit & 1) for members in SETS]
    codes = [SETS.index(members) for members in flipped]
    return bytes(codes) + bytes(range(len(codes), 256))


CODES = _table()
"""``bytes.translate`` table from text to codes (:data:`GAP`, :data:`INVALID` for what is no letter)."""
COMPLEMENT = _complement()
"""``bytes.translate`` table from codes to the codes of the other strand."""
TO_LETTERS = LETTER_BYTES + b"?" * (256 - len(LETTER_BYTES))
"""``bytes.translate`` table from codes to upper-case letters."""
QUERY_LETTERS = b"ACGT" + LETTER_BYTES[DEFINITE:].lower() + b"?" * (256 - len(LETTER_BYTES))
"""As :data:`TO_LETTERS`, with ambiguous letters in lower case, to tell a query's from a target's."""
ALLOWED: NDArray[np.bool_] = np.array([[(t & ~q) == 0 for t in SETS] for q in SETS])
"""``ALLOWED[query code, target code]``: whether the query letter matches the target letter."""
EQUALITIES: list[tuple[str, str]] = [
    (LETTERS[q].lower(), LETTERS[t])
    for q in range(DEFINITE, len(LETTERS))
    for t in range(len(LETTERS))
    if ALLOWED[q, t]
]
"""The same for edlib, between :data:`QUERY_LETTERS` and :data:`TO_LETTERS`."""


def reverse_complement(codes: bytes) -> bytes:
    """Return the other strand, read in its own direction."""
    return codes[::-1].translate(COMPLEMENT)


def letters(codes: bytes) -> str:
    """Return the upper-case letters of `codes`."""
    return codes.translate(TO_LETTERS).decode("ascii")


def is_definite(codes: bytes) -> bool:
    """Say whether all codes are A, C, G or T."""
    return not codes.translate(None, b"\x00\x01\x02\x03")
