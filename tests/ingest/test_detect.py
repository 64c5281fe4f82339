"""Telling what a file is: bytes before names, and the fallback that lets a handler say what is wrong."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnknownKind
from nlsearch.handlers.contract import Format
from nlsearch.ingest.detect import detect, identify, recognise, signature
from nlsearch.limits import Limits
from nlsearch.sandbox.sources import FileSource, open_description, plain_name


class Known:
    """A handler's static facts, as much as detection asks for."""

    def __init__(self, kind: str, *formats: Format, version: int = 1) -> None:
        self.kind = kind
        self.formats = formats
        self.version = version


class Kinds:
    """A registry of them."""

    def __init__(self, *handlers: Known) -> None:
        self.handlers = {handler.kind: handler for handler in handlers}

    def __iter__(self) -> Iterator[Known]:
        return iter(self.handlers.values())

    def get(self, kind: str) -> Known:
        return self.handlers[kind]


PICTURE = Known(
    "picture", Format("PIC", "image/x", (".pic",), (b"\x89PIC",)), Format("P", "image/x", (".p",), (b"\x89P",))
)
TEXT = Known(
    "text", Format("records", "text/x", (".rec", ".rec.txt"), (), rb".*^>>\w"), Format("lines", "text/y", (".txt",))
)
PACKAGE = Known("package", Format("package", "application/x", (".pkg",), (), b"PK\x03\x04.*manifest"))
KINDS = Kinds(PICTURE, TEXT, PACKAGE)


def told(head: bytes, name: str) -> tuple[str, str] | None:
    found = detect(head, name, KINDS)  # type: ignore[arg-type]
    return None if found is None else (found[0], found[1].name)


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"\x89PIC...", "a.pic", ("picture", "PIC")),
        (b"\x89PIC...", "a.txt", ("picture", "PIC")),  # a wrong suffix
        (b"\x89PIC...", "a.p", ("picture", "P")),  # both magics fit, the suffix decides
        (b"x\n>>record", "a.rec", ("text", "records")),
        (b"x\n>>record", "A.REC", ("text", "records")),
        (b"x\n>>record", "a", ("text", "records")),
        (b"x\n>>record", "a.rec.txt", ("text", "records")),
        (b"\xef\xbb\xbf>>record", "a.rec", ("text", "records")),  # a byte order mark
        (">>größe".encode("utf-16"), "a", ("text", "records")),
        (b"anything", "a.txt", ("text", "lines")),
        (b"x\n>>record", "a.txt", ("text", "records")),  # a suffix alone is weaker
        (b"garbage", "a.pic", ("picture", "PIC")),  # the handler will say what is wrong
        (b"", "a.rec", ("text", "records")),
        (b"garbage", "a.bin", None),
        (b"", "", None),
    ],
)
def test_bytes_come_before_names(head: bytes, name: str, expected: tuple[str, str] | None) -> None:
    assert told(head, name) == expected


def test_plain_names() -> None:
    assert plain_name("/x/a.sdf.gz") == "a.sdf"
    assert plain_name("/x/a.SDF.GZ") == "a.SDF"
    assert plain_name("/x/.gz") == ".gz"
    assert plain_name("/x/a.tgz") == "a.tgz"


def source(path: Path) -> FileSource:
    return FileSource(str(path), plain_name(str(path)), "", str(path))


def recognised(path: Path, limits: Limits | None = None) -> tuple[str, str, str] | None:
    found = recognise(source(path), KINDS, limits or Limits())  # type: ignore[arg-type]
    return None if found is None else (found.kind, found.container, found.source.format)


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_compression_is_undone_without_being_mentioned(tmp_path: Path, suffix: str, pack: object) -> None:
    path = tmp_path / f"a.rec.{suffix}"
    path.write_bytes(pack(b">>one\n" * 5000))  # type: ignore[operator]
    found = recognise(source(path), KINDS, Limits())  # type: ignore[arg-type]
    assert found is not None
    assert (found.kind, found.source.name, found.source.path) == ("text", "a.rec", str(path))
    opened = open_description(found.source.describe())
    with opened.open() as content:
        assert content.read(6) == b">>one\n"
        assert content.seek(0, 2) == 30_000
        assert content.seek(29_994) == 29_994
        assert content.read() == b">>one\n"
    assert opened == found.source


