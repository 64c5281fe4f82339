"""Where a PROSITE pattern occurs in proteins: which of many hold it, and all places in one.

``target`` is 0-based and half-open; ``more`` lists further occurrences, ascending by where they begin, and ``count``
counts all.  Annotated features are no hits: their records are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.protein.patterns import Pattern
from nlsearch.handlers.protein.payload import Target
from nlsearch.handlers.protein.scores import is_record, residues_of
from nlsearch.handlers.sequences.aminoacids import letters
from nlsearch.limits import Limits
from nlsearch.model import NO, YES, Json, Verdict

_AT_ONCE = 2**20
"""Residues that are looked at together."""


def decide(pattern: Pattern, payloads: Sequence[Buffer]) -> bytes:
    """Return for each payload whether it is a record in which the pattern occurs (``YES`` or ``NO``)."""
    answer = bytearray([NO]) * len(payloads)
    for numbers, chains in _blocks(payloads):
        for at in np.flatnonzero(pattern.occurs(chains)).tolist():
            answer[numbers[at]] = YES
    return bytes(answer)


def _blocks(payloads: Sequence[Buffer]) -> Iterator[tuple[list[int], list[bytes]]]:
    numbers: list[int] = []
    chains: list[bytes] = []
    held = 0
    for number, payload in enumerate(payloads):
        if not is_record(payload):
            continue
        numbers.append(number)
        chains.append(residues_of(payload))
        held += len(chains[-1])
        if held >= _AT_ONCE:
            yield numbers, chains
            numbers, chains, held = [], [], 0
    if numbers:
        yield numbers, chains


def find(pattern: Pattern, target: Target, limits: Limits) -> Verdict | None:
    """Return where the pattern occurs; None if it does not, or the payload is that of a feature."""
    if target.is_feature:
        return None
    codes = target.codes
    starts = pattern.occurrences(codes)
    if not len(starts):
        return None
    shown = [_place(pattern, codes, start) for start in starts[: 1 + limits.evidence_more].tolist()]
    evidence: dict[str, Json] = {**shown[0], "more": shown[1:], "count": len(starts)}
    return Verdict(1.0, "exact", evidence)


def _place(pattern: Pattern, codes: bytes, start: int) -> dict[str, Json]:
    end = pattern.longest_from(codes, start)
    return {"target": [start, end], "strand": "+", "matched": letters(codes[start:end])}
