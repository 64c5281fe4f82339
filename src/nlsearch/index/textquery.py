"""What can be asked of the text index, as plain data (no library type appears here).

Build a tree of these and hand it to :class:`nlsearch.index.text.TextIndex`.  :class:`HasWords` and
:class:`FieldWords` score by BM25, :class:`HasTerms` with ``at_least`` by the number of shared terms; everything else
only filters (score 0).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](.+))?)?)?")


@dataclass(frozen=True, slots=True)
class HasWords:
    """Items whose text holds all words of `text`.

    What stands together in `text` without a space (``beta-carotene``) must be adjacent; with `phrase` everything must.
    """

    text: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class FieldWords:
    """Items whose text field `field` holds all words of `text`, adjacent as in :class:`HasWords`."""

    field: str
    text: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Keyword:
    """Items one of whose values of `field` equals `value`, after folding unless the field keeps case.

    Works for keyword and boolean fields, and for ``kind``, ``path`` (whole), ``file`` (last part of the path),
    and for numbers given as text.
    """

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class KeywordPrefix:
    """Items one of whose values of the keyword field `field` begins with `prefix`; folded as in :class:`Keyword`."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Items with a value of the numeric or date field `field` between `low` and `high`; None is open.

    Dates are seconds since 1970-01-01 UTC (:func:`date_span`).
    """

    field: str
    low: float | None = None
    high: float | None = None
    include_low: bool = True
    include_high: bool = True


@dataclass(frozen=True, slots=True)
class HasTerms:
    """Candidates that hold all `terms` of a term space, or at least `at_least` of them.

    A screen: it never misses, but may find more, because only the rarest terms are asked.

    Parameters
    ----------
    space : str
        Term space.
    terms : sequence of int
        Unsigned 64-bit terms; a set.
    at_least : int, optional
        None: all of them.  Else scores are the number of shared terms among the asked ones.
    rarest : int, optional
        How many of the rarest terms to ask; None: 16 for all, 128 for `at_least` (more when not missing needs more).
    by_rarity : bool
        With `at_least`: score by BM25 instead, so that rare terms count more; half the work.
    """

    space: str
    terms: Sequence[int]
    at_least: int | None = None
    rarest: int | None = None
    by_rarity: bool = False


@dataclass(frozen=True, slots=True)
class HasTermIn:
    """Items that hold a term of a term space in [`low`, `high`]; exact."""

    space: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class AllItems:
    """Every item of the split."""


@dataclass(frozen=True, slots=True)
class KindIs:
    """Items of one kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class NotSources:
    """Items of all sources but those with these catalog ids (tombstones)."""

    sources: Sequence[int]


@dataclass(frozen=True, slots=True)
class EveryOf:
    """Items that satisfy every part; without parts, all items."""

    parts: Sequence[TextQuery]


@dataclass(frozen=True, slots=True)
class SomeOf:
    """Items that satisfy at least one part; without parts, none."""

    parts: Sequence[TextQuery]


@dataclass(frozen=True, slots=True)
class Without:
    """Items that do not satisfy `part`."""

    part: TextQuery


TextQuery: TypeAlias = (
    HasWords
    | FieldWords
    | Keyword
    | KeywordPrefix
    | NumberRange
    | HasTerms
    | HasTermIn
    | AllItems
    | KindIs
    | NotSources
    | EveryOf
    | SomeOf
    | Without
)


def date_span(text: str) -> tuple[float, float]:
    """Return the first and the last moment of an ISO 8601 date, in seconds since 1970-01-01 UTC.

    ``2024`` spans a year, ``2024-05`` a month, ``2024-05-17`` a day; a date with a time is one moment.  Times without
    an offset are UTC.

    Raises
    ------
    ValueError
        If `text` is no such date.

    Examples
    --------
    >>> date_span("1970-01-01")
    (0.0, 86399.999999)
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a date like 2024-05-17")
    year, month, day, time = match.groups()
    if time is not None:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return moment.timestamp(), moment.timestamp()
    first = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
    if day is not None:
        after = first + timedelta(days=1)
    elif month is not None:
        after = (first + timedelta(days=31)).replace(day=1)
    else:
        after = first.replace(year=first.year + 1)
    return first.timestamp(), after.timestamp() - 1e-6
