"""Lists of peaks: the kernels do what their slow oracles do, and what a similarity must."""

from __future__ import annotations

import math

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


@settings(max_examples=200, deadline=None)
@given(records(), records())
def test_a_similarity_is_symmetric_and_knows_itself(a: bytes, b: bytes) -> None:
    for metric in ("entropy", "cosine"):
        asked = Comparing(metric, 0.01)
        there, back = (float(compare(asked, x, y)["gain"].sum()) for x, y in ((a, b), (b, a)))
        assert there == pytest.approx(back, abs=1e-6)
        if len(clean(asked, a).positions):
            assert similarities(asked, a, [a])[0] == pytest.approx(1, abs=1e-5)


@given(records(), st.sampled_from([1e-3, 7.0, 1e4]))
@settings(max_examples=100, deadline=None)
def test_heights_count_only_beside_each_other(record: bytes, factor: float) -> None:
    positions, heights, _, reference = open_record(record)
    scaled = pack_record(positions, heights.astype(np.float64) * factor, 0, reference)
    asked = Comparing("entropy", 0.01)
    np.testing.assert_allclose(clean(asked, scaled).weights, clean(asked, record).weights, rtol=1e-3)


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
