"""From a decoded picture to what the index keeps of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nlsearch.handlers.image import hashes, pixels
from nlsearch.handlers.image.facts import LOOK, PDQ, WORD
from nlsearch.handlers.image.keypoints import Keypoints, find_keypoints, working_scale
from nlsearch.handlers.image.look import look
from nlsearch.handlers.image.payload import Fingerprint
from nlsearch.handlers.image.read import Decoded, upright
from nlsearch.handlers.image.visualwords import words
from nlsearch.model import Features, RawItem

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILLER_MARGIN = 16
"""Rows beside filler that are not trusted either: a block of a JPEG that broke off."""


def features(item: RawItem) -> Features:
    """Derive everything from a picture; one that was not decoded keeps its fields."""
    decoded = item.content
    assert isinstance(decoded, Decoded)  # noqa: S101 - `read` made it
    print_ = fingerprint(decoded)
    fields = dict(decoded.fields)
    terms: dict[str, NDArray[np.uint64]] = {}
    if print_.digest:
        fields["pixels"] = print_.digest.hex()
    if print_.turns is not None:
        terms[PDQ] = np.unique(hashes.band_terms(print_.turns[0]))
    if len(print_.keypoints.points):
        terms[WORD] = words(print_.keypoints.descriptors)
    vectors: dict[str, NDArray[Any]] = {} if print_.look is None else {LOOK: print_.look.astype(np.float32)}
    return Features(words=decoded.words, fields=fields, terms=terms, vectors=vectors, payload=print_.pack())


def fingerprint(decoded: Decoded) -> Fingerprint:
    """Return digest, hashes, keypoints, look and thumbnail of a picture."""
    if decoded.picture is None:
        return Fingerprint(decoded.width, decoded.height, b"", None, 0, Keypoints.none())
    array = pixels.pixel_array(decoded.picture)
    scale = working_scale(decoded.width, decoded.height)
    factor = max(1, int(1 / scale))
    shown = pixels.visible(array, factor)
    grey = pixels.luma(shown)
    small = pixels.shrink(shown, max(shown.shape[:2]) / pixels.THUMBNAIL_SIDE)
    turns, quality = (None, 0) if decoded.rows is not None else hashes.pdq(grey)
    return Fingerprint(
        decoded.width,
        decoded.height,
        pixels.digest(array),
        turns if quality >= hashes.LOWEST_QUALITY else None,
        quality,
        _keypoints(decoded, pixels.shrink(grey, 1 / (scale * factor)), np.array(shown.shape[1::-1]) * factor),
        None if decoded.rows is not None else look(small),
        pixels.thumbnail(small),
    )


def _keypoints(decoded: Decoded, small: NDArray[np.uint8], covered: NDArray[Any]) -> Keypoints:
    """Find keypoints; `covered` is the width and height of what was shrunk, less up to a few rows and columns."""
    found = find_keypoints(small, _mask(decoded, small))
    share = covered / np.array([decoded.width, decoded.height])
    return replace(found, points=(found.points * share).astype(np.float32))


def _mask(decoded: Decoded, small: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Return where a damaged picture has content, at working scale; None for a whole one."""
    if decoded.rows is None:
        return None
    import cv2
    from PIL import Image

    height = len(decoded.rows)
    width = decoded.width if height == decoded.height else decoded.height
    filler = np.convolve(~decoded.rows, np.ones(2 * FILLER_MARGIN + 1), mode="full") > 0
    filler = filler[FILLER_MARGIN : FILLER_MARGIN + height]
    column = Image.fromarray(np.where(filler, 0, 255).astype(np.uint8)[:, None]).resize((width, height))
    mask = np.asarray(upright(column, decoded.orientation))
    return np.asarray(cv2.resize(mask, small.shape[::-1], interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
