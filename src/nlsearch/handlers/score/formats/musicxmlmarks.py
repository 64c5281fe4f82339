"""Numbers, keys, meters, tempo, transpositions, repeats and syllables as MusicXML writes them.

References
----------
MusicXML 4.0, W3C 2021: elements ``key``, ``time``, ``transpose``, ``barline``, ``metronome``, ``lyric``.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import NamedTuple
from xml.etree.ElementTree import Element

from nlsearch.handlers.score.formats.spelled import letters_of, shift_of, shifted, tonic
from nlsearch.handlers.score.formats.xmltree import line
from nlsearch.handlers.score.notation import TICKS, Bar, Key, Meter

LONGEST_QUARTERS = 10_000
"""No bar and no note is longer."""
_LARGEST = 10**12
_QUARTERS = {
    "maxima": Fraction(32), "long": Fraction(16), "breve": Fraction(8), "whole": Fraction(4), "half": Fraction(2),
    "quarter": Fraction(1), "eighth": Fraction(1, 2), "16th": Fraction(1, 4), "32nd": Fraction(1, 8),
    "64th": Fraction(1, 16), "128th": Fraction(1, 32), "256th": Fraction(1, 64), "512th": Fraction(1, 128),
    "1024th": Fraction(1, 256),
}  # fmt: skip
_MOST_FIFTHS = 14
_MOST_ENDINGS = 32
_SLOWEST, _FASTEST = 1.0, 2000.0


class Transposition(NamedTuple):
    """Letters and semitones from the written pitch to the sounding one."""

    diatonic: int
    chromatic: int

    @property
    def shift(self) -> int:
        """How far it moves along the line of fifths."""
        return shift_of(self.diatonic, self.chromatic)


NO_TRANSPOSITION = Transposition(0, 0)


def number(text: str | None) -> int | Fraction | None:
    """Return a whole or decimal number; None if it is none, or larger than anything of music."""
    if text is None:
        return None
    try:
        value: int | Fraction = int(text)
    except ValueError:
        try:
            decimal = float(text)
        except ValueError:
            return None
        if not math.isfinite(decimal) or not -_LARGEST <= decimal <= _LARGEST:
            return None
        value = Fraction(decimal).limit_denominator(10**6)
        value = int(value) if value.denominator == 1 else value
    return value if -_LARGEST <= value <= _LARGEST else None


def _whole(text: str | None, most: int) -> int:
    value = number(text) or 0
    return int(value) if -most <= value <= most else 0


def written_quarters(kind: str, dots: int) -> Fraction:
    """Return the quarter notes of a written value such as ``eighth``; 0 if it is unknown."""
    value = _QUARTERS.get(kind.strip(), Fraction(0))
    return value * (2 - Fraction(1, 2 ** min(dots, 10)))


def transposition(element: Element) -> Transposition:
    """Read a ``<transpose>``; where it does not say the letters, they are the usual ones of its semitones."""
    chromatic = _whole(element.findtext("chromatic"), 60)
    said = element.findtext("diatonic")
    diatonic = letters_of(chromatic) if said is None else _whole(said, 35)
    octaves = _whole(element.findtext("octave-change"), 5)
    return Transposition(diatonic + 7 * octaves, chromatic + 12 * octaves)


def key_of(element: Element, shift: int) -> Key | None:
    """Read a ``<key>`` and move it to where it sounds; None if it is not a usual signature."""
    fifths = number(element.findtext("fifths"))
    if fifths is None or not -_MOST_FIFTHS <= fifths <= _MOST_FIFTHS:
        return None
    mode = line(element.find("mode")).lower()
    mode = "" if mode == "none" else mode[:20]
    sounding = shifted(int(fifths), shift)
    return Key(0, sounding, tonic(sounding, mode), mode)


def meter_of(element: Element) -> tuple[Meter, int]:
    """Read a ``<time>``: the meter as written, and the ticks of its bar (0 if it is free)."""
    texts: list[str] = []
    ticks, beats = Fraction(0), ""
    for child in element:
        if child.tag == "beats":
            beats = line(child).replace(" ", "")[:20]
        elif child.tag == "beat-type" and beats:
            unit = line(child)[:6]
            texts.append(f"{beats}/{unit}")
            counted = sum(_whole(beat, 1000) for beat in beats.split("+"))
            ticks += Fraction(4 * TICKS * max(0, counted), max(1, _whole(unit, 4096)))
            beats = ""
    return Meter(0, "+".join(texts)[:40]), int(min(ticks, Fraction(TICKS * LONGEST_QUARTERS)))


def tempo_of(element: Element) -> tuple[float | None, str]:
    """Read the tempo, in quarter notes a minute, and its words, of a ``<direction>`` or ``<sound>``."""
    sound = element if element.tag == "sound" else element.find("sound")
    tempo = None if sound is None else number(sound.get("tempo"))
    quarters = None if tempo is None else float(tempo)
    metronome = element.find("direction-type/metronome")
    if quarters is None and metronome is not None:
        beats = number(metronome.findtext("per-minute"))
        children = [child.tag for child in metronome]
        unit = written_quarters(metronome.findtext("beat-unit") or "", children.count("beat-unit-dot"))
        if beats is not None and children.count("beat-unit") == 1:
            quarters = float(beats * unit)
    if quarters is None or not _SLOWEST <= quarters <= _FASTEST:
        return None, ""
    words = " ".join(filter(None, map(line, element.iterfind("direction-type/words"))))
    return quarters, words[:100]


def syllables(lyric: Element) -> list[tuple[str, bool]]:
    """Read a ``<lyric>``: its syllables (more than one where they are elided), and whether the word goes on behind."""
    pieces: list[tuple[str, bool]] = []
    goes_on = False
    text = ""
    for child in lyric:
        if child.tag == "syllabic":
            goes_on = (child.text or "").strip() in {"begin", "middle"}
        elif child.tag == "text":
            text += child.text or ""
        elif child.tag == "elision" and text:
            pieces.append((" ".join(text.split()), goes_on))
            text, goes_on = "", False
    text = " ".join(text.split())
    return [*pieces, (text, goes_on)] if text else pieces


class Repeats:
    """Puts repeats and endings into the bars of a part."""

    def __init__(self) -> None:
        self._bar = self._before = Bar("", 0)
        self._endings: tuple[int, ...] = ()
        self._starts_next = self._is_last = False

    def begin(self, bar: Bar) -> None:
        """Go on to the next bar."""
        self._before, self._bar = self._bar, bar
        bar.repeat_start, self._starts_next = self._starts_next, False
        bar.endings = self._endings

    def end(self) -> None:
        """Leave the bar."""
        if self._is_last:
            self._endings, self._is_last = (), False

    def take(self, barline: Element) -> None:
        """Read a ``<barline>``."""
        is_left = barline.get("location") == "left"
        repeat, ending = barline.find("repeat"), barline.find("ending")
        if repeat is not None:
            if repeat.get("direction") == "backward":
                bar = self._before if is_left else self._bar
                bar.repeat_end = max(2, min(_whole(repeat.get("times"), 100), 100))
            elif is_left:
                self._bar.repeat_start = True
            else:
                self._starts_next = True
        if ending is None:
            return
        if ending.get("type") == "start":
            numbers = re.findall(r"\d{1,2}", ending.get("number") or "")[:_MOST_ENDINGS]
            self._endings = self._bar.endings = tuple(dict.fromkeys(map(int, numbers)))
            self._is_last = False
        elif is_left:
            self._endings = self._bar.endings = ()
        else:
            self._is_last = True
