"""The frame of a drawn spectrum: where positions and intensities lie, ticks and titles of the axes.

Conventions
-----------
Ticks are at 1, 2 or 5 times a power of ten; a minus is a minus sign, not a hyphen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.spectrum.axes import Axis

_DECIMALS = {"mz": 4, "shift": 2, "wavenumber": 0, "wavelength": 1}
_LEAST = {"mz": 10.0, "shift": 1.0, "wavenumber": 100.0, "wavelength": 20.0}
"""Narrowest range that is shown."""
_HEADROOM = 1.12  # the highest peak reaches 100 % of 112 %, so that its label fits


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of a drawing, in points: `left` to `right`, `top` to `bottom`, intensities from `zero` on.

    Parameters
    ----------
    axis : Axis
    low, high : float
        Range of positions that is shown.
    mirrored : bool
        Whether intensities go up and down from the middle, and not only up from the bottom.
    """

    axis: Axis
    low: float
    high: float
    mirrored: bool
    left: int = 58
    right: int = 704
    top: int = 60
    bottom: int = 372

    @classmethod
    def of(cls, axis: Axis, positions: list[NDArray[np.float64]], precursor: float, *, mirrored: bool) -> Frame:
        """Return the frame that holds these positions, and the precursor if it is known."""
        shown = np.concatenate([*positions, [precursor] if math.isfinite(precursor) else []])
        low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 0.0)
        room = max(0.03 * (high - low), (_LEAST[axis.name] - (high - low)) / 2, 1e-9 * max(abs(low), abs(high)))
        return cls(axis, low - room, high + room, mirrored)

    @property
    def zero(self) -> float:
        """Where intensity zero lies."""
        return (self.top + self.bottom) / 2 if self.mirrored else self.bottom

    @property
    def middle(self) -> float:
        """The middle from left to right."""
        return (self.left + self.right) / 2

    def x(self, position: float) -> float:
        """Return where a position lies from left to right."""
        return float(self.across(np.array([position]))[0])

    def across(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where positions lie from left to right."""
        share = (positions - self.low) / (self.high - self.low)
        share = 1 - share if self.axis.descends else share
        return np.asarray(self.left + share * (self.right - self.left), np.float64)

    def heights(self, percents: NDArray[np.float64], *, up: bool) -> NDArray[np.float64]:
        """Return where intensities lie from top to bottom."""
        room = (self.zero - self.top) / (100 * _HEADROOM)
        return np.asarray(self.zero - (room if up else -room) * percents, np.float64)

    def drawn(self) -> Iterator[str]:
        """Draw axes, grid, ticks and titles."""
        yield from self._levels()
        base = self.bottom + 14
        for value, text in ticks(self.low, self.high):
            at = self.x(value)
            yield f'<line class="tick" x1="{at:.1f}" x2="{at:.1f}" y1="{self.bottom}" y2="{self.bottom + 4}"/>'
            yield f'<text x="{at:.1f}" y="{base + 2}" text-anchor="middle">{text}</text>'
        yield f'<line class="axis" x1="{self.left}" x2="{self.right}" y1="{self.zero:.1f}" y2="{self.zero:.1f}"/>'
        yield f'<line class="axis" x1="{self.left}" x2="{self.left}" y1="{self.top}" y2="{self.bottom}"/>'
        if self.mirrored:
            yield f'<line class="tick" x1="{self.left}" x2="{self.right}" y1="{self.bottom}" y2="{self.bottom}"/>'
        unit = f" ({self.axis.unit})" if self.axis.unit else ""
        yield f'<text x="{self.middle:.1f}" y="{base + 24}" text-anchor="middle">{self.axis.title}{unit}</text>'
        upright = (self.top + self.bottom) / 2
        yield (
            f'<text x="16" y="{upright:.1f}" text-anchor="middle" transform="rotate(-90 16 {upright:.1f})">'
            "relative intensity (%)</text>"
        )

    def _levels(self) -> Iterator[str]:
        for up in (True, False) if self.mirrored else (True,):
            for percent in (0, 50, 100) if up else (50, 100):
                at = float(self.heights(np.array([float(percent)]), up=up)[0])
                yield f'<line class="grid" x1="{self.left}" x2="{self.right}" y1="{at:.1f}" y2="{at:.1f}"/>'
                yield f'<text x="{self.left - 6}" y="{at + 4:.1f}" text-anchor="end">{percent}</text>'


def ticks(low: float, high: float, most: int = 10) -> list[tuple[float, str]]:
    """Return the values of round ticks between `low` and `high`, at most `most`, and how they are written."""
    width = high - low
    if not (math.isfinite(width) and width > 0):
        return []
    power = 10.0 ** math.floor(math.log10(width / most))
    step = next(times * power for times in (1, 2, 5, 10, 20) if width / (times * power) <= most)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(n * step, _written(n * step, decimals)) for n in range(first, last + 1)]


def position_text(position: float, axis: Axis, decimals: int | None = None) -> str:
    """Return a position as its axis is labelled; whole m/z values have no decimals."""
    places = _DECIMALS[axis.name] if decimals is None else min(decimals, _DECIMALS[axis.name] + 1)
    if axis.name == "mz" and abs(position - round(position)) < 5e-5:
        places = 0
    return _written(position, places)


def _written(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")
