"""Adducts: what a molecule gained and lost when it became the ion that a mass spectrometer saw.

``[2M+Na-2H]-`` is two molecules with a sodium and without two hydrogens, charged once negatively.

Conventions
-----------
Masses are monoisotopic (of each element the most abundant isotope), in dalton; those of ions are without the electrons
that are missing, or with those that are too many.  m/z is positive.  Spellings: :mod:`.adductnames`.

References
----------
N. Huang, M. M. Siegel, G. H. Kruppa, F. H. Laukien, J. Am. Soc. Mass Spectrom. 1999, 10, 1166 (the table of adducts);
CODATA 2018 (mass of the electron).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.chemistry.formula import NUMBERS
from nlsearch.handlers.spectrum.adductnames import atoms_of, normalised, read_spelling

__all__ = [
    "ELECTRON_DA",
    "USUAL",
    "Adduct",
    "ion_mz",
    "monoisotopic_da",
    "neutral_mass",
    "normalised",
    "parse_adduct",
    "read_adducts",
]

ELECTRON_DA = 0.000548579909
USUAL: dict[str, tuple[str, ...]] = {
    "positive": (
        "[M+H]+", "[M+Na]+", "[M+NH4]+", "[M+K]+", "[M]+", "[M+H-H2O]+", "[M+H-NH3]+", "[M+ACN+H]+", "[M+2Na-H]+",
        "[M+2H]2+", "[2M+H]+", "[2M+Na]+",
    ),
    "negative": (
        "[M-H]-", "[M+Cl]-", "[M+HCOO]-", "[M+CH3COO]-", "[M-H-H2O]-", "[M+Na-2H]-", "[M-2H]2-", "[2M-H]-",
    ),
}  # fmt: skip
"""The adducts that are tried if nobody names any, by polarity."""


@dataclass(frozen=True, slots=True)
class Adduct:
    """How an ion is made from molecules.

    Parameters
    ----------
    name : str
        In the standard spelling.
    molecules : int
        How many molecules M are in it, at least 1.
    mass_da : float
        What is added to their mass; the electrons that the charge takes are counted.
    charge : int
        Not 0.
    atoms : tuple of (str, int)
        The elements that are added, with their numbers of atoms, negative for what is lost.
    """

    name: str
    molecules: int
    mass_da: float
    charge: int
    atoms: tuple[tuple[str, int], ...] = ()


# -------------------------------------------------------------------------------------------------------------- masses
@cache
def _masses() -> dict[str, float]:
    from rdkit.Chem import GetPeriodicTable

    table = GetPeriodicTable()
    masses = {symbol: table.GetMostCommonIsotopeMass(number) for symbol, number in NUMBERS.items() if number}
    return masses | {"D": table.GetMassForIsotope(1, 2), "T": table.GetMassForIsotope(1, 3)}


def monoisotopic_da(counts: Iterable[tuple[str, int]], charge: int = 0) -> float:
    """Return the monoisotopic mass of so many atoms of each element, in dalton, without `charge` electrons.

    Raises
    ------
    QuerySyntax
        If one of the symbols is a dummy atom, which has no mass.
    """
    masses = _masses()
    total = -charge * ELECTRON_DA
    for symbol, count in counts:
        if symbol not in masses:
            raise QuerySyntax(f"{symbol} in a formula has no mass", hint="name all elements, as in C8H10N4O2")
        total += masses[symbol] * count
    return total


@lru_cache(maxsize=1024)
def parse_adduct(text: str) -> Adduct | None:
    """Read an adduct in general notation, with or without brackets; None if it cannot be read.

    Parameters
    ----------
    text : str
        As ``[2M+Na-2H]-``, ``[M+2H]++``, ``M+.`` or ``M+H`` (whose charge is that of what is added).
    """
    written = read_spelling(text)
    if written is None:
        return None
    atoms: dict[str, int] = {}
    for part, amount in written.parts:
        for symbol, count in atoms_of(part) or ():
            atoms[symbol] = atoms.get(symbol, 0) + amount * count
    gained = tuple((symbol, count) for symbol, count in atoms.items() if count)
    mass_da = monoisotopic_da(gained, written.charge)
    return Adduct(written.name, written.molecules, mass_da, written.charge, gained)


def ion_mz(neutral_mass: float, adduct: Adduct) -> float:
    """Return the m/z of the ion of a molecule of `neutral_mass` dalton."""
    return (adduct.molecules * neutral_mass + adduct.mass_da) / abs(adduct.charge)


def neutral_mass(mz: float, adduct: Adduct) -> float:
    """Return the mass in dalton of the molecule whose ion has this m/z."""
    return (mz * abs(adduct.charge) - adduct.mass_da) / adduct.molecules


# --------------------------------------------------------------------------------------------------------------- asked
def read_adducts(text: str, ion_mode: str = "both") -> list[Adduct]:
    """Read adducts with blanks or commas between; all of :data:`USUAL` if `text` is empty.

    Parameters
    ----------
    text : str
    ion_mode : str
        ``positive`` or ``negative``: only adducts of this polarity; ``both``.

    Raises
    ------
    QuerySyntax
        Naming the first that cannot be read, or if none is of this polarity.
    """
    names = re.findall(r"[\[(][^\])]*[\])][^\s,;]*|[^\s,;]+", text) or [n for names in USUAL.values() for n in names]
    found: dict[str, Adduct] = {}
    for name in names:
        adduct = parse_adduct(name)
        if adduct is None:
            raise QuerySyntax(f"{name!r} is no adduct that can be read", hint=_usual())
        found.setdefault(adduct.name, adduct)
    wanted = [one for one in found.values() if ion_mode == "both" or (one.charge > 0) == (ion_mode == "positive")]
    if not wanted:
        raise QuerySyntax(f"none of the adducts is {ion_mode}: {', '.join(found)}", hint=_usual())
    return wanted


def _usual() -> str:
    return "the usual ones: " + ", ".join(name for names in USUAL.values() for name in names)
