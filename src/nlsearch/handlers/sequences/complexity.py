"""Whether a stretch is of low complexity: made of few kinds of residues, so that much else resembles it by chance.

It is if at least half of it lies in windows of :data:`WINDOW` residues whose composition has :data:`BITS` bits a
residue or fewer, which is what SEG starts from [1]_.  A shorter stretch is one window, with a bound that shrinks as the
most bits that so many residues can have.  Nothing is masked: matches are flagged, not left out.

References
----------
.. [1] Wootton & Federhen (1993). Statistics of local complexity in amino acid sequences and sequence databases.
       Computers Chem. 17, 149.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.aminoacids import LETTERS

__all__ = ["BITS", "WINDOW", "is_low_complexity"]

WINDOW = 12
BITS = 2.2
_SHARE = 0.5
_ROUNDING = 1e-9


def is_low_complexity(codes: bytes) -> bool:
    """Say whether a stretch, as codes, is of low complexity; one residue and none are not."""
    length = min(len(codes), WINDOW)
    if length < 2:
        return False
    low = _bits(codes, length) <= BITS * math.log2(length) / math.log2(WINDOW) + _ROUNDING
    inside = np.convolve(low, np.ones(length)) > 0.5
    return bool(inside.mean() >= _SHARE)


def _bits(codes: bytes, length: int) -> NDArray[np.float64]:
    """Return the bits a residue of every window; shape (windows,)."""
    counts = np.zeros((len(codes) + 1, len(LETTERS) + 1), np.int64)
    counts[np.arange(1, len(codes) + 1), np.minimum(np.frombuffer(codes, np.uint8), len(LETTERS))] = 1
    counts = np.cumsum(counts, 0)
    each = np.arange(length + 1)
    terms = each * np.log2(np.maximum(each, 1))
    return np.asarray(math.log2(length) - terms[counts[length:] - counts[:-length]].sum(1) / length)
