"""The notes of an incipit in Plaine & Easie Code: what its signs mean, one after the other.

References
----------
Plaine & Easie Code, version 1 (28 June 2019), https://plaine-and-easie.info/v1/, and the draft of version 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from nlsearch.handlers.score.formats.bars import meter_ticks
from nlsearch.handlers.score.formats.keys import add_key, add_meter
from nlsearch.handlers.score.formats.paesigns import (
    SIGNS,
    accidental,
    is_fermata,
    key_letters,
    matched,
    meter_text,
    ratio,
    ticks_of,
)
from nlsearch.handlers.score.formats.paevoice import Line
from nlsearch.handlers.score.notation import LETTERS, TICKS, Key, Meter, Score, pitch_of
from nlsearch.limits import Limits

_DURATION = re.compile(r"(\d)(\.{0,6})")
_TOTAL = re.compile(r"(\d)(\.{0,6});")


class Incipit:
    """An incipit that is being read.

    Parameters
    ----------
    limits : Limits
    is_second : bool
        Whether it follows version 2, in which chords are ``^CEG>``.
    """

    def __init__(self, limits: Limits, *, is_second: bool = False) -> None:
        self.score = Score()
        self._line = Line(limits)
        self._is_second = is_second
        self._octave = 4
        self._durations = [TICKS]
        self._turn = 0
        self._altered: dict[str, int] = {}
        self._accidentals: dict[int, int] = {}
        self._sign: int | None = None
        self._graces = ""
        self._joins = False
        self._chord: bool | None = None  # of version 2: False before its first note, True behind it
        self._takers: dict[str, Callable[[str], None]] = {
            "octave": self._take_octave,
            "durations": self._take_durations,
            "accidental": self._take_accidental,
            "note": self._sound,
            "rest": lambda _: self._line.rest(self._next_duration()),
            "tie": self._tie,
            "bar": self._barline,
            "measures": lambda sign: self._line.rest_bars(int(sign[1:] or 1)),
            "chord": self._join,
            "chord_end": self._end_chord,
            "grace": self._begin_grace,
            "grace_end": self._end_grace,
            "change": lambda sign: self.change(sign[0], sign[1:].strip()),
            "figure": lambda _: self._line.mark_figure(),
            "again": lambda sign: self._line.repeat_figure(len(sign)),
            "again_bar": lambda _: self._line.repeat_bar(),
        }

    def read(self, text: str) -> None:
        """Read the notes."""
        pairs = matched(text)
        is_fresh = False  # whether durations come right before
        at = 0
        while at < len(text):
            found = SIGNS.match(text, at)
            if found is None:
                break
            sort, sign = found.lastgroup or "", found[0]
            at = found.end()
            if sort == "open":
                at = self._open(text, at, pairs, self._durations[-1] if is_fresh else 0)
            elif sort == "close":
                if pairs.get(at - 1) is None:
                    self._line.complaints.add("a parenthesis is not opened", self._line.place)
                elif pairs[at - 1] >= 0:
                    self._line.close_group(*ratio(sign.strip(";)")))
            elif sort == "stray":
                self._line.complaints.add("a sign is not understood, and left out", self._line.place, sign)
            elif sort != "nothing":
                self._takers[sort](sign)
            is_fresh = sort == "durations" or (is_fresh and sort == "octave")

    def change(self, sign: str, value: str) -> None:
        """Take a clef (``%``), a key signature (``$``) or a meter (``@``) from here on."""
        if sign == "$":
            self._altered, self._accidentals = key_letters(value), {}
            add_key(self.score.keys, Key(self._line.time, sum(self._altered.values())))
        elif sign == "@":
            text = meter_text(value)
            add_meter(self.score.meters, Meter(self._line.time, text))
            self._line.set_meter(meter_ticks(text))

    def _open(self, text: str, at: int, pairs: dict[int, int], total: int) -> int:
        """Begin a tuplet or a fermata behind its parenthesis; return where to read on."""
        if at - 1 not in pairs:
            self._line.complaints.add("a parenthesis is not closed", self._line.place)
            return at
        end = pairs[at - 1]
        if self._line.is_in_group or is_fermata(text, at, end):
            pairs[end] = -1
            return at
        found = _TOTAL.match(text, at)
        self._line.open_group(total if found is None else ticks_of(found[1], found[2]))
        return at if found is None else found.end()

    def _take_octave(self, sign: str) -> None:
        self._octave = 3 + len(sign) if sign[0] == "'" else 4 - len(sign)

    def _take_durations(self, sign: str) -> None:
        self._durations = [ticks_of(*pair) for pair in _DURATION.findall(sign)]
        self._turn = 0

    def _take_accidental(self, sign: str) -> None:
        self._sign = accidental(sign)

    def _next_duration(self) -> int:
        ticks = self._durations[self._turn % len(self._durations)]
        self._turn += 1
        return ticks

    def _sound(self, letter: str) -> None:
        line = self._line
        step = 7 * self._octave + LETTERS.index(letter)
        joins = (self._joins or bool(self._chord)) and line.is_after_note and not self._graces
        self._joins = False
        self._chord = None if self._chord is None else True
        if not joins and not self._graces:
            line.begin()
        if self._sign is not None:
            self._accidentals[step], self._sign = self._sign, None
        held = line.held(step)
        if held is not None and step not in self._accidentals:
            pitch = held
        else:
            pitch = pitch_of(step, self._accidentals.get(step, self._altered.get(letter, 0)))
        ticks = None if joins or self._graces == "g" else self._next_duration()
        if not 0 <= pitch < 128:
            line.complaints.add("a note out of range is left out", line.place, letter)
        elif self._graces:
            line.grace(pitch, step)
        else:
            line.sound(pitch, step, ticks)
        if self._graces in {"g", "q"}:
            self._graces = ""

    def _tie(self, sign: str) -> None:
        if sign == "+":
            self._line.tie()
        else:
            self._line.hold(self._next_duration())

    def _barline(self, sign: str) -> None:
        self._accidentals = {}
        self._line.barline(sign)

    def _join(self, _: str) -> None:
        self._joins = not self._is_second
        self._chord = False if self._is_second else None

    def _end_chord(self, _: str) -> None:
        self._chord = None

    def _begin_grace(self, sign: str) -> None:
        self._graces = sign

    def _end_grace(self, _: str) -> None:
        self._graces = ""

    def finish(self) -> Score:
        """Return the score; the incipit is not to be read on."""
        score = self.score
        score.parts = [self._line.part()]
        if not self._line.notes:
            score.warnings.append("it holds no notes")
        score.warnings += self._line.complaints.warnings()
        return score
