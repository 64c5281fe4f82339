"""Finds the files that are read with a file: those beside it that its format declares as companions.

Only entries of the same folder count, or of the same folder of the same archive, by their names alone; a link is
followed as the walk follows it.  What an ignore file or an exclusion leaves out is not looked at.  What is no content
of the wanted format is no companion; what cannot be read is one, so that the handler can say so.

The catalog keeps what was beside a source when it was read, with sizes, times and checksums (``beside`` in
:attr:`~nlsearch.index.snapshot.SourceRow.opener`): the source is unchanged while these are.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from nlsearch.errors import InputError
from nlsearch.handlers.contract import Companions, Format
from nlsearch.handlers.registry import Registry
from nlsearch.index.snapshot import SourceRow
from nlsearch.ingest.detect import recognise
from nlsearch.ingest.walk import Folder
from nlsearch.limits import Limits
from nlsearch.model import Json
from nlsearch.sandbox.sources import Caps, FileSource, MemberSource, plain_name, visible

UNREADABLE = -1
"""The modification time of a companion that could not be read: it is looked at again next time."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A file that goes with another by its name.

    `form` is the format that its name says, `among` are the formats that it may be of; the checksum of a file on disk
    is ``""`` until it is needed.
    """

    source: FileSource | MemberSource
    form: Format
    among: tuple[str, ...]
    size: int
    mtime_ns: int
    checksum: str = ""

    @property
    def state(self) -> list[Json]:
        """What the catalog keeps."""
        return [self.source.path, self.size, self.mtime_ns, self.checksum]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a format wants beside its files, and the formats that it names."""

    form: Format
    companions: Companions
    formats: tuple[Format, ...]

    def form_of(self, name: str) -> Format | None:
        """Return the format that a companion has by its name."""
        return next((form for form in self.formats if name.lower().endswith(form.suffixes)), None)


class Finder:
    """Finds companions.

    Parameters
    ----------
    registry : Registry
    limits : Limits
    known : mapping of str to SourceRow
        What the catalog says of files, by path: their checksums need not be made again.
    """

    def __init__(self, registry: Registry, limits: Limits, known: Mapping[str, SourceRow]) -> None:
        self._registry = registry
        self._limits = limits
        self._known = known
        self._wanted: dict[tuple[str, str], _Wanted] = {}
        for handler in registry:
            for form in handler.formats:
                if form.companions is not None:
                    formats = tuple(one for one in handler.formats if one.name in form.companions.formats)
                    self._wanted[handler.kind, form.name] = _Wanted(form, form.companions, formats)

    def wants(self, kind: str, form: str) -> bool:
        """Say whether sources of that format may have companions."""
        return (kind, form) in self._wanted

    def may_be_one(self, name: str) -> bool:
        """Say whether a file of that name may be a companion of any other."""
        return any(wanted.form_of(name) for wanted in self._wanted.values())

    def in_folder(self, kind: str, form: str, name: str, folder: Folder | None) -> list[Beside]:
        """Return what goes by its name with a file `name` of that format in a folder on disk, in the order of names."""
        if folder is None or not self.wants(kind, form):
            return []
        caps = Caps.of(self._limits)
        found: list[tuple[FileSource | MemberSource, int, int, str]] = []
        for file, plain in ((file, plain_name(visible(file))) for file in folder.names()):
            if self._rank(kind, form, name, plain) is None:
                continue
            full = os.path.join(folder.path, file)  # noqa: PTH118 - names need not be UTF-8
            try:
                state = os.stat(full)  # noqa: PTH116
            except OSError:
                continue
            if stat.S_ISREG(state.st_mode):
                source = FileSource(visible(full), plain, "", full, caps=caps)
                found.append((source, state.st_size, state.st_mtime_ns, ""))
        return self._best(kind, form, name, found)

    def among(self, kind: str, form: str, name: str, members: Iterable[tuple[MemberSource, str]]) -> list[Beside]:
        """Return the same of members of one folder of an archive, given with their checksums."""
        return self._best(kind, form, name, [(source, source.size, 0, checksum) for source, checksum in members])

    def _rank(self, kind: str, form: str, name: str, other: str) -> int | None:
        wanted = self._wanted[kind, form]
        theirs = wanted.form_of(other)
        if theirs is None or other == name:
            return None
        return wanted.companions.rank(wanted.form.stem(name), (theirs.stem(other), other))

    def _best(
        self, kind: str, form: str, name: str, found: Iterable[tuple[FileSource | MemberSource, int, int, str]]
    ) -> list[Beside]:
        """Return those that go best with the file."""
        if not self.wants(kind, form):
            return []
        wanted = self._wanted[kind, form]
        ranked: list[tuple[int, Beside]] = []
        for source, size, mtime_ns, checksum in found:
            rank = self._rank(kind, form, name, source.name)
            theirs = wanted.form_of(source.name)
            if rank is not None and theirs is not None:
                ranked.append((rank, Beside(source, theirs, wanted.companions.formats, size, mtime_ns, checksum)))
        best = min((rank for rank, _ in ranked), default=0)
        return sorted((one for rank, one in ranked if rank == best), key=lambda one: one.source.path)

    def unchanged(self, row: SourceRow, beside: list[Beside]) -> SourceRow | None:
        """Return the row of a source if what is beside it now is what was when it was read; else None.

        The row tells the new times of companions that were written again with the bytes that they had.
        """
        before: list[list[Json]] = json.loads(row.opener).get("beside", []) if row.opener else []
        if [state[:2] for state in before] != [one.state[:2] for one in beside]:
            return None
        now = [
            replace(one, checksum=one.checksum or state[3]) if one.mtime_ns == state[2] else self.checked(one)
            for state, one in zip(before, beside, strict=True)
        ]
        if [state[3] for state in before] != [one.checksum for one in now]:
            return None
        if before == [one.state for one in now]:
            return row
        return replace(row, opener=json.dumps({**json.loads(row.opener), "beside": [one.state for one in now]}))

    def checked(self, beside: Beside) -> Beside:
        """Return it with its checksum; of what cannot be read with the time that says so."""
        if beside.checksum or isinstance(beside.source, MemberSource):
            return beside
        known = self._known.get(beside.source.path)
        if known is not None and known.kind and (known.size, known.mtime_ns) == (beside.size, beside.mtime_ns):
            return replace(beside, checksum=known.sha256)
        try:
            with open(beside.source.file, "rb") as content:  # noqa: PTH123 - a name of any bytes
                return replace(beside, checksum=hashlib.file_digest(content, "sha256").hexdigest())
        except OSError:
            return replace(beside, mtime_ns=UNREADABLE)

    def opened(self, kind: str, beside: Iterable[Beside]) -> Iterator[FileSource | MemberSource]:
        """Yield those that are what their names say, or cannot be looked at."""
        for one in beside:
            try:
                told = recognise(one.source, self._registry, self._limits)
            except InputError:
                yield replace(one.source, format=one.form.name)
                continue
            if told is not None and (told.kind, told.source.format) in {(kind, name) for name in one.among}:
                yield told.source
