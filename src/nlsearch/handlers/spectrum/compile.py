"""From the value of an operator to a probe: what the peak index or the grid is asked, and what verification needs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nlsearch.errors import QuerySyntax, UnsupportedFeature
from nlsearch.handlers.chemistry.formula import read_formula
from nlsearch.handlers.contract import Buffer, Source
from nlsearch.handlers.spectrum import asked, envelopes, ions
from nlsearch.handlers.spectrum.axes import AXES, LEAST_LOSS, Axis
from nlsearch.handlers.spectrum.facts import FORMULA, LOSS
from nlsearch.handlers.spectrum.formats.picking import peaks_of
from nlsearch.handlers.spectrum.payload import decode
from nlsearch.handlers.spectrum.read import read_records
from nlsearch.handlers.spectrum.records import Spectrum, counted, is_number
from nlsearch.kernels.peakindex import MOST_POINTS
from nlsearch.kernels.peaklists import Cleaned, Comparing, clean, pack_record
from nlsearch.limits import Limits
from nlsearch.model import (
    AllOf,
    AnyOf,
    Exact,
    PeakMatch,
    Probe,
    Question,
    Range,
    RawItem,
    Scalar,
    Scan,
    TermRange,
)

MINIMUM = 0.5
EXACT_FLOOR = 0.999
_MODES: dict[str, str] = {"entropy": "same", "cosine": "same", "neutral_loss": "shifted"}
_OF_KNOWN = ", of spectra with a precursor"
Value = str | Buffer | Source
Options = Mapping[str, Scalar]


def compile_operator(operator: str, value: Value, options: Options, limits: Limits) -> Probe:
    """Make the probe of an operator.

    Raises
    ------
    QuerySyntax
        If value or options are not understood.
    UnsupportedFeature
        If an example has no peaks.
    """
    if operator == "like":
        return _like(value, options, limits)
    if not isinstance(value, str):
        raise QuerySyntax(f"{operator} wants a text")
    makers: dict[str, Callable[[str, Options], Probe]] = {
        "peaks": _peaks,
        "mz": partial(_masses, "mz"),
        "loss": partial(_masses, "loss"),
        "shift": _shift,
        "band": _band,
        "neutral": _neutral,
        "formula": _formula,
    }
    return makers[operator](value, options)


# ----------------------------------------------------------------------------------------------------- similar spectra
def _peaks(value: str, options: Options) -> Probe:
    positions, intensities, weighed = asked.read_peaks(value)
    settings = asked.comparing(options, AXES["mz"], None)
    record = pack_record(positions, intensities, settings.axis, settings.reference)
    said = f"{len(positions)} peak{'' if len(positions) == 1 else 's'}" + ("" if weighed else ", all equally high")
    return _similar("peaks", record, settings, said + _idle(options, settings))


def _like(value: Value, options: Options, limits: Limits) -> Probe:
    if isinstance(value, Source):
        positions, intensities, axis, precursor, name = _first(value, limits)
    elif isinstance(value, bytes | memoryview):
        held = decode(value)
        positions, intensities, axis, precursor, name = (
            held.positions, held.intensities, held.axis, held.precursor, held.name,
        )  # fmt: skip
    else:
        raise QuerySyntax("like wants a file of spectra or the id of an item")
    if not len(positions):
        raise UnsupportedFeature(f"the spectrum {name or 'asked for'} has no peaks to compare")
    settings = asked.comparing(options, axis, None if math.isnan(precursor) else precursor)
    record = pack_record(positions, intensities, axis.code, settings.reference)
    origin = " (the first spectrum of the file)" if isinstance(value, Source) else ""
    said = f"{name or 'spectrum'}{origin}, {counted(len(positions), 'peak')}"
    return _similar("like", record, settings, said + _idle(options, settings))


def _idle(options: Options, settings: Comparing) -> str:
    """Say which options have no bearing on the metric."""
    idle = asked.without_bearing(options, settings)
    return f", {' and '.join(idle)} not looked at by {settings.metric}" if idle else ""


def _first(source: Source, limits: Limits) -> tuple[Any, Any, Axis, float, str]:
    """Return positions, intensities, axis, precursor and name of the first spectrum of a file."""
    skipped = ""
    for item in read_records(source, limits):
        if isinstance(item, RawItem):
            content: Spectrum = item.content
            positions, intensities, _ = peaks_of(content)
            precursor = content.fields.get("precursor")
            known = float(precursor) if isinstance(precursor, int | float) and content.axis == "mz" else math.nan
            return positions, intensities, AXES[content.axis], known, content.name
        skipped = skipped or item.reason
    why = f": {skipped}" if skipped else ""
    raise UnsupportedFeature(f"the file has no spectrum that can be read{why}", locator=source.path)


def _similar(operator: str, record: bytes, settings: Comparing, said: str) -> Probe:
    cleaned = clean(settings, record)
    if not len(cleaned.positions) and settings.clean:
        settings = replace(settings, clean=False)
        cleaned, said = clean(settings, record), f"{said}, none left after cleaning, so all are compared"
    if not len(cleaned.positions):
        raise QuerySyntax("no peak of the query is above 0, so there is nothing to compare")
    question = _alike(cleaned, settings)
    if settings.within is not None:
        question = AllOf((Range("precursor", *settings.within), question))
    return Probe(
        kind="spectrum",
        operator=operator,
        read_as=f"{said}; {_in_words(cleaned, settings)}",
        ask=question,
        verification={"asks": "similar", "record": record, "settings": asked.packed(settings)},
        guarantee="complete",
        minimum=MINIMUM,
        exact_floor=EXACT_FLOOR,
    )


def _alike(cleaned: Cleaned, settings: Comparing) -> Question:
    if not asked.is_indexed(settings) or len(cleaned.positions) > MOST_POINTS:
        return Scan(scored=True)
    axis = asked.axis_of(settings)
    usual = not settings.relative and settings.merging == 2 * axis.tolerance
    needed = settings.merging * 1e-6 if settings.relative else settings.merging
    return PeakMatch(
        axis.ions,
        tuple(cleaned.positions.astype(np.float64).tolist()),
        tuple(cleaned.weights.tolist()),
        settings.tolerance,
        settings.relative,
        "entropy" if settings.by_entropy else "product",
        _MODES.get(settings.metric, "either"),  # type: ignore[arg-type]
        None if math.isnan(settings.reference) else settings.reference,
        settings.at_least,
        0.0,  # the asker's minimum is put in by the engine
        None if usual else needed,
        axis.coarse_ions if not settings.relative and settings.tolerance == axis.coarse else None,
    )


def _in_words(cleaned: Cleaned, settings: Comparing) -> str:
    axis = asked.axis_of(settings)
    unit = "ppm" if settings.relative else ("Da" if axis is AXES["mz"] else axis.unit)
    name = settings.metric
    if settings.metric == "neutral_loss" and settings.base == "cosine":
        name += " (cosine)"
    if settings.optimal and not settings.by_entropy:
        name += ", optimal pairs"
    parts = [f"{name} within {settings.tolerance:g} {unit}"]
    parts.append(f"{len(cleaned.positions)} after cleaning" if settings.clean else "not cleaned")
    if not math.isnan(settings.reference):
        parts.append(f"precursor {settings.reference:.10g}")
    if settings.within is not None:
        parts.append(f"precursors from {settings.within[0]:.4f} to {settings.within[1]:.4f} and no unknown ones")
    return ", ".join(parts)


# ----------------------------------------------------------------------------------------------------------- positions
def _positions(
    operator: str, wanted: list[float], axis: Axis, options: Options, tolerance: tuple[float, bool], **more: Any  # noqa: ANN401 - facts of one operator
) -> Probe:  # fmt: skip
    width, relative = tolerance
    if not 0 < width < 1e9:
        raise QuerySyntax(f"{operator}: a tolerance is above 0")
    least = float(options["min_intensity"])
    if not 0 <= least <= 1:
        raise QuerySyntax(f"min_intensity is a share of the highest peak, from 0 to 1, not {least:g}")
    losses = operator == "loss"
    unit = "ppm" if relative else ("Da" if axis is AXES["mz"] else axis.unit)
    listed = ", ".join(f"{position:.10g}" for position in wanted)
    space = LOSS if losses else axis.terms
    reach = float(more.get("reach", width))
    return Probe(
        kind="spectrum",
        operator=operator,
        read_as=f"{'losses' if losses else axis.title} {listed}, each within {width:g} {unit}"
        f"{more.get('said', '')}{_OF_KNOWN if losses else ''}",
        ask=_in_cells(space, axis, [(position, _reach(position, reach, relative=relative)) for position in wanted]),
        verification={
            "asks": "positions",
            "wanted": wanted,
            "tolerance": width,
            "relative": relative,
            "losses": losses,
            "axis": axis.code,
            "least": least,
            "others": more.get("others"),
            "nucleus": more.get("nucleus", ""),
        },
        guarantee="complete",
    )


def _reach(position: float, width: float, *, relative: bool) -> float:
    reach = abs(position) * width * 1e-6 if relative else width
    return reach + 1e-9 * (abs(position) + 1)  # losses are differences, which round


def _in_cells(space: str, axis: Axis, wanted: list[tuple[float, float]]) -> Question:
    """Ask for peaks at positions, each with its reach; where there are no cells it is left to verification."""
    lowest = LEAST_LOSS if space == LOSS else -axis.farthest
    windows = [(position - reach, position + reach) for position, reach in wanted]
    known = [(low, high) for low, high in windows if low > lowest and high < axis.farthest]
    cells = tuple(TermRange(space, axis.cell(low), axis.cell(high)) for low, high in known)
    return AllOf(cells) if cells else Scan(scored=True)


def _masses(operator: str, value: str, options: Options) -> Probe:
    axis = AXES["mz"]
    wanted = asked.read_positions(operator, value)
    return _positions(operator, wanted, axis, options, asked.tolerance_of(options, axis.tolerance))


def _shift(value: str, options: Options) -> Probe:
    wanted = asked.read_positions("shift", value, signed=True)
    nucleus, given = str(options.get("nucleus", "")).strip(), options.get("tol_ppm")
    if nucleus and not re.fullmatch(r"\d{1,3}[A-Z][a-z]?", nucleus):
        raise QuerySyntax(f"a nucleus is written like 1H or 13C, not {nucleus[:20]!r}")
    proton, other = (0.05, 0.5) if given is None else (float(given), float(given))
    said = f" (¹H; others within {other:g} ppm)" if given is None else ""
    said += f", of {nucleus}" if nucleus else ""
    reach = max(proton, other)
    tolerance = (proton, False)
    return _positions(
        "shift", wanted, AXES["shift"], options, tolerance, others=other, reach=reach, nucleus=nucleus, said=said
    )


def _band(value: str, options: Options) -> Probe:
    in_nm = options["unit"] == "nm"
    axis = AXES["wavelength" if in_nm else "wavenumber"]
    width = float(options["tol_nm" if in_nm else "tol_per_cm"])
    return _positions("band", asked.read_positions("band", value), axis, options, (width, False))


# ------------------------------------------------------------------------------------------------------------ formulas
def _neutral(value: str, options: Options) -> Probe:
    wanted = ions.asked_ions(value, options)
    names = ", ".join(name for name, *_ in wanted)
    told = value.strip() if is_number(value) else f"{_hill(value)}, {ions.neutral_da(value):.4f} Da"
    return Probe(
        kind="spectrum",
        operator="neutral",
        read_as=f"neutral mass {told}{_OF_KNOWN}; precursors of {names}",
        ask=AnyOf(tuple(Range("precursor", low, high) for _, low, high, _ in wanted)),
        verification={"asks": "neutral", "ions": [list(ion) for ion in wanted]},
        guarantee="complete",
    )


def _hill(value: str) -> str:
    """Return a formula as it was understood."""
    ask = read_formula(value, "formula", FORMULA).ask
    return ask.value if isinstance(ask, Exact) else value.strip()


def _formula(value: str, options: Options) -> Probe:
    if not options["isotopes"]:
        ask = read_formula(value, "formula", FORMULA).ask
        if not isinstance(ask, Exact):
            raise QuerySyntax(
                "formula: ranges have no isotopic pattern", hint="without {…} they are asked of the field"
            )
        return Probe(
            kind="spectrum",
            operator="formula",
            read_as=f"compounds of formula {ask.value}",
            ask=ask,
            verification={"asks": "formula", "formula": ask.value},
            guarantee="complete",
        )
    patterns = envelopes.asked_patterns(value, options)
    names = ", ".join(pattern.adduct for pattern in patterns)
    return Probe(
        kind="spectrum",
        operator="formula",
        read_as=f"isotopic pattern of {_hill(value)} as {names}",
        ask=AnyOf(tuple(_pattern_question(pattern) for pattern in patterns)),
        verification={"asks": "isotopes", "patterns": [pattern.to_json() for pattern in patterns]},
        guarantee="complete",
        minimum=MINIMUM,
    )


def _pattern_question(pattern: envelopes.Pattern) -> Question:
    axis = AXES["mz"]
    return AllOf(tuple(TermRange(axis.terms, axis.cell(low), axis.cell(high)) for low, high in pattern.windows()))
