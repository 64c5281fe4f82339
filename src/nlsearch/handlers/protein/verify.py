"""Whether a protein matches, and the alignments that prove it.

Score and tier
--------------
Score = identity × coverage: matches / columns of the best alignment, times the share of the chain that it covers; of a
translated query, of the frame's residues.  Tier ``exact`` where the whole chain occurs in the target, else ``near``.
The best alignment is the one with the highest raw score (Smith-Waterman), of the first frame where frames tie.

Evidence
--------
``query`` and ``target`` are 0-based and half-open; for a translated query ``query`` counts bases on its own forward
strand, ``frame`` says which, and ``strand`` is the query's.  The CIGAR and ``rows`` run along the target and count
residues.  ``evalue`` is that of the raw score, as blastp has it with ``-comp_based_stats 0`` and ``OLD_FSC=1``;
``evalue_composition`` is that of what the score is worth for the composition of the aligned stretches
(:mod:`~nlsearch.handlers.sequences.composition`), and has to be low enough too.  ``more`` lists further copies of the
whole chain, which may overlap, then alignments of stretches of the target that no better one takes, as far as their
E-values are low enough; ``count`` counts all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.sequences.aminoacids import letters
from nlsearch.handlers.protein.asked import Asked, Chain
from nlsearch.handlers.sequences.composition import worth
from nlsearch.handlers.protein.payload import Target
from nlsearch.handlers.sequences.codes import bases_of
from nlsearch.kernels.residues import CAP, align_residues, ungapped_scores
from nlsearch.limits import Limits
from nlsearch.model import Json, Verdict

ROW_COLUMNS = 1_000
"""Longer alignments are shown by their CIGAR alone."""


@dataclass(frozen=True)
class Match:
    """One alignment of a chain with a target.

    Parameters
    ----------
    chain : Chain
    raw : int
    query, target : (int, int)
        Half-open, in residues.
    runs : tuple of (int, str)
        As of :class:`~nlsearch.kernels.residues.Alignment`.
    space : int
        The search space of its E-value.
    """

    chain: Chain
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


def verify(asked: Asked, target: Target, limits: Limits) -> Verdict | None:
    """Return the verdict on one protein.

    `limits` bounds the matches that are looked for (``verify_matches``) and listed (``evidence_more``).
    """
    if target.is_feature and not (asked.digest and target.digest == asked.digest):
        return None
    codes = target.codes
    found = [match for number in range(len(asked.chains)) for match in _of_chain(asked, number, codes, limits)]
    if not found:
        return None
    found.sort(key=lambda match: (not match.is_whole, -match.raw))
    best = found[0]
    evidence = _evidence(asked, best, codes)
    if best.total("=XID") <= ROW_COLUMNS:
        evidence["rows"] = rows(best, codes)
    evidence["more"] = [_evidence(asked, match, codes) for match in found[1 : 1 + limits.evidence_more]]
    evidence["count"] = len(found)
    if len(found) >= limits.verify_matches:
        evidence["count_capped"] = True
    return Verdict(1.0 if best.is_whole else best.worth, "exact" if best.is_whole else "near", evidence)


# -------------------------------------------------------------------------------------------------------- alignments
def _of_chain(asked: Asked, number: int, codes: bytes, limits: Limits) -> list[Match]:
    """Return the matches of one chain: copies first, then the others, best first; none if the best does not pass."""
    chain, space = asked.chains[number], asked.space(number, len(codes))
    run = ((chain.length, "="),)
    copies = [
        Match(chain, chain.own_score, (0, chain.length), (at, at + chain.length), run, space)
        for at in islice(_occurrences(chain.codes, codes), limits.verify_matches)
    ]
    free = _between(copies, len(codes))
    others: list[Match] = []
    while free and len(copies) + len(others) < limits.verify_matches:
        low, high = free.pop()
        match = _best(asked, number, codes, low, high)
        if match is None or match.identity < asked.identity:
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


def _best(asked: Asked, number: int, codes: bytes, low: int, high: int) -> Match | None:
    """Return the best alignment with a stretch of the target, None if its score is too low."""
    chain, scheme = asked.chains[number], asked.scheme
    stretch = codes[low:high]
    record = len(stretch).to_bytes(4, "little") + stretch
    ungapped = ungapped_scores(scheme.matrix, chain.codes, [record], offset=4, length_at=0, cap=CAP)
    if ungapped[0] < asked.enough(number, len(codes)):
        return None
    found = align_residues(scheme.matrix, chain.codes, stretch, gap_open=scheme.gap_open, gap_extend=scheme.gap_extend)
    if found.score < max(1, asked.least(number, len(codes))):
        return None
    ranges = (found.q_start, found.q_end), (low + found.t_start, low + found.t_end)
    match = Match(chain, found.score, *ranges, tuple(found.runs), asked.space(number, len(codes)))
    if asked.composition and found.score * _worth(match, codes) < asked.least(number, len(codes)):
        return None
    return match


def _worth(match: Match, codes: bytes) -> float:
    """Return the share of its score that a match is worth for the composition of what it aligns."""
    pair = match.chain.codes[slice(*match.query)], codes[slice(*match.target)]
    return float(worth(match.chain.scheme, [pair])[0])


# ---------------------------------------------------------------------------------------------------------- evidence
def _evidence(asked: Asked, match: Match, codes: bytes) -> dict[str, Json]:
    chain, (start, end) = match.chain, match.query
    evidence: dict[str, Json] = {
        "query": [start, end],
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
    if asked.composition:
        evidence["evalue_composition"] = chain.evalue(match.raw * _worth(match, codes), match.space)
    if chain.frame:
        evidence["query"] = list(bases_of(chain.frame, start, end, asked.length))
        evidence["frame"] = chain.frame
    return evidence


def _columns(match: Match, codes: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what each run has of the query and of the target; nothing of one where there is a gap."""
    q, t = match.query[0], match.target[0]
    for length, operation in match.runs:
        above = b"" if operation == "D" else match.chain.codes[q : q + length]
        below = b"" if operation == "I" else codes[t : t + length]
        q, t = q + len(above), t + len(below)
        yield above, below


def _scores(chain: Chain, above: bytes, below: bytes) -> NDArray[np.int8]:
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