def test_a_truncated_compression_gives_what_there_is_and_then_says_so(tmp_path: Path) -> None:
    import random

    content = b">>one\n" + random.Random(1).randbytes(200_000)
    path = tmp_path / "a.rec.gz"
    path.write_bytes(gzip.compress(content)[:100_000])
    found = recognise(source(path), KINDS, Limits())  # type: ignore[arg-type]
    assert found is not None
    with found.source.open() as stream:
        assert stream.read(90_000) == content[:90_000]
        with pytest.raises(MalformedContent, match="cut short"):
            stream.read()
    path.write_bytes(b"\x1f\x8b\x08garbage")
    with pytest.raises(MalformedContent):
        recognised(path)


def test_packing_has_a_depth(tmp_path: Path) -> None:
    path = tmp_path / "a.rec.gz.gz"
    path.write_bytes(gzip.compress(gzip.compress(b">>x")))
    assert recognised(path) == ("text", "", "records")
    with pytest.raises(LimitExceeded, match="container_depth"):
        recognised(path, Limits(container_depth=1))


def test_a_bomb_is_refused_while_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "a.rec.gz"
    path.write_bytes(gzip.compress(b">>x" + bytes(40_000_000), 9))
    found = recognise(source(path), KINDS, Limits())  # type: ignore[arg-type]
    assert found is not None
    with found.source.open() as content, pytest.raises(LimitExceeded, match="container_ratio"):
        content.read()
    small = Limits(source_bytes=1_000_000)
    described = {**found.source.describe(), "caps": [small.source_bytes, small.container_ratio]}
    with open_description(described).open() as content, pytest.raises(LimitExceeded, match="source_bytes"):
        content.read()


def test_containers(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "y")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    with tarfile.open(tmp_path / "old.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("x"))
    old = bytearray((tmp_path / "old.tar").read_bytes())
    old[257:265] = bytes(8)  # as before POSIX
    old[148:156] = b"%06o\0 " % (sum(old[:148]) + 8 * 32 + sum(old[156:512]))
    (tmp_path / "old.tar").write_bytes(old)
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("x", "y")
    with zipfile.ZipFile(tmp_path / "a.pkg", "w") as archive:
        archive.writestr("manifest", "y")
    assert recognised(tmp_path / "a.zip") == ("", "zip", "")
    assert recognised(tmp_path / "a.tar") == ("", "tar", "")
    assert recognised(tmp_path / "a.tgz") == ("", "tar", "")
    assert recognised(tmp_path / "old.tar") == ("", "tar", "")
    assert recognised(tmp_path / "a.docx") is None, "a document is not taken apart"
    assert recognised(tmp_path / "a.pkg") == ("package", "", "package"), "a handler comes before containers"


def test_identify_is_for_single_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    kind, description = identify(tmp_path / "a.txt", KINDS, Limits())  # type: ignore[arg-type]
    assert (kind, description["format"], description["path"]) == ("text", "lines", str(tmp_path / "a.txt"))
    kind, description = identify(tmp_path / "a.txt", KINDS, Limits(), kind="picture")  # type: ignore[arg-type]
    assert kind == "picture"
    (tmp_path / "b").write_text("x")
    with pytest.raises(UnknownKind):
        identify(tmp_path / "b", KINDS, Limits())  # type: ignore[arg-type]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(UnknownKind, match="archive"):
        identify(tmp_path / "a.zip", KINDS, Limits())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="No such file"):
        identify(tmp_path / "c", KINDS, Limits())  # type: ignore[arg-type]


def test_the_signature_follows_what_can_be_recognised() -> None:
    one = Kinds(Known("a", Format("f", "m", (".a",))))
    assert signature(one) == signature(Kinds(Known("a", Format("f", "m", (".a",)))))  # type: ignore[arg-type]
    others = [Known("a", Format("f", "m", (".b",))), Known("a", Format("f", "m", (".a",)), version=2), Known("b")]
    assert len({signature(Kinds(other)) for other in others} | {signature(one)}) == 4  # type: ignore[arg-type]


def test_garbage_is_not_the_description_of_a_source() -> None:
    for garbage in ({}, {"path": 1}, {"path": "a", "name": "b", "format": "c", "file": {}, "layers": 3, "caps": []}):
        with pytest.raises(MalformedContent):
            open_description(garbage)
    bad = {"path": "a", "name": "b", "format": "c", "file": "/dev/null", "layers": [["what"]], "caps": [1, 1]}
    with pytest.raises(InputError):
        open_description(bad).open()
