"""The patterns by which formats are told look at any file there is: none of them may take more than a moment."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import random
from nlsearch.handlers.registry import Registry
rng = random.Random(1)
pieces = [
    b"<", b"\\n", b"X:1\\n", b"! ", b"a\\t", b"%", b"X: 1\\n\\nX:",
    b"<?xml ", b"**kern", b"@data", b"@clef:\\n", b"K:C\\n",
    b"\\r\\n", b"  ", b"\\0", b"<score ", b"##", b">", b"LOCUS ", b"ID   ", b"BEGIN IONS\\n", b"$", b"0 ", b"\\xff",
]
heads = [piece * 8192 for piece in pieces]
heads += [b"".join(rng.choices(pieces, k=4000)) for _ in range(40)]
for handler in Registry():
    for format in handler.formats:
        for head in heads:
            format.begins(head[:8192])
print("done")
"""


def test_no_pattern_goes_astray() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.strip() == "done"
