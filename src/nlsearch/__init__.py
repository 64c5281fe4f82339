"""nlsearch: one search engine for content that is not running text.

>>> import nlsearch
>>> collection = nlsearch.Collection.open("my.nls", create=True)  # doctest: +SKIP
>>> page = collection.search('smarts:"c1ccccc1O" AND mass:[100 TO 300]')  # doctest: +SKIP

Importing this package loads nothing else; every public name is loaded at its first use.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # importing typing for it would cost every cold process 5 ms
if TYPE_CHECKING:
    from nlsearch.collection import Collection
    from nlsearch.errors import (
        IndexDamaged,
        IndexLocked,
        IndexTooNew,
        InputError,
        LimitExceeded,
        MalformedContent,
        MissingExtra,
        NlsearchError,
        QueryError,
        QuerySyntax,
        QueryTooCostly,
        StorageFull,
        StoreError,
        UnknownKind,
        UnsupportedFeature,
        WorkerCrashed,
        WorkerError,
        WorkerOutOfMemory,
        WorkerTimeout,
    )
    from nlsearch.limits import Limits
    from nlsearch.model import Failure, Hit, Item, Picture
    from nlsearch.search.copies import Duplicates
    from nlsearch.search.examples import Answer
    from nlsearch.search.explain import Explanation
    from nlsearch.search.links import Links
    from nlsearch.search.session import Page

__version__ = "0.1.0"

_HOMES = {
    "nlsearch.collection": ("Collection",),
    "nlsearch.limits": ("Limits",),
    "nlsearch.model": ("Failure", "Hit", "Item", "Picture"),
    "nlsearch.search.copies": ("Duplicates",),
    "nlsearch.search.examples": ("Answer",),
    "nlsearch.search.explain": ("Explanation",),
    "nlsearch.search.links": ("Links",),
    "nlsearch.search.session": ("Page",),
    "nlsearch.errors": (
        "IndexDamaged",
        "IndexLocked",
        "IndexTooNew",
        "InputError",
        "LimitExceeded",
        "MalformedContent",
        "MissingExtra",
        "NlsearchError",
        "QueryError",
        "QuerySyntax",
        "QueryTooCostly",
        "StorageFull",
        "StoreError",
        "UnknownKind",
        "UnsupportedFeature",
        "WorkerCrashed",
        "WorkerError",
        "WorkerOutOfMemory",
        "WorkerTimeout",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Answer",
    "Collection",
    "Duplicates",
    "Explanation",
    "Failure",
    "Hit",
    "IndexDamaged",
    "IndexLocked",
    "IndexTooNew",
    "InputError",
    "Item",
    "LimitExceeded",
    "Limits",
    "Links",
    "MalformedContent",
    "MissingExtra",
    "NlsearchError",
    "Page",
    "Picture",
    "QueryError",
    "QuerySyntax",
    "QueryTooCostly",
    "StorageFull",
    "StoreError",
    "UnknownKind",
    "UnsupportedFeature",
    "WorkerCrashed",
    "WorkerError",
    "WorkerOutOfMemory",
    "WorkerTimeout",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nlsearch' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
