"""mzML: one item per spectrum, read as a stream, with or without an index.

Conventions
-----------
Terms go by their accessions in PSI-MS.  Of several precursors or selected ions the first counts.  The id is the native
id of the scan.  Chromatograms are no spectra; UV/Vis spectra of a diode array are.

References
----------
L. Martens et al., Mol. Cell. Proteomics 2011, 10, R110.000133 (mzML 1.1).  PSI-MS controlled vocabulary, HUPO-PSI.
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
from nlsearch.handlers.spectrum.formats.terms import Header, Params, energy, methods, time
from nlsearch.handlers.spectrum.records import counted
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WANTED = Wanted(
    frozenset({"spectrum", "referenceableParamGroup", "instrumentConfiguration"}),
    frozenset({"run", "chromatogramList"}),
)
_TYPES = {"MS:1000519": "<i4", "MS:1000520": "<f2", "MS:1000521": "<f4", "MS:1000522": "<i8", "MS:1000523": "<f8"}
_NONE, _ZLIB = "MS:1000576", "MS:1000574"
_OTHER_COMPRESSIONS = {
    "MS:1002312": "MS-Numpress linear",
    "MS:1002313": "MS-Numpress positive integer",
    "MS:1002314": "MS-Numpress short logged float",
    "MS:1002746": "MS-Numpress linear with zlib",
    "MS:1002747": "MS-Numpress positive integer with zlib",
    "MS:1002748": "MS-Numpress short logged float with zlib",
    "MS:1003088": "truncation and zlib",
    "MS:1003089": "truncation, delta prediction and zlib",
    "MS:1003090": "truncation, linear prediction and zlib",
}
_MZ, _INTENSITY, _WAVELENGTH = "MS:1000514", "MS:1000515", "MS:1000617"
_NAMES = {_MZ: "the m/z array", _INTENSITY: "the intensity array", _WAVELENGTH: "the wavelength array"}
_EXTERNAL = "IMS:1000101"


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the spectra of a file, in its order.

    Raises
    ------
    MalformedContent
        Where the XML breaks or ends too early (spectra before are yielded first), or if it declares entities.
    UnsupportedFeature
        If there are chromatograms and no spectra.
    """
    header, number, chromatograms = Header(), 0, False
    for found in elements(stream, limits, _WANTED):
        element = found.element
        if element.tag != "spectrum":
            chromatograms |= element.tag == "chromatogramList"
            header.take(element)
            continue
        number += 1
        if found.refusal:
            yield Skipped(number, found.refusal, "limit_exceeded", element.get("id"))
            continue
        try:
            yield _spectrum(number, element, header, limits)
        except InputError as exc:
            yield Skipped(number, exc.message, exc.code, element.get("id"))
    if not number and chromatograms:
        raise UnsupportedFeature("the mzML holds chromatograms and no spectra")
    if not number:
        raise MalformedContent("the mzML holds no spectrum")


def _spectrum(number: int, element: Element, header: Header, limits: Limits) -> RawItem:
    told = Told()
    own = header.params(element)
    scan = element.find("scanList/scan")
    if scan is not None:
        own = header.params(scan) | own
        time(told, own.get("MS:1000016"))
    _tell(told, own)
    _tell_precursor(told, element, header)
    instrument = header.instrument("" if scan is None else scan.get("instrumentConfigurationRef", ""))
    told.put("instrument", instrument.name)
    told.put("ionization", instrument.ionization)
    told.put("title", own["MS:1000796"].value if "MS:1000796" in own else "")
    record_id = element.get("id") or None
    told.put("title", record_id or "")
    arrays = _arrays(element, header, limits)
    axis, technique = ("mz", "MS") if _WAVELENGTH not in arrays else ("wavelength", "UV/Vis")
    positions = arrays.get(_MZ, arrays.get(_WAVELENGTH, _NO_NUMBERS))
    return told.item(number, positions, arrays.get(_INTENSITY, _NO_NUMBERS), record_id, axis, technique)


