"""Running a plan on a view: candidates in the order of their upper bound, verified until the page is full.

A hit is emitted as soon as no unverified candidate can come before it, so the order is final although most candidates
were never verified.  Plans without operators are answered by the text index alone.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.contract import decider, scorer
from nlsearch.index.textquery import EveryOf, KindIs, SomeOf, TextQuery
from nlsearch.index.wordcounts import WordCounts
from nlsearch.model import NO, TIERS, UNDECIDED, YES, Hit, Nearest, Probe
from nlsearch.search import candidates, fuse, neighbours
from nlsearch.search.candidates import Screen
from nlsearch.search.fuse import Judgement, Rank
from nlsearch.search.judge import Judge, hit_of
from nlsearch.search.parts import AllParts, AnyPart, NotPart, Part, Plan, ProbePart, TextPart, probes, ranked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Handler
    from nlsearch.search.view import SplitView, View

FIRST_PAGE = 64
LARGEST_PAGE = 4096
SPARE = 8
"""Neighbours beyond those wanted: the next candidate ends a page, and not all are verified to be hits."""


@dataclass(slots=True)
class Clock:
    """When work has to stop; ``at`` is a :func:`time.monotonic` reading, None never."""

    at: float | None = None

    @property
    def over(self) -> bool:
        """True once the deadline has passed."""
        return self.at is not None and time.monotonic() >= self.at


class VerifiedRun:
    """Hits of a plan that has operators, in final order.

    Parameters
    ----------
    plan : Plan
    view : View
    handler : callable
        Gives the handler of a kind.

    Attributes
    ----------
    decidable : bool
        Whether handlers can tell of many candidates at once whether they match.
    wanted : int or None
        How many hits are asked for, as far as is known: so many of the nearest are looked for at first; None is all.
    verified : int
        How many candidates were verified so far.
    """

    def __init__(self, plan: Plan, view: View, handler: Callable[[str], Handler]) -> None:
        self._root = plan.root
        self._view = view
        self._handler = handler
        self._ranked = tuple(ranked(plan.root))
        self._lazy = not self._ranked and _is_lazy(plan.root)
        self._word_scores = self._rank_words() if self._ranked else {}
        self._exact_floor = _exact_floor(plan.root)
        self._minimum = _minimum(plan.root) - candidates.ROUNDING
        self._judges: dict[int, Judge] = {}
        self._screens: dict[int, Screen] = {}
        self.decidable = any(self._can_decide(part) for part in probes(plan.root))
        self._seen: set[tuple[int, int]] = set()
        self._ready: list[tuple[Rank, Judgement]] = []
        self.clock = Clock()
        self.wanted: int | None = None
        self.verified = 0

    def hits(self) -> Iterator[Hit | None]:
        """Iterate over all hits, best first; None says that the clock has run out and more is to be verified."""
        for ranked_one in self._ordered():
            if ranked_one is None:
                yield None
            else:
                self._seen.add(ranked_one[0][2:])
                yield self._hit(*ranked_one)
        yield from self._related()

    @property
    def undecided(self) -> set[tuple[int, int]]:
        """Split and key of the items about which a handler could not decide within its caps."""
        return {(number, key) for number, judge in self._judges.items() for key in judge.undecided}

    @property
    def unscored(self) -> dict[str, int]:
        """By kind, how many items have nothing that an operator could compare, as far as splits were asked."""
        counts: dict[str, int] = {}
        for part in probes(self._root):
            notes = (screen.notes.get(id(part.probe)) for screen in self._screens.values())
            count = sum(found.unscored for found in notes if found is not None)
            if count:
                counts[part.probe.kind] = max(count, counts.get(part.probe.kind, 0))
        return counts

    @property
    def complete(self) -> bool:
        """False once an organ left something out, or an item could not be decided about."""
        return all(screen.complete for screen in self._screens.values()) and not self.undecided

    def _can_decide(self, part: ProbePart) -> bool:
        handler = decider(self._handler(part.probe.kind))
        return handler is not None and handler.decide(part.probe, []) is not None

    def matching(self) -> Iterator[tuple[SplitView, NDArray[np.uint32]] | None]:
        """Yield the keys of all matches, block by block, without saying where the matches are.

        None says that the clock has run out; asked again, it goes on from there.
        """
        for view in self._view.splits:
            found = self._screen(view)
            judge = self._judge(view, found)
            for start in range(0, len(found.keys), LARGEST_PAGE):
                keys = found.keys[start : start + LARGEST_PAGE]
                decided = judge.decide(self._root, keys)
                for place in np.flatnonzero(decided == UNDECIDED).tolist():
                    while self.clock.over:
                        yield None
                    decided[place] = YES if judge.judge(self._root, int(keys[place])) is not None else NO
                while self.clock.over:
                    yield None
                yield view, keys[decided == YES]

    def provisional(self) -> list[Hit]:
        """Return the hits found so far whose place in the order is not final, best first."""
        return [self._hit(*pair) for pair in sorted(self._ready, key=lambda pair: pair[0])]

    def _hit(self, rank: Rank, judgement: Judgement) -> Hit:
        return hit_of(judgement, self._view.splits[rank[2]].split.item(rank[3]).to_item())

    def _ordered(self) -> Iterator[tuple[Rank, Judgement] | None]:
        ready = self._ready
        for best in heapq.merge(*self._streams()):
            while ready and ready[0][0] <= best:
                yield heapq.heappop(ready)
            while self.clock.over:
                yield None
            number, key = best[2], best[3]
            judged = self._judges[number].judge(self._root, key)
            self.verified += 1
            if judged is not None:
                heapq.heappush(ready, (fuse.rank_of(judged.tier, judged.score, number, key), judged))
        while ready:
            yield heapq.heappop(ready)

    # --------------------------------------------------------------------------------------------------- candidates
    def _streams(self) -> Iterator[Iterator[Rank]]:
        """Yield streams of candidates, best first: one of all splits that know the nearest, one of each other."""
        question = None if self._lazy else neighbours.asked_for(self._root)
        near: list[SplitView] = []
        for view in self._view.splits:
            if question is not None and neighbours.answers_exactly(question, view):
                near.append(view)
            else:
                yield self._candidates(view)
        if question is not None and near:
            yield self._closest(near, question)

    def _candidates(self, view: SplitView) -> Iterator[Rank]:
        """Yield the best rank that each candidate of a split can reach, ascending."""
        if self._lazy:
            self._judge(view, None)
            return heapq.merge(*(self._lightest(view, kind) for kind in view.split.info.kinds))
        found = self._screen(view)
        self._judge(view, found)
        scores = self._word_scores.get(view.number, {})
        handler_scores = asked_scores(view, self._handler, lambda: self.clock.over)
        structural = candidates.bounds(self._root, view, found.keys, found.notes, handler_scores)
        return self._sorted_ranks(view, found.keys, self._with_words(found.keys, structural, scores))

    def _screen(self, view: SplitView) -> Screen:
        """Return the candidates of a split, asked for once."""
        if view.number not in self._screens:
            self._screens[view.number] = candidates.screen(self._root, view, self._handler)
        return self._screens[view.number]

    def _judge(self, view: SplitView, screen: Screen | None) -> Judge:
        """Return the one judge of a split, made for who asks first: it knows all the undecided items."""
        if view.number not in self._judges:
            scores = self._word_scores.get(view.number, {})
            self._judges[view.number] = Judge(view, self._handler, screen, scores)
        return self._judges[view.number]

    def _sorted_ranks(self, view: SplitView, keys: NDArray[np.uint32], bounds: NDArray[np.float64]) -> Iterator[Rank]:
        """Yield ranks ascending; handlers are asked, and ranks made, only as they are needed."""
        floor, tier = self._exact_floor
        tiers = np.where(bounds >= floor, tier, max(tier, 1))
        order = np.lexsort((keys, -bounds, tiers))
        for start in range(0, len(order), LARGEST_PAGE):
            block = order[start : start + LARGEST_PAGE]
            block = block[self._open(view, keys[block])]
            yield from self._ranks(view.number, keys[block], bounds[block])

    def _closest(self, views: list[SplitView], question: Nearest) -> Iterator[Rank]:
        """Page through the neighbours of one item or vector, nearest first, which is the order of their bounds."""
        for view in views:
            self._judge(view, None)
        done = 0
        limit = None if self.wanted is None else self.wanted + SPARE
        while True:
            found = neighbours.closest(question, views, limit)
            new = found.at(slice(done, None))
            bounds = np.minimum(1.0, new.similarities.astype(np.float64) + candidates.ROUNDING)
            yield from self._ranks(new.numbers, new.keys, bounds)
            if limit is None or len(found) < limit:
                return
            done, limit = len(found), limit * 4

    def _open(self, view: SplitView, keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Say of each candidate whether it may be a hit, and is not denied at once by its handler.

        When time is up nobody is asked, so that the next candidate comes, and with it the look at the clock.
        """
        if not self.decidable or self.clock.over:
            return np.ones(len(keys), np.bool_)
        return np.not_equal(self._judges[view.number].decide(self._root, keys), NO)

    def _lightest(self, view: SplitView, kind: str) -> Iterator[Rank]:
        """Page through the screened items of one kind, lightest first, which is the order of their bounds."""
        screen = candidates.part_as_text(self._root)
        assert screen is not None  # noqa: S101 - only lazy runs come here
        query = view.text(EveryOf((screen, KindIs(kind))))
        offset, limit = 0, FIRST_PAGE
        while True:
            page = np.asarray(view.split.text.lightest(query, limit, offset), dtype=np.uint32)
            bounds = candidates.bounds(self._root, view, page)
            kept = self._open(view, page)
            yield from self._ranks(view.number, page[kept], bounds[kept])
            if len(page) < limit or bounds[-1] < self._minimum:
                return
            offset, limit = offset + limit, min(LARGEST_PAGE, limit * 4)

    def _ranks(
        self, numbers: int | NDArray[np.int64], keys: NDArray[np.uint32], bounds: NDArray[np.float64]
    ) -> Iterator[Rank]:
        floor, tier = self._exact_floor
        each = np.broadcast_to(numbers, len(keys))
        for number, key, bound in zip(each.tolist(), keys.tolist(), bounds.tolist(), strict=True):
            if bound >= self._minimum:
                yield (tier if bound >= floor else max(tier, 1)), -bound, number, key

    # -------------------------------------------------------------------------------------------------------- words
    def _rank_words(self) -> dict[int, dict[int, float]]:
        """Rank all items that hold the words, over all splits, and score them by their rank."""
        query: TextQuery = SomeOf(tuple(part.query for part in self._ranked))
        screen = candidates.part_as_text(self._root)
        if screen is not None:
            query = EveryOf((query, screen))
        entries: list[tuple[float, int, int]] = []
        everywhere = _word_counts(query, self._view)
        for view in self._view.splits:
            alive = view.text(query)
            count = view.split.text.count(alive)
            if count:
                keys, scores, _ = view.split.text.top(alive, count, everywhere=everywhere)
                entries.extend((-score, view.number, key) for score, key in zip(scores, keys, strict=True))
        ranks: dict[int, dict[int, float]] = {}
        for rank, (_, number, key) in enumerate(sorted(entries)):
            ranks.setdefault(number, {})[key] = fuse.reciprocal(rank)
        return ranks

    def _with_words(
        self, keys: NDArray[np.uint32], structural: NDArray[np.float64], scores: dict[int, float]
    ) -> NDArray[np.float64]:
        """Bound the fused score: a mean under AND, at most the better of the two under OR."""
        if not self._ranked:
            return structural
        words = np.array([scores.get(key, 0.0) for key in keys.tolist()], dtype=np.float64)
        if _has(self._root, AnyPart):
            return np.maximum(structural, words)
        return np.asarray((structural + words) / 2, dtype=np.float64)

    # ------------------------------------------------------------------------------------------------------ related
    def _related(self) -> Iterator[Hit]:
        """Yield neighbours that were asked for, after all hits: never verified, never called a match.

        A neighbour satisfies the query with its operator taken for granted: filters, NOT and other operators hold.
        """
        found: list[tuple[float, int, int, str]] = []
        for part in probes(self._root):
            question = part.probe.related
            if part.related and question is not None:
                others = _granted(self._root, part)
                for view in self._view.splits:
                    wanted = None if question.limit is None else question.limit + len(self._seen)
                    near = candidates.ask(replace(question, limit=wanted), part.probe.kind, view)
                    judge = self._judges[view.number]
                    found.extend(
                        (-bound, view.number, key, question.space)
                        for key, bound in zip(near.keys.tolist(), near.bounds.tolist(), strict=True)
                        if (view.number, key) not in self._seen and judge.judge(others, key) is not None
                    )
        for negative, number, key, space in sorted(found):
            if (number, key) not in self._seen:
                self._seen.add((number, key))
                item = self._view.splits[number].split.item(key).to_item()
                yield Hit(item, min(1.0, -negative), "related", {"similarity": -negative, "space": space})


