"""Alignment: what a match is, and edit-distance paths by edlib (Šošić & Šikić, Bioinformatics 2017 33:1394).

Conventions
-----------
Everything here is on the target's forward strand; for the minus strand the query has been reversed by the caller.
CIGAR operations are SAM's extended ones: ``=`` match, ``X`` mismatch, ``I`` only in the query, ``D`` only in the
target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from nlsearch.handlers.sequences.bases import ALLOWED, EQUALITIES, QUERY_LETTERS, TO_LETTERS, is_definite
from nlsearch.kernels import Scheme

_OPERATION = re.compile(r"(\d+)([=XID])")
Runs = list[tuple[int, str]]


@dataclass(frozen=True)
class Match:
    """An alignment: half-open ranges, ``strand`` ``"+"`` or ``"-"``, ``runs`` of ``(length, CIGAR operation)``."""

    q_start: int
    q_end: int
    t_start: int
    t_end: int
    strand: str
    runs: tuple[tuple[int, str], ...]

    @cached_property
    def _totals(self) -> dict[str, int]:
        totals = {"=": 0, "X": 0, "I": 0, "D": 0}
        for length, operation in self.runs:
            totals[operation] += length
        return totals

    def total(self, operations: str) -> int:
        """Return how many columns have one of `operations`."""
        return sum(self._totals[operation] for operation in operations)

    @property
    def matches(self) -> int:
        """Columns in which query and target agree."""
        return self.total("=")

    @property
    def errors(self) -> int:
        """Mismatches and gap columns."""
        return self.total("XID")

    @property
    def identity(self) -> float:
        """Matches / columns."""
        return self.matches / max(1, self.total("=XID"))

    @property
    def score(self) -> int:
        """The raw score, as blastn counts by default."""
        scheme = Scheme()
        gaps = [length for length, operation in self.runs if operation in "ID"]
        paid = len(gaps) * scheme.gap_open + sum(gaps) * scheme.gap_extend
        return self.matches * scheme.match + self.total("X") * scheme.mismatch - paid

    @property
    def midline(self) -> str:
        """What stands between the rows: ``|`` where letters agree."""
        return "".join(("|" if operation == "=" else " ") * length for length, operation in self.runs)

    @property
    def cigar(self) -> str:
        """The alignment as SAM writes it."""
        return "".join(f"{length}{operation}" for length, operation in self.runs)

    def moved(self, query: int, target: int) -> Match:
        """Return the match with its ranges shifted."""
        return replace(
            self,
            q_start=self.q_start + query,
            q_end=self.q_end + query,
            t_start=self.t_start + target,
            t_end=self.t_end + target,
        )


def exact_match(length: int, start: int, strand: str) -> Match:
    """Return the match of a whole query of `length` that occurs at `start`."""
    return Match(0, length, start, start + length, strand, ((length, "="),))


def edit_path(query: bytes, target: bytes, most: int = -1) -> tuple[int, int, Runs] | None:
    """Align the whole query somewhere inside the target at the least edit distance.

    Parameters
    ----------
    query, target : bytes
        Codes; letters match as :mod:`alphabet` says.
    most : int
        Distance above which the answer is None; −1 for any.

    Returns
    -------
    (start, end, runs) or None
        Half-open range in the target.
    """
    import edlib

    if not query or not target:
        return None
    equalities = None if is_definite(query) else EQUALITIES
    answer = edlib.align(query.translate(QUERY_LETTERS), target.translate(TO_LETTERS), "HW", "path", most, equalities)
    if answer["editDistance"] < 0 or answer["cigar"] is None:
        return None
    start, last = answer["locations"][0]
    return (last + 1 if start is None else start), last + 1, parse_cigar(answer["cigar"])


def joined_runs(left: tuple[tuple[int, str], ...], right: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
    """Return the runs of two alignments that follow each other."""
    if left and right and left[-1][1] == right[0][1]:
        return (*left[:-1], (left[-1][0] + right[0][0], right[0][1]), *right[1:])
    return (*left, *right)


def parse_cigar(cigar: str) -> Runs:
    """Return the ``(length, operation)`` pairs of an extended CIGAR."""
    return [(int(length), operation) for length, operation in _OPERATION.findall(cigar)]


def within_edits(query: bytes, target: bytes, most: int, strand: str, start: int = 0) -> Iterator[Match]:
    """Yield matches of the whole query with at most `most` edits, best first within each part, not overlapping.

    The best one is taken, then what is left and right of it is looked at.
    """
    pending = [(0, len(target))]
    while pending:
        low, high = pending.pop()
        if high - low < len(query) - most:
            continue
        found = edit_path(query, target[low:high], most)
        if found is None:
            continue
        begin, end, runs = found[0] + low, found[1] + low, found[2]
        yield Match(0, len(query), start + begin, start + end, strand, tuple(runs))
        if end > begin:
            pending += [(end, high), (low, begin)]


def rows(query: bytes, target: bytes, runs: tuple[tuple[int, str], ...]) -> tuple[str, str]:
    """Return the gapped rows of query and target letters."""
    above, below, q, t = [], [], 0, 0
    for length, operation in runs:
        a = b"-" * length if operation == "D" else query[q : q + length].translate(TO_LETTERS)
        b = b"-" * length if operation == "I" else target[t : t + length].translate(TO_LETTERS)
        above.append(a)
        below.append(b)
        q += 0 if operation == "D" else length
        t += 0 if operation == "I" else length
    return b"".join(above).decode(), b"".join(below).decode()


def agree(query: int, target: int) -> bool:
    """Say whether a query code matches a target code."""
    return bool(ALLOWED[query, target])
