"""Print a digest of the features of every item of some files; run in its own process by the contract tests."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from handler_contract import Bytes

from nlsearch import wire
from nlsearch.handlers.registry import Registry
from nlsearch.ingest.detect import HEAD_BYTES, detect
from nlsearch.limits import Limits
from nlsearch.model import RawItem

kind, *paths = sys.argv[1:]
registry = Registry()
handler = registry.get(kind)
for path in map(Path, paths):
    content = path.read_bytes()
    found = detect(content[:HEAD_BYTES], path.name, registry)
    for item in handler.read(Bytes(str(path), path.name, found[1].name if found else "", content), Limits()):
        if isinstance(item, RawItem):
            features = registry.get(item.kind or kind).features(item)
            sys.stdout.write(hashlib.sha256(wire.canonical(features)).hexdigest() + "\n")
