"""Splitting XML into the elements that are records: CDXML, CML and MRV.

Entities are refused (:mod:`nlsearch.handlers.xmlevents`); a ``DOCTYPE`` that only names its DTD, as ChemDraw writes, is
fine.  Namespaces are dropped; elements and attributes go by their local names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, tostring

from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry.records import Record
from nlsearch.handlers.xmlevents import CHUNK, collected, event_parser, parsed
from nlsearch.limits import Limits

_DEPTH = 200
"""Levels below a record that are built; writing a tree recurses."""
_REACTIONS = {
    "step": "a reaction, not a molecule; the molecules of the page are items of their own",
    "reaction": "a reaction, not a molecule",
}
_COUNTER = re.compile(r"m(?:ol(?:ecule)?)?[-_]?\d*")


def element_records(stream: BinaryIO, limits: Limits, names: frozenset[str]) -> Iterator[Record]:
    """Yield the outermost elements of these local `names`, each as the text of one element in ``lines[0]``.

    A reaction is a record that cannot be read here.

    Raises
    ------
    MalformedContent
        Where the XML breaks or ends too early (records before are yielded first), or if it declares entities.
    """
    head = stream.read(CHUNK)
    if head:
        yield from collected(_Collector(names, limits, head), head, stream)


class _Collector:
    """Builds the trees of wanted elements from expat's events."""

    def __init__(self, names: frozenset[str], limits: Limits, head: bytes) -> None:
        self._names = names
        self._limits = limits
        self._parser = event_parser(head, self._started, self._ended, self._text)
        self._open: list[Element] = []
        self._depth = 0  # of the record that is open; 0 when none is
        self._start = (0, 0)  # line and byte of that record
        self._refusal = ""
        self._unreadable = ""
        self._ready: list[Record] = []
        self._count = 0

    def feed(self, chunk: bytes) -> MalformedContent | None:
        """Parse what comes next, or if nothing does, the end; return what is wrong with it."""
        return parsed(self._parser, chunk, lambda: "a record" if self._depth else "")

    def taken(self) -> list[Record]:
        """Return the records that are complete, once."""
        ready, self._ready = self._ready, []
        return ready

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        if self._depth == 0:
            if tag not in self._names:
                return
            self._start = (self._parser.CurrentLineNumber, self._parser.CurrentByteIndex)
            self._refusal = self._unreadable = ""
        self._depth += 1
        if self._kept():
            element = Element(tag, _plain(attributes))
            if self._open:
                self._open[-1].append(element)
            self._open.append(element)

    def _kept(self) -> bool:
        """Say whether the open record is still built; it is not when it has outgrown a cap."""
        size = self._parser.CurrentByteIndex - self._start[1]
        if size > self._limits.record_bytes:
            self._refusal = f"it is over the cap record_bytes = {self._limits.record_bytes:,}"
        elif self._depth > _DEPTH:
            self._unreadable = f"elements nested deeper than {_DEPTH} levels"
        return not (self._refusal or self._unreadable)

    def _text(self, text: str) -> None:
        if not self._depth or not self._kept():
            return
        parent = self._open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text

    def _ended(self, name: str) -> None:  # noqa: ARG002 - expat pairs the tags
        if self._depth == 0:
            return
        if self._kept():
            element = self._open.pop()
        self._depth -= 1
        if self._depth:
            return
        self._count += 1
        record = Record(self._count, self._start[0], [], refusal=self._refusal, unreadable=self._unreadable)
        if not (self._refusal or self._unreadable):
            element.tail = None
            record.unreadable = _REACTIONS.get(element.tag, "")
            record.title, record.properties = _told(element)
            record.lines = [tostring(element, encoding="unicode")]
        self._open.clear()
        self._ready.append(record)


def _told(element: Element) -> tuple[str, list[tuple[str, str]]]:
    """Return the name of a molecule and its other properties, as CML, Marvin and ChemDraw write them."""
    names: list[str] = []
    properties: list[tuple[str, str]] = []
    for node in element.iter():
        content = node.get("Content", "") if node.tag == "annotation" else " ".join("".join(node.itertext()).split())
        if node.tag == "name" or (node.tag == "annotation" and node.get("Keyword", "").casefold() == "name"):
            names.append(content)
        elif node.tag in {"identifier", "formula", "annotation"}:
            keyword = node.get("Keyword") or node.get("convention") or node.tag
            properties.append((keyword, content or node.get("value", "") or node.get("concise", "")))
        elif node.tag == "property":
            properties.append((node.get("title") or node.get("dictRef", "").rpartition(":")[2], content))
    identity = element.get("id", "")
    names = [name for name in [element.get("title", ""), *names] if name] or [identity]
    title = "" if _COUNTER.fullmatch(names[0]) or (element.tag == "fragment" and names[0] == identity) else names[0]
    return title, [("name", name) for name in names[1:]] + [pair for pair in properties if pair[1]]


def _plain(attributes: dict[str, str]) -> dict[str, str]:
    return {_local(key): value for key, value in attributes.items() if not key.startswith("xmlns")}


def _local(name: str) -> str:
    return name.rpartition(":")[2]
