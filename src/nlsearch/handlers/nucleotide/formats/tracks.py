"""What tables of features share: lines, places, and the items of their features.

Conventions
-----------
Parts are 0-based and half-open, in the order of the feature; locations are written in INSDC notation, 1-based and
closed.  Features have their own sequence where that of their record is known (:mod:`.genome`), as those of flat files
have; coding sequences then give their protein as an item of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from nlsearch.handlers.nucleotide.formats.genome import Known, Sequences
from nlsearch.handlers.sequences.bases import reverse_complement
from nlsearch.handlers.sequences.coding import (
    MOST_RESIDUES,
    Coding,
    chain_item,
    is_pseudo,
    translated_chain,
    written_chain,
)
from nlsearch.handlers.sequences.headers import accessions_of
from nlsearch.handlers.sequences.packed import Packed, packed_of
from nlsearch.handlers.sequences.records import KEPT_BASES, NUCLEOTIDE, Annotation, Chain, Record
from nlsearch.handlers.sequences.residues import digest
from nlsearch.limits import Limits
from nlsearch.model import RawItem

Part = tuple[int, int, str]
"""Start, end and strand."""
FARTHEST = 2**32 - 1
"""Positions are 32-bit."""
_BOM = b"\xef\xbb\xbf"


def lines_of(stream: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """Yield the lines of a table without their ends and without a byte order mark.

    Raises
    ------
    LimitExceeded
        If a line is over the cap ``line_bytes``.
    """
    most = limits.line_bytes
    line = stream.readline(most + 1).removeprefix(_BOM)
    while line:
        limits.check("line_bytes", len(line))
        yield line.rstrip(b"\r\n")
        line = stream.readline(most + 1)


def number_of(text: str) -> int | None:
    """Return a position; None if the text is none."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 10 and int(text) <= FARTHEST else None


def directed(parts: Sequence[tuple[int, int]], strand: str) -> list[Part]:
    """Return ``(start, end)`` of one strand as parts in the order of the feature."""
    return [(start, end, strand or "+") for start, end in sorted(parts, reverse=strand == "-")]


def location_of(parts: Sequence[Part], *, before: bool = False, behind: bool = False) -> str:
    """Return parts in INSDC notation.

    Parameters
    ----------
    parts : sequence of (int, int, str)
    before, behind : bool
        Whether the feature goes on before its first base on the forward strand, and behind its last.
    """
    is_minus = all(strand == "-" for _, _, strand in parts)
    ordered = list(reversed(parts)) if is_minus else list(parts)
    first, last = min(range(len(ordered)), key=ordered.__getitem__), max(range(len(ordered)), key=ordered.__getitem__)
    if is_minus or all(strand == "+" for _, _, strand in parts):  # across an origin the last part is not the farthest
        first, last = 0, len(ordered) - 1
    ranges = [
        _range(start, end, "<" if before and at == first else "", ">" if behind and at == last else "")
        for at, (start, end, _) in enumerate(ordered)
    ]
    if not is_minus:
        ranges = [f"complement({r})" if part[2] == "-" else r for r, part in zip(ranges, ordered, strict=True)]
    joined = ranges[0] if len(ranges) == 1 else f"join({','.join(ranges)})"
    return f"complement({joined})" if is_minus else joined


def _range(start: int, end: int, before: str, behind: str) -> str:
    if start == end:
        return f"{end}^{end + 1}"
    return str(end) if end == start + 1 and not before + behind else f"{before}{start + 1}..{behind}{end}"


