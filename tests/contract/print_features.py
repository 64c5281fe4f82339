"""Print a digest of the features of every item of some files; run in its own process by the contract tests."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from handler_contract import Bytes

from nlsearch import wire
from nlsearch.handlers.registry import Registry
from nlsearch.limits import Limits
from nlsearch.model import RawItem

kind, *paths = sys.argv[1:]
handler = Registry().get(kind)
for path in map(Path, paths):
    for item in handler.read(Bytes(str(path), path.name, "", path.read_bytes()), Limits()):
        if isinstance(item, RawItem):
            sys.stdout.write(hashlib.sha256(wire.canonical(handler.features(item))).hexdigest() + "\n")
