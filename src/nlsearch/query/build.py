"""From the tokens and the parse tree to the syntax tree.

Goal: check, as early as a token is read, what would cost too much or is unknown, and give the tree its types.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.handlers.contract import Field, Operator, Option
from nlsearch.limits import Limits
from nlsearch.model import Scalar
from nlsearch.query.suggest import nearest, offer
from nlsearch.query.syntax import And, FieldIs, FieldRange, Node, Not, Or, Structure, Words

if TYPE_CHECKING:
    from lark import Token, Tree

    from nlsearch.query.parse import Names

_COMPARISON = re.compile(r"(>=|<=|>|<)(.*)", re.DOTALL)
_TRAILING_MINIMUM = re.compile(r"(.+)~(\d*\.\d+)", re.DOTALL)
_STRAY_MINIMUM = re.compile(r".+(~\d*[.,]\d+)", re.DOTALL)
_DECIMAL_COMMA = re.compile(r".+~\d*(,)\d+", re.DOTALL)
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_MAY_TOUCH = {"_RPAR", "_LBRACE"}
_BOOLEANS: dict[str, bool] = {"yes": True, "true": True, "no": False, "false": False}


class Watch:
    """Looks at every token before the parser takes it, and refuses costly nesting, unknown names and glued values.

    Attributes
    ----------
    open_at : list of int
        Columns of the parentheses that are open.
    """

    def __init__(self, text: str, names: Names, limits: Limits) -> None:
        self.open_at: list[int] = []
        self._text = text
        self._names = names
        self._limits = limits
        self._depth = 0
        self._negations = 0
        self._outer: list[int] = []
        self._clauses = 0
        self._value_end = -1
        self._quote_end = -1
        self._minimum_end = -1
        self._bracket_end = -1

    def see(self, token: Token) -> None:
        """Check the next token.

        Raises
        ------
        QuerySyntax, QueryTooCostly
        """
        start = token.start_pos or 0
        self._refuse_glued(token, start)
        if token.type == "_LPAR":
            self.open_at.append(start)
            self._outer.append(self._negations)
            self._deepen(self._negations + 1)
            self._negations = 0
        elif token.type == "_RPAR" and self.open_at:
            self.open_at.pop()
            self._depth -= self._outer.pop() + 1
        elif token.type in {"_NOT", "_MINUS"}:
            self._negations += 1
            self._deepen(0)
        elif token.type in {"WORD", "QUOTED", "NAME"}:
            self._clause(token)

    def _refuse_glued(self, token: Token, start: int) -> None:
        if start == self._value_end and token.type in {"_LPAR", "QUOTED"}:
            raise QuerySyntax("a value that holds brackets or quotes needs quotes around it", column=start)
        if token.type == "WORD" and token[0] == "~":
            hint = 'it is a number directly behind the value: smiles:"CCO"~0.7'
            if start == self._quote_end:
                raise QuerySyntax(
                    f"a minimum score is a number from 0 to 1, not {token[1:]!r}", column=start, hint=hint
                )
            raise QuerySyntax("only the value of an operator takes a minimum score", column=start, hint=hint)
        if start == self._quote_end and token.type in {"WORD", "NAME"}:
            raise QuerySyntax("a space is missing behind the closing quote", column=start)
        if start == self._minimum_end and token.type not in _MAY_TOUCH:
            hint = 'write it with one decimal point, and a space behind: smiles:"CCO"~0.7'
            raise QuerySyntax(f"{token[0]!r} does not belong to a minimum score", column=start, hint=hint)
        if start == self._bracket_end and token.type not in _MAY_TOUCH:
            raise QuerySyntax("a space is missing behind the bracket", column=start)
        end = token.end_pos or 0
        self._value_end = end if token.type == "VALUE" else -1
        self._quote_end = end if token.type == "QUOTED" else -1
        self._minimum_end = end if token.type == "MINIMUM" else -1
        self._bracket_end = end if token.type in {"_RBRACE", "_RSQB"} else -1

    def _deepen(self, levels: int) -> None:
        self._depth += levels
        pending = 0 if levels else self._negations
        if self._depth + pending > self._limits.query_depth:
            raise QueryTooCostly(f"the query nests deeper than the cap query_depth = {self._limits.query_depth}")

    def _clause(self, token: Token) -> None:
        self._negations = 0
        self._clauses += 1
        if self._clauses > self._limits.query_clauses:
            raise QueryTooCostly(
                f"the query has more clauses than the cap query_clauses = {self._limits.query_clauses:,}"
            )
        name = str(token)
        if token.type == "NAME" and name not in self._names.operators and name not in self._names.fields:
            raise unknown_name(name, self._names, token.start_pos or 0, self._text)


def unknown_name(name: str, names: Names, column: int, text: str) -> QuerySyntax:
    """Make the error for a name before a colon that is neither operator nor field."""
    known = [*names.operators, *names.fields]
    proposal = offer(text, known)
    close = nearest(name, known)
    hint = f"did you mean {' or '.join(f'{c}:' for c in close)}?" if close else "`nlsearch kinds` lists them"
    shown = name if len(name) <= 40 else name[:40] + "…"
    hint = proposal or f"{hint}; a text with a colon needs quotes"
    return QuerySyntax(f"there is no operator or field called {shown!r}", column=column, hint=hint)


class Builder:
    """Turns the parse tree into a syntax tree; nesting was bounded by :class:`Watch`."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._makers: dict[str, Callable[[list[Any]], Node]] = {
            "start": lambda parts: self.node(parts[0]),
            "group": lambda parts: self.node(parts[0]),
            "any_of": self._any_of,
            "all_of": self._all_of,
            "excluded": lambda parts: Not(self.node(parts[0])),
            "word": lambda parts: Words(str(parts[0]), False, parts[0].start_pos),
            "phrase": lambda parts: Words(unquoted(parts[0]), True, parts[0].start_pos),
            "plain_value": self._plain_value,
            "quoted_value": self._quoted_value,
            "range": self._range,
        }

    def node(self, tree: Tree[Token]) -> Node:
        """Build the node of a tree."""
        return self._makers[tree.data](tree.children)

    def _any_of(self, parts: list[Tree[Token]]) -> Node:
        nodes: list[Node] = []
        for part in map(self.node, parts):
            nodes.extend(part.parts if isinstance(part, Or) else (part,))
        return Or(tuple(nodes))

    def _all_of(self, parts: list[Tree[Token]]) -> Node:
        nodes: list[Node] = []
        for part in map(self.node, parts):
            nodes.extend(part.parts if isinstance(part, And) else (part,))
        return And(tuple(nodes))

    def _plain_value(self, parts: list[Any]) -> Node:
        name, value, *rest = parts
        operator = self._names.operators.get(str(name))
        if operator is None:
            _refuse_extras(name, rest)
            return self._field_value(self._names.fields[str(name)], str(value), name.start_pos, value.start_pos)
        text, minimum = _split_minimum(value)
        field = self._names.field_meant(str(name), marked=bool(rest) or minimum is not None)
        if field is None and _is_comparison(self._names.fields.get(str(name)), text):
            field = self._names.fields[str(name)]
            _refuse_extras(name, rest)
        if field is not None:
            return self._field_value(field, text, name.start_pos, value.start_pos)
        return Structure(operator.name, text, minimum, _options(operator, rest), name.start_pos)

    def _quoted_value(self, parts: list[Any]) -> Node:
        name, value, *rest = parts
        operator = self._names.operators.get(str(name))
        if operator is None:
            _refuse_extras(name, rest)
        if operator is None or self._names.field_meant(str(name), marked=bool(rest)) is not None:
            return FieldIs(str(name), unquoted(value), True, name.start_pos)
        minimum = None
        if rest and getattr(rest[0], "type", "") == "MINIMUM":
            token = rest.pop(0)
            minimum = _minimum(token[1:], token.start_pos)
        return Structure(operator.name, unquoted(value), minimum, _options(operator, rest), name.start_pos)

    def _range(self, parts: list[Any]) -> Node:
        name, low, high = parts
        if str(name) not in self._names.fields:
            raise QuerySyntax(f"{name} is an operator; only fields have ranges", column=name.start_pos)
        return FieldRange(str(name), _bound(low), _bound(high), name.start_pos)

    def _field_value(self, field: Field, value: str, column: int, value_column: int) -> Node:
        stray = _STRAY_MINIMUM.fullmatch(value)
        if stray:
            raise QuerySyntax(
                f"{field.name} is a field; a minimum score (~) belongs to operators",
                column=value_column + stray.start(1),
                hint=f'as part of the value it needs quotes: {field.name}:"…"',
            )
        compared = _COMPARISON.fullmatch(value)
        if not compared:
            return FieldIs(field.name, value, False, column)
        sign, amount = compared.groups()
        if not amount or amount[0] in "<>=":
            raise QuerySyntax(
                f"a number follows {sign} without a space", column=value_column, hint=f"{field.name}:{sign}5"
            )
        return _compared(field, sign, amount, column)


