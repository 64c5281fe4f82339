"""A file system that is really full: a clear error, nothing lost, readable meanwhile, and all works once there is room.

This takes in what :mod:`test_failing_writes` cannot reach: stores into mapped files and the writes of C's stdio.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PRIVATE = ["unshare", "--mount", "--propagation", "private"]


@pytest.fixture
def mountable(tmp_path: Path) -> Path:
    """A folder over which a small file system can be mounted."""
    command = [*PRIVATE, "mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)]
    if shutil.which("unshare") is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    return tmp_path


def _fill(folder: Path, step: int) -> dict[str, list[int]]:
    script = str(Path(__file__).with_name("full_disk.py"))
    command = [*PRIVATE, sys.executable, script, str(folder), str(step)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3_000:]
    return json.loads(ran.stdout)


def test_a_full_disk(mountable):
    counts = _fill(mountable, step=6)
    assert set(counts) == {"first", "changed", "remove", "merge"}
    assert all(full >= 2 and room == 2 for full, room in counts.values()), counts


@pytest.mark.long
def test_a_full_disk_page_by_page(mountable):
    counts = _fill(mountable, step=1)
    assert all(full >= 6 and room == 2 for full, room in counts.values()), counts
