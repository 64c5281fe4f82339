"""Notes to listen to: MIDI files that read back as they were written, and sound at the right pitch."""

from __future__ import annotations

import io
import wave
from itertools import pairwise

import numpy as np
import pytest
import symusic
from hypothesis import given
from hypothesis import strategies as st

from nlsearch.handlers.score.formats.midi import records
from nlsearch.handlers.score.notation import TICKS, Score
from nlsearch.handlers.score.render import LONGEST_S, RATE, Sounding, midi_bytes, wav_bytes
from nlsearch.limits import Limits


def read(data: bytes) -> Score:
    (item,) = records(io.BytesIO(data), Limits())
    return item.content  # type: ignore[union-attr]


def notes_of(score: Score) -> list[Sounding]:
    found = [(n.onset, n.duration, n.pitch) for part in score.parts for voice in part.voices for n in voice.notes]
    return sorted(found, key=lambda note: (note[0], note[2] or 0))


TUNE = [(0, TICKS, 60), (TICKS, TICKS // 3, 62), (4 * TICKS // 3, TICKS // 3, 64), (2 * TICKS, 3 * TICKS, 67)]


def test_a_file_reads_back_as_it_was_written() -> None:
    score = read(midi_bytes(TUNE, 90.0))
    assert notes_of(score) == TUNE
    assert (score.tempo, score.warnings) == (90.0, [])
    assert midi_bytes(reversed(TUNE), 90.0) == midi_bytes(TUNE, 90.0)
    assert midi_bytes(TUNE) == midi_bytes(TUNE, 120.0) == midi_bytes(TUNE, -1.0)


def test_the_bytes_of_one_note() -> None:
    head = bytes.fromhex("4d546864 00000006 0001 0002 01e0")
    conductor = bytes.fromhex("4d54726b 0000000b 00ff510307a120 00ff2f00")
    body = bytes.fromhex("4d54726b 00000016 00ff03056e6f746573 00903c50 8360803c00 00ff2f00")
    assert midi_bytes([(0, TICKS, 60)]) == head + conductor + body


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 50), st.integers(0, 127)),
        max_size=30,
        unique_by=lambda note: note[2],
    ),
    st.sampled_from([1, 2, 3, 8, 12, 24, 35, 1024]),
)
def test_what_was_written_is_what_is_read(notes: list[tuple[int, int, int]], parts: int) -> None:
    given_notes = [(onset * TICKS // parts, length * TICKS // parts, pitch) for onset, length, pitch in notes]
    data = midi_bytes(given_notes)
    other = symusic.Score.from_midi(data)
    division = other.ticks_per_quarter
    theirs = [
        (n.time * TICKS // division, n.duration * TICKS // division, n.pitch) for t in other.tracks for n in t.notes
    ]
    assert sorted(theirs) == sorted(given_notes)


def test_a_note_that_begins_again_is_ended_and_percussion_is_on_channel_10() -> None:
    twice = [(0, 2 * TICKS, 60), (TICKS, TICKS, 60), (0, TICKS, None)]
    score = read(midi_bytes(twice))
    assert [part.instrument for part in score.parts] == ["", "Percussion"]
    assert notes_of(score) == [(0, TICKS, None), (0, TICKS, 60), (TICKS, TICKS, 60)]
    assert read(midi_bytes([])).warnings == ["it has no notes"]


# --------------------------------------------------------------------------------------------------------------- sound
def samples(data: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.float64)


def loudest_frequency(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 2**17))
    return float(np.argmax(spectrum)) * RATE / 2**17


@pytest.mark.parametrize("pitch", [33, 57, 69, 81, 100])
def test_sound_has_the_pitch(pitch: int) -> None:
    sound = samples(wav_bytes([(0, 2 * TICKS, pitch)], 120.0))
    assert abs(len(sound) / RATE - 1.06) < 0.01
    assert loudest_frequency(sound) == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=0.01)
    assert np.abs(sound).max() == pytest.approx(0.9 * 32767, abs=1)


def test_notes_sound_when_they_should_and_fade() -> None:
    sound = samples(wav_bytes([(2 * TICKS, TICKS, 69), (4 * TICKS, TICKS, None)], 60.0))
    loudness = [float(np.abs(sound[at : at + RATE // 10]).max()) for at in range(0, len(sound), RATE // 10)]
    assert max(loudness[:20]) == 0
    assert loudness[20] > loudness[25] > loudness[29] > 0
    assert max(loudness[32:40]) == 0
    assert loudness[40] > 0
    steps = [abs(b - a) for a, b in pairwise(sound[: 2 * RATE + 50])]
    assert max(steps) < 0.35 * 32767, "it begins without a click"


def test_sound_is_bounded_and_the_same_each_time() -> None:
    long = [(at * TICKS, TICKS, 40 + at % 40) for at in range(1000)]
    data = wav_bytes(long, 100.0)
    assert len(samples(data)) == LONGEST_S * RATE
    assert data == wav_bytes(list(reversed(long)), 100.0)
    assert len(samples(wav_bytes([]))) == 0
    assert len(samples(wav_bytes([(10**18, TICKS, 60)]))) == 0
    assert len(samples(wav_bytes([(0, 10**18, 60)]))) == LONGEST_S * RATE