class Stubs:
    """The records that lines name, each made once.

    Parameters
    ----------
    sequences : Sequences
        Of the records, where they are known.
    """

    def __init__(self, sequences: Sequences) -> None:
        self._made: dict[str, Record] = {}
        self.sequences = sequences
        self.lengths: dict[str, int] = {}

    def record(self, name: str) -> Record:
        """Return the record of this name; it holds no sequence."""
        if name not in self._made:
            made = Record(name, packed_of(b""), accessions=accessions_of(name))
            entry = self.sequences.of(name).entry
            if entry is not None:
                made.organism, made.molecule = entry.organism, entry.molecule
            self._made[name] = made
        return self._made[name]

    def length(self, name: str) -> int:
        """Return the bases of a record; 0 where unknown."""
        return self.sequences.of(name).length or self.lengths.get(name, 0)


@dataclass(slots=True)
class Row:
    """A feature as a table has it.

    Parameters
    ----------
    record : Record
        The record that it lies on.
    type, name : str
        Its type, and what to call it (``""`` if it has no name).
    strand : str
        ``"+"``, ``"-"`` or ``"both"``; ``""`` where the file does not say.
    parts : list of (int, int, str)
    known : dict of str to list of str
        Its attributes.
    feature_id : str
        Its id in the file; ``""`` if it has none.
    before, behind : bool
        Whether it goes on before its first base on the forward strand, and behind its last.
    coding : Coding or None
        How it is translated; None for what is no coding sequence, or makes no product.
    translation : list of str
        The protein, where the file says it.
    """

    record: Record
    type: str
    name: str
    strand: str
    parts: list[Part]
    known: dict[str, list[str]]
    feature_id: str = ""
    before: bool = False
    behind: bool = False
    coding: Coding | None = None
    translation: list[str] = field(default_factory=list)


def feature_items(number: int, row: Row, stubs: Stubs) -> Iterator[RawItem]:
    """Yield the item of a feature and, if it is a coding sequence whose protein is known, the protein."""
    location = location_of(row.parts, before=row.before, behind=row.behind)
    known = stubs.sequences.of(row.record.name)
    farthest = max(end for _, end, _ in row.parts)
    length = stubs.length(row.record.name) or farthest
    codes, notes = _codes(row, known, stubs.sequences)
    own = packed_of(codes) if codes is not None and len(codes) <= KEPT_BASES else None
    title = row.name or f"{row.record.name}:{location}"
    feature = Annotation(row.type, title, location, row.strand, row.parts, row.known, own, row.record, length)
    record_id = row.feature_id or f"{row.record.name}:{location}:{row.type}"
    chain, odd = _protein(feature, row, codes)
    if chain is None:
        notes += odd
    else:
        feature.protein_digest = digest(chain.residues)
    yield RawItem(feature, number, title, record_id, kind=NUCLEOTIDE, warnings=notes)
    if chain is not None:
        yield chain_item(chain, number + 1, record_id, odd)


def _codes(row: Row, known: Known, sequences: Sequences) -> tuple[bytes | None, list[str]]:
    """Return the feature's own sequence as codes, None where it is not known or not wanted, and what is odd."""
    if known.entry is None:
        return None, [known.warning] if known.warning else []
    farthest = max(end for _, end, _ in row.parts)
    if farthest > known.length:
        beyond = f"it ends at base {farthest:,}, and {row.record.name} has {known.length:,} in {known.place}"
        return None, [f"no sequence was taken: {beyond}"]
    bases = sum(end - start for start, end, _ in row.parts)
    if bases > (KEPT_BASES if row.coding is None else 3 * MOST_RESIDUES + 5):
        return None, []
    whole = sequences.sequence(known)
    return None if whole is None else b"".join(_part(whole, part) for part in row.parts), []


def _part(whole: Packed, part: Part) -> bytes:
    start, end, strand = part
    codes = whole.codes(start, end)
    return reverse_complement(codes) if strand == "-" else codes


def _protein(feature: Annotation, row: Row, codes: bytes | None) -> tuple[Chain | None, list[str]]:
    if row.type != "CDS" or is_pseudo(row.known):
        return None, []
    written = written_chain(feature, row.translation)
    if written is not None or row.coding is None or codes is None:
        return written, []
    return translated_chain(feature, codes, row.coding)
