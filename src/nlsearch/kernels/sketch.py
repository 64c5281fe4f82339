"""Kernel over letter codes: the FracMinHash sketch of a sequence, as sourmash makes it.

Conventions
-----------
Letters are codes: A 0, C 1, G 2, T 3; anything above 3 is a break, which no word spans.  A *hash* is the first half of
MurmurHash3_x64_128, seed 42, of the smaller of a word of 31 letters and its reverse complement, in upper-case ASCII.

References
----------
FracMinHash: Irber et al., bioRxiv 2022.01.11.475838.  MurmurHash3: A. Appleby, public domain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlsearch.kernels import native
from nlsearch.kernels.sequence import _codes

SKETCH_K = 31
SEED = 42
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_LETTERS, _OTHERS = np.frombuffer(b"ACGT", np.uint8), np.frombuffer(b"TGCA", np.uint8)
_MOST = 2**64 - 1


def sketch(codes: ArrayLike | bytes | memoryview, most: int) -> NDArray[np.uint64]:
    """Return the hashes up to `most` of all words of 31 letters of a sequence.

    Parameters
    ----------
    codes : array_like of uint8 or bytes, shape (n,)
        0-3; anything above breaks the sequence.
    most : int
        From 0 to 2⁶⁴ − 1; of all words a share of ``most / 2**64`` is kept.

    Returns
    -------
    ndarray of uint64, shape (m,)
        Ascending, each once.  Pieces of a sequence that overlap by 30 letters have the same hashes together.

    Raises
    ------
    ValueError
        If `most` is out of range.
    """
    array = _codes(codes)
    if not 0 <= most <= _MOST:
        raise ValueError(f"hashes are from 0 to 2**64 - 1, not {most}")
    if native.compiled is None:
        return sketch_reference(array, most)
    return np.unique(np.frombuffer(native.compiled.sketch(array, most), np.uint64))


def sketch_reference(codes: NDArray[np.uint8], most: int) -> NDArray[np.uint64]:
    """NumPy oracle of :func:`sketch`."""
    room = len(codes) - SKETCH_K + 1
    if room <= 0:
        return np.empty(0, np.uint64)
    breaks = np.concatenate([[0], np.cumsum(codes > 3)])
    whole = breaks[SKETCH_K:] == breaks[:room]
    words = np.lib.stride_tricks.sliding_window_view(codes & 3, SKETCH_K)[whole]
    ahead, back = _LETTERS[words], _OTHERS[words[:, ::-1]]
    apart = np.argmax(ahead != back, axis=1)  # words of odd length differ from their reverse complement
    row = np.arange(len(words))
    smaller = np.where((ahead[row, apart] < back[row, apart])[:, None], ahead, back)
    hashes = murmur_reference(smaller)
    return np.unique(hashes[hashes <= np.uint64(most)])


def murmur_reference(words: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the first half of MurmurHash3_x64_128, seed 42, of words of 31 bytes; `words` has shape (n, 31)."""
    padded = np.zeros((len(words), 32), np.uint8)
    padded[:, :SKETCH_K] = words
    k = padded.view("<u8")
    h1, h2 = np.full(len(words), SEED, np.uint64), np.full(len(words), SEED, np.uint64)
    h1 ^= _turn(k[:, 0] * _C1, 31) * _C2
    h1 = (_turn(h1, 27) + h2) * np.uint64(5) + np.uint64(0x52DCE729)
    h2 ^= _turn(k[:, 1] * _C2, 33) * _C1
    h2 = (_turn(h2, 31) + h1) * np.uint64(5) + np.uint64(0x38495AB5)
    h2 ^= _turn(k[:, 3] * _C2, 33) * _C1
    h1 ^= _turn(k[:, 2] * _C1, 31) * _C2
    h1 ^= np.uint64(SKETCH_K)
    h2 ^= np.uint64(SKETCH_K)
    h1 += h2
    h2 += h1
    return _stirred(h1) + _stirred(h2)


def _turn(x: NDArray[np.uint64], by: int) -> NDArray[np.uint64]:
    return x << np.uint64(by) | x >> np.uint64(64 - by)


def _stirred(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        x = (x ^ x >> np.uint64(33)) * np.uint64(factor)
    return x ^ x >> np.uint64(33)
