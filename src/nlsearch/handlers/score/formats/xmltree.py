"""Elements of a score's XML, built by the standard library's C code and handed over one at a time.

Python is called at each tag only to see whether the element is wanted, so that reading costs little.  Prefixes of
namespaces are dropped.  Entities are refused (:mod:`nlsearch.handlers.xmlevents`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder

from nlsearch.errors import LimitExceeded
from nlsearch.handlers.xmlevents import CHUNK, event_parser, parsed
from nlsearch.limits import Limits, how_to_raise


class Wanted(NamedTuple):
    """Local names of what is wanted.

    Parameters
    ----------
    opening, closing : frozenset of str
        Elements of which the beginning, or the end, is wanted.
    whole : frozenset of str
        Elements of which both are wanted, and nothing by itself that is in them.
    """

    opening: frozenset[str] = frozenset()
    closing: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


Branch = tuple[bool, Element]
"""Whether an element has ended, and the element."""


class _Grower:
    """Builds elements from a parser's events and notes which are wanted."""

    def __init__(self, head: bytes, wanted: Wanted) -> None:
        self.ready: list[Branch] = []
        self.ended_at = 0
        builder = TreeBuilder()
        start, end, ready = builder.start, builder.end, self.ready
        opening, closing = wanted.opening | wanted.whole, wanted.closing | wanted.whole
        whole = wanted.whole
        inside = 0

        def started(tag: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if ":" in tag:
                tag = tag.rpartition(":")[2]
            element = start(tag, attributes)
            if tag in opening:
                if not inside:
                    ready.append((False, element))
                inside += tag in whole

        def ended(tag: str) -> None:
            nonlocal inside
            if ":" in tag:
                tag = tag.rpartition(":")[2]
            element = end(tag)
            if tag in closing:
                inside -= tag in whole
                if not inside:
                    ready.append((True, element))
                    self.ended_at = self.parser.CurrentByteIndex

        def began(tag: str, attributes: dict[str, str]) -> None:
            ready.append((False, start(tag.rpartition(":")[2], attributes)))
            self.parser.StartElementHandler = started

        self.parser = event_parser(head, began, ended, builder.data)


def branches(stream: BinaryIO, limits: Limits, wanted: Wanted) -> Iterator[Branch]:
    """Yield the root as it begins, and what is wanted as it begins and as it ends.

    An element that begins is there with its attributes; one that ends with all that is in it, and it is emptied when
    the next is asked for.

    Raises
    ------
    MalformedContent
        Where the XML breaks or ends too early (elements before are yielded first), or if it declares entities.
    LimitExceeded
        If more than the cap ``record_bytes`` lies between two ends of wanted elements.
    """
    chunk = stream.read(CHUNK)
    grower = _Grower(chunk, wanted)
    fed = 0
    while True:
        failure = parsed(grower.parser, chunk, lambda: "")
        fed += len(chunk)
        for is_end, element in grower.ready:
            yield is_end, element
            if is_end:
                element.clear()
        grower.ready.clear()
        if failure is not None:
            raise failure
        if not chunk:
            return
        if fed - grower.ended_at > limits.record_bytes + CHUNK:
            cap = f"the cap record_bytes = {limits.record_bytes:,}"
            raise LimitExceeded(
                f"a single bar, or what is said of all, is over {cap}", hint=how_to_raise("record_bytes")
            )
        chunk = stream.read(CHUNK)


def line(element: Element | None) -> str:
    """Return the text of an element, its spaces and line ends as single spaces; ``""`` where there is none."""
    return "" if element is None or element.text is None else " ".join(element.text.split())
