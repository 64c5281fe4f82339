"""UniProt's flat files (the Swiss-Prot format), entry by entry, through Biopython.

The file is cut at ``//`` lines before Biopython sees it, so a broken entry costs only itself.

References
----------
UniProt Knowledgebase user manual; before 2008 the description was free text, before 2019 features stood in columns.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.protein.formats.uniprot import (
    LONGEST_COMMENTS,
    TYPES,
    End,
    Told,
    entry_items,
    plain,
    referenced,
)
from nlsearch.handlers.sequences.cutting import first_word, records_of, without_mark
from nlsearch.handlers.sequences.headers import EXISTENCE
from nlsearch.handlers.sequences.records import Chain
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from Bio.SwissProt import FeatureTable, Record

_FIRST = b"ID   "
_NAMES = re.compile(r"\b(Full|Short|EC|Allergen|Biotech|CD_antigen|INN)=(.*?);(?=\s|$)")
_OLD_EVIDENCE = re.compile(r"\s*\(?\b(?:By similarity|Potential|Probable)\)?$")
_REVIEWED = {"Reviewed": True, "STANDARD": True, "Unreviewed": False, "PRELIMINARY": False}
_MARKS = {"BeforePosition": "<", "AfterPosition": ">", "UncertainPosition": "?"}
_GENES = {"Name": "gene", "Synonyms": "gene_synonym", "OrderedLocusNames": "locus_tag", "ORFNames": "locus_tag"}


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield each entry, then its features.

    Raises
    ------
    MalformedContent
        If no entry begins in the file.
    """
    number = 0
    for text in records_of(without_mark(stream), _FIRST, limits.record_bytes):
        try:
            entry = _parsed(text)
        except MalformedContent as error:
            number += 1
            yield Skipped(number, error.message, error.code, first_word(text, _FIRST))
            continue
        features = [_told(feature) for feature in entry.features]
        for item in entry_items(_chain(entry), str(entry.sequence or ""), features, number, limits):
            number = item.number
            yield item
    if not number:
        raise MalformedContent("no entry begins in the file: no line starts with 'ID   '")


def _parsed(text: bytes) -> Record:
    from Bio import SwissProt

    if not text.startswith(_FIRST):
        raise MalformedContent("text behind the end of an entry ('//') that begins no other entry")
    if not text.endswith(b"//\n"):
        raise MalformedContent("the entry is cut short, or over the cap record_bytes: it has no '//' line")
    read: Callable[[io.StringIO], Record] = SwissProt.read
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read(io.StringIO(decoded(text), newline=None))
        except (ValueError, AssertionError, LookupError, TypeError, AttributeError) as exc:
            raise MalformedContent(f"the entry does not parse: {str(exc).strip() or type(exc).__name__}") from exc


def _chain(entry: Record) -> Chain:
    known: dict[str, list[str]] = {
        "entry_name": [entry.entry_name or ""],
        "organism": [plain(str(entry.organism or "")).rstrip(".")],
        "lineage": ["; ".join(entry.organism_classification)],
        "taxid": list(entry.taxonomy_id),
        "keywords": [plain(word) for word in entry.keywords],
        "existence": [EXISTENCE.get(str(entry.protein_existence), "")],
    }
    description = _tell_names(known, plain(str(entry.description or "")))
    for gene in entry.gene_name if isinstance(entry.gene_name, list) else []:
        for word, field in _GENES.items():
            names = gene.get(word, [])
            known.setdefault(field, []).extend(plain(name) for name in ([names] if isinstance(names, str) else names))
    _tell_references(known, entry.cross_references)
    chain = Chain(entry.entry_name or "", b"", description, list(entry.accessions), known)
    chain.is_reviewed = _REVIEWED.get(str(entry.data_class).rstrip(";"))
    chain.text = [
        *(plain(comment) for comment in "\n".join(entry.comments)[:LONGEST_COMMENTS].split("\n")),
        *(term for one in entry.cross_references if one[0] == "GO" for term in one[2:3]),
        *(plain(str(part)) for one in entry.references for part in (one.title, one.authors, one.location)),
    ]
    return chain


def _tell_names(known: dict[str, list[str]], description: str) -> str:
    """Fill in the names and EC numbers of a description; return the recommended name."""
    pairs = _NAMES.findall(description)
    names = [value for name, value in pairs if name != "EC"]
    known["ec"] = [value for name, value in pairs if name == "EC"]
    known["alternative_name"] = names[1:]
    return names[0] if names else description.rstrip(".")


def _tell_references(known: dict[str, list[str]], references: list[tuple[Any, ...]]) -> None:
    known["db_xref"] = [referenced(one[0], one[1]) for one in references if len(one) > 1]
    known["protein_id"] = [one[2] for one in references if one[0] == "EMBL" and len(one) > 2 and one[2] != "-"]
    known["protein_id"] += [one[1] for one in references if one[0] == "RefSeq" and len(one) > 1]


def _told(feature: FeatureTable) -> Told:
    place: Any = feature.location
    said = {name: str(value) for name, value in feature.qualifiers.items() if name != "evidence"}
    text = said.pop("note", "") or _OLD_EVIDENCE.sub("", plain(said.pop("description", "")).rstrip("."))
    begin, end = _end(place.start, 1), _end(place.end, 0)
    words = [*map(plain, said.values()), feature.type]
    kind = TYPES.get(feature.type, feature.type)
    return Told(kind, text, begin, end, feature.id or "", words, place.ref is not None)


def _end(position: Any, shift: int) -> End:  # noqa: ANN401 - Biopython's classes of positions have no common type
    name = type(position).__name__
    return End(None, "?") if name == "UnknownPosition" else End(int(position) + shift, _MARKS.get(name, ""))
