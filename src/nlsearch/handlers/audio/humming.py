"""``hum`` in recordings, and ``like`` of a score: what is asked is laid beside the estimated melody of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.payload import Recording
from nlsearch.handlers.sound.beside import evidence_beside, scores_beside
from nlsearch.handlers.sound.humming import Asked
from nlsearch.limits import Limits
from nlsearch.model import Json, Verdict


def scores_of(asked: Asked, payloads: list[bytes | memoryview]) -> NDArray[np.float32]:
    """Return the scores of recordings beside what is asked; float32, shape (n,)."""
    return scores_beside(asked, [Recording(payload).melody for payload in payloads])


def verify(asked: Asked, payload: bytes | memoryview, limits: Limits) -> Verdict | None:
    """Return where the melody of a recording goes as what is asked does: of each phrase the best place, best first."""
    score, found = evidence_beside(asked, Recording(payload).melody)
    if not found:
        return None
    told = [_told(one) for one in found[: 1 + limits.evidence_more]]
    best: dict[str, Json] = told[0]
    best["count"] = len(found)
    if told[1:]:
        best["more"] = told[1:]
    return Verdict(score, "near", best)


def _told(found: dict[str, Any]) -> dict[str, Json]:
    return {**found, "pace": round(found["pace"], 3), "method": "melody"}
