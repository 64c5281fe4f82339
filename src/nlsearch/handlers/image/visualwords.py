"""Visual words: some bits of a keypoint's descriptor, so that pictures with common keypoints share terms.

A vocabulary trained on pictures would be a large file; here a word is simply a group of descriptor bits (locality
sensitive hashing by sampling bits).  What makes them good words is which bits: comparisons across the keypoint's
direction are even (as often 0 as 1, because the direction itself fixes those along it), and of these the ones least
correlated in a natural picture, whose brightness correlates as exp(−distance).  Both follow from the pattern alone, so
the vocabulary is made by code.

References
----------
.. [1] Gionis, Indyk, Motwani (1999). Similarity search in high dimensions via hashing. VLDB, 518-529.
.. [2] Rublee et al. (2011). ORB: an efficient alternative to SIFT or SURF. ICCV, 2564-2571 (4.3: uncorrelated tests).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.image.keypoints import pattern

if TYPE_CHECKING:
    from numpy.typing import NDArray

TABLES, WORD_BITS = 2, 20
MOST_ALONG = 3
LEAST_APART = 5
CORRELATION_LENGTH = 10.0


def words(descriptors: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the visual words of a picture's descriptors, sorted and unique: ``table << 20 | bits``.

    Parameters
    ----------
    descriptors : ndarray of uint8, shape (n, 32)
    """
    bits = np.unpackbits(descriptors, axis=1, bitorder="little")
    weights = np.uint64(1) << np.arange(WORD_BITS, dtype=np.uint64)
    made = [
        (bits[:, chosen].astype(np.uint64) @ weights) | np.uint64(table << WORD_BITS)
        for table, chosen in enumerate(word_bits())
    ]
    return np.unique(np.concatenate(made))


@cache
def word_bits() -> NDArray[np.intp]:
    """Return which descriptor bits make a word of each table; shape (2, 20)."""
    first, second = pattern()[:, :2], pattern()[:, 2:]
    along, across = np.abs(first - second).T
    even = np.flatnonzero((along <= MOST_ALONG) & (np.hypot(along, across) >= LEAST_APART))
    pool = even[np.argsort(-across[even], kind="stable")]
    related = _correlations(first, second)
    chosen = [int(pool[0])]
    while len(chosen) < TABLES * WORD_BITS:
        worst = related[pool][:, chosen].max(axis=1)
        worst[np.isin(pool, chosen)] = np.inf
        chosen.append(int(pool[np.argmin(worst)]))
    return np.array(chosen).reshape(WORD_BITS, TABLES).T


def _correlations(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how comparisons correlate in a field whose values correlate as exp(−distance / length); rounded."""

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the correlation of the values at places `a` and `b`."""
        apart = np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1])
        return np.asarray(np.exp(-apart / CORRELATION_LENGTH), dtype=np.float64)

    shared = kernel(first, first) - kernel(first, second) - kernel(second, first) + kernel(second, second)
    spread = np.sqrt(np.diag(shared))
    return np.asarray(np.round(np.abs(shared / spread[:, None] / spread[None, :]), 9), dtype=np.float64)
