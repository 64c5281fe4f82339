"""Indexing as a whole: what is read, counted, kept, hidden and removed, and what kills, full disks and Ctrl-C cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nlsearch.errors import IndexLocked, MalformedContent, StorageFull
from nlsearch.handlers.registry import Registry
from nlsearch.index.catalog import Catalog
from nlsearch.index.check import check
from nlsearch.index.snapshot import read_failures, read_snapshot, read_source, read_sources
from nlsearch.index.split import Split
from nlsearch.ingest import run as run_module
from nlsearch.ingest.pipeline import index, merge, remove
from nlsearch.ingest.report import Progress, Report
from nlsearch.ingest.reread import description_of
from nlsearch.limits import Limits
from nlsearch.sandbox.outcomes import Outcome, SourceTask
from nlsearch.sandbox.pool import Pool

HANDLERS = Path(__file__).parents[2] / "examples" / "handlers"


class Box:
    """A collection beside a folder of files, indexed in this process."""

    def __init__(self, folder: Path, directory: Path) -> None:
        self.folder = folder
        self.directory = directory
        self.registry = Registry([HANDLERS])
        folder.mkdir()

    def write(self, name: str, *lines: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def pool(self) -> Pool:
        return Pool(self.registry.directories, inline=True)

    def index(self, *paths: Path, **settings: object) -> Report:
        settings.setdefault("pool", self.pool())
        return index(self.directory, paths or [self.folder], registry=self.registry, **settings)  # type: ignore[arg-type]

    def items(self) -> list[str]:
        """Return the ids of everything that can be found, relative to the folder."""
        found = []
        snapshot = read_snapshot(self.directory)
        for row in snapshot.splits:
            split = Split(self.directory / "splits" / row.id, row.digest)
            hidden = snapshot.tombstones.get(row.id, frozenset())
            found += [item.id for item in split.records(range(len(split))) if item.source_id not in hidden]
            split.close()
        assert len(found) == snapshot.items == sum(row.items for row in read_sources(self.directory))
        return sorted(one.removeprefix(f"{self.folder}/") for one in found)

    def failures(self) -> list[tuple[str, str]]:
        return [
            (one.path.removeprefix(f"{self.folder}/") + one.locator, one.code) for one in read_failures(self.directory)
        ]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path / "files", tmp_path / "c.nls")
    yield made
    if (made.directory / "catalog.db").exists():
        assert check(made.directory) == []
        assert list((made.directory / "work").iterdir()) == []
        named = {row.id for row in read_snapshot(made.directory).splits}
        assert {path.name for path in (made.directory / "splits").iterdir()} == named


def counts(report: Report) -> tuple[int, int, int, int, int, int]:
    return report.items, report.added, report.changed, report.unchanged, report.removed, len(report.failures)


# ----------------------------------------------------------------------------------------------------------- counting
def test_every_record_is_an_item_or_a_failure(box: Box) -> None:
    box.write("a.tally", "pi: 3 1 4", "broken", "e: 2 7 1 8")
    box.write("b/c.tally", "one: 1")
    box.write("mystery.bin", "?")
    box.write("empty.tally")
    report = box.index()
    assert counts(report) == (3, 4, 0, 0, 0, 2)
    assert report.sources == 4
    assert box.items() == ["a.tally#1", "a.tally#3", "b/c.tally#1"]
    assert box.failures() == [("a.tally#2", "malformed_content"), ("mystery.bin", "unknown_kind")]
    assert {Path(one.path).name + one.locator for one in report.failures} == {"a.tally#2", "mystery.bin"}
    assert report.generation == read_snapshot(box.directory).generation
    assert report.seconds > 0


def test_what_is_unchanged_is_not_read_again_failures_neither(box: Box) -> None:
    box.write("a.tally", "pi: 3 1 4", "broken")
    box.write("mystery.bin", "?")
    os.mkfifo(box.folder / "pipe")
    (box.folder / "gone").symlink_to(box.folder / "nowhere")
    assert counts(box.index()) == (1, 4, 0, 0, 0, 4)
    before = read_snapshot(box.directory)
    assert counts(box.index()) == (0, 0, 0, 4, 0, 0)
    assert read_snapshot(box.directory) == before, "nothing is committed when nothing has changed"
    assert len(box.failures()) == 4
    assert counts(box.index(retry_failed=True)) == (0, 0, 3, 1, 0, 3), "a source that gave items has not failed"
    assert len(box.failures()) == 4


def test_a_touched_file_is_known_by_its_bytes(box: Box) -> None:
    path = box.write("a.tally", "pi: 3 1 4")
    box.index()
    os.utime(path, ns=(10**18, 10**18))
    assert counts(box.index()) == (0, 0, 0, 1, 0, 0)
    row = read_source(box.directory, str(path))
    assert row is not None
    assert row.mtime_ns == 10**18


def test_changed_moved_and_deleted_files(box: Box) -> None:
    box.write("a.tally", "pi: 3 1 4", "broken")
    box.write("b.tally", "one: 1")
    box.write("c/d.tally", "two: 2")
    box.index()
    box.write("a.tally", "pi: 3 1 4 1 5", "e: 2 7")
    (box.folder / "b.tally").unlink()
    (box.folder / "c").rename(box.folder / "z")
    assert counts(box.index()) == (3, 1, 1, 0, 2, 0)
    assert box.items() == ["a.tally#1", "a.tally#2", "z/d.tally#1"]
    assert box.failures() == []
    assert {Path(row.path).name for row in read_sources(box.directory)} == {"a.tally", "d.tally"}


def test_only_what_is_below_the_paths_named_is_taken_for_gone(box: Box) -> None:
    box.write("x/a.tally", "a: 1")
    box.write("xy/b.tally", "b: 1")
    box.write("x/c.tally", "c: 1")
    box.index()
    for name in ("x/a.tally", "xy/b.tally", "x/c.tally"):
        (box.folder / name).unlink()
    assert counts(box.index(box.folder / "x" / "a.tally")) == (0, 0, 0, 0, 1, 0)
    assert counts(box.index(box.folder / "x")) == (0, 0, 0, 0, 1, 0)
    assert box.items() == ["xy/b.tally#1"]


def test_what_is_not_wanted_this_time_stays_and_what_is_ignored_goes(box: Box) -> None:
    box.write("a.tally", "a: 1")
    box.write("old/b.tally", "b: 1")
    box.index()
    assert counts(box.index(exclude=["old"])) == (0, 0, 0, 1, 0, 0)
    assert counts(box.index(include=["nothing"])) == (0, 0, 0, 0, 0, 0)
    assert box.items() == ["a.tally#1", "old/b.tally#1"]
    (box.folder / ".nlsignore").write_text("old\n")
    assert counts(box.index()) == (0, 0, 0, 1, 1, 0)
    assert box.items() == ["a.tally#1"]


def test_a_folder_that_cannot_be_read_loses_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.write("x/a.tally", "a: 1")
    box.index()
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("/x"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert counts(box.index()) == (0, 1, 0, 0, 0, 1)
    assert box.failures() == [("x", "input")]
    assert box.items() == ["x/a.tally#1"]
    monkeypatch.undo()
    assert counts(box.index()) == (0, 0, 0, 1, 1, 0)
    assert box.failures() == []


def test_a_changed_file_that_cannot_be_read_keeps_its_items(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    path = box.write("a.tally", "a: 1", "broken")
    zipped(box.folder / "x.zip", {"b.tally": "b: 1\n"})
    box.index()
    box.write("a.tally", "a: 1", "b: 2")
    zipped(box.folder / "x.zip", {"b.tally": "b: 1\n", "c.tally": "c: 1\n"})

    def refusing(file: str) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("nlsearch.ingest.changes._digest", refusing)
    report = box.index()
    assert (report.items, report.removed, len(report.failures)) == (0, 0, 2)
    assert box.items() == ["a.tally#1", "x.zip/b.tally#1"]
    assert sorted(box.failures()) == [("a.tally", "input"), ("a.tally#2", "malformed_content"), ("x.zip", "input")]
    report = box.index()
    assert (report.sources, report.failures) == (0, []), "it was said before"
    assert len(box.failures()) == 3
    monkeypatch.undo()
    box.index()
    assert box.items() == ["a.tally#1", "a.tally#2", "x.zip/b.tally#1", "x.zip/c.tally#1"]
    assert box.failures() == []
    path.unlink()
    path.symlink_to(box.folder / "away")
    box.index()
    assert "a.tally#1" in box.items()
    assert box.failures() == [("a.tally", "input")]
    path.unlink()
    assert box.index().removed == 1
    assert (box.items(), box.failures()) == (["x.zip/b.tally#1", "x.zip/c.tally#1"], [])


def test_a_path_that_is_not_there_is_a_failure(box: Box) -> None:
    for _ in range(2):
        box.index(box.folder / "typo")
        assert box.failures() == [("typo", "input")]
    box.index()
    assert box.failures() == []


def test_a_new_version_of_a_handler_reads_again(box: Box) -> None:
    box.write("a.tally", "pi: 3 1 4")
    box.write("mystery.bin", "?")
    box.index()
    box.registry.get("tally").version = 2
    assert counts(box.index()) == (1, 0, 2, 0, 0, 1), "what nobody recognised is looked at again as well"
    assert [row.handler_version for row in read_sources(box.directory) if row.items] == [2]
    assert counts(box.index()) == (0, 0, 0, 2, 0, 0)
    assert box.items() == ["a.tally#1"]


def test_names_that_are_not_text(box: Box) -> None:
    raw = os.fsencode(box.folder) + b"/bad\xff.tally"
    with open(raw, "wb") as file:  # noqa: PTH123
        file.write(b"pi: 3 1 4\n")
    assert counts(box.index()) == (1, 1, 0, 0, 0, 0)
    assert box.items() == ["bad\\xff.tally#1"]
    row = read_source(box.directory, f"{box.folder}/bad\\xff.tally")
    assert row is not None
    assert box.pool().read_one(description_of(row), "tally", "#1").title == "pi"
    assert counts(box.index()) == (0, 0, 0, 1, 0, 0)
    os.unlink(raw)  # noqa: PTH108
    assert counts(box.index()) == (0, 0, 0, 0, 1, 0)


# ----------------------------------------------------------------------------------------------------------- archives
def zipped(path: Path, files: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def test_members_of_archives_are_sources(box: Box) -> None:
    zipped(box.folder / "x.zip", {"a.tally": "a: 1\n", "in/b.tally": "b: 1\nbroken\n", "c.bin": "?", "../d": "?"})
    with tarfile.open(box.folder / "y.tgz", "w:gz") as archive:
        archive.add(box.folder / "x.zip", "in.zip")
    assert counts(box.index()) == (4, 8, 0, 0, 0, 6)
    assert box.items() == [
        "x.zip/a.tally#1",
        "x.zip/in/b.tally#1",
        "y.tgz/in.zip/a.tally#1",
        "y.tgz/in.zip/in/b.tally#1",
    ]
    assert counts(box.index()) == (0, 0, 0, 8, 0, 0)
    assert len(read_sources(box.directory)) == 8, "archives are not sources"
    for row in read_sources(box.directory):
        if row.items:
            assert box.pool().read_one(description_of(row), "tally", "#1").title == Path(row.path).stem


def test_a_changed_archive_is_compared_member_by_member(box: Box) -> None:
    path = box.folder / "x.zip"
    zipped(path, {"a.tally": "a: 1\n", "b.tally": "b: 1\n", "c.tally": "c: 1\n", "d.bin": "?"})
    box.index()
    zipped(path, {"new.tally": "n: 1 2 3 4 5\n", "b.tally": "b: 1\n", "c.tally": "c: 2\n", "d.bin": "?"})
    assert counts(box.index()) == (2, 1, 1, 2, 1, 0)
    assert box.items() == ["x.zip/b.tally#1", "x.zip/c.tally#1", "x.zip/new.tally#1"]
    row = read_source(box.directory, f"{path}/b.tally")
    assert row is not None
    assert box.pool().read_one(description_of(row), "tally", "#1").title == "b", "it is found where it lies now"
    path.write_bytes(path.read_bytes()[:100])
    report = box.index()
    assert (report.removed, [one.code for one in report.failures]) == (4, ["malformed_content"])
    assert box.items() == []
    path.unlink()
    assert counts(box.index()) == (0, 0, 0, 0, 1, 0)
    assert box.failures() == []


def test_the_second_member_of_the_same_name_is_read(box: Box) -> None:
    with zipfile.ZipFile(box.folder / "x.zip", "w") as archive:
        archive.writestr("a.tally", "a: 1\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.tally", "b: 1\n")
    assert counts(box.index()) == (2, 2, 0, 0, 0, 0)
    assert box.items() == ["x.zip/a.tally#1", "x.zip/a.tally~2#1"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_that_is_asked_for_after_its_archive_has_changed(box: Box, method: int) -> None:
    path = box.folder / "x.zip"
    for content in ("a: 1 2 3\n", "a: 1 2 4\n"):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("a.tally", content)
        if content.endswith("3\n"):
            box.index()
    row = read_source(box.directory, f"{path}/a.tally")
    assert row is not None
    with pytest.raises(MalformedContent, match="has changed since it was indexed") as caught:
        box.pool().read_one(description_of(row), "tally", "#1")
    assert "NoName" not in str(caught.value)
    path.write_bytes(b"something else")
    with pytest.raises(MalformedContent, match="has changed since it was indexed"):
        box.pool().read_one(description_of(row), "tally", "#1")


def test_an_archive_without_files_is_said(box: Box) -> None:
    zipped(box.folder / "x.zip", {})
    assert counts(box.index()) == (0, 1, 0, 0, 0, 1)
    assert "holds no files" in read_failures(box.directory)[0].reason
    assert counts(box.index()) == (0, 0, 0, 1, 0, 0)


def test_a_file_over_a_cap_is_said(box: Box) -> None:
    box.write("a.tally", "a: 1 2 3 4 5 6 7 8 9")
    box.index(limits=Limits(source_bytes=10))
    assert box.failures() == [("a.tally", "limit_exceeded")]
    assert counts(box.index(retry_failed=True)) == (1, 0, 1, 0, 0, 0)


# ------------------------------------------------------------------------------------ changes while reading, failures
class Meddling(Pool):
    """A pool that does something before it gives the outcomes of certain sources."""

    def __init__(self, meddle: Callable[[SourceTask], None]) -> None:
        super().__init__([HANDLERS], inline=True)
        self.meddle = meddle

    def read_sources(self, tasks: Iterator[SourceTask]) -> Iterator[tuple[SourceTask, Outcome]]:  # type: ignore[override]
        for task, outcome in super().read_sources(tasks):
            self.meddle(task)
            yield task, outcome


def test_a_file_that_changes_while_it_is_read_is_read_again(box: Box) -> None:
    path = box.write("a.tally", "a: 1", "b: 2")
    box.write("z.tally", "z: 1")
    done = []

    def meddle(task: SourceTask) -> None:
        if task.description["name"] == "a.tally" and not done:
            done.append(box.write("a.tally", "c: 1 2 3", "d: 4 5 6", "e: 7"))

    assert counts(box.index(pool=Meddling(meddle))) == (4, 2, 0, 0, 0, 0)
    assert box.items() == ["a.tally#1", "a.tally#2", "a.tally#3", "z.tally#1"]
    row = read_source(box.directory, str(path))
    assert row is not None
    assert row.size == path.stat().st_size


def test_a_file_that_never_rests_is_a_failure_until_it_does(box: Box) -> None:
    path = box.write("a.tally", "a: 1")
    box.write("z.tally", "z: 1")

    def meddle(task: SourceTask) -> None:
        if task.description["name"] == "a.tally":  # in a new file, so that whoever reads the old one comes to its end
            fresh = path.with_suffix(".fresh")
            fresh.write_text(path.read_text() + "more: 1\n")
            fresh.replace(path)

    assert counts(box.index(pool=Meddling(meddle))) == (1, 2, 0, 0, 0, 1)
    assert box.failures() == [("a.tally", "changed_while_read")]
    assert box.items() == ["z.tally#1"]
    report = box.index()
    assert (report.changed, report.unchanged, len(report.failures)) == (1, 1, 0)
    assert len(box.items()) == 1 + len(path.read_text().splitlines())


def test_an_archive_that_changes_while_it_is_read(box: Box) -> None:
    path = box.folder / "x.zip"
    zipped(path, {"a.tally": "a: 1\n", "b.tally": "b: 1\n", "c.tally": "c: 1\n"})
    done = []

    def meddle(task: SourceTask) -> None:
        if task.description["name"] == "b.tally" and not done:
            done.append(1)
            zipped(path, {"b.tally": "b: 1\nbb: 2\n", "c.tally": "c: 1\n", "a.tally": "a: 1\n"})

    assert counts(box.index(pool=Meddling(meddle))) == (4, 3, 0, 0, 0, 0)
    assert box.items() == ["x.zip/a.tally#1", "x.zip/b.tally#1", "x.zip/b.tally#2", "x.zip/c.tally#1"]
    assert counts(box.index()) == (0, 0, 0, 3, 0, 0)


class Stopping(Pool):
    """A pool that lists everything first, and stops with an error before it gives the outcomes of a certain source."""

    def __init__(self, name: str, error: type[BaseException]) -> None:
        super().__init__([HANDLERS], inline=True)
        self.name = name
        self.error = error

    def read_sources(self, tasks: Iterator[SourceTask]) -> Iterator[tuple[SourceTask, Outcome]]:  # type: ignore[override]
        listed = list(tasks)
        for task, outcome in super().read_sources(iter(listed)):
            if task.description["name"] == self.name:
                raise self.error
            yield task, outcome


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError], ids=["interrupted", "killed"])
@pytest.mark.parametrize("depth", [1, 2])
def test_an_archive_that_was_not_read_to_its_end_is_taken_up_again(
    box: Box, error: type[BaseException], depth: int
) -> None:
    """Its members that were committed stay, the others come: nobody takes the archive for unchanged."""
    path = box.folder / "x.zip"
    zipped(path, {"a.tally": "a: 1\n", "b.bin": "?", "c.tally": "c: 1\n", "d.tally": "d: 1\nbroken\n"})
    inner = ""
    if depth == 2:
        with tarfile.open(box.folder / "y.tgz", "w:gz") as archive:
            archive.add(path, "in.zip")
        path.unlink()
        path, inner = box.folder / "y.tgz", "in.zip/"
    for _ in range(2):
        with pytest.raises(error):
            box.index(pool=Stopping("c.tally", error), commit_seconds=0.0)
        assert box.items() == [f"{path.name}/{inner}a.tally#1"]
    assert counts(box.index()) == (2, 2, 0, 2, 0, 1)
    assert box.items() == [f"{path.name}/{inner}{name}.tally#1" for name in "acd"]
    assert counts(box.index()) == (0, 0, 0, 4, 0, 0)


def test_a_changed_archive_that_was_not_read_to_its_end_may_change_back(box: Box) -> None:
    path = box.folder / "x.zip"
    zipped(path, {"a.tally": "a: 1\n", "c.tally": "c: 1\n"})
    box.index()
    first, state = path.read_bytes(), path.stat()
    zipped(path, {"a.tally": "a: 1 2 3\naa: 1\n", "c.tally": "c: 1 2 3\n"})
    with pytest.raises(KeyboardInterrupt):
        box.index(pool=Stopping("c.tally", KeyboardInterrupt))
    assert box.items() == ["x.zip/a.tally#1", "x.zip/a.tally#2", "x.zip/c.tally#1"]
    path.write_bytes(first)
    os.utime(path, ns=(state.st_mtime_ns, state.st_mtime_ns))
    assert counts(box.index()) == (1, 0, 1, 1, 0, 0)
    assert box.items() == ["x.zip/a.tally#1", "x.zip/c.tally#1"]


def test_a_broken_archive_that_was_not_read_to_its_end_is_taken_up_again(box: Box) -> None:
    path = box.folder / "x.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("a.tally", "c.tally", "d.tally"):
            archive.add(box.write(name, f"{name[0]}: 1"), name)
            (box.folder / name).unlink()
    content = bytearray(path.read_bytes())
    content[content.index(b"d.tally\0") + 150] ^= 0xFF  # the checksum in the header of the third member
    path.write_bytes(content)
    with pytest.raises(KeyboardInterrupt):
        box.index(pool=Stopping("c.tally", KeyboardInterrupt))
    assert counts(box.index()) == (1, 2, 0, 1, 0, 1)
    assert box.items() == ["x.tar/a.tally#1", "x.tar/c.tally#1"]
    assert box.failures() == [("x.tar", "malformed_content")]
    assert counts(box.index()) == (0, 0, 0, 3, 0, 0)


@pytest.mark.parametrize("name", ["a.tally", "x.zip"])
def test_a_file_that_is_away_while_it_is_read_is_read_when_it_is_back(box: Box, name: str) -> None:
    if name == "a.tally":
        box.write(name, "a: 1")
    else:
        zipped(box.folder / name, {"a.tally": "a: 1\n"})
    away = box.folder.with_name("away")

    class Moving(Pool):
        def read_sources(self, tasks: Iterator[SourceTask]) -> Iterator[tuple[SourceTask, Outcome]]:  # type: ignore[override]
            listed = list(tasks)
            (box.folder / name).rename(away)
            yield from super().read_sources(iter(listed))

    report = box.index(pool=Moving([HANDLERS], inline=True))
    assert [one.code for one in report.failures] == ["input"]
    away.rename(box.folder / name)
    assert counts(box.index()) == (1, 0, 1, 0, 0, 0)
    assert box.failures() == []


def test_an_archive_that_is_only_touched_while_it_is_read_is_read_whole(box: Box) -> None:
    path = box.folder / "x.zip"
    zipped(path, {"a.tally": "a: 1\n", "b.tally": "b: 1\n"})
    done = []

    def meddle(task: SourceTask) -> None:
        if task.description["name"] == "b.tally" and not done:
            done.append(os.utime(path, ns=(10**18, 10**18)))

    assert counts(box.index(pool=Meddling(meddle))) == (2, 2, 0, 0, 0, 0)
    assert box.items() == ["x.zip/a.tally#1", "x.zip/b.tally#1"]
    assert counts(box.index()) == (0, 0, 0, 2, 0, 0)


def test_an_archive_that_loses_members_while_it_is_read(box: Box) -> None:
    path = box.folder / "x.zip"
    zipped(path, {"a.tally": "a: 1\n", "b.tally": "b: 1\n"})
    done = []

    def meddle(task: SourceTask) -> None:
        if task.description["name"] == "b.tally" and not done:
            done.append(zipped(path, {"b.tally": "b: 1\nbb: 2\n"}))

    assert counts(box.index(pool=Meddling(meddle))) == (2, 1, 0, 0, 0, 0)
    assert box.items() == ["x.zip/b.tally#1", "x.zip/b.tally#2"]


CRASHING = '''
import os
from nlsearch.errors import MalformedContent
from nlsearch.handlers.contract import Format
from nlsearch.model import Features, RawItem

class HANDLER:
    """Reads numbers; some are trouble."""

    kind, version, requires = "trouble", 1, ()
    formats = (Format("trouble", "text/x", (".trouble",)),)
    fields = spaces = operators = ()

    def read(self, source, limits):
        with source.open() as lines:
            for number, line in enumerate(lines, 1):
                if line == b"crash\\n":
                    os.abort()
                if line == b"stop\\n":
                    raise MalformedContent("it stops here")
                yield RawItem(line, number)

    def features(self, item):
        return Features(words="trouble")
'''


def test_a_crash_costs_one_file_and_a_stop_keeps_what_was_before(box: Box, tmp_path: Path) -> None:
    handlers = tmp_path / "handlers"
    handlers.mkdir()
    (handlers / "trouble.py").write_text(CRASHING)
    box.registry = Registry([handlers])
    box.write("a.trouble", "1", "2")
    box.write("b.trouble", "1", "crash", "2")
    box.write("c.trouble", "1", "2", "stop", "3")
    box.write("d.trouble", "1")
    report = box.index(pool=None, jobs=2)
    assert counts(report) == (5, 4, 0, 0, 0, 2)
    assert box.items() == ["a.trouble#1", "a.trouble#2", "c.trouble#1", "c.trouble#2", "d.trouble#1"]
    assert box.failures() == [("b.trouble", "worker_crashed"), ("c.trouble", "malformed_content")]
    assert counts(box.index(pool=None)) == (0, 0, 0, 4, 0, 0)


# ------------------------------------------------------------------------------------------------ commits and merging
def test_a_source_is_seen_whole_or_not_at_all(box: Box) -> None:
    """One large source and many small ones, mixed; at every commit what is seen is a set of whole sources."""
    box.write("large.tally", *(f"n{i}: {i}" for i in range(50)))
    for i in range(12):
        box.write(f"s{i:02d}.tally", "x: 1", "y: 2")
    seen: list[int] = []

    class Mixing(Pool):
        def read_sources(self, tasks: Iterator[SourceTask]) -> Iterator[tuple[SourceTask, Outcome]]:  # type: ignore[override]
            streams = [list(super(Mixing, self).read_sources([task])) for task in tasks]
            while streams:
                for stream in [stream for stream in streams if stream]:
                    yield stream.pop(0)
                    if read_snapshot(box.directory).generation > len(seen) + 1:
                        seen.append(len(box.items()))
                streams = [stream for stream in streams if stream]

    settings = {"commit_seconds": 0.0, "pool": Mixing([HANDLERS], inline=True), "merge_after": False}
    monkey = pytest.MonkeyPatch()
    monkey.setattr("nlsearch.ingest.run.SPLITS_BETWEEN_MERGES", 10**9)
    with monkey.context():
        assert counts(box.index(**settings)) == (74, 13, 0, 0, 0, 0)  # type: ignore[arg-type]
    monkey.undo()
    assert len(seen) > 5
    assert all(n % 2 == 0 and n <= 24 for n in seen[:-1])
    assert len(box.items()) == 74
    assert len(read_snapshot(box.directory).splits) > 1
    assert merge(box.directory) == 1
    assert len(box.items()) == 74
    assert read_snapshot(box.directory).tombstones == {}


def test_splits_that_gather_are_merged(box: Box) -> None:
    for i in range(20):
        box.write(f"{i:02d}.tally", "x: 1")
        box.index()
    assert len(read_snapshot(box.directory).splits) <= 8
    assert len(box.items()) == 20
    for i in range(15):
        (box.folder / f"{i:02d}.tally").unlink()
    assert box.index().removed == 15
    snapshot = read_snapshot(box.directory)
    assert sum(row.items - row.live for row in snapshot.splits) <= 0.3 * sum(row.items for row in snapshot.splits)
    assert len(box.items()) == 5


def test_different_versions_of_a_handler_are_not_merged(box: Box) -> None:
    box.write("a/a.tally", "a: 1")
    box.write("b/b.tally", "b: 1")
    box.index()
    box.registry.get("tally").version = 2
    box.index(box.folder / "b")
    assert merge(box.directory) == 2
    box.index()
    assert merge(box.directory) == 1
    assert box.items() == ["a/a.tally#1", "b/b.tally#1"]


def test_removing(box: Box) -> None:
    box.write("a.tally", "a: 1", "b: 1", "broken")
    box.write("x/c.tally", "c: 1")
    zipped(box.folder / "y.zip", {"d.tally": "d: 1\n", "e.tally": "e: 1\n"})
    box.index()
    assert remove(box.directory, [box.folder / "a.tally", box.folder / "x"]) == 3
    assert remove(box.directory, [box.folder / "y.zip" / "d.tally"]) == 1
    assert remove(box.directory, [box.folder / "nothing"]) == 0
    assert box.items() == ["y.zip/e.tally#1"]
    assert box.failures() == []
    assert remove(box.directory, [box.folder]) == 1
    assert read_snapshot(box.directory).splits == ()
    assert counts(box.index()) == (5, 4, 0, 0, 0, 1)


def test_a_removed_member_comes_back_with_its_archive_as_a_removed_file_does(box: Box) -> None:
    box.write("a.tally", "a: 1")
    zipped(box.folder / "y.zip", {"d.tally": "d: 1\n", "e.tally": "e: 1\n", "f.bin": "?"})
    box.index()
    everything = box.items()
    gone = [box.folder / "a.tally", box.folder / "y.zip" / "d.tally", box.folder / "y.zip" / "f.bin"]
    assert remove(box.directory, gone) == 2
    assert (box.items(), box.failures()) == (["y.zip/e.tally#1"], [])
    assert counts(box.index()) == (2, 3, 0, 1, 0, 1)
    assert box.items() == everything
    assert counts(box.index()) == (0, 0, 0, 4, 0, 0)


def test_progress_ends_complete(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "PROGRESS_SECONDS", 0.0)
    box.write("a.tally", "a: 1", "b: 1", "broken")
    box.write("b.bin", "?")
    zipped(box.folder / "c.zip", {"d.tally": "d: 1\n", "e.tally": "e: 1\n"})
    shown: list[Progress] = []
    box.index(progress=shown.append)
    last = shown[-1]
    assert (last.sources_done, last.sources_total, last.items, last.failures) == (3, 3, 4, 2)
    assert [one.sources_done for one in shown] == sorted(one.sources_done for one in shown)
    assert [one.items for one in shown] == sorted(one.items for one in shown)
    assert {Path(one.current).name for one in shown} >= {"a.tally", "b.bin", "c.zip"}


def test_a_second_writer_is_told_who_writes(box: Box) -> None:
    with Catalog.create(box.directory).writing(), pytest.raises(IndexLocked, match=str(os.getpid())):
        box.index(lock_timeout_s=0.1)


# ----------------------------------------------------------------------------------------------- kills and full disks
SLOW = f"""
import sys, time
from pathlib import Path
from nlsearch.handlers.registry import Registry
from nlsearch.ingest.pipeline import index
from nlsearch.sandbox.pool import Pool
class Slow(Pool):
    def read_sources(self, tasks):
        for pair in super().read_sources(tasks):
            print("outcome", flush=True)
            time.sleep(0.004)
            yield pair
