"""The bytes that verification and drawing work from: 38 bytes a keypoint and a thumbnail of at most 4 KB.

Layout, little-endian: ``version u8, flags u8, quality u8, 0 u8, width u32, height u32, keypoints u16,
thumbnail bytes u16``, then the pixel digest (32 bytes), the PDQ hashes of the eight turns (256 bytes), the vector of
its look (f16), x and y of the keypoints as fractions of the frame (u16), their levels and directions (u8 each), their
descriptors (32 bytes each), and the thumbnail (JPEG).  What a picture lacks is zeros, and its flag is not set.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.handlers.image.facts import LOOK_DIMENSIONS
from nlsearch.handlers.image.keypoints import Keypoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nlsearch.handlers.contract import Buffer

VERSION = 2
HEADER = struct.Struct("<BBBBIIHH")
DECODED, HASHED, LOOKED = 1, 2, 4
FIXED_BYTES = 32 + 256 + 2 * LOOK_DIMENSIONS
FRACTION = 65535.0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a picture.

    Parameters
    ----------
    width, height : int
        Upright, in pixels.
    digest : bytes
        SHA-256 of the decoded pixels; ``b""`` if the picture was not decoded.
    turns : ndarray of uint8, shape (8, 32), or None
        PDQ hashes of the eight turns; None for flat or damaged pictures.
    quality : int
        PDQ's measure of how much the picture varies, 0-100.
    keypoints : Keypoints
    look : ndarray of float16, shape (120,), or None
        How it looks at a glance; None for flat or damaged pictures.
    thumbnail : bytes
        A JPEG, or ``b""``.
    """

    width: int
    height: int
    digest: bytes
    turns: NDArray[np.uint8] | None
    quality: int
    keypoints: Keypoints
    look: NDArray[np.float16] | None = None
    thumbnail: bytes = b""

    def pack(self, *, with_thumbnail: bool = True) -> bytes:
        """Return the payload."""
        thumbnail = self.thumbnail if with_thumbnail else b""
        flags = (DECODED if self.digest else 0) | (HASHED if self.turns is not None else 0)
        flags |= LOOKED if self.look is not None else 0
        count = len(self.keypoints.points)
        head = HEADER.pack(VERSION, flags, self.quality, 0, self.width, self.height, count, len(thumbnail))
        turns = np.zeros((8, 32), np.uint8) if self.turns is None else self.turns
        look = np.zeros(LOOK_DIMENSIONS, "<f2") if self.look is None else self.look.astype("<f2")
        places = np.rint(np.clip(self.keypoints.points, 0, 1) * FRACTION).astype("<u2")
        arrays = (turns, look, places, self.keypoints.levels, self.keypoints.directions, self.keypoints.descriptors)
        return b"".join([head, self.digest or bytes(32), *(array.tobytes() for array in arrays), thumbnail])

    @classmethod
    def unpack(cls, payload: Buffer) -> Fingerprint:
        """Read a payload without copying its arrays.

        Raises
        ------
        ValueError
            If the bytes are no such payload.
        """
        buffer = memoryview(payload)
        if len(buffer) < HEADER.size:
            raise ValueError("the payload is too short")
        version, flags, quality, _, width, height, count, thumbnail = HEADER.unpack_from(buffer)
        if (
            version != VERSION
            or len(buffer) != HEADER.size + FIXED_BYTES + 38 * count + thumbnail
            or not width * height
        ):
            raise ValueError("not a payload of this version")
        at = HEADER.size
        digest = bytes(buffer[at : at + 32]) if flags & DECODED else b""
        turns = np.frombuffer(buffer, np.uint8, 256, at + 32).reshape(8, 32) if flags & HASHED else None
        look = np.frombuffer(buffer, "<f2", LOOK_DIMENSIONS, at + 288) if flags & LOOKED else None
        at += FIXED_BYTES
        places = np.frombuffer(buffer, "<u2", 2 * count, at).reshape(count, 2)
        levels = np.frombuffer(buffer, np.uint8, count, at + 4 * count)
        directions = np.frombuffer(buffer, np.uint8, count, at + 5 * count)
        descriptors = np.frombuffer(buffer, np.uint8, 32 * count, at + 6 * count).reshape(count, 32)
        points = (places / FRACTION).astype(np.float32)
        keypoints = Keypoints(points, descriptors, levels, directions)
        return cls(width, height, digest, turns, quality, keypoints, look, bytes(buffer[at + 38 * count :]))
