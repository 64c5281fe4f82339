"""The candidate stage: what each organ answers to a probe's question, combined over the plan's tree.

The result is always a superset of the hits (for ``complete`` operators) with an upper bound of each item's score.
Whatever had to be left out makes the result incomplete, never silently smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.contract import refiner
from nlsearch.index.textquery import (
    AllItems,
    EveryOf,
    HasTermIn,
    HasTerms,
    Keyword,
    KeywordPrefix,
    KindIs,
    NumberRange,
    SomeOf,
    TextQuery,
    Without,
)
from nlsearch.model import (
    AllOf,
    Anchors,
    AnyOf,
    Exact,
    Nearest,
    NoneOf,
    PeakMatch,
    Prefix,
    Probe,
    Question,
    Range,
    Region,
    Scan,
    SeedMatch,
    TermRange,
    Terms,
)
from nlsearch.search.parts import AllParts, AnyPart, NotPart, Part, ProbePart, TextPart, probes
from nlsearch.search.places import RegionsOfKeys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Handler
    from nlsearch.search.view import SplitView

Regions = Mapping[int, list[Region]]
Scores = Callable[["Probe", "NDArray[np.uint32]"], "NDArray[np.float32] | None"]
"""Gives the scores of a probe for some items of a split, NaN for unknown ones; None if its handler cannot say them."""
FEW = 1_000
"""So many items that filters left are looked at one by one, rather than asking an organ for all that there are."""
ROUNDING = 1e-6
"""What single precision may take from a similarity."""
SPARE_PLACES = 0.1
"""Of the best places that are asked for, the share that each split gives beyond its own: chance is not even."""


@dataclass(slots=True)
class Found:
    """Candidates of one split.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n,)
        Ascending and unique.
    bounds : ndarray of float32, shape (n,)
        No item scores higher.
    regions : mapping
        For seed questions: where to look, by key.
    complete : bool
        False when an organ had to leave something out.
    loose : ndarray of uint32, shape (m,)
        Those of the keys whose bound no organ knows; ascending.
    unscored : int
        Items of the kind that have nothing which could be compared.
    anchors : (ndarray of uint32, Anchors), optional
        Some of the keys, ascending, with single seeds in them, which their handler has yet to look at.
    """

    keys: NDArray[np.uint32]
    bounds: NDArray[np.float32]
    regions: Regions = field(default_factory=dict)
    complete: bool = True
    loose: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, np.uint32))
    unscored: int = 0
    anchors: tuple[NDArray[np.uint32], Anchors] | None = None

    @classmethod
    def of(cls, keys: NDArray[np.uint32], bound: float = 1.0) -> Found:
        """Make candidates that share one bound."""
        return cls(keys, np.full(len(keys), bound, dtype=np.float32))

    def only(self, mask: NDArray[np.bool_]) -> Found:
        """Keep the candidates where `mask` holds."""
        kept = self.keys[mask]
        loose = np.intersect1d(self.loose, kept, assume_unique=True) if len(self.loose) else self.loose
        return replace(self, keys=kept, bounds=self.bounds[mask], loose=loose)


def intersect(a: Found, b: Found) -> Found:
    """Return the candidates in both, with the lower bound of each."""
    keys, in_a, in_b = np.intersect1d(a.keys, b.keys, assume_unique=True, return_indices=True)
    bounds = np.minimum(a.bounds[in_a], b.bounds[in_b])
    return _both(a, b, keys, bounds)


def union(a: Found, b: Found) -> Found:
    """Return the candidates in either, with the higher bound of each."""
    keys = np.union1d(a.keys, b.keys)
    bounds = np.zeros(len(keys), dtype=np.float32)
    for part in (a, b):
        places = np.searchsorted(keys, part.keys)
        bounds[places] = np.maximum(bounds[places], part.bounds)
    return _both(a, b, keys, bounds)


def _both(a: Found, b: Found, keys: NDArray[np.uint32], bounds: NDArray[np.float32]) -> Found:
    loose = np.intersect1d(np.union1d(a.loose, b.loose), keys)
    regions, complete = _joined(a.regions, b.regions), a.complete and b.complete
    return Found(keys, bounds, regions, complete, loose, max(a.unscored, b.unscored), a.anchors or b.anchors)


def _joined(a: Regions, b: Regions) -> Regions:
    if not a or not b:
        return a or b
    joined = {key: list(regions) for key, regions in a.items()}
    for key, regions in b.items():
        joined.setdefault(key, []).extend(regions)
    return joined


# ------------------------------------------------------------------------------------------- what the text index can do
def as_text(question: Question, kind: str, *, exact: bool = False) -> TextQuery | None:
    """Return the text query that finds the items of `question`, or None if it needs another organ.

    Many terms are a screen (the rarest are asked, which may find more), unless `exact`.
    """
    match question:
        case Terms(space, terms, at_least):
            return HasTerms(space, terms, at_least, len(terms) if exact else None) if terms else None
        case TermRange(space, low, high):
            return HasTermIn(space, low, high)
        case Exact(name, value):
            return EveryOf((KindIs(kind), Keyword(name, value)))
        case Prefix(name, value):
            return EveryOf((KindIs(kind), KeywordPrefix(name, value)))
        case Range(name, low, high):
            return EveryOf((KindIs(kind), NumberRange(name, low, high)))
        case Scan(scored):
            return None if scored else KindIs(kind)
        case NoneOf(parts):
            excluded = [as_text(part, kind, exact=True) for part in parts]
            known = tuple(Without(query) for query in excluded if query is not None)
            return EveryOf((KindIs(kind), *known)) if len(known) == len(excluded) else None
        case AllOf(parts) | AnyOf(parts):
            queries = [as_text(part, kind, exact=exact) for part in parts]
            asked = tuple(query for query in queries if query is not None)
            if len(asked) < len(queries) or not asked:
                return None
            return EveryOf(asked) if isinstance(question, AllOf) else SomeOf(asked)
    return None


def asked_fields(question: Question) -> Iterator[str]:
    """Yield the names of the fields that `question` asks for, but not those that it excludes."""
    match question:
        case Exact(field) | Prefix(field) | Range(field):
            yield field
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from asked_fields(part)


def exactly(part: Part) -> TextQuery | None:
    """Return the text query that matches exactly where `part` holds, or None if it has an operator below it."""
    if isinstance(part, TextPart):
        return part.query
    if isinstance(part, ProbePart):
        return None
    if isinstance(part, NotPart):
        inner = exactly(part.part)
        return None if inner is None else Without(inner)
    queries = tuple(query for query in map(exactly, part.parts) if query is not None)
    if len(queries) < len(part.parts):
        return None
    return EveryOf(queries) if isinstance(part, AllParts) else SomeOf(queries)


def part_as_text(part: Part) -> TextQuery | None:
    """Return a text query that finds every candidate of `part`, or None if another organ is needed."""
    if isinstance(part, TextPart):
        return part.query
    if isinstance(part, ProbePart):
        return as_text(part.probe.ask, part.probe.kind)
    if isinstance(part, NotPart):
        return exactly(part) or AllItems()
    queries = [part_as_text(child) for child in part.parts]
    known = tuple(query for query in queries if query is not None)
    if len(known) < len(queries):
        return None
    return EveryOf(known) if isinstance(part, AllParts) else SomeOf(known)


# ---------------------------------------------------------------------------------------------------- all three organs
def ask(question: Question, kind: str, view: SplitView, allowed: NDArray[np.uint32] | None = None) -> Found:
    """Ask one split.  `allowed` (keys, ascending) lets the vector index look at these items only."""
    query = as_text(question, kind)
    if query is not None:
        return Found.of(view.split.text.matching(view.text(query)))
    match question:
        case SeedMatch():
            return _ask_seeds(question, view, allowed)
        case Nearest():
            return _ask_vectors(question, kind, view, allowed)
        case PeakMatch():
            return _ask_peaks(question, kind, view, allowed)
        case Scan():
            return _loose(_of_kind(kind, view, allowed))
        case AllOf(parts):
            return _ask_all(parts, kind, view, allowed)
        case AnyOf(parts):
            return reduce(union, (ask(part, kind, view, allowed) for part in parts))
        case NoneOf():  # of what no organ decides: verification has to
            return ask(Scan(), kind, view, allowed)
    return Found.of(np.empty(0, dtype=np.uint32))


def _ask_all(parts: tuple[Question, ...], kind: str, view: SplitView, allowed: NDArray[np.uint32] | None) -> Found:
    """Ask the text index first; the other organs look at what it leaves."""
    textual = tuple(part for part in parts if as_text(part, kind) is not None)
    others = [part for part in parts if as_text(part, kind) is None]
    found = [ask(AllOf(textual), kind, view)] if textual else []
    for first in found:
        allowed = first.keys if allowed is None else np.intersect1d(first.keys, allowed, assume_unique=True)
    return reduce(intersect, [*found, *(ask(part, kind, view, allowed) for part in others)])


def _of_kind(kind: str, view: SplitView, allowed: NDArray[np.uint32] | None) -> NDArray[np.uint32]:
    """Return the living items of a kind, ascending."""
    low, high = view.split.kind_range(kind)
    keys = np.arange(low, high, dtype=np.uint32) if allowed is None else allowed[(allowed >= low) & (allowed < high)]
    return keys[view.living(keys)]


def _loose(keys: NDArray[np.uint32]) -> Found:
    return replace(Found.of(keys), loose=keys)


def _ask_peaks(question: PeakMatch, kind: str, view: SplitView, allowed: NDArray[np.uint32] | None) -> Found:
    if allowed is not None and len(allowed) <= FEW:
        return _loose(_of_kind(kind, view, allowed))
    living = view.living_between(*view.split.kind_range(kind))
    if not view.split.has_peaks(question.space):
        return replace(Found.of(np.empty(0, np.uint32)), unscored=living)
    index = view.split.peaks(question.space)
    alike = index.alike(question)
    comparable = index.keys if question.mode == "same" else index.keys[np.isfinite(index.references)]
    unscored = living - int(view.living(comparable).sum())
    found = Found(alike.keys, alike.bounds, loose=alike.keys[alike.loose], unscored=unscored)
    if question.others is not None:
        found = replace(found.only(~alike.loose), loose=np.empty(0, np.uint32))
        if view.split.has_peaks(question.others):
            others = view.split.peaks(question.others).alike(replace(question, apart=None))
            found = union(found, Found(others.keys, others.bounds, unscored=unscored))
    wanted = view.living(found.keys)
    return found.only(wanted if allowed is None else wanted & np.isin(found.keys, allowed, assume_unique=True))


def _ask_seeds(question: SeedMatch, view: SplitView, allowed: NDArray[np.uint32] | None) -> Found:
    if not view.split.has_seeds(question.space):
        return Found.of(np.empty(0, dtype=np.uint32))
    if question.refine:
        wanted = _wanted(view, allowed) if question.best else None
        keys, anchors, complete = view.split.seeds(question.space).anchors(question, wanted)
        return replace(Found.of(keys), complete=complete, anchors=(keys, anchors)).only(view.living(keys))
    answer = view.split.seeds(question.space).lookup(question)
    found = Found(answer.keys, np.ones(len(answer.keys), dtype=np.float32), answer.regions, answer.complete)
    return found.only(view.living(found.keys))


def _wanted(view: SplitView, allowed: NDArray[np.uint32] | None) -> NDArray[np.bool_]:
    """Return which items of a split live and are allowed; bool, by key."""
    keys = np.arange(view.split.info.items, dtype=np.uint32)
    living = view.living(keys)
    return living if allowed is None else living & np.isin(keys, allowed)


def _ask_vectors(question: Nearest, kind: str, view: SplitView, allowed: NDArray[np.uint32] | None) -> Found:
    found = _nearest(question, view, allowed)
    if not question.lacking:
        return found
    lacking = Found.of(_without_vector(question.space, kind, view, allowed))
    return union(found, lacking) if len(lacking.keys) else found


def _without_vector(space: str, kind: str, view: SplitView, allowed: NDArray[np.uint32] | None) -> NDArray[np.uint32]:
    """Return the living items of a kind that have no vector in a space; ascending."""
    keys = _of_kind(kind, view, allowed)
    if not view.split.has_vectors(space):
        return keys
    has = np.zeros(view.split.info.items, dtype=bool)
    has[view.split.vectors(space).keys] = True
    return keys[~has[keys]]


def _nearest(question: Nearest, view: SplitView, allowed: NDArray[np.uint32] | None) -> Found:
    if not view.split.has_vectors(question.space):
        return Found.of(np.empty(0, dtype=np.uint32))
    index = view.split.vectors(question.space)
    if question.limit is not None and view.dead:
        question = replace(question, limit=question.limit + view.split.info.items - view.live_items)
    keys, similarities = index.nearest(question, allowed)
    order = np.argsort(keys, kind="stable")
    found = Found(keys[order], similarities[order].astype(np.float32), complete=not index.asks_graph(question, allowed))
    return found.only(view.living(found.keys))


@dataclass(slots=True)
class Screen:
    """The candidates of a whole plan in one split.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n,)
        Ascending and unique.
    notes : dict
        What the organs said about each probe that the text index alone could not screen, by ``id(probe)``.
    """

    keys: NDArray[np.uint32]
    notes: dict[int, Found] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """False when an organ had to leave something out."""
        return all(found.complete for found in self.notes.values())

    def regions(self, part: ProbePart, key: int) -> list[Region]:
        """Return where to look for `part` in item `key`; empty means everywhere."""
        found = self.notes.get(id(part.probe))
        return [] if found is None else found.regions.get(key, [])


def refined(found: Found, probe: Probe, view: SplitView, handler: Handler) -> Found:
    """Let the handler look at the single seeds of the candidates; those that it scores 0 are none any more."""
    looks = refiner(handler)
    if found.anchors is None or looks is None:
        return replace(found, anchors=None)
    keys, anchors = found.anchors
    wanted = np.isin(keys, found.keys, assume_unique=True)
    if not wanted.all():
        anchors = _of_rows(anchors, wanted)
        keys = keys[wanted]
    answer = looks.refine(probe, view.split.payloads(keys), anchors)
    kept = answer.scores > 0
    here = np.searchsorted(found.keys, keys)
    bounds, still = found.bounds.copy(), np.ones(len(found.keys), np.bool_)
    bounds[here], still[here] = np.minimum(answer.scores, bounds[here]), kept
    rows = np.flatnonzero(kept)
    regions = RegionsOfKeys(keys[rows].tolist(), rows.tolist(), answer.regions)
    return replace(found, bounds=bounds, regions=_joined(found.regions, regions), anchors=None).only(still)


def _of_rows(anchors: Anchors, wanted: NDArray[np.bool_]) -> Anchors:
    kept = anchors.only(wanted[anchors.items])
    rows = (np.cumsum(wanted) - 1).astype(np.uint32)
    return replace(kept, items=rows[kept.items])


@dataclass(slots=True)
class _Collecting:
    """One look at a split: what the organs said so far, and who gives the handlers."""

    view: SplitView
    handler: Callable[[str], Handler]
    notes: dict[int, Found] = field(default_factory=dict)


def screen(part: Part, view: SplitView, handler: Callable[[str], Handler]) -> Screen:
    """Return the candidates of `part` in one split: a superset of its hits."""
    look = _Collecting(view, handler)
    return Screen(_collect(part, look), look.notes)


def _collect(part: Part, look: _Collecting) -> NDArray[np.uint32]:
    view = look.view
    query = part_as_text(part)
    if query is not None:
        return view.split.text.matching(view.text(query))
    if isinstance(part, ProbePart):
        return _collect_probe(part, look, None)
    if isinstance(part, AnyPart):
        return reduce(np.union1d, (_collect(child, look) for child in part.parts))
    assert isinstance(part, AllParts)  # noqa: S101 - the other parts always have a text query
    return _collect_all(part, look)


def _collect_all(part: AllParts, look: _Collecting) -> NDArray[np.uint32]:
    """Ask the text index first, for all parts that it can screen; the other organs look at what is left."""
    textual = [child for child in part.parts if part_as_text(child) is not None]
    others = [child for child in part.parts if part_as_text(child) is None]
    keys = _collect(AllParts(tuple(textual)), look) if textual else None
    for child in others:
        asked = _collect_probe(child, look, keys) if isinstance(child, ProbePart) else _collect(child, look)
        keys = asked if keys is None else np.intersect1d(keys, asked, assume_unique=True)
    assert keys is not None  # noqa: S101 - AND has at least one part
    return keys


def _collect_probe(part: ProbePart, look: _Collecting, allowed: NDArray[np.uint32] | None) -> NDArray[np.uint32]:
    question = _shared(_tightened(part.probe.ask, part.minimum), part.probe, look.view)
    found = ask(question, part.probe.kind, look.view, allowed)
    if found.anchors is not None:
        if allowed is not None:
            found = found.only(np.isin(found.keys, allowed, assume_unique=True))
        found = refined(found, part.probe, look.view, look.handler(part.probe.kind))
    found = found.only(found.bounds >= part.minimum - 1e-6)
    look.notes[id(part.probe)] = found
    return found.keys


def _shared(question: Question, probe: Probe, view: SplitView) -> Question:
    """Return a question for the best places with as many as are a split's share of them, and some to spare."""
    if not isinstance(question, SeedMatch) or not question.best or probe.searched is None:
        return question
    share = view.extent(probe.kind).total / max(1, probe.searched.total)
    return replace(question, best=min(question.best, ceil(question.best * (SPARE_PLACES + share))))


