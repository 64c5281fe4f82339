"""The slow obvious versions of :mod:`nlsearch.kernels.translated`: oracles, and what runs without the C extension."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.kernels.payloadletters import BASES, PayloadLetters
from nlsearch.kernels.residueoracles import score_table
from nlsearch.kernels.residues import LETTERS, Buffer, Matrix
from nlsearch.kernels.translated import TRANSLATED_PLACE, codons_of

__all__ = ["places_reference", "translate_reference"]

_EIGHT, _RECENT, _APART = 8, 16, 64


def _sets(payload: Buffer) -> NDArray[np.uint8]:
    """Return which bases each letter of a payload may be."""
    return np.array(BASES, np.uint8)[PayloadLetters.of(payload).codes]


def _residue(table: bytes, sets: Sequence[int]) -> int:
    choices = [[base for base in range(4) if one >> base & 1] for one in sets]
    found = {table[16 * a + 4 * b + c] for a, b, c in itertools.product(*choices)}
    return found.pop() if len(found) == 1 else LETTERS.index("X")


def _frame(table: bytes, payload: Buffer, frame: int) -> bytes:
    """Return the residues of a whole frame."""
    sets = _sets(payload)
    if frame < 0:
        turned = [sum(1 << (3 - base) for base in range(4) if one >> base & 1) for one in range(16)]
        sets = np.array(turned, np.uint8)[sets[::-1]]
    known = sets.tolist()
    starts = range(abs(frame) - 1, len(known) - 2, 3)
    return bytes(_residue(table, known[at : at + 3]) for at in starts)


def translate_reference(table: bytes, payload: Buffer, frame: int, first: int, count: int) -> bytes:
    """Return the residues [first, first + count) of a frame."""
    if not 1 <= abs(frame) <= 3 or first < 0 or count < 0 or first + count > codons_of(len(_sets(payload)), frame):
        raise ValueError("the residues lie outside of the frame")
    return _frame(table, payload, frame)[first : first + count]


def places_reference(
    matrix: Matrix, query: bytes, table: bytes, payloads: Sequence[Buffer], levels: tuple[int, int], frames: list[int]
) -> NDArray[Any]:
    """Return the eights of codons in which the running score of a diagonal reaches the trigger, neighbours joined."""
    trigger, cap = levels
    if not 1 <= trigger <= cap or cap + 2 * max(0, int(matrix.max())) > 127:
        raise ValueError("the trigger or the cap is out of range")
    found = [
        (item, frame, *place)
        for item, payload in enumerate(payloads)
        for frame in frames
        for place in _places(_running(matrix, query, _frame(table, payload, frame), cap), trigger)
    ]
    return np.array(found, TRANSLATED_PLACE)


def _running(matrix: Matrix, query: bytes, target: bytes, cap: int) -> NDArray[np.int64]:
    """Return the score of the best stretch that ends with each pair of residues, clipped at every other codon."""
    scores = np.ascontiguousarray(score_table(matrix, query, target).T)
    for row in range(len(scores)):
        before = np.concatenate([[0], scores[row - 1, :-1]]) if row else 0
        scores[row] = np.clip(before + scores[row], 0, cap if row % 2 else None)
    return np.asarray(np.minimum(scores, cap))


def _places(scores: NDArray[np.int64], trigger: int) -> list[tuple[int, ...]]:
    """Return start, end, q_start, q_end and score of each place."""
    found: list[list[int]] = []
    for start in range(0, len(scores), _EIGHT):
        end = min(start + _EIGHT, len(scores))
        for group in _near(scores[start:end], trigger):
            known = [one for one in found[-_RECENT:] if one[1] >= start and _is_near(one, group)]
            if known:
                one = known[-1]
                one[1:] = [end, min(one[2], group[0]), max(one[3], group[1]), max(one[4], group[2])]
            else:
                found.append([start, end, *group])
    return [tuple(one) for one in found]


def _near(scores: NDArray[np.int64], trigger: int) -> Iterator[list[int]]:
    """Yield first and last residue of the query, and the score, of what is near in eight codons, by diagonals."""
    codons, queries = np.nonzero(scores >= trigger)
    order = np.lexsort((codons, queries - codons))
    group: list[int] = []
    for codon, query in zip(codons[order].tolist(), queries[order].tolist(), strict=True):
        score = int(scores[codon, query])
        if group and query >= group[1] + _APART:
            yield group
            group = []
        group = (
            [min(group[0], query), max(group[1], query + 1), max(group[2], score)]
            if group
            else [query, query + 1, score]
        )
    if group:
        yield group


def _is_near(one: list[int], group: list[int]) -> bool:
    return one[3] + _APART > group[0] and group[1] + _APART > one[2]
