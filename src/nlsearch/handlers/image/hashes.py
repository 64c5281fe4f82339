"""PDQ: 256 bits that say how a picture's brightness is laid out, and stay nearly the same in recompressed copies.

The luma is blurred twice by a box whose width grows with the picture, sampled at 64 × 64 points, and transformed by a
DCT whose lowest 16 × 16 frequencies (without the constant) are compared with their median.

Conventions
-----------
Bit ``16 · i + j`` belongs to the vertical frequency ``i + 1`` and the horizontal frequency ``j + 1``, packed with bit
*k* in byte ``k // 8``, value ``1 << (k % 8)``.  The eight `turns` of a hash are those of the picture turned clockwise
by 0, 90, 180, 270 degrees, then the same after mirroring it left to right.  They follow from the transform by
transposing and changing signs, so a query can be turned but the index need not be.

References
----------
.. [1] Facebook (2019). The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm ("hashing.pdf").
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID, KEPT = 64, 16
BANDS = 16
FARTHEST = 2 * BANDS - 1
"""One-bit flips of every band find all hashes up to this distance: more would need two wrong bits in each band."""
LOWEST_QUALITY = 50
"""Below it a picture is too flat for its hash to mean anything; PDQ's authors advise the same."""
SIGNS = (-1.0) ** np.arange(1, KEPT + 1)


def pdq(luma: NDArray[Any]) -> tuple[NDArray[np.uint8], int]:
    """Hash a picture.

    Parameters
    ----------
    luma : ndarray, shape (h, w)
        Brightness in 0-255.

    Returns
    -------
    turns : ndarray of uint8, shape (8, 32)
        The hash of each turn; row 0 is the picture's own.
    quality : int
        0 (flat) to 100.
    """
    grid = sampled(luma)
    return turned(transformed(grid)), quality(grid)


def sampled(luma: NDArray[Any]) -> NDArray[np.float32]:
    """Blur with two passes of a box (a tent filter) and take 64 × 64 points; float32, shape (64, 64)."""
    blurred = luma.astype(np.float32)
    for _ in range(2):
        blurred = _box(blurred)
    rows, columns = (((np.arange(GRID) + 0.5) * size / GRID).astype(np.intp) for size in luma.shape)
    return blurred[np.ix_(rows, columns)]


def _box(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average over a box of 1/128 of each side; at the borders over the part that is inside."""
    import cv2

    sizes = [(side + 2 * GRID - 1) // (2 * GRID) for side in plane.shape]
    before = [size - (size + 2) // 2 for size in sizes]
    summed = cv2.boxFilter(
        plane,
        cv2.CV_32F,
        (sizes[1], sizes[0]),
        anchor=(before[1], before[0]),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    inside = [_inside(side, size, left) for side, size, left in zip(plane.shape, sizes, before, strict=True)]
    return np.asarray(summed / inside[0][:, None] / inside[1][None, :], dtype=np.float32)


def _inside(side: int, size: int, before: int) -> NDArray[np.float32]:
    """Return how many positions of a window lie inside, for each of its places."""
    place = np.arange(side)
    low, high = np.maximum(place - before, 0), np.minimum(place - before + size, side)
    return (high - low).astype(np.float32)


def quality(grid: NDArray[np.float32]) -> int:
    """Return how much the 64 × 64 grid varies, 0 to 100: the sum of its quantised gradients over 90."""
    gradients = sum(
        int(np.abs(np.trunc(np.diff(grid, axis=axis).astype(np.float64) * 100 / 255)).sum()) for axis in (0, 1)
    )
    return min(100, gradients // 90)


@cache
def _cosines() -> NDArray[np.float32]:
    frequencies, places = np.arange(1, KEPT + 1), 2 * np.arange(GRID) + 1
    return np.asarray(np.sqrt(2 / GRID) * np.cos(np.pi / (2 * GRID) * np.outer(frequencies, places)), np.float32)


def transformed(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the lowest 16 × 16 DCT coefficients without the constant ones; float32, rows are vertical frequencies."""
    return np.asarray(_cosines() @ grid @ _cosines().T, dtype=np.float32)


def turned(coefficients: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the hashes of the eight turns; uint8, shape (8, 32)."""
    made = []
    for turn in (coefficients, coefficients * SIGNS):
        current = turn
        for _ in range(4):
            made.append(np.packbits((current > _median(current)).ravel(), bitorder="little"))
            current = (current * SIGNS[:, None]).T
    return np.stack(made)


def _median(values: NDArray[Any]) -> float:
    """Return the lower median, as Torben's algorithm does."""
    return float(np.partition(values, values.size // 2 - 1, axis=None)[values.size // 2 - 1])


def distances(turns: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how many bits of each turn differ from `other`; shape (8,)."""
    return np.asarray(np.bitwise_count(turns ^ other).sum(axis=1, dtype=np.int64))


def band_terms(turn: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the terms of a hash: ``band << 16 | value`` for each of its 16 bands."""
    values = turn.view("<u2").astype(np.uint64)
    return (np.arange(BANDS, dtype=np.uint64) << np.uint64(16)) | values


def asked_terms(turns: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the bands of all turns with every single bit flipped, sorted and unique; at most 8 · 16 · 17."""
    flips = np.concatenate([[0], 1 << np.arange(16)]).astype(np.uint64)
    terms = np.concatenate([band_terms(turn) for turn in turns])
    return np.unique(terms[:, None] ^ flips[None, :])
