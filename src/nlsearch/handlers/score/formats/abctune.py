"""One tune of ABC: its lines are taken one by one, and a score comes out.

References
----------
The ABC music standard 2.1 (December 2011), sections 2-8 and 11.
"""

from __future__ import annotations

import re

from nlsearch.handlers.score.formats import abcfields
from nlsearch.handlers.score.formats.abclyrics import align
from nlsearch.handlers.score.formats.abcmusic import read_music
from nlsearch.handlers.score.formats.abcspelling import Spelling
from nlsearch.handlers.score.formats.abcvoice import VoiceState
from nlsearch.handlers.score.formats.abcwords import Words
from nlsearch.handlers.score.formats.complaints import Complaints
from nlsearch.handlers.score.formats.counting import Count
from nlsearch.handlers.score.formats.keys import add_key, add_meter, transposed
from nlsearch.handlers.score.formats.words import joined
from nlsearch.handlers.score.notation import Key, Meter, Part, Score
from nlsearch.limits import Limits

_FIELD = re.compile(r"([A-Za-z+])[ \t]*:(.*)$", re.DOTALL)
_FIELD_OF_NOTES = re.compile(r"[A-Ga-gxz][ \t]*:[|:\]]")
_COMMENT = re.compile(r"(?<!\\)%.*$", re.DOTALL)
_PLAYED = re.compile(r"%%\s*MIDI\s+transpose\s+([+-]?\d{1,3})\s*$", re.IGNORECASE)
_PROPAGATION = re.compile(r"(?:%%|I:)\s*propagate-accidentals\s+(not|octave|pitch)\b")
_VOICE = re.compile(r"\s*(\S+)\s*(.*)$", re.DOTALL)
_LONGEST = 20_000


