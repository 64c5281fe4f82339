"""Opening bytes that lie inside other bytes: slices of a tar, members of a ZIP, compressed streams.

A :data:`Layer` is a small JSON list that turns one seekable stream into another:

=====================================  ==============================================================
``["gz"]`` ``["bz2"]`` ``["xz"]``          decompress the whole stream
``["slice", offset, size]``              the bytes [offset, offset + size), as a tar keeps its members
``["zip", offset, packed, size, method, crc]``  the ZIP member whose local header is at `offset`
=====================================  ==============================================================

Opening a member costs one seek: directories of archives are read once, when they are listed, never again by workers.
References: RFC 1952 (gzip), POSIX.1-2001 (pax tar), PKWARE APPNOTE 6.3 section 4.3.7 (local file header).
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Protocol, TypeAlias, cast

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.limits import how_to_raise
from nlsearch.model import Json

Layer: TypeAlias = Sequence[Json]
PACKINGS: dict[str, bytes] = {"gz": b"\x1f\x8b\x08", "bz2": b"BZh", "xz": b"\xfd7zXZ\x00"}
"""First bytes of the compressions that are undone without being mentioned in paths."""
PACKING_SUFFIXES: dict[str, str] = {".gz": "gz", ".bz2": "bz2", ".xz": "xz"}
RATIO_FLOOR = 16 * 2**20
"""Below so many bytes nothing is a bomb, however well it was packed."""
IN_MEMORY = 16 * 2**20
_BUFFER = 2**18
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def close(self) -> None: ...


@contextmanager
def translated() -> Iterator[None]:
    """Translate what decompressors raise for damaged data.

    Raises
    ------
    MalformedContent
        If the data is damaged or cut short.
    UnsupportedFeature
        If it is packed in a way that the standard library cannot undo.
    InputError
        If the operating system refuses to read.
    """
    try:
        yield
    except zipfile.BadZipFile as exc:
        reason = str(exc)
        if reason.startswith("Bad CRC-32"):  # for a name that nobody gave it
            reason = "its bytes do not have the CRC-32 that the archive's directory gives"
        raise MalformedContent(f"the packed data is damaged or cut short: {reason}") from exc
    except (EOFError, zlib.error, lzma.LZMAError) as exc:
        raise MalformedContent(f"the packed data is damaged or cut short: {exc}") from exc
    except NotImplementedError as exc:
        raise UnsupportedFeature(f"packed in a way that is not supported: {exc}") from exc
    except OSError as exc:
        if exc.errno is None:  # gzip and bz2 raise bare OSErrors for bad data
            raise MalformedContent(f"the packed data is damaged or cut short: {exc}") from exc
        raise InputError(f"cannot be read: {exc.strerror}") from exc


class Window(io.RawIOBase):
    """The bytes [offset, offset + size) of another stream, which it closes with itself."""

    def __init__(self, outer: _Readable, offset: int, size: int) -> None:
        self._outer = outer
        self._offset = offset
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move within the window; beyond its end there is nothing to read."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative position")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` from the outer stream, never past the window."""
        wanted = max(0, min(len(buffer), self._size - self._at))
        if not wanted:
            return 0
        self._outer.seek(self._offset + self._at)
        content = self._outer.read(wanted)
        if not content:
            raise EOFError("it ends before its member does")
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def close(self) -> None:
        """Close the outer stream as well."""
        if not self.closed:
            self._outer.close()
        super().close()


class Guarded(io.RawIOBase):
    """A stream that raises :class:`LimitExceeded` instead of unpacking more than allowed, and typed errors only.

    Parameters
    ----------
    inner : stream
        Decompressed bytes.
    cap_bytes : int
        The cap ``source_bytes``.
    packed : int or None
        Bytes that `inner` is made from; None if it is not packed.
    cap_ratio : int
        The cap ``container_ratio``.
    """

    def __init__(self, inner: _Readable, cap_bytes: int, packed: int | None, cap_ratio: int) -> None:
        self._inner = inner
        self._read = getattr(inner, "read1", inner.read)  # gives what there is before it says that the rest is cut off
        self._at = 0
        self._cap = cap_bytes
        self._bomb = None if packed is None else max(RATIO_FLOOR, packed * cap_ratio)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; seeking to the end unpacks up to there, within the caps."""
        if whence == os.SEEK_END:
            while self.read(_BUFFER):
                pass
            offset += self._at
        elif whence == os.SEEK_CUR:
            offset += self._at
        if offset < 0:
            raise ValueError("negative position")
        self._check(offset)
        with translated():
            self._at = self._inner.seek(offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer`; raise once the stream has given more than the caps allow."""
        with translated():
            content = self._read(len(buffer))
        buffer[: len(content)] = content
        self._at += len(content)
        self._check(self._at)
        return len(content)

    def _check(self, at: int) -> None:
        if at > self._cap:
            raise LimitExceeded(
                f"it unpacks to more than the cap source_bytes = {self._cap:,}",
                hint=how_to_raise("source_bytes"),
            )
        if self._bomb is not None and at > self._bomb:
            raise LimitExceeded(
                f"it unpacks to {at:,} bytes and more, over the cap container_ratio",
                hint=how_to_raise("container_ratio"),
            )

    def close(self) -> None:
        """Close the inner stream as well."""
        if not self.closed:
            self._inner.close()
        super().close()


def unwrap(file: BinaryIO, layers: Sequence[Layer]) -> _Readable:
    """Open what lies inside `file` behind `layers`; closing it closes `file`."""
    stream: _Readable = file
    with ExitStack() as undo:
        undo.callback(stream.close)
        for layer in layers:
            stream = _apply(layer, stream)
            undo.callback(stream.close)
        undo.pop_all()
    return stream


def _apply(layer: Layer, outer: _Readable) -> _Readable:
    name = layer[0]
    if name == "slice":
        return Window(outer, int(layer[1]), int(layer[2]))
    if name == "zip":
        return _zip_member(outer, *(int(number) for number in layer[1:]))
    if name == "gz":
        return _Owning(gzip.GzipFile(fileobj=cast("BinaryIO", outer), mode="rb"), outer)
    if name == "bz2":
        return _Owning(bz2.BZ2File(cast("BinaryIO", outer)), outer)
    if name == "xz":
        return _Owning(lzma.LZMAFile(cast("BinaryIO", outer)), outer)
    raise InputError(f"no layer is called {name!r}")


class _Owning:
    """A decompressing stream that closes the stream under it, which Python's own do not."""

    def __init__(self, inner: _Readable, outer: _Readable) -> None:
        self._inner = inner
        self._outer = outer
        self.read = inner.read
        self.read1 = getattr(inner, "read1", inner.read)
        self.seek = inner.seek

    def close(self) -> None:
        """Close both streams."""
        self._inner.close()
        self._outer.close()


def _zip_member(outer: _Readable, offset: int, packed: int, size: int, method: int, crc: int) -> _Readable:
    outer.seek(offset)
    header = outer.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise MalformedContent("the archive has no member where its directory says")
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    info = zipfile.ZipInfo()
    info.compress_type, info.compress_size, info.file_size, info.CRC = method, packed, size, crc
    content = Window(outer, offset + _LOCAL_HEADER.size + name_length + extra_length, packed)
    return cast("_Readable", zipfile.ZipExtFile(content, "r", info, close_fileobj=True))
