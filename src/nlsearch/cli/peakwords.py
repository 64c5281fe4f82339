"""What proves a hit of the kind ``spectrum``, in words.

Conventions
-----------
Peaks are named by their position in the item, four decimals, the ones that contribute most first; errors are those of
the item to the query, with their sign.  How spectra were cleaned, and what did not match, is left to ``--json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from nlsearch.cli.wording import plural, shown

if TYPE_CHECKING:
    from nlsearch.model import Json

Phrase: TypeAlias = Callable[[str, Mapping[str, "Json"]], str]
"""From the item's kind and the evidence to what is said of one of its keys."""
LISTED = 5
"""Peaks that are named."""
FAR_PPM = 1000.0
"""Above it an error is given in dalton: it is another precursor."""
SILENT = frozenset({"query", "cleaning", "peaks_of_query", "unmatched", "unmatched_query", "unmatched_item"})
METRICS: Mapping[str, str] = {
    "entropy": "spectral entropy",
    "cosine": "cosine",
    "modified": "modified cosine",
    "neutral_loss": "neutral losses",
    "hybrid": "peaks and neutral losses",
    "isotopes": "isotopic pattern",
}


def _pairs(_: str, evidence: Mapping[str, Json]) -> str:
    pairs = sorted(evidence["pairs"], key=lambda pair: -pair[3])
    if not pairs:
        return "no matched peaks"
    asked = evidence.get("peaks_of_query")
    said = plural(len(pairs), "matched peak") + (f" of {asked:,}" if isinstance(asked, int) else "")
    return f"{said}: {_named([pair[1] for pair in pairs])}"


def _share(_: str, evidence: Mapping[str, Json]) -> str:
    return f"{evidence['share'] * 100:.1f} % of the intensity"


def _peaks(_: str, evidence: Mapping[str, Json]) -> str:
    """Name the peaks at which losses were found."""
    return f"at {_named(evidence['peaks'])}" if evidence["peaks"] else ""


def _positions(_: str, evidence: Mapping[str, Json]) -> str:
    """Name what was asked for and how far off it was found, in the order asked."""
    said = [f"{found:.4f} ({difference:+.4f})" for _, found, difference, _ in evidence["positions"]]
    return "found " + ", ".join(said[:LISTED]) + _rest(len(said)) if said else ""


def _named(positions: list[float]) -> str:
    return ", ".join(f"{position:.4f}" for position in positions[:LISTED]) + _rest(len(positions))


def _rest(count: int) -> str:
    return ", …" if count > LISTED else ""


def _metric(_: str, evidence: Mapping[str, Json]) -> str:
    metric = evidence["metric"]
    return f"by {METRICS.get(metric, metric)}" if metric else ""


def _shift(_: str, evidence: Mapping[str, Json]) -> str:
    return f"shifted by {evidence['shift_da']:+.4f} Da" if evidence["shift_da"] else ""


def _precursor_ppm(_: str, evidence: Mapping[str, Json]) -> str:
    error = evidence["precursor_ppm"]
    return "" if error is None or abs(error) > FAR_PPM else f"precursor {error:+.1f} ppm"


def _precursor_da(_: str, evidence: Mapping[str, Json]) -> str:
    """Say how far the precursors lie apart, unless that was said in parts per million or as the shift."""
    apart, ppm = evidence["precursor_da"], evidence.get("precursor_ppm")
    said = (ppm is not None and abs(ppm) <= FAR_PPM) or bool(evidence.get("shift_da"))
    return "" if apart is None or said else f"precursor {apart:+.4f} Da"


def _adduct(_: str, evidence: Mapping[str, Json]) -> str:
    return f"as {evidence['adduct']}" if evidence["adduct"] else ""


def _number(key: str, written: str) -> Phrase:
    return lambda _, evidence: "" if evidence[key] is None else written.format(evidence[key])


def _expected(_: str, evidence: Mapping[str, Json]) -> str:
    expected = evidence["expected"]
    if isinstance(expected, float):
        return f"expected at {expected:.4f}"
    return "" if expected in (None, [], {}) else f"expected {shown(expected)}"


SPECTRUM: dict[str, Phrase] = {
    "pairs": _pairs,
    "positions": _positions,
    "peaks": _peaks,
    "share": _share,
    "metric": _metric,
    "shift_da": _shift,
    "precursor_ppm": _precursor_ppm,
    "precursor_da": _precursor_da,
    "adduct": _adduct,
    "expected": _expected,
    "precursor": _number("precursor", "precursor at {:.4f}"),
    "ppm": _number("ppm", "{:+.1f} ppm off"),
    "neutral_mass": _number("neutral_mass", "neutral mass {:.4f} Da"),
}
"""By the key of the evidence."""
