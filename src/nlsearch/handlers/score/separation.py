"""Voice separation: the voices of notes that come without.

A part that mostly has one note at a time is one line, with chords in it.  Else there are voices to be told apart:
notes that begin together go to the voices that are free then, so that voices do not cross and move in small steps; what
they move, in semitones, and how long they were silent, in quarter notes, is as small as it can be.  A voice is free
where its note ends, or sounds on for less than half of the shorter note, as fingers overlap.  A note for which none is
free begins a new voice, at most :data:`MOST_VOICES` in all; then it joins that of the note above it, as a note of its
chord.  It depends on the notes alone, and takes time proportional to their number.

References
----------
J. Kilian, H. H. Hoos, ISMIR 2002 (voices by local cost); E. Chew, X. Wu, CMMR 2004 (non-crossing, least steps).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nlsearch.handlers.score.notation import TICKS

MOST_VOICES = 4
OVERLAPS_IN_LINE = 8
"""A line may have one onset in so many that comes while another note sounds."""
_NEW = 48 * TICKS
"""What it costs that a note begins a voice although one is free: as much as a step of four octaves."""
_LONGEST_SILENCE = 12 * TICKS
LEAST_OFF = 8
"""Onsets off the grid that make a performance, where they are most of all."""
Timed = tuple[int, int, int]
"""Onset, end, pitch."""


@dataclass(slots=True)
class _Line:
    """A voice: its last note, and the indices of all."""

    onset: int
    end: int
    pitch: int
    members: list[int] = field(default_factory=list)

    def take(self, index: int, note: Timed) -> None:
        self.onset, self.end, self.pitch = note
        self.members.append(index)


def voices_of(notes: Sequence[Timed]) -> list[list[int]]:
    """Return the indices of the notes of each voice, the voice that is highest on average first.

    Parameters
    ----------
    notes : sequence of (int, int, int)
        Onset, end and pitch, by onset, at equal onsets from the highest down.  Times in ticks of a score.

    Examples
    --------
    A held low note under a moving line:

    >>> voices_of([(0, 4, 72), (0, 8, 48), (4, 8, 74), (8, 12, 76), (8, 12, 45)])
    [[0, 2, 3], [1, 4]]
    """
    groups = list(_groups(notes))
    if _is_line(groups, notes):
        return [list(range(len(notes)))]
    lines: list[_Line] = []
    for group in groups:
        _place(lines, group, notes)
    heights = [sum(notes[index][2] for index in line.members) / len(line.members) for line in lines]
    order = sorted(range(len(lines)), key=lambda at: (-heights[at], at))
    return [lines[at].members for at in order]


def _groups(notes: Sequence[Timed]) -> Iterator[list[int]]:
    """Yield the notes that begin together."""
    group: list[int] = []
    for index, note in enumerate(notes):
        if group and note[0] != notes[group[0]][0]:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _is_line(groups: list[list[int]], notes: Sequence[Timed]) -> bool:
    """Say whether at most half of the onsets are chords, and few come while another note sounds."""
    chords = overlaps = 0
    before: Timed = (0, 0, 0)
    for group in groups:
        first = notes[group[0]]
        together = min(before[1], first[1]) - first[0]
        overlaps += 2 * together > min(before[1] - before[0], first[1] - first[0])
        chords += len(group) > 1
        before = max(before, *(notes[index] for index in group), key=lambda note: note[1])
    return 2 * (chords + overlaps) <= len(groups) and OVERLAPS_IN_LINE * overlaps <= len(groups)


def _place(lines: list[_Line], group: list[int], notes: Sequence[Timed]) -> None:
    """Give the notes that begin together to voices."""
    free = _free(lines, group, notes)
    if len(group) == 1 and len(free) == 1:
        free[0].take(group[0], notes[group[0]])
        return
    before: _Line | None = None
    for index, line in zip(group, _matched(group, free, notes), strict=True):
        note = notes[index]
        if line is not None:
            line.take(index, note)
            before = line
        elif before is not None and before.pitch == note[2] and before.onset == note[0]:
            before.members.append(index)
        elif len(lines) < MOST_VOICES:
            before = _Line(*note, [index])
            lines.append(before)
        else:
            before = before or min(lines, key=lambda one: abs(one.pitch - note[2]))
            before.members.append(index)
            before.end = max(before.end, note[1])


def _free(lines: list[_Line], group: list[int], notes: Sequence[Timed]) -> list[_Line]:
    """Return the voices in which notes can begin, from the highest down."""
    onset, end, _ = notes[group[0]]
    shortest = end - onset
    for index in group[1:]:
        end = max(end, notes[index][1])
        shortest = min(shortest, notes[index][1] - onset)
    free = [
        line
        for line in lines
        if line.end <= onset or 2 * (min(line.end, end) - onset) <= min(line.end - line.onset, shortest)
    ]
    free.sort(key=lambda line: -line.pitch)
    return free


def _matched(group: list[int], free: list[_Line], notes: Sequence[Timed]) -> list[_Line | None]:
    """Return the voice of each note, None where there is none: the cheapest match without crossings."""
    onset = notes[group[0]][0]
    silences = [min(max(0, onset - line.end), _LONGEST_SILENCE) for line in free]
    costs = [0] * (len(free) + 1)
    choices: list[list[int]] = []
    above = -1
    for index in group:
        pitch = notes[index][2]
        row = [costs[0] + _NEW]
        choice = [1]
        for at, line in enumerate(free):
            joined = costs[at] + abs(pitch - line.pitch) * TICKS + silences[at]
            options = (joined if pitch != above else joined + _NEW, costs[at + 1] + _NEW, row[at])
            best = min(options)
            row.append(best)
            choice.append(options.index(best))
        above = pitch
        costs = row
        choices.append(choice)
    found: list[_Line | None] = [None] * len(group)
    here, at = len(group), len(free)
    while here:
        how = choices[here - 1][at]
        if how == 2:
            at -= 1
            continue
        here -= 1
        if how == 0:
            at -= 1
            found[here] = free[at]
    return found


def is_performed(onsets: Sequence[int], quarter: int, tick: int) -> bool:
    """Say whether most onsets are off the grids of 8 and of 12 to a quarter note, as those of a player are.

    Parameters
    ----------
    onsets : sequence of int
    quarter, tick : int
        Length of a quarter note, and the precision, in the same unit: so far off a grid is on it.
    """
    off = 0
    for onset in onsets:
        at = onset % quarter
        eighth, twelfth = round(8 * at / quarter), round(12 * at / quarter)
        off += abs(8 * at - eighth * quarter) > 8 * tick and abs(12 * at - twelfth * quarter) > 12 * tick
    return off >= LEAST_OFF and 2 * off > len(onsets)


def struck_together(onsets: Sequence[int], near: int) -> list[int]:
    """Return onsets, ascending, with each that follows the first of a group by at most `near` moved to that first."""
    moved: list[int] = []
    first = 0
    for onset in onsets:
        if not moved or onset - first > near:
            first = onset
        moved.append(first)
    return moved
