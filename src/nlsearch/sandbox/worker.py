"""What happens inside a worker: run a handler on one source, whatever the handler does, and answer in frames.

This is the one boundary at which any exception is caught: a handler runs domain libraries on foreign bytes, and what
they raise is not ours to enumerate.  It costs the record, or the file, and never the run.  Crashes, hangs and exits are
the pool's to notice.

The module does nothing when it is run: workers are forked by :mod:`nlsearch.sandbox.template`.
"""

from __future__ import annotations

import lzma
import socket
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, TypeVar

from nlsearch import wire
from nlsearch.errors import (
    InputError,
    MalformedContent,
    MissingExtra,
    NlsearchError,
    WorkerError,
    WorkerOutOfMemory,
)
from nlsearch.handlers.contract import Handler, Source
from nlsearch.handlers.registry import Registry, require, yields
from nlsearch.limits import Limits, how_to_raise
from nlsearch.model import Features, RawItem, Skipped
from nlsearch.sandbox import isolation
from nlsearch.sandbox.frames import MAX_TEXT, FrameReader, Message, frame, message_of
from nlsearch.sandbox.isolation import MemoryWatch
from nlsearch.sandbox.locators import Locators
from nlsearch.sandbox.outcomes import Done, Failed, Outcome, ReadEntry, SkippedRecord
from nlsearch.sandbox.sources import open_description

T = TypeVar("T")

FLUSH_BYTES = 64 * 1024
FLUSH_SECONDS = 0.25


# ------------------------------------------------------------------------------------------------------- containment
def contain(action: Callable[..., T], *arguments: Any) -> T | NlsearchError:  # noqa: ANN401 - passed on
    """Run ``action(*arguments)``; return what it returns, or what it raised as an error of :mod:`nlsearch.errors`.

    ``MemoryError`` becomes ``WorkerOutOfMemory``, damaged compression ``MalformedContent``, ``OSError`` (gone,
    forbidden, truncated) ``InputError``; anything else, ``RecursionError`` too, ``WorkerError`` with its place.
    """
    try:
        return action(*arguments)
    except NlsearchError as error:
        return _without_frames(error)
    except MemoryError:
        pass  # the answer is made after the frames that hold the memory are gone
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        return MalformedContent(f"the data is damaged or cut short: {_text(error)}")
    except OSError as error:
        return _of_system(error)
    # The sandbox boundary: see the module's docstring.
    except Exception as error:  # noqa: BLE001
        return WorkerError(f"{_text(error)} (in {_place(error)})", hint="please report it with the file")
    return WorkerOutOfMemory(
        "reading it needs more memory than a worker may have",
        hint=how_to_raise("worker_memory_bytes"),
    )


def _without_frames(error: NlsearchError) -> NlsearchError:
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def _of_system(error: OSError) -> NlsearchError:
    if error.errno is None:  # libraries raise bare OSErrors for what they cannot parse
        return MalformedContent(_text(error))
    return InputError(f"cannot be read: {error.strerror}")


def _text(error: BaseException) -> str:
    words = str(error).strip()
    name = type(error).__name__
    return f"{name}: {words}" if words else name


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "native code"
    return f"{PurePosixPath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


