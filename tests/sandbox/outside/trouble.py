"""A handler that does to its worker whatever the file says: one instruction a line, one line a record."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np

from nlsearch.errors import LimitExceeded, MalformedContent, MissingExtra, QuerySyntax
from nlsearch.handlers.contract import Format, TermSpace
from nlsearch.model import Features, Probe, RawItem, Skipped, Terms


def balloon():
    held = []
    while True:
        held.append(np.empty(16 * 2**20, np.uint8))  # not touched: writing to all of it takes seconds on a busy machine


def recurse():
    return recurse() + 1


def flood():
    for _ in range(200):
        os.write(1, b"x" * 65536)
        os.write(2, b"y" * 65536)
        print("z" * 65536)
        print("z" * 65536, file=sys.stderr)


def garbage():
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) > 2:
            try:
                os.write(int(name), b"garbage " * 1000)
            except OSError:
                continue


def half_a_frame():
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if os.path.realpath(f"/proc/self/fd/{name}").rpartition("/")[2].startswith("socket"):
            os.write(int(name), b"nls\x01\x00\x00\x10\x00abc")
    os._exit(0)


def raise_(error):
    raise error


def spawn():
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)


ACTS = {
    "abort": os.abort,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hang": lambda: time.sleep(600),
    "balloon": balloon,
    "recurse": recurse,
    "flood": flood,
    "garbage": garbage,
    "half": half_a_frame,
    "exit": lambda: os._exit(0),
    "sysexit": lambda: sys.exit(3),
    "spawn": spawn,
    "raise": lambda: raise_(ZeroDivisionError("by the handler")),
    "baseexception": lambda: raise_(BaseException("panic")),
    "malformed": lambda: raise_(MalformedContent("cut in the middle", hint="mend it")),
    "limit": lambda: raise_(LimitExceeded("too much")),
    "eof": lambda: raise_(EOFError("Compressed file ended")),
    "missing": lambda: raise_(MissingExtra("kind trouble needs something", hint="pip install something")),
    "gone": lambda: raise_(FileNotFoundError(2, "No such file or directory")),
}


class TroubleHandler:
    kind = "trouble"
    version = 1
    formats = (Format("Trouble", "text/x-trouble", (".trouble",)),)
    fields = ()
    operators = ()
    spaces = (TermSpace("trouble.t"),)
    requires = ()

    def read(self, source, limits):
        with source.open() as stream:
            for number, line in enumerate(stream.read().decode().splitlines(), start=1):
                word, _, rest = line.partition(" ")
                if word == "read":
                    ACTS[rest]()
                elif word == "skip":
                    yield Skipped(number, "not readable", record_id=rest or None)
                elif word == "junk":
                    yield "not an item"
                elif word == "many":
                    for each in range(1, int(rest) + 1):
                        yield RawItem("", each, title=f"t{each}")
                elif word == "warn":
                    yield RawItem("", number, title=rest, warnings=["odd", "very odd"])
                elif word == "title":
                    yield RawItem("", number, title=rest)
                else:
                    yield RawItem(rest if word == "do" else line, number, record_id=rest if word == "id" else None)

    def features(self, item):
        text = item.content
        if text in ACTS:
            ACTS[text]()
        if text.startswith("size "):
            return Features(payload=bytes(int(text[5:])))
        if text == "wrong features":
            return Features(terms={"trouble.t": np.array([1], np.int64)})
        if text == "pid":
            return Features(fields={"pid": os.getpid(), "group": os.getpgid(0)})
        if text == "named":
            return Features(fields={"name": "own name"})
        return Features(words=text, terms={"trouble.t": np.array([1, 2, 3], np.uint64)}, payload=text.encode())

    def compile(self, operator, value, options):
        with value.open() as stream:
            text = stream.read().decode().strip()
        if text in ACTS:
            ACTS[text]()
        if text == "bad":
            raise QuerySyntax("no query", column=7)
        return Probe("trouble", operator, text, Terms("trouble.t", (1,)), dict(options), "complete")

    def verify(self, probe, payload, regions=()):
        return None

    def draw(self, payload, verdict=None):
        raise NotImplementedError


HANDLER = TroubleHandler
