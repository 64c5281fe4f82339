"""Positions of JCAMP-DX: the X of every value, and the axis that a technique is searched on.

Conventions
-----------
Mass spectra have m/z, NMR spectra ppm (hertz are divided by the observe frequency in MHz, and shifted as the shift
reference says), IR and Raman spectra cm⁻¹, UV/Vis spectra nm; other units are converted, with a warning.

References
----------
R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 1988, 42, 151.  A. N. Davies and P. Lampen, Appl. Spectrosc. 1993, 47,
1093 (NMR).  P. Lampen et al., Appl. Spectrosc. 1994, 48, 1545 (mass spectra).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import MalformedContent, UnsupportedFeature
from nlsearch.handlers.spectrum.records import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.spectrum.formats.asdf import Ordinates

_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\s?\d*|[.,]\d+)(?:[Ee][+-]?\d+)?")
_TIME = re.compile(r"\bFID\b|INTERFEROGRAM|TIME DOMAIN")
_PLANE = re.compile(r"\b[N2-4]-?D\b")
_TECHNIQUES = (
    (re.compile(r"NMR|NUCLEAR MAGNETIC"), "NMR"),
    (re.compile(r"RAMAN"), "Raman"),
    (re.compile(r"INFRA ?-?RED|FT-?IR|\bN?IR\b|\bATR\b"), "IR"),
    (re.compile(r"ULTRA ?-?VIOLET|\bUV|VISIBLE"), "UV/Vis"),
    (re.compile(r"MASS\b|\bMS\b"), "MS"),
)
_OTHER = re.compile(r"MOBILITY|CHROMATO|\bTIC\b|NEUTRON|X-?RAY|\bE[PS]R\b|FLUORESC|EMISSION|HPLC")
_UNITS = (
    (re.compile(r"1/cm|cm\s*\^?\s*-\s*1|cm⁻¹|wave ?number|reciprocal cent|raman shift"), "per_cm"),
    (re.compile(r"micro ?met|micron|\b[uµμ]m\b"), "um"),
    (re.compile(r"nano ?met|\bnm\b"), "nm"),
    (re.compile(r"ppm|parts per million"), "ppm"),
    (re.compile(r"^\s*(?:hz|hertz)\b"), "hz"),
    (re.compile(r"m/?[ze]\b|mass|\bamu\b|\bda\b|dalton"), "mz"),
)
_OF_UNIT = {"per_cm": "IR", "um": "IR", "nm": "UV/Vis", "ppm": "NMR", "hz": "NMR", "mz": "MS"}


def number(text: str | None) -> float:
    """Return the first number in a label's value, NaN if there is none; a decimal comma is fine."""
    found = _NUMBER.search(text or "")
    try:
        return float(re.sub(r"\s", "", found.group()).replace(",", ".")) if found else math.nan
    except ValueError:
        return math.nan


def unit_of(text: str) -> str:
    """Return ``per_cm``, ``um``, ``nm``, ``ppm``, ``hz`` or ``mz`` for XUNITS as people write it, ``""`` for others."""
    return next((unit for pattern, unit in _UNITS if pattern.search(text.strip().lower())), "")


def technique_of(data_type: str, unit: str, warnings: list[str]) -> str:
    """Return the technique that DATA TYPE names, or that the unit of X implies if it names none.

    Raises
    ------
    UnsupportedFeature
        If it is no spectrum of one of the techniques, or not one of one dimension over its axis.
    """
    kind = " ".join(data_type.upper().replace("_", " ").split())
    if _TIME.search(kind):
        raise UnsupportedFeature(f"{kind}: data over time, from which the spectrum was not yet made")
    if _PLANE.search(kind):
        raise UnsupportedFeature(f"{kind}: a spectrum of more than one dimension")
    named = None if _OTHER.search(kind) else next((name for pattern, name in _TECHNIQUES if pattern.search(kind)), None)
    if named:
        return named
    if (not kind or kind in {"SPECTRUM", "LINK", "UNKNOWN"}) and unit in _OF_UNIT:
        warnings.append(f"##DATA TYPE= is missing; read as {_OF_UNIT[unit]}, as its unit implies")
        return _OF_UNIT[unit]
    raise UnsupportedFeature(f"{kind or 'a block without data type'}: no spectrum by mass, NMR, IR, Raman or UV/Vis")


@dataclass(slots=True)
class Span:
    """What the labels tell of X: factor, first and last value, number of points, distance; NaN where they do not."""

    factor: float = 1.0
    first: float = math.nan
    last: float = math.nan
    points: float = math.nan
    step: float = math.nan


