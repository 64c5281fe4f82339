"""Keypoints in the manner of ORB: corners in a pyramid of sizes, each with a direction and 256 brightness comparisons.

Detection is OpenCV's (FAST corners, Harris ranking, direction by the intensity centroid).  The comparisons are our own
pattern, which is closed under mirroring: the mirror image of every comparison is a comparison too.  So the descriptor
of the mirrored picture is a permutation of bits (:func:`mirrored`), and an indexed picture can be asked for mirrored
copies although only its descriptors are kept.

Conventions
-----------
Points are fractions of the picture's frame.  Pictures are looked at at about 480 × 360 pixels of area, never enlarged.

References
----------
.. [1] Rublee et al. (2011). ORB: an efficient alternative to SIFT or SURF. ICCV, 2564-2571.
.. [2] Calonder et al. (2010). BRIEF: binary robust independent elementary features. ECCV, 778-792.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

AREA = 480 * 360
KEYPOINTS = 400
LEVELS, STEP = 8, 1.2
EDGE, PATCH = 19, 31
FAST_THRESHOLDS = (20, 7)
"""Contrast of a corner: the second is for pictures in which the first finds too few."""
BITS = 256
DIRECTIONS = 64
RADIUS, SPREAD = 14, 31 / 5
SEED = 1


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Keypoints of one picture, strongest first.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 2)
        x and y as fractions of width and height.
    descriptors : ndarray of uint8, shape (n, 32)
    levels : ndarray of uint8, shape (n,)
        The pyramid level, each `STEP` coarser than the one before.
    directions : ndarray of uint8, shape (n,)
        In 1/64 of a full turn, clockwise from the x axis.
    """

    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
    levels: NDArray[np.uint8]
    directions: NDArray[np.uint8]

    @classmethod
    def none(cls) -> Keypoints:
        """Return no keypoints."""
        return cls(np.empty((0, 2), np.float32), np.empty((0, 32), np.uint8), *np.empty((2, 0), np.uint8))


def working_scale(width: int, height: int) -> float:
    """Return by what a picture is shrunk before keypoints are looked for, at most 1."""
    return float(min(1.0, (AREA / (width * height)) ** 0.5))


def find_keypoints(grey: NDArray[np.uint8], mask: NDArray[np.uint8] | None = None) -> Keypoints:
    """Find the strongest keypoints of a picture at its working scale.

    Parameters
    ----------
    grey : ndarray of uint8, shape (h, w)
    mask : ndarray of uint8, shape (h, w), optional
        Zero where there is no picture.
    """
    import cv2

    if min(grey.shape) < 2 * EDGE + 1:
        return Keypoints.none()
    found: Sequence[Any] = ()
    for threshold in FAST_THRESHOLDS:
        if len(found) < KEYPOINTS:
            orb = cv2.ORB.create(KEYPOINTS, STEP, LEVELS, EDGE, 0, 2, cv2.ORB_HARRIS_SCORE, PATCH, threshold)
            found = orb.detect(grey, mask)
    if not found:
        return Keypoints.none()
    rows = sorted((-k.response, k.octave, k.pt[1], k.pt[0], k.angle) for k in found)[:KEYPOINTS]
    _, octave, y, x, angle = np.array(rows, dtype=np.float64).T
    level = octave.astype(np.intp)
    direction = np.rint(angle * (DIRECTIONS / 360)).astype(np.intp) % DIRECTIONS
    steps = np.power(STEP, level)
    at = np.stack([np.rint(x / steps), np.rint(y / steps)], axis=1).astype(np.intp)
    descriptors, sizes = _describe(_pyramid(grey), level, at, direction)
    points = ((at + 0.5) / sizes[level]).astype(np.float32)
    return Keypoints(points, descriptors, level.astype(np.uint8), direction.astype(np.uint8))


def _pyramid(grey: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return the blurred levels, of the sizes that the detector uses."""
    import cv2

    height, width = grey.shape
    levels = []
    for level in range(LEVELS):
        size = (round(width / STEP**level), round(height / STEP**level))
        if min(size) < 2 * RADIUS:
            break
        plane = grey if level == 0 else cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR_EXACT)
        blurred = cv2.GaussianBlur(plane, (7, 7), 2, borderType=cv2.BORDER_REFLECT_101)
        levels.append(np.asarray(blurred, dtype=np.uint8))
    return levels


def _describe(
    levels: list[NDArray[np.uint8]], level: NDArray[np.intp], at: NDArray[np.intp], direction: NDArray[np.intp]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Compare brightness at the pairs of the turned pattern, for all keypoints at once."""
    sizes = np.array([plane.shape[::-1] for plane in levels], dtype=np.intp)
    starts = np.concatenate([[0], np.cumsum(sizes.prod(axis=1))[:-1]])
    flat = np.concatenate([plane.ravel() for plane in levels])
    dx, dy = _turned_pattern()
    stride = sizes[level, 0].astype(np.int32)
    base = (starts[level] + at[:, 1] * stride + at[:, 0]).astype(np.int32)
    places = base[:, None] + dx[direction] + dy[direction] * stride[:, None]
    values = flat[places]
    bits = values[:, :BITS] < values[:, BITS:]
    return np.packbits(bits, axis=1, bitorder="little"), sizes.astype(np.float64)


@cache
def pattern() -> NDArray[np.float64]:
    """Return the comparisons as (x1, y1, x2, y2), shape (256, 4); number *k* + 128 is the mirror image of number *k*.

    The direction of a keypoint is the x axis, so mirroring changes the sign of y.
    """
    rng = np.random.default_rng(SEED)
    pairs: list[NDArray[Any]] = []
    while len(pairs) < BITS // 2:
        pair = np.clip(np.round(rng.normal(0, SPREAD, 4)), -RADIUS, RADIUS)
        if max(np.hypot(*pair[:2]), np.hypot(*pair[2:])) <= RADIUS and (pair[:2] != pair[2:]).any():
            pairs.append(pair)
    half = np.stack(pairs)
    return np.concatenate([half, half * np.array([1, -1, 1, -1])])


@cache
def _turned_pattern() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return x and y of all first, then all second places, for every direction; each int32 of shape (64, 512)."""
    angle = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    places = np.concatenate([pattern()[:, :2], pattern()[:, 2:]])
    x, y = places[:, 0], places[:, 1]
    return np.rint(cos * x - sin * y).astype(np.int32), np.rint(sin * x + cos * y).astype(np.int32)


def mirrored(descriptors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the descriptors that the same keypoints have in the mirrored picture."""
    half = descriptors.shape[1] // 2
    return np.concatenate([descriptors[:, half:], descriptors[:, :half]], axis=1)
