"""A handler that looks at single seeds says which items stay candidates, where to verify them, and what they score."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nlsearch
from nlsearch.handlers.registry import Registry
from nlsearch.model import Anchors, Extent, Probe, Refined, Region, Scan
from nlsearch.search.candidates import Found, refined, union

HANDLERS = Path(__file__).parent / "refining"
LEAST, LONG = 3, 31


@pytest.fixture(scope="module")
def melodies() -> dict[str, list[int]]:
    rng = np.random.default_rng(3)
    lengths = [*rng.integers(1, 25, 60).tolist(), LONG, LONG + 9]
    return {f"tune {n}": rng.integers(0, 4, length).tolist() for n, length in enumerate(lengths)}


@pytest.fixture(scope="module")
def collection(
    tmp_path_factory: pytest.TempPathFactory, melodies: dict[str, list[int]]
) -> Iterator[nlsearch.Collection]:
    """Three files, of which the second was removed again; its tunes are in the others as well."""
    folder = tmp_path_factory.mktemp("melodies")
    lines = [f"{name}: {' '.join(map(str, numbers))}\n" for name, numbers in melodies.items()]
    for name, part in (("a", lines[:30]), ("b", lines[20:40]), ("c", lines[30:])):
        (folder / f"{name}.melody").write_text("".join(part))
    with nlsearch.Collection.open(folder / "x.nls", create=True, handlers_dirs=[HANDLERS]) as made:
        for names in ("ab", "c"):
            assert not made.index([folder / f"{name}.melody" for name in names], jobs=1).failures
        assert made.remove(folder / "b.melody") == 20
        yield made


@pytest.fixture
def handler(collection: nlsearch.Collection) -> Any:
    handler = collection.registry.get("melody")
    handler.refined.clear()
    handler.verified.clear()
    return handler


def shared(run: list[int], numbers: list[int]) -> int:
    return SequenceMatcher(None, run, numbers, autojunk=False).find_longest_match().size


def expected(run: list[int], melodies: dict[str, list[int]], least: float = 0) -> dict[str, float]:
    found = {name: shared(run, numbers) for name, numbers in melodies.items()}
    scores = {name: size / len(run) for name, size in found.items() if size >= LEAST}
    return {name: score for name, score in scores.items() if score >= least - 1e-9}


def spelled(run: list[int]) -> str:
    return f'part:"{" ".join(map(str, run))}"'


@pytest.mark.parametrize("seed", range(12))
def test_hits_scores_and_order_are_those_of_the_definition(
    seed: int, collection: nlsearch.Collection, melodies: dict[str, list[int]]
) -> None:
    rng = np.random.default_rng(seed)
    run = rng.integers(0, 4, int(rng.integers(3, 9))).tolist()
    page = collection.search(spelled(run), limit=1000, count="exact")
    assert {hit.item.title: hit.score for hit in page.hits} == pytest.approx(expected(run, melodies), abs=1e-6)
    assert [hit.score for hit in page.hits] == sorted((hit.score for hit in page.hits), reverse=True)
    assert (page.total, page.guarantee) == (len(page.hits), "complete")
    for hit in page.hits:
        (q, q_end), (t, t_end) = hit.evidence["query"], hit.evidence["item"]
        assert run[q:q_end] == melodies[hit.item.title][t:t_end]
    assert all(collection.verify(hit) for hit in page.hits)


def test_pages_joined_are_the_whole_answer(collection: nlsearch.Collection) -> None:
    query = spelled([0, 1, 2, 0, 1])
    whole = [hit.item.id for hit in collection.search(query, limit=1000).hits]
    page = collection.search(query, 4)
    parts = [hit.item.id for hit in page.hits]
    while page.next:
        page = collection.search(query, 4, after=page.next)
        parts += [hit.item.id for hit in page.hits]
    assert len(whole) > 8
    assert parts == whole


def test_filters_minima_and_negation_hold(collection: nlsearch.Collection, melodies: dict[str, list[int]]) -> None:
    run = [1, 2, 3, 1]
    hits = {name for name, score in expected(run, melodies).items() if score}
    short = {name for name in hits if len(melodies[name]) <= 12}
    assert 0 < len(short) < len(hits)

    def titles(query: str) -> set[str]:
        return {hit.item.title for hit in collection.search(query, limit=1000).hits}

    assert titles(f"{spelled(run)} AND length:<=12") == short
    assert titles(f"{spelled(run)} AND NOT length:<=12") == hits - short
    assert titles(f"{spelled(run)}~0.9") == set(expected(run, melodies, 0.9))
    assert titles(f"kind:melody AND NOT {spelled(run)}") == set(melodies) - hits
    other = set(expected([0, 0, 0, 3], melodies))
    assert titles(f"{spelled(run)} AND {spelled([0, 0, 0, 3])}") == hits & other
    assert titles(f"{spelled(run)} OR {spelled([0, 0, 0, 3])}") == hits | other


def test_the_handler_is_shown_living_items_that_filters_left(
    collection: nlsearch.Collection, melodies: dict[str, list[int]], handler: Any
) -> None:
    collection.search(f"{spelled([1, 2, 3, 1])} AND length:<=12", limit=1000)
    shown = [payload for _, payloads, _ in handler.refined for payload in payloads]
    pairs = {(1, 2), (2, 3), (3, 1)}
    wanted = [bytes(numbers) for numbers in melodies.values() if len(numbers) <= 12 and pairs & set(pairwise(numbers))]
    assert sorted(shown) == sorted(wanted)


def test_anchors_are_all_pairs_of_equal_seeds_of_what_is_shown(collection: nlsearch.Collection, handler: Any) -> None:
    run = [1, 2, 3, 1, 2]
    collection.search(f"{spelled(run)} AND length:>4", limit=1000)
    assert len(handler.refined) >= 2
    for probe, payloads, anchors in handler.refined:
        found = list(zip(anchors.items.tolist(), anchors.queries.tolist(), anchors.targets.tolist(), strict=True))
        assert sorted(found) == [
            (row, q, t)
            for row, numbers in enumerate(payloads)
            for q in range(len(run) - 1)
            for t in range(len(numbers) - 1)
            if [*numbers[t : t + 2]] == run[q : q + 2]
        ]
        assert anchors.flags.tolist() == [0] * len(found)
        assert probe.verification["run"] == run


def test_the_handler_is_told_how_much_there_is_to_search(
    collection: nlsearch.Collection, melodies: dict[str, list[int]], handler: Any
) -> None:
    collection.search(spelled([1, 2, 3]))
    total = sum(map(len, melodies.values()))
    assert {probe.searched for probe, _, _ in handler.refined} == {Extent(total, len(melodies))}


def test_items_are_verified_where_refining_said(collection: nlsearch.Collection, handler: Any) -> None:
    collection.search(spelled([1, 2, 3, 1]), limit=1000)
    said = {}
    for _, payloads, anchors in handler.refined:
        answer = type(handler)().refine(handler.refined[0][0], payloads, anchors)
        said |= {payloads[row]: tuple(regions) for row, regions in answer.regions.items()}
    assert len(said) > 5
    seen = dict(handler.verified)
    assert {payload for payload in seen if len(payload) < LONG} == set(said)
    for payload, regions in seen.items():
        assert regions == said.get(payload, ())


def test_what_scores_too_little_by_refining_is_not_verified(
    collection: nlsearch.Collection, melodies: dict[str, list[int]], handler: Any
) -> None:
    run = [1, 2, 3, 1]
    best = expected(run, melodies, 0.9)
    collection.search(f"{spelled(run)}~0.9", limit=1000)
    seen = [list(payload) for payload, _ in handler.verified if len(payload) < LONG]
    assert sorted(seen) == sorted(melodies[name] for name in best if len(melodies[name]) < LONG)
    assert 0 < len(best) < len(expected(run, melodies))


def test_explain_tells_hits_from_what_refining_dropped(
    collection: nlsearch.Collection, melodies: dict[str, list[int]]
) -> None:
    run = [1, 2, 3, 1]
    hits = set(expected(run, melodies))
    for hit in collection.search("kind:melody", limit=1000).hits:
        said = collection.explain(spelled(run), hit.item.id).status
        assert (said == "hit") == (hit.item.title in hits)
        assert said != "candidate_missed"


# ------------------------------------------------------------------------------------------------------- one call alone
class FewPayloads:
    """Stands in for a view of one split, whose payloads name their keys."""

    split: FewPayloads

    def __init__(self) -> None:
        self.split = self

    @staticmethod
    def payloads(keys: np.ndarray) -> list[bytes]:
        return [bytes([key]) for key in keys]


class Looking:
    """Scores each item by its row of `scores`, and notes what it was shown."""

    def __init__(self, scores: list[float]) -> None:
        self.scores, self.shown = scores, []

    def refine(self, probe: Probe, payloads: list[bytes], anchors: Anchors) -> Refined:
        rows = zip(anchors.items.tolist(), anchors.queries.tolist(), strict=True)
        self.shown = [(payloads[row], query) for row, query in rows]
        scores = np.array([self.scores[payload[0]] for payload in payloads], np.float32)
        return Refined(scores, {row: [Region(row, row + 1, 0, 1.0)] for row in np.flatnonzero(scores).tolist()})


PROBE = Probe("x", "part", "", Scan(), {}, "complete")


def seen_in(keys: list[int], items: list[int]) -> Found:
    n = len(items)
    anchors = Anchors(np.array(items, "u4"), np.zeros(n, "u1"), np.arange(n, dtype="u4"), np.zeros(n, "i8"))
    array = np.array(keys, np.uint32)
    found = Found.of(array)
    found.anchors = (array, anchors)
    return found


def test_rows_are_counted_anew_when_candidates_were_left_out() -> None:
    found = seen_in([2, 5, 6, 9], [0, 1, 1, 2, 3, 3]).only(np.array([True, False, True, True]))
    looking = Looking([0, 0, 0.5, 1, 1, 1, 0.0, 1, 1, 0.25])
    kept = refined(found, PROBE, FewPayloads(), looking)  # type: ignore[arg-type]
    assert looking.shown == [(b"\2", 0), (b"\6", 3), (b"\x09", 4), (b"\x09", 5)]
    assert (kept.keys.tolist(), kept.bounds.tolist(), kept.anchors) == ([2, 9], [0.5, 0.25], None)
    assert {key: [region.start for region in regions] for key, regions in kept.regions.items()} == {2: [0], 9: [2]}


def test_candidates_without_anchors_stay_as_they_were() -> None:
    others = Found.of(np.array([1, 3, 7], np.uint32), 0.75)
    looking = Looking([0, 0, 0.5, 0.0, 1, 1])
    kept = refined(union(seen_in([2, 3, 4], [0, 1, 2]), others), PROBE, FewPayloads(), looking)  # type: ignore[arg-type]
    assert dict(zip(kept.keys.tolist(), kept.bounds.tolist(), strict=True)) == {1: 0.75, 2: 0.5, 4: 1.0, 7: 0.75}
    assert set(kept.regions) == {2, 4}


def test_a_score_never_raises_a_bound() -> None:
    found = seen_in([2], [0])
    found.bounds[:] = 0.25
    assert refined(found, PROBE, FewPayloads(), Looking([0, 0, 1.0])).bounds.tolist() == [0.25]  # type: ignore[arg-type]


def test_a_handler_that_cannot_refine_gets_every_candidate() -> None:
    tally = Registry([Path(__file__).parents[2] / "examples" / "handlers"], built_in={}).get("tally")
    kept = refined(seen_in([2, 5], [0, 1]), PROBE, FewPayloads(), tally)  # type: ignore[arg-type]
    assert (kept.keys.tolist(), kept.bounds.tolist(), kept.anchors) == ([2, 5], [1.0, 1.0], None)
