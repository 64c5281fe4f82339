"""Splitting tables (CSV, TSV, semicolons, bars) into records: the structures in columns of SMILES and InChI.

Columns that say the same of a row in other notations (``canonical_smiles``, ``isomeric_smiles``, ``inchi``) have one
*role*, and a row gives one record of it: the first cell that is filled, in the order CXSMILES, isomeric SMILES, SMILES,
canonical SMILES, InChI.  Columns about other things (``product_smiles``) have roles of their own and give records of
their own.  A table of several roles names its records ``row.column``, so that filling a cell renames no other record.

References
----------
RFC 4180 (CSV), read leniently: lines end in LF, CRLF or CR; quoted cells may have several lines.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry.records import Record
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits

_DELIMITERS = ("\t", ",", ";", "|")
_BOM = "\ufeff"
_RANKS = {"cxsmiles": 0, "smiles": 2, "inchi": 4}
_BETTER = frozenset({"isomeric", "iso", "absolute", "stereo", "chiral"})
_WORSE = frozenset({"canonical", "can", "openeye", "rdkit", "connectivity", "flat", "cactvs", "oechem", "nostereo"})
_QUALIFIERS = _BETTER | _WORSE | {"standard", "std", "iupac", "string", "code", "notation", "unique"}
_NO_STRUCTURE = frozenset(
    {"n", "num", "number", "count", "len", "length", "has", "is", "valid", "hash", "reaction", "reactions", "rxn"}
)
_OTHERWISE = re.compile(r"(?i:structure|mol|molecule)")
_REACTION = re.compile(
    r"(canonical|mapped|original|unmapped)?[ _.-]?(reaction|rxn)[ _.-]?(smiles)?([ _.-]?string)?", re.IGNORECASE
)
_NAME_COLUMN = re.compile(
    r"(compound|molecule|reaction|substance|generic|pref(erred)?|common|chebi|iupac)?[ _.-]?(name|title)"
    r"|compound|substance|drug|ligand",
    re.IGNORECASE,
)
_ID_COLUMN = re.compile(
    r"(compound|molecule|mol|reaction|rxn|chembl|pubchem|zinc)?[ _.-]?(id|cid|accession)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of structures.

    Parameters
    ----------
    place : int
        From 0.
    heading : str
    role : str
        What of the row it says: ``""`` for the row's own molecule, ``"product"``.
    rank : int
        Of its notation; 0 is best.
    """

    place: int
    heading: str
    role: str
    rank: int


def structure_columns(headings: list[str]) -> list[list[Column]]:
    """Return the columns of structures of a table, a list for each role with the best notation first.

    A heading such as ``structure`` counts only where no heading names a notation.  Two columns of the same role and
    notation say different things and count as two roles.
    """
    roles: dict[tuple[str, int], list[Column]] = {}
    for place, heading in enumerate(headings):
        told = _notation(heading)
        if told is None:
            continue
        role, rank = told
        twin = 0
        while any(other.rank == rank for other in roles.get((role, twin), ())):
            twin += 1
        roles.setdefault((role, twin), []).append(Column(place, heading, role, rank))
    if not roles:
        place = next((i for i, heading in enumerate(headings) if _OTHERWISE.fullmatch(heading)), -1)
        return [] if place < 0 else [[Column(place, headings[place], "", _RANKS["smiles"])]]
    return [sorted(columns, key=lambda column: column.rank) for columns in roles.values()]


def reaction_columns(headings: list[str]) -> list[list[Column]]:
    """Return the column of reaction SMILES of a table, the first heading that says so; none if there is none."""
    place = next((i for i, heading in enumerate(headings) if _REACTION.fullmatch(heading)), -1)
    return [] if place < 0 else [[Column(place, headings[place], "", 0)]]


def _notation(heading: str) -> tuple[str, int] | None:
    """Return the role and rank of a heading; None if it names no structure."""
    text = re.sub(r"(?i:inchi[ _.-]?key)", " hash ", heading)
    text = re.sub(r"(?i:(?:cx)?smiles|inchi)", lambda found: f" {found.group().lower()} ", text)
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold())
    notations = [word for word in words if word in _RANKS]
    if len(notations) != 1 or not _NO_STRUCTURE.isdisjoint(words):
        return None
    before = words.index(notations[0])
    if before > 3 or len(words) - before > 2:  # a sentence in which somebody smiles
        return None
    rank = _RANKS[notations[0]]
    if notations[0] == "smiles":
        rank += (not _WORSE.isdisjoint(words)) - (not _BETTER.isdisjoint(words))
    return " ".join(word for word in words if word not in _RANKS and word not in _QUALIFIERS), rank


