"""Links: items, of one kind or several, that share an identity.

Handlers give identities as ``Features.keys``; the table below says which of them link and by how much of the value.

Conventions
-----------
Two items are linked when the shortened values of a key are equal.  Links are looked up in the keyword field of the
key's name, of the kinds that declare it; a kind that gives its field no notation reads whole values only, so its items
are linked by the whole value.  An item is not linked to itself, and its own item is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nlsearch.index.textquery import EveryOf, Keyword, KeywordPrefix, KindIs, TextQuery, Without
from nlsearch.index.texttokens import identity
from nlsearch.model import Item, Json
from nlsearch.query.render import quoted

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Field
    from nlsearch.handlers.registry import Registry
    from nlsearch.search.view import SplitView, View

MOST_LISTED = 20
"""Items of a kind that are listed; their number is always told."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a key links.

    Parameters
    ----------
    field : str
        The keyword field that holds it.
    shorten : callable
        From a value to the part that must be equal.
    joint : str
        What follows that part in longer values.
    """

    field: str
    shorten: Callable[[str], str]
    joint: str = ""


RULES: Mapping[str, Rule] = {
    "inchikey": Rule("inchikey", lambda key: key.partition("-")[0], "-"),
    "protein_id": Rule("protein_id", str),
    "protein_refget": Rule("protein_refget", str),
}
"""By the name of the key.  The first block of an InChIKey is the skeleton: stereoisomers, isotopologues and, as far as
InChI sees them, tautomers and protonation states share it (Heller et al., J. Cheminform. 2015, 7, 23).  A coding
sequence and its protein share the accession of the protein, and the digest of its residues, which is that of the
translation."""


@dataclass(frozen=True, slots=True)
class Links:
    """The items of one kind that share an identity with an item.

    Parameters
    ----------
    key : str
        The identity: ``"inchikey"``.
    kind : str
        The kind of the linked items.
    total : int
        How many there are, the item itself not counted.
    query : str
        The query that lists all of them (and the item itself, if it is of that kind).
    items : tuple of Item
        The first of them.
    """

    key: str
    kind: str
    total: int
    query: str
    items: tuple[Item, ...]

    def to_dict(self) -> dict[str, Json]:
        """Return the JSON object that ``show --json`` prints."""
        items = [
            {"id": one.id, "title": one.title, "path": one.path, "locator": one.locator, "fields": dict(one.fields)}
            for one in self.items
        ]
        return {"key": self.key, "kind": self.kind, "total": self.total, "query": self.query, "items": items}


def links_of(view: View, place: tuple[SplitView, int], registry: Registry, limit: int = MOST_LISTED) -> list[Links]:
    """Return what is linked to an item, by kind; kinds without linked items are left out.

    Parameters
    ----------
    view : View
        Where to look.
    place : (SplitView, int)
        The item: its split, and its key there.
    registry : Registry
    limit : int
        Items of a kind that are listed.
    """
    part, key = place
    item = part.split.item(key)
    others = Without(Keyword("id", identity(item.path, item.locator)))
    found = []
    for name, rule in RULES.items():
        for field, kind in _fields(rule, registry) if item.keys.get(name) else ():
            query, written = _question(rule, item.keys[name], kind, field)
            total, items = _linked(view, EveryOf((query, others)), limit)
            found.append(Links(name, kind, total, written, tuple(items)))
    return [links for links in found if links.total]


def _fields(rule: Rule, registry: Registry) -> Iterator[tuple[Field, str]]:
    """Yield the field of every kind that has it, and the kind."""
    for handler in registry:
        for field in handler.fields:
            if field.name == rule.field and field.type == "keyword":
                yield field, handler.kind


def _question(rule: Rule, value: str, kind: str, field: Field) -> tuple[TextQuery, str]:
    """Return what asks for the items of a kind that have `value`: for the text index, and as people write it."""
    short = rule.shorten(value) if field.notation else value
    query = Keyword(rule.field, value) if short == value else KeywordPrefix(rule.field, short + rule.joint)
    written = short if all(part.isalnum() for part in short.split("-")) else quoted(short)
    return EveryOf((KindIs(kind), query)), f"{rule.field}:{written} kind:{kind}"


def _linked(view: View, query: TextQuery, limit: int) -> tuple[int, list[Item]]:
    """Return how many items answer, and the first of them."""
    total = 0
    items: list[Item] = []
    for part in view.splits:
        alive = part.text(query)
        total += part.split.text.count(alive)
        keys = part.split.text.lightest(alive, limit - len(items)) if len(items) < limit else []
        items.extend(part.split.item(key).to_item() for key in keys)
    return total, items
