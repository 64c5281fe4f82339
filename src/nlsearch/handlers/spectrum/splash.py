"""SPLASH: a short text by which one spectrum is recognised wherever it is kept, and similar ones begin alike.

``splash10-0002-0900000000-b112e4e059e1ecf98c5f``: the kind of spectrum (1, mass) and the version (0); where the highest
peaks are, in ten bins of 5 Da; where the intensity is, in ten bins of 100 Da; the beginning of a SHA-256 of all peaks.

Conventions
-----------
Intensities are taken relative to the highest, which is 100, and cut to whole numbers in the hash; m/z is cut to six
decimals.  Peaks count as given: one of intensity 0 is in the hash, and so is each of two at the same position, so a
SPLASH equals that of another source only if it is made of the same list.

References
----------
G. Wohlgemuth et al., *SPLASH, a hashed identifier for mass spectra*, Nat. Biotechnol. 2016, 34, 1099.
"""

from __future__ import annotations

import hashlib
import math
import operator
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_EPSILON = 1e-7
"""Added before numbers are cut, so that 0.29 × 100 is 29."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BINS = 10
_TALLEST, _TALL = 10, 0.1
"""The first block is made of at most so many peaks, and of none below this share of the highest."""
_HASHED = 20
_FARTHEST = 1e12


def splash(mz: ArrayLike, intensities: ArrayLike) -> str:
    """Return the SPLASH of a mass spectrum, ``""`` if it has no peak above 0 or a value that is negative or not finite.

    Parameters
    ----------
    mz, intensities : array_like of float, shape (n,)
        In any order.  An m/z from 10¹² on counts as not finite.
    """
    where = np.asarray(mz, np.float64).ravel()
    heights = np.asarray(intensities, np.float64).ravel()
    places: list[float] = where.tolist()
    raw: list[float] = heights.tolist()
    top = max(raw, default=0.0)
    if not (top > 0 and math.isfinite(sum(raw)) and min(raw) >= 0):
        return ""
    if not (math.isfinite(sum(places)) and min(places) >= 0 and max(places) < _FARTHEST):
        return ""
    relative = heights / top * 100
    scaled: list[float] = relative.tolist()
    tall = [(-height, place) for place, height in zip(places, scaled, strict=True) if height >= _TALL * 100]
    highest = [(place, -height) for height, place in sorted(tall)[:_TALLEST]]
    first = int(_histogram(highest, 5, 3), 3)
    second = _histogram(zip(places, scaled, strict=True), 100, 10)
    return f"splash10-{_base36(first)}-{second}-{_hash(where, relative)}"


def _histogram(peaks: Iterable[tuple[float, float]], width: int, base: int) -> str:
    """Return the intensity in each bin as a digit; bins are used again after the last."""
    bins = [0.0] * _BINS
    for mz, height in peaks:
        bins[int(mz / width) % _BINS] += height
    scale = (base - 1) / max(bins)
    return "".join([_DIGITS[int(height * scale + _EPSILON)] for height in bins])


def _base36(number: int) -> str:
    digits = ""
    for _ in range(4):
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def _hash(where: NDArray[np.float64], relative: NDArray[np.float64]) -> str:
    """Return the beginning of the hash of all peaks, by rising m/z and falling intensity."""
    places = ((where + _EPSILON) * 1e6).astype(np.int64).tolist()
    heights = (relative + _EPSILON).astype(np.int64).tolist()
    if any(map(operator.ge, places, places[1:])):
        pairs = sorted(zip(places, heights, strict=True), key=lambda peak: (peak[0], -peak[1]))
        places, heights = [place for place, _ in pairs], [height for _, height in pairs]
    text = " ".join([f"{place}:{height}" for place, height in zip(places, heights, strict=True)])
    return hashlib.sha256(text.encode()).hexdigest()[:_HASHED]
