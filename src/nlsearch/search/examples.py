"""Query by example: an example's options, and files of which every record is a query of its own.

Goal: a person who has a thousand spectra, molecules or sequences asks about all of them at once, and learns of each
what was found, or why it could not be asked.

Conventions
-----------
A query is what the file would give as an item when it were indexed; they come in the file's order and are numbered from
1.  All are answered from one generation of the collection.  Queries are read in a worker and compiled from their
payloads, as an item of the collection is, one after another: no more than what the worker has read ahead is in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nlsearch.errors import (
    InputError,
    LimitExceeded,
    MalformedContent,
    NlsearchError,
    QueryError,
    QuerySyntax,
    UnknownKind,
    UnsupportedFeature,
    WorkerError,
)
from nlsearch.handlers.contract import Buffer, Format, Operator, hearer, singer, speller
from nlsearch.handlers.registry import Registry, require
from nlsearch.model import Hit, Probe, Scalar
from nlsearch.query.syntax import Structure
from nlsearch.sandbox.outcomes import Failed, Outcome, ReadEntry, SkippedRecord, SourceTask
from nlsearch.search.parts import Plan
from nlsearch.search.plan import Planner, complete_options
from nlsearch.search.session import Page, Session

if TYPE_CHECKING:
    from nlsearch.search.view import View

_ERRORS: tuple[type[InputError], ...] = (InputError, UnknownKind, MalformedContent, UnsupportedFeature, LimitExceeded)
_CODES = {error.code: error for error in _ERRORS}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query of a file found, or why it could not be asked.

    Parameters
    ----------
    number : int
        Of the query, from 1.
    path, locator : str
        Where the query is: the file as users see it, and the record in it; ``""`` for the file as a whole, where
        reading it broke off.
    title : str
        The query's own name, ``""`` if it was not read.
    kind : str
        The kind of content it is, ``""`` if it was not read.
    page : Page or None
        What was found; ``page.next`` is None always: with ``page.total`` None there may be more.
    error : NlsearchError or None
        Why there is no page.
    text : str
        The query written as text, as the values of operators are; ``""`` where its kind has no such text.
    """

    number: int
    path: str
    locator: str
    title: str = ""
    kind: str = ""
    page: Page | None = None
    error: NlsearchError | None = None
    text: str = ""

    @property
    def id(self) -> str:
        """Path + locator: the id that the query has, or would have, as an item."""
        return self.path + self.locator

    @property
    def hits(self) -> list[Hit]:
        """The hits of the page, none if there is no page."""
        return [] if self.page is None else self.page.hits

    @property
    def reason(self) -> str:
        """Why the query could not be asked, and what can be done about it; ``""`` if it was."""
        if self.error is None:
            return ""
        return f"{self.error.message} ({self.error.hint})" if self.error.hint else self.error.message


