"""Items without a vector in a space stay candidates where a question says so, and only there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.handlers.contract import VectorSpace
from nlsearch.index.split import SplitWriter
from nlsearch.model import AllOf, AnyOf, Entry, Features, Nearest, Range
from nlsearch.search.candidates import ask
from nlsearch.search.view import SplitView

SPACE = VectorSpace("some.bits", 64, "tanimoto")
ITEMS = 40


def made(folder: Path, holders: list[bool], dead: frozenset[int]) -> SplitView:
    """A split of two kinds; `holders` says which items have a vector, one bit set more an item."""
    writer = SplitWriter(folder, {SPACE.name: SPACE}, {}, {"one": 1, "other": 1})
    for i, holds in enumerate(holders):
        vectors = {SPACE.name: np.packbits(np.arange(64) <= i, bitorder="little")} if holds else {}
        kind = "one" if i % 3 else "other"
        features = Features(vectors=vectors, payload=b"x", size=i + 1)
        writer.add(Entry(i // 2, kind, f"/{i:03}", "#1", 1, str(i), features))
    writer.finish()
    return SplitView(folder, 0, dead)


@settings(max_examples=25, deadline=None)
@given(
    holders=st.lists(st.booleans(), min_size=1, max_size=ITEMS),
    dead=st.frozensets(st.integers(0, ITEMS // 2), max_size=6),
    minimum=st.floats(0, 1),
    weights=st.sampled_from([None, (0.5, 0.5), (0.9, 0.1)]),
    few=st.none() | st.frozensets(st.integers(0, ITEMS - 1)),
)
def test_candidates_are_near_or_lack_a_vector(
    tmp_path_factory: pytest.TempPathFactory,
    holders: list[bool],
    dead: frozenset[int],
    minimum: float,
    weights: tuple[float, float] | None,
    few: frozenset[int] | None,
) -> None:
    view = made(tmp_path_factory.mktemp("lacking") / "split", holders, dead)
    asked = np.packbits(np.arange(64) < 20, bitorder="little").tobytes()
    question = Nearest(SPACE.name, asked, minimum, lacking=True, weights=weights)
    titles = [int(item.title) for item in view.split.records(range(len(holders)))]
    allowed = None if few is None else np.array([key for key in range(len(holders)) if titles[key] in few], np.uint32)
    found = ask(question, "one", view, allowed)
    bounds = {titles[key]: bound for key, bound in zip(found.keys.tolist(), found.bounds.tolist(), strict=True)}
    assert found.keys.tolist() == sorted(set(found.keys.tolist()))
    lacking = {
        i for i, holds in enumerate(holders)
        if not holds and i % 3 and i // 2 not in dead and (few is None or i in few)
    }  # fmt: skip
    assert {i for i in bounds if not holders[i]} == lacking
    assert all(bounds[i] == 1 for i in lacking)
    strict = ask(replace(question, lacking=False), "one", view, allowed)
    near = {titles[key] for key in strict.keys.tolist()}
    assert near == bounds.keys() - lacking
    for combined in (AnyOf((question, Range("nothing", 5, 6))), AllOf((question, question))):
        again = ask(combined, "one", view, allowed)
        assert again.keys.tolist() == found.keys.tolist()
