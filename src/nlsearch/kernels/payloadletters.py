"""The letters of a payload of nucleotides, as the plain versions of kernels read them.

The layout is that of :mod:`nlsearch.handlers.nucleotide.payload`; ``_hspband.c`` reads it for the compiled ones.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels.sequence import unpack2

_HEADER = struct.Struct("<4sBBHIQIIIII24s")
_MAGIC = b"nlS2"
_HAS_SEQUENCE = 1
BASES = (1, 2, 4, 8, 5, 10, 6, 9, 12, 3, 14, 13, 11, 7, 15)
"""Which bases a letter stands for, by its code: bit 1 for A, 2 for C, 4 for G, 8 for T."""


@dataclass(frozen=True)
class PayloadLetters:
    """The sequence of a payload.

    Parameters
    ----------
    payload : bytes or memoryview
    length : int
        Letters; 0 if it holds no sequence.
    n_runs : int
        Runs of one ambiguous letter.
    starts_at : int
        Where the packed letters begin.
    """

    payload: bytes | memoryview
    length: int
    n_runs: int
    starts_at: int

    @classmethod
    def of(cls, payload: bytes | memoryview) -> PayloadLetters:
        """Open a payload.

        Raises
        ------
        ValueError
            If it is none.
        """
        if len(payload) < _HEADER.size or bytes(payload[:4]) != _MAGIC:
            raise ValueError("a payload is damaged")
        _, _, flags, label, bases, _, runs, places, names, hashes, record, _ = _HEADER.unpack_from(payload)
        length = bases if flags & _HAS_SEQUENCE else 0
        at = _HEADER.size + 12 * runs + 12 * places + 8 * hashes + sum(-(-n // 4) * 4 for n in (names, label, record))
        if at + -(-length // 4) > len(payload):
            raise ValueError("a payload is damaged")
        return cls(payload, length, runs, at)

    @cached_property
    def letters(self) -> NDArray[np.uint8]:
        """Codes 0 to 3; a letter that is not definite has any of them."""
        packed = np.frombuffer(self.payload, np.uint8, -(-self.length // 4), self.starts_at)
        return np.asarray(unpack2(packed, self.length), np.uint8)

    @cached_property
    def codes(self) -> NDArray[np.uint8]:
        """Codes with those of ambiguous letters."""
        if not self.n_runs:
            return self.letters
        codes = self.letters.copy()
        runs = np.frombuffer(self.payload, "<u4", 3 * self.n_runs, _HEADER.size).reshape(-1, 3)
        for start, length, code in runs.tolist():
            codes[start : start + length] = min(code, 255)
        return codes
