"""Which handlers there are: one row a kind here, entry points of other packages, and folders given by the user.

Nothing is imported until a kind is asked for.  A broken outside handler, whatever it raises, is reported by name and
never takes the others down: it is listed in :attr:`Registry.problems`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nlsearch.errors import MissingExtra, QueryError, UnknownKind
from nlsearch.handlers.contract import COMMON_FIELDS, Field, Handler, Operator, Space, Translator
from nlsearch.handlers.settings import chosen_of
from nlsearch.limits import Limits

BUILT_IN: dict[str, str] = {
    "audio": "nlsearch.handlers.audio:AudioHandler",
    "molecule": "nlsearch.handlers.molecule:MoleculeHandler",
    "nucleotide": "nlsearch.handlers.nucleotide:NucleotideHandler",
    "protein": "nlsearch.handlers.protein:ProteinHandler",
    "reaction": "nlsearch.handlers.reaction:ReactionHandler",
    "image": "nlsearch.handlers.image:ImageHandler",
    "score": "nlsearch.handlers.score:ScoreHandler",
    "spectrum": "nlsearch.handlers.spectrum:SpectrumHandler",
}
ENTRY_POINTS = "nlsearch.handlers"
_SEVERAL = (tuple, list)
DECLARED: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "version": int,
    "formats": _SEVERAL,
    "fields": _SEVERAL,
    "operators": _SEVERAL,
    "spaces": _SEVERAL,
    "requires": _SEVERAL,
}
"""What every handler declares; an outside handler without it is left out."""
EXTRAS: dict[str, str] = {
    "rdkit": "rdkit",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "Bio": "biopython",
    "IsoSpecPy": "IsoSpecPy",
    "soundfile": "soundfile",
    "tinytag": "tinytag",
}


class Registry:
    """Finds and keeps handlers, loading each at its first use.

    Parameters
    ----------
    directories : iterable of path
        Folders whose ``*.py`` files each define one handler as ``HANDLER = SomeHandler``; trusted code of the user.
    built_in : mapping of str to str
        Kind → ``module:class`` of the kinds that come with nlsearch.
    limits : Limits, optional
        The caps in force, for handlers that ask for them by an attribute ``limits``.
    settings : mapping of str to str, optional
        What the collection chooses (:mod:`nlsearch.handlers.settings`), for handlers that declare settings.

    Raises
    ------
    QueryError
        If one of `directories` is no folder.
    """

    def __init__(
        self,
        directories: Iterable[str | Path] = (),
        built_in: Mapping[str, str] = BUILT_IN,
        limits: Limits | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.settings: dict[str, str] = dict(settings or {})
        self.directories = tuple(str(Path(d).resolve()) for d in directories)
        self.problems: dict[str, str] = {}
        self._rows: dict[str, str] = dict(built_in)
        self._loaded: dict[str, Handler] = {}
        self._outside: set[str] = set()
        for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
            if point.name not in self._rows:
                self._rows[point.name] = point.value
                self._outside.add(point.name)
        for directory in self.directories:
            self._load_directory(Path(directory))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of all kinds, sorted."""
        return tuple(sorted(self._rows))

    def get(self, kind: str) -> Handler:
        """Return the handler of `kind`.

        Raises
        ------
        UnknownKind
            If there is none, or it cannot be loaded; the message lists the known kinds.
        """
        handler = self._load(kind)
        if handler is None:
            raise UnknownKind(f"no handler for kind {kind!r}", hint="known kinds: " + ", ".join(self.kinds))
        return handler

    def _load(self, kind: str) -> Handler | None:
        """Return the handler of a row, loaded once, or None; an outside one that cannot be loaded loses its row."""
        if kind in self._loaded:
            return self._loaded[kind]
        row = self._rows.get(kind)
        if row is None:
            return None
        module, _, name = row.partition(":")
        if kind in self._outside:
            handler = self._made_outside(row, lambda: getattr(importlib.import_module(module), name))
        else:
            handler = getattr(importlib.import_module(module), name)()
        if handler is None:
            del self._rows[kind]
            return None
        return self._keep(kind, handler)

    def _made_outside(self, where: str, maker: Callable[[], Any]) -> Handler | None:
        """Return the outside handler that `maker` gives the class of, or None and the reason in :attr:`problems`."""
        try:
            handler: Handler = maker()()
            lacking = _lacking(handler)
        # Code of others, which may raise anything at its import: SystemExit too.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            self.problems[where] = f"{type(error).__name__}: {error}"
            return None
        if lacking:
            self.problems[where] = "the handler does not declare " + ", ".join(lacking)
            return None
        return handler

    def _keep(self, kind: str, handler: Handler) -> Handler:
        if hasattr(handler, "limits"):
            handler.limits = self.limits
        self._set(handler)
        self._loaded[kind] = handler
        return handler

    def choose(self, settings: Mapping[str, str]) -> None:
        """Let all handlers, loaded or not, know what the collection chooses."""
        if settings != self.settings:
            self.settings = dict(settings)
            for handler in self._loaded.values():
                self._set(handler)

    def _set(self, handler: Handler) -> None:
        if hasattr(handler, "chosen"):
            handler.chosen = chosen_of(handler, self.settings)

    def __iter__(self) -> Iterator[Handler]:
        """Iterate over all handlers in the order of their kinds."""
        for kind in self.kinds:
            handler = self._load(kind)
            if handler is not None:
                yield handler

    def fields(self) -> dict[str, Field]:
        """Return every field by name: the common ones, then each kind's; where kinds share a name, the first."""
        found = {field.name: field for field in COMMON_FIELDS}
        for handler in self:
            for field in handler.fields:
                found.setdefault(field.name, field)
        return found

    def spaces(self) -> dict[str, Space]:
        """Return every term, seed and vector space by name."""
        return {space.name: space for handler in self for space in handler.spaces}

    def operators(self) -> dict[str, list[tuple[Handler, Operator]]]:
        """Return for every operator name the handlers that offer it, with their description of it."""
        found: dict[str, list[tuple[Handler, Operator]]] = {}
        for handler in self:
            for operator in handler.operators:
                found.setdefault(operator.name, []).append((handler, operator))
        return found

    def versions(self) -> dict[str, int]:
        """Return the version of each kind's handler."""
        return {handler.kind: handler.version for handler in self}

    def reading_versions(self) -> dict[str, int]:
        """Return for each kind a number that rises with every version that what its files give depends on.

        It is the sum of the versions of its handler and of those of the kinds that its files may hold besides.
        """
        known = self.versions()
        return {handler.kind: handler.version + sum(known.get(kind, 0) for kind in yields(handler)) for handler in self}

    def _load_directory(self, directory: Path) -> None:
        if not directory.is_dir():
            raise QueryError("there is no such folder of handlers", locator=str(directory))
        for path in sorted(directory.glob("*.py")):
            handler = self._made_outside(str(path), functools.partial(_class_in, path))
            if handler is not None:
                self._rows[handler.kind] = f"{_module_name(path)}:HANDLER"
                self._keep(handler.kind, handler)


