"""Continuous traces: telling them from peak lists, and keeping their samples.

Conventions
-----------
A trace has an intensity at every step of its axis, peaks or not; its intensities may be negative (noise, absorbance
below the baseline, NMR signals of the other phase), so they are kept as they are, and peaks are picked later.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import MalformedContent
from nlsearch.handlers.spectrum.records import Listed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SAMPLES = {"mz": 200}
FEWEST = 40
"""A peak list is shorter or less even than a trace of so many samples; one of nominal masses may be rather long."""
_DEEP = re.compile(r"transmi|reflect|%\s*[TRtr]\b|^\s*[tr]\s*$", re.IGNORECASE)
_EVEN = 0.05  # of the step
_NEAR_MZ = 0.3  # dalton: bars at whole masses are even, too, and no trace


def sampled(positions: ArrayLike, intensities: ArrayLike) -> Listed:
    """Return the samples of a trace as they are kept: finite, ascending, one at each position (the first).

    Parameters
    ----------
    positions, intensities : array_like of float, shape (n,)
        In any order; spectrometers count down as well as up.
    """
    where, how_much = np.asarray(positions, np.float64), np.asarray(intensities, np.float64)
    finite = np.isfinite(where) & np.isfinite(how_much) & (np.abs(how_much) <= np.finfo(np.float32).max)
    lost = len(where) - int(finite.sum())
    warnings = [f"{lost:,} points were not measured or are no finite numbers, and are left out"] if lost else []
    where, how_much = where[finite], how_much[finite]
    order = np.argsort(where, kind="stable")
    where, how_much = where[order], how_much[order]
    distinct = np.concatenate([[True], where[1:] != where[:-1]])[: len(where)]
    if not distinct.all():
        warnings.append(f"{int((~distinct).sum()):,} points at a position that another one has are left out")
    return Listed(where[distinct], how_much[distinct], warnings)


def is_trace(positions: NDArray[np.float64], axis: str) -> bool:
    """Say whether so many positions at so even distances must be samples of a trace.

    At least :data:`FEWEST` (of m/z 200), half of whose distances are within 5 % of the distance before, are; of m/z
    the median distance must also be below 0.3 Da, as spectra of nominal masses have a bar at every whole number.

    Parameters
    ----------
    positions : ndarray of float64, shape (n,)
        Ascending.
    axis : str
        A name of :data:`nlsearch.handlers.spectrum.axes.AXES`.
    """
    if len(positions) < SAMPLES.get(axis, FEWEST):
        return False
    steps = np.diff(positions)
    even = np.abs(steps[1:] - steps[:-1]) <= _EVEN * steps[:-1]
    near = axis != "mz" or float(np.median(steps)) < _NEAR_MZ
    return bool(2 * int(even.sum()) >= len(even)) and near


def upright(intensities: NDArray[np.float64], units: str, warnings: list[str]) -> NDArray[np.float64]:
    """Return intensities of which the bands are maxima: of transmittance or reflectance T, 1 − T / max T.

    Parameters
    ----------
    intensities : ndarray of float64, shape (n,)
        NaN where not measured.
    units : str
        What they are, as the record says; what is neither transmittance nor reflectance is returned as it is.
    warnings : list of str
        What was done is added.

    Raises
    ------
    MalformedContent
        If there is no light anywhere.
    """
    if not _DEEP.search(units):
        return intensities
    top = float(np.nanmax(intensities, initial=-math.inf))
    if not 0 < top < math.inf:
        raise MalformedContent(f"{units.strip().lower()} that is nowhere above zero")
    warnings.append(f"{units.strip().lower()} was turned into 1 − T / max T, so that bands are maxima")
    return 1.0 - intensities / top
