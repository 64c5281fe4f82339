"""Drawings of sequences: what is shown large, where features and matches lie on it, and what is said in words."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlsearch.handlers.nucleotide import NucleotideHandler
from nlsearch.handlers.nucleotide.payload import Target, encode
from nlsearch.handlers.protein import ProteinHandler
from nlsearch.handlers.protein.payload import encode as encode_protein
from nlsearch.handlers.sequences.aminoacids import CODES
from nlsearch.handlers.sequences.bases import CODES as BASES
from nlsearch.handlers.sequences.maps import MOST_FEATURES, MOST_LANES, Map, around, svg, ticks
from nlsearch.handlers.sequences.packed import packed_of
from nlsearch.handlers.sequences.records import Place
from nlsearch.model import Verdict

GENES = [
    Place(100, 400, "before", "+"),
    Place(3_000, 3_900, "first", "+"),
    Place(3_800, 4_100, "second gene with a name that is long", "-"),
    Place(4_150, 4_155, "tiny", ""),
    Place(9_000, 9_600, "far", "-"),
]


def dna(length: int, places: list[Place], **given: Any) -> bytes:
    return encode(packed_of(("ACGTTGCA" * length)[:length].encode().translate(BASES)), "label", places, **given)


def drawn(payload: bytes, evidence: dict[str, Any] | None, kind: str = "nucleotide") -> ET.Element:
    handler = NucleotideHandler() if kind == "nucleotide" else ProteinHandler()
    verdict = None if evidence is None else Verdict(0.5, "near", evidence)
    picture = handler.draw(payload, verdict)
    assert picture.data == handler.draw(payload, verdict).data
    return ET.fromstring(picture.data)  # noqa: S314 - our own


def of(root: ET.Element, css: str) -> list[ET.Element]:
    return [one for one in root.iter() if (one.get("class") or "").split()[:1] == [css]]


def titles(root: ET.Element, css: str) -> list[str]:
    return ["".join(one.itertext()) for one in of(root, css)]


def texts(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]


MATCH = {
    "target": [3_700, 4_000],
    "strand": "-",
    "identity": 0.9,
    "count": 2,
    "more": [{"target": [8_000, 8_100], "strand": "+", "identity": 0.8}],
}


def test_a_match_is_shown_with_its_surroundings() -> None:
    root = drawn(dna(10_000, GENES), MATCH)
    assert titles(root, "zoom") == ["3,401..4,300", ""]
    assert titles(root, "place") == [
        "first 3,001..3,900 (+)",
        "second gene with a name that is long 3,801..4,100 (-)",
        "tiny 4,151..4,155",
    ]
    assert titles(root, "minus")[-1] == "3,701..4,000 (-), identity 90.0%"
    assert len(of(root, "plus")) == 1  # the other match is seen on the strip of the whole only
    said = texts(root)
    assert "label" in said
    assert "10,000 bases" in said
    assert [text for text in said if re.fullmatch(r"[\d,]+", text)] == ["3,600", "3,800", "4,000", "4,200"]
    assert any(re.fullmatch(r"second gene.*…", text) for text in said)
    bar = of(root, "minus")[-1]
    x, width = float(bar.get("x", "")), float(bar.get("width", ""))
    assert (x - 30) / 700 == pytest.approx(300 / 900, abs=1e-3)
    assert width / 700 == pytest.approx(300 / 900, abs=1e-3)


def test_features_point_in_the_direction_of_their_strand() -> None:
    root = drawn(dna(10_000, GENES), None)
    assert of(root, "zoom") == []
    shapes = [one.get("d", "") for one in of(root, "place")]
    assert len(shapes) == 5
    ahead, back = shapes[0], shapes[4]
    assert ahead.index("L") < ahead.index("Z") - 10  # the tip comes first on the right side
    assert re.fullmatch(r"M[\d.]+ \d+H[\d.]+L[\d.]+ [\d.]+L[\d.]+ \d+H[\d.]+Z", ahead)
    assert re.fullmatch(r"M[\d.]+ \d+H[\d.]+V\d+H[\d.]+L[\d.]+ [\d.]+Z", back)
    assert re.fullmatch(r"M[\d.]+ \d+H[\d.]+V\d+H[\d.]+Z", shapes[3])


def test_a_feature_that_goes_on_outside_has_no_tip_there() -> None:
    evidence = {"target": [3_200, 3_500], "strand": "+", "count": 1, "more": []}
    (shape,) = [one.get("d", "") for one in of(drawn(dna(10_000, GENES[1:2]), evidence), "place")]
    assert "L" not in shape


def test_a_region_is_drawn_as_it_was_asked_for() -> None:
    root = drawn(dna(10_000, GENES), {"target": [3_850, 4_150], "strand": "+", "features": []})
    assert titles(root, "zoom") == ["3,851..4,150", ""]
    assert [title.split()[0] for title in titles(root, "place")] == ["first", "second"]
    assert of(root, "plus") == []


def test_a_feature_is_drawn_on_its_record() -> None:
    parts = [Place(5_000, 5_200, "-"), Place(5_400, 5_500, "-")]
    root = drawn(dna(300, parts, feature_of=10_000), None)
    assert titles(root, "zoom") == ["4,501..6,000", ""]
    assert titles(root, "place") == ["label 5,001..5,200 (-)", "label 5,401..5,500 (-)"]


def test_what_is_not_drawn_is_said() -> None:
    many = [Place(10 * at, 10 * at + 8, f"gene {at}") for at in range(500)]
    root = drawn(dna(6_000, many), None)
    assert len(of(root, "place")) == MOST_FEATURES
    assert "300 more features are not drawn" in texts(root)
    piled = [Place(0, 5_000 + at, f"gene {at}") for at in range(50)]
    root = drawn(dna(6_000, piled), None)
    assert len(of(root, "place")) == MOST_LANES
    assert f"{50 - MOST_LANES} more features are not drawn" in texts(root)


def test_a_match_across_an_origin_is_drawn_up_to_it() -> None:
    evidence = {"target": [9_900, 10_100], "strand": "+", "wraps": True, "count": 1, "more": []}
    root = drawn(dna(10_000, GENES, circular=True), evidence)
    bar = of(root, "plus")[-1]
    assert float(bar.get("x", "")) + float(bar.get("width", "")) == pytest.approx(730, abs=0.2)
    assert "10,000 bases, circular" in texts(root)


def test_domains_of_a_protein_are_drawn_likewise() -> None:
    places = [Place(0, 24, "signal"), Place(300, 380, "a<b & c\x01"), Place(310, 350, "inner")]
    chain = encode_protein(("MKVLAAGIVG" * 90).encode().translate(CODES), "chain", places)
    root = drawn(chain, {"target": [320, 360], "strand": "+", "identity": 1.0}, "protein")
    assert titles(root, "zoom") == ["281..400", ""]
    assert titles(root, "place") == ["a<b & c 301..380", "inner 311..350"]
    assert titles(root, "match")[-1] == "321..360, identity 100.0%"
    assert "900 residues" in texts(root)


# ---------------------------------------------------------------------------------------------------------------- rows
@pytest.mark.parametrize(
    ("kind", "frame", "strand", "numbers"),
    [
        ("nucleotide", 0, "+", ["query 11 target 101", "query 71 target 161"]),
        ("nucleotide", 0, "-", ["query 80 target 101", "query 20 target 161"]),
        ("nucleotide", 2, "+", ["query 11 target 101", "query 71 target 281"]),
        ("nucleotide", -1, "-", ["query 11 target 310", "query 71 target 130"]),
        ("protein", 0, "+", ["query 11 target 101", "query 71 target 161"]),
        ("protein", 3, "+", ["query 11 target 101", "query 191 target 161"]),
        ("protein", -3, "-", ["query 220 target 101", "query 40 target 161"]),
    ],
)
def test_rows_are_numbered_in_their_own_direction(kind: str, frame: int, strand: str, numbers: list[str]) -> None:
    letters = {"query": "M" * 70, "midline": "M" * 70, "target": "M" * 70}
    wide = {"nucleotide": "target", "protein": "query"}[kind] if frame else ""
    evidence: dict[str, Any] = {
        "query": [10, 10 + 70 * (3 if wide == "query" else 1)],
        "target": [100, 100 + 70 * (3 if wide == "target" else 1)],
        "strand": strand,
        "rows": letters,
        "cigar": "70=",
        "count": 1,
        "more": [],
    }
    if frame:
        evidence["frame"] = frame
    chain = encode_protein(("MKVLAAGIVG" * 90).encode().translate(CODES), "chain", [])
    said = texts(drawn(dna(1_000, []) if kind == "nucleotide" else chain, evidence, kind))
    found = [" ".join(text.split()[:2]) for text in said if text.startswith(("query", "target"))]
    assert [f"{a} {b}" for a, b in zip(found[::2], found[1::2], strict=True)] == numbers


# --------------------------------------------------------------------------------------------------------------- parts
PLACES = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 300), st.sampled_from(["+", "-", ""])), max_size=40)


@given(PLACES)
def test_features_of_a_lane_do_not_overlap(made: list[tuple[int, int, str]]) -> None:
    places = sorted((Place(a, min(1_000, a + n), f"g{a}", strand) for a, n, strand in made), key=lambda one: one.start)
    root = ET.fromstring(svg(Map("x", 1_000, "", 0, 1_000, places, len(places), ()), ()))  # noqa: S314 - our own
    lanes: dict[str, list[tuple[float, float]]] = {}
    for one in of(root, "place"):
        shape = one.get("d", "")
        xs = [float(x) for x in re.findall(r"[MHL]([\d.]+)", shape)]
        assert min(xs) >= 30
        assert max(xs) <= 730
        lanes.setdefault(re.findall(r"M[\d.]+ (\d+)", shape)[0], []).append((min(xs), max(xs)))
    for spans in lanes.values():
        assert all(a[1] <= b[0] + 1e-9 for a, b in itertools.pairwise(sorted(spans)))


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_ticks_are_few_round_and_inside(first: int, more: int) -> None:
    found = ticks(first, first + more)
    assert 1 <= len(found) <= 7
    assert found == sorted(found)
    assert all(first <= one <= first + more for one in found)


@given(st.integers(1, 10**6), st.data())
def test_a_part_is_within_the_sequence_and_holds_the_match(length: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start, length))
    low, high = around(start, end, length, 300)
    assert 0 <= low <= start <= end <= high <= length
    assert high - low == min(length, max(300, 3 * (end - start)))


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 99), st.text(max_size=5), st.sampled_from(["+", "-", ""])))
)
def test_places_come_back_from_a_payload(made: list[tuple[int, int, str, str]]) -> None:
    places = [Place(start, start + size, name, strand) for start, size, name, strand in made]
    assert Target(dna(1_000, places)).places() == [place for place in places if place.end > 0]
