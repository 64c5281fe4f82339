"""The pitch tracker and the notes made of it, against tones of known pitches and times."""

from __future__ import annotations

import numpy as np
import pytest
from hummed import RATE, Partials, hollow, melody, rich, sine, tone

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.sound.notes import notes_of, transcribed
from nlsearch.handlers.sound.pitch import HOP_S, pitch_contour

CENTS = 0.10
SECONDS = 0.0201


@pytest.mark.parametrize("partials", [sine, rich, hollow], ids=["sine", "rich", "hollow"])
@pytest.mark.parametrize("pitch", [36.3, 40.0, 47.77, 55.5, 60.0, 69.31, 76.0, 84.2, 89.9])
def test_a_steady_tone_has_its_pitch(pitch: float, partials: Partials) -> None:
    if partials is not sine and pitch > 80:
        pytest.skip("its partials lie above half of the sample rate")
    contour = pitch_contour(tone(pitch, 0.6, partials))
    middle = contour.pitches[10:-10]
    assert np.isfinite(middle).all()
    assert np.abs(middle - pitch).max() < CENTS


def test_a_whistle_among_breath_keeps_its_octave() -> None:
    rng = np.random.default_rng(0)
    sound = tone(83.0, 1.0) + rng.normal(0, 0.05, RATE).astype(np.float32)
    pitches = pitch_contour(sound).pitches[10:-10]
    assert np.nanmax(np.abs(pitches - 83.0)) < 0.5
    assert np.isfinite(pitches).mean() > 0.95


@pytest.mark.parametrize("partials", [sine, rich])
def test_notes_have_their_pitches_and_times(partials: Partials) -> None:
    pitches, seconds = [57.2, 59.2, 61.2, 57.2, 57.2, 64.2], [0.4, 0.4, 0.25, 0.5, 0.3, 0.8]
    notes = notes_of(pitch_contour(melody(pitches, seconds, partials)))
    assert len(notes) == 6
    assert np.abs(notes.pitches - pitches).max() < CENTS
    onsets = 0.2 + np.cumsum([0, *seconds[:-1]])
    assert np.abs(notes.onsets - onsets).max() <= SECONDS
    assert np.abs(notes.ends - (onsets + np.array(seconds) - 0.05)).max() <= SECONDS
    assert notes.cents == pytest.approx(20, abs=5)
    assert notes.rounded.tolist() == [57, 59, 61, 57, 57, 64]


def test_notes_of_different_pitches_need_no_rest_between_them() -> None:
    pitches = [60.0, 62.0, 64.0, 65.0, 67.0]
    notes = notes_of(pitch_contour(melody(pitches, [0.3] * 5, rich, rest=0.0)))
    assert notes.rounded.tolist() == pitches
    assert np.abs(notes.onsets - (0.2 + 0.3 * np.arange(5))).max() <= 0.03


def test_the_same_pitch_twice_is_told_by_its_loudness() -> None:
    sound = tone(60.0, 1.2, rich)
    dip = np.ones(len(sound), np.float32)
    dip[4600:5000] = 0.15
    notes = notes_of(pitch_contour(sound * dip))
    assert len(notes) == 2
    assert notes.onsets[1] == pytest.approx(0.6, abs=0.03)


def test_vibrato_and_glides_stay_within_a_note() -> None:
    times = np.arange(RATE) / RATE
    vibrato = 57.4 + 0.45 * np.sin(2 * np.pi * 5.6 * times)
    assert notes_of(pitch_contour(tone(vibrato, 1.0, rich))).pitches == pytest.approx([57.4], abs=0.15)
    glide = np.concatenate([np.full(4000, 57.0), np.linspace(57, 64, 600), np.full(4000, 64.0)])
    found = notes_of(pitch_contour(tone(glide, len(glide) / RATE, rich)))
    assert found.pitches == pytest.approx([57.0, 64.0], abs=0.1)


def test_noise_and_silence_have_no_notes() -> None:
    rng = np.random.default_rng(1)
    white = rng.normal(0, 0.2, 3 * RATE).astype(np.float32)
    assert len(notes_of(pitch_contour(white))) == 0
    muffled = np.convolve(white, np.full(8, 1 / 8, np.float32), "same").astype(np.float32)
    assert len(notes_of(pitch_contour(muffled))) <= 1
    for silent in (np.zeros(RATE, np.float32), np.full(RATE, 0.5, np.float32), np.empty(0, np.float32)):
        assert len(notes_of(pitch_contour(silent))) == 0


def test_too_little_sound_is_said() -> None:
    with pytest.raises(QuerySyntax, match="too little sound: 0 notes") as found:
        transcribed(np.zeros(RATE, np.float32))
    assert "at least 4 notes" in found.value.hint
    with pytest.raises(QuerySyntax, match="too little sound: 2 notes"):
        transcribed(melody([60.0, 64.0], [0.5, 0.5]))


def test_frames_are_a_hundredth_of_a_second() -> None:
    assert len(pitch_contour(np.zeros(RATE, np.float32)).levels) == round(1 / HOP_S)
