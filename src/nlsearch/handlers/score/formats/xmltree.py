"""Elements of a score's XML, built by the standard library's C code and handed over one at a time.

Python is called at each tag only to see whether the element is wanted, so that reading costs little.  Prefixes of
namespaces are dropped.  Entities are refused (:mod:`nlsearch.handlers.xmlevents`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


class Branch(NamedTuple):
    """An element, whether it has ended, and where: the last child of the root, which it is or is in."""

    element: Element
    has_ended: bool
    outer: Element


class _Grower:
    """Builds elements from a parser's events and notes which are wanted."""

    def __init__(self, head: bytes, wanted: Wanted) -> None:
        self.ready: list[Branch] = []
        self.ended_at = 0
        self._wanted = wanted
        self._builder = TreeBuilder()
        self._inside = 0
        self.parser = event_parser(head, self._began, self._ended_outside, self._builder.data)

    def _began(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the root, and choose what takes the rest: C code itself where no beginning and no prefix matters."""
        self._root = self._builder.start(tag.rpartition(":")[2], attributes)
        self.ready.append(Branch(self._root, has_ended=False, outer=self._root))
        is_plain = not (self._wanted.opening or self._wanted.whole or ":" in tag)
        self.parser.StartElementHandler = self._builder.start if is_plain else self._started
        self.parser.EndElementHandler = self._plain_end() if is_plain else self._ended

    def _ended_outside(self, tag: str) -> None:
        """Take nothing: there is none before the root."""

    def _plain_end(self) -> Callable[[str], None]:
        end, closing, give = self._builder.end, self._wanted.closing, self._give

        def ended(tag: str) -> None:
            element = end(tag)
            if tag in closing:
                give(element)

        return ended

    def _started(self, tag: str, attributes: dict[str, str]) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        element = self._builder.start(tag, attributes)
        is_whole = tag in self._wanted.whole
        if not self._inside and (is_whole or tag in self._wanted.opening):
            self.ready.append(Branch(element, has_ended=False, outer=self._root[-1]))
        self._inside += is_whole

    def _ended(self, tag: str) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        element = self._builder.end(tag)
        is_whole = tag in self._wanted.whole
        self._inside -= is_whole
        if not self._inside and (is_whole or tag in self._wanted.closing):
            self._give(element)

    def _give(self, element: Element) -> None:
        outer = self._root[-1] if len(self._root) else self._root
        self.ready.append(Branch(element, has_ended=True, outer=outer))
        self.ended_at = self.parser.CurrentByteIndex


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
        for branch in grower.ready:
            yield branch
            if branch.has_ended:
                branch.element.clear()
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
