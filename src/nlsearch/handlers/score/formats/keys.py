"""Keys as text formats write them: a tonic, a mode and a signature."""

from __future__ import annotations

from nlsearch.handlers.score.keys import MODES, ON_THE_LINE, name_on_the_line
from nlsearch.handlers.score.notation import Key, Meter

_MODES = {mode[:3]: mode for mode in MODES}


def mode_of(text: str) -> str | None:
    """Return the name of a mode, of which the first three letters tell it; None if it is none."""
    return _MODES.get(text[:3].lower())


def fifths_of(tonic: str, mode: str) -> int:
    """Return the sharps of a key (negative: flats), of a tonic such as ``"Bb"`` and a mode of :func:`mode_of`."""
    natural = ON_THE_LINE.index(tonic[0]) - 1
    return natural + 7 * (tonic.count("#") - tonic.count("b")) - MODES.get(_MODES.get(mode[:3], ""), 0)


def signature(fifths: int) -> dict[str, int]:
    """Return the letters that a signature alters, with their semitones."""
    altered: dict[str, int] = {}
    for turn in range(min(abs(fifths), 14)):
        letter = ON_THE_LINE[turn % 7] if fifths > 0 else ON_THE_LINE[6 - turn % 7]
        altered[letter] = altered.get(letter, 0) + (1 if fifths > 0 else -1)
    return altered


def add_key(keys: list[Key], key: Key) -> None:
    """Put a key behind those before it, unless it says nothing new; one at the same place is replaced."""
    if keys and keys[-1].onset == key.onset:
        keys.pop()
    last = keys[-1] if keys else None
    if last is None or (last.fifths, last.tonic, last.mode) != (key.fifths, key.tonic, key.mode):
        keys.append(key)


def add_meter(meters: list[Meter], meter: Meter) -> None:
    """Put a meter behind those before it, unless it says nothing new; one at the same place is replaced."""
    if meters and meters[-1].onset == meter.onset:
        meters.pop()
    if not meters or meters[-1].text != meter.text:
        meters.append(meter)


def transposed(key: Key, semitones: int) -> Key:
    """Return a key so many semitones higher, with at most six sharps or flats unless it has more already."""
    if semitones % 12 == 0:
        return key
    fifths = (key.fifths + 7 * semitones + 6) % 12 - 6
    tonic = key.tonic
    if tonic:
        tonic = name_on_the_line(fifths - fifths_of("C", key.mode))
    return Key(key.onset, fifths, tonic, key.mode)
