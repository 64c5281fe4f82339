"""Reference records of Humdrum files (``!!!OTL: title``): who, what and where from.

References
----------
Humdrum reference records, https://www.humdrum.org/reference-records.
"""

from __future__ import annotations

import re

from nlsearch.handlers.score.formats.words import year_of
from nlsearch.handlers.score.notation import Score

RECORD = re.compile(r"!!!([A-Za-z][\w-]*)(?:@{1,2}[\w-]+)?\d*\s*:\s*(.*)$")
"""``!!!KEY@@LANGUAGE: value``."""
HEADS = frozenset({"OTL", "COM", "!SEGMENT", "!!SEGMENT"})
"""Keys that begin the header of a further tune when they come behind the end of one."""
_TITLES = ("OTL", "OTP", "OTA", "OMD", "OPR", "XEN")
_LYRICISTS = ("LYR", "LIB")
_WORDS = {
    "OPR": "collection",
    "OMV": "movement",
    "OMD": "movement",
    "OPS": "opus",
    "ONM": "number",
    "SCT": "catalogue",
    "SCA": "catalogue",
    "ARE": "origin",
    "OCY": "origin",
    "OPC": "origin",
    "ARL": "coordinates",
    "TXO": "language",
    "TXL": "language",
    "AGN": "genre",
    "AFR": "genre",
    "AST": "style",
    "AIN": "instruments",
    "AMT": "classification",
    "AMD": "mode",
    "LAR": "arranger",
    "COL": "performer",
    "CDT": "composer dates",
    "ODT": "date",
    "PPR": "publisher",
    "PDT": "published",
    "PUB": "source",
    "PTL": "source",
    "SMS": "source",
    "ONB": "note",
    "EED": "editor",
    "ENC": "encoder",
    "YEC": "copyright",
    "YEM": "copyright",
}
"""Key → what it is called in ``Score.words``."""


def fill(score: Score, records: list[tuple[str, str]]) -> None:
    """Put what reference records say into a score; of records with one key the first is the title or the composer."""
    said: dict[str, list[str]] = {}
    for key, value in records:
        if value and value not in said.setdefault(key, []):
            said[key].append(value)
    score.title = next((said[key][0] for key in _TITLES if said.get(key)), "")
    score.composer = "; ".join(said.get("COM", []) or said.get("COA", []))
    score.lyricist = "; ".join(value for key in _LYRICISTS for value in said.get(key, []))
    for key, values in said.items():
        name = _WORDS.get(key)
        if name is None or values[0] == score.title:
            continue
        known = score.words.get(name)
        score.words[name] = "; ".join([known, *values] if known else values)
    year = year_of(" ".join(said.get("ODT", []) + said.get("PDT", [])))
    if year:
        score.words["year"] = year
