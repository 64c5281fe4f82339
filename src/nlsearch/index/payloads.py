"""Byte strings one behind the other in a memory-mapped file, with the offsets beside it.

``<name>.bin`` holds the bytes, ``<name>.idx`` n + 1 little-endian u64 offsets.  Payloads are kept so, one a key, and
so are the compressed blocks of :mod:`nlsearch.index.records`.  The data never changes, so it needs no tree, no lock
file and no page cache of its own.
"""

from __future__ import annotations

from array import array
from pathlib import Path
from sys import byteorder
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.declarations import Buffer
from nlsearch.errors import IndexDamaged
from nlsearch.index.storage import mapped, writing

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BlobWriter:
    """Writes byte strings; number 0 is the first added.

    Parameters
    ----------
    directory : path
        Exists.
    name : str
        Of the two files, without suffix.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory / f"{name}.bin"
        self._ends = array("Q", [0])
        with writing(self._path):
            self._file = self._path.open("wb", buffering=1 << 20)

    def add(self, content: Buffer) -> None:
        """Append a byte string.

        Raises
        ------
        StorageFull
            If the disk takes no more.
        """
        with writing(self._path):
            self._file.write(content)
        self._ends.append(self._ends[-1] + len(content))

    def finish(self) -> None:
        """Write what is buffered and the offsets."""
        if byteorder == "big":
            self._ends.byteswap()
        self.close()
        with writing(self._path):
            self._path.with_suffix(".idx").write_bytes(self._ends.tobytes())

    def close(self) -> None:
        """Close the file; without :meth:`finish` it is of no use."""
        with writing(self._path):
            self._file.close()


class Blobs:
    """Reads byte strings without copying.

    Raises
    ------
    IndexDamaged
        If the files do not fit together; so does reading.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory / f"{name}.bin"
        self._ends = mapped(self._path.with_suffix(".idx"), "<u8")
        self._bytes = mapped(self._path, "u1").data
        if len(self._ends) == 0 or int(self._ends[-1]) != len(self._bytes):
            raise IndexDamaged("offsets do not fit", locator=str(self._path), hint="run nlsearch check")

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> memoryview:
        """Return byte string `number` as a view of the mapped file."""
        start, end = int(self._ends[number]), int(self._ends[number + 1])
        if not 0 <= start <= end <= len(self._bytes):
            raise IndexDamaged("offsets do not ascend", locator=str(self._path), hint="run nlsearch check")
        return self._bytes[start:end]

    def some(self, numbers: NDArray[np.uint32]) -> list[bytes | memoryview]:
        """Return several byte strings as views of the mapped file, in the order asked."""
        starts, ends = self._ends[numbers], self._ends[numbers.astype(np.int64) + 1]
        if not np.all((starts <= ends) & (ends <= len(self._bytes))):
            raise IndexDamaged("offsets do not ascend", locator=str(self._path), hint="run nlsearch check")
        return list(map(self._bytes.__getitem__, map(slice, starts.tolist(), ends.tolist())))
