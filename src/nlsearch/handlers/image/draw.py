"""The item's thumbnail with the query's frame drawn where it lies, as SVG in the item's own pixels."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from nlsearch.handlers.image.payload import Fingerprint
from nlsearch.model import Json, Picture, Verdict

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Buffer

SHOWN_SIDE = 480
MARK = "#e6007a"


def draw(payload: Buffer, verdict: Verdict | None = None) -> Picture:
    """Draw the picture; a match by homography as its quadrilateral, one by hash alone as a frame around the whole."""
    item = Fingerprint.unpack(payload)
    scale = SHOWN_SIDE / max(item.width, item.height)
    parts = [_picture(item)]
    if verdict is not None:
        parts += _match(item, verdict.evidence, 1 / scale)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{item.width * scale:.0f}" height="{item.height * scale:.0f}" '
        f'viewBox="0 0 {item.width} {item.height}">' + "".join(parts) + "</svg>\n"
    )
    return Picture("image/svg+xml", svg.encode())


def _picture(item: Fingerprint) -> str:
    box = f'width="{item.width}" height="{item.height}"'
    if not item.thumbnail:
        size = min(item.width, item.height) / 8
        return (
            f'<rect {box} fill="#808080"/><text x="{item.width / 2}" y="{item.height / 2}" font-size="{size:.1f}" '
            f'text-anchor="middle" font-family="sans-serif" fill="#fff">not decoded</text>'
        )
    content = base64.b64encode(item.thumbnail).decode()
    return f'<image {box} preserveAspectRatio="none" href="data:image/jpeg;base64,{content}"/>'


def _match(item: Fingerprint, evidence: dict[str, Json], pixel: float) -> list[str]:
    """Return the outline and, at the query's upper left corner, a dot; `pixel` is a shown pixel in item pixels."""
    w, h = item.width, item.height
    quad = evidence.get("quad") or [[0, 0], [w, 0], [w, h], [0, h]]
    points = " ".join(f"{x:g},{y:g}" for x, y in quad)
    drawn = [
        f'<polygon points="{points}" fill="{MARK}" fill-opacity="0.08" stroke="{stroke}" '
        f'stroke-width="{width * pixel:g}" stroke-linejoin="round"/>'
        for stroke, width in (("#fff", 5), (MARK, 3))
    ]
    if evidence.get("quad"):
        x, y = quad[0]
        drawn.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{6 * pixel:g}" fill="{MARK}" stroke="#fff" stroke-width="{pixel:g}"/>'
        )
    return drawn
