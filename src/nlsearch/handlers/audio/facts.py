"""What the kind ``audio`` declares: fields, operators, spaces.  Plain data, no imports of libraries.

The formats are those of :mod:`nlsearch.handlers.sound.formats`.
"""

from __future__ import annotations

from dataclasses import replace

from nlsearch.handlers.contract import Copies, Field, Operator, SeedSpace, Space, VectorSpace
from nlsearch.handlers.sound.facts import HUM
from nlsearch.handlers.sound.formats import FORMATS

__all__ = ["FIELDS", "FORMATS", "LANDMARKS", "LIKENESS", "OPERATORS", "SPACES"]

FIELDS: tuple[Field, ...] = (
    Field("title", "text", "title as tagged", example="The Moldau"),
    Field("artist", "text", "who made or performs it, as tagged", example="Clara Haskil"),
    Field("album", "text", "album as tagged", example="Má vlast"),
    Field("composer", "text", "composer as tagged", example="Bedřich Smetana"),
    Field("year", "integer", "year as tagged", example="1952"),
    Field("genre", "text", "genre as tagged", example="Classical"),
    Field("track", "integer", "number on the album, as tagged", example="3"),
    Field("isrc", "keyword", "International Standard Recording Code (ISO 3901), as tagged", example="GBAYE0601498"),
    Field("comment", "text", "comments, lyrics and rights as tagged", example="live in Prague"),
    Field("format", "keyword", "file format, told from the bytes", facet=True, example="FLAC"),
    Field("codec", "keyword", "how the samples are stored", facet=True, example="Vorbis"),
    Field("duration", "float", "how long it is, of what was decoded", "s", example="215.3"),
    Field("sample_rate", "integer", "samples a second of each channel", "Hz", facet=True, example="44100"),
    Field("channels", "integer", "number of channels", facet=True, example="2"),
    Field("bits", "integer", "bits of a sample as stored, where the codec has such", facet=True, example="16"),
    Field("bit_rate", "integer", "bits a second as stored, with the file's own overhead", "bit/s", example="192000"),
    Field("loudness", "float", "integrated loudness (ITU-R BS.1770-4)", "LUFS", example="-14.2"),
    Field("peak", "float", "highest sample of any channel, full scale is 0", "dBFS", example="-0.3"),
    Field("silence_share", "float", "share of the 400 ms blocks that are below -60 dBFS", example="0.02"),
    Field("tempo", "float", "beats a minute, estimated; half or double is possible", "bpm", example="120"),
    Field("key", "keyword", "key, estimated from the pitches", facet=True, example="A minor"),
    Field(
        "signal", "keyword", "SHA-256 of the mono signal at 8 kHz; equal for equal sound", example="9f86d081884c7d65…"
    ),
)

KEY_BITS = 18
"""Keys of seeds are below 2 ** 18: 148 bands, 55 steps, 31 frames."""
LANDMARKS = "audio.landmark"
LIKENESS = "audio.likeness"
LIKENESS_DIMENSIONS = 102
OPERATORS: tuple[Operator, ...] = (
    Operator(
        "like",
        "Recordings that hold the clip (near), or are the same sound (exact), at every place where they do, at up to "
        "6 % other speed, however noisy; none where it is from no recording of the collection.",
        'like:"barcarole.flac"',
        "sound",
        "1 for the same sound; else the calibrated likelihood that the place is the clip's, 0.5 at the threshold",
        value="a file or item id; a score with kind=audio",
        copies=Copies(
            0.5,
            "each holds at least half of the other, at any speed within 6 %: the same recording, re-encoded, cut or "
            "with noise; 0.5 is where a match begins, and same recordings score near 1",
        ),
    ),
    replace(
        HUM,
        help="The melody of a recording, as far as it is heard, goes as this hum, whistle or song does, in any key, at "
        "any tempo, off key and off beat",
    ),
)

SPACES: tuple[Space, ...] = (
    SeedSpace(LANDMARKS, key_bits=KEY_BITS),
    VectorSpace(LIKENESS, LIKENESS_DIMENSIONS, "cosine"),
)
