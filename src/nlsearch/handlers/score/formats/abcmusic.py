r"""Lines of music of ABC: notes, chords, bar lines, tuplets and what stands between them.

References
----------
The ABC music standard 2.1 (December 2011), section 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from nlsearch.handlers.score.formats.abcfields import ALTERS
from nlsearch.handlers.score.formats.abcspelling import Tone
from nlsearch.handlers.score.formats.abcvoice import VoiceState

_LENGTH = r"\d{0,5}/{0,8}\d{0,5}"
_NOTE_TEXT = r"(\^\^?|__?|=)?(?:(\d?/\d?))?([A-Ga-gxz])([,']{0,8})(\d{0,5})(/{0,8})(\d{0,5})"
_NOTE = re.compile(_NOTE_TEXT)
_CHORD_NOTE = re.compile(rf"((?:\^\^?|__?|=)?[A-Ga-g][,']{{0,8}}{_LENGTH})(-?)")
_LENGTH_PARTS = re.compile(r"(\d{0,5})(/{0,8})(\d{0,5})$")
_MUSIC = re.compile(
    rf"""
    (?P<note>(?:(?:\^\^?|__?|=)(?:\d?/\d?)?)?[A-Ga-gxz][,']{{0,8}}{_LENGTH})
  | (?P<space>(?:[\s\\`.)~*$;@]|\((?!\d)|y\d*|![^!|\n]{{1,40}}!|\+[\w.<>()]{{1,20}}\+|[H-Wh-wY!])+)
  | (?P<bar>:*\[?\|+(?:\[\||[|\]])*:*|::+)
  | (?P<tie>-)
  | (?P<text>"[^"]*")
  | (?P<broken><+|>+)
  | (?P<field>\[[A-Za-z]:[^\[\]]*\])
  | (?P<ending>\[\s*\d[\d,-]*)
  | (?P<chord>\[[^\]\[|]*\]{_LENGTH})
  | (?P<grace>\{{[^{{}}]*\}})
  | (?P<bars>[ZX]\d{{0,9}})
  | (?P<overlay>&+)
  | (?P<stray>.|\n)
    """,
    re.VERBOSE,
)
_TUPLET = re.compile(r"\((\d{1,2})(?::(\d{0,2})(?::(\d{0,2}))?)?(?!\d)")
_ENDING = re.compile(r"[ \t]*+\[?[ \t]*+(\d{1,3}(?:[,-]\d{1,3})*)(?![\d/])")
_SYMBOL = re.compile(
    r"\(?[A-G][#b]?(?:min|maj|mi|ma|m|M|dim|aug|sus|add|omit|no|alt|o|[-+°øΔ()#b,^\d\s]|/[A-Ga-g]?[#b]?)*$"
)
_MOST_TIMES = 64
_MOST_TONES = 64
Switch = Callable[[str, str], VoiceState]


def read_music(line: str, voice: VoiceState, switch: Switch) -> VoiceState:
    """Read a line of music.

    Parameters
    ----------
    line : str
        Without comments.
    voice : VoiceState
        The voice that is on.
    switch : callable
        Takes an inline field (its letter and its value) and returns the voice that is on then.

    Returns
    -------
    VoiceState
        The voice that is on at the end of the line.
    """
    at, end = 0, len(line)
    match = _MUSIC.match
    while at < end:
        if line[at] == "(" and (tuplet := _TUPLET.match(line, at)) is not None:
            several, space, left = (int(text) if text else None for text in tuplet.groups())
            if several:
                voice.tuplet(several, space or None, left)
            at = tuplet.end()
            continue
        found = match(line, at)
        if found is None:
            break
        at = found.end()
        sort = found.lastgroup
        if sort == "note":
            tone = tone_of(found[0])
            voice.sound([tone] if tone.step >= 0 else [], tone.times, tone.over)
        elif sort == "space":
            continue
        elif sort == "bar":
            voice.barline(found[0])
            ending = _ENDING.match(line, at)
            if ending is not None:
                voice.ending(_times(ending[1]))
                at = ending.end()
        elif sort == "field":
            voice = switch(found[0][1], found[0][3:-1])
        else:
            _rare(sort or "", found[0], voice)
    return voice


def _rare(sort: str, sign: str, voice: VoiceState) -> None:
    match sort:
        case "tie":
            voice.tie()
        case "text":
            _symbol(sign[1:-1], voice)
        case "broken":
            voice.broken(len(sign) if sign[0] == ">" else -len(sign))
        case "ending":
            voice.ending(_times(sign[1:]))
        case "chord":
            _chord(sign, voice)
        case "grace":
            voice.grace([tone_of(text) for text, _ in _CHORD_NOTE.findall(sign)])
        case "bars":
            voice.rest_bars(int(sign[1:] or 1))
        case "overlay":
            voice.overlay()
        case _:
            voice.complaints.add("a sign is not understood, and left out", voice.place, sign)


@lru_cache(maxsize=4096)
def tone_of(text: str) -> Tone:
    """Return a note of which `text` is accidental, letter, octave marks and length; the step of a rest is -1."""
    found = _NOTE.match(text)
    if found is None:
        return Tone(-1, None, 0, 1)
    sign, _, letter, marks, number, slashes, below = found.groups()
    times, over = _length(number, slashes, below)
    if letter in "xz":
        return Tone(-1, None, times, over)
    octave = (5 if letter.islower() else 4) + marks.count("'") - marks.count(",")
    step = 7 * octave + "CDEFGAB".index(letter.upper())
    return Tone(step, ALTERS[sign] if sign else None, times, over) if step >= 0 else Tone(-1, None, times, over)


def _length(number: str, slashes: str, below: str) -> tuple[int, int]:
    """Return a length such as ``3/2``, ``/`` (a half) or ``//`` (a quarter) as numerator and denominator."""
    times = int(number) if number else 1
    if not slashes:
        return times, 1
    return times, int(below) * 2 ** (len(slashes) - 1) if below and int(below) else 2 ** len(slashes)


def _chord(sign: str, voice: VoiceState) -> None:
    inner, _, length = sign[1:].rpartition("]")
    for text in re.findall(r'"([^"]*)"', inner):
        _symbol(text, voice)
    inner = re.sub(r'"[^"]*"|![^!]*!', " ", inner)
    tones: list[Tone] = []
    for text, tie in _CHORD_NOTE.findall(inner):
        tone = tone_of(text)
        tones.append(Tone(tone.step, tone.alter, tone.times, tone.over, tie == "-"))
    if not tones:
        voice.complaints.add("a sign is not understood, and left out", voice.place, sign)
        return
    if len(tones) > _MOST_TONES:
        voice.complaints.add(f"a chord of more than {_MOST_TONES} notes is cut", voice.place)
    parts = _LENGTH_PARTS.match(length)
    voice.sound(tones[:_MOST_TONES], *(_length(*parts.groups()) if parts else (1, 1)), is_chord=True)


def _symbol(text: str, voice: VoiceState) -> None:
    """Take a chord symbol; an annotation (``"^slowly"``) and other text is none."""
    if len(text) < 40 and _SYMBOL.match(text):
        voice.symbols.append(text)


def _times(text: str) -> tuple[int, ...]:
    """Return the times of an ending: ``1``, ``1,3``, ``2-4``."""
    times: list[int] = []
    for piece in text.replace(" ", "").split(","):
        first, _, last = piece.partition("-")
        if first.isdecimal():
            start = int(first)
            times += range(start, 1 + min(int(last) if last.isdecimal() else start, start + _MOST_TIMES))
    return tuple(times[:_MOST_TIMES])
