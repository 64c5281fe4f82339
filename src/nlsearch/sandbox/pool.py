"""The pool: reads sources in isolated workers, and loses no more than the source that broke one.

Results of one source come in order; several sources are in flight, one a worker.  A consumer that is slow stops reading
the sockets, and the workers block: nothing piles up.  The wall clock is kept here, because a CPU limit bites late and a
sleeping process never.

Replacement of a worker costs a fork of the template (:mod:`nlsearch.sandbox.template`), not a start of Python.
"""

from __future__ import annotations

import selectors
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nlsearch.errors import InputError, MalformedContent, NlsearchError, WorkerCrashed, WorkerError
from nlsearch.handlers.registry import Registry
from nlsearch.limits import Limits
from nlsearch.model import Features, Json, Probe, Scalar
from nlsearch.sandbox.connection import Connection, is_last
from nlsearch.sandbox.frames import FrameReader, Message, outcome_of
from nlsearch.sandbox.launcher import Launcher
from nlsearch.sandbox.outcomes import Failed, Outcome, ReadEntry, SkippedRecord, SourceTask

if TYPE_CHECKING:
    from nlsearch.sandbox.worker import Responder

MAX_ATTEMPTS = 3
"""Idle workers found dead before a task is given up; their death is not the task's doing."""


