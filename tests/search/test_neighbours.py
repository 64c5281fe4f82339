"""The nearest of several splits are those of the definition, whatever is dead and however few are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlsearch.handlers.contract import VectorSpace
from nlsearch.index.split import SplitWriter
from nlsearch.model import AnyOf, Entry, Features, Nearest, Probe, Scan
from nlsearch.search.neighbours import asked_for, closest
from nlsearch.search.parts import AllParts, ProbePart
from nlsearch.search.view import SplitView

SPACE = VectorSpace("some.bits", 64, "tanimoto")
rows = st.lists(st.integers(0, 2**12 - 1), min_size=1, max_size=12)


def bits(number: int) -> np.ndarray:
    return np.frombuffer(number.to_bytes(8, "little"), np.uint8)


def made(folder: Path, numbers: list[int], place: int, dead: frozenset[int]) -> SplitView:
    writer = SplitWriter(folder, {SPACE.name: SPACE}, {}, {"one": 1})
    for i, number in enumerate(numbers):
        features = Features(vectors={SPACE.name: bits(number)}, payload=b"x", size=float(i + 1))
        writer.add(Entry(i, "one", f"/{i:03}", "#1", 1, str(i), features))
    writer.finish()
    return SplitView(folder, place, dead)


@settings(max_examples=30, deadline=None)
@example(splits=[([0], frozenset())], query=1, minimum=1e-194, limit=None)
@given(
    splits=st.lists(st.tuples(rows, st.frozensets(st.integers(0, 11), max_size=6)), min_size=1, max_size=4),
    query=st.integers(1, 2**12 - 1),
    minimum=st.floats(0, 1),
    limit=st.none() | st.integers(1, 20),
)
def test_the_nearest_of_all_splits_are_those_of_the_definition(
    tmp_path_factory: pytest.TempPathFactory,
    splits: list[tuple[list[int], frozenset[int]]],
    query: int,
    minimum: float,
    limit: int | None,
) -> None:
    folder = tmp_path_factory.mktemp("near")
    views = [made(folder / str(i), numbers, i, dead) for i, (numbers, dead) in enumerate(splits)]
    found = closest(Nearest(SPACE.name, bits(query).tobytes(), minimum), views, limit)
    order = list(zip((-found.similarities).tolist(), found.numbers.tolist(), found.keys.tolist(), strict=True))
    assert order == sorted(set(order))
    assert len(found) <= (limit or len(found))
    every = []
    for view, (numbers, dead) in zip(views, splits, strict=True):
        for key, item in enumerate(view.split.records(range(len(numbers)))):
            shared = (numbers[int(item.title)] & query).bit_count()
            ratio = shared / (numbers[int(item.title)] | query).bit_count()
            if int(item.title) not in dead and ratio >= minimum:
                every.append((-float(np.float32(ratio)), view.number, key))
    assert order == sorted(every)[:limit]


def test_only_a_plain_question_for_neighbours_is_answered_nearest_first() -> None:
    question = Nearest("some.bits", bytes(8))

    def part(ask, minimum=0.5):
        return ProbePart(Probe("one", "like", "x", ask, {}, "complete"), minimum)

    assert asked_for(part(question)).minimum == pytest.approx(0.5, abs=1e-5)
    assert asked_for(part(Nearest("some.bits", bytes(8), 0.7), 0.2)).minimum == 0.7
    assert asked_for(part(AnyOf((question, Scan())))) is None
    assert asked_for(part(Nearest("some.bits", bytes(8), lacking=True))) is None
    assert asked_for(part(Nearest("some.bits", bytes(8), limit=5))) is None
    assert asked_for(AllParts((part(question),))) is None
