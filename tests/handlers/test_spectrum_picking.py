"""Picking peaks and centroiding: against definitions written out slowly, and against spectra whose peaks are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.handlers.spectrum.formats.picking import (
    centroid,
    maxima,
    noise_of,
    peaks_of,
    pick_peaks,
    prominences,
)
from nlsearch.handlers.spectrum.formats.traces import is_trace, sampled
from nlsearch.handlers.spectrum.records import Spectrum

LEVELS = st.lists(st.integers(-6, 6), min_size=0, max_size=60)


def lorentz(x: np.ndarray, at: float, width: float, height: float) -> np.ndarray:
    return height / (1 + ((x - at) / width) ** 2)


def gauss(x: np.ndarray, at: float, width: float, height: float) -> np.ndarray:
    return height * np.exp(-(((x - at) / width) ** 2))


def trace(x: np.ndarray, y: np.ndarray, axis: str = "shift") -> Spectrum:
    return Spectrum(x, y, axis, {"mz": "MS", "shift": "NMR"}.get(axis, "IR"), profile=True)


# --------------------------------------------------------------------------------------------------------- definitions
def slow_maxima(y: list[int]) -> list[int]:
    found = []
    for start in range(1, len(y)):
        end = start
        while end + 1 < len(y) and y[end + 1] == y[start]:
            end += 1
        if y[start - 1] < y[start] and end + 1 < len(y) and y[end + 1] < y[start]:
            found.append((start + end) // 2)
    return found


def slow_prominence(y: list[int], at: int) -> int:
    lowest = []
    for way in (-1, 1):
        here, low = at, y[at]
        while 0 <= here < len(y) and y[here] <= y[at]:
            low = min(low, y[here])
            here += way
        lowest.append(low)
    return y[at] - max(lowest)


@given(LEVELS)
@settings(max_examples=400, deadline=None)
def test_maxima_and_prominences_are_as_defined(y: list[int]) -> None:
    heights = np.array(y, np.float64)
    at = maxima(heights)
    assert at.tolist() == slow_maxima(y)
    assert prominences(heights, at).tolist() == [slow_prominence(y, here) for here in at.tolist()]


def test_prominences_of_scipy() -> None:
    """scipy.signal.find_peaks and peak_prominences 1.16 of this trace."""
    y = np.array([0, 2, 1, 3, 3, 0, 1, 5, 4, 5, 2, 2, 4, 1], np.float64)
    at = maxima(y)
    assert at.tolist() == [1, 3, 7, 9, 12]
    assert prominences(y, at).tolist() == [1, 3, 4, 4, 2]


# -------------------------------------------------------------------------------------------------------------- picking
def test_known_signals_are_found_where_they_are() -> None:
    x = np.linspace(-1, 11, 32_768)
    shifts, heights = [0.0, 1.26, 2.05, 3.4512, 7.26], [100.0, 40, 5, 60, 20]
    y = sum(lorentz(x, at, 0.004, height) for at, height in zip(shifts, heights, strict=True))
    y = y + np.random.default_rng(1).normal(0, 0.2, len(x))
    where, height = pick_peaks(x, y)
    np.testing.assert_allclose(where, shifts, atol=4e-4)
    np.testing.assert_allclose(height, heights, rtol=0.12)


@pytest.mark.parametrize("seed", range(8))
def test_noise_alone_has_no_peaks(seed: int) -> None:
    dice = np.random.default_rng(seed)
    noise = dice.normal(0, 1, 65_536)
    assert len(pick_peaks(np.arange(65_536.0), noise)[0]) <= 2
    smooth = np.convolve(noise, [0.25, 0.5, 0.25], "same")  # as zero filling and apodisation make it
    assert len(pick_peaks(np.arange(65_536.0), smooth)[0]) <= 8
    assert noise_of(noise) == pytest.approx(0.9, abs=0.03)
    assert noise_of(noise[:100]) == pytest.approx(1, abs=0.35)


def test_a_top_between_samples_is_interpolated_at_uneven_distances() -> None:
    x = np.array([0.0, 1.0, 1.5, 2.25, 4.0])
    where, height = pick_peaks(x, 10 - (x - 1.7) ** 2)
    np.testing.assert_allclose(where, [1.7])
    np.testing.assert_allclose(height, [10 - 0.04])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_points_have_no_peak(n: int) -> None:
    assert len(pick_peaks(np.arange(n), np.ones(n))[0]) == 0
    assert len(centroid(np.arange(n), np.zeros(n))[0]) == 0


@given(LEVELS, st.floats(0.5, 1000), st.floats(-50, 50))
@settings(max_examples=150, deadline=None)
def test_picking_scales_and_mirrors_with_the_trace(y: list[int], times: float, more: float) -> None:
    x, heights = np.arange(len(y), dtype=np.float64), np.array(y, np.float64)
    where, height = pick_peaks(x, heights)
    again, higher = pick_peaks(x, heights * times + more)
    np.testing.assert_allclose(again, where, atol=1e-6)
    np.testing.assert_allclose(higher, height * times + more, atol=1e-6)
    odd = [at for at in slow_maxima(y) if y[at - 1] != y[at] != y[at + 1]]
    if odd == slow_maxima(y):  # the middle of an even plateau is rounded down
        back, _ = pick_peaks(-x[::-1], heights[::-1])
        np.testing.assert_allclose(-back[::-1], where, atol=1e-9)


# ----------------------------------------------------------------------------------------------------------- centroids
def test_centroids_of_gaussian_peaks() -> None:
    x = np.arange(100.0, 200, 0.005)
    masses, heights = [110.0713, 138.0662, 195.0877, 196.0903], [350.0, 1000, 800, 70]
    y = sum(gauss(x, at, 0.03, height) for at, height in zip(masses, heights, strict=True))
    where, height = centroid(x, y)
    np.testing.assert_allclose(where, masses, rtol=0, atol=1e-4)  # a fiftieth of the distance of samples
    np.testing.assert_allclose(height, heights, rtol=0.01)


def slow_centroid(x: np.ndarray, y: np.ndarray) -> list[tuple[float, float]]:
    """Descend on both sides of each apex while the signal falls and is above a third of it, as descendPeak does."""
    found = []
    for at in slow_maxima(y.tolist()):
        left = right = at
        while left > 0 and y[left - 1] < y[left] and y[left - 1] >= y[at] / 3:
            left -= 1
        while right + 1 < len(y) and y[right + 1] < y[right] and y[right + 1] >= y[at] / 3:
            right += 1
        part = slice(left, right + 1)
        found.append((float(np.average(x[part], weights=y[part] - y[at] / 3)), float(y[at])))
    return found


@given(
    st.lists(
        st.tuples(st.floats(0, 20), st.floats(20, 1000)), min_size=1, max_size=12, unique_by=lambda pair: round(pair[0])
    )
)
@settings(max_examples=100, deadline=None)
def test_centroids_are_those_of_a_descent_from_each_apex(peaks: list[tuple[float, float]]) -> None:
    x = np.arange(99.0, 122, 0.01)
    y = sum(gauss(x, 100 + round(at) + 0.3 * (at - round(at)), 0.05, height) for at, height in peaks)
    y = np.where(y < 1e-3, 0, y)
    where, height = centroid(x, y)
    expected = np.array(slow_centroid(x, y))
    np.testing.assert_allclose(where, expected[:, 0], atol=1e-9)
    np.testing.assert_allclose(height, expected[:, 1])


def test_a_ripple_is_no_peak_of_its_own_and_a_valley_is() -> None:
    x = np.arange(9.0)
    where, height = centroid(x, [0, 60, 100, 95, 99, 50, 0, 0, 0])
    assert height.tolist() == [100]
    assert where[0] == pytest.approx(np.average([1, 2, 3, 4, 5], weights=np.array([60, 100, 95, 99, 50]) - 100 / 3))
    where, height = centroid(x, [0, 60, 100, 50, 99, 50, 0, 0, 0])
    assert height.tolist() == [100, 99]


def test_samples_that_are_left_out_are_zero() -> None:
    x = np.array([100.00, 100.01, 100.02, 150.00, 150.01, 150.02])
    where, height = centroid(x, [5, 9, 5, 4, 8, 4])
    np.testing.assert_allclose(where, [100.01, 150.01])
    assert height.tolist() == [9, 8]
    assert centroid([50.0], [3.0])[0].tolist() == [50.0]


# ---------------------------------------------------------------------------------------------------------- peaks of it
def test_peaks_of_a_record_that_has_them_are_its_own() -> None:
    spectrum = Spectrum(np.array([50.0, 51.0]), np.array([0.0, 2.0]))
    where, height, said = peaks_of(spectrum)
    assert where is spectrum.positions
    assert height is spectrum.intensities
    assert said == []


def test_picked_peaks_are_told() -> None:
    x = np.linspace(400, 4000, 3450)
    where, _, said = peaks_of(trace(x, gauss(x, 1715, 8, 1) + gauss(x, 2950, 20, 0.5), "wavenumber"))
    np.testing.assert_allclose(where, [1715, 2950], atol=0.1)
    assert said == ["profile data: 2 peaks were picked from 3,450 points"]


def test_profile_mass_spectra_are_centroided() -> None:
    x = np.arange(100, 101, 0.002)
    where, _, said = peaks_of(trace(x, gauss(x, 100.5, 0.01, 7), "mz"))
    np.testing.assert_allclose(where, [100.5], atol=1e-6)
    assert said == ["profile data: 1 peak was picked from 500 points"]


def test_signals_of_the_other_phase_count() -> None:
    x = np.linspace(0, 200, 16_384)
    y = lorentz(x, 20, 0.1, 100) - lorentz(x, 40, 0.1, 60) - lorentz(x, 60, 0.1, 3)
    where, height, said = peaks_of(trace(x, y))
    np.testing.assert_allclose(where, [20, 40], atol=0.01)
    np.testing.assert_allclose(height, [100, 60], rtol=0.01)
    assert said[1] == "1 of them are negative signals, by their absolute height"


def test_maxima_below_zero_are_told() -> None:
    x = np.arange(900.0)
    y = gauss(x, 100, 9, 4) - 1 + gauss(x, 600, 9, 0.5)
    where, _, said = peaks_of(trace(x, y, "wavelength"))
    np.testing.assert_allclose(where, [100], atol=0.01)
    assert "1 maxima below zero are no peaks" in said


# -------------------------------------------------------------------------------------------------------------- traces
def test_samples_are_kept_in_order_with_their_signs() -> None:
    kept = sampled([3, 2, 2, 1, np.nan, 0], [1, -2, 9, 4, 5, np.inf])
    assert kept.positions.tolist() == [1, 2, 3]
    assert kept.intensities.tolist() == [4, -2, 1]
    assert len(kept.warnings) == 2


@pytest.mark.parametrize(
    ("positions", "axis", "expected"),
    [
        (np.arange(400.0, 4000, 2), "wavenumber", True),
        (np.arange(50.0, 300), "mz", False),  # bars at whole masses
        (np.arange(50.0, 60, 0.01), "mz", True),
        (np.sqrt(np.arange(1e6, 1e6 + 5000)), "mz", True),  # time of flight
        (np.arange(400.0, 470, 2), "wavenumber", False),  # too few
        (np.cumsum(np.random.default_rng(3).exponential(1, 900)), "mz", False),
        (np.sort(np.random.default_rng(3).uniform(0, 30, 900)), "mz", False),
    ],
)
def test_traces_are_told_from_lists(positions: np.ndarray, axis: str, expected: bool) -> None:
    assert is_trace(positions, axis) is expected
