"""What the index needs of a score: words, fields, seeds of its lines, grams of their symbols, and the payload."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.facts import GRAMS, INTERVALS
from nlsearch.handlers.score.keys import tonality
from nlsearch.handlers.score.notation import Score
from nlsearch.handlers.score.payload import NONE, Tune, encode
from nlsearch.handlers.score.seeding import seeds_of
from nlsearch.handlers.score.symbols import grams_of
from nlsearch.model import Features, FieldValue, RawItem

_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")
MOST_VALUES = 200
"""Values of a field of many."""


def features_of(item: RawItem) -> Features:
    """Derive the features of a score."""
    score: Score = item.content
    payload = encode(score)
    tune = Tune(payload)
    pitches, durations = sounding(tune)
    keys = tonality(tune.keys, pitches, durations)
    fields = _said(score)
    fields |= _counted(score, pitches)
    if keys:
        names = list(dict.fromkeys(str(key) for _, key in keys))[:MOST_VALUES]
        fields |= {"key": names, "mode": list(dict.fromkeys(key.mode for _, key in keys))}
        fields["key_source"] = "stated" if keys[0][1].is_stated else "estimated"
    return Features(
        words=" ".join(filter(None, [score.title, score.composer, score.lyricist, *score.words.values()])),
        fields=fields,
        terms={GRAMS: grams_of(tune, keys)},
        seeds={INTERVALS: seeds_of(tune)},
        payload=payload,
        size=float(max(len(tune.line_pitch), 1)),
        extent=len(tune.line_pitch),
    )


def sounding(tune: Tune) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return pitches and durations of all notes with a pitch that are no grace notes; time units."""
    known = (tune.pitch != NONE) & (tune.duration > 0)
    return tune.pitch[known], tune.duration[known]


def _said(score: Score) -> dict[str, FieldValue]:
    """Return the fields that the source says in words."""
    fields: dict[str, FieldValue] = {}
    verses = [verse for part in score.parts for verse in part.verses]
    names = [name for part in score.parts for name in (part.name, part.instrument) if name]
    said = {
        "title": score.title,
        "composer": score.composer,
        "lyricist": score.lyricist,
        "lyrics": "\n".join(verses),
        "part": ", ".join(dict.fromkeys(names)),
        "words": ", ".join(f"{name}: {value}" for name, value in score.words.items()),
    }
    fields.update({name: value for name, value in said.items() if value})
    instruments = list(dict.fromkeys(part.instrument for part in score.parts if part.instrument))[:MOST_VALUES]
    if instruments:
        fields["instruments"] = instruments
    year = _YEAR.search(score.words.get("year", ""))
    if year:
        fields["year"] = int(year[1])
    if score.title:
        fields["name"] = score.title
    return fields


def _counted(score: Score, pitches: NDArray[np.uint8]) -> dict[str, FieldValue]:
    """Return the fields that are counted."""
    notes = [note for part in score.parts for voice in part.voices for note in voice.notes if not note.grace]
    fields: dict[str, FieldValue] = {
        "parts": len(score.parts),
        "voices": sum(len(part.voices) for part in score.parts),
        "bars": max((len(part.bars) for part in score.parts), default=0),
        "notes": len(notes),
    }
    if len(pitches):
        fields["ambitus"] = int(pitches.max()) - int(pitches.min())
    meters = list(dict.fromkeys(meter.text for meter in score.meters if meter.text))[:MOST_VALUES]
    chords = list(dict.fromkeys(harmony.text for harmony in score.harmonies))[:MOST_VALUES]
    if meters:
        fields["meter"] = meters
    if chords:
        fields["chord"] = chords
    if score.tempo is not None:
        fields["tempo"] = float(score.tempo)
    return fields
