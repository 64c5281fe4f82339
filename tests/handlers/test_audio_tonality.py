"""Keys: cadences in all of them, other tunings, sounds without a key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthesised import Sound, cadence, clicks, cut, drums, noise, sine

from nlsearch.handlers.audio.bands import levels_of
from nlsearch.handlers.audio.tonality import Key, Tonality, best_key, folded, tuning_of
from nlsearch.handlers.sound.keyprofiles import MODES, NAMES


def heard(signal: Sound) -> tuple[Key | None, float]:
    found = Tonality()
    found.feed(levels_of(signal))
    return found.finish(), found.tuning


@pytest.mark.parametrize("minor", [False, True], ids=MODES)
@pytest.mark.parametrize("tonic", range(12))
def test_a_cadence_is_in_its_key(tonic: int, minor: bool) -> None:
    cents = (0, -30, 20, 45)[tonic % 4]
    key, tuning = heard(cadence(tonic, minor=minor, cents=cents, times=1))
    assert key is not None
    assert (key.name, key.tonic, key.is_minor) == (f"{NAMES[minor][tonic]} {MODES[minor]}", tonic, minor)
    assert tuning == pytest.approx(cents, abs=4)


def test_an_a_of_440_hertz_is_an_a_and_in_tune() -> None:
    found = Tonality()
    found.feed(levels_of(sine(440, 5)))
    found.finish()
    assert int(found.chroma().argmax()) == 9
    assert found.chroma()[9] > 0.95
    assert abs(found.tuning) < 3


@pytest.mark.parametrize(
    "signal",
    [
        noise(3),
        noise(60, 1),
        drums(60),
        drums(150, seed=4),
        clicks(120),
        np.zeros(80_000, np.float32),
        np.ones(80_000, np.float32),
        np.zeros(0, np.float32),
        cadence(0, times=1, chord_s=0.2),
    ],
    ids=["noise 3 s", "noise 60 s", "drums", "fast drums", "clicks", "silence", "constant", "empty", "short"],
)
def test_what_has_no_pitches_has_no_key(signal: Sound) -> None:
    assert heard(signal)[0] is None


def test_noise_and_gain_do_not_matter() -> None:
    signal = cadence(3)
    for other in (signal * np.float32(0.02), signal + noise(len(signal) / 8000, 2, 0.03)[: len(signal)]):
        key, _ = heard(other)
        assert key is not None
        assert key.name == "Eb major"


LEVELS = levels_of(cadence(7, times=10))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 2_000), max_size=6))
def test_the_cutting_of_the_stream_does_not_matter(places: list[int]) -> None:
    whole, pieces = Tonality(), Tonality()
    whole.feed(LEVELS)
    for piece in cut(len(LEVELS), places):
        pieces.feed(LEVELS[piece])
    assert whole.finish() == pieces.finish()
    assert np.array_equal(whole.steps, pieces.steps)


def test_steps_are_parted_where_the_tuning_says() -> None:
    steps = np.zeros(120)
    steps[[3, 43, 73]] = 1.0, 2.0, 1.0  # C, E and G, 30 cents high
    assert tuning_of(steps) == pytest.approx(0.3)
    assert folded(steps, 0.3) == pytest.approx(np.array([1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0]) / 4)


def test_a_flat_chroma_fits_no_key() -> None:
    assert best_key(np.full(12, 1 / 12)).fit == 0.0
