"""The kernels of pitch contours beside their NumPy oracles."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch.kernels import contours
from nlsearch.kernels.contours import Folding, Prices

SEEDS = st.integers(0, 2**32 - 1)


def folding(rng: np.random.Generator, axis: int, pitches: int, flat: int) -> Folding:
    shifts = rng.integers(0, axis + 1, rng.integers(0, 5)).astype(np.int32)
    below = rng.integers(0, 39, axis).astype(np.int32)
    share, gains, weights = (rng.random(count).astype(np.float32) for count in (axis, len(shifts), pitches))
    return Folding(40, below, share, shifts, gains, weights, flat)


@given(SEEDS, st.integers(0, 12), st.integers(1, 40), st.integers(1, 50), st.sampled_from([1, 3, 9, 25]))
def test_saliences(seed, frames, axis, pitches, flat):
    rng = np.random.default_rng(seed)
    spectrum = (rng.normal(size=(frames, 40)) + 1j * rng.normal(size=(frames, 40))).astype(np.complex64)
    table = folding(rng, axis, pitches, flat)
    made = contours.pitch_saliences(spectrum, table)
    assert made == pytest.approx(contours.pitch_saliences_reference(spectrum, table), abs=1e-5)


@given(SEEDS, st.integers(0, 40), st.integers(1, 20), st.booleans())
def test_the_most_salient_path(seed, frames, pitches, tied):
    """Halves have many ties, and sums without rounding."""
    rng = np.random.default_rng(seed)
    gains = rng.integers(0, 4, (frames, pitches)) / 2 if tied else rng.random((frames, pitches))
    prices = Prices(*(rng.integers(0, 5, 3) / 2).tolist())
    made = contours.salient_path(gains.astype(np.float32), prices)
    assert np.array_equal(made, contours.salient_path_reference(gains.astype(np.float32), prices))


@given(SEEDS, st.integers(0, 60), st.integers(1, 12))
def test_levels_that_are_kept(seed, frames, many):
    rng = np.random.default_rng(seed)
    pitches = np.where(rng.random(frames) < 0.3, np.nan, rng.integers(0, 9, frames) / 2).astype(np.float32)
    levels = np.arange(many, dtype=np.float32) / 4
    made = contours.kept_levels(pitches, levels, 0.75, 1.5)
    assert np.array_equal(made, contours.kept_levels_reference(pitches, levels, 0.75, 1.5))


def best_gain(gains: np.ndarray, prices: Prices) -> float:
    """Return the gain of the best of all paths, which are tried one by one."""

    def price(a: int, b: int) -> float:
        if a == b:
            return 0.0
        return min(prices.jump, prices.step if min(a, b) >= 0 and abs(a - b) == 1 else np.inf)

    states = range(-1, gains.shape[1])
    return max(
        sum(prices.unvoiced if at < 0 else gains[i, at] for i, at in enumerate(path))
        - sum(itertools.starmap(price, itertools.pairwise(path)))
        for path in itertools.product(states, repeat=len(gains))
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_path_is_the_best_of_all(seed):
    gains = np.random.default_rng(seed).random((5, 4))
    prices = Prices(0.125, 0.5, 0.5)
    path = contours.salient_path(gains.astype(np.float32), prices).tolist()
    steps = itertools.pairwise(path)
    paid = sum(0.0 if a == b else 0.125 if min(a, b) >= 0 and abs(a - b) == 1 else 0.5 for a, b in steps)
    gained = sum(0.5 if at < 0 else gains[i, at] for i, at in enumerate(path)) - paid
    assert gained == pytest.approx(best_gain(gains, prices), abs=1e-5)


def test_what_does_not_fit_is_refused():
    table = folding(np.random.default_rng(0), 4, 4, 3)
    with pytest.raises(ValueError, match="bins"):
        contours.pitch_saliences(np.zeros((2, 39), np.complex64), table)
