"""Lists what archives hold, within caps, without unpacking anything to the disk under a name of theirs.

Members are described by where their bytes lie (:mod:`nlsearch.sandbox.layers`), so that workers open them directly.  An
archive that lies inside a compressed stream is unpacked once into a *spool*, a nameless temporary file that goes when
its members are read.

Refused, each as one failure: names that leave the archive, links, devices, encrypted members, members over a cap.
Formats: ZIP (PKWARE APPNOTE 6.3) and tar (POSIX.1-2001, GNU), each plain or compressed by gzip, bzip2 or xz.
"""

from __future__ import annotations

import hashlib
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.smallreads import SmallReads
from nlsearch.index.storage import writing
from nlsearch.ingest.detect import Recognised
from nlsearch.limits import Limits
from nlsearch.model import Failure
from nlsearch.sandbox.layers import RATIO_FLOOR, Layer, translated
from nlsearch.sandbox.sources import Caps, FileSource, MemberSource, plain_name, visible

_COPY_BYTES = 2**20
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_ENCRYPTED = 0x1


@dataclass(slots=True)
class Spool:
    """A temporary file that is deleted when the listing and all of its users have released it."""

    path: Path
    users: int = 1

    def release(self) -> None:
        """Give up one use."""
        self.users -= 1
        if not self.users:
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Member:
    """A member as its archive describes it: the source, when it changed, and a checksum with its method."""

    source: MemberSource
    mtime_ns: int
    checksum: str
    spool: Spool | None = None


