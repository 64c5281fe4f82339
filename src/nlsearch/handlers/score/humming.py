"""``hum`` in scores, and ``like`` of a recording: every line is laid beside what was heard; and what scores sing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.payload import NONE, Tune
from nlsearch.handlers.score.places import evidence, note_name, verdict
from nlsearch.handlers.score.render import tempo_or_default
from nlsearch.handlers.sound.beside import Stretch, beside
from nlsearch.handlers.sound.humming import COSTS, Asked, Phrase
from nlsearch.handlers.sound.notes import Notes
from nlsearch.kernels.hum import find_hum_in_payloads
from nlsearch.limits import Limits
from nlsearch.model import Verdict


def melodies(tune: Tune) -> list[Notes]:
    """Return the voices as they are written, and as they are played with repeats; the longest first."""
    seconds = 60 / tempo_or_default(tune.around.tempo) * tune.unit / TICKS
    voices = []
    for line in tune.lines():
        onsets = np.cumsum(np.append(0, line.gaps.astype(np.float64)))[:-1]
        times = [(column * seconds).astype(np.float32) for column in (onsets, onsets + line.lengths)]
        known = line.pitches != NONE
        voices.append(Notes(times[0][known], times[1][known], line.pitches[known].astype(np.float32)))
    return sorted(filter(len, voices), key=len, reverse=True)


def scores_of(asked: Asked, payloads: list[bytes | memoryview]) -> NDArray[np.float32]:
    """Return the scores of scores of music beside what was heard."""
    each = np.zeros((len(asked.phrases), len(payloads)), np.float32)
    for row, phrase in zip(each, asked.phrases, strict=True):
        found = find_hum_in_payloads(phrase.hum, payloads, COSTS)
        np.maximum.at(row, found["item"], phrase.scores(found["cost"]))
    return asked.scores(each)


def verify(asked: Asked, tune: Tune, payload: bytes | memoryview, limits: Limits) -> Verdict | None:
    """Return where a score goes as what was heard does: the best place of each voice, best first."""
    score = float(scores_of(asked, [payload])[0])
    if not score:
        return None
    found = [told for phrase in asked.phrases for told in _places(phrase, tune, payload)]
    found.sort(key=lambda told: (-told["score"], told["part"], told["notes"]))
    listed: dict[tuple[int, ...], dict[str, Any]] = {}
    for told in found:
        listed.setdefault((told["part"], told["notes"][0], told["notes"][-1]), told)
    shown = list(listed.values())[: 1 + limits.evidence_more]
    return verdict(shown, len(listed), score, is_exact=False)


def _places(phrase: Phrase, tune: Tune, payload: bytes | memoryview) -> list[dict[str, Any]]:
    """Return the evidence of the best place of each line."""
    found = find_hum_in_payloads(phrase.hum, [payload], COSTS)
    scores = phrase.scores(found["cost"])
    return [_told(phrase, tune, found[at], float(scores[at])) for at in np.flatnonzero(scores).tolist()]


def _told(phrase: Phrase, tune: Tune, place: np.void, score: float) -> dict[str, Any]:
    line = tune.line(int(place["line"]))
    first, end = int(place["start"]) - line.start, int(place["end"]) - line.start
    held = slice(first, end)
    pitches = np.where(line.pitches[held] == NONE, np.nan, line.pitches[held]).astype(np.float32)
    names = [note_name(line, at) for at in range(first, end)]
    told = beside(phrase, Stretch(pitches, line.gaps[held].astype(np.float32), names))
    quarters = told.pop("pace") * tune.unit / TICKS
    told = evidence(tune, line, list(range(first, end)), score=round(score, 4), tempo=round(60 * quarters, 1), **told)
    for edit in told["edits"]:
        if edit["note_index"] is not None:
            edit["note_index"] = told["notes"][edit["note_index"]]
    return told
