"""Splitting chemical files into records, on bytes alone: SDF and molfiles, SMILES and InChI lists, tables.

Every record gets its number (from 1) and the number of its first line (from 1), so that a refused one can be named.
Lines may end in LF or CRLF; text is UTF-8, else Latin-1.  A final ``$$$$`` may be missing.

References
----------
CTfile formats, BIOVIA 2020 (molfile V2000 and V3000, SDF).  A. Dalby et al., J. Chem. Inf. Comput. Sci. 1992, 32, 244.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.limits import Limits

_DELIMITERS = {"\t", ",", ";"}
_SMILES_COLUMN = re.compile(r"(canonical|isomeric|openeye|absolute)?[ _.-]?smiles([ _.-]?string)?", re.IGNORECASE)
_REACTION_COLUMN = re.compile(
    r"(canonical|mapped|original|unmapped)?[ _.-]?(reaction|rxn)[ _.-]?(smiles)?([ _.-]?string)?", re.IGNORECASE
)
_NAME_COLUMN = re.compile(
    r"(compound|molecule|reaction|substance|generic|pref(erred)?|common|chebi|iupac)?[ _.-]?(name|title)", re.IGNORECASE
)
_ID_COLUMN = re.compile(
    r"(compound|molecule|mol|reaction|rxn|chembl|pubchem|zinc)?[ _.-]?(id|cid|accession)", re.IGNORECASE
)


@dataclass(slots=True)
class Record:
    """One record as text.

    Parameters
    ----------
    number : int
        From 1; refused records count too.
    line : int
        The number of its first line in the file, from 1.
    lines : list of str
        A molfile's lines without their ends; for lists and tables one line: the SMILES or InChI.
    title : str
    properties : list of (str, str)
        Names and values of an SDF's data fields or of a table's other columns.
    refusal : str
        Why the record is refused before it is parsed; ``""`` if it is not.
    record_id : str, optional
        The id that the file itself gives the record: an RDF's registry number.
    """

    number: int
    line: int
    lines: list[str]
    title: str = ""
    properties: list[tuple[str, str]] = field(default_factory=list)
    refusal: str = ""
    record_id: str | None = None


def decoded(raw: bytes) -> str:
    """Return `raw` as text: UTF-8, else Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def numbered_lines(stream: BinaryIO, most: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (line number from 1, the line without its end, whether it was cut after `most` bytes)."""
    number = 0
    while chunk := stream.readline(most):
        number += 1
        cut = len(chunk) == most and not chunk.endswith(b"\n")
        rest = chunk
        while cut and rest and not rest.endswith(b"\n"):
            rest = stream.readline(most)
        yield number, chunk.rstrip(b"\r\n"), cut


# ----------------------------------------------------------------------------------------------------- SDF and molfile
def sdf_records(stream: BinaryIO, limits: Limits) -> Iterator[Record]:
    """Yield the records of an SDF or a molfile; what follows the last ``$$$$`` counts when it is not blank."""
    number, first, held, size = 1, 1, list[bytes](), 0
    for line_number, line, _ in numbered_lines(stream, limits.line_bytes):
        if line.startswith(b"$$$$"):
            yield _sdf_record(number, first, held, size, limits)
            number, first, held, size = number + 1, line_number + 1, [], 0
            continue
        size += len(line) + 1
        if size <= limits.record_bytes:
            held.append(line)
    if any(line.strip() for line in held):
        yield _sdf_record(number, first, held, size, limits)


def _sdf_record(number: int, first: int, raw: list[bytes], size: int, limits: Limits) -> Record:
    if size > limits.record_bytes:
        cap = f"the cap record_bytes = {limits.record_bytes:,}"
        return Record(number, first, [], refusal=f"{size:,} bytes are over {cap}")
    lines = decoded(b"\n".join(raw)).split("\n")
    end = next((i for i, line in enumerate(lines) if line.startswith("M  END")), len(lines) - 1)
    return Record(number, first, lines[: end + 1], lines[0].strip(), _properties(lines[end + 1 :]))


def _properties(lines: list[str]) -> list[tuple[str, str]]:
    """Return the data fields behind ``M  END``: ``> <NAME>``, lines of value, a blank line."""
    found: list[tuple[str, str]] = []
    name: str | None = None
    value: list[str] = []
    for line in [*lines, ""]:
        if name is None:
            if line.startswith(">"):
                inside = re.search(r"<([^<>]*)>", line)
                name, value = (inside.group(1) if inside else line[1:].strip()), []
        elif line.strip():
            value.append(line)
        else:
            found.append((name.strip(), "\n".join(value)))
            name = None
    return found


# ----------------------------------------------------------------------------------------------- SMILES and InChI lists
def listed_records(stream: BinaryIO, limits: Limits) -> Iterator[Record]:
    """Yield the records of a list: the first word of each line is the structure, the rest its name.

    Blank lines, lines that begin with ``#`` and a heading (``smiles name``) are no records.  A CXSMILES extension
    (``|…|``) stays with its SMILES.
    """
    number = 0
    for line_number, raw, cut in numbered_lines(stream, limits.line_bytes):
        text = decoded(raw.removeprefix(b"\xef\xbb\xbf") if line_number == 1 else raw).strip()
        if not text or text.startswith("#") or (number == 0 and _is_heading(text)):
            continue
        number += 1
        if cut:
            yield Record(number, line_number, [], refusal=f"it is over the cap line_bytes = {limits.line_bytes:,}")
            continue
        structure, _, rest = _first_word(text)
        if rest.startswith("|") and "|" in rest[1:]:
            extension, _, rest = rest[1:].partition("|")
            structure = f"{structure} |{extension}|"
        yield Record(number, line_number, [structure], rest.strip())


def _first_word(text: str) -> tuple[str, str, str]:
    if "\t" in text:
        head, tab, rest = text.partition("\t")
        if " " not in head.strip():
            return head.strip(), tab, rest.strip()
    head, *rest_words = text.split(None, 1)
    return head, " ", rest_words[0] if rest_words else ""


def _is_heading(text: str) -> bool:
    first = re.split(r"[\s,;]", text, maxsplit=1)[0]
    return any(column.fullmatch(first) for column in (_SMILES_COLUMN, _REACTION_COLUMN))


# -------------------------------------------------------------------------------------------------------------- tables
def table_records(stream: BinaryIO, limits: Limits) -> Iterator[Record]:
    """Yield the records of a CSV or TSV whose heading names a SMILES column; see :func:`reaction_table_records`."""
    return _table_records(stream, limits, _SMILES_COLUMN, "SMILES")


def reaction_table_records(stream: BinaryIO, limits: Limits) -> Iterator[Record]:
    """Yield the records of a CSV or TSV whose heading names a column of reaction SMILES.

    Raises
    ------
    MalformedContent
        If the heading has no such column, or the quoting breaks.
    """
    return _table_records(stream, limits, _REACTION_COLUMN, "reaction SMILES")


def _table_records(
    stream: BinaryIO,
    limits: Limits,  # noqa: ARG001 - rows may have many lines
    column: re.Pattern[str],
    what: str,
) -> Iterator[Record]:
    """Yield the rows of a table, with the cell below the first heading that is `column`.

    Raises
    ------
    MalformedContent
        If the heading has no such column, or the quoting breaks.
    """
    text = io.TextIOWrapper(io.BytesIO(decoded(stream.read()).encode()), encoding="utf-8-sig", newline="")
    heading = text.readline()
    text.seek(0)
    delimiter = max(_DELIMITERS, key=heading.count)
    rows = csv.reader(text, delimiter=delimiter)
    try:
        names = [name.strip() for name in next(rows, [])]
        place = next((i for i, name in enumerate(names) if column.fullmatch(name)), None)
        if place is None:
            raise MalformedContent(f"the table's heading names no {what} column")
        title = _title_column(names)
        number, line = 0, rows.line_num + 1
        for row in rows:
            if any(cell.strip() for cell in row):
                number += 1
                yield _table_record(number, line, row, names, place, title)
            line = rows.line_num + 1
    except csv.Error as exc:
        raise MalformedContent(f"line {rows.line_num}: {exc}") from exc


def _title_column(names: list[str]) -> int | None:
    for pattern in (_NAME_COLUMN, _ID_COLUMN):
        for i, name in enumerate(names):
            if pattern.fullmatch(name):
                return i
    return None


def _table_record(number: int, line: int, row: list[str], names: list[str], place: int, title: int | None) -> Record:
    cells = dict(enumerate(cell.strip() for cell in row))
    others = [(names[i], cell) for i, cell in cells.items() if i < len(names) and i not in {place, title} and cell]
    named = cells.get(title, "") if title is not None else ""
    return Record(number, line, [cells.get(place, "")], named, others)
