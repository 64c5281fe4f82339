"""One worker as the pool sees it: a socket, what it was asked, and how long it has been silent."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

from nlsearch.errors import NlsearchError, WorkerCrashed, WorkerOutOfMemory, WorkerTimeout
from nlsearch.limits import Limits, how_to_raise
from nlsearch.sandbox.control import is_readable
from nlsearch.sandbox.frames import FrameReader, Garbled, Message, check_answer, frame
from nlsearch.sandbox.launcher import Launcher

CHUNK_BYTES = 256 * 1024
GRACE_SECONDS = 0.5
"""How long a worker that closed its socket may take to end, so that its own exit status is learned."""


class Connection:
    """A worker, its socket and its process id.

    Parameters
    ----------
    launcher : Launcher
        Forks it now and reaps it in the end.
    kind : str
        The kind whose libraries it should have.
    limits : Limits
    """

    def __init__(self, launcher: Launcher, kind: str, limits: Limits) -> None:
        self._launcher = launcher
        self._limits = limits
        self._pid, self._socket, self.kinds = launcher.fork(kind)
        self._reader = FrameReader(limits.worker_answer_bytes)
        self._heard = time.monotonic()
        self._ended = False
        self.tired = False

    def fileno(self) -> int:
        """Return the socket's descriptor, for a selector."""
        return self._socket.fileno()

    def ask(self, request: Message) -> bool:
        """Send `request`; return False if the worker is gone."""
        self._heard = time.monotonic()
        try:
            self._socket.sendall(frame(request))
        except OSError:
            return False
        return True

    def receive(self) -> list[Message]:
        """Read once and return the messages that are complete; blocks if nothing has come.

        Raises
        ------
        WorkerCrashed, WorkerOutOfMemory
            If the worker is gone, or answers something that is no answer.
        """
        try:
            chunk = self._socket.recv(CHUNK_BYTES)
        except OSError:
            chunk = b""
        if not chunk:
            raise self._death()
        self._heard = time.monotonic()
        try:
            messages = list(self._reader.feed(chunk))
            for message in messages:
                check_answer(message)
            self._check_end(messages)
        except Garbled as exc:
            raise WorkerCrashed(f"the reader answered something that is no answer: {exc}") from exc
        return messages

    def _check_end(self, messages: list[Message]) -> None:
        """See to it that nothing follows the end of an answer."""
        ends = [at for at, message in enumerate(messages) if is_last(message)]
        if not ends:
            return
        if ends[0] != len(messages) - 1 or self._reader.pending:
            raise Garbled("more after the end of the answer")
        self.tired = messages[-1][-1]

    def seconds_left(self) -> float:
        """Return how long the worker may still be silent."""
        return self._heard + self._limits.worker_seconds - time.monotonic()

    def timed_out(self) -> NlsearchError | None:
        """Return the error if the worker has been silent for too long (and not just unheard); then it is ended."""
        if self.seconds_left() > 0 or is_readable(self._socket, 0):
            return None
        status, killed = self._end(0.0)
        if status is not None and not killed:  # it had ended, and what it started kept its socket open
            return _cause_of_death(status)
        return WorkerTimeout(
            f"no answer within worker_seconds = {self._limits.worker_seconds}",
            hint=how_to_raise("worker_seconds"),
        )

    def exchange(self, request: Message) -> Iterator[Message]:
        """Send `request` and yield the messages of the answer as they come.

        Raises
        ------
        WorkerError
            If the worker crashes, hangs, or answers something that is no answer.
        """
        if not self.ask(request):
            raise self._death()
        while True:
            if not is_readable(self._socket, self.seconds_left()):
                error = self.timed_out()
                if error is not None:
                    raise error
                continue
            for message in self.receive():
                yield message
                if is_last(message):
                    return

    def close(self) -> None:
        """End the worker, whatever it is doing."""
        if not self._ended:
            self._end(0.0)
        self._socket.close()

    def _end(self, grace_s: float) -> tuple[int | None, bool]:
        self._ended = True
        return self._launcher.reap(self._pid, grace_s)

    def _death(self) -> NlsearchError:
        status, killed = self._end(GRACE_SECONDS)
        if status is None:
            return WorkerCrashed("the reader is gone and its sandbox with it")
        return WorkerCrashed("the reader closed its connection") if killed else _cause_of_death(status)


def is_last(message: Message) -> bool:
    """Say whether `message` ends an answer."""
    return message[0] in {"done", "failed"}


def _cause_of_death(status: int) -> NlsearchError:
    if not os.WIFSIGNALED(status):
        return WorkerCrashed(f"the reader exited with status {os.waitstatus_to_exitcode(status)} and no answer")
    number = os.WTERMSIG(status)
    if number == signal.SIGKILL:
        return WorkerOutOfMemory("the reader was killed by the system, most likely for want of memory")
    return WorkerCrashed(f"the reader crashed ({_signal_name(number)})")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
