"""What the operators are asked: their values read, their options turned into how two spectra are compared."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.spectrum.axes import AXES, BY_CODE, Axis
from nlsearch.handlers.spectrum.facts import NEED_PRECURSOR
from nlsearch.kernels.peaklists import Comparing
from nlsearch.model import Scalar

_SEPARATORS = re.compile(r"[\s,;]+")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
MOST_PEAKS = 20_000
CHANGES_CLEANING = {"noise": 0.01, "precursor_gap": 1.6}


def read_peaks(value: str) -> tuple[list[float], list[float], bool]:
    """Read ``195.0877:100 138.0662:45``: positions, intensities, and whether any intensity was given.

    Lists are also read as people paste them: two numbers a line or between semicolons, ``[[m/z, intensity], …]``, and
    ``m/z,intensity`` with spaces between.

    Raises
    ------
    QuerySyntax
        With the first part that is no peak, or if some peaks have an intensity and others none.
    """
    parts = _pasted(value) or [part for part in _SEPARATORS.split(value.strip()) if part]
    if not parts:
        raise QuerySyntax("peaks: empty", hint='write m/z:intensity, e.g. peaks:"195.0877:100 138.0662:45"')
    if len(parts) > MOST_PEAKS:
        raise QuerySyntax(f"peaks: {len(parts):,} peaks; at most {MOST_PEAKS:,} can be asked for")
    weighed = any(":" in part for part in parts)
    if weighed and not all(":" in part for part in parts):
        bare = next(part for part in parts if ":" not in part)
        raise QuerySyntax(
            f"peaks: {bare[:40]!r} has no intensity and others have one", hint="decimals are written with a point"
        )
    peaks = sorted(_peak(number, part) for number, part in enumerate(parts, start=1))
    return [position for position, _ in peaks], [intensity for _, intensity in peaks], weighed


def _pasted(value: str) -> list[str]:
    """Return ``m/z:intensity`` for each pair of numbers of a pasted list, nothing if it is no such list."""
    if ":" in value:
        return []
    listed = re.findall(r"[\[(]([^\[\]()]*)[\])]", value)
    groups = listed or [group for group in re.split(r"[;\n]+", value) if group.strip()]
    pairs = [_SEPARATORS.split(group.strip(" ,\t\r")) for group in groups]
    if not listed and len(groups) < 2:
        pairs = [part.split(",") for part in value.split()]
        if len(pairs) < 2:
            return []
    return [f"{pair[0]}:{pair[1]}" for pair in pairs] if all(len(pair) == 2 for pair in pairs) else []


def _peak(number: int, part: str) -> tuple[float, float]:
    position, colon, intensity = part.partition(":")
    hint = 'write m/z:intensity, e.g. peaks:"195.0877:100 138.0662:45"'
    if not _NUMBER.fullmatch(position) or (colon and not _NUMBER.fullmatch(intensity)):
        raise QuerySyntax(f"peaks: part {number}, {part[:40]!r}, is no peak", hint=hint)
    where, how_much = float(position), float(intensity) if colon else 1.0
    if not (math.isfinite(where) and 0 < how_much < 3e38 and where > 0):
        raise QuerySyntax(f"peaks: part {number}, {part[:40]!r}: position and intensity are above 0", hint=hint)
    return where, how_much


def read_positions(operator: str, value: str, *, signed: bool = False) -> list[float]:
    """Read positions such as ``195.0877, 138.0662``; ascending and distinct.

    Raises
    ------
    QuerySyntax
        With the first part that is no number, or negative unless `signed`.
    """
    parts = [part for part in _SEPARATORS.split(value.strip()) if part]
    if not parts:
        raise QuerySyntax(f"{operator}: empty", hint=f'write numbers, e.g. {operator}:"195.0877, 138.0662"')
    if len(parts) > MOST_PEAKS // 100:
        raise QuerySyntax(f"{operator}: {len(parts):,} positions; at most {MOST_PEAKS // 100} can be asked for")
    found = set()
    for number, part in enumerate(parts, start=1):
        if not _NUMBER.fullmatch(part) or not math.isfinite(float(part)):
            raise QuerySyntax(f"{operator}: part {number}, {part[:40]!r}, is no number")
        if float(part) < 0 and not signed:
            raise QuerySyntax(f"{operator}: part {number}, {part[:40]!r}, is below 0")
        found.add(float(part))
    return sorted(found)


def tolerance_of(options: Mapping[str, Scalar], default: float) -> tuple[float, bool]:
    """Return the tolerance that options give, and whether it is in ppm.

    Raises
    ------
    QuerySyntax
        If both units are given, or a tolerance is not above 0.
    """
    absolute, relative = options.get("tol_da"), options.get("tol_ppm")
    if absolute is not None and relative is not None:
        raise QuerySyntax("tol_da and tol_ppm are both given; one of them says how far peaks may lie apart")
    for name in ("tol_da", "tol_ppm"):
        if options.get(name) is not None and not 0 < float(options[name]) < 1e5:
            raise QuerySyntax(f"{name} is a distance above 0 and below 100,000, not {options[name]}")
    if relative is not None:
        return float(relative), True
    return (default if absolute is None else float(absolute)), False


def comparing(options: Mapping[str, Scalar], axis: Axis, precursor: float | None) -> Comparing:
    """Return how spectra are compared.

    Parameters
    ----------
    options : mapping
        Of the operators ``peaks`` and ``like``, completed.
    axis : Axis
    precursor : float, optional
        The query's, where it has one of its own; the option says otherwise.

    Raises
    ------
    QuerySyntax
        If options contradict each other or do not fit the axis, or the metric needs a precursor that is not given.
    """
    metric = str(options["metric"])
    given = options.get("precursor")
    own = precursor if given is None else float(given)
    if axis is not AXES["mz"] and (given is not None or float(options["mz_power"])):
        raise QuerySyntax("precursor and mz_power are for mass spectra, and the query is none")
    if given is not None and not 0 < float(given) < 1e6:
        raise QuerySyntax(f"precursor is an m/z above 0 and below a million, not {given}")
    if metric in NEED_PRECURSOR and (own is None or axis is not AXES["mz"]):
        raise QuerySyntax(
            f"metric {metric} compares precursors, and the query has none", hint="give it: {precursor=195.0877}"
        )
    tolerance, relative = tolerance_of(options, axis.tolerance)
    for name, lowest, highest in (("noise", 0, 1), ("precursor_gap", 0, 1e6), ("intensity_power", 0, 10)):
        if not lowest <= float(options[name]) <= highest:
            raise QuerySyntax(f"{name} lies between {lowest} and {highest:g}, not at {options[name]}")
    if abs(float(options["mz_power"])) > 10:
        raise QuerySyntax(f"mz_power lies between -10 and 10, not at {options['mz_power']}")
    if int(options["min_peaks"]) < 1:
        raise QuerySyntax(f"min_peaks is at least 1, not {options['min_peaks']}")
    return Comparing(
        metric,
        tolerance,
        relative,
        axis.code,
        math.nan if own is None else own,
        clean=bool(options["clean"]),
        noise=float(options["noise"]),
        gap=float(options["precursor_gap"]),
        optimal=options["matching"] == "optimal",
        base=str(options["similarity"]),
        intensity_power=float(options["intensity_power"]),
        mz_power=float(options["mz_power"]),
        at_least=int(options["min_peaks"]),
        signed=axis.name == "shift",
        within=_within(options, own),
    )


def _within(options: Mapping[str, Scalar], precursor: float | None) -> tuple[float, float] | None:
    absolute, relative = options.get("precursor_da"), options.get("precursor_ppm")
    if absolute is None and relative is None:
        return None
    if absolute is not None and relative is not None:
        raise QuerySyntax("precursor_da and precursor_ppm are both given; one of them says how near precursors are")
    if precursor is None:
        raise QuerySyntax("the query has no precursor to be near to", hint="give it: {precursor=195.0877}")
    width = float(absolute) if absolute is not None else precursor * float(relative or 0) * 1e-6
    if not 0 <= width < 1e6:
        raise QuerySyntax(f"precursors cannot lie {width:g} Da apart")
    return precursor - width, precursor + width


def without_bearing(options: Mapping[str, Scalar], settings: Comparing) -> list[str]:
    """Return the names of options that were given and that the metric does not look at."""
    usual: dict[str, Scalar] = {"matching": "greedy", "intensity_power": 1.0, "mz_power": 0.0}
    idle = [name for name, value in usual.items() if settings.by_entropy and options[name] != value]
    if settings.metric != "neutral_loss" and options["similarity"] != "entropy":
        idle.append("similarity")
    return idle


def packed(settings: Comparing) -> dict[str, Any]:
    """Return settings as JSON values, for a probe; :func:`unpacked` reads them."""
    fields = {name: getattr(settings, name) for name in Comparing.__slots__}
    return fields | {
        "reference": None if math.isnan(settings.reference) else settings.reference,
        "within": None if settings.within is None else list(settings.within),
    }


def unpacked(fields: Mapping[str, Any]) -> Comparing:
    """Return the settings that :func:`packed` wrote."""
    reference, within = fields["reference"], fields["within"]
    return Comparing(
        **{
            **fields,
            "reference": math.nan if reference is None else reference,
            "within": None if within is None else (within[0], within[1]),
        }
    )


def is_indexed(settings: Comparing) -> bool:
    """Say whether the peak index holds peaks cleaned and weighed as these settings say, tolerance aside."""
    cleaned = settings.clean and settings.noise == CHANGES_CLEANING["noise"]
    plain = settings.by_entropy or (settings.intensity_power, settings.mz_power) == (1.0, 0.0)
    return cleaned and plain and (settings.axis != 0 or settings.gap == CHANGES_CLEANING["precursor_gap"])


def default_comparing(axis: Axis, precursor: float = math.nan, tolerance: float | None = None) -> Comparing:
    """Return the settings by which the index cleans and weighs peaks."""
    return Comparing(
        "entropy", tolerance or axis.tolerance, axis=axis.code, reference=precursor, signed=axis.name == "shift"
    )


def axis_of(settings: Comparing) -> Axis:
    """Return the axis that is compared."""
    return BY_CODE[settings.axis]
