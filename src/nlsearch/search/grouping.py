"""From verified pairs to groups: connected components, each with a representative.

Conventions
-----------
Items are known by their rank, the place in the order of the collection.  The representative of a group is the item in
most pairs, the earliest of several; as items are compared with those behind them, and not again once they are joined,
it is the one with which most others were found.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nlsearch.model import TIERS
from nlsearch.search.copies import Group, Member, Pair
from nlsearch.search.judge import hit_of

if TYPE_CHECKING:
    from nlsearch.model import Item, Tier
    from nlsearch.search.fuse import Judgement


@dataclass(frozen=True, slots=True)
class Link:
    """A verified pair.

    Parameters
    ----------
    first, second : int
        Their ranks.
    forth, back : Judgement
        Of the second asked with the first, and of the first asked with the second.
    """

    first: int
    second: int
    forth: Judgement
    back: Judgement

    @property
    def score(self) -> float:
        """The lower score."""
        return min(1.0, max(0.0, min(self.forth.score, self.back.score)))

    @property
    def tier(self) -> Tier:
        """The weaker tier."""
        return max(self.forth.tier, self.back.tier, key=TIERS.index)

    def other(self, rank: int) -> int:
        """Return the rank of the other item."""
        return self.second if self.first == rank else self.first

    def judgement_of(self, rank: int) -> Judgement:
        """Return what is known of one of the two, asked with the other."""
        return self.forth if self.second == rank else self.back


class Forest:
    """Which items are joined so far (union-find; Tarjan, J. ACM 1975, 22, 215).

    Parameters
    ----------
    size : int
        How many items there are.
    """

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def root(self, one: int) -> int:
        """Return the earliest item that `one` is joined to."""
        above = self._above
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    def are_joined(self, one: int, other: int) -> bool:
        """Say whether two items are in one group."""
        return self.root(one) == self.root(other)

    def join(self, one: int, other: int) -> None:
        """Put the groups of two items together."""
        first, second = sorted((self.root(one), self.root(other)))
        self._above[second] = first


@dataclass(frozen=True, slots=True)
class Beside:
    """What a group is made with.

    Parameters
    ----------
    kind : str
    item : callable
        Gives the item of a rank.
    size : callable
        Gives the bytes of the source at a path, None if they are not known.
    compare : callable
        Verifies a pair: the link of one item to another, None if they have nothing in common.
    counts : callable
        Says whether a link makes two items copies.
    """

    kind: str
    item: Callable[[int], Item]
    size: Callable[[str], int | None]
    compare: Callable[[int, int], Link | None]
    counts: Callable[[Link], bool]


def groups_of(links: Sequence[Link], root: Callable[[int], int], beside: Beside) -> list[Group]:
    """Return the groups that links make, in the order of their earliest items."""
    components: dict[int, list[Link]] = {}
    for link in links:
        components.setdefault(root(link.first), []).append(link)
    return [_group(components[first], beside) for first in sorted(components)]


def _group(links: Sequence[Link], beside: Beside) -> Group:
    degrees = Counter(rank for link in links for rank in (link.first, link.second))
    chosen = min(degrees, key=lambda rank: (-degrees[rank], rank))
    items = {rank: beside.item(rank) for rank in sorted(degrees)}
    above = _paths(links, chosen)
    first = Member(items[chosen], beside.size(items[chosen].path))
    others = (_member(rank, chosen, above[rank], items, beside) for rank in items if rank != chosen)
    pairs = [Pair(items[link.first].id, items[link.second].id, link.score, link.tier) for link in links]
    return Group(beside.kind, (first, *others), tuple(pairs))


def _paths(links: Iterable[Link], chosen: int) -> dict[int, Link]:
    """Return for each item but the chosen one the link by which it hangs on the side of that."""
    touching: dict[int, list[Link]] = {}
    for link in links:
        touching.setdefault(link.first, []).append(link)
        touching.setdefault(link.second, []).append(link)
    above: dict[int, Link] = {}
    waiting = deque([chosen])
    while waiting:
        one = waiting.popleft()
        for link in touching[one]:
            other = link.other(one)
            if other != chosen and other not in above:
                above[other] = link
                waiting.append(other)
    return above


def _member(rank: int, chosen: int, above: Link, items: Mapping[int, Item], beside: Beside) -> Member:
    """Return a member as a hit of the representative, or else of the item through which it is joined."""
    direct = above if above.other(rank) == chosen else beside.compare(chosen, rank)
    shown = direct if direct is not None and beside.counts(direct) else above
    hit = replace(hit_of(shown.judgement_of(rank), items[rank]), score=shown.score, tier=shown.tier)
    of = items[shown.other(rank)].id
    return Member(items[rank], beside.size(items[rank].path), hit, of, None if direct is None else direct.score)
