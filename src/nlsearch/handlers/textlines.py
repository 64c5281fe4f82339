"""What formats of lines share: splitting a stream into lines, and holding those of a record.

Conventions
-----------
Lines end in LF, CRLF or CR.  Text is UTF-8, else Latin-1, record by record; a byte order mark is left out.  A line may
be as long as a record, for some programs write everything into one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import Skipped

_CHUNK = 2**18
_BOM = b"\xef\xbb\xbf"


def text_lines(stream: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """Yield the lines of `stream` without their ends; one over the cap ``record_bytes`` is cut somewhere behind it."""
    for text in _whole_lines(stream, limits):
        lines = text.split(b"\n")
        if not lines[-1]:
            lines.pop()
        yield from lines


def sections(stream: BinaryIO, limits: Limits, marker: re.Pattern[bytes]) -> Iterator[Section]:
    r"""Yield what is before the first line that begins with `marker`, then what begins with each such line.

    The pattern begins with the ``\n`` before its line, for which it is searched fast.
    """
    current = Section(b"", limits)
    for whole in _whole_lines(stream, limits):
        text, at = b"\n" + whole, 1
        for found in marker.finditer(text):
            current.add(text[at : found.start() + 1])
            yield current
            current, at = Section(found.group()[1:], limits), found.start() + 1
        current.add(text[at:])
    yield current


class Section:
    """A stretch of lines from a marker on, as far as the cap ``record_bytes`` lets it in."""

    def __init__(self, marker: bytes, limits: Limits) -> None:
        self.marker = marker
        self._pieces: list[bytes] = []
        self._size = 0
        self._most = limits.record_bytes

    def add(self, piece: bytes) -> None:
        """Take what comes next."""
        if self._size <= self._most:
            self._pieces.append(piece)
        self._size += len(piece)

    @property
    def is_over(self) -> bool:
        """Whether it is over the cap."""
        return self._size > self._most

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing but its marker and white space."""
        return not b"".join(self._pieces)[len(self.marker) :].strip()

    def lines(self) -> list[str]:
        """Return its lines, the first of them that of the marker; only the beginning if it is over the cap."""
        raw = b"".join(self._pieces)[: self._most]
        return decoded(raw).removesuffix("\n").split("\n")


def _whole_lines(stream: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """Yield the stream in pieces of whole lines; what is far behind the cap ``record_bytes`` in a line is left out."""
    held: list[bytes] = []
    size = 0
    for chunk in _chunks(stream):
        end = chunk.rfind(b"\n") + 1
        if end:
            held.append(chunk[:end])
            yield b"".join(held)
            held, size = [], 0
        if size <= limits.record_bytes:
            held.append(chunk[end:])
            size += len(chunk) - end
    if any(held):
        yield b"".join(held)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream in pieces, in which all lines end in LF."""
    held = stream.read(_CHUNK).removeprefix(_BOM)
    while held:
        if b"\r" not in held:
            yield held
            held = stream.read(_CHUNK)
            continue
        more = stream.read(_CHUNK)
        split_end = held.endswith(b"\r") and more.startswith(b"\n")
        yield (held[:-1] if split_end else held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        held = more


def over_cap(number: int, limits: Limits, record_id: str | None) -> Skipped:
    """Return what becomes of a record over the cap ``record_bytes``."""
    reason = f"the record is over the cap record_bytes = {limits.record_bytes:,}"
    return Skipped(number, reason, "limit_exceeded", record_id)


def shortened(text: str, most: int = 60) -> str:
    """Return the beginning of `text`, to be quoted in a warning."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
