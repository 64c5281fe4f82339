"""The protocol between the pool and its workers: frames of msgpack over a socket.

A frame is 4 bytes of magic, the length of the body as big-endian uint32, and the body: one packed list whose first
element names the message::

    to a worker      ["read", description, kind]
                     ["some", description, kind, locators]
                     ["compile", description, kind, operator, options]
                     ["facts"]
    from a worker    ["entry", kind, number, locator, title, Features]
                     ["skipped", number, locator, reason, code]
                     ["probe", Probe]                 ["facts", mapping]
                     ["done", entries, skipped, tired]
                     ["failed", code, message, locator, hint, column, tired]

``done`` and ``failed`` end an answer; ``tired`` asks for the worker to be replaced (it came near its memory cap).
Whatever a worker sends is checked here: an unknown message, a wrong type or a length over the cap is :class:`Garbled`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

from nlsearch import errors, wire
from nlsearch.errors import NlsearchError, QuerySyntax, WorkerError
from nlsearch.model import Features, Probe
from nlsearch.sandbox.outcomes import Done, Failed, Outcome, ReadEntry, SkippedRecord

Message: TypeAlias = list[Any]

HEADER = struct.Struct(">4sI")
MAGIC = b"nls\x01"
MAX_TEXT = 2_000
"""Characters of a reason that travel; a library may put the whole file into its message."""

_SHAPES: dict[str, tuple[type | tuple[type, ...], ...]] = {
    "entry": (str, int, str, str, Features),
    "skipped": (int, str, str, str),
    "probe": (Probe,),
    "facts": (dict,),
    "done": (int, int, bool),
    "failed": (str, str, str, str, (int, type(None)), bool),
}


class Garbled(ValueError):
    """What arrived is not an answer."""


def frame(message: Message) -> bytes:
    """Return `message` as a frame.

    Raises
    ------
    WireError
        If something in it does not travel.
    """
    body = wire.pack(message)
    return HEADER.pack(MAGIC, len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into messages; holds no more than one frame and one chunk.

    Parameters
    ----------
    max_bytes : int
        The longest body that is accepted.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = bytearray()

    @property
    def pending(self) -> bool:
        """True if the beginning of a further message is held."""
        return bool(self._held)

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """Take `chunk` and yield every message that is complete.

        Raises
        ------
        Garbled
            At the first byte that cannot belong to a message.
        """
        self._held += chunk
        start = 0
        try:
            while (end := self._end_of_frame(start)) is not None:
                with memoryview(self._held) as held, held[start + HEADER.size : end] as body:
                    message = _message_of(body)
                start = end
                yield message
        finally:
            del self._held[:start]

    def _end_of_frame(self, start: int) -> int | None:
        if len(self._held) - start < HEADER.size:
            return None
        magic, length = HEADER.unpack_from(self._held, start)
        if magic != MAGIC:
            raise Garbled("bytes outside the protocol")
        if length > self._max_bytes:
            raise Garbled(f"an answer of {length:,} bytes is over the cap worker_answer_bytes = {self._max_bytes:,}")
        end: int = start + HEADER.size + length
        return end if len(self._held) >= end else None


def _message_of(body: memoryview) -> Message:
    try:
        message = wire.unpack(body)
    except wire.WireError as exc:
        raise Garbled(str(exc)) from exc
    if not isinstance(message, list) or not message or not isinstance(message[0], str):
        raise Garbled("a frame without a message")
    return message


def check_answer(message: Message) -> None:
    """Check that `message` is one that a worker may send.

    Raises
    ------
    Garbled
    """
    shape = _SHAPES.get(message[0])
    if shape is None or len(message) != len(shape) + 1:
        raise Garbled(f"unknown message {message[0][:40]!r} of {len(message)} parts")
    for held, types in zip(message[1:], shape, strict=True):
        if not isinstance(held, types):
            raise Garbled(f"{type(held).__name__} in a message {message[0]!r}")


# ---------------------------------------------------------------------------------------------- messages and outcomes
def message_of(outcome: Outcome, *, tired: bool = False) -> Message:
    """Return the message that carries `outcome`."""
    match outcome:
        case ReadEntry(kind, number, locator, title, features):
            return ["entry", kind, number, locator, title, features]
        case SkippedRecord(number, locator, reason, code):
            return ["skipped", number, locator, reason[:MAX_TEXT], code]
        case Done(entries, skipped):
            return ["done", entries, skipped, tired]
        case Failed(error):
            column = error.column if isinstance(error, QuerySyntax) else None
            texts = [text[:MAX_TEXT] for text in (error.message, error.locator, error.hint)]
            return ["failed", error.code, *texts, column, tired]


def outcome_of(message: Message) -> Outcome | None:
    """Return the outcome that a checked `message` carries, or None if it carries something else."""
    match message:
        case ["entry", kind, number, locator, title, features]:
            return ReadEntry(kind, number, locator, title, features)
        case ["skipped", number, locator, reason, code]:
            return SkippedRecord(number, locator, reason, code)
        case ["done", entries, skipped, _]:
            return Done(entries, skipped)
        case ["failed", code, text, locator, hint, column, _]:
            return Failed(_error_of(code, text, locator, hint, column))
    return None


def _error_of(code: str, text: str, locator: str, hint: str, column: int | None) -> NlsearchError:
    if code == QuerySyntax.code:
        return QuerySyntax(text, locator=locator, hint=hint, column=column)
    return _ERRORS.get(code, WorkerError)(text, locator=locator, hint=hint)


def _subclasses(root: type[NlsearchError]) -> Iterator[type[NlsearchError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _subclasses(child)


_ERRORS: dict[str, type[NlsearchError]] = {c.code: c for c in _subclasses(NlsearchError)}