class Pool:
    """Worker processes that read sources; a context manager, started at first use.

    Parameters
    ----------
    directories : iterable of path
        Folders of outside handlers, as :class:`~nlsearch.handlers.registry.Registry` takes them.
    limits : Limits, optional
    jobs : int
        How many sources are read at the same time.
    inline : bool
        Read in this process, without any isolation: for tests and debugging of handlers only.
    settings : mapping of str to str, optional
        What the collection chooses (:mod:`nlsearch.handlers.settings`).
    """

    def __init__(
        self,
        directories: Iterable[str | Path] = (),
        limits: Limits | None = None,
        jobs: int = 1,
        *,
        inline: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.settings = dict(settings or {})
        self.jobs = max(1, jobs)
        self._directories = [str(Path(directory).resolve()) for directory in directories]
        self._inline = inline
        self._launcher = Launcher(self._directories, self.limits, self.settings)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._responder: Responder | None = None

    def __enter__(self) -> Self:
        """Return the pool; nothing is started yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool."""
        self.close()

    def start(self) -> None:
        """Begin to start the sandbox in the background, so that the first source need not wait for it."""
        if not self._inline:
            self._launcher.start()

    def choose(self, settings: Mapping[str, str]) -> None:
        """Let workers from now on know what the collection chooses; those of other settings end."""
        if settings != self.settings:
            self.close()
            self.settings, self._responder = dict(settings), None
            self._launcher = Launcher(self._directories, self.limits, self.settings)

    def close(self) -> None:
        """End all workers.  The pool may be used again and then starts anew."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()
        self._launcher.close()

    # ------------------------------------------------------------------------------------------------ many sources
    def read_sources(self, tasks: Iterable[SourceTask]) -> Iterator[tuple[SourceTask, Outcome]]:
        """Read every source and yield its outcomes, as they come.

        Outcomes of one source come in the order of its records, and end with one ``Done`` or ``Failed``; those of
        several sources mix.  `tasks` is drawn from only as workers become free.  Closing the generator ends the workers
        that are busy.

        Parameters
        ----------
        tasks : iterable of SourceTask

        Yields
        ------
        task : SourceTask
        outcome : ReadEntry, SkippedRecord, Done or Failed
        """
        if self._inline:
            for task in tasks:
                for message in self._here(_read_request(task)):
                    yield task, _outcome(message)
            return
        with _Flight(self, iter(tasks)) as flight:
            yield from flight.outcomes()

    # ------------------------------------------------------------------------------------------------- one question
    def compile(
        self, kind: str, operator: str, description: Mapping[str, Json], options: Mapping[str, Scalar]
    ) -> Probe:
        """Compile a source into a probe (query by example).

        Raises
        ------
        NlsearchError
            Whatever the handler raises on purpose, or the ``WorkerError`` that it caused.
        """
        for message in self._ask(kind, ["compile", dict(description), kind, operator, dict(options)]):
            if message[0] == "probe" and isinstance(message[1], Probe):
                return message[1]
        raise WorkerCrashed("the reader gave no probe")

    def read_one(self, description: Mapping[str, Json], kind: str, locator: str = "") -> ReadEntry:
        """Read one record of a source again, as it is now.

        Parameters
        ----------
        description : mapping
        kind : str
        locator : str
            As :class:`ReadEntry` has it; ``""`` is the first record.

        Raises
        ------
        InputError
            If there is no such record, or it gives no item.
        NlsearchError
            If the source cannot be read.
        """
        read = self.read_some(description, kind, [locator])[locator]
        if isinstance(read, NlsearchError):
            raise read
        return read

    def read_some(
        self, description: Mapping[str, Json], kind: str, locators: Iterable[str]
    ) -> dict[str, ReadEntry | NlsearchError]:
        """Read several records of a source again, as they are now, in one pass.

        Parameters
        ----------
        description : mapping
        kind : str
        locators : iterable of str
            As :class:`ReadEntry` has them; ``""`` is the first record.

        Returns
        -------
        dict
            By locator the record, or why it gives no item, or cannot be read.
        """
        wanted = list(dict.fromkeys(locators))
        found: dict[str, ReadEntry | NlsearchError] = {}
        end: NlsearchError | None = None
        try:
            for message in self._exchange(kind, ["some", dict(description), kind, wanted]):
                outcome = outcome_of(message)
                if isinstance(outcome, ReadEntry | SkippedRecord):
                    read = outcome if isinstance(outcome, ReadEntry) else _why(outcome)
                    found.setdefault("", read)
                    found[outcome.locator] = read
                elif isinstance(outcome, Failed):
                    end = outcome.error
        except WorkerError as error:
            end = error
        return {locator: found.get(locator) or end or _no_record(locator) for locator in wanted}

    def features_of(self, description: Mapping[str, Json], kind: str, locator: str = "") -> Features:
        """Return the features of one record; see :meth:`read_one`."""
        return self.read_one(description, kind, locator).features

    def facts(self) -> dict[str, Json]:
        """Return what binds a worker, as the kernel tells it to a worker that is asked."""
        for message in self._ask("", ["facts"]):
            if message[0] == "facts":
                return dict(message[1])
        raise WorkerCrashed("the reader gave no facts")

    def _ask(self, kind: str, request: Message) -> list[Message]:
        """Return the whole answer but its end; raise the error that ends it."""
        *answer, last = self._exchange(kind, request)
        end = outcome_of(last)
        if isinstance(end, Failed):
            raise end.error
        return answer

    def _exchange(self, kind: str, request: Message) -> Iterator[Message]:
        """Yield the whole answer, its end too; a worker whose answer is not heard to its end is ended."""
        if self._inline:
            yield from self._here(request)
            return
        worker = self.take(kind)
        with ExitStack() as undo:
            undo.callback(worker.close)
            yield from worker.exchange(request)
            undo.pop_all()
        self.give_back(worker)

    def _here(self, request: Message) -> Iterator[Message]:
        if self._responder is None:
            from nlsearch.sandbox.worker import Responder

            self._responder = Responder(
                Registry(self._directories, limits=self.limits, settings=self.settings), self.limits
            )
        reader = FrameReader(self.limits.worker_answer_bytes)
        for packed in self._responder.frames(request):
            yield from reader.feed(packed)

    # ------------------------------------------------------------------------------------------------------ workers
    def take(self, kind: str) -> Connection:
        """Return an idle worker that has the libraries of `kind`, or a new one."""
        with self._lock:
            for worker in self._idle:
                if kind in worker.kinds or not kind:
                    self._idle.remove(worker)
                    return worker
            spare = self._idle.pop(0) if len(self._idle) >= self.jobs else None
        if spare is not None:  # it would have to import what the template has, or will have, for all workers
            spare.close()
        return Connection(self._launcher, kind, self.limits)

    def give_back(self, worker: Connection) -> None:
        """Keep a worker that has answered for the next source, unless it is tired."""
        if worker.tired:
            worker.close()
            return
        with self._lock:
            self._idle.append(worker)


class _Flight:
    """The sources that are being read, one a worker."""

    def __init__(self, pool: Pool, tasks: Iterator[SourceTask]) -> None:
        self._pool = pool
        self._tasks = tasks
        self._more = True
        self._busy: dict[Connection, SourceTask] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._busy:
            worker.close()
        self._selector.close()

    def outcomes(self) -> Iterator[tuple[SourceTask, Outcome]]:
        """Yield what the workers give, as it comes."""
        self._fill()
        while self._busy:
            for worker in self._wait():
                yield from self._listen(worker)
            for worker in tuple(self._busy):
                error = worker.timed_out()
                if error is not None:
                    yield self._fail(worker, error)

    def _fill(self) -> None:
        """Give every free worker a source."""
        while self._more and len(self._busy) < self._pool.jobs:
            task = next(self._tasks, None)
            if task is None:
                self._more = False
                return
            worker = self._send(task)
            self._busy[worker] = task
            self._selector.register(worker, selectors.EVENT_READ)

    def _send(self, task: SourceTask) -> Connection:
        for _ in range(MAX_ATTEMPTS):
            worker = self._pool.take(task.kind)
            if worker.ask(_read_request(task)):
                return worker
            worker.close()
        raise WorkerCrashed("new workers die before they are asked anything")

    def _wait(self) -> list[Connection]:
        """Wait for any worker to say something, no longer than the least patient allows."""
        patience = max(0.0, min(worker.seconds_left() for worker in self._busy))
        return [key.fileobj for key, _ in self._selector.select(patience) if isinstance(key.fileobj, Connection)]

    def _listen(self, worker: Connection) -> Iterator[tuple[SourceTask, Outcome]]:
        task = self._busy[worker]
        try:
            for message in worker.receive():
                if is_last(message):
                    self._land(worker)
                    self._pool.give_back(worker)
                    self._fill()
                yield task, _outcome(message)
        except WorkerError as error:
            yield self._fail(worker, error)

    def _fail(self, worker: Connection, error: NlsearchError) -> tuple[SourceTask, Outcome]:
        task = self._land(worker)
        worker.close()
        self._fill()
        return task, Failed(error)

    def _land(self, worker: Connection) -> SourceTask:
        self._selector.unregister(worker)
        return self._busy.pop(worker)


def _read_request(task: SourceTask) -> Message:
    return ["read", dict(task.description), task.kind]


def _outcome(message: Message) -> Outcome:
    outcome = outcome_of(message)
    return outcome if outcome is not None else Failed(WorkerCrashed(f"the reader answered {message[0]!r}"))


def _why(skipped: SkippedRecord) -> NlsearchError:
    return MalformedContent(skipped.reason, locator=skipped.locator)


def _no_record(locator: str) -> NlsearchError:
    record = f"record {locator}" if locator else "record"
    return InputError(f"there is no {record} in it", hint="it may have changed")
