"""How sure it is that a clip is from a place: calibrated on recordings that no figure is taken from."""

from __future__ import annotations
import numpy as np
from numpy.typing import NDArray


def surety(worth: float, usual: NDArray[np.float64], peaks: int, hours: float) -> float:
    """x."""
    gain = worth - float(usual.mean())
    return float(1 / (1 + np.exp(-(gain * np.sqrt(peaks) - 4))))