class TextRun:
    """Hits of a plan without operators: words by BM25, filters in the order of the items' size.

    Parameters
    ----------
    plan : Plan
    view : View
    handler : callable
        Gives the handler of a kind.
    """

    def __init__(self, plan: Plan, view: View, handler: Callable[[str], Handler]) -> None:
        query = candidates.exactly(plan.root)
        assert query is not None  # noqa: S101 - a plan without operators always has one
        self._root = plan.root
        self._handler = handler
        self._differ = _has(plan.root, AnyPart)  # which branches of an OR hold differs from item to item
        self._query = query
        self._view = view
        self._texts = tuple(_positive_texts(plan.root))
        self._scored = next(ranked(plan.root), None) is not None

    def count(self) -> int:
        """Return how many items match."""
        return sum(view.split.text.count(view.text(self._query)) for view in self._view.splits)

    def matches(self) -> Iterator[tuple[SplitView, NDArray[np.uint32]]]:
        """Iterate over all matching keys, ascending, split by split."""
        return ((view, view.split.text.matching(view.text(self._query))) for view in self._view.splits)

    def page(self, offset: int, limit: int) -> tuple[list[Hit], int]:
        """Return hits `offset` to `offset + limit` in final order, and how many there are in all."""
        if self._scored:
            return self._best(offset, limit)
        found: list[tuple[SplitView, int, float]] = []
        total = 0
        for view in self._view.splits:
            query = view.text(self._query)
            here = view.split.text.count(query)
            skip, want = max(0, offset - total), limit - len(found)
            if want > 0 and skip < here:
                found.extend((view, key, 1.0) for key in view.split.text.lightest(query, want, skip))
            total += here
        return self._hits(found), total

    def _best(self, offset: int, limit: int) -> tuple[list[Hit], int]:
        ranks: list[tuple[float, int, int]] = []
        total = 0
        everywhere = _word_counts(self._query, self._view)
        for view in self._view.splits:
            keys, scores, count = view.split.text.top(view.text(self._query), offset + limit, everywhere=everywhere)
            ranks.extend((-score, view.number, key) for key, score in zip(keys, scores, strict=True))
            total += count
        best = heapq.nsmallest(offset + limit, ranks)[offset:]
        views = self._view.splits
        return self._hits([(views[number], key, fuse.bm25_score(-score)) for score, number, key in best]), total

    def _hits(self, places: list[tuple[SplitView, int, float]]) -> list[Hit]:
        """Make hits of (split, key, score), with the words and fields that hold as evidence."""
        judges: dict[int, Judge] = {}
        if self._differ:
            keys: dict[SplitView, list[int]] = {}
            for view, key, _ in places:
                keys.setdefault(view, []).append(key)
            judges = {view.number: Judge(view, self._handler, None, {}, some) for view, some in keys.items()}
        return [self._hit(view, key, score, judges.get(view.number)) for view, key, score in places]

    def _hit(self, view: SplitView, key: int, score: float, judge: Judge | None) -> Hit:
        judged = None if judge is None else judge.judge(self._root, key)
        texts = self._texts if judged is None else judged.texts
        return hit_of(Judgement(words=score, texts=texts), view.split.item(key).to_item())


