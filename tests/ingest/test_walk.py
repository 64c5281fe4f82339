"""Walking folders: what is found, what is refused and said, what is never found twice."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from nlsearch.ingest.walk import Found, Rules, walk
from nlsearch.model import Failure


def names(folder: Path, rules: Rules | None = None) -> list[str]:
    return [str(Path(one.path).relative_to(folder)) for one in walk([folder], rules) if isinstance(one, Found)]


def failures(*paths: Path) -> list[Failure]:
    return [one for one in walk(paths) if isinstance(one, Failure)]


def make(folder: Path, *files: str) -> None:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)


def test_files_come_in_the_order_of_names_with_size_and_time(tmp_path: Path) -> None:
    make(tmp_path, "b/2", "b/1", "a", ".hidden", "c d/ü")
    assert names(tmp_path) == [".hidden", "a", "b/1", "b/2", "c d/ü"]
    found = next(one for one in walk([tmp_path / "a"]) if isinstance(one, Found))
    state = (tmp_path / "a").stat()
    assert found == Found(str(tmp_path / "a"), str(tmp_path / "a"), 1, state.st_mtime_ns)


def test_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "x/a")
    monkeypatch.chdir(tmp_path)
    assert [one.path for one in walk(["x", "./x/a"])] == [str(tmp_path / "x" / "a")]


def test_nothing_is_found_twice(tmp_path: Path) -> None:
    make(tmp_path, "x/y/a", "b")
    for paths in (["x", "x/y"], ["x/y", "x"], ["x/y/a", "x"], ["x", "x/y/a"], ["x", "x"]):
        assert [one.path for one in walk(tmp_path / path for path in paths)] == [str(tmp_path / "x/y/a")], paths


def test_version_control_and_collections_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, ".git/config", ".nlsearch/catalog.db", ".nlsearch/splits/x", "a")
    assert names(tmp_path) == ["a"]


# --------------------------------------------------------------------------------------------------------------- rules
def test_include_and_exclude_are_relative_to_the_path_named(tmp_path: Path) -> None:
    make(tmp_path, "a.sdf", "a.txt", "old/b.sdf", "old/deep/c.sdf", "new/d.SDF")
    assert names(tmp_path, Rules(include=["*.sdf"])) == ["a.sdf", "old/b.sdf", "old/deep/c.sdf"]
    assert names(tmp_path, Rules(include=["/*.sdf"])) == ["a.sdf"]
    assert names(tmp_path, Rules(exclude=["old/"])) == ["a.sdf", "a.txt", "new/d.SDF"]
    assert names(tmp_path, Rules(include=["*.sdf"], exclude=["deep"])) == ["a.sdf", "old/b.sdf"]


def test_a_file_that_is_named_is_found_whatever_the_rules_say(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    assert len(list(walk([tmp_path / "a.txt"], Rules(include=["*.sdf"], exclude=["*"])))) == 1


def test_ignore_files_hold_below_their_folder_and_inner_ones_decide(tmp_path: Path) -> None:
    make(tmp_path, "a.tmp", "keep/b.tmp", "keep/c.log", "build/x", "sub/build/y")
    (tmp_path / ".nlsignore").write_text("# temporary\n*.tmp\n/build/\n")
    (tmp_path / "keep" / ".nlsignore").write_text("!b.tmp\n*.log\n")
    assert names(tmp_path) == ["keep/b.tmp", "sub/build/y"]


def test_an_ignore_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    make(tmp_path, "a")
    (tmp_path / ".nlsignore").write_bytes(b"\xff\xfe\n")
    assert names(tmp_path) == ["a"]
    assert [Path(one.path).name for one in failures(tmp_path)] == [".nlsignore"]


# --------------------------------------------------------------------------------------------------------------- links
def test_links_lead_to_what_is_not_found_otherwise(tmp_path: Path) -> None:
    make(tmp_path, "tree/z/real", "outside/other", "outside/more/x")
    tree = tmp_path / "tree"
    (tree / "a_file").symlink_to(tree / "z" / "real")
    (tree / "a_folder").symlink_to(tree / "z")
    (tree / "out").symlink_to(tmp_path / "outside")
    (tree / "out_again").symlink_to(tmp_path / "outside")
    assert names(tree) == ["z/real", "out/more/x", "out/other"]
    assert failures(tree) == []


def test_loops_and_broken_links_are_said_and_end(tmp_path: Path) -> None:
    make(tmp_path, "x/a")
    (tmp_path / "x" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert names(tmp_path) == ["x/a"]
    found = {Path(one.path).name: one.reason for one in failures(tmp_path)}
    assert set(found) == {"up", "self", "gone"}
    assert "link" in found["up"]
    assert "leads to itself" in found["self"]
    assert "No such file" in found["gone"]


def test_two_links_that_lead_into_each_other_end(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).mkdir()
        (tmp_path / one / "link").symlink_to(tmp_path / other)
    make(tmp_path, "a/1", "b/2")
    assert sorted(names(tmp_path)) == ["a/1", "b/2"]


# ------------------------------------------------------------------------------------------------------------- failures
def test_what_has_no_content_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        found = {Path(one.path).name: one for one in failures(tmp_path)}
    assert {name: one.code for name, one in found.items()} == dict.fromkeys(("pipe", "socket"), "unsupported_feature")
    assert "named pipe" in found["pipe"].reason
    assert failures(Path("/dev/null"))[0].code == "unsupported_feature"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    (one,) = failures(tmp_path / "nothing")
    assert (one.path, one.locator, one.code) == (str(tmp_path / "nothing"), "", "input")
    assert "No such file" in one.reason
    (one,) = failures(Path("a\0b"))
    assert "cannot be used" in one.reason


def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "closed/a", "open/b")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert names(tmp_path) == ["open/b"]
    (one,) = failures(tmp_path)
    assert (Path(one.path).name, one.reason) == ("closed", "cannot be read: Permission denied")


def test_names_that_are_not_text_are_found_and_shown(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/bad\xff\nname"
    with open(raw, "wb") as file:  # noqa: PTH123
        file.write(b"x")
    (one,) = walk([tmp_path])
    assert isinstance(one, Found)
    assert one.path == str(tmp_path) + "/bad\\xff\nname"
    assert os.fsencode(one.file) == raw
    one.path.encode("utf-8")
