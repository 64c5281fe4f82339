"""What a worker may not do, enforced by the kernel on the process itself before it sees a byte of a file."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from nlsearch.limits import MIB, Limits
from nlsearch.model import Json

OPEN_FILES = 256
OOM_SCORE = 500
"""Above everything that a person works with (0), so that the kernel takes a worker first."""
ROOM_BYTES = 64 * MIB
"""What a worker may allocate at least, however low the cap."""

ONE_THREAD: dict[str, str] = {
    "OPENBLAS_NUM_THREADS": "1",  # starting its threads costs 0.1 s of CPU a process
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
}

_PR_SET_PDEATHSIG = 1
_PR_GET_PDEATHSIG = 2
_PR_SET_NO_NEW_PRIVS = 38
_PR_GET_NO_NEW_PRIVS = 39
_LINUX = sys.platform == "linux"


def confine(limits: Limits, parent: int) -> None:
    """Bind the calling process: own session, no Ctrl-C, memory, files, no core, dies with its parent.

    Parameters
    ----------
    limits : Limits
        ``worker_memory_bytes`` caps the address space, ``source_bytes`` what may be written to one file.
    parent : int
        Process id of the parent; if it is gone already the process ends.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if _LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        raise_oom_score()
    if os.getppid() != parent:
        os._exit(0)
    _cap(resource.RLIMIT_CORE, 0)
    _cap(resource.RLIMIT_NOFILE, OPEN_FILES)
    _cap(resource.RLIMIT_FSIZE, limits.source_bytes)
    _cap(resource.RLIMIT_AS, max(limits.worker_memory_bytes, address_space() + ROOM_BYTES))


def raise_oom_score() -> None:
    """Let the kernel kill this process before others when memory runs out."""
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
    except OSError:
        return  # not every container lets a process do so; `facts` says what holds


def _cap(which: int, amount: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        amount = min(amount, hard)
    resource.setrlimit(which, (amount, amount))


def _prctl(option: int, argument: int = 0) -> int:
    result: int = ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(argument), 0, 0, 0)
    return result


def address_space() -> int:
    """Return the bytes of address space in use, or 0 where that is not known."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


class MemoryWatch:
    """Tells when a worker has used up most of its address space, so that the next file is not blamed for it.

    Memory that a library leaks, or keeps in fragments, counts against the cap; a worker that is short is replaced.
    """

    def __init__(self) -> None:
        self._cap = resource.getrlimit(resource.RLIMIT_AS)[0]
        self._start = address_space()

    def is_short(self) -> bool:
        """Say whether three quarters of what the process could allocate at first are in use."""
        if self._cap == resource.RLIM_INFINITY:
            return False
        return address_space() - self._start > (self._cap - self._start) // 4 * 3


def facts() -> dict[str, Json]:
    """Return what binds the calling process, as the kernel tells it."""
    return {
        "address_space_bytes": _soft(resource.RLIMIT_AS),
        "open_files": _soft(resource.RLIMIT_NOFILE),
        "file_bytes": _soft(resource.RLIMIT_FSIZE),
        "core_bytes": _soft(resource.RLIMIT_CORE),
        "own_session": os.getsid(0) == os.getpid(),
        "ignores_interrupt": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
        "dies_with_parent": _LINUX and _death_signal() == signal.SIGKILL,
        "no_new_privileges": _LINUX and _prctl(_PR_GET_NO_NEW_PRIVS) == 1,
        "oom_score_adj": _oom_score(),
        "threads": len(list(Path("/proc/self/task").iterdir())) if _LINUX else None,
        "standard_output": _target(1),
        "standard_error": _target(2),
    }


def _soft(which: int) -> int | None:
    soft = resource.getrlimit(which)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def _death_signal() -> int:
    held = ctypes.c_int(0)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_GET_PDEATHSIG, ctypes.byref(held), 0, 0, 0)
    return held.value


def _oom_score() -> int | None:
    try:
        return int(Path("/proc/self/oom_score_adj").read_text(encoding="ascii"))
    except OSError:
        return None


def _target(descriptor: int) -> str | None:
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return None
