"""Likeness: of one length and finite, blind to gain and key, and the same pieces found by their halves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from synthesised import Sound, cadence, clicks, cut, drums, noise, sine

from nlsearch.handlers.audio.bands import BANDS, levels_of
from nlsearch.handlers.audio.likeness import DIMENSIONS, Likeness, _contrasts, _cosines
from nlsearch.handlers.audio.likenessscales import DEVIATIONS, MEANS, PARTS
from nlsearch.handlers.audio.moments import Moments


def vector(signal: Sound) -> NDArray[np.float32]:
    likeness = Likeness()
    likeness.feed(levels_of(signal))
    return likeness.finish()


def test_the_scales_fit_the_parts() -> None:
    assert DIMENSIONS == sum(part.size for part in PARTS) == len(MEANS) == len(DEVIATIONS) <= 128
    assert (DEVIATIONS > 0).all()


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(0, np.float32),
        np.zeros(100, np.float32),
        np.zeros(80_000, np.float32),
        np.ones(80_000, np.float32),
        noise(0.3),
        noise(10),
        sine(440, 10),
        clicks(120, 1),
        cadence(0),
    ],
    ids=["empty", "tiny", "silence", "constant", "short", "noise", "sine", "click", "music"],
)
def test_every_sound_has_a_finite_vector_of_length_1(signal: Sound) -> None:
    made = vector(signal)
    assert made.dtype == np.float32
    assert made.shape == (DIMENSIONS,)
    assert np.isfinite(made).all()
    assert float(np.linalg.norm(made)) == pytest.approx(1, abs=1e-5)


def test_gain_does_not_matter() -> None:
    signal = cadence(2) + noise(len(cadence(2)) / 8000 + 1, 1, 0.003)[: len(cadence(2))]
    assert float(vector(signal) @ vector(signal * np.float32(0.2))) > 0.99


def test_harmony_does_not_depend_on_the_key() -> None:
    low, high, minor = (harmony(sound) for sound in (cadence(0), cadence(3), cadence(0, minor=True)))
    assert np.abs(low - high).max() < 0.25 * np.abs(low - minor).max()


def harmony(signal: Sound) -> NDArray[np.float64]:
    likeness = Likeness()
    likeness.feed(levels_of(signal))
    values = likeness.measured()
    edges = np.cumsum([0, *(part.size for part in PARTS)])
    at = next(number for number, part in enumerate(PARTS) if part.name == "harmony")
    return values[edges[at] : edges[at + 1]]


def test_the_halves_of_a_sound_are_nearest_to_each_other() -> None:
    sounds = [
        cadence(0, times=4),
        cadence(5, minor=True, times=4, chord_s=0.4),
        drums(90, 24),
        drums(140, 24, seed=7),
        clicks(100, 24),
        noise(24),
        cadence(0, times=8, chord_s=0.5) * np.float32(0.3) + drums(120, 16),
    ]
    halves = [half for sound in sounds for half in (sound[: len(sound) // 2], sound[len(sound) // 2 :])]
    vectors = np.stack([vector(half) for half in halves])
    cosines = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert cosines.argmax(axis=1).tolist() == [at ^ 1 for at in range(len(vectors))]


LEVELS = levels_of(cadence(7, times=12) + drums(120, 38.4))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 2_000), max_size=6))
def test_the_cutting_of_the_stream_does_not_matter(places: list[int]) -> None:
    whole, pieces = Likeness(), Likeness()
    whole.feed(LEVELS)
    for piece in cut(len(LEVELS), places):
        pieces.feed(LEVELS[piece])
    assert np.array_equal(whole.finish(), pieces.finish())
    assert whole.bpm == pieces.bpm == pytest.approx(120, rel=2e-3)
    assert whole.key == pieces.key
    assert whole.key is not None
    assert whole.key.name == "G major"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(-100, 100), min_size=3, max_size=3), min_size=1, max_size=20), st.integers(0, 20))
def test_moments_are_those_of_all_rows(rows: list[list[float]], place: int) -> None:
    table, moments = np.array(rows), Moments(3)
    moments.add(table[:place])
    moments.add(table[place:])
    assert moments.mean == pytest.approx(table.mean(axis=0), abs=1e-9)
    assert moments.deviation == pytest.approx(table.std(axis=0), abs=1e-4)


def test_the_cosine_transform_is_orthonormal() -> None:
    table = _cosines().astype(np.float64)
    assert table.T @ table == pytest.approx(np.eye(table.shape[1]), abs=1e-5)


def test_contrast_is_that_of_the_highest_beside_the_lowest() -> None:
    levels = np.zeros((1, BANDS), np.float32)
    levels[0, 0:5] = 10.0  # 5 of the 24 bands of the first range, of which 4 make a fifth
    assert _contrasts(levels).tolist() == [[10.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
