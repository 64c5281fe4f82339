"""Drawing: the record as a strip with features and matches, and the rows of the best alignment under it.

Positions on the drawing are 1-based and closed, as sequence people print them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from xml.sax.saxutils import escape

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.records import Place
from nlsearch.model import Json, Picture, Verdict

WIDTH, LEFT, STRIP = 760, 30, 700
DRAWN_PLACES = 200
DRAWN_MATCHES = 100
ROW = 60
MOST_ROWS = 20
_STYLE = (
    "text{font:12px sans-serif;fill:#222}.row{font:12px monospace;white-space:pre}"
    ".strip{fill:#d8dde3}.place{fill:#8fb8de}.plus{fill:#d95f02}.minus{fill:#7570b3}.more{opacity:.45}"
)
_CLASSES = {"+": "plus", "-": "minus"}


def draw(payload: Buffer, verdict: Verdict | None) -> Picture:
    """Return the SVG of a payload, with the matches of a verdict."""
    target = Target(payload)
    evidence = {} if verdict is None else verdict.evidence
    body = [*_strip(target), *_matches(target, evidence)]
    rows = list(_rows(evidence))
    height = 120 + (16 * len(rows) + 20 if rows else 0)
    text = "".join([*body, *(_row(at, line) for at, line in enumerate(rows))])
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f'<style>{_STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>{text}</svg>'
    )
    return Picture("image/svg+xml", svg.encode("utf-8"))


def _box(target: Target, start: int, end: int, y: int, height: int, css: str, title: str) -> str:
    scale = STRIP / max(1, target.strip_length)
    width = max(1.5, (end - start) * scale)
    x = min(LEFT + start * scale, LEFT + STRIP - width)
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}">'
        f"<title>{_clean(title)}</title></rect>"
    )


def _clean(text: str) -> str:
    return escape("".join(c for c in text if c >= " " or c == "\t"))


def _strip(target: Target) -> Iterator[str]:
    ring = ", circular" if target.is_circular else ""
    yield f'<text x="{LEFT}" y="22">{_clean(target.label)}</text>'
    yield f'<text x="{LEFT}" y="112">1</text>'
    yield (
        f'<text x="{LEFT + STRIP}" y="112" text-anchor="end">{target.strip_length:,} bases{ring}</text>'
        f'<rect class="strip" x="{LEFT}" y="60" width="{STRIP}" height="10"/>'
    )
    for place in target.places(limit=DRAWN_PLACES):
        yield _place(target, place)


def _place(target: Target, place: Place) -> str:
    title = f"{place.start + 1:,}..{place.end:,}"
    if target.is_feature:
        return _box(target, place.start, place.end, 56, 18, _CLASSES.get(place.name, "plus"), f"{title} {place.name}")
    return _box(target, place.start, place.end, 74, 10, "place", f"{place.name} {title}")


def _matches(target: Target, evidence: dict[str, Json]) -> Iterator[str]:
    if "target" not in evidence or target.is_feature:
        return
    for match in reversed([evidence, *islice(evidence.get("more", []), DRAWN_MATCHES)]):
        start, end = match["target"]
        css = _CLASSES[match["strand"]] + ("" if match is evidence else " more")
        title = f"{start + 1:,}..{end:,} ({match['strand']})"
        title += f", identity {match['identity']:.1%}" if "identity" in match else ""
        yield _box(target, start, end, 40, 16, css, title)


def _rows(evidence: dict[str, Json]) -> Iterator[str]:
    """Yield the lines of the alignment in blocks of :data:`ROW` columns."""
    rows = evidence.get("rows")
    if not rows:
        return
    query, target = rows["query"], rows["target"]
    marks = _marks(evidence["cigar"])
    q, t = evidence["query"][0], evidence["target"][0]
    backwards = evidence["strand"] == "-"
    q = evidence["query"][1] + 1 if backwards else q
    for at in range(0, min(len(query), ROW * MOST_ROWS), ROW):
        above, below = query[at : at + ROW], target[at : at + ROW]
        step = len(above) - above.count("-")
        yield f"query  {q - 1 if backwards else q + 1:>9} {above}"
        yield f"{'':>17}{marks[at : at + ROW]}"
        yield f"target {t + 1:>9} {below}"
        yield ""
        q, t = (q - step if backwards else q + step), t + len(below) - below.count("-")


def _marks(cigar: str) -> str:
    from nlsearch.handlers.nucleotide.align import parse_cigar

    return "".join(("|" if operation == "=" else " ") * length for length, operation in parse_cigar(cigar))


def _row(at: int, line: str) -> str:
    return (
        f'<text class="row" xml:space="preserve" x="{LEFT}" y="{136 + 16 * at}">{_clean(line)}</text>' if line else ""
    )