def asked_scores(view: SplitView, handler: Callable[[str], Handler], over: Callable[[], bool]) -> candidates.Scores:
    """Return what asks handlers for the scores of items of a split; once time is `over`, the rest are not known."""

    def scores(probe: Probe, keys: NDArray[np.uint32]) -> NDArray[np.float32] | None:
        """Return the score of each item, 0 for those of other kinds."""
        scoring = scorer(handler(probe.kind))
        if scoring is None:
            return None
        low, high = view.split.kind_range(probe.kind)
        inside = np.flatnonzero((keys >= low) & (keys < high))
        answer = np.zeros(len(keys), np.float32)
        for start in range(0, len(inside), LARGEST_PAGE):
            block = inside[start : start + LARGEST_PAGE]
            said = None if over() else scoring.scores(probe, view.split.payloads(keys[block]))
            answer[block] = np.nan if said is None else said
        return answer

    return scores


def _word_counts(query: TextQuery, view: View) -> WordCounts | None:
    """Return how rare the words of `query` are over all splits; None if there is one split only."""
    if len(view.splits) < 2:
        return None
    return sum((part.split.text.word_counts(query) for part in view.splits), WordCounts())


def _is_lazy(part: Part) -> bool:
    """Say whether candidates can be paged through in the order of their bounds, lightest first."""
    return candidates.part_as_text(part) is not None and candidates.falls_with_size(part)


