"""Terms of PSI-MS that mzML speaks in, and what its header says for all spectra.

References
----------
PSI-MS controlled vocabulary and unit ontology, HUPO-PSI, https://www.ebi.ac.uk/ols4/ontologies/ms.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias
from xml.etree.ElementTree import Element

from nlsearch.handlers.spectrum.formats.named import Told

_TIME_UNITS = {"UO:0000010": "s", "UO:0000028": "ms", "UO:0000031": "min", "UO:0000032": "h"}
_METHODS = {
    "MS:1000133": "CID",
    "MS:1000134": "PD",
    "MS:1000135": "PSD",
    "MS:1000136": "SID",
    "MS:1000242": "BIRD",
    "MS:1000250": "ECD",
    "MS:1000262": "IRMPD",
    "MS:1000282": "SORI",
    "MS:1000422": "HCD",
    "MS:1000433": "LE-CID",
    "MS:1000435": "MPD",
    "MS:1000598": "ETD",
    "MS:1000599": "PQD",
    "MS:1001880": "in-source CID",
    "MS:1002472": "CID",
    "MS:1002481": "HCD",
    "MS:1002631": "EThcD",
    "MS:1003246": "UVPD",
    "MS:1003247": "NETD",
    "MS:1003294": "EAD",
}
"""Dissociation methods, by the abbreviations that people use."""
_NO_MODEL = frozenset({"MS:1000529", "MS:1000032", "MS:1000031"})
"""Serial number, customisation, and "instrument model" without saying which."""


class Param(NamedTuple):
    """A cvParam."""

    name: str
    value: str
    unit: str
    unit_name: str


Params: TypeAlias = dict[str, Param]
"""Accession → cvParam."""


class Instrument(NamedTuple):
    """What an instrumentConfiguration says."""

    name: str
    ionization: str


class Header:
    """What the file says before its spectra: groups of parameters, instruments."""

    def __init__(self) -> None:
        self._groups: dict[str, Params] = {}
        self._instruments: dict[str, Instrument] = {}
        self._default = ""

    def take(self, element: Element) -> None:
        """Take a referenceableParamGroup, an instrumentConfiguration, or the attributes of a run."""
        if element.tag == "referenceableParamGroup":
            self._groups[element.get("id", "")] = self.params(element)
        elif element.tag == "instrumentConfiguration":
            self._instruments[element.get("id", "")] = self._instrument(element)
        elif element.tag == "run":
            self._default = element.get("defaultInstrumentConfigurationRef", "")

    def params(self, element: Element) -> Params:
        """Return the parameters of an element, and of the groups to which it refers."""
        found: Params = {}
        for child in element:
            if child.tag == "cvParam":
                get = child.get
                found[get("accession", "")] = Param(
                    get("name", ""), get("value", ""), get("unitAccession", ""), get("unitName", "")
                )
            elif child.tag == "referenceableParamGroupRef":
                found = self._groups.get(child.get("ref", ""), {}) | found
        return found

    def instrument(self, reference: str) -> Instrument:
        """Return the instrument of this id, else that of the run, else the first."""
        first = next(iter(self._instruments.values()), Instrument("", ""))
        return self._instruments.get(reference) or self._instruments.get(self._default) or first

    def _instrument(self, element: Element) -> Instrument:
        names = [
            param.name
            for accession, param in self.params(element).items()
            if accession not in _NO_MODEL and not param.value
        ]
        sources = [param for source in element.iter("source") for param in self.params(source).values()]
        ionization = next((param.name for param in sources if param.name.endswith(("ionization", "desorption"))), "")
        return Instrument(" ".join(names), ionization)


def methods(activation: Params) -> str:
    """Return the dissociation methods of an activation in words."""
    known = [_METHODS[accession] for accession in activation if accession in _METHODS]
    return " ".join(known or [param.name for param in activation.values() if not param.value])


def energy(activation: Params) -> str:
    """Return the collision energy of an activation with its unit, ``""`` if there is none."""
    for accession, unit in (("MS:1000045", "eV"), ("MS:1000138", "NCE")):
        if accession in activation:
            return f"{activation[accession].value} {unit}"
    return ""


def time(told: Told, start: Param | None) -> None:
    """Take the start time of a scan."""
    if start is not None and start.value:
        told.put("retention_time", f"{start.value} {_TIME_UNITS.get(start.unit, start.unit_name)}")
