"""What looking for duplicates gives: groups of items that are copies of each other, and what could not be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nlsearch.model import Guarantee, Hit, Item, Json, Tier


@dataclass(frozen=True, slots=True)
class Pair:
    """Two items that were verified to be copies of each other.

    Parameters
    ----------
    first, second : str
        Their ids, in the order of the collection; the first was asked with.
    score : float
        In [0, 1]; where both directions count, the lower one.
    tier : {"exact", "near"}
    """

    first: str
    second: str
    score: float
    tier: Tier


@dataclass(frozen=True, slots=True)
class Member:
    """An item of a group.

    Parameters
    ----------
    item : Item
    bytes : int or None
        Size of the file that holds it (of a member of an archive: unpacked), if the catalog knows it.
    hit : Hit or None
        The item as a hit of ``like:"ITEM"``, ITEM being `copy_of`: score, tier, and evidence in this item's
        coordinates.  None for the representative of the group, with which the others are compared.
    copy_of : str
        The id of the item that it was verified to be a copy of: the representative, or else the member through which
        it belongs to the group; ``""`` for the representative.
    beside : float or None
        Its score beside the representative; None where ``like`` finds nothing in common.
    """

    item: Item
    bytes: int | None
    hit: Hit | None = None
    copy_of: str = ""
    beside: float | None = 1.0

    @property
    def score(self) -> float:
        """The score of the pair with `copy_of`; 1 for the representative."""
        return 1.0 if self.hit is None else self.hit.score

    @property
    def tier(self) -> Tier:
        """The tier of that pair."""
        return "exact" if self.hit is None else self.hit.tier

    @property
    def evidence(self) -> dict[str, Json]:
        """The evidence of that pair, in this item's coordinates; none for the representative."""
        return {} if self.hit is None else self.hit.evidence

    def to_dict(self) -> dict[str, Json]:
        """Return the JSON object of an item: as that of a hit, with what it is a copy of."""
        hit = self.hit or Hit(self.item, 1.0, "exact", {})
        return {**hit.to_dict(), "bytes": self.bytes, "copy_of": self.copy_of or None, "beside": self.beside}


@dataclass(frozen=True, slots=True)
class Group:
    """Items of one kind that are copies of each other, directly or through others.

    Parameters
    ----------
    kind : str
    members : tuple of Member
        The representative first: the item that most others were verified against, the earliest of several.  Then the
        others in the order of the collection.
    pairs : tuple of Pair
        What joined them: one pair fewer than there are members, and no path twice.
    """

    kind: str
    members: tuple[Member, ...]
    pairs: tuple[Pair, ...]

    @property
    def representative(self) -> Item:
        """The item that the others are compared with."""
        return self.members[0].item

    @property
    def spare(self) -> int:
        """How many members are copies of the representative itself, not only of another copy."""
        return sum(member.copy_of == self.representative.id for member in self.members)

    @property
    def spare_exact(self) -> int:
        """How many of these are exact copies."""
        of = self.representative.id
        return sum(member.copy_of == of and member.tier == "exact" for member in self.members)

    def to_dict(self, number: int) -> dict[str, Json]:
        """Return the JSON object of the group, which is the `number`-th."""
        pairs = [{"first": p.first, "second": p.second, "score": p.score, "tier": p.tier} for p in self.pairs]
        items = [member.to_dict() for member in self.members]
        return {
            "group": number,
            "kind": self.kind,
            "spare": self.spare,
            "spare_exact": self.spare_exact,
            "items": items,
            "pairs": pairs,
        }


@dataclass(frozen=True, slots=True)
class NotCompared:
    """An item with which nothing could be asked, and why."""

    item: Item
    reason: str
    code: str

    def to_dict(self) -> dict[str, Json]:
        """Return the JSON object of the item."""
        return {"id": self.item.id, "kind": self.item.kind, "reason": self.reason, "code": self.code}


@dataclass(frozen=True, slots=True)
class Comparing:
    """How far a comparison is.

    Parameters
    ----------
    kind : str
        Of the items that are at hand.
    compared, total : int
        Items that were asked with, and how many there are, of all kinds.
    copies : int
        Items that were found to be copies of an earlier one.
    skipped : int
        Items with which nothing could be asked.
    seconds : float
        Since the start.
    """

    kind: str
    compared: int
    total: int
    copies: int
    skipped: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The groups of duplicates of a collection.

    Parameters
    ----------
    groups : list of Group
        The largest first.
    total : int
        How many items there were to compare.
    compared : int
        How many of them were asked with; less than `total` where the work was cut short.
    skipped : list of NotCompared
        Those among them with which nothing could be asked.
    undecided : int
        Pairs about which a handler could not decide within its caps.
    complete : bool
        False when a deadline, a cap or the caller left something out.
    guarantee : {"complete", "sound", "approximate"}
        The weakest of the operators used.
    read_as : list of str
        By kind, what makes two items copies of each other.
    seconds : float
        Wall clock.
    """

    groups: list[Group]
    total: int
    compared: int
    skipped: list[NotCompared] = field(default_factory=list)
    undecided: int = 0
    complete: bool = True
    guarantee: Guarantee = "complete"
    read_as: Sequence[str] = ()
    seconds: float = 0.0

    @property
    def members(self) -> int:
        """How many items are in groups."""
        return sum(len(group.members) for group in self.groups)

    @property
    def spare(self) -> int:
        """How many items are copies of their group's representative."""
        return sum(group.spare for group in self.groups)

    @property
    def spare_exact(self) -> int:
        """How many of these are exact copies."""
        return sum(group.spare_exact for group in self.groups)

    def to_dict(self) -> dict[str, Json]:
        """Return the JSON object of what holds of all groups together."""
        return {
            "groups": len(self.groups),
            "items": self.members,
            "spare": self.spare,
            "spare_exact": self.spare_exact,
            "compared": self.compared,
            "total": self.total,
            "skipped": len(self.skipped),
            "undecided": self.undecided,
            "complete": self.complete,
            "guarantee": self.guarantee,
            "read_as": list(self.read_as),
            "seconds": self.seconds,
        }
