"""Reading the values of spectral metadata: numbers with units, adducts, charges, dates, as many programs write them.

Conventions
-----------
A reader of a value returns it as the declared field holds it, None for what says nothing ("N/A", a precursor of 0), and
raises ValueError for what it does not understand.  Adducts are written ``[M+H]+``, ``[M+2H]2+``, ``[M]+*`` as in
MassBank; times are in seconds.

References
----------
MassBank Record Format 2.6, 2023.  Mascot generic format, Matrix Science.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from math import isfinite

_NOTHING = frozenset({"", "n/a", "na", "nan", "null", "none", "-", "--", "?", "unknown", "undefined", "not available"})
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_CHARGE = re.compile(r"([+-]?)(\d+)(?:\.0+)?([+-]?)")
_ION = re.compile(
    r"(?P<open>\[?)(?P<ion>\d*M(?:[+-]\d*(?:[A-Z][A-Za-z0-9]*|e))*)(?P<radical>[.*•·]?)\]?"
    r"(?P<before>[.*•·]?)(?P<charge>\d*[+-]|[+-]\d+|\++|-+)?(?P<after>[.*•·]?)"
)
_PART = re.compile(r"([+-])(\d*)([A-Za-z0-9]+)")
_CHARGES = {
    **dict.fromkeys(("H", "Na", "K", "Li", "NH4", "Ag", "Rb", "Cs"), 1),
    **dict.fromkeys(("Ca", "Mg", "Ba", "Zn"), 2),
    **dict.fromkeys(
        ("Cl", "Br", "I", "F", "HCOO", "HCO2", "CHO2", "CHOO", "CH3COO", "CH3CO2", "C2H3O2", "NO3", "e"), -1
    ),
    **dict.fromkeys(("OAc", "Oac", "OAC", "HSO4", "CF3COO", "CF3CO2"), -1),
}
"""Charges of what adducts are made of; all else is neutral."""
_ENERGY = re.compile(r"(?:(?<![A-Za-z\d.=])|(?<=CE)|(?<=HCD)|(?<=CID))(\d+(?:\.\d+)?)(\s*k(?:e?V)\b)?")
_TIME = re.compile(r"([+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)")
_TIME_UNIT = re.compile(r"(?<![A-Za-z])(?:(ms|msec)|(s|secs?|seconds?)|(m|mins?|minutes?)|(h|hrs?|hours?))(?![A-Za-z])")
_UNIT_SECONDS = (0.001, 1.0, 60.0, 3600.0)
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?|\.\d+)S)?)?")
_DATE = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?!\d)")
_INCHIKEY = re.compile(r"[A-Z]{14}(?:-[A-Z]{10}(?:-[A-Z])?)?")
_CAS = re.compile(r"(?<![\d-])(\d{2,7}-\d\d-\d)(?![\d-])")
_LEVEL = re.compile(r"(?:ms\^?)?\s*(\d+)(?:\.0+)?(?:\s*spectrum)?")
_IONIZATIONS = {
    "electrospray": "ESI",
    "nanoelectrospray": "nanoESI",
    "microelectrospray": "ESI",
    "atmospheric pressure chemical": "APCI",
    "atmospheric pressure photo": "APPI",
    "matrix-assisted laser": "MALDI",
    "matrix-assisted laser desorption": "MALDI",
    "electron": "EI",
    "chemical": "CI",
    "fast atom bombardment": "FAB",
    "field": "FI",
}

Warn = Callable[[str], object]


def said(text: str) -> str:
    """Return `text` without white space around it, ``""`` if it says nothing."""
    text = text.strip()
    return "" if len(text) < 14 and text.casefold() in _NOTHING else text


def amount(text: str, warn: Warn) -> float | None:
    """Return a positive number, None for 0 and below; of several the first, with a warning."""
    try:
        value = float(text)
    except ValueError:
        found = _NUMBER.findall(text)
        if not found:
            raise
        value = float(found[0])
        if len(found) > 1:
            warn(f"of {text!r} the first number counts")
    if not isfinite(value):
        raise ValueError(text)
    if value < 0:
        warn(f"{text!r} is below 0 and left out")
    return value if value > 0 else None


def charge(text: str, mode: str, warn: Warn) -> int | None:
    """Return a charge with its sign, which that of the ion mode is where they differ; None for 0."""
    match = _CHARGE.fullmatch(text.replace(" ", ""))
    if match is None or len(match[2]) > 3:
        raise ValueError(text)
    signs = match[1] + match[3]
    if len(signs) > 1:
        raise ValueError(text)
    value = int(match[2]) * (-1 if signs == "-" else 1)
    wanted = {"positive": 1, "negative": -1}.get(mode, 0)
    if value * wanted < 0:
        if signs:
            warn(f"charge {text} in {mode} ion mode: read as {-value:+d}")
        value = -value
    return value or None


def adduct(text: str, mode: str) -> tuple[str, int | None]:
    """Return an adduct in its normal spelling, and its charge; a text that is none stays as it is, without charge."""
    match = _ION.fullmatch(text.replace(" ", ""))
    if match is None:
        return text, None
    ion, given = match["ion"], match["charge"] or ""
    net = sum(
        (1 if sign == "+" else -1) * int(count or 1) * _CHARGES.get(name, 0) for sign, count, name in _PART.findall(ion)
    )
    wanted = {"positive": 1, "negative": -1}.get(mode, 0)
    value = _signed(given) if given else net or wanted
    if not value or (not given and value * wanted < 0) or (not match["open"] and net and value != net):
        return text, None
    size = "" if abs(value) == 1 else abs(value)
    radical = "*" if match["radical"] or match["before"] or match["after"] else ""
    return f"[{ion}]{size}{'+' if value > 0 else '-'}{radical}", value


def _signed(text: str) -> int:
    digits = text.strip("+-")
    size = int(digits) if digits else len(text)
    return -size if "-" in text else size


def ion_mode(text: str) -> str | None:
    """Return ``positive`` or ``negative``."""
    word = text.casefold()
    if word in {"p", "+", "1", "+1"} or "positiv" in word or word.startswith("pos"):
        return "positive"
    if word in {"n", "-", "-1"} or "negativ" in word or word.startswith("neg"):
        return "negative"
    raise ValueError(text)


def level(text: str) -> int | None:
    """Return the MS level; None for "MSn", which does not tell it."""
    word = text.casefold().replace(" ", "")
    if word in {"ms", "fullms", "fullscan"}:
        return 1
    if word in {"ms/ms", "msms"}:
        return 2
    match = _LEVEL.fullmatch(word)
    if match is None or len(match[1]) > 2:
        if word == "msn":
            return None
        raise ValueError(text)
    return int(match[1]) or None


def energies(text: str) -> float | list[float] | None:
    """Return the collision energies that `text` names; None if it tells them by a formula, or not by numbers."""
    if "mz" in text or "m/z" in text:
        return None
    found = [float(number) * (1000 if kilo else 1) for number, kilo in _ENERGY.findall(text)]
    if found and text.startswith("-"):
        found[0] = -found[0]
    several = list(dict.fromkeys(found))
    return several if len(several) > 1 else several[0] if several else None


def seconds(text: str, unit: float | None, warn: Warn) -> float | None:
    """Return a time in seconds; a bare number is in `unit` seconds, None if nobody knows; below 0 is none."""
    found = _TIME.findall(text)
    if not found:
        raise ValueError(text)
    value = float(found[0].replace(",", "."))
    named = _TIME_UNIT.search(text)
    if named is not None:
        unit = next(size for size, hit in zip(_UNIT_SECONDS, named.groups(), strict=True) if hit)
    if unit is None:
        warn(f"retention time {text!r} is left out: it has no unit")
        return None
    if len(found) > 1:
        warn(f"of the retention times {text!r} the first counts")
    return round(value * unit, 6) if value >= 0 else None


def duration(text: str) -> float | None:
    """Return the seconds of an XML Schema duration such as ``PT348.146S``; a bare number is seconds."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return float(text)
    days, hours, minutes, rest = (float(part or 0) for part in match.groups()[1:])
    value = 86400 * days + 3600 * hours + 60 * minutes + rest
    return None if match[1] else round(value, 6)


