"""Drawing a sequence as a map, as SVG: a strip of the whole above, and below it the part that matters.

Conventions
-----------
Ranges are 0-based and half-open; positions on the drawing are 1-based, as sequence people print them.  The drawing
depends on its arguments only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from nlsearch.handlers.sequences.records import Place

__all__ = ["MOST_FEATURES", "MOST_MATCHES", "Bar", "Map", "around", "svg"]

WIDTH, LEFT, STRIP = 760, 30, 700
MOST_FEATURES, MOST_MATCHES, MOST_LANES = 200, 100, 24
LANE, ARROW, HEAD = 18, 14, 7
LETTER = 6.4
"""Width of a letter, about."""
TICKS = 6
_OVERVIEW_Y, _TOP = 36, 64
_STYLE = (
    "text{font:12px sans-serif;fill:#222}.row{font:12px monospace;white-space:pre}.small{font-size:11px}"
    ".strip{fill:#d8dde3}.place{fill:#8fb8de;stroke:#5b87b0;stroke-width:.5}.match{fill:#d95f02}.plus{fill:#d95f02}"
    ".minus{fill:#7570b3}.more{opacity:.45}.zoom{fill:#222;fill-opacity:.08;stroke:#222;stroke-width:.8}"
    ".axis{stroke:#222;stroke-width:.8}"
)
_CLASSES = {"+": "plus", "-": "minus", "": "match"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A match: its place, its strand (``""`` where there are none), what is said of it, and whether it is the best."""

    start: int
    end: int
    strand: str
    title: str
    is_best: bool = True


@dataclass(frozen=True)
class Map:
    """What is drawn.

    Parameters
    ----------
    label : str
    length : int
        Of the whole sequence.
    said : str
        What stands at the right: ``"9,609 bases, circular"``.
    low, high : int
        The part that is shown large.
    features : sequence of Place
        Those in it, ascending by start.
    features_in_all : int
        How many there are in it.
    bars : sequence of Bar
        The best one first.
    """

    label: str
    length: int
    said: str
    low: int
    high: int
    features: Sequence[Place]
    features_in_all: int
    bars: Sequence[Bar]

    @property
    def is_zoomed(self) -> bool:
        """Whether it shows a part only."""
        return self.high - self.low < self.length

    def x(self, position: float) -> float:
        """Return where a position is on the large map, clipped to it."""
        share = (position - self.low) / max(1, self.high - self.low)
        return LEFT + STRIP * min(1.0, max(0.0, share))

    def overview_x(self, position: float) -> float:
        """Return where it is on the strip of the whole."""
        return LEFT + STRIP * min(1.0, max(0.0, position / max(1, self.length)))


