"""A query that is asked with every record of a file: ``dna:@{mismatches=1} AND organism:coli``.

Conventions
-----------
``@`` as the value of an operator stands for the record, written as text.  All else of the query holds for each record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.contract import COMMON_OPTIONS
from nlsearch.handlers.registry import Registry
from nlsearch.query.syntax import And, Node, Not, Or, Structure, Words
from nlsearch.search.examples import Answer, Batch, Wanted
from nlsearch.search.parts import Plan
from nlsearch.search.plan import complete_options

RECORD = "@"
"""The value that stands for the record."""


def filled(node: Node, value: Callable[[Structure], Node]) -> Node:
    """Return a tree with what `value` makes of each operator whose value is ``@``."""
    match node:
        case And(parts):
            return And(tuple(filled(part, value) for part in parts))
        case Or(parts):
            return Or(tuple(filled(part, value) for part in parts))
        case Not(part):
            return Not(filled(part, value))
        case Structure() if node.value == RECORD:
            return value(node)
    return node


def places(node: Node) -> Iterator[Structure]:
    """Yield the operators whose value is ``@``."""
    found: list[Structure] = []
    filled(node, lambda place: found.append(place) or place)  # type: ignore[func-returns-value]
    yield from found


def value_kind(registry: Registry, node: Node) -> str:
    """Return the kind that a file of records is read as, by the operators that take them.

    Raises
    ------
    QuerySyntax
        If no operator takes them, one of them cannot, or they take different kinds.
    """
    kinds: dict[str, Structure] = {}
    for place in places(node):
        for kind in {operator.value_kind for _, operator in registry.operators()[place.operator]}:
            if not kind:
                hint = "nlsearch like FILE --batch" if place.operator == "like" else _takers(registry)
                raise QuerySyntax(f"{place.operator} takes no records of a file", column=place.column, hint=hint)
            kinds.setdefault(kind, place)
    if not kinds:
        raise QuerySyntax("no operator of the query takes the records", hint='write @ for the record: "dna:@"')
    if len(kinds) > 1:
        (first, _), (second, place) = list(kinds.items())[:2]
        said = f"the records are asked with as {first} and as {second}, but a file holds one of them"
        raise QuerySyntax(said, column=place.column)
    return next(iter(kinds))


def _takers(registry: Registry) -> str:
    names = [name for name, offered in registry.operators().items() if all(one.value_kind for _, one in offered)]
    return f"operators that do: {', '.join(names)}"


class RecordBatch(Batch):
    """Answers one query for every record of a file.

    Parameters
    ----------
    registry : Registry
    path : str
        The file as users see it.
    kind : str
        What it is read as.
    wanted : Wanted
        Its options and minimum stand in `node` instead.
    node : Node
        The query.
    kinds : sequence of str or None
        Restrict the answers to these kinds.

    Raises
    ------
    QuerySyntax
        If an option or another part of the query is not valid; before anything is read.
    """

    def __init__(
        self, registry: Registry, path: str, kind: str, wanted: Wanted, node: Node, kinds: Sequence[str] | None = None
    ) -> None:
        self._node = node
        self._kinds = kinds
        super().__init__(registry, path, kind, wanted)

    def _check(self) -> None:
        common = {option.name for option in COMMON_OPTIONS}
        for place in places(self._node):
            given = {name: value for name, value in place.options.items() if name not in common}
            for _, operator in self._registry.operators()[place.operator]:
                complete_options(operator, given)
        self._planner.plan(filled(self._node, lambda _: Words("record")), self._kinds)

    def _plan(self, answer: Answer) -> Plan:
        if answer.kind != self._kind:
            raise QuerySyntax(f"the record is of kind {answer.kind}, not {self._kind}")
        if not answer.text:
            raise QuerySyntax("the record holds nothing to ask with")
        node = filled(self._node, lambda place: replace(place, value=answer.text))
        return self._planner.plan(node, self._kinds)
