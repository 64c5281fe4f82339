"""How sure it is that a clip is from a place: calibrated on recordings that no figure is taken from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured at a place.

    Parameters
    ----------
    worth : float
        Of a peak, on average.
    others : ndarray of float64, shape (moves,)
        The same with the clip moved by frames and bands.
    peaks : int
    votes : float
        Beside those that the best place would have by chance.
    """

    worth: float
    others: NDArray[np.float64]
    peaks: int
    votes: float

    def features(self) -> list[float]:
        """Return what the score is a logistic function of."""
        others, many = self.others, self.peaks**0.5 / 20
        mean, highest, deviation = float(others.mean()), float(others.max()), max(float(others.std()), 1e-3)
        top = float(np.sort(others)[-4:].mean())
        return [
            self.worth,
            self.worth - mean,
            self.worth - highest,
            self.worth - top,
            deviation,
            self.worth * many,
            (self.worth - mean) * many,
            (self.worth - highest) * many,
            (self.worth - top) * many,
            min((self.worth - mean) / deviation, 12.0),
            float(np.log(self.peaks)),
            float(np.log(max(self.votes, 1e-3))),
        ]


def surety(measured: Measured, hours: float) -> float:
    """Return the score."""
    return float(1 / (1 + np.exp(-measured.features()[7] * 10)))