@dataclass(slots=True)
class Lister:
    """Lists the members of one archive on disk and of archives in it, which share its caps.

    Parameters
    ----------
    limits : Limits
    work : Path
        Where spools are made.
    """

    limits: Limits
    work: Path
    _members: int = 0
    _bytes: int = 0
    _spools: int = 0
    _names: dict[str, int] = field(default_factory=dict)

    def members(self, archive: Recognised, depth: int = 1, spool: Spool | None = None) -> Iterator[Member | Failure]:
        """Yield every member of `archive` that is a file, and a failure for each that is refused.

        Parameters
        ----------
        archive : Recognised
            With `container` set.
        depth : int
            1 for an archive on disk, 2 for one inside it.
        spool : Spool, optional
            That the archive itself lies in.

        Raises
        ------
        InputError
            If the archive cannot be listed, or not to its end; what was yielded before stands.
        StorageFull
            If the disk has no room for a spool.
        """
        self.limits.check("container_depth", depth)
        source, own = self._accessible(archive.source)
        try:
            with source.stream() as content, translated(), _tar_errors():
                guarded = cast("BinaryIO", SmallReads(content, self.limits.container_members))
                listing = self._zip(guarded, source) if archive.container == "zip" else self._tar(guarded, source)
                for member in listing:
                    if isinstance(member, Member):
                        member = replace(member, spool=own or spool)  # noqa: PLW2901
                    yield member
        finally:
            if own is not None:
                own.release()

    # ------------------------------------------------------------------------------------------------------- formats
    def _zip(self, content: BinaryIO, archive: FileSource | MemberSource) -> Iterator[Member | Failure]:
        with zipfile.ZipFile(content) as directory:
            for entry in directory.infolist():
                if entry.is_dir():
                    continue
                self._count(entry.file_size)
                path = self._path(archive.path, entry.filename)
                reason = self._zip_refusal(entry)
                if reason is not None:
                    yield _failed(path, reason)
                    continue
                layer: Layer = (
                    "zip", entry.header_offset, entry.compress_size, entry.file_size, entry.compress_type, entry.CRC,
                )  # fmt: skip
                source = _member(archive, path, entry.filename, layer, entry.file_size, Caps.of(self.limits))
                yield Member(source, 0, f"crc32:{entry.CRC:08x}")

    def _zip_refusal(self, entry: zipfile.ZipInfo) -> InputError | None:
        if _leaves(entry.filename):
            return UnsupportedFeature("its name leaves the archive")
        if stat.S_ISLNK(entry.external_attr >> 16):
            return UnsupportedFeature("it is a link")
        if entry.flag_bits & _ENCRYPTED:
            return UnsupportedFeature("it is encrypted")
        if entry.compress_type not in _METHODS:
            return UnsupportedFeature(f"ZIP compression method {entry.compress_type} is not supported")
        if entry.file_size > max(RATIO_FLOOR, entry.compress_size * self.limits.container_ratio):
            ratio = entry.file_size // max(1, entry.compress_size)
            return LimitExceeded(f"it unpacks {ratio:,} times, over the cap container_ratio")
        return self._too_large(entry.file_size)

    def _tar(self, content: BinaryIO, archive: FileSource | MemberSource) -> Iterator[Member | Failure]:
        with tarfile.open(fileobj=content, mode="r:") as directory:
            for entry in directory:
                directory.members = []  # type: ignore[attr-defined]  # else every header stays in memory
                if entry.isdir():
                    continue
                self._count(entry.size)
                path = self._path(archive.path, visible(entry.name))
                reason = self._tar_refusal(entry)
                if reason is not None:
                    yield _failed(path, reason)
                    continue
                layer: Layer = ("slice", entry.offset_data, entry.size)
                source = _member(archive, path, visible(entry.name), layer, entry.size, Caps.of(self.limits))
                yield Member(source, int(entry.mtime * 10**9), _hashed(content, entry))
            content.seek(directory.offset)  # tarfile takes a damaged header for the end
            if content.read(tarfile.BLOCKSIZE).strip(tarfile.NUL):
                raise MalformedContent(f"the archive is damaged after its member number {self._members}")

    def _tar_refusal(self, entry: tarfile.TarInfo) -> InputError | None:
        if _leaves(entry.name):
            return UnsupportedFeature("its name leaves the archive")
        if entry.issym() or entry.islnk():
            return UnsupportedFeature("it is a link")
        if not entry.isreg() or entry.issparse():
            return UnsupportedFeature("it is a device or a sparse file")
        return self._too_large(entry.size)

    # ---------------------------------------------------------------------------------------------------------- caps
    def _count(self, size: int) -> None:
        self._members += 1
        self._bytes += size
        self.limits.check("container_members", self._members)
        self.limits.check("container_bytes", self._bytes)

    def _too_large(self, size: int) -> InputError | None:
        try:
            self.limits.check("source_bytes", size)
        except LimitExceeded as error:
            return error
        return None

    def _path(self, archive: str, name: str) -> str:
        """Return the path of a member; the second of the same name gets ``~2``."""
        while name.startswith("./"):
            name = name[2:]
        path = f"{archive}/{name}"
        self._names[path] = count = self._names.get(path, 0) + 1
        return path if count == 1 else f"{path}~{count}"

    # --------------------------------------------------------------------------------------------------------- spools
    def _accessible(self, source: FileSource | MemberSource) -> tuple[FileSource | MemberSource, Spool | None]:
        """Return the source such that seeking in it is cheap, unpacking it into a spool if need be."""
        if all(layer[0] == "slice" for layer in source.place[1]):
            return source, None
        self._spools += 1
        path = self.work / f"spool-{id(self):x}-{self._spools}"
        spool = Spool(path)
        with ExitStack() as undo:
            undo.callback(spool.release)
            self._copy(source, path)
            undo.pop_all()
        size = path.stat().st_size
        spooled = MemberSource(
            source.path, source.name, "", source.file, source.layers, size, source.caps, (str(path), ())
        )
        return spooled, spool

    def _copy(self, source: FileSource | MemberSource, path: Path) -> None:
        with source.open() as content, writing(path):
            copied = 0
            with path.open("wb") as file:
                while chunk := content.read(_COPY_BYTES):
                    copied += len(chunk)
                    self.limits.check("container_bytes", self._bytes + copied)
                    file.write(chunk)


class _tar_errors:  # noqa: N801 - a context manager that reads like a function
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, tarfile.TarError | UnicodeError | OverflowError | ValueError):
            raise MalformedContent(f"the archive is damaged or cut short: {error}") from error


def _member(
    archive: FileSource | MemberSource, path: str, name: str, layer: Layer, size: int, caps: Caps
) -> MemberSource:
    """Describe a member; its own `name` tells what it is, as the `path` of the second of the same name ends in ~2."""
    spool = None
    if isinstance(archive, MemberSource) and archive.spool is not None:
        spool = (archive.spool[0], (*archive.spool[1], layer))
    return MemberSource(path, plain_name(name), "", archive.file, (*archive.layers, layer), size, caps, spool)


def _leaves(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or parts[0] == "/" or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":")


def _failed(path: str, error: InputError) -> Failure:
    return Failure(path, "", f"{error.message} ({error.hint})" if error.hint else error.message, error.code)


def _hashed(content: BinaryIO, entry: tarfile.TarInfo) -> str:
    """Return the checksum of a member's bytes; reading them here also brings them into the page cache."""
    digest = hashlib.sha256()
    content.seek(entry.offset_data)
    left = entry.size
    while left and (chunk := content.read(min(left, _COPY_BYTES))):
        digest.update(chunk)
        left -= len(chunk)
    return f"sha256:{digest.hexdigest()}"
