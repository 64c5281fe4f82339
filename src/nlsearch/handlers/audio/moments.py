"""Means and deviations of rows that come one piece after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Moments:
    """Sums of columns and of their squares."""

    def __init__(self, columns: int) -> None:
        self.count = 0
        self._sums = np.zeros(columns)
        self._squares = np.zeros(columns)

    def add(self, rows: NDArray[np.floating[Any]]) -> None:
        """Add rows of shape (n, columns)."""
        held = rows.astype(np.float64, copy=False)
        self.count += len(held)
        self._sums += held.sum(axis=0)
        self._squares += np.einsum("ij,ij->j", held, held)

    @property
    def mean(self) -> NDArray[np.float64]:
        """The means, 0 without rows."""
        return self._sums / max(self.count, 1)

    @property
    def deviation(self) -> NDArray[np.float64]:
        """The standard deviations, 0 without rows."""
        return np.asarray(np.sqrt(np.maximum(self._squares / max(self.count, 1) - self.mean**2, 0.0)), np.float64)
