"""Exact occurrences of a query on one strand of a window, definite or with ambiguous letters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nlsearch.handlers.sequences.bases import ALLOWED, is_definite

SHORTEST_PIECE, MOST_PIECES, MOST_PLACES = 8, 4, 5_000
"""Pieces of a query that are shorter, more or more frequent than this narrow nothing."""
SCANNED = 16_384
"""Stretches up to this length are aligned as they are."""


def occurrences(query: bytes, target: bytes) -> Iterator[int]:
    """Yield where `query` occurs in `target` (codes), ascending, overlapping ones too."""
    if is_definite(query):
        at = target.find(query)
        while at >= 0:
            yield at
            at = target.find(query, at + 1)
    else:
        yield from _ambiguous(query, target)


def _ambiguous(query: bytes, target: bytes) -> Iterator[int]:
    """Rule out starts letter by letter, the most selective letters first."""
    room = len(target) - len(query) + 1
    if room <= 0:
        return
    codes = np.frombuffer(target, np.uint8)
    order = sorted(range(len(query)), key=lambda at: (int(ALLOWED[query[at]].sum()), at))
    allowed = ALLOWED[query[order[0]]]
    starts = np.flatnonzero(allowed[codes[order[0] : order[0] + room]])
    for at in order[1:]:
        if not len(starts):
            return
        starts = starts[ALLOWED[query[at]][codes[starts + at]]]
    yield from starts.tolist()


def windows_with_pieces(query: bytes, target: bytes, edits: int) -> list[tuple[int, int]] | None:
    """Return windows of `target` outside which no copy of `query` with at most `edits` edits lies.

    Of `edits` + 1 pieces of the query one is untouched in any such copy.  None if the pieces are too short, too many or
    too frequent to narrow anything.
    """
    reach = len(query) + edits
    size = len(query) // (edits + 1)
    found: list[tuple[int, int]] = []
    if size < SHORTEST_PIECE or edits >= MOST_PIECES or not is_definite(query):
        return None
    for piece in range(edits + 1):
        begin = piece * size
        text = query[begin:] if piece == edits else query[begin : begin + size]
        for at in occurrences(text, target):
            found.append((max(0, at - begin - edits), at - begin + reach))
            if len(found) > MOST_PLACES:
                return None
    return merged_windows(found, len(target))


def every_window(length: int, reach: int) -> list[tuple[int, int]]:
    """Cut a target into windows that overlap by `reach`."""
    step = max(SCANNED, 2 * reach)
    return [(start, min(length, start + step + reach)) for start in range(0, max(length - reach, 1), step)]


def merged_windows(windows: list[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Join windows that touch, clipped to the target's length."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(0, start), end) for start, end in windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [(start, min(end, length)) for start, end in merged if start < length]
