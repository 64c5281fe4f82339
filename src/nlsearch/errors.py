"""Every error that nlsearch raises on purpose, as one tree.

::

    NlsearchError
    ├── InputError            something in a file that was read
    │   ├── UnknownKind           no handler recognises it
    │   ├── MalformedContent      a handler recognises it, and it is broken
    │   ├── UnsupportedFeature    correct, but not (yet) readable here
    │   └── LimitExceeded         refused by a cap of :mod:`nlsearch.limits`
    ├── WorkerError           the isolated process that read it failed
    │   ├── WorkerTimeout
    │   ├── WorkerOutOfMemory
    │   └── WorkerCrashed
    ├── StoreError            the collection on disk
    │   ├── IndexLocked           another process is writing
    │   ├── IndexDamaged          bytes differ from what was written
    │   ├── IndexTooNew           written by a newer nlsearch
    │   └── StorageFull           the disk took no more
    ├── QueryError            the question
    │   ├── QuerySyntax           knows the column and the nearest valid name
    │   └── QueryTooCostly        refused before it ran
    └── MissingExtra          an optional library is not installed

Each carries a stable machine-readable ``code``, the ``locator`` of what is concerned (a path, a record, a column)
and a ``hint`` that says what to do.  Foreign errors are translated with ``raise … from exc``.
"""

from __future__ import annotations


class NlsearchError(Exception):
    """Root of all errors raised on purpose.

    Parameters
    ----------
    message : str
        What is wrong, in one sentence.
    locator : str, optional
        Where: a path, ``path#record`` or a column of the query.
    hint : str, optional
        What the reader can do about it.
    """

    code = "error"

    def __init__(self, message: str, *, locator: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.locator = locator
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.locator}: " if self.locator else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"


class InputError(NlsearchError):
    """Something in a file that was read."""

    code = "input"


class UnknownKind(InputError):
    """No handler recognises the content."""

    code = "unknown_kind"


class MalformedContent(InputError):
    """A handler recognises the content, and it is broken."""

    code = "malformed_content"


class UnsupportedFeature(InputError):
    """The content is correct, but uses something that is not readable here."""

    code = "unsupported_feature"


class LimitExceeded(InputError):
    """A cap of :mod:`nlsearch.limits` refused the content; the message names the cap."""

    code = "limit_exceeded"


class WorkerError(NlsearchError):
    """The isolated process that read a file failed; the file is quarantined, nothing else is lost."""

    code = "worker"


class WorkerTimeout(WorkerError):
    """The wall clock of the worker ran out."""

    code = "worker_timeout"


class WorkerOutOfMemory(WorkerError):
    """The worker reached its memory cap."""

    code = "worker_out_of_memory"


class WorkerCrashed(WorkerError):
    """The worker died or answered something that is not an answer."""

    code = "worker_crashed"


class StoreError(NlsearchError):
    """The collection on disk."""

    code = "store"


class IndexLocked(StoreError):
    """Another process is writing to the collection."""

    code = "index_locked"


class IndexDamaged(StoreError):
    """Bytes of the collection differ from what was written."""

    code = "index_damaged"


class IndexTooNew(StoreError):
    """The collection was written by a newer nlsearch."""

    code = "index_too_new"


class StorageFull(StoreError):
    """The disk took no more (ENOSPC, EDQUOT) or failed to write (EIO)."""

    code = "storage_full"


class QueryError(NlsearchError):
    """The question cannot be answered as asked."""

    code = "query"


class QuerySyntax(QueryError):
    """The query does not follow the grammar, or names something that does not exist.

    Parameters
    ----------
    column : int, optional
        0-based column of the query text at which reading failed.
    """

    code = "query_syntax"

    def __init__(self, message: str, *, locator: str = "", hint: str = "", column: int | None = None) -> None:
        super().__init__(message, locator=locator, hint=hint)
        self.column = column


class QueryTooCostly(QueryError):
    """The query was refused before it ran; the message says which bound it exceeds."""

    code = "query_too_costly"


class MissingExtra(NlsearchError):
    """An optional library is not installed; the message says which extra brings it."""

    code = "missing_extra"
