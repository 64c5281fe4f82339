"""From a decoded picture to arrays: the pixels that equality means, and the luma that hashes and keypoints see.

Conventions
-----------
Two pictures are equal if they have the same size and the same RGB or RGBA values; grey and palette pictures are
expanded, an alpha channel that is opaque everywhere is dropped.  Pictures of more than 8 bits keep their values.  For
the luma (BT.601), transparent pixels lie on mid grey, and deep pictures are stretched between two percentiles.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

MID_GREY = 128
STRETCH_PERCENT = (0.5, 99.5)
THUMBNAIL_SIDE = 160
THUMBNAIL_BYTES = 4096


def pixel_array(picture: Image.Image) -> NDArray[Any]:
    """Return the pixels in the form in which they are compared.

    Returns
    -------
    ndarray
        uint8 of shape (h, w, 3) or (h, w, 4); int32 or float32 of shape (h, w) for deep pictures.
    """
    mode = picture.mode
    if mode == "F":
        return np.asarray(picture, dtype=np.float32)
    if mode == "I" or mode.startswith("I;16"):
        return np.asarray(picture).astype(np.int32)
    if mode == "LAB":
        picture = picture.getchannel(0)
    if picture.has_transparency_data:
        rgba = np.asarray(picture.convert("RGBA"))
        return rgba if rgba[..., 3].min() < 255 else np.ascontiguousarray(rgba[..., :3])
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def digest(pixels: NDArray[Any]) -> bytes:
    """Return the SHA-256 of the pixels and their shape; 32 bytes."""
    fixed = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    sha = hashlib.sha256(f"{fixed.dtype.str} {fixed.shape}\n".encode())
    sha.update(np.ascontiguousarray(fixed).data)
    return sha.digest()


def visible(pixels: NDArray[Any], factor: int = 1) -> NDArray[np.uint8]:
    """Return a picture as it is looked at: 8 bits, transparent parts on mid grey, `factor` times smaller.

    Parameters
    ----------
    pixels : ndarray
        What :func:`pixel_array` gives.
    factor : int
        Averages squares of so many pixels a side; the last rows and columns may average fewer.

    Returns
    -------
    ndarray of uint8, shape (h, w) or (h, w, 3)
    """
    if pixels.ndim == 2:
        return shrink(_stretched(pixels), factor)
    return shrink(pixels if pixels.shape[2] == 3 else _on_grey(pixels), factor)


def luma(shown: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return brightness (BT.601), uint8 of shape (h, w)."""
    import cv2

    return shown if shown.ndim == 2 else np.asarray(cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _on_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    opaque = pixels[..., 3:].astype(np.uint16)
    mixed: NDArray[np.uint8] = ((pixels[..., :3] * opaque + MID_GREY * (255 - opaque) + 127) // 255).astype(np.uint8)
    return mixed


def _stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Map the range between two percentiles of the finite values to 0-255."""
    step = max(1, int((values.size / 1_000_000) ** 0.5))
    sample = values[::step, ::step]
    sample = sample[np.isfinite(sample)]
    if not len(sample):
        return np.full(values.shape, MID_GREY, np.uint8)
    low, high = (float(v) for v in np.percentile(sample, STRETCH_PERCENT))
    if not high > low:
        return np.full(values.shape, MID_GREY, np.uint8)
    scaled = np.clip((np.nan_to_num(values.astype(np.float32), nan=low) - low) * (255 / (high - low)), 0, 255)
    return np.asarray(np.rint(scaled), dtype=np.uint8)


def shrink(shown: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Make a picture `factor` ≥ 1 times smaller by averaging areas; sides stay at least 1 pixel."""
    import cv2

    if factor <= 1:
        return shown
    height, width = shown.shape[:2]
    if factor == int(factor):  # whole squares are averaged several times faster
        whole = int(factor)
        shown = shown[: max(1, height // whole) * whole, : max(1, width // whole) * whole]
        size = (max(1, width // whole), max(1, height // whole))
    else:
        size = (max(1, round(width / factor)), max(1, round(height / factor)))
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def thumbnail(small: NDArray[np.uint8]) -> bytes:
    """Encode a small picture as a JPEG of at most 4 KB; ``b""`` if there is no quality at which it is."""
    import cv2

    if small.ndim == 3:
        small = np.ascontiguousarray(small[..., ::-1])
    for quality in (80, 65, 50, 35, 20, 8):
        done, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and len(encoded) <= THUMBNAIL_BYTES:
            return bytes(encoded)
    return b""
