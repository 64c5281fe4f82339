"""Drawing a recording: its waveform above its spectrogram, with the passages that match, as SVG.

Conventions
-----------
What matches is orange with a dark edge, everything else blue; lightness alone tells them apart too.  The drawing is SVG
1.1 without scripts, links or fonts of its own; the spectrogram in it is PNG.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from nlsearch.handlers.audio.drawparts import LEFT, PLOT, WIDTH, Panel, clock, document, headings
from nlsearch.handlers.audio.overview import Preview, amplitudes
from nlsearch.model import Picture

MOST_PASSAGES = 200
"""That are drawn."""
_TOP, _WAVE, _SPECTRUM = 66.0, 84.0, 148.0
"""Where the first panel begins, and how high they are."""


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
        *headings(title, said),
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
    told = [clock(duration_s, 0 if duration_s >= 10 else 2), loud]
    if passages:
        start, end = passages[0]
        more = f" and {len(passages) - 1} more" if len(passages) > 1 else ""
        told.append(f"matches at {clock(start, 1)}–{clock(end, 1)}{more}")
    return " · ".join(told)


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
