"""Signs of Plaine & Easie Code: how the text is cut into them, signatures and parentheses.

References
----------
Plaine & Easie Code, version 1 (28 June 2019), https://plaine-and-easie.info/v1/.
"""

from __future__ import annotations

import re

from nlsearch.handlers.score.notation import LETTERS, TICKS

SIGNS = re.compile(
    r"""
    (?P<octave>'+|,+)
  | (?P<durations>(?:[0-9]\.*)+)
  | (?P<note>[A-G])
  | (?P<accidental>xx?|bb?|n)
  | (?P<rest>-)
  | (?P<bar>:?/+:?|:)
  | (?P<measures>=\d{0,9})
  | (?P<tie>[+_])
  | (?P<chord>\^)
  | (?P<chord_end>>)
  | (?P<grace>qq|q|g|y)
  | (?P<grace_end>r)
  | (?P<open>\()
  | (?P<close>(?:;\d{1,3}(?::\d{1,3})?)?\))
  | (?P<figure>!)
  | (?P<again>f+)
  | (?P<again_bar>i)
  | (?P<change>%\[?[GgCFc][-+*:]\d\]?\s?|\$\[?[xbn]?[A-G\[\]xbn]*\s?|@[\[\]0-9oc./|]*\s?)
  | (?P<nothing>[{}tpu\s]+|~[?+t]*)
  | (?P<stray>.|\n)
    """,
    re.VERBOSE,
)
_ONSET = re.compile(r"(\^?)(?:[',0-9.xbn]*)([A-G_-])")
_ACCIDENTALS = {"x": 1, "xx": 2, "b": -1, "bb": -2, "n": 0}
_METERS = {"c": "4/4", "c/": "2/2"}
_LONGEST_FERMATA = 40
_WHOLES = {"0": 16, "9": 8, "1": 4, "2": 2}
_PARTS = {"4": 1, "8": 2, "6": 4, "3": 8, "5": 16, "7": 32}


def accidental(sign: str) -> int:
    """Return the semitones by which an accidental alters a letter."""
    return _ACCIDENTALS[sign]


def key_letters(value: str) -> dict[str, int]:
    """Return the letters that a key signature such as ``xFC`` or ``bB[EA]`` alters."""
    altered: dict[str, int] = {}
    alter = 0
    for letter in value:
        if letter in "xbn":
            alter = {"x": 1, "b": -1, "n": 0}[letter]
        elif letter in LETTERS and alter:
            altered[letter] = alter
    return altered


def meter_text(value: str) -> str:
    """Return a meter as it is kept: ``c`` is ``4/4``, ``c/`` is ``2/2``; mensuration signs stay as they are."""
    text = value.strip().strip("[]")
    return _METERS.get(text, text)


def matched(text: str) -> dict[int, int]:
    """Return the places of parentheses that belong together, each under the other."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    for found in re.finditer(r"[()]", text):
        at = found.start()
        if found[0] == "(":
            open_at.append(at)
        elif open_at:
            first = open_at.pop()
            pairs[first], pairs[at] = at, first
    return pairs


def is_fermata(text: str, start: int, end: int) -> bool:
    """Say whether what is in parentheses, from `start` to `end`, is one note, chord or rest: a fermata."""
    if end - start > _LONGEST_FERMATA or ";" in text[start:end]:
        return False
    inner = text[start:end]
    return sum(not chord for chord, _ in _ONSET.findall(inner)) <= 1


def ticks_of(digit: str, dots: str) -> int:
    """Return a duration in ticks: ``9`` is a breve, ``6`` a 16th; ``7.``, a note without duration, is a quarter."""
    if digit == "7" and dots == ".":
        return TICKS
    ticks = _WHOLES[digit] * TICKS if digit in _WHOLES else TICKS // _PARTS[digit]
    return ticks * ((2 << len(dots)) - 1) >> len(dots)


def ratio(text: str) -> tuple[int, int]:
    """Return how many notes of a tuplet stand for how many: ``""`` is 3 for 2, ``5`` is 5 for 4, ``7:8`` itself."""
    several, _, space = text.partition(":")
    if not several or not int(several):
        return 3, 2
    number = int(several)
    if space and int(space):
        return number, int(space)
    return number, 3 if number == 2 else 1 << ((number - 1).bit_length() - 1 if number > 1 else 0)
