"""Isotopic patterns: at which m/z the isotopologues of an ion stand, and how high.

The isotopologues come from IsoSpecPy (BSD-2-Clause, wheels of 0.3 MB for Linux, macOS and Windows that serve every
Python from 3.9 on).  Of the libraries that were compared it alone is exact at the resolution of today's instruments and
quick: C8H10N4O2 takes 25 µs and C100H150N20O30S2 30 µs after an import of 60 ms.  molmass (BSD-3-Clause, pure Python,
14 ms) takes 130 µs and 2.7 ms and adds up all isotopologues of a mass number, so that ³⁴S and ¹³C₂, 11 mDa apart, are
one peak whatever the instrument; pyteomics (Apache-2.0) takes 14 ms for C8H10N4O2.

Conventions
-----------
Abundances are shares of the highest peak.  The isotopologues that are left out have together less than 0.001 % of the
molecules.  Those whose neighbours are nearer than `merge_da` (on the m/z axis) are one peak at their mean position,
weighted by abundance: the instrument is taken not to tell them apart.  Masses and natural abundances of isotopes are
those of RDKit's periodic table (IUPAC's representative ones).  Deuterium in a formula stands for ²H alone.

References
----------
M. K. Łącki, D. Valkenborg, M. P. Startek, *IsoSpec2*, Anal. Chem. 2020, 92, 9472.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.errors import MissingExtra, QuerySyntax, QueryTooCostly
from nlsearch.handlers.chemistry.formula import NUMBERS, counted
from nlsearch.handlers.spectrum.adducts import ELECTRON_DA, Adduct

if TYPE_CHECKING:
    from numpy.typing import NDArray

Counts = Sequence[tuple[str, int]]
_LABELS = {"D": 2, "T": 3}
COVERED = 0.99999
"""Share of the molecules whose isotopologues are enumerated."""
LEAST = 0.001
"""Peaks below this share of the highest are left out."""
MOST_ATOMS = 1_000_000
"""The library refuses ten times as many."""
MOST_WAYS = 4e7
"""Ions with more likely isotopologues (:func:`_ways`) are refused: 0.5 s and 0.3 GB, as an antibody takes."""


def pattern(
    formula: str | Counts, adduct: Adduct | None = None, merge_da: float = 0.02
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the isotopic pattern of the ion of a molecule.

    Parameters
    ----------
    formula : str or sequence of (str, int)
        Of the molecule; a text may end in a charge if it is the ion itself.
    adduct : Adduct, optional
        How it is ionised.  Without, the pattern is that of `formula` as it is written; of neutral molecules on the axis
        of mass.
    merge_da : float
        Isotopologues nearer to each other than so many dalton of m/z are one peak.

    Returns
    -------
    mz : ndarray of float64, shape (n,)
        Ascending.
    abundance : ndarray of float64, shape (n,)
        The highest is 1; none is below :data:`LEAST`.

    Raises
    ------
    QuerySyntax
        If the formula cannot be read, has an element without natural isotopes, or lacks what the adduct takes away.
    QueryTooCostly
        If there are too many isotopologues.
    MissingExtra
        If IsoSpecPy is not installed.
    """
    counts, charge = counted(formula) if isinstance(formula, str) else (list(formula), 0)
    atoms = ion_atoms(counts, adduct)
    if adduct is not None:
        charge = adduct.charge
    masses, shares = _isotopologues(atoms)
    mz = (masses - charge * ELECTRON_DA) / max(abs(charge), 1)
    return _merged(mz, shares, merge_da)


def ion_atoms(counts: Counts, adduct: Adduct | None) -> dict[str, int]:
    """Return the elements of an ion with their numbers of atoms.

    Raises
    ------
    QuerySyntax
        If the molecule lacks what the adduct takes away, or nothing is left.
    """
    atoms: dict[str, int] = {}
    for symbol, count in counts:
        atoms[symbol] = atoms.get(symbol, 0) + count * (adduct.molecules if adduct else 1)
    for symbol, count in adduct.atoms if adduct else ():
        atoms[symbol] = atoms.get(symbol, 0) + count
    name = adduct.name if adduct else ""
    lacking = next((symbol for symbol, count in atoms.items() if count < 0), None)
    if lacking:
        raise QuerySyntax(f"the formula has too few {lacking} to give {name}")
    atoms = {symbol: count for symbol, count in atoms.items() if count}
    if not atoms:
        raise QuerySyntax(f"no atom is left in {name}" if name else "formula: no atoms")
    return atoms


# ------------------------------------------------------------------------------------------------------------- library
@cache
def _library() -> Any:  # noqa: ANN401 - a module without types
    try:
        import IsoSpecPy
    except ImportError as exc:
        raise MissingExtra("isotopic patterns need IsoSpecPy", hint="pip install IsoSpecPy") from exc
    return IsoSpecPy


@cache
def isotopes_of(symbol: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the masses in dalton of an element's isotopes, and the share of each in nature; none, if it is not found.

    ``D`` and ``T`` are one isotope each.
    """
    from rdkit.Chem import GetPeriodicTable

    table, number = GetPeriodicTable(), NUMBERS[symbol]
    if symbol in _LABELS:
        return (table.GetMassForIsotope(1, _LABELS[symbol]),), (1.0,)
    natural = [n for n in range(number, 3 * number + 3) if number and table.GetAbundanceForIsotope(number, n) > 0]
    shares = [table.GetAbundanceForIsotope(number, n) for n in natural]
    masses = tuple(table.GetMassForIsotope(number, n) for n in natural)
    return masses, tuple(share / sum(shares) for share in shares)


def _isotopologues(atoms: dict[str, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mass in dalton and share of each likely isotopologue, both of shape (n,), in no order."""
    library = _library()
    unknown = next((symbol for symbol in atoms if not isotopes_of(symbol)[0]), None)
    if unknown:
        raise QuerySyntax(f"{unknown} has no natural isotopes", hint="an isotopic pattern wants elements that have")
    if sum(atoms.values()) > MOST_ATOMS:
        raise QueryTooCostly(f"{sum(atoms.values()):,} atoms; isotopic patterns are given up to {MOST_ATOMS:,}")
    if _ways(atoms) > MOST_WAYS:
        raise QueryTooCostly("the formula has too many isotopologues", hint="leave elements with many isotopes out")
    masses, shares = zip(*map(isotopes_of, atoms), strict=True)
    found = library.IsoTotalProb(
        prob_to_cover=COVERED, atomCounts=list(atoms.values()), isotopeMasses=masses, isotopeProbabilities=shares
    )
    return np.array(found.np_masses()), np.array(found.np_probs())


def _ways(atoms: dict[str, int]) -> float:
    """Return about how many isotopologues are likely, rather too many.

    The number of atoms of a rare isotope of share *p* among *n* atoms stays within ±4 √(n p) of its mean.
    """
    return math.prod(
        min(1 + 8 * math.sqrt(count * share), count + 1)
        for symbol, count in atoms.items()
        for share in sorted(isotopes_of(symbol)[1])[:-1]
    )


def _merged(
    mz: NDArray[np.float64], shares: NDArray[np.float64], merge_da: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add up isotopologues that stand nearer than `merge_da`; drop the low ones."""
    order = np.argsort(mz)
    mz, shares = mz[order], shares[order]
    starts = np.flatnonzero(np.diff(mz, prepend=-np.inf) >= merge_da)
    heights = np.add.reduceat(shares, starts)
    centres = np.add.reduceat(mz * shares, starts) / heights
    abundance = heights / heights.max()
    kept = abundance >= LEAST
    return centres[kept], abundance[kept]