registry = Registry([{str(HANDLERS)!r}])
pool = Slow(registry.directories, inline=True)
print("start", flush=True)
try:
    index(sys.argv[1], [sys.argv[2]], registry=registry, pool=pool, commit_seconds=0.05)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def started(box: Box) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOW, str(box.directory), str(box.folder)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    while other.stdout.readline() != "outcome\n":
        assert other.poll() is None
    return other


def test_a_kill_at_any_moment_costs_only_the_last_commit(box: Box) -> None:
    for i in range(60):
        box.write(f"{i:02d}.tally", f"a: {i}", "b: 1", "broken")
    reached = 0
    for attempt in range(4):
        with started(box) as other:
            time.sleep(0.05 + 0.13 * attempt)
            other.kill()
            other.wait()
            assert other.stdout is not None
            other.stdout.close()
        problems = check(box.directory)
        assert problems == []
        now = box.items()
        assert len(now) >= reached, "what was committed stays"
        assert len(now) == 2 * len({one.partition("#")[0] for one in now}), "sources are whole"
        assert len(box.failures()) == len(now) // 2
        reached = len(now)
    report = box.index()
    assert report.added + report.unchanged == 60
    assert len(box.items()) == 120
    assert len(box.failures()) == 60


def test_an_interrupt_keeps_what_is_complete(box: Box) -> None:
    for i in range(200):
        box.write(f"{i:03d}.tally", "a: 1", "b: 1")
    with started(box) as other:
        time.sleep(0.3)
        other.send_signal(signal.SIGINT)
        assert other.stdout is not None
        lines = other.stdout.read().splitlines()
        assert other.wait(10) == 0
    assert lines[-1] == "interrupted"
    assert 0 < len(box.items()) < 400
    report = box.index()
    assert report.unchanged > 0
    assert len(box.items()) == 400


