"""Tempo: click tracks and drums of known tempo, sounds without a beat, and streaming beside a direct correlation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthesised import Sound, clicks, cut, drums, noise, placed, sine

from nlsearch.handlers.audio.bands import levels_of
from nlsearch.handlers.audio.blocks import BLOCK
from nlsearch.handlers.audio.tempo import Tempo, onset_strength


def estimated(signal: Sound) -> float | None:
    tempo = Tempo()
    tempo.feed(levels_of(signal))
    return tempo.finish()


@pytest.mark.parametrize("bpm", [60, 66, 72, 80, 90, 97, 100, 110, 120, 128.5, 140, 150, 160])
def test_clicks_have_the_tempo_they_were_made_with(bpm: float) -> None:
    assert estimated(clicks(bpm)) == pytest.approx(bpm, rel=2e-3)


@pytest.mark.parametrize("bpm", [60, 66, 72, 80, 90, 97, 110, 120, 133.3, 150, 160, 174, 200])
def test_drums_have_the_tempo_they_were_made_with_or_half_or_twice_of_it(bpm: float) -> None:
    found = estimated(drums(bpm))
    assert found is not None
    assert 60 <= found <= 160
    assert 2 ** round(np.log2(found / bpm)) * bpm == pytest.approx(found, rel=2e-3)


@pytest.mark.parametrize("bpm", [174, 180, 200])
def test_fast_clicks_are_told_as_half_as_fast(bpm: float) -> None:
    assert estimated(clicks(bpm)) == pytest.approx(bpm / 2, rel=2e-3)


@pytest.mark.parametrize(
    "signal",
    [
        noise(4),
        noise(30, 1),
        noise(120, 2),
        sine(440, 20),
        np.zeros(160_000, np.float32),
        np.ones(160_000, np.float32),
        np.zeros(0, np.float32),
        clicks(120, 2.5),
    ],
    ids=["noise 4 s", "noise 30 s", "noise 120 s", "sine", "silence", "constant", "empty", "short"],
)
def test_what_has_no_beat_has_no_tempo(signal: Sound) -> None:
    assert estimated(signal) is None


def test_clicks_at_random_have_no_tempo() -> None:
    times = np.random.default_rng(3).uniform(0, 59.5, 100)
    assert estimated(placed([(at, clicks(60, 1)[2000:2400]) for at in times], 60)) is None


def test_gain_does_not_matter() -> None:
    loud, quiet = estimated(drums(104)), estimated(drums(104) * np.float32(0.02))
    assert loud == pytest.approx(quiet, rel=1e-3)


def test_noise_below_the_music_does_not_matter() -> None:
    assert estimated(drums(104) + noise(20, 9, 0.02)) == pytest.approx(104, rel=3e-3)


LEVELS = levels_of(drums(120, 45) + noise(45, 5, 0.01))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 2_000), max_size=6))
def test_the_cutting_of_the_stream_does_not_matter(places: list[int]) -> None:
    whole, pieces = Tempo(), Tempo()
    whole.feed(LEVELS)
    for piece in cut(len(LEVELS), places):
        pieces.feed(LEVELS[piece])
    assert whole.finish() == pieces.finish()
    assert np.array_equal(whole.correlation(), pieces.correlation())


def test_the_streamed_correlation_is_that_of_all_onsets_at_once() -> None:
    tempo = Tempo()
    tempo.feed(LEVELS)
    tempo.finish()
    starts = range(0, len(LEVELS), BLOCK)
    strengths = np.concatenate(
        [onset_strength(LEVELS[at : at + BLOCK], LEVELS[max(0, at - 1)]) for at in starts]
    ).astype(np.float64)
    padded = np.pad(strengths, 16)
    apart = strengths - np.array([padded[at : at + 33].mean() for at in range(len(strengths))])
    direct = np.array([apart[lag:] @ apart[: len(apart) - lag] / (len(apart) - lag) for lag in range(BLOCK + 1)])
    # The 16 frames before the first count as silence in the stream; here they are not there.
    assert tempo.correlation() == pytest.approx(direct / direct[0], abs=0.02)
    assert tempo.strengths == pytest.approx((strengths.mean(), strengths.std()))
