"""Drawings of recordings and of matches: well-formed, where things lie, what is said, hostile titles, grey."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from synthesised import cadence, drums

from nlsearch.handlers.audio.bands import BANDS, FRAMES_A_SECOND, band_hz, levels_of
from nlsearch.handlers.audio.draw import MOST_PASSAGES, draw_recording
from nlsearch.handlers.audio.drawmatch import MOST_DOTS, draw_match
from nlsearch.handlers.audio.drawparts import LEFT, MOST_COLUMNS, PLOT, Panel, _palette, clock, document, headings
from nlsearch.handlers.audio.overview import GROUPS, Overview, Preview
from nlsearch.model import Picture

SVG = "{http://www.w3.org/2000/svg}"


def preview(seconds: float = 20.0) -> Preview:
    overview = Overview()
    signal = drums(100, seconds)
    overview.feed_signal(signal)
    overview.feed_levels(levels_of(signal))
    return overview.finish()


MADE = preview()


def parsed(picture: Picture) -> ET.Element:
    assert picture.media_type == "image/svg+xml"
    return ET.fromstring(picture.data)  # noqa: S314 - our own


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def of_class(root: ET.Element, css: str) -> list[ET.Element]:
    return [element for element in root.iter() if css in element.get("class", "").split()]


def pictures(root: ET.Element) -> list[Image.Image]:
    links = [element.get("href", "") for element in root.iter(f"{SVG}image")]
    return [Image.open(io.BytesIO(base64.b64decode(link.removeprefix("data:image/png;base64,")))) for link in links]


# ---------------------------------------------------------------------------------------------------------- recordings
def test_a_recording_has_its_spectrogram_and_axes() -> None:
    root = parsed(draw_recording("Drums", 20.0, MADE, [(5.0, 10.0), (15.0, 16.0)]))
    (picture,) = pictures(root)
    assert picture.size == (len(MADE.spectrogram), GROUPS)
    assert {"Drums", "0:00", "0:10", "0:20", "250 Hz", "1 kHz", "3.5 kHz", "0:05.0–0:10.0"} <= set(texts(root))
    assert root.findtext(f"{SVG}title") == "Drums"
    assert "matches at 0:05.0–0:10.0 and 1 more" in (root.findtext(f"{SVG}desc") or "")
    first = of_class(root, "passage")[0]
    assert float(first.get("x", "")) == pytest.approx(LEFT + PLOT / 4, abs=0.1)
    assert float(first.get("width", "")) == pytest.approx(PLOT / 4, abs=0.1)
    assert len(of_class(root, "passage")) == 4


def test_a_short_passage_of_a_long_recording_is_still_seen() -> None:
    root = parsed(draw_recording("long", 10_800.0, MADE, [(10_799.0, 10_800.0)]))
    assert float(of_class(root, "passage")[0].get("width", "")) == 2.0
    assert len(of_class(root, "hat")) == 1
    assert "3:00:00" in texts(root)


def test_not_all_of_very_many_passages_are_drawn() -> None:
    passages = [(at / 100, at / 100 + 0.005) for at in range(2000)]
    assert len(of_class(parsed(draw_recording("loops", 20.0, MADE, passages)), "hat")) == MOST_PASSAGES


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.5])
def test_recordings_of_hardly_any_length_are_drawn(seconds: float) -> None:
    root = parsed(draw_recording("", seconds, preview(seconds)))
    assert "untitled" in texts(root)
    assert len(of_class(root, "frame")) == 2


def test_what_is_louder_is_darker_and_higher() -> None:
    levels = np.zeros((100, GROUPS), np.uint8)
    levels[:, 36] = 200
    made = Preview(np.full(100, 255, np.uint8), np.full(100, 255, np.uint8), levels, 16, 1, 1600)
    (picture,) = pictures(parsed(draw_recording("x", 0.2, made)))
    grey = np.asarray(picture.convert("L"))
    assert grey[0].max() < 40
    assert grey[1:].min() == 255


def test_the_palette_reads_in_grey() -> None:
    red, green, blue = np.frombuffer(_palette(), np.uint8).reshape(256, 3).astype(float).T
    lightness = 0.299 * red + 0.587 * green + 0.114 * blue
    assert (np.diff(lightness) <= 0).all()
    assert lightness[0] == pytest.approx(255)
    assert lightness[-1] < 20


def test_drawings_are_the_same_each_time() -> None:
    assert draw_recording("x", 20.0, MADE, [(1, 2)]) == draw_recording("x", 20.0, preview(), [(1, 2)])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_title_is_drawn(title: str) -> None:
    root = ET.fromstring(document(title, title, 10, [*headings(title, title)]))  # noqa: S314 - our own
    assert root.find(f"{SVG}desc") is not None


def test_titles_are_no_markup() -> None:
    root = parsed(draw_recording('<script>"&\ud800\x00', 20.0, MADE))
    assert texts(root)[0] == '<script>"&'
    assert not list(root.iter(f"{SVG}script"))


# ------------------------------------------------------------------------------------------------------------- matches
def match(**changed: Any) -> Picture:
    given = {
        "title": "Song",
        "clip": np.zeros((157, BANDS), np.uint8),
        "clip_start_s": 0.0,
        "frames": np.array([3125, 3125, 3203, 3281]),
        "bands": np.array([0, 147, 72, 36]),
        "passage_s": (100.0, 105.0),
        "query_s": (0.0, 5.0),
        "speed": 1.0,
        "agreeing": np.array([True, False, True, False]),
    }
    return draw_match(**{**given, **changed})


def dots(root: ET.Element, css: str) -> list[tuple[float, float]]:
    paths = [element.get("d", "") for element in of_class(root, css) if "legend" not in element.get("class", "")]
    return [(float(x), float(y)) for path in paths for x, y in re.findall(r"M([\d.]+) ([\d.]+)", path)]


def test_peaks_lie_at_their_times_and_bands() -> None:
    root = parsed(match())
    clip, recording = (Panel(0, 5, float(frame.get("y", "")), 150.0) for frame in of_class(root, "frame"))
    middle = LEFT + PLOT * (3203 / FRAMES_A_SECOND - 100) / 5
    expected = [(LEFT, recording.bottom - 0.5), (middle, recording.bottom - 72.97)]
    for found, wanted in zip(dots(root, "agree"), expected, strict=True):
        assert found == pytest.approx(wanted, abs=0.6)
    assert len(dots(root, "other")) == 2
    rings = np.array(dots(root, "inner")) - [0, clip.top]
    assert rings == pytest.approx(np.array(dots(root, "agree")) - [0, recording.top], abs=0.11)


def test_a_faster_clip_has_its_rings_higher() -> None:
    def height(speed: float) -> float:
        return dots(parsed(match(speed=speed)), "inner")[1][1]

    bands = (height(1.0) - height(1.0293)) / 150 * BANDS
    assert band_hz(72 + bands) / band_hz(72) == pytest.approx(1.0293, abs=2e-3)


def test_a_match_is_told_in_words() -> None:
    said = " ".join(texts(parsed(match(speed=0.98))))
    assert "0:00.00–0:05.00 of the clip is 1:40.00–1:45.00 of the recording" in said
    assert "2 of 4 peaks agree (50 %) · the clip plays 2.0 % slower" in said
    assert "at the same speed" in " ".join(texts(parsed(match())))


def test_peaks_outside_the_passage_are_not_drawn() -> None:
    root = parsed(match(passage_s=(101.0, 104.0)))
    assert len(dots(root, "agree")) == len(dots(root, "inner")) == 1
    assert not dots(parsed(match(bands=np.array([-1, -1, 148, 200]))), "dots")


def test_a_match_without_peaks_or_levels_is_drawn() -> None:
    nothing = np.empty(0, np.int64)
    root = parsed(
        match(frames=nothing, bands=nothing, agreeing=np.empty(0, np.bool_), clip=np.empty((0, BANDS), np.uint8))
    )
    assert "0 of 0 peaks agree" in " ".join(texts(root))
    assert not pictures(root)


def test_very_long_matches_stay_small() -> None:
    frames = np.arange(50_000)
    root = parsed(
        match(
            clip=np.zeros((50_000, BANDS), np.uint8),
            frames=frames,
            bands=frames % BANDS,
            passage_s=(0.0, 1600.0),
            query_s=(0.0, 1600.0),
            agreeing=np.ones(50_000, np.bool_),
        )
    )
    found = dots(root, "agree")
    assert MOST_DOTS / 2 < len(found) <= MOST_DOTS
    assert max(x for x, _ in found) > LEFT + 0.99 * PLOT
    assert pictures(root)[0].size[0] <= MOST_COLUMNS


def test_the_clip_is_cut_to_what_matches() -> None:
    levels = np.clip(levels_of(cadence(0)) * 12 + 84, 0, 255).astype(np.uint8)
    root = parsed(match(clip=levels, query_s=(2.0, 4.0), passage_s=(100.0, 102.0)))
    (image,) = root.iter(f"{SVG}image")
    assert float(image.get("x", "")) == pytest.approx(-PLOT * (2.0 + 0.016) / 2, abs=0.1)
    assert float(image.get("width", "")) == pytest.approx(PLOT * len(levels) / FRAMES_A_SECOND / 2, abs=0.1)


@pytest.mark.parametrize(
    ("seconds", "decimals", "shown"),
    [
        (0, 0, "0:00"),
        (59.96, 1, "1:00.0"),
        (61.25, 2, "1:01.25"),
        (3599.6, 0, "1:00:00"),
        (36_000.05, 2, "10:00:00.05"),
    ],
)
def test_times_are_told_as_clocks_do(seconds: float, decimals: int, shown: str) -> None:
    assert clock(seconds, decimals) == shown
