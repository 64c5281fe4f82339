"""Drawing notes as a piano roll, as SVG: time from left to right, a row for each key, bars with their labels.

Conventions
-----------
Times are in :data:`~nlsearch.handlers.score.notation.TICKS`.  Notes have the colour of their part, those of the match
the colour of matches and an outline.  Middle C is C4.  Where a part of the bars is shown, a strip above tells which.
The drawing is SVG 1.1 without scripts, links or fonts of its own, and depends on its arguments only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nlsearch.handlers.markup import clean, short
from nlsearch.handlers.score.rolls import MOST_BARS, Roll, RollNote, around, key_name

__all__ = ["MOST_BARS", "MOST_NOTES", "Roll", "RollNote", "around", "key_name", "svg"]

WIDTH, LEFT, RIGHT = 760, 44, 14
MOST_NOTES = 3_000
"""That are drawn."""
MOST_SYLLABLES = 60
MOST_PARTS = 12
"""In the legend."""
_PLOT = WIDTH - LEFT - RIGHT
_HEIGHT, _LEAST_ROWS, _ROW = 240, 13, (3.0, 12.0)
_LETTER = 6.0
_TITLE, _NAME = 96, 28  # characters
_BLACK = frozenset({1, 3, 6, 8, 10})
_COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#7a6a00", "#56b4e9", "#5b4a9c", "#8a5a44", "#5f6b75")
_STYLE = (
    "text{font:11px sans-serif;fill:#222}.title{font-size:14px;font-weight:bold}.said{font-size:12px;fill:#555}"
    ".key{font-size:9px;fill:#555}.bar{font-size:10px;fill:#555}.syllable{font-size:10px}"
    ".black{fill:#f1f3f5}.octave{stroke:#c8cdd2;stroke-width:.8}.line{stroke:#9aa1a8;stroke-width:.8}"
    ".frame{fill:none;stroke:#777}.strip{fill:#d8dde3}.zoom{fill:#222;fill-opacity:.12;stroke:#222;stroke-width:.8}"
    ".hit{fill:#d95f02}.note{stroke:#fff;stroke-width:.5;opacity:.55}"
    ".match{fill:#d95f02;stroke:#5a2500;stroke-width:1}"
    + "".join(f".part{number}{{fill:{colour}}}" for number, colour in enumerate(_COLOURS))
)


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where times and pitches are on the drawing."""

    start: int
    end: int
    lowest: int
    highest: int
    top: float
    row: float
    drums: bool

    @property
    def floor(self) -> float:
        return self.top + self.row * (self.highest - self.lowest + 1 + 2 * self.drums)

    def x(self, time: int) -> float:
        return LEFT + _PLOT * min(1.0, max(0.0, (time - self.start) / (self.end - self.start)))

    def y(self, pitch: int | None) -> float:
        return self.floor - self.row if pitch is None else self.top + self.row * (self.highest - pitch)


def svg(roll: Roll) -> bytes:
    """Return the drawing of the bars around the match."""
    start, end = around(roll)
    inside = [note for note in roll.notes if note.onset < end and note.onset + max(1, note.duration) > start]
    inside.sort(key=lambda note: (note.matched, note.onset, note.part, note.pitch or 0))
    drawn = inside[-MOST_NOTES:]
    is_cropped = start > min(0, roll.bars[0][0] if roll.bars else 0) or end < roll.end
    plot = _plot(drawn, start, max(end, start + 1), 62.0 + 18 * is_cropped)
    body = [
        *_headings(roll),
        *(_strip(roll, start, end) if is_cropped else ()),
        *_keys(plot),
        *_bars(roll, plot),
        *(_note(roll, plot, note) for note in drawn),
        *_syllables(plot, drawn),
    ]
    if not drawn:
        body.append(f'<text class="said" x="{LEFT + 8}" y="{plot.top + 18:.1f}">no notes</text>')
    y = plot.floor + 18
    if len(inside) > len(drawn):
        body.append(f'<text class="said" x="{LEFT}" y="{y:.1f}">{len(inside) - len(drawn):,} more are not drawn</text>')
        y += 16
    legend, y = _legend(roll, drawn, y)
    height = round(y + 4)
    told = f"<title>{clean(roll.title or 'piano roll')}</title><desc>{clean(_described(roll, drawn))}</desc>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img">{told}<style>{_STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f"{''.join(body)}{legend}</svg>"
    ).encode()


