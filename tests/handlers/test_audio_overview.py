"""Overviews: columns beside an obvious oracle, golden decibels, any length and any cutting, bytes that are damaged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthesised import RATE, Sound, cut, noise, sine

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.audio.bands import BANDS, HOP, levels_of
from nlsearch.handlers.audio.columns import Columns
from nlsearch.handlers.audio.overview import (
    GROUPS,
    SPECTROGRAM_COLUMNS,
    WAVEFORM_COLUMNS,
    Overview,
    Preview,
    amplitudes,
)


def preview(signal: Sound) -> Preview:
    overview = Overview()
    overview.feed_signal(signal)
    overview.feed_levels(levels_of(signal))
    return overview.finish()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1000), max_size=100), st.lists(st.integers(0, 100), max_size=5))
def test_columns_are_those_of_neighbours_joined_until_they_fit(values: list[int], places: list[int]) -> None:
    columns = Columns(8, 1, 1)
    rows = np.array(values, np.float64).reshape(-1, 1)
    for piece in cut(len(rows), places):
        columns.add(rows[piece], rows[piece])
    each = 1
    while len(values) > 8 * each:
        each *= 2
    parts = [values[at : at + each] for at in range(0, len(values), each)]
    assert columns.each == each
    assert columns.sums[:, 0].tolist() == [sum(part) for part in parts]
    assert columns.tops[:, 0].tolist() == [max(part) for part in parts]
    assert columns.counts().tolist() == [len(part) for part in parts]


def test_a_sine_has_the_decibels_it_was_made_with() -> None:
    made = preview(sine(1000, 4, 0.5))
    assert made.peak[5] == 255 + round(20 * math.log10(0.5) / 0.375)
    assert made.rms[5] == 255 + round(20 * math.log10(0.5 / math.sqrt(2)) / 0.375)
    assert amplitudes(made.peak)[5] == pytest.approx(0.5, rel=0.022)
    assert int(made.spectrogram[50].argmax()) == round(36 * math.log2(1000 / 220)) // 4


def test_levels_are_kept_in_twelfths_of_a_neper() -> None:
    overview = Overview()
    overview.feed_levels(np.full((1000, BANDS), 5.0, np.float32))
    overview.feed_levels(np.full((24, BANDS), -9.0, np.float32))
    made = overview.finish()
    assert made.column_frames == 4
    assert np.unique(made.spectrogram[:250]).tolist() == [144]
    assert np.unique(made.spectrogram[250:]).tolist() == [0]


def test_the_last_column_is_that_of_what_is_left() -> None:
    made = preview(np.full(800 * 16 + 7, 0.25, np.float32))
    assert made.column_samples == 32
    assert len(made.peak) == 401
    assert np.unique(made.rms).tolist() == np.unique(made.peak).tolist() == [255 + round(20 * math.log10(0.25) / 0.375)]


@pytest.mark.parametrize("samples", [0, 1, 15, 16, 255, 256, 257, 12_800, 12_801, 25_600, 400_000, 400_001])
def test_every_length_fits(samples: int) -> None:
    made = preview(noise(samples / RATE + 1)[:samples])
    assert made.samples == samples
    assert made.duration_s == samples / RATE
    assert len(made.peak) == len(made.rms) == -(-samples // made.column_samples) <= WAVEFORM_COLUMNS
    assert made.waveform_s >= made.duration_s
    assert len(made.spectrogram) == -(-samples // (made.column_frames * HOP)) <= SPECTROGRAM_COLUMNS
    assert samples <= 12_800 or len(made.peak) > WAVEFORM_COLUMNS // 2
    again = Preview.unpack(made.pack())
    assert len(made.pack()) <= 16_500
    assert (again.column_samples, again.column_frames, again.samples) == (
        made.column_samples,
        made.column_frames,
        samples,
    )
    for name in ("peak", "rms", "spectrogram"):
        assert np.array_equal(getattr(again, name), getattr(made, name))


def test_an_hour_fits() -> None:
    overview = Overview()
    signal, levels = noise(60), levels_of(noise(60))
    for _ in range(60):
        overview.feed_signal(signal)
        overview.feed_levels(levels)
    made = overview.finish()
    assert made.duration_s == 3600
    assert 400 < len(made.peak) <= 800
    assert 200 < len(made.spectrogram) <= 400
    assert np.ptp(made.rms) <= 1


SIGNAL = noise(40, 3) * np.linspace(0, 1, 40 * RATE, dtype=np.float32)
LEVELS = levels_of(SIGNAL)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 40 * RATE), max_size=6), st.lists(st.integers(0, 1250), max_size=6))
def test_the_cutting_of_the_stream_does_not_matter(samples: list[int], frames: list[int]) -> None:
    overview = Overview()
    for piece in cut(len(SIGNAL), samples):
        overview.feed_signal(SIGNAL[piece])
    for piece in cut(len(LEVELS), frames):
        overview.feed_levels(LEVELS[piece])
    assert overview.finish().pack() == preview(SIGNAL).pack()


def test_silence_is_nothing() -> None:
    made = preview(np.zeros(RATE, np.float32))
    assert not made.peak.any()
    assert not made.rms.any()
    assert not amplitudes(made.peak).any()
    assert made.spectrogram.max() <= 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_damaged_bytes_are_told_or_give_a_preview_of_the_same_shape(place: int, byte: int) -> None:
    packed = bytearray(PACKED)
    packed[place % len(packed)] = byte
    try:
        made = Preview.unpack(bytes(packed))
    except IndexDamaged:
        return
    assert made.spectrogram.shape[1] == GROUPS
    assert len(made.peak) == len(made.rms)


PACKED = preview(noise(2)).pack()


@pytest.mark.parametrize("packed", [b"", PACKED[:10], PACKED[:-9], b"\x02" + PACKED[1:]])
def test_bytes_that_are_no_preview_are_told(packed: bytes) -> None:
    with pytest.raises(IndexDamaged, match="preview"):
        Preview.unpack(packed)
