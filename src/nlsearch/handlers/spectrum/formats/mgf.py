"""Mascot generic format: peak lists between ``BEGIN IONS`` and ``END IONS``.

Conventions
-----------
Parameters before the first list hold for all lists that do not say otherwise.  Of ``PEPMASS`` the first number is the
precursor, the third its charge; a third column of a peak is not kept.  Lines that begin with ``#``, ``;``, ``!`` or
``/`` are comments.  An adduct at the end of the name, as GNPS writes it, is taken if no other is given.

References
----------
Mascot generic format, Matrix Science, https://www.matrixscience.com/help/data_file_format.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.spectrum.formats import values
from nlsearch.handlers.spectrum.formats.named import WORDS, Told, field_of
from nlsearch.handlers.spectrum.formats.peakrows import rows
from nlsearch.handlers.spectrum.records import counted
from nlsearch.handlers.textlines import Section, over_cap, sections, shortened
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_MARKER = re.compile(rb"\n[ \t]*(?:BEGIN|END) IONS", re.IGNORECASE)
_COMMENTS = frozenset("#;!/")
_PEAK = re.compile(r"[+-]?(?:\.?\d|nan\b|inf)", re.IGNORECASE)


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the peak lists of a file, in its order.

    Raises
    ------
    MalformedContent
        If there is none.
    """
    number = 0
    held: Section | None = None
    outside = _Outside()
    for section in sections(stream, limits, _MARKER):
        begins = section.marker.strip()[:1] in {b"B", b"b"}
        if held is not None:
            number += 1
            yield _record(number, held, limits, outside, ends=not begins)
        held = section if begins else None
        if not begins:
            outside.take(section.lines()[1 if section.marker else 0 :])
    if held is not None:
        number += 1
        yield _record(number, held, limits, outside, ends=False)
    if not number:
        raise MalformedContent("the file holds no BEGIN IONS")


class _Outside:
    """What stands between the lists."""

    def __init__(self) -> None:
        self.parameters: list[tuple[str, str]] = []
        self.odd: list[str] = []

    def take(self, lines: list[str]) -> None:
        """Take lines behind a list, or before the first."""
        parameters, peaks, odd = _sorted(lines)
        self.parameters += [(key, value) for key, value in parameters if field_of(key) not in {WORDS, ""}]
        self.odd = odd + peaks


def _record(number: int, section: Section, limits: Limits, outside: _Outside, *, ends: bool) -> RawItem | Skipped:
    told = Told()
    parameters, peaks, odd = _sorted(section.lines()[1:])
    for key, value in [*parameters, *outside.parameters]:
        _take(told, key, value)
    record_id = next((told.said[key] for key in ("accession", "title", "scans") if key in told.said), None)
    _take_adduct(told)
    if section.is_over:
        return over_cap(number, limits, record_id)
    positions, intensities = rows(peaks, told.warnings)
    for lines, where in ((odd, "not understood"), (outside.odd, "before BEGIN IONS not understood")):
        if lines:
            told.warnings.append(f"{counted(len(lines), 'line')} {where}, the first is {shortened(lines[0])!r}")
    outside.odd = []
    if not ends:
        told.warnings.append("the record has no END IONS: it may be cut")
    return told.item(number, positions, intensities, record_id)


def _sorted(lines: list[str]) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Return the parameters, the lines of peaks, and those that are neither; comments are left out."""
    parameters: list[tuple[str, str]] = []
    peaks: list[str] = []
    odd: list[str] = []
    for line in map(str.strip, lines):
        if _PEAK.match(line):
            peaks.append(line)
        elif "=" in line:
            key, _, value = line.partition("=")
            parameters.append((key, value))
        elif line and line[0] not in _COMMENTS:
            odd.append(line)
    return parameters, peaks, odd


def _take(told: Told, key: str, value: str) -> None:
    field = field_of(key)
    if field != "precursor":
        told.add(key, value)
        return
    words = value.split()
    told.put("precursor", words[0] if words else "")
    if len(words) > 2:
        told.put("charge", words[2])


def _take_adduct(told: Told) -> None:
    """Take the last word of the name if it is an adduct."""
    words = told.name.split()
    if "adduct" not in told.said and len(words) > 1 and values.adduct(words[-1], "")[1] is not None:
        told.put("adduct", words[-1])
