"""From a syntax tree to a plan: names looked up, values typed, operators compiled by their handlers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from nlsearch.errors import QuerySyntax, QueryTooCostly
from nlsearch.folding import words
from nlsearch.handlers.contract import (
    COMMON_FIELDS,
    COMMON_OPTIONS,
    Buffer,
    Field,
    Handler,
    Namer,
    Operator,
    Option,
    Translator,
)
from nlsearch.handlers.registry import Registry, require
from nlsearch.index.textquery import (
    EveryOf,
    FieldWords,
    HasWords,
    Keyword,
    KindIs,
    NumberRange,
    SomeOf,
    TextQuery,
    Without,
    date_span,
)
from nlsearch.model import Probe, Scalar
from nlsearch.query import syntax
from nlsearch.query.build import typed
from nlsearch.query.suggest import nearest
from nlsearch.search.candidates import as_text, asked_fields
from nlsearch.search.parts import AllParts, AnyPart, NotPart, Part, Plan, ProbePart, TextPart

Example = Callable[[str, str | None, Mapping[str, Scalar]], Sequence[Probe]]
"""``like``: (file or item id, kind or None, options) → the probes of every kind that the example is read as."""

FromFile = Callable[[Handler, Operator, str, Mapping[str, Scalar]], Probe]
"""(handler, operator, file or item id, options) → the probe of an operator whose value is a file."""

Named = Callable[[TextQuery, int], Sequence[Buffer]]
"""(query, most) → payloads of the items that match, no more than `most`."""
MOST_NAMED = 1_000
"""So many items the value of an operator may name."""

_WILDCARD = re.compile(r"\w\*|\*\w|\w\?\w")
_TYPES: dict[str, tuple[type, ...]] = {"text": (str,), "integer": (int,), "float": (int, float), "boolean": (bool,)}
LIKE_KIND = Option("kind", "text", "read the example as this kind of content")


class Planner:
    """Compiles syntax trees against one registry.

    Parameters
    ----------
    registry : Registry
    example : callable
        Turns the value of a ``like`` into probes; given by the collection, which can read files in isolation.
    named : callable, optional
        Looks up the items that the value of an operator names; given by the collection, too.  Without, there are none.
    from_file : callable, optional
        Compiles an operator whose value is a file; given by the collection, too.  Without, such operators are refused.
    """

    def __init__(
        self, registry: Registry, example: Example, named: Named | None = None, from_file: FromFile | None = None
    ) -> None:
        self._registry = registry
        self._example = example
        self._named = named
        self._from_file = from_file
        self._fields = registry.fields()
        self._operators = registry.operators()

    def plan(self, node: syntax.Node, kinds: Sequence[str] | None = None) -> Plan:
        """Compile `node`, restricted to `kinds` if given.

        Raises
        ------
        QuerySyntax
            If a name, option or value is not understood; with its column.
        """
        read_as: list[str] = []
        root = self._part(node, read_as)
        if kinds:
            query: TextQuery = SomeOf(tuple(KindIs(self._known(kind, None)) for kind in kinds))
            root = AllParts((TextPart(query, "kind:" + "|".join(kinds), fields=("kind",)), root))
        return Plan(root, tuple(dict.fromkeys(read_as)))  # kinds that read a value alike say so once

    def _known(self, kind: str, column: int | None) -> str:
        known = self._registry.kinds
        found = next((name for name in known if name.casefold() == kind.strip().casefold()), None)
        if found is None:
            close = nearest(kind, known, 1)
            meant = f"did you mean {close[0]}? " if close else ""
            raise QuerySyntax(
                f"there is no kind {kind!r}", column=column, hint=f"{meant}known kinds: {', '.join(known)}"
            )
        return found

    def _part(self, node: syntax.Node, read_as: list[str]) -> Part:
        match node:
            case syntax.And(parts):
                return AllParts(tuple(self._part(part, read_as) for part in parts))
            case syntax.Or(parts):
                return AnyPart(tuple(self._part(part, read_as) for part in parts))
            case syntax.Not(part):
                return NotPart(self._part(part, read_as))
            case syntax.Words(text, phrase, column):
                found = tuple(words(text))
                if not found:
                    raise QuerySyntax(f"{text!r} holds no letter or digit to search for", column=column)
                read_as.extend(_no_wildcards(text, text))
                return TextPart(HasWords(text, phrase), text, ranked=True, words=found)
            case syntax.FieldIs():
                return self._field_is(node, read_as)
            case syntax.FieldRange():
                return self._field_range(node)
            case syntax.Structure():
                return self._structure(node, read_as)

    # ------------------------------------------------------------------------------------------------------- fields
    def _field_is(self, node: syntax.FieldIs, read_as: list[str]) -> TextPart:
        field = self._fields[node.field]
        label = f"{node.field}:{node.value}"
        translators = self._translators(node.field)
        if translators:
            return self._translated(node, field, translators, read_as)
        if field.name == "kind":
            return TextPart(KindIs(self._known(node.value, node.column)), label, fields=("kind",))
        read_as.extend(_no_wildcards(label, node.value))
        return self._as_it_stands(node, field, label)

    @staticmethod
    def _as_it_stands(node: syntax.FieldIs, field: Field, label: str) -> TextPart:
        if field.type == "text":
            found = tuple(words(node.value))
            if not found:
                raise QuerySyntax(f"{node.value!r} holds no letter or digit to search for", column=node.column)
            phrase = node.phrase or len(found) > 1
            return TextPart(FieldWords(node.field, node.value, phrase), label, True, found, (node.field,))
        if field.type in {"keyword", "boolean"}:
            value = _boolean(node.value, node.column) if field.type == "boolean" else node.value
            return TextPart(Keyword(node.field, value), label, fields=(node.field,))
        low, high = _span(field, node.value, node.column)
        return TextPart(NumberRange(node.field, low, high), label, fields=(node.field,))

    def _translators(self, name: str) -> dict[str, Translator]:
        """Return by kind the handlers that read the values of field `name` themselves."""
        return {
            handler.kind: handler
            for handler in self._registry
            if isinstance(handler, Translator) and any(f.name == name and f.notation for f in handler.fields)
        }

    def _translated(
        self, node: syntax.FieldIs, field: Field, translators: Mapping[str, Translator], read_as: list[str]
    ) -> TextPart:
        """Let every kind read the value for its own items; a mistake is one only if no kind can read it."""
        queries: list[TextQuery] = []
        names = [node.field]
        mistakes: list[QuerySyntax] = []
        for kind, handler in translators.items():
            require(self._registry.get(kind))
            try:
                reading = handler.translate(node.field, node.value)
            except QuerySyntax as error:
                mistakes.append(error)
                continue
            query = as_text(reading.ask, kind, exact=True)
            if query is None:
                raise QuerySyntax(f"kind {kind} reads {node.field} as what no field can answer", column=node.column)
            queries.append(EveryOf((KindIs(kind), query)))
            names.extend(asked_fields(reading.ask))
            read_as.extend([f"{node.field}: read as {reading.read_as}"] if reading.read_as else [])
        label = f"{node.field}:{node.value}"
        if self._others_have(field, translators):
            others = tuple(Without(KindIs(kind)) for kind in translators)
            queries.append(EveryOf((*others, self._as_it_stands(node, field, label).query)))
        elif not queries:
            raise _placed(mistakes[0], node.column)
        return TextPart(SomeOf(tuple(queries)), label, fields=tuple(dict.fromkeys(names)))

    def _others_have(self, field: Field, translators: Mapping[str, Translator]) -> bool:
        """Say whether items of kinds that do not read the values themselves may have the field."""
        return any(one.name == field.name for one in COMMON_FIELDS) or any(
            one.name == field.name
            for handler in self._registry
            if handler.kind not in translators
            for one in handler.fields
        )

    def _field_range(self, node: syntax.FieldRange) -> TextPart:
        field = self._fields[node.field]
        if field.type not in {"integer", "float", "date"}:
            raise QuerySyntax(
                f"field {node.field} holds {field.type} values, which have no ranges",
                column=node.column,
                hint=f'write {node.field}:"value"',
            )
        low = None if node.low is None else _span(field, node.low, node.column, exactly=True)[0]
        high = None if node.high is None else _span(field, node.high, node.column, exactly=True)[1]
        if low is not None and high is not None and low > high:
            raise QuerySyntax(
                f"the range of {node.field} ends before it begins",
                column=node.column,
                hint=f"did you mean {node.field}:[{node.high} TO {node.low}]?",
            )
        label = f"{node.field}:[{node.low or '*'} TO {node.high or '*'}]"
        return TextPart(NumberRange(node.field, low, high), label, fields=(node.field,))

    # ---------------------------------------------------------------------------------------------------- operators
    def _structure(self, node: syntax.Structure, read_as: list[str]) -> Part:
        try:
            parts = self._compiled(node)
        except QuerySyntax as error:
            raise _placed(error, node.column) from error
        read_as.extend(f"{part.probe.operator}: read as {part.probe.read_as}" for part in parts)
        return parts[0] if len(parts) == 1 else AnyPart(tuple(parts))

    def _compiled(self, node: syntax.Structure) -> list[ProbePart]:
        offered = self._operators[node.operator]
        given = dict(node.options)
        common = {option.name: _given_or_default(option, given.pop(option.name, None)) for option in COMMON_OPTIONS}
        if node.operator == "like":
            kind = given.pop(LIKE_KIND.name, None)
            compiled = list(self._example(node.value, None if kind is None else self._known(str(kind), None), given))
        else:
            compiled = [self._compile(handler, operator, node, given) for handler, operator in offered]
        return [
            ProbePart(probe, probe.minimum if node.minimum is None else node.minimum, bool(common["related"]))
            for probe in compiled
        ]

    def _compile(
        self, handler: Handler, operator: Operator, node: syntax.Structure, given: Mapping[str, Scalar]
    ) -> Probe:
        require(handler)
        options = complete_options(operator, given)
        if operator.reads:
            if self._from_file is None:
                raise QuerySyntax(f"{operator.name} wants a file, which cannot be read here")
            return self._from_file(handler, operator, node.value, options)
        if operator.resolves and isinstance(handler, Namer):
            found = self._items_named(node.value, handler.kind, operator)
            return handler.compile_named(operator.name, node.value, found, options)
        return handler.compile(operator.name, node.value, options)

    def _items_named(self, value: str, kind: str, operator: Operator) -> Sequence[Buffer]:
        """Return the payloads of the items of a kind that have `value` in one of the operator's fields."""
        if not any(words(value)):
            raise QuerySyntax(f"{value!r} holds no letter or digit to search for")
        fields = SomeOf(tuple(Keyword(name, value) for name in operator.resolves))
        found = () if self._named is None else self._named(EveryOf((KindIs(kind), fields)), MOST_NAMED + 1)
        if len(found) > MOST_NAMED:
            raise QueryTooCostly(
                f"{value!r} names more than {MOST_NAMED:,} items", hint=f"{operator.name} wants a name of fewer"
            )
        return found


