"""The kernel of hums: where lines of notes go as a hum does, off key and off beat as it may be.

A hum is a row of notes with fractional pitches and distances in seconds.  It is laid beside a line step by step: one
note on in both, or up to three on in one of them (a note was split, or notes were merged), or two in both (the note
between was another).  A step costs how far its interval is off, in semitones, and how far its pace is from the pace so
far, in octaves of time; both no more than a cap.  So neither key nor tempo is asked for, and drifts of either cost
little.  The first and last notes of the hum may be left out at a price.  The cheapest way through each line counts
(dynamic programming [1]_, with costs that a hum has [2]_).

The pace so far is that of the cheapest way into a cell, so that the whole is an approximation.

Conventions
-----------
Pitches are semitones; a note without pitch is NaN (255 in the payload of a score).  Gaps are from each note to the
next; seconds in a hum, of any unit in a line.

References
----------
.. [1] Mongeau & Sankoff (1990). Comparison of musical sequences. Computers and the Humanities 24, 161.
.. [2] Pardo, Shifrin & Birmingham (2004). Name that tune. J. Am. Soc. Inf. Sci. Technol. 55, 283.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR_OFF = np.float32(1e9)
"""A cost that is none, the pitch of a note that has none."""
PLACE = np.dtype([("item", "<u4"), ("line", "<u4"), ("start", "<u4"), ("end", "<u4"), ("cost", "<f4")])
"""The cheapest place of a line: of which item and line, the stretch on the axis of the item's lines, what it costs."""
STEPS: tuple[tuple[int, int], ...] = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1))
"""Notes of the hum and of the line that a step covers; of equally cheap ones the first counts."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a step costs.

    Parameters
    ----------
    pitch, most_pitch : float
        Of a semitone; so many semitones count at most.
    time, most_time : float
        Of a pace that is twice or half as fast; so many octaves count at most.
    ease : float
        The share of a new pace in the pace so far.
    split, merged, changed : float
        Of each note of the line, and of the hum, that a step passes over, and of one passed over in both.
    skipped : float
        Of each note at either end of the hum that is left out.
    most_skipped : int
        How many may be, at either end.
    """

    pitch: float = 1.0
    most_pitch: float = 4.0
    time: float = 0.8
    most_time: float = 2.6
    ease: float = 0.5
    split: float = 0.5
    merged: float = 1.3
    changed: float = 1.8
    skipped: float = 2.5
    most_skipped: int = 2


@dataclass(frozen=True, slots=True)
class Hum:
    """What is looked for.

    Parameters
    ----------
    pitches, gaps : ndarray of float32, shape (n,)
    """

    pitches: NDArray[np.float32]
    gaps: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pitches)

    @property
    def onsets(self) -> NDArray[np.float64]:
        """Of each note, from 0."""
        return np.concatenate([[0.0], np.cumsum(np.maximum(self.gaps, np.float32(1e-6)).astype(np.float64))])[:-1]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of notes, one after the other.

    Parameters
    ----------
    pitches, gaps : ndarray of float32, shape (n,)
    starts : ndarray of uint32, shape (lines + 1,)
        Where each begins.
    """

    pitches: NDArray[np.float32]
    gaps: NDArray[np.float32]
    starts: NDArray[np.uint32]


def find_hum_in_payloads(hum: Hum, payloads: list[bytes | memoryview], costs: Costs) -> NDArray[np.void]:
    """Lay a hum beside all lines of scores (:mod:`nlsearch.handlers.score.payload`).

    Returns
    -------
    ndarray of PLACE
        One of each line that has room for the hum, in their order.

    Raises
    ------
    ValueError
        If a payload is damaged, or the arrays do not fit.
    """
    if native.compiled is None:
        from nlsearch.kernels.humreference import find_in_payloads

        return find_in_payloads(hum, payloads, costs)
    raw = native.compiled.find_hum(astuple(costs), *_given(hum), payloads, None, None, None)
    return np.frombuffer(raw, PLACE)


def find_hum_in_lines(hum: Hum, lines: Lines, costs: Costs) -> NDArray[np.void]:
    """Do so beside lines that are given as arrays; their item is 0."""
    if native.compiled is None:
        from nlsearch.kernels.humreference import find_in_lines

        return find_in_lines(hum, lines, costs)
    pitches, gaps = (np.ascontiguousarray(column, np.float32) for column in (lines.pitches, lines.gaps))
    starts = np.ascontiguousarray(lines.starts, np.uint32)
    raw = native.compiled.find_hum(astuple(costs), *_given(hum), None, pitches, gaps, starts)
    return np.frombuffer(raw, PLACE)


def _given(hum: Hum) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.ascontiguousarray(hum.pitches, np.float32), np.ascontiguousarray(hum.gaps, np.float32)
