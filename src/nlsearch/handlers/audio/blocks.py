"""Re-cutting a stream of levels into blocks of one length, so that results do not depend on how the stream was cut.

Sums of floats depend on what is added first.  What is worked out block by block is equal, to the last bit, however the
levels came.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.audio.bands import BANDS

BLOCK = 512
"""Frames of a block, 16.4 s."""
RANGE = 10.0
"""Levels further below the highest, in nepers of power, count as if they were so far below it: 43 dB."""


class Blocks:
    """Gathers frames until there is a block of them.

    Parameters
    ----------
    frames : int
        Of a block.
    """

    def __init__(self, frames: int = BLOCK) -> None:
        self.frames = frames
        self._held: list[NDArray[np.float32]] = []
        self._count = 0

    def feed(self, levels: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Yield the blocks that are complete now; float32, shape (frames, BANDS).

        Parameters
        ----------
        levels : ndarray of float32, shape (n, BANDS)
        """
        begin = 0
        while self._count + len(levels) - begin >= self.frames:
            end = begin + self.frames - self._count
            taken = [*self._held, levels[begin:end]]
            self._held, self._count = [], 0
            yield taken[0] if len(taken) == 1 else np.concatenate(taken)
            begin = end
        if begin < len(levels):
            self._held.append(levels[begin:].copy())
            self._count += len(levels) - begin

    def rest(self) -> NDArray[np.float32]:
        """Return the frames of the block that is not complete, and forget them."""
        held = np.concatenate([np.empty((0, BANDS), np.float32), *self._held])
        self._held, self._count = [], 0
        return held
