"""What kinds with melodies declare alike: the formats of sound that are hummed in, and the operator ``hum``."""

from __future__ import annotations

from nlsearch.declarations import Format, Operator

SOUND_FORMATS: tuple[Format, ...] = (
    Format("WAV", "audio/wav", (".wav", ".wave"), (), rb"(?:RIFF|RF64).{4}WAVE"),
    Format("FLAC", "audio/flac", (".flac",), (b"fLaC",)),
    Format("OGG", "audio/ogg", (".ogg", ".oga", ".opus"), (b"OggS",)),
    Format("MP3", "audio/mpeg", (".mp3",), (b"ID3",), rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"),
    Format("AIFF", "audio/aiff", (".aif", ".aiff", ".aifc"), (), rb"FORM.{4}AIF[FC]"),
    Format("AU", "audio/basic", (".au", ".snd"), (b".snd",)),
    Format("CAF", "audio/x-caf", (".caf",), (b"caff",)),
)
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
