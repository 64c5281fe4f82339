"""The compiled libraries get along in one process, whichever a search or a caller loads first."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIBRARIES = ["usearch.index", "rdkit.Chem", "cv2", "tantivy", "edlib", "Bio.SeqIO", "PIL.Image", "numpy", "zstandard"]


@pytest.mark.parametrize("first", ["usearch.index", "rdkit.Chem", "cv2", "tantivy"])
def test_any_may_be_imported_first(first):
    order = [first, *(name for name in LIBRARIES if name != first)]
    imported = subprocess.run(
        [sys.executable, "-c", "\n".join(f"import {name}" for name in order)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (imported.returncode, imported.stderr) == (0, "")
