"""A voice of an ABC tune while its music is read: time, accidentals, rhythm, ties and bars.

References
----------
The ABC music standard 2.1 (December 2011), sections 4.2-4.20 and 11.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from nlsearch.handlers.score.formats.abcfields import Setting
from nlsearch.handlers.score.formats.abcspelling import Spelling, Tone
from nlsearch.handlers.score.formats.bars import meter_ticks, number_bars
from nlsearch.handlers.score.formats.complaints import Complaints
from nlsearch.handlers.score.formats.counting import Count
from nlsearch.handlers.score.notation import TICKS, Bar, Harmony, Note, Part, Voice, sort_voice

_TUPLETS = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
MOST_BARS = 10_000
"""Bars of rest that one sign may stand for."""


@dataclass(slots=True)
class _Event:
    """The last note, chord or rest: what broken rhythm may make longer or shorter."""

    ticks: int
    notes: list[Note]
    written: list[tuple[int, int]]  # step and accidental of each note


@dataclass(slots=True)
class VoiceState:
    """A voice, which becomes a part of the score.

    Parameters
    ----------
    name : str
    unit : int
        Unit note length in ticks.
    complaints : Complaints
        Of the tune.
    count : Count
        Of the notes and bars of the tune.
    spelling : Spelling
    """

    name: str
    unit: int
    complaints: Complaints
    count: Count
    spelling: Spelling
    meter: str = ""
    time: int = 0
    notes: int = 0
    symbols: list[str] = field(default_factory=list)
    harmonies: list[Harmony] = field(default_factory=list)
    sung: list[tuple[Note, int]] = field(default_factory=list)
    line: int = -1
    verse: int = 0
    verses: list[list[str]] = field(default_factory=list)
    _layers: list[list[Note]] = field(default_factory=lambda: [[]])
    _layer: int = 0
    _bars: list[Bar] = field(default_factory=lambda: [Bar("", 0)])
    _fulls: list[int] = field(default_factory=lambda: [0])
    _joins: list[bool] = field(default_factory=lambda: [False])
    _endings: tuple[int, ...] = ()
    _waiting: list[dict[int, Note]] = field(default_factory=lambda: [{}])  # by pitch, of each layer
    _held: list[dict[int, int]] = field(default_factory=lambda: [{}])  # accidentals by step, of what waits
    _end: int = 0
    _is_used: bool = False
    _tuplet: tuple[int, int, int] = (1, 1, 0)
    _broken: int = 0
    _event: _Event | None = None
    _is_after_grace: bool = False

    @property
    def bar(self) -> int:
        """Index of the bar in which it is."""
        return len(self._bars) - 1

    @property
    def place(self) -> str:
        """Where it is, for people."""
        voice = f"voice {self.name}, " if self.name else ""
        return f"{voice}bar {len(self._bars)} of the tune"

    def set_meter(self, text: str) -> None:
        """Take a meter from here on."""
        self.meter = text
        if not self._is_used and self.time == self._bars[-1].onset:
            self._fulls[-1] = meter_ticks(text)

    def set_key(self, setting: Setting) -> None:
        """Take what a ``K:`` or ``V:`` field sets from here on."""
        self.spelling.take(setting)
        if setting.name:
            self.name = setting.name

    def ticks(self, times: int, over: int) -> int:
        """Return a length of so many units, in the tuplet and the broken rhythm in which it stands."""
        several, space, left = self._tuplet
        if left:
            self._tuplet = (several, space, left - 1)
            times, over = times * space, over * several
        return self.unit * times // over

    def sound(self, tones: list[Tone], times: int, over: int, *, is_chord: bool = False) -> None:
        """Take a note or, without tones, a rest of a length in units; a chord is as many times as long as its first."""
        if is_chord:
            times, over = times * tones[0].times, over * tones[0].over
        ticks = self._break(self.ticks(times, over))
        onset = self.time
        if self.symbols:
            self.name_harmonies()
        waiting = self._waiting[self._layer]
        notes: list[Note] = []
        written: list[tuple[int, int]] = []
        tied: list[int] = []
        for tone in tones:
            pitch, step, alter = self.spelling.sounding(tone, self._held[self._layer])
            if not 0 <= pitch < 128:
                self.complaints.add("a note out of range is left out", self.place)
                continue
            note = waiting.pop(pitch, None)
            if note is None:
                note = Note(onset, ticks, pitch, step, self.bar)
                self._layers[self._layer].append(note)
                self.notes += 1
                self.count.note()
            else:
                note.duration = onset + ticks - note.onset
            if tone.tied:
                tied.append(len(notes))
            notes.append(note)
            written.append((tone.step, alter))
        if waiting:
            self.complaints.add("a tie leads to no note of its pitch", self.place, count=len(waiting))
        self._wait(tied, notes, written)
        if notes and self._layer == 0:
            self.sung.append((max(notes, key=lambda note: note.pitch or 0), self.bar))
        self.time = onset + ticks
        self._is_used = self._is_used or bool(tones)
        self._event = _Event(ticks, notes, written)
        self._is_after_grace = False

    def _wait(self, which: Iterable[int], notes: list[Note], written: list[tuple[int, int]]) -> None:
        """Let some notes wait to be tied on."""
        self._waiting[self._layer] = {notes[at].pitch or 0: notes[at] for at in which}
        self._held[self._layer] = dict(written[at] for at in which)

    def name_harmonies(self) -> None:
        """Put the chord symbols that wait at this place."""
        self.harmonies += [Harmony(self.time, text) for text in self.symbols]
        self.symbols = []

    def grace(self, tones: list[Tone]) -> None:
        """Take grace notes."""
        self._is_after_grace = True
        for tone in tones:
            pitch, step, _ = self.spelling.sounding(tone, self._held[self._layer], is_grace=True)
            if 0 <= pitch < 128:
                self._layers[self._layer].append(Note(self.time, 0, pitch, step, self.bar, grace=True))
                self.notes += 1
                self.count.note()
                self._is_used = True
            else:
                self.complaints.add("a note out of range is left out", self.place)

    def tie(self) -> None:
        """Tie the last note or all notes of the last chord to what comes next."""
        if self._event is None or not self._event.notes or self._is_after_grace:
            self.complaints.add("a tie begins at no note", self.place)
            return
        self._wait(range(len(self._event.notes)), self._event.notes, self._event.written)

    def tuplet(self, several: int, space: int | None, left: int | None) -> None:
        """Begin a tuplet: `several` notes in the time of `space`, for the next `left` notes."""
        if space is None:
            compound = self.meter.split("/")[0] in {"6", "9", "12", "15"}
            space = _TUPLETS.get(several, 3 if compound else 2)
        self._tuplet = (several, space, several if left is None else left)

    def broken(self, marks: int) -> None:
        """Dot the last note and shorten the next (`marks` > 0), or the other way round."""
        if self._event is None:
            self.complaints.add("broken rhythm follows upon no note", self.place)
        else:
            self._broken = max(-6, min(6, marks))

    def _break(self, ticks: int) -> int:
        """Return the length of the second note of a broken pair; the first is set right."""
        if not self._broken or self._event is None:
            return ticks
        marks, event = abs(self._broken), self._event
        long, short = (2 << marks) - 1, 1
        first, second = (long, short) if self._broken > 0 else (short, long)
        self._broken = 0
        change = event.ticks * first // (1 << marks) - event.ticks
        for note in event.notes:
            note.duration += change
        for at in range(len(self._layers[self._layer]) - 1, -1, -1):  # grace notes of the second are there already
            note = self._layers[self._layer][at]
            if not note.grace or note.onset != self.time:
                break
            note.onset += change
        self.time += change
        return ticks * second // (1 << marks)

    def overlay(self) -> None:
        """Go back to the beginning of the bar, into the next voice of the part."""
        self._end = max(self._end, self.time)
        self.time = self._bars[-1].onset
        self._layer += 1
        self._event, self._broken = None, 0
        if self._layer == len(self._layers):
            self._layers.append([])
            self._waiting.append({})
            self._held.append({})

    def rest_bars(self, count: int) -> None:
        """Rest for so many whole bars; in a bar that has begun, for so many units."""
        if self.time > self._bars[-1].onset:
            self.complaints.add("a rest of whole bars (Z) within a bar is read as one of notes (z)", self.place)
            self.sound([], min(count, MOST_BARS), 1)
            return
        length = meter_ticks(self.meter) or 4 * TICKS
        if count > MOST_BARS:
            self.complaints.add(f"a rest of more than {MOST_BARS:,} bars is read as one bar", self.place, str(count))
            count = 1
        for left in range(count - 1, -1, -1):
            self.time += length
            if left:
                self.barline("|")

    def end_line(self) -> None:
        """Begin a bar where a line of music ends without a bar line and the bar is full.

        Songs of the Essen collection are written so; accidentals then hold on.
        """
        full = self._fulls[-1]
        if full and self.time - self._bars[-1].onset == full and not self._layer:
            self.barline("|", is_written=False)

    def barline(self, sign: str, *, is_written: bool = True) -> None:
        """Take a bar line: ``|``, ``||``, ``|:``, ``:|``, ``::`` and the like."""
        ends, begins = sign.startswith(":"), sign.endswith(":")
        self.time, self._end = max(self.time, self._end), 0
        if self._layer:
            self._layer, self._event = 0, None
        if is_written:
            self.spelling.end_bar()
        bar = self._bars[-1]
        strong = ends or begins or sign.count("|") > 1 or "]" in sign or "[" in sign
        if strong:
            self._endings = ()
        times = 1 + len(sign) - len(sign.lstrip(":")) if sign.strip(":") else 2
        if self._is_used or self.time > bar.onset:
            bar.repeat_end = times if ends else bar.repeat_end
            bar = Bar("", self.time, endings=self._endings)
            self.count.bar()
            self._bars.append(bar)
            self._fulls.append(meter_ticks(self.meter))
            self._joins.append(strong)
            self._is_used = False
        elif ends and len(self._bars) > 1:
            self._bars[-2].repeat_end = times
        if strong:
            bar.endings = ()
            self._joins[-1] = True
        bar.repeat_start = bar.repeat_start or begins

    def ending(self, times: tuple[int, ...]) -> None:
        """Begin a passage that is played only at those times."""
        self._endings = times
        self._joins[-1] = True
        if self._is_used or self.time > self._bars[-1].onset:
            self.barline("|")
            self._joins[-1] = True
        self._bars[-1].endings = times

    def part(self) -> Part:
        """Return what has been read; the state is not to be used any more."""
        self.time = max(self.time, self._end)
        self.name_harmonies()
        if any(self._waiting):
            self.complaints.add("a tie leads to no note of its pitch", self.place)
        bars = self._bars
        if len(bars) > 1 and not self._is_used and self.time == bars[-1].onset:
            bars.pop()
        number_bars(bars, self.time, self._fulls, joined=self._joins)
        part = Part(self.name, bars=bars)
        for number, notes in enumerate(self._layers, 1):
            voice = Voice(str(number), notes)
            sort_voice(voice)
            part.voices.append(voice)
        return part