class Tune:
    """The tune of which lines are being taken.

    Parameters
    ----------
    limits : Limits
    is_body : bool
        Whether its first line is music: a melody without a header.
    """

    def __init__(self, limits: Limits, *, is_body: bool = False) -> None:
        self.complaints = Complaints()
        self.number = ""
        self.is_body = is_body
        self._count = Count(limits)
        self._words = Words()
        self._voices: dict[str, VoiceState] = {}
        self._settings: dict[str, abcfields.Setting] = {}
        self._on: VoiceState | None = None
        self._key = abcfields.Setting(has_key=True)
        self._has_key = False
        self._meter: str | None = None
        self._unit = 0
        self._tempo = ""
        self._played: int | None = None
        self._propagation = "pitch"
        self._keys: dict[int, Key] = {}
        self._meters: dict[int, str] = {}
        self._line = 0
        self._goes_on = False
        self._last = ""
        self._sung = 0
        self._after_blank = self._in_text = False

    def take(self, line: str) -> None:
        """Take the next line."""
        if line.startswith("%") or self._in_text:
            self._directive(line)
            return
        line = _COMMENT.sub("", line) if "%" in line else line
        if not line.strip():
            self._after_blank = self._after_blank or bool(self._count.notes)
            return
        found = _FIELD.match(line)
        if found is not None and not (self.is_body and _FIELD_OF_NOTES.match(line)):
            self._field(found[1], found[2])
        elif not self.is_body and self._key_is_due(line):
            self.complaints.add("a line of the header is not understood", "", line)
        else:
            self._music(line)

    def _key_is_due(self, line: str) -> bool:
        """Say whether a line before ``K:`` is no music; a tune without ``K:`` begins with its first bar line."""
        if "|" not in line:
            return True
        self.complaints.add("the header has no K: field")
        self.is_body = True
        return False

    def _directive(self, line: str) -> None:
        low = line.lower()
        if low.startswith(("%%begintext", "%%begin")) or (self._in_text and not low.startswith("%%end")):
            self._in_text = not low.startswith("%%end")
        elif low.startswith("%%end"):
            self._in_text = False
        elif (found := _PLAYED.match(line)) is not None:
            if self._on is None:
                self._played = int(found[1])
            else:
                self._on.spelling.played = int(found[1])
        elif (found := _PROPAGATION.match(line)) is not None:
            self._propagation = found[1]

    def _field(self, letter: str, value: str) -> None:
        if letter == "+":
            letter, value = self._last, f" {value}"
            if letter == "w":
                self._lyrics(value, goes_on=True)
                return
            if self._words.goes_on(letter, abcfields.plain_text(value)):
                return
        self._last = letter
        if letter in "KLMQV":
            self._setting(letter, value.strip())
        elif letter == "w":
            self._lyrics(value)
        elif letter == "I" and (found := _PROPAGATION.match(f"I:{value.strip()}")) is not None:
            self._propagation = found[1]
        else:
            text = abcfields.plain_text(value)
            if letter == "X":
                self.number = self.number or text
            elif letter != "P" or not self.is_body:
                self._words.say(letter, text)

    def _setting(self, letter: str, value: str) -> VoiceState | None:
        """Take a field that changes how music is read; return the voice that is on."""
        if letter == "Q":
            self._tempo = self._tempo or value
        elif letter == "V":
            self._switch_voice(value)
        elif not self.is_body:
            self._header(letter, value)
        elif letter == "K":
            voice = self._voice()
            setting = abcfields.key_setting(value)
            self._complain_of_key(setting, value)
            voice.set_key(setting)
            self._note_key(voice, setting)
        elif letter == "M":
            voice = self._voice()
            voice.set_meter(abcfields.meter_text(value))
            self._meters.setdefault(voice.time, voice.meter)
        else:
            self._voice().unit = abcfields.length_ticks(value) or self._voice().unit
        return self._on

    def _header(self, letter: str, value: str) -> None:
        if letter == "M":
            self._meter = abcfields.meter_text(value)
        elif letter == "L":
            self._unit = abcfields.length_ticks(value)
            if not self._unit:
                self.complaints.add("a note length is not understood", "", value)
        else:
            self._key = abcfields.key_setting(value)
            self._has_key = self._key.has_key
            self._complain_of_key(self._key, value)
            self.is_body = True

    def _complain_of_key(self, setting: abcfields.Setting, value: str) -> None:
        if setting.odd or not setting.has_key:
            self.complaints.add("a key is not understood", "", setting.odd or value)

    def _note_key(self, voice: VoiceState, setting: abcfields.Setting) -> None:
        if setting.has_key:
            key = Key(voice.time, setting.fifths, setting.tonic, setting.mode)
            self._keys.setdefault(voice.time, transposed(key, voice.spelling.higher))

    def _switch_voice(self, value: str) -> None:
        found = _VOICE.match(value)
        if found is None:
            return
        name, rest = found.groups()
        if rest:
            self._settings[name] = abcfields.voice_setting(rest)
        if not self.is_body:
            if len(self._settings) < _LONGEST:
                self._settings.setdefault(name, abcfields.Setting())
            return
        self._on = self._voices.get(name) or self._begin_voice(name)

    def _voice(self) -> VoiceState:
        """Return the voice that is on."""
        if self._on is None:
            self._on = self._begin_voice("")
        return self._on

    def _begin_voice(self, name: str) -> VoiceState:
        meter = self._meter or ""
        unit = self._unit or abcfields.default_length(meter)
        spelling = Spelling(self._propagation, self._played)
        voice = VoiceState(name, unit, self.complaints, self._count, spelling)
        voice.set_meter(meter)
        voice.set_key(self._key)
        if name in self._settings:
            voice.set_key(self._settings[name])
        if not self._voices:
            if self._has_key:
                self._note_key(voice, self._key)
            if self._meter is not None:
                self._meters[0] = meter
        self._voices[name] = voice
        return voice

    def _inline(self, letter: str, value: str) -> VoiceState:
        if letter in "KLMQV":
            self._setting(letter, value)
        elif letter == "I":
            self._field(letter, value)
        voice = self._voice()
        self._begin_line(voice)
        return voice

    def _begin_line(self, voice: VoiceState) -> None:
        if voice.line != self._line:
            voice.line, voice.verse = self._line, 0
            voice.sung = []

    def _music(self, line: str) -> None:
        if self._after_blank:
            if "|" not in line:
                self.complaints.add("a line behind the empty line that ends the tune is left out", "", line)
                return
            self.complaints.add("music behind an empty line, which ends a tune, is read all the same")
        if not self._goes_on:
            self._line += 1
        self._goes_on = line.rstrip().endswith("\\")
        voice = self._voice()
        self._begin_line(voice)
        voice = read_music(line, voice, self._inline)
        if not self._goes_on:
            voice.end_line()

    def _lyrics(self, text: str, *, goes_on: bool = False) -> None:
        voice = self._voice()
        if goes_on and voice.verse:
            voice.verse -= 1
        start = self._sung if goes_on else 0
        syllables, beyond, self._sung = align(text, voice.sung, first=voice.verse == 0, start=start)
        if beyond:
            self.complaints.add("syllables of w: have no note", voice.place, text.strip(), count=beyond)
        while len(voice.verses) <= voice.verse:
            voice.verses.append([])
        voice.verses[voice.verse] += map(abcfields.plain_text, syllables)
        voice.verse += 1

    def score(self) -> Score:
        """Return what has been taken; the tune is not to be used any more."""
        score = Score()
        voices = [voice for voice in self._voices.values() if voice.notes] or list(self._voices.values())[:1]
        for voice in voices:
            part = voice.part()
            part.verses = [verse for verse in map(joined, voice.verses) if verse]
            score.parts.append(part)
            score.harmonies += voice.harmonies
        score.harmonies.sort(key=lambda harmony: harmony.onset)
        for at in sorted(self._keys):
            add_key(score.keys, self._keys[at])
        for at in sorted(self._meters):
            add_meter(score.meters, Meter(at, self._meters[at]))
        unit = self._unit or abcfields.default_length(self._meter or "")
        score.tempo = abcfields.quarters_a_minute(self._tempo, unit)
        if not any(voice.notes for part in score.parts for voice in part.voices):
            score.warnings.append("it holds no notes")
        score.parts = score.parts or [Part()]
        self._words.fill(score)
        score.warnings += self.complaints.warnings()
        return score
