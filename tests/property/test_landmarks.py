"""The kernels of landmarks, and of votes with weights, beside their NumPy oracles."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch.kernels import Place, Postings, landmarks, pack_postings, sort_pairs, vote_best, vote_best_reference

SEEDS = st.integers(0, 2**32 - 1)


def levels(rng: np.random.Generator, frames: int, bands: int) -> np.ndarray:
    """Few values, so that there are ties."""
    return rng.integers(-3, 4, (frames, bands)).astype(np.float32) / 2


@given(SEEDS, st.integers(0, 20), st.integers(1, 30))
def test_levels_of_bands(seed, frames, bands):
    rng = np.random.default_rng(seed)
    spectrum = (rng.normal(size=(frames, 40)) + 1j * rng.normal(size=(frames, 40))).astype(np.complex64)
    first = rng.integers(0, 36, bands)
    sizes = np.array([rng.integers(0, 41 - at) for at in first])
    edges = np.concatenate([[0], np.cumsum(sizes)])
    weights = rng.random(edges[-1]).astype(np.float32)
    table = landmarks.Bands(40, first.astype(np.int32), edges.astype(np.int32), weights)
    made = landmarks.band_levels(spectrum, table, 1e-3)
    assert np.allclose(made, landmarks.band_levels_reference(spectrum, table, 1e-3), atol=1e-4)


@given(SEEDS, st.integers(0, 9), st.integers(1, 40), st.integers(0, 14))
def test_whitening(seed, frames, bands, reach):
    held = levels(np.random.default_rng(seed), frames, bands)
    assert np.allclose(landmarks.whiten(held, reach), landmarks.whiten_reference(held, reach), atol=1e-6)


@given(SEEDS, st.integers(1, 40), st.integers(1, 20), st.integers(0, 3), st.integers(0, 3), st.data())
def test_peaks(seed, frames, bands, later, up, data):
    held = levels(np.random.default_rng(seed), frames, bands)
    begin = data.draw(st.integers(0, frames))
    end = data.draw(st.integers(begin, frames))
    made = landmarks.local_peaks(held, (later, up), 0.3, (begin, end))
    assert made.tobytes() == landmarks.local_peaks_reference(held, (later, up), 0.3, (begin, end)).tobytes()


@given(SEEDS, st.integers(0, 60), st.integers(1, 8), st.integers(1, 9), st.integers(0, 9))
def test_pairs(seed, count, fan, later, up):
    rng = np.random.default_rng(seed)
    frames = np.sort(rng.integers(0, 40, count)).astype(np.uint32)
    bands = rng.integers(0, 20, count).astype(np.uint32)
    made = landmarks.peak_pairs(frames, bands, fan, later, up)
    assert np.array_equal(made, landmarks.peak_pairs_reference(frames, bands, fan, later, up))


def payload(rng: np.random.Generator, units: int) -> bytes:
    sizes = rng.integers(0, 20, units)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    packed = rng.integers(0, 148, starts[-1]) << 8 | rng.integers(0, 256, starts[-1])
    head = bytes(rng.integers(0, 9))
    begin = struct.pack("<4sIII32sd", b"nlA1", units, starts[-1], len(head), bytes(32), units * 1.024)
    return begin + head + starts.astype("<u4").tobytes() + packed.astype("<u2").tobytes()


@given(SEEDS, st.integers(0, 6), st.integers(1, 3))
def test_places_are_weighed(seed, units, windows):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 40, windows)
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    begins = np.sort(rng.integers(0, 120, windows))
    scales = landmarks.Scales(
        rng.integers(-128, 128, (counts.sum(), 148)).astype(np.int8),
        rng.normal(size=(8, 256)).astype(np.float32),
        np.stack([begins, counts, firsts], axis=1).astype(np.int32),
        rng.integers(-20, 21, 9).astype(np.int32),
        rng.integers(-12, 13, 9).astype(np.int32),
        int(rng.integers(0, 10)),
        float(rng.integers(-4, 5)) / 4,
    )
    payloads = [payload(rng, units), payload(rng, 3)]
    rows = np.sort(rng.integers(0, 2, 7)).astype(np.uint32)
    places = (rows, rng.integers(-90, 200, 7), rng.integers(0, 7, 7).astype(np.uint8))
    sums, inside = landmarks.weigh_places(scales, payloads, *places)
    expected, held = landmarks.weigh_places_reference(scales, payloads, *places)
    assert np.array_equal(inside, held)
    assert np.allclose(sums, expected, atol=1e-3)


@pytest.mark.parametrize("cut", [0, 3, 55, 60, -1])
def test_a_damaged_payload_is_refused(cut):
    rng = np.random.default_rng(1)
    scales = landmarks.Scales(
        np.zeros((4, 148), np.int8),
        np.zeros((8, 256), np.float32),
        np.array([[0, 4, 0]], np.int32),
        np.zeros(1, np.int32),
        np.zeros(1, np.int32),
        1,
        0.0,
    )
    place = (np.zeros(1, np.uint32), np.zeros(1, np.int64), np.full(1, 3, np.uint8))
    for weigh in (landmarks.weigh_places, landmarks.weigh_places_reference):
        with pytest.raises(ValueError, match="payload"):
            weigh(scales, [payload(rng, 4)[:cut]], *place)


@given(SEEDS, st.integers(1, 5), st.integers(0, 80), st.integers(0, 30), st.sampled_from([1, 2, 8]), st.booleans())
def test_the_best_places(seed, items, postings, queries, bin_width, some):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 60, items)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.uint64)
    axis = int(lengths.sum())
    keys, values = sort_pairs(rng.integers(0, 9, postings), rng.integers(0, axis, postings).astype(np.uint64))
    packed = Postings(pack_postings(values, 3), 3, 0, 0, starts)
    asked = rng.integers(0, 9, queries)
    begins, ends = (np.searchsorted(keys, asked, side).astype(np.uint64) for side in ("left", "right"))
    weights = (rng.integers(1, 9, queries) / 4).astype(np.float32)  # sums of quarters are exact
    positions, readings = rng.integers(0, 40, queries).astype(np.uint32), np.sort(rng.integers(0, 3, queries))
    place = Place(axis, 40, bin_width, 7)
    wanted = (rng.random(items) < 0.6).astype(np.uint8) if some else None
    given_ = (packed, begins, ends, positions, weights, readings.astype(np.uint32), place, wanted)
    made, expected = vote_best(*given_), vote_best_reference(*given_)
    for name in ("diagonal", "item", "reading", "votes"):
        assert np.array_equal(made[name], expected[name]), name
    assert np.allclose(made["expected"], expected["expected"], rtol=1e-4, atol=1e-4)


def test_questions_that_do_not_fit_are_refused():
    postings = Postings(np.zeros(9, np.uint8), 3, 0, 0, np.zeros(1, np.uint64))
    one, far = np.zeros(1, np.uint64), np.full(1, 4, np.uint64)
    more = (np.zeros(1, np.uint32), np.ones(1, np.float32), np.zeros(1, np.uint32))
    with pytest.raises(ValueError, match="range"):
        vote_best(postings, one, far, *more, Place(9, 4, 2, 5))
    with pytest.raises(ValueError, match="power of two"):
        vote_best(postings, one, one, *more, Place(9, 4, 3, 5))
