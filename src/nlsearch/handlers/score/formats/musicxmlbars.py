"""What stands in the bars of one part of a MusicXML score.

A cursor goes through each bar in the part's own divisions; notes, ``<backup>`` and ``<forward>`` move it.

References
----------
MusicXML 4.0, W3C 2021: element ``measure`` (partwise) and what it may hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.drafts import Draft, Ties, Verses
from nlsearch.handlers.score.formats.musicxmlharmony import chord, figures
from nlsearch.handlers.score.formats.musicxmlmarks import (
    LONGEST_QUARTERS,
    NO_TRANSPOSITION,
    Repeats,
    Transposition,
    key_of,
    meter_of,
    number,
    syllables,
    tempo_of,
    transposition,
    written_quarters,
)
from nlsearch.handlers.score.formats.musicxmlnotes import WrittenNote, written_note
from nlsearch.handlers.score.formats.spelled import LETTER_STEPS
from nlsearch.handlers.score.formats.tally import Tally
from nlsearch.handlers.score.notation import NATURALS, TICKS, Bar, Harmony, Note, Part

_NO_START = "a tie ends where none began; its note counts by itself"
_NO_DURATION = "a note without a duration got what its type says"
_NO_NOTE = "a note without a pitch that can be read was left out"
_TOO_LONG = "a duration that cannot be was taken for none"
_MICROTONE = "a pitch between semitones was rounded towards its letter"
_EARLY = "a <backup> went before the start of its bar"
_OPENING_BARS = 2


class PartReader:
    """Reads the bars of one part into `draft`."""

    def __init__(self, tally: Tally) -> None:
        self.draft = Draft(Part())
        self.tempo: float | None = None
        self.tempo_words = ""
        self._tally = tally
        self._ties = Ties()
        self._grace_ties: set[int | None] = set()
        self._verses = Verses()
        self._repeats = Repeats()
        self._voices: dict[tuple[str, str], list[Note]] = {}
        self._shared: set[str] = set()  # voices whose number two staves use at once
        self._transpositions: dict[str, Transposition] = {}
        self._divisions: int | Fraction = 1
        self._clock = self._nominal = 0
        self._bar = -1
        self._start_bar()
        self._takers = {
            "note": self._note,
            "backup": self._backup,
            "forward": self._forward,
            "attributes": self._attributes,
            "direction": self._direction,
            "sound": self._direction,
            "harmony": self._harmony,
            "figured-bass": self._figures,
            "barline": self._repeats.take,
        }

    def _start_bar(self) -> None:
        self._base = self._reached = 0  # ticks
        self._at: int | Fraction = 0  # in divisions, behind the base
        self._chord_onset = self._passes = self._figured = 0
        self._voice, self._first = ("1", "1"), ("", 0, 0)
        self._has_notes = False
        self._ends: dict[str, tuple[int, str]] = {}  # where the voice ends so far, and on which staff

    def bar(self, attributes: Mapping[str, str], content: Element) -> None:
        """Read the bar whose elements `content` holds."""
        self._tally.bar()
        self._bar += 1
        self._label = " ".join(attributes.get("number", "").split())[:20] or str(self._bar + 1)
        bar = Bar(self._label, 0)
        self.draft.part.bars.append(bar)
        self._start_bar()
        self._repeats.begin(bar)
        takers = self._takers
        for element in content:
            take = takers.get(element.tag)
            if take is not None:
                take(element)
        self._repeats.end()
        length = self._reached
        if length > self._nominal > 0 and not self._has_notes:  # a rest that is longer than its bar
            length = self._nominal
        self.draft.lengths.append(length)
        self.draft.nominal.append(self._nominal)
        self._clock += length or self._nominal

    def finished(self) -> Draft:
        """Return the part, with its voices and verses."""
        for (voice, staff), notes in self._voices.items():
            name = f"{voice} (staff {staff})" if voice in self._shared else voice
            self.draft.voices.setdefault(name, []).extend(notes)
        self._verses.finish(self.draft.part)
        return self.draft

    # ----------------------------------------------------------------------------------------------------------- notes
    def _note(self, element: Element) -> None:
        written = written_note(element)
        staff = written.staff.strip() or "1"
        if written.is_chord:
            onset, name, end = self._chord_onset, self._voice, self._chord_end(written)
        else:
            name = self._voice = (written.voice.strip() or str(1 + self._passes), staff)
            onset = self._chord_onset = self._now()
            self._at += self._length(written)
            end = self._moved()
            self._first, self._figured = (written.kind, written.dots, end), 0
        if written.is_rest:
            return
        sounding = step = None
        if written.pitch is not None:
            sounding, step = self._sounding(written.pitch, staff)
        if sounding is None and not written.is_unpitched:
            self._tally.warn(_NO_NOTE, self._label)
            return
        if not (written.is_grace or written.is_chord):
            self._see_staff(name, onset, end)
        self._keep(Note(onset, end - onset, sounding, step, self._bar, "", written.is_grace), written, name)

    def _keep(self, note: Note, written: WrittenNote, name: tuple[str, str]) -> None:
        """Take a note into its voice, or make the one longer that it is tied to."""
        self._has_notes = True
        kept = note
        if written.starts or written.stops:
            if not written.is_grace:
                kept = self._tied(note, name[0], starts=written.starts, stops=written.stops)
            elif written.starts:
                self._grace_ties.add(note.pitch)
        for lyric in written.lyrics:
            self._verses.add((lyric.get("number") or lyric.get("name") or "1", name[0]), kept, syllables(lyric))
        if kept is note:
            self._tally.note()
            notes = self._voices.get(name)
            if notes is None:
                notes = self._voices[name] = []
            notes.append(note)

    def _chord_end(self, written: WrittenNote) -> int:
        """Return where a further note of a chord ends: with the first, unless it is written as another value."""
        kind, dots, end = self._first
        if written.is_grace or (written.kind, written.dots) == (kind, dots):
            return self._chord_onset if written.is_grace else end
        return self._chord_onset + int(self._length(written) * TICKS // self._divisions)

    def _now(self) -> int:
        return self._base + int(self._at * TICKS // self._divisions)

    def _moved(self) -> int:
        now = self._now()
        if now > LONGEST_QUARTERS * TICKS:
            self._tally.warn(_TOO_LONG, self._label)
            self._at, self._base, now = 0, self._reached, self._reached
        self._reached = max(self._reached, now)
        return now

    def _length(self, written: WrittenNote) -> int | Fraction:
        if written.is_grace:
            return 0
        if written.duration is not None:
            return self._divisions_of(written.duration)
        if not (written.is_rest and not written.kind):
            self._tally.warn(_NO_DURATION, self._label)
        return written_quarters(written.kind, written.dots) * self._divisions

    def _divisions_of(self, text: str | None) -> int | Fraction:
        value = number(text)
        if value is not None and 0 <= value <= LONGEST_QUARTERS * self._divisions:
            return value
        self._tally.warn(_TOO_LONG, self._label)
        return 0

    def _sounding(self, pitch: Element, staff: str) -> tuple[int | None, int | None]:
        letter = octave = None
        alter: int | Fraction = 0
        for child in pitch:
            if child.tag == "step":
                letter = LETTER_STEPS.get((child.text or "").strip())
            elif child.tag == "octave":
                octave = number(child.text)
            elif child.tag == "alter":
                alter = number(child.text) or 0
        if letter is None or octave is None:
            return None, None
        if alter != int(alter):
            self._tally.warn(_MICROTONE, self._label)
        step = 7 * int(octave) + letter
        sounding = 12 * (int(octave) + 1) + NATURALS[letter] + int(alter)
        if self._transpositions:
            moved = self._transpositions.get(staff) or self._transpositions.get("") or NO_TRANSPOSITION
            step, sounding = step + moved.diatonic, sounding + moved.chromatic
        return (sounding, step) if 0 <= sounding <= 127 else (None, None)

    def _tied(self, note: Note, voice: str, *, starts: bool, stops: bool) -> Note:
        """Return the note that `note` goes on, made longer, or itself."""
        onset, end = self._clock + note.onset, self._clock + note.onset + note.duration
        if stops:
            before = self._ties.end(note.pitch, voice, onset)
            if before is not None:
                before.duration += note.duration
                note = before
            elif note.pitch in self._grace_ties:
                self._grace_ties.discard(note.pitch)
            else:
                self._tally.warn(_NO_START, self._label)
        if starts:
            self._ties.begin(note, note.pitch, voice, end)
        return note

    def _see_staff(self, name: tuple[str, str], onset: int, end: int) -> None:
        """Notice where two staves use the number of one voice at the same time."""
        voice, staff = name
        before = self._ends.get(voice)
        if before is None or before[0] <= onset:
            self._ends[voice] = (end, staff)
        elif before[1] != staff:
            self._shared.add(voice)

    # ------------------------------------------------------------------------------------------------------ the cursor
    def _backup(self, element: Element) -> None:
        self._passes += 1
        self._at -= self._divisions_of(element.findtext("duration"))
        if self._now() < 0:
            self._tally.warn(_EARLY, self._label)
            self._base, self._at = 0, 0

    def _forward(self, element: Element) -> None:
        self._at += self._divisions_of(element.findtext("duration"))
        self._moved()

    # ------------------------------------------------------------------------------------------- what is written around
    def _attributes(self, element: Element) -> None:
        divisions = element.find("divisions")
        if divisions is not None:
            value = number(divisions.text)
            if value is None or not 0 < value <= 10**9:
                self._tally.warn("divisions that cannot be were not used", self._label)
            else:
                self._base, self._at, self._divisions = self._now(), 0, value
        for moved in element.iterfind("transpose"):
            self._transpositions[(moved.get("number") or "").strip()] = transposition(moved)
        place = (self._bar, self._now())
        key = element.find("key")
        if key is not None:
            moved_by = self._transpositions.get("") or next(iter(self._transpositions.values()), NO_TRANSPOSITION)
            found = key_of(key, moved_by.shift)
            if found is not None:
                self.draft.keys.append((place, found))
        time = element.find("time")
        if time is not None:
            meter, self._nominal = meter_of(time)
            self.draft.meters.append((place, meter))

    def _direction(self, element: Element) -> None:
        if self._bar >= _OPENING_BARS or self.tempo is not None:
            return
        self.tempo, words = tempo_of(element)
        self.tempo_words = self.tempo_words or words

    def _harmony(self, element: Element) -> None:
        moved = self._transpositions.get("") or NO_TRANSPOSITION
        text, sort = chord(element, moved.shift)
        offset = number(element.findtext("offset")) or 0
        ticks = max(0, min(self._now() + int(offset * TICKS // self._divisions), LONGEST_QUARTERS * TICKS))
        if text:
            self.draft.harmonies.append(((self._bar, ticks), Harmony(0, text, sort)))

    def _figures(self, element: Element) -> None:
        text = figures(element)
        if text:
            self.draft.harmonies.append(((self._bar, self._now() + self._figured), Harmony(0, text, "figures")))
        lasts = number(element.findtext("duration")) or 0
        if 0 < lasts <= LONGEST_QUARTERS * self._divisions:
            self._figured += int(lasts * TICKS // self._divisions)