FULL = f"""
import resource, signal, sys
from nlsearch.errors import StorageFull
from nlsearch.handlers.registry import Registry
from nlsearch.ingest.pipeline import index
from nlsearch.sandbox.pool import Pool
import nlsearch.index.tables, tantivy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
registry = Registry([{str(HANDLERS)!r}])
try:
    index(sys.argv[1], [sys.argv[2]], registry=registry, pool=Pool(registry.directories, inline=True))
except StorageFull as error:
    print("full")
"""


@pytest.mark.parametrize("most", [400, 3_000, 60_000, 140_000])
def test_a_full_disk_loses_nothing(box: Box, most: int) -> None:
    """The system refuses files over a size, which stands in for a disk that takes no more."""
    box.write("a.tally", "a: 1")
    box.index()
    numbers = " ".join(str(n * 7919 % 100_003) for n in range(40_000))
    box.write("b.tally", f"large: {numbers}", *(f"name{i}: {i}" for i in range(300)))
    command = [sys.executable, "-c", FULL, str(box.directory), str(box.folder), str(most)]
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    assert out.stdout.split() == ["full"]
    assert box.items() == ["a.tally#1"]
    assert check(box.directory) == []
    assert counts(box.index()) == (301, 1, 0, 1, 0, 0)
    assert len(box.items()) == 302


def test_a_disk_that_fails_while_a_split_is_written(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.write("a.tally", "a: 1")
    box.index()
    box.write("b.tally", "b: 1")

    def failing(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StorageFull, match="Input/output error"):
        box.index()
    monkeypatch.undo()
    assert box.items() == ["a.tally#1"]
    assert counts(box.index()) == (1, 1, 0, 1, 0, 0)
