"""Drawing spectra: valid SVG, what stands where, labels without overlaps, hostile names."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.handlers.spectrum.axes import AXES, Axis
from nlsearch.handlers.spectrum.draw import HEIGHT, WIDTH, draw_peaks
from nlsearch.handlers.spectrum.drawaxes import Frame, ticks
from nlsearch.model import Verdict

SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Drawn:
    positions: np.ndarray = field(default_factory=lambda: np.array([42.0338, 69.0447, 110.0711, 138.066, 195.0876]))
    intensities: np.ndarray = field(default_factory=lambda: np.array([100, 300, 330, 900, 1000], np.float32))
    axis: Axis = AXES["mz"]
    precursor: float = math.nan
    name: str = "Caffeine"


QUERY = [[138.0662, 1.0], [110.0713, 0.35], [195.0877, 0.8], [83.0604, 0.12]]
PAIRS = [[110.0713, 110.0711, -1.8, 0.2], [138.0662, 138.066, -1.4, 0.5], [195.0877, 195.0876, -0.5, 0.173]]


def drawn(spectrum: Drawn, evidence: dict[str, Any] | None = None, score: float = 0.873) -> ET.Element:
    verdict = None if evidence is None else Verdict(score, "near", evidence)
    picture = draw_peaks(spectrum, verdict)
    assert picture.media_type == "image/svg+xml"
    return ET.fromstring(picture.data.decode("utf-8"))  # noqa: S314 - our own


def texts(root: ET.Element, css: str | None = None) -> list[str]:
    return [
        node.text or "" for node in root.iter(f"{SVG}text") if css is None or css in (node.get("class") or "").split()
    ]


def sticks(root: ET.Element, css: str) -> list[tuple[float, float, float]]:
    """Return x, foot and tip of the peaks of a class."""
    found = [node.get("d", "") for node in root.iter(f"{SVG}path") if node.get("class") == css]
    pattern = re.compile(r"M(-?[\d.]+) (-?[\d.]+)V(-?[\d.]+)")
    return [tuple(map(float, match)) for path in found for match in pattern.findall(path)]  # type: ignore[misc]


def test_a_spectrum_alone_points_upward() -> None:
    root = drawn(Drawn())
    other = sticks(root, "other")
    assert (root.get("width"), root.get("height")) == (str(WIDTH), str(HEIGHT))
    assert [x for x, _, _ in other] == sorted(x for x, _, _ in other)
    assert len(other) == 5
    assert all(tip < foot for _, foot, tip in other)
    lengths = [foot - tip for _, foot, tip in other]
    np.testing.assert_allclose(np.array(lengths) / lengths[-1], [0.1, 0.3, 0.33, 0.9, 1], atol=2e-3)
    assert texts(root, "title") == ["Caffeine"]
    assert texts(root, "score") == ["5 peaks"]
    assert "m/z" in texts(root)
    assert "relative intensity (%)" in texts(root)
    assert "query" not in texts(root)
    assert texts(root, "peak") == ["195.0876", "138.0660", "110.0711", "69.0447", "42.0338"]


def test_a_mirror_plot_has_the_query_above_and_the_item_below() -> None:
    root = drawn(Drawn(), {"pairs": PAIRS, "metric": "neutral_loss", "shift_da": 0.0, "query": QUERY})
    query, item, other = sticks(root, "query"), sticks(root, "item"), sticks(root, "other")
    assert len(query) == len(item) == 3
    assert all(tip < foot for _, foot, tip in query)
    assert all(tip > foot for _, foot, tip in item)
    assert {foot for _, foot, _ in [*query, *item, *other]} == {216.0}
    np.testing.assert_allclose([x for x, _, _ in query], [x for x, _, _ in item], atol=0.2)
    assert sorted(tip > foot for _, foot, tip in other) == [False, True, True]
    assert texts(root, "score") == ["neutral loss 0.873 · 3 pairs · 5 peaks"]
    assert {"query", "item"} <= set(texts(root))
    titles = [node.findtext(f"{SVG}title") for node in root.iter(f"{SVG}line") if node.find(f"{SVG}title") is not None]
    assert titles[0] == "110.0713 and 110.0711, −1.8 ppm, contributes 0.2000"
    assert not [node for node in root.iter(f"{SVG}line") if node.get("class") == "join"]


def test_shifted_pairs_are_joined() -> None:
    pairs = [*PAIRS[:2], [83.0604, 69.0447, 0.0, 0.1]]
    root = drawn(Drawn(), {"pairs": pairs, "metric": "modified", "shift_da": -14.0157, "query": QUERY})
    (join,) = [node for node in root.iter(f"{SVG}line") if node.get("class") == "join"]
    frame = Frame.of(AXES["mz"], [np.array([42.0338, 195.0877])], math.nan, mirrored=True)
    assert float(join.get("x1", "")) == pytest.approx(frame.x(83.0604), abs=0.06)
    assert float(join.get("x2", "")) == pytest.approx(frame.x(69.0447), abs=0.06)
    assert "shifted by −14.0157 Da" in texts(root, "score")[0]


@pytest.mark.parametrize(
    ("evidence", "marked"),
    [
        ({"pairs": [[138.07, 138.066, -29, 0.3]], "share": 0.3}, [138.066]),
        ({"pairs": [[57.02, 57.0216, 3, 0.3]], "peaks": [138.066], "share": 0.3}, [138.066]),  # by losses
        ({"pairs": [[300.0, 300.0, 0, 0.3]]}, []),
        ({"formula": "C8H10N4O2"}, []),
    ],
)
def test_without_the_peaks_of_a_query_the_item_is_drawn_alone(evidence: dict[str, Any], marked: list[float]) -> None:
    root = drawn(Drawn(), evidence)
    frame = Frame.of(AXES["mz"], [Drawn().positions], math.nan, mirrored=False)
    np.testing.assert_allclose([x for x, _, _ in sticks(root, "query")], [frame.x(at) for at in marked], atol=0.06)
    assert len(sticks(root, "other")) == 5 - len(marked)
    assert sticks(root, "item") == []


def test_the_precursor_is_marked_and_in_the_frame() -> None:
    root = drawn(Drawn(precursor=209.1033))
    (line,) = [node for node in root.iter(f"{SVG}line") if node.get("class") == "precursor"]
    assert 58 <= float(line.get("x1", "")) <= 704
    assert "precursor 209.1033" in texts(root, "green")


@pytest.mark.parametrize(
    ("axis", "title", "descends"),
    [
        ("mz", "m/z", False),
        ("shift", "chemical shift (ppm)", True),
        ("wavenumber", "wavenumber (cm⁻¹)", True),
        ("wavelength", "wavelength (nm)", False),
    ],
)
def test_axes_are_titled_and_run_as_people_draw_them(axis: str, title: str, descends: bool) -> None:
    root = drawn(Drawn(np.array([-1.0, 5, 9]), np.array([1.0, 2, 3]), AXES[axis]))
    frame = Frame.of(AXES[axis], [np.array([-1.0, 9.0])], math.nan, mirrored=False)
    assert title in texts(root)
    assert (frame.x(9.0) < frame.x(-1.0)) is descends
    lengths = {x: foot - tip for x, foot, tip in sticks(root, "other")}
    assert (lengths[min(lengths)] > lengths[max(lengths)]) is descends


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
@settings(max_examples=200, deadline=None)
def test_ticks_are_round_few_and_inside(low: float, width: float) -> None:
    found = ticks(low, low + width)
    values = np.array([value for value, _ in found])
    assert 3 <= len(found) <= 11
    assert values.min() >= low - 1e-6 * width
    assert values.max() <= low + width * (1 + 1e-6)
    step = float(np.median(np.diff(values)))
    leading = step / 10 ** math.floor(math.log10(step) + 1e-6)
    assert round(leading, 3) in {1, 2, 5}
    assert [float(text.replace("−", "-")) for _, text in found] == pytest.approx(values.tolist(), abs=step * 1e-3)
    assert len({text for _, text in found}) == len(found)


@pytest.mark.parametrize("low", [0.0, float("nan"), float("inf")])
def test_no_range_has_no_ticks(low: float) -> None:
    assert ticks(low, low) == []


@given(
    st.lists(st.tuples(st.floats(30, 1200), st.floats(0, 1e6)), max_size=120, unique_by=lambda pair: round(pair[0], 3)),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_labels_never_overlap_and_stay_in_the_frame(peaks: list[tuple[float, float]], mirrored: bool) -> None:
    peaks.sort()
    spectrum = Drawn(np.array([x for x, _ in peaks]), np.array([y for _, y in peaks], np.float32))
    root = drawn(spectrum, {"pairs": [], "metric": "cosine", "query": QUERY} if mirrored else None)
    boxes = []
    for node in root.iter(f"{SVG}text"):
        if "peak" in (node.get("class") or "").split():
            half = 5.8 * len(node.text or "") / 2
            boxes.append((float(node.get("x", "")), float(node.get("y", "")), half))
    for at, (x, y, half) in enumerate(boxes):
        assert x - half >= 58
        assert x + half <= 705
        assert 60 - 4 <= y <= 372 + 4
        for other, level, width in boxes[:at]:
            assert abs(x - other) >= half + width or abs(y - level) >= 10


def test_many_peaks_stay_small() -> None:
    dice = np.random.default_rng(5)
    root = drawn(Drawn(np.sort(dice.uniform(50, 2000, 200_000)), dice.exponential(1, 200_000).astype(np.float32)))
    assert len(sticks(root, "other")) <= 2 * 646 + 2
    tallest = max(foot - tip for _, foot, tip in sticks(root, "other"))
    assert tallest == pytest.approx(312 / 1.12, abs=0.1)


@pytest.mark.parametrize(
    ("positions", "intensities"),
    [([], []), ([100.0], [5.0]), ([100.0, 200.0], [0.0, 0.0]), ([1e300], [1.0]), ([100.0, 100.0001], [1.0, 1.0])],
)
def test_spectra_at_the_edge(positions: list[float], intensities: list[float]) -> None:
    spectrum = Drawn(np.array(positions, np.float64), np.array(intensities, np.float32), name="")
    for evidence in (None, {"pairs": PAIRS, "query": QUERY}, {"pairs": PAIRS, "query": []}):
        root = drawn(spectrum, evidence)
        assert texts(root, "title") == ["spectrum without a name"]
        assert not re.search(r"nan|inf", ET.tostring(root, encoding="unicode").lower().replace("info", ""))


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_name_gives_valid_xml(name: str) -> None:
    root = drawn(Drawn(name=name), {"pairs": PAIRS, "metric": "<script>&", "query": QUERY})
    assert len(texts(root, "title")) == 1
    assert texts(root, "score")[0].startswith("<script>&")
    assert not [node for node in root.iter() if node.tag.lower().endswith("script")]
