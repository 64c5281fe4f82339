"""Finding the projective map from one picture to another by their keypoints, or that there is none.

Conventions
-----------
Homographies map query to item coordinates, both in pixels of the upright pictures with (0, 0) at the outer corner.
Matching and RANSAC work at the scale at which the keypoints were found, so that tolerances mean the same for all sizes.

References
----------
.. [1] Hartley, Zisserman (2004). Multiple View Geometry, chapter 4.
.. [2] Schwarz (1978). Estimating the dimension of a model. Annals of Statistics 6:461-464.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.image.keypoints import BITS, DIRECTIONS, LEVELS, mirrored, working_scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.image.keypoints import Keypoints
    from nlsearch.handlers.image.payload import Fingerprint

LEAST_INLIERS = 14
"""Unrelated pictures reached 8 in thousands of pairs."""
RATIO = 0.8
TOLERANCE_PX = 3.0
ROUNDS, CONFIDENCE = 2000, 0.995
LEAST_SPREAD = 0.03
"""Share of either frame that the inliers' hull covers: a common caption or watermark is not a common picture."""
SMALLEST_SHARE, LARGEST_SHARE = 1e-3, 1e3
RANSAC_SEED = 0
LEAST_NOISE = 1e-2
"""Square pixels by which keypoints are off at least; keeps perfect pairs from counting without end."""
TURN_WINDOW, SCALE_WINDOW = 5, 2
"""Pairs agree if their turns differ by 5/64 of a full turn and their scales by 2 levels (a factor of 1.44)."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the query lies in the item.

    Parameters
    ----------
    homography : ndarray of float64, shape (3, 3)
        Query to item, last element 1.
    quad : ndarray of float64, shape (4, 2)
        The corners of the query's frame in the item, upper left first, clockwise as the query reads.
    inliers : int
        Pairs of keypoints that agree with it.
    mirrored : bool
        The item shows the query's mirror image.
    """

    homography: NDArray[np.float64]
    quad: NDArray[np.float64]
    inliers: int
    mirrored: bool


def align(query: Fingerprint, item: Fingerprint) -> Alignment | None:
    """Return how `query` lies in `item`, as it is or mirrored, or None if it does not."""
    plain = _align(query, item, flipped=False)
    return plain if plain is not None else _align(query, item, flipped=True)


def _align(query: Fingerprint, item: Fingerprint, *, flipped: bool) -> Alignment | None:
    ours = query.keypoints.descriptors
    pairs = matches(mirrored(ours) if flipped else ours, item.keypoints.descriptors)
    if len(pairs) < LEAST_INLIERS:
        return None
    pairs = pairs[_consistent(query.keypoints, item.keypoints, pairs, flipped=flipped)]
    if len(pairs) < LEAST_INLIERS:
        return None
    points = query.keypoints.points[pairs[:, 0]]
    if flipped:
        points = np.stack([1 - points[:, 0], points[:, 1]], axis=1)
    (source, source_size), (target, target_size) = (
        _at_work(points, query),
        _at_work(item.keypoints.points[pairs[:, 1]], item),
    )
    fitted = _fit(source, target)
    if fitted is None:
        return None
    homography, agree = fitted
    inliers = int(agree.sum())
    if inliers < LEAST_INLIERS:
        return None
    spread = min(_hull(source[agree]) / source_size.prod(), _hull(target[agree]) / target_size.prod())
    if spread < LEAST_SPREAD or not _plausible(homography, source_size, target_size):
        return None
    return _in_pixels(homography, query, item, inliers, flipped=flipped)


