"""Why an item is, or is not, a hit: the stages of the funnel, replayed for one item."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from nlsearch.search import candidates
from nlsearch.search.judge import Judge
from nlsearch.search.parts import AnyPart, NotPart, Part, Plan, ProbePart, TextPart, leaves
from nlsearch.search.view import readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nlsearch.handlers.contract import Handler
    from nlsearch.model import Failure
    from nlsearch.search.view import SplitView

Status: TypeAlias = Literal["hit", "not_indexed", "filtered", "candidate_missed", "verification_failed"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where in the funnel an item stopped.

    Parameters
    ----------
    status : {"hit", "not_indexed", "filtered", "candidate_missed", "verification_failed"}
    reason : str
        One sentence.
    steps : list of str
        What each part of the query said about the item.
    """

    status: Status
    reason: str
    steps: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Leaf:
    part: TextPart | ProbePart
    holds: bool | None  # None: undecided
    candidate: bool
    step: str
    of_kind: bool = True


def explain(plan: Plan, view: SplitView, key: int, handler: Callable[[str], Handler]) -> Explanation:
    """Replay `plan` for item `key`: every leaf by itself, then the whole expression.

    What operators ask otherwise, where a query has no hit, is asked too.
    """
    wider = plan.widened()
    found = _explained(plan, view, key, handler)
    if wider is None or found.status != "candidate_missed":
        return found
    return _explained(wider, view, key, handler)


def _explained(plan: Plan, view: SplitView, key: int, handler: Callable[[str], Handler]) -> Explanation:
    judge = Judge(view, handler, None, {})
    examined = [_examine(part, view, key, judge, handler) for part in leaves(plan.root)]
    steps = [leaf.step for leaf in examined]
    by_part = {id(leaf.part): leaf for leaf in examined}
    if _holds(plan.root, by_part, needs_candidate=True):
        return Explanation("hit", "the item satisfies the query", steps)
    if _holds(plan.root, by_part, needs_candidate=False):
        return Explanation("candidate_missed", "the item matches, but the candidate stage did not find it", steps)
    failed = [leaf for leaf in examined if not leaf.holds]
    text = next((leaf for leaf in failed if isinstance(leaf.part, TextPart)), None)
    if text is not None:
        return Explanation("filtered", f"the item does not satisfy {text.step.split(': ')[0]}", steps)
    other = next((leaf for leaf in failed if not leaf.of_kind), None)
    if other is not None:
        return Explanation("filtered", f"the item is of another kind: {other.step}", steps)
    probe = next((leaf for leaf in failed if isinstance(leaf.part, ProbePart)), None)
    if probe is not None:
        said = "verification did not decide" if probe.holds is None else "verification said no"
        said = said if probe.candidate or probe.holds is not None else "the screen says no"
        return Explanation("verification_failed", f"{said}: {probe.step}", steps)
    return Explanation("filtered", "the item satisfies a part that the query excludes with NOT", steps)


def not_indexed(item_id: str, failures: Iterable[Failure], hint: str) -> Explanation:
    """Say that there is no such item, and whether that is because its source or record is among the `failures`."""
    asked = {path + locator for path, locator in readings(item_id)}
    sources = {path for path, _ in readings(item_id)}
    failed = [
        failure
        for failure in failures
        if failure.path + failure.locator in asked or (failure.path in sources and not failure.locator)
    ]
    steps = [f"{failure.path}{failure.locator}: {failure.reason}" for failure in failed]
    reason = f"no item {item_id!r} is indexed" + "".join(f": {failure.reason}" for failure in failed[:1])
    return Explanation("not_indexed", reason, steps or [hint])


def _examine(
    part: TextPart | ProbePart, view: SplitView, key: int, judge: Judge, handler: Callable[[str], Handler]
) -> _Leaf:
    judged = judge.judge(part, key)
    holds = judged is not None
    if isinstance(part, TextPart):
        return _Leaf(part, holds, holds, f"{part.label}: {'holds' if holds else 'does not hold'}")
    name = f"{part.probe.operator} ({part.probe.read_as})"
    low, high = view.split.kind_range(part.probe.kind)
    if not low <= key < high:
        return _Leaf(part, False, False, f"{name}: the item is not of kind {part.probe.kind}", of_kind=False)
    asked = candidates.screen(part, view, handler)
    candidate = bool(np.isin(key, asked.keys))
    stage = "candidate" if candidate else "not a candidate"
    if judged is not None:
        return _Leaf(part, True, candidate, f"{name}: {stage}, verified as {judged.tier}, score {judged.score:.4f}")
    undecided = judge.undecided.pop(key, None)  # of this part alone
    if undecided is not None:
        return _Leaf(part, None, candidate, f"{name}: {stage}, undecided: {undecided}")
    verdict = judge.verdict(part, key, ())
    said = "verification failed"
    if verdict is not None:
        said = f"score {verdict.score:.4f} is below the minimum {part.minimum:.4f}"
    return _Leaf(part, False, candidate, f"{name}: {stage}, {said}")


def _holds(part: Part, leaf_of: dict[int, _Leaf], *, needs_candidate: bool) -> bool | None:
    """Say whether `part` holds, in Kleene's logic: None where it is undecided."""
    if isinstance(part, TextPart | ProbePart):
        leaf = leaf_of[id(part)]
        return leaf.holds if leaf.candidate or not needs_candidate else False
    if isinstance(part, NotPart):
        inner = _holds(part.part, leaf_of, needs_candidate=False)
        return None if inner is None else not inner
    parts = [_holds(child, leaf_of, needs_candidate=needs_candidate) for child in part.parts]
    decisive = isinstance(part, AnyPart)
    return decisive if decisive in parts else None if None in parts else not decisive
