"""Kernels of local alignment of nucleotides: from single seeds to alignments with gaps.

A seed is extended without gaps both ways until the score drops too far below its best.  What is good enough is
extended again from the middle of its longest run of equal letters, with affine gaps, in a band of :data:`BAND_LANES`
diagonals that follows the best path, until the score drops too far there.  The band sees gaps of up to half its width
at once; otherwise the alignment is the one of the highest score that goes through that middle.

Conventions
-----------
Letters are codes: A 0, C 1, G 2, T 3; anything above matches nothing.  A gap of *n* letters costs
``gap_open + n * gap_extend``.  On strand 1 positions in the query are those of its reverse complement; positions in
the target are on its forward strand always.  Targets are payloads as :mod:`nlsearch.handlers.nucleotide.payload` lays
them out.

References
----------
Extension until the score drops: Altschul et al., Nucleic Acids Res 1997 25:3389.  Affine gaps: Gotoh, J Mol Biol 1982
162:705.  A band that follows the path: Suzuki & Kasahara, BMC Bioinformatics 2018 19:45.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.model import Anchors

BAND_LANES = 32
HSP = np.dtype(
    [
        ("q_start", "<i8"),
        ("q_end", "<i8"),
        ("t_start", "<i8"),
        ("t_end", "<i8"),
        ("q_at", "<i8"),
        ("t_at", "<i8"),
        ("item", "<i4"),
        ("strand", "<i4"),
        ("score", "<i4"),
        ("matches", "<i4"),
        ("columns", "<i4"),
        ("whole", "<i4"),
    ]
)
"""A local alignment: half-open ranges in query (of its strand) and target, the pair of positions that it was extended
from, the row of the item, the strand, the raw score, equal letters, columns, and whether it is the whole query without
a difference."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How alignments score, and how far they are looked for.

    Parameters
    ----------
    match, mismatch : int
        Of a pair of letters; positive and negative.
    gap_open, gap_extend : int
        Positive.
    seed : int
        Letters of a seed, at most 15.
    ungapped_drop, trigger : int
        Where extension without gaps stops, and the score from which one with gaps is tried.
    drop, last_drop : int
        Where extension with gaps stops, at first and for what is kept.
    cutoff : int
        The least score of what is kept; whole copies of the query are kept whatever they score.
    most : int
        Alignments of an item.
    """

    match: int = 2
    mismatch: int = -3
    gap_open: int = 5
    gap_extend: int = 2
    seed: int = 11
    ungapped_drop: int = 22
    trigger: int = 32
    drop: int = 33
    last_drop: int = 110
    cutoff: int = 50
    most: int = 1000


@lru_cache(maxsize=64)
def _numbers(scheme: Scheme) -> tuple[int, ...]:
    return astuple(scheme)


def find_hsps(scheme: Scheme, query: bytes, payloads: list[bytes | memoryview], anchors: Anchors) -> NDArray[np.void]:
    """Extend the seeds that a query and some items share.

    Parameters
    ----------
    scheme : Scheme
    query : bytes
        Codes, shape (m,).
    payloads : list of bytes or memoryview
    anchors : Anchors
        ``items`` count in `payloads`; positions in the target are rounded down to a multiple of 8, or exact.

    Returns
    -------
    ndarray of HSP, shape (n,)
        By item, whole copies first, then by falling score.  Of alignments with the same start or end, and of those that
        lie inside of a better one, the best is kept.

    Raises
    ------
    ValueError
        If the anchors do not fit, the scheme is out of range, or a payload is damaged.
    """
    if native.compiled is None:
        from nlsearch.kernels.hsporacles import find_hsps_reference

        return find_hsps_reference(scheme, query, payloads, anchors)
    raw = native.compiled.find_hsps(
        _numbers(scheme),
        query,
        payloads,
        np.ascontiguousarray(anchors.items, np.uint32),
        np.ascontiguousarray(anchors.flags, np.uint8),
        np.ascontiguousarray(anchors.queries, np.uint32),
        np.ascontiguousarray(anchors.targets, np.int64),
    )
    return np.frombuffer(raw, HSP)


def trace_hsp(
    scheme: Scheme, query: bytes, payload: bytes | memoryview, strand: int, at: tuple[int, int]
) -> tuple[int, int, int, int, int, bytes]:
    """Align through a pair of positions, as :func:`find_hsps` did.

    Returns
    -------
    (q_start, q_end, t_start, t_end, score, columns)
        Columns as one letter each, along the target: ``=`` equal, ``X`` unequal, ``I`` only in the query, ``D`` only in
        the target.

    Raises
    ------
    ValueError
        If the pair lies outside of query or target.
    """
    if native.compiled is None:
        from nlsearch.kernels.hsporacles import trace_hsp_reference

        return trace_hsp_reference(scheme, query, payload, strand, at)
    answer: tuple[int, int, int, int, int, bytes] = native.compiled.trace_hsp(
        _numbers(scheme), query, payload, strand, *at
    )
    return answer
