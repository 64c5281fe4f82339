"""Tells what a file is: by its bytes first, then by its name.

Order of evidence, strongest first: a magic prefix (with the right suffix before without, then the longest), a pattern
(with the right suffix before without), a suffix of a format that has neither, and last a suffix whose bytes do not fit,
so that the handler can say what is wrong with the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from nlsearch.errors import LimitExceeded, MalformedContent, UnknownKind
from nlsearch.handlers.contract import Format
from nlsearch.handlers.registry import Registry
from nlsearch.handlers.texts import is_utf16
from nlsearch.limits import Limits
from nlsearch.model import Json
from nlsearch.sandbox.layers import PACKINGS
from nlsearch.sandbox.sources import Caps, FileSource, MemberSource, plain_name, visible

HEAD_BYTES = 8192
_BOM = b"\xef\xbb\xbf"
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PACKAGES = frozenset({"docx", "xlsx", "pptx", "odt", "ods", "odp", "odg", "epub", "jar", "apk", "whl", "npz", "ipynb"})


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a source is: content of a `kind`, or a container (``"zip"``, ``"tar"``) of further sources.

    `source` is the source with its compression undone and its format filled in.
    """

    source: FileSource | MemberSource
    kind: str = ""
    container: Literal["", "zip", "tar"] = ""


def detect(head: bytes, name: str, registry: Registry) -> tuple[str, Format] | None:
    """Find the kind and format of content.

    Parameters
    ----------
    head : bytes
        The first 8 KiB, decompressed.
    name : str
        The file's name, without a compression suffix.
    registry : Registry

    Returns
    -------
    (kind, Format) or None
        None if no handler knows it.
    """
    best: tuple[tuple[int, ...], str, Format] | None = None
    for handler in registry:
        for form in handler.formats:
            rank = _rank(form, head, name.lower())
            if rank is not None and (best is None or rank > best[0]):
                best = (rank, handler.kind, form)
    return None if best is None else best[1:]


def recognise(source: FileSource | MemberSource, registry: Registry, limits: Limits) -> Recognised | None:
    """Look into a source, undoing compressions, and tell what it is; None if nobody knows.

    Raises
    ------
    InputError
        If it cannot be read, or is packed more often than the cap ``container_depth`` allows.
    """
    source, head = unpacked(source, limits)
    return _told(source, head, registry)


def unpacked(source: FileSource | MemberSource, limits: Limits) -> tuple[FileSource | MemberSource, bytes]:
    """Undo the compressions of a source; return what they held, and its first 8 KiB.

    Raises
    ------
    InputError
        If it cannot be read, or is packed more often than the cap ``container_depth`` allows.
    """
    head = read_head(source)
    for _ in range(limits.container_depth + 1):
        packing = next((name for name, magic in PACKINGS.items() if head.startswith(magic)), None)
        if packing is None:
            return source, head
        source = replace(source, layers=(*source.layers, (packing,)))
        if isinstance(source, MemberSource) and source.spool is not None:
            source = replace(source, spool=(source.spool[0], (*source.spool[1], (packing,))))
        source = replace(source, name=plain_name(source.name))
        head = read_head(source)
    raise LimitExceeded(f"it is packed more than container_depth = {limits.container_depth} times")


def _told(source: FileSource | MemberSource, head: bytes, registry: Registry) -> Recognised | None:
    found = detect(head, source.name, registry)
    if found is not None:
        return Recognised(replace(source, format=found[1].name), found[0])
    if head[257:262] == b"ustar" or (source.name.lower().endswith(".tar") and _is_old_tar(head)):
        return Recognised(source, container="tar")
    if head.startswith(_ZIPS) and source.name.rpartition(".")[2].lower() not in _PACKAGES:
        return Recognised(source, container="zip")
    return None


