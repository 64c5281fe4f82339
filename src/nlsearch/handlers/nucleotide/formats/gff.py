"""GFF3 and GTF: tables of features, of which GFF3 may hold the sequences as well.

Conventions
-----------
Lines of GFF3 with one ``ID`` are one feature in parts; so are the lines of coding sequence (``CDS``) of one ``Parent``
or, in GTF, of one ``transcript_id``.  The parts of a feature are looked for up to the next ``###``, the next record, or
:data:`OPEN` features further on, and their parents among what was read by then: a feature has its parents' gene and
locus tag where it has none of its own.  Positions in the file are 1-based and closed; on a record whose region says
``Is_circular`` they may go on beyond its end.

A coding sequence is translated by its ``transl_table`` (1 if it has none), from its first whole codon by the phase of
its first part.  Its start is the protein's unless ``start_range`` or ``end_range`` (NCBI) or a tag ``cds_start_NF``
(Ensembl, GENCODE) says that it lies elsewhere.

References
----------
L. Stein, Generic Feature Format version 3, version 1.26, Sequence Ontology, 2020.  GTF 2.2, Washington University,
2003.  Attributes of NCBI's files: NCBI GFF3 documentation, 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import unquote

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.nucleotide.formats.families import Families
from nlsearch.handlers.nucleotide.formats.genome import Sequences
from nlsearch.handlers.nucleotide.formats.tracks import (
    Part,
    Row,
    Stubs,
    directed,
    feature_items,
    lines_of,
    number_of,
)
from nlsearch.handlers.sequences.coding import Coding, odd_residues
from nlsearch.handlers.sequences.fasta import read_fasta
from nlsearch.handlers.texts import as_utf8, decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

OPEN = 20_000
_GTF = re.compile(r'\s*([A-Za-z_][\w.-]*)\s+(?:"([^"]*)"|([^\s;"]+))\s*(?:;|$)')
_RENAMED = {
    "Dbxref": "db_xref", "Note": "note", "eC_number": "EC_number", "ec_number": "EC_number", "Ontology_term": "go",
    "gene_synonyms": "gene_synonym",
}  # fmt: skip
_FASTA = (b"##FASTA", b">")
"""How the line begins at which sequences do; without the directive in files of Artemis."""
_GENES = frozenset({"gene", "pseudogene", "ncRNA_gene", "protein_coding_gene"})
_HIDDEN = frozenset({"translation", "codon_start", "transl_table", "transl_except"})
"""Attributes that say how a coding sequence is read, and are no words of it."""
_TITLES = ("Name", "gene", "gene_name", "locus_tag", "product", "ID", "transcript_id", "gene_id")


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a line says of its part of a feature: half-open; which part it says to be, 0 if it does not."""

    start: int
    end: int
    strand: str
    phase: int
    part: int


@dataclass(slots=True)
class _Line:
    """A line, or several that are one feature."""

    record: str
    kind: str
    pieces: list[_Piece]
    known: dict[str, list[str]]
    key: tuple[str, ...] | None


