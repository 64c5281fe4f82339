"""What kinds with melodies declare alike: the formats of sound that are hummed in, and the operator ``hum``."""

from __future__ import annotations

from nlsearch.declarations import Format, Operator
from nlsearch.handlers.sound.formats import FORMATS

SOUND_FORMATS: tuple[Format, ...] = FORMATS
SOUND_NAMES = frozenset(form.name for form in SOUND_FORMATS)

HUM = Operator(
    "hum",
    "A voice goes as this hum, whistle or song does, in any key, at any tempo, off key and off beat",
    'hum:"examples/queries/frère jacques.wav"',
    "approximate",
    "1 − mean cost of a step / 2; a step costs what its interval is off in semitones and its pace in octaves of time",
    (),
    "a file of sound, or the id of an item that was read from one",
    reads=SOUND_FORMATS,
)