def _plot(notes: Sequence[RollNote], start: int, end: int, top: float) -> _Plot:
    pitches = [note.pitch for note in notes if note.pitch is not None] or [60]
    lowest, highest = max(0, min(pitches) - 1), min(127, max(pitches) + 1)
    missing = max(0, _LEAST_ROWS - (highest - lowest + 1))
    lowest = max(0, lowest - missing // 2)
    highest = lowest + max(highest - lowest, _LEAST_ROWS - 1)
    row = min(_ROW[1], max(_ROW[0], _HEIGHT / (highest - lowest + 1)))
    return _Plot(start, end, lowest, highest, top, row, any(note.pitch is None for note in notes))


def _described(roll: Roll, notes: Sequence[RollNote]) -> str:
    matched = [note for note in notes if note.matched]
    if not matched:
        return f"Piano roll of {len(notes):,} notes."
    names = ", ".join("percussion" if note.pitch is None else key_name(note.pitch) for note in matched[:64])
    labels = [label for note in (matched[0], matched[-1]) if (label := roll.label(note.onset))]
    where = f" in bars {labels[0]} to {labels[-1]}" if labels else ""
    return f"Piano roll of {len(notes):,} notes; {len(matched):,} of them match{where}: {names}."


# -------------------------------------------------------------------------------------------------------------- pieces
def _headings(roll: Roll) -> Iterator[str]:
    yield f'<text class="title" x="{LEFT - 30}" y="20">{clean(short(roll.title, _TITLE))}</text>'
    yield f'<text class="said" x="{LEFT - 30}" y="38">{clean(short(roll.said, _TITLE))}</text>'


def _strip(roll: Roll, start: int, end: int) -> Iterator[str]:
    """Yield a strip of the whole, with the matched notes and the part that is shown marked on it."""
    whole = roll.end

    def x(time: int) -> float:
        return LEFT + _PLOT * min(1.0, max(0.0, time / whole))

    yield f'<rect class="strip" x="{LEFT}" y="49" width="{_PLOT}" height="6"/>'
    hits = sorted({round(x(note.onset), 1) for note in roll.notes if note.matched})
    yield from (f'<rect class="hit" x="{at:.1f}" y="49" width="1.5" height="6"/>' for at in hits)
    width = max(2.0, x(end) - x(start))
    yield f'<rect class="zoom" x="{x(start):.1f}" y="46" width="{width:.1f}" height="12"/>'


def _keys(plot: _Plot) -> Iterator[str]:
    """Yield the rows: black keys shaded, a line under each C, and the names that there is room for."""
    named = {0, 2, 4, 5, 7, 9, 11} if plot.row >= 9 else {0, 4, 7} if plot.row >= 6 else {0}
    for pitch in range(plot.lowest, plot.highest + 1):
        y = plot.y(pitch)
        if pitch % 12 in _BLACK:
            yield f'<rect class="black" x="{LEFT}" y="{y:.1f}" width="{_PLOT}" height="{plot.row:.1f}"/>'
        if pitch % 12 == 0:
            yield f'<path class="octave" d="M{LEFT} {y + plot.row:.1f}h{_PLOT}"/>'
        if pitch % 12 in named:
            x, middle = LEFT - 4, y + plot.row / 2 + 3
            yield f'<text class="key" x="{x}" y="{middle:.1f}" text-anchor="end">{key_name(pitch)}</text>'
    if plot.drums:
        y = plot.y(None) + plot.row / 2 + 3
        yield f'<text class="key" x="{LEFT - 4}" y="{y:.1f}" text-anchor="end">drums</text>'
    height = plot.floor - plot.top
    yield f'<rect class="frame" x="{LEFT}" y="{plot.top:.1f}" width="{_PLOT}" height="{height:.1f}"/>'


def _bars(roll: Roll, plot: _Plot) -> Iterator[str]:
    """Yield bar lines, and labels where they do not touch."""
    free = 0.0
    for onset, label in roll.bars:
        if not plot.start <= onset < plot.end:
            continue
        x = plot.x(onset)
        if onset > plot.start:
            yield f'<path class="line" d="M{x:.1f} {plot.top:.1f}V{plot.floor:.1f}"/>'
        text = short(label, 8)
        if x >= free and text:
            yield f'<text class="bar" x="{x + 1:.1f}" y="{plot.top - 4:.1f}">{clean(text)}</text>'
            free = x + max(18.0, _LETTER * len(text) + 8)


def _note(roll: Roll, plot: _Plot, note: RollNote) -> str:
    x = plot.x(note.onset)
    width = max(2.0, plot.x(note.onset + note.duration) - x - 0.8)
    css = "match" if note.matched else f"note part{note.part % len(_COLOURS)}"
    name = "percussion" if note.pitch is None else key_name(note.pitch)
    part = roll.parts[note.part] if 0 <= note.part < len(roll.parts) else ""
    said = [name, f"bar {label}" if (label := roll.label(note.onset)) else "", part, "matched" if note.matched else ""]
    told = clean(", ".join(word for word in said if word))
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{plot.y(note.pitch):.1f}" width="{width:.1f}" height="{plot.row:.1f}" '
        f'rx="1.5"><title>{told}</title></rect>'
    )


