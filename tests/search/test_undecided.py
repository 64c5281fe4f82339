"""Items about which verification cannot decide within its caps, and time that runs out: nothing wrong, nothing lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tallies import HANDLERS, FewSplits, Tally, no_example, random_splits

from nlsearch.errors import QueryTooCostly
from nlsearch.handlers.registry import Registry
from nlsearch.model import NO, UNDECIDED, YES, Probe, Verdict
from nlsearch.query import syntax
from nlsearch.search.explain import explain
from nlsearch.search.plan import Planner
from nlsearch.search.session import Session

COSTLY = 3
"""A run that holds this number is too costly to look for in candidates of even length."""
REGISTRY = Registry([HANDLERS], built_in={})


def is_costly(run: list[int], numbers: list[int]) -> bool:
    return COSTLY in run and set(run) <= set(numbers) and len(numbers) % 2 == 0


class Costly:
    """The kind tally, with verification that gives up on some items."""

    def __init__(self) -> None:
        self.inner: Any = REGISTRY.get("tally")

    def verify(self, probe: Probe, payload: bytes, regions: Any = ()) -> Verdict | None:
        if is_costly(probe.verification["run"], memoryview(payload).cast("I").tolist()):
            raise QueryTooCostly("more steps than the cap")
        verdict: Verdict | None = self.inner.verify(probe, payload, regions)
        return verdict


class Deciding(Costly):
    """The same, and tells of many at once what it can."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def decide(self, probe: Probe, payloads: list[bytes]) -> bytes:
        self.asked += len(payloads)
        return bytes(map(self._one, [probe] * len(payloads), payloads))

    def _one(self, probe: Probe, payload: bytes) -> int:
        try:
            return NO if self.verify(probe, payload) is None else YES
        except QueryTooCostly:
            return UNDECIDED


def truth(node: syntax.Node, tally: Tally) -> bool | None:
    """Return the plain meaning of a query, None where it depends on what is too costly."""
    match node:
        case syntax.And(parts) | syntax.Or(parts):
            known = [truth(part, tally) for part in parts]
            decisive = isinstance(node, syntax.Or)
            return decisive if decisive in known else None if None in known else not decisive
        case syntax.Not(part):
            inner = truth(part, tally)
            return None if inner is None else not inner
        case syntax.FieldIs(_, value):
            return len(tally.numbers) == int(value)
        case syntax.Structure(value=value):
            run, numbers = [int(n) for n in value.split()], tally.numbers
            if is_costly(run, numbers):
                return None
            return any(numbers[i : i + len(run)] == run for i in range(len(numbers)))
    raise AssertionError(node)


leaves = st.one_of(
    st.lists(st.integers(2, 3), min_size=1, max_size=2).map(lambda ns: syntax.Structure("run", " ".join(map(str, ns)))),
    st.integers(1, 6).map(lambda n: syntax.FieldIs("length", str(n))),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: syntax.And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: syntax.Or(tuple(parts))),
        inner.map(syntax.Not),
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> FewSplits:
    return FewSplits(tmp_path_factory.mktemp("costly"), REGISTRY, random_splits(11), dead={3})


def session(node: syntax.Node, view: FewSplits, handler: Any) -> Session:
    return Session(Planner(REGISTRY, no_example).plan(node), view, lambda _: handler, "name")


@settings(max_examples=80, deadline=None)
@given(node=trees, deciding=st.booleans())
def test_hits_are_what_certainly_matches_and_the_rest_is_told(
    node: syntax.Node, deciding: bool, view: FewSplits
) -> None:
    sure = {id_ for id_, tally in view.tallies.items() if truth(node, tally)}
    unsure = {id_ for id_, tally in view.tallies.items() if truth(node, tally) is None}
    asked = session(node, view, Deciding() if deciding else Costly())
    page = asked.page(0, 1000, "exact", None)
    assert {hit.item.id for hit in page.hits} == sure
    assert sum(asked.facets("kind").values()) == len(sure)
    assert page.complete == (not unsure)
    assert page.total == (None if unsure else len(sure))
    assert any(f"{len(unsure)} item" in line for line in page.read_as) == bool(unsure)


@settings(max_examples=40, deadline=None)
@given(node=trees)
def test_explain_says_the_same(node: syntax.Node, view: FewSplits) -> None:
    plan, handler = Planner(REGISTRY, no_example).plan(node), Costly()
    for part in view.splits:
        for key in range(part.split.info.items):
            tally = view.tallies.get(part.split.item(key).id)
            if tally is not None:
                said = explain(plan, part, key, lambda _: handler)
                assert (said.status == "hit") == (truth(node, tally) is True), said
                if truth(node, tally) is None:
                    assert any("undecided" in step for step in said.steps)


def test_a_count_asks_no_more_when_the_page_holds_all_hits(view: FewSplits) -> None:
    asked, totals = [], []
    for count in ("page", "exact"):
        handler = Deciding()
        totals.append(session(syntax.Structure("run", "2"), view, handler).page(0, 1000, count, None).total)
        asked.append(handler.asked)
    assert totals[0] == totals[1]
    assert asked[0] == asked[1] > 0


@pytest.mark.parametrize(
    "node",
    [
        syntax.Structure("run", "1 1 1 1 2 0"),
        syntax.Or((syntax.Structure("run", "1 1 1 1 2 0"), syntax.Structure("run", "1 1 1 1 2"))),
        syntax.Not(syntax.Or(tuple(syntax.Structure("run", str(n)) for n in range(3)))),
    ],
)
def test_a_deadline_holds_where_most_is_denied(node: syntax.Node, tmp_path: Path) -> None:
    many = FewSplits(tmp_path, REGISTRY, random_splits(8, splits=2, items=600), dead=set())
    handler = Deciding()
    asked = session(node, many, handler)
    page = asked.page(0, 20, "exact", 0.0)
    assert (page.hits, page.complete, page.total) == ([], False, None)
    assert handler.asked == 0
    page = asked.page(0, 20, "exact", None)
    assert page.complete
    assert page.total == sum(bool(truth(node, tally)) for tally in many.tallies.values())
