"""Reading tables of numbers as spectra: a heading that names the axis, and one or several columns of intensities.

Conventions
-----------
The first column is the axis; every further one that is not known to be something else (noise, width, a label …) is a
spectrum, named by its heading if there are several.  A heading with a tab is delimited by tabs, else one with a
semicolon by semicolons, else by commas; where it is no delimiter, a comma is a decimal one.  Comments begin with ``#``
or ``;``; those such as ``# name: …`` are fields.  Many points at even distances are a trace
(:func:`~.traces.is_trace`), others are peaks.  Transmittance is turned as in JCAMP-DX.
"""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.spectrum.formats.jdxaxes import number, on_axis, unit_of
from nlsearch.handlers.spectrum.formats.traces import is_trace, sampled, upright
from nlsearch.handlers.spectrum.records import Spectrum, counted, peak_list
from nlsearch.handlers.textlines import text_lines
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import FieldValue, RawItem, Skipped

_AXES = (
    (re.compile(r"raman", re.IGNORECASE), "Raman", "per_cm"),
    (re.compile(r"m/?z\b|mass[ /_-]*(?:to[ _-])?charge", re.IGNORECASE), "MS", "mz"),
    (re.compile(r"wave ?numbers?", re.IGNORECASE), "IR", "per_cm"),
    (re.compile(r"wave ?length", re.IGNORECASE), "UV/Vis", "nm"),
    (re.compile(r"(?:chemical )?shift\b|ppm\b|δ", re.IGNORECASE), "NMR", "ppm"),
)
_MANY = re.compile(
    r"rt(?: ?m(?:in|ax)|_?med)?|ret(?:ention)?[ _]?time.*|m/?z ?_?(?:min|max|med)|adducts?|formula|smiles|inchi(?:key)?"
    r"|compound.*|scans?|precursor.*|charge|z|features?|molecule|cas.*",
    re.IGNORECASE,
)
"""Headings of tables whose rows belong to different spectra or molecules."""
_ASIDE = re.compile(
    r".*(?:noise|error|std|deviation|uncertainty|width|fwhm|resolution|annotation|label|comment|assign|multiplicity).*"
    r"|s/?n(?:r)?|sd|id|index|no\.?|#|ion|type|j(?: ?[\[(/].*)?|nucleus|atoms?",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r".*(?:intens|abundance|counts|signal|absorb|transmi|reflect|height|area|response).*|[ityais]|rel.*|%.*"
)
_FIELDS = {
    "nucleus": "nucleus",
    "solvent": "solvent",
    "instrument": "instrument",
    "author": "author",
    "formula": "formula",
}
_COMMENT = re.compile(r"[#;]+\s*(?:([A-Za-z ]{1,30})[:=])?\s*(.*)")
_ROWS_LEFT = 0.5  # of all rows: if more cannot be read, this is no table of numbers


