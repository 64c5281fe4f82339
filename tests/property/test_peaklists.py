"""Lists of peaks: the kernels do what their slow oracles do, and what a similarity must."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.kernels import peakoracles as slow
from nlsearch.kernels.peaklists import (
    METRICS,
    Comparing,
    clean,
    compare,
    open_record,
    pack_record,
    shares,
    similarities,
)

HEIGHTS = st.sampled_from([1e-45, 1e-40, 1e-9, 0.3, 1.0, 1.0, 2.0, 7e5, 1e17, 3e38, math.inf, math.nan, 0.0, -1.0])
ANYWHERE = st.floats(-300, 300) | st.sampled_from([-1e39, -7.5, 0.0, 1e-42, 0.1, 99.99, 100.0, 1e14, 1e16, 1e39, 1e300])
PLACES = (100.0, 100.01, 100.015, 100.02, 100.05, 120.0, 120.03, 150.2, 180.0, 180.02, 181.0, 200.0, 210.5, 230.1)
REFERENCES = (math.nan, 150.2, 199.5, 231.0, 250.0)


@st.composite
def records(draw: st.DrawFn, most: int = 12) -> bytes:
    moved = st.floats(-0.02, 0.02)
    where = draw(st.lists(st.tuples(st.sampled_from(PLACES), moved), max_size=most))
    heights = draw(st.lists(st.sampled_from([0.0, 1.0, 3.0, 3.0, 99.5, 1e4, 3e7]), min_size=most, max_size=most))
    positions = sorted(place + step for place, step in where)
    return pack_record(positions, heights[: len(positions)], 0, draw(st.sampled_from(REFERENCES)))


@st.composite
def comparisons(draw: st.DrawFn, query: bytes) -> Comparing:
    reference = open_record(query)[3]
    return Comparing(
        draw(st.sampled_from(METRICS)),
        *draw(st.sampled_from([(0.01, False), (0.03, False), (50.0, True)])),
        reference=reference,
        clean=draw(st.booleans()),
        noise=draw(st.sampled_from([0.0, 0.01, 0.2])),
        optimal=draw(st.booleans()),
        base=draw(st.sampled_from(["entropy", "cosine"])),
        intensity_power=draw(st.sampled_from([1.0, 0.5])),
        mz_power=draw(st.sampled_from([0.0, 1.0])),
        at_least=draw(st.sampled_from([1, 2])),
        within=draw(st.sampled_from([None, (150.0, 232.0)])),
    )


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_kernels_agree_with_their_oracles(data: st.DataObject) -> None:
    a, b = data.draw(records(7)), data.draw(records(7))
    asked = data.draw(comparisons(a))
    fast, expected = compare(asked, a, b), slow.compare_reference(asked, a, b)
    assert fast["gain"].sum() == pytest.approx(expected["gain"].sum(), abs=1e-9)
    assert len(fast) == len(expected) or asked.optimal
    total = slow.similarity_reference(asked, a, b)
    assert similarities(asked, a, [b, b]).tolist() == pytest.approx([total, total], abs=1e-6)
    assert -1e-9 <= total <= 1 + 1e-6
    one, other = clean(asked, a), slow.clean_reference(asked, a)
    for name in ("positions", "intensities", "sources", "weights"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6, err_msg=name)
    assert (one.apart, one.apart_relative) == pytest.approx((other.apart, other.apart_relative), rel=1e-6)


@st.composite
def odd_records(draw: st.DrawFn, most: int = 6) -> bytes:
    """Positions and heights as no spectrometer gives them."""
    peaks = sorted(draw(st.lists(st.tuples(ANYWHERE, HEIGHTS), max_size=most)), key=lambda peak: peak[0])
    with np.errstate(over="ignore"):
        return pack_record(
            [where for where, _ in peaks], [high for _, high in peaks], 1, draw(st.sampled_from(REFERENCES))
        )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_numbers_give_a_score_and_that_of_the_oracle(data: st.DataObject) -> None:
    a, b = data.draw(odd_records()), data.draw(odd_records())
    asked = Comparing(
        data.draw(st.sampled_from(METRICS)),
        *data.draw(st.sampled_from([(0.01, False), (50.0, False), (1e4, True)])),
        axis=1,
        reference=open_record(a)[3],
        clean=data.draw(st.booleans()),
        noise=data.draw(st.sampled_from([0.0, 0.01, 1.0])),
        optimal=data.draw(st.booleans()),
        intensity_power=data.draw(st.sampled_from([1.0, 0.0, 0.5, 10.0])),
        mz_power=data.draw(st.sampled_from([0.0, 1.0, -10.0, 10.0])),
        signed=data.draw(st.booleans()),
    )
    one, other = clean(asked, a), slow.clean_reference(asked, a)
    expected = slow.similarity_reference(asked, a, b)
    assert np.isfinite(one.positions).all()
    assert np.isfinite(one.weights).all()
    np.testing.assert_allclose(one.positions, other.positions, rtol=1e-5, atol=1e-30)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-4, atol=1e-12)
    total = similarities(asked, a, [b])[0]
    assert 0 <= total <= 1 + 1e-6
    assert total == pytest.approx(expected, abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(
    records(), st.lists(st.sampled_from([100.01, 120.0, 230.1, 18.0, 50.0, 0.0]), min_size=1, max_size=3), st.booleans()
)
def test_shares_agree_with_their_oracle(record: bytes, asked: list[float], losses: bool) -> None:
    for least, relative in ((0.0, False), (0.05, True)):
        tolerance = 200.0 if relative else 0.02
        fast = shares(asked, tolerance, [record], losses=losses, least=least, relative=relative)[0]
        expected = slow.shares_reference(asked, tolerance, record, losses=losses, least=least, relative=relative)
        assert fast == pytest.approx(expected, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 25), st.integers(2, 25), st.sampled_from([0.0, 0.031]))
def test_optimal_pairs_have_the_greatest_sum_in_large_groups_too(seed: int, n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    heights = [np.round(rng.random(count) * 4) + 1 if seed % 2 else rng.random(count) for count in (n, m)]
    a, b = (
        pack_record(np.sort(rng.uniform(100, 100.4, len(high))), high, 0, reference)
        for high, reference in zip(heights, (200.0, 200.0 - shift), strict=True)
    )
    asked = Comparing("modified", 0.03, reference=200.0, clean=False, optimal=True)
    pairs = compare(asked, a, b)
    expected = slow.compare_reference(asked, a, b)
    assert pairs["gain"].sum() == pytest.approx(expected["gain"].sum(), abs=1e-12)
    assert len(set(pairs["query"].tolist())) == len(set(pairs["item"].tolist())) == len(pairs)
    assert pairs["gain"].sum() >= compare(replace(asked, optimal=False), a, b)["gain"].sum() - 1e-12


@settings(max_examples=200, deadline=None)
@given(records(), records())
def test_a_similarity_is_symmetric_and_knows_itself(a: bytes, b: bytes) -> None:
    for metric in ("entropy", "cosine"):
        asked = Comparing(metric, 0.01)
        there, back = (float(compare(asked, x, y)["gain"].sum()) for x, y in ((a, b), (b, a)))
        assert there == pytest.approx(back, abs=1e-6)
        if len(clean(asked, a).positions):
            assert similarities(asked, a, [a])[0] == pytest.approx(1, abs=1e-5)


@settings(max_examples=200, deadline=None)
@given(records(), records(), st.sampled_from([195.1, 211.37, 250.0]), st.sampled_from([195.1, 197.116, 233.33]))
def test_shifted_peaks_match_the_other_way_round_as_well(a: bytes, b: bytes, own: float, its: float) -> None:
    a, b = (pack_record(*open_record(raw)[:2], 0, at) for raw, at in ((a, own), (b, its)))
    for metric, base in (
        ("neutral_loss", "entropy"),
        ("hybrid", "entropy"),
        ("neutral_loss", "cosine"),
        ("modified", ""),
    ):
        there, back = (
            float(
                similarities(Comparing(metric, 0.0173, reference=at, optimal=True, base=base or "entropy"), x, [y])[0]
            )
            for x, y, at in ((a, b, own), (b, a, its))
        )
        assert there == pytest.approx(back, abs=1e-6), metric


@settings(max_examples=100, deadline=None)
@given(records(), st.sampled_from([-120, -60, -1, 20, 100]))
def test_heights_count_only_beside_each_other(record: bytes, power: int) -> None:
    positions, heights, _, reference = open_record(record)
    scaled = pack_record(positions, np.ldexp(heights, power), 0, reference)
    for metric in ("entropy", "cosine"):
        one, other = (clean(Comparing(metric, 0.01), raw) for raw in (record, scaled))
        np.testing.assert_array_equal(one.positions, other.positions)
        np.testing.assert_array_equal(one.weights, other.weights)


def test_what_is_no_record_is_refused_and_never_read_beyond() -> None:
    record = pack_record([100, 150.5, 200], [1, 2, 3], 0, 250)
    asked = Comparing("entropy", 0.01)
    for end in range(len(record)):
        for call in (
            lambda cut: clean(asked, cut),
            lambda cut: compare(asked, record, cut),
            lambda cut: similarities(asked, record, [cut]),
            lambda cut: shares([100.0], 0.01, [cut]),
            open_record,
        ):
            with pytest.raises(ValueError, match="not a list of peaks"):
                call(record[:end])
        for cut in (
            clean,
            lambda asked, raw: compare(asked, raw, record),
            lambda asked, raw: similarities(asked, raw, [record]),
        ):
            with pytest.raises(ValueError, match="not a list of peaks"):
                cut(asked, record[:end])
    np.testing.assert_array_equal(compare(asked, record, record + b"behind"), compare(asked, record, record))
    with pytest.raises(ValueError, match="not a list of peaks"):
        clean(asked, b"\x02" + record[1:])
    with pytest.raises(ValueError, match="not a list of peaks"):  # it says that it has four billion peaks
        clean(asked, record[:4] + b"\xff\xff\xff\xff" + record[8:])


def test_cleaning_is_the_published_one() -> None:
    """Values by ms_entropy 1.5.3: clean_spectrum(…, max_mz=195.09 - 1.6, min_ms2_difference_in_da=0.02)."""
    record = pack_record(
        [69.0447, 83.0604, 110.0713, 110.0801, 138.0662, 150.1, 193.9, 195.0877],
        [3, 0.9, 18, 6, 100, 2, 50, 61],
        0,
        195.09,
    )
    cleaned = clean(Comparing("entropy", 0.01), record)
    np.testing.assert_allclose(cleaned.positions, [69.0447, 110.0735, 138.0662, 150.1], rtol=1e-6)
    np.testing.assert_allclose(cleaned.intensities, np.array([3, 24, 100, 2]) / 129, rtol=1e-6)
    assert cleaned.sources.tolist() == [0, -1, 4, 5]


def test_millions_of_pairs_are_refused() -> None:
    dense = pack_record(np.linspace(100, 101, 4000), np.ones(4000), 0, math.nan)
    asked = Comparing("cosine", 0.9, clean=False)
    assert math.isnan(similarities(asked, dense, [dense])[0])
    with pytest.raises(MemoryError):
        compare(asked, dense, dense)
