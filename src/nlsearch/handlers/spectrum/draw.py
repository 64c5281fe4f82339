"""Drawing: a spectrum as sticks, or the query above and the item below one line, as a mirror plot.

Conventions
-----------
Intensities are per cent of the highest peak of each side.  Chemical shifts and wavenumbers run from right to left, as
people draw them.  Peaks that are paired are coloured, and joined where the metric shifted them; all others are grey.
The drawing is SVG 1.1 of 720 × 420 points without scripts, links or fonts of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from xml.sax.saxutils import escape

import numpy as np

from nlsearch.handlers.spectrum.drawaxes import Frame, position_text
from nlsearch.handlers.spectrum.drawlabels import peak_labels
from nlsearch.handlers.spectrum.records import counted
from nlsearch.model import Json, Picture, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.spectrum.axes import Axis

WIDTH, HEIGHT = 720, 420
DRAWN_PAIRS = 300
"""Pairs that are drawn one by one, with their numbers; further ones are only coloured."""
_TITLE = 88  # characters
_STYLE = (
    "text{font:11px sans-serif;fill:#222}.title{font-size:14px;font-weight:bold}.score{font-size:12px;fill:#555}"
    ".tick{stroke:#999}.grid{stroke:#eceff1}.axis{stroke:#444}.other{stroke:#a7adb3;fill:none}"
    ".query{stroke:#1f6fb4;stroke-width:1.8;fill:none}.item{stroke:#c7452b;stroke-width:1.8;fill:none}"
    ".join{stroke:#7b5ea7;stroke-dasharray:2 2;opacity:.7}.precursor{stroke:#2f8f4e;stroke-dasharray:5 3}"
    ".side{font-weight:bold}.blue{fill:#1f6fb4}.red{fill:#c7452b}.green{fill:#2f8f4e}.peak{font-size:10px}"
)


class Drawable(Protocol):
    """What a payload holds, as far as it is drawn."""

    @property
    def positions(self) -> NDArray[np.float64]:
        """Ascending, shape (n,)."""
        ...

    @property
    def intensities(self) -> NDArray[np.float32]:
        """Of each peak, shape (n,)."""
        ...

    @property
    def axis(self) -> Axis:
        """What the positions are."""
        ...

    @property
    def precursor(self) -> float:
        """Its m/z, NaN where it is unknown."""
        ...

    @property
    def name(self) -> str:
        """What the spectrum is called."""
        ...


@dataclass(slots=True)
class Side:
    """The peaks of one side: positions, intensities in per cent, and which are paired; `up` from the line or down."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    paired: NDArray[np.bool_]
    up: bool
    css: str


def draw_peaks(decoded: Drawable, verdict: Verdict | None) -> Picture:
    """Return the drawing of a spectrum; with a verdict that tells the query's peaks, the mirror plot.

    Parameters
    ----------
    decoded : Drawable
    verdict : Verdict, optional
        Of whose evidence ``pairs``, ``query``, ``metric`` and ``shift_da`` are drawn, as far as there are any.

    Returns
    -------
    Picture
        SVG.
    """
    evidence = {} if verdict is None else verdict.evidence
    pairs = np.array([pair[:4] for pair in evidence.get("pairs", [])], np.float64).reshape(-1, 4)
    sides = _sides(decoded, evidence, pairs)
    frame = Frame.of(decoded.axis, [side.x for side in sides], decoded.precursor, mirrored=len(sides) > 1)
    body = [
        *_headings(decoded, verdict, len(pairs)),
        *frame.drawn(),
        *_precursor(frame, decoded.precursor),
        *_joins(frame, sides, pairs),
    ]
    for side in sides:
        body += [*_sticks(frame, side), *peak_labels(frame, decoded.axis, side.x, side.y, side.paired, up=side.up)]
    body += [*_pairs(frame, sides, pairs, decoded.axis), *_names(frame, sides)]
    described = f"<title>{_escaped(decoded.name or 'spectrum')}</title>"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img">{described}<style>{_STYLE}</style><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f"{''.join(body)}</svg>"
    )
    return Picture("image/svg+xml", svg.encode("utf-8"))


def _escaped(text: str) -> str:
    """Return text as XML holds it: escaped, without characters that are none there."""
    return escape("".join(c for c in text if (c >= " " or c == "\t") and c not in "\x7f\ufffe\uffff" and not _lone(c)))


