"""mzXML: one item per scan, read as a stream; scans inside of scans are items as well.

Conventions
-----------
Peaks are pairs of m/z and intensity in network byte order.  The id of a scan is its ``num``.  A scan is a profile if it
or, where it does not say, the file's processing says that it is not centroided.

References
----------
P. G. A. Pedrioli et al., Nat. Biotechnol. 2004, 22, 1459 (mzXML).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import Element

import numpy as np

from nlsearch.errors import InputError, MalformedContent, UnsupportedFeature
from nlsearch.handlers.spectrum.formats import encoded
from nlsearch.handlers.spectrum.formats.named import WORDS, Told
from nlsearch.handlers.spectrum.formats.scans import Wanted, elements
from nlsearch.handlers.spectrum.formats.values import duration
from nlsearch.handlers.spectrum.records import counted
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WANTED = Wanted(frozenset({"scan", "msInstrument", "instrument"}), frozenset({"dataProcessing"}), "scan")
_PAIRED = frozenset({"", "m/z-int"})


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the scans of a file, in the order in which they begin.

    Raises
    ------
    MalformedContent
        Where the XML breaks or ends too early (scans before are yielded first), if it declares entities, or if there
        is no scan.
    """
    header, number = _Header(), 0
    for found in elements(stream, limits, _WANTED):
        element = found.element
        if element.tag != "scan":
            header.take(element)
            continue
        number += 1
        record_id = element.get("num") or None
        if found.refusal:
            yield Skipped(number, found.refusal, "limit_exceeded", record_id)
            continue
        try:
            yield _scan(number, element, header, limits)
        except InputError as exc:
            yield Skipped(number, exc.message, exc.code, record_id)
    if not number:
        raise MalformedContent("the mzXML holds no scan")


class _Header:
    """What the file says for all scans."""

    def __init__(self) -> None:
        self.instrument = self.ionization = ""
        self.profile = False

    def take(self, element: Element) -> None:
        """Take an instrument, the first of which counts, or how the file was made."""
        if element.tag == "dataProcessing":
            self.profile |= element.get("centroided") in {"0", "false"}
        elif not self.instrument:
            values: dict[str, str] = {child.tag: child.get("value", "") for child in element}
            values |= {key: value for key, value in element.attrib.items() if key in {"manufacturer", "model"}}
            words = (values.get(new) or values.get(old, "") for new, old in _INSTRUMENT)
            self.instrument = " ".join(word for word in words if word)
            self.ionization = values.get("msIonisation", element.get("ionisation", ""))


_INSTRUMENT = (("msManufacturer", "manufacturer"), ("msModel", "model"))


def _scan(number: int, element: Element, header: _Header, limits: Limits) -> RawItem:
    told = Told()
    get = element.get
    record_id = get("num") or None
    told.put("title", f"scan={record_id}" if record_id else "")
    told.put("ms_level", get("msLevel", ""))
    if get("polarity") in {"+", "-"}:
        told.put("ion_mode", "negative" if get("polarity") == "-" else "positive")
    told.put(WORDS, get("filterLine", ""))
    told.put("instrument", header.instrument)
    told.put("ionization", header.ionization)
    told.put("collision_energy", _energy(get("collisionEnergy", "")))
    _tell_time(told, get("retentionTime", ""))
    _tell_precursor(told, element)
    centroided = get("centroided")
    told.profile = header.profile if centroided is None else centroided in {"0", "false"}
    positions, intensities = _peaks(element, limits)
    return told.item(number, positions, intensities, record_id)


def _energy(text: str) -> str:
    """Return a collision energy; 0 is what converters write where they know none."""
    return text if text.strip("0. ") else ""


def _tell_time(told: Told, text: str) -> None:
    try:
        value = duration(text.strip()) if text.strip() else None
    except ValueError:
        told.warnings.append(f"retention time {text[:60]!r} is not understood and left out")
        return
    if value is not None:
        told.put("seconds", repr(value))


def _tell_precursor(told: Told, element: Element) -> None:
    precursors = element.findall("precursorMz")
    if not precursors:
        return
    if len(precursors) > 1:
        told.warnings.append(f"of {counted(len(precursors), 'precursor')} the first counts")
    told.put("precursor", precursors[0].text or "")
    told.put("charge", precursors[0].get("precursorCharge", ""))
    told.put("fragmentation", precursors[0].get("activationMethod", ""))


# ---------------------------------------------------------------------------------------------------------------- peaks
def _peaks(element: Element, limits: Limits) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return m/z and intensities.

    Raises
    ------
    InputError
        If they cannot be read, or are not as many as the scan says.
    """
    count = encoded.whole_number(element.get("peaksCount"), "peaksCount")
    peaks = element.find("peaks")
    if peaks is None:
        encoded.check_length(count, 0, "peaksCount")
        return np.zeros(0), np.zeros(0)
    order = peaks.get("contentType") or peaks.get("pairOrder") or ""
    if order not in _PAIRED:
        raise UnsupportedFeature(f"peaks in the order {order[:40]!r} are not read, only m/z-int")
    if peaks.get("byteOrder", "network") != "network":
        raise UnsupportedFeature(f"peaks in the byte order {peaks.get('byteOrder', '')[:40]!r} are not read")
    precision = peaks.get("precision", "32")
    if precision not in {"32", "64"}:
        raise MalformedContent(f"peaks with a precision of {precision[:40]!r} bits")
    raw = _unpacked(peaks, limits)
    pair = int(precision) // 4
    if count == 0 and len(raw) == pair and not any(raw):
        raw = b""  # as some programs write a scan without peaks
    there = len(raw) // pair if count is None else count
    numbers = encoded.values(raw, f">f{pair // 2}", 2 * there, f"a scan of {counted(there, 'peak')}")
    return numbers[0::2], numbers[1::2]


def _unpacked(peaks: Element, limits: Limits) -> bytes:
    compression = peaks.get("compressionType", "none")
    if compression not in {"none", "zlib"}:
        raise UnsupportedFeature(f"peaks compressed by {compression[:40]!r} are not read")
    raw = encoded.unpacked(encoded.without_space(peaks.text), limits, is_zlib=False, name="the list of peaks")
    if compression == "none":
        return raw
    said = encoded.whole_number(peaks.get("compressedLen"), "compressedLen")
    encoded.check_length(said or None, len(raw), "compressedLen")
    return encoded.inflated(raw, limits, "the list of peaks") if raw else raw
