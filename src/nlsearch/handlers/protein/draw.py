"""Drawing: a map of the chain around the match, with its features, and the rows of the best alignment under it."""

from __future__ import annotations

from collections.abc import Iterator

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.protein.payload import Target
from nlsearch.handlers.sequences.alignmentrows import ROW, row_lines
from nlsearch.handlers.sequences.aminoacids import letters
from nlsearch.handlers.sequences.maps import MOST_FEATURES, Bar, Map, around, clipped, svg
from nlsearch.model import Json, Picture, Verdict

LEAST_SHOWN = 100
"""Residues."""
MOST_ROWS = 40


def draw(payload: Buffer, verdict: Verdict | None) -> Picture:
    """Return the SVG of a payload, with the matches of a verdict."""
    target = Target(payload)
    evidence = {} if verdict is None else verdict.evidence
    lines = list(row_lines(evidence, translated="query" if evidence.get("frame") else ""))
    if not lines and target.is_feature:
        lines = _letters(target)
    return Picture("image/svg+xml", svg(_map(target, evidence), lines))


def _map(target: Target, evidence: dict[str, Json]) -> Map:
    low, high = 0, target.length
    if "target" in evidence:
        start, end = evidence["target"]
        low, high = around(start, end, target.length, LEAST_SHOWN)
    inside = [place for place in target.places() if place.start < high and place.end > low]
    places = [] if target.is_feature else inside
    said = f"{target.length:,} residues"
    bars = clipped(_bars(evidence))
    return Map(target.label, target.length, said, low, high, places[:MOST_FEATURES], len(places), bars)


def _bars(evidence: dict[str, Json]) -> Iterator[Bar]:
    if "target" not in evidence:
        return
    for match in [evidence, *evidence.get("more", [])]:
        start, end = match["target"]
        identity = f", identity {match['identity']:.1%}" if "identity" in match else ""
        yield Bar(start, end, "", f"{start + 1:,}..{end:,}{identity}", match is evidence)


def _letters(target: Target) -> list[str]:
    """Return the first rows of a feature's own residues."""
    text = letters(target.codes[: ROW * MOST_ROWS])
    return [f"{at + 1:>9} {text[at : at + ROW]}" for at in range(0, len(text), ROW)]