def unquoted(token: Token) -> str:
    """Return the text of a quoted token.

    Raises
    ------
    QuerySyntax
        If nothing stands between the quotes.
    """
    quote = token[0]
    text = str(token[1:-1]).replace("\\" + quote, quote)
    if not text.strip():
        raise QuerySyntax("there is nothing between the quotes", column=token.start_pos)
    return text


def _split_minimum(value: Token) -> tuple[str, float | None]:
    """Cut an unquoted value of an operator into its text and the minimum score behind it."""
    text, start = str(value), value.start_pos or 0
    comma = _DECIMAL_COMMA.fullmatch(text)
    if comma:
        column = start + comma.start(1)
        raise QuerySyntax("a minimum score is written with a decimal point", column=column, hint="e.g. ~0.7")
    split = _TRAILING_MINIMUM.fullmatch(text)
    if split is None:
        return text, None
    return split.group(1), _minimum(split.group(2), start + split.start(2))


def _is_comparison(field: Field | None, text: str) -> bool:
    """Say whether the value of a name that is an operator compares the numbers of the field of that name."""
    compared = None if field is None or field.type not in {"integer", "float"} else _COMPARISON.fullmatch(text)
    return compared is not None and _finite(compared.group(2)) is not None


def _compared(field: Field, sign: str, amount: str, column: int) -> Node:
    """Write a comparison as a closed range: the next number for numbers, an exclusion of the bound otherwise."""
    upward = sign[0] == ">"
    strict = len(sign) == 1
    if strict and field.type == "integer" and _INTEGER.fullmatch(amount):
        amount, strict = str(int(amount) + (1 if upward else -1)), False
    elif strict and field.type == "float" and _finite(amount) is not None:
        amount = repr(math.nextafter(float(amount), math.inf if upward else -math.inf))
        strict = False
    within = FieldRange(field.name, amount if upward else None, None if upward else amount, column)
    return And((within, Not(FieldIs(field.name, amount, False, column)))) if strict else within


