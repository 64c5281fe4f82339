"""From a sound file to its item: one recording, with what its tags and its header say and what was heard."""

from __future__ import annotations

from dataclasses import dataclass

from nlsearch.handlers.audio.listen import Heard, listen
from nlsearch.handlers.contract import Source
from nlsearch.handlers.sound.tags import Tags, read_tags
from nlsearch.limits import Limits
from nlsearch.model import FieldValue, RawItem

LEAST_S = 1.5
"""Seconds below which a recording or a clip is not compared."""
LEAST_PEAKS = 30


@dataclass(slots=True)
class Recorded:
    """What :func:`read` gives :func:`~nlsearch.handlers.audio.features.features`."""

    heard: Heard
    tags: Tags
    fields: dict[str, FieldValue]
    title: str


def read(source: Source, limits: Limits) -> RawItem:
    """Read a sound file as one item.

    A file whose header reads is an item, whatever the rest is like; what was odd stands in its warnings.

    Raises
    ------
    InputError
        If the header does not read.
    """
    heard = listen(source, limits)
    tags = read_tags(source)
    title = tags.title or source.name
    warnings = [*heard.complaints, *tags.complaints]
    reason = too_little(heard.duration_s, len(heard.peaks))
    if reason and not heard.stated.protected:
        warnings.append(f"too little audio: {reason}; found by its fields only")
    content = Recorded(heard, tags, _fields(source, heard, tags), title)
    return RawItem(number=1, title=title, content=content, warnings=warnings)


def too_little(duration_s: float, peaks: int) -> str:
    """Say why a sound cannot be compared, ``""`` if it can."""
    if not duration_s:
        return "it has no samples"
    if duration_s < LEAST_S:
        return f"it lasts {duration_s:.2f} s, and {LEAST_S} s are needed"
    if peaks < LEAST_PEAKS:
        return "it is silent, or one steady tone or noise: nothing stands out"
    return ""


def _fields(source: Source, heard: Heard, tags: Tags) -> dict[str, FieldValue]:
    stated, loud = heard.stated, heard.loud
    comment = "\n".join(
        text for text in (tags.comment, tags.lyrics, tags.publisher, tags.copyright, tags.performer) if text
    )
    values: dict[str, FieldValue | None] = {
        "title": tags.title,
        "artist": tags.artist or tags.album_artist,
        "album": tags.album,
        "composer": tags.composer,
        "year": tags.year,
        "genre": tags.genre,
        "track": tags.track,
        "isrc": tags.isrc,
        "comment": comment,
        "format": source.format,
        "codec": stated.codec,
        "duration": round(heard.duration_s, 3),
        "sample_rate": stated.sample_rate,
        "channels": stated.channels,
        "bits": stated.bits,
        "bit_rate": stated.bit_rate,
        "loudness": _rounded(loud.integrated_lufs, 1),
        "peak": _rounded(loud.peak_dbfs, 1),
        "silence_share": _rounded(loud.silence_share, 3),
        "tempo": _rounded(heard.tempo_bpm, 1),
        "key": heard.key,
        "signal": heard.digest.hex(),
    }
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
