"""GFF3 and GTF: tables of features, of which GFF3 may hold the sequences as well.

Conventions
-----------
Lines of GFF3 with one ``ID`` are one feature in parts; so are the lines of coding sequence (``CDS``) of one ``Parent``
or, in GTF, of one ``transcript_id``.  The parts of a feature are looked for up to the next ``###``, the next record, or
:data:`OPEN` features further on.  Positions in the file are 1-based and closed.

References
----------
L. Stein, Generic Feature Format version 3, Sequence Ontology, 2020.  GTF 2.2, Washington University, 2003.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote

from nlsearch.errors import InputError, MalformedContent
from nlsearch.handlers.nucleotide.formats.tracks import Row, Stubs, feature_item, lines_of, number_of
from nlsearch.handlers.sequences.fasta import read_fasta
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

OPEN = 20_000
_GTF = re.compile(r'\s*([A-Za-z_][\w.-]*)\s+(?:"([^"]*)"|([^\s;"]+))\s*(?:;|$)')
_RENAMED = {
    "Dbxref": "db_xref", "Note": "note", "eC_number": "EC_number", "ec_number": "EC_number", "Ontology_term": "go",
    "gene_synonyms": "gene_synonym",
}  # fmt: skip
_GENES = frozenset({"gene", "pseudogene", "ncRNA_gene", "protein_coding_gene"})
_TITLES = ("Name", "gene", "gene_name", "locus_tag", "product", "ID", "transcript_id", "gene_id")


@dataclass(slots=True)
class _Line:
    """A line, or several that are one feature."""

    record: str
    kind: str
    strand: str
    parts: list[tuple[int, int]]
    known: dict[str, list[str]]
    key: tuple[str, ...] | None


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield every feature, and then the records of a ``##FASTA`` section.

    Raises
    ------
    MalformedContent
        If the table holds no feature.
    LimitExceeded
        If a line is over its cap.
    """
    stubs, number, at_fasta = Stubs(), 0, False
    for found in _features(stream, limits, stubs):
        if found is None:
            at_fasta = True
            break
        number += 1
        yield Skipped(number, found) if isinstance(found, str) else _item(number, found, stubs)
    if at_fasta:
        yield from read_fasta(stream, limits, number=number)
    elif not number:
        raise MalformedContent("the table holds no feature")


def _features(stream: BinaryIO, limits: Limits, stubs: Stubs) -> Iterator[_Line | str | None]:
    """Yield whole features, why a line is none, and None where sequences begin."""
    held = _Held()
    for at, raw in enumerate(lines_of(stream, limits), start=1):
        if raw.startswith(b"##FASTA"):
            yield from held.emptied()
            yield None
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
            held.record = line.record
        yield from held.add(line, line.key)
    yield from held.emptied()


class _Held:
    """Features of one record that may have further parts, in the order of the file."""

    def __init__(self) -> None:
        self.record = ""
        self._found: dict[tuple[str, ...], _Line | str] = {}
        self._loose = 0

    def add(self, found: _Line | str, key: tuple[str, ...] | None) -> list[_Line | str]:
        """Take a line, or why it is none; return what has waited long enough."""
        self._loose += 1
        key = key or ("", str(self._loose))
        before = self._found.get(key)
        if isinstance(before, _Line) and isinstance(found, _Line):
            before.parts.extend(found.parts)
            return []
        self._found[key] = found
        return [self._found.pop(next(iter(self._found)))] if len(self._found) > OPEN else []

    def emptied(self) -> list[_Line | str]:
        """Return what is held, and hold nothing."""
        found = list(self._found.values())
        self._found.clear()
        return found


def _directive(raw: bytes, stubs: Stubs) -> None:
    if raw.startswith(b"##sequence-region"):
        words = decoded(raw).split()
        length = number_of(words[3]) if len(words) > 3 else None
        if length:
            stubs.lengths[words[1]] = length


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
    return _Line(record, kind, strand, [(start - 1, end)], known, _key(kind, known, strand))


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


def _item(number: int, line: _Line, stubs: Stubs) -> RawItem:
    known = line.known
    told = "Name" if line.kind in _GENES and "Name" in known else "gene_name"
    if "gene" not in known and told in known:
        known["gene"] = known[told][:1]
    name = next((known[word][0] for word in _TITLES if known.get(word, [""])[0]), "")
    own_id = known.get("ID", [""])[0]
    length = stubs.lengths.get(line.record, 0)
    record = stubs.record(line.record)
    return feature_item(number, Row(record, line.kind, name, line.strand, line.parts, known, own_id, length))