def features(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield every feature, after a coding sequence its protein, and then the records of a ``##FASTA`` section.

    Sequences are taken from that section, or from files beside the source.

    Raises
    ------
    MalformedContent
        If the table holds no feature.
    LimitExceeded
        If a line is over its cap.
    """
    stubs, number = Stubs(Sequences(lambda: _inside(source, limits), source.companions, limits)), 0
    with source.open() as content:
        stream = as_utf8(content)
        for found in _features(stream, limits, stubs):
            if isinstance(found, _Line):
                for item in feature_items(number + 1, _row(found, stubs), stubs):
                    number = item.number
                    yield item
            elif isinstance(found, str):
                number += 1
                yield Skipped(number, found)
            else:
                yield from read_fasta(cast("BinaryIO", _Behind(found, stream)), limits, number=number)
                return
    if not number:
        raise MalformedContent("the table holds no feature")


class _Behind:
    """The rest of a stream behind bytes that were read from it."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first = first
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        first, self._first = self._first, b""
        return first or self._rest.read(size)


def _inside(source: Source, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the records that the file itself holds."""
    with source.open() as content:
        stream = as_utf8(content)
        for raw in lines_of(stream, limits):
            if raw.startswith(_FASTA):
                yield from read_fasta(cast("BinaryIO", _Behind(_first_of(raw), stream)), limits)
                return


def _first_of(raw: bytes) -> bytes:
    """Return what belongs to the sequences of the line at which they begin."""
    return raw + b"\n" if raw.startswith(b">") else b""


def _features(stream: BinaryIO, limits: Limits, stubs: Stubs) -> Iterator[_Line | str | bytes]:
    """Yield whole features, why a line is none, and where sequences begin the first bytes of them."""
    held = _Held()
    for at, raw in enumerate(lines_of(stream, limits), start=1):
        if raw.startswith(_FASTA):
            yield from held.emptied()
            yield _first_of(raw)
            return
        if raw.startswith(b"#") or not raw.strip():
            _directive(raw, stubs)
            if raw.startswith(b"###"):
                yield from held.emptied()
            continue
        try:
            line = _parsed(decoded(raw))
        except InputError as error:
            held.add(f"line {at}: {error.message}", None)
            continue
        if held.record != line.record:
            yield from held.emptied()
            held.begin(line.record)
        _region(line, stubs)
        yield from held.add(line, line.key)
    yield from held.emptied()


class _Held:
    """Features of one record that may have further parts, in the order of the file."""

    def __init__(self) -> None:
        self.record = ""
        self._families = Families()
        self._found: dict[tuple[str, ...], _Line | str] = {}
        self._loose = 0

    def begin(self, record: str) -> None:
        """Begin another record; nothing is held."""
        self.record = record
        self._families.clear()

    def add(self, found: _Line | str, key: tuple[str, ...] | None) -> list[_Line | str]:
        """Take a line, or why it is none; return what has waited long enough."""
        self._loose += 1
        key = key or ("", str(self._loose))
        before = self._found.get(key)
        if isinstance(found, _Line):
            if isinstance(before, _Line):
                before.pieces.extend(found.pieces)
                return []
            self._families.add(found.known)
        self._found[key] = found
        return [self._given(self._found.pop(next(iter(self._found))))] if len(self._found) > OPEN else []

    def emptied(self) -> list[_Line | str]:
        """Return what is held, and hold nothing."""
        found = [self._given(one) for one in self._found.values()]
        self._found.clear()
        return found

    def _given(self, found: _Line | str) -> _Line | str:
        if isinstance(found, _Line):
            self._families.complete(found.known)
        return found


def _directive(raw: bytes, stubs: Stubs) -> None:
    if raw.startswith(b"##sequence-region"):
        words = decoded(raw).split()
        length = number_of(words[3]) if len(words) > 3 else None
        if length:
            stubs.lengths[words[1]] = length


def _region(line: _Line, stubs: Stubs) -> None:
    """Take from the line of a record as a whole that it is circular."""
    if line.known.get("Is_circular", [""])[0].lower() == "true":
        stubs.record(line.record).topology = "circular"
        if line.pieces[0].start == 0:
            stubs.lengths.setdefault(line.record, line.pieces[0].end)


def _parsed(text: str) -> _Line:
    columns = text.split("\t")
    if len(columns) < 8:
        raise MalformedContent(f"{len(columns)} columns and not 9, separated by tabs")
    start, end = number_of(columns[3]), number_of(columns[4])
    if start is None or end is None or not 1 <= start <= end:
        raise MalformedContent(f"{columns[3]!r} to {columns[4]!r} is no place")
    known = _attributes(columns[8] if len(columns) > 8 else "")
    record, kind = unquote(columns[0]), columns[2]
    strand = columns[6] if columns[6] in {"+", "-"} else ""
    phase = int(columns[7]) if columns[7] in {"0", "1", "2"} else 0
    told = "Name" if kind in _GENES and "Name" in known else "gene_name"
    if "gene" not in known and told in known:
        known["gene"] = known[told][:1]
    part = number_of(known.get("part", [""])[0].partition("/")[0]) or 0
    return _Line(record, kind, [_Piece(start - 1, end, strand, phase, part)], known, _key(kind, known, strand))


def _key(kind: str, known: dict[str, list[str]], strand: str) -> tuple[str, ...] | None:
    """Return what lines of one feature have in common; None for a line that stands by itself."""
    if known.get("ID"):
        return (kind, "ID", known["ID"][0])
    if kind != "CDS":
        return None
    mother = next((known[word][0] for word in ("Parent", "transcript_id") if known.get(word)), None)
    return None if mother is None else (kind, "of", mother, strand)


def _attributes(text: str) -> dict[str, list[str]]:
    """Return the attributes by name: of GFF3 (``a=b,c;``) or of GTF (``a "b";``)."""
    found: dict[str, list[str]] = {}
    if _GTF.match(text):
        for name, inside, bare in _GTF.findall(text):
            found.setdefault(_RENAMED.get(name, name), []).append(inside or bare)
    else:
        for pair in text.split(";"):
            name, equals, values = pair.strip().partition("=")
            if equals and values:
                name = unquote(name)
                found.setdefault(_RENAMED.get(name, name), []).extend(unquote(value) for value in values.split(","))
    return found


def _row(line: _Line, stubs: Stubs) -> Row:
    hidden = {name: line.known.pop(name, []) for name in _HIDDEN}
    known, record = line.known, stubs.record(line.record)
    name = next((known[word][0] for word in _TITLES if known.get(word, [""])[0]), "")
    strands = {piece.strand for piece in line.pieces}
    strand = strands.pop() if len(strands) == 1 else "both"
    pieces = _ordered(line.pieces, strand)
    parts = [part for piece in pieces for part in _unwound(piece, record.topology, stubs.length(line.record))]
    before, behind = (known.get(word, ["x"])[at] == "." for word, at in (("start_range", 0), ("end_range", -1)))
    coding = None
    if line.kind == "CDS" and strand:
        is_open = (behind if strand == "-" else before) or "cds_start_NF" in known.get("tag", ())
        table = number_of("".join(hidden["transl_table"][:1]))
        odd = odd_residues(hidden["transl_except"], parts)
        coding = Coding(1 if table is None else table, pieces[0].phase, not is_open, odd)
    own_id = known.get("ID", [""])[0]
    return Row(
        record, line.kind, name, strand, parts, known, own_id, before, behind, coding, hidden["translation"]
    )  # fmt: skip


def _ordered(pieces: list[_Piece], strand: str) -> list[_Piece]:
    """Return pieces in the order of the feature: as they are numbered, else along their strand, else as in the file."""
    if all(piece.part for piece in pieces) and len({piece.part for piece in pieces}) == len(pieces):
        return sorted(pieces, key=lambda piece: piece.part)
    if strand == "both":
        return pieces
    return sorted(pieces, key=lambda piece: (piece.start, piece.end), reverse=strand == "-")


def _unwound(piece: _Piece, topology: str, length: int) -> list[Part]:
    """Return a piece as one part, or as two if it runs across the origin of a circular record."""
    if topology != "circular" or not piece.start < length < piece.end <= piece.start + length:
        return directed([(piece.start, piece.end)], piece.strand)
    parts = [(piece.start, length, piece.strand or "+"), (0, piece.end - length, piece.strand or "+")]
    return parts[::-1] if piece.strand == "-" else parts
