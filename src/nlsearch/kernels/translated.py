"""Kernels of proteins beside translated nucleotides: six frames of a payload, and where a protein is similar to them.

Both are exact and exhaustive: all codons of all frames, all diagonals.  Each has a slow obvious oracle in
:mod:`nlsearch.kernels.translatedoracles`, which is also what runs without the C extension.

Conventions
-----------
Residues are codes as of :mod:`nlsearch.kernels.residues`.  A *genetic code* is 64 of them, by first base × 16 + second
× 4 + third, bases being A 0, C 1, G 2, T 3.  Targets are payloads as :mod:`nlsearch.handlers.nucleotide.payload` lays
them out.  Frames are 1 to 3 and −1 to −3; a minus frame begins at the end of the sequence, and its codons are counted
from there.  A codon with ambiguous letters is what all that it may be are translated to, else X.

References
----------
Ungapped local scores on every diagonal: Rognes, BMC Bioinformatics 2011 12:221.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels import native
from nlsearch.kernels.residues import CAP, LETTERS, Buffer, Matrix

__all__ = ["FRAMES", "TRANSLATED_PLACE", "codons_of", "translate_frame", "translated_places"]

FRAMES = (1, 2, 3, -1, -2, -3)
"""The order in which frames are looked at."""
TRANSLATED_PLACE = np.dtype([(name, "<i4") for name in ("item", "frame", "start", "end", "q_start", "q_end", "score")])
"""Where a frame of an item is similar: codons [start, end) at which scores of diagonals that end within the residues
[q_start, q_end) of the query are high, and the highest."""
CODONS = 64


def codons_of(length: int, frame: int) -> int:
    """Return how many whole codons a frame of a sequence of `length` bases has."""
    return max(0, length - abs(frame) + 1) // 3


def translate_frame(table: bytes, payload: Buffer, frame: int, first: int, count: int) -> bytes:
    """Return the residues [first, first + count) of a frame.

    Parameters
    ----------
    table : bytes, shape (64,)
        The genetic code.
    payload : bytes or memoryview
    frame : int
    first, count : int

    Raises
    ------
    ValueError
        If they lie outside of the frame, the table is none, or the payload is damaged.
    """
    _check(table)
    if native.compiled is None:
        from nlsearch.kernels.translatedoracles import translate_reference

        return translate_reference(table, payload, frame, first, count)
    out = bytearray(count)
    native.compiled.translate_frame(table, payload, frame, first, out)
    return bytes(out)


def translated_places(
    matrix: Matrix,
    query: bytes,
    table: bytes,
    payloads: Sequence[Buffer],
    *,
    trigger: int,
    frames: Sequence[int] = FRAMES,
    cap: int = CAP,
) -> NDArray[Any]:
    """Return where the ungapped local score of a protein and a frame reaches a trigger, on any diagonal.

    Codons are looked at eight by eight, from the first of each frame: a place is made of eights in which a stretch that
    scores enough ends, or goes on, that follow each other, and are near each other along the query.

    Parameters
    ----------
    matrix : ndarray of int8, shape (27, 27)
        Scores of the query's residue (row) beside the target's.
    query : bytes
        Codes.
    table : bytes, shape (64,)
        The genetic code.
    payloads : sequence of bytes or memoryview
    trigger : int
        From 1 to `cap`.
    frames : sequence of int
    cap : int
        Scores are clipped here.

    Returns
    -------
    ndarray of :data:`TRANSLATED_PLACE`, shape (n,)
        By item, then by frame in the order of :data:`FRAMES`, then by start, then along the query.

    Raises
    ------
    ValueError
        If an argument is out of range, or a payload is damaged.
    MemoryError
        If there are more than 16 million places.
    """
    _check(table)
    if matrix.dtype != np.int8 or matrix.shape != (len(LETTERS), len(LETTERS)) or not matrix.flags.c_contiguous:
        raise ValueError("a matrix has 27 rows of 27 scores of 8 bits")
    wanted = sum(1 << at for at, frame in enumerate(FRAMES) if frame in frames)
    if native.compiled is None:
        from nlsearch.kernels.translatedoracles import places_reference

        chosen = [frame for frame in FRAMES if frame in frames]
        return places_reference(matrix, query, table, payloads, (trigger, cap), chosen)
    raw = native.compiled.translated_places(matrix, query, table, list(payloads), wanted, trigger, cap)
    return np.frombuffer(raw, TRANSLATED_PLACE)


def _check(table: bytes) -> None:
    if len(table) != CODONS or max(table) >= len(LETTERS):
        raise ValueError("a genetic code is 64 residues")
