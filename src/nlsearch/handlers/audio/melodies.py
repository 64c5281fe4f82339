"""The melody of a recording in few bytes, for its payload: a note takes about 4.

Three columns, a byte plane after the other so that they compress, by zlib: the time from onset to onset and the
duration in hundredths of a second (u4 each), and the pitch in cents (u2).
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.sound.notes import Notes

_A_SECOND, _A_SEMITONE = 100, 100
_WIDTH = 10
"""Bytes of a note."""


def pack(notes: Notes) -> bytes:
    """Return the notes as bytes, ``b""`` if there are none.  Times and pitches are rounded."""
    if not len(notes):
        return b""
    onsets = _stepped(notes.onsets, _A_SECOND)
    lengths = np.maximum(_stepped(notes.ends, _A_SECOND) - onsets, 1)
    pitches = _stepped(notes.pitches, _A_SEMITONE)
    columns = ((np.diff(onsets, prepend=0), "<u4"), (lengths, "<u4"), (pitches, "<u2"))
    rows = np.hstack([column.astype(kind).view(np.uint8).reshape(len(notes), -1) for column, kind in columns])
    return zlib.compress(np.ascontiguousarray(rows.T).tobytes(), 9)


def _stepped(column: NDArray[np.float32], steps: int) -> NDArray[np.int64]:
    return np.rint(column.astype(np.float64) * steps).astype(np.int64)


def unpack(packed: bytes) -> Notes:
    """Return the notes that :func:`pack` packed.

    Raises
    ------
    IndexDamaged
        If the bytes are none of its.
    """
    try:
        raw = zlib.decompress(packed) if packed else b""
    except zlib.error as exc:
        raise IndexDamaged(f"the melody of a recording does not read: {exc}", hint="run nlsearch check") from exc
    if len(raw) % _WIDTH:
        raise IndexDamaged("the melody of a recording has a wrong length", hint="run nlsearch check")
    rows = np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(_WIDTH, -1).T)
    gaps, lengths = (np.ascontiguousarray(rows[:, at : at + 4]).view("<u4")[:, 0].astype(np.int64) for at in (0, 4))
    pitches = np.ascontiguousarray(rows[:, 8:]).view("<u2")[:, 0]
    onsets = np.cumsum(gaps)
    seconds = [(column / _A_SECOND).astype(np.float32) for column in (onsets, onsets + lengths)]
    return Notes(seconds[0], seconds[1], (pitches / _A_SEMITONE).astype(np.float32))
