"""Drawing: the chain as a strip with its features and matches, and the rows of the best alignment under it.

Positions on the drawing are 1-based and closed, as sequence people print them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from xml.sax.saxutils import escape

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.protein.payload import Target
from nlsearch.handlers.sequences.aminoacids import letters
from nlsearch.handlers.sequences.records import Place
from nlsearch.model import Json, Picture, Verdict

WIDTH, LEFT, STRIP = 760, 30, 700
DRAWN_PLACES = 300
DRAWN_MATCHES = 100
LANES = 6
LANE = 14
ROW = 60
MOST_ROWS = 40
_STYLE = (
    "text{font:12px sans-serif;fill:#222}.row{font:12px monospace;white-space:pre}"
    ".strip{fill:#d8dde3}.place{fill:#8fb8de}.match{fill:#d95f02}.more{opacity:.45}"
)


def draw(payload: Buffer, verdict: Verdict | None) -> Picture:
    """Return the SVG of a payload, with the matches of a verdict."""
    target = Target(payload)
    evidence = {} if verdict is None else verdict.evidence
    places = [] if target.is_feature else target.places(DRAWN_PLACES)
    lanes = _lanes(places)
    deep = LANE * min(LANES, max(lanes, default=-1) + 1)
    rows = list(islice(_rows(target, evidence), MOST_ROWS))
    height = 110 + deep + 16 * len(rows) + 20
    body = [
        *_strip(target, deep),
        *(_place(target, place, lane) for place, lane in zip(places, lanes, strict=True) if lane < LANES),
        *_matches(target, evidence),
        *(_row(118 + deep + 16 * at, line) for at, line in enumerate(rows)),
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f'<style>{_STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>{"".join(body)}</svg>'
    )
    return Picture("image/svg+xml", svg.encode("utf-8"))


def _lanes(places: list[Place]) -> list[int]:
    """Return for each place the first lane that is free at its start."""
    ends: list[int] = []
    found = []
    for place in places:
        lane = next((at for at, end in enumerate(ends) if end <= place.start), len(ends))
        if lane == len(ends):
            ends.append(0)
        ends[lane] = place.end
        found.append(lane)
    return found


def _box(target: Target, start: int, end: int, y: int, height: int, css: str, title: str) -> str:
    scale = STRIP / max(1, target.length)
    width = max(1.5, (end - start) * scale)
    x = min(LEFT + start * scale, LEFT + STRIP - width)
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}">'
        f"<title>{_clean(title)}</title></rect>"
    )


def _clean(text: str) -> str:
    return escape("".join(c for c in text if c >= " " or c == "\t"))


def _strip(target: Target, deep: int) -> Iterator[str]:
    yield f'<text x="{LEFT}" y="22">{_clean(target.label)}</text>'
    yield f'<text x="{LEFT}" y="{90 + deep}">1</text>'
    yield (
        f'<text x="{LEFT + STRIP}" y="{90 + deep}" text-anchor="end">{target.length:,} residues</text>'
        f'<rect class="strip" x="{LEFT}" y="54" width="{STRIP}" height="14"/>'
    )


def _place(target: Target, place: Place, lane: int) -> str:
    title = f"{place.name} {place.start + 1:,}..{place.end:,}"
    return _box(target, place.start, place.end, 71 + LANE * lane, LANE - 3, "place", title)


def _matches(target: Target, evidence: dict[str, Json]) -> Iterator[str]:
    if "target" not in evidence:
        return
    for match in reversed([evidence, *islice(evidence.get("more", []), DRAWN_MATCHES)]):
        start, end = match["target"]
        identity = f", identity {match['identity']:.1%}" if "identity" in match else ""
        css = "match" if match is evidence else "match more"
        yield _box(target, start, end, 36, 14, css, f"{start + 1:,}..{end:,}{identity}")


def _rows(target: Target, evidence: dict[str, Json]) -> Iterator[str]:
    """Yield the rows of the alignment where a verdict has them, else those of a feature's own residues."""
    rows = evidence.get("rows")
    if rows:
        yield from _alignment(rows["query"], rows["target"], evidence["query"][0], evidence["target"][0])
    elif target.is_feature:
        text = letters(target.codes)
        for at in range(0, len(text), ROW):
            yield f"{at + 1:>9} {text[at : at + ROW]}"


def _alignment(query: str, target: str, q: int, t: int) -> Iterator[str]:
    for at in range(0, len(query), ROW):
        above, below = query[at : at + ROW], target[at : at + ROW]
        same = "".join("|" if a == b else " " for a, b in zip(above, below, strict=True))
        yield from (f"query  {q + 1:>9} {above}", f"{'':>17}{same}", f"target {t + 1:>9} {below}", "")
        q, t = q + len(above) - above.count("-"), t + len(below) - below.count("-")


def _row(y: int, line: str) -> str:
    return f'<text class="row" xml:space="preserve" x="{LEFT}" y="{y}">{_clean(line)}</text>' if line else ""
