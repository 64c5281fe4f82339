"""Cutting flat files into records, so that a broken record costs only itself.

A record begins with a line of its format (``LOCUS``, ``ID``) and ends at a ``//`` line.  Text behind a ``//`` that
begins no record is given as one record too, which its reader refuses; before the first record it is a heading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_READ = 2**16


def records_of(stream: BinaryIO, first: bytes, most: int) -> Iterator[bytes]:
    """Cut the stream at ``//`` lines and before lines that begin with `first`; of text between records, give a line.

    What is cut short by the next record or by the end of the file lacks its ``//`` line, a record of more than `most`
    bytes what is behind them.
    """
    lines: list[bytes] = []
    size = 0
    begun = stray = False
    for line in iter(lambda: stream.readline(_READ), b""):
        if line.startswith(first):
            if lines:
                yield b"".join(lines)
            lines, size, begun, stray = [line], len(line), True, False
        elif line.rstrip() == b"//":
            if lines:
                yield b"".join(lines if stray or size > most else [*lines, b"//\n"])
            lines, size, stray = [], 0, False
        elif lines and not stray:
            size += len(line)
            if size <= most:
                lines.append(line)
        elif begun and not stray and line.strip():
            lines, size, stray = [line], len(line), True
    if lines:
        yield b"".join(lines)


def first_word(text: bytes, first: bytes) -> str | None:
    """Return the word behind the one with which a record begins; None if it begins otherwise."""
    if not text.startswith(first):
        return None
    words = text[:200].split()[1:2]
    return words[0].decode("latin-1").rstrip(";") if words else None


def without_mark(stream: BinaryIO) -> BinaryIO:
    """Return `stream` behind its byte order mark of UTF-8, if it has one."""
    if stream.read(3) != b"\xef\xbb\xbf":
        stream.seek(0)
    return stream
