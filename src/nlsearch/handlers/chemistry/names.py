"""What a record is called: its name, synonyms, CAS numbers and identifiers, from its title and data fields.

References
----------
CAS Registry Numbers: two to seven digits, two digits and a check digit, which is the sum of the other digits, each
times its place from the right, modulo 10 (https://www.cas.org/training/documentation/chemical-substances/checkdig).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from nlsearch.errors import QuerySyntax
from nlsearch.folding import words
from nlsearch.model import Exact, FieldValue, Reading

WORDS = 65_536
"""Characters of a record's data fields that are indexed as words."""
_NAMES = ("NAME", "GENERIC_NAME", "PREFERRED_NAME", "CHEBI_NAME", "COMPOUND_NAME", "PUBCHEM_IUPAC_NAME", "IUPAC_NAME")
_SYNONYMS = re.compile(
    r"(\w+_)?(SYNONYMS?|ALIAS(ES)?|OTHER_NAMES?|ALSO_KNOWN_AS|TRADE_NAMES?|BRANDS?|BRAND_NAMES?|INTERNATIONAL_BRANDS"
    r"|COMMON_NAMES?|TRADITIONAL_NAMES?|SYSTEMATIC_NAMES?|INN|USAN|IUPAC(_\w+)?_NAMES?|TRIVIAL_NAMES?)"
    r"|" + "|".join(_NAMES)
)
_MARKED_UP = re.compile(r"MARKUP|STYLED")
_ACCESSIONS = re.compile(
    r"PUBCHEM_(COMPOUND_CID|SUBSTANCE_ID|CID|SID)|(COMPOUND_|MOLECULE_)?CHEMBL_?ID|CHEBI_?ID|DRUGBANK_?ID|DATABASE_ID"
    r"|ZINC_?ID|HMDB_?ID|KEGG(_COMPOUND)?(_ID)?|UNII|CID|ACCESSION|LM_ID|NSC"
    r"|(COMPOUND_|MOLECULE_|CATALOG_?)?ID|ID_?NUMBER|CATALOG_?NUMBER"
)
_SEPARATORS = re.compile(r"\s*[\n;|]\s*")
_CAS = re.compile(r"(?<![\w-])(\d{2,7})-(\d\d)-(\d)(?![\w-])")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"))


@dataclass(frozen=True, slots=True)
class Called:
    """What a record is called.

    Parameters
    ----------
    fields : dict
        ``name``, ``accession``, ``synonyms``, ``cas``, as far as there are any.
    words : str
        Title and data fields but those that `fields` hold, to be found as words.
    """

    fields: dict[str, FieldValue]
    words: str


def called(title: str, properties: Iterable[tuple[str, str]]) -> Called:
    """Return what a record is called.

    A title of digits alone is a database's number: an accession, and a name among the data fields comes before it.
    """
    tags = [(re.sub(r"\W+", "_", name).strip("_").upper(), name, value) for name, value in properties]
    given = {tag: value for tag, _, value in tags}
    first = next((given[tag].split("\n")[0] for tag in _NAMES if given.get(tag)), "")
    name = first if first and (not title or title.isdecimal()) else title
    listed = [value for tag, _, value in tags if value and _SYNONYMS.fullmatch(tag) and not _MARKED_UP.search(tag)]
    synonyms = _distinct((part for value in listed for part in _SEPARATORS.split(value)), name)
    found = [value.strip() for tag, _, value in tags if value.strip() and _ACCESSIONS.fullmatch(tag)]
    accessions = list(dict.fromkeys([*found, *([title] if title.isdecimal() else [])]))
    fields: dict[str, FieldValue] = {
        "name": name,
        "accession": accessions[0] if len(accessions) == 1 else accessions,
        "synonyms": synonyms,
        "cas": cas_numbers("\n".join([title, *(value for _, _, value in tags)])),
    }
    rest = [f"{tag} {value}" for key, tag, value in tags if not _SYNONYMS.fullmatch(key)]
    text = "\n".join(line for line in (title, *rest) if line)[:WORDS]
    return Called({key: value for key, value in fields.items() if value}, text)


def _distinct(names: Iterable[str], name: str) -> list[str]:
    """Return the names that differ in their words from each other and from `name`."""
    seen = {tuple(words(name)), ()}
    found: list[str] = []
    size = 0
    for one in names:
        spelt = tuple(words(one))
        size += len(one)
        if spelt not in seen and size <= WORDS:
            seen.add(spelt)
            found.append(one)
    return found


# --------------------------------------------------------------------------------------------------------- CAS numbers
def check_digit(first: str, second: str) -> int:
    """Return the check digit of a CAS number without it."""
    return sum(place * int(digit) for place, digit in enumerate(reversed(first + second), start=1)) % 10


def cas_numbers(text: str) -> list[str]:
    """Return the CAS numbers in `text` whose check digit holds, in order, each once."""
    if text.count("-") < 2 and text.isascii():
        return []
    found = _CAS.findall(text.translate(_DASHES))
    return list(dict.fromkeys(f"{a}-{b}-{c}" for a, b, c in found if check_digit(a, b) == int(c)))


def read_cas(value: str) -> Reading:
    """Read a CAS number, with or without ``CAS`` before it.

    Raises
    ------
    QuerySyntax
        If it is none; if its check digit is wrong, with the one that would be right.
    """
    text = unicodedata.normalize("NFKC", value).translate(_DASHES).strip()
    found = re.fullmatch(r"(?i:cas)?(?:\s*(?i:rn|no\.?|number))?[:\s#]*(\d{2,7})-(\d\d)-(\d)", text)
    if found is None:
        raise QuerySyntax(f"{value[:40]!r} is not a CAS number", hint="2 to 7 digits, 2 digits, 1 digit: cas:50-78-2")
    first, second, check = found.groups()
    expected = check_digit(first, second)
    if expected != int(check):
        raise QuerySyntax(
            f"the check digit of the CAS number {first}-{second}-{check} should be {expected}",
            hint="a digit is wrong, or two are exchanged",
        )
    return Reading(Exact("cas", f"{first}-{second}-{check}"))
