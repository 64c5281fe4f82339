"""Drawing a recording, and how a clip agrees with a passage of it, as SVG.

Conventions
-----------
Times are seconds of the sound they belong to.  What matches is orange with a dark edge, everything else grey or blue;
lightness alone tells them apart too.  The drawings are SVG 1.1 without scripts, links or fonts of their own; the
pictures in them are PNG.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.audio.bands import BANDS, FRAMES_A_SECOND, PER_OCTAVE
from nlsearch.handlers.audio.drawparts import LEFT, PLOT, WIDTH, Panel, clock, document, escaped
from nlsearch.handlers.audio.overview import Preview, amplitudes
from nlsearch.handlers.textlines import shortened
from nlsearch.model import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

TITLE_CHARACTERS = 96
MOST_PASSAGES = 200
"""That are drawn."""
MOST_DOTS = 4_000
"""Peaks of each kind that are drawn, in order of time."""
_TOP = 66.0
_WAVE, _SPECTRUM, _HALF = 84.0, 148.0, 150.0
"""Heights of the panels."""


# ---------------------------------------------------------------------------------------------------------- recordings
def draw_recording(
    title: str, duration_s: float, preview: Preview, passages: Sequence[tuple[float, float]] = ()
) -> Picture:
    """Draw the waveform of a recording above its spectrogram.

    Parameters
    ----------
    title : str
    duration_s : float
    preview : Preview
    passages : sequence of (float, float)
        Where it matches, in seconds; the first is the one that counts.
    """
    wave = Panel(0.0, max(duration_s, 1e-3), _TOP, _WAVE)
    spectrum = Panel(0.0, wave.end, wave.bottom + 8, _SPECTRUM)
    said = _said(duration_s, preview, passages)
    body = [
        *_headings(title, said),
        *_waveform(wave, preview),
        spectrum.spectrogram(preview.spectrogram, 0.0, preview.spectrogram_s),
        *spectrum.frequencies(),
        *_passages(wave, spectrum, passages),
        wave.frame(),
        spectrum.frame(),
        *spectrum.times(),
    ]
    described = f"Waveform and spectrogram of a recording of {said}."
    return Picture("image/svg+xml", document(title or "recording", described, spectrum.bottom + 24, body))


def _said(duration_s: float, preview: Preview, passages: Sequence[tuple[float, float]]) -> str:
    """Return the length, the peak and the passages in a line."""
    highest = float(amplitudes(preview.peak).max(initial=0.0))
    loud = f"peak {20 * math.log10(highest):+.1f} dB".replace("-", "−") if highest else "silent"
    told = [clock(duration_s), loud]
    if passages:
        start, end = passages[0]
        more = f" and {len(passages) - 1} more" if len(passages) > 1 else ""
        told.append(f"matches at {clock(start, 1)}–{clock(end, 1)}{more}")
    return " · ".join(told)


def _headings(title: str, *lines: str) -> Iterator[str]:
    yield f'<text class="title" x="14" y="20">{escaped(shortened(title, TITLE_CHARACTERS) or "untitled")}</text>'
    for number, line in enumerate(lines):
        yield f'<text class="said" x="14" y="{38 + 16 * number}">{escaped(line)}</text>'


def _waveform(panel: Panel, preview: Preview) -> Iterator[str]:
    """Yield the peaks and, darker, the root mean squares, as high as the panel at the highest peak."""
    middle = panel.top + panel.height / 2
    peaks = amplitudes(preview.peak)
    high = max(float(peaks.max(initial=0.0)), 1e-4)
    if len(peaks):
        edges = np.minimum(np.arange(len(peaks) + 1) * preview.waveform_s / len(peaks), panel.end)
        x = [panel.x(at) for at in edges.tolist()]
        for css, heights in (("peak", peaks), ("rms", amplitudes(preview.rms))):
            y = np.maximum(heights / high * (panel.height / 2 - 3), 0.25).tolist()
            up = "".join(f"V{middle - height:.1f}H{right:.1f}" for height, right in zip(y, x[1:], strict=True))
            pairs = zip(reversed(y), reversed(x[:-1]), strict=True)
            down = "".join(f"V{middle + height:.1f}H{left:.1f}" for height, left in pairs)
            yield f'<path class="{css}" d="M{x[0]:.1f} {middle:.1f}{up}{down}Z"/>'
    yield f'<path class="middle" d="M{LEFT} {middle:.1f}h{PLOT}"/>'


def _passages(wave: Panel, spectrum: Panel, passages: Sequence[tuple[float, float]]) -> Iterator[str]:
    """Yield a rectangle over both panels for each passage, with a mark above; the first with its times."""
    for start, end in passages[:MOST_PASSAGES]:
        x = wave.x(start)
        width = max(2.0, wave.x(end) - x)
        told = f"<title>{clock(start, 1)}–{clock(end, 1)}</title>"
        for panel in (wave, spectrum):
            box = f'x="{x:.1f}" y="{panel.top:.1f}" width="{width:.1f}" height="{panel.height:.1f}"'
            yield f'<rect class="passage" {box}>{told}</rect>'
        yield f'<path class="hat" d="M{x + width / 2:.1f} {wave.top - 1:.1f}l-5 -7h10Z"/>'
    for start, end in passages[:1]:
        x = min(max((wave.x(start) + wave.x(end)) / 2, LEFT + 50), WIDTH - 64)
        label = f"{clock(start, 1)}–{clock(end, 1)}"
        yield f'<text class="when" x="{x:.1f}" y="{wave.top - 12:.1f}" text-anchor="middle">{label}</text>'


# ------------------------------------------------------------------------------------------------------------- matches
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
        The recording's peaks in the passage, in frames and bands of the recording.
    passage_s, query_s : (float, float)
        What is the same, in the recording and in the clip.
    speed : float
        Of the clip beside the recording: 1.02 if it plays 2 % faster, and higher.
    agreeing : ndarray of bool, shape (m,)
        Which of the peaks the clip has too.
    """
    asked = Panel(*query_s, _TOP + 16, _HALF)
    found = Panel(*passage_s, asked.bottom + 42, _HALF)
    lines = _compared(passage_s, query_s, speed, agreeing)
    up = PER_OCTAVE * math.log2(speed)
    times = frames.astype(np.float64) / FRAMES_A_SECOND
    x = np.array([found.x(at) for at in times.tolist()])
    body = [
        *_headings(title, *lines),
        _side(asked, "clip"),
        asked.spectrogram(clip, clip_start_s - 0.5 / FRAMES_A_SECOND, len(clip) / FRAMES_A_SECOND),
        *asked.frequencies(),
        *_rings(asked, x[agreeing], bands[agreeing] + up),
        asked.frame(),
        *asked.times(),
        _side(found, "recording: its stored peaks"),
        *found.frequencies(),
        *_dots(found, x[~agreeing], bands[~agreeing], ("other",)),
        *_dots(found, x[agreeing], bands[agreeing], ("edge", "agree")),
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


def _marks(panel: Panel, x: NDArray[np.float64], bands: NDArray[Any]) -> list[tuple[float, float]]:
    """Return where peaks lie on a panel; those in no band are left out."""
    inside = (bands >= 0) & (bands < BANDS)
    places = zip(x[inside][:MOST_DOTS].tolist(), bands[inside][:MOST_DOTS].tolist(), strict=True)
    return [(at, panel.y(band)) for at, band in places]


def _dots(panel: Panel, x: NDArray[np.float64], bands: NDArray[Any], styles: tuple[str, ...]) -> Iterator[str]:
    path = "".join(f"M{at:.1f} {y:.1f}h0" for at, y in _marks(panel, x, bands))
    if path:
        yield from (f'<path class="dots {css}" d="{path}"/>' for css in styles)


def _rings(panel: Panel, x: NDArray[np.float64], bands: NDArray[Any]) -> Iterator[str]:
    ring = "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0"
    path = "".join(f"M{at:.1f} {y:.1f}{ring}" for at, y in _marks(panel, x, bands))
    if path:
        yield from (f'<path class="{css}" d="{path}"/>' for css in ("ring", "inner"))


def _legend(y: float) -> Iterator[str]:
    for x, styles, name in ((LEFT, ("edge", "agree"), "peak that the clip has too"), (LEFT + 190, ("other",), "other")):
        yield from (f'<path class="dots {css}" d="M{x + 4} {y - 4:.1f}h0"/>' for css in styles)
        yield f'<text class="tick" x="{x + 13}" y="{y:.1f}">{name}</text>'
