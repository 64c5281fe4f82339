"""The peak index on disk: what it answers, how it is merged, and that damage is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlsearch.declarations import PeakSpace
from nlsearch.errors import IndexDamaged
from nlsearch.index import peakwrite
from nlsearch.index.peaks import PeakIndex
from nlsearch.index.peakwrite import PeakWriter, merge_peaks
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


def brute(question: PeakMatch, peaks: Peaks) -> float:
    total = 0.0
    for position, weight in zip(question.positions, question.weights, strict=True):
        near = np.abs(peaks.positions.astype(float) - position) <= question.tolerance
        total += max((entropy(weight, float(w)) for w in peaks.weights[near]), default=0.0)
    return total


def test_it_answers_what_brute_force_does(tmp_path: Path) -> None:
    lists = some_peaks(1)
    index = written(tmp_path / "a", lists)
    assert index.keys.tolist() == sorted(lists)
    for key in lists:
        question = asked(lists, key, minimum=0.3, at_least=1)
        found = index.alike(question)
        expected = {other: brute(question, peaks) for other, peaks in lists.items()}
        assert found.keys.tolist() == [other for other in sorted(lists) if expected[other] >= 0.3 - 1e-6]
        np.testing.assert_allclose(found.bounds, [min(1, expected[k]) for k in found.keys.tolist()], atol=3e-6)
        assert not found.loose.any()


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


def test_a_merged_index_is_the_one_that_a_new_build_gives(tmp_path: Path) -> None:
    first, second = some_peaks(4), some_peaks(5)
    keys_of_first = np.arange(200, dtype=np.int64) * 2
    keys_of_second = np.arange(200, dtype=np.int64) * 2 + 1
    keys_of_first[[3, 6]] = -1
    (tmp_path / "merged").mkdir()
    parts = [
        (written(tmp_path / "a", first), keys_of_first),
        (written(tmp_path / "b", second), keys_of_second),
    ]
    merge_peaks(parts, tmp_path / "merged", SPACE, MEMORY)
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
