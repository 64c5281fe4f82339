"""Splitting JSON into its outermost objects without holding the whole of it.

Conventions
-----------
Objects stand in a list, one behind the other, or one in a line.  Braces are counted outside of strings.  An object that
is broken so that it swallows others (a lost brace or quote) ends before the next one that begins with the same key.

References
----------
RFC 8259, 2017.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits

_CHUNK = 2**18
_OUTSIDE = re.compile(rb'["{\[\]]')
_INSIDE = re.compile(rb'["{}]')
_QUOTED = re.compile(rb'["\\]')
_FIRST_KEY = re.compile(rb'\{\s*("(?:[^"\\]|\\.){0,200}"\s*:)')
_SAMPLE = 200
"""Bytes of what is no object that are kept."""


class Piece(NamedTuple):
    """An outermost object as text, or what stands in its place.

    Parameters
    ----------
    raw : bytes
    end : str
        ``"whole"``; ``"cut"`` by the end of the file; ``"over"`` the cap ``record_bytes``, of which this is the
        beginning; ``"junk"`` between objects.
    """

    raw: bytes
    end: str


class Objects:
    """The outermost objects of a stream, in its order.

    Parameters
    ----------
    stream : BinaryIO
    limits : Limits
    """

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._most = limits.record_bytes
        self._rest = b""
        self._lists = 0
        self._junk = b""
        self._budget = limits.record_bytes
        self._depth = self._size = 0
        self._held: list[bytes] = []
        self._quoted = self._escaped = False

    @property
    def is_open(self) -> bool:
        """Whether a list is not closed yet."""
        return self._lists > 0

    def restart(self, raw: bytes) -> bool:
        """Go back to the second object in `raw`, which was yielded last; return whether there is one.

        No more is read twice than has been read once, and the cap ``record_bytes``, lest a mess is read for hours.
        """
        key = _FIRST_KEY.match(raw)
        if key is None:
            return False
        again = re.compile(rb",\s*(\{\s*" + re.escape(key[1]) + rb")").search(raw, key.end())
        if again is None or self._budget < 0:
            return False
        self._budget -= len(raw) - again.start(1)
        self._rest = raw[again.start(1) :] + self._rest
        self._forget()
        return True

    def __iter__(self) -> Iterator[Piece]:
        while True:
            chunk, self._rest = self._rest, b""
            if not chunk:
                chunk = self._stream.read(_CHUNK)
                self._budget += len(chunk)
            if chunk:
                yield from self._split(chunk)
                continue
            yield from self._junk_found()
            raw, is_cut = b"".join(self._held), self._depth > 0 and self._size <= self._most
            self._forget()
            if is_cut:
                yield Piece(raw, "cut")
            if not self._rest:
                return

    def _forget(self) -> None:
        """Be outside of objects."""
        self._depth = self._size = 0
        self._held = []
        self._quoted = self._escaped = False

    def _split(self, chunk: bytes) -> Iterator[Piece]:
        """Yield what ends in `chunk`; what is behind an object is left for later."""
        start = 0
        for token, at in self._tokens(chunk):
            if token == b"{":
                if not self._depth:
                    self._note(chunk[:at])
                    start = at
                    yield from self._junk_found()
                self._depth += 1
            elif token == b"}":
                self._depth -= 1
                if not self._depth:
                    self._rest = chunk[at + 1 :]
                    yield from self._ended(chunk[start : at + 1])
                    return
            else:
                self._lists += 1 if token == b"[" else -1
        if self._depth:
            yield from self._keep(chunk[start:])
        else:
            self._note(chunk)

    def _tokens(self, chunk: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield the braces outside of strings with their places, and outside of objects the brackets."""
        at, self._escaped = int(self._escaped), False
        while True:
            found = (_QUOTED if self._quoted else _INSIDE if self._depth else _OUTSIDE).search(chunk, at)
            if found is None:
                return
            token, at = found.group(), found.end()
            if token == b"\\":
                at += 1
                self._escaped = at > len(chunk)
            elif token == b'"':
                self._quoted = not self._quoted
            else:
                yield token, at - 1

    def _keep(self, piece: bytes) -> Iterator[Piece]:
        """Hold the beginning of an object; it is yielded at once when it is over the cap."""
        was_over = self._size > self._most
        self._size += len(piece)
        if not was_over:
            self._held.append(piece)
            if self._size > self._most:
                raw, self._held = b"".join(self._held), []
                yield Piece(raw, "over")

    def _ended(self, piece: bytes) -> Iterator[Piece]:
        was_over = self._size > self._most
        self._held.append(piece)
        raw, size = b"".join(self._held), self._size + len(piece)
        self._forget()
        if not was_over:
            yield Piece(raw, "over" if size > self._most else "whole")

    def _note(self, between: bytes) -> None:
        """Remember the beginning of what stands between objects."""
        if len(self._junk) < _SAMPLE:
            self._junk += between.strip(b"[], \t\r\n\xef\xbb\xbf")[:_SAMPLE]

    def _junk_found(self) -> Iterator[Piece]:
        junk, self._junk = self._junk.strip(), b""
        if junk:
            yield Piece(junk, "junk")


def first_string(raw: bytes, keys: str) -> str | None:
    """Return the string behind one of these keys, a pattern, in the text of an object, which may be broken."""
    found = re.search(rb'"(?:' + keys.encode() + rb')"\s*:\s*"([^"\\]{1,200})"', raw[: 2**16])
    return decoded(found[1]) if found else None
