"""Saying what is wrong with a SMILES, a SMARTS or a molfile, and where.

RDKit tells its reasons to a log and returns None.  These functions look again at what was refused: slower, and only
then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_ORGANIC = re.compile(r"Br|Cl|[BCNOPSFI]|[bcnops]|[*aA]")
_BONDS = frozenset("-=#$:/\\.~@!&,;>")
_RING = re.compile(r"%\(\d+\)|%\d\d|\d")
_COUNTS = re.compile(r"\s*(\d{1,3})\s*(\d{1,3})")
_ATOM_NUMBER = re.compile(r"atom # ?(\d+)")


def smiles_complaint(text: str) -> str:
    """Return why RDKit refuses a SMILES."""
    from rdkit import Chem

    mol = Chem.MolFromSmiles(text, sanitize=False)
    return line_complaint(text) if mol is None else sanitize_complaint(mol) or "RDKit refuses it without a reason"


def sanitize_complaint(mol: Mol) -> str:
    """Return what is chemically wrong with a molecule that was parsed without sanitising; ``""`` if nothing is."""
    from rdkit import Chem

    try:
        Chem.SanitizeMol(mol)
    except (ValueError, RuntimeError) as exc:
        return reason_of(exc)
    return ""


def reason_of(error: Exception) -> str:
    """Return what an exception of RDKit says about the content, without where in RDKit it was raised."""
    text = " ".join(str(error).split()).partition(" Violation occurred")[0]
    return re.sub(r"^(?:Pre|Post)-condition Violation |^Invariant Violation ", "", text)[:300]


def line_complaint(text: str) -> str:
    """Return the first mistake in the notation of a SMILES or SMARTS, with its character from 1."""
    return _Scanner(text.split(" ", maxsplit=1)[0]).first_mistake() or "its notation cannot be parsed"


class _Scanner:
    """Reads a line notation left to right and stops at the first mistake."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._branches: list[int] = []
        self._rings: dict[str, int] = {}

    def first_mistake(self) -> str:
        """Return the first mistake with its character, or ``""``."""
        position = 0
        while position < len(self._text):
            step, mistake = self._token(position)
            if mistake:
                return mistake
            position += step
        if self._branches:
            return f"the branch opened at character {self._branches[-1] + 1} is never closed"
        for number, start in self._rings.items():
            return f"ring closure {number} at character {start + 1} has no partner"
        return ""

    def _token(self, position: int) -> tuple[int, str]:
        """Return the length of the token at `position`, and what is wrong with it."""
        character = self._text[position]
        if character == "[":
            return self._bracket(position)
        if character in "()":
            return 1, self._branch(character, position)
        if ring := _RING.match(self._text, position):
            number = ring.group().strip("%()")
            if self._rings.pop(number, None) is None:
                self._rings[number] = position
            return len(ring.group()), ""
        if atom := _ORGANIC.match(self._text, position):
            return len(atom.group()), ""
        return 1, "" if character in _BONDS else f"unexpected {character!r} at character {position + 1}"

    def _bracket(self, position: int) -> tuple[int, str]:
        length = _bracket_length(self._text, position)
        if length == 0:
            return 0, f"the bracket opened at character {position + 1} is never closed"
        atom = self._text[position : position + length]
        return length, "" if _is_atom(atom) else f"{atom[:40]} at character {position + 1} is no atom"

    def _branch(self, character: str, position: int) -> str:
        if character == "(":
            self._branches.append(position)
        elif not self._branches:
            return f"the branch closed at character {position + 1} was never opened"
        else:
            self._branches.pop()
        return ""


def _bracket_length(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[position], 0)
        if depth == 0:
            return position - start + 1
    return 0


def _is_atom(bracket: str) -> bool:
    from rdkit import Chem

    return any(mol is not None for mol in (Chem.MolFromSmarts(bracket), Chem.MolFromSmiles(bracket, sanitize=False)))


# ------------------------------------------------------------------------------------------------------------ molfiles
def molfile_complaint(lines: list[str], first: int) -> str:
    """Return why RDKit refuses a molfile, beginning with the line in its file.

    Parameters
    ----------
    lines : list of str
    first : int
        The number of the first of them in the file, from 1.
    """
    if len(lines) < 4:
        return f"line {first + max(0, len(lines) - 1)}: the record ends before its counts line"
    if "V3000" not in lines[3]:
        complaint = _v2000_complaint(lines, first)
        if complaint:
            return complaint
    if not any(line.startswith("M  END") for line in lines):
        return f"line {first + len(lines) - 1}: the record ends without M  END"
    return _chemical_complaint(lines, first)


def _v2000_complaint(lines: list[str], first: int) -> str:
    counts = _COUNTS.match(lines[3][:6])
    if counts is None:
        return f"line {first + 3}: the counts line does not begin with two numbers"
    atoms, bonds = int(counts.group(1)), int(counts.group(2))
    for i in range(4, 4 + atoms + bonds):
        if i >= len(lines) or lines[i].startswith("M  END"):
            line = first + min(i, len(lines)) - 1
            return f"line {line}: the record ends after {i - 4} of {atoms + bonds} atoms and bonds"
        broken = _broken_atom(lines[i]) if i < 4 + atoms else _broken_bond(lines[i], atoms)
        if broken:
            return f"line {first + i}: {broken}"
    return ""


def _broken_atom(line: str) -> str:
    try:
        for start in (0, 10, 20):
            float(line[start : start + 10])
    except ValueError:
        return "an atom without three coordinates"
    return "" if line[31:34].strip() else "an atom without a symbol"


def _broken_bond(line: str, atoms: int) -> str:
    try:
        ends = [int(line[start : start + 3]) for start in (0, 3)]
        int(line[6:9])
    except ValueError:
        return "a bond that is not three numbers"
    return "" if all(1 <= end <= atoms for end in ends) else f"a bond to atom {max(ends)} of {atoms}"


def _chemical_complaint(lines: list[str], first: int) -> str:
    from rdkit import Chem

    mol = Chem.MolFromMolBlock("\n".join(lines).encode("latin-1", "replace"), sanitize=False, removeHs=False)
    if mol is None:
        return f"line {first}: RDKit cannot read the record"
    reason = sanitize_complaint(mol) or "RDKit refuses the record"
    atom = _ATOM_NUMBER.search(reason)
    line = first + 4 + int(atom.group(1)) if atom and "V3000" not in lines[3] else first
    return f"line {line}: {reason}"
