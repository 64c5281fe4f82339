"""What a piano roll shows, and which part of it.

Times are in :data:`~nlsearch.handlers.score.notation.TICKS`; middle C, pitch 60, is C4.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

MOST_BARS, LEAST_BARS, BARS_BESIDE = 24, 8, 2
"""Bars that are shown: at most, at least, and on each side of a match."""
_KEYS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True, slots=True)
class RollNote:
    """A note: onset and duration in ticks, sounding pitch (None: percussion), number of its part or voice from 0."""

    onset: int
    duration: int
    pitch: int | None
    part: int = 0
    matched: bool = False
    syllable: str = ""


@dataclass(frozen=True)
class Roll:
    """What is drawn.

    Parameters
    ----------
    title, said : str
        The heading, and the line under it: ``"near, 1 edit, 3 semitones higher"``.
    notes : sequence of RollNote
    bars : sequence of (int, str)
        Onset and label of each bar, ascending.
    parts : sequence of str
        What the parts, or voices, are called.
    """

    title: str
    said: str
    notes: Sequence[RollNote]
    bars: Sequence[tuple[int, str]]
    parts: Sequence[str] = ()

    @cached_property
    def onsets(self) -> list[int]:
        """Of the bars."""
        return [onset for onset, _ in self.bars]

    def label(self, time: int) -> str:
        """Return the label of the bar in which a time is, ``""`` before the first."""
        at = bisect_right(self.onsets, time) - 1
        return self.bars[at][1] if at >= 0 else ""

    @cached_property
    def end(self) -> int:
        """Where the last note ends, and the last bar at the earliest begins."""
        last = max((note.onset + note.duration for note in self.notes), default=0)
        return max(last, self.bars[-1][0] + 1 if self.bars else 1)


def key_name(pitch: int) -> str:
    """Return the name of a key.

    Examples
    --------
    >>> key_name(60), key_name(66), key_name(0)
    ('C4', 'F#4', 'C-1')
    """
    return f"{_KEYS[pitch % 12]}{pitch // 12 - 1}"


def around(roll: Roll) -> tuple[int, int]:
    """Return the times to show: the bars of the match and :data:`BARS_BESIDE` on each side, the start if there is none.

    At most :data:`MOST_BARS` bars, and :data:`LEAST_BARS` where there are so many.
    """
    bars = len(roll.bars)
    if not bars:
        return 0, roll.end
    matched = [note.onset for note in roll.notes if note.matched]
    low, high = 0, MOST_BARS
    if matched:
        low = bisect_right(roll.onsets, min(matched)) - 1 - BARS_BESIDE
        high = bisect_right(roll.onsets, max(matched)) + BARS_BESIDE
        missing = max(0, LEAST_BARS - (high - low))
        low, high = low - missing // 2, high + missing - missing // 2
        shift = min(0, bars - high) if low > 0 else -low
        low, high = max(0, low + shift), high + shift
    high = min(high, low + MOST_BARS, bars)
    return (roll.onsets[low] if low else min(0, roll.onsets[0])), (roll.onsets[high] if high < bars else roll.end)
