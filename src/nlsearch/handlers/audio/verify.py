"""Whether a recording holds a clip: the same signal, or a passage of it at one or more places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import HOP, RATE
from nlsearch.handlers.audio.clip import AS_IT_IS, Clip
from nlsearch.handlers.audio.payload import Recording
from nlsearch.handlers.audio.places import Asked, Asking, Place, places_of
from nlsearch.handlers.audio.voting import places_voted
from nlsearch.limits import Limits
from nlsearch.model import Anchors, Json, Probe, Refined, Region, Verdict

APART_S = 0.5
"""Places nearer than this are one."""


class Question:
    """A probe, opened: the clip, and how much sound is searched."""

    def __init__(self, probe: Probe) -> None:
        self.asked = Asked(Clip.unpack(probe.verification["clip"]))
        self.digest = bytes(probe.verification["digest"])
        self.duration_s = float(probe.verification["duration_s"])
        self.hours = (probe.searched.total if probe.searched is not None else 0) / 3600
        self.probe = probe


def refine(question: Question, payloads: list[bytes | memoryview], anchors: Anchors) -> Refined:
    """Look at the places that votes name."""
    recordings = [Recording(payload) for payload in payloads]
    durations = [recording.duration_s for recording in recordings]
    assert anchors.votes is not None  # noqa: S101 - the best places are asked for
    assert anchors.expected is not None  # noqa: S101 - the same
    votes = anchors.votes.astype(np.float64) / np.maximum(anchors.expected, 1e-9)
    asking = Asking(anchors.items, anchors.targets, anchors.flags, votes)
    scores = np.zeros(len(payloads), np.float32)
    regions: dict[int, list[Region]] = {}
    for at, place in enumerate(places_of(question.asked, payloads, asking, durations, question.hours)):
        if place is not None:
            row = int(anchors.items[at])
            scores[row] = max(scores[row], min(place.score, 0.9999))
            regions.setdefault(row, []).append(_region(anchors, at, question.asked.clip.frames))
    for row, recording in enumerate(recordings):
        if question.digest and recording.digest == question.digest:
            scores[row] = 1.0
            regions.setdefault(row, [_region(anchors, int(np.searchsorted(anchors.items, row)), 0)])
    return Refined(scores, regions)


def _region(anchors: Anchors, at: int, span: int) -> Region:
    assert anchors.votes is not None  # noqa: S101 - the best places are asked for
    assert anchors.expected is not None  # noqa: S101 - the same
    target, votes, expected = int(anchors.targets[at]), float(anchors.votes[at]), float(anchors.expected[at])
    return Region(target, target + span, int(anchors.flags[at]), votes, (0, target), expected)


def verify(
    question: Question, payload: bytes | memoryview, regions: Sequence[Region], limits: Limits
) -> Verdict | None:
    """Return where a recording holds the clip; None if it does not.

    Without regions, all places are looked at that seeds of the recording's own vote for.
    """
    recording = Recording(payload)
    duration_s = recording.duration_s
    is_same = bool(question.digest) and recording.digest == question.digest
    if not regions and len(recording):
        regions = places_voted(question.probe, recording)
    asking = Asking(
        np.zeros(len(regions), np.uint32),
        np.array([region.start for region in regions], np.int64),
        np.array([region.flag for region in regions], np.uint8),
        np.array([region.votes / max(region.expected, 1e-9) for region in regions]),
    )
    places = places_of(question.asked, [payload], asking, [duration_s], question.hours)
    found = _apart([(place, region) for place, region in zip(places, regions, strict=True) if place is not None])
    if not found and not is_same:
        return None
    told: list[dict[str, Any]] = [_told(place, region, duration_s) for place, region in found]
    if is_same:
        told = [_all_of_it(duration_s, told), *[one for one in told if one["target_s"][0] > APART_S]]
    best: dict[str, Json] = dict(told[0])
    best["count"] = len(told)
    more = told[1 : 1 + limits.evidence_more]
    if more:
        best["more"] = [dict(one) for one in more]
    score = 1.0 if is_same else min(found[0][0].score, 0.9999)
    return Verdict(score, "exact" if is_same else "near", best)


def _apart(found: list[tuple[Place, Region]]) -> list[tuple[Place, Region]]:
    """Return the places, surest first, without those that are nearly where a surer one is."""
    kept: list[tuple[Place, Region]] = []
    found.sort(key=lambda one: (-one[0].score, -one[0].gain * one[0].peaks ** 0.5, one[0].target, one[1].flag))
    starts: NDArray[np.float64] = np.empty(0)
    for one in found:
        begin = one[0].target + one[0].speed * one[0].passage[0]
        if not len(starts) or np.abs(starts - begin).min() * HOP / RATE >= APART_S:
            kept.append(one)
            starts = np.append(starts, begin)
    return kept


def _told(place: Place, region: Region, duration_s: float) -> dict[str, Json]:
    begin, end = (frame * HOP / RATE for frame in place.passage)
    low, high = (place.target + place.speed * frame for frame in place.passage)
    return {
        "query_s": [round(begin, 3), round(end, 3)],
        "target_s": [round(max(0.0, low * HOP / RATE), 3), round(min(duration_s, high * HOP / RATE), 3)],
        "speed": 1.0 if region.flag == AS_IT_IS and abs(place.speed - 1) < 5e-4 else round(place.speed, 4),
        "votes": round(region.votes, 1),
        "expected_votes": round(region.expected, 1),
        "method": "landmarks",
        "peaks": place.peaks,
        "gain": round(place.gain, 3),
        "score": round(min(place.score, 0.9999), 4),
    }


def _all_of_it(duration_s: float, told: list[dict[str, Any]]) -> dict[str, Json]:
    """Return the evidence of the same signal; votes are those of its place, where there are some."""
    whole = round(duration_s, 3)
    here = next((one for one in told if one["target_s"][0] <= APART_S), None)
    return {
        "query_s": [0.0, whole],
        "target_s": [0.0, whole],
        "speed": 1.0,
        "votes": here["votes"] if here else None,
        "expected_votes": here["expected_votes"] if here else None,
        "method": "landmarks",
        "peaks": here["peaks"] if here else None,
        "gain": here["gain"] if here else None,
        "score": 1.0,
        "signal_equal": True,
    }
