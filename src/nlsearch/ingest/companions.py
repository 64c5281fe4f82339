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
from dataclasses import dataclass, field, replace

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

    `form` is the format that its name says; the checksum of a file on disk is ``""`` until it is needed.
    """

    source: FileSource | MemberSource
    form: Format
    size: int
    mtime_ns: int
    checksum: str = ""

    @property
    def state(self) -> list[Json]:
        """What the catalog keeps."""
        return [self.source.path, self.size, self.mtime_ns, self.checksum]


_Keys = dict[tuple[int, str], list[tuple[str, Format]]]
"""Files by the keys of :meth:`~nlsearch.declarations.Companions.told`."""


@dataclass(slots=True)
class Members:
    """Members of one folder of an archive that may be companions, with their checksums."""

    found: list[tuple[MemberSource, str]] = field(default_factory=list)
    by_keys: dict[tuple[str, str], _Keys] = field(default_factory=dict)


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
        self._listed: dict[tuple[str, str], tuple[Folder, _Keys]] = {}
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
        """Return what goes by its name with a file `name` of that format in a folder on disk, in the order of paths."""
        if folder is None or not self.wants(kind, form):
            return []
        listed = self._listed.get((kind, form))
        if listed is None or listed[0] is not folder:  # files come folder by folder
            files = ((file, plain_name(visible(file))) for file in folder.names())
            listed = self._listed[kind, form] = (folder, self._by_keys(kind, form, files))
        found = (self._on_disk(folder, file, form_of) for file, form_of in self._best(kind, form, name, listed[1]))
        return sorted(
            (one for one in found if one is not None and one.source.name != name), key=lambda one: one.source.path
        )

    def _on_disk(self, folder: Folder, file: str, form: Format) -> Beside | None:
        full = os.path.join(folder.path, file)  # noqa: PTH118 - names need not be UTF-8
        try:
            state = os.stat(full)  # noqa: PTH116
        except OSError:
            return None
        if not stat.S_ISREG(state.st_mode):
            return None
        path = visible(full)
        source = FileSource(path, plain_name(path), "", full, caps=Caps.of(self._limits))
        return Beside(source, form, state.st_size, state.st_mtime_ns)

    def among(self, kind: str, form: str, name: str, members: Members) -> list[Beside]:
        """Return the same of members of one folder of an archive."""
        if (kind, form) not in members.by_keys:
            members.by_keys[kind, form] = self._by_keys(
                kind, form, ((str(at), source.name) for at, (source, _) in enumerate(members.found))
            )
        found = []
        for at, form_of in self._best(kind, form, name, members.by_keys[kind, form]):
            source, checksum = members.found[int(at)]
            if source.name != name:
                found.append(Beside(source, form_of, source.size, 0, checksum))
        return sorted(found, key=lambda one: one.source.path)

    def _by_keys(self, kind: str, form: str, named: Iterable[tuple[str, str]]) -> _Keys:
        """Sort files by the keys under which they are companions; each is given as what to call it, and its name."""
        wanted, found = self._wanted[kind, form], _Keys()
        for file, name in named:
            theirs = wanted.form_of(name)
            if theirs is not None:
                for key in dict.fromkeys(wanted.companions.told(theirs.stem(name), name)):
                    found.setdefault(key, []).append((file, theirs))
        return found

    def _best(self, kind: str, form: str, name: str, keys: _Keys) -> list[tuple[str, Format]]:
        """Return those that go best with the file: by its stem, or else by any rule."""
        wanted = self._wanted[kind, form]
        by_stem, *by_rules = wanted.companions.asked(wanted.form.stem(name))
        return keys.get(by_stem) or list(dict.fromkeys(one for rule in by_rules for one in keys.get(rule, ())))

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

    def opened(self, kind: str, form: str, beside: Iterable[Beside]) -> Iterator[FileSource | MemberSource]:
        """Yield those that are what their names say, or cannot be looked at."""
        for one in beside:
            try:
                told = recognise(one.source, self._registry, self._limits)
            except InputError:
                yield replace(one.source, format=one.form.name)
                continue
            formats = self._wanted[kind, form].companions.formats
            if told is not None and told.kind == kind and told.source.format in formats:
                yield told.source
