"""Fills a small file system of its own, and lets a collection on it be written while it is full.

``unshare --mount python full_disk.py FOLDER STEP``: mounts over FOLDER, for this process and its children only.  Prints
how many rounds ended in StorageFull and how many found room; what must not be is an AssertionError.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from crashing import Driver, assert_sound, assert_usable
from test_kill import SCENES, copied, scene

PAGE = 4096


def fill(folder: Path, free_pages: int) -> Path:
    """Leave so many pages of the file system free; return the file that takes the others."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * PAGE)
        except OSError:
            file.truncate(max(0, file.tell() - free_pages * PAGE))
    return filler


def rounds(driver: Driver, folder: Path, name: str, step: int) -> tuple[int, int]:
    """Try a scene with 0, `step`, 2 `step`, … free pages until there is room; count refusals and successes."""
    folder.mkdir()
    library, steps = scene(driver, folder, name)
    before = dict(library.may_be)
    full = room = free = 0
    while room < 2:
        library.may_be = {path: set(states) for path, states in before.items()}
        copy = copied(folder)
        filler = fill(folder, free)
        answer = driver.run(copy, *steps)
        where = f"{name} with {free} free pages"
        assert answer.foreign is None, f"{where}: {answer.foreign}"
        assert answer.status == 0, f"{where}: the process died of {answer.status}"
        if answer.error is not None:
            assert answer.error[0] == "StorageFull", f"{where}: {answer.error}"
            full += 1
        else:
            room += 1
        library.expect(steps, len(answer.acknowledged))
        assert_sound(copy, library)  # it is still full
        filler.unlink()
        assert_usable(driver, copy, library)
        free += step
        assert free < 1_000, "there is never room"
    return full, room


def main() -> None:
    """Mount, and go through all scenes."""
    folder, step = Path(sys.argv[1]), int(sys.argv[2])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
    with Driver() as driver:
        print(json.dumps({name: rounds(driver, folder / name, name, step) for name in SCENES}))


if __name__ == "__main__":
    main()
