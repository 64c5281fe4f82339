"""The nearest first: plans that ask for the neighbours of one vector and nothing else page through them in their order.

Whatever else there is to a plan, all neighbours that are near enough are candidates like others
(:mod:`nlsearch.search.candidates`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.model import Nearest
from nlsearch.search.candidates import at_least
from nlsearch.search.parts import Part, ProbePart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.search.view import SplitView


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Items of several splits, nearest first.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n,)
        The split of each.
    keys : ndarray of uint32, shape (n,)
    similarities : ndarray of float32, shape (n,)
    """

    numbers: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    keys: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, np.uint32))
    similarities: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, places: NDArray[np.int64] | slice) -> Neighbours:
        """Return some of them, in the order asked."""
        return Neighbours(self.numbers[places], self.keys[places], self.similarities[places])

    def nearest_with(self, others: Neighbours, limit: int | None) -> Neighbours:
        """Return the nearest of both, ties by split and key; None returns all."""
        both = Neighbours(
            np.concatenate([self.numbers, others.numbers]),
            np.concatenate([self.keys, others.keys]),
            np.concatenate([self.similarities, others.similarities]),
        )
        return both.at(np.lexsort((both.keys, both.numbers, -both.similarities))[:limit])


def asked_for(part: Part) -> Nearest | None:
    """Return the question if a plan asks for the neighbours of one vector and nothing else, with the asker's minimum.

    What is not near enough for the asker is not asked for, and items without a vector must not be candidates.
    """
    if not isinstance(part, ProbePart) or not isinstance(part.probe.ask, Nearest):
        return None
    question = part.probe.ask
    if question.lacking or question.limit is not None:
        return None
    return at_least(question, part.minimum)


def answers_exactly(question: Nearest, view: SplitView) -> bool:
    """Say whether a split has vectors of the space, and leaves none out."""
    return view.split.has_vectors(question.space) and not view.split.vectors(question.space).approximate


def closest(question: Nearest, views: Iterable[SplitView], limit: int | None) -> Neighbours:
    """Return the `limit` nearest living items of several splits; None returns all that are near enough.

    A split is only asked for what is as near as the last that the splits before it have to offer.
    """
    found = Neighbours()
    for view in views:
        found = found.nearest_with(_closest(question, view, limit), limit)
        if len(found) == limit:
            question = at_least(question, float(found.similarities[-1]))
    return found


def _closest(question: Nearest, view: SplitView, limit: int | None) -> Neighbours:
    wanted = limit
    while True:
        keys, similarities = view.split.vectors(question.space).nearest(replace(question, limit=wanted))
        alive = view.living(keys)
        if limit is None or wanted is None or len(keys) < wanted or int(alive.sum()) >= limit:
            keys, similarities = keys[alive][:limit], similarities[alive][:limit].astype(np.float32)
            return Neighbours(np.full(len(keys), view.number), keys, similarities)
        wanted *= 2
