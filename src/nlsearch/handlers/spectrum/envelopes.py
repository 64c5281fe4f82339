"""Isotopic patterns among the peaks of a spectrum: the operator ``formula`` with ``isotopes=yes``.

A spectrum shows an ion if there is a peak at each position of its isotopic pattern that is high enough to be seen.

Conventions
-----------
The score is the cosine of expected abundances and observed intensities over the pattern's positions, where an absent
peak counts as 0; the contributions of the positions add up to it.  Tolerances as in :mod:`.ions`.  Isotopologues nearer
to each other than 0.02 Da, or than twice the tolerance, are one position, so no peak answers two.  A formula with a
charge is the ion itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry.formula import counted
from nlsearch.handlers.spectrum.adducts import Adduct, ion_mz, monoisotopic_da
from nlsearch.handlers.spectrum.ions import adducts_asked, possible, ppm_between, tolerances
from nlsearch.handlers.spectrum.isotopes import Counts, pattern
from nlsearch.model import Scalar

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATTERN_PPM = 10.0
MERGED_DA = 0.02
"""Isotopologues nearer to each other are one peak in most spectra, however narrow the tolerance is."""
LEAST = 0.05
"""Isotopic peaks below this share of the highest need not be there if nobody says."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """The isotopic pattern of one ion, as it is looked for.

    Parameters
    ----------
    adduct : str
    charge : int
        Of the ion; its sign is the polarity of the spectra that may show it.
    mz : ndarray of float64, shape (n,)
        Ascending.
    abundance : ndarray of float64, shape (n,)
        The highest is 1.
    tolerance_da : ndarray of float64, shape (n,)
    required : ndarray of bool, shape (n,)
        Where there must be a peak; at the highest position always.
    """

    adduct: str
    charge: int
    mz: NDArray[np.float64]
    abundance: NDArray[np.float64]
    tolerance_da: NDArray[np.float64]
    required: NDArray[np.bool_]

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`of` reads."""
        listed = (self.mz, self.abundance, self.tolerance_da, self.required)
        names = ("mz", "abundance", "tolerance_da", "required")
        return {"adduct": self.adduct, "charge": self.charge} | {
            name: values.tolist() for name, values in zip(names, listed, strict=True)
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Pattern:
        """Return the pattern that :meth:`to_json` wrote."""
        mz, abundance, tolerance = (np.asarray(told[name], np.float64) for name in ("mz", "abundance", "tolerance_da"))
        return cls(
            str(told["adduct"]), int(told["charge"]), mz, abundance, tolerance, np.asarray(told["required"], np.bool_)
        )

    def windows(self) -> list[tuple[float, float]]:
        """Return lowest and highest m/z of each peak that must be there."""
        low, high = self.mz - self.tolerance_da, self.mz + self.tolerance_da
        return list(zip(low[self.required].tolist(), high[self.required].tolist(), strict=True))


def asked_patterns(value: str, options: Mapping[str, Scalar]) -> list[Pattern]:
    """Return the isotopic pattern of each ion of a formula.

    An adduct that takes away what the formula has not is left out, unless all do.

    Parameters
    ----------
    value : str
    options : mapping
        ``adducts``, ``ion_mode``, ``tol_da`` or ``tol_ppm``, ``least``.

    Raises
    ------
    QuerySyntax
        If the formula, an adduct or an option cannot be read, no ion is left, or the tolerance is so wide that the
        isotopic peaks of an ion cannot be told apart.
    QueryTooCostly
        If there are too many isotopologues.
    """
    counts, charge = counted(value)
    least = float(options.get("least", LEAST))
    if not 0 < least <= 1:
        raise QuerySyntax(f"least is a share above 0 and up to 1, not {least:g}")
    return [_pattern(counts, adduct, options, least) for adduct in possible(counts, adducts_asked(options, charge))]


def _pattern(counts: Counts, adduct: Adduct, options: Mapping[str, Scalar], least: float) -> Pattern:
    first = np.array([ion_mz(monoisotopic_da(counts), adduct)])
    mz, abundance = pattern(counts, adduct, _apart(first, adduct, options))
    mz, abundance = pattern(counts, adduct, _apart(mz, adduct, options))
    tolerance = tolerances(options, mz, ppm=PATTERN_PPM)
    return Pattern(adduct.name, adduct.charge, mz, abundance, tolerance, (abundance >= least) | (abundance == 1))


def _apart(mz: NDArray[np.float64], adduct: Adduct, options: Mapping[str, Scalar]) -> float:
    """Return how far positions must lie apart, in dalton, so that no peak is within the tolerance of two."""
    widest = float(tolerances(options, mz, ppm=PATTERN_PPM).max())
    if 2 * widest * abs(adduct.charge) >= 1:
        raise QuerySyntax(
            f"±{widest:g} Da of m/z does not tell the isotopic peaks of {adduct.name} apart",
            hint=f"give tol_da below {0.5 / abs(adduct.charge):g}, or other adducts",
        )
    return max(2 * widest, MERGED_DA)


def judge_pattern(
    asked: Pattern, positions: NDArray[np.float64], intensities: NDArray[np.float64]
) -> tuple[float, list[list[float]]] | None:
    """Return how well the peaks of a spectrum show a pattern, None if a peak that must be there is not.

    Parameters
    ----------
    asked : Pattern
    positions, intensities : ndarray of float64, shape (m,)
        Peaks, by ascending m/z.

    Returns
    -------
    score : float
        The cosine.
    pairs : list of [mz_expected, mz_item, ppm, contribution]
        For each position with a peak: the highest in its window.
    """
    first = np.searchsorted(positions, asked.mz - asked.tolerance_da, "left")
    last = np.searchsorted(positions, asked.mz + asked.tolerance_da, "right")
    there = last > first
    if np.any(asked.required & ~there):
        return None
    places = [int(a) + int(np.argmax(intensities[a:b])) for a, b in zip(first[there], last[there], strict=True)]
    seen = intensities[places]
    length = float(np.linalg.norm(asked.abundance) * np.linalg.norm(seen))
    if not length or not np.all(intensities[places][asked.required[there]] > 0):
        return None
    parts = asked.abundance[there] * seen / length
    expected, found = asked.mz[there].tolist(), positions[places].tolist()
    pairs = [
        [mz, item, ppm_between(item, mz), part] for mz, item, part in zip(expected, found, parts.tolist(), strict=True)
    ]
    return min(float(parts.sum()), 1.0), pairs
