"""Kernel over letter codes: where a motif of ambiguous letters occurs.

References
----------
Shift-and: Baeza-Yates & Gonnet, Commun. ACM 1992 35:74.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlsearch.kernels import native
from nlsearch.kernels.sequence import _codes

MOTIF_CODES = 16


def find_motif(
    codes: ArrayLike | bytes | memoryview, allowed: NDArray[np.bool_], most: int
) -> tuple[int, NDArray[np.int64]]:
    """Find every place of a motif, overlapping ones too.

    Parameters
    ----------
    codes : array_like of uint8 or bytes, shape (n,)
        Below 16.
    allowed : ndarray of bool, shape (m, 16)
        Which codes each letter of the motif matches.
    most : int
        How many places to list.

    Returns
    -------
    count : int
        How many places there are.
    starts : ndarray of int64, shape (min(count, most),)
        The first of them, ascending.

    Raises
    ------
    ValueError
        If a shape or a number is out of range.
    """
    array = _codes(codes)
    if allowed.ndim != 2 or allowed.shape[1] != MOTIF_CODES or most < 0:
        raise ValueError(
            f"a motif is of shape (m, {MOTIF_CODES}), not {allowed.shape}, and lists no fewer than 0 places"
        )
    if native.compiled is None:
        return find_motif_reference(array, allowed, most)
    sets = (allowed.astype(np.uint16) << np.arange(MOTIF_CODES, dtype=np.uint16)).sum(axis=1, dtype=np.uint16)
    starts = np.empty(min(most, len(array)), np.int64)
    count: int = native.compiled.find_motif(array, sets, starts)
    return count, starts[:count].copy()


def find_motif_reference(
    codes: NDArray[np.uint8], allowed: NDArray[np.bool_], most: int
) -> tuple[int, NDArray[np.int64]]:
    """NumPy oracle of :func:`find_motif`: starts are ruled out letter by letter, the most selective letters first."""
    room = len(codes) - len(allowed) + 1
    if room <= 0 or not len(allowed):
        return 0, np.empty(0, np.int64)
    starts = np.arange(room)
    for at in np.argsort(allowed.sum(axis=1), kind="stable").tolist():
        starts = starts[allowed[at][codes[starts + at]]]
    return len(starts), starts[:most].astype(np.int64)