def table_records(
    stream: BinaryIO, limits: Limits, columns: Callable[[list[str]], list[list[Column]]] = structure_columns
) -> Iterator[Record]:
    """Yield the records of a table whose heading names a column of SMILES or InChI, or of what `columns` finds.

    A row whose quotes break is refused, and reading goes on with the line behind its first.

    Raises
    ------
    MalformedContent
        If the heading has no such column, or breaks.
    """
    rows = _rows(stream, limits)
    head = next(rows, _Row(1))
    headings = [heading.strip() for heading in head.cells]
    roles = columns(headings)
    if head.refusal or head.unreadable or not roles:
        raise MalformedContent(
            head.refusal or head.unreadable or "the table's heading names no column of SMILES or InChI"
        )
    title = _title_column(headings)
    number = 0
    for row_number, row in enumerate(rows, 1):
        for record in _row_records(row, headings, roles, title):
            number += 1
            record.number = number
            if roles[1:]:
                record.record_id = ".".join([str(row_number), *re.findall(r"\w+", record.column)])
            yield record


def _title_column(names: list[str]) -> int | None:
    for pattern in (_NAME_COLUMN, _ID_COLUMN):
        for i, name in enumerate(names):
            if pattern.fullmatch(name):
                return i
    return None


def _row_records(row: _Row, headings: list[str], roles: list[list[Column]], title: int | None) -> Iterator[Record]:
    """Yield the records of a row, unnumbered; a row without any structure gives one whose structure is empty."""
    if row.refusal or row.unreadable:
        yield Record(0, row.line, [], refusal=row.refusal, unreadable=row.unreadable)
        return
    cells = [cell.strip() for cell in row.cells]
    cells += [""] * (len(headings) - len(cells))
    filled = [next((column for column in columns if cells[column.place]), None) for columns in roles]
    named = "" if title is None else cells[title]
    pairs = [(i, headings[i] if i < len(headings) else "", cell) for i, cell in enumerate(cells) if cell and i != title]
    for column in [column for column in filled if column is not None] or [roles[0][0]]:
        others = [(heading, cell) for i, heading, cell in pairs if i != column.place]
        yield Record(0, row.line, [cells[column.place]], named, others, column=column.heading)


# ---------------------------------------------------------------------------------------------------------------- rows
@dataclass(slots=True)
class _Row:
    """A row of cells, or why there is none: over a cap, or not to be read."""

    line: int
    cells: list[str] = field(default_factory=list)
    refusal: str = ""
    unreadable: str = ""


class _OverCap(csv.Error):
    """Raised out of the lines that the csv module reads from."""


def _rows(stream: BinaryIO, limits: Limits) -> Iterator[_Row]:
    """Yield the rows that are not blank, the heading first."""
    lines = _Lines(stream, limits)
    heading = lines.peek()
    delimiter = max(_DELIMITERS, key=heading.count)
    while True:
        lines.start_row()
        first = lines.number + 1
        try:
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except _OverCap as exc:
            yield _Row(first, refusal=str(exc))
            lines.give_back()
        except csv.Error as exc:
            yield _Row(first, unreadable=f"its quotes break: {exc}")
            lines.give_back()
        else:
            if any(cell.strip() for cell in cells):
                yield _Row(first, cells)


class _Lines:
    """The lines of a table as text, with their numbers; those behind the first of a row can be given back.

    A quote that is never closed makes the csv module read on, at worst to the end.  It cannot do so often: a line with
    an odd number of quotes always ends what an earlier one began.
    """

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        # Latin-1 and back keeps every byte; the wrapper finds CR, LF and CRLF
        self._text = io.TextIOWrapper(stream, encoding="latin-1", newline="")
        self._limits = limits
        self._waiting: deque[str] = deque()
        self._row: list[str] = []
        self._size = 0
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self._row.append(line)
        self._size += len(line)
        for name, size in (("line_bytes", len(line)), ("record_bytes", self._size)):
            cap = getattr(self._limits, name)
            if size > cap + 1:
                raise _OverCap(f"it is over the cap {name} = {cap:,}")
        return line

    def peek(self) -> str:
        """Return the next line without taking it."""
        line = self._read()
        if line:
            self._waiting.append(line)
        return line

    def start_row(self) -> None:
        """Forget the lines of the last row."""
        self._row, self._size = [], 0

    def give_back(self) -> None:
        """Give back the lines of this row but its first."""
        self.number -= len(self._row) - 1
        self._waiting.extendleft(reversed(self._row[1:]))

    def _read(self) -> str:
        """Read a line, with LF at its end; one over the cap is cut behind it."""
        most = self._limits.line_bytes + 2
        raw = self._text.readline(most)
        ended = raw.endswith(("\n", "\r"))
        while raw and not ended:
            rest = self._text.readline(most)
            ended = not rest or rest.endswith(("\n", "\r"))
        if not raw:
            return ""
        line = raw.rstrip("\r\n")
        if len(line) <= self._limits.line_bytes:  # else it is refused as it is
            line = decoded(line.encode("latin-1"))
        return (line.removeprefix(_BOM) if self.number == 0 else line) + "\n"
