"""From the many spellings of metadata keys to the declared fields.

Conventions
-----------
Keys are compared without case, white space and punctuation: ``Precursor_MZ``, ``PRECURSOR M/Z`` and ``precursormz`` are
one.  The first value of a field counts; names and authors are collected.  A value that is not understood is left
out with a warning; values of other keys, if they have words, are words in which the record is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from nlsearch.handlers.spectrum.formats import values
from nlsearch.handlers.spectrum.records import Spectrum, peak_list
from nlsearch.handlers.textlines import shortened
from nlsearch.model import FieldValue, RawItem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MINUTE = 60.0
_SPELLINGS: dict[str, str] = {
    "name": "name compoundname compound chemicalname",
    "title": "title recordtitle spectrumname",
    "synonyms": "synonym synonyms synon othernames",
    "accession": "accession spectrumid db dbno dbid libraryspectrumid massbankid",
    "nist": "nist nistno nistid",
    "scans": "scans scan scannumber featureid",
    "precursor": "precursormz precursormass pepmass precursor parentmz selectedionmz",
    "charge": "charge precursorcharge chargestate",
    "adduct": "adduct precursortype iontype adducttype",
    "ion_mode": "ionmode ionizationmode polarity ionpolarity ionpol",
    "ms_level": "mslevel mstype",
    "spectrum_type": "spectrumtype",
    "collision_energy": "collisionenergy colenergy ce collisionenergyvoltage",
    "fragmentation": "fragmentationmode fragmentationmethod fragmentation dissociationmethod activationmethod",
    "instrument": "instrument sourceinstrument instrumentname instrumentmodel",
    "instrument_type": "instrumenttype",
    "ionization": "ionization ionisation ionsource ionizationmethod ionmethod ionizationsource",
    "retention_time": "retentiontime rettime rt scanstarttime",
    "seconds": "rtinseconds retentiontimeinseconds rtseconds",
    "minutes": "rtinminutes retentiontimeinminutes rtminutes",
    "formula": "formula molecularformula molformula formulasmiles formulainchi",
    "mass": "exactmass monoisotopicmass totalexactmass parentmass",
    "inchikey": "inchikey inchikeysmiles inchikeyinchi stdinchikey",
    "inchi": "inchi stdinchi computedinchi",
    "smiles": "smiles computedsmiles canonicalsmiles",
    "cas": "cas casno casnumber casrn",
    "compound_class": "compoundclass ontology chemicalclass classyfireclass",
    "splash": "splash",
    "author": "authors author submitter pi datacollector principalinvestigator",
    "license": "license licence",
    "date": "date recorddate createtime created datecreated",
    "": "numpeaks peaks peaksjson peakcomments mw molecularweight basepeak totioncurrent task taskid userid url",
}
"""Declared field, or our word for what becomes one, → keys.  Of those under ``""`` nothing is kept."""
FIELD_OF: dict[str, str] = {key: field for field, keys in _SPELLINGS.items() for key in keys.split()}
WORDS = "words"
"""Where values of keys without a field go."""
_COLLECTED = frozenset({"synonyms", "author", "name", "compound_class"})
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN = ("instrument", "instrument_type", "formula", "license")
_TIMES = ("retention_time", "seconds", "minutes")
_READ: dict[str, Callable[[str], FieldValue | None]] = {
    "ms_level": values.level,
    "inchikey": values.inchikey,
    "cas": values.cas,
    "splash": values.splash,
    "date": values.iso_date,
    "ionization": values.ionization,
}


@lru_cache(maxsize=4096)
def field_of(key: str) -> str:
    """Return the field that `key` is a spelling of, ``""`` if nothing is kept of it, else :data:`WORDS`."""
    return FIELD_OF.get(re.sub(r"[\W_]+", "", key).casefold(), WORDS)


class Told:
    """What a record says about itself.

    Parameters
    ----------
    time_unit : float, optional
        The seconds of a retention time's unit where the record does not say it; None if the format does not either.
    """

    def __init__(self, time_unit: float | None = None) -> None:
        self.warnings: list[str] = []
        self.text: list[str] = []
        self.said: dict[str, str] = {}
        self.profile = False
        self._several: dict[str, list[str]] = {}
        self._time_unit = time_unit

    def add(self, key: str, value: str) -> None:
        """Take a key as the record spells it, with its value."""
        field = field_of(key)
        if field:
            self.put(field, value)

    def put(self, field: str, value: str) -> None:
        """Take the value of a field."""
        value = values.said(value)
        if not value:
            return
        if field == WORDS:
            if _LETTER.search(value):
                self.text.append(value)
        elif field == "spectrum_type":
            self._take_type(value)
        elif field in _COLLECTED:
            several = self._several.setdefault(field, [])
            if value not in several:
                several.append(value)
        else:
            self.said.setdefault(field, value)

    def _take_type(self, value: str) -> None:
        """Take a spectrum type: RIKEN's is "Centroid" or "Profile", that of NIST and MoNA the MS level."""
        word = value.casefold()
        if word.startswith("profile"):
            self.profile = True
        elif not word.startswith("centroid"):
            self.said.setdefault("ms_level", value)

    @property
    def name(self) -> str:
        """What the record calls itself: its first name, else its title."""
        names = self._several.get("name")
        return names[0] if names else self.said.get("title", "")

    def item(
        self,
        number: int,
        positions: ArrayLike,
        intensities: ArrayLike,
        record_id: str | None = None,
        axis: str = "mz",
        technique: str = "MS",
    ) -> RawItem:
        """Return the item of the record."""
        names, name, title = self._several.get("name", []), self.name, self.said.get("title", "")
        listed = peak_list(positions, intensities)
        self.warnings += listed.warnings
        spectrum = Spectrum(listed.positions, listed.intensities, axis, technique, name, self._fields())
        spectrum.smiles, spectrum.inchi = self.said.get("smiles", ""), self._inchi()
        spectrum.text, spectrum.profile = self.text, self.profile
        synonyms = [other for other in [*names, *self._several.get("synonyms", [])] if other != name]
        if synonyms:
            spectrum.fields["synonyms"] = list(dict.fromkeys(synonyms))
        if title not in {"", name}:
            self.text.append(title)
        return RawItem(spectrum, number, name, record_id, warnings=self.warnings)

    # ------------------------------------------------------------------------------------------------------- fields
    def _fields(self) -> dict[str, FieldValue]:
        fields: dict[str, FieldValue] = {field: self.said[field] for field in _PLAIN if field in self.said}
        for field in ("precursor", "mass"):
            self._read(fields, field, lambda text: values.amount(text, self.warnings.append))
        for field, reader in _READ.items():
            self._read(fields, field, reader)
        self._ion(fields)
        self._energy(fields)
        self._time(fields)
        for field in ("instrument", "instrument_type"):
            if field in fields:  # GNPS writes ion source, -, model; the ion source may be absent
                fields[field] = self.said[field].lstrip("-")
        for field in ("author", "compound_class"):
            if field in self._several:
                fields[field] = ("; " if field == "compound_class" else ", ").join(self._several[field])
        accession = self.said.get("accession")
        if accession:
            fields["accession"] = accession
        return fields

    def _read(
        self, fields: dict[str, FieldValue], field: str, reader: Callable[[str], FieldValue | None], said: str = ""
    ) -> None:
        text = self.said.get(said or field)
        if text is None:
            return
        try:
            value = reader(text)
        except ValueError:
            words = (said or field).replace("_", " ")
            self.warnings.append(f"{words} {shortened(text)!r} is not understood and left out")
            return
        if value is not None:
            fields[field] = value

    def _ion(self, fields: dict[str, FieldValue]) -> None:
        """Fill in ion mode, adduct and charge, which tell of one another."""
        self._read(fields, "ion_mode", values.ion_mode)
        mode = str(fields.get("ion_mode", ""))
        adduct, by_adduct = values.adduct(self.said["adduct"], mode) if "adduct" in self.said else ("", None)
        if by_adduct and not mode:
            mode = "positive" if by_adduct > 0 else "negative"
        self._read(fields, "charge", lambda text: values.charge(text, mode, self.warnings.append))
        charge = fields.get("charge", by_adduct)
        if adduct:
            fields["adduct"] = adduct
        if by_adduct and charge != by_adduct:
            self.warnings.append(f"charge {charge:+d} is not that of the adduct {adduct}")
        if charge:
            fields["charge"] = charge
            fields["ion_mode"] = mode or ("positive" if int(str(charge)) > 0 else "negative")

    def _energy(self, fields: dict[str, FieldValue]) -> None:
        self._read(fields, "collision_energy", values.energies)
        how = [self.said[key] for key in ("fragmentation", "collision_energy") if key in self.said]
        if how:
            fields["fragmentation"] = " ".join(how)

    def _time(self, fields: dict[str, FieldValue]) -> None:
        for said, unit in zip(_TIMES, (self._time_unit, 1.0, MINUTE), strict=True):
            if "retention_time" not in fields:
                self._read_time(fields, said, unit)

    def _read_time(self, fields: dict[str, FieldValue], said: str, unit: float | None) -> None:
        self._read(fields, "retention_time", lambda text: values.seconds(text, unit, self.warnings.append), said)

    def _inchi(self) -> str:
        found: dict[str, FieldValue] = {}
        self._read(found, "inchi", values.inchi)
        return str(found.get("inchi", ""))
