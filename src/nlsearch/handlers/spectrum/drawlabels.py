"""Labels at the peaks of a drawn spectrum: the tallest first, none over another.

Conventions
-----------
A label's width is reckoned from its characters, as no font is measured here; it stands beyond the tip of its peak.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.spectrum.drawaxes import Frame, position_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.spectrum.axes import Axis

MOST = 12
"""Labels of one side."""
_TRIED = 60
_LOWEST = 2.0  # per cent
_CHARACTER, _TALL, _GAP = 5.8, 10.0, 3.0  # points


def peak_labels(
    frame: Frame,
    axis: Axis,
    positions: NDArray[np.float64],
    percents: NDArray[np.float64],
    paired: NDArray[np.bool_],
    *,
    up: bool,
) -> Iterator[str]:
    """Draw the positions of the tallest peaks, as far as there is room; of equal ones the paired come first.

    Parameters
    ----------
    frame : Frame
    axis : Axis
    positions, percents : ndarray of float64, shape (n,)
    paired : ndarray of bool, shape (n,)
    up : bool
        Whether the peaks point upward.
    """
    order = np.lexsort((positions, ~paired, -percents))[:_TRIED]
    across, tips = frame.across(positions[order]), frame.heights(percents[order], up=up)
    taken: list[tuple[float, float, float]] = []
    for at, x, tip in zip(order.tolist(), across.tolist(), tips.tolist(), strict=True):
        if len(taken) == MOST or percents[at] < _LOWEST:
            return
        text = position_text(float(positions[at]), axis)
        half = _CHARACTER * len(text) / 2
        centre = min(max(x, frame.left + half + 1), frame.right - half)
        base = tip - 3 if up else tip + 3 + _TALL * 0.8
        if _is_free(taken, centre, half, base) and not _is_crossed(x, tip, half, across, tips, up=up):
            taken.append((centre, half, base))
            css = "" if not paired[at] else " blue" if up else " red"
            yield f'<text class="peak{css}" x="{centre:.1f}" y="{base:.1f}" text-anchor="middle">{text}</text>'


def _is_free(taken: list[tuple[float, float, float]], centre: float, half: float, base: float) -> bool:
    return all(
        abs(centre - other) >= half + width + _GAP or abs(base - level) >= _TALL + 1 for other, width, level in taken
    )


def _is_crossed(
    x: float, tip: float, half: float, across: NDArray[np.float64], tips: NDArray[np.float64], *, up: bool
) -> bool:
    """Say whether a taller peak would run through the label."""
    higher = tips < tip - 2 if up else tips > tip + 2
    beside = np.abs(across - x)
    return bool((higher & (beside > 0.5) & (beside < half + 1)).any())
