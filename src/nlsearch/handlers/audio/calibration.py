"""How sure it is that a clip is from a place: calibrated on recordings that no figure is taken from.

The weights and the thresholds were fitted on 87 pieces of game music in the index (3.3 hours) and
2,580 clips of 116 others, with noise (voices and pink noise) from none to -5 dB, of packages (supertux, widelands,
naev, hyperrogue, megaglest, unknown-horizons, freedroidrpg, flare, lincity-ng, planetblupi, singularity, asc, drascula,
endless-sky, supertuxkart) that no figure of docs/figures.md is taken from.  What is asked of clips of several windows
and of passages below three seconds was raised later, for clips of 15 s of other music and for voices.

References
----------
A logistic function of what is measured, as in Platt (1999), "Probabilistic outputs for support vector machines".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORTH, ABOVE, STEADINESS, PEAKS, VOTES, BIAS = 4.525, 37.842, 1.031, 0.55, 3.146, -12.368
"""Weights: of a peak's worth; of what it is worth more than at the best place of chance, times the square root of the
number of peaks; of what it is worth more than by chance, in deviations; of the logarithms of peaks and of votes."""
MANY = 20.0
"""The square root of the number of peaks of a clip of four seconds."""
MOST_STEADY = 12.0
FITTED_HOURS, TAIL = 3.3, 1.4
"""False alarms are as many as hours are searched, and e times fewer for each 1 / TAIL more that is asked for.  Fewer
hours than fitted ask for no less: a collection of words and effects is small, and its sounds begin and end alike."""
SHORT_S, AT_SHORT, BY_LENGTH, LEAST_ASKED = 3.0, 2.2, 1.6, 0.7
BY_SHORTNESS = 5.0
"""As BY_LENGTH, of passages below SHORT_S: words of one or two seconds are alike in all that so few frames tell.  Set
with voices of hedgewars beside others of them and beside music, and with clips of wesnoth's music."""
SEVERAL_WINDOWS = 4.5
"""What is asked of clips of several windows, which have more ways to lie and whose own places get far more."""


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

    def odds(self) -> NDArray[np.float64]:
        """Return the logarithms of the odds that the clip is from each place; float64, shape (n,)."""
        above = (self.worth - self.others.max(axis=1)) * np.sqrt(self.peaks) / MANY
        steadiness = (self.worth - self.others.mean(axis=1)) / np.maximum(self.others.std(axis=1), 1e-3)
        odds = WORTH * self.worth + ABOVE * above + STEADINESS * np.minimum(steadiness, MOST_STEADY)
        many = PEAKS * np.log(np.maximum(self.peaks, 1)) + VOTES * np.log(np.maximum(self.votes, 1e-3))
        return np.asarray(odds + many + BIAS)


def asked_of(seconds: NDArray[np.float64], windows: int, hours: float) -> NDArray[np.float64]:
    """Return the odds that are asked of places, as logarithms; float64, shape (n,).

    Parameters
    ----------
    seconds : ndarray of float64, shape (n,)
        Of the passage: of a clip that hangs over an end of the recording only what lies in it.
    windows : int
        In how many parts the clip is compared.
    hours : float
        How much sound is searched.
    """
    searched = math.log(max(hours, FITTED_HOURS) / FITTED_HOURS) / TAIL
    if windows > 1:
        return np.full(len(seconds), SEVERAL_WINDOWS + searched)
    longer = np.log(np.maximum(seconds, 0.5) / SHORT_S)
    asked = AT_SHORT - longer * np.where(longer < 0, BY_SHORTNESS, BY_LENGTH)
    return np.asarray(np.maximum(LEAST_ASKED, asked) + searched)


def surety(measured: Measured, asked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scores of places of which such odds are asked; float64, shape (n,); 0.5 is the threshold."""
    return np.asarray(1 / (1 + np.exp(np.minimum(asked - measured.odds(), 500))))
