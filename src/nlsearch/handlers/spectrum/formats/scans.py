"""Taking elements out of the XML of mzML and mzXML while it is read, one at a time.

Conventions
-----------
Namespaces are dropped.  Scans inside of scans, as mzXML nests them, are yielded one behind the other: a scan is given
as soon as another begins inside of it.  Entities are refused (:mod:`nlsearch.handlers.xmlevents`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element

from nlsearch.errors import LimitExceeded, MalformedContent
from nlsearch.handlers.xmlevents import CHUNK, collected, event_parser, parsed
from nlsearch.limits import Limits, how_to_raise

_DEPTH = 100
"""Levels below a scan that are built."""
_TEXTS = frozenset({"binary", "peaks", "precursorMz", "comment"})
"""Elements whose text is kept."""


class Found(NamedTuple):
    """An element, and why it could not be taken whole, ``""`` if it could."""

    element: Element
    refusal: str


class Wanted(NamedTuple):
    """Local names of what is wanted.

    Parameters
    ----------
    whole : frozenset of str
        Elements with all that is in them.
    starts : frozenset of str
        Elements of which the attributes are enough, outside of the former.
    nested : str
        Of `whole`, the one that may hold others of its name.
    """

    whole: frozenset[str]
    starts: frozenset[str]
    nested: str = ""


def elements(stream: BinaryIO, limits: Limits, wanted: Wanted) -> Iterator[Found]:
    """Yield the wanted elements in the order in which they begin.

    Raises
    ------
    MalformedContent
        Where the XML breaks or ends too early (elements before are yielded first), or if it declares entities.
    LimitExceeded
        If a single tag is longer than the cap ``record_bytes``.
    """
    head = stream.read(CHUNK)
    yield from collected(_Collector(limits, wanted, head), head, stream)


class _Collector:
    """Builds the wanted elements from expat's events."""

    def __init__(self, limits: Limits, wanted: Wanted, head: bytes) -> None:
        self._limits = limits
        self._wanted = wanted
        self._ready: list[Found] = []
        self._open: list[Element] = []
        self._text: list[str] = []
        self._depth = 0  # below the element that is taken; 0 when none is
        self._outer: list[int] = []  # depths in the scans around it, which are given already
        self._spent = False  # whether the element at hand is such a one
        self._root = Element("")
        self._start = self._fed = 0
        self._refusal = ""
        self._parser = event_parser(head, self._started, self._ended, self._told)

    def feed(self, chunk: bytes) -> MalformedContent | LimitExceeded | None:
        """Parse what comes next, or if nothing does, the end; return what is wrong with it."""
        self._fed += len(chunk)
        failure = parsed(self._parser, chunk, lambda: f"<{self._root.tag}>" if self._depth else "")
        if failure is not None:
            return failure
        if chunk and self._fed - self._parser.CurrentByteIndex > self._limits.record_bytes + CHUNK:
            cap = f"the cap record_bytes = {self._limits.record_bytes:,}"
            return LimitExceeded(f"a tag is over {cap}", hint=how_to_raise("record_bytes"))
        return None

    def taken(self) -> list[Found]:
        """Return the elements that are complete, once."""
        ready, self._ready = self._ready, []
        return ready

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if self._depth == 0:
            if tag in self._wanted.whole:
                self._begin(tag, attributes)
            elif tag in self._wanted.starts:
                self._ready.append(Found(Element(tag, attributes), ""))
            return
        if tag == self._wanted.nested == self._root.tag:
            self._give()
            self._outer.append(self._depth)
            self._begin(tag, attributes)
            return
        self._depth += 1
        if self._is_kept():
            element = Element(tag, attributes)
            self._open[-1].append(element)
            self._open.append(element)

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        self._root = Element(tag, attributes)
        self._open, self._text, self._depth = [self._root], [], 1
        self._start, self._refusal, self._spent = self._parser.CurrentByteIndex, "", False

    def _is_kept(self) -> bool:
        """Say whether the element at hand is still built; it is not when it has outgrown a cap."""
        if self._spent or self._refusal:
            return False
        if self._parser.CurrentByteIndex - self._start > self._limits.record_bytes:
            self._refusal = f"the scan is over the cap record_bytes = {self._limits.record_bytes:,}"
        elif self._depth > _DEPTH:
            self._refusal = f"elements are nested deeper than {_DEPTH} levels"
        if self._refusal:
            self._root, self._open, self._text = Element(self._root.tag, self._root.attrib), [], []
        return not self._refusal

    def _told(self, text: str) -> None:
        if self._depth and self._is_kept() and self._open[-1].tag in _TEXTS:
            self._text.append(text)

    def _ended(self, name: str) -> None:  # noqa: ARG002 - expat pairs the tags
        if self._depth == 0:
            return
        if self._is_kept():
            element = self._open.pop()
            if self._text:
                element.text, self._text = "".join(self._text), []
        self._depth -= 1
        if self._depth == 0:
            self._give()
            if self._outer:
                self._depth, self._spent = self._outer.pop(), True

    def _give(self) -> None:
        """Hand the element at hand over, unless it has been already."""
        if not self._spent:
            self._ready.append(Found(self._root, self._refusal))
        self._spent = True
