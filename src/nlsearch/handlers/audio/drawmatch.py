"""Drawing how a clip agrees with a passage of a recording, as SVG.

Conventions
-----------
Times are seconds of the sound they belong to.  Below a place of the clip lies the same place of the recording.  Peaks
that agree are orange with a dark edge, and larger than others, which are grey.  Around them the clip's spectrogram has
rings: a clip that plays faster is higher, and its rings are moved up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.audio.bands import BANDS, FRAMES_A_SECOND, PER_OCTAVE
from nlsearch.handlers.audio.drawparts import LEFT, Panel, clock, document, headings
from nlsearch.model import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_DOTS = 4_000
"""Peaks of each kind that are drawn; of more, evenly chosen ones."""
_TOP, _HEIGHT = 82.0, 150.0
"""Where the first panel begins, and how high both are."""


def draw_match(
    title: str,
    clip: NDArray[np.uint8],
    clip_start_s: float,
    frames: NDArray[np.integer[Any]],
    bands: NDArray[np.integer[Any]],
    *,
    passage_s: tuple[float, float],
    query_s: tuple[float, float],
    speed: float,
    agreeing: NDArray[np.bool_],
) -> Picture:
    """Draw the clip's spectrogram above the recording's peaks, so that what is the same lies below each other.

    Parameters
    ----------
    title : str
        Of the recording.
    clip : ndarray of uint8, shape (n, BANDS)
        Levels of the clip, in any scale.
    clip_start_s : float
        When the first of them is, in the clip.
    frames, bands : ndarray of int, shape (m,)
        The recording's peaks in the passage, in frames and bands of the recording; those outside are not drawn.
    passage_s, query_s : (float, float)
        What is the same, in the recording and in the clip.
    speed : float
        Of the clip beside the recording: 1.02 if it plays 2 % faster, and higher.
    agreeing : ndarray of bool, shape (m,)
        Which of the peaks the clip has too.
    """
    asked = Panel(*query_s, _TOP, _HEIGHT)
    found = Panel(*passage_s, asked.bottom + 42, _HEIGHT)
    lines = _compared(passage_s, query_s, speed, agreeing)
    up = PER_OCTAVE * math.log2(speed)
    times = frames.astype(np.float64) / FRAMES_A_SECOND
    x = np.array([found.x(at) for at in times.tolist()])
    inside = (times >= found.start) & (times <= found.end) & (bands >= 0) & (bands < BANDS)
    agree, other = _chosen(inside & agreeing), _chosen(inside & ~agreeing)
    body = [
        *headings(title, *lines),
        _side(asked, "clip"),
        asked.spectrogram(clip, clip_start_s - 0.5 / FRAMES_A_SECOND, len(clip) / FRAMES_A_SECOND),
        *asked.frequencies(),
        *_rings(asked, x[agree], bands[agree] + up),
        asked.frame(),
        *asked.times(),
        _side(found, "recording: its stored peaks"),
        *found.frequencies(),
        *_dots(found, x[other], bands[other], ("other",)),
        *_dots(found, x[agree], bands[agree], ("edge", "agree")),
        found.frame(),
        *found.times(),
        *_legend(found.bottom + 34),
    ]
    described = f"Spectrogram of the clip above peaks of the recording: {'; '.join(lines)}."
    return Picture("image/svg+xml", document(title or "match", described, found.bottom + 44, body))


def _compared(
    passage_s: tuple[float, float], query_s: tuple[float, float], speed: float, agreeing: NDArray[np.bool_]
) -> list[str]:
    """Return two lines: what is the same as what, and how well."""
    clip, recording = (f"{clock(start, 2)}–{clock(end, 2)}" for start, end in (query_s, passage_s))
    count, total = int(agreeing.sum()), len(agreeing)
    share = f" ({100 * count / total:.0f} %)" if total else ""
    percent = 100 * (speed - 1)
    pace = f"{abs(percent):.1f} % {'faster' if percent > 0 else 'slower'}"
    plays = f"the clip plays {pace if abs(percent) >= 0.05 else 'at the same speed'}"
    agree = f"{count:,} of {total:,} peaks agree{share}"
    return [f"{clip} of the clip is {recording} of the recording", f"{agree} · {plays}"]


def _side(panel: Panel, name: str) -> str:
    return f'<text class="side" x="{LEFT}" y="{panel.top - 5:.1f}">{name}</text>'


def _chosen(wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the numbers of the peaks that are drawn of those wanted."""
    numbers = np.flatnonzero(wanted)
    return numbers[:: max(1, -(-len(numbers) // MOST_DOTS))]


def _dots(panel: Panel, x: NDArray[np.float64], bands: NDArray[Any], styles: tuple[str, ...]) -> Iterator[str]:
    places = zip(x.tolist(), bands.tolist(), strict=True)
    path = "".join(f"M{at:.1f} {panel.y(band):.1f}h0" for at, band in places)
    if path:
        yield from (f'<path class="dots {css}" d="{path}"/>' for css in styles)


def _rings(panel: Panel, x: NDArray[np.float64], bands: NDArray[Any]) -> Iterator[str]:
    ring = "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0"
    places = zip(x.tolist(), bands.tolist(), strict=True)
    path = "".join(f"M{at:.1f} {panel.y(band):.1f}{ring}" for at, band in places if -0.5 <= band < BANDS)
    if path:
        yield from (f'<path class="{css}" d="{path}"/>' for css in ("ring", "inner"))


def _legend(y: float) -> Iterator[str]:
    for x, styles, name in ((LEFT, ("edge", "agree"), "peak that the clip has too"), (LEFT + 190, ("other",), "other")):
        yield from (f'<path class="dots legend {css}" d="M{x + 4} {y - 4:.1f}h0"/>' for css in styles)
        yield f'<text class="tick" x="{x + 13}" y="{y:.1f}">{name}</text>'
