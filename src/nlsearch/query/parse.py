"""From the text of a query to its syntax tree.

Goal: read a query of any size in time linear in its length, and turn every mistake into a
:class:`~nlsearch.errors.QuerySyntax` that points at the column and says what would have been right.

Conventions
-----------
Columns are 0-based offsets into the text.  ``AND`` within ``AND`` and ``OR`` within ``OR`` are merged, so parentheses
that change nothing change nothing.  ``field:>5`` is sugar: the tree holds ranges and exclusions only.  Options that
the query leaves out stay absent; the planner completes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.contract import COMMON_OPTIONS, Field, Operator, Option
from nlsearch.handlers.registry import Registry
from nlsearch.limits import Limits
from nlsearch.query.build import Builder, Watch
from nlsearch.query.mistakes import explain_mistake
from nlsearch.query.suggest import offer
from nlsearch.query.syntax import Node

if TYPE_CHECKING:
    from lark import Lark


@dataclass(frozen=True, slots=True)
class Names:
    """What may stand before a colon: operators and fields by their names.

    Of a name that is both, options or a minimum make it the operator.  Without them it is the field if that reads its
    values in a notation of its own; else it is the operator, and the field has ranges and comparisons only.
    """

    operators: Mapping[str, Operator]
    fields: Mapping[str, Field]

    @classmethod
    def of(cls, registry: Registry) -> Names:
        """Gather the names that the handlers of `registry` declare.

        An operator that several kinds offer (``like``) takes the options of all of them, every operator takes the
        common ones, and ``like`` takes ``kind``.
        """
        operators: dict[str, Operator] = {}
        for name, offered in registry.operators().items():
            first = offered[0][1]
            options: dict[str, Option] = {}
            for option in (option for _, operator in offered for option in operator.options):
                known = options.get(option.name)
                options[option.name] = option if known is None else _either(known, option)
            extra = [option for option in COMMON_OPTIONS if option.name not in options]
            if name == "like" and "kind" not in options:
                extra.insert(0, Option("kind", "text", "search this kind only", choices=registry.kinds))
            operators[name] = replace(first, options=(*options.values(), *extra))
        return cls(operators, registry.fields())

    def field_meant(self, name: str, *, marked: bool) -> Field | None:
        """Return the field that ``name:value`` asks for, None if that is the operator.

        Parameters
        ----------
        name : str
            One of the names.
        marked : bool
            Whether options (even empty ones) or a minimum stand behind the value.
        """
        field = self.fields.get(name)
        if name not in self.operators:
            return field
        return field if field is not None and field.notation and not marked else None


def _either(one: Option, other: Option) -> Option:
    """Return an option of two kinds as both may be given it: with the choices of both, which each checks for itself."""
    if not (one.choices and other.choices):
        return replace(one, choices=())
    return replace(one, choices=tuple(dict.fromkeys([*one.choices, *other.choices])))


def parse(text: str, names: Names, limits: Limits | None = None) -> Node:
    """Read a query.

    Parameters
    ----------
    text : str
        The query.
    names : Names
        The operators and fields that exist.
    limits : Limits, optional
        Bounds on the size, the clauses and the nesting of the query.

    Returns
    -------
    Node
        The syntax tree (:mod:`nlsearch.query.syntax`).

    Raises
    ------
    QuerySyntax
        If the text does not follow the grammar or names something unknown; carries the column.
    QueryTooCostly
        If it is longer, or nests deeper, than `limits` allow.
    """
    caps = limits if limits is not None else Limits()
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > caps.query_bytes:
        raise QueryTooCostly(
            f"the query has {size:,} bytes; the cap query_bytes is {caps.query_bytes:,}",
            hint="ask by a file with like:",
        )
    if not text.strip():
        raise QuerySyntax("the query is empty", column=0, hint="words, field:value or an operator, e.g. kind:molecule")
    return _read(text, names, caps)


def _read(text: str, names: Names, limits: Limits) -> Node:
    from lark.exceptions import UnexpectedInput

    watch = Watch(text, names, limits)
    reading = _parser().parse_interactive(text)
    token = None
    try:
        for token in reading.iter_parse():
            watch.see(token)
        tree = reading.feed_eof(token)  # type: ignore[no-untyped-call]
    except UnexpectedInput as exc:
        known = {*names.operators, *names.fields}
        raise explain_mistake(exc, text, watch.open_at, offer(text, known)) from exc
    return Builder(names).node(tree)


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark.open("grammar.lark", rel_to=__file__, parser="lalr", lexer="contextual", maybe_placeholders=False)
