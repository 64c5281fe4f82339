"""How adducts are spelled: one standard name for each ion, whoever writes it.

Records spell one ion in many ways: ``[M+FA-H]-``, ``[M+HCOOH-H]-``, ``M+HCOO-``.  :func:`normalised` gives the one
spelling under which all are found.  No masses here, so nothing heavy is imported.

Conventions
-----------
The standard spelling stands in square brackets: molecules, then what was added (neutral molecules, H, other ions), then
what was lost (H first), each by the alphabet; one name for each part (``ACN``, ``HCOO``, ``NH4``), a number before it;
the charge behind: ``+``, ``2+``, ``-``; what is written as a radical ends in ``*``, as in MassBank.  An acid that was
added without its proton is its anion, ammonia with a proton is ammonium.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from nlsearch.handlers.chemistry.formula import NUMBERS

_NAMED = (
    ("ACN", "C2H3N", "CH3CN MeCN"),
    ("MeOH", "CH4O", "CH3OH"),
    ("iPrOH", "C3H8O", "IsoProp Isoprop isoprop IPA"),
    ("DMSO", "C2H6OS", ""),
    ("FA", "CH2O2", "HCOOH HCO2H"),
    ("HAc", "C2H4O2", "Hac HOAc AcOH CH3COOH CH3CO2H"),
    ("TFA", "C2HF3O2", "CF3COOH CF3CO2H"),
    ("HCOO", "CHO2", "HCO2 CHOO COOH formate"),
    ("CH3COO", "C2H3O2", "CH3CO2 OAc AcO acetate"),
    ("CF3COO", "C2F3O2", "CF3CO2"),
    ("NH4", "H4N", ""),
    ("NH3", "H3N", ""),
    ("H2O", "H2O", "OH2 HOH"),
)
"""Standard name of a part, its formula, and what it is called besides."""
_FORMULAS = {name: formula for name, formula, _ in _NAMED}
_SAME = {other: name for name, formula, others in _NAMED for other in (formula, *others.split())} | {"e": ""}
_JOINED = (("FA", -1, "HCOO"), ("HAc", -1, "CH3COO"), ("TFA", -1, "CF3COO"), ("NH3", 1, "NH4"))
"""A part that with so many H is another: first, H, both together."""
_CHARGES = {"H": 1, "Li": 1, "Na": 1, "K": 1, "Rb": 1, "Cs": 1, "Ag": 1, "NH4": 1, "F": -1, "Cl": -1, "Br": -1,
            "I": -1, "HCOO": -1, "CH3COO": -1, "CF3COO": -1, "NO3": -1}  # fmt: skip
"""Charges of parts, for spellings that leave the ion's out."""
_LONGEST = 80
_SIGNS = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2212": "-", "\u2022": ".", "\u00b7": ".",
                        "*": ".", "(": "[", ")": "]"})  # fmt: skip
_BRACKETED = re.compile(r"\[([^\[\]]+)\](.*)")
_BARE = re.compile(r"((?:\d*M|Cat).*?)(\.?(?:\d*[+-]\.?)?)")
_WHOLE = re.compile(r"([1-9]\d?)?(?:M|Cat)(H|Na|K|NH4)?((?:[+-]\d{0,2}[A-Za-z][A-Za-z0-9]*)*)")
_PART = re.compile(r"([+-])(\d{0,2})([A-Za-z][A-Za-z0-9]*)")
_CHARGE = re.compile(r"(\.?)(?:(\d{0,2})([+-])|([+-])(\d{1,2})|(\+{2,9}|-{2,9}))(\.?)")
_ATOMS = re.compile(r"([A-Z][a-z]?)(\d{0,3})")


@dataclass(frozen=True, slots=True)
class Written:
    """What a spelling says.

    Parameters
    ----------
    molecules : int
        How many molecules M are in the ion.
    parts : tuple of (str, int)
        What was added, or lost (negative), by its standard name.
    charge : int
    radical : bool
    """

    molecules: int
    parts: tuple[tuple[str, int], ...]
    charge: int
    radical: bool

    @property
    def name(self) -> str:
        """The standard spelling."""
        amount = abs(self.charge)
        sign = "+" if self.charge > 0 else "-"
        ordered = sorted(self.parts, key=_place)
        said = "".join(("+" if n > 0 else "-") + (str(abs(n)) if abs(n) > 1 else "") + part for part, n in ordered)
        number = str(self.molecules) if self.molecules > 1 else ""
        return f"[{number}M{said}]{amount if amount > 1 else ''}{sign}{'*' if self.radical else ''}"


def _place(part: tuple[str, int]) -> tuple[bool, int, str]:
    """Return where a part stands in the standard spelling."""
    name, amount = part
    if amount < 0:
        return True, name != "H", name
    return False, 1 if name == "H" else 2 if name in _CHARGES else 0, name


@lru_cache(maxsize=1024)
def read_spelling(text: str) -> Written | None:
    """Read a spelling; None if it is none."""
    if len(text) > _LONGEST:
        return None
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).translate(_SIGNS))
    found = _BRACKETED.fullmatch(plain) or _BARE.fullmatch(plain)
    whole = _WHOLE.fullmatch(found.group(1)) if found else None
    if found is None or whole is None:
        return None
    number, joined, listed = whole.groups()
    parts = _parts(("+" + joined if joined else "") + listed)
    charge, radical = _charge_of(found.group(2), parts)
    if not charge or any(atoms_of(part) is None for part in parts):
        return None
    return Written(int(number or 1), tuple(parts.items()), charge, radical)


def _parts(listed: str) -> dict[str, int]:
    """Return what was added (positive) and lost (negative), by standard names."""
    parts: dict[str, int] = {}
    for sign, number, said in _PART.findall(listed):
        name = _SAME.get(said, said)
        parts[name] = parts.get(name, 0) + int(sign + (number or "1"))
    for name, hydrogens, joint in _JOINED:
        pairs = min(parts.get(name, 0), parts.get("H", 0) * hydrogens)
        if pairs > 0:
            parts[name] -= pairs
            parts["H"] -= pairs * hydrogens
            parts[joint] = parts.get(joint, 0) + pairs
    return {name: amount for name, amount in parts.items() if name and amount}


def _charge_of(text: str, parts: dict[str, int]) -> tuple[int, bool]:
    """Return the charge, 0 if it is not known, and whether a radical is written."""
    if not text.strip("."):
        return sum(_CHARGES.get(name, 0) * amount for name, amount in parts.items()), bool(text)
    found = _CHARGE.fullmatch(text)
    if found is None:
        return 0, False
    first, before, sign, sign_too, after, many, last = found.groups()
    amount = len(many) if many else int(before or after or 1)
    return (-amount if "-" in (sign or sign_too or many) else amount), bool(first or last)


@lru_cache(maxsize=1024)
def atoms_of(part: str) -> tuple[tuple[str, int], ...] | None:
    """Return the elements of a part and their numbers of atoms; None if it is no formula, or ambiguous (Ac)."""
    formula = _FORMULAS.get(part, part)
    found = _ATOMS.findall(formula)
    if "".join(symbol + count for symbol, count in found) != formula:
        return None
    if any(symbol not in NUMBERS or symbol in {"D", "T", "Ac"} for symbol, _ in found):
        return None
    return tuple((symbol, int(count or 1)) for symbol, count in found)


def normalised(text: str) -> str:
    """Return the standard spelling of an adduct, or `text` without blanks at its ends if it cannot be read."""
    written = read_spelling(text)
    return text.strip() if written is None else written.name
