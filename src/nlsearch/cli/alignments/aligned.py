"""One alignment of a hit, with who is aligned to whom.

Conventions
-----------
Ranges are 0-based and half-open on each sequence's own forward strand.  ``runs`` and rows go along the **query** as it
reads, so that on the minus strand the target is read backwards, as BLAST prints it; evidence goes along the target.
Of translated hits both follow the protein.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from nlsearch.model import Hit, Json

Runs: TypeAlias = tuple[tuple[int, str], ...]
"""``(columns, operation)``: = match, X mismatch, I only in the query, D only in the target."""
_OPERATION = re.compile(r"(\d+)([=XID])")
_COMPLEMENT = str.maketrans("ACGTURYSWKMBDHVNacgturyswkmbdhvn", "TGCAAYRSWMKVHDBNtgcaayrswmkvhdbn")
_NEEDED = ("query", "target", "cigar")


@dataclass(frozen=True, slots=True)
class Side:
    """A query or an item.

    Parameters
    ----------
    id : str
        Its name in tables: no white space.
    length : int or None
        Letters; None if not known.
    letters : callable
        Gives them, ``""`` if not known.
    title : str
        What a FASTA header says behind the id.
    item : str
        The id of the item, ``""`` for a query.
    """

    id: str
    length: int | None
    letters: Callable[[], str]
    title: str = ""
    item: str = ""


@dataclass(frozen=True)
class Alignment:
    """A match of a query in an item; see the module for directions.

    Parameters
    ----------
    query, target : Side
    q_start, q_end, t_start, t_end : int
    strand : {"+", "-", ""}
        Of the target, ``""`` where there is none (proteins).
    frame : int
        Reading frame of the translated side, 0 if none is.
    kind : str
        Of the item.
    runs : Runs
    values : mapping
        The evidence as it stands: ``bit_score``, ``evalue``, ``identity``, ``raw_score``, ``positives``.
    given_rows : tuple of str or None
        Rows of query and target and the line between them (``""`` if there is none).
    """

    query: Side
    target: Side
    q_start: int
    q_end: int
    t_start: int
    t_end: int
    strand: str
    frame: int
    kind: str
    runs: Runs
    values: Mapping[str, Json]
    given_rows: tuple[str, str, str] | None = None

    def total(self, operations: str) -> int:
        """Return how many columns have one of `operations`."""
        return sum(length for length, operation in self.runs if operation in operations)

    @property
    def columns(self) -> int:
        """Columns of the alignment."""
        return self.total("=XID")

    @property
    def gap_openings(self) -> int:
        """Runs of gap columns."""
        return sum(operation in "ID" for _, operation in self.runs)

    @property
    def identity(self) -> float:
        """Matches / columns."""
        return self.total("=") / max(1, self.columns)

    @property
    def backward(self) -> bool:
        """Whether the target is read backwards."""
        return self.strand == "-" and self.translated != "query"

    @property
    def translated(self) -> Literal["", "query", "target"]:
        """Which side is translated from nucleotides, ``""`` for none."""
        if not self.frame:
            return ""
        return "query" if self.kind == "protein" else "target"

    @property
    def is_protein(self) -> bool:
        """Whether the letters are amino acids."""
        return self.kind == "protein" or bool(self.frame)

    @property
    def forward_runs(self) -> Runs:
        """The runs along the target's forward strand."""
        return self.runs[::-1] if self.strand == "-" and not self.frame else self.runs

    @property
    def q_letters(self) -> str:
        """The letters of the whole query, ``""`` unless they are known and as many as the query has."""
        letters = self.query.letters()
        return letters if letters and len(letters) == self.query.length else ""

    @cached_property
    def rows(self) -> tuple[str, str] | None:
        """The rows of query and target with gaps as ``-``; None if the letters are not known."""
        if self.given_rows is not None:
            return self.given_rows[:2]
        query = self.q_letters
        target = self.target.letters() if query and not self.frame else ""
        if not query or self.t_end > len(target):
            return None
        part = target[self.t_start : self.t_end]
        return gapped(query[self.q_start : self.q_end], complemented(part) if self.backward else part, self.runs)

    @cached_property
    def midline(self) -> str:
        """The line between the rows: of nucleotides ``|`` where they match, of proteins the letter, ``+`` if alike."""
        if self.given_rows is not None and self.given_rows[2]:
            return self.given_rows[2]
        if self.is_protein and self.rows is not None:
            marks = (letter if q == letter else " " for q, letter in zip(*self.rows, strict=True))
            return "".join(marks)
        return "".join(("|" if operation == "=" else " ") * length for length, operation in self.runs)

    @property
    def positives(self) -> int | None:
        """Columns whose substitution scores more than nothing; None if that is not known."""
        if isinstance(self.values.get("positives"), int):
            return int(self.values["positives"])
        if not self.is_protein:
            return self.total("=")
        if self.given_rows is not None and self.given_rows[2]:
            return sum(mark != " " for mark in self.given_rows[2])
        return None

    @property
    def raw_score(self) -> int | None:
        """The score in the units of the scoring scheme; None if the evidence does not tell it."""
        value = self.values.get("raw_score", self.values.get("raw"))
        return round(value) if isinstance(value, int | float) else None

    @property
    def bit_score(self) -> float | None:
        """The score in bits."""
        value = self.values.get("bit_score")
        return float(value) if isinstance(value, int | float) else None

    @property
    def evalue(self) -> float | None:
        """The expected number of matches as good by chance."""
        value = self.values.get("evalue")
        return float(value) if isinstance(value, int | float) else None


