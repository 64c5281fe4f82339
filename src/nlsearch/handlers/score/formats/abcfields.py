"""Information fields of ABC: keys, meters, lengths, tempos, voices and words.

References
----------
The ABC music standard 2.1 (December 2011), sections 3.1, 4.6, 8.2, https://abcnotation.com/wiki/abc:standard:v2.1.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field

from nlsearch.handlers.score.formats.bars import meter_ticks
from nlsearch.handlers.score.formats.keys import fifths_of, mode_of, signature
from nlsearch.handlers.score.notation import TICKS

_TONIC = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)|([a-g])([#b]?)(?=\s|$|m(?:in|aj)?\b)\s*([A-Za-z]*)")
_ACCIDENTALS = re.compile(r"(?:\^\^?|__?|=)[A-Ga-g]")
_ALL_ACCIDENTALS = re.compile(r"(?:(?:\^\^?|__?|=)[A-Ga-g])+$")
_CLEF_OCTAVE = re.compile(r"(?:^|clef=|[a-zA-Z]\d?)([+-])(8|15)(?:va|vb)?$", re.IGNORECASE)
_SETTING = re.compile(r"([A-Za-z-]+)\s*=\s*(\"[^\"]*\"|[^\s\"]+)|\"[^\"]*\"|\S+")
_FRACTION = re.compile(r"\s*(\d{1,4})\s*/\s*(\d{1,4})")
_TEMPO = re.compile(r"((?:\s*\d{1,4}/\d{1,4})+|\s*C\d*)?\s*=\s*(\d{1,4}(?:\.\d+)?)|^\s*(\d{1,4}(?:\.\d+)?)\s*$")
_NUMBER = re.compile(r"[+-]?\d{1,3}$")
_MNEMONIC = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(aa|AA|ae|AE|oe|OE|ss|/[oOlL])|([`'^\"~cvuHo=;])([A-Za-z]))")
_MARKS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "c": "\u0327", "v": "\u030c",
    "u": "\u0306", "H": "\u030b", "o": "\u030a", "=": "\u0304", ";": "\u0328",
}  # fmt: skip
_LIGATURES = {
    "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "ss": "ß", "/o": "ø", "/O": "Ø", "/l": "ł",
    "/L": "Ł",
}  # fmt: skip
_LONGEST_TEMPO = 200
ALTERS = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}


@dataclass(slots=True)
class Setting:
    """What a ``K:`` or ``V:`` field sets.

    Parameters
    ----------
    fifths, tonic, mode
        As of :class:`~nlsearch.handlers.score.notation.Key`.
    has_key : bool
        Whether it states a key; a clef alone does not.
    altered : dict of str to int
        Letters that are altered throughout.
    octaves, semitones : int, optional
        How much higher it sounds than it is written; None if the field does not say.
    name : str
        Of a voice.
    odd : str
        What was not understood.
    """

    fifths: int = 0
    tonic: str = ""
    mode: str = ""
    has_key: bool = False
    altered: dict[str, int] = field(default_factory=dict)
    octaves: int | None = None
    semitones: int | None = None
    name: str = ""
    odd: str = ""


def key_setting(value: str) -> Setting:
    """Return what a ``K:`` field says, such as ``"D mix ^g clef=bass-8 transpose=-2"``."""
    setting = Setting()
    text = value.strip()
    low = text.lower()
    rest = text
    if not text or low.startswith("none"):
        setting.has_key, rest = True, text[4:]
    elif low[:2] == "hp":
        setting.has_key, setting.fifths, rest = True, 2, text[2:]
    elif (found := _TONIC.match(text)) is not None:
        letter, accidental, word = found.groups()[:3] if found[1] else found.groups()[3:]
        mode = "minor" if word in {"m", "M"} else mode_of(word)  # capitals say nothing in modes
        setting.tonic, setting.mode = letter.upper() + accidental, mode or "major"
        setting.fifths = fifths_of(setting.tonic, setting.mode)
        setting.has_key = True
        rest = text[found.end() if mode else found.end() - len(word) :]
    setting.altered = signature(setting.fifths)
    _modify(setting, rest)
    return setting


def voice_setting(value: str) -> Setting:
    """Return what stands in a ``V:`` field behind the voice's id."""
    setting = Setting()
    _modify(setting, value)
    setting.odd = ""
    return setting


