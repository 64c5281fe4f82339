"""FASTQ: reads with the quality of each base, on four lines or more.

Conventions
-----------
A quality is Phred's, −10·log₁₀ of the chance that the base is wrong.  ``mean_quality`` is the arithmetic mean of the
qualities, ``expected_errors`` the sum of those chances, ``q20`` and ``q30`` the shares of bases of at least so much.
Qualities are read as Phred+33.  A file is read as Phred+64 (Illumina 1.3 to 1.7) if among its first qualities none is
below ``;``, none above ``h`` and one above ``K``.

References
----------
P. Cock et al., Nucleic Acids Res. 2010, 38, 1767.  Expected errors: R. Edgar & H. Flyvbjerg, Bioinformatics 2015, 31,
3476.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

import numpy as np

from nlsearch.errors import MalformedContent
from nlsearch.handlers.sequences.headers import parted
from nlsearch.handlers.sequences.packed import Packer
from nlsearch.handlers.sequences.records import NUCLEOTIDE, Record
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

HELD_READS = 1_000
"""Reads that are looked at before the encoding is settled, if nothing settles it earlier."""
_BOM = b"\xef\xbb\xbf"
_LOWEST_64, _HIGHEST_64, _HIGHEST_USUAL_33 = ord(";"), ord("h"), ord("K")


class Read(NamedTuple):
    """A read as the file has it; `wrong` says what is wrong with it."""

    header: bytes
    letters: bytes
    qualities: bytes
    wrong: str = ""


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield every read; what is broken is skipped up to the next line that begins a read.

    Raises
    ------
    MalformedContent
        If the text does not begin with ``@``.
    """
    reads = _reads(stream, limits)
    held = _first(reads)
    if not held:
        raise MalformedContent("the file holds no FASTQ record")
    offset = _offset(held)
    for number, read in enumerate(chain(held, reads), start=1):
        yield _item(number, read, offset)


def _item(number: int, read: Read, offset: int) -> RawItem | Skipped:
    name, description = parted(read.header)
    packer = Packer()
    packer.add(read.letters)
    wrong = read.wrong
    if not wrong and packer.wrong is not None:
        wrong = f"{packer.wrong[1]!r} at letter {packer.wrong[0]:,} is no nucleotide"
    if wrong:
        return Skipped(number, wrong, record_id=name or None)
    sequence = packer.finish()
    record = Record(name, sequence, description, molecule=sequence.molecule if sequence.length else "")
    record.encoding = f"Phred+{offset}"
    record.measured = _measured(read.qualities, offset)
    warnings = [] if sequence.length else ["the record has no sequence"]
    if packer.gaps:
        warnings.append(f"{packer.gaps} gap characters were left out; positions count bases")
    return RawItem(record, number, name, name or None, kind=NUCLEOTIDE, warnings=warnings)


def _tables(offset: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return for every character its quality, its chance of error, and whether it counts for q20 and q30."""
    quality = np.arange(256) - offset
    return np.stack([quality, np.minimum(1.0, 10.0 ** (-quality / 10)), quality >= 20, quality >= 30], axis=1)


_TABLES = {offset: _tables(offset) for offset in (33, 64)}


def _measured(qualities: bytes, offset: int) -> dict[str, float]:
    if not qualities:
        return {}
    codes = np.frombuffer(qualities, np.uint8)
    total, errors, q20, q30 = (np.bincount(codes, minlength=256) @ _TABLES[offset]).tolist()
    count = len(qualities)
    return {
        "mean_quality": round(total / count, 3),
        "min_quality": int(codes.min()) - offset,
        "q20": round(q20 / count, 4),
        "q30": round(q30 / count, 4),
        "expected_errors": round(errors, 4),
    }


# ----------------------------------------------------------------------------------------------------------- encoding
def _first(reads: Iterator[Read]) -> list[Read]:
    """Take reads until one settles the encoding, or there are enough."""
    held: list[Read] = []
    for read in reads:
        held.append(read)
        lowest, highest = _range(read)
        if lowest < _LOWEST_64 or highest > _HIGHEST_64 or len(held) == HELD_READS:
            break
    return held


def _range(read: Read) -> tuple[int, int]:
    usable = read.qualities if not read.wrong else b""
    return min(usable, default=_LOWEST_64), max(usable, default=_LOWEST_64)


def _offset(held: list[Read]) -> int:
    ranges = [_range(read) for read in held]
    lowest, highest = min(low for low, _ in ranges), max(high for _, high in ranges)
    return 64 if lowest >= _LOWEST_64 and _HIGHEST_USUAL_33 < highest <= _HIGHEST_64 else 33


# --------------------------------------------------------------------------------------------------------------- lines
def _reads(stream: BinaryIO, limits: Limits) -> Iterator[Read]:
    most = limits.record_bytes
    line = _behind_blank(stream, stream.readline(most).removeprefix(_BOM))
    if line and not line.startswith(b"@"):
        raise MalformedContent("FASTQ begins with '@'", locator="line 1")
    was_broken = False
    while line:
        if line.startswith(b"@"):
            read = _read(line[1:].rstrip(b"\r\n"), stream, most)
            if not (read.wrong and was_broken):
                yield read
            was_broken = bool(read.wrong)
        elif not was_broken:
            yield Read(b"", b"", b"", "a line that begins no read ('@')")
            was_broken = True
        line = _behind_blank(stream, stream.readline(most))


def _behind_blank(stream: BinaryIO, line: bytes) -> bytes:
    while line and line.isspace():
        line = stream.readline()
    return line


def _read(header: bytes, stream: BinaryIO, most: int) -> Read:
    """Return the read that follows a header: letters up to ``+``, then as many qualities."""
    letters = stream.readline(most).rstrip(b"\r\n")
    line = stream.readline(most)
    while line and not line.startswith(b"+"):
        letters += line.rstrip(b"\r\n")
        if len(letters) >= most:
            return Read(header, b"", b"", f"the read is over the cap record_bytes = {most:,}")
        line = stream.readline(most)
    if not line:
        return Read(header, b"", b"", "the read is cut short: it has no line of '+'")
    qualities = stream.readline(most).rstrip(b"\r\n")
    while len(qualities) < len(letters) and (line := stream.readline(most)):
        qualities += line.rstrip(b"\r\n")
    if len(qualities) != len(letters):
        return Read(header, b"", b"", f"{len(qualities):,} qualities for {len(letters):,} letters")
    return Read(header, letters, qualities)
