"""The axes on which spectra have their peaks, with unit, grid of the index, and default tolerance.

Conventions
-----------
Positions are m/z (MS), ppm of the reference frequency (NMR), cm⁻¹ (IR and Raman) or nm (UV/Vis).  A peak is found by
its position through the cells of a grid: cell *n* holds positions from ``n · grid`` on, but not ``(n + 1) · grid``.
Numbers of cells are shifted by :data:`OFFSET`, so that negative shifts have cells too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

OFFSET = 1 << 32
"""The cell of position 0."""
LEAST_LOSS = -1.0
"""Losses below, of peaks far above the precursor, have no cells."""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis.

    Parameters
    ----------
    code : int
        Stands in payloads.
    name : str
        ``mz``, ``shift``, ``wavenumber`` or ``wavelength``.
    title, unit : str
        As they are written at a drawing's axis.
    grid : float
        Width of a cell, in the unit of the axis.
    tolerance : float
        How far matching peaks lie apart if nobody says.
    descends : bool
        Whether people draw it from right to left.
    coarse : float, optional
        Another tolerance that many people take; lists that are other ones then are indexed as well.
    """

    code: int
    name: str
    title: str
    unit: str
    grid: float
    tolerance: float
    descends: bool = False
    coarse: float | None = None

    @property
    def terms(self) -> str:
        """The term space of its cells."""
        return f"spectrum.{self.name}"

    @property
    def ions(self) -> str:
        """The peak space of its cleaned peaks."""
        return f"spectrum.{self.name}_peaks"

    @property
    def coarse_ions(self) -> str:
        """The peak space of peaks that were cleaned for the coarse tolerance, where that makes a difference."""
        return f"spectrum.{self.name}_coarse_peaks"

    @property
    def farthest(self) -> float:
        """Positions as far from 0, or farther, have no cells."""
        return OFFSET * self.grid / 2

    def cell(self, position: float) -> int:
        """Return the cell of a position."""
        return math.floor(position / self.grid) + OFFSET


AXES: dict[str, Axis] = {
    axis.name: axis
    for axis in (
        Axis(0, "mz", "m/z", "", 0.01, 0.01, coarse=0.02),
        Axis(1, "shift", "chemical shift", "ppm", 0.01, 0.05, descends=True),
        Axis(2, "wavenumber", "wavenumber", "cm⁻¹", 2.0, 8.0, descends=True),
        Axis(3, "wavelength", "wavelength", "nm", 1.0, 4.0),
    )
}
BY_CODE: dict[int, Axis] = {axis.code: axis for axis in AXES.values()}
