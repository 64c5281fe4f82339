"""Reading nmrML 1: the one-dimensional spectra of a file, with what it tells of acquisition and compound.

Conventions
-----------
Spectra are over ppm.  Of complex data the real part is taken; complex data without an axis are pairs of shift and
intensity, as the schema allows.  Where a spectrum is assigned, the peaks of the assignment are its peaks, and the trace
is left aside.  A file that has only the free induction decay gives no item.

References
----------
D. Schober et al., Anal. Chem. 2018, 90, 649; nmrML.xsd 1.0 and 1.1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import Element, fromstring

import numpy as np

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.chemistry.markup import element_records
from nlsearch.handlers.spectrum.formats.nmrmldata import points_of
from nlsearch.handlers.spectrum.formats.traces import sampled
from nlsearch.handlers.spectrum.records import Spectrum, peak_list
from nlsearch.limits import Limits
from nlsearch.model import FieldValue, RawItem, Skipped

_ABOUT = frozenset({"contactList", "instrumentConfigurationList", "sampleList", "acquisition"})
_ASSIGNED = "atomAssignment"
_SPECTRA = frozenset({"spectrum1D", "spectrumMultiD", "spectrum2D"})
_NUCLEI = {"hydrogen": "1H", "proton": "1H", "carbon": "13C", "nitrogen": "15N", "fluorine": "19F", "phosphorus": "31P"}
_ISOTOPE = re.compile(r"\^?(\d{1,3})-?\s?([A-Z][a-z]?)\b|([A-Za-z]+)(?:-(\d{1,3}))?")
_KEY = re.compile(r"\b[A-Z]{14}-[A-Z]{10}-[A-Z]\b")


@dataclass(slots=True)
class _Held:
    """What has been read of the file."""

    limits: Limits
    fields: dict[str, FieldValue] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    spectra: list[tuple[str, Spectrum, list[str]] | InputError] = field(default_factory=list)
    assignments: list[Element] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    decays: int = 0
    size: int = 0


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the spectra of an nmrML file.

    Raises
    ------
    MalformedContent
        Where the XML breaks (spectra before are yielded first), or if it declares entities.
    """
    held, failure = _Held(limits), None
    try:
        for record in element_records(stream, limits, _ABOUT | _SPECTRA | {_ASSIGNED}):
            if problem := record.refusal or record.unreadable:
                held.spectra.append((LimitExceeded if record.refusal else UnsupportedFeature)(problem))
            else:
                _take(held, fromstring(record.lines[0]))  # noqa: S314 - written by us from what expat has checked
    except MalformedContent as error:
        failure = error
    yield from _results(held)
    if failure is not None:
        raise failure


def _results(held: _Held) -> Iterator[RawItem | Skipped]:
    if not held.spectra and held.decays:
        yield Skipped(
            1, "only the free induction decay, from which the spectrum was not yet made", "unsupported_feature"
        )
    for number, found in enumerate(held.spectra, 1):
        if isinstance(found, InputError):
            yield Skipped(number, found.message, found.code)
            continue
        identity, spectrum, warnings = found
        spectrum.fields = dict(held.fields)
        spectrum.text = list(held.text)
        for element in held.assignments:
            if len(held.spectra) == 1 or element.get("spectrumRef") in {identity, None}:
                _assign(spectrum, element, warnings)
        yield RawItem(spectrum, number, spectrum.name, warnings=[*held.warnings, *warnings])


def _take(held: _Held, element: Element) -> None:
    if element.tag == "spectrum1D":
        try:
            held.spectra.append(_spectrum(held, element))
        except InputError as error:
            held.spectra.append(error)
    elif element.tag in _SPECTRA:
        held.spectra.append(UnsupportedFeature("a spectrum of more than one dimension"))
    elif element.tag == _ASSIGNED:
        held.assignments.append(element)
    else:
        _about(held, element)


