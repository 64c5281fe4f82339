"""Verification: whether one candidate satisfies the whole plan, with the evidence of each operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import IndexDamaged, QueryTooCostly
from nlsearch.folding import words
from nlsearch.handlers.contract import decider
from nlsearch.model import NO, UNDECIDED, YES, Check, Hit, Item, Json, Region, Verdict
from nlsearch.search import fuse
from nlsearch.search.fuse import Judgement
from nlsearch.search.parts import AllParts, AnyPart, NotPart, Part, ProbePart, TextPart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Handler
    from nlsearch.search.candidates import Screen
    from nlsearch.search.view import SplitView


_OPPOSITE = np.array([YES, NO, UNDECIDED], np.uint8)


class Judge:
    """Decides about the candidates of one split.

    Parameters
    ----------
    view : SplitView
    handler : callable
        Gives the handler of a kind.
    screen : Screen or None
        The candidate stage's answer, for the regions; None looks everywhere.
    word_scores : mapping of int to float
        Reciprocal-rank scores of the items that hold the query's words, by key.
    keys : sequence of int, optional
        Only these items will be judged; None if that is not known.

    Attributes
    ----------
    undecided : dict of int to str
        Items about which it is not known whether the plan holds, because a handler could not decide within its caps,
        with its reason; they are not shown.
    """

    def __init__(
        self,
        view: SplitView,
        handler: Callable[[str], Handler],
        screen: Screen | None,
        word_scores: Mapping[int, float],
        keys: Sequence[int] | None = None,
    ) -> None:
        self._view = view
        self._handler = handler
        self._screen = screen
        self._word_scores = word_scores
        self._keys = keys
        self._members: dict[int, NDArray[np.uint32]] = {}
        self.undecided: dict[int, str] = {}

    def judge(self, part: Part, key: int) -> Judgement | None:
        """Return what holds of item `key` under `part`; None if the part does not hold, or it is undecided whether."""
        found = self._found(part, key)
        if not isinstance(found, str):
            return found
        self.undecided[key] = found
        return None

    def _found(self, part: Part, key: int) -> Judgement | str | None:
        """Return what :meth:`judge` does, or why it is undecided whether the part holds (Kleene's logic)."""
        if isinstance(part, ProbePart):
            return self._probe(part, key)
        if isinstance(part, TextPart):
            return self._text(part, key)
        if isinstance(part, NotPart):
            inner = self._found(part.part, key)
            return inner if isinstance(inner, str) else Judgement() if inner is None else None
        return self._all(part, key) if isinstance(part, AllParts) else self._any(part, key)

    def _all(self, part: AllParts, key: int) -> Judgement | str | None:
        found: list[Judgement] = []
        undecided: str | None = None
        for child in sorted(part.parts, key=lambda child: not isinstance(child, TextPart)):
            judged = self._found(child, key)
            if judged is None:
                return None
            if isinstance(judged, str):
                undecided = judged
            else:
                found.append(judged)
        return fuse.all_of(found) if undecided is None else undecided

    def _any(self, part: AnyPart, key: int) -> Judgement | str | None:
        judged = [self._found(child, key) for child in part.parts]
        found = [one for one in judged if isinstance(one, Judgement)]
        return fuse.any_of(found) if found else next((one for one in judged if one is not None), None)

    def _text(self, part: TextPart, key: int) -> Judgement | None:
        members = self._matching(part)
        place = int(np.searchsorted(members, key))
        if place == len(members) or members[place] != key:
            return None
        return Judgement(words=self._word_scores.get(key, 0.0) if part.ranked else None, texts=(part,))

    def _matching(self, part: TextPart) -> NDArray[np.uint32]:
        members = self._members.get(id(part))
        if members is None:
            members = self._view.split.matching(self._view.text(part.query), self._keys)
            self._members[id(part)] = members
        return members

    def _probe(self, part: ProbePart, key: int) -> Judgement | str | None:
        low, high = self._view.split.kind_range(part.probe.kind)
        if not low <= key < high:
            return None
        regions = tuple(self._screen.regions(part, key)) if self._screen is not None else ()
        try:
            verdict = self.verdict(part, key, regions)
        except QueryTooCostly as exc:
            return exc.message
        if verdict is None or verdict.score < part.minimum - 1e-9:
            return None
        return Judgement(verdict.tier, verdict.score, None, (Check(part.probe, regions, verdict),))

    def decide(self, part: Part, keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Return for each item ``NO``, ``YES`` or ``UNDECIDED``: whether :meth:`judge` would find that `part` holds."""
        if isinstance(part, TextPart):
            return np.isin(keys, self._matching(part)).astype(np.uint8)
        if isinstance(part, ProbePart):
            return self._decide_probe(part, keys)
        if isinstance(part, NotPart):
            return _OPPOSITE[self.decide(part.part, keys)]
        decisive, neutral = (NO, YES) if isinstance(part, AllParts) else (YES, NO)
        decided = np.full(len(keys), neutral, np.uint8)
        for child in sorted(part.parts, key=lambda child: not isinstance(child, TextPart)):
            left = np.flatnonzero(decided != decisive)
            found = self.decide(child, keys[left])
            decided[left] = np.where(found == neutral, decided[left], found)
        return decided

    def _decide_probe(self, part: ProbePart, keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
        low, high = self._view.split.kind_range(part.probe.kind)
        decided = np.zeros(len(keys), np.uint8)
        inside = np.flatnonzero((keys >= low) & (keys < high))
        decided[inside] = UNDECIDED
        handler = decider(self._handler(part.probe.kind))
        if handler is not None:
            answer = handler.decide(part.probe, self._view.split.payloads(keys[inside]))
            if answer is not None:
                decided[inside] = np.frombuffer(answer, np.uint8)
        if part.minimum > 0:
            decided[decided == YES] = UNDECIDED  # the score is not known
        return decided

    def verdict(self, part: ProbePart, key: int, regions: tuple[Region, ...]) -> Verdict | None:
        """Let the handler decide on the item's payload.

        Raises
        ------
        QueryTooCostly
            If that takes more than a cap allows.
        IndexDamaged
            If the payload cannot be decoded: it is not what was written.
        """
        payload = self._view.split.payload(key)
        try:
            return self._handler(part.probe.kind).verify(part.probe, payload, regions)
        except (ValueError, IndexError, EOFError) as exc:
            raise IndexDamaged(
                f"the payload of item {key} does not decode: {exc}",
                locator=str(self._view.directory),
                hint="run nlsearch check",
            ) from exc


def evidence_of(judgement: Judgement, item: Item) -> dict[str, Json]:
    """Merge the evidence of all operators with what words and fields matched.

    One operator's evidence stands as it is; of several, the first stands and all are listed in ``parts``.
    """
    checks, texts = judgement.checks, judgement.texts
    evidence: dict[str, Json] = dict(checks[0].verdict.evidence) if checks else {}
    if len(checks) > 1:
        evidence["parts"] = [{"operator": c.probe.operator, **c.verdict.evidence} for c in checks]
    matched = [word for part in texts for word in part.words]
    if matched:
        evidence["words"] = list(dict.fromkeys(matched))
    fields = {name: item.fields[name] for part in texts for name in part.fields if name in item.fields}
    anywhere = [part.words for part in texts if part.words and not part.fields]
    for name, value in item.fields.items():
        if anywhere and isinstance(value, str) and _holds_any(words(value), anywhere):
            fields.setdefault(name, value)
    if fields:
        evidence["fields"] = fields
    return evidence


def _holds_any(said: Sequence[str], sought: Sequence[tuple[str, ...]]) -> bool:
    """Say whether any of the `sought` runs of words stands in a text side by side, as it was asked for."""
    return any(
        tuple(said[start : start + len(run)]) == run for run in sought for start in range(len(said) - len(run) + 1)
    )


def hit_of(judgement: Judgement, item: Item) -> Hit:
    """Make the hit that a user sees."""
    score = min(1.0, max(0.0, judgement.score))
    return Hit(item, score, judgement.tier, evidence_of(judgement, item), judgement.checks)
