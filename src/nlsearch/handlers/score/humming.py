"""``hum`` in scores: every line is laid beside the hum, and the evidence says what the hum does there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.payload import NONE, Tune
from nlsearch.handlers.score.places import evidence, note_name, verdict
from nlsearch.handlers.sound.humming import COSTS, AskedHum, Stretch, beside
from nlsearch.kernels.hum import find_hum_in_payloads
from nlsearch.limits import Limits
from nlsearch.model import Verdict


def scores_of(asked: AskedHum, payloads: list[bytes | memoryview]) -> NDArray[np.float32]:
    """Return the scores of scores of music beside a hum."""
    found = find_hum_in_payloads(asked.hum, payloads, COSTS)
    scores = np.zeros(len(payloads), np.float32)
    np.maximum.at(scores, found["item"], asked.scores(found["cost"]))
    return scores


def verify(asked: AskedHum, tune: Tune, payload: bytes | memoryview, limits: Limits) -> Verdict | None:
    """Return where a score goes as a hum does: the best place of each voice, best first."""
    found = find_hum_in_payloads(asked.hum, [payload], COSTS)
    scores = asked.scores(found["cost"])
    order = np.lexsort((found["line"], -scores))
    order = order[scores[order] > 0]
    if not len(order):
        return None
    listed: dict[tuple[int, ...], dict[str, Any]] = {}
    for number in order.tolist():
        told = _told(asked, tune, found[number], float(scores[number]))
        listed.setdefault((told["part"], told["notes"][0], told["notes"][-1]), told)
    shown = list(listed.values())[: 1 + limits.evidence_more]
    return verdict(shown, len(listed), float(scores[order[0]]), is_exact=False)


def _told(asked: AskedHum, tune: Tune, place: np.void, score: float) -> dict[str, Any]:
    """Return the evidence of a place."""
    line = tune.line(int(place["line"]))
    first, end = int(place["start"]) - line.start, int(place["end"]) - line.start
    held = slice(first, end)
    pitches = np.where(line.pitches[held] == NONE, np.nan, line.pitches[held]).astype(np.float32)
    names = [note_name(line, at) for at in range(first, end)]
    told = beside(asked, Stretch(pitches, line.gaps[held].astype(np.float32), names))
    quarters = told.pop("pace") * tune.unit / TICKS
    told = evidence(tune, line, list(range(first, end)), score=round(score, 4), tempo=round(60 * quarters, 1), **told)
    for edit in told["edits"]:
        if edit["note_index"] is not None:
            edit["note_index"] = told["notes"][edit["note_index"]]
    return told
