"""Splitting chemical files into records, on bytes alone: SDF and molfiles, SMILES and InChI lists, MOL2, PDB.

Tables are in :mod:`~.tables`, XML in :mod:`~.markup`.  Every record gets its number (from 1) and the number of its
first line (from 1), so that a refused one can be named.  Lines may end in LF or CRLF; text is UTF-8, else Latin-1.  A
final ``$$$$`` may be missing.

References
----------
CTfile formats, BIOVIA 2020 (molfile V2000 and V3000, SDF).  A. Dalby et al., J. Chem. Inf. Comput. Sci. 1992, 32, 244.
Tripos Mol2 File Format, 2005.  Protein Data Bank Contents Guide, version 3.30, 2012.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from nlsearch.handlers.texts import decoded
from nlsearch.limits import Limits

_MOL2_RECORD = b"@<TRIPOS>MOLECULE"
POLYMER = (
    "ALA|ARG|ASN|ASP|CYS|GLN|GLU|GLY|HIS|ILE|LEU|LYS|MET|PHE|PRO|SER|THR|TRP|TYR|VAL|ASX|GLX|SEC|PYL|MSE|UNK"
    "|  [ACGITUN]| D[ACGITUN]"
)
"""Residues of proteins and nucleic acids, as columns 18 to 20 of the ``ATOM`` lines of a PDB name them: a pattern."""
_ANOTHER = re.compile(rb"(?:\A|\n[ \t]*\n)(?!>)(?:[^\n]*\n){3}[ \d]{6}[^\n]*V[23]000")
"""The heading of a molfile where only data fields are expected; one inside of a data field has no blank line before."""
_COORDINATES = (b"HETATM", b"ATOM  ")
_HEADING = re.compile(r"(?i:[\w-]*smiles[\w-]*|(standard_?)?inchi|reaction|rxn)")


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
        A molfile's lines without their ends, a character for each byte, as its columns count; for lists and tables one
        line: the SMILES or InChI; for XML one line: the text of its element.
    title : str
    properties : list of (str, str)
        Names and values of an SDF's data fields or of a table's other columns.
    refusal : str
        Over which cap the record is, so that it is refused before it is parsed; ``""`` if it is not.
    unreadable : str
        Why it cannot be parsed whatever it holds; ``""`` if it can.
    column : str
        The heading of a table's column that the structure comes from; ``""`` elsewhere.
    record_id : str, optional
        Tells it from the other records of the same row of a table; the registry number in an RDF.
    remark : str
        What is odd about it although it can be read; ``""`` if nothing is.
    """

    number: int
    line: int
    lines: list[str]
    title: str = ""
    properties: list[tuple[str, str]] = field(default_factory=list)
    refusal: str = ""
    unreadable: str = ""
    column: str = ""
    record_id: str | None = None
    remark: str = ""


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
    raw = raw or [b""]
    end = next((i for i, line in enumerate(raw) if i >= 3 and line.startswith(b"M  END")), len(raw) - 1)
    lines = [line.decode("latin-1") for line in raw[: end + 1]]
    data = b"\n".join(raw[end + 1 :])
    properties = _properties(decoded(data).split("\n"))
    remark = _another(data, first + end + 1)
    return Record(number, first, lines, decoded(raw[0]).strip(), properties, remark=remark)


def _another(data: bytes, line: int) -> str:
    """Say so if a further molfile stands among the data fields, which begin in `line`: a ``$$$$`` is missing."""
    found = _ANOTHER.search(data) if b"V2000" in data or b"V3000" in data else None
    if found is None:
        return ""
    line += data.count(b"\n", 0, found.end()) - 3
    return f"a further molecule begins in line {line} without $$$$ before it; it is not read"


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
    return _HEADING.fullmatch(re.split(r"[\s,;]", text, maxsplit=1)[0]) is not None


