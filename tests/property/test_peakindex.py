"""The kernel of the peak index: equal to its oracle, and a bound of every similarity."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.handlers.spectrum.features import indexed_peaks
from nlsearch.kernels.peakindex import (
    MOST_POINTS,
    POINT,
    SAME,
    SHIFTED,
    PeakArrays,
    Tallying,
    numbers_fit,
    tally,
    tally_reference,
)
from nlsearch.kernels.peaklists import METRICS, Comparing, clean, compare, pack_record, similarities
from nlsearch.model import Peaks

MODES = {"entropy": SAME, "cosine": SAME, "neutral_loss": SHIFTED}


def arrays_of(lists: list[tuple[bytes, float]], tolerance: float) -> PeakArrays:
    peaks = []
    for raw, reference in lists:
        cleaned = clean(Comparing("entropy", tolerance, reference=reference), raw)
        if not len(cleaned.positions):  # all above the reference: a row without peaks
            peaks.append(Peaks(cleaned.positions, cleaned.intensities, reference))
            continue
        peaks.append(indexed_peaks(cleaned, reference, 2 * tolerance))
    positions = np.concatenate([one.positions for one in peaks]).astype(np.float32)
    items = np.concatenate([np.full(len(one.positions), row) for row, one in enumerate(peaks)]).astype(np.uint32)
    weights = np.concatenate([one.weights for one in peaks]).astype(np.float32)
    order = np.lexsort((items, positions))
    positions, items, weights = positions[order], items[order], weights[order]
    references = np.array([one.reference for one in peaks])
    losses = references[items] - positions
    by_loss = np.argsort(losses, kind="stable")[: int(np.isfinite(losses).sum())].astype(np.uint32)
    exponents = np.array([one.exponent for one in peaks], np.float32)
    scales = np.array([one.scale for one in peaks], np.float32)
    return PeakArrays(positions, items, weights, by_loss, references, exponents, scales)


def random_lists(rng: np.random.Generator, count: int, grid: float) -> list[tuple[bytes, float]]:
    lists = []
    for _ in range(count):
        n = int(rng.integers(1, 12))
        where = np.sort(rng.choice(np.arange(100, 130, grid), n, replace=False) + rng.normal(0, 0.004, n))
        reference = float(rng.choice([math.nan, 131.0, 140.0, 145.5]))
        lists.append((pack_record(where, rng.lognormal(3, 2, n), 0, reference), reference))
    return lists


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.02, 0.5]))
def test_it_agrees_with_its_oracle_and_bounds_every_similarity(seed: int, grid: float) -> None:
    rng = np.random.default_rng(seed)
    lists = random_lists(rng, 12, grid)
    arrays = arrays_of(lists, 0.01)
    assert numbers_fit(arrays)
    raw, reference = lists[0]
    for metric in METRICS:
        asked = Comparing(metric, 0.01, reference=reference)
        if metric not in MODES and math.isnan(reference):
            continue
        cleaned = clean(asked, raw)
        query = np.empty(len(cleaned.positions), POINT)
        query["position"], query["weight"] = cleaned.positions, cleaned.weights
        for relative in (False, True):
            tolerance = 90.0 if relative else 0.01
            how = Tallying(tolerance, relative, not asked.by_entropy, MODES.get(metric, SAME | SHIFTED), reference)
            scores, counts = tally(arrays, query, how)
            expected, numbers = tally_reference(arrays, query, how)
            np.testing.assert_allclose(scores, expected, atol=1e-6)
            assert counts.tolist() == numbers.tolist()
            if not relative:
                exact = similarities(asked, raw, [one for one, _ in lists])
                assert np.all(exact <= scores + 1e-6), metric
                if metric in {"entropy", "cosine"}:  # cleaned lists: the bound is the score
                    np.testing.assert_allclose(scores, exact, atol=2e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([(0.01, False), (0.02, False), (90.0, True)]))
def test_of_lists_whose_peaks_lie_apart_it_is_the_similarity(seed: int, tolerance: tuple[float, bool]) -> None:
    rng = np.random.default_rng(seed)
    lists = [
        (pack_record(np.sort(rng.choice(40, n, replace=False)) + 100 + rng.normal(0, 0.004, n), high, 0, at), at)
        for n in rng.integers(1, 9, 10).tolist()
        for high, at in [(rng.lognormal(3, 1, n), float(rng.choice([145.0, 146.0, 150.0])))]
    ]
    arrays = arrays_of(lists, 0.01)
    raw, reference = lists[0]
    for metric, base in (("entropy", ""), ("cosine", ""), ("neutral_loss", "entropy"), ("neutral_loss", "cosine")):
        asked = Comparing(metric, *tolerance, reference=reference, base=base or "entropy")
        cleaned = clean(asked, raw)
        query = np.empty(len(cleaned.positions), POINT)
        query["position"], query["weight"] = cleaned.positions, cleaned.weights
        scores, counts = tally(arrays, query, Tallying(*tolerance, not asked.by_entropy, MODES[metric], reference))
        np.testing.assert_allclose(scores, similarities(asked, raw, [one for one, _ in lists]), atol=2e-6)
        pairs = [len(compare(asked, raw, one)) for one, _ in lists]
        assert counts.tolist() == pairs


@pytest.mark.parametrize("n", [1, 2, 3, 7, 200, 1000, 5000, MOST_POINTS])
def test_errors_of_equal_peaks_do_not_add_up(n: int) -> None:
    positions, weights = np.arange(1, n + 1, dtype=np.float32), np.full(n, 1 / n, np.float32)
    row, none = np.ones(1, np.float32), np.empty(0, np.uint32)
    arrays = PeakArrays(positions, np.zeros(n, np.uint32), weights, none, np.array([math.nan]), row, row)
    query = np.empty(n, POINT)
    query["position"], query["weight"] = positions, weights
    scores, counts = tally(arrays, query, Tallying(0.01, False, False, SAME, math.nan))
    assert scores[0] == pytest.approx(float(weights.sum(dtype=np.float64)), abs=1e-6)
    assert counts[0] == n


def test_arrays_that_do_not_fit_are_refused() -> None:
    arrays = arrays_of(random_lists(np.random.default_rng(1), 5, 0.5), 0.01)
    query = np.zeros(1, POINT)
    how = Tallying(0.01, False, False, SAME, math.nan)
    for wrong in (
        replace(arrays, weights=arrays.weights[:-1]),
        replace(arrays, items=arrays.items[:-1]),
        replace(arrays, scales=arrays.scales[:-1]),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            tally(wrong, query, how)
    with pytest.raises(ValueError, match="do not fit"):
        tally(arrays, np.zeros(MOST_POINTS + 1, POINT), how)
    items = arrays.items.copy()
    items[0] = 5
    assert not numbers_fit(replace(arrays, items=items))
    losses = arrays.by_loss.copy()
    losses[0] = len(items)
    assert not numbers_fit(replace(arrays, by_loss=losses))
