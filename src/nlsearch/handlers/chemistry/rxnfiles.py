"""Splitting RXN and RDF files, on bytes alone: records of a file, molfiles of a record.

References
----------
CTfile formats, BIOVIA 2020: RXN files (V2000 and V3000), RDfiles.  Agents behind the products, which the counts line of
an RXN file announces in a third number, are ChemAxon's extension for V2000 and standard for V3000.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from nlsearch.errors import MalformedContent
from nlsearch.handlers.chemistry.records import Record, numbered_lines
from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits

_STARTS = (b"$RFMT", b"$MFMT", b"$RIREG", b"$REREG", b"$MIREG", b"$MEREG")
_REGISTRY = re.compile(r"\$(?:RIREG|REREG|MIREG|MEREG)\s+(\S.*)")
_HEADING = (b"$RDFILE", b"$DATM")
_MOLFILE_HEAD = ["", "", "", "  0  0  0     0  0            999 V3000"]
_V3000_BLOCK = re.compile(r"M  V30 (BEGIN|END) (REACTANT|PRODUCT|AGENT)", re.IGNORECASE)
_V3000_COUNTS = re.compile(r"M  V30 COUNTS\s+(\d+)\s+(\d+)(?:\s+(\d+))?", re.IGNORECASE)
_V3000_SIDES = {"REACTANT": "reactants", "PRODUCT": "products", "AGENT": "agents"}
_RXN_ORDER = ("reactants", "products", "agents")


# ------------------------------------------------------------------------------------------------------------- records
def rxn_records(stream: BinaryIO, limits: Limits) -> Iterator[Record]:
    """Yield the one record of an RXN file; its lines begin with ``$RXN``."""
    lines, size, cut = list[bytes](), 0, False
    for _, line, long in numbered_lines(stream, limits.line_bytes):
        size += len(line) + 1
        cut |= long
        if size <= limits.record_bytes:
            lines.append(line)
    if any(line.strip() for line in lines):
        yield _record(1, 1, lines, size, cut, limits)


def rdf_records(stream: BinaryIO, limits: Limits) -> Iterator[Record]:
    """Yield the records of an RDF.

    A record begins with ``$RFMT`` (reaction), ``$MFMT`` (molecule) or a registry number alone.  Its lines begin with
    ``$RXN`` or are a molfile.  Lines before the first record that are no heading are a record too, to be refused.
    """
    number, first, held, size, cut = 0, 0, list[bytes](), 0, False
    for line_number, line, long in numbered_lines(stream, limits.line_bytes):
        if line.startswith(_STARTS):
            if number:
                yield _record(number, first, held, size, cut, limits)
            number, first, held, size, cut = number + 1, line_number, [], 0, False
        elif not number:
            if not line.strip() or line.startswith(_HEADING):
                continue
            number, first = 1, line_number
        size += len(line) + 1
        cut |= long
        if size <= limits.record_bytes:
            held.append(line)
    if number:
        yield _record(number, first, held, size, cut, limits)


def _record(number: int, first: int, raw: list[bytes], size: int, cut: bool, limits: Limits) -> Record:
    if size > limits.record_bytes:
        cap = f"the cap record_bytes = {limits.record_bytes:,}"
        return Record(number, first, [], refusal=f"{size:,} bytes are over {cap}")
    if cut:
        return Record(number, first, [], refusal=f"a line is over the cap line_bytes = {limits.line_bytes:,}")
    lines = decoded(b"\n".join(raw)).split("\n")
    start = lines[0]
    registry = _REGISTRY.search(start)
    if start.startswith(("$RFMT", "$MFMT")):
        lines, first = lines[1:], first + 1
    data = next((i for i, line in enumerate(lines) if line.startswith("$DTYPE")), len(lines))
    structure = lines[:data]
    while structure and not structure[-1].strip():
        structure.pop()
    title = structure[1 if structure[0].startswith("$RXN") else 0].strip() if len(structure) > 1 else ""
    name = registry.group(1).strip() if registry else None
    known = [("ACCESSION", name)] if name else []
    return Record(number, first, structure, title, known + _data(lines[data:]), record_id=name)


def _data(lines: list[str]) -> list[tuple[str, str]]:
    """Return the data fields: ``$DTYPE name``, ``$DATUM value`` and the lines that continue it.

    A line of 80 characters and a ``+`` goes on without a break.  Structures among the values are left out.
    """
    found: list[tuple[str, str]] = []
    name, value = "", ""
    for line in [*lines, "$DTYPE"]:
        if line.startswith("$DTYPE"):
            if name and value.strip() and not value.startswith(("$MFMT", "$RFMT")):
                found.append((name, value.strip()))
            name, value = line[6:].strip(), ""
        elif line.startswith("$DATUM"):
            value = line[6:].strip()
        elif len(value.rpartition("\n")[2]) >= 73 and value.endswith("+"):
            value = value[:-1] + line
        else:
            value += "\n" + line
    return found


# ---------------------------------------------------------------------------------------------------------- components
def is_rxn(record: Record) -> bool:
    """Say whether a record holds a reaction, not a molfile."""
    return bool(record.lines) and record.lines[0].startswith("$RXN")


def rxn_components(record: Record) -> list[tuple[str, Record]]:
    """Return the molfiles of a reaction in file order, each with the name of its side.

    Raises
    ------
    MalformedContent
        With the line at which the record breaks off, or the counts that disagree.
    """
    if len(record.lines) < 5:
        last = record.line + max(0, len(record.lines) - 1)
        raise MalformedContent(f"line {last}: the reaction ends before its counts line")
    if "V3000" in record.lines[0]:
        return _v3000_components(record)
    counts = _v2000_counts(record)
    starts = [i for i, line in enumerate(record.lines) if line.startswith("$MOL")]
    if len(starts) != sum(counts):
        line = record.line + 4
        raise MalformedContent(f"line {line}: {sum(counts)} molecules are announced, {len(starts)} follow")
    sides = [side for side, count in zip(_RXN_ORDER, counts, strict=True) for _ in range(count)]
    ends = [*starts, len(record.lines)][1:]
    return [(side, _molfile(record, start, end)) for side, start, end in zip(sides, starts, ends, strict=True)]


def _v2000_counts(record: Record) -> list[int]:
    line = record.lines[4]
    try:
        return [int(line[at : at + 3]) for at in (0, 3)] + [int(line[6:9].strip() or 0)]
    except ValueError as exc:
        where = f"line {record.line + 4}"
        raise MalformedContent(f"{where}: the counts line does not begin with two numbers") from exc


def _molfile(record: Record, start: int, end: int) -> Record:
    """Return the molfile between ``$MOL`` at `start` and `end`."""
    lines = record.lines[start + 1 : end]
    last = next((i for i, line in enumerate(lines) if line.startswith("M  END")), len(lines) - 1)
    return Record(record.number, record.line + start + 1, lines[: last + 1])


def _v3000_components(record: Record) -> list[tuple[str, Record]]:
    found: list[tuple[str, Record]] = []
    side, start = "", -1
    for i, line in enumerate(record.lines):
        block = _V3000_BLOCK.match(line)
        if block:
            side = _V3000_SIDES[block.group(2).upper()] if block.group(1).upper() == "BEGIN" else ""
        elif line.startswith("M  V30 BEGIN CTAB"):
            start = i
        elif line.startswith("M  V30 END CTAB") and start >= 0:
            if not side:
                raise MalformedContent(f"line {record.line + start}: a molecule outside of reactants and products")
            lines = [*_MOLFILE_HEAD, *record.lines[start : i + 1], "M  END"]
            found.append((side, Record(record.number, record.line + start, lines)))
            start = -1
    if not any(line.startswith("M  END") for line in record.lines):
        raise MalformedContent(f"line {record.line + len(record.lines) - 1}: the record ends without M  END")
    _check_v3000_counts(record, [side for side, _ in found])
    return found


def _check_v3000_counts(record: Record, sides: list[str]) -> None:
    for i, line in enumerate(record.lines[4:], 4):
        announced = _V3000_COUNTS.match(line)
        if announced:
            wanted = [int(count or 0) for count in announced.groups()]
            if wanted != [sides.count(side) for side in _RXN_ORDER]:
                where = f"line {record.line + i}"
                raise MalformedContent(f"{where}: {sum(wanted)} molecules are announced, {len(sides)} follow")
            return
    raise MalformedContent(f"line {record.line + 4}: the reaction has no counts line")
