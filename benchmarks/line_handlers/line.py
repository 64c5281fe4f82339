"""A kind for benchmarks: every line of a ``.lines`` file is an item that holds its words and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nlsearch.handlers.contract import Format
from nlsearch.model import Features, Picture, RawItem


class HANDLER:
    """Lines of words."""

    kind, version, requires = "line", 1, ()
    formats = (Format("lines", "text/x-lines", (".lines",)),)
    fields = spaces = operators = ()

    def read(self, source: Any, limits: Any) -> Iterator[RawItem]:
        """Yield the lines."""
        with source.open() as lines:
            for number, line in enumerate(lines, 1):
                yield RawItem(line.decode(), number)

    def features(self, item: RawItem) -> Features:
        """Return the words."""
        return Features(words=item.content)

    def compile(self, operator: str, value: Any, options: Any) -> None:
        """There are no operators."""
        raise NotImplementedError

    def verify(self, probe: Any, payload: Any, regions: Any = ()) -> None:
        """There are no operators."""
        raise NotImplementedError

    def draw(self, payload: Any, verdict: Any = None) -> Picture:
        """Draw nothing."""
        return Picture("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
