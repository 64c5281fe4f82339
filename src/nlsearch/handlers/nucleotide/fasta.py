"""FASTA (Pearson & Lipman, PNAS 1988 85:2444), read as a stream of pieces and not of lines.

Conventions
-----------
A record begins with ``>`` at the start of a line; its id is the first word of that line, the rest its description.
Words end at white space and at control characters (NCBI joins the headers of equal sequences by Ctrl-A).
Lines end in LF, CRLF or CR.  Lines that begin with ``;`` before the first record are comments.  White space and
digits between letters are left out.  A sequence of any length on one line is read in pieces of a fixed size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import MalformedContent, UnsupportedFeature
from nlsearch.handlers.nucleotide.alphabet import PROTEIN_ONLY
from nlsearch.handlers.nucleotide.records import Record
from nlsearch.handlers.nucleotide.sequence import Packer
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

PIECE = 2**20
SNIFFED = 2**16
_BOM = b"\xef\xbb\xbf"
_WORD_END = re.compile(r"[\s\x00-\x1f\x7f]+")
_LINE_END = re.compile(rb"[\r\n]")
_PREAMBLE = re.compile(rb"(?:\s+|;[^\r\n]*(?:[\r\n]|\Z))*")
_ACCESSION = re.compile(r"(?:[A-Z]{1,6}|[A-Z]{2}_(?:[A-Z]{1,6})?)\d{5,}(?:\.\d+)?")
_NCBI = re.compile(r"\|(?:ref|gb|emb|dbj|tpg|tpe|tpd)\|([^|\s]+)")
_ORGANISM = re.compile(r"\[organism=([^\]]+)\]")


def accessions_of(name: str) -> list[str]:
    """Return the accession in a FASTA id, with its version first and then without; empty if there is none."""
    ncbi = _NCBI.search("|" + name)
    accession = ncbi.group(1) if ncbi else name
    if not ncbi and not _ACCESSION.fullmatch(name):
        return []
    bare, dot, version = accession.rpartition(".")
    return [accession, bare] if dot and version.isdecimal() else [accession]


def sniff(head: bytes) -> None:
    """Refuse a file of proteins by the letters of its first records.

    Raises
    ------
    UnsupportedFeature
        If most letters are not A, C, G, T, U or N and some only occur in proteins.
    """
    lines = [line for line in re.split(rb"[\r\n]+", head) if line[:1] not in {b">", b";", b""}]
    letters = b"".join(lines).upper().translate(None, b" \t-.0123456789")
    if not letters:
        return
    bases = sum(letters.count(base) for base in (b"A", b"C", b"G", b"T", b"U", b"N"))
    if 2 * bases < len(letters) and PROTEIN_ONLY & set(letters.decode("latin-1")):
        raise UnsupportedFeature(
            "the sequences are proteins, not nucleotides", hint="protein FASTA is not indexed as DNA"
        )


def read_fasta(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield every record of a FASTA stream.

    Raises
    ------
    MalformedContent
        If the text does not begin with ``>``.
    LimitExceeded
        If a header line or a sequence is over its cap.
    UnsupportedFeature
        If the first records are proteins.
    """
    number, header, packer = 0, None, Packer()
    for title, text in _events(stream, limits):
        if title:
            if header is not None:
                yield _record(number, header, packer)
            number, header, packer = number + 1, text, Packer()
        else:
            packer.add(text)
            limits.check("nucleotide_bases", packer.length, locator=f"#{number}")
    if header is None:
        raise MalformedContent("the file holds no FASTA record")
    yield _record(number, header, packer)


def _record(number: int, header: bytes, packer: Packer) -> RawItem | Skipped:
    name, description = [*_WORD_END.split(_text(header).strip(), maxsplit=1), ""][:2]
    if packer.wrong is not None:
        return _refused(number, name, packer)
    warnings = []
    if packer.gaps:
        warnings.append(f"{packer.gaps} gap characters were left out; positions count bases")
    if not packer.length:
        warnings.append("the record has no sequence")
    organism = _ORGANISM.search(description)
    sequence = packer.finish()
    record = Record(
        name,
        sequence,
        description.strip(),
        accessions_of(name),
        organism=organism.group(1).strip() if organism else "",
        molecule=sequence.molecule if sequence.length else "",
    )
    return RawItem(record, number, name, name or None, warnings=warnings)


def _refused(number: int, name: str, packer: Packer) -> Skipped:
    assert packer.wrong is not None  # noqa: S101 - the caller asked
    at, letter = packer.wrong
    if packer.wrong_letters <= PROTEIN_ONLY and packer.acgt_share < 0.6:
        return Skipped(number, "the sequence is a protein, not nucleotides", "unsupported_feature", name or None)
    return Skipped(number, f"{letter!r} at letter {at:,} is no nucleotide", record_id=name or None)


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _events(stream: BinaryIO, limits: Limits) -> Iterator[tuple[bool, bytes]]:
    """Yield ``(True, header line)`` and ``(False, piece of sequence)`` in the order of the file."""
    buffer = _start(stream)
    in_header = True
    at_line_start = True
    while buffer:
        if in_header:
            end = _LINE_END.search(buffer)
            more = b"" if end else stream.read(PIECE)
            if more:
                buffer += more
                _check_header(buffer, limits)
                continue
            stop = end.start() if end else len(buffer)
            yield True, buffer[1:stop]
            buffer, in_header, at_line_start = buffer[stop:], False, False
        else:
            stop = _next_record(buffer, at_line_start)
            yield False, buffer[:stop]
            in_header, at_line_start = stop < len(buffer), buffer[stop - 1 : stop] in {b"\n", b"\r"}
            buffer = buffer[stop:]
        buffer = buffer or stream.read(PIECE)


def _start(stream: BinaryIO) -> bytes:
    """Return the first piece, from the first ``>``; what is before may be a byte order mark, comments and space."""
    buffer = stream.read(PIECE).removeprefix(_BOM)
    preamble = _PREAMBLE.match(buffer)
    buffer = buffer[preamble.end() if preamble else 0 :]
    if buffer and buffer[:1] != b">":
        raise MalformedContent("FASTA begins with '>'", locator="line 1")
    sniff(buffer[:SNIFFED])
    return buffer


def _check_header(buffer: bytes, limits: Limits) -> None:
    if not _LINE_END.search(buffer):
        limits.check("line_bytes", len(buffer))


def _next_record(buffer: bytes, at_line_start: bool) -> int:
    """Return where the next record begins in `buffer`, or its end."""
    if at_line_start and buffer[:1] == b">":
        return 0
    found = [at + 1 for at in (buffer.find(b"\n>"), buffer.find(b"\r>")) if at >= 0]
    return min(found, default=len(buffer))
