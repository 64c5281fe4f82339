"""How a picture looks at a glance: where its colours are, and which way its edges run there.

A vector for related pictures, of the same scene or in the same style; it proves nothing.  The colour layout is that of
MPEG-7 in spirit (Lab means of a coarse grid), the edges are histograms of gradient directions.

References
----------
.. [1] Kasutani, Yamada (2001). The MPEG-7 color layout descriptor. ICIP, 674-677.
.. [2] Dalal, Triggs (2005). Histograms of oriented gradients for human detection. CVPR, 886-893.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.image.facts import LOOK, LOOK_DIMENSIONS
from nlsearch.model import Nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID, CELLS, DIRECTIONS = 4, 3, 8
SIDE = 48
COLOUR_SHARE = 0.6
"""Share of the squared length that is colour; the rest is edges."""
FAINT = 0.02
"""Colours and edges weaker than this (of the full range) are no trait of a picture."""
RELATED_MINIMUM, RELATED_LIMIT = 0.8, 100
"""Which neighbours are listed: of the pairs of 46 unlike wallpapers 5 in 100 are as similar."""


def look(shown: NDArray[np.uint8]) -> NDArray[np.float16] | None:
    """Return the vector of a picture as it is looked at.

    Parameters
    ----------
    shown : ndarray of uint8, shape (h, w) or (h, w, 3)

    Returns
    -------
    ndarray of float16, shape (120,), of length at most 1; None
        None for a picture that is mid grey all over.
    """
    import cv2

    colour = shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, axis=2)
    small = cv2.resize(colour, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), dtype=np.float64)
    parts = (COLOUR_SHARE, _layout(lab)), (1 - COLOUR_SHARE, _edges(lab[..., 0] / 100))
    vector = np.concatenate([np.sqrt(share) * _scaled(part) for share, part in parts])
    assert vector.shape == (LOOK_DIMENSIONS,)  # noqa: S101 - the parts are made here
    return vector.astype(np.float16) if vector.any() else None


def _layout(lab: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean lightness (from mid grey) and colour of the cells of a grid, in shares of the full range."""
    means = lab.reshape(GRID, SIDE // GRID, GRID, SIDE // GRID, 3).mean(axis=(1, 3))
    return np.asarray((means / 100 - np.array([0.5, 0, 0])).ravel(), dtype=np.float64)


def _edges(lightness: NDArray[Any]) -> NDArray[np.float64]:
    """Return per cell how much brightness changes in each direction, less the mean over directions and cells."""
    down, right = np.gradient(lightness)
    strength = np.hypot(down, right)
    angle = np.arctan2(down, right) % np.pi  # a change to dark is as good as one to bright
    direction = np.minimum((angle * (DIRECTIONS / np.pi)).astype(np.intp), DIRECTIONS - 1)
    place = np.arange(SIDE) * CELLS // SIDE
    cell = place[:, None] * CELLS + place[None, :]
    histogram = np.bincount((cell * DIRECTIONS + direction).ravel(), strength.ravel(), CELLS * CELLS * DIRECTIONS)
    return np.asarray(histogram / (SIDE // CELLS) ** 2 * DIRECTIONS - strength.mean(), dtype=np.float64)


def _scaled(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale to length 1, and what is fainter than a trait in proportion less."""
    return np.asarray(part / max(float(np.linalg.norm(part)), FAINT * len(part) ** 0.5), dtype=np.float64)


def neighbours(vector: NDArray[np.float16] | None) -> Nearest | None:
    """Return the question for pictures that look alike; None for a picture without a vector."""
    if vector is None:
        return None
    return Nearest(LOOK, vector.astype("<f4").tobytes(), RELATED_MINIMUM, RELATED_LIMIT)