def iso_date(text: str) -> str:
    """Return the first date of `text` as ISO 8601 writes it."""
    match = _DATE.search(text)
    if match is None:
        raise ValueError(text)
    return date(*map(int, match.groups())).isoformat()


def inchikey(text: str) -> str:
    """Return an InChIKey, whole or its first blocks."""
    key = text.removeprefix("InChIKey=").upper()
    if not _INCHIKEY.fullmatch(key):
        raise ValueError(text)
    return key


def inchi(text: str) -> str:
    """Return an InChI with its prefix, which some libraries lose, and without quotes."""
    bare = text.strip("\"' ")
    if bare.startswith(("1S/", "1/")):
        return f"InChI={bare}"
    if not bare.startswith("InChI=1"):
        raise ValueError(text)
    return bare


def cas(text: str) -> str | None:
    """Return the first CAS number of `text`; NIST writes them without dashes."""
    match = _CAS.search(text)
    if match is not None:
        return match[1]
    digits = text.strip()
    if not digits.isdecimal():
        raise ValueError(text)
    if not int(digits):
        return None
    body = digits[:-1]
    if not 5 <= len(digits) <= 10 or sum(i * int(d) for i, d in enumerate(reversed(body), 1)) % 10 != int(digits[-1]):
        raise ValueError(text)
    return f"{digits[:-3]}-{digits[-3:-1]}-{digits[-1]}"


def splash(text: str) -> str:
    """Return a SPLASH."""
    if not text.startswith("splash1"):
        raise ValueError(text)
    return text


def ionization(text: str) -> str:
    """Return how ions were made, briefly: ``ESI`` for "LC-ESI" and "electrospray ionization"."""
    long = _IONIZATIONS.get(re.sub(r"[ /-]*(?:desorption[ /])?ioni[sz]ation$", "", text.casefold()))
    if long:
        return long
    return text[3:] if text[:3].upper() in {"LC-", "GC-", "CE-", "DI-"} else text
