"""The file of a peak index: its layout, and what writing and reading it share.

One file, ``<space>.peaks``: magic, counts of rows, peaks and losses (u8), then these sections, each from a multiple of
eight bytes on::

    references (f8), keys (u4), exponents, scales, apart, apart_relative (f4)      one for each item that has peaks
    positions (f4), items (u4), weights (f4)                                        one for each peak, by position
    losses (u4)                                 numbers of the peaks of items with a reference, by reference − position

A peak takes 12 bytes, and 4 more where its item has a reference.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from nlsearch.declarations import PeakSpace

SHAPE = struct.Struct("<8sQQQ")
"""Magic, rows, peaks, losses."""
MAGIC = b"NLPEAKS1"
ROW_TYPES = ("<f8", "<u4", "<f4", "<f4", "<f4", "<f4")
PEAK_TYPES = ("<f4", "<u4", "<f4")
LOSS_TYPE = "<u4"
STORED = np.dtype([("position", "<f4"), ("item", "<u4"), ("weight", "<f4")])
"""A peak on its way from one file to another."""
BLOCK = 1 << 18


def peak_file(directory: Path, space: PeakSpace, part: str = "peaks") -> Path:
    """Return the path of a file of the index."""
    return Path(directory) / f"{space.name}.{part}"


def aligned(size: int) -> int:
    """Return the next multiple of eight."""
    return -(-size // 8) * 8
