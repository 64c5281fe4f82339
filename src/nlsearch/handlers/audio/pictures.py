"""Pictures of a recording, and of a clip beside the passage of a recording that it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import BANDS, FRAMES_A_SECOND, PER_OCTAVE
from nlsearch.handlers.audio.clip import STEPS
from nlsearch.handlers.audio.draw import draw_recording
from nlsearch.handlers.audio.drawmatch import draw_match
from nlsearch.handlers.audio.overview import Preview
from nlsearch.handlers.audio.payload import Recording
from nlsearch.handlers.audio.places import Asked
from nlsearch.model import Picture, Verdict

AGREES = 0.7
"""What a level of the clip is worth at a peak of the recording that it is said to have too."""
LONGEST_S = 30.0
"""Seconds of a passage that are drawn."""


def draw(payload: bytes | memoryview, verdict: Verdict | None) -> Picture:
    """Draw waveform and spectrogram of a recording, with the passages of a match."""
    around = Recording(payload).around
    places: list[Any] = []
    if verdict is not None:
        more: Any = verdict.evidence.get("more", [])
        places = [place["target_s"] for place in (verdict.evidence, *more) if isinstance(place.get("target_s"), list)]
    passages = [(float(begin), float(end)) for begin, end in places]
    return draw_recording(around.title, around.duration_s, Preview.unpack(around.overview), passages)


def draw_beside(asked: Asked, payload: bytes | memoryview, verdict: Verdict) -> Picture:
    """Draw the levels of a clip above the peaks of the recording, where the best match is."""
    recording = Recording(payload)
    evidence: Any = verdict.evidence
    window, begin, levels = _window(asked, evidence["query_s"])
    low, high = evidence["query_s"][0], evidence["query_s"][1]
    speed, target = float(evidence["speed"]), float(evidence["target_s"][0])
    query = max(low, window[0]), min(high, window[1], window[0] + LONGEST_S)
    passage = target + (query[0] - low) * speed, target + (query[1] - low) * speed
    frames, bands, grades = recording.between(int(passage[0] * FRAMES_A_SECOND), int(passage[1] * FRAMES_A_SECOND) + 1)
    at = np.rint(((frames / FRAMES_A_SECOND - passage[0]) / speed + query[0]) * FRAMES_A_SECOND).astype(int) - begin
    band = bands + round(PER_OCTAVE * float(np.log2(speed)))
    inside = (at >= 0) & (at < len(levels)) & (band >= 0) & (band < BANDS)
    worth: NDArray[np.float32] = np.full(len(frames), -np.inf, np.float32)
    read = levels[at[inside], band[inside]].astype(np.int64) + 128
    worth[inside] = asked.scales.worth[grades[inside], read]
    shown = np.clip(96 + levels.astype(np.int16) * 32 // STEPS, 0, 255).astype(np.uint8)
    return draw_match(
        recording.around.title,
        shown,
        begin / FRAMES_A_SECOND,
        frames,
        bands,
        passage_s=passage,
        query_s=query,
        speed=speed,
        agreeing=worth >= AGREES,
    )


def _window(asked: Asked, query_s: list[float]) -> tuple[tuple[float, float], int, Any]:
    """Return the windows from the beginning of a passage on that follow each other: seconds, first frame, levels."""
    clip = asked.clip
    first = next(
        (i for i, (begin, count) in enumerate(clip.windows) if begin + count > query_s[0] * FRAMES_A_SECOND + 1), 0
    )
    last = first
    while last + 1 < len(clip.windows) and clip.windows[last + 1][0] == sum(clip.windows[last]):
        last += 1
    begin, end = clip.windows[first][0], sum(clip.windows[last])
    levels = np.concatenate([asked.window(number) for number in range(first, last + 1)])
    return (begin / FRAMES_A_SECOND, end / FRAMES_A_SECOND), begin, levels