def _tell(told: Told, params: Params) -> None:
    """Take what a spectrum and its scan say of themselves."""
    for accession, field in (("MS:1000511", "ms_level"), ("MS:1000512", WORDS)):
        if accession in params:
            told.put(field, params[accession].value)
    if "MS:1000579" in params:
        told.put("ms_level", "1")
    for accession, mode in (("MS:1000129", "negative"), ("MS:1000130", "positive")):
        if accession in params:
            told.put("ion_mode", mode)
    told.profile = "MS:1000128" in params


def _tell_precursor(told: Told, element: Element, header: Header) -> None:
    precursors = element.findall("precursorList/precursor")
    if not precursors:
        return
    ions = precursors[0].findall("selectedIonList/selectedIon")
    for one, noun in ((precursors, "precursor"), (ions, "selected ion")):
        if len(one) > 1:
            told.warnings.append(f"of {counted(len(one), noun)} the first counts")
    params = header.params(ions[0]) if ions else {}
    window = precursors[0].find("isolationWindow")
    target = None if window is None else header.params(window).get("MS:1000827")
    if target is not None:
        params.setdefault("MS:1000744", target)
    for accession, field in (("MS:1000744", "precursor"), ("MS:1000041", "charge")):
        if accession in params:
            told.put(field, params[accession].value)
    activation = precursors[0].find("activation")
    if activation is not None:
        how = header.params(activation)
        told.put("fragmentation", methods(how))
        told.put("collision_energy", energy(how))


# --------------------------------------------------------------------------------------------------------------- arrays
_NO_NUMBERS: NDArray[np.float64] = np.zeros(0)


def _arrays(element: Element, header: Header, limits: Limits) -> dict[str, NDArray[np.float64]]:
    """Return the arrays of positions and intensities by their accessions; both or none.

    Raises
    ------
    InputError
        If one cannot be read, or is missing although the spectrum says that it has points.
    """
    announced = encoded.whole_number(element.get("defaultArrayLength"), "defaultArrayLength")
    found: dict[str, NDArray[np.float64]] = {}
    for array in element.findall("binaryDataArrayList/binaryDataArray"):
        params = header.params(array)
        accession = next((known for known in _NAMES if known in params), "")
        if accession and accession not in found:
            found[accession] = _array(array, params, announced, accession, limits)
    missing = [name for known, name in _NAMES.items() if known not in found and known != _WAVELENGTH]
    if _WAVELENGTH in found:
        missing = [name for name in missing if name != _NAMES[_MZ]]
    if missing and (announced or found):
        raise MalformedContent(
            f"the spectrum says that it has {counted(announced or 0, 'point')}, without {missing[0]}"
        )
    return found


def _array(
    array: Element, params: Params, announced: int | None, accession: str, limits: Limits
) -> NDArray[np.float64]:
    name = _NAMES[accession]
    if _EXTERNAL in params:
        raise UnsupportedFeature(f"{name} is in another file (imzML)")
    other = [term for known, term in _OTHER_COMPRESSIONS.items() if known in params]
    if other or (_NONE not in params and _ZLIB not in params and any("compress" in p.name for p in params.values())):
        how = other[0] if other else next(p.name for p in params.values() if "compress" in p.name)
        raise UnsupportedFeature(f"{name} is compressed by {how}, which is not read")
    dtype = next((numpy for known, numpy in _TYPES.items() if known in params), None)
    if dtype is None:
        raise UnsupportedFeature(f"{name} does not say of which known type its numbers are")
    binary = array.find("binary")
    text = encoded.without_space(None if binary is None else binary.text)
    encoded.check_length(
        encoded.whole_number(array.get("encodedLength"), "encodedLength"), len(text), f"encodedLength of {name}"
    )
    count = encoded.whole_number(array.get("arrayLength"), "arrayLength")
    count = announced if count is None else count
    raw = encoded.unpacked(text, limits, is_zlib=_ZLIB in params, name=name)
    return encoded.values(raw, dtype, len(raw) // int(dtype[-1]) if count is None else count, name)
