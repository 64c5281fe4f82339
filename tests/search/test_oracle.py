"""The funnel against the slow, obvious meaning of a query: every hit, no other, in the right order, page by page."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tallies import HANDLERS, FewSplits, meaning, no_example, random_splits

from nlsearch.handlers.registry import Registry
from nlsearch.query import syntax
from nlsearch.search.explain import explain
from nlsearch.search.parts import probes
from nlsearch.search.plan import Planner
from nlsearch.search.session import Session

runs = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(lambda ns: " ".join(map(str, ns)))
structures = st.builds(
    lambda value, minimum: syntax.Structure("run", value, minimum),
    runs,
    st.sampled_from([None, None, 0.2, 0.5, 1.0]),
)
filters = st.one_of(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "nothing"]).map(lambda name: syntax.FieldIs("name", name)),
    st.integers(1, 12).map(lambda n: syntax.FieldIs("length", str(n))),
    st.tuples(st.integers(1, 6), st.integers(6, 12)).map(lambda r: syntax.FieldRange("length", str(r[0]), str(r[1]))),
)


def trees(leaves: st.SearchStrategy[syntax.Node]) -> st.SearchStrategy[syntax.Node]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: syntax.And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: syntax.Or(tuple(parts))),
            inner.map(syntax.Not),
        ),
        max_leaves=5,
    )


structural = trees(
    st.one_of(structures, structures, filters.filter(lambda node: getattr(node, "field", "") == "length"))
)
mixed = trees(st.one_of(structures, filters, st.sampled_from(["alpha", "beta", "delta"]).map(syntax.Words)))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry([HANDLERS], built_in={})


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> FewSplits:
    return FewSplits(tmp_path_factory.mktemp("tallies"), registry, random_splits(5), dead={3, 102, 205})


def session(node: syntax.Node, view: FewSplits, registry: Registry) -> Session:
    plan = Planner(registry, no_example).plan(node)
    return Session(plan, view, registry.get, "test")  # type: ignore[arg-type]


@settings(max_examples=80, deadline=None)
@given(node=structural)
def test_hits_and_their_order_are_those_of_the_definition(
    node: syntax.Node, view: FewSplits, registry: Registry
) -> None:
    asked = session(node, view, registry)
    page = asked.page(0, 1000, "exact", None)
    expected = {id_: score for id_, tally in view.tallies.items() if (score := meaning(node, tally)) is not None}
    assert {hit.item.id for hit in page.hits} == set(expected)
    assert page.total == len(expected)
    for hit in page.hits:
        wanted = expected[hit.item.id]
        assert hit.score == pytest.approx(1.0 if wanted < 0 else wanted)
    scores = [hit.score for hit in page.hits]
    assert scores == sorted(scores, reverse=True)


@settings(max_examples=50, deadline=None)
@given(node=mixed, limit=st.integers(1, 9))
def test_pages_joined_are_the_whole_answer(node: syntax.Node, limit: int, view: FewSplits, registry: Registry) -> None:
    whole = [hit.item.id for hit in session(node, view, registry).page(0, 1000, "exact", None).hits]
    assert set(whole) == {id_ for id_, tally in view.tallies.items() if meaning(node, tally) is not None}
    kept, fresh = session(node, view, registry), []
    joined: list[str] = []
    while len(fresh) * limit <= len(whole):
        page = kept.page(len(fresh) * limit, limit, "page", None)
        again = session(node, view, registry).page(len(fresh) * limit, limit, "page", None)
        assert [hit.item.id for hit in page.hits] == [hit.item.id for hit in again.hits]
        joined += [hit.item.id for hit in page.hits]
        assert (page.next is not None) == (len(joined) < len(whole))
        fresh.append(page)
    assert joined == whole


@settings(max_examples=25, deadline=None)
@given(node=mixed)
def test_explain_agrees_with_the_answer(node: syntax.Node, view: FewSplits, registry: Registry) -> None:
    plan = Planner(registry, no_example).plan(node)
    for part in view.splits:
        for key in range(part.split.info.items):
            stored = part.split.item(key)
            if stored.id in view.tallies:
                said = explain(plan, part, key, registry.get)
                assert (said.status == "hit") == (meaning(node, view.tallies[stored.id]) is not None), said
                assert said.status != "candidate_missed"


@settings(max_examples=25, deadline=None)
@given(node=structural)
def test_facets_count_what_matches(node: syntax.Node, view: FewSplits, registry: Registry) -> None:
    matching = [tally for tally in view.tallies.values() if meaning(node, tally) is not None]
    asked = session(node, view, registry)
    assert sum(asked.facets("kind").values()) == len(matching)
    lengths: dict[str, int] = {}
    for tally in matching:
        lengths[str(len(tally.numbers))] = lengths.get(str(len(tally.numbers)), 0) + 1
    assert asked.facets("length") == lengths


def test_a_page_verifies_tens_not_all(tmp_path: Path, registry: Registry) -> None:
    many = FewSplits(tmp_path, registry, random_splits(8, splits=2, items=600), dead=set())
    node = syntax.Structure("run", "1")
    asked = session(node, many, registry)
    page = asked.page(0, 20, "page", None)
    assert len(page.hits) == 20
    assert page.total is None
    assert page.next is not None
    assert asked._run.verified < 400
    assert next(probes(asked.plan.root)).probe.numerator == 1


def test_a_passed_deadline_says_so(view: FewSplits, registry: Registry) -> None:
    page = session(syntax.Structure("run", "1"), view, registry).page(0, 20, "exact", 0.0)
    assert not page.complete
    assert page.total is None
