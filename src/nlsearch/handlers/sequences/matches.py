"""Alignments of a chain that is looked for with the residues of a target: all that count, and what proves them.

Copies of the whole chain count always, and may overlap; other alignments count from a bound on (:class:`Bounds`), and
each is the best one (Smith-Waterman) of a stretch of the target that no better one takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.aminoacids import letters
from nlsearch.handlers.sequences.complexity import is_low_complexity
from nlsearch.handlers.sequences.composition import worth
from nlsearch.handlers.sequences.sought import Bounds, Sought
from nlsearch.kernels.residues import CAP, align_residues, ungapped_scores
from nlsearch.model import Json

__all__ = ["ROW_COLUMNS", "Match", "best_match", "evidence_of", "is_no_bias", "matches_of", "rows"]

ROW_COLUMNS = 1_000
"""Longer alignments are shown by their CIGAR alone."""


@dataclass(frozen=True)
class Match:
    """One alignment of a chain with a target.

    Parameters
    ----------
    chain : Sought
    raw : int
    query, target : (int, int)
        Half-open, in residues.
    runs : tuple of (int, str)
        As of :class:`~nlsearch.kernels.residues.Alignment`.
    space : int
        The search space of its E-value.
    """

    chain: Sought
    raw: int
    query: tuple[int, int]
    target: tuple[int, int]
    runs: tuple[tuple[int, str], ...]
    space: int

    def total(self, operations: str) -> int:
        """Return how many columns have one of `operations`."""
        return sum(length for length, operation in self.runs if operation in operations)

    @property
    def identity(self) -> float:
        """Matches / columns."""
        return self.total("=") / self.total("=XID")

    @property
    def is_whole(self) -> bool:
        """Whether it is a copy of the whole chain."""
        return self.total("=") == self.chain.length and len(self.runs) == 1

    @property
    def worth(self) -> float:
        """Identity × coverage."""
        return self.identity * (self.query[1] - self.query[0]) / self.chain.length


# ------------------------------------------------------------------------------------------------------------- finding
def matches_of(chain: Sought, bounds: Bounds, codes: bytes, most: int) -> list[Match]:
    """Return at most `most` matches of a chain in a target: copies in their order, then the others, best first."""
    run = ((chain.length, "="),)
    copies = [
        Match(chain, chain.own_score, (0, chain.length), (at, at + chain.length), run, bounds.space)
        for at in islice(_occurrences(chain.codes, codes), most)
    ]
    free = _between(copies, len(codes))
    others: list[Match] = []
    while free and len(copies) + len(others) < most:
        low, high = free.pop()
        match = best_match(chain, bounds, codes, low, high)
        if match is None or match.identity < bounds.identity:
            continue
        others.append(match)
        free += [(match.target[1], high), (low, match.target[0])]
    others.sort(key=lambda match: -match.raw)
    return copies + others


def _occurrences(piece: bytes, codes: bytes) -> Iterator[int]:
    at = codes.find(piece)
    while at >= 0:
        yield at
        at = codes.find(piece, at + 1)


def _between(copies: list[Match], length: int) -> list[tuple[int, int]]:
    """Return the stretches of a target of `length` residues that no copy touches, the first one last."""
    free, low = [], 0
    for copy in copies:
        free.append((low, copy.target[0]))
        low = copy.target[1]
    free.append((low, length))
    return [(low, high) for low, high in reversed(free) if high > low]


def best_match(chain: Sought, bounds: Bounds, codes: bytes, low: int, high: int) -> Match | None:
    """Return the best alignment with a stretch of the target, None if its score is too low."""
    scheme, stretch = chain.scheme, codes[low:high]
    record = len(stretch).to_bytes(4, "little") + stretch
    ungapped = ungapped_scores(scheme.matrix, chain.codes, [record], offset=4, length_at=0, cap=CAP)
    if ungapped[0] < bounds.enough:
        return None
    found = align_residues(scheme.matrix, chain.codes, stretch, gap_open=scheme.gap_open, gap_extend=scheme.gap_extend)
    if found.score < max(1, bounds.least):
        return None
    ranges = (found.q_start, found.q_end), (low + found.t_start, low + found.t_end)
    match = Match(chain, found.score, *ranges, tuple(found.runs), bounds.space)
    return match if is_no_bias(match, bounds, codes) else None


def is_no_bias(match: Match, bounds: Bounds, codes: bytes) -> bool:
    """Say whether a match passes for all that the composition of what it aligns takes off."""
    return not bounds.composition or match.raw * _worth(match, codes) >= bounds.least


def _worth(match: Match, codes: bytes) -> float:
    """Return the share of its score that a match is worth for the composition of what it aligns."""
    pair = match.chain.codes[slice(*match.query)], codes[slice(*match.target)]
    return float(worth(match.chain.scheme, [pair])[0])


# ---------------------------------------------------------------------------------------------------------- evidence
def evidence_of(match: Match, codes: bytes, *, composition: bool) -> dict[str, Json]:
    """Return what proves a match, positions in residues; with `composition` its E-value for that too."""
    chain = match.chain
    evidence: dict[str, Json] = {
        "query": list(match.query),
        "target": list(match.target),
        "strand": "-" if chain.frame < 0 else "+",
        "cigar": "".join(f"{length}{operation}" for length, operation in match.runs),
        "identity": match.identity,
        "mismatches": match.total("X"),
        "gaps": match.total("ID"),
        "positives": sum(int(np.count_nonzero(_scores(match.chain, a, b) > 0)) for a, b in _columns(match, codes)),
        "raw_score": match.raw,
        "bit_score": round(chain.bit_score(match.raw), 2),
        "evalue": chain.evalue(match.raw, match.space),
        "search_space": match.space,
    }
    if composition:
        evidence["evalue_composition"] = chain.evalue(match.raw * _worth(match, codes), match.space)
    if is_low_complexity(chain.codes[slice(*match.query)]):
        evidence["low_complexity"] = True
    return evidence


def _columns(match: Match, codes: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what each run has of the query and of the target; nothing of one where there is a gap."""
    q, t = match.query[0], match.target[0]
    for length, operation in match.runs:
        above = b"" if operation == "D" else match.chain.codes[q : q + length]
        below = b"" if operation == "I" else codes[t : t + length]
        q, t = q + len(above), t + len(below)
        yield above, below


def _scores(chain: Sought, above: bytes, below: bytes) -> NDArray[np.int8]:
    """Return what each column of two residues scores; none in a gap."""
    shorter = min(len(above), len(below))
    a, b = (np.frombuffer(codes[:shorter] or b"\0", np.uint8)[:shorter] for codes in (above, below))
    return chain.scheme.matrix[a, b]


def rows(match: Match, codes: bytes) -> dict[str, Json]:
    """Return the gapped rows of query and target, and between them the letter of a match and + of a positive score."""
    parts: dict[str, list[str]] = {"query": [], "midline": [], "target": []}
    for above, below in _columns(match, codes):
        length = max(len(above), len(below))
        positive = (_scores(match.chain, above, below) > 0).tolist()
        marks = [
            letters(above[at : at + 1]) if above[at] == below[at] else " +"[is_positive]
            for at, is_positive in enumerate(positive)
        ]
        parts["query"].append(letters(above) or "-" * length)
        parts["midline"].append("".join(marks) or " " * length)
        parts["target"].append(letters(below) or "-" * length)
    return {name: "".join(part) for name, part in parts.items()}
