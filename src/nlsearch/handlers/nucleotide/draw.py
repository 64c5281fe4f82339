"""Drawing: a map of the record around the match, with its features, and the rows of the best alignment under it.

A region is drawn as it is asked for, an annotated feature on the record that carries it.
"""

from __future__ import annotations

from collections.abc import Iterator

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.sequences.alignmentrows import row_lines
from nlsearch.handlers.sequences.maps import MOST_FEATURES, Bar, Map, around, clipped, svg
from nlsearch.handlers.sequences.records import Place
from nlsearch.model import Json, Picture, Verdict

LEAST_SHOWN = 300
"""Bases."""


def draw(payload: Buffer, verdict: Verdict | None) -> Picture:
    """Return the SVG of a payload, with the matches of a verdict."""
    target = Target(payload)
    evidence = {} if verdict is None else verdict.evidence
    shown = _of_feature(target) if target.is_feature else _of_record(target, evidence)
    lines = list(row_lines(evidence, translated="target" if evidence.get("frame") else ""))
    return Picture("image/svg+xml", svg(shown, lines))


def _of_record(target: Target, evidence: dict[str, Json]) -> Map:
    low, high = _part(target, evidence)
    places, many = target.places(low, high, MOST_FEATURES), target.count_places(low, high)
    bars = clipped(_bars(evidence))
    return Map(target.label, target.strip_length, _said(target), low, high, places, many, bars)


def _of_feature(target: Target) -> Map:
    """Return a map of the parts of a feature on its record; what matched lies in them."""
    parts = target.places(limit=MOST_FEATURES)
    length = target.strip_length
    spans = [(part.start, min(part.end, length)) for part in parts] or [(0, length)]
    low, high = around(min(start for start, _ in spans), max(end for _, end in spans), length, LEAST_SHOWN)
    places = [Place(part.start, part.end, target.label, part.name if part.name in {"+", "-"} else "") for part in parts]
    places.sort(key=lambda place: (place.start, place.end))
    return Map(target.label, length, _said(target), low, high, places, target.count_places(0, length), ())


def _said(target: Target) -> str:
    return f"{target.strip_length:,} bases" + (", circular" if target.is_circular else "")


def _part(target: Target, evidence: dict[str, Json]) -> tuple[int, int]:
    """Return what is shown large: all of a region, else the best match and its surroundings, else the whole."""
    length = target.strip_length
    if "target" not in evidence or target.is_file:
        return 0, length
    start, end = evidence["target"]
    if "count" not in evidence:  # a region, which is one and not found by looking
        return start, end
    return around(start, min(end, length), length, LEAST_SHOWN)


def _bars(evidence: dict[str, Json]) -> Iterator[Bar]:
    """Yield the matches, the best first; a region is no match in itself."""
    if "target" not in evidence or "count" not in evidence:
        return
    for match in [evidence, *evidence.get("more", [])]:
        start, end = match["target"]
        title = f"{start + 1:,}..{end:,} ({match['strand']})"
        title += f", identity {match['identity']:.1%}" if "identity" in match else ""
        yield Bar(start, end, match["strand"], title, match is evidence)