def read_head(source: FileSource | MemberSource) -> bytes:
    """Read the first 8 KiB of a source.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with source.stream() as content:
            return content.read(HEAD_BYTES)
    except OSError as exc:
        raise MalformedContent(f"cannot be read: {exc.strerror or exc}") from exc
    except MemoryError as exc:  # an .xz file says how much it wants, up to 4 GiB
        raise LimitExceeded("unpacking it needs more memory than there is") from exc


def identify(
    path: Path, registry: Registry, limits: Limits, kind: str | None = None, more: Sequence[Format] = ()
) -> tuple[str, dict[str, Json]]:
    """Tell what a single file is, for query by example.

    Parameters
    ----------
    path : Path
    registry : Registry
    limits : Limits
    kind : str, optional
        Take it for this kind; its format is then the best of that kind's formats.
    more : sequence of Format
        Formats of other kinds that count as formats of `kind`.

    Returns
    -------
    kind : str
    description : dict
        What a worker opens.

    Raises
    ------
    UnknownKind
        If no handler (or not that of `kind`) knows it, or it is an archive.
    InputError
        If it cannot be read.
    """
    source = _file(path, limits)
    told = recognise(source, registry, limits)
    if kind is not None and (told is None or told.kind != kind):
        found, head = unpacked(source, limits)
        formats = (*registry.get(kind).formats, *more)
        fitting = max(formats, key=lambda form: _rank(form, head, found.name.lower()) or ())
        return kind, replace(found, format=fitting.name).describe()
    if told is None:
        raise UnknownKind("no handler knows what this file is", locator=source.path)
    if told.container:
        raise UnknownKind("an archive is not an example; name one of its members by its id", locator=source.path)
    return told.kind, told.source.describe()


def kind_of(path: Path, registry: Registry, limits: Limits) -> tuple[str, dict[str, Json]] | None:
    """Tell as what kind a single file would be indexed, and what a worker opens; None for no kind, or an archive.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    told = recognise(_file(path, limits), registry, limits)
    return None if told is None or told.container else (told.kind, told.source.describe())


def identify_as(path: Path, formats: Sequence[Format], registry: Registry, limits: Limits) -> dict[str, Json]:
    """Tell which of some formats a single file is of, whatever kind it would be indexed as.

    Returns
    -------
    dict
        What a worker opens.

    Raises
    ------
    UnknownKind
        If it is of none of them.
    InputError
        If it cannot be read.
    """
    source, head = unpacked(_file(path, limits), limits)
    ranks = [(rank, form) for form in formats if (rank := _rank(form, head, source.name.lower())) is not None]
    if not ranks:
        names = ", ".join(form.name for form in formats)
        told = _told(source, head, registry)
        found = unknown(source) if told is None else f"it is {told.container or told.source.format}"
        raise UnknownKind(f"{found}; wanted is one of {names}", locator=source.path)
    _, best = max(ranks, key=lambda ranked: ranked[0])
    return replace(source, format=best.name).describe()


def _file(path: Path, limits: Limits) -> FileSource:
    file = str(path.absolute())
    return FileSource(visible(file), plain_name(visible(file)), "", file, caps=Caps.of(limits))


def unknown(source: FileSource | MemberSource) -> str:
    """Say why a source is not recognised."""
    if not read_head(source):
        return "the file is empty"
    suffix = source.name.rpartition(".")[2]
    return f"no handler knows such content{f' (.{suffix})' if '.' in source.name else ''}"


def signature(registry: Registry) -> str:
    """Return a short name of what `registry` can recognise; it changes when a kind, version or format does."""
    facts = [(handler.kind, handler.version, [repr(form) for form in handler.formats]) for handler in registry]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _rank(form: Format, head: bytes, name: str) -> tuple[int, ...] | None:
    """Return how strongly the evidence speaks for a format, higher is stronger; None if nothing does."""
    suffix = max((len(end) for end in form.suffixes if name.endswith(end)), default=0)
    magic = max((len(prefix) for prefix in form.magic if head.startswith(prefix)), default=0)
    if magic:
        return (5, bool(suffix), magic, suffix)
    if any(map(form.fits, _readings(head))):
        return (4 if suffix else 3, suffix)
    if suffix:
        return (1 if form.magic or form.pattern else 2, suffix)
    return None


def _readings(head: bytes) -> Iterator[bytes]:
    yield head
    if head.startswith(_BOM):
        yield head[len(_BOM) :]
    elif is_utf16(head):
        yield head.decode("utf-16", "replace").encode()


def _is_old_tar(head: bytes) -> bool:
    """Check the header's checksum, all that tars before POSIX have (the field itself counts as eight spaces)."""
    field = head[148:156].split(b"\0")[0].strip()
    try:
        return len(head) >= 512 and int(field, 8) == sum(head[:148]) + 8 * 32 + sum(head[156:512])
    except ValueError:
        return False