# ----------------------------------------------------------------------------------------------------------- reading
class _Reading:
    """One pass over a source; counts what it gives."""

    def __init__(
        self, handler: Handler, registry: Registry, source: Source, limits: Limits, memory: MemoryWatch
    ) -> None:
        self._handler = handler
        self._registry = registry
        self._source = source
        self._limits = limits
        self._locators = Locators()
        self._entries = 0
        self._skipped = 0
        self._memory = memory
        self._out_of_memory = False
        self._missing: set[str] | None = None

    def outcomes(self, wanted: Iterable[str] | None = None) -> Iterator[bytes]:
        """Yield a frame an outcome, the last one ``done`` or ``failed``.

        With `wanted` only the records of these locators are derived (``""`` is the first), and reading stops when there
        are all.
        """
        self._missing = None if wanted is None else set(wanted)
        records = contain(self._records)
        while not isinstance(records, NlsearchError):
            record = contain(next, records, None)
            if record is None:
                yield self._last(Done(self._entries, self._skipped))
                return
            answer = record if isinstance(record, NlsearchError) else contain(self._answer, record)
            del record
            if isinstance(answer, NlsearchError):
                yield self._last(self._failed(answer))
                return
            if answer is not None:
                yield answer
                if self._missing == set():
                    yield self._last(Done(self._entries, self._skipped))
                    return
        yield self._last(self._failed(records))

    def _records(self) -> Iterator[RawItem | Skipped]:
        return iter(self._handler.read(self._source, self._limits))

    def _answer(self, record: RawItem | Skipped) -> bytes | None:
        self._limits.check("records_per_source", self._entries + self._skipped + 1)
        locator = self._locators.next(record.number, record.record_id)
        if self._missing is not None:
            asked = self._missing & {locator, ""}
            if not asked:
                return None
            self._missing -= asked
        if isinstance(record, Skipped):
            return self._skip(record.number, locator, record.reason, record.code)
        answer = contain(self._entry, record, locator)
        if isinstance(answer, MissingExtra):
            raise answer
        if isinstance(answer, NlsearchError):
            self._out_of_memory |= isinstance(answer, WorkerOutOfMemory)
            return self._skip(record.number, locator, Failed(answer).reason, answer.code)
        self._entries += 1
        return answer

    def _entry(self, item: RawItem, locator: str) -> bytes:
        title = item.title or self._source.name
        handler = self._handler_of(item)
        features = handler.features(item)
        _complete(features, title, item.warnings)
        wire.check(features)
        packed = frame(message_of(ReadEntry(handler.kind, item.number, locator, title, features)))
        if len(packed) > self._limits.worker_answer_bytes:
            self._limits.check("worker_answer_bytes", len(packed))
        return packed

    def _handler_of(self, item: RawItem) -> Handler:
        """Return the handler of the item's own kind, which the file's handler must have declared."""
        if item.kind is None or item.kind == self._handler.kind:
            return self._handler
        if item.kind not in yields(self._handler):
            raise WorkerError(f"the handler of {self._handler.kind} does not declare that it yields {item.kind}")
        handler = self._registry.get(item.kind)
        require(handler)
        return handler

    def _skip(self, number: int, locator: str, reason: str, code: str) -> bytes:
        self._skipped += 1
        return frame(message_of(SkippedRecord(number, locator, reason, code)))

    def _failed(self, error: NlsearchError) -> Outcome:
        """Return why reading failed; a record that is missing yet was read once, so what is broken now has changed."""
        if self._missing and "" not in self._missing and isinstance(error, MalformedContent):
            reason = f"the source has changed since it was indexed, and does not read now: {error.message}"
            return Failed(MalformedContent(reason, hint="index it again"))
        return Failed(error)

    def _last(self, outcome: Outcome) -> bytes:
        self._out_of_memory |= isinstance(outcome, Failed) and isinstance(outcome.error, WorkerOutOfMemory)
        return frame(message_of(outcome, tired=self._out_of_memory or self._memory.is_short()))


def _complete(features: Features, title: str, warnings: list[str]) -> None:
    features.fields.setdefault("name", title)
    if warnings:
        features.fields["warnings"] = [str(warning)[:MAX_TEXT] for warning in warnings]


# ---------------------------------------------------------------------------------------------------------- requests
class Responder:
    """Answers requests with a registry's handlers; see :mod:`nlsearch.sandbox.frames` for both.

    Parameters
    ----------
    registry : Registry
    limits : Limits
    """

    def __init__(self, registry: Registry, limits: Limits) -> None:
        self._registry = registry
        self._limits = limits
        self._memory = MemoryWatch()

    def frames(self, request: Message) -> Iterator[bytes]:
        """Yield the frames of the answer, the last one ``done`` or ``failed``."""
        if request[0] == "facts":
            yield frame(["facts", isolation.facts()])
            yield frame(message_of(Done(0, 0)))
            return
        opened = contain(self._open, request)
        if isinstance(opened, NlsearchError):
            yield frame(message_of(Failed(opened)))
            return
        handler, source = opened
        if request[0] == "compile":
            yield from self._compile(handler, source, request[3], request[4])
        else:
            reading = _Reading(handler, self._registry, source, self._limits, self._memory)
            yield from reading.outcomes(request[3] if request[0] == "some" else None)

    def _open(self, request: Message) -> tuple[Handler, Source]:
        handler = self._registry.get(request[2])
        require(handler)
        return handler, open_description(request[1])

    def _compile(self, handler: Handler, source: Source, operator: str, options: dict[str, Any]) -> Iterator[bytes]:
        probe = contain(lambda: frame(["probe", handler.compile(operator, source, options)]))
        if isinstance(probe, NlsearchError):
            yield frame(message_of(Failed(probe), tired=isinstance(probe, WorkerOutOfMemory)))
            return
        yield probe
        yield frame(message_of(Done(1, 0), tired=self._memory.is_short()))


# ---------------------------------------------------------------------------------------------------------- the loop
def serve(channel: socket.socket, registry: Registry, limits: Limits) -> None:
    """Answer requests from `channel` until its other end closes."""
    reader = FrameReader(limits.worker_answer_bytes)
    responder = Responder(registry, limits)
    while chunk := channel.recv(FLUSH_BYTES):
        for request in reader.feed(chunk):
            _send(channel, responder.frames(request))


def _send(channel: socket.socket, frames: Iterator[bytes]) -> None:
    """Send `frames` in batches: many small answers cost one system call."""
    held: list[bytes] = []
    size = 0
    flushed = time.monotonic()
    for one in frames:
        held.append(one)
        size += len(one)
        if size >= FLUSH_BYTES or time.monotonic() - flushed > FLUSH_SECONDS:
            channel.sendall(b"".join(held))
            held.clear()
            size = 0
            flushed = time.monotonic()
    channel.sendall(b"".join(held))
