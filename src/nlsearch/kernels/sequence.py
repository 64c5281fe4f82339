"""Kernels over letter codes: packing, syncmers and ungapped extension.

Conventions
-----------
Letters are codes: A 0, C 1, G 2, T 3, so that the complement of ``c`` is ``3 - c``; anything above 3 is a break (N,
IUPAC), which no seed spans and which matches nothing.  Packed sequences hold four codes a byte, the first in the two
lowest bits.

References
----------
Closed syncmers: Edgar, PeerJ 2021 9:e10805.  X-drop extension: Altschul et al., Nucleic Acids Res 1997 25:3389.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlsearch.kernels import native

MAX_K = 15
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SALT = np.uint64(0x5D58_8B65_6C07_8965)


def _codes(codes: ArrayLike | bytes | memoryview) -> NDArray[np.uint8]:
    if isinstance(codes, bytes | bytearray | memoryview):
        return np.frombuffer(codes, np.uint8)
    array = np.ascontiguousarray(codes, np.uint8)
    if array.ndim != 1:
        raise ValueError(f"codes must have one dimension, not {array.ndim}")
    return array


def pack2(codes: ArrayLike) -> bytes:
    """Pack letter codes into two bits each.

    Parameters
    ----------
    codes : array_like of uint8, shape (n,)
        Breaks (above 3) are stored as their two lowest bits; the caller keeps where they are.

    Returns
    -------
    bytes
        ``(n + 3) // 4`` bytes, code *i* in bits ``2 * (i % 4)`` of byte ``i // 4``, padded with zeros.
    """
    array = _codes(codes)
    if native.compiled is None:
        return pack2_reference(array)
    packed: bytes = native.compiled.pack2(array)
    return packed


def pack2_reference(codes: NDArray[np.uint8]) -> bytes:
    """NumPy oracle of :func:`pack2`."""
    padded = np.zeros((len(codes) + 3) // 4 * 4, np.uint8)
    padded[: len(codes)] = codes & 3
    quads = padded.reshape(-1, 4)
    return (quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6).astype(np.uint8).tobytes()


def unpack2(packed: bytes | memoryview | NDArray[np.uint8], n: int, start: int = 0) -> NDArray[np.uint8]:
    """Unpack `n` letter codes from position `start` of a packed sequence.

    Returns
    -------
    ndarray of uint8, shape (n,)

    Raises
    ------
    ValueError
        If the packed bytes hold fewer than ``start + n`` codes.
    """
    array = _codes(packed)
    if n < 0 or start < 0 or start + n > 4 * len(array):
        raise ValueError(f"{len(array)} bytes hold {4 * len(array)} codes, not [{start}, {start + n})")
    if native.compiled is None:
        return unpack2_reference(array, n, start)
    codes = np.empty(n, np.uint8)
    native.compiled.unpack2(array, start, codes)
    return codes


def unpack2_reference(packed: NDArray[np.uint8], n: int, start: int = 0) -> NDArray[np.uint8]:
    """NumPy oracle of :func:`unpack2`."""
    part = packed[start // 4 : (start + n + 3) // 4]
    quads = (part[:, None] >> np.array([0, 2, 4, 6], np.uint8)) & 3
    return np.ascontiguousarray(quads.reshape(-1)[start % 4 : start % 4 + n])


def syncmers(
    codes: ArrayLike | bytes | memoryview, k: int, s: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint8]]:
    """Find the closed syncmers of a sequence, canonical over both strands.

    A k-mer is taken if the smallest of its s-mers (by a hash of the smaller of both strands) is its first or its last.
    Hence every run of ``2 * k - s - 1`` letters without a break holds at least one, neighbours are at most ``k - s``
    apart, and about ``2 / (k - s + 1)`` of all k-mers are taken.

    Parameters
    ----------
    codes : array_like of uint8 or bytes, shape (n,)
        0-3; anything above breaks the sequence.
    k : int
        Odd, from 3 to 15.
    s : int
        From 1 to k - 1.

    Returns
    -------
    keys : ndarray of uint32, shape (m,)
        Below ``2 ** (2 * k - 1)``: the strand whose middle letter is A or C, two bits a letter, first letter highest,
        the middle letter one bit.
    positions : ndarray of uint32, shape (m,)
        Start of the k-mer on the given strand, ascending.
    flags : ndarray of uint8, shape (m,)
        1 where the reverse complement was taken.

    Notes
    -----
    The reverse complement of a sequence of n letters has the same keys, at ``n - k - position``, with flags inverted.
    """
    array = _codes(codes)
    if not (3 <= k <= MAX_K and k % 2 == 1 and 1 <= s < k):
        raise ValueError(f"syncmers want an odd k from 3 to {MAX_K} and 1 <= s < k, not k={k}, s={s}")
    if len(array) >= 2**32:
        raise ValueError("positions are 32-bit; split the sequence")
    if native.compiled is None:
        return syncmers_reference(array, k, s)
    room = max(len(array) - k + 1, 0)
    keys, positions, flags = np.empty(room, np.uint32), np.empty(room, np.uint32), np.empty(room, np.uint8)
    found: int = native.compiled.syncmers(array, k, s, keys, positions, flags)
    return keys[:found].copy(), positions[:found].copy(), flags[:found].copy()


def _words(codes: NDArray[np.uint64], length: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return all words of `length` letters and their reverse complements, two bits a letter."""
    room = len(codes) - length + 1
    forward, reverse = np.zeros(room, np.uint64), np.zeros(room, np.uint64)
    for j in range(length):
        forward |= codes[j : j + room] << np.uint64(2 * (length - 1 - j))
        reverse |= (np.uint64(3) - codes[j : j + room]) << np.uint64(2 * j)
    return forward, reverse


