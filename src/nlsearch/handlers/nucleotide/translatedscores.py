"""The scores of a protein beside many records at once, without saying where it matches; see :mod:`windows`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.nucleotide.payload import RECORD, Target
from nlsearch.handlers.nucleotide.places import good_places, record_of
from nlsearch.handlers.nucleotide.translated import AskedProtein
from nlsearch.handlers.nucleotide.windows import Window, copies_of, matches_in, needs_letters, windows_of
from nlsearch.handlers.sequences.composition import LEAST
from nlsearch.handlers.sequences.matches import best_match
from nlsearch.handlers.sequences.sought import Bounds
from nlsearch.kernels.residues import local_places, smith_waterman

MOST_KEPT = 100_000
"""Records whose places are kept for verification."""
_TYPE_AT = 4
_LAYOUT = {"offset": 4, "length_at": 0}


def scores_of(asked: AskedProtein, payloads: Sequence[Buffer], most: int) -> NDArray[np.float32]:
    """Return the score of each payload, 0 for what is no hit or no record; `most` as :func:`matches_in` has it.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    answer = np.zeros(len(payloads), np.float32)
    rows = [row for row, payload in enumerate(payloads) if payload[_TYPE_AT] == RECORD]
    for group in [rows] if asked.searched else [[row] for row in rows]:
        targets = [Target(payloads[row]) for row in group]
        if targets:
            answer[group] = _together(asked, asked.bounds(targets[0].length), targets, most)
    return answer


def _together(asked: AskedProtein, bounds: Bounds, targets: list[Target], most: int) -> list[float]:
    """Return the scores of records that share their bounds."""
    places = good_places(asked, bounds, targets)
    windows: list[tuple[int, Window]] = []
    items = np.unique(places["item"]).tolist()
    for item in items:
        own = places[slice(*np.searchsorted(places["item"], [item, item + 1]))]
        if len(asked.places) < MOST_KEPT and any(targets[item].digest):
            asked.places[targets[item].digest] = own
        windows += [(item, window) for window in windows_of(asked, targets[item], own)]
    scores = [0.0] * len(targets)
    for item, found in _best(asked, bounds, windows).items():
        scores[item] = found if found >= 0 else _alone(asked, targets[item], most)
    if needs_letters(asked, bounds):
        scores = [
            1.0 if score < 1 and next(copies_of(asked, target), None) else score
            for score, target in zip(scores, targets, strict=True)
        ]
    return scores


def _alone(asked: AskedProtein, target: Target, most: int) -> float:
    """Return the score of one record as verification finds it."""
    found = matches_in(asked, target, most)
    return 0.0 if not found else found[0].match.worth


def _best(asked: AskedProtein, bounds: Bounds, windows: list[tuple[int, Window]]) -> dict[int, float]:
    """Return the scores of the items with windows that pass, −1 where a window may cut off its best alignment."""
    chain, scheme = asked.chain, asked.chain.scheme
    costs = {"gap_open": scheme.gap_open, "gap_extend": scheme.gap_extend}
    records = [record_of(window.codes) for _, window in windows]
    raw = smith_waterman(scheme.matrix, chain.codes, records, **_LAYOUT, **costs)
    whole = {
        item
        for (item, window), score in _with(windows, raw)
        if score >= chain.own_score and chain.codes in window.codes
    }
    kept = [
        at
        for at, ((item, _), score) in enumerate(_with(windows, raw))
        if score >= max(1, bounds.least) and item not in whole
    ]
    kept.sort(key=lambda at: -raw[at])
    chosen = [records[at] for at in kept]
    places = local_places(scheme.matrix, chain.codes, chosen, raw[kept], **_LAYOUT, **costs)
    scores = dict.fromkeys(whole, 1.0)
    for at, place in zip(kept, places, strict=True):
        item, window = windows[at]
        if window.cuts(int(place["t_end"] - place["columns"]), int(place["t_end"])):
            scores[item] = -1.0
        elif item not in scores and _passes(asked, bounds, window, int(raw[at]), place):
            scores[item] = _worth(asked, place)
    return scores


def _with(windows: list[tuple[int, Window]], raw: NDArray[np.int32]) -> Iterable[tuple[tuple[int, Window], int]]:
    return zip(windows, raw.tolist(), strict=True)


def _passes(asked: AskedProtein, bounds: Bounds, window: Window, raw: int, place: np.void) -> bool:
    if place["matches"] < bounds.identity * place["columns"]:
        return False
    if not bounds.composition or raw * LEAST >= bounds.least:
        return True
    return best_match(asked.chain, bounds, window.codes, 0, len(window.codes)) is not None


def _worth(asked: AskedProtein, place: Any) -> float:  # noqa: ANN401 - a row of an array
    covered = int(place["q_end"] - place["q_start"]) / asked.chain.length
    return int(place["matches"]) / int(place["columns"]) * covered
