"""Reading JCAMP-DX 4.24, 5 and 6: one spectrum for each block that holds one, or for each of its pages.

Own code, as the readers at hand do not serve: ``jcamp`` 1.3 reads no pages, loses repeats of squeezed values, prints
failed checks and raises bare exceptions on damaged lines; ``nmrglue`` 0.12 reads one NMR spectrum of a file, and passes
over the checks.  Both are oracles in the tests.

Conventions
-----------
The number of a record counts blocks and pages in the order of the file; LINK blocks around others count only if empty.
Peak tables are peaks; ``XYDATA`` is a trace, of mass spectra only if it is as dense as one.  Of complex spectra the
real part is taken.  Transmittance and reflectance T become 1 − T / max T, so that bands are maxima, and this is said.
Axes are those of :mod:`~.jdxaxes`.

References
----------
R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 1988, 42, 151 (4.24).  A. N. Davies and P. Lampen, Appl. Spectrosc.
1993, 47, 1093 (5.0, NMR).  P. Lampen et al., Appl. Spectrosc. 1994, 48, 1545 (5.0, mass spectra).  J. G. Grasselli,
Pure Appl. Chem. 1991, 63, 1781.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.spectrum.formats.asdf import ordinates
from nlsearch.handlers.spectrum.formats.jdxaxes import abscissas, number, on_axis, technique_of, unit_of
from nlsearch.handlers.spectrum.formats.jdxblocks import Block, Table, blocks
from nlsearch.handlers.spectrum.formats.jdxfields import fields_of, identity_of, words_of
from nlsearch.handlers.spectrum.formats.jdxgroups import assigned, groups
from nlsearch.handlers.spectrum.formats.jdxpages import Variables, chosen, symbols_of
from nlsearch.handlers.spectrum.formats.traces import is_trace, sampled, upright
from nlsearch.handlers.spectrum.records import Listed, Spectrum, peak_list
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RUN = re.compile(r"\(\s*\w+\s*\+\+\s*\(")
_GROUP = re.compile(r"\(\s*([A-Za-z]{2,6})\s*\.\.")
_FEW = 16  # a trace of fewer samples cannot be told from a list of bands
_UNLIKE = 1e-3  # of the range: FIRSTY may be rounded


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the spectra of a JCAMP-DX file.

    Raises
    ------
    MalformedContent
        If there is no block in it.
    """
    count, seen = 0, False
    for block in blocks(stream, limits):
        seen = True
        if block.is_link and block.inner:
            continue
        for result in _of_block(block, limits):
            count += 1
            if isinstance(result, InputError):
                yield Skipped(count, f"{result.message} (block in line {block.line})", result.code)
            else:
                spectrum, warnings = result
                yield RawItem(spectrum, count, spectrum.name, warnings=warnings)
    if not seen:
        raise MalformedContent("no block: there is no ##TITLE= in it")


def _of_block(block: Block, limits: Limits) -> Iterator[tuple[Spectrum, list[str]] | InputError]:
    """Yield the spectra of a block, or the error that says why there is none."""
    try:
        if block.refusal:
            raise LimitExceeded(block.refusal)
        if not block.tables:
            raise _empty(block)
        variables = Variables.of(block.labels)
        unit = variables.unit("X") or unit_of(block.labels.get("XUNITS", ""))
        remarks = list(block.warnings)
        technique = technique_of(block.labels.get("DATATYPE", ""), unit, remarks)
        tables = chosen(block, variables, technique, remarks)
    except InputError as error:
        yield error
        return
    for table in tables:
        try:
            yield _spectrum(block, table, variables, technique, [*remarks], limits)
        except InputError as error:
            yield error


def _empty(block: Block) -> InputError:
    if "JCAMPCS" in block.labels:
        return UnsupportedFeature("a block of a structure (JCAMP-CS), not of a spectrum")
    return MalformedContent("a block without data")


