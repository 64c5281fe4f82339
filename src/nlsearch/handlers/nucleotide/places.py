"""Places where a protein and a frame are similar without gaps, and which of them are worth a comparison with gaps.

Around each place a segment of the protein is compared with gaps first.  A place stays if that reaches a share of what
the whole alignment needs: most places of chance do not, whatever the length of the protein.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.translated import AskedProtein
from nlsearch.handlers.sequences.sought import ENOUGH_SHARE, Bounds
from nlsearch.kernels.residues import smith_waterman
from nlsearch.kernels.translated import codons_of, translate_frame, translated_places

MARGIN = 64
"""Codons beyond where an alignment would end without gaps."""
SEGMENT = 512
"""Residues of the protein that are compared at once; segments overlap by half."""


def good_places(asked: AskedProtein, bounds: Bounds, targets: Sequence[Target]) -> NDArray[Any]:
    """Return the places that are worth a comparison with gaps, as :func:`translated_places` lists them.

    Parameters
    ----------
    asked : AskedProtein
    bounds : Bounds
        Of all targets.
    targets : sequence of Target
        Records.
    """
    chain = asked.chain
    payloads = [target.payload for target in targets]
    places = translated_places(
        chain.scheme.matrix, chain.codes, asked.table, payloads, trigger=max(1, bounds.enough), frames=asked.frames
    )
    return places[_is_good(asked, bounds, targets, places)]


def _is_good(asked: AskedProtein, bounds: Bounds, targets: Sequence[Target], places: NDArray[Any]) -> NDArray[np.bool_]:
    """Say of each place whether the segment of the protein that it lies in scores enough with gaps."""
    chain, scheme = asked.chain, asked.chain.scheme
    enough = least_in_segment(asked, bounds)
    good = np.asarray((places["q_end"] - places["q_start"] > SEGMENT // 2) | (places["score"] >= enough))
    numbers = _segments(chain.length, places)
    for number in np.unique(numbers[~good]).tolist():
        rows = np.flatnonzero(~good & (numbers == number))
        low = number * SEGMENT // 2
        high = min(low + SEGMENT, chain.length)
        records = [_stretch(asked, targets, places[row], low, high) for row in rows.tolist()]
        costs = {"gap_open": scheme.gap_open, "gap_extend": scheme.gap_extend}
        raw = smith_waterman(scheme.matrix, chain.codes[low:high], records, offset=4, length_at=0, **costs)
        good[rows] = raw >= enough
    return good


def least_in_segment(asked: AskedProtein, bounds: Bounds) -> float:
    """Return what a segment has to score; a copy of a protein that is no longer than a segment does."""
    return min(ENOUGH_SHARE * bounds.least, asked.chain.least_of_copy)


def _segments(length: int, places: NDArray[Any]) -> NDArray[np.int64]:
    """Return for each place the number of the segment in whose middle it lies."""
    half = SEGMENT // 2
    last = max(0, -(-(length - SEGMENT) // half))
    middle = (places["q_start"].astype(np.int64) + places["q_end"]) // 2
    return np.asarray(np.clip((middle - half // 2) // half, 0, last), np.int64)


def _stretch(asked: AskedProtein, targets: Sequence[Target], place: np.void, low: int, high: int) -> bytes:
    """Return the codons beside residues [low, high) of the protein, as a record of the kernels."""
    item, frame, start, end, q_start, q_end, _ = place.item()
    return record_of(_codes(asked, targets[item], frame, start - (q_end - low), end + high - q_start))


def _codes(asked: AskedProtein, target: Target, frame: int, low: int, high: int) -> bytes:
    low, high = max(0, low - MARGIN), min(high + MARGIN, codons_of(target.length, frame))
    return translate_frame(asked.table, target.payload, frame, low, high - low)


def record_of(codes: bytes) -> bytes:
    """Return residues with their number before them."""
    return len(codes).to_bytes(4, "little") + codes
