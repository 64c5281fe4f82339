"""The template: one process a pool that has everything imported and forks workers from itself on request.

Started as ``python -P -m nlsearch.sandbox.template DESCRIPTOR`` by :mod:`nlsearch.sandbox.launcher`, with one end of a
socket pair as that descriptor; run in any other way it does nothing.  It never reads a file of a user, has one thread,
and ends when the other end closes.  Being the parent of the workers, it can kill and reap them without a race.

Requests and their answers, one at a time::

    ["start", directories, limits, settings]   ["ready", problems]
    ["fork", kind] + a descriptor              ["forked", process id]
    ["reap", process id, grace_s]              ["reaped", wait status or None, killed by us]
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import stat
import sys
import time
from typing import NoReturn

from nlsearch.errors import NlsearchError
from nlsearch.handlers.registry import Registry, yields
from nlsearch.limits import Limits
from nlsearch.sandbox import isolation, worker
from nlsearch.sandbox.control import is_readable, receive, send
from nlsearch.sandbox.frames import Message
from nlsearch.sandbox.preload import preload

LOOK_SECONDS = 5.0
"""How often the template looks whether its parent still lives (a forked sibling may keep the socket open)."""


class Template:
    """Answers the launcher over `control`."""

    def __init__(self, control: socket.socket, registry: Registry, limits: Limits) -> None:
        self._control = control
        self._registry = registry
        self._limits = limits
        self._loaded: set[str] = set()
        self._children: set[int] = set()

    def run(self) -> None:
        """Answer until the parent is gone, then take the workers along."""
        parent = os.getppid()
        try:
            while os.getppid() == parent:
                if not is_readable(self._control, LOOK_SECONDS):
                    continue
                message, descriptors = receive(self._control)
                if message is None:
                    return
                send(self._control, self._answer(message, descriptors))
        finally:
            for child in self._children:
                _kill(child)

    def _answer(self, message: Message, descriptors: list[int]) -> Message:
        match message:
            case ["fork", str(kind)] if len(descriptors) == 1:
                return ["forked", self._fork(kind, descriptors[0])]
            case ["reap", int(pid), float(grace_s)] if pid in self._children:
                self._children.remove(pid)
                return ["reaped", *_reap(pid, grace_s)]
        return ["reaped", None, False]

    def _fork(self, kind: str, descriptor: int) -> int:
        self._load(kind)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_worker(descriptor, parent)
        os.close(descriptor)
        self._children.add(pid)
        return pid

    def _load(self, kind: str) -> None:
        if not kind or kind in self._loaded:
            return
        self._loaded.add(kind)
        worker.contain(self._preload, kind)
        gc.collect()
        gc.freeze()  # a collection in a worker must not copy the template's pages

    def _preload(self, kind: str) -> None:
        handler = self._registry.get(kind)
        for one in (handler, *map(self._registry.get, yields(handler))):
            preload(one)

    def _become_worker(self, descriptor: int, parent: int) -> NoReturn:
        status = 1
        try:
            self._control.close()
            isolation.confine(self._limits, parent)
            with socket.socket(fileno=descriptor) as channel:
                worker.serve(channel, self._registry, self._limits)
            status = 0
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
        finally:  # whatever happened, a worker never returns into the template's code
            os._exit(status)


def _kill(pid: int) -> None:
    """Kill the worker and what it started (its process group)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _reap(pid: int, grace_s: float) -> tuple[int | None, bool]:
    """Wait up to `grace_s` for the worker to end by itself, then kill it; return its wait status and who ended it."""
    until = time.monotonic() + grace_s
    ended = _has_ended(pid)
    while not ended and time.monotonic() < until:
        time.sleep(0.001)
        ended = _has_ended(pid)
    _kill(pid)
    return os.waitpid(pid, 0)[1], not ended


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def silence() -> None:
    """Point standard input, output and error at nothing, before any handler can write to them."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    if nowhere > 2:
        os.close(nowhere)


def main(arguments: list[str]) -> int:
    """Run the template on the socket whose descriptor is the one argument; return the exit status."""
    if len(arguments) != 1 or not arguments[0].isdecimal() or not _is_socket(int(arguments[0])):
        print("the template is started by nlsearch itself, with a socket to it", file=sys.stderr, flush=True)
        return 2
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence()
    with socket.socket(fileno=int(arguments[0])) as control:
        message, _ = receive(control)
        match message:
            case ["start", list(directories), dict(limits), dict(settings)]:
                registry = worker.contain(lambda: Registry(directories, limits=Limits(**limits), settings=settings))
                if isinstance(registry, NlsearchError):
                    send(control, ["broken", str(registry)])
                    return 1
                send(control, ["ready", registry.problems])
                Template(control, registry, registry.limits).run()
                return 0
    return 2


def _is_socket(descriptor: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:
        return False


if __name__ == "__main__":
    # Not sys.exit: taking apart the libraries that were loaded takes longer than the pool should wait.
    os._exit(main(sys.argv[1:]))
