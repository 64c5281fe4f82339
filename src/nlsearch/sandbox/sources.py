"""Sources that any process can open from a JSON description: files, and members of containers.

A description names the file on disk, the layers between it and the content (:mod:`nlsearch.sandbox.layers`), and the
caps that hold while it is unpacked.  A member of a compressed tar may also name a temporary *spool*, the tar already
unpacked; it is used while it exists.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from nlsearch.errors import InputError, LimitExceeded, MalformedContent
from nlsearch.limits import Limits, how_to_raise
from nlsearch.model import Json
from nlsearch.sandbox.layers import IN_MEMORY, PACKING_SUFFIXES, Guarded, Layer, translated, unwrap

_BUFFER = 2**18


@dataclass(frozen=True, slots=True)
class Caps:
    """The caps of :class:`~nlsearch.limits.Limits` that hold while bytes are unpacked."""

    source_bytes: int
    container_ratio: int

    @classmethod
    def of(cls, limits: Limits) -> Caps:
        """Take them from `limits`."""
        return cls(limits.source_bytes, limits.container_ratio)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on disk, possibly compressed as a whole (``x.sdf.gz`` has the name ``x.sdf``).

    Parameters
    ----------
    path : str
        As users see it.
    name : str
        The last part, without a compression suffix.
    format : str
        Name of the detected format.
    file : str
        The file on disk; undecodable bytes of its name as surrogate escapes.
    layers : tuple of Layer
        ``()`` or one compression.
    caps : Caps
    companions : tuple of FileSource or MemberSource
        The files beside it that are read with it.
    """

    path: str
    name: str
    format: str
    file: str
    layers: tuple[Layer, ...] = ()
    caps: Caps = Caps(Limits().source_bytes, Limits().container_ratio)
    companions: tuple[FileSource | MemberSource, ...] = ()

    def open(self) -> BinaryIO:
        """Open the content for reading, decompressed and seekable.

        Raises
        ------
        InputError
            If the file cannot be read, or is over the cap ``source_bytes``; while reading, if it is damaged or a cap
            refuses it.
        """
        stream = self.stream()
        size = 0 if self.layers else os.fstat(stream.fileno()).st_size
        if size > self.caps.source_bytes:
            stream.close()
            raise LimitExceeded(
                f"{size:,} bytes are over the cap source_bytes = {self.caps.source_bytes:,}",
                hint=how_to_raise("source_bytes"),
            )
        return stream

    def stream(self) -> BinaryIO:
        """Open the content without looking at its size, as a container wants it."""
        return _open(self.file, self.layers, self.caps)

    @property
    def place(self) -> tuple[str, tuple[Layer, ...]]:
        """The file, and the layers in it, from which the content is opened."""
        return self.file, self.layers

    def describe(self) -> dict[str, Json]:
        """Return the JSON that :func:`open_description` opens."""
        return _described(self, {})


@dataclass(frozen=True, slots=True)
class MemberSource:
    """A member of a container; see :class:`FileSource` for what is not said here.

    Parameters
    ----------
    layers : tuple of Layer
        From the file on disk to the content.
    size : int
        Unpacked bytes of the member, as the container says.
    spool : (str, tuple of Layer), optional
        A temporary file from which the content is opened faster.
    """

    path: str
    name: str
    format: str
    file: str
    layers: tuple[Layer, ...]
    size: int
    caps: Caps = Caps(Limits().source_bytes, Limits().container_ratio)
    spool: tuple[str, tuple[Layer, ...]] | None = None
    companions: tuple[FileSource | MemberSource, ...] = ()

    def open(self) -> BinaryIO:
        """Open the content for reading, decompressed and seekable.

        Raises
        ------
        InputError
            If the container cannot be read; while reading, if it is damaged or a cap refuses it.
        """
        packed_again = bool(self.layers) and self.layers[-1][0] not in {"slice", "zip"}
        stream = self.stream()
        if packed_again or self.size > IN_MEMORY:
            return stream
        with stream:
            return io.BytesIO(stream.read())

    def stream(self) -> BinaryIO:
        """Open the content where it lies; :meth:`open` reads small members into memory, where seeking is cheap."""
        file, layers = self.place
        return _open(file, layers, self.caps)

    @property
    def place(self) -> tuple[str, tuple[Layer, ...]]:
        """The file, and the layers in it, from which the content is opened now."""
        if self.spool is not None and Path(self.spool[0]).exists():
            return self.spool
        return self.file, self.layers

    def describe(self) -> dict[str, Json]:
        """Return the JSON that :func:`open_description` opens."""
        extra: dict[str, Json] = {"size": self.size}
        if self.spool is not None:
            extra["spool"] = [self.spool[0], [list(layer) for layer in self.spool[1]]]
        return _described(self, extra)