def _lone(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


# -------------------------------------------------------------------------------------------------------------- sides
def _sides(decoded: Drawable, evidence: dict[str, Json], pairs: NDArray[np.float64]) -> list[Side]:
    found = np.array(evidence.get("peaks", pairs[:, 1].tolist()), np.float64)
    query = np.array([peak[:2] for peak in evidence.get("query", [])], np.float64).reshape(-1, 2)
    query = query[np.argsort(query[:, 0], kind="stable")]
    item = _side(decoded.positions, decoded.intensities, found, decoded.axis.tolerance, up=not len(query))
    if not len(query):
        return [item]
    return [_side(query[:, 0], query[:, 1], pairs[:, 0], decoded.axis.tolerance, up=True), item]


def _side(
    positions: NDArray[np.float64],
    intensities: NDArray[np.floating],
    found: NDArray[np.float64],
    near: float,
    *,
    up: bool,
) -> Side:
    x, y = np.asarray(positions, np.float64), np.asarray(intensities, np.float64)
    good = np.isfinite(x) & np.isfinite(y) & (y >= 0)
    x, y = x[good], y[good]
    top = float(y.max(initial=0.0))
    paired = np.zeros(len(x), np.bool_)
    if len(x):
        at = _nearest(x, found)
        paired[at[np.abs(x[at] - found) <= near]] = True
    return Side(x, 100 * y / top if top > 0 else y, paired, up, "query" if up else "item")


def _nearest(x: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    right = np.clip(np.searchsorted(x, wanted), 1, max(1, len(x) - 1))
    right = np.minimum(right, len(x) - 1)
    left = np.maximum(right - 1, 0)
    return np.asarray(np.where(np.abs(x[left] - wanted) <= np.abs(x[right] - wanted), left, right), np.int64)


# ------------------------------------------------------------------------------------------------------------- pieces
def _headings(decoded: Drawable, verdict: Verdict | None, pairs: int) -> Iterator[str]:
    name = decoded.name if len(decoded.name) <= _TITLE else decoded.name[: _TITLE - 1] + "…"
    yield f'<text class="title" x="14" y="20">{_escaped(name or "spectrum without a name")}</text>'
    told = [counted(len(decoded.positions), "peak")]
    if verdict is not None:
        metric = str(verdict.evidence.get("metric", "score")).replace("_", " ")
        told = [f"{metric} {verdict.score:.3f}", counted(pairs, "pair"), *told]
        if shift := float(verdict.evidence.get("shift_da", 0) or 0):
            told.append(f"shifted by {shift:+.4f} Da".replace("-", "−"))
    yield f'<text class="score" x="14" y="38">{_escaped(" · ".join(told))}</text>'


def _names(frame: Frame, sides: list[Side]) -> Iterator[str]:
    if len(sides) > 1:
        yield f'<text class="side blue" x="{frame.left}" y="{frame.top - 5}">query</text>'
        yield f'<text class="side red" x="{frame.left}" y="{frame.bottom + 38}">item</text>'


def _precursor(frame: Frame, precursor: float) -> Iterator[str]:
    if math.isfinite(precursor) and frame.low <= precursor <= frame.high:
        x = frame.x(precursor)
        anchor, off = ("end", -4) if x > frame.middle else ("start", 4)
        yield f'<line class="precursor" x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top}" y2="{frame.bottom}"/>'
        yield (
            f'<text class="green" x="{x + off:.1f}" y="{frame.top - 5}" text-anchor="{anchor}">'
            f"precursor {precursor:.4f}</text>"
        )


def _sticks(frame: Frame, side: Side) -> Iterator[str]:
    """Draw the peaks of a side as two paths; of those that fall on one column of the drawing the highest."""
    for css, chosen in (("other", ~side.paired), (side.css, side.paired)):
        x, y = side.x[chosen], side.y[chosen]
        if not len(x):
            continue
        columns = np.round(frame.across(x) * 2).astype(np.int64)
        order = np.lexsort((-y, columns))
        first = order[np.concatenate([[True], np.diff(columns[order]) != 0])]
        tips = frame.heights(y[first], up=side.up)
        marks = zip(frame.across(x[first]).tolist(), tips.tolist(), strict=True)
        path = "".join(f"M{at:.1f} {frame.zero:.1f}V{tip:.1f}" for at, tip in marks)
        yield f'<path class="{css}" d="{path}"/>'


def _tips(frame: Frame, side: Side, wanted: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = _nearest(side.x, wanted)
    return frame.across(side.x[at]), frame.heights(side.y[at], up=side.up)


def _joins(frame: Frame, sides: list[Side], pairs: NDArray[np.float64]) -> Iterator[str]:
    """Join the tips of pairs that do not lie above each other."""
    if len(sides) < 2 or not len(pairs) or not all(len(side.x) for side in sides):
        return
    (x1, y1), (x2, y2) = (_tips(frame, side, pairs[:, at]) for at, side in enumerate(sides))
    for at in np.flatnonzero(np.abs(x1 - x2) > 1.0)[:DRAWN_PAIRS].tolist():
        yield f'<line class="join" x1="{x1[at]:.1f}" y1="{y1[at]:.1f}" x2="{x2[at]:.1f}" y2="{y2[at]:.1f}"/>'


def _pairs(frame: Frame, sides: list[Side], pairs: NDArray[np.float64], axis: Axis) -> Iterator[str]:
    """Lay a wide invisible line over each pair's peak of the item, which tells its numbers when pointed at."""
    item = sides[-1]
    if not len(item.x) or len(sides) < 2:
        return
    x, tips = _tips(frame, item, pairs[:DRAWN_PAIRS, 1])
    for (asked, found, ppm, gain), at, tip in zip(pairs.tolist(), x.tolist(), tips.tolist(), strict=False):
        where = f"{position_text(asked, axis, 4)} and {position_text(found, axis, 4)}"
        told = f"{where}, {ppm:+.1f} ppm, contributes {gain:.4f}".replace("-", "−")
        yield (
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{frame.zero:.1f}" y2="{tip:.1f}" stroke="#fff" stroke-opacity="0" '
            f'stroke-width="6"><title>{_escaped(told)}</title></line>'
        )
