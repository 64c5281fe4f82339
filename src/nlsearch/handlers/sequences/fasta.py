"""FASTA (Pearson & Lipman, PNAS 1988 85:2444), read as a stream of pieces and not of lines.

Conventions
-----------
A record begins with ``>`` at the start of a line; its id is the first word of that line, the rest its description.
Words end at white space and at control characters (NCBI joins the headers of equal sequences by Ctrl-A).
Lines end in LF, CRLF or CR.  Lines that begin with ``;`` before the first record are comments.  White space and
digits between letters are left out.  A sequence of any length on one line is read in pieces of a fixed size.
Each record is of nucleotides or a protein by itself (:mod:`nlsearch.handlers.sequences.telling`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.sequences.headers import accessions_of, chain_of, organism_of, parted
from nlsearch.handlers.sequences.packed import Packer
from nlsearch.handlers.sequences.records import NUCLEOTIDE, PROTEIN, Record
from nlsearch.handlers.sequences.residues import Gathered
from nlsearch.handlers.sequences.telling import DECIDED, is_prose, kind_of, lean_of
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

PIECE = 2**20
_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"[\r\n]")
_PREAMBLE = re.compile(rb"(?:\s+|;[^\r\n]*(?:[\r\n]|\Z))*")


def read_fasta(stream: BinaryIO, limits: Limits, name: str = "", number: int = 0) -> Iterator[RawItem | Skipped]:
    """Yield every record of a FASTA stream, as an item of its kind.

    Parameters
    ----------
    stream : binary stream
    limits : Limits
    name : str
        The file's name, whose suffix may say what is in it.
    number : int
        Records before these in the same source.

    Raises
    ------
    MalformedContent
        If the text does not begin with ``>``.
    LimitExceeded
        If a header line or a sequence is over its cap.
    """
    start = _start(stream)
    lean = lean_of(name, start)
    header, letters = None, Letters(lean, limits)
    for is_header, text in _events(start, stream, limits):
        if is_header:
            if header is not None:
                yield letters.record(number, header)
            number, header, letters = number + 1, text, Letters(lean, limits)
        else:
            letters.add(text, number)
    if header is None:
        raise MalformedContent("the file holds no FASTA record")
    yield letters.record(number, header)


class Letters:
    """The letters of one record, whose kind is decided when enough of them are there.

    Parameters
    ----------
    lean : str
        The kind of the file, where letters do not say.
    limits : Limits
    """

    def __init__(self, lean: str, limits: Limits) -> None:
        self._lean = lean
        self._limits = limits
        self._held = b""
        self._is_prose = False
        self._taker: Packer | Gathered | None = None

    def add(self, text: bytes, number: int = 0) -> None:
        """Take the next piece of the record with this number.

        Raises
        ------
        LimitExceeded
            If there are more bases than the cap allows.
        """
        if self._taker is None:
            self._held += text
            if len(self._held) < DECIDED:
                return
            text, taker = self._held, self._decided()
        else:
            taker = self._taker
        taker.add(text)
        if isinstance(taker, Packer):
            self._limits.check("nucleotide_bases", taker.length, locator=f"#{number}")

    def _decided(self) -> Packer | Gathered:
        kind = kind_of(self._held, self._lean)
        self._is_prose = kind == PROTEIN and b" " in self._held and is_prose(self._held)
        self._taker = Packer() if kind == NUCLEOTIDE else Gathered(self._limits.record_bytes)
        self._held = b""
        return self._taker

    def taken(self) -> Packer | Gathered:
        """Return what gathered the letters: a Packer of nucleotides, or a Gathered of residues."""
        if self._taker is None:
            held = self._held
            self._decided().add(held)
        assert self._taker is not None  # noqa: S101 - decided
        return self._taker

    def record(self, number: int, header: bytes) -> RawItem | Skipped:
        """Return the record with this header line.

        Raises
        ------
        LimitExceeded
            If there are more bases than the cap allows.
        """
        name, description = parted(header)
        taken = self.taken()
        if self._is_prose:
            return Skipped(number, "the text holds words and no sequence", record_id=name or None)
        if isinstance(taken, Gathered):
            return protein_item(number, name, description, taken)
        self._limits.check("nucleotide_bases", taken.length, locator=f"#{number}")
        return nucleotide_item(number, name, description, taken)


def nucleotide_item(number: int, name: str, description: str, packer: Packer) -> RawItem | Skipped:
    """Return the record of nucleotides that a packer gathered, or why it is none."""
    if packer.wrong is not None:
        at, letter = packer.wrong
        return Skipped(number, f"{letter!r} at letter {at:,} is no nucleotide", record_id=name or None)
    warnings = []
    if packer.gaps:
        warnings.append(f"{packer.gaps} gap characters were left out; positions count bases")
    if not packer.length:
        warnings.append("the record has no sequence")
    sequence = packer.finish()
    record = Record(
        name,
        sequence,
        description,
        accessions_of(name),
        organism=organism_of(description),
        molecule=sequence.molecule if sequence.length else "",
    )
    return RawItem(record, number, name, name or None, kind=NUCLEOTIDE, warnings=warnings)


def protein_item(number: int, name: str, description: str, gathered: Gathered) -> RawItem | Skipped:
    """Return the record of a protein that was gathered, or why it is none."""
    if gathered.wrong is not None:
        at, letter = gathered.wrong
        return Skipped(number, f"{letter!r} at letter {at:,} is no residue", record_id=name or None)
    if gathered.is_over:
        reason = f"{gathered.length:,} residues are over the cap record_bytes = {gathered.most:,}"
        return Skipped(number, reason, "limit_exceeded", name or None)
    chain = chain_of(name, description, gathered.finish())
    return RawItem(chain, number, name, name or None, kind=PROTEIN, warnings=gathered.warnings())


# --------------------------------------------------------------------------------------------------------------- events
def _events(buffer: bytes, stream: BinaryIO, limits: Limits) -> Iterator[tuple[bool, bytes]]:
    """Yield ``(True, header line)`` and ``(False, piece of sequence)`` in the order of the file."""
    at = 0
    in_header = True
    at_line_start = True
    while at < len(buffer):
        if in_header:
            end = _LINE_END.search(buffer, at)
            more = b"" if end else stream.read(PIECE)
            if more:
                buffer, at = buffer[at:] + more, 0
                _check_header(buffer, limits)
                continue
            stop = end.start() if end else len(buffer)
            yield True, buffer[at + 1 : stop]
            in_header = at_line_start = False
        else:
            stop = _next_record(buffer, at, at_line_start)
            yield False, buffer[at:stop]
            in_header, at_line_start = stop < len(buffer), buffer[stop - 1 : stop] in {b"\n", b"\r"}
        at = stop
        if at == len(buffer):
            buffer, at = stream.read(PIECE), 0


def _start(stream: BinaryIO) -> bytes:
    """Return the first piece, from the first ``>``; what is before may be a byte order mark, comments and space."""
    buffer = stream.read(PIECE).removeprefix(_BOM)
    preamble = _PREAMBLE.match(buffer)
    buffer = buffer[preamble.end() if preamble else 0 :]
    if buffer and buffer[:1] != b">":
        raise MalformedContent("FASTA begins with '>'", locator="line 1")
    return buffer


def _check_header(buffer: bytes, limits: Limits) -> None:
    if not _LINE_END.search(buffer):
        limits.check("line_bytes", len(buffer))


def _next_record(buffer: bytes, at: int, at_line_start: bool) -> int:
    """Return where the next record begins in `buffer` from `at` on, or its end."""
    if at_line_start and buffer[at : at + 1] == b">":
        return at
    end = buffer.find(b"\n>", at)
    end = len(buffer) if end < 0 else end + 1
    earlier = buffer.find(b"\r>", at, end)
    return end if earlier < 0 else earlier + 1
