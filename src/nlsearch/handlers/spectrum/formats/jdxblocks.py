"""Splitting JCAMP-DX into its blocks: labels with their values, and tables.

Conventions
-----------
A block begins with ``##TITLE=`` and ends with ``##END=``; blocks stand one after the other, or inside of a block of the
data type LINK.  Labels go by their letters and digits in upper case, without spaces, dashes, slashes, underlines and
the dot that marks labels of one technique, so ``##.OBSERVE FREQUENCY=`` is ``OBSERVEFREQUENCY``; those that a program
made up keep their ``$``.  What is behind ``$$`` is comment.  Lines end in LF, CRLF or CR; text is UTF-8, else Latin-1.

References
----------
R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 1988, 42, 151.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from nlsearch.handlers.spectrum.formats.asdf import Line
from nlsearch.limits import Limits

TABLES = frozenset({"XYDATA", "XYPOINTS", "PEAKTABLE", "PEAKASSIGNMENTS", "PEAKASSIGNMENT", "DATATABLE", "RADATA"})
_LABEL = re.compile(r"\s*##([^=]*)(=?)(.*)", re.DOTALL)
_DEPTH = 16
"""Blocks inside of blocks that are told apart."""
_IGNORED = str.maketrans("", "", " \t-/_.")


@dataclass(slots=True)
class Table:
    """A table of a block.

    Parameters
    ----------
    label : str
        One of :data:`TABLES`.
    form : str
        What stands behind the label: ``(X++(Y..Y))``.
    lines : list of (int, str)
    page : str
        The page it is on, ``N=1``; ``""`` if there are none.
    local : dict of str
        Labels of the page.
    """

    label: str
    form: str
    lines: list[Line] = field(default_factory=list)
    page: str = ""
    local: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Block:
    """A block; `line` is its first one, `refusal` says over which cap it is, and is ``""`` otherwise."""

    line: int
    labels: dict[str, str] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusal: str = ""
    inner: int = 0

    @property
    def is_link(self) -> bool:
        """Whether it only holds other blocks."""
        linked = self.labels.get("DATATYPE", "").strip().upper() == "LINK" or "BLOCKS" in self.labels
        return linked and not self.tables


def blocks(stream: BinaryIO, limits: Limits) -> Iterator[Block]:
    """Yield the blocks of a file in the order of their ends; a LINK block comes after those inside of it."""
    text = io.TextIOWrapper(stream, "latin-1", newline=None)  # a character a byte, so that caps count bytes
    splitter = _Splitter(limits)
    try:
        number = 0
        while line := text.readline(limits.line_bytes):
            number += 1
            cut = len(line) == limits.line_bytes and not line.endswith("\n")
            while cut and (rest := text.readline(limits.line_bytes)) and not rest.endswith("\n"):
                pass
            yield from splitter.take(number, line.removeprefix("\xef\xbb\xbf") if number == 1 else line, cut)
        yield from splitter.finish()
    finally:
        text.detach()


def recoded(text: str) -> str:
    """Return text that was read as Latin-1 as UTF-8, if it is."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return text


class _Splitter:
    """Takes lines and gives blocks."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: list[Block] = []
        self._size = 0
        self._value: list[str] | None = None  # lines of the label that is open
        self._label = ""
        self._table: Table | None = None
        self._page: dict[str, str] = {}

    def take(self, number: int, line: str, cut: bool) -> Iterator[Block]:
        """Take a line; give the blocks that it ends."""
        found = _LABEL.match(line.partition("$$")[0])
        label = found.group(1).translate(_IGNORED).upper() if found else ""
        if found is None:
            self._continue(number, line)
        elif label == "TITLE":
            yield from self._begin(number, found.group(3))
        elif label == "END":
            yield from self._end()
        elif found.group(2):
            self._labelled(label, found.group(3))
        elif self._open:
            self._open[-1].warnings.append(f"line {number}: a label without '='; it is not read")
        self._count(number, len(line), cut)

    def finish(self) -> Iterator[Block]:
        """Give the blocks that are still open."""
        while self._open:
            self._open[-1].warnings.append("##END= is missing; the file may be cut off")
            yield from self._end()

    def _begin(self, number: int, title: str) -> Iterator[Block]:
        self._close()
        if self._open and (not self._open[-1].is_link or len(self._open) >= _DEPTH):
            self._open[-1].warnings.append(f"##END= is missing before line {number}")
            yield from self._end()
        if self._open:
            self._open[-1].inner += 1
        self._open.append(Block(number))
        self._size, self._page = 0, {}
        self._labelled("TITLE", title)

    def _end(self) -> Iterator[Block]:
        self._close()
        self._size, self._page = 0, {}
        if self._open:
            yield self._open.pop()

    def _labelled(self, label: str, value: str) -> None:
        self._close()
        if not self._open or self._open[-1].refusal:
            return
        if label in TABLES:
            self._table = Table(label, value.strip(), page=self._page.get("PAGE", ""), local=dict(self._page))
            self._open[-1].tables.append(self._table)
            return
        self._label, self._value = label, [value]
        if label == "PAGE":
            self._page = {}

    def _close(self) -> None:
        """Keep the value of the label that is open, which further lines may have gone on."""
        if self._value is not None and self._open:
            value = recoded("\n".join(self._value)).strip()
            paged = self._label == "PAGE" or "PAGE" in self._page
            (self._page if paged else self._open[-1].labels)[self._label] = value
        if self._label == "ENDNTUPLES":
            self._page = {}
        self._value, self._table, self._label = None, None, ""

    def _continue(self, number: int, line: str) -> None:
        text = line.partition("$$")[0].strip()
        if not text or not self._open or self._open[-1].refusal:
            return
        if self._table is not None:
            self._table.lines.append((number, text))
        elif self._value is not None:
            self._value.append(text)

    def _count(self, number: int, size: int, cut: bool) -> None:
        if not self._open:
            return
        block = self._open[-1]
        self._size += size
        if cut:
            block.refusal = f"line {number} is over the cap line_bytes = {self._limits.line_bytes:,}"
        elif self._size > self._limits.record_bytes:
            block.refusal = f"it is over the cap record_bytes = {self._limits.record_bytes:,}"
        if block.refusal:
            for table in block.tables:
                table.lines.clear()
