"""Small records by number, in compressed blocks: the items as users see them, and the features kept for merging.

Records are msgpack values.  A block is a zstd frame around the msgpack list of some packed records (fewer when they are
large), kept by :mod:`nlsearch.index.payloads`; ``<name>.firsts`` holds the number of each block's first record as
little-endian u32.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from sys import byteorder
from typing import TYPE_CHECKING, Any

import msgpack
import numpy as np
import zstandard

from nlsearch.errors import IndexDamaged
from nlsearch.index.payloads import Blobs, BlobWriter
from nlsearch.index.storage import mapped, writing
from nlsearch.model import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCATTERED, IN_ORDER = 16, 64
"""Records of a block when they are read here and there, as those of hits are, and when they are read one after another:
the smaller the block, the less is decompressed for one record, and the more bytes they take (a quarter)."""
BLOCK_BYTES = 1 << 18
LEVEL = 3
KEPT_BLOCKS = 128
TEXTS = "surrogatepass"  # paths may hold bytes that are not UTF-8


def packed_terms(terms: NDArray[np.uint64]) -> bytes:
    """Return ascending structural terms as bytes: a width, and the differences in so many bytes each; an odd number."""
    steps = np.asarray(terms, "<u8").copy()
    steps[1:] -= steps[:-1].copy()
    most = int(steps.max(initial=0))
    width = next(width for width in (2, 4, 8) if most < 1 << 8 * width)
    return bytes([width]) + steps.astype(f"<u{width}").tobytes()


def unpacked_terms(raw: bytes) -> NDArray[np.uint64]:
    """Read packed terms; a multiple of eight bytes are terms as they are, as splits had them at first."""
    if len(raw) % 8 == 0:
        return np.frombuffer(raw, "<u8")
    steps = np.frombuffer(raw, f"<u{raw[0]}", offset=1)
    return np.cumsum(steps, dtype=np.uint64)


class RecordWriter:
    """Writes records; number 0 is the first added.

    Parameters
    ----------
    directory : path
        Exists.
    name : str
        Of the files, without suffix.
    block : int
        Records of a block.
    """

    def __init__(self, directory: Path, name: str, block: int = IN_ORDER) -> None:
        self._most = block
        self._firsts_path = directory / f"{name}.firsts"
        self._blobs = BlobWriter(directory, name)
        self._firsts = array("I")
        self._block: list[bytes] = []
        self._bytes = 0
        self._number = 0
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)

    def add(self, record: Json) -> None:
        """Append a record: JSON values and bytes.

        Raises
        ------
        StorageFull
            If the disk takes no more.
        """
        packed: bytes = msgpack.packb(record, unicode_errors=TEXTS, default=plain)
        self._block.append(packed)
        self._bytes += len(packed)
        self._number += 1
        if len(self._block) >= self._most or self._bytes >= BLOCK_BYTES:
            self._flush()

    def finish(self) -> None:
        """Write what is buffered."""
        self._flush()
        self._blobs.finish()
        if byteorder == "big":
            self._firsts.byteswap()
        with writing(self._firsts_path):
            self._firsts_path.write_bytes(self._firsts.tobytes())

    def close(self) -> None:
        """Close the files; without :meth:`finish` they are of no use."""
        self._blobs.close()

    def _flush(self) -> None:
        if self._block:
            self._firsts.append(self._number - len(self._block))
            self._blobs.add(self._compressor.compress(msgpack.packb(self._block)))
            self._block, self._bytes = [], 0


class Records:
    """Reads records, keeping a few blocks decompressed.

    Raises
    ------
    IndexDamaged
        If the files do not fit together; so does reading.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory / f"{name}.bin"
        self._blobs = Blobs(directory, name)
        self._firsts = mapped(directory / f"{name}.firsts", "<u4").astype("u4").data
        self._decompressor = zstandard.ZstdDecompressor()
        self._recent: dict[int, list[bytes]] = {}
        self._lock = threading.Lock()
        if len(self._firsts) != len(self._blobs):
            raise IndexDamaged("blocks do not fit", locator=str(self._path), hint="run nlsearch check")

    def __getitem__(self, number: int) -> Any:  # noqa: ANN401 - whatever was added
        """Return record `number`."""
        block = bisect_right(self._firsts, number) - 1
        return self._unpack(self._read(block), number - self._firsts[block])

    def many(self, numbers: Iterable[int]) -> Iterator[Any]:
        """Yield several records in the order asked; when ascending, each block is decompressed once."""
        first, block, records = 0, -1, list[bytes]()
        for number in numbers:
            if not first <= number < first + len(records):
                block = bisect_right(self._firsts, number) - 1
                first, records = self._firsts[block], self._read(block)
            yield self._unpack(records, number - first)

    def _read(self, block: int) -> list[bytes]:
        with self._lock:
            records = self._recent.pop(block, None)
            if records is None:
                records = self._decompress(block)
                if len(self._recent) >= KEPT_BLOCKS:
                    del self._recent[next(iter(self._recent))]
            self._recent[block] = records
            return records

    def _decompress(self, block: int) -> list[bytes]:  # the lock is held: a decompressor serves one thread
        try:
            packed = self._decompressor.decompress(self._blobs[block])
            records: list[bytes] = msgpack.unpackb(packed)
        except (zstandard.ZstdError, ValueError, MemoryError) as exc:
            raise self._damaged(exc) from exc
        return records

    def _unpack(self, records: list[bytes], place: int) -> Any:  # noqa: ANN401
        try:
            return msgpack.unpackb(records[place], unicode_errors=TEXTS)
        except (IndexError, TypeError, ValueError) as exc:
            raise self._damaged(exc) from exc

    def _damaged(self, exc: Exception) -> IndexDamaged:
        return IndexDamaged(f"a block cannot be read: {exc}", locator=str(self._path), hint="run nlsearch check")


def plain(value: Any) -> Json:  # noqa: ANN401 - what msgpack does not know
    """Return a NumPy number or array as what msgpack knows."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"cannot keep a {type(value).__name__}")
