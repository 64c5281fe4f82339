"""Piano rolls: what is shown, where notes lie, what is said of them, and hostile names."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.pianoroll import MOST_BARS, MOST_NOTES, Roll, RollNote, around, key_name, svg

SVG = "{http://www.w3.org/2000/svg}"
BAR = 4 * TICKS


def bars(number: int, first: int = 1) -> list[tuple[int, str]]:
    return [(at * BAR, str(at + first)) for at in range(number)]


def tune(number: int, matched: range = range(0)) -> list[RollNote]:
    return [RollNote(at * TICKS, TICKS, 60 + at % 8, 0, at in matched) for at in range(number)]


def drawn(roll: Roll) -> ET.Element:
    assert svg(roll) == svg(roll)
    return ET.fromstring(svg(roll))  # noqa: S314 - our own


def of(root: ET.Element, css: str) -> list[ET.Element]:
    return [one for one in root.iter() if (one.get("class") or "").split()[:1] == [css]]


def said(nodes: list[ET.Element]) -> list[str]:
    return ["".join(node.itertext()) for node in nodes]


def test_notes_lie_where_they_sound_and_say_what_they_are() -> None:
    notes = [RollNote(0, BAR, 60, 0), RollNote(BAR, 2 * TICKS, 72, 1, matched=True, syllable="glo-")]
    root = drawn(Roll("Mass", "exact", notes, bars(2), ["Alto", "Soprano"]))
    (low,) = [node for node in of(root, "note") if node.get("y")]
    (high,) = [node for node in of(root, "match") if node.find(f"{SVG}title") is not None]
    assert said([low, high]) == ["C4, bar 1, Alto", "C5, bar 2, Soprano, matched"]
    x = [float(node.get("x", "")) for node in (low, high)]
    frame = of(root, "frame")[0]
    left, width = float(frame.get("x", "")), float(frame.get("width", ""))
    assert x[0] == left
    # the second bar begins where four of six quarter notes are over
    assert x[1] == pytest.approx(left + width * 4 / 6, abs=0.1)
    assert float(low.get("width", "")) == pytest.approx(width * 4 / 6 - 0.8, abs=0.1)
    row = float(low.get("height", ""))
    assert float(low.get("y", "")) - float(high.get("y", "")) == pytest.approx(12 * row, abs=0.2)
    assert {"C4", "C5"} <= set(said(of(root, "key")))
    assert said(of(root, "bar")) == ["1", "2"]
    assert said(of(root, "syllable")) == ["glo-"]
    assert (root.get("role"), root[0].text) == ("img", "Mass")
    assert root[1].text == "Piano roll of 2 notes; 1 of them match in bars 2 to 2: C5."
    names = [node.text for node in root.iter(f"{SVG}text") if node.get("class") is None]
    assert names == ["matched", "Alto", "Soprano"]


@pytest.mark.parametrize(
    ("in_all", "first", "last", "shown"),
    [
        (40, 20, 21, (17, 25)),
        (40, 0, 0, (0, 8)),
        (40, 39, 39, (32, 40)),
        (40, 10, 25, (8, 28)),
        (80, 10, 70, (8, 32)),
        (5, 2, 3, (0, 5)),
    ],
)
def test_the_bars_around_the_match_are_shown(in_all: int, first: int, last: int, shown: tuple[int, int]) -> None:
    notes = tune(4 * in_all, range(4 * first, 4 * last + 4))
    roll = Roll("", "", notes, bars(in_all))
    assert around(roll) == (shown[0] * BAR, shown[1] * BAR)
    root = drawn(roll)
    assert bool(of(root, "zoom")) == (shown != (0, in_all))
    assert len(of(root, "line")) == shown[1] - shown[0] - 1
    matched = [node for node in of(root, "match") if node.find(f"{SVG}title") is not None]
    assert len(matched) == 4 * (min(last + 1, shown[1]) - first)


def test_the_start_is_shown_where_nothing_matches() -> None:
    assert around(Roll("", "", tune(400), bars(100))) == (0, MOST_BARS * BAR)
    assert around(Roll("", "", tune(8), bars(2))) == (0, 2 * BAR)
    assert around(Roll("", "", tune(8), [])) == (0, 8 * TICKS)


def test_what_is_not_drawn_is_said() -> None:
    notes = [RollNote(0, TICKS, 60 + at % 20, at % 30) for at in range(MOST_NOTES + 17)]
    root = drawn(Roll("", "", notes, bars(1), [f"part {at}" for at in range(30)]))
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert "17 more are not drawn" in texts
    assert "18 more" in texts
    assert len([node for node in of(root, "note") if node.find(f"{SVG}title") is not None]) == MOST_NOTES
    assert "no notes" in said(list(drawn(Roll("", "", [], [])).iter(f"{SVG}text")))


def test_percussion_has_a_row_of_its_own() -> None:
    root = drawn(Roll("", "", [RollNote(0, TICKS, None), RollNote(0, TICKS, 60)], bars(1)))
    drums, note = (float(node.get("y", "")) for node in of(root, "note"))
    assert drums > note
    assert "drums" in said(of(root, "key"))


def test_syllables_do_not_touch() -> None:
    notes = [RollNote(at * TICKS // 8, TICKS // 8, 60, 0, syllable="sanctus") for at in range(50)]
    places = [float(node.get("x", "")) for node in of(drawn(Roll("", "", notes, bars(1))), "syllable")]
    assert 3 < len(places) < 20
    assert all(after - before >= 40 for before, after in itertools.pairwise(places))


def test_keys() -> None:
    assert [key_name(pitch) for pitch in (21, 60, 61, 127)] == ["A0", "C4", "C#4", "G9"]


@settings(deadline=None, max_examples=60)
@given(
    st.text(max_size=40),
    st.lists(
        st.builds(
            RollNote,
            st.integers(0, 2**62),
            st.integers(0, 2**62),
            st.none() | st.integers(0, 127),
            st.integers(0, 40),
            st.booleans(),
            st.text(max_size=5),
        ),
        max_size=20,
    ),
    st.lists(st.tuples(st.integers(0, 2**62), st.text(max_size=12)), max_size=20),
)
def test_anything_is_valid_svg(text: str, notes: list[RollNote], at: list[tuple[int, str]]) -> None:
    root = drawn(Roll(text, text, notes, sorted(at), [text, "</svg><script>"]))
    assert not list(root.iter(f"{SVG}script"))
    assert int(root.get("height", "")) < 2_000
