"""From a syntax tree to a plan: names looked up, values typed, operators compiled by their handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from nlsearch.errors import QuerySyntax
from nlsearch.folding import words
from nlsearch.handlers.contract import COMMON_OPTIONS, Field, Handler, Operator, Option
from nlsearch.handlers.registry import Registry, require
from nlsearch.index.textquery import (
    FieldWords,
    HasWords,
    Keyword,
    KindIs,
    NumberRange,
    SomeOf,
    TextQuery,
    date_span,
)
from nlsearch.model import Probe, Scalar
from nlsearch.query import syntax
from nlsearch.search.parts import AllParts, AnyPart, NotPart, Part, Plan, ProbePart, TextPart

Example = Callable[[str, str | None, Mapping[str, Scalar]], Sequence[Probe]]
"""``like``: (file or item id, kind or None, options) → the probes of every kind that the example is read as."""

LIKE_KIND = Option("kind", "text", "read the example as this kind of content")


class Planner:
    """Compiles syntax trees against one registry.

    Parameters
    ----------
    registry : Registry
    example : callable
        Turns the value of a ``like`` into probes; given by the collection, which can read files in isolation.
    """

    def __init__(self, registry: Registry, example: Example) -> None:
        self._registry = registry
        self._example = example
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
            query: TextQuery = SomeOf(tuple(KindIs(self._known(kind)) for kind in kinds))
            root = AllParts((TextPart(query, "kind:" + "|".join(kinds), fields=("kind",)), root))
        return Plan(root, tuple(read_as))

    def _known(self, kind: str) -> str:
        if kind not in self._registry.kinds:
            raise QuerySyntax(f"there is no kind {kind!r}", hint="known kinds: " + ", ".join(self._registry.kinds))
        return kind

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
                return TextPart(HasWords(text, phrase), text, ranked=True, words=found)
            case syntax.FieldIs():
                return self._field_is(node)
            case syntax.FieldRange():
                return self._field_range(node)
            case syntax.Structure():
                return self._structure(node, read_as)

    # ------------------------------------------------------------------------------------------------------- fields
    def _field_is(self, node: syntax.FieldIs) -> TextPart:
        field = self._fields[node.field]
        label = f"{node.field}:{node.value}"
        if field.name == "kind":
            return TextPart(KindIs(node.value), label, fields=("kind",))
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
        label = f"{node.field}:[{node.low or '*'} TO {node.high or '*'}]"
        return TextPart(NumberRange(node.field, low, high), label, fields=(node.field,))

    # ---------------------------------------------------------------------------------------------------- operators
    def _structure(self, node: syntax.Structure, read_as: list[str]) -> Part:
        try:
            parts = self._compiled(node)
        except QuerySyntax as error:
            if error.column is None:
                raise QuerySyntax(error.message, locator=error.locator, hint=error.hint, column=node.column) from error
            raise
        read_as.extend(f"{part.probe.operator}: read as {part.probe.read_as}" for part in parts)
        return parts[0] if len(parts) == 1 else AnyPart(tuple(parts))

    def _compiled(self, node: syntax.Structure) -> list[ProbePart]:
        offered = self._operators[node.operator]
        given = dict(node.options)
        common = {option.name: given.pop(option.name, option.default) for option in COMMON_OPTIONS}
        if node.operator == "like":
            kind = given.pop(LIKE_KIND.name, None)
            compiled = list(self._example(node.value, None if kind is None else self._known(str(kind)), given))
        else:
            compiled = [self._compile(handler, operator, node, given) for handler, operator in offered]
        return [
            ProbePart(probe, probe.minimum if node.minimum is None else node.minimum, bool(common["related"]))
            for probe in compiled
        ]

    @staticmethod
    def _compile(handler: Handler, operator: Operator, node: syntax.Structure, given: Mapping[str, Scalar]) -> Probe:
        require(handler)
        return handler.compile(operator.name, node.value, complete_options(operator, given))


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
        value = given.get(name, option.default)
        if value is not None:
            options[name] = _typed(option, value)
    return options


def _typed(option: Option, value: Scalar) -> Scalar:
    if option.choices and str(value) not in option.choices:
        raise QuerySyntax(f"option {option.name} is one of {', '.join(option.choices)}, not {value!r}")
    wanted: tuple[type, ...] = {
        "text": (str,),
        "integer": (int,),
        "float": (int, float),
        "boolean": (bool,),
    }[option.type]
    if option.type == "text":
        return str(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and option.type != "boolean"):
        raise QuerySyntax(f"option {option.name} wants {option.type}, not {value!r}")
    return float(value) if option.type == "float" else value


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
