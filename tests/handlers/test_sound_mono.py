"""The mono signal: its time, its band, and what becomes of channels that cancel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import chirp

from nlsearch.handlers.sound.decode import RATE
from nlsearch.handlers.sound.mono import Mono
from nlsearch.handlers.sound.resample import Resampler, _bank


def _mono(samples: np.ndarray, rate: int, block: int = 65_536) -> np.ndarray:
    shaped = samples.reshape(len(samples), -1).astype(np.float32)
    mono = Mono(rate, shaped.shape[1])
    parts = [mono.feed(shaped[at : at + block]) for at in range(0, len(shaped), block)]
    return np.concatenate([*parts, mono.finish()])


def _tone(hz: float, rate: int, seconds: float = 3.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)


def _rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


RATES = (
    1000, 4000, 7350, 8000, 11_025, 16_000, 22_050, 32_000, 44_056, 44_100, 44_099, 48_000, 88_200, 96_000, 192_000,
    352_800,
)  # fmt: skip


@pytest.mark.parametrize("rate", RATES)
def test_time_and_level_are_kept_at_every_rate(rate: int) -> None:
    mono = _mono(_tone(220, rate), rate)
    assert abs(len(mono) - 3.0 * RATE) <= 1
    middle = slice(RATE // 2, -RATE // 2)
    assert np.abs(mono - _tone(220, RATE)[: len(mono)])[middle].max() < 1e-4


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 22_050])
def test_band(rate: int) -> None:
    for hz in (200, 1000, 3000, 3690):
        assert _rms(_mono(_tone(hz, rate), rate)[4000:-4000]) == pytest.approx(np.sqrt(0.5), rel=0.002)
    for hz in (4210, 4500, 5000, 7900, 8100, 10_000):
        assert 20 * np.log10(_rms(_mono(_tone(hz, rate), rate)[4000:-4000])) < -80


@given(
    st.sampled_from([8000, 11_025, 44_100, 48_000, 12_345]),
    st.lists(st.integers(0, 5000), min_size=1, max_size=12),
    st.integers(1, 3),
)
@settings(max_examples=30, deadline=None)
def test_it_does_not_matter_how_the_signal_is_cut(rate: int, sizes: list[int], channels: int) -> None:
    samples = np.random.default_rng(1).normal(size=(sum(sizes), channels)).astype(np.float32)
    mono = Mono(rate, channels)
    parts, at = [], 0
    for size in sizes:
        parts.append(mono.feed(samples[at : at + size]))
        at += size
    pieces = np.concatenate([*parts, mono.finish()])
    assert len(pieces) == -(-len(samples) * RATE // rate)
    if len(samples):
        assert np.allclose(pieces, _mono(samples, rate), atol=1e-5)


def test_resampler_against_the_sum_that_defines_it() -> None:
    """The slow obvious function: every output is a sum of the input times the filter at its own time."""
    rate, samples = 11_025, np.random.default_rng(2).normal(size=3000).astype(np.float32)
    resampler = Resampler(rate, RATE)
    fast = np.concatenate([resampler.feed(samples), resampler.finish()])
    bank = _bank(rate, RATE)
    half = bank.half
    for k in (0, 1, 100, 777, len(fast) - 1):
        place = k * rate / RATE
        times = np.arange(int(place) - half + 1, int(place) + half + 1)
        taps = bank._filter((times - place)[:, None])[:, 0]
        inside = (times >= 0) & (times < len(samples))
        assert fast[k] == pytest.approx(float(taps[inside] @ samples[times[inside]]), abs=1e-5)


def test_stereo_is_mixed() -> None:
    left, right = _tone(400, 44_100), _tone(900, 44_100)
    mixed = _mono(np.stack([left, right], 1), 44_100)
    assert np.allclose(mixed, _mono((left + right) / 2, 44_100), atol=1e-5)


@pytest.mark.parametrize("rest", [0.0, 0.005])
def test_silent_channel_is_left_out(rest: float) -> None:
    signal = _tone(400, 44_100)
    for channels in ([signal, rest * signal], [rest * signal, signal], [rest * signal] * 2 + [signal]):
        assert np.allclose(_mono(np.stack(channels, 1), 44_100), _mono(signal, 44_100), atol=1e-5)


def test_channels_out_of_phase_do_not_cancel() -> None:
    signal = chirp(44_100)
    for other in (-signal, -0.8 * signal):
        mixed = _mono(np.stack([signal, other], 1), 44_100)
        assert np.allclose(mixed, _mono(signal, 44_100), atol=1e-4)
    six = np.stack([signal, -signal, 0 * signal, 0 * signal, 0.5 * signal, -0.5 * signal], 1)
    assert np.allclose(_mono(six, 44_100), _mono(signal, 44_100), atol=1e-4)


def test_unrelated_channels_are_mixed() -> None:
    noise = np.random.default_rng(3).normal(size=(3 * 44_100, 2)) * 0.1
    assert np.allclose(_mono(noise, 44_100), _mono(noise.mean(axis=1), 44_100), atol=1e-5)


def test_choice_of_channels_fades() -> None:
    """A signal that turns out of phase behind two seconds: no jump larger than the signal's own."""
    signal = 0.5 * _tone(100, 44_100, 6.0)
    other = np.concatenate([signal[: 2 * 44_100], -signal[2 * 44_100 :]])
    mixed = _mono(np.stack([signal, other], 1), 44_100)
    assert _rms(mixed[3 * RATE :]) == pytest.approx(_rms(signal), rel=0.01)
    assert np.abs(np.diff(mixed)).max() < 2 * np.abs(np.diff(_mono(signal, 44_100))).max()


def test_surround_and_silence() -> None:
    surround = np.stack([_tone(300 + 100 * i, 48_000) for i in range(6)], 1)
    assert np.allclose(_mono(surround, 48_000), _mono(surround.mean(axis=1), 48_000), atol=1e-5)
    assert not _mono(np.zeros((100_000, 2)), 48_000).any()
    assert len(Mono(44_100, 2).finish()) == 0
    assert len(Mono(44_100, 1).finish()) == 0
