"""How the scores of a query's parts become one score and one order.

AND takes the mean of its verified operators, OR the best of its branches.  Words rank by BM25; beside operators they
count by the reciprocal of their rank, ``60 / (60 + rank)`` (Cormack, Clarke and Büttcher, SIGIR 2009), and the score of
the hit is the mean of structure and words.  Hits are ordered by tier, then score, then split and key: a total order,
so pages never overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from nlsearch.model import TIERS, Check, Tier
from nlsearch.search.parts import TextPart

RANK_CONSTANT = 60

Rank: TypeAlias = tuple[int, float, int, int]
"""(tier number, −score, split number, key): ascending is best first."""


@dataclass(slots=True)
class Judgement:
    """What is known of one item under one part of a plan.

    ``structure`` and ``words`` are scores in [0, 1], None where the part has none; ``texts`` are the text leaves that
    hold.
    """

    tier: Tier = "exact"
    structure: float | None = None
    words: float | None = None
    checks: tuple[Check, ...] = ()
    texts: tuple[TextPart, ...] = ()

    @property
    def score(self) -> float:
        """The one score of the item; 1 when only filters matched."""
        return fused(self.structure, self.words)


def fused(structure: float | None, words: float | None) -> float:
    """Return the mean of the scores that exist; 1 when there are none."""
    known = [score for score in (structure, words) if score is not None]
    return sum(known) / len(known) if known else 1.0


def reciprocal(rank: int) -> float:
    """Return the score of the 0-based `rank` in a list of words' hits.

    Examples
    --------
    >>> reciprocal(0), reciprocal(60)
    (1.0, 0.5)
    """
    return RANK_CONSTANT / (RANK_CONSTANT + rank)


def bm25_score(bm25: float) -> float:
    """Map a BM25 score, which has no upper end, to [0, 1) without changing the order."""
    return bm25 / (1.0 + bm25)


def all_of(judgements: list[Judgement]) -> Judgement:
    """Fuse parts that all hold: mean scores, the weakest tier."""
    return Judgement(
        tier=max((j.tier for j in judgements), key=TIERS.index, default="exact"),
        structure=_mean([j.structure for j in judgements]),
        words=_mean([j.words for j in judgements]),
        checks=tuple(check for j in judgements for check in j.checks),
        texts=tuple(text for j in judgements for text in j.texts),
    )


def any_of(judgements: list[Judgement]) -> Judgement:
    """Choose the best of the branches that hold; the texts of all of them are evidence."""
    best = min(judgements, key=lambda j: (TIERS.index(j.tier), -j.score))
    texts = (*best.texts, *(text for j in judgements if j is not best for text in j.texts))
    return replace(best, texts=texts)


def rank_of(tier: Tier, score: float, split: int, key: int) -> Rank:
    """Return the place of a hit in the order of the answer."""
    return TIERS.index(tier), -score, split, key


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
