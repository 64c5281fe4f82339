"""What handlers of XML share: a parser that gives events, reads no other file and lets no entity expand.

The parser is the standard library's expat.  An XML that declares entities is refused: there is no honest use for them
in formats of data, and a few lines of them can expand to gigabytes.  A ``DOCTYPE`` that only names its DTD is fine.

References
----------
Extensible Markup Language (XML) 1.0, W3C 2008.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol, TypeVar
from xml.parsers import expat

from nlsearch.errors import InputError, MalformedContent

_RECODED = re.compile(rb"\s*<\?xml[^>]{0,200}encoding\s*=\s*[\"'](?i:utf-16|ucs-2|iso-10646-ucs-2)")
_TEXT_AT_ONCE = 2**20

CHUNK = 2**16
"""Bytes that are parsed at a time."""

Started = Callable[[str, dict[str, str]], None]
Taken = TypeVar("Taken")


class Collector(Protocol[Taken]):
    """Builds what is wanted from the events of a parser."""

    def feed(self, chunk: bytes) -> InputError | None:
        """Parse what comes next, or if nothing does, the end; return what is wrong with it."""
        ...

    def taken(self) -> list[Taken]:
        """Return what is complete, once."""
        ...


def collected(collector: Collector[Taken], head: bytes, stream: BinaryIO) -> Iterator[Taken]:
    """Yield what a collector takes out of `head` and what follows it in a stream.

    Raises
    ------
    InputError
        Where something is wrong; what is complete before is yielded first.
    """
    chunk = head
    while True:
        failure = collector.feed(chunk)
        yield from collector.taken()
        if failure is not None:
            raise failure
        if not chunk:
            return
        chunk = stream.read(CHUNK)


def event_parser(
    head: bytes, started: Started, ended: Callable[[str], None], text: Callable[[str], None]
) -> expat.XMLParserType:
    """Return a parser that calls `started`, `ended` and `text`; feed it by :func:`parsed`.

    Parameters
    ----------
    head : bytes
        The beginning of the file, as :func:`nlsearch.handlers.texts.as_utf8` gives it.
    started : callable
        Gets the name of an element and its attributes.
    ended, text : callable
        Get the name of an element, and what stands between tags.
    """
    parser = expat.ParserCreate("utf-8" if _RECODED.match(head) else None)  # it declares what it was before

    def refused(name: str, *_: object) -> None:
        line = parser.CurrentLineNumber
        raise MalformedContent(f"line {line}: the XML declares an entity ({name[:40]}), which is refused")

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = refused
    parser.buffer_text = True
    parser.buffer_size = _TEXT_AT_ONCE
    return parser


def parsed(parser: expat.XMLParserType, chunk: bytes, inside: Callable[[], str]) -> MalformedContent | None:
    """Parse what comes next, or if nothing does, the end; return what is wrong with it.

    Parameters
    ----------
    parser : XMLParserType
        As :func:`event_parser` made it.
    chunk : bytes
        Empty at the end of the file.
    inside : callable
        Says in what the XML breaks, such as ``a record``; ``""`` if in nothing that matters.
    """
    try:
        parser.Parse(chunk, not chunk)
    except expat.ExpatError as exc:
        where = f", inside {inside()}" if inside() else ""
        why = f"the XML breaks{where}: {expat.ErrorString(exc.code)}; nothing behind it is read"
        return MalformedContent(f"line {exc.lineno}: {why}")
    except MalformedContent as exc:
        return exc
    except (LookupError, ValueError) as exc:  # an encoding that nobody knows, or one of several bytes a letter
        return MalformedContent(f"the XML cannot be decoded: {exc}")
    return None
