"""Decides, for each file found, what is to be done: nothing, read it, or record why it cannot be read.

A file is unchanged if size and modification time are those of the catalog, or else if its SHA-256 is.  It is read again
if its handler's version or the collection's settings for its kind have changed; what nobody recognised is looked at
again when the handlers have changed.  What is read with files beside it is read again when one of those appears,
changes or goes (:mod:`nlsearch.ingest.companions`).  Members of an archive are compared one by one when the archive
has changed.  While they are, the archive's own row says to look again, so that a run which is cut short leaves no
archive that seems complete and is not.

What cannot be read now (no permission, a link to a disk that is away) is a failure, and what was read of it before
stays, as does what lies below a folder that cannot be read; what reads and is broken replaces what was there before.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from nlsearch.errors import InputError, LimitExceeded, MalformedContent, UnknownKind
from nlsearch.handlers.registry import Registry
from nlsearch.index.snapshot import SourceRow
from nlsearch.ingest.companions import Beside, Finder, Members
from nlsearch.ingest.containers import Lister, Member, Spool
from nlsearch.ingest.detect import Recognised, recognise, signature, unknown
from nlsearch.ingest.walk import Found, Rules
from nlsearch.limits import Limits
from nlsearch.model import Failure
from nlsearch.sandbox.sources import Caps, FileSource, MemberSource, plain_name

_REASON = "reason:"
LOOK_AGAIN = -1
"""The modification time of a source that must be looked at next time, whatever the disk says."""
OUTDATED = 0
"""The handler's version in the row of a source that was read under other settings; handlers count from 1."""


@dataclass(slots=True, eq=False)
class Reading:
    """A source that is to be read: `draft` is its row of the catalog, complete but for what reading will tell."""

    draft: SourceRow
    source: FileSource | MemberSource
    on_disk: Found
    spool: Spool | None = None
    items: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The number of the reading."""
        return self.draft.id


@dataclass(frozen=True, slots=True)
class Settled:
    """A source of which all is known without reading it; containers are no sources to count unless they fail."""

    row: SourceRow
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A known source that is not read; `row` has its new facts where they differ from `known`."""

    known: SourceRow
    row: SourceRow


@dataclass(frozen=True, slots=True)
class Begun:
    """An archive of which the members follow: what the catalog says of it holds again when it is settled."""

    known: SourceRow


@dataclass(frozen=True, slots=True)
class Unread:
    """A known source that cannot be read now; its items stay, and its `row` says to look at it again."""

    row: SourceRow
    failure: Failure


@dataclass(slots=True)
class _Waiting:
    """Members of an archive that are read with others, until all members are known."""

    members: list[tuple[SourceRow, Recognised, Spool | None]] = field(default_factory=list)
    beside: dict[str, Members] = field(default_factory=dict)

    def add(self, draft: SourceRow, told: Recognised, spool: Spool | None) -> None:
        """Let a member wait; its spool is kept until it is released."""
        if spool is not None:
            spool.users += 1
        self.members.append((draft, told, spool))

    def may_be_wanted(self, member: Member) -> None:
        """Remember a member that others may want."""
        self.beside.setdefault(_folder(member.source.path), Members()).found.append((member.source, member.checksum))


Change: TypeAlias = Reading | Settled | Unchanged | Begun | Unread