def _lacking(handler: Handler) -> list[str]:
    """Return what a handler must declare and does not."""
    lacking = [name for name, kind in DECLARED.items() if not isinstance(getattr(handler, name, None), kind)]
    if not lacking and any(field.notation for field in handler.fields) and not isinstance(handler, Translator):
        lacking.append("translate, which reads fields with a notation")
    return lacking


def _module_name(path: Path) -> str:
    return f"nlsearch_outside_{path.stem}"


def _class_in(path: Path) -> Any:  # noqa: ANN401 - whatever the user's file calls HANDLER
    """Run the file at `path` as a module and return its ``HANDLER``."""
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module.HANDLER


def yields(handler: Handler) -> tuple[str, ...]:
    """Return the kinds, other than its own, that the files of `handler` may hold items of."""
    return tuple(getattr(handler, "yields", ()))


def require(handler: Handler) -> None:
    """Raise :class:`MissingExtra` with what to install if a library that `handler` needs is absent."""
    for module in handler.requires:
        if module not in sys.modules:
            _found(module, handler.kind)


@functools.lru_cache(maxsize=256)  # an exception is not kept: what is installed later is found
def _found(module: str, kind: str) -> None:
    if importlib.util.find_spec(module) is None:
        package = EXTRAS.get(module, module)
        raise MissingExtra(f"kind {kind} needs {package}", hint=f"pip install {package}")