def _positive_texts(part: Part) -> Iterator[TextPart]:
    if isinstance(part, TextPart):
        return iter((part,))
    if isinstance(part, AllParts | AnyPart):
        return chain.from_iterable(_positive_texts(child) for child in part.parts)
    return iter(())


def _granted(part: Part, operator: ProbePart) -> Part:
    """Return `part` with `operator` replaced by what always holds."""
    if part is operator:
        return AllParts(())
    if isinstance(part, NotPart):
        return NotPart(_granted(part.part, operator))
    if isinstance(part, AllParts | AnyPart):
        return type(part)(tuple(_granted(child, operator) for child in part.parts))
    return part


def _only_probe(part: Part) -> ProbePart | None:
    """Return the plan's operator if its score alone decides the score of a hit, else None."""
    positive = list(_positive_probes(part))
    alone = len(positive) == 1 and not _has(part, AnyPart) and next(ranked(part), None) is None
    return positive[0] if alone else None


def _exact_floor(part: Part) -> tuple[float, int]:
    """Return (lowest bound at which the best tier is possible, number of that tier) for the whole plan."""
    only = _only_probe(part)
    return (0.0, 0) if only is None else (only.probe.exact_floor, TIERS.index(only.probe.best_tier))


def _minimum(part: Part) -> float:
    """Return a bound below which no item can be a hit."""
    only = _only_probe(part)
    return 0.0 if only is None else only.minimum


def _positive_probes(part: Part) -> Iterator[ProbePart]:
    if isinstance(part, ProbePart):
        yield part
    elif isinstance(part, AllParts | AnyPart):
        for child in part.parts:
            yield from _positive_probes(child)


def _has(part: Part, kind: type) -> bool:
    if isinstance(part, kind):
        return True
    if isinstance(part, NotPart):
        return _has(part.part, kind)
    return isinstance(part, AllParts | AnyPart) and any(_has(child, kind) for child in part.parts)
