"""Import a handler's libraries once, in the template, so that every worker forked from it has them.

Handlers import their domain library inside methods, so loading the handler loads nothing.  What it will import stands
in its source: import statements of the libraries that it ``requires``, anywhere in its module or package.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from nlsearch.handlers.contract import Handler


def preload(handler: Handler) -> None:
    """Import what `handler` will need; a name that does not import is left to fail where it is used."""
    own = type(handler).__module__
    wanted = (*handler.requires, own)
    names = {name: None for source in _sources(own) for name in _imports(ast.parse(source))}
    for name in (*handler.requires, *names):
        if name.startswith(tuple(f"{root}." for root in wanted)) or name in wanted:
            _import(name)


def _import(name: str) -> None:
    """Import `name`; the last part may be a class rather than a module, so its absence says nothing."""
    try:
        importlib.import_module(name)
    except ImportError:
        return


def _sources(module_name: str) -> Iterator[str]:
    module: ModuleType = sys.modules[module_name]
    if module.__file__ is not None:
        yield Path(module.__file__).read_text(encoding="utf-8")
    for part in pkgutil.iter_modules(getattr(module, "__path__", ())):
        spec = importlib.util.find_spec(f"{module_name}.{part.name}")
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            yield Path(spec.origin).read_text(encoding="utf-8")


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
