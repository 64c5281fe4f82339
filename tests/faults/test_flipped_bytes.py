"""A byte that differs from what was written is found by ``check``, in whatever file of the collection it lies."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import nlsearch
from nlsearch.errors import IndexDamaged, StoreError
from nlsearch.index.check import check
from nlsearch.index.layout import CATALOG, SUM

SAMPLE = 300
LONG_SAMPLE = 6_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, example_files: Path) -> Path:
    """A collection of every kind, with two splits, items hidden in one of them, and failures."""
    folder = tmp_path_factory.mktemp("flipped")
    files = folder / "files"
    shutil.copytree(example_files, files)
    with nlsearch.Collection.open(folder / "c.nls", create=True) as collection:
        collection.index(files)
        (files / "more.smi").write_text("CCO ethanol\nCCN ethylamine\n")
        collection.index(files)
        collection.remove(files / "more.smi")
        (files / "more.smi").write_text("CCCO propanol\n")
        collection.index(files)
        assert collection.check() == []
        assert collection.failures()
        assert collection.stats()["splits"] >= 2
    return folder / "c.nls"


def files_of(directory: Path) -> list[Path]:
    """Return every file that has bytes."""
    return sorted(path for path in directory.rglob("*") if path.is_file() and path.stat().st_size)


def positions(directory: Path, most: int, rng: random.Random) -> list[tuple[Path, int]]:
    """Choose `most` places: the ends of each file and one between, the rest by size."""
    files = files_of(directory)
    sizes = [path.stat().st_size for path in files]
    chosen = [(path, at) for path, size in zip(files, sizes, strict=True) for at in (0, size - 1, rng.randrange(size))]
    assert len(chosen) <= most, "the sample is too small for so many files"
    spread = rng.choices(range(len(files)), weights=sizes, k=most - len(chosen))
    return chosen + [(files[number], rng.randrange(sizes[number])) for number in spread]


@contextmanager
def changed(path: Path, change: Callable[[bytes], bytes | None]) -> Iterator[None]:
    """Change a file (None: delete it), and restore the folder afterwards."""
    content, beside = path.read_bytes(), set(path.parent.iterdir())
    new = change(content)
    assert new != content
    try:
        if new is None:
            path.unlink()
        else:
            path.write_bytes(new)
        yield
    finally:
        path.write_bytes(content)
        for stray in set(path.parent.iterdir()) - beside:
            stray.unlink()


def complaints(directory: Path) -> list[str]:
    """Return the paths that a caller is told of, whether by opening or by checking."""
    try:
        with nlsearch.Collection.open(directory) as collection:
            problems = collection.check()
    except StoreError as error:
        return [error.locator]
    assert all(problem.what for problem in problems)
    return [problem.path for problem in problems]


def assert_found(directory: Path, path: Path, what: str) -> None:
    """The file that was changed is named; of catalog and checksum, either, since one is told by the other."""
    told = complaints(directory)
    pair = {directory / CATALOG, directory / SUM}
    names = {str(one) for one in (pair if path in pair else {path})}
    names |= {str(directory)} if path.name == CATALOG else set()
    assert names & set(told), f"{what} of {path.relative_to(directory)} is not found: {told}"


def _flip(whole: Path, places: list[tuple[Path, int]], rng: random.Random) -> None:
    for path, at in places:
        mask = rng.choice([1 << rng.randrange(8), rng.randrange(1, 256)])

        def flipped(content: bytes, at: int = at, mask: int = mask) -> bytes:
            return content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]

        with changed(path, flipped):
            assert_found(whole, path, f"byte {at} xor {mask:#04x}")
    assert complaints(whole) == []


def _flip_sample(whole: Path, most: int, seed: int) -> None:
    rng = random.Random(seed)
    places = positions(whole, most, rng)
    assert len(places) == most
    assert {path for path, _ in places} == set(files_of(whole))
    _flip(whole, places, rng)


def test_a_flipped_byte_is_found_wherever_it_is(whole):
    _flip_sample(whole, SAMPLE, seed=1)


@pytest.mark.long
def test_a_flipped_byte_is_found_wherever_it_is_long(whole):
    _flip_sample(whole, LONG_SAMPLE, seed=2)


@pytest.mark.long
def test_every_byte_of_the_catalog_that_says_something(whole):
    """What SQLite makes of it differs: other types, names that are no text, pages that are none."""
    path = whole / CATALOG
    _flip(whole, [(path, at) for at, byte in enumerate(path.read_bytes()) if byte], random.Random(3))


@pytest.mark.parametrize("change", ["number", "schema"])
def test_a_catalog_that_says_nonsense_is_damaged(whole, change):
    """Not every exception of reading it is one of SQLite's."""
    path = whole / CATALOG
    with changed(path, lambda content: content + b" "):  # is restored
        if change == "number":
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("PRAGMA ignore_check_constraints = ON")
                connection.execute("UPDATE state SET generation = 'a'")
        else:
            content = path.read_bytes()
            at = content.index(b"CREATE TABLE state")
            path.write_bytes(content[:at] + b"CREATE T\xe3\x28LE" + content[at + 12 :])
        with pytest.raises(IndexDamaged):
            nlsearch.Collection.open(whole)
        assert [problem.path for problem in check(whole)] == [str(path)]


def test_each_byte_of_the_checksum_file_counts(whole):
    """Also white space, which a reader of JSON would not miss."""
    path = whole / SUM
    for at, byte in enumerate(path.read_bytes()):
        for new in {ord("\t"), byte ^ 1} - {byte}:
            with changed(path, lambda content, at=at, new=new: content[:at] + bytes([new]) + content[at + 1 :]):
                assert_found(whole, path, f"byte {at} as {new:#04x}")


CHANGES: dict[str, Callable[[bytes], bytes | None]] = {
    "cut short": lambda content: content[:-1],
    "one byte more": lambda content: content + b"\0",
    "emptied": lambda content: b"",
    "gone": lambda content: None,
    "zeroed": lambda content: bytes(len(content)) if any(content) else b"\1" * len(content),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_file_of_other_size_or_none_is_found(whole, what):
    for path in files_of(whole):
        with changed(path, CHANGES[what]):
            assert_found(whole, path, what)
    assert complaints(whole) == []


def test_a_file_that_is_not_of_the_split_is_found(whole):
    stray = next((whole / "splits").iterdir()) / "payloads.old"
    stray.write_bytes(b"what is this?")
    try:
        assert complaints(whole) == [str(stray)]
    finally:
        stray.unlink()
    assert complaints(whole) == []