# ---------------------------------------------------------------------------------------------------------------- MOL2
def mol2_records(stream: BinaryIO, limits: Limits) -> Iterator[Record]:
    """Yield the records of a Tripos MOL2, each from its ``@<TRIPOS>MOLECULE``; lines with ``#`` in front are left out.

    What is before the first record is no record.
    """
    held: _Held | None = None
    number = 0
    for line_number, line, _ in numbered_lines(stream, limits.line_bytes):
        if line.startswith(_MOL2_RECORD):
            if held is not None:
                yield _mol2_record(number, held)
            number += 1
            held = _Held(line_number, limits)
        if held is not None and not line.startswith(b"#"):
            held.add(line)
    if held is not None:
        yield _mol2_record(number, held)


def _mol2_record(number: int, held: _Held) -> Record:
    lines = held.lines()
    title = lines[1].strip() if len(lines) > 1 else ""
    return Record(number, held.first, lines, "" if title == "*****" else title, refusal=held.refusal)


class _Held:
    """The lines of the record that is being read, as far as the cap ``record_bytes`` lets them in."""

    def __init__(self, first: int, limits: Limits) -> None:
        self.first = first
        self.refusal = ""
        self._limits = limits
        self._lines: list[bytes] = []
        self._size = 0

    def add(self, line: bytes) -> None:
        """Keep one more line."""
        self._size += len(line) + 1
        if self._size <= self._limits.record_bytes:
            self._lines.append(line)
        else:
            self.refusal = f"it is over the cap record_bytes = {self._limits.record_bytes:,}"

    def lines(self) -> list[str]:
        """Return the lines; none if the record is over the cap."""
        return [] if self.refusal else decoded(b"\n".join(self._lines)).split("\n")


# ----------------------------------------------------------------------------------------------------- PDB of a ligand
def pdb_records(stream: BinaryIO, limits: Limits) -> Iterator[Record]:
    """Yield the models of a PDB file, each up to ``ENDMDL`` or ``END``; a file without models is one record.

    ``CONECT`` lines hold for all the models before them and are given to each, as are the lines of the header.
    """
    held, number = _Held(1, limits), 0
    for line_number, line, _ in numbered_lines(stream, limits.line_bytes):
        if line.rstrip() == b"END":
            for record in _pdb_models(held, number):
                number += 1
                yield record
            held = _Held(line_number + 1, limits)
        else:
            held.add(line)
    yield from _pdb_models(held, number)


def _pdb_models(held: _Held, before: int) -> Iterator[Record]:
    if held.refusal:
        yield Record(before + 1, held.first, [], refusal=held.refusal)
        return
    lines = held.lines()
    numbered = list(enumerate(lines, held.first))
    bonds = [line for line in lines if line.startswith("CONECT")]
    starts = [i for i, line in enumerate(lines) if line.startswith("MODEL ")] or [0]
    head = [line for line in lines[: starts[0]] if line.startswith(("HEADER", "COMPND"))]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        atoms = [(at, line) for at, line in numbered[start:end] if line.encode()[:6] in _COORDINATES]
        if not atoms:
            continue
        before += 1
        own = [line for _, line in numbered[start:end] if not line.startswith(("CONECT", "MODEL ", "ENDMDL"))]
        yield Record(before, atoms[0][0], [*head, *own, *bonds], _pdb_title([*head, *own]))


def _pdb_title(lines: list[str]) -> str:
    """Return the name in ``COMPND``, else in ``HEADER``, else the name of the residue."""
    compound = " ".join(line[10:].strip() for line in lines if line.startswith("COMPND"))
    named = re.search(r"(?:MOLECULE|SYNONYM): *([^;]+)", compound)
    header = next((line[10:50].strip() for line in lines if line.startswith("HEADER")), "")
    residue = next((line[17:20].strip() for line in lines if line.encode()[:6] in _COORDINATES), "")
    return (named.group(1).strip() if named else compound) or header or residue
