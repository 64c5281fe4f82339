"""Finds the files below the paths that a user names.

Conventions
-----------
Patterns are those of ``.gitignore``.  `include` and `exclude` are relative to each path named; a file ``.nlsignore`` in
a folder excludes below that folder.  Folders of version control and collections are left out.  A symbolic link is
followed if what it leads to was not found under its own path already, so that nothing is found twice and no loop is
walked.  Whatever cannot be looked at is a :class:`~nlsearch.model.Failure`; nothing is left out silently.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from nlsearch.errors import InputError, UnsupportedFeature
from nlsearch.index.layout import SPLITS, is_collection
from nlsearch.model import Failure
from nlsearch.sandbox.sources import visible

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".nlsignore"
VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr"})
_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_Identity = tuple[int, int]
_Step: TypeAlias = "Found | Failure | Iterator[_Step]"
"""What a walk comes upon; a folder is an iterator of its own, so that no depth is too much (:func:`_flat`)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file.

    Parameters
    ----------
    path : str
        As users see it.
    file : str
        As the system knows it (undecodable bytes as surrogate escapes).
    size : int
        Bytes.
    mtime_ns : int
        Nanoseconds since 1970.
    folder : Folder, optional
        Where it was found.
    """

    path: str
    file: str
    size: int
    mtime_ns: int
    folder: Folder | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rules:
    """Which files are wanted: those that match `include` (all, if it is empty) and do not match `exclude`."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    @property
    def narrow(self) -> bool:
        """True if some files are not wanted."""
        return bool(self.include or self.exclude)


@dataclass(slots=True)
class _Level:
    """The rules of one folder, for paths relative to `base`."""

    base: str
    spec: GitIgnoreSpec


@dataclass(slots=True)
class Folder:
    """A folder with the rules that leave something out of it.

    Parameters
    ----------
    path : str
    levels : tuple of _Level
        Its rules, the outermost first.
    """

    path: str
    levels: tuple[_Level, ...] = ()
    _names: list[str] | None = None

    def names(self) -> list[str]:
        """Return the names in it that no rule leaves out, ascending, as the system knows them; none if it is gone.

        It is looked at once, however often it is asked.
        """
        if self._names is None:
            try:
                listed = sorted(os.listdir(self.path))  # noqa: PTH208 - names need not be UTF-8
            except OSError:
                listed = []
            self._names = [name for name in listed if not _ignored(os.path.join(self.path, name), False, self.levels)]  # noqa: PTH118
        return self._names


@dataclass(slots=True)
class _Walker:
    rules: Rules
    seen: set[_Identity] = field(default_factory=set)
    links: list[tuple[str, Folder, _Level | None]] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=dict)

    def root(self, path: str) -> Iterator[_Step]:
        """Walk from a path that was named."""
        exclude = (_Level(path, _spec(self.rules.exclude)),) if self.rules.exclude else ()
        include = _Level(path, _spec(self.rules.include)) if self.rules.include else None
        try:
            state = os.stat(path)  # noqa: PTH116 - names need not be UTF-8
        except (OSError, ValueError) as exc:
            yield _failure(path, exc)
            return
        if stat.S_ISDIR(state.st_mode):
            yield from self.folder(path, state, exclude, include)
        else:
            yield from self.file(path, state, self.around(os.path.dirname(path)))  # noqa: PTH120

    def around(self, path: str) -> Folder:
        """Return the folder of a file that was named."""
        if path not in self.folders:
            levels = (_Level(path, _spec(self.rules.exclude)),) if self.rules.exclude else ()
            with suppress(OSError, ValueError):  # a failure of the folder, if that is walked
                levels = (*levels, *_ignore_file(path))
            self.folders[path] = Folder(path, levels)
        return self.folders[path]

    def folder(
        self, path: str, state: os.stat_result, levels: tuple[_Level, ...], include: _Level | None
    ) -> Iterator[_Step]:
        """Walk a folder, unless it was walked already or is a collection."""
        identity = (state.st_dev, state.st_ino)
        if identity in self.seen or (is_collection(path) and os.path.isdir(os.path.join(path, SPLITS))):  # noqa: PTH112, PTH118
            return
        self.seen.add(identity)
        try:
            with os.scandir(path) as entries:
                names = sorted(entries, key=lambda entry: entry.name)
        except OSError as exc:
            yield _failure(path, exc)
            return
        try:
            levels = (*levels, *_ignore_file(path))
        except (OSError, ValueError) as exc:
            yield _failure(os.path.join(path, IGNORE_FILE), exc)  # noqa: PTH118
        folder = Folder(path, levels)
        for entry in names:
            yield from self.entry(entry, folder, include)

    def entry(self, entry: os.DirEntry[str], folder: Folder, include: _Level | None) -> Iterator[_Step]:
        """Take an entry of a folder; links wait until everything else is known."""
        if entry.is_symlink():
            self.links.append((entry.path, folder, include))
            return
        try:
            state = entry.stat(follow_symlinks=False)
        except OSError as exc:
            yield _failure(entry.path, exc)
            return
        yield from self.wanted(entry.path, state, folder, include)

    def wanted(self, path: str, state: os.stat_result, holder: Folder, include: _Level | None) -> Iterator[_Step]:
        """Take a file or folder that no rule leaves out."""
        folder = stat.S_ISDIR(state.st_mode)
        name = os.path.basename(path)  # noqa: PTH119
        if _ignored(path, folder, holder.levels) or (folder and name in VERSION_CONTROL) or name == IGNORE_FILE:
            return
        if folder:
            yield self.folder(path, state, holder.levels, include)
        elif include is None or include.spec.match_file(_relative(path, include.base)):
            yield from self.file(path, state, holder)

    def file(self, path: str, state: os.stat_result, holder: Folder) -> Iterator[_Step]:
        """Give a regular file; anything else is a failure that says what it is."""
        if not stat.S_ISREG(state.st_mode):
            what = _SPECIAL.get(stat.S_IFMT(state.st_mode), "not a file")
            yield Failure(visible(path), "", f"it is {what}, which has no content to index", UnsupportedFeature.code)
            return
        self.seen.add((state.st_dev, state.st_ino))
        yield Found(visible(path), path, state.st_size, state.st_mtime_ns, holder)

    def followed(self) -> Iterator[_Step]:
        """Follow the links met so far, and those met on the way, each to what was not found otherwise."""
        while self.links:
            path, holder, include = self.links.pop(0)
            try:
                state = os.stat(path)  # noqa: PTH116
            except OSError as exc:
                if not _ignored(path, False, holder.levels):
                    yield _failure(path, exc)
                continue
            if (state.st_dev, state.st_ino) not in self.seen:
                yield from self.wanted(path, state, holder, include)
            elif stat.S_ISDIR(state.st_mode) and _leads_up(path):
                reason = "it is a link to a folder that holds it, and is not followed"
                yield Failure(visible(path), "", reason, UnsupportedFeature.code)


