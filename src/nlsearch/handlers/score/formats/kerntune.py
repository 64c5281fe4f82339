"""One tune of a Humdrum file: lines are taken one by one, and a score comes out."""

from __future__ import annotations

import re

from nlsearch.handlers.score.formats import kernreference
from nlsearch.handlers.score.formats.bars import meter_ticks, number_bars
from nlsearch.handlers.score.formats.complaints import Complaints
from nlsearch.handlers.score.formats.kerninstruments import instrument_name
from nlsearch.handlers.score.formats.kernspines import Spine, Spines, Staff
from nlsearch.handlers.score.formats.kerntokens import Token, Tokens, barline, signature_fifths, tonic_and_mode
from nlsearch.handlers.score.formats.keys import add_key, add_meter, fifths_of
from nlsearch.handlers.score.formats.words import joined
from nlsearch.handlers.score.notation import TICKS, Bar, Harmony, Key, Meter, Note, Score, sort_voice
from nlsearch.limits import Limits

_INEXACT = TICKS // 1000
"""Ticks by which durations that are no whole ticks may be off."""
_TEMPO = re.compile(r"\*MM(\d+(?:\.\d+)?)$")
_METERS = {"C": "4/4", "c": "4/4", "C|": "2/2", "c|": "2/2"}
_RECIP = re.compile(r"^\d+(?:%\d+)?\.*(?=\D)")