def abscissas(found: Ordinates, span: Span, warnings: list[str]) -> NDArray[np.float64]:
    """Return the X of each value: evenly from FIRSTX on, checked against the X at the beginnings of the lines.

    The distance is that of FIRSTX, LASTX and NPOINTS, else another that the labels or the lines imply, whichever
    the X of the lines fit best.  If some do not fit and the number of points is not as declared, lines are missing or
    damaged: then each line's points follow its own X.

    Raises
    ------
    MalformedContent
        If neither labels nor lines tell the distance.
    """
    n, columns = len(found.values), found.columns * _factor(found, span, warnings)
    first = columns[0] if math.isnan(span.first) else span.first
    steps = _steps(found, columns, span, first)
    if not steps:
        raise MalformedContent("neither its labels nor its lines tell the distance of its points")
    slack = 0.51 * found.step * abs(span.factor)
    off = [np.abs(first + found.starts * step - columns) > 1.01 * abs(step) + slack for step in steps]
    best = min(range(len(steps)), key=lambda at: int(off[at].sum()))
    step, bad = steps[best], np.flatnonzero(off[best])
    if best and not math.isnan(span.last):
        warnings.append(f"FIRSTX, LASTX and NPOINTS do not fit the lines; points are taken to be {abs(step):.6g} apart")
    if len(bad):
        where = f"the X of {counted(len(bad), 'line')} does not fit, first in line {int(found.numbers[bad[0]])}"
        if n != span.points:
            warnings.append(f"{where}: points are placed by the X of their line")
            line = np.searchsorted(found.starts, np.arange(n), "right") - 1
            return np.asarray(columns[line] + (np.arange(n) - found.starts[line]) * step, np.float64)
        warnings.append(f"{where}; the number of points does")
    return np.asarray(first + np.arange(n) * step, np.float64)


def _factor(found: Ordinates, span: Span, warnings: list[str]) -> float:
    """Return XFACTOR, or 1 if only so the first line begins at FIRSTX."""
    gap, plain = abs(found.columns[0] * span.factor - span.first), abs(found.columns[0] - span.first)
    if span.factor != 1 and plain <= 1e-6 * abs(span.first) + found.step < gap:
        warnings.append("the X of the lines are not divided by XFACTOR")
        return 1.0
    return span.factor


def _steps(found: Ordinates, columns: NDArray[np.float64], span: Span, first: float) -> list[float]:
    """Return the distances of points that the labels and the lines imply, the most trusted first."""
    n, width = len(found.values), span.last - first
    widths, counts = np.diff(columns), np.diff(found.starts)
    each = widths[counts > 0] / counts[counts > 0]
    implied = [
        width / (span.points - 1) if span.points > 1 else math.nan,
        width / (n - 1) if n > 1 else math.nan,
        math.copysign(span.step, width) if not math.isnan(width) else span.step,
        float(np.median(each)) if len(each) else math.nan,
    ]
    usable = [step for step in implied if math.isfinite(step) and step != 0]
    return usable or ([1.0] if n == 1 else [])


def on_axis(
    x: NDArray[np.float64], technique: str, unit: str, labels: Mapping[str, str], warnings: list[str], *, even: bool
) -> tuple[str, NDArray[np.float64]]:
    """Return the name of the axis that `technique` is searched on, and the positions on it.

    Parameters
    ----------
    x : ndarray of float64, shape (n,)
    technique, unit : str
        See :func:`technique_of` and :func:`unit_of`.
    labels : mapping of str to str
    warnings : list of str
        Conversions are added.
    even : bool
        Whether `x` are all points of a trace in their order, so that the shift reference can count them.

    Raises
    ------
    UnsupportedFeature
        If the unit cannot be converted.
    """
    given = labels.get("XUNITS", "").strip()
    if technique == "MS" and (unit == "mz" or not given):
        return "mz", x
    if technique == "NMR" and unit == "ppm":
        return "shift", x
    if technique == "NMR" and unit == "hz":
        return "shift", _shifts(x, labels, warnings, even=even)
    with np.errstate(divide="ignore"):
        if technique in {"IR", "Raman"} and unit == "per_cm":
            return "wavenumber", x
        if technique == "IR" and unit in {"um", "nm"}:
            warnings.append(f"wavelengths in {'µm' if unit == 'um' else 'nm'} were converted to cm⁻¹")
            return "wavenumber", (1e4 if unit == "um" else 1e7) / x
        if technique == "UV/Vis" and unit in {"nm", "um"}:
            return "wavelength", x * (1000 if unit == "um" else 1)
        if technique == "UV/Vis" and unit == "per_cm":
            warnings.append("wavenumbers in cm⁻¹ were converted to nm")
            return "wavelength", 1e7 / x
    raise UnsupportedFeature(f"{technique} over {given or 'no unit'}: not an axis on which such spectra are searched")


def _shifts(
    hertz: NDArray[np.float64], labels: Mapping[str, str], warnings: list[str], *, even: bool
) -> NDArray[np.float64]:
    frequency = number(labels.get("OBSERVEFREQUENCY"))
    if not frequency > 0:
        raise UnsupportedFeature("NMR over Hz without ##.OBSERVE FREQUENCY=: its shifts cannot be told")
    shifts = hertz / frequency
    reference = [part.strip() for part in labels.get("SHIFTREFERENCE", "").strip("() ").split(",")]
    if even and len(reference) == 4:
        point, shift = number(reference[2]), number(reference[3])
        if point >= 1 and point <= len(shifts) and not math.isnan(shift):
            shifts = shifts - (shifts[round(point) - 1] - shift)
        elif shift:
            warnings.append("##.SHIFT REFERENCE= names a point that is not there; shifts are as the axis gives them")
    elif even and not math.isnan(offset := number(labels.get("$OFFSET"))):
        off = float(shifts.max()) - offset
        if abs(off) > 0.01:
            warnings.append(f"shifts were moved by {-off:.4f} ppm to begin at ##$OFFSET= {offset:g}")
            shifts = shifts - off
    return shifts
