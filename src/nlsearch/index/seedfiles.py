"""The files of one seed space, and how they are written.

::

    <space>.axis      header, then where each item starts on the axis (u8), how long it is (u8) and its key (u4)
    <space>.starts    first posting of each key, one more at the end (u4; u8 from 2**32 postings)
    <space>.keys      which keys there are, ascending (u4, u8 above 32 bits); absent when keys address `starts` directly
    <space>.postings  ``(axis position >> shift) << flag_bits | flag``, 3 to 8 bytes, by key, then by position

Keys of up to 24 bits address the table directly, unless so few postings are there that listing the keys is smaller.
All numbers are little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from nlsearch.declarations import SeedSpace
from nlsearch.errors import IndexDamaged
from nlsearch.index.storage import writing
from nlsearch.kernels import pack_postings

MAX_DIRECT_BITS = 24
_MAGIC = b"NLSEEDS1"
_HEADER = struct.Struct("<8sBBBBB3xQQQQ16x")
_CHUNK = 2**18


@dataclass(frozen=True, slots=True)
class SeedFacts:
    """What the header of a seed index says.

    Parameters
    ----------
    key_bits, shift, flag_bits : int
        As the space declares them.
    width : int
        Bytes of a posting.
    direct : bool
        Whether keys address the table of starts directly.
    items, postings, keys : int
        How many there are; `keys` counts entries of the table of starts less one.
    axis : int
        Length of the axis: the lengths of all items, each rounded up to a multiple of ``2 ** shift``.
    """

    key_bits: int
    shift: int
    flag_bits: int
    width: int
    direct: bool
    items: int
    postings: int
    keys: int
    axis: int

    @property
    def start_type(self) -> str:
        """The dtype of the table of starts."""
        return "<u4" if self.postings < 2**32 else "<u8"

    @property
    def key_type(self) -> str:
        """The dtype of the list of keys."""
        return "<u4" if self.key_bits <= 32 else "<u8"


def file_of(directory: Path, space: SeedSpace, part: str) -> Path:
    """Return the path of one file of a seed space."""
    return directory / f"{space.name}.{part}"


def aligned(lengths: NDArray[np.uint64], shift: int) -> NDArray[np.uint64]:
    """Round lengths up to multiples of ``2 ** shift``."""
    step = np.uint64(2**shift)
    rounded: NDArray[np.uint64] = (lengths + step - np.uint64(1)) // step * step
    return rounded


def posting_width(axis: int, space: SeedSpace) -> int:
    """Return the bytes that a posting needs on an axis of this length, 3 to 8.

    Raises
    ------
    ValueError
        If 8 bytes are too few.
    """
    width = max(3, -(-((max(axis - 1, 0) >> space.shift).bit_length() + space.flag_bits) // 8))
    if width > 8:
        raise ValueError(f"an axis of {axis} does not fit postings of 8 bytes")
    return width


def read_facts(path: Path) -> SeedFacts:
    """Read the header of an ``.axis`` file.

    Raises
    ------
    IndexDamaged
        If it is missing, cut short or not a header.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER.size)
    except OSError as exc:
        raise IndexDamaged(f"cannot be read: {exc}", locator=str(path), hint="run nlsearch check") from exc
    if len(head) != _HEADER.size or not head.startswith(_MAGIC):
        raise IndexDamaged("is not the axis of a seed index", locator=str(path), hint="run nlsearch check")
    _, key_bits, shift, flag_bits, width, direct, items, postings, keys, axis = _HEADER.unpack(head)
    facts = SeedFacts(key_bits, shift, flag_bits, width, bool(direct), items, postings, keys, axis)
    if not 3 <= width <= 8 or max(key_bits, shift) > 64 or flag_bits > 8 or (direct and keys != 2**key_bits):
        raise IndexDamaged("its header contradicts itself", locator=str(path), hint="run nlsearch check")
    return facts


HEADER_BYTES = _HEADER.size


