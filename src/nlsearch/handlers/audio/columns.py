"""Summing a stream of rows into a limited number of columns of a picture, without knowing how long the stream is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Columns:
    """Sums and highest values of equal numbers of units; when the columns are full, neighbours are joined.

    Parameters
    ----------
    most : int
        Columns, even.
    summed, topped : int
        Values of a unit that are summed, and of which the highest is kept.

    Attributes
    ----------
    each : int
        Units of a column, a power of two.
    units : int
        So far.
    """

    def __init__(self, most: int, summed: int, topped: int) -> None:
        self.most, self.each, self.units = most, 1, 0
        self._sums = np.zeros((most, summed))
        self._tops = np.zeros((most, topped))

    def add(self, sums: NDArray[np.float64], tops: NDArray[np.float64]) -> None:
        """Take units; where all values are whole numbers, results do not depend on how the stream was cut.

        Parameters
        ----------
        sums : ndarray of float64, shape (n, summed)
        tops : ndarray of float64, shape (n, topped)
            At least 0.
        """
        begin = 0
        while begin < len(sums):
            if self.units == self.most * self.each:
                self._double()
            end = min(len(sums), begin + self.most * self.each - self.units)
            self._fill(sums[begin:end], tops[begin:end])
            begin = end

    def _fill(self, sums: NDArray[np.float64], tops: NDArray[np.float64]) -> None:
        """Take units for which there is room."""
        first = self.units // self.each
        last = (self.units + len(sums) - 1) // self.each
        starts = np.maximum(np.arange(first, last + 1) * self.each - self.units, 0)
        self._sums[first : last + 1] += np.add.reduceat(sums, starts, axis=0)
        held = self._tops[first : last + 1]
        np.maximum(held, np.maximum.reduceat(tops, starts, axis=0), out=held)
        self.units += len(sums)

    def _double(self) -> None:
        half = self.most // 2
        self._sums[:half] = self._sums[::2] + self._sums[1::2]
        self._tops[:half] = np.maximum(self._tops[::2], self._tops[1::2])
        self._sums[half:], self._tops[half:] = 0, 0
        self.each *= 2

    @property
    def used(self) -> int:
        """Columns that hold something."""
        return -(-self.units // self.each)

    @property
    def sums(self) -> NDArray[np.float64]:
        """Sums of the columns in use; shape (used, summed)."""
        return self._sums[: self.used]

    @property
    def tops(self) -> NDArray[np.float64]:
        """Highest values of the columns in use; shape (used, topped)."""
        return self._tops[: self.used]

    def counts(self) -> NDArray[np.int64]:
        """Return the units of each column in use; shape (used,)."""
        return np.minimum(self.each, self.units - np.arange(self.used) * self.each)
