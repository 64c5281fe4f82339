"""The kernel of melodies: where the lines of scores hold a melody, with as many edits as are allowed.

A melody matches a stretch of a line under one transposition, and where its durations count under one scale of time, if
it becomes the stretch by at most so many *edits*: a note that is changed (another pitch, or another duration), missing,
extra, split into two of its pitch (which last as long together) or merged of two.  Each costs 1; of alignments with as
many edits the one counts that leaves fewer notes of the melody without a counterpart.

Every match within *k* edits leaves one of any *k* + 1 notes as it is (of 2 *k* + 1 where durations count, because two
merged notes both change theirs).  So it is looked at every pair of a note of the
query and one of the line, of those that are given (seeds, or all notes of the line beside so many of the query): the
pair says the transposition and the scale, and the rest is aligned in a band of 2 *k* + 1 diagonals.

Conventions
-----------
Pitches are semitones, 255 is none, in the query 254 is any.  Durations are of any unit; a note has the *gap* to the
next one and its own *length*, which differ where a rest follows.  One of them must agree within 12 %.  Payloads are
laid out as :mod:`nlsearch.handlers.score.payload` says.

References
----------
Edits of melodies, with split and merged notes: Mongeau & Sankoff, Computers and the Humanities 1990 24:161.  Pieces
that are left as they are: Wu & Manber, Communications of the ACM 1992 35:83.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from nlsearch.kernels import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

WILD, MUTE = 254, 255
NEAR_ENOUGH = np.float32(0.12)
"""By what share two durations may differ."""
FOUND = np.dtype(
    [
        ("item", "<u4"),
        ("line", "<u4"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("transposition", "<i4"),
        ("steps", "<i4"),
        ("edits", "<i4"),
        ("strange", "<i4"),
        ("scale", "<f8"),
    ]
)
"""A match: which item and line, the stretch of the axis of all lines, semitones and letter names up, edits, how
many of them are notes of the melody without a counterpart (changed or missing), and time units of the item to one of
the query (0 where durations do not count)."""
Move: TypeAlias = Literal["same", "changed", "missing", "extra", "split", "merged"]
MOVES: tuple[Move, ...] = ("same", "changed", "missing", "extra", "split", "merged")
"""By which edits a melody becomes a stretch: ``split`` takes two notes of the stretch, ``merged`` two of the melody."""


@dataclass(frozen=True, slots=True)
class Melody:
    """What is looked for.

    Parameters
    ----------
    pitches, steps : ndarray of uint8, shape (n,)
        Steps may be 255 (not known).
    gaps, lengths : ndarray of float32, shape (n,), optional
        Positive; None where durations do not count.
    edits : int
        Up to n.
    is_fixed : bool
        Whether only transposition 0 counts.
    is_spelled : bool
        Whether letter names must be transposed alike.
    is_anchored : bool
        Whether only stretches count with which a line begins.
    """

    pitches: NDArray[np.uint8]
    steps: NDArray[np.uint8]
    gaps: NDArray[np.float32] | None = None
    lengths: NDArray[np.float32] | None = None
    edits: int = 0
    is_fixed: bool = False
    is_spelled: bool = False
    is_anchored: bool = False

    def __len__(self) -> int:
        return len(self.pitches)

    def certain(self) -> NDArray[np.uint32]:
        """Return notes of which one at least is left as it is by the edits; fewer where there are not so many.

        Two notes that are merged both have another duration then.
        """
        known = np.flatnonzero(self.pitches != WILD)
        most = self.edits + 1 if self.gaps is None else 2 * self.edits + 1
        return known[:most].astype(np.uint32)


def _given(melody: Melody) -> tuple[Any, ...]:
    """Return a melody as the kernel takes it."""
    return (
        (melody.edits, melody.is_fixed, melody.is_spelled, melody.is_anchored),
        np.ascontiguousarray(melody.pitches, np.uint8),
        np.ascontiguousarray(melody.steps, np.uint8),
        None if melody.gaps is None else np.ascontiguousarray(melody.gaps, np.float32),
        None if melody.lengths is None else np.ascontiguousarray(melody.lengths, np.float32),
    )


def find_melodies(
    melody: Melody,
    payloads: list[bytes | memoryview],
    queries: NDArray[np.uint32],
    items: NDArray[np.uint32] | None = None,
    targets: NDArray[np.int64] | None = None,
) -> NDArray[np.void]:
    """Look for a melody beside pairs of notes.

    Parameters
    ----------
    melody : Melody
    payloads : list of bytes or memoryview
    queries : ndarray of uint32, shape (m,)
        Notes of the melody.
    items : ndarray of uint32, shape (m,), optional
        Of which payload the other note of each pair is, ascending; None: each of `queries` beside every note of all.
    targets : ndarray of int64, shape (m,), optional
        Where it is on the axis of the payload's lines.

    Returns
    -------
    ndarray of FOUND, shape (r,)
        By item; the best alignment beside each pair that has one, some of them more than once.

    Raises
    ------
    ValueError
        If arrays do not fit each other, a pair lies outside, or a payload is damaged.
    """
    if native.compiled is None:
        from nlsearch.kernels.melodyoracle import find_melodies_reference

        return find_melodies_reference(melody, payloads, queries, items, targets)
    raw = native.compiled.find_melodies(
        *_given(melody),
        payloads,
        None if items is None else np.ascontiguousarray(items, np.uint32),
        np.ascontiguousarray(queries, np.uint32),
        None if targets is None else np.ascontiguousarray(targets, np.int64),
    )
    return np.frombuffer(raw, FOUND)


def trace_melody(melody: Melody, payload: bytes | memoryview, found: np.void) -> list[Move]:
    """Return the moves by which a melody becomes a stretch that :func:`find_melodies` found, in their order.

    The alignment of the whole melody with the whole stretch at the fewest edits; of equal ones the first way of
    :data:`MOVES` into each cell, from the end.

    Raises
    ------
    ValueError
        If the stretch lies outside of the item, or the payload is damaged.
    """
    start, end = int(found["start"]), int(found["end"])
    fit = (int(found["transposition"]), int(found["steps"]), float(found["scale"]))
    if native.compiled is None:
        from nlsearch.kernels.melodyoracle import trace_melody_reference

        return trace_melody_reference(melody, payload, start, end, fit)
    raw = native.compiled.trace_melody(
        *_given(melody),
        payload,
        start,
        end,
        fit,
    )
    return [MOVES[move] for move in reversed(raw)]
