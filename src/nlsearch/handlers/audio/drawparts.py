"""Parts of drawings of sounds: panels with axes of time and of frequency, spectrograms as pictures, text as XML has it.

Conventions
-----------
Spectrograms are light where it is quiet and dark where it is loud, so that they read the same in grey, and print.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.audio.bands import BANDS, LOWEST_HZ, PER_OCTAVE
from nlsearch.handlers.markup import clean
from nlsearch.handlers.textlines import shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, LEFT, RIGHT = 760, 52, 14
PLOT = WIDTH - LEFT - RIGHT
MOST_TICKS = 10
MOST_COLUMNS = 1_600
"""Of a picture."""
TITLE_CHARACTERS = 96
STYLE = (
    "text{font:11px sans-serif;fill:#222}.title{font-size:14px;font-weight:bold}.said{font-size:12px;fill:#444}"
    ".tick{font-size:10px;fill:#444}.side{font-weight:bold}.frame{fill:none;stroke:#555}.mark{stroke:#555}"
    ".grid{stroke:#222;stroke-opacity:.13}.middle{stroke:#333;stroke-width:.6}.peak{fill:#9fb6cc}.rms{fill:#274b6d}"
    ".passage{fill:#f28e2b;fill-opacity:.25;stroke:#7a3600;stroke-width:1}.hat{fill:#d95f02;stroke:#7a3600}"
    ".when{font-weight:bold;fill:#7a3600}.dots{fill:none;stroke-linecap:round}.other{stroke:#8b949c;stroke-width:2.6}"
    ".edge{stroke:#5a2500;stroke-width:6}.agree{stroke:#f9a33a;stroke-width:4}"
    ".ring{fill:none;stroke:#fff;stroke-width:2.2}.inner{fill:none;stroke:#c24e00;stroke-width:1.2}"
)
_STEPS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_HZ = ((250.0, "250 Hz"), (500.0, "500"), (1000.0, "1 kHz"), (2000.0, "2 kHz"), (3500.0, "3.5 kHz"))
_INK = ((0.0, 255, 255, 255), (0.3, 214, 222, 233), (0.6, 120, 150, 190), (0.85, 45, 70, 120), (1.0, 8, 14, 40))
"""Shades from quiet to loud: where each stands, and its red, green and blue."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a drawing whose horizontal axis is time: `start` to `end` in seconds, `top` and `height` in points."""

    start: float
    end: float
    top: float
    height: float

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.top + self.height

    def x(self, seconds: float) -> float:
        """Return where a time lies, inside the panel."""
        return LEFT + PLOT * min(1.0, max(0.0, (seconds - self.start) / max(self.end - self.start, 1e-9)))

    def y(self, band: float) -> float:
        """Return where the middle of a band lies."""
        return self.bottom - (band + 0.5) / BANDS * self.height

    def frame(self) -> str:
        """Return its outline."""
        return f'<rect class="frame" x="{LEFT}" y="{self.top:.1f}" width="{PLOT}" height="{self.height:.1f}"/>'

    def times(self) -> Iterator[str]:
        """Yield the ticks of time and their labels, below it."""
        step = next((step for step in _STEPS if (self.end - self.start) / step <= MOST_TICKS), _STEPS[-1])
        for number in range(math.ceil(self.start / step - 1e-6), math.floor(self.end / step + 1e-6) + 1):
            x, label = self.x(number * step), clock(number * step, 2 if step < 0.1 else int(step < 1))
            yield f'<path class="mark" d="M{x:.1f} {self.bottom:.1f}v4"/>'
            x = min(x, WIDTH - 2 - 3.0 * len(label))
            yield f'<text class="tick" x="{x:.1f}" y="{self.bottom + 15:.1f}" text-anchor="middle">{label}</text>'

    def frequencies(self) -> Iterator[str]:
        """Yield lines of frequency and their labels, left of it."""
        for hz, label in _HZ:
            y = self.y(PER_OCTAVE * math.log2(hz / LOWEST_HZ))
            yield f'<path class="grid" d="M{LEFT} {y:.1f}h{PLOT}"/>'
            yield f'<text class="tick" x="{LEFT - 5}" y="{y + 3.5:.1f}" text-anchor="end">{label}</text>'

    def spectrogram(self, levels: NDArray[np.uint8], start: float, seconds: float) -> str:
        """Return levels as a picture, cut to the panel.

        Parameters
        ----------
        levels : ndarray of uint8, shape (columns, rows)
            Rows from low to high frequencies, over all of the panel's height.
        start, seconds : float
            When the columns begin, and how long they last.  Of too many columns the highest of neighbours are shown.
        """
        if not levels.size or self.end <= self.start:
            return ""
        each = -(-len(levels) // MOST_COLUMNS)
        shown = np.maximum.reduceat(levels, np.arange(0, len(levels), each), axis=0)
        scale = PLOT / (self.end - self.start)
        seconds *= len(shown) * each / len(levels)
        box = f'x="{(start - self.start) * scale:.2f}" y="0" width="{seconds * scale:.2f}" height="{self.height:.1f}"'
        return (
            f'<svg x="{LEFT}" y="{self.top:.1f}" width="{PLOT}" height="{self.height:.1f}" overflow="hidden">'
            f'<image {box} preserveAspectRatio="none" href="data:image/png;base64,{_png(shown)}"/></svg>'
        )


def _png(levels: NDArray[np.uint8]) -> str:
    """Return levels as a PNG in base64: the lowest fifth is white, the highest 0.3 % are black."""
    from PIL import Image

    low, high = np.percentile(levels, [20, 99.7])
    shades = np.clip((levels.T[::-1] - low) / max(high - low, 16.0) * 255, 0, 255)
    picture = Image.fromarray(np.ascontiguousarray(np.rint(shades), np.uint8))
    picture.putpalette(_palette())
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


@cache
def _palette() -> bytes:
    """Return 256 colours whose lightness falls throughout."""
    ink = np.array(_INK)
    shades = [np.interp(np.linspace(0, 1, 256), ink[:, 0], ink[:, channel]) for channel in (1, 2, 3)]
    return bytes(np.rint(np.stack(shades, axis=1)).astype(np.uint8).tobytes())


def clock(seconds: float, decimals: int = 0) -> str:
    """Return a time as m:ss, from an hour on h:mm:ss, with decimals of seconds if any."""
    whole = round(seconds * 10**decimals)
    minutes, rest = divmod(whole, 60 * 10**decimals)
    shown = f"{rest / 10**decimals:0{3 + decimals if decimals else 2}.{decimals}f}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{shown}" if hours else f"{minutes}:{shown}"


def headings(title: str, *lines: str) -> Iterator[str]:
    """Yield the title and lines of text below it."""
    yield f'<text class="title" x="14" y="20">{clean(shortened(title, TITLE_CHARACTERS) or "untitled")}</text>'
    for number, line in enumerate(lines):
        yield f'<text class="said" x="14" y="{38 + 16 * number}">{clean(line)}</text>'


def document(title: str, described: str, height: float, body: list[str]) -> bytes:
    """Return a drawing as SVG; `title` and `described` are plain text."""
    told = f"<title>{clean(title)}</title><desc>{clean(described)}</desc>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}" role="img">{told}<style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>{"".join(body)}</svg>'
    ).encode()
