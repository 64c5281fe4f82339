"""The one voice of an incipit while it is read: time, ties, tuplets, bars and what is written once and played again.

References
----------
Plaine & Easie Code, version 1 (28 June 2019), https://plaine-and-easie.info/v1/, and the draft of version 2.
"""

from __future__ import annotations

from dataclasses import replace

from nlsearch.handlers.score.formats.bars import number_bars
from nlsearch.handlers.score.formats.complaints import Complaints
from nlsearch.handlers.score.formats.counting import Count
from nlsearch.handlers.score.notation import TICKS, Bar, Note, Part, Voice, sort_voice
from nlsearch.limits import Limits

_MOST_BARS = 10_000


class Line:
    """Notes and bars of an incipit.

    Parameters
    ----------
    limits : Limits
        Of ``score_notes`` there may be so many bars, too.
    """

    def __init__(self, limits: Limits) -> None:
        self.complaints = Complaints()
        self.notes: list[Note] = []
        self.time = 0
        self.full = 0
        self._count = Count(limits)
        self._bars = [Bar("", 0)]
        self._first_notes = [0]
        self._fulls = [0]
        self._joins = [False]
        self._last: list[Note] = []
        self._last_onset = self._last_end = 0
        self._waiting: dict[int, Note] = {}  # by pitch, to be tied on in what comes next
        self._awaited: dict[int, Note] = {}  # the same, in what is being read
        self._figure: tuple[int, int, int] | None = None
        self._group: tuple[int, int, list[tuple[Note | None, int, int]]] | None = None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"bar {len(self._bars)} of the incipit"

    @property
    def is_in_group(self) -> bool:
        """Whether a tuplet has begun."""
        return self._group is not None

    def set_meter(self, ticks: int) -> None:
        """Take the length of a bar from here on."""
        self.full = ticks
        if self.time == self._bars[-1].onset:
            self._fulls[-1] = ticks

    def begin(self) -> None:
        """Begin a note, a chord or a rest: what waits to be tied must be tied on in it."""
        if self._awaited:
            self.complaints.add("a tie leads to no note of its pitch", self.place, count=len(self._awaited))
        self._awaited, self._waiting = self._waiting, {}
        self._last = []

    def held(self, step: int) -> int | None:
        """Return the pitch of a note of that step which waits to be tied on; None if there is none."""
        return next((pitch for pitch, note in self._awaited.items() if note.step == step), None)

    @property
    def is_after_note(self) -> bool:
        """Whether the last thing was a note or a chord."""
        return bool(self._last)

    def sound(self, pitch: int, step: int, ticks: int | None) -> None:
        """Take a note; without a duration it is one more note of the chord before."""
        if ticks is not None:
            self._last_onset, self._last_end = self.time, self.time + ticks
            self.time += ticks
        note = self._awaited.pop(pitch, None)
        if note is None:
            note = self._add(Note(self._last_onset, 0, pitch, step, len(self._bars) - 1))
        note.duration = self._last_end - note.onset
        self._log(note, self._last_onset, self._last_end)
        self._last.append(note)

    def grace(self, pitch: int, step: int) -> None:
        """Take a grace note."""
        note = self._add(Note(self.time, 0, pitch, step, len(self._bars) - 1, grace=True))
        self._log(note, self.time, self.time)

    def _add(self, note: Note) -> Note:
        self.notes.append(note)
        self._count.note()
        return note

    def _log(self, note: Note | None, onset: int, end: int) -> None:
        if self._group is not None:
            self._group[2].append((note, onset, end))

    def rest(self, ticks: int) -> None:
        """Take a rest."""
        self.begin()
        self._log(None, self.time, self.time + ticks)
        self.time += ticks

    def tie(self) -> None:
        """Tie the last note to the next of its pitch."""
        if self._last:
            self._waiting[self._last[-1].pitch or 0] = self._last[-1]
        else:
            self.complaints.add("a tie begins at no note", self.place)

    def hold(self, ticks: int) -> None:
        """Make the last note or chord longer."""
        if not self._last:
            self.complaints.add("a tie begins at no note", self.place)
        for note in self._last:
            note.duration = self.time + ticks - note.onset
            self._log(note, self.time, self.time + ticks)
        self.time += ticks

    def open_group(self, total: int) -> None:
        """Begin a tuplet that takes `total` ticks; 0 where that follows from its number."""
        self._group = (self.time, total, [])

    def close_group(self, several: int, space: int) -> None:
        """End a tuplet: its notes share its time, or else `several` take the time of `space`."""
        if self._group is None:
            return
        start, total, events = self._group
        self._group = None
        written = self.time - start
        if not written:
            return
        total = total or written * space // several
        for note, onset, end in events:
            begins, ends = (start + (tick - start) * total // written for tick in (onset, end))
            if note is not None:
                note.onset = begins if note.onset == onset else note.onset
                note.duration = 0 if note.grace else ends - note.onset
        self.time = start + total

    def barline(self, sign: str) -> None:
        """Take a bar line: ``/``, ``//``, ``://``, ``//:`` or ``://:``."""
        if self._group is not None:
            self.complaints.add("a tuplet is not closed before a bar line", self.place)
            self.close_group(3, 2)
        ends, begins = sign[0] == ":", sign[-1] == ":"
        bar = self._bars[-1]
        if self.time > bar.onset or len(self.notes) > self._first_notes[-1]:
            bar.repeat_end = 2 if ends else bar.repeat_end
            bar = Bar("", self.time)
            self._bars.append(bar)
            self._first_notes.append(len(self.notes))
            self._fulls.append(self.full)
            self._joins.append(len(sign) > 1)
            self._count.bar()
        elif ends and len(self._bars) > 1:
            self._bars[-2].repeat_end = 2
        bar.repeat_start = bar.repeat_start or begins

    def rest_bars(self, count: int) -> None:
        """Rest for so many bars."""
        if count > _MOST_BARS:
            self.complaints.add(f"a rest of more than {_MOST_BARS:,} bars is read as one bar", self.place, str(count))
            count = 1
        for left in range(count - 1, -1, -1):
            self.rest(self.full or 4 * TICKS)
            if left:
                self.barline("/")

    def mark_figure(self) -> None:
        """Begin or end a figure that is to be played again."""
        if self._figure is None or self._figure[2] >= 0:
            self._figure = (self.time, len(self.notes), -1)
        else:
            self._figure = (self._figure[0], self._figure[1], self.time)

    def repeat_figure(self, times: int) -> None:
        """Write the figure again."""
        if self._figure is None or self._figure[2] < 0:
            self.complaints.add("no figure to be repeated", self.place)
            return
        start, first, end = self._figure
        last = len(self.notes)
        for _ in range(times):
            self._copy(first, last, start, end)

    def repeat_bar(self) -> None:
        """Write the last bar again."""
        if len(self._bars) < 2:
            self.complaints.add("no bar to be repeated", self.place)
            return
        self._copy(self._first_notes[-2], self._first_notes[-1], self._bars[-2].onset, self._bars[-1].onset)

    def _copy(self, first: int, last: int, start: int, end: int) -> None:
        """Write notes again that stood between two ticks; what was tied on beyond them is cut."""
        self.begin()
        for note in self.notes[first:last]:
            duration = max(0, min(note.onset + note.duration, end) - note.onset)
            moved = self.time + max(0, note.onset - start)
            copy = self._add(replace(note, onset=moved, duration=duration, bar=len(self._bars) - 1))
            self._log(copy, moved, moved + duration)
        self.time += end - start

    def part(self) -> Part:
        """Return what has been read; the line is not to be used any more."""
        if self._waiting or self._awaited:
            self.complaints.add("a tie leads to no note of its pitch", self.place)
        bars = self._bars
        if len(bars) > 1 and self.time == bars[-1].onset and len(self.notes) == self._first_notes[-1]:
            bars.pop()
        number_bars(bars, self.time, self._fulls, joined=self._joins)
        voice = Voice("1", self.notes)
        sort_voice(voice)
        return Part(voices=[voice], bars=bars)