class Changes:
    """Compares what is on the disk with the catalog.

    Parameters
    ----------
    known : iterable of SourceRow
        Every row of the catalog, containers too.
    registry : Registry
    limits : Limits
    work : Path
        Where archives are unpacked to.
    next_number : int
        The first number that no reading has had.
    retry_failed : bool
        Read again what had failed, even if it is unchanged.
    """

    def __init__(
        self,
        known: Iterable[SourceRow],
        registry: Registry,
        limits: Limits,
        work: Path,
        next_number: int,
        retry_failed: bool = False,
    ) -> None:
        self.next_number = next_number
        self._known = {row.path: row for row in known}
        self._members: dict[str, list[SourceRow]] = {}
        for row in self._known.values():
            if row.container:
                self._members.setdefault(row.container, []).append(row)
        self._registry = registry
        self._limits = limits
        self._largest = max("source_bytes", "container_bytes", key=limits.to_dict().__getitem__)
        self._work = work
        self._retry_failed = retry_failed
        self._versions = registry.reading_versions()
        self._signature = signature(registry)
        self._finder = Finder(registry, limits, self._known)
        self._seen: set[str] = set()
        self._looked_at: set[str] = set()
        self._listed: set[str] = set()
        self._blind: list[str] = []

    def remember(self, row: SourceRow) -> None:
        """Take note of a row that this run has made."""
        self._known[row.path] = row

    # ------------------------------------------------------------------------------------------------------ decisions
    def of(self, found: Found | Failure) -> Iterator[Change]:
        """Yield what is to be done about a file, or about each member of an archive and last about itself."""
        if isinstance(found, Failure):
            if not self._gone(found.path):
                self._blind.append(found.path)
                yield self._refused(Found(found.path, "", 0, LOOK_AGAIN), found)
            return
        known = self._known.get(found.path)
        same = known is not None and (known.size, known.mtime_ns) == (found.size, found.mtime_ns)
        row = None if known is None else self._as_it_was(known, found)
        if known is not None and same and row is not None:
            self._looked_at.add(found.path)
            yield from self._unchanged(known, row)
            return
        try:
            self._limits.check(self._largest, found.size)  # before it is read at all: files may have holes of terabytes
        except LimitExceeded as error:
            yield self._refused(found, _failure(found.path, error))
            return
        try:
            digest = _digest(found.file)
        except OSError as exc:
            self._blind.append(found.path)
            failure = Failure(found.path, "", f"cannot be read: {exc.strerror}", InputError.code)
            yield self._refused(replace(found, mtime_ns=LOOK_AGAIN), failure)
            return
        self._looked_at.add(found.path)
        if known is not None and known.sha256 == digest and row is not None:
            yield from self._unchanged(known, replace(row, size=found.size, mtime_ns=found.mtime_ns))
            return
        yield from self._look(found, digest)

    def removed(self, roots: Iterable[str], rules: Rules) -> list[SourceRow]:
        """Return the known sources below `roots` that are gone; call when every file was looked at.

        What could not be looked at is not taken for gone, nor is a file that is there and only not wanted this time.
        """
        places = [_Within(_below(root)) for root in roots]
        blind = [_Within(_below(path)) for path in self._blind]
        gone = []
        for row in self._known.values():
            disk = row.container or row.path
            if row.path in self._seen:
                continue
            if disk in self._looked_at:
                gone.append(row)
            elif any(place(disk) for place in places) and not any(place(disk) for place in blind):
                there = rules.narrow and os.path.lexists(_file_of(row))
                if not there:
                    gone.append(row)
        return gone

    def _gone(self, path: str) -> bool:
        """Say whether a path that cannot be looked at was indexed and is no more, which is no failure."""
        if os.path.lexists(path):
            return False
        own = self._known.get(path)
        if own is not None and own.sha256.startswith(_REASON) and not own.items:
            return False
        return own is not None or any(map(_Within(_below(path)), self._known))

    def _as_it_was(self, known: SourceRow, found: Found) -> SourceRow | None:
        """Return the row of a file that need not be read again if its bytes are the same; else None."""
        if not self._current(known):
            return None
        beside = self._finder.in_folder(known.kind, known.format, plain_name(known.path), found.folder)
        return self._finder.unchanged(known, beside)

    def _current(self, row: SourceRow) -> bool:
        """Say whether an unchanged source need not be read again; of an archive, whether no member need."""
        if row.mtime_ns == LOOK_AGAIN or (row.status == "failed" and self._retry_failed):
            return False
        if row.status == "unrecognised" and (row.format != self._signature or self._retry_failed):
            return False
        if self._versions.get(row.kind, row.handler_version) != row.handler_version:
            return False
        return row.container != "" or all(self._current(member) for member in self._members.get(row.path, ()))

    def _unchanged(self, known: SourceRow, row: SourceRow) -> Iterator[Unchanged]:
        for each in (known, *self._members.get(known.path, ())):
            self._seen.add(each.path)
            yield Unchanged(each, row if each is known else each)

    def _look(self, found: Found, digest: str) -> Iterator[Change]:
        caps = Caps.of(self._limits)
        source = FileSource(found.path, plain_name(found.path), "", found.file, caps=caps)
        draft = self._draft(found, sha256=digest)
        try:
            told = recognise(source, self._registry, self._limits)
            if told is not None and told.kind and not told.source.layers:
                self._limits.check("source_bytes", found.size)
        except InputError as error:
            yield self._failed(draft, error)
            return
        if told is not None and told.container:
            yield from self._archive(found, told, draft)
        elif told is None:
            yield self._unrecognised(draft, source)
        else:
            beside = self._finder.in_folder(told.kind, told.source.format, told.source.name, found.folder)
            yield self._reading(found, draft, told, beside)

    # ------------------------------------------------------------------------------------------------------- archives
    def _archive(self, found: Found, told: Recognised, draft: SourceRow) -> Iterator[Change]:
        lister = Lister(self._limits, self._work)
        empty = True
        row = replace(draft, status="container", format=told.container)
        self._begin(found.path)
        known = self._known.get(found.path)
        if known is not None and known.mtime_ns != LOOK_AGAIN:
            yield Begun(known)
        try:
            for change in self._list(lister, told, found, 1, None):
                empty = False
                yield change
        except InputError as error:
            yield self._broken(row, error)
            return
        if empty:
            yield self._broken(row, MalformedContent("the archive holds no files"))
            return
        self._seen.add(row.path)
        yield Settled(row)

    def _begin(self, path: str) -> None:
        """Forget the members that an earlier listing in this run has seen; the archive has changed since."""
        if path in self._listed:
            within = _Within(_below(path))
            self._seen = {seen for seen in self._seen if not within(seen)}
        self._listed.add(path)

    def _broken(self, row: SourceRow, error: InputError) -> Change:
        change = self._failed(row, error)
        if isinstance(change, Unchanged):  # but it was begun
            return replace(change, known=replace(change.known, mtime_ns=LOOK_AGAIN))
        return change

    def _list(
        self, lister: Lister, archive: Recognised, found: Found, depth: int, spool: Spool | None
    ) -> Iterator[Change]:
        waiting = _Waiting()
        try:
            for member in lister.members(archive, depth, spool):
                if isinstance(member, Failure):
                    yield self._refused(replace(found, path=member.path, size=0, mtime_ns=0), member, found.path)
                else:
                    if self._finder.may_be_one(member.source.name):
                        waiting.may_be_wanted(member)
                    yield from self._member(lister, member, found, depth, waiting)
        except InputError:
            yield from self._with_companions(waiting, found)
            raise
        yield from self._with_companions(waiting, found)

    def _member(self, lister: Lister, member: Member, found: Found, depth: int, waiting: _Waiting) -> Iterator[Change]:
        source = member.source
        at = replace(found, path=source.path, size=source.size, mtime_ns=member.mtime_ns)
        draft = self._draft(at, container=found.path, sha256=member.checksum)
        try:
            told = recognise(source, self._registry, self._limits)
            if told is None:
                yield self._unrecognised(draft, source)
            elif told.container:
                yield from self._list(lister, told, found, depth + 1, member.spool)
            elif self._finder.wants(told.kind, told.source.format):
                waiting.add(draft, told, member.spool)
            else:
                yield self._known_member(draft, told, []) or self._reading(found, draft, told, [], member.spool)
        except InputError as error:
            yield self._failed(draft, error)

    def _with_companions(self, waiting: _Waiting, found: Found) -> Iterator[Change]:
        """Yield the members that wait for the others, now that all are known."""
        for draft, told, spool in waiting.members:
            others = waiting.beside.get(_folder(draft.path), Members())
            beside = self._finder.among(told.kind, told.source.format, told.source.name, others)
            yield self._known_member(draft, told, beside) or self._reading(found, draft, told, beside, spool)
            if spool is not None:
                spool.release()

    def _known_member(self, draft: SourceRow, told: Recognised, beside: list[Beside]) -> Unchanged | None:
        known = self._known.get(draft.path)
        same = known is not None and (known.container, known.size, known.sha256, known.kind) == (
            draft.container, draft.size, draft.sha256, told.kind,
        )  # fmt: skip
        if known is None or not same or not self._current(known) or self._finder.unchanged(known, beside) is None:
            return None
        self._seen.add(known.path)
        source = self._with(told, beside)
        return Unchanged(known, replace(known, mtime_ns=draft.mtime_ns, opener=_opener(source, beside)))

    # ----------------------------------------------------------------------------------------------------------- rows
    def _draft(self, found: Found, container: str = "", sha256: str = "") -> SourceRow:
        return SourceRow(
            id=self._number(),
            path=found.path,
            container=container,
            size=found.size,
            mtime_ns=found.mtime_ns,
            sha256=sha256,
            kind="",
            format="",
            handler_version=0,
            status="failed",
            items=0,
            failures=0,
        )

    def _number(self) -> int:
        self.next_number += 1
        return self.next_number - 1

    def _reading(
        self, found: Found, draft: SourceRow, told: Recognised, beside: list[Beside], spool: Spool | None = None
    ) -> Reading:
        self._seen.add(draft.path)
        if spool is not None:
            spool.users += 1
        beside = [self._finder.checked(one) for one in beside]  # before they are read: what changes later is seen
        source = self._with(told, beside)
        row = replace(
            draft,
            kind=told.kind,
            format=told.source.format,
            handler_version=self._versions[told.kind],
            status="ok",
            opener=_opener(source, beside),
        )
        return Reading(row, source, found, spool)

    def _with(self, told: Recognised, beside: list[Beside]) -> FileSource | MemberSource:
        """Return a source with its companions."""
        return replace(told.source, companions=tuple(self._finder.opened(told.kind, told.source.format, beside)))

    def _unrecognised(self, draft: SourceRow, source: FileSource | MemberSource) -> Change:
        failure = Failure(draft.path, "", unknown(source), UnknownKind.code)
        row = replace(draft, status="unrecognised", format=self._signature, failures=1)
        return self._same_failure(row) or self._settled(row, failure)

    def _failed(self, draft: SourceRow, error: InputError) -> Change:
        row = replace(draft, status="failed", failures=1)
        if error.code == InputError.code:  # the system refused to read, not the content
            row = replace(row, mtime_ns=LOOK_AGAIN)
        return self._same_failure(row) or self._settled(row, _failure(draft.path, error))

    def _refused(self, found: Found, failure: Failure, container: str = "") -> Change:
        """Settle what was not even opened; the reason stands in for the checksum, to tell whether it is the same."""
        reason = _REASON + hashlib.sha256(f"{failure.code} {failure.reason}".encode("utf-8", "replace")).hexdigest()
        known = self._known.get(found.path)
        if known is not None and known.items and failure.code == InputError.code:
            return self._unread(known, reason, failure)
        row = replace(self._draft(found, container, reason), failures=1)
        return self._same_failure(row) or self._settled(row, failure)

    def _unread(self, known: SourceRow, reason: str, failure: Failure) -> Change:
        self._seen.add(known.path)
        if known.sha256.startswith(_REASON):
            return Unchanged(known, known)
        row = replace(known, mtime_ns=LOOK_AGAIN, sha256=reason, failures=known.failures + 1)
        return Unread(row, failure)

    def _same_failure(self, row: SourceRow) -> Unchanged | None:
        """Say that a source has failed before in the same way, and is not to be retried."""
        known = self._known.get(row.path)
        if known is None or self._retry_failed or known.failures != 1 or known.items:
            return None
        if (known.status, known.sha256, known.container, known.format) != (
            row.status, row.sha256, row.container, row.format,
        ):  # fmt: skip
            return None
        self._seen.add(row.path)
        return Unchanged(known, replace(known, size=row.size, mtime_ns=row.mtime_ns))

    def _settled(self, row: SourceRow, failure: Failure) -> Settled:
        self._seen.add(row.path)
        return Settled(row, failure)