def _spectrum(
    block: Block, table: Table, variables: Variables, technique: str, warnings: list[str], limits: Limits
) -> tuple[Spectrum, list[str]]:
    labels = block.labels | table.local
    over, drawn = symbols_of(table)
    unit = variables.unit(over) or unit_of(labels.get("XUNITS", ""))
    x, y, even = _points(table, labels, variables, warnings, limits)
    if not len(x):
        raise MalformedContent(f"a table ({table.label}) without a number in it")
    axis, x = on_axis(x, technique, unit, labels, warnings, even=even)
    y = upright(y, variables.named.get(drawn, {}).get("UNITS") or labels.get("YUNITS", ""), warnings)
    profile = _is_profile(table, np.sort(x), axis, labels)
    kept: Listed = sampled(x, y) if profile else peak_list(x, y, signed=axis == "shift")
    name = " ".join(labels.get("TITLE", "").split())
    fields = fields_of(labels, technique, warnings) | variables.page_fields(table)
    spectrum = Spectrum(
        kept.positions, kept.intensities, axis, technique, name, fields, text=words_of(labels), profile=profile
    )
    identity = identity_of(labels)
    spectrum.inchi, spectrum.smiles = identity["inchi"], identity["smiles"]
    return spectrum, [*warnings, *kept.warnings]


def _points(
    table: Table, labels: dict[str, str], variables: Variables, warnings: list[str], limits: Limits
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Return X and Y of a table, in their units, and whether they are evenly spaced."""
    most = limits.record_bytes // 8
    span, scale = variables.span(table, labels)
    if span.points > most:
        raise LimitExceeded(f"##NPOINTS= {span.points:,.0f} is over record_bytes / 8 = {most:,}")
    if _RUN.match(table.form) and table.label != "RADATA":
        found = ordinates(table.lines, most)
        warnings.extend(found.warnings)
        if not len(found.values):
            return np.empty(0), np.empty(0), False
        _counted(len(found.values), span.points, warnings)
        y = found.values * scale
        _begun(y, number(labels.get("FIRSTY")), warnings)
        return abscissas(found, span, warnings), y, True
    x, y = _pairs(table, most, warnings)
    if not table.label.startswith("PEAKASSIGN"):
        _counted(len(x), span.points, warnings)
    return x * span.factor, y * scale, False


def _pairs(table: Table, most: int, warnings: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if table.label.startswith("PEAKASSIGN"):
        peaks = np.array(assigned(table.lines), np.float64).reshape(-1, 2)
        if np.isnan(peaks[:, 1]).any():
            warnings.append("peaks without intensity are taken as 1")
        return peaks[:, 0], np.nan_to_num(peaks[:, 1], nan=1.0)
    form = _GROUP.match(table.form)
    if not form or form.group(1).upper()[:2] != "XY":
        raise UnsupportedFeature(f"a table of the form {table.form[:40] or '(none)'}")
    found, odd = groups(table.lines, len(form.group(1)), most)
    warnings.extend(odd)
    return found[:, 0], found[:, 1]


def _counted(n: int, declared: float, warnings: list[str]) -> None:
    if not math.isnan(declared) and n != declared:
        warnings.append(f"##NPOINTS= says {declared:,.0f} points, there are {n:,}")


def _begun(y: NDArray[np.float64], declared: float, warnings: list[str]) -> None:
    """Check FIRSTY; some programs give the Y of the smallest X."""
    if min(abs(y[0] - declared), abs(y[-1] - declared)) > _UNLIKE * float(np.nanmax(np.abs(y), initial=0)):
        warnings.append(f"##FIRSTY= says {declared:g}, the first value is {y[0]:g}")


def _is_profile(table: Table, x: NDArray[np.float64], axis: str, labels: dict[str, str]) -> bool:
    if table.label.startswith("PEAK") or re.search(r"PEAK|CENTROID", table.form.upper().partition(")")[2]):
        return False
    if axis == "mz":
        return "CONTINUOUS" in labels.get("DATATYPE", "").upper() or is_trace(x, axis)
    return len(x) >= _FEW
