"""Stockholm alignments (Pfam and Rfam): each row is a record, without its gaps.

Conventions
-----------
An alignment is of nucleotides or of proteins as a whole, as the letters of all its rows say
(:mod:`nlsearch.handlers.sequences.telling`).  Rows may be cut into blocks.  Of the annotation, names, accessions,
descriptions and organisms are read; marks of columns and of residues are not.

References
----------
Stockholm format, Sonnhammer and Eddy; Pfam user manual.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.sequences.cutting import records_of, without_mark
from nlsearch.handlers.sequences.fasta import nucleotide_item, protein_item
from nlsearch.handlers.sequences.headers import accessions_of
from nlsearch.handlers.sequences.packed import Packer
from nlsearch.handlers.sequences.records import NUCLEOTIDE, Chain, Record
from nlsearch.handlers.sequences.residues import Gathered
from nlsearch.handlers.sequences.telling import DECIDED, kind_of, lean_of_lines
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

_FIRST = b"# STOCKHOLM"
LONGEST_COMMENT = 20_000
_OF_FAMILY = ("ID", "AC", "DE", "CC", "KW", "TP")


class _Alignment:
    """The rows of an alignment, and what it says of itself and of each row."""

    def __init__(self, text: bytes) -> None:
        self.rows: dict[str, list[bytes]] = {}
        self.family: dict[str, list[str]] = {}
        self.told: dict[str, dict[str, list[str]]] = {}
        for line in text.splitlines()[1:]:
            self._take(line)

    def _take(self, line: bytes) -> None:
        words = line.split(None, 3 if line.startswith(b"#=GS") else 2)
        if line.startswith(b"#=GF") and len(words) == 3:
            self.family.setdefault(decoded(words[1]), []).append(decoded(words[2]).strip())
        elif line.startswith(b"#=GS") and len(words) == 4:
            row = self.told.setdefault(decoded(words[1]), {})
            row.setdefault(decoded(words[2]), []).append(decoded(words[3]).strip())
        elif not line.startswith((b"#", b"//")) and len(words) > 1:
            self.rows.setdefault(decoded(words[0]), []).append(words[1])

    def kind(self) -> str:
        """Return the kind of all rows."""
        pieces = [b"".join(row) for row in self.rows.values()]
        return kind_of(b"".join(pieces)[:DECIDED], lean_of_lines(pieces[:1000]))

    def words(self) -> list[str]:
        """Return what the alignment says of itself."""
        found = [value for tag in _OF_FAMILY for value in self.family.get(tag, [])]
        return "\n".join(dict.fromkeys(found))[:LONGEST_COMMENT].split("\n") if found else []


def read_stockholm(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield every row of every alignment.

    Raises
    ------
    MalformedContent
        If no alignment begins in the file.
    """
    number = 0
    for text in records_of(without_mark(stream), _FIRST, limits.record_bytes):
        alignment = _Alignment(text) if text.startswith(_FIRST) and text.endswith(b"//\n") else None
        if alignment is None or not alignment.rows:
            number += 1
            yield Skipped(number, "the alignment is cut short, over the cap record_bytes, or without rows")
            continue
        kind = alignment.kind()
        for name, row in alignment.rows.items():
            number += 1
            yield _item(number, name, b"".join(row), kind, alignment, limits)
    if not number:
        raise MalformedContent("no alignment begins in the file: no line starts with '# STOCKHOLM'")


def _item(number: int, name: str, row: bytes, kind: str, alignment: _Alignment, limits: Limits) -> RawItem | Skipped:
    told = alignment.told.get(name, {})
    family = " ".join(alignment.family.get("DE", []) or alignment.family.get("ID", []))
    description = " ".join(told.get("DE", [])) or family
    taken: Packer | Gathered = Packer() if kind == NUCLEOTIDE else Gathered(limits.record_bytes)
    taken.add(row)
    plain = name.partition("/")[0]
    item = (
        nucleotide_item(number, plain, "", taken)
        if isinstance(taken, Packer)
        else protein_item(number, plain, "", taken)
    )
    if isinstance(item, Skipped):
        return Skipped(number, item.reason, item.code, name)
    _tell(item.content, name, description, told, alignment.words())
    item.title = item.record_id = name
    return item


def _tell(record: Record | Chain, name: str, description: str, told: dict[str, list[str]], words: list[str]) -> None:
    """Fill in what the alignment says of a row."""
    record.name, record.description = name, description
    record.accessions = list(dict.fromkeys([*told.get("AC", []), *record.accessions]))
    if not record.accessions:
        record.accessions = accessions_of(name.partition("/")[0])
    organism = " ".join(told.get("OS", []))
    references = [value.rstrip(";") for value in told.get("DR", [])]
    record.text = [*words, *references]
    if isinstance(record, Record):
        record.organism = organism
        record.lineage = " ".join(told.get("OC", []))
    else:
        for field, value in (("organism", organism), ("lineage", " ".join(told.get("OC", [])))):
            if value:
                record.known[field] = [value]
