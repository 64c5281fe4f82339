"""Compressed MusicXML: the score in a ZIP whose ``META-INF/container.xml`` names it.

Nothing is unpacked to the disk.  Caps are those of archives: ``source_bytes``, ``container_members`` and
``container_ratio`` of :mod:`nlsearch.limits`.

References
----------
MusicXML 4.0, W3C Music Notation Community Group 2021, "Compressed .MXL files"; PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

from nlsearch.errors import LimitExceeded, MalformedContent, UnsupportedFeature
from nlsearch.handlers.score.formats.xmltree import Wanted, branches
from nlsearch.handlers.smallreads import SmallReads
from nlsearch.limits import MIB, Limits

MAGIC = b"PK\x03\x04"
_CONTAINER = "META-INF/container.xml"
_CONTAINER_BYTES = MIB
_SUFFIXES = (".musicxml", ".xml")
_FLOOR = 16 * MIB
"""Below so many bytes nothing is a bomb, however well it was packed."""
_ENCRYPTED = 0x1


@contextmanager
def rootfile(stream: BinaryIO, limits: Limits, warnings: list[str]) -> Iterator[BinaryIO]:
    """Open the score that a compressed MusicXML holds.

    Parameters
    ----------
    stream : BinaryIO
        Seekable.
    limits : Limits
    warnings : list of str
        Gets what is odd about the container.

    Raises
    ------
    MalformedContent
        If it is no ZIP, is damaged (also while the score is read), names no score, or one that is not there.
    UnsupportedFeature
        If the score is encrypted, or packed in a way that the standard library cannot undo.
    LimitExceeded
        If a cap is exceeded.
    """
    with _translated():
        archive = zipfile.ZipFile(cast("BinaryIO", SmallReads(stream, limits.container_members)))
        limits.check("container_members", len(archive.filelist))
        entry = _entry(archive, limits, warnings)
        _check(entry, limits)
        content = archive.open(entry)
    with archive, content:
        yield cast("BinaryIO", _Member(content))


def member(stream: BinaryIO, limits: Limits, name: str) -> bytes:
    """Return a file of an archive, unpacked.

    Raises
    ------
    MalformedContent
        If it is no ZIP, is damaged, or has no such file.
    UnsupportedFeature
        If the file is encrypted, or packed in a way that the standard library cannot undo.
    LimitExceeded
        If a cap is exceeded, ``record_bytes`` among them.
    """
    with _translated(), zipfile.ZipFile(cast("BinaryIO", SmallReads(stream, limits.container_members))) as archive:
        limits.check("container_members", len(archive.filelist))
        if name not in archive.NameToInfo:
            raise MalformedContent(f"the archive holds no {name}")
        entry = archive.NameToInfo[name]
        _check(entry, limits)
        limits.check("record_bytes", entry.file_size)
        return archive.read(entry)


def _entry(archive: zipfile.ZipFile, limits: Limits, warnings: list[str]) -> zipfile.ZipInfo:
    """Return the entry of the score: the first root file that is MusicXML (others are PDF, audio …)."""
    if _CONTAINER in archive.NameToInfo:
        name = _named(archive, limits)
        if name in archive.NameToInfo:
            return archive.NameToInfo[name]
        warnings.append(f"{_CONTAINER} names {name[:100]!r}, which is not in the archive")
    else:
        warnings.append(f"the archive has no {_CONTAINER}")
    for entry in archive.filelist:
        if entry.filename.lower().endswith(_SUFFIXES) and not entry.filename.startswith(("META-INF/", "__MACOSX/")):
            return entry
    raise MalformedContent(f"no score in the archive: {warnings[-1]}, and nothing else in it is MusicXML")


def _named(archive: zipfile.ZipFile, limits: Limits) -> str:
    entry = archive.NameToInfo[_CONTAINER]
    if entry.file_size > _CONTAINER_BYTES:
        raise LimitExceeded(f"{_CONTAINER} is of {entry.file_size:,} bytes, over {_CONTAINER_BYTES:,}")
    _check(entry, limits)
    with archive.open(entry) as content:
        for element, _, _ in branches(cast("BinaryIO", content), limits, Wanted(frozenset({"rootfile"}))):
            name = element.get("full-path", "")
            if element.tag == "rootfile" and "musicxml" in element.get("media-type", "musicxml"):
                break
        else:
            raise MalformedContent(f"{_CONTAINER} names no MusicXML")
    if ".." in name.replace("\\", "/").split("/") or name.startswith(("/", "\\")) or name[1:2] == ":":
        raise MalformedContent(f"{_CONTAINER} names a file outside of the archive: {name[:100]!r}")
    return name.removeprefix("./")


def _check(entry: zipfile.ZipInfo, limits: Limits) -> None:
    """Refuse what is encrypted or over a cap; zipfile gives no more bytes than the directory says."""
    if entry.flag_bits & _ENCRYPTED:
        raise UnsupportedFeature(f"{entry.filename[:100]!r} is encrypted")
    if entry.file_size > max(_FLOOR, entry.compress_size * limits.container_ratio):
        ratio = entry.file_size // max(1, entry.compress_size)
        raise LimitExceeded(f"{entry.filename[:100]!r} unpacks {ratio:,} times, over the cap container_ratio")
    limits.check("source_bytes", entry.file_size)


class _Member:
    """A packed file whose damage is told by typed errors."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def read(self, size: int = -1) -> bytes:
        """Read and unpack."""
        with _translated():
            return self._inner.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go elsewhere in the unpacked bytes."""
        with _translated():
            return self._inner.seek(offset, whence)


@contextmanager
def _translated() -> Iterator[None]:
    """Translate what zipfile raises for damaged archives."""
    try:
        yield
    except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, struct.error, ValueError, OverflowError) as exc:
        raise MalformedContent(f"the compressed MusicXML is damaged or cut short: {exc}") from exc
    except NotImplementedError as exc:
        raise UnsupportedFeature(f"packed in a way that is not supported: {exc}") from exc
    except OSError as exc:
        if exc.errno is None:  # bz2 raises a bare OSError for bad data
            raise MalformedContent(f"the compressed MusicXML is damaged: {exc}") from exc
        raise
