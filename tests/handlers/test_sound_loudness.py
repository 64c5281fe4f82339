"""Loudness against the cases of EBU Tech 3341, which are built here as it says."""

from __future__ import annotations

import numpy as np
import pytest

from nlsearch.handlers.sound.loudness import Loud, Loudness
from nlsearch.kernels import loudness as kernel
from nlsearch.kernels import native

STEREO_CASES = {
    1: ([(-23, 20)], -23.0),
    2: ([(-33, 20)], -33.0),
    3: ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    4: ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    5: ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
}
"""(dBFS, seconds) of a sine of 1 kHz in both channels → LUFS, within 0.1."""


def _sine(levels: list[tuple[float, float]], rate: int) -> np.ndarray:
    levels_by_sample = np.concatenate([np.full(round(s * rate), 10 ** (db / 20)) for db, s in levels])
    return (levels_by_sample * np.sin(2 * np.pi * 1000 * np.arange(len(levels_by_sample)) / rate)).astype(np.float32)


def _measure(samples: np.ndarray, rate: int, block: int = 65_536) -> Loud:
    measuring = Loudness(rate, samples.shape[1])
    for at in range(0, len(samples), block):
        measuring.feed(samples[at : at + block])
    return measuring.finish()


@pytest.mark.parametrize("rate", [48_000, 44_100])
@pytest.mark.parametrize("case", STEREO_CASES)
def test_ebu_tech_3341(case: int, rate: int) -> None:
    levels, expected = STEREO_CASES[case]
    signal = _sine(levels, rate)
    found = _measure(np.stack([signal, signal], 1), rate)
    assert found.integrated_lufs == pytest.approx(expected, abs=0.1)
    assert found.peak_dbfs == pytest.approx(max(db for db, _ in levels), abs=0.01)


def test_ebu_tech_3341_case_6() -> None:
    levels = (-28, -28, -24, -30, -30)
    found = _measure(np.stack([_sine([(db, 20)], 48_000) for db in levels], 1), 48_000)
    assert found.integrated_lufs == pytest.approx(-23.0, abs=0.1)
    six = [*levels[:3], 0, *levels[3:]]  # low frequencies do not count
    found = _measure(np.stack([_sine([(db, 20)], 48_000) for db in six], 1), 48_000)
    assert found.integrated_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 16_000, 32_000, 96_000, 192_000])
def test_other_rates(rate: int) -> None:
    signal = _sine([(-23, 5)], rate)
    assert _measure(np.stack([signal, signal], 1), rate).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_filters_are_those_of_the_recommendation() -> None:
    shelf, high_pass = kernel.k_filters(48_000)
    expected = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585]
    assert shelf == pytest.approx(expected, abs=1e-8)
    assert high_pass == pytest.approx([1, -2, 1, -1.99004745483398, 0.99007225036621], abs=1e-8)


def test_silence() -> None:
    nothing = np.empty((0, 2), np.float32)
    assert _measure(nothing, 44_100) == Loud(None, None, 1.0)
    assert _measure(np.zeros((441_000, 2), np.float32), 44_100) == Loud(None, None, 1.0)
    constant = _measure(np.full((441_000, 1), 0.5, np.float32), 44_100)
    assert constant.silence_share == 1.0
    assert constant.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    half = _sine([(-20, 5), (-63, 5)], 48_000)  # -63 dB peak is -66 dB RMS
    assert _measure(half[:, None], 48_000).silence_share == pytest.approx(0.5, abs=0.03)
    one_of_two = np.stack([half, np.roll(half, len(half) // 2)], 1)
    assert _measure(one_of_two, 48_000).silence_share == 0


def test_too_short_for_a_block() -> None:
    short = _sine([(-20, 0.35)], 48_000)[:, None]
    assert _measure(short, 48_000) == Loud(None, pytest.approx(-20, abs=0.01), 0.0)
    assert _measure(_sine([(-20, 0.41)], 48_000)[:, None], 48_000).integrated_lufs is not None
    assert _measure(_sine([(-20, 2)], 3000)[:, None], 3000).integrated_lufs is None  # K-weighting has no meaning there


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_kernel_against_the_reference(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(channels).normal(size=(48_000, channels)).astype(np.float32)
    found = kernel.HopWeigher(48_000, channels, 4800)
    with monkeypatch.context() as patch:
        patch.setattr(native, "compiled", None)
        reference = kernel.HopWeigher(48_000, channels, 4800)
    for at in range(0, 48_000, 9600):
        assert np.allclose(
            found.weigh(samples[at : at + 9600]), reference.weigh(samples[at : at + 9600]), rtol=1e-7, atol=1e-9
        )
    if native.compiled is not None:
        with pytest.raises(ValueError, match="do not fit"):
            native.compiled.weigh_hops(
                samples, channels, 4801, kernel.k_filters(48_000), np.zeros((channels, 4)), bytearray()
            )


def test_it_does_not_matter_how_the_signal_is_cut() -> None:
    samples = np.random.default_rng(5).normal(size=(100_000, 2)).astype(np.float32) * 0.1
    whole = _measure(samples, 44_100, 100_000)
    for block in (1, 4410, 4411, 30_000):
        found = _measure(samples if block > 1 else samples[:6000], 44_100, block)
        expected = whole if block > 1 else _measure(samples[:6000], 44_100)
        assert found.integrated_lufs == (expected.integrated_lufs and pytest.approx(expected.integrated_lufs))
        assert (found.peak_dbfs, found.silence_share) == (expected.peak_dbfs, expected.silence_share)
