"""One query on one view, answered page by page, and the page that a caller gets."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nlsearch.errors import QueryError
from nlsearch.model import FieldValue, Guarantee, Hit
from nlsearch.search.execute import Clock, TextRun, VerifiedRun
from nlsearch.search.parts import Plan, probes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Handler
    from nlsearch.search.view import SplitView, View

Count = Literal["page", "exact"]
MOST_HITS = 100_000
"""Hits of one page."""
_END = object()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of hits.

    Parameters
    ----------
    hits : list of Hit
    total : int or None
        How many items match, related ones not counted; None when that is not known without verifying more.
    complete : bool
        False when a deadline or a cap left something out.
    guarantee : {"complete", "sound", "approximate"}
        The weakest of the operators used.
    read_as : list of str
        How each operator value was understood.
    seconds : float
        Wall clock of this page.
    next : str or None
        Token for the next page, on the same generation.
    """

    hits: list[Hit]
    total: int | None
    complete: bool
    guarantee: Guarantee
    read_as: list[str]
    seconds: float
    next: str | None = None
    _facets: Callable[[str], dict[str, int]] = field(default=lambda _: {}, repr=False, compare=False)

    def facets(self, name: str) -> dict[str, int]:
        """Count the values of a field over *all* matches (verifying those not yet verified), most frequent first."""
        return self._facets(name)


@dataclass(frozen=True, slots=True)
class Token:
    """Where the next page starts: generation, offset and a fingerprint of the query."""

    generation: int
    offset: int
    fingerprint: str

    def encode(self) -> str:
        """Return the opaque text that callers pass as ``after``."""
        text = json.dumps([self.generation, self.offset, self.fingerprint])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Token:
        """Read a token.

        Raises
        ------
        QueryError
            If it is none.
        """
        try:
            generation, offset, fingerprint = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            return cls(int(generation), int(offset), str(fingerprint))
        except (ValueError, TypeError, binascii.Error) as exc:
            raise QueryError(f"{text!r} is not a page token", hint="pass page.next of an earlier page") from exc