def at_least(question: Nearest, minimum: float) -> Nearest:
    """Return the question for neighbours that are at least so similar, but for rounding."""
    return replace(question, minimum=max(question.minimum, minimum - ROUNDING))


def _tightened(question: Question, minimum: float) -> Question:
    """Return `question` without neighbours that are too far for the asker; a similarity bounds the score from above."""
    if isinstance(question, Nearest):
        return at_least(question, minimum)
    if isinstance(question, PeakMatch):
        return replace(question, minimum=max(question.minimum, minimum))
    if isinstance(question, AllOf):
        return AllOf(tuple(_tightened(part, minimum) for part in question.parts))
    if isinstance(question, AnyOf):
        return AnyOf(tuple(_tightened(part, minimum) for part in question.parts))
    return question


def bounds(
    part: Part,
    view: SplitView,
    keys: NDArray[np.uint32],
    notes: dict[int, Found] | None = None,
    scores: Scores | None = None,
) -> NDArray[np.float64]:
    """Return an upper bound of each item's structural score; float64, shape (n,).

    An operator is bounded by what its organ said and by its numerator over the item's size; AND by the mean of its
    operators, OR by the best.  Bounds by size are the quotient that handlers compute too, so ties are exact.  What no
    organ knows is asked of `scores`, where that is given.
    """
    if isinstance(part, ProbePart):
        found = (notes or {}).get(id(part.probe))
        best = _probe_bounds(part, view, keys, found)
        return best if scores is None else _tighter(part, keys, best, found, scores)
    if isinstance(part, AllParts | AnyPart):
        scored = _scored(part)
        if isinstance(part, AnyPart) and len(scored) < len(part.parts):
            return np.ones(len(keys))  # a branch without operators scores 1
        if len(scored) == 1:
            return bounds(scored[0], view, keys, notes, scores)
        if scored:
            stack = np.stack([bounds(child, view, keys, notes, scores) for child in scored])
            combined = stack.mean(axis=0) + ROUNDING if isinstance(part, AllParts) else stack.max(axis=0)
            return np.asarray(combined, dtype=np.float64)
    return np.ones(len(keys))


