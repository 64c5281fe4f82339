"""Fields of JCAMP-DX: what the labels of a block tell of the compound, the sample and the instrument.

Conventions
-----------
Formulas lose their spaces.  ``##MW=`` is the mass only where no formula is given, as it may be an average or nominal.
Dates are YY/MM/DD or YYYY/MM/DD, as the standard has it, also DD.MM.YYYY.

References
----------
R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 1988, 42, 151.  A. N. Davies and P. Lampen, Appl. Spectrosc. 1993, 47,
1093.  P. Lampen et al., Appl. Spectrosc. 1994, 48, 1545.  J. Gasteiger et al., Appl. Spectrosc. 1991, 45, 4 (JCAMP-CS).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date

from nlsearch.handlers.spectrum.formats.jdxaxes import number
from nlsearch.model import FieldValue

_TEXTS = {
    "SPECTROMETER/DATASYSTEM": "instrument",
    "SPECTROMETERTYPE": "instrument_type",
    "SOLVENTNAME": "solvent",
    "$SOLVENT": "solvent",
}
_FURTHER = (
    "SAMPLEDESCRIPTION",
    "COMMENTS",
    "COMMENT",
    "SOURCEREFERENCE",
    "STATE",
    "DATAPROCESSING",
    "INSTRUMENTALPARAMETERS",
    "INSTRUMENTPARAMETERS",
    "SAMPLINGPROCEDURE",
    "WISWESSER",
    "BEILSTEINLAWSONNO",
)
_IDENTITIES = {"inchi": ("INCHI", "$INCHI"), "smiles": ("SMILES", "$SMILES")}
_KEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_FORMULA = re.compile(r"(?:[A-Z][a-z]?\d*)+")
_SHOUTED = re.compile(r"\b(CL|BR|SI|NA|LI|MG|AL|CA|FE|CU|ZN|SE|SN|HG|PB)(?=\d|\s|$)")
_NUCLEUS = re.compile(r"\^?(\d{1,3})\s*([A-Za-z]{1,2})\b|([A-Za-z]{1,2})(\d{1,3})\b")
_CAS = re.compile(r"(\d{2,7})\s*-\s*(\d{2})\s*-\s*(\d)")
_DATES = (
    (re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"), (0, 1, 2)),
    (re.compile(r"\s*(\d{2})/(\d{1,2})/(\d{1,2})(?!\d)"), (0, 1, 2)),
    (re.compile(r"\s*(\d{1,2})[./](\d{1,2})[./](\d{4})"), (2, 1, 0)),
)
_LONGEST = 4_000
_NOTHING = frozenset({"", "?", "??", "-", "n/a", "none", "unknown", "not given"})


def fields_of(labels: Mapping[str, str], technique: str, warnings: list[str]) -> dict[str, FieldValue]:
    """Return the fields that the labels give; what cannot be read is told in `warnings` or left to the words."""
    fields: dict[str, FieldValue] = {}
    for label, field in _TEXTS.items():
        if value := _said(labels.get(label.replace("/", ""))):
            fields.setdefault(field, value)
    _compound(fields, labels, warnings)
    if author := "; ".join(dict.fromkeys(filter(None, (_said(labels.get(name)) for name in ("ORIGIN", "OWNER"))))):
        fields["author"] = author
    if day := _day(labels.get("LONGDATE", "")) or _day(labels.get("DATE", "")):
        fields["date"] = day
    if technique == "NMR":
        _resonance(fields, labels)
    if technique == "MS":
        _ions(fields, labels)
    return fields


def identity_of(labels: Mapping[str, str]) -> dict[str, str]:
    """Return InChI and SMILES, as far as they are given, as ``inchi`` and ``smiles``."""
    given = {name: next(filter(None, map(labels.get, sources)), "") for name, sources in _IDENTITIES.items()}
    return {name: value.strip().split("\n")[0] for name, value in given.items()}


def words_of(labels: Mapping[str, str]) -> list[str]:
    """Return what else is written in words."""
    return [value[:_LONGEST] for name in _FURTHER if (value := _said(labels.get(name)))]


def _said(value: str | None) -> str:
    words = " ".join((value or "").split()).strip("<> ")
    return "" if words.lower() in _NOTHING else words


def _compound(fields: dict[str, FieldValue], labels: Mapping[str, str], warnings: list[str]) -> None:
    names = [labels.get("CASNAME", ""), *labels.get("NAMES", "").split("\n")]
    if synonyms := list(dict.fromkeys(filter(None, map(_said, names)))):
        fields["synonyms"] = synonyms
    if (found := _CAS.search(labels.get("CASREGISTRYNO", ""))) and found.group(1).strip("0"):
        fields["cas"] = "-".join(found.groups())
    spaced = _SHOUTED.sub(lambda match: match.group().capitalize(), labels.get("MOLFORM", "").strip())
    formula = re.sub(r"[\s*_]+", "", spaced)
    if _FORMULA.fullmatch(formula):
        fields["formula"] = formula
    elif formula:
        warnings.append(f"##MOLFORM= {labels['MOLFORM'][:40]!r} is no formula")
    mass = number(labels.get("MW"))
    if "formula" not in fields and math.isfinite(mass) and mass > 0:
        fields["mass"] = mass
        warnings.append("the mass is ##MW=, which may be an average")
    key = _KEY.search(labels.get("INCHIKEY", "") or labels.get("$INCHIKEY", ""))
    if key:
        fields["inchikey"] = key.group()


def _resonance(fields: dict[str, FieldValue], labels: Mapping[str, str]) -> None:
    found = _NUCLEUS.search(labels.get("OBSERVENUCLEUS", ""))
    if found:
        fields["nucleus"] = (found.group(1) or found.group(4)) + (found.group(2) or found.group(3)).capitalize()
    frequency = number(labels.get("OBSERVEFREQUENCY"))
    if frequency > 0:
        fields["frequency"] = frequency


def _ions(fields: dict[str, FieldValue], labels: Mapping[str, str]) -> None:
    mode = _said(labels.get("IONIZATIONMODE"))
    if ionization := mode.rstrip("+- "):
        fields["ionization"] = ionization
    if mode.endswith(("+", "-")):
        fields["ion_mode"] = "positive" if mode.endswith("+") else "negative"
    energy = number(labels.get("IONIZATIONENERGY"))
    if energy > 0:
        fields["fragmentation"] = f"{ionization} {energy:g} eV".strip()
    seconds = number(labels.get("RETENTIONTIME"))
    if seconds >= 0:
        fields["retention_time"] = seconds


def _day(text: str) -> str:
    for pattern, order in _DATES:
        if found := pattern.match(text):
            year, month, day = (int(found.group(at + 1)) for at in order)
            year += (1900 if year >= 70 else 2000) if year < 100 else 0
            try:
                return date(year, month, day).isoformat()
            except ValueError:
                continue
    return ""
