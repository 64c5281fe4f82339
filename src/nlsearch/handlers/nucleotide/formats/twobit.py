"""2bit: UCSC's packed genomes, of either byte order.

Conventions
-----------
Blocks of N are read as N.  Masked (lower-case) stretches are searched as all others are.

References
----------
UCSC Genome Browser, .2bit format, versions 0 (32-bit offsets) and 1 (64-bit offsets).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from nlsearch.errors import InputError, MalformedContent, UnsupportedFeature
from nlsearch.handlers.sequences.headers import accessions_of
from nlsearch.handlers.sequences.packed import Packer
from nlsearch.handlers.sequences.records import NUCLEOTIDE, Record
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

MAGICS = {b"\x43\x27\x41\x1a": "<", b"\x1a\x41\x27\x43": ">"}
"""First bytes → byte order, as :mod:`struct` writes it."""
_PIECE = 2**18
_LETTERS = np.array([[b"TCAG"[byte >> shift & 3] for shift in (6, 4, 2, 0)] for byte in range(256)], np.uint8)


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield every sequence, in the order of the file's index.

    Raises
    ------
    MalformedContent
        If the header or the index is damaged.
    UnsupportedFeature
        If the version is not known.
    """
    file = _File(stream)
    version, count, _ = file.numbers(3)
    if version > 1:
        raise UnsupportedFeature(f"version {version} of 2bit is not known")
    if not count:
        raise MalformedContent("the 2bit file holds no sequence")
    for number, (name, offset) in enumerate(list(file.index(count, version)), start=1):
        try:
            yield _item(number, name, file, offset, limits)
        except InputError as error:
            yield Skipped(number, error.message, error.code, name or None)


class _File:
    """A file of numbers in one byte order, which never reads more than there is."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, io.SEEK_END)
        self.seek(0)
        order = MAGICS.get(self.read(4))
        if order is None:
            raise MalformedContent("not a 2bit file: it begins otherwise")
        self.order = order

    def seek(self, offset: int) -> None:
        """Go to a place, counted from the beginning."""
        self._at = self._stream.seek(offset)

    def read(self, size: int) -> bytes:
        """Return so many bytes.

        Raises
        ------
        MalformedContent
            If the file ends before.
        """
        if self._at + size > self.size:
            raise MalformedContent("the 2bit file is cut short")
        self._at += size
        return self._stream.read(size)

    def numbers(self, count: int) -> list[int]:
        """Return so many numbers of 32 bits."""
        return list(struct.unpack(f"{self.order}{count}I", self.read(4 * count)))

    def index(self, count: int, version: int) -> Iterator[tuple[str, int]]:
        """Yield the name of each sequence and where it begins."""
        offset = struct.Struct(self.order + ("Q" if version else "I"))
        for _ in range(count):
            name = self.read(self.read(1)[0]).decode("utf-8", "replace")
            yield name, offset.unpack(self.read(offset.size))[0]

    def blocks(self) -> list[tuple[int, int]]:
        """Read a list of blocks: starts and sizes."""
        (count,) = self.numbers(1)
        starts, sizes = self.numbers(count), self.numbers(count)
        return [(start, start + size) for start, size in zip(starts, sizes, strict=True)]


def _item(number: int, name: str, file: _File, offset: int, limits: Limits) -> RawItem:
    if offset >= file.size:
        raise MalformedContent("the index points behind the end of the file")
    file.seek(offset)
    (length,) = file.numbers(1)
    limits.check("nucleotide_bases", length)
    unknown = np.array(file.blocks(), np.int64).reshape(-1, 2)
    file.blocks()
    file.numbers(1)
    packer = Packer()
    for start in range(0, length, 4 * _PIECE):
        bases = min(4 * _PIECE, length - start)
        letters = _LETTERS[np.frombuffer(file.read((bases + 3) // 4), np.uint8)].reshape(-1)[:bases]
        for first, last in unknown[(unknown[:, 0] < start + bases) & (unknown[:, 1] > start)].tolist():
            letters[max(first - start, 0) : last - start] = ord("N")
        packer.add(letters.tobytes())
    record = Record(name, packer.finish(), accessions=accessions_of(name), molecule="DNA" if length else "")
    warnings = [] if length else ["the record has no sequence"]
    return RawItem(record, number, name, name or None, kind=NUCLEOTIDE, warnings=warnings)
