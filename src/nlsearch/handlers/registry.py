"""Which handlers there are: one row a kind here, entry points of other packages, and folders given by the user.

Nothing is imported until a kind is asked for.  A broken outside handler is reported by name and never takes the others
down: it is listed in :attr:`Registry.problems`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from nlsearch.errors import MissingExtra, UnknownKind
from nlsearch.handlers.contract import COMMON_FIELDS, Field, Handler, Operator, Space
from nlsearch.limits import Limits

BUILT_IN: dict[str, str] = {
    "molecule": "nlsearch.handlers.molecule:MoleculeHandler",
    "nucleotide": "nlsearch.handlers.nucleotide:NucleotideHandler",
    "image": "nlsearch.handlers.image:ImageHandler",
}
ENTRY_POINTS = "nlsearch.handlers"
EXTRAS: dict[str, str] = {"rdkit": "rdkit", "cv2": "opencv-python-headless", "PIL": "pillow", "Bio": "biopython"}


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
    """

    def __init__(
        self,
        directories: Iterable[str | Path] = (),
        built_in: Mapping[str, str] = BUILT_IN,
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.directories = tuple(str(Path(d).resolve()) for d in directories)
        self.problems: dict[str, str] = {}
        self._rows: dict[str, str] = dict(built_in)
        self._loaded: dict[str, Handler] = {}
        for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
            self._rows.setdefault(point.name, point.value)
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
            If there is none; the message lists the known kinds.
        """
        if kind not in self._loaded:
            if kind not in self._rows:
                raise UnknownKind(f"no handler for kind {kind!r}", hint="known kinds: " + ", ".join(self.kinds))
            module, _, name = self._rows[kind].partition(":")
            self._loaded[kind] = self._limited(getattr(importlib.import_module(module), name)())
        return self._loaded[kind]

    def _limited(self, handler: Handler) -> Handler:
        if hasattr(handler, "limits"):
            handler.limits = self.limits
        return handler

    def __iter__(self) -> Iterator[Handler]:
        """Iterate over all handlers in the order of their kinds."""
        return (self.get(kind) for kind in self.kinds)

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

    def _load_directory(self, directory: Path) -> None:
        for path in sorted(directory.glob("*.py")):
            name = f"nlsearch_outside_{path.stem}"
            spec = importlib.util.spec_from_file_location(name, path)
            if spec is None or spec.loader is None:
                self.problems[str(path)] = "not a Python module"
                continue
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
                handler: Handler = module.HANDLER()
            except (ImportError, SyntaxError, AttributeError, TypeError, NameError, ValueError) as error:
                self.problems[str(path)] = f"{type(error).__name__}: {error}"
                continue
            self._rows[handler.kind] = f"{name}:HANDLER"
            self._loaded[handler.kind] = self._limited(handler)


def require(handler: Handler) -> None:
    """Raise :class:`MissingExtra` with what to install if a library that `handler` needs is absent."""
    for module in handler.requires:
        if importlib.util.find_spec(module) is None:
            package = EXTRAS.get(module, module)
            raise MissingExtra(f"kind {handler.kind} needs {package}", hint=f"pip install {package}")
