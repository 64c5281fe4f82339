"""How sure it is that a clip is from a place: calibrated on recordings that no figure is taken from.

References
----------
A logistic function of what is measured, as in Platt (1999), "Probabilistic outputs for support vector machines".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured at places.

    Parameters
    ----------
    worth : ndarray of float64, shape (n,)
        Of a peak of the passage, on average.
    others : ndarray of float64, shape (n, moves)
        The same with the clip moved by frames and bands.
    peaks : ndarray of int64, shape (n,)
    votes : ndarray of float64, shape (n,)
        As a share of those that the best place would have by chance.
    """

    worth: NDArray[np.float64]
    others: NDArray[np.float64]
    peaks: NDArray[np.int64]
    votes: NDArray[np.float64]

    def features(self) -> NDArray[np.float64]:
        """Return what the score is a logistic function of; float64, shape (n, 12)."""
        many = np.sqrt(self.peaks) / 20
        mean, highest = self.others.mean(axis=1), self.others.max(axis=1)
        deviation = np.maximum(self.others.std(axis=1), 1e-3)
        top = np.sort(self.others, axis=1)[:, -4:].mean(axis=1)
        over = [self.worth, self.worth - mean, self.worth - highest, self.worth - top]
        steadiness = np.minimum(over[1] / deviation, 12)
        rest = [steadiness, np.log(np.maximum(self.peaks, 1)), np.log(np.maximum(self.votes, 1e-3))]
        return np.stack([*over, deviation, *(value * many for value in over), *rest], axis=1)


def surety(measured: Measured, hours: float) -> NDArray[np.float64]:
    """Return the scores; float64, shape (n,); 0.5 is the threshold."""
    exponent = measured.features()[:, 7] * 10 - 3 - 0.3 * np.log(max(hours, 1))
    return np.asarray(1 / (1 + np.exp(-exponent)))
