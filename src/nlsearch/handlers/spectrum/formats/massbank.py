"""MassBank records, one or many in a file, each up to its ``//``.

Conventions
-----------
Intensities are the absolute ones; the relative ones stand in if the record has no others, or the same for all peaks.
Retention times without a unit are minutes.  A record that its makers have deprecated is left out, with their reason.

References
----------
MassBank Record Format 2.6, MassBank consortium 2023.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.spectrum.formats.named import MINUTE, WORDS, Told
from nlsearch.handlers.spectrum.formats.peakrows import column
from nlsearch.handlers.spectrum.records import counted, is_number
from nlsearch.handlers.textlines import Section, over_cap, sections, shortened
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_FIELDS = {
    "ACCESSION": "accession",
    "RECORD_TITLE": "title",
    "DATE": "date",
    "AUTHORS": "author",
    "LICENSE": "license",
    "COPYRIGHT": WORDS,
    "COMMENT": WORDS,
    "PUBLICATION": WORDS,
    "PROJECT": WORDS,
    "CH$NAME": "name",
    "CH$FORMULA": "formula",
    "CH$EXACT_MASS": "mass",
    "CH$SMILES": "smiles",
    "CH$IUPAC": "inchi",
    "AC$INSTRUMENT": "instrument",
    "AC$INSTRUMENT_TYPE": "instrument_type",
    "PK$SPLASH": "splash",
}
_SUBFIELDS = {
    "AC$MASS_SPECTROMETRY": {
        "MS_TYPE": "ms_level",
        "ION_MODE": "ion_mode",
        "IONIZATION": "ionization",
        "CHARGE": "charge",
        "FRAGMENTATION_MODE": "fragmentation",
        "COLLISION_ENERGY": "collision_energy",
    },
    "AC$CHROMATOGRAPHY": {"RETENTION_TIME": "retention_time", "COLUMN_NAME": WORDS},
    "MS$FOCUSED_ION": {"PRECURSOR_M/Z": "precursor", "PRECURSOR_TYPE": "adduct", "ION_TYPE": "adduct"},
    "CH$LINK": {"INCHIKEY": "inchikey", "CAS": "cas", "ChemOnt": "compound_class"},
}
_MARKER = re.compile(rb"\n(?:ACCESSION:|//)")
_ROW_STARTS = frozenset(" \t0123456789.")


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the records of a file, in its order.

    Raises
    ------
    MalformedContent
        If there is none.
    """
    number = 0
    held: Section | None = None
    for section in sections(stream, limits, _MARKER):
        if held is not None:
            number += 1
            yield _record(number, held, limits, section.marker)
        held = section if section.marker.startswith(b"ACC") or not section.is_blank else None
    if held is not None:
        number += 1
        yield _record(number, held, limits, b"")
    if not number:
        raise MalformedContent("the file holds no MassBank record")


class _Rows:
    """The lines below ``PK$PEAK``, and what is said about them."""

    def __init__(self) -> None:
        self.lines: list[str] | None = None
        self.announced = ""


def _record(number: int, section: Section, limits: Limits, behind: bytes) -> RawItem | Skipped:
    """Return the record of a section, with the marker `behind` it."""
    told, found = Told(MINUTE), _Rows()
    deprecated = _read(section.lines(), told, found)
    accession = told.said.get("accession")
    if section.is_over:
        return over_cap(number, limits, accession)
    if deprecated is not None:
        why = f"the record is deprecated: {deprecated or 'no reason is given'}"
        return Skipped(number, why, "unsupported_feature", accession)
    if accession is None and found.lines is None:
        return Skipped(number, "neither ACCESSION nor PK$PEAK: this is no MassBank record")
    if behind != b"//":
        told.warnings.append("the record has no // at its end: it may be cut")
    positions, intensities = _peaks(found, told.warnings)
    return told.item(number, positions, intensities, accession)


def _read(lines: list[str], told: Told, found: _Rows) -> str | None:
    """Take the lines of a record; return why it is deprecated, None if it is not."""
    deprecated = None
    rows: list[str] = []
    for line in lines:
        if line[:1] in _ROW_STARTS or line == "N/A":
            rows.append(line)
            continue
        tag, _, value = line.partition(":")
        rows = []
        if tag in _FIELDS:
            told.put(_FIELDS[tag], value)
        elif tag == "PK$PEAK":
            rows = found.lines = []
        elif tag == "PK$NUM_PEAK":
            found.announced = value.strip()
        elif tag == "DEPRECATED":
            deprecated = value.strip()
        else:
            _take_sub(told, tag, value.strip())
    return deprecated


def _take_sub(told: Told, tag: str, value: str) -> None:
    """Take a tag whose value begins with the name of a subtag, and the class of the compound."""
    sub, _, rest = value.partition(" ")
    field = _SUBFIELDS[tag].get(sub) if tag in _SUBFIELDS else None
    if field == "compound_class":  # ChemOnt, with an id in front
        value, tag = rest.partition(";")[2], "CH$COMPOUND_CLASS"
    elif field is not None:
        told.put(field, rest)
    if tag == "CH$COMPOUND_CLASS":
        for part in value.split(";"):
            told.put("compound_class", part)
    elif field is None and (tag == "CH$LINK" or tag.startswith("SP$")):
        told.put(WORDS, value)


def _peaks(found: _Rows, warnings: list[str]) -> tuple[list[float], list[float]]:
    if found.lines is None:
        warnings.append("the record has no PK$PEAK")
        return [], []
    rows = [line.split() for line in found.lines if line.strip() not in {"", "N/A"}]
    if any(len(row) != 3 for row in rows):
        rows = _understood(rows, warnings)
    if found.announced not in {str(len(rows)), "", "N/A"}:
        warnings.append(f"PK$NUM_PEAK says {shortened(found.announced)}, there are {counted(len(rows), 'peak')}")
    positions, absolute, relative = zip(*rows, strict=True) if rows else ((), (), ())
    intensities = column(absolute)
    if len(rows) > 1 and len(set(intensities)) == 1 and len(set(relative)) > 1:
        warnings.append("the absolute intensities are all the same: the relative ones are used")
        intensities = column(relative)
    return column(positions), intensities


def _understood(rows: list[list[str]], warnings: list[str]) -> list[list[str]]:
    """Return the rows of m/z and one or two intensities, with three columns each."""
    good = [row if len(row) == 3 else [*row, row[1]] for row in rows if len(row) in {2, 3} and is_number(row[0])]
    if len(good) < len(rows):
        odd = next(row for row in rows if len(row) not in {2, 3} or not is_number(row[0]))
        missed = counted(len(rows) - len(good), "line")
        warnings.append(f"{missed} of peaks not understood, the first is {shortened(' '.join(odd))!r}")
    return good