def fingerprint(*parts: object) -> str:
    """Return a short stable name for a query and its settings."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def checked_token(name: str, limit: int, after: str | None, count: str) -> Token | None:
    """Return where the page asked for starts, None for the first page.

    Raises
    ------
    QueryError
        If `limit` or `count` is none, or `after` is no token of the query that is called `name`.
    """
    if not isinstance(limit, int) or not 1 <= limit <= MOST_HITS:
        raise QueryError(f"limit is a whole number from 1 to {MOST_HITS:,}, not {limit!r}")
    if count not in {"page", "exact"}:
        raise QueryError(f"count is 'page' or 'exact', not {count!r}")
    token = None if after is None else Token.decode(after)
    if token is not None and token.fingerprint != name:
        raise QueryError("this page token belongs to another query", hint="pass the same query as for that page")
    return token


class Session:
    """Keeps what was verified so far, so that later pages continue instead of starting again.

    Parameters
    ----------
    plan : Plan
    view : View
    handler : callable
        Gives the handler of a kind.
    name : str
        The query's fingerprint.
    fields : iterable of str, optional
        Names that can be counted by; None allows any.
    """

    def __init__(
        self,
        plan: Plan,
        view: View,
        handler: Callable[[str], Handler],
        name: str,
        fields: Iterable[str] | None = None,
    ) -> None:
        self._fields = None if fields is None else frozenset(fields)
        self._lock = threading.RLock()  # pages of one session come one after another, whichever threads ask
        self.plan = plan = plan.counted(view.extent)
        self.view = view
        self._handler = handler
        self.name = name
        self._text: TextRun | None = None
        self._found: list[Hit] = []
        self._matched: list[tuple[SplitView, NDArray[np.uint32]]] = []
        self._exhausted = self._paused = self._all_matched = False
        if next(probes(plan.root), None) is None:
            self._text = TextRun(plan, view, handler)
        else:
            self._wider = plan.widened()
            self._was_complete = True
            self._run_plan(plan)

    def _run_plan(self, plan: Plan) -> None:
        self._run = VerifiedRun(plan, self.view, self._handler)
        self._stream: Iterator[Hit | None] = self._run.hits()
        self._matching = self._run.matching()

    def page(self, offset: int, limit: int, count: Count, deadline_s: float | None) -> Page:
        """Return hits `offset` to `offset + limit`.

        When the deadline cuts the page short, what was found so far fills it, best first, and there is no next page;
        the same page asked for again goes on from there.
        """
        with self._lock:
            return self._page(offset, limit, count, deadline_s)

    def _page(self, offset: int, limit: int, count: Count, deadline_s: float | None) -> Page:
        started = time.monotonic()
        if self._text is not None:
            hits, total = self._text.page(offset, limit)
            known: int | None = total
            more, complete = offset + len(hits) < total and bool(hits), True
        else:
            self._run.clock = Clock(None if deadline_s is None else started + deadline_s)
            counting = count == "exact"
            self._fill(None if counting and not self._run.decidable else offset + limit + 1)
            if counting and not (self._exhausted or self._paused):  # else all are known, or there is no time left
                self._match_all()
            hits, left = self._found[offset : offset + limit], len(self._found) - offset - limit
            more = left > 0 or (left == 0 and self._paused)
            if left < 0 and self._paused:  # such a page has no next one: the order is not final
                hits = [*hits, *self._run.provisional()][:limit]
            complete = self._was_complete and self._run.complete and not self._paused
            known = self._total() if complete else None
        token = Token(self.view.generation, offset + limit, self.name).encode() if more else None
        seconds = time.monotonic() - started
        read_as = [*self.plan.read_as, *self._undecided(), *self._unscored()]
        return Page(hits, known, complete, self.plan.guarantee, read_as, seconds, token, self.facets)

    def facets(self, name: str) -> dict[str, int]:
        """Count the values of field `name` over all matches, most frequent first.

        Raises
        ------
        QueryError
            If there is no such field.
        """
        if self._fields is not None and name not in self._fields:
            raise QueryError(f"there is no field {name!r}", hint="fields: " + ", ".join(sorted(self._fields)))
        with self._lock:
            return self._counted(name)

    def _counted(self, name: str) -> dict[str, int]:
        counts: Counter[str] = Counter()
        if self._text is not None and name == "kind":
            for view, keys in self._text.matches():
                for kind, (low, high) in view.split.info.kinds.items():
                    counts[kind] += int(((keys >= low) & (keys < high)).sum())
        elif self._text is not None:
            for view, keys in self._text.matches():
                for stored in view.split.records(keys):
                    counts.update(_values(name, stored.kind, stored.fields.get(name)))
        else:
            self._run.clock = Clock()
            for kind, fields in self._all_fields():
                counts.update(_values(name, kind, fields.get(name)))
        return {value: n for value, n in counts.most_common() if n}

    def _all_fields(self) -> Iterator[tuple[str, Mapping[str, FieldValue]]]:
        """Yield kind and fields of every match, related items not among them."""
        if self._run.decidable:
            self._match_all()
            for view, keys in self._matched:
                yield from ((stored.kind, stored.fields) for stored in view.split.records(keys))
        else:
            self._fill(None)
            yield from ((hit.item.kind, hit.item.fields) for hit in self._found if hit.tier != "related")

    def _undecided(self) -> list[str]:
        """Say of how many items it could not be decided whether they match."""
        count = len(self._run.undecided) if self._text is None else 0
        if not count:
            return []
        items = "1 item is" if count == 1 else f"{count:,} items are"
        return [f"{items} undecided: to verify takes more than a cap allows; explain says which"]

    def _unscored(self) -> list[str]:
        """Say how many items have nothing that could be compared, so that they are never scored."""
        counts = self._run.unscored if self._text is None else {}
        return [
            f"{'1 item' if count == 1 else f'{count:,} items'} of kind {kind} cannot be scored, having nothing to "
            "compare; fields find what they hold"
            for kind, count in counts.items()
        ]

    def _match_all(self) -> None:
        """Find out which items match, without their evidence, until all are known or the clock runs out."""
        while self._run.decidable and not self._all_matched:
            found = next(self._matching, _END)
            if found is None:
                self._paused = True
                return
            self._all_matched = found is _END
            if isinstance(found, tuple):
                self._matched.append(found)

    def _fill(self, wanted: int | None) -> None:
        """Continue until so many hits are final, all are known, or the clock runs out."""
        self._paused = False
        self._run.wanted = wanted
        while not (self._exhausted or self._paused) and (wanted is None or len(self._found) < wanted):
            hit = next(self._stream, _END)
            if self._widens(hit):
                continue
            if hit is None:
                self._paused = True
            elif isinstance(hit, Hit):
                self._found.append(hit)
            else:
                self._exhausted = True

    def _widens(self, hit: object) -> bool:
        """Begin again with a wider question where the first one is through and has no hit."""
        if self._found or self._wider is None or not (hit is _END or (isinstance(hit, Hit) and hit.tier == "related")):
            return False
        self._was_complete = self._run.complete
        clock, wanted = self._run.clock, self._run.wanted
        self._run_plan(self._wider)
        self._run.clock, self._run.wanted = clock, wanted
        self._wider = None
        return True

    def _total(self) -> int | None:
        """Return how many matches there are, if that is certain; related items are none."""
        if self._found and self._found[-1].tier == "related":  # they come after all matches
            return sum(hit.tier != "related" for hit in self._found)
        if self._all_matched:
            return sum(len(keys) for _, keys in self._matched)
        return len(self._found) if self._exhausted else None


def _values(name: str, kind: str, value: FieldValue | None) -> list[str]:
    if name == "kind":
        return [kind]
    if value is None:
        return []
    return [str(part) for part in value] if isinstance(value, list) else [str(value)]
