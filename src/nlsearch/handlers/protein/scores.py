"""The scores of many proteins at once, without saying where they match.

Every target is compared without gaps; those that score enough, with gaps (Smith-Waterman); of those whose E-value is
low enough, identity and coverage are counted along the best alignment.  A target that holds the whole chain scores 1.
Nothing here is a heuristic but the bound in the middle, and an exhaustive question has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.protein.asked import Asked
from nlsearch.handlers.protein.payload import FEATURE, HEADER
from nlsearch.handlers.sequences.composition import LEAST, worth
from nlsearch.handlers.sequences.sought import Sought
from nlsearch.kernels.residues import align_residues, local_places, smith_waterman, ungapped_scores

LENGTH_AT, DIGEST_AT = 8, 20
OFFSET = HEADER.size
LAYOUT = {"offset": OFFSET, "length_at": LENGTH_AT}
"""Where a payload has its number of residues, and where these begin."""
WHOLE = 2**40
"""Stands for the raw score of a copy of the whole chain: nothing is better."""
_TYPE_AT = 4


def residues_of(payload: Buffer) -> bytes:
    """Return the codes of a payload."""
    length = int.from_bytes(payload[LENGTH_AT : LENGTH_AT + 4], "little")
    return bytes(payload[OFFSET : OFFSET + length])


def is_record(payload: Buffer) -> bool:
    """Say whether a payload is that of a record, not of a feature."""
    return payload[_TYPE_AT] != FEATURE


def _is_same(asked: Asked, payload: Buffer) -> bool:
    return payload[DIGEST_AT : DIGEST_AT + len(asked.digest)] == asked.digest


def scores_of(asked: Asked, payloads: Sequence[Buffer]) -> NDArray[np.float32]:
    """Return the score of each payload, 0 for what is no hit or no record.

    Returns
    -------
    ndarray of float32, shape (n,)

    Raises
    ------
    ValueError
        If one is no payload.
    """
    whole = _compared(asked, payloads)
    records = list(payloads) if len(whole) == len(payloads) else [payloads[at] for at in whole.tolist()]
    best, score = np.zeros(len(records), np.int64), np.zeros(len(records))
    for number in range(len(asked.chains)):
        raw, worth = _of_chain(asked, number, records)
        score = np.where(raw > best, worth, score)
        best = np.maximum(raw, best)
    answer = np.zeros(len(payloads), np.float32)
    answer[whole] = score
    return answer


def _compared(asked: Asked, payloads: Sequence[Buffer]) -> NDArray[np.int64]:
    """Return which payloads are compared: records, and features with the sequence of the example."""
    types = np.frombuffer(bytes(map(itemgetter(_TYPE_AT), payloads)), np.uint8)
    compared = types != FEATURE
    if asked.digest:
        compared[[at for at in np.flatnonzero(~compared).tolist() if _is_same(asked, payloads[at])]] = True
    return np.flatnonzero(compared)


def _of_chain(asked: Asked, number: int, records: list[Buffer]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return raw scores (of copies of the whole chain :data:`WHOLE`) and scores of one chain, 0 for what is no hit."""
    chain = asked.chains[number]
    ungapped = ungapped_scores(chain.scheme.matrix, chain.codes, records, **LAYOUT)
    raw, score = np.zeros(len(records), np.int64), np.zeros(len(records))
    for at in np.flatnonzero(ungapped >= chain.least_of_copy).tolist():
        if chain.codes in residues_of(records[at]):
            raw[at], score[at] = WHOLE, 1.0
    chosen = np.flatnonzero((ungapped >= asked.for_each(asked.enough, number, _lengths(records))) & (raw == 0))
    gapped = _gapped_scores(chain, [records[at] for at in chosen.tolist()])
    passing = gapped >= asked.for_each(asked.least, number, _lengths(records[at] for at in chosen.tolist()))
    chosen, gapped = chosen[passing], gapped[passing]
    kept = [records[at] for at in chosen.tolist()]
    places = _places(chain, kept, gapped)
    identity = places["matches"] / np.maximum(places["columns"], 1)
    wanted = (identity >= asked.identity) & _is_no_bias(asked, number, kept, gapped, places)
    coverage = (places["q_end"] - places["q_start"]) / chain.length
    raw[chosen[wanted]] = gapped[wanted]
    score[chosen[wanted]] = (identity * coverage)[wanted]
    return raw, score


def _is_no_bias(
    asked: Asked, number: int, records: list[Buffer], gapped: NDArray[np.int32], places: NDArray[Any]
) -> NDArray[np.bool_]:
    """Say of each alignment whether it passes for all that its composition takes off; shape (n,)."""
    answer = np.ones(len(records), np.bool_)
    if not asked.composition:
        return answer
    bounds = np.broadcast_to(asked.for_each(asked.least, number, _lengths(records)), len(records))
    doubtful = np.flatnonzero(gapped * LEAST < bounds)
    pairs = [_stretches(asked.chains[number], residues_of(records[at]), places[at]) for at in doubtful.tolist()]
    answer[doubtful] = gapped[doubtful] * worth(asked.scheme, pairs) >= bounds[doubtful]
    return answer


def _stretches(chain: Sought, codes: bytes, place: np.void) -> tuple[bytes, bytes]:
    """Return the stretches of the chain and of the target that an alignment takes.

    A target's stretch is no longer than the alignment has columns, so the rest of the table is left out.
    """
    own = chain.codes[place["q_start"] : place["q_end"]]
    near = codes[max(0, place["t_end"] - place["columns"]) : place["t_end"]]
    scheme = chain.scheme
    found = align_residues(scheme.matrix, own, near, gap_open=scheme.gap_open, gap_extend=scheme.gap_extend)
    return own, near[found.t_start :]


def _lengths(records: Iterable[Buffer]) -> Iterator[int]:
    return (int.from_bytes(record[LENGTH_AT : LENGTH_AT + 4], "little") for record in records)


def _gapped_scores(chain: Sought, records: list[Buffer]) -> NDArray[np.int32]:
    scheme = chain.scheme
    costs = {"gap_open": scheme.gap_open, "gap_extend": scheme.gap_extend}
    return smith_waterman(scheme.matrix, chain.codes, records, **LAYOUT, **costs)


def _places(chain: Sought, records: list[Buffer], gapped: NDArray[np.int32]) -> NDArray[Any]:
    scheme = chain.scheme
    costs = {"gap_open": scheme.gap_open, "gap_extend": scheme.gap_extend}
    return local_places(scheme.matrix, chain.codes, records, gapped, **LAYOUT, **costs)