@dataclass(frozen=True, slots=True)
class Asked:
    """How far a file of queries is.

    Parameters
    ----------
    queries : int
        Answered so far, those that failed among them.
    found : int
        Queries with hits.
    hits : int
        Of all queries.
    failures : int
        Queries that could not be asked.
    seconds : float
        Since the start.
    """

    queries: int = 0
    found: int = 0
    hits: int = 0
    failures: int = 0
    seconds: float = 0.0

    def after(self, answer: Answer, seconds: float) -> Asked:
        """Return the count with one more answer, `seconds` after the start."""
        return Asked(
            self.queries + 1,
            self.found + bool(answer.hits),
            self.hits + len(answer.hits),
            self.failures + (answer.error is not None),
            seconds,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of every query: the settings of :meth:`nlsearch.Collection.like_all`."""

    limit: int
    minimum: float | None
    deadline_s: float | None
    leave_out_itself: bool
    options: Mapping[str, Scalar]


def example_node(
    value: str, minimum: float | None, options: Mapping[str, Scalar], kind: str | None = None
) -> Structure:
    """Return the syntax tree of a query by example.

    Raises
    ------
    QueryError
        If `minimum` is no score.
    """
    if minimum is not None and not (isinstance(minimum, int | float) and 0 <= minimum <= 1):
        raise QueryError(f"minimum is a score from 0 to 1, not {minimum!r}")
    return Structure("like", value, minimum, dict(options) if kind is None else {**options, "kind": kind})


def example_settings(registry: Registry, kind: str, options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Check that a kind can be asked by example, and complete the options of its operator.

    Raises
    ------
    QuerySyntax
        If it cannot, or an option is unknown or not of its type.
    MissingExtra
        If a library that the kind needs is not installed.
    """
    handler = registry.get(kind)
    require(handler)
    operator: Operator | None = next((one for one in handler.operators if one.name == "like"), None)
    if operator is None:
        raise QuerySyntax(f"kind {kind} has no query by example")
    return complete_options(operator, options)


def sings_for(registry: Registry, own: str, kind: str) -> bool:
    """Say whether items of a kind have melodies by which those of another can be asked for."""
    return own != kind and singer(registry.get(own)) is not None and hearer(registry.get(kind)) is not None


def melody_example(
    registry: Registry, own: str, kind: str, payload: Buffer, title: str, options: Mapping[str, Scalar]
) -> Probe | None:
    """Compile the melodies of an example for items of another kind; None if one of the kinds has no melodies.

    Parameters
    ----------
    own, kind : str
        What the example is, and what is asked for.
    payload, title : bytes, str
        Of the example.
    options : mapping

    Raises
    ------
    QuerySyntax
        If an option is unknown, or there is too little melody in the example.
    MissingExtra
        If a library that the kind needs is not installed.
    """
    voice, ear = singer(registry.get(own)), hearer(registry.get(kind))
    if own == kind or voice is None or ear is None:
        return None
    settings = example_settings(registry, kind, options)
    return ear.compile_melodies("like", voice.melodies(payload), f"the melody of {title!r} ({own})", settings)


def example_formats(registry: Registry, kind: str) -> tuple[Format, ...]:
    """Return the formats of other kinds that the query by example of a kind reads."""
    return next((one.reads for one in registry.get(kind).operators if one.name == "like"), ())


class Batch:
    """Answers the queries of one file.

    Parameters
    ----------
    registry : Registry
    path : str
        The file as users see it.
    kind : str
        What it is read as.
    wanted : Wanted

    Raises
    ------
    QueryError
        If the kind cannot be asked by example, or an option or the minimum is not valid; before anything is read.
    """

    def __init__(self, registry: Registry, path: str, kind: str, wanted: Wanted) -> None:
        self._registry = registry
        self._path = path
        self._kind = kind
        self._wanted = wanted
        self._query: ReadEntry | None = None
        self._planner = Planner(registry, self._compiled)
        self._check()

    def answers(
        self,
        outcomes: Iterator[tuple[SourceTask, Outcome]],
        open_view: Callable[[], View],
        progress: Callable[[Asked], None] | None = None,
    ) -> Generator[Answer, None, None]:
        """Yield the answer to each query.

        Parameters
        ----------
        outcomes : iterator
            What reading the file gives (:meth:`nlsearch.sandbox.pool.Pool.read_sources`); closed in the end.
        open_view : callable
            Opens the generation to ask, which is closed in the end.
        progress : callable, optional
            Called after every answer with an :class:`Asked`.

        Raises
        ------
        NlsearchError
            If no query could be read at all, or the collection cannot be read.
        """
        started = time.monotonic()
        asked = Asked()
        with ExitStack() as undo:
            view = open_view()
            undo.callback(view.close)
            undo.callback(getattr(outcomes, "close", _nothing))
            for _, outcome in outcomes:
                answer = self._answer(asked.queries + 1, outcome, view)
                if answer is None:
                    continue
                asked = asked.after(answer, time.monotonic() - started)
                if progress is not None:
                    progress(asked)
                yield answer
        if not asked.queries:
            raise InputError("there is no record in it", locator=self._path)

    def _answer(self, number: int, outcome: Outcome, view: View) -> Answer | None:
        if isinstance(outcome, ReadEntry):
            return self._ask(number, outcome, view) if outcome.number else None  # the file as a whole is no record
        if isinstance(outcome, SkippedRecord):
            error = _CODES.get(outcome.code, InputError)(outcome.reason)
            return Answer(number, self._path, outcome.locator, error=error)
        if isinstance(outcome, Failed):
            if number == 1:
                raise outcome.error
            return Answer(number, self._path, "", error=outcome.error)
        return None

    def _ask(self, number: int, query: ReadEntry, view: View) -> Answer:
        text = self._text(query)
        answer = Answer(number, self._path, query.locator, query.title, query.kind, text=text)
        self._query = query
        try:
            session = Session(self._plan(answer), view, self._registry.get, "")
            page = session.page(0, self._wanted.limit + self._wanted.leave_out_itself, "page", self._wanted.deadline_s)
        except (QueryError, InputError, WorkerError) as error:
            return replace(answer, error=error)
        if self._wanted.leave_out_itself:
            page = _without(page, answer.id, self._wanted.limit)
        return replace(answer, page=replace(page, next=None))

    def _check(self) -> None:
        """Refuse what no query could be asked with."""
        self._planner.plan(example_node(self._path, self._wanted.minimum, self._wanted.options))

    def _plan(self, answer: Answer) -> Plan:
        """Return the plan of the query that is at hand."""
        return self._planner.plan(example_node(answer.id, self._wanted.minimum, self._wanted.options))

    def _text(self, query: ReadEntry) -> str:
        kind = speller(self._registry.get(query.kind))
        return "" if kind is None else kind.spell(query.features.payload)

    def _compiled(self, value: str, kind: str | None, options: Mapping[str, Scalar]) -> Sequence[Probe]:
        """Compile the query that is at hand; before the first, check the options that all have."""
        del value, kind
        query = self._query
        if query is None:
            example_settings(self._registry, self._kind, options)
            return []
        settings = example_settings(self._registry, query.kind, options)
        return [self._registry.get(query.kind).compile("like", bytes(query.features.payload), settings)]


def _without(page: Page, item_id: str, limit: int) -> Page:
    """Leave an item out of a page that was asked for one hit more than `limit`."""
    hits = [hit for hit in page.hits if hit.item.id != item_id]
    out = [hit for hit in page.hits if hit.item.id == item_id and hit.tier != "related"]
    return replace(page, hits=hits[:limit], total=None if page.total is None else page.total - len(out))


def _nothing() -> None:
    """Close what needs no closing."""
