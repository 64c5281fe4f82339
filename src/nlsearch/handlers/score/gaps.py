"""Melodies with gaps (``*``): stretches of notes one after the other in a line, with any notes between them.

All stretches lie in one line, under one transposition and one scale of time, which the first of them that has a pitch
says.  Each is taken as early as it can be: if any choice of places succeeds, this one does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.payload import Line, Tune
from nlsearch.handlers.score.places import evidence, is_wanted, written
from nlsearch.kernels.melody import MUTE, NEAR_ENOUGH, WILD, Melody, find_melodies
from nlsearch.limits import Limits

_FIT = ("line", "transposition", "steps", "scale")


def with_gaps(
    melody: Melody, stretches: Sequence[int], voice: str, tune: Tune, payload: bytes | memoryview, limits: Limits
) -> list[dict[str, Any]]:
    """Return the evidence of all matches, one for each note at which one begins; those as written before all others."""
    edges = np.cumsum([0, *stretches]).tolist()
    parts = [(low, high) for low, high in pairwise(edges)]
    low, high = next((low, high) for low, high in parts if (melody.pitches[low:high] != WILD).any())
    first = _stretch(melody, low, high)
    rows = find_melodies(first, [payload], first.certain()[:1])
    fits = np.unique(rows[list(_FIT)]).tolist() if len(rows) else []
    told: list[dict[str, Any]] = []
    seen: set[tuple[int, int]] = set()
    for number, up, steps, scale in fits:
        line = tune.line(number)
        if len(line) < len(melody) or not is_wanted(line, tune, voice):
            continue
        held = (_places(melody, part, line, up, steps, np.float32(scale)) for part in parts)
        for starts in _chains(held, stretches, is_anchored=melody.is_anchored):
            if len(told) >= limits.verify_matches:
                return told
            notes = [at + i for at, length in zip(starts, stretches, strict=True) for i in range(length)]
            if (number, notes[0]) in seen or (line.is_played and _is_written(tune, line, notes, stretches)):
                continue
            seen.add((number, notes[0]))
            told.append(evidence(tune, line, notes, transposition=up, edits=[]))
    return told


def _stretch(melody: Melody, low: int, high: int) -> Melody:
    gaps = None if melody.gaps is None else melody.gaps[low:high]
    lengths = None if melody.lengths is None else melody.lengths[low:high]
    return Melody(
        melody.pitches[low:high], melody.steps[low:high], gaps, lengths, 0, melody.is_fixed, melody.is_spelled
    )


def _places(
    melody: Melody, part: tuple[int, int], line: Line, up: int, steps: int, scale: np.float32
) -> NDArray[np.int64]:
    """Return where in a line a stretch is, ascending; by the rules of :mod:`nlsearch.kernels.melody`."""
    low, high = part
    count = max(len(line) - (high - low) + 1, 0)
    fits = np.ones(count, np.bool_)
    for i in range(low, high):
        if melody.pitches[i] == WILD:
            continue
        held = slice(i - low, i - low + count)
        fits &= line.pitches[held] == int(melody.pitches[i]) + up
        if melody.is_spelled and melody.steps[i] != MUTE:
            letters = line.steps[held]
            fits &= (letters == MUTE) | (letters == int(melody.steps[i]) + steps)
        if melody.gaps is not None and melody.lengths is not None:
            fits &= _is_near(line.gaps[held], melody.gaps[i] * scale) | _is_near(
                line.lengths[held], melody.lengths[i] * scale
            )
    return np.flatnonzero(fits)


def _is_near(got: NDArray[np.uint32], wanted: np.float32) -> NDArray[np.bool_]:
    off = np.abs(got.astype(np.float32) - wanted)
    return np.asarray(off <= NEAR_ENOUGH * wanted)


def _chains(
    held: Iterator[NDArray[np.int64]], stretches: Sequence[int], *, is_anchored: bool
) -> Iterator[tuple[int, ...]]:
    """Yield where the stretches begin, for each place of the first after which there are the others."""
    first = next(held)
    chain = [first[first == 0] if is_anchored else first]
    for before, places in zip(stretches, held, strict=False):
        if not len(chain[0]):
            return
        at = np.searchsorted(places, chain[-1] + before)
        there = at < len(places)
        chain = [one[there] for one in chain]
        chain.append(places[at[there]])
    yield from zip(*(one.tolist() for one in chain), strict=True)


def _is_written(tune: Tune, line: Line, notes: Sequence[int], stretches: Sequence[int]) -> bool:
    """Say whether the stretches stand in the voice as it is written: unbroken, and one after the other."""
    rows = np.array(written(tune, line, notes))
    ahead = np.diff(rows)
    inside = np.ones(len(ahead), np.bool_)
    inside[np.cumsum(stretches[:-1]) - 1] = False
    return bool((ahead > 0).all() and (ahead[inside] == 1).all())