def _modify(setting: Setting, rest: str) -> None:
    explicit = False
    for found in _SETTING.finditer(rest):
        word, name, value = found[0], (found[1] or "").lower(), (found[2] or "").strip('"')
        if name in {"octave", "oct"} and _NUMBER.match(value):
            setting.octaves = (setting.octaves or 0) + max(-9, min(9, int(value)))
        elif name in {"transpose", "t"} and _NUMBER.match(value):
            setting.semitones = int(value)
        elif name in {"name", "nm"}:
            setting.name = value.replace("\\n", " ")
        elif word == "exp":
            explicit, setting.altered = True, {}
        elif _ALL_ACCIDENTALS.match(word):
            _alter(setting, word, explicit=explicit)
        elif (octave := _CLEF_OCTAVE.search(word)) is not None:
            up = 1 if octave[1] == "+" else -1
            setting.octaves = (setting.octaves or 0) + up * (2 if octave[2] == "15" else 1)
        elif not found[1] and not setting.has_key and word[0] not in '"%':
            setting.odd = setting.odd or word


def _alter(setting: Setting, word: str, *, explicit: bool) -> None:
    setting.has_key = True
    for sign in _ACCIDENTALS.findall(word):
        setting.altered[sign[-1].upper()] = ALTERS[sign[:-1]]
    if explicit:
        setting.fifths = sum(setting.altered.values())


def meter_text(value: str) -> str:
    """Return a meter as it is kept: ``C`` is ``4/4``, ``C|`` is ``2/2``, ``none`` is ``""``."""
    text = value.strip()
    low = text.lower()
    if not text or low.startswith("none"):
        return ""
    if low.startswith("c"):
        return "2/2" if low.startswith("c|") else "4/4"
    return text.replace("(", "").replace(")", "").replace(" ", "") if meter_ticks(text) else text


def length_ticks(value: str) -> int:
    """Return the unit note length of an ``L:`` field in ticks; 0 if it is none."""
    found = _FRACTION.match(value)
    if found is not None and int(found[2]):
        return 4 * TICKS * int(found[1]) // int(found[2])
    return 4 * TICKS if value.strip() == "1" else 0


def default_length(meter: str) -> int:
    """Return the unit note length that a meter implies, in ticks: a sixteenth below 3/4, else an eighth."""
    ticks = meter_ticks(meter)
    return TICKS // 4 if 0 < ticks < 3 * TICKS else TICKS // 2


def quarters_a_minute(value: str, unit: int) -> float | None:
    """Return the tempo of a ``Q:`` field; `unit` is the unit note length in ticks.  None if it gives no number."""
    found = _TEMPO.search(re.sub(r'"[^"]*"', " ", value[:_LONGEST_TEMPO]))
    if found is None:
        return None
    beats, many, alone = found.groups()
    length = sum(4 * int(top) / int(low) for top, low in _FRACTION.findall(beats or "") if int(low))
    if not length:
        count = int((beats or "").strip()[1:] or 1) if (beats or "").strip().startswith("C") else 1
        length = count * unit / TICKS
    return length * float(many or alone) or None


def plain_text(value: str) -> str:
    r"""Return text with its mnemonics (``\"o``, ``&ouml;``, ``\u00f6``) as characters."""
    text = value.strip()
    if "&" in text:
        text = html.unescape(text)
    return _MNEMONIC.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    code, ligature, mark, letter = found.groups()
    if code:
        return chr(int(code, 16)) if not 0xD800 <= int(code, 16) < 0xE000 else "\ufffd"
    return _LIGATURES[ligature] if ligature else unicodedata.normalize("NFC", letter + _MARKS[mark])
