"""Who asks: the ids and the letters of the queries behind a hit.

A query that is written with a FASTA header has its id; a record of a file has the record's; any other is ``query``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from nlsearch.cli.alignments.aligned import Side
from nlsearch.errors import NlsearchError
from nlsearch.query.syntax import And, Node, Not, Or, Structure

if TYPE_CHECKING:
    from nlsearch.collection import Collection

UNNAMED = "query"
_KEPT = 4
"""Items whose letters are kept at hand."""


def item_letters(collection: Collection) -> Callable[[str], str]:
    """Return a function that gives the letters of an item by its id, ``""`` where its kind has none."""

    @lru_cache(_KEPT)
    def letters(item: str) -> str:
        """Return the letters of an item."""
        return _text_of(collection, item, None)[1]

    return letters


def _text_of(collection: Collection, example: str, kind: str | None) -> tuple[str, str]:
    try:
        return collection.text_of(example, kind)
    except NlsearchError:  # its letters are then not known, which the formats say in their own ways
        return "", ""


def of_record(title: str, letters: str) -> Side:
    """Return the query that is a record of a file."""
    return Side(named(title), len(letters) or None, lambda: letters)


def named(title: str) -> str:
    """Return a title as an id: one word."""
    return "_".join(title.split()) or UNNAMED


class QueryTexts:
    """The values of the operators of one query.

    Parameters
    ----------
    collection : Collection
    node : Node
        The query.
    """

    def __init__(self, collection: Collection, node: Node) -> None:
        self._values: dict[str, list[tuple[str, str]]] = {}
        for place in _operators(node):
            kind = place.options.get("kind")
            read = _example(collection, place, None if kind is None else str(kind))
            self._values.setdefault(place.operator, []).append(read)

    def __call__(self, operator: str, length: int | None) -> Side:
        """Return the query of an operator; its letters if only one value of the operator has that length."""
        fit = [(name, text) for name, text in self._values.get(operator, []) if length in {None, len(text)}]
        if len(set(fit)) != 1:
            return Side(UNNAMED, length, lambda: "")
        name, text = fit[0]
        return Side(name, length or len(text), lambda: text)


def _operators(node: Node) -> Iterator[Structure]:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _operators(part)
        case Not(part):
            yield from _operators(part)
        case Structure():
            yield node


def _example(collection: Collection, place: Structure, kind: str | None) -> tuple[str, str]:
    if place.operator == "like":
        title, text = _text_of(collection, place.value, kind)
        return named(title), text
    return written(place.value)


def written(value: str) -> tuple[str, str]:
    """Return the id and the letters of a sequence as people write it into a query.

    Examples
    --------
    >>> written("ac gt 10")
    ('query', 'ACGT')
    """
    lines = value.splitlines()
    header = next((line.strip()[1:].split() for line in lines if line.lstrip().startswith(">")), [])
    body = "".join(line for line in lines if not line.lstrip().startswith(">"))
    letters = "".join(c for c in body if not c.isspace() and not c.isdecimal())
    return header[0] if header else UNNAMED, letters.upper()
