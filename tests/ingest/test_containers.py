"""Listing archives: members as sources, and every refusal with its reason."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.errors import InputError
from nlsearch.handlers.registry import Registry
from nlsearch.ingest.containers import Lister, Member
from nlsearch.ingest.detect import recognise
from nlsearch.limits import Limits
from nlsearch.model import Failure
from nlsearch.sandbox.sources import Caps, FileSource, open_description, plain_name

NOTHING = Registry()


def listed(path: Path, limits: Limits | None = None, work: Path | None = None) -> list[Member | Failure]:
    """List an archive on disk, and archives in it, as the pipeline does."""
    limits = limits or Limits()
    lister = Lister(limits, work or path.parent)
    source = FileSource(str(path), plain_name(str(path)), "", str(path), caps=Caps.of(limits))
    found: list[Member | Failure] = []

    def descend(archive: object, depth: int, spool: object) -> None:
        for member in lister.members(archive, depth, spool):  # type: ignore[arg-type]
            inner = recognise(member.source, NOTHING, limits) if isinstance(member, Member) else None
            if inner is not None and inner.container:
                assert isinstance(member, Member)
                descend(inner, depth + 1, member.spool)
                continue
            if isinstance(member, Member):
                contents[member.source.path] = read(member)
            found.append(member)

    told = recognise(source, NOTHING, limits)
    assert told is not None
    contents.clear()
    descend(told, 1, None)
    return found


contents: dict[str, bytes] = {}


def read(member: Member) -> bytes:
    with open_description(member.source.describe()).open() as content:
        return content.read()


def paths(found: list[Member | Failure], folder: Path) -> list[str]:
    return [str(Path(one.source.path).relative_to(folder)) for one in found if isinstance(one, Member)]


def refused(found: list[Member | Failure]) -> dict[str, tuple[str, str]]:
    return {
        one.path.rpartition(".zip/")[2].rpartition(".tar/")[2]: (one.code, one.reason)
        for one in found
        if isinstance(one, Failure)
    }


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mtime = 1_000_000_000
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


FILES = {"a.bin": b"first " * 1000, "inner/b ü.bin": b"second", "empty": b""}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_of_a_zip(tmp_path: Path, method: int) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"self-extracting stub" * 0 + zipped({**FILES, "folder/": b""}, method))
    found = listed(path)
    assert paths(found, path) == list(FILES)
    assert list(contents.values()) == list(FILES.values())
    first = found[0]
    assert isinstance(first, Member)
    assert first.checksum == f"crc32:{zipfile.crc32(FILES['a.bin']):08x}"
    assert first.source.name == "a.bin"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_members_of_a_tar(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "x.tar.any"
    path.write_bytes(tarred({"./a.bin": FILES["a.bin"], "inner/b ü.bin": b"second", "empty": b""}, mode))
    found = listed(path)
    assert paths(found, path) == list(FILES)
    assert list(contents.values()) == list(FILES.values())
    assert all(isinstance(one, Member) and one.mtime_ns == 10**18 and one.checksum[:7] == "sha256:" for one in found)
    assert [one.name for one in tmp_path.iterdir()] == ["x.tar.any"], "the spool is gone"
    for one in found:  # and without it the members still open, only slower
        assert isinstance(one, Member)
        assert read(one) == FILES[one.source.path.removeprefix(f"{path}/")]


def test_archives_in_archives(tmp_path: Path) -> None:
    inner = zipped({"deep.bin": b"deep", "packed.bin.gz": gzip.compress(b"packed")})
    path = tmp_path / "x.tar"
    path.write_bytes(tarred({"one.zip": inner, "two.tgz": tarred({"three.zip": inner}, "w:gz"), "flat": b"flat"}))
    found = listed(path)
    assert paths(found, path) == [
        "one.zip/deep.bin",
        "one.zip/packed.bin.gz",
        "two.tgz/three.zip/deep.bin",
        "two.tgz/three.zip/packed.bin.gz",
        "flat",
    ]
    assert contents[f"{path}/two.tgz/three.zip/deep.bin"] == b"deep"
    for one in found:
        assert isinstance(one, Member)
        assert read(one) == contents[one.source.path]
    assert [one.name for one in tmp_path.iterdir()] == ["x.tar"]
    with pytest.raises(InputError, match="container_depth"):
        listed(path, Limits(container_depth=2))


def test_the_second_of_the_same_name_is_found_too(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    (tmp_path / "x.zip").write_bytes(out.getvalue())
    assert paths(listed(tmp_path / "x.zip"), tmp_path) == ["x.zip/a", "x.zip/a~2"]
    assert list(contents.values()) == [b"1", b"2"]


def test_the_second_of_the_same_name_is_told_by_its_own_name(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for content in (b"1", b"2"):
            entry = tarfile.TarInfo("in/a.smi.gz")
            entry.size = 1
            archive.addfile(entry, io.BytesIO(content))
    (tmp_path / "x.tar").write_bytes(out.getvalue())
    found = listed(tmp_path / "x.tar")
    assert paths(found, tmp_path) == ["x.tar/in/a.smi.gz", "x.tar/in/a.smi.gz~2"]
    assert [one.source.name for one in found if isinstance(one, Member)] == ["a.smi", "a.smi"]


# ------------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/../../up", "C:/windows", "..\\up"])
def test_names_that_leave_the_archive(tmp_path: Path, name: str) -> None:
    for suffix, content in (("zip", zipped({name: b"x", "good": b"y"})), ("tar", tarred({name: b"x", "good": b"y"}))):
        path = tmp_path / f"x.{suffix}"
        path.write_bytes(content)
        found = listed(path)
        assert [one.source.path for one in found if isinstance(one, Member)] == [f"{path}/good"]
        assert [(one.code, one.reason) for one in found if isinstance(one, Failure)] == [
            ("unsupported_feature", "its name leaves the archive")
        ]


def test_links_and_devices_in_a_tar(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("p", tarfile.FIFOTYPE),
            ("d", tarfile.DIRTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    found = refused(listed(path))
    assert {name: reason for name, (_, reason) in found.items()} == {
        "s": "it is a link",
        "h": "it is a link",
        "p": "it is a device or a sparse file",
    }


def test_encrypted_and_strange_members_of_a_zip(tmp_path: Path) -> None:
    content = bytearray(zipped({"secret": b"x", "odd": b"y", "good": b"z"}))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[first + 8] |= 1
    content[second + 10 : second + 12] = struct.pack("<H", 93)
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    found = listed(path)
    assert paths(found, path) == ["good"]
    assert refused(found)["secret"] == ("unsupported_feature", "it is encrypted")
    assert "method 93" in refused(found)["odd"][1]


def test_caps(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped({"bomb": bytes(50_000_000), "a": b"a", "b": b"b"}))
    assert "container_ratio" in refused(listed(path))["bomb"][1]
    assert "source_bytes" in refused(listed(path, Limits(source_bytes=10**7, container_ratio=10**6)))["bomb"][1]
    with pytest.raises(InputError, match="container_members = 2"):
        listed(path, Limits(container_members=2))
    with pytest.raises(InputError, match="container_bytes"):
        listed(path, Limits(container_bytes=10**6))
    path = tmp_path / "x.tgz"
    path.write_bytes(tarred({"zeros": bytes(40_000_000)}, "w:gz"))
    with pytest.raises(InputError, match="container_ratio"):
        listed(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["x.tgz", "x.zip"], "no spool is left"


def test_a_directory_of_more_members_than_allowed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped({f"{'n' * 60_000}{i}": b"" for i in range(300)}, zipfile.ZIP_STORED))
    with pytest.raises(InputError, match="container_members"):
        listed(path, Limits(container_members=10))


def test_a_member_that_lies_about_itself_is_damaged(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.bin": b"x" * 1000}, zipfile.ZIP_STORED))
    content[500] ^= 1
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match="CRC"):
        listed(path)


def test_damage_within_a_tar_is_not_taken_for_its_end(tmp_path: Path) -> None:
    content = bytearray(tarred({"a": b"1", "b": b"2", "c": b"3"}))
    content[1024 + 150] ^= 0xFF  # the checksum in the header of b
    path = tmp_path / "x.tar"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged after its member number 1"):
        listed(path)


SEEDS = [zipped(FILES), tarred(FILES), tarred(FILES, "w:gz"), tarred({"x.zip": zipped(FILES)})]


@settings(max_examples=150, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4),
)
def test_damaged_archives_give_members_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes, cut: float, flips: list[tuple[float, int]]
) -> None:
    content = bytearray(seed[: int(len(seed) * cut)] if cut > 0.3 else seed)
    for where, bits in flips:
        content[int(where * len(content))] ^= bits
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    path = folder / "x.zip"
    path.write_bytes(content)
    source = FileSource(str(path), "x.zip", "", str(path))
    try:
        told = recognise(source, NOTHING, Limits())
        if told is None or not told.container:
            return
        for member in Lister(Limits(), folder).members(told):
            if isinstance(member, Member):
                read(member)
    except InputError as error:
        assert error.message  # noqa: PT017 - every outcome is allowed but an untyped one
    assert [one.name for one in folder.iterdir()] == ["x.zip"]