class Tune:
    """The tune of which lines are being taken.

    Parameters
    ----------
    limits : Limits
        Notes over the cap ``score_notes`` are counted and not kept.
    """

    def __init__(self, limits: Limits) -> None:
        self.complaints = Complaints()
        self.header_keys: set[str] = set()
        self.notes = 0
        self.is_begun = False
        self._most = limits.score_notes
        self._tokens = Tokens()
        self._spines = Spines()
        self._records: list[tuple[str, str]] = []
        self._bars = [Bar("", 0)]
        self._full = 0
        self._fulls = [0]
        self._time = self._latest = 0
        self._is_used = False
        self._fifths: dict[int, int] = {}
        self._tonics: dict[int, tuple[str, str]] = {}
        self._meters: dict[int, str] = {}
        self._harmonies: list[Harmony] = []
        self._tempo: float | None = None
        self._words: dict[str, str] = {}

    @property
    def is_ended(self) -> bool:
        """Whether all its spines have ended."""
        return self.is_begun and not self._spines.now

    def take(self, line: str) -> None:
        """Take the next line."""
        first = line[0]
        if first == "!":
            self._comment(line)
        elif not self._spines.now and not line.startswith("**"):
            self.complaints.add("a line without spines is not read", "", line)
        elif first == "*":
            self._interpretation(line.split("\t"))
        elif first == "=":
            self._barline(line.split("\t"))
        else:
            self._data(line.split("\t"))

    def _comment(self, line: str) -> None:
        found = kernreference.RECORD.match(line)
        if found is not None:
            self._records.append((found[1], found[2].strip()))
            if not self.is_begun:
                self.header_keys.add(found[1])

    @property
    def _bar(self) -> str:
        label = self._bars[-1].label
        return f"bar {label}" if label else f"bar {len(self._bars)} of the file"

    def _fits(self, cells: list[str]) -> bool:
        spines = len(self._spines.now)
        if len(cells) == spines:
            return True
        what = "a line has not as many columns as there are spines"
        self.complaints.add(what, self._bar, f"{len(cells)} for {spines}")
        return False

    def _interpretation(self, cells: list[str]) -> None:
        if not self.is_begun:
            self.is_begun = True
            self._spines.move(cells, 0)
            return
        if not self._fits(cells):
            return
        if self._spines.moves(cells):
            self._spines.move(cells, max(self._time, min((s.next for s in self._spines.now), default=0)))
            return
        for spine, cell in zip(self._spines.now, cells, strict=True):
            if spine.sort == "kern" and len(cell) > 1 and spine.staff is not None:
                self._tandem(spine, spine.staff, cell)

    def _tandem(self, spine: Spine, staff: Staff, cell: str) -> None:
        """Take a tandem interpretation of a spine of notes; of what parts say differently, the leftmost counts."""
        kind = cell[1]
        if kind == "k" and (fifths := signature_fifths(cell)) is not None:
            self._fifths.setdefault(spine.next, fifths)
        elif kind == "M":
            self._meter_or_tempo(spine.next, cell)
        elif kind == "m" and cell.startswith("*met("):
            self._take_meter(spine.next, _METERS.get(cell[5:].rstrip(")"), ""))
        elif kind == "I":
            self._instrument(staff, cell)
        elif cell.startswith("*clef"):
            staff.unpitched = cell.startswith("*clefX")
        elif cell.endswith(":") or ":" in cell:
            found = tonic_and_mode(cell)
            if found is not None:
                self._tonics.setdefault(spine.next, found)

    def _meter_or_tempo(self, at: int, cell: str) -> None:
        if (found := _TEMPO.match(cell)) is not None:
            if self._tempo is None and float(found[1]):
                self._tempo = float(found[1])
        elif cell.startswith("*MM["):
            self._words.setdefault("tempo", cell[4:].rstrip("]"))
        elif cell[2:3].isdigit():
            self._take_meter(at, cell[2:])
        elif cell in {"*MX", "*M?", "*MZ"}:
            self._meters.setdefault(at, "")

    def _take_meter(self, at: int, text: str) -> None:
        if text and text != self._meters.setdefault(at, text):
            return
        self._full = meter_ticks(text) or self._full
        self._fulls[-1] = self._full

    @staticmethod
    def _instrument(staff: Staff, cell: str) -> None:
        if cell.startswith('*I"'):
            staff.part.name = cell[3:]
        elif cell.startswith("*I:"):
            staff.label = cell[3:].strip("[]")
        elif cell[2:3].islower():
            staff.part.instrument = instrument_name(cell[2:])

    def _barline(self, cells: list[str]) -> None:
        self._fits(cells)
        for spine, _ in zip(self._spines.now, cells, strict=False):
            if spine.sort == "kern":
                if spine.layer == 0 and abs(spine.next - self._latest) > _INEXACT and self._bars[-1].onset < spine.next:
                    self.complaints.add("parts do not end together", self._bar)
                spine.next = self._latest
        label, ends, begins = barline(cells[0])
        bar = self._bars[-1]
        if self._is_used or self._latest > bar.onset:
            bar.repeat_end = 2 if ends else bar.repeat_end
            bar = Bar("", self._latest)
            self._bars.append(bar)
            self._fulls.append(self._full)
            self._is_used = False
        elif ends and len(self._bars) > 1:
            self._bars[-2].repeat_end = 2
        bar.label = label or bar.label
        bar.repeat_start = begins or bar.repeat_start

    def _data(self, cells: list[str]) -> None:
        self._fits(cells)
        read: list[tuple[Spine, Token, str]] = []
        known = self._tokens
        time = -1
        for spine, cell in zip(self._spines.now, cells, strict=False):
            if cell == "." or spine.sort != "kern":
                continue
            token = known[cell]
            read.append((spine, token, cell))
            if token.ticks >= 0 and not token.grace:
                if time >= 0 and abs(time - spine.next) > _INEXACT and spine.layer == 0:
                    self.complaints.add("notes of one line do not begin together", self._bar, cell)
                time = max(time, spine.next)
        if time < 0:
            time = max((spine.next for spine, _, _ in read), default=self._time)
        self._time = time
        made: dict[int, Note] = {}
        for spine, token, cell in read:
            if token.odd or (token.ticks < 0 and not token.grace):
                self.complaints.add("not understood, and left out", self._bar, token.odd or cell)
            if spine.staff is not None and (token.grace or token.ticks >= 0):
                self._make(spine, spine.staff, token, made)
        if len(read) < len(cells):
            self._sing(cells, made)

    def _make(self, spine: Spine, staff: Staff, token: Token, made: dict[int, Note]) -> None:
        """Make the notes of a token, or tie them on; what is sung in this line stands at the highest of them."""
        ticks = 0 if token.grace else token.ticks
        time = self._time
        if token.tones and self.notes <= self._most:
            bar = len(self._bars) - 1
            for pitch, step, begins, ends in token.tones:
                note = None
                if ends and not token.grace:
                    note = staff.tied_on(pitch, time, ticks)
                    if note is None:
                        self.complaints.add("a tie ends where none began", self._bar)
                if note is None:
                    unpitched = staff.unpitched
                    note = Note(
                        time, ticks, None if unpitched else pitch, None if unpitched else step, bar, grace=token.grace
                    )
                    staff.voice(spine.layer).notes.append(note)
                    self.notes += 1
                    top = made.get(id(staff))
                    if top is None or (note.pitch or 0) > (top.pitch or 0):
                        made[id(staff)] = note
                if begins and not token.grace and staff.wait(pitch, note):
                    self.complaints.add("a tie does not end", self._bar)
            self._is_used = True
        if not token.grace:
            spine.next = time + ticks
            self._latest = max(self._latest, spine.next)

    def _sing(self, cells: list[str], made: dict[int, Note]) -> None:
        """Take what stands in the columns of text and of harmonies."""
        for spine, cell in zip(self._spines.now, cells, strict=False):
            if cell in {".", ""}:
                continue
            if spine.sort == "harmony":
                text = _RECIP.sub("", cell) if spine.harmony == "roman" else cell
                if text not in {"r", "."}:
                    self._harmonies.append(Harmony(self._time, text, spine.harmony))
            elif spine.sort == "text" and spine.staff is not None:
                syllable = cell.strip().lstrip("-")
                if syllable.strip("|_-"):
                    spine.staff.verses[spine.verse].append(syllable)
                    note = made.get(id(spine.staff))
                    if spine.verse == 0 and note is not None:
                        note.syllable = syllable

    def score(self) -> Score:
        """Return what has been taken; the tune is not to be used any more."""
        score = Score(tempo=self._tempo, words=self._words)
        kernreference.fill(score, self._records)
        bars = self._numbered()
        for staff in reversed(self._spines.staves):
            part = staff.part
            part.name = part.name or staff.label
            part.bars = bars
            part.verses = [text for text in map(joined, staff.verses) if text]
            for voice in part.voices:
                sort_voice(voice)
            score.parts.append(part)
        self._fill_keys(score)
        score.harmonies = self._harmonies
        untied = sum(len(notes) for staff in self._spines.staves for notes in staff.tied.values())
        if untied:
            self.complaints.add("a tie does not end", count=untied)
        if not self.notes:
            score.warnings.append("it holds no notes")
        elif self.is_begun and self._spines.now:
            self.complaints.add("the spines do not end (*-): the file may be cut")
        for sort, count in self._spines.unread.items():
            if not sort.startswith("**dyn"):
                self.complaints.add("a spine that gives no notes is not read", sample=sort, count=count)
        score.warnings += self.complaints.warnings()
        return score

    def _fill_keys(self, score: Score) -> None:
        fifths: int | None = None
        for at in sorted({*self._fifths, *self._tonics}):
            tonic, mode = self._tonics.get(at, ("", ""))
            fifths = self._fifths.get(at, fifths)
            add_key(score.keys, Key(at, fifths_of(tonic, mode) if fifths is None else fifths, tonic, mode))
        for at in sorted(self._meters):
            add_meter(score.meters, Meter(at, self._meters[at]))

    def _numbered(self) -> list[Bar]:
        """Return the bars with their labels: a barline without a number goes on with that before it."""
        bars = self._bars
        if len(bars) > 1 and not self._is_used and self._latest == bars[-1].onset:
            bars.pop()
        first = next((at for at, bar in enumerate(bars) if bar.label), None)
        if first is None:
            number_bars(bars, self._latest, self._fulls)
            return bars
        digits = bars[first].label.rstrip("abcdefghijklmnopqrstuvwxyz")
        for at in range(first):
            bars[at].label = str(max(0, int(digits) - first + at))
        for before, bar in zip(bars[first:], bars[first + 1 :], strict=False):
            bar.label = bar.label or before.label
        return bars
