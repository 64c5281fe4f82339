"""Features: fields, cells of the grid for positions and losses, cleaned peaks for the peak index, and the payload."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.chemistry.formula import formula_terms
from nlsearch.handlers.spectrum.asked import default_comparing
from nlsearch.handlers.spectrum.axes import AXES, LEAST_LOSS, OFFSET, Axis
from nlsearch.handlers.spectrum.compound import identified
from nlsearch.handlers.spectrum.facts import FORMULA, LOSS
from nlsearch.handlers.spectrum.formats.picking import peaks_of
from nlsearch.handlers.spectrum.payload import Decoded, encode
from nlsearch.handlers.spectrum.records import Spectrum
from nlsearch.handlers.spectrum.splash import splash
from nlsearch.kernels.peaklists import Cleaned, clean
from nlsearch.limits import Limits
from nlsearch.model import Features, FieldValue, Peaks, RawItem


def spectrum_features(item: RawItem, limits: Limits) -> Features:
    """Derive everything that the index holds about one spectrum."""
    content: Spectrum = item.content
    axis = AXES[content.axis]
    positions, intensities, warnings = peaks_of(content)
    fields, odd = identified(content.fields, content.smiles, content.inchi, limits)
    item.warnings.extend([*warnings, *odd, *([] if len(positions) else ["the record has no peaks"])])
    decoded = _decoded(content, axis, positions, intensities, fields)
    payload = encode(decoded)
    cleaned = clean(default_comparing(axis, decoded.precursor), payload)
    fields |= _about_peaks(content, decoded, cleaned)
    key = fields.get("inchikey")
    features = Features(
        words=" \n".join(dict.fromkeys(text for text in (content.name, *content.text) if text)),
        fields={name: value for name, value in fields.items() if value not in ("", [])},
        terms=_terms(decoded, fields),
        payload=payload,
        keys={"inchikey": str(key)} if key else {},
    )
    if len(cleaned.positions):
        features.peaks = _indexed(axis, cleaned, decoded.precursor, payload)
    return features


def _decoded(
    content: Spectrum,
    axis: Axis,
    positions: NDArray[np.float64],
    intensities: NDArray[np.float64],
    fields: dict[str, FieldValue],
) -> Decoded:
    precursor = fields.get("precursor")
    return Decoded(
        np.asarray(positions, np.float64),
        np.asarray(intensities, np.float32),
        axis,
        float(precursor) if isinstance(precursor, int | float) and axis is AXES["mz"] else math.nan,
        content.name,
        content.technique,
        str(fields.get("formula", "")),
        str(fields.get("nucleus", "")),
        {"positive": 1, "negative": -1}.get(str(fields.get("ion_mode")), 0),
    )


def _about_peaks(content: Spectrum, decoded: Decoded, cleaned: Cleaned) -> dict[str, FieldValue]:
    found: dict[str, FieldValue] = {"technique": content.technique, "peak_count": len(decoded.positions)}
    if content.smiles:
        found["record_smiles"] = content.smiles
    if content.name:
        found["name"] = content.name
    if len(decoded.positions):
        found["base_peak"] = round(float(decoded.positions[int(np.argmax(decoded.intensities))]), 6)
        if decoded.axis is AXES["mz"] and "splash" not in content.fields:
            found["splash"] = splash(content.positions, content.intensities)
    found["unscored"] = not len(cleaned.positions)
    found["profile"] = content.profile
    return found


# ------------------------------------------------------------------------------------------------------------- organs
def cells(axis: Axis, positions: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return the cells in which there are peaks; ascending and unique."""
    numbers = np.floor(positions[np.abs(positions) < axis.farthest] / axis.grid).astype(np.int64) + OFFSET
    return np.unique(numbers).astype(np.uint64)


def _terms(decoded: Decoded, fields: dict[str, FieldValue]) -> dict[str, NDArray[np.uint64]]:
    loud = decoded.positions[decoded.intensities > 0]
    terms = {decoded.axis.terms: cells(decoded.axis, loud)}
    if math.isfinite(decoded.precursor):
        losses = decoded.precursor - loud
        terms[LOSS] = cells(decoded.axis, losses[losses >= LEAST_LOSS])
    formula = fields.get("formula")
    if formula:
        terms[FORMULA] = formula_terms(str(formula))
    return {space: held for space, held in terms.items() if len(held)}


def _indexed(axis: Axis, cleaned: Cleaned, precursor: float, payload: bytes) -> dict[str, Peaks]:
    usual = indexed_peaks(cleaned, precursor, 2 * axis.tolerance)
    if axis.coarse is None or usual.apart >= np.float32(2 * axis.coarse):
        return {axis.ions: usual}
    coarse = clean(default_comparing(axis, precursor, axis.coarse), payload)
    return {axis.ions: usual, axis.coarse_ions: indexed_peaks(coarse, precursor, 2 * axis.coarse)}


def indexed_peaks(cleaned: Cleaned, precursor: float, merged: float) -> Peaks:
    """Return cleaned peaks as the peak index holds them.

    Parameters
    ----------
    cleaned : Cleaned
        With entropy weights.
    precursor : float
        NaN where it is unknown.
    merged : float
        Peaks closer than this were merged: then the list stands for no other tolerance.
    """
    intensities = cleaned.intensities.astype(np.float64)
    sum_of_powers = float((intensities**cleaned.exponent).sum())
    norm = math.sqrt(float((intensities**2).sum()))
    as_they_are = cleaned.apart >= np.float32(merged)
    return Peaks(
        cleaned.positions,
        cleaned.weights.astype(np.float32),
        precursor,
        1 / cleaned.exponent,
        sum_of_powers ** (1 / cleaned.exponent) / norm,
        cleaned.apart if as_they_are else 0.0,
        cleaned.apart_relative if as_they_are else 0.0,
    )