def _syllables(plot: _Plot, notes: Sequence[RollNote]) -> Iterator[str]:
    """Yield the syllables under their notes, if they are few, and where they do not touch another."""
    sung = sorted((note for note in notes if note.syllable), key=lambda note: (not note.matched, note.onset))
    if len(sung) > MOST_SYLLABLES:
        sung = [note for note in sung if note.matched][:MOST_SYLLABLES]
    taken: list[tuple[float, float, float]] = []
    for note in sung:
        x, y = plot.x(note.onset), min(plot.y(note.pitch) + plot.row + 9, plot.floor - 2)
        text = short(note.syllable, 16)
        end = x + _LETTER * len(text)
        if end > WIDTH or any(x < high and end > low and abs(y - other) < 10 for low, high, other in taken):
            continue
        taken.append((x, end, y))
        yield f'<text class="syllable" x="{x:.1f}" y="{y:.1f}">{clean(text)}</text>'


def _legend(roll: Roll, notes: Sequence[RollNote], y: float) -> tuple[str, float]:
    """Return the names of the parts with their colours, and where they end."""
    shown = sorted({note.part for note in notes if 0 <= note.part < len(roll.parts)})
    entries = [(f"part{part % len(_COLOURS)}", short(roll.parts[part], _NAME)) for part in shown[:MOST_PARTS]]
    if len(shown) > MOST_PARTS:
        entries.append(("strip", f"{len(shown) - MOST_PARTS} more"))
    if any(note.matched for note in notes):
        entries.insert(0, ("match", "matched"))
    x = float(LEFT)
    pieces = []
    for css, name in entries:
        width = 18 + _LETTER * len(name) + 14
        if x > LEFT and x + width > WIDTH - RIGHT:
            x, y = float(LEFT), y + 16
        pieces.append(
            f'<rect class="{css}" x="{x:.1f}" y="{y - 9:.1f}" width="12" height="9" rx="1.5"/>'
            f'<text x="{x + 17:.1f}" y="{y:.1f}">{clean(name)}</text>'
        )
        x += width
    return "".join(pieces), y + 10