def matches(query: NDArray[np.uint8], item: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Pair descriptors that are clearly each other's best.

    Parameters
    ----------
    query, item : ndarray of uint8, shapes (n, 32) and (m, 32)

    Returns
    -------
    ndarray of intp, shape (k, 2)
        Rows of `query` and `item`; the nearest by Hamming distance where it is below `RATIO` of the second nearest,
        and of several rows that want the same row of `item` the nearest.
    """
    if len(query) < LEAST_INLIERS or len(item) < LEAST_INLIERS:
        return np.empty((0, 2), np.intp)
    distance = _distances(query, item)
    every = np.arange(len(query))
    nearest = distance.argmin(axis=1)
    best = distance[every, nearest]
    distance[every, nearest] = BITS + 1
    clear = np.flatnonzero(best < RATIO * distance.min(axis=1))
    clear = clear[np.argsort(best[clear], kind="stable")]
    _, first = np.unique(nearest[clear], return_index=True)
    rows = np.sort(clear[first])
    return np.stack([rows, nearest[rows]], axis=1).astype(np.intp)


def _distances(query: NDArray[np.uint8], item: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return all Hamming distances, shape (n, m)."""
    ours, theirs = np.ascontiguousarray(query).view(np.uint64), np.ascontiguousarray(item).view(np.uint64)
    total = np.zeros((len(ours), len(theirs)), np.uint16)
    for word in range(ours.shape[1]):
        total += np.bitwise_count(ours[:, word, None] ^ theirs[None, :, word])
    return total


def _consistent(query: Keypoints, item: Keypoints, pairs: NDArray[np.intp], *, flipped: bool) -> NDArray[np.bool_]:
    """Keep the pairs that agree on how far the picture is turned and by how many levels it is scaled.

    Copies differ by nearly the same turn and scale everywhere; chance pairs do not.  The pairs vote in bins of turn
    and scale, and those near the fullest neighbourhood of bins remain.
    """
    before = query.directions[pairs[:, 0]].astype(np.intp)
    if flipped:
        before = DIRECTIONS // 2 - before
    turn = (item.directions[pairs[:, 1]] - before) % DIRECTIONS
    scale = item.levels[pairs[:, 1]].astype(np.intp) - query.levels[pairs[:, 0]] + LEVELS - 1
    votes = np.zeros((DIRECTIONS, 2 * LEVELS - 1), np.intp)
    np.add.at(votes, (turn, scale), 1)
    near = sum(np.roll(votes, shift, axis=0) for shift in range(-TURN_WINDOW, TURN_WINDOW + 1))
    padded = np.pad(near, ((0, 0), (SCALE_WINDOW, SCALE_WINDOW)))
    near = sum(padded[:, shift : shift + votes.shape[1]] for shift in range(2 * SCALE_WINDOW + 1))
    top_turn, top_scale = np.unravel_index(int(np.argmax(near)), votes.shape)
    apart = np.abs((turn - top_turn + DIRECTIONS // 2) % DIRECTIONS - DIRECTIONS // 2)
    return np.asarray((apart <= TURN_WINDOW) & (np.abs(scale - top_scale) <= SCALE_WINDOW))


def _at_work(points: NDArray[np.float32], picture: Fingerprint) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points and frame in pixels of the working scale."""
    frame = np.array([picture.width, picture.height]) * working_scale(picture.width, picture.height)
    return points.astype(np.float64) * frame, frame


def _fit(source: NDArray[Any], target: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    import cv2

    cv2.setRNGSeed(RANSAC_SEED)
    homography, mask = cv2.findHomography(
        source, target, cv2.RANSAC, TOLERANCE_PX, maxIters=ROUNDS, confidence=CONFIDENCE
    )
    if homography is None or not np.isfinite(homography).all():
        return None
    agree = mask.ravel().astype(bool)
    return _simplest(np.asarray(homography, dtype=np.float64), source[agree], target[agree]), agree


def _simplest(homography: NDArray[np.float64], source: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
    """Prefer a similarity or an affine map to a homography that explains the pairs hardly better [2]_.

    Keypoints are a pixel or so off.  Eight parameters follow that noise and carry it to the corners, far beyond the
    keypoints; most copies are only scaled, turned and moved, which takes four.
    """
    best, least = homography, _information(homography, 8, source, target)
    for basis in (_affinity, _similarity):
        columns = basis(source)
        fitted, *_ = np.linalg.lstsq(columns, target.ravel(), rcond=None)
        x, y, origin = (basis(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])) @ fitted).reshape(3, 2)
        matrix = np.vstack([np.column_stack([x - origin, y - origin, origin]), [0.0, 0.0, 1.0]])
        information = _information(matrix, columns.shape[1], source, target)
        if information <= least:
            best, least = matrix, information
    return best


def _information(matrix: NDArray[np.float64], parameters: int, source: NDArray[Any], target: NDArray[Any]) -> float:
    """Return Schwarz's criterion of a map: the lower, the better it explains the pairs for its parameters."""
    mapped = project(matrix, source)
    if mapped is None:
        return float("inf")
    values = target.size
    residual = float(((mapped - target) ** 2).sum()) / values + LEAST_NOISE
    return values * float(np.log(residual)) + parameters * float(np.log(values))


def _similarity(points: NDArray[Any]) -> NDArray[np.float64]:
    """Return the equations of a similarity (scale, turn, shift); shape (2 n, 4)."""
    x, y = points.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    return np.stack([np.stack([x, -y, one, zero], axis=1), np.stack([y, x, zero, one], axis=1)], axis=1).reshape(-1, 4)


def _affinity(points: NDArray[Any]) -> NDArray[np.float64]:
    """Return the equations of an affine map; shape (2 n, 6)."""
    rows = np.column_stack([points, np.ones(len(points))])
    empty = np.zeros_like(rows)
    return np.stack([np.hstack([rows, empty]), np.hstack([empty, rows])], axis=1).reshape(-1, 6)


def _hull(points: NDArray[Any]) -> float:
    """Return the area of the points' convex hull."""
    import cv2

    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32))))


def corners(width: float, height: float) -> NDArray[np.float64]:
    """Return the corners of a frame, upper left first, clockwise; shape (4, 2)."""
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)


def project(homography: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Map points, shape (n, 2); None if one lies on or beyond the horizon."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ homography.T
    if (mapped[:, 2] <= 0).any():
        return None
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def _plausible(homography: NDArray[np.float64], source: NDArray[np.float64], target: NDArray[np.float64]) -> bool:
    """Say whether the query's frame becomes a convex quadrilateral of the same sense and a sensible size."""
    quad = project(homography / homography[2, 2], corners(*source)) if homography[2, 2] else None
    if quad is None:
        return False
    edges = np.roll(quad, -1, axis=0) - quad
    following = np.roll(edges, -1, axis=0)
    convex = bool((edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0] > 0).all())
    x, y = quad.T
    area = float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    return convex and SMALLEST_SHARE <= area / target.prod() <= LARGEST_SHARE


def _in_pixels(
    homography: NDArray[np.float64], query: Fingerprint, item: Fingerprint, inliers: int, *, flipped: bool
) -> Alignment | None:
    """Bring a homography from the working scale to pixels, the mirroring included."""
    ours, theirs = working_scale(query.width, query.height), working_scale(item.width, item.height)
    full = np.diag([1 / theirs, 1 / theirs, 1.0]) @ homography @ np.diag([ours, ours, 1.0])
    if flipped:
        full = full @ np.array([[-1.0, 0.0, query.width], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    if not full[2, 2]:
        return None
    full = full / full[2, 2]
    quad = project(full, corners(query.width, query.height))
    return None if quad is None else Alignment(full, quad, inliers, flipped)