def open_description(description: Mapping[str, Json]) -> FileSource | MemberSource:
    """Make the source that ``describe`` described; nothing is opened yet.

    Raises
    ------
    MalformedContent
        If it is no such description.
    """
    try:
        path, name, form = (str(description[key]) for key in ("path", "name", "format"))
        file = _named(description["file"])
        layers = tuple(tuple(layer) for layer in description["layers"])
        caps = Caps(*(int(cap) for cap in description["caps"]))
        companions = tuple(open_description(one) for one in description.get("companions", ()))
        if "size" not in description:
            return FileSource(path, name, form, file, layers, caps, companions)
        spool = description.get("spool")
        fast = None if spool is None else (str(spool[0]), tuple(tuple(layer) for layer in spool[1]))
        return MemberSource(path, name, form, file, layers, int(description["size"]), caps, fast, companions)
    except (KeyError, TypeError, ValueError) as exc:
        raise MalformedContent(f"not the description of a source: {exc!r}") from exc


def visible(path: str) -> str:
    r"""Return `path` as users see it: bytes that are not UTF-8 become ``\xNN``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def plain_name(path: str) -> str:
    """Return the last part of `path` without a compression suffix."""
    name = PurePosixPath(path).name
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and dot + suffix.lower() in PACKING_SUFFIXES else name


def _described(source: FileSource | MemberSource, extra: dict[str, Json]) -> dict[str, Json]:
    if source.companions:
        extra["companions"] = [companion.describe() for companion in source.companions]
    return {
        "path": source.path,
        "name": source.name,
        "format": source.format,
        "file": _naming(source.file),
        "layers": [list(layer) for layer in source.layers],
        "caps": [source.caps.source_bytes, source.caps.container_ratio],
        **extra,
    }


def _naming(file: str) -> Json:
    """Return a file name as JSON: names that are not UTF-8 as hexadecimal bytes."""
    try:
        file.encode("utf-8")
    except UnicodeEncodeError:
        return {"hex": os.fsencode(file).hex()}
    return file


def _named(naming: Json) -> str:
    return naming if isinstance(naming, str) else os.fsdecode(bytes.fromhex(naming["hex"]))


def _open(file: str, layers: tuple[Layer, ...], caps: Caps) -> BinaryIO:
    """Open `file` behind `layers` within `caps`."""
    try:
        outer = Path(file).open("rb")  # noqa: SIM115 - closed by the stream that is returned
        size = os.fstat(outer.fileno()).st_size
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise InputError(f"cannot be read: {reason}") from exc
    if not layers:
        return outer
    with translated():
        inner = unwrap(outer, layers)
    packed = _packed_size(size, layers)
    return io.BufferedReader(Guarded(inner, caps.source_bytes, packed, caps.container_ratio), _BUFFER)


def _packed_size(size: int, layers: tuple[Layer, ...]) -> int | None:
    """Return how many packed bytes the content is made from; None if nothing was packed."""
    packed: int | None = None
    for layer in layers:
        if layer[0] == "slice":
            size = int(layer[2])
        elif layer[0] == "zip":
            size = packed = int(layer[2])
        else:
            packed = size
    return packed