Query: TypeAlias = Callable[[str, int | None], Side]
"""Who asks: from the name of an operator and the length of its query, if that is known."""


def alignments_of(hit: Hit, query: Query, letters: Callable[[str], str]) -> Iterator[list[Alignment]]:
    """Yield for each operator that aligned the item to its query the alignments, the best first.

    Parameters
    ----------
    hit : Hit
    query : Query
    letters : callable
        Gives the letters of an item by its id, ``""`` if they are not known.
    """
    item = hit.item
    length = item.fields.get("length")
    target = Side(
        _word(item.title) or _word(item.locator),
        length if isinstance(length, int) else None,
        lambda: letters(item.id),
        str(item.fields.get("description") or ""),
        item.id,
    )
    for operator, evidence in _aligned(hit):
        known = evidence.get("query_length")
        asked = query(operator, known if isinstance(known, int) else None)
        best = _alignment(evidence, asked, target, item.kind)
        yield [best, *(_alignment(more, asked, target, item.kind) for more in evidence.get("more") or [])]


def _aligned(hit: Hit) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield the operators of a hit that give an alignment, with its evidence."""
    parts = hit.evidence.get("parts")
    if not isinstance(parts, list) or not parts:
        parts = [{"operator": hit.checks[0].probe.operator if hit.checks else "", **hit.evidence}]
    for part in parts:
        if all(part.get(key) for key in _NEEDED):
            yield part["operator"], part


def _alignment(evidence: Mapping[str, Json], query: Side, target: Side, kind: str) -> Alignment:
    frame = int(evidence.get("frame") or 0)
    strand = str(evidence.get("strand") or "")
    turned = strand == "-" and not frame
    runs = runs_of(str(evidence["cigar"]))
    (q_start, q_end), (t_start, t_end) = evidence["query"], evidence["target"]
    rows = _rows(evidence.get("rows"), turned)
    runs = runs[::-1] if turned else runs
    return Alignment(query, target, q_start, q_end, t_start, t_end, strand, frame, kind, runs, evidence, rows)


def _rows(rows: Json, turned: bool) -> tuple[str, str, str] | None:
    if not isinstance(rows, dict) or not rows.get("query"):
        return None
    above, below, between = rows["query"], rows["target"], rows.get("midline") or ""
    if turned:
        return complemented(above), complemented(below), between[::-1]
    return above, below, between


# ------------------------------------------------------------------------------------------------------------ letters
def runs_of(cigar: str) -> Runs:
    """Return the runs of an extended CIGAR.

    Examples
    --------
    >>> runs_of("5=1X2D")
    ((5, '='), (1, 'X'), (2, 'D'))
    """
    return tuple((int(length), operation) for length, operation in _OPERATION.findall(cigar))


def cigar_of(runs: Runs) -> str:
    """Return runs as SAM writes them."""
    return "".join(f"{length}{operation}" for length, operation in runs)


def complemented(letters: str) -> str:
    """Return the other strand of a row or sequence of nucleotides, read in its own direction."""
    return letters.translate(_COMPLEMENT)[::-1]


def gapped(query: str, target: str, runs: Runs) -> tuple[str, str]:
    """Return the rows of two stretches of letters that `runs` aligns."""
    above, below, q, t = [], [], 0, 0
    for length, operation in runs:
        in_query, in_target = operation != "D", operation != "I"
        above.append(query[q : q + length] if in_query else "-" * length)
        below.append(target[t : t + length] if in_target else "-" * length)
        q += length if in_query else 0
        t += length if in_target else 0
    return "".join(above), "".join(below)


def _word(text: str) -> str:
    """Return a name as one word, as tables need it."""
    return "_".join(text.lstrip("#").split())