# ------------------------------------------------------------------------------------------------------------ spectra
def _spectrum(held: _Held, element: Element) -> tuple[str, Spectrum, list[str]]:
    warnings: list[str] = []
    array = element.find("spectrumDataArray")
    if array is None or not (array.text or "").strip():
        raise MalformedContent("a spectrum without data")
    points = points_of(array, held.limits)
    held.size += points.nbytes
    held.limits.check("record_bytes", held.size)  # all are held, as assignments come last
    axis = element.find("xAxis")
    unit = "" if axis is None else axis.get("unitName", "").lower()
    start, end = (math.nan, math.nan) if axis is None else (_number(axis.get(at)) for at in ("startValue", "endValue"))
    if "hertz" in unit or unit == "hz":
        frequency = held.fields.get("frequency", math.nan)
        start, end = start / float(str(frequency)), end / float(str(frequency))
    if not math.isnan(start + end):
        x, y = np.linspace(start, end, len(points)), points[:, 0]
    elif points.shape[1] == 2:
        x, y = points[:, 0], points[:, 1]
    else:
        raise MalformedContent("a spectrum whose axis does not say where it begins and ends, in ppm")
    declared = element.get("numberOfDataPoints", "")
    if declared.isdecimal() and int(declared) != len(points):
        warnings.append(f"numberOfDataPoints says {int(declared):,}, there are {len(points):,}")
    kept = sampled(x, y)
    name = element.get("name", "")
    spectrum = Spectrum(kept.positions, kept.intensities, "shift", "NMR", name, profile=True)
    return element.get("id", ""), spectrum, [*warnings, *kept.warnings]


def _assign(spectrum: Spectrum, element: Element, warnings: list[str]) -> None:
    """Take the peaks and the compound of an assignment."""
    marks = list(element.iter("peak")) or list(element.iter("multiplet"))
    centres = [(_number(mark.get("center")), _number(mark.get("amplitude"))) for mark in marks]
    if centres:
        if any(math.isnan(height) for _, height in centres):
            warnings.append("peaks without amplitude are taken as 1")
        kept = peak_list(
            [x for x, _ in centres], [1.0 if math.isnan(height) else height for _, height in centres], signed=True
        )
        warnings += ["the peaks are those of the assignment", *kept.warnings]
        spectrum.positions, spectrum.intensities, spectrum.profile = kept.positions, kept.intensities, False
    compound = element.find("chemicalCompound")
    spectrum.name = spectrum.name or (compound.get("name", "") if compound is not None else "")
    for node in element.iter():
        for value in node.attrib.values():
            if value.startswith("InChI="):
                spectrum.inchi = spectrum.inchi or value
            elif key := _KEY.search(value):
                spectrum.fields.setdefault("inchikey", key.group())
        if node.get("name", "").lower().endswith("smiles"):
            spectrum.smiles = spectrum.smiles or node.get("value", "") or node.get("identifier", "")


# -------------------------------------------------------------------------------------------------------------- about
def _about(held: _Held, element: Element) -> None:
    names = list(dict.fromkeys(filter(None, (node.get("name", "") for node in element.iter()))))
    if element.tag == "contactList":
        authors = [node.get("fullname", "") for node in element.iter("contact")]
        if people := "; ".join(name for name in authors if name.strip().lower() not in {"", "undefined", "unknown"}):
            held.fields["author"] = people
    elif element.tag == "instrumentConfigurationList" and names:
        names = [name for name in names if name != "ProbeHead"]
        names += filter(None, (node.get("value", "") for node in element.iter("userParam")))
        held.fields["instrument"] = "; ".join(names)
    elif element.tag == "sampleList":
        held.text += names
        _solvent(held, element)
    elif element.tag == "acquisition":
        held.decays = sum(1 for tag in ("fidData", "fid") for _ in element.iter(tag))
        _acquisition(held, element)
        _solvent(held, element)


def _acquisition(held: _Held, element: Element) -> None:
    nucleus = next(element.iter("acquisitionNucleus"), None)
    if nucleus is not None and (isotope := _isotope(nucleus.get("name", ""))):
        held.fields["nucleus"] = isotope
    for tag in ("irradiationFrequency", "effectiveExcitationField"):
        value = next((_number(node.get("value")) for node in element.iter(tag)), math.nan)
        if value > 0:
            held.fields["frequency"] = value if value < 1e4 else value / 1e6  # many files say hertz and mean MHz
            break


def _isotope(name: str) -> str:
    found = _ISOTOPE.search(name.strip())
    if not found:
        return ""
    if found.group(1):
        return found.group(1) + found.group(2)
    known = _NUCLEI.get(found.group(3).lower(), "")
    return found.group(4) + known.lstrip("0123456789") if known and found.group(4) else known


def _solvent(held: _Held, element: Element) -> None:
    solvent = next((node.get("name", "") for node in element.iter("solvent")), "")
    if solvent:
        held.fields["solvent"] = solvent


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
