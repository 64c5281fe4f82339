"""Runs operations on a collection in children that may be killed, or whose writes may fail; reports what each said.

A server: reads one order a line from standard input, and answers each with one line on standard output, both JSON.
Each order is carried out in a fork of this process, which has imported everything but started no thread, so that a
round costs a fraction of a second.  With ``LD_PRELOAD`` of ``failing_writes.c`` the child arms it.

Order: ``collection``, ``steps`` (lists of a method of Collection and its paths), ``seconds`` and ``signal`` (send it so
long after the start), ``arm`` (number, errno, mode, log), ``settings`` of index, ``limits``, ``handlers``.
Answer: ``acknowledged`` (what each step that returned gave), ``error`` (name and text of a NlsearchError), ``foreign``
(the traceback of any other exception), ``status`` (of the child), ``seconds``, ``calls`` (counted writes).
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import select
import sys
import time
import traceback
from typing import Any

import nlsearch
from nlsearch.errors import NlsearchError
from nlsearch.limits import Limits
from nlsearch.sandbox.pool import Pool

PRELOADED = (
    "nlsearch.collection",
    "nlsearch.index.catalog",
    "nlsearch.index.tables",
    "nlsearch.index.check",
    "nlsearch.index.merge",
    "nlsearch.index.text",
    "nlsearch.ingest.pipeline",
    "nlsearch.sandbox.pool",
    "pathspec",
    "sqlalchemy.dialects.sqlite",
    "zipfile",
)
PATIENCE_SECONDS = 120.0


def index(collection: nlsearch.Collection, paths: str | list[str], settings: dict[str, Any]) -> int:
    """Index `paths`, with a pool in this process if the settings say ``inline``; return how many items were read."""
    if not settings.get("inline"):
        return collection.index(paths, **settings).items
    pipeline = importlib.import_module("nlsearch.ingest.pipeline")
    registry, limits = collection.registry, collection.limits
    pool = Pool(registry.directories, limits, inline=True)
    paths = [paths] if isinstance(paths, str) else paths
    return pipeline.index(collection.directory, paths, registry=registry, limits=limits, pool=pool).items


def carry_out(order: dict[str, Any], say: int) -> None:
    """Do the steps of an order, saying so on the descriptor `say`."""
    shim = ctypes.CDLL(os.environ["LD_PRELOAD"]) if order.get("arm") else None

    def tell(fact: dict[str, Any]) -> None:
        os.write(say, json.dumps(fact).encode() + b"\n")

    if shim is not None:
        number, error, mode, log = order["arm"]
        folder = os.fsencode(order["collection"])
        shim.failing_writes_arm(folder, ctypes.c_long(number), error, mode, os.fsencode(log))
    try:
        limits = Limits(**order.get("limits", {}))
        with nlsearch.Collection.open(
            order["collection"], create=True, limits=limits, handlers_dirs=order["handlers"]
        ) as collection:
            for method, *arguments in order["steps"]:
                if method == "index":
                    tell({"did": index(collection, *arguments, order.get("settings", {}))})
                else:
                    tell({"did": getattr(collection, method)(*arguments)})
    except NlsearchError as exc:
        tell({"error": [type(exc).__name__, str(exc)]})
    except KeyboardInterrupt:
        tell({"error": ["KeyboardInterrupt", ""]})
    except BaseException:  # noqa: BLE001 - whatever it is, it is what this test looks for
        tell({"foreign": traceback.format_exc()})
    if shim is not None:
        tell({"calls": shim.failing_writes_counted()})


def attend(pid: int, hear: int, order: dict[str, Any]) -> dict[str, Any]:
    """Listen to a child until it ends, and send it the signal when it is due."""
    started = time.monotonic()
    answer: dict[str, Any] = {"acknowledged": [], "error": None, "foreign": None, "calls": 0}
    due = order.get("seconds")
    heard = b""
    while True:
        left = (PATIENCE_SECONDS if due is None else due) - (time.monotonic() - started)
        if not select.select([hear], [], [], max(0.0, left))[0]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9 if due is None else order["signal"])
            if due is None:
                answer["foreign"] = f"no end after {PATIENCE_SECONDS} s"
            due = None
            continue
        piece = os.read(hear, 65536)
        if not piece:
            break
        heard += piece
    answer["status"] = os.waitpid(pid, 0)[1]
    answer["seconds"] = time.monotonic() - started
    for line in heard.splitlines():
        fact = json.loads(line)
        if "did" in fact:
            answer["acknowledged"].append(fact["did"])
        else:
            answer.update(fact)
    return answer


def main() -> None:
    """Serve until standard input ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        hear, say = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(hear)
            try:
                carry_out(order, say)
            finally:
                os._exit(0)
        os.close(say)
        answer = attend(pid, hear, order)
        os.close(hear)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
