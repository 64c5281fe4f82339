"""Spectra as JSON: libraries of GNPS and MoNA, exports of matchms and pyteomics.

Conventions
-----------
Each outermost object is a record; lists of any length are read one object at a time.  Peaks are pairs in ``peaks_json``
or ``peaks`` (a list, or its text), ``"mz:intensity mz:intensity"`` in ``spectrum``, or two lists such as ``m/z array``
and ``intensity array``.  A retention time without a unit is left out, since programs differ.

References
----------
M. Wang et al., Nat. Biotechnol. 2016, 34, 828 (GNPS).  F. Huber et al., J. Open Source Softw. 2020, 5, 2411 (matchms).
MassBank of North America, https://mona.fiehnlab.ucdavis.edu.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np

from nlsearch.errors import MalformedContent
from nlsearch.handlers.spectrum.formats.named import WORDS, Told, field_of
from nlsearch.handlers.spectrum.formats.objects import Objects, Piece, first_string
from nlsearch.handlers.spectrum.records import counted
from nlsearch.handlers.textlines import over_cap, shortened
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Columns: TypeAlias = "tuple[ArrayLike, ArrayLike]"
_PAIRS = ("peaks_json", "peaks", "spectrum")
_COLUMNS = (
    ("m/z array", "intensity array"),
    ("mz", "intensity"),
    ("mz", "intensities"),
    ("mzs", "intensities"),
    ("m/z", "intensity"),
)
_PEAK_KEYS = frozenset({*_PAIRS, *(key for keys in _COLUMNS for key in keys)})
_INNER = frozenset(
    {"params", "metadata", "metaData", "meta", "attributes", "compound", "submitter", "splash", "library"}
)
_IDS = "spectrum_id|SpectrumID|accession|id"
_NAN = float("nan")


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the spectra of a file, in its order.

    Raises
    ------
    MalformedContent
        If it holds no object, or its list does not end (records before are yielded first).
    """
    objects = Objects(stream, limits)
    number, cut = 0, False
    for piece in objects:
        number += 1
        record, broken = _parsed(piece)
        cut = piece.end == "cut"
        if record is not None:
            yield _item(number, record)
        elif piece.end != "junk" and objects.restart(piece.raw):
            reason, cut = "the JSON breaks: the object does not end before the next one", False
            yield Skipped(number, reason, record_id=first_string(piece.raw, _IDS))
        elif piece.end == "over":
            yield over_cap(number, limits, first_string(piece.raw, _IDS))
        else:
            yield Skipped(number, broken, record_id=first_string(piece.raw, _IDS))
    if not number:
        raise MalformedContent("the file holds no JSON object")
    if objects.is_open and not cut:
        raise MalformedContent("the list of spectra does not end: the file may be cut")


def _parsed(piece: Piece) -> tuple[dict[str, Any] | None, str]:
    """Return the object, or None and why there is none."""
    if piece.end == "junk":
        return None, f"this is no JSON object: {shortened(decoded(piece.raw))!r}"
    if piece.end != "whole":
        return None, "the JSON object is cut: the file ends inside of it"
    try:
        return json.loads(decoded(piece.raw)), ""
    except json.JSONDecodeError as exc:
        return None, f"the JSON breaks at character {exc.pos:,} of the record: {exc.msg}"
    except (ValueError, RecursionError) as exc:
        return None, f"the JSON breaks: {exc}"


def _item(number: int, record: dict[str, Any]) -> RawItem | Skipped:
    told = Told()
    _tell(told, record)
    if isinstance(record.get("id"), str | int):
        told.put("accession", str(record["id"]))
    record_id = next((told.said[key] for key in ("accession", "title", "scans") if key in told.said), None)
    try:
        peaks = _peaks(record, told.warnings)
    except ValueError as exc:
        return Skipped(number, f"the peaks cannot be read: {exc}", record_id=record_id)
    if peaks is None:
        return Skipped(number, "the object has no list of peaks, so it is no spectrum", record_id=record_id)
    return told.item(number, *peaks, record_id)


