"""A collection that cannot be written is searched: by somebody else, after ``chmod -w``, on a read-only medium."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import reader

import nlsearch

NOBODY = 65534
IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else, or mount")


@dataclass(frozen=True)
class Place:
    """A collection in a folder that everybody can reach, the files that it indexes, and what its owner reads in it."""

    collection: Path
    files: Path
    answers: dict[str, Any]


@pytest.fixture(scope="module")
def made(example_files: Path) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="nlsearch-read-only-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        files = folder / "files"
        shutil.copytree(example_files, files)
        with nlsearch.Collection.open(folder / "c.nls", create=True) as collection:
            collection.index(files)
            (files / "more.smi").write_text("CCO ethanol\n")
            collection.index(files)
            collection.remove(files / "more.smi")
            (files / "more.smi").unlink()
        yield Place(folder / "c.nls", files, jsonable(reader.read(folder / "c.nls", files)))


@pytest.fixture
def place(made: Place) -> Iterator[Place]:
    """A copy of the collection, made writable again in the end."""
    copy = made.collection.with_name("copy.nls")
    shutil.copytree(made.collection, copy)
    yield Place(copy, made.files, made.answers)
    set_modes(copy, 0o755, 0o644)
    shutil.rmtree(copy)


def jsonable(value: Any) -> Any:
    return json.loads(json.dumps(value))


def set_modes(directory: Path, folders: int, files: int) -> None:
    for path in [directory, *directory.rglob("*")]:
        path.chmod(folders if path.is_dir() else files)


def state(directory: Path) -> dict[str, tuple[int, int, int]]:
    """Return size, time and mode of everything in a folder."""
    facts = {str(path): path.lstat() for path in [directory, *directory.rglob("*")]}
    return {name: (fact.st_size, fact.st_mtime_ns, fact.st_mode) for name, fact in facts.items()}


def as_nobody(command: Sequence[str]) -> list[str]:
    """Return a command that runs as an unprivileged user, who may read what the interpreter needs and write nothing."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv (util-linux) is not here to become an unprivileged user")
    may = "-all,+dac_read_search"  # the interpreter may lie in a folder that only root can enter
    who = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return [setpriv, *who, f"--inh-caps={may}", f"--ambient-caps={may}", *command]


def run(command: Sequence[str], place: Place) -> dict[str, Any]:
    """Let a reader read, and check that it left no trace."""
    before = state(place.collection)
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert state(place.collection) == before
    return json.loads(ran.stdout)


def reading(place: Place) -> list[str]:
    return [sys.executable, reader.__file__, str(place.collection), str(place.files)]


def assert_reads_everything(said: dict[str, Any], place: Place) -> None:
    """The reader found what the owner finds, and could write nowhere, which it was told in words."""
    assert said["read"] == place.answers
    assert said["read"]["problems"] == []
    assert said["read"]["failures"]
    assert all(said["read"]["found"].values())
    assert all(said["read"]["verified"])
    assert len(said["refused"]) == 8
    for what, (error, text) in said["refused"].items():
        assert error == ("StoreError" if what in {"index", "remove", "merge"} else "OSError"), (what, text)
        assert "Permission denied" in text or "Read-only file system" in text, (what, text)


@needs_root
def test_somebody_else_reads_the_collection(place):
    said = run(as_nobody(reading(place)), place)
    assert said["user"] == NOBODY
    assert_reads_everything(said, place)


def test_its_owner_reads_the_collection_after_chmod(place):
    set_modes(place.collection, 0o555, 0o444)
    if IS_ROOT:  # to whom modes mean nothing
        for path in [place.collection, *place.collection.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
    command = reading(place)
    said = run(as_nobody(command) if IS_ROOT else command, place)
    assert_reads_everything(said, place)


@needs_root
def test_root_reads_the_collection_on_a_read_only_medium(place):
    folder = f"'{place.collection}'"
    mounts = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}"
    private = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
    possible = shutil.which("unshare") and subprocess.run([*private, mounts], capture_output=True, check=False)
    if not possible or possible.returncode != 0:
        pytest.skip("no file system can be mounted here")
    said = run([*private, f'{mounts} && exec "$@"', "sh", *reading(place)], place)
    assert_reads_everything(said, place)


@needs_root
@pytest.mark.parametrize(
    ("arguments", "status"),
    [("search harbour", 0), ("search name:nothing", 1), ("failures", 0), ("stats", 0), ("check", 0)],
)
def test_the_command_line_of_somebody_else(place, arguments, status):
    command = [sys.executable, "-m", "nlsearch", "-c", str(place.collection), *arguments.split()]
    here = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    there = subprocess.run(as_nobody(command), capture_output=True, text=True, timeout=60, check=False)
    assert (there.returncode, here.returncode) == (status, status), there.stderr
    assert (steady(there.stdout), steady(there.stderr)) == (steady(here.stdout), steady(here.stderr))
    assert there.stdout or there.stderr


def steady(text: str) -> str:
    """Return a text without times, which differ from run to run."""
    return re.sub(r"\d+(\.\d+)? m?s\b", "", text)


def test_a_folder_that_may_not_be_entered_is_said(made, unprivileged):
    folder = made.collection.with_name("closed")
    folder.mkdir()
    (folder / "c.nls").mkdir()
    folder.chmod(0o000)
    try:
        with unprivileged():
            for create in (False, True):
                for path in (folder, folder / "c.nls"):
                    with pytest.raises(nlsearch.StoreError, match=r"may not be entered|Permission denied"):
                        nlsearch.Collection.open(path, create=create)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
