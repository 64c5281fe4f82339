"""UniProt XML, read as a stream, one entry in memory at a time.

References
----------
UniProt Knowledgebase XML schema (uniprot.xsd).  Namespaces are dropped; entities are refused
(:mod:`nlsearch.handlers.xmlevents`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element

from nlsearch.errors import MalformedContent
from nlsearch.handlers.protein.formats.uniprot import (
    LONGEST_COMMENTS,
    End,
    Told,
    entry_items,
    plain,
    referenced,
)
from nlsearch.handlers.sequences.records import Chain
from nlsearch.handlers.xmlevents import CHUNK, collected, event_parser, parsed
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_DEPTH = 50
_GENES = {"primary": "gene", "synonym": "gene_synonym", "ordered locus": "locus_tag", "ORF": "locus_tag"}
_MARKS = {"less than": "<", "greater than": ">", "uncertain": "?", "unknown": "?"}


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield each entry, then its features.

    Raises
    ------
    MalformedContent
        Where the XML breaks or ends too early (entries before are yielded first), if it declares entities, or if it
        holds no entry.
    """
    number = 0
    for entry in _entries(stream, limits):
        accession = _text(entry.find("accession"))
        if entry.get("refusal"):
            number += 1
            yield Skipped(number, entry.get("refusal", ""), "limit_exceeded", accession or None)
            continue
        features = [_told(feature) for feature in entry.findall("feature")]
        for item in entry_items(_chain(entry), _text(entry.find("sequence")), features, number, limits):
            number = item.number
            yield item
    if not number:
        raise MalformedContent("the XML holds no entry of UniProt")


# -------------------------------------------------------------------------------------------------------------- entries
class _Collector:
    """Builds entries from expat's events, each as far as the cap ``record_bytes`` lets it."""

    def __init__(self, limits: Limits, head: bytes) -> None:
        self._parser = event_parser(head, self._started, self._ended, self._told)
        self._ready: list[Element] = []
        self._stack: list[Element] = []
        self._deeper = 0
        self._size = 0
        self._most = limits.record_bytes

    def feed(self, chunk: bytes) -> MalformedContent | None:
        """Parse what comes next, or if nothing does, the end; return what is wrong with it."""
        return parsed(self._parser, chunk, lambda: "an entry" if self._stack else "")

    def taken(self) -> list[Element]:
        """Return the entries that are complete, once."""
        ready, self._ready = self._ready, []
        return ready

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if not self._stack and local != "entry":
            return
        if len(self._stack) >= _DEPTH or self._size > self._most:
            self._deeper += 1
            return
        element = Element(local, attributes)
        self._size += len(local) + sum(map(len, attributes.values()))
        if self._stack:
            self._stack[-1].append(element)
        self._stack.append(element)

    def _ended(self, _name: str) -> None:
        if not self._stack:
            return
        if self._deeper:
            self._deeper -= 1
            return
        element = self._stack.pop()
        if not self._stack:
            if self._size > self._most:
                element.set("refusal", f"the entry is over the cap record_bytes = {self._most:,}")
            self._ready.append(element)
            self._size = 0

    def _told(self, text: str) -> None:
        if not self._stack or self._deeper:
            return
        self._size += len(text)
        if self._size > self._most:
            return
        element = self._stack[-1]
        if len(element):
            element[-1].tail = (element[-1].tail or "") + text
        else:
            element.text = (element.text or "") + text


def _entries(stream: BinaryIO, limits: Limits) -> Iterator[Element]:
    head = stream.read(CHUNK)
    yield from collected(_Collector(limits, head), head, stream)


# ---------------------------------------------------------------------------------------------------------------- facts
def _text(element: Element | None) -> str:
    return "" if element is None else plain("".join(element.itertext()))


def _texts(entry: Element, path: str) -> list[str]:
    return [_text(element) for element in entry.findall(path)]


def _chain(entry: Element) -> Chain:
    references = entry.findall("dbReference")
    taxa = entry.findall("organism/dbReference[@type='NCBI Taxonomy']")
    existence = entry.find("proteinExistence")
    known: dict[str, list[str]] = {
        "entry_name": [_text(entry.find("name"))],
        "organism": [_organism(entry)],
        "lineage": ["; ".join(_texts(entry, "organism/lineage/taxon"))],
        "taxid": [one.get("id", "") for one in taxa],
        "keywords": _texts(entry, "keyword"),
        "existence": [] if existence is None else [existence.get("type", "")],
        "ec": [one.get("id", "") for one in references if one.get("type") == "EC"],
    }
    names = _names(entry, known)
    for name in entry.findall("gene/name"):
        known.setdefault(_GENES.get(name.get("type", ""), "gene_synonym"), []).append(_text(name))
    _tell_references(known, references)
    chain = Chain(_text(entry.find("name")), b"", names[0] if names else "", _texts(entry, "accession"), known)
    chain.is_reviewed = {"Swiss-Prot": True, "TrEMBL": False}.get(entry.get("dataset", ""))
    chain.text = [
        *"\n".join(_text(comment) for comment in entry.findall("comment"))[:LONGEST_COMMENTS].split("\n"),
        *(one.get("value", "") for one in entry.findall("dbReference[@type='GO']/property[@type='term']")),
        *_texts(entry, "reference/citation/title"),
        *(one.get("name", "") for one in entry.findall("reference/citation//person")),
    ]
    return chain


def _organism(entry: Element) -> str:
    """Return the scientific name with the others in brackets, as the flat file has it."""
    names = _texts(entry, "organism/name")
    return " ".join([*names[:1], *(f"({name})" for name in names[1:])])


def _names(entry: Element, known: dict[str, list[str]]) -> list[str]:
    """Return all names of the protein, the recommended first; fill in its EC numbers and the other names."""
    protein = entry.find("protein")
    every = [] if protein is None else [one for one in protein.iter() if one.tag.endswith("Name") and not len(one)]
    known["ec"] += _texts(entry, "protein//ecNumber")
    names = [_text(one) for one in every]
    known["alternative_name"] = names[1:]
    return names


def _tell_references(known: dict[str, list[str]], references: list[Element]) -> None:
    others = [one for one in references if one.get("type") != "EC"]
    known["db_xref"] = [referenced(one.get("type", ""), one.get("id", "")) for one in others]
    found = (
        value.get("value", "")
        for one in others
        if one.get("type") == "EMBL"
        for value in one.findall("property[@type='protein sequence ID']")
    )
    known["protein_id"] = [*found, *(one.get("id", "") for one in others if one.get("type") == "RefSeq")]


def _told(feature: Element) -> Told:
    location = feature.find("location")
    begin = end = End(None, "?")
    is_elsewhere = False
    if location is not None:
        is_elsewhere = location.get("sequence") is not None
        single = location.find("position")
        begin = _end(single if single is not None else location.find("begin"))
        end = _end(single if single is not None else location.find("end"))
    words = [*_texts(feature, "original"), *_texts(feature, "variation"), *_texts(feature, "ligand/name")]
    kind, text = feature.get("type", "feature"), feature.get("description", "")
    if len(words) > 1 and feature.find("variation") is not None:
        text = f"{words[0]} -> {', '.join(words[1:])}" + (f" ({text})" if text else "")
    return Told(kind, text, begin, end, feature.get("id", ""), words, is_elsewhere)


def _end(element: Element | None) -> End:
    if element is None:
        return End(None, "?")
    at = element.get("position", "")
    mark = _MARKS.get(element.get("status", ""), "")
    return End(int(at), mark) if at.isdecimal() and len(at) < 10 else End(None, "?")
