"""Seeds of lines: at each note the intervals that follow, packed so that any number of them is a prefix.

Conventions
-----------
The axis of an item is the notes of its lines, one line after the other.  A key holds :data:`AHEAD` intervals, a byte
each, the first in the highest: semitones + 128; 0 where the line has ended, or a note has no pitch.  So the same melody
has the same keys wherever it starts, and *m* intervals are the ``8 m`` highest bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.payload import NONE, Tune
from nlsearch.model import Seeds

AHEAD = 8
KEY_BITS = 8 * AHEAD


def packed_intervals(pitches: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the key of each note of a line.

    Parameters
    ----------
    pitches : ndarray of uint8, shape (n,)
        255 for none.

    Returns
    -------
    ndarray of uint64, shape (n,)
        0 for a note after which no interval is known.
    """
    line = pitches.astype(np.int16)
    steps = np.zeros(len(line) + AHEAD, np.uint64)
    if len(line) > 1:
        known = (line[1:] != NONE) & (line[:-1] != NONE)
        steps[: len(line) - 1] = np.where(known, line[1:] - line[:-1] + 128, 0).astype(np.uint64)
    keys = np.zeros(len(line), np.uint64)
    going = np.ones(len(line), np.bool_)
    for at in range(AHEAD):
        step = steps[at : at + len(line)]
        going &= step > 0
        keys |= np.where(going, step, np.uint64(0)) << np.uint64(8 * (AHEAD - 1 - at))
    return keys


def seeds_of(tune: Tune) -> Seeds:
    """Return the seeds of all lines of a score."""
    keys = [packed_intervals(line.pitches) for line in tune.lines()]
    every = np.concatenate([*keys, np.empty(0, np.uint64)])
    held = np.flatnonzero(every)
    return Seeds(every[held], held.astype(np.uint32), max(len(every), 1))