def _tighter(
    part: ProbePart, keys: NDArray[np.uint32], best: NDArray[np.float64], found: Found | None, scores: Scores
) -> NDArray[np.float64]:
    """Let the handler say the scores of the items whose bound no organ knows."""
    unknown = np.ones(len(keys), np.bool_) if found is None else np.isin(keys, found.loose)
    said = scores(part.probe, keys[unknown]) if unknown.any() else None
    if said is not None:
        known = np.where(np.isnan(said), 1.0, said.astype(np.float64) + ROUNDING)
        best[unknown] = np.minimum(best[unknown], known)
    return best


def falls_with_size(part: Part) -> bool:
    """Say whether, among candidates of the text index alone, a larger item always has a lower bound."""
    if isinstance(part, ProbePart):
        return part.probe.numerator is not None
    if isinstance(part, AllParts):
        return any(map(falls_with_size, _scored(part)))
    return isinstance(part, AnyPart) and all(map(falls_with_size, part.parts))


def _scored(part: AllParts | AnyPart) -> list[Part]:
    """Return the branches whose operators count for the score."""
    return [child for child in part.parts if next(probes(child), None) and not isinstance(child, NotPart)]


def _probe_bounds(
    part: ProbePart, view: SplitView, keys: NDArray[np.uint32], found: Found | None
) -> NDArray[np.float64]:
    best = np.ones(len(keys))
    if found is not None and len(found.keys):
        places = np.minimum(np.searchsorted(found.keys, keys), len(found.keys) - 1)
        best = np.where(found.keys[places] == keys, np.minimum(1.0, found.bounds[places] + ROUNDING), 0.0)
    elif found is not None:
        best = np.zeros(len(keys))
    if part.probe.numerator is not None:
        by_size = part.probe.numerator / view.split.sizes[keys].astype(np.float64)
        return np.asarray(by_size if found is None else np.minimum(best, by_size), dtype=np.float64)
    return np.asarray(best, dtype=np.float64)