class PostingsFile:
    """Writes the files of a seed space from postings that come by key, then by position.

    Parameters
    ----------
    directory : Path
    space : SeedSpace
    axis : int
        Length of the axis.
    postings : int
        How many will come, at most.
    """

    def __init__(self, directory: Path, space: SeedSpace, axis: int, postings: int) -> None:
        self._directory, self._space = directory, space
        self._axis = axis
        self._width = posting_width(axis, space)
        self._direct = space.key_bits <= MAX_DIRECT_BITS and 2 * postings >= 2**space.key_bits
        self._start_type = "<u4" if postings < 2**32 else "<u8"
        self._key_type = "<u4" if space.key_bits <= 32 else "<u8"
        self._written = 0
        self._entries = 0
        self._last = -1
        with writing(directory):
            self._postings = self._open("postings")
            self._starts = self._open("starts")
            self._keys = None if self._direct else self._open("keys")

    def _open(self, part: str) -> BinaryIO:
        return file_of(self._directory, self._space, part).open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._postings, self._starts, self._keys):
            if file is not None:
                file.close()

    def add(self, keys: NDArray[Any], values: NDArray[np.uint64]) -> None:
        """Append postings whose keys are ascending and not below those of earlier calls."""
        if not len(keys):
            return
        _order_within_keys(keys, values)
        with writing(self._directory):
            if self._keys is None:
                self._add_direct(keys)
            else:
                self._add_listed(keys)
            self._postings.write(pack_postings(values, self._width).data)
        self._written += len(keys)
        self._last = int(keys[-1])

    def _add_direct(self, keys: NDArray[Any]) -> None:
        """Write the starts of all keys up to the last one of `keys`."""
        self._fill(int(keys[-1]) + 1, keys)

    def _fill(self, end: int, keys: NDArray[Any]) -> None:
        done = np.searchsorted(keys, keys.dtype.type(max(self._entries, 0)))
        for low in range(self._entries, end, _CHUNK):
            high = min(low + _CHUNK, end)
            upto = len(keys) if high == end else int(np.searchsorted(keys, keys.dtype.type(high)))
            counts = np.bincount((keys[done:upto] - keys.dtype.type(low)).astype(np.int64), minlength=high - low)
            starts = np.cumsum(counts) - counts + (self._written + int(done))
            self._starts.write(starts.astype(self._start_type).data)
            done = np.intp(upto)
        self._entries = max(self._entries, end)

    def _add_listed(self, keys: NDArray[Any]) -> None:
        first = np.flatnonzero(np.concatenate([[int(keys[0]) != self._last], keys[1:] != keys[:-1]]))
        assert self._keys is not None  # noqa: S101 - the caller has looked
        self._keys.write(keys[first].astype(self._key_type).data)
        self._starts.write((first + self._written).astype(self._start_type).data)
        self._entries += len(first)

    def finish(self, keys: NDArray[np.uint32], starts: NDArray[np.uint64], lengths: NDArray[np.uint64]) -> SeedFacts:
        """Write the end of the table and the axis, and return what the header says."""
        space = self._space
        with writing(self._directory):
            if self._direct:
                self._fill(2**space.key_bits, np.empty(0, np.uint64))
            self._starts.write(np.array([self._written], self._start_type).data)
            facts = SeedFacts(
                space.key_bits,
                space.shift,
                space.flag_bits,
                self._width,
                self._direct,
                len(keys),
                self._written,
                self._entries,
                self._axis,
            )
            with self._open("axis") as file:
                file.write(_HEADER.pack(_MAGIC, *astuple(facts)))
                for array, dtype in ((starts, "<u8"), (lengths, "<u8"), (keys, "<u4")):
                    file.write(np.ascontiguousarray(array, dtype).data)
        return facts


def _order_within_keys(keys: NDArray[Any], values: NDArray[np.uint64]) -> None:
    """Sort, in place, the values of equal keys, which are in order but for flags at one coarse position."""
    wrong = np.flatnonzero((values[1:] < values[:-1]) & (keys[1:] == keys[:-1]))
    if not len(wrong):
        return
    few = np.unique(keys[wrong])
    first, end = np.searchsorted(keys, few), np.searchsorted(keys, few, side="right")
    sizes = end - first
    concerned = np.repeat(first - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
    values[concerned] = values[concerned][np.lexsort((values[concerned], keys[concerned]))]
