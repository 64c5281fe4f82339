"""The pool's side of the template: start it, have workers forked and reaped, start it again if it dies."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from nlsearch.errors import WorkerCrashed
from nlsearch.limits import Limits
from nlsearch.sandbox.control import receive, send
from nlsearch.sandbox.frames import Garbled, Message
from nlsearch.sandbox.isolation import ONE_THREAD

START_SECONDS = 60.0
CLOSE_SECONDS = 5.0


class Launcher:
    """Owns one template process; safe to call from several threads.

    Parameters
    ----------
    directories : sequence of str
        Folders of outside handlers, for the template's registry.
    limits : Limits
        ``worker_seconds`` also bounds the import of a kind's libraries.
    settings : mapping of str to str
        What the collection chooses, for the template's registry.
    """

    def __init__(self, directories: Sequence[str], limits: Limits, settings: Mapping[str, str]) -> None:
        self._directories = list(directories)
        self._limits = limits
        self._settings = dict(settings)
        self._lock = threading.Lock()
        self._template: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False
        self._loaded: set[str] = set()
        self._unloadable: set[str] = set()

    def start(self) -> None:
        """Start the template without waiting for it; does nothing if it runs."""
        with self._lock:
            self._start()

    def fork(self, kind: str) -> tuple[int, socket.socket, set[str]]:
        """Return the process id of a new worker, the socket to it, and the kinds whose libraries it has (`kind` too).

        Raises
        ------
        WorkerCrashed
            If the sandbox cannot be started.
        """
        with self._lock:
            try:
                return self._fork("" if kind in self._unloadable else kind)
            except _TemplateGone:
                self._stop()
                self._unloadable.add(kind)  # it may be what ended the template; a worker can afford to try
            try:
                return self._fork("")
            except _TemplateGone as exc:
                self._stop()
                raise WorkerCrashed(f"the sandbox does not start: {exc}") from exc

    def reap(self, pid: int, grace_s: float) -> tuple[int | None, bool]:
        """End the worker `pid`, after `grace_s` to end by itself.

        Returns
        -------
        status : int or None
            As of :func:`os.waitpid`; None if nothing is known of it (its template is gone, and it with it).
        killed : bool
            True if it had to be killed.
        """
        with self._lock:
            if not self._ready:
                return None, False
            try:
                answer = self._ask(["reap", pid, float(grace_s)])
            except _TemplateGone:
                self._stop()
                return None, False
            return answer[1], answer[2]

    def close(self) -> None:
        """End the template and every worker."""
        with self._lock:
            self._stop()

    # ------------------------------------------------------------------------------------------- with the lock held
    def _start(self) -> None:
        if self._template is not None:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            self._template = subprocess.Popen(
                [sys.executable, "-P", "-W", "ignore", "-m", "nlsearch.sandbox.template", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,  # what it says before it silences itself
                cwd="/",
                env=_environment(),
                start_new_session=True,
            )
        ours.settimeout(max(START_SECONDS, self._limits.worker_seconds))
        self._control = ours

    def _wait_until_ready(self) -> None:
        self._start()
        if self._ready:
            return
        answer = self._ask(["start", self._directories, self._limits.to_dict(), self._settings])
        if answer[0] != "ready":
            raise _TemplateGone(str(answer[-1]))
        self._ready = True

    def _fork(self, kind: str) -> tuple[int, socket.socket, set[str]]:
        self._wait_until_ready()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = int(self._ask(["fork", kind], [theirs.fileno()])[1])
            except _TemplateGone:
                ours.close()
                raise
        self._loaded.add(kind)
        return pid, ours, set(self._loaded)

    def _ask(self, message: Message, descriptors: Sequence[int] = ()) -> Message:
        assert self._control is not None  # noqa: S101 - set by _start, for mypy
        try:
            send(self._control, message, descriptors)
            answer, _ = receive(self._control)
        except (OSError, Garbled) as exc:
            raise _TemplateGone(self._why(exc)) from exc
        if answer is None:
            raise _TemplateGone(self._why(None))
        return answer

    def _why(self, cause: Exception | None) -> str:
        """Return the last line that the template wrote before it was silenced, or what else is known."""
        if self._template is not None and self._template.stderr is not None:
            os.set_blocking(self._template.stderr.fileno(), False)
            lines = (self._template.stderr.read() or b"").decode("utf-8", "replace").strip().splitlines()
            if lines:
                return lines[-1]
        return str(cause) if cause else "its template ended"

    def _stop(self) -> None:
        template, self._template, self._ready = self._template, None, False
        self._loaded.clear()
        if self._control is not None:
            self._control.close()
            self._control = None
        if template is None:
            return
        try:
            template.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            template.kill()
            template.wait()
        if template.stderr is not None:
            template.stderr.close()


class _TemplateGone(Exception):
    """The template does not answer any more."""


def _environment() -> dict[str, str]:
    """Return the template's environment: ours, single-threaded, and importing what we can import."""
    importable = [path for path in sys.path if os.path.isabs(path)]  # noqa: PTH117 - "" is the current folder
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(importable)}
