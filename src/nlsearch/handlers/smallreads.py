"""What readers of archives share: a file of which no more is read at once than an honest directory needs.

zipfile and tarfile read the directory of an archive at once, however long it says that it is.
"""

from __future__ import annotations

from typing import BinaryIO

from nlsearch.errors import LimitExceeded
from nlsearch.limits import MIB

_DIRECTORY_BYTES = 16 * MIB
_ENTRY_BYTES = 46


class SmallReads:
    """A file of which no more is read at once than a directory of an allowed number of members needs.

    Parameters
    ----------
    inner : BinaryIO
        Seekable.
    members : int
        The cap ``container_members``.
    """

    def __init__(self, inner: BinaryIO, members: int) -> None:
        self._inner = inner
        self._most = _DIRECTORY_BYTES + members * _ENTRY_BYTES
        self.seek = inner.seek
        self.tell = inner.tell
        self.seekable = inner.seekable

    def read(self, size: int = -1) -> bytes:
        """Read as much as a directory may need.

        Raises
        ------
        LimitExceeded
            If there is more.
        """
        content = self._inner.read(self._most + 1 if size < 0 else min(size, self._most + 1))
        if len(content) > self._most:
            raise LimitExceeded("its directory is longer than the cap container_members allows")
        return content

    def close(self) -> None:
        """Close the file."""
        self._inner.close()