def _placed(mistake: QuerySyntax, column: int) -> QuerySyntax:
    """Return `mistake` with the column of its clause, unless it knows a better one."""
    if mistake.column is not None:
        return mistake
    return QuerySyntax(mistake.message, locator=mistake.locator, hint=mistake.hint, column=column)


def complete_options(operator: Operator, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return `given` with the defaults of the options that are absent.

    Raises
    ------
    QuerySyntax
        If an option is unknown, of the wrong type, or not among its choices.
    """
    known = {option.name: option for option in operator.options}
    for name in given:
        if name not in known:
            raise QuerySyntax(
                f"operator {operator.name} has no option {name!r}",
                hint="its options: " + (", ".join([*known, *(o.name for o in COMMON_OPTIONS)])),
            )
    options: dict[str, Scalar] = {}
    for name, option in known.items():
        value = _given_or_default(option, given.get(name))
        if value is not None:
            options[name] = value
    return options


def _given_or_default(option: Option, value: Scalar | None) -> Scalar | None:
    if value is None:
        value = option.default
    return None if value is None else _typed(option, value)


def _typed(option: Option, value: Scalar) -> Scalar:
    """Check an option's value; booleans may also be the words of the query language, ``"yes"`` and ``"no"``."""
    if option.type == "boolean" and isinstance(value, str):
        return typed(option, value, None)
    if option.choices and str(value) not in option.choices:
        raise QuerySyntax(f"option {option.name} is one of {', '.join(option.choices)}, not {value!r}")
    if not isinstance(value, _TYPES[option.type]) or (isinstance(value, bool) and option.type != "boolean"):
        raise QuerySyntax(f"option {option.name} wants {option.type}, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise QuerySyntax(f"option {option.name} wants a finite number, not {value!r}")
    try:
        return float(value) if option.type == "float" else value
    except OverflowError as exc:
        raise QuerySyntax(f"option {option.name} wants a number of fewer than 309 digits") from exc


def _no_wildcards(shown: str, value: str) -> Iterator[str]:
    """Say of a value that seems to hold wildcards that it is read without them; yields one line, or none."""
    if _WILDCARD.search(value):
        yield f"{shown}: read as it stands, * and ? are no wildcards"


def _boolean(value: str, column: int) -> str:
    folded = value.casefold()
    if folded in {"yes", "true"}:
        return "true"
    if folded in {"no", "false"}:
        return "false"
    raise QuerySyntax(f"{value!r} is neither yes nor no", column=column)


def _span(field: Field, value: str, column: int, *, exactly: bool = False) -> tuple[float, float]:
    """Return the interval of numbers that `value` stands for.

    A decimal stands for all numbers that round to it (``mass:180.04`` is [180.035, 180.045]), unless `exactly`; a date
    for its whole day, month or year.
    """
    if field.type == "date":
        return _date_span(value, column)
    try:
        number = Decimal(value)
        exponent = number.as_tuple().exponent
    except InvalidOperation as exc:
        raise QuerySyntax(f"{value!r} is not a number", column=column, hint=f"{field.name} is {field.type}") from exc
    if not isinstance(exponent, int):
        raise QuerySyntax(f"{value!r} is not a finite number", column=column)
    if exactly or field.type == "integer" or exponent >= 0:
        return float(number), float(number)
    half = Decimal(5).scaleb(exponent - 1)
    return float(number - half), float(number + half)


def _date_span(value: str, column: int) -> tuple[float, float]:
    try:
        return date_span(value)
    except ValueError as exc:
        raise QuerySyntax(f"{value!r} is not a date", column=column, hint="write YYYY, YYYY-MM or YYYY-MM-DD") from exc