def _bound(token: Token) -> str | None:
    if token.type == "QUOTED":
        return unquoted(token)
    text = str(token)
    return None if text == "*" else text


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _minimum(text: str, column: int) -> float:
    number = float(text)
    if number > 1:
        raise QuerySyntax(f"a minimum score lies between 0 and 1, not at {text}", column=column, hint="e.g. ~0.7")
    return number


def _refuse_extras(name: Token, rest: list[Any]) -> None:
    if rest:
        raise QuerySyntax(
            f"{name} is a field; a minimum score (~) and options ({{…}}) belong to operators", column=name.start_pos
        )


def _options(operator: Operator, rest: list[Any]) -> dict[str, Scalar]:
    known = {option.name: option for option in operator.options}
    values: dict[str, Scalar] = {}
    for pair in rest[0].children if rest else ():
        key, setting = pair.children
        name = str(key)
        if name not in known:
            raise unknown_option(operator, name, key.start_pos)
        if name in values:
            raise QuerySyntax(f"option {name} is given twice", column=key.start_pos)
        text = unquoted(setting) if setting.type == "QUOTED" else str(setting)
        values[name] = typed(known[name], text, setting.start_pos)
    return values


def unknown_option(operator: Operator, name: str, column: int | None) -> QuerySyntax:
    """Make the error for an option that `operator` does not have; it lists those that it has."""
    known = [option.name for option in operator.options]
    close = nearest(name, known, 1)
    meant = f"did you mean {close[0]}? " if close else ""
    listed = f"known: {', '.join(known)}" if known else "it takes none"
    return QuerySyntax(f"{operator.name} has no option called {name!r}", column=column, hint=meant + listed)


def typed(option: Option, text: str, column: int | None) -> Scalar:
    """Read the text of an option as its type.

    Raises
    ------
    QuerySyntax
        If it is not of that type, or not among the choices.
    """
    value: Scalar | None
    if option.type == "integer":
        value, wanted = (int(text) if _INTEGER.fullmatch(text) else None), "a whole number"
    elif option.type == "float":
        value, wanted = _finite(text), "a number"
    elif option.type == "boolean":
        value, wanted = _BOOLEANS.get(text.casefold()), "yes or no"
    else:
        value = text if not option.choices or text in option.choices else None
        wanted = "one of " + ", ".join(option.choices)
    if value is None:
        close = nearest(text, option.choices, 1)
        hint = f"did you mean {close[0]}?" if close else ""
        raise QuerySyntax(f"option {option.name} wants {wanted}, not {text[:40]!r}", column=column, hint=hint)
    return value