@dataclass(slots=True)
class _Grid:
    """The numbers of a table, column by column; NaN where a cell is empty or no number."""

    headings: list[str]
    delimiter: str
    columns: list[array[float]]
    comments: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0
    odd: list[int] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        """Add a row; one whose position is no number is left out."""
        self.rows += 1
        cells = _cells(text, self.delimiter)
        figures = [self._figure(cell) for cell in cells[: len(self.columns)]]
        if not figures or math.isnan(figures[0]):
            self.odd.append(line)
            return
        figures += [math.nan] * (len(self.columns) - len(figures))
        for column, figure in zip(self.columns, figures, strict=True):
            column.append(figure)

    def _figure(self, cell: str) -> float:
        text = cell.strip()
        if "," in text and "." not in text:
            text = text.replace(",", ".", 1)
        try:
            return float(text)
        except ValueError:
            return math.nan


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the spectra of a table, one for each column of intensities.

    Raises
    ------
    MalformedContent
        If the heading names no axis, or most rows are no numbers.
    UnsupportedFeature
        If its rows belong to several spectra or molecules.
    LimitExceeded
        If it has more numbers than fit into ``record_bytes``.
    """
    grid = _read(stream, limits)
    technique, unit = _axis(grid.headings[0], grid.comments)
    shown = [at for at, heading in enumerate(grid.headings) if at and not _ASIDE.fullmatch(heading)]
    remarks = [
        f"the column {grid.headings[at]!r} is left aside" for at in range(1, len(grid.headings)) if at not in shown
    ]
    if grid.odd:
        left = f"{counted(len(grid.odd), 'row')} without a position {'is' if len(grid.odd) == 1 else 'are'} left out"
        remarks.append(f"{left}, the first in line {grid.odd[0]}")
    if not shown:
        raise MalformedContent("a table without a column of intensities")
    for count, at in enumerate(shown, 1):
        try:
            yield _item(grid, at, count, (technique, unit), [*remarks], alone=len(shown) == 1)
        except InputError as error:
            yield Skipped(count, f"column {grid.headings[at]!r}: {error.message}", error.code)


def _read(stream: BinaryIO, limits: Limits) -> _Grid:
    grid: _Grid | None = None
    comments: list[tuple[str, str]] = []
    for line, raw in enumerate(text_lines(stream, limits), 1):
        limits.check("line_bytes", len(raw), locator=f"line {line}")
        text = decoded(raw).strip(" \r\x1a")
        if not text.strip():
            continue
        if text[0] in "#;" and (found := _COMMENT.match(text)):
            comments.append(((found.group(1) or "").strip().lower(), found.group(2).strip()))
        elif grid is None:
            grid = _begun(text)
        else:
            grid.add(line, text)
            if grid.rows * len(grid.columns) * 8 > limits.record_bytes:
                raise LimitExceeded(f"its numbers are over record_bytes = {limits.record_bytes:,} (8 bytes each)")
    if grid is None:
        raise MalformedContent("a table without heading")
    if len(grid.odd) > _ROWS_LEFT * grid.rows or not grid.rows:
        raise MalformedContent(f"{len(grid.odd):,} of {grid.rows:,} rows do not begin with a number")
    grid.comments = comments
    return grid


def _begun(text: str) -> _Grid:
    delimiter = next((sign for sign in "\t;" if sign in text), ",")
    headings = [" ".join(cell.split()) for cell in _cells(text, delimiter)]
    while len(headings) > 1 and not headings[-1]:
        headings.pop()
    many = [heading for heading in headings[1:] if _MANY.fullmatch(heading)]
    if many:
        raise UnsupportedFeature(f"a table with a column {many[0]!r}: its rows belong to several spectra or molecules")
    return _Grid(headings, delimiter, [array("d") for _ in headings])


def _cells(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a cell beyond the module's own cap
        return []


def _axis(heading: str, comments: list[tuple[str, str]]) -> tuple[str, str]:
    """Return technique and unit that the heading of the axis names."""
    found = next(((name, unit) for pattern, name, unit in _AXES if pattern.match(heading.strip("\"' "))), None)
    if found is None:
        raise MalformedContent(f"the heading {heading[:40]!r} names no axis of spectra")
    technique, usual = found
    unit = unit_of(heading.replace("_", " ")) or usual
    if technique == "NMR" and unit == "per_cm":
        return "Raman", unit
    if technique == "IR" and any("raman" in f"{key} {value}".lower() for key, value in comments):
        return "Raman", unit
    return ("IR" if technique == "UV/Vis" and unit == "um" else technique), unit


def _item(grid: _Grid, at: int, count: int, axis: tuple[str, str], warnings: list[str], *, alone: bool) -> RawItem:
    technique, unit = axis
    heading = grid.headings[at]
    x, y = np.array(grid.columns[0]), np.array(grid.columns[at])
    given = ~np.isnan(y)
    if not given.any():
        raise MalformedContent("no number in it")
    if lost := len(y) - int(given.sum()):
        warnings.append(f"{counted(lost, 'row')} without a number in the column {heading!r}")
    told = {key: value for key, value in grid.comments if key and value}
    name, positions = on_axis(x[given], technique, unit, _labels(told, grid.headings[0]), warnings, even=False)
    heights = upright(y[given], " ".join([heading, told.get("yunits", "")]), warnings)
    profile = is_trace(np.sort(positions), name)
    kept = sampled(positions, heights) if profile else peak_list(positions, heights, signed=name == "shift")
    title = told.get("name") or told.get("title") or ""
    if not alone or not _PLAIN.fullmatch(heading.lower()):
        title = f"{title} {heading}".strip()
    fields: dict[str, FieldValue] = {field: told[key] for key, field in _FIELDS.items() if key in told}
    frequency = number(told.get("frequency"))
    if frequency > 0:
        fields["frequency"] = frequency
    text = [f"{key}: {value}" if key else value for key, value in grid.comments if value]
    spectrum = Spectrum(kept.positions, kept.intensities, name, technique, title, fields, text=text, profile=profile)
    return RawItem(spectrum, count, title, warnings=[*warnings, *kept.warnings])


def _labels(told: dict[str, str], heading: str) -> dict[str, str]:
    return {"XUNITS": heading, "OBSERVEFREQUENCY": told.get("frequency", "")}
