"""Elements of a score's XML, built by the standard library's C code and handed over one at a time.

Python is called at each tag only to see whether the element is wanted, so that reading costs little.  Prefixes of
namespaces are dropped.  Entities are refused (:mod:`nlsearch.handlers.xmlevents`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, TreeBuilder

from nlsearch.errors import LimitExceeded
from nlsearch.handlers.xmlevents import CHUNK, event_parser, parsed
from nlsearch.limits import Limits, how_to_raise

Branch = tuple[bool, Element]
"""Whether an element has ended, and the element."""


def branches(stream: BinaryIO, limits: Limits, opening: frozenset[str], closing: frozenset[str]) -> Iterator[Branch]:
    """Yield the root as it begins, elements of `opening` as they begin, and those of `closing` as they end.

    An element that begins is there with its attributes; one that ends with all that is in it, and it is emptied when
    the next is asked for.

    Raises
    ------
    MalformedContent
        Where the XML breaks or ends too early (elements before are yielded first), or if it declares entities.
    LimitExceeded
        If more than the cap ``record_bytes`` lies between two ends of wanted elements.
    """
    head = chunk = stream.read(CHUNK)
    ready: list[Branch] = []
    builder = TreeBuilder()
    start, end = builder.start, builder.end
    ended_at = fed = 0

    def started(tag: str, attributes: dict[str, str]) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        element = start(tag, attributes)
        if tag in opening:
            ready.append((False, element))

    def ended(tag: str) -> None:
        nonlocal ended_at
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        element = end(tag)
        if tag in closing:
            ready.append((True, element))
            ended_at = parser.CurrentByteIndex

    def began(tag: str, attributes: dict[str, str]) -> None:
        ready.append((False, start(tag.rpartition(":")[2], attributes)))
        parser.StartElementHandler = started

    parser = event_parser(head, began, ended, builder.data)
    while True:
        failure = parsed(parser, chunk, lambda: "")
        fed += len(chunk)
        for is_end, element in ready:
            yield is_end, element
            if is_end:
                element.clear()
        ready.clear()
        if failure is not None:
            raise failure
        if not chunk:
            return
        if fed - ended_at > limits.record_bytes + CHUNK:
            cap = f"the cap record_bytes = {limits.record_bytes:,}"
            raise LimitExceeded(
                f"a single bar, or all that is said of the score, is over {cap}", hint=how_to_raise("record_bytes")
            )
        chunk = stream.read(CHUNK)


def line(element: Element | None) -> str:
    """Return the text of an element, its spaces and line ends as single spaces; ``""`` where there is none."""
    return "" if element is None or element.text is None else " ".join(element.text.split())