def walk(paths: Iterable[str | Path], rules: Rules | None = None) -> Iterator[Found | Failure]:
    """Find every wanted file, in the order of names; what links lead to comes last.

    Parameters
    ----------
    paths : iterable of path
        Files and folders; a file named here is wanted whatever the rules say.
    rules : Rules, optional

    Yields
    ------
    Found or Failure
        A failure's path is that of the file or folder that could not be looked at; nothing below it is known.
    """
    walker = _Walker(rules or Rules())
    given = dict.fromkeys(os.path.abspath(path) for path in paths)  # noqa: PTH100 - links stay as users see them
    for root in given:
        for one in _flat(walker.root(root)):
            if isinstance(one, Failure) or one.file == root or one.file not in given:
                yield one
    yield from _flat(walker.followed())


def _flat(steps: Iterator[_Step]) -> Iterator[Found | Failure]:
    """Yield what is found in order, going into each folder where it is met."""
    open_folders = [steps]
    while open_folders:
        one = next(open_folders[-1], None)
        if one is None:
            open_folders.pop()
        elif isinstance(one, Found | Failure):
            yield one
        else:
            open_folders.append(one)


def _spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


def _ignore_file(folder: str) -> Iterator[_Level]:
    path = Path(folder, IGNORE_FILE)
    if path.is_file():
        yield _Level(folder, _spec(path.read_text("utf-8").splitlines()))


def _relative(path: str, base: str) -> str:
    return visible(path[len(base) :].lstrip("/"))


def _ignored(path: str, folder: bool, levels: tuple[_Level, ...]) -> bool:
    """Ask each level from the outermost; the innermost that has an opinion decides."""
    ignored = False
    for level in levels:
        opinion = level.spec.check_file(_relative(path, level.base) + ("/" if folder else "")).include
        ignored = ignored if opinion is None else opinion
    return ignored


def _leads_up(link: str) -> bool:
    target = os.path.realpath(link)
    holder = os.path.realpath(os.path.dirname(link))  # noqa: PTH120
    return holder == target or holder.startswith(target.rstrip("/") + "/")


def _failure(path: str, exc: OSError | ValueError) -> Failure:
    if isinstance(exc, ValueError):
        return Failure(visible(path), "", f"cannot be used: {exc}", InputError.code)
    if exc.errno == errno.ELOOP:
        return Failure(visible(path), "", "it is a link that leads to itself", UnsupportedFeature.code)
    return Failure(visible(path), "", f"cannot be read: {exc.strerror}", InputError.code)
