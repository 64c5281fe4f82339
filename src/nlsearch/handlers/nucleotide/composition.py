"""The genomic signature of a sequence: which words of four letters it avoids and prefers.

Sequences of one organism, and of related ones, share it although they have no stretch in common, so it serves for
related items; it proves nothing.  Each word, together with its reverse complement, counts for how far its number is
from what the sequence's own share of G and C lets expect, in units of the square root of that expectation.

References
----------
Karlin & Burge, Trends Genet 1995 11:283; words of four: Teeling et al., Environ Microbiol 2004 6:938.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.nucleotide.facts import SIGNATURE, SIGNATURE_WORDS
from nlsearch.handlers.sequences.packed import Packed
from nlsearch.model import Nearest

LEAST_BASES = 5_000
"""In shorter sequences chance decides which of the 136 words occur."""
RELATED_MINIMUM, RELATED_LIMIT = 0.95, 100
"""Which neighbours are listed: of 15 bacterial genomes, those of different families are at most 0.946 similar."""
EVERY_PLACE_BASES = 2**18
"""Longer sequences are counted at every fourth place only: 65,000 places are plenty, and the period of genes is 3."""
WORD = 4


def signature(sequence: Packed) -> NDArray[np.float32] | None:
    """Return the signature of a sequence.

    Returns
    -------
    ndarray of float32, shape (136,), of length 1; None
        None for sequences that are too short or of one letter.
    """
    if sequence.length < LEAST_BASES:
        return None
    counts = _counts(sequence)
    expected = _expected(sequence.counts) * counts.sum()
    apart = np.where(expected > 0, (counts - expected) / np.sqrt(np.maximum(expected, 1e-9)), 0.0)
    length = float(np.sqrt(np.dot(apart, apart)))
    return np.round(apart / length, 6).astype(np.float32) if length > 0 else None


def neighbours(sequence: Packed) -> Nearest | None:
    """Return the question for sequences of a similar signature; None for one that has no signature."""
    vector = signature(sequence)
    if vector is None:
        return None
    return Nearest(SIGNATURE, vector.astype("<f4").tobytes(), RELATED_MINIMUM, RELATED_LIMIT)


@cache
def _classes() -> NDArray[np.intp]:
    """Return the class of each word (as a byte of two-bit letters), shared with its reverse complement."""
    word = np.arange(256)
    letters = np.stack([word >> 2 * place & 3 for place in range(WORD)])
    other = sum((3 - letters[WORD - 1 - place]) << 2 * place for place in range(WORD))
    classes = np.unique(np.minimum(word, other), return_inverse=True)[1].ravel()
    assert classes.max() + 1 == SIGNATURE_WORDS  # noqa: S101 - 120 pairs and 16 palindromes
    return np.asarray(classes, dtype=np.intp)


def _counts(sequence: Packed) -> NDArray[np.float64]:
    """Count the words of each class, those in bytes with an ambiguous letter left out; shape (136,)."""
    packed = np.frombuffer(sequence.packed, np.uint8)
    known = _known(sequence)
    counts = np.bincount(packed[known], minlength=256)
    if sequence.length <= EVERY_PLACE_BASES:
        pairs = packed[:-1].astype(np.uint16) | packed[1:].astype(np.uint16) << np.uint16(8)
        both = known[:-1] & known[1:]
        for shift in (2, 4, 6):
            words = pairs[both] >> np.uint16(shift) & np.uint16(255)
            counts += np.bincount(words, minlength=256)
    return np.bincount(_classes(), counts, SIGNATURE_WORDS).astype(np.float64)


def _known(sequence: Packed) -> NDArray[np.bool_]:
    """Return which bytes of the packed sequence hold four definite letters."""
    size = len(sequence.packed)
    border = np.zeros(size + 1, np.int64)
    if len(sequence.runs):
        starts, lengths, _ = sequence.runs.astype(np.int64).T
        np.add.at(border, starts // 4, 1)
        np.add.at(border, (starts + lengths - 1) // 4 + 1, -1)
    known = np.cumsum(border[:size]) == 0
    known[sequence.length // 4 :] = False
    return np.asarray(known)


def _expected(counts: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """Return how likely a word of each class is if letters came independently, on either strand; shape (136,)."""
    weak, strong = counts[0] + counts[3], counts[1] + counts[2]
    share = np.array([weak, strong, strong, weak]) / max(1, 2 * (weak + strong))
    word = np.arange(256)
    likely = np.prod([share[word >> 2 * place & 3] for place in range(WORD)], axis=0)
    return np.bincount(_classes(), likely, SIGNATURE_WORDS).astype(np.float64)