# ---------------------------------------------------------------------------------------------------------------- peaks
def _peaks(record: dict[str, Any], warnings: list[str]) -> Columns | None:
    """Return m/z and intensities; None if the record has no peaks anywhere.

    Raises
    ------
    ValueError
        If they stand there but in a form that is not known.
    """
    for positions, intensities in _COLUMNS:
        if isinstance(record.get(positions), list) and isinstance(record.get(intensities), list):
            return _columns(record[positions], record[intensities])
    for key in _PAIRS:
        if isinstance(record.get(key), str | list):
            return _pairs(record[key], warnings)
    return None


def _columns(positions: list[Any], intensities: list[Any]) -> Columns:
    if len(positions) != len(intensities):
        raise ValueError(f"{counted(len(positions), 'position')}, {counted(len(intensities), 'intensity value')}")
    return list(map(_float, positions)), list(map(_float, intensities))


def _pairs(peaks: str | list[Any], warnings: list[str]) -> Columns:
    if isinstance(peaks, str):
        text = peaks.strip()
        if text.startswith("["):
            try:
                peaks = json.loads(text)
            except RecursionError as exc:
                raise ValueError("nested too deeply") from exc
        else:
            peaks = [pair.replace(":", " ").split() for pair in (text.split() if ":" in text else text.splitlines())]
    if not isinstance(peaks, list):
        raise ValueError(f"{shortened(str(peaks))!r}")
    table = _table(peaks)
    if table is not None:
        return table
    pairs = [_pair(peak) for peak in peaks]
    good = [pair for pair in pairs if pair is not None]
    if len(good) < len(pairs):
        odd = next(peak for peak, pair in zip(peaks, pairs, strict=True) if pair is None)
        missed = counted(len(pairs) - len(good), "peak")
        warnings.append(f"{missed} not understood, the first is {shortened(repr(odd))}")
    return [pair[0] for pair in good], [pair[1] for pair in good]


def _table(peaks: list[Any]) -> Columns | None:
    """Return the first two columns if all peaks are lists of so many numbers."""
    try:
        table = np.array(peaks, np.float64)
    except (ValueError, TypeError, OverflowError):
        return None
    return (table[:, 0], table[:, 1]) if table.ndim == 2 and table.shape[1] > 1 else None


def _pair(peak: object) -> tuple[float, float] | None:
    if isinstance(peak, list) and len(peak) > 1:
        return _float(peak[0]), _float(peak[1])
    if isinstance(peak, dict) and "intensity" in peak:
        return _float(peak.get("mz", peak.get("m/z"))), _float(peak["intensity"])
    return None


def _float(value: object) -> float:
    """Return a number, NaN for what is none."""
    try:
        return float(value) if isinstance(value, float | int | str) else _NAN
    except (ValueError, OverflowError):
        return _NAN


# ------------------------------------------------------------------------------------------------------------- metadata
def _tell(told: Told, record: dict[str, Any]) -> None:
    """Take the keys of an object, and those of the objects in it that describe the same spectrum."""
    for key, value in record.items():
        if key in _INNER and isinstance(value, dict | list):
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    _tell_inner(told, key, inner)
        elif key == "names" and isinstance(value, list):
            for name in value:
                _say(told, "name", name.get("name") if isinstance(name, dict) else name)
        elif key not in _PEAK_KEYS:
            for one in value if isinstance(value, list) else [value]:
                _say(told, key, one)


def _tell_inner(told: Told, key: str, inner: dict[str, Any]) -> None:
    """Take an inner object: a name with its value, a submitter, or an object like the outer one."""
    if key == "submitter":
        names = [inner.get(part) for part in ("firstName", "lastName", "institution")]
        told.put("author", " ".join(name for name in names if isinstance(name, str) and name))
    elif key == "library":
        _say(told, "comment", inner.get("library"))
    elif isinstance(inner.get("name"), str) and "value" in inner:
        unit = inner.get("unit")
        _say(told, inner["name"], inner["value"], f" {unit}" if isinstance(unit, str) else "")
    else:
        _tell(told, inner)


def _say(told: Told, key: str, value: object, unit: str = "") -> None:
    """Take a text or a number; a date as a number is in milliseconds since 1970."""
    field = field_of(key)
    if isinstance(value, str):
        told.add(key, value + unit if field in {"retention_time", "collision_energy"} else value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and field not in {WORDS, ""}:
        told.add(key, _day(value) if field == "date" else f"{value}{unit}")


def _day(milliseconds: float) -> str:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return str(milliseconds)
