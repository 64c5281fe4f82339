"""Alignment: edit-distance paths by edlib (Šošić & Šikić, Bioinformatics 2017 33:1394), trimmed to what is similar.

Conventions
-----------
Everything here is on the target's forward strand; for the minus strand the query has been reversed by the caller.
CIGAR operations are SAM's extended ones: ``=`` match, ``X`` mismatch, ``I`` only in the query, ``D`` only in the
target.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nlsearch.handlers.nucleotide.alphabet import (
    ALLOWED,
    EQUALITIES,
    QUERY_LETTERS,
    TO_LETTERS,
    is_definite,
)

_OPERATION = re.compile(r"(\d+)([=XID])")
Runs = list[tuple[int, str]]
LAMBDA, KAPPA = 1.28, 0.46
"""Karlin-Altschul parameters that BLAST tables for +1/-2 with linear gaps."""


@dataclass(frozen=True, slots=True)
class Match:
    """An alignment: half-open ranges, ``strand`` ``"+"`` or ``"-"``, ``runs`` of ``(length, CIGAR operation)``."""

    q_start: int
    q_end: int
    t_start: int
    t_end: int
    strand: str
    runs: tuple[tuple[int, str], ...]

    def total(self, operations: str) -> int:
        """Return how many columns have one of `operations`."""
        return sum(length for length, operation in self.runs if operation in operations)

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
    def bit_score(self) -> float:
        """BLAST's bit score for +1/-2 and linear gaps of 2.5 a column (megablast's defaults)."""
        raw = self.matches - 2 * self.total("X") - 2.5 * self.total("ID")
        return (LAMBDA * raw - math.log(KAPPA)) / math.log(2)

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


def best_part(runs: Runs, penalty: float) -> tuple[int, int, Runs, float]:
    """Return the stretch of an alignment with the highest score: matches − `penalty` × (mismatches + gap columns).

    Returns
    -------
    (q_start, t_start, runs, score)
        Starts relative to those of the alignment; no runs and score 0 if nothing matches.
    """
    best = (0.0, 0, 0)
    score, first = 0.0, 0
    for at, (length, operation) in enumerate(runs):
        if operation != "=":
            score -= penalty * length
            continue
        if score <= 0:
            score, first = 0.0, at
        score += length
        if score > best[0]:
            best = (score, first, at + 1)
    total, begin, end = best
    before = runs[:begin]
    q = sum(length for length, operation in before if operation != "D")
    t = sum(length for length, operation in before if operation != "I")
    return q, t, runs[begin:end], total


def penalty_of(identity: float) -> float:
    """Return the penalty at which a stretch of just `identity` scores nothing; at least 2 (identity 2/3)."""
    return max(2.0, identity / max(1.0 - identity, 1e-3))


def least_score(query: int, target: int) -> float:
    """Return the score (matches − 2 × errors) from which a local match is no chance.

    By Karlin and Altschul: less than one in a thousand unrelated records of `target` bases, searched on both strands
    with `query` bases, holds a match as good.
    """
    return math.log(KAPPA * max(query, 1) * 2 * max(target, 1) / 1e-3) / LAMBDA


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
