"""The peak index on disk: what it answers, how it is merged, and that damage is found."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.declarations import PeakSpace
from nlsearch.errors import IndexDamaged
from nlsearch.handlers.spectrum.features import indexed_peaks
from nlsearch.index import peakwrite
from nlsearch.index.peaks import PeakIndex
from nlsearch.index.peakwrite import PeakWriter, merge_peaks
from nlsearch.kernels.peaklists import Comparing, clean, open_record, pack_record, similarities
from nlsearch.model import PeakMatch, Peaks

SPACE = PeakSpace("test.peaks")
MEMORY = 64 * 2**20


def some_peaks(seed: int, count: int = 40) -> dict[int, Peaks]:
    """Lists of items 0, 3, 6 …; every fourth without a reference, every fifth stands for its own tolerance only."""
    rng = np.random.default_rng(seed)
    made = {}
    for number in range(count):
        n = int(rng.integers(1, 9))
        positions = np.sort(rng.choice(np.arange(100, 140), n, replace=False) + rng.normal(0, 0.003, n))
        weights = rng.random(n) + 0.01
        made[3 * number] = Peaks(
            positions.astype(np.float32),
            (weights / weights.sum()).astype(np.float32),
            float("nan") if number % 4 == 0 else float(rng.uniform(140, 150)),
            exponent=1.0 if number % 3 == 0 else float(rng.uniform(1, 4)),
            scale=float(rng.uniform(0.5, 1.2)),
            apart=0.0 if number % 5 == 0 else 0.9,
            apart_relative=0.0 if number % 5 == 0 else 0.005,
        )
    return made


def written(folder: Path, lists: dict[int, Peaks], memory: int = MEMORY) -> PeakIndex:
    folder.mkdir()
    writer = PeakWriter(folder, SPACE, memory)
    for key in sorted(lists, reverse=True):  # in any order
        writer.add(key, lists[key])
    told = writer.finish()
    assert told["peaks"] == sum(len(one.positions) for one in lists.values())
    assert [path.name for path in folder.iterdir()] == ["test.peaks.peaks"]
    return PeakIndex(folder, SPACE)


def asked(lists: dict[int, Peaks], key: int, **more: object) -> PeakMatch:
    one = lists[key]
    return PeakMatch(SPACE.name, tuple(one.positions.tolist()), tuple(one.weights.tolist()), 0.01, **more)  # type: ignore[arg-type]


def entropy(a: float, b: float) -> float:
    return float((a + b) * np.log2(a + b) - a * np.log2(a) - b * np.log2(b)) / 2


def worth(question: PeakMatch, weight: float, peaks: Peaks, other: float) -> float:
    if question.gain == "product":
        return weight * peaks.scale * other**peaks.exponent
    return entropy(weight, other)


def brute(question: PeakMatch, peaks: Peaks) -> tuple[float, int]:
    """Return the score of a list, and how many peaks of the question have one in reach."""
    total, count = 0.0, 0
    shift = (question.reference or np.nan) - peaks.reference
    for position, weight in zip(question.positions, question.weights, strict=True):
        width = position * question.tolerance * 1e-6 if question.relative else question.tolerance
        distance = peaks.positions.astype(float) - position
        near = np.zeros(len(distance), bool)
        if question.mode != "shifted":
            near |= np.abs(distance) <= width
        if question.mode != "same":
            near |= np.abs(distance + shift) <= width
        total += max((worth(question, weight, peaks, float(w)) for w in peaks.weights[near]), default=0.0)
        count += bool(near.any())
    return total, count


def test_it_answers_what_brute_force_does(tmp_path: Path) -> None:
    lists = some_peaks(1)
    index = written(tmp_path / "a", lists)
    assert index.keys.tolist() == sorted(lists)
    ways = product(("entropy", "product"), ("same", "shifted", "either"), (False, True), (0.05, 0.3), (1, 2))
    for key, (gain, mode, relative, minimum, at_least) in zip(cycle(lists), ways, strict=False):
        reference = None if mode == "same" else 145.0
        width = 60.0 if relative else 0.01
        question = replace(
            asked(lists, key, gain=gain, mode=mode, relative=relative, minimum=minimum, at_least=at_least),
            tolerance=width,
            reference=reference,
        )
        found = index.alike(question)
        expected = {other: brute(question, peaks) for other, peaks in lists.items()}
        kept = [k for k in sorted(lists) if expected[k][0] >= minimum - 1e-6 and expected[k][1] >= at_least]
        assert found.keys.tolist() == kept
        np.testing.assert_allclose(found.bounds, [min(1, expected[k][0]) for k in kept], atol=3e-6)
        assert not found.loose.any()


def test_a_shifted_question_finds_the_list_that_was_moved(tmp_path: Path) -> None:
    one = Peaks(np.array([100.0, 120.5], np.float32), np.array([0.4, 0.6], np.float32), 150.0)
    moved = replace(one, positions=one.positions + np.float32(14.25), reference=164.25)
    index = written(tmp_path / "a", {3: moved, 5: replace(moved, reference=float("nan"))})
    found = index.alike(asked({0: one}, 0, mode="shifted", reference=150.0, minimum=0.9))
    assert found.keys.tolist() == [3]
    assert found.bounds[0] == pytest.approx(1, abs=2e-6)
    assert len(index.alike(asked({0: one}, 0, mode="same", minimum=0.9)).keys) == 0


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32), st.sampled_from([(0.002, False), (0.01, False), (0.05, False), (20.0, True), (150.0, True)])
)
def test_no_tolerance_loses_an_item_or_bounds_it_too_low(seed: int, reach: tuple[float, bool]) -> None:
    rng = np.random.default_rng(seed)
    records = [dense_record(rng) for _ in range(12)]
    lists = {}
    for key, record in enumerate(records):
        reference = open_record(record)[3]
        cleaned = clean(Comparing("entropy", 0.01, reference=reference), record)
        lists[key] = indexed_peaks(cleaned, reference, 0.02)
    own = open_record(records[0])[3]
    with TemporaryDirectory() as folder:
        index = written(Path(folder) / "a", lists)
        for metric, mode in (("entropy", "same"), ("cosine", "same"), ("hybrid", "either"), ("modified", "either")):
            how = Comparing(metric, *reach, reference=own)
            query = clean(how, records[0])
            needed = how.merging * 1e-6 if how.relative else how.merging
            question = PeakMatch(
                SPACE.name, tuple(query.positions.tolist()), tuple(query.weights.tolist()), *reach,
                "entropy" if how.by_entropy else "product", mode, own, minimum=0.2,
                apart=None if reach == (0.01, False) else needed,
            )  # fmt: skip
            found = index.alike(question)
            bounds = dict(zip(found.keys.tolist(), found.bounds.tolist(), strict=True))
            for key, score in enumerate(similarities(how, records[0], records).tolist()):
                assert score < 0.2 or score <= bounds[key] + 1e-7, (metric, key)


def dense_record(rng: np.random.Generator) -> bytes:
    n = int(rng.integers(1, 14))
    grid = float(rng.choice([0.011, 0.03, 1.0]))
    where = np.sort(100 + grid * rng.choice(30, n, replace=False) + rng.normal(0, 0.002, n))
    return pack_record(where, rng.lognormal(0, 2, n), 0, float(rng.choice([140.0, 140.004, 143.5])))


def test_lists_that_stand_for_another_tolerance_are_candidates_whatever_they_hold(tmp_path: Path) -> None:
    lists = some_peaks(2)
    index = written(tmp_path / "a", lists)
    found = index.alike(asked(lists, 3, minimum=0.99, apart=0.5))
    loose = {key for key in lists if lists[key].apart == 0}
    assert set(found.keys[found.loose].tolist()) == loose
    assert set(found.bounds[found.loose].tolist()) == {1.0}
    shifted = index.alike(asked(lists, 3, minimum=0.99, apart=0.5, mode="either", reference=145.0))
    assert set(shifted.keys[shifted.loose].tolist()) == {k for k in loose if np.isfinite(lists[k].reference)}
    assert set(index.alike(asked(lists, 3, minimum=0.99, apart=0.95)).keys[:].tolist()) == set(lists)


def test_little_memory_gives_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = some_peaks(3, 200)
    monkeypatch.setattr(peakwrite, "BLOCK", 100)
    for name, memory in (("much", MEMORY), ("little", 64 * 4 * 50)):
        written(tmp_path / name, lists, memory)
    much, little = ((tmp_path / name / "test.peaks.peaks").read_bytes() for name in ("much", "little"))
    assert much == little


@pytest.mark.parametrize("memory", [MEMORY, 64 * 4 * 20])
def test_a_merged_index_is_the_one_that_a_new_build_gives(tmp_path: Path, memory: int) -> None:
    first, second = some_peaks(4), some_peaks(5)
    keys_of_first = np.arange(200, dtype=np.int64) * 2
    keys_of_second = np.arange(200, dtype=np.int64) * 2 + 1
    keys_of_first[[3, 6]] = -1
    (tmp_path / "merged").mkdir()
    parts = [
        (written(tmp_path / "a", first), keys_of_first),
        (written(tmp_path / "b", second), keys_of_second),
    ]
    merge_peaks(parts, tmp_path / "merged", SPACE, memory)
    whole = {int(keys_of_first[key]): one for key, one in first.items() if keys_of_first[key] >= 0}
    whole |= {int(keys_of_second[key]): one for key, one in second.items()}
    written(tmp_path / "whole", whole)
    merged, expected = (tmp_path / name / "test.peaks.peaks" for name in ("merged", "whole"))
    assert merged.read_bytes() == expected.read_bytes()


def test_items_without_peaks_leave_no_trace(tmp_path: Path) -> None:
    nothing = Peaks(np.empty(0, np.float32), np.empty(0, np.float32))
    index = written(tmp_path / "a", {4: nothing})
    assert len(index.keys) == index.peaks == 0
    assert len(index.alike(PeakMatch(SPACE.name, (100.0,), (1.0,), 0.01)).keys) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"positions": np.array([np.nan], np.float32)},
        {"weights": np.array([0.0], np.float32)},
        {"weights": np.array([1.0, 2.0], np.float32)},
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, wrong: dict[str, np.ndarray]) -> None:
    writer = PeakWriter(tmp_path, SPACE, MEMORY)
    with pytest.raises(ValueError, match=r"positive|and"):
        writer.add(0, replace(Peaks(np.ones(1, np.float32), np.ones(1, np.float32)), **wrong))


def test_damage_is_found(tmp_path: Path) -> None:
    written(tmp_path / "a", some_peaks(6))
    path = tmp_path / "a" / "test.peaks.peaks"
    sound = path.read_bytes()
    rows = len(some_peaks(6))
    peaks = sum(len(one.positions) for one in some_peaks(6).values())
    items_at = 32 + 8 * rows + 5 * (-(-4 * rows // 8) * 8) + -(-4 * peaks // 8) * 8
    for broken in (
        sound[:-8],
        b"X" + sound[1:],
        sound[:8] + b"\xff" + sound[9:],
        sound[:items_at] + b"\xff\xff\xff\xff" + sound[items_at + 4 :],
        sound[:-8] + b"\xff" * 8,
        b"",
    ):
        path.write_bytes(broken)
        with pytest.raises(IndexDamaged, match=r"check|index"):
            PeakIndex(tmp_path / "a", SPACE)
    path.unlink()
    with pytest.raises(IndexDamaged):
        PeakIndex(tmp_path / "a", SPACE)
