"""The syntax tree of a query: plain data between :mod:`nlsearch.query.parse` and the planner.

``column`` is the 0-based column in the query text at which the node starts, for error messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from nlsearch.model import Scalar


@dataclass(frozen=True, slots=True)
class Words:
    """Words to be found in the item's text: a single word, or several that must be adjacent (``phrase``)."""

    text: str
    phrase: bool = False
    column: int = 0


@dataclass(frozen=True, slots=True)
class FieldIs:
    """``field:value``: equal for keyword and number fields, containing for text fields (``phrase`` if quoted)."""

    field: str
    value: str
    phrase: bool = False
    column: int = 0


@dataclass(frozen=True, slots=True)
class FieldRange:
    """``field:[low TO high]``; ``*`` (None) is open.  Values are texts, the planner types them."""

    field: str
    low: str | None
    high: str | None
    column: int = 0


@dataclass(frozen=True, slots=True)
class Structure:
    """``operator:"value"~minimum{option=value}``."""

    operator: str
    value: str
    minimum: float | None = None
    options: dict[str, Scalar] = field(default_factory=dict)
    column: int = 0


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


Node: TypeAlias = Words | FieldIs | FieldRange | Structure | And | Or | Not
