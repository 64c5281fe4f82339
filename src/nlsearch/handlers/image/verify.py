"""Whether two pictures show the same: equal pixels, a homography between their keypoints, or close hashes.

Everything is computed from the two payloads alone and is deterministic.

References
----------
.. [1] Lowe (2004). Distinctive image features from scale-invariant keypoints. IJCV 60:91-110.
.. [2] Fischler, Bolles (1981). Random sample consensus. CACM 24:381-395.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlsearch.handlers.image import hashes
from nlsearch.handlers.image.geometry import LEAST_INLIERS, Alignment, align
from nlsearch.handlers.image.payload import Fingerprint
from nlsearch.model import Json, Probe, Verdict

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Buffer

NEAR_CEILING = 0.99
"""A near hit scores below an exact one, however good it is."""
CHANCE_DISTANCE = 128
"""Bits in which two unrelated hashes differ on average: half of them."""


def verify(probe: Probe, payload: Buffer) -> Verdict | None:
    """Compare the asked picture with an item."""
    asked, item = Fingerprint.unpack(probe.verification["picture"]), Fingerprint.unpack(payload)
    if not asked.digest or not item.digest:
        return None
    if asked.digest == item.digest:
        return Verdict(1.0, "exact", _same(asked))
    turn, distance = _closest_turn(asked, item)
    alignment = align(asked, item) if probe.verification.get("keypoints", True) else None
    if alignment is None and turn is None:
        return None
    evidence: dict[str, Json] = {"pixels_equal": False}
    score = 0.0
    if alignment is not None:
        evidence |= _aligned(alignment)
        score = alignment.inliers / (alignment.inliers + LEAST_INLIERS)
    if turn is not None:
        score = max(score, 1 - distance / CHANCE_DISTANCE)
        if alignment is None or alignment.mirrored == (turn >= 4):
            evidence |= {"hamming": distance, "turn": 90 * (turn % 4), "mirrored": turn >= 4}
    return Verdict(NEAR_CEILING * score, "near", evidence)


def _closest_turn(asked: Fingerprint, item: Fingerprint) -> tuple[int | None, int]:
    """Return the turn of the asked picture whose hash is closest, if close enough, and the distance in bits."""
    if asked.turns is None or item.turns is None:
        return None, 0
    distances = hashes.distances(asked.turns, item.turns[0])
    turn = int(distances.argmin())
    distance = int(distances[turn])
    return (turn if distance <= hashes.FARTHEST else None), distance


def _aligned(alignment: Alignment) -> dict[str, Json]:
    return {
        "quad": [[round(float(x), 2), round(float(y), 2)] for x, y in alignment.quad],
        "homography": [[float(f"{value:.10g}") for value in row] for row in alignment.homography.tolist()],
        "inliers": alignment.inliers,
        "mirrored": alignment.mirrored,
    }


def _same(picture: Fingerprint) -> dict[str, Json]:
    """Return the evidence of equal pixels: the whole frame, in place."""
    w, h = float(picture.width), float(picture.height)
    evidence: dict[str, Json] = {
        "pixels_equal": True,
        "quad": [[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]],
        "homography": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        "inliers": len(picture.keypoints.points),
        "mirrored": False,
    }
    return evidence | ({"hamming": 0, "turn": 0} if picture.turns is not None else {})