def _rank(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Order s-mers pseudo-randomly (a bijection, so that only equal s-mers tie)."""
    mixed = (words ^ _SALT) * _MIX
    mixed ^= mixed >> np.uint64(31)
    return mixed * _MIX


def syncmers_reference(
    codes: NDArray[np.uint8], k: int, s: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint8]]:
    """NumPy oracle of :func:`syncmers`."""
    room = len(codes) - k + 1
    if room <= 0:
        return np.empty(0, np.uint32), np.empty(0, np.uint32), np.empty(0, np.uint8)
    letters = (codes & 3).astype(np.uint64)
    breaks = np.concatenate([[0], np.cumsum(codes > 3)])
    rank = _rank(np.minimum(*_words(letters, s)))
    window = np.lib.stride_tricks.sliding_window_view(rank, k - s + 1)
    lowest = window.min(axis=1)
    taken = ((window[:, 0] == lowest) | (window[:, -1] == lowest)) & (breaks[k:] == breaks[:room])
    positions = np.flatnonzero(taken)
    forward, reverse = (words[positions] for words in _words(letters, k))
    half = k // 2
    flags = letters[positions + half] >= 2
    word = np.where(flags, reverse, forward)
    low = word & np.uint64(2 ** (2 * half + 1) - 1)
    keys = (word >> np.uint64(2 * half + 2)) << np.uint64(2 * half + 1) | low
    return keys.astype(np.uint32), positions.astype(np.uint32), flags.astype(np.uint8)


def extend(
    query: ArrayLike, target: ArrayLike, qpos: int, tpos: int, match: int = 1, mismatch: int = -2, xdrop: int = 20
) -> tuple[int, int, int, int, int]:
    """Extend an ungapped match both ways from a pair of positions until the score drops by more than `xdrop`.

    Parameters
    ----------
    query, target : array_like of uint8, shape (n,) and (m,)
        Letter codes; codes above 3 match nothing.
    qpos, tpos : int
        The pair to start from: to the right from it, to the left from the pair before.
    match : int
        Score of an equal pair, positive.
    mismatch : int
        Score of an unequal pair, not positive.
    xdrop : int
        How far below the best the score may fall.

    Returns
    -------
    tuple of int
        ``(score, q_start, q_end, t_start, t_end)``, half-open; an empty range at the start pair has score 0.

    Raises
    ------
    ValueError
        If a position is outside its sequence or a score has the wrong sign.
    """
    q, t = _codes(query), _codes(target)
    if not (0 <= qpos <= len(q) and 0 <= tpos <= len(t)):
        raise ValueError(f"({qpos}, {tpos}) is outside of sequences of {len(q)} and {len(t)}")
    if match <= 0 or mismatch > 0 or xdrop < 0:
        raise ValueError("match must be positive, mismatch not positive, xdrop not negative")
    if native.compiled is None:
        return extend_reference(q, t, qpos, tpos, match, mismatch, xdrop)
    answer: tuple[int, int, int, int, int] = native.compiled.extend(q, t, qpos, tpos, match, mismatch, xdrop)
    return answer


def _one_way(equal: NDArray[np.bool_], match: int, mismatch: int, xdrop: int) -> tuple[int, int]:
    score: NDArray[Any] = np.concatenate([[0], np.cumsum(np.where(equal, match, mismatch))])
    dropped = np.flatnonzero(np.maximum.accumulate(score) - score > xdrop)
    if len(dropped):
        score = score[: dropped[0]]
    length = int(np.argmax(score))
    return int(score[length]), length


def extend_reference(
    query: NDArray[np.uint8],
    target: NDArray[np.uint8],
    qpos: int,
    tpos: int,
    match: int = 1,
    mismatch: int = -2,
    xdrop: int = 20,
) -> tuple[int, int, int, int, int]:
    """NumPy oracle of :func:`extend`."""
    right = min(len(query) - qpos, len(target) - tpos)
    left = min(qpos, tpos)
    ahead_q, ahead_t = query[qpos : qpos + right], target[tpos : tpos + right]
    back_q, back_t = query[qpos - left : qpos][::-1], target[tpos - left : tpos][::-1]
    score_r, run_r = _one_way((ahead_q == ahead_t) & (ahead_q < 4), match, mismatch, xdrop)
    score_l, run_l = _one_way((back_q == back_t) & (back_q < 4), match, mismatch, xdrop)
    return score_l + score_r, qpos - run_l, qpos + run_r, tpos - run_l, tpos + run_r
