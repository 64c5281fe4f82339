"""Translating what the text index's library raises into errors of our own.

Tantivy reports the system's errors as text, and its panics derive from BaseException and can only be told by name.
"""

from __future__ import annotations

import errno
from pathlib import Path
from types import TracebackType

from nlsearch.errors import IndexDamaged, StorageFull, StoreError

_FULL = (  # the system's words and numbers for ENOSPC, EIO, EDQUOT and EFBIG
    "no space left",
    "input/output error",
    "quota exceeded",
    "file too large",
    *(f"os error {number})" for number in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG)),
)
_THREAD_DIED = "an index writer was killed"  # by an error of a thread of Tantivy's, whose own words are lost


class Guard:
    """Translates what the library raises; its panics derive from BaseException and can only be told by name."""

    def __init__(self, directory: Path, *, writing: bool = False) -> None:
        self.directory = directory
        self.writing = writing

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or not (issubclass(kind, Exception) or kind.__name__ == "PanicException"):
            return
        if kind.__module__.startswith("nlsearch."):
            return
        where = str(self.directory)
        if any(sign in str(error).lower() for sign in _FULL):
            raise StorageFull("the disk took no more of the text index", locator=where) from error
        if self.writing and _THREAD_DIED in str(error).lower():
            hint = "the disk may be full or failing; what was committed before stands"
            raise StorageFull("the text index could not be written", locator=where, hint=hint) from error
        if self.writing:
            raise StoreError(f"the text index could not be written: {error}", locator=where) from error
        hint = "nlsearch check says what is damaged; index the sources again"
        raise IndexDamaged(f"the text index cannot be read: {error}", locator=where, hint=hint) from error
