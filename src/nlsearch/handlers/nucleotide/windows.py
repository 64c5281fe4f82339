"""Where in the translated frames of a record a protein may lie: windows of codons around places of high scores.

Windows that overlap are one.  A window that cuts off an alignment grows until it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.places import MARGIN, SEGMENT, good_places, least_in_segment
from nlsearch.handlers.nucleotide.translated import AskedProtein
from nlsearch.handlers.sequences.codes import FRAMES
from nlsearch.handlers.sequences.matches import Match, matches_of
from nlsearch.handlers.sequences.sought import Bounds
from nlsearch.kernels.translated import codons_of, translate_frame

_AT_ONCE = 2**20
"""Codons that are translated together."""


@dataclass(frozen=True, slots=True)
class Window:
    """Codons [low, high) of a frame of a record, translated."""

    frame: int
    low: int
    codes: bytes
    is_cut: tuple[bool, bool]
    """Whether the frame goes on before it, and behind it."""

    @property
    def high(self) -> int:
        """Where it ends."""
        return self.low + len(self.codes)

    def cuts(self, start: int, end: int) -> bool:
        """Say whether an alignment with [start, end) of it may go on outside."""
        return (self.is_cut[0] and start <= 0) or (self.is_cut[1] and end >= len(self.codes))


@dataclass(frozen=True, slots=True)
class Placed:
    """A match, and the window that it lies in."""

    match: Match
    window: Window


def windows_of(asked: AskedProtein, target: Target, places: NDArray[Any]) -> list[Window]:
    """Return the windows around the places of one record, and those of short copies; by frame, then by start."""
    names = ("frame", "start", "end", "q_start", "q_end")
    spans = [
        (frame, start - q_end - MARGIN, end + asked.chain.length - q_start + MARGIN)
        for frame, start, end, q_start, q_end in zip(*(places[name].tolist() for name in names), strict=True)
    ]
    return _translated(asked, target, spans)


def _translated(asked: AskedProtein, target: Target, spans: Iterable[tuple[int, int, int]]) -> list[Window]:
    merged: list[tuple[int, int, int]] = []
    for frame, low, high in sorted(spans, key=lambda span: (FRAMES.index(span[0]), *span[1:])):
        if merged and merged[-1][0] == frame and low <= merged[-1][2]:
            merged[-1] = (frame, merged[-1][1], max(high, merged[-1][2]))
        else:
            merged.append((frame, low, high))
    return [_window(asked, target, *span) for span in merged]


def _window(asked: AskedProtein, target: Target, frame: int, low: int, high: int) -> Window:
    codons = codons_of(target.length, frame)
    low, high = max(0, low), min(high, codons)
    codes = translate_frame(asked.table, target.payload, frame, low, high - low)
    return Window(frame, low, codes, (low > 0, high < codons))


def copies_of(asked: AskedProtein, target: Target) -> Iterator[Window]:
    """Yield a window for each copy of the whole protein, looked for letter by letter."""
    length = asked.chain.length
    for frame in asked.frames:
        codons = codons_of(target.length, frame)
        for first in range(0, max(0, codons - length + 1), _AT_ONCE):
            count = min(codons - first, _AT_ONCE + length - 1)
            codes = translate_frame(asked.table, target.payload, frame, first, count)
            at = codes.find(asked.chain.codes)
            while at >= 0:
                low = first + at
                yield Window(frame, low, asked.chain.codes, (low > 0, low + length < codons))
                at = codes.find(asked.chain.codes, at + 1)


def needs_letters(asked: AskedProtein, bounds: Bounds) -> bool:
    """Say whether copies of the whole protein have to be looked for letter by letter.

    A copy has a place if it scores enough without gaps.  The segment that the place lies in has half of a segment of
    the copy at least.
    """
    chain = asked.chain
    if chain.least_of_copy < bounds.enough:
        return True
    if chain.length <= SEGMENT:
        return False
    codes = np.frombuffer(chain.codes, np.uint8)
    sums = np.concatenate([[0], np.cumsum(chain.scheme.matrix[codes, codes].astype(np.int64))])
    return bool((sums[SEGMENT // 4 :] - sums[: -SEGMENT // 4]).min() < least_in_segment(asked, bounds))


def matches_in(asked: AskedProtein, target: Target, most: int) -> list[Placed]:
    """Return at most `most` matches in each window of a record: copies first, then by falling score."""
    bounds = asked.bounds(target.length)
    places = asked.places.get(target.digest)
    if places is None:
        places = good_places(asked, bounds, [target])
    found = _settled(asked, target, bounds, windows_of(asked, target, places), most)
    if needs_letters(asked, bounds):
        known = {(one.window.frame, one.window.low + one.match.target[0]) for one in found if one.match.is_whole}
        more = (window for window in copies_of(asked, target) if (window.frame, window.low) not in known)
        found += [
            Placed(match, window)
            for window in islice(more, most)
            for match in matches_of(asked.chain, bounds, window.codes, 1)
        ]
    found.sort(key=lambda one: (not one.match.is_whole, -one.match.raw))
    return found


def _settled(asked: AskedProtein, target: Target, bounds: Bounds, windows: list[Window], most: int) -> list[Placed]:
    """Return the matches of windows, grown until none cuts off its best alignment."""
    while True:
        found = [(window, matches_of(asked.chain, bounds, window.codes, most)) for window in windows]
        grown = [_grown(asked, window, matches) for window, matches in found]
        if all(span is None for span in grown):
            return [Placed(match, window) for window, matches in found for match in matches]
        spans = (span or (one.frame, one.low, one.high) for span, one in zip(grown, windows, strict=True))
        windows = _translated(asked, target, spans)


def _grown(asked: AskedProtein, window: Window, matches: list[Match]) -> tuple[int, int, int] | None:
    """Return a larger window if this one cuts off its best alignment."""
    best = next((match for match in matches if not match.is_whole), None)
    if best is None or not window.cuts(*best.target):
        return None
    reach = asked.chain.length + MARGIN
    return window.frame, window.low - reach, window.high + reach
