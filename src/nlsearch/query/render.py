"""From the syntax tree back to the text of a query: what :func:`nlsearch.query.parse.parse` reads as the same tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from decimal import Decimal

from nlsearch.model import Scalar
from nlsearch.query.syntax import And, FieldIs, FieldRange, Node, Not, Or, Structure, Words

_PLAIN = re.compile(r"[^\s\"'()\[\]{}:]+")
_PLAIN_SETTING = re.compile(r"[^\s\"'()\[\]{}:,]+")
_PLAIN_BOUND = re.compile(r"[^\s\"'\[\]]+")


def render(node: Node, fields: Collection[str] = ()) -> str:
    """Write a syntax tree as a query.

    Parameters
    ----------
    node : Node
        A tree as the reader makes it: no ``And`` directly in an ``And``, no ``Or`` directly in an ``Or``.
    fields : collection of str, optional
        Names of fields; an operator of such a name gets braces, which tell it from the field.

    Raises
    ------
    ValueError
        If a value has no spelling: one that needs quotes and ends in a backslash.
    """
    match node:
        case Or(parts):
            return " OR ".join(_inside(part, fields, And, Not) for part in parts)
        case And(parts):
            return " AND ".join(_inside(part, fields, Not) for part in parts)
        case Not(part):
            return "NOT " + _inside(part, fields, Not)
        case Words(text, phrase):
            return quoted(text) if phrase else text
        case FieldIs(field, value, phrase):
            return f"{field}:{quoted(value) if phrase else value}"
        case FieldRange(field, low, high):
            return f"{field}:[{_bound(low)} TO {_bound(high)}]"
        case Structure():
            return _structure(node, fields)


def quoted(value: str) -> str:
    """Put `value` between double quotes.

    Raises
    ------
    ValueError
        If it ends in a backslash, which would escape the closing quote.
    """
    if value.endswith("\\"):
        raise ValueError("a quoted value cannot end in a backslash")
    return '"' + value.replace('"', '\\"') + '"'


def without_columns(node: Node) -> Node:
    """Return the tree with every column set to 0, to compare trees of differently written queries."""
    match node:
        case And(parts):
            return And(tuple(map(without_columns, parts)))
        case Or(parts):
            return Or(tuple(map(without_columns, parts)))
        case Not(part):
            return Not(without_columns(part))
        case _:
            return replace(node, column=0)


def _inside(part: Node, fields: Collection[str], *bare: type) -> str:
    """Write a part of a compound, in parentheses unless it binds tighter."""
    text = render(part, fields)
    return f"({text})" if isinstance(part, (And, Or, Not)) and not isinstance(part, bare) else text


def _bound(value: str | None) -> str:
    if value is None:
        return "*"
    return value if value != "*" and _PLAIN_BOUND.fullmatch(value) else quoted(value)


def _structure(node: Structure, fields: Collection[str]) -> str:
    if node.minimum is None and node.value.endswith("\\") and _PLAIN.fullmatch(node.value):
        value = node.value
    else:
        value = quoted(node.value)
    minimum = "" if node.minimum is None else "~" + format(Decimal(repr(node.minimum)), "f")
    options = ", ".join(f"{name}={_setting(setting)}" for name, setting in node.options.items())
    braces = options or (node.operator in fields and not minimum)
    return f"{node.operator}:{value}{minimum}" + (f"{{{options}}}" if braces else "")


def _setting(value: Scalar) -> str:
    writers: dict[type, Callable[[Scalar], str]] = {bool: lambda v: "yes" if v else "no", int: str, float: repr}
    if type(value) in writers:
        return writers[type(value)](value)
    text = str(value)
    return text if _PLAIN_SETTING.fullmatch(text) else quoted(text)
