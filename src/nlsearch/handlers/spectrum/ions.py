"""The precursors that a molecule could give, and which of them a spectrum has: the operator ``neutral``.

Conventions
-----------
Tolerances are half widths in dalton of m/z, or parts per million of the m/z that is expected; windows include their
ends.  An error of 0 scores 1, one as large as the tolerance ½.  A formula with a charge is the ion itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry.formula import counted
from nlsearch.handlers.spectrum import adducts as masses
from nlsearch.handlers.spectrum.adducts import Adduct, monoisotopic_da, parse_adduct, read_adducts
from nlsearch.handlers.spectrum.isotopes import Counts, ion_atoms
from nlsearch.model import Json, Scalar

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEUTRAL_PPM = 10.0
_HINT = 'neutral:"194.0804" or neutral:"C8H10N4O2"'


class AskedIon(NamedTuple):
    """An ion whose precursor is looked for: the adduct, and the window of its m/z with what is expected."""

    adduct: str
    low: float
    high: float
    expected: float


def asked_ions(value: str, options: Mapping[str, Scalar]) -> list[AskedIon]:
    """Return the ions of a molecule, by ascending m/z.

    Parameters
    ----------
    value : str
        The molecule's mass in dalton, or its formula.
    options : mapping
        ``tol_da`` or ``tol_ppm``, ``adducts``, ``ion_mode``.

    Raises
    ------
    QuerySyntax
        If `value` is neither, an adduct cannot be read, both tolerances are given, or no ion is left.
    """
    mass, adducts = _molecule(value.strip(), options)
    ions = [(masses.ion_mz(mass, adduct), adduct) for adduct in adducts]
    found = []
    for expected, adduct in ions:
        tolerance = float(tolerances(options, np.array([expected]), ppm=NEUTRAL_PPM)[0])
        if expected > 0:
            found.append(AskedIon(adduct.name, expected - tolerance, expected + tolerance, expected))
    if not found:
        raise QuerySyntax(f"a molecule of {mass:g} Da is too light for {', '.join(a.name for _, a in ions)}")
    return sorted(found, key=lambda ion: ion.expected)


def _molecule(text: str, options: Mapping[str, Scalar]) -> tuple[float, list[Adduct]]:
    """Return the mass of a molecule and the adducts that apply to it."""
    try:
        mass = float(text)
    except ValueError:
        if not text[:1].isalpha() and text[:1] != "[":
            raise QuerySyntax(f"{text!r} is neither a mass nor a formula", hint=_HINT) from None
        counts, charge = counted(text)
        return monoisotopic_da(counts), possible(counts, adducts_asked(options, charge))
    if not 0 < mass < math.inf:
        raise QuerySyntax(f"a mass is above 0 Da, not {text}", hint=_HINT)
    return mass, adducts_asked(options)


def neutral_da(formula: str) -> float:
    """Return the monoisotopic mass of a formula that can be read."""
    return monoisotopic_da(counted(formula)[0])


def judge_neutral(asked: Sequence[AskedIon], precursor: float) -> tuple[float, dict[str, Json]] | None:
    """Return score and evidence of the ion that a precursor fits best, None if it fits none.

    Parameters
    ----------
    asked : sequence of AskedIon
        Or of tuples like it.
    precursor : float
        m/z.

    Returns
    -------
    score : float
        1 − error / (2 · tolerance), from ½ to 1.
    evidence : dict
        ``adduct``, ``expected`` and ``precursor`` (m/z), ``ppm`` (their difference, positive if the precursor is
        heavier), ``neutral_mass`` (Da, of the precursor as this ion).
    """
    best: tuple[float, AskedIon] | None = None
    for ion in map(AskedIon._make, asked):
        if ion.low <= precursor <= ion.high:
            error = abs(precursor - ion.expected) / max(ion.high - ion.expected, np.finfo(float).tiny)
            score = 1 - min(error, 1.0) / 2
            if best is None or score > best[0]:
                best = score, ion
    if best is None:
        return None
    score, ion = best
    adduct = parse_adduct(ion.adduct)
    evidence: dict[str, Json] = {
        "adduct": ion.adduct,
        "expected": ion.expected,
        "precursor": precursor,
        "ppm": ppm_between(precursor, ion.expected),
        "neutral_mass": masses.neutral_mass(precursor, adduct) if adduct else None,
    }
    return score, evidence


# -------------------------------------------------------------------------------------------------------------- shared
def adducts_asked(options: Mapping[str, Scalar], charge: int = 0) -> list[Adduct]:
    """Return the adducts that ``adducts`` and ``ion_mode`` name; of a formula with a charge the ion itself.

    Raises
    ------
    QuerySyntax
        If one cannot be read, none is left, or adducts are given for an ion.
    """
    text, mode = str(options.get("adducts", "")), str(options.get("ion_mode", "both"))
    if charge and text:
        raise QuerySyntax(
            "a formula with a charge is the ion itself and takes no adducts", hint="leave one of them out"
        )
    return read_adducts(f"[M]{charge:+d}" if charge else text, mode)


def possible(counts: Counts, adducts: list[Adduct]) -> list[Adduct]:
    """Return the adducts that take away only what a formula has.

    Raises
    ------
    QuerySyntax
        If there is none.
    """
    problems: list[QuerySyntax] = []
    left = []
    for adduct in adducts:
        try:
            ion_atoms(counts, adduct)
        except QuerySyntax as exc:
            problems.append(exc)
        else:
            left.append(adduct)
    if not left:
        raise problems[0]
    return left


def tolerances(
    options: Mapping[str, Scalar], mz: NDArray[np.float64], *, da: float = 0.0, ppm: float = 0.0
) -> NDArray[np.float64]:
    """Return the tolerance in dalton at each m/z, shape (n,); `da` or `ppm` if nobody says.

    Raises
    ------
    QuerySyntax
        If both options are given, or one is not above 0.
    """
    named = [name for name in ("tol_da", "tol_ppm") if options.get(name) is not None]
    if len(named) > 1:
        raise QuerySyntax("tol_da and tol_ppm are given; one of them is enough")
    name = named[0] if named else ""
    value = float(options[name]) if name else da or ppm
    if not 0 < value < math.inf:
        raise QuerySyntax(f"{name} is above 0, not {value:g}")
    return np.full(len(mz), value) if name == "tol_da" or (not name and da) else mz * value * 1e-6


def ppm_between(item: float, expected: float) -> float:
    """Return how far `item` lies above `expected`, in parts per million."""
    return (item - expected) / expected * 1e6
