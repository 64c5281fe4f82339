"""Duplicates: every item of a kind is asked with, and what is verified to be its copy is joined to a group.

Goal: a person learns which items of a collection are there more than once, with the evidence of ``like``.  Nothing is
deleted or changed.

Conventions
-----------
Two items are copies when the kind's ``like`` of the one verifies the other, from the score on that the kind declares
(:class:`~nlsearch.declarations.Copies`) or the asker gives, and the other way round; the lower score is that of the
pair.  Related items are none.  Items are taken in the order of path and number; each is asked with for the items behind
it, so that a pair is verified at most once.

A group is a connected component of that relation (single linkage).  Items that are in one group already are not
verified again, which leaves the components as they are: a group of n items costs n − 1 verifications beside those that
fail, not n².  As links make chains, every member is then compared with one representative
(:mod:`~nlsearch.search.grouping`), and a member that is a copy of another copy only says so.

A file as a whole (number 0) is no copy of a record of the same file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from nlsearch.errors import InputError, QueryError, QuerySyntax
from nlsearch.search import candidates
from nlsearch.search.copies import Comparing, Duplicates, NotCompared
from nlsearch.search.examples import example_node, example_settings
from nlsearch.search.execute import asked_scores
from nlsearch.search.grouping import Beside, Forest, Link, groups_of
from nlsearch.search.judge import Judge
from nlsearch.search.parts import GUARANTEES, ProbePart, TextPart, counted, leaves, widened
from nlsearch.search.roll import Members, Roll, having, living, matching

if TYPE_CHECKING:
    from nlsearch.declarations import Copies
    from nlsearch.handlers.contract import Handler
    from nlsearch.handlers.registry import Registry
    from nlsearch.model import Guarantee, Scalar
    from nlsearch.search.copies import Group
    from nlsearch.search.fuse import Judgement
    from nlsearch.search.parts import Plan
    from nlsearch.search.view import SplitView, View

COMPILED = 8
"""Items that are kept compiled: the one that is asked with is asked for in the other direction in between."""
ROUNDING = 1e-9
"""By how much a score may fall short, as it may of a hit."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of every pair: the settings of :meth:`nlsearch.Collection.duplicates`.

    Parameters
    ----------
    minimum : float or None
        From which score on two items are copies; None: what their kind declares.
    exact : bool
        Only those of tier exact.
    options : mapping
        Of the kind's ``like``.
    """

    minimum: float | None
    exact: bool
    options: Mapping[str, Scalar]

    def said(self, kind: str, copies: Copies) -> str:
        """Say what makes two items of a kind copies of each other."""
        said = f"{kind}: {'exact copies' if self.exact else 'copies'} by like"
        held = [f"{name}={value}" for name, value in {**dict(copies.options), **self.options}.items()]
        said += f" with {', '.join(held)}" if held else ""
        if self.minimum is not None:
            return f"{said}, score {self.minimum:g} or more"
        return f"{said}, score {copies.score:g} or more: {copies.help}"


class Comparison:
    """Compares the items of one kind with each other.

    Parameters
    ----------
    view : View
    registry : Registry
    kind : str
    copies : Copies
    wanted : Wanted
    members : mapping
        Which items are compared, of all kinds.
    over : callable
        Says whether the work has to stop.

    Raises
    ------
    QuerySyntax
        If an option is not valid.
    MissingExtra
        If a library that the kind needs is not installed.
    """

    def __init__(
        self,
        view: View,
        registry: Registry,
        kind: str,
        copies: Copies,
        wanted: Wanted,
        members: Members,
        over: Callable[[], bool],
    ) -> None:
        self._view = view
        self._handler_of: Callable[[str], Handler] = registry.get
        own = example_settings(registry, kind, wanted.options)
        declared = {**dict(copies.options), **wanted.options}
        self._settings = [example_settings(registry, kind, declared), own] if copies.options else [own]
        self._wanted = wanted
        self._least = copies.score if wanted.minimum is None else wanted.minimum
        self._over = over
        self._asked = lru_cache(maxsize=COMPILED)(self._compiled)
        self.kind = kind
        self.roll = Roll(view, kind, members)
        self._forest = Forest(len(self.roll))
        self.links: list[Link] = []
        self.skipped: list[NotCompared] = []
        self.compared = 0
        self.undecided = 0
        self.complete = True
        self.guarantee: Guarantee = "complete"

    def run(self) -> Iterator[None]:
        """Ask with each item, until all were or the work has to stop."""
        for rank in range(len(self.roll)):
            if self._over() or not self._ask(rank):
                self.complete = False
                return
            self.compared += 1
            yield

    def groups(self, size: Callable[[str], int | None]) -> list[Group]:
        """Return the groups found so far, the earliest first; `size` gives the bytes of a source by its path."""
        beside = Beside(self.kind, self.roll.item, size, self._beside, self._counts)
        return groups_of(self.links, self._forest.root, beside)

    def _counts(self, link: Link) -> bool:
        return link.score >= self._least - ROUNDING and (link.tier == "exact" or not self._wanted.exact)

    def _compiled(self, rank: int) -> ProbePart:
        """Compile an item as ``like`` of it does, with the declared options if it can be asked with them."""
        part, key = self.roll.place(rank)
        payload, handler = bytes(part.split.payload(key)), self._handler_of(self.kind)
        *declared, own = self._settings
        probe = None
        for settings in declared:
            with suppress(QuerySyntax):
                probe = handler.compile("like", payload, settings)
        probe = handler.compile("like", payload, own) if probe is None else probe
        least = max(self._least, probe.exact_floor) if self._wanted.exact else self._least
        asked = counted(ProbePart(probe, least), self._view.extent)
        assert isinstance(asked, ProbePart)  # noqa: S101 - it is told something, no more
        return asked

    def _ask(self, rank: int) -> bool:
        """Look for the copies of an item behind it; return False if that was cut short."""
        try:
            part = self._asked(rank)
        except (QueryError, InputError) as error:
            self.skipped.append(NotCompared(self.roll.item(rank), error.message, error.code))
            return True
        self.guarantee = max(self.guarantee, part.probe.guarantee, key=GUARANTEES.index)
        for other, judge, way in self._candidates(part, rank):
            if self._forest.are_joined(rank, other) or self.roll.is_part(rank, other):
                continue
            if self._over():
                return False
            link = self._verified(rank, other, judge, self._least, way)
            if link is not None and self._counts(link):
                self._forest.join(rank, other)
                self.links.append(link)
        return True

    def _candidates(self, part: ProbePart, rank: int) -> list[tuple[int, Judge, ProbePart]]:
        """Return the items behind an item that may be copies of it, in their order, with who decides about them.

        What the kind asks otherwise, where a query has no hit, is asked as well: each item is a hit of itself.
        """
        wider = widened(part)
        assert isinstance(wider, ProbePart)  # noqa: S101 - it asks something else, no more
        found: list[tuple[int, Judge, ProbePart]] = []
        for way in [part] if wider is part else [part, wider]:
            for view in self._view.splits:
                judge, others = self._screened(way, view, rank)
                found.extend((other, judge, way) for other in others)
        return sorted(found, key=lambda one: one[0])

    def _screened(self, part: ProbePart, view: SplitView, rank: int) -> tuple[Judge, list[int]]:
        """Return the items of a split behind an item that may be copies of it, and who decides about them."""
        screen = candidates.screen(part, view, self._handler_of)
        self.complete &= screen.complete
        ranks = self.roll.ranks[view.number]
        keys = screen.keys[ranks[screen.keys] > rank]
        scores = asked_scores(view, self._handler_of, self._over)
        bounds = candidates.bounds(part, view, keys, screen.notes, scores)
        keys = keys[bounds >= part.minimum - candidates.ROUNDING]
        return Judge(view, self._handler_of, screen, {}), ranks[keys].tolist()

    def _beside(self, rank: int, other: int) -> Link | None:
        """Compare two items, wherever they match."""
        view, _ = self.roll.place(other)
        return self._verified(rank, other, Judge(view, self._handler_of, None, {}), 0.0)

    def _verified(self, rank: int, other: int, judge: Judge, least: float, way: ProbePart | None = None) -> Link | None:
        """Verify a pair: forth, by the way that found it, and if that scores at least so much, back."""
        forth = self._judged(rank, other, judge, way)
        if forth is None or forth.score < least - ROUNDING:
            return None
        view, _ = self.roll.place(rank)
        back = self._judged(other, rank, Judge(view, self._handler_of, None, {}))
        return None if back is None else Link(rank, other, forth, back)

    def _judged(self, rank: int, other: int, judge: Judge, way: ProbePart | None = None) -> Judgement | None:
        """Return what ``like`` of an item says of another, None if it is no hit or cannot be asked."""
        try:
            part = self._asked(rank) if way is None else way
        except (QueryError, InputError):
            return None
        _, key = self.roll.place(other)
        judged = judge.judge(replace(part, minimum=0.0), key)
        if key in judge.undecided:
            self.undecided += 1
            self.complete = False
        return judged


def copies_of(registry: Registry, kind: str) -> Copies | None:
    """Return when two items of a kind are copies of each other, None if it does not say."""
    return next((one.copies for one in registry.get(kind).operators if one.name == "like"), None)


def compared_kinds(registry: Registry, named: Sequence[str] | None) -> dict[str, Copies]:
    """Return the kinds whose items are compared, and when two are copies.

    Parameters
    ----------
    registry : Registry
    named : sequence of str or None
        What was asked for; None is all that have the relation.

    Raises
    ------
    QueryError
        If one that is named is unknown, or does not say when two items are copies.
    """
    found: dict[str, Copies] = {}
    for kind in registry.kinds if named is None else named:
        copies = copies_of(registry, kind)
        if copies is not None:
            found[kind] = copies
        elif named is not None:
            able = [known for known in registry.kinds if copies_of(registry, known) is not None]
            said = f"kind {kind} does not say when two items are copies of each other"
            raise QueryError(said, hint=f"kinds that do: {', '.join(able)}")
    return found


def find_duplicates(
    view: View,
    registry: Registry,
    kinds: Sequence[str] | None,
    wanted: Wanted,
    plan: Plan | None,
    *,
    size: Callable[[str], int | None],
    over: Callable[[], bool],
    progress: Callable[[Comparing], None] | None = None,
) -> Duplicates:
    """Find the groups of duplicates of a view.

    Parameters
    ----------
    view : View
    registry : Registry
    kinds : sequence of str or None
        Which kinds; None is all that have the relation.
    wanted : Wanted
    plan : Plan or None
        Only items that satisfy it are compared.
    size : callable
        Gives the bytes of the source at a path, None if they are not known.
    over : callable
        Says whether the work has to stop.
    progress : callable, optional
        Called after every item.

    Raises
    ------
    QueryError
        If a kind, an option or the minimum is not valid.
    MissingExtra
        If a library that a kind needs is not installed.
    """
    started = time.monotonic()
    example_node("", wanted.minimum, wanted.options)
    asked = compared_kinds(registry, kinds)
    members, complete = (living(view), True) if plan is None else matching(view, plan, registry)
    every = (
        Comparison(view, registry, kind, copies, wanted, _among(view, members, copies, plan), over)
        for kind, copies in asked.items()
        if any(part.living_between(*part.split.kind_range(kind)) for part in view.splits)
    )
    comparisons = [one for one in every if len(one.roll)]
    for one in comparisons:
        for _ in one.run():
            if progress is not None:
                progress(_so_far(comparisons, one.kind, time.monotonic() - started))
    found = _found(comparisons, [wanted.said(one.kind, asked[one.kind]) for one in comparisons], size)
    return replace(found, complete=found.complete and complete, seconds=time.monotonic() - started)


def _found(comparisons: Sequence[Comparison], read_as: Sequence[str], size: Callable[[str], int | None]) -> Duplicates:
    groups = sorted((group for one in comparisons for group in one.groups(size)), key=lambda group: -len(group.members))
    return Duplicates(
        groups,
        total=sum(len(one.roll) for one in comparisons),
        compared=sum(one.compared for one in comparisons),
        skipped=[item for one in comparisons for item in one.skipped],
        undecided=sum(one.undecided for one in comparisons),
        complete=all(one.complete for one in comparisons),
        guarantee=max((one.guarantee for one in comparisons), key=GUARANTEES.index, default="complete"),
        read_as=read_as,
    )


def _among(view: View, members: Members, copies: Copies, plan: Plan | None) -> Members:
    """Return the items that a kind compares, unless the asker's query speaks of the field that says which."""
    if copies.among is None:
        return members
    field, values = copies.among
    spoken = (
        ()
        if plan is None
        else [name for part in leaves(plan.root) if isinstance(part, TextPart) for name in part.fields]
    )
    return members if field in spoken else having(view, members, field, values)


def _so_far(comparisons: Sequence[Comparison], kind: str, seconds: float) -> Comparing:
    return Comparing(
        kind,
        sum(one.compared for one in comparisons),
        sum(len(one.roll) for one in comparisons),
        sum(len(one.links) for one in comparisons),
        sum(len(one.skipped) for one in comparisons),
        seconds,
    )
