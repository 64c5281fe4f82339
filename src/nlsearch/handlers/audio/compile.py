"""From a clip, or an indexed recording, to the question which recordings hold it."""

from __future__ import annotations

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.audio.clip import (
    AS_IT_IS,
    READINGS,
    Clip,
    ClipSeeds,
    clip_of_recording,
    peaks_of_clip,
    seeds_of_clip,
)
from nlsearch.handlers.audio.facts import LANDMARKS, LIKENESS
from nlsearch.handlers.audio.listen import Clipped, hear_clip
from nlsearch.handlers.audio.payload import Recording
from nlsearch.handlers.audio.read import too_little
from nlsearch.handlers.contract import Buffer, Source
from nlsearch.limits import Limits
from nlsearch.model import Exact, Nearest, Probe, SeedMatch

KIND = "audio"
CANDIDATES = 300
"""Places of a split that are verified: the true one is among them in 96 of 100 clips of 5 s at -5 dB."""
BIN_FRAMES = 2
ALL = 2**31 - 1
"""No key is too frequent: leaving any out loses clips."""
LEAST_SCORE = 0.5
ALIKE, MOST_ALIKE = 0.75, 50
"""How similar related recordings are at least (a cosine of 0.5), and how many are listed."""


def compile_like(operator: str, value: str | Buffer | Source, limits: Limits) -> Probe:
    """Compile ``like`` of a file or of the payload of an indexed recording.

    Raises
    ------
    QuerySyntax
        If the value is neither, or silent.
    InputError
        If the file does not read.
    """
    if isinstance(value, str):
        raise QuerySyntax(f"{operator} wants a sound file or the id of an item, not {value!r}")
    if isinstance(value, bytes | memoryview):
        recording = Recording(value)
        around = recording.around
        likeness = np.frombuffer(around.likeness, "<f2").astype(np.float32) if around.likeness else None
        asked = Clipped(clip_of_recording(recording), recording.digest, recording.duration_s, likeness)
        return _probe(operator, asked, around.title or "an indexed recording")
    return _probe(operator, hear_clip(value, limits), value.name)


def _probe(operator: str, asked: Clipped, said: str) -> Probe:
    clip = asked.clip
    peaks = peaks_of_clip(clip)
    heard = f"{said}, {asked.duration_s:.1f} s of sound, {len(peaks):,} peaks"
    told = {"clip": clip.pack(), "digest": asked.digest, "duration_s": asked.duration_s}
    reason = asked.why_empty or too_little(asked.duration_s, len(peaks))
    if reason and not asked.digest:
        raise QuerySyntax(f"it has no sound of its own to compare: {reason}")
    if reason:
        heard += f"; too little sound to be found in others ({reason}), only the same signal is"
        return Probe(KIND, operator, heard, Exact("signal", asked.digest.hex()), told, "sound", minimum=LEAST_SCORE)
    as_it_is = seeds_of_clip(clip, peaks, [AS_IT_IS])
    others = seeds_of_clip(clip, peaks, [reading for reading in range(len(READINGS)) if reading != AS_IT_IS])
    related = None
    if asked.likeness is not None:
        related = Nearest(LIKENESS, asked.likeness.astype("<f4").tobytes(), ALIKE, MOST_ALIKE)
    return Probe(
        KIND,
        operator,
        heard,
        _question(clip, as_it_is),
        told,
        "sound",
        minimum=LEAST_SCORE,
        exact_floor=1.0,
        related=related,
        otherwise=_question(clip, others),
    )


def _question(clip: Clip, seeds: ClipSeeds) -> SeedMatch:
    return SeedMatch(
        LANDMARKS,
        seeds.keys,
        seeds.positions,
        clip.frames,
        bin_width=BIN_FRAMES,
        max_occurrences=ALL,
        capped_ok=True,
        refine=True,
        readings=seeds.readings,
        best=CANDIDATES,
    )