def around(start: int, end: int, length: int, least: int) -> tuple[int, int]:
    """Return the part to show around [start, end): three times as long, `least` at least, within the sequence.

    Examples
    --------
    >>> around(1000, 1100, 5000, 300), around(10, 20, 5000, 300), around(0, 5000, 5000, 300)
    ((900, 1200), (0, 300), (0, 5000))
    """
    size = min(length, max(least, 3 * (end - start)))
    low = min(max(0, (start + end - size) // 2), length - size)
    return low, low + size


def svg(shown: Map, lines: Sequence[str]) -> bytes:
    """Return the drawing, with lines of text under it."""
    lanes = _lanes(shown)
    drawn = [(place, lane) for place, lane in zip(shown.features, lanes, strict=True) if lane < MOST_LANES]
    floor = _TOP + 44 + LANE * (max((lane for _, lane in drawn), default=-1) + 1)
    left_out = shown.features_in_all - len(drawn)
    body = [
        *_heading(shown),
        *_bars(shown),
        *_axis(shown),
        *(_arrow(shown, place, _TOP + 44 + LANE * lane) for place, lane in drawn),
    ]
    if left_out:
        more = "more " if drawn else ""
        body.append(f'<text class="small" x="{LEFT}" y="{floor + 12}">{left_out:,} {more}features are not drawn</text>')
        floor += 18
    body += [_line(floor + 24 + 16 * at, line) for at, line in enumerate(lines) if line]
    height = floor + 20 + 16 * len(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f'<style>{_STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>{"".join(body)}</svg>'
    ).encode()


def _clean(text: str) -> str:
    return escape("".join(c for c in text if c >= " " or c == "\t"))


def _line(y: int, text: str) -> str:
    return f'<text class="row" xml:space="preserve" x="{LEFT}" y="{y}">{_clean(text)}</text>'


def _heading(shown: Map) -> Iterator[str]:
    """Yield the label and, where a part is shown, the strip of the whole with the part marked on it."""
    yield f'<text x="{LEFT}" y="22">{_clean(shown.label)}</text>'
    yield f'<text x="{LEFT + STRIP}" y="22" text-anchor="end">{_clean(shown.said)}</text>'
    if not shown.is_zoomed:
        return
    y = _OVERVIEW_Y
    yield f'<rect class="strip" x="{LEFT}" y="{y}" width="{STRIP}" height="6"/>'
    for bar in reversed(shown.bars):
        css = _CLASSES[bar.strand] + ("" if bar.is_best else " more")
        yield _box(shown.overview_x(bar.start), shown.overview_x(bar.end), y, 6, css)
    low, high = shown.overview_x(shown.low), shown.overview_x(shown.high)
    yield _box(low, high, y - 3, 12, "zoom", f"{shown.low + 1:,}..{shown.high:,}")
    high = max(high, low + 1.5)
    floor = _TOP - 4
    yield f'<path class="zoom" d="M{low:.1f} {y + 9}L{LEFT} {floor}H{LEFT + STRIP}L{high:.1f} {y + 9}Z"/>'


def _box(low: float, high: float, y: int, height: int, css: str, title: str = "") -> str:
    width = max(1.5, high - low)
    x = min(low, LEFT + STRIP - width)
    told = f"<title>{_clean(title)}</title>" if title else ""
    return f'<rect class="{css}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}">{told}</rect>'


def _bars(shown: Map) -> Iterator[str]:
    """Yield the matches in the part that is shown, the best one last, which is on top."""
    for bar in reversed(shown.bars):
        if bar.start < shown.high and bar.end > shown.low:
            css = _CLASSES[bar.strand] + ("" if bar.is_best else " more")
            yield _box(shown.x(bar.start), shown.x(bar.end), _TOP, 12, css, bar.title)


# ---------------------------------------------------------------------------------------------------------------- axis
def _axis(shown: Map) -> Iterator[str]:
    y = _TOP + 18
    yield f'<path class="axis" d="M{LEFT} {y}H{LEFT + STRIP}"/>'
    for position in ticks(shown.low + 1, shown.high):
        x = shown.x(position - 0.5)
        anchor = "start" if x < LEFT + 20 else "end" if x > LEFT + STRIP - 20 else "middle"
        yield f'<path class="axis" d="M{x:.1f} {y}v4"/>'
        yield f'<text class="small" x="{x:.1f}" y="{y + 16}" text-anchor="{anchor}">{position:,}</text>'


def ticks(first: int, last: int) -> list[int]:
    """Return round positions from `first` to `last`, both included; the ends where there is none between.

    Examples
    --------
    >>> ticks(1, 9609), ticks(7, 9)
    ([2000, 4000, 6000, 8000], [7, 8, 9])
    """
    room = max(1, last - first) / TICKS
    size = 10 ** (len(str(int(room))) - 1)
    step = next(size * factor for factor in (1, 2, 5, 10, 20) if size * factor >= room)
    found = list(range(-(-first // step) * step, last + 1, step))
    return found or [first, last]


# ------------------------------------------------------------------------------------------------------------ features
def _lanes(shown: Map) -> list[int]:
    """Return for each feature the first lane that is free where it begins, as it is drawn."""
    ends: list[float] = []
    found = []
    for place in shown.features:
        low, high = shown.x(place.start), max(shown.x(place.end), shown.x(place.start) + 1.5)
        lane = next((at for at, end in enumerate(ends) if end <= low), len(ends))
        if lane == len(ends):
            ends.append(0.0)
        ends[lane] = high + 1
        found.append(lane)
    return found


def _arrow(shown: Map, place: Place, y: int) -> str:
    """Return a feature as an arrow in the direction of its strand, blunt where it goes on outside, with its label."""
    low, high = shown.x(place.start), shown.x(place.end)
    width = max(1.5, high - low)
    low = min(low, LEFT + STRIP - width)
    high = low + width
    head = min(HEAD, width / 2)
    tip = (place.strand == "+" and place.end <= shown.high) - (place.strand == "-" and place.start >= shown.low)
    points = _outline(low, high, y, head, tip)
    where = f"{place.start + 1:,}..{place.end:,}" + (f" ({place.strand})" if place.strand else "")
    drawn = f'<path class="place" d="{points}"><title>{_clean(f"{place.name} {where}")}</title></path>'
    return drawn + _label(place.name, low + (head if tip < 0 else 0), high - (head if tip > 0 else 0), y + ARROW - 4)


def _outline(low: float, high: float, y: int, head: float, tip: int) -> str:
    middle, floor = y + ARROW / 2, y + ARROW
    right = f"H{high - head:.1f}L{high:.1f} {middle:g}L{high - head:.1f} {floor}" if tip > 0 else f"H{high:.1f}V{floor}"
    left = f"H{low + head:.1f}L{low:.1f} {middle:g}" if tip < 0 else f"H{low:.1f}"
    return f"M{low + (head if tip < 0 else 0):.1f} {y}{right}{left}Z"


def _label(name: str, low: float, high: float, y: int) -> str:
    """Return the name, cut to the room that there is; nothing where that is less than two letters."""
    room = int((high - low - 4) / LETTER)
    if room < min(2, len(name)) or not name:
        return ""
    text = name if len(name) <= room else name[: room - 1] + "…"
    return f'<text class="small" x="{low + 3:.1f}" y="{y}" pointer-events="none">{_clean(text)}</text>'


def clipped(bars: Iterable[Bar]) -> list[Bar]:
    """Return at most :data:`MOST_MATCHES` bars besides the first."""
    return [bar for _, bar in zip(range(MOST_MATCHES + 1), bars, strict=False)]