def _failure(path: str, error: InputError) -> Failure:
    return Failure(path, "", f"{error.message} ({error.hint})" if error.hint else error.message, error.code)


def _opener(source: FileSource | MemberSource, beside: list[Beside]) -> str:
    """Return what the catalog keeps to open a source again, and of what is beside it; nothing for plain files."""
    if isinstance(source, FileSource) and not source.layers and source.file == source.path and not beside:
        return ""
    lasting = replace(_lasting(source), companions=tuple(map(_lasting, source.companions)))
    described = lasting.describe()
    return json.dumps({**described, "beside": [one.state for one in beside]} if beside else described)


def _lasting(source: FileSource | MemberSource) -> FileSource | MemberSource:
    return replace(source, spool=None) if isinstance(source, MemberSource) else source


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _file_of(row: SourceRow) -> str:
    if not row.opener:
        return row.container or row.path
    naming = json.loads(row.opener)["file"]
    return str(naming) if isinstance(naming, str) else os.fsdecode(bytes.fromhex(naming["hex"]))


def _digest(file: str) -> str:
    with open(file, "rb") as content:  # noqa: PTH123 - a name of any bytes
        return hashlib.file_digest(content, "sha256").hexdigest()


def _below(root: str) -> tuple[str, str]:
    return root, root.rstrip("/") + "/"


class _Within:
    """Says whether a path is a place or lies below it."""

    def __init__(self, place: tuple[str, str]) -> None:
        self._place = place

    def __call__(self, path: str) -> bool:
        return path == self._place[0] or path.startswith(self._place[1])
