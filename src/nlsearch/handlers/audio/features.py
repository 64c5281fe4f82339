"""From a recording as it was read to what the index keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.audio import melodies
from nlsearch.handlers.audio.bands import HOP, RATE
from nlsearch.handlers.audio.facts import LANDMARKS, LIKENESS
from nlsearch.handlers.audio.landmarks import seeds_of
from nlsearch.handlers.audio.payload import Around, encode
from nlsearch.handlers.audio.read import Recorded, too_little
from nlsearch.model import Features, RawItem, Seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray


def features(item: RawItem) -> Features:
    """Derive seeds, the vector of likeness and the payload; a recording with too little sound keeps its fields."""
    recorded = item.content
    assert isinstance(recorded, Recorded)  # noqa: S101 - `read` made it
    heard, tags = recorded.heard, recorded.tags
    seeds: dict[str, Seeds] = {}
    vectors: dict[str, NDArray[Any]] = {}
    frames = -(-heard.samples // HOP)
    likeness = b""
    if not too_little(heard.duration_s, len(heard.peaks)):
        likeness = heard.likeness.astype("<f2").tobytes()
        keys, positions = seeds_of(heard.peaks)
        seeds[LANDMARKS] = Seeds(keys, positions, frames)
        vectors[LIKENESS] = heard.likeness
    words = " ".join(
        text for text in (tags.title, tags.artist, tags.album_artist, tags.album, tags.composer, tags.genre) if text
    )
    melody = melodies.pack(heard.melody)
    around = Around(heard.duration_s, heard.digest, recorded.title, heard.overview, melody, likeness)
    return Features(
        words=words,
        fields=dict(recorded.fields),
        seeds=seeds,
        vectors=vectors,
        payload=encode(heard.peaks, around),
        extent=int(np.ceil(heard.samples / RATE)) if seeds else 0,
    )
