"""What is usual of the values of a likeness, and how much each part of them counts.

The means and deviations are those of 306 varied pieces and backgrounds from free games: orchestral, electronic, rock,
piano, ambience, machines.  They only bring the values to one scale; other music may have others.  The weights were
chosen so that halves of a piece find each other, and confirmed on pieces that did not choose them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Part:
    """Values that belong together: how many there are, and the weight of all of them."""

    name: str
    size: int
    weight: float


PARTS = (
    Part("timbre", 16, 1.4),
    Part("timbre varying", 16, 1),
    Part("timbre changing", 16, 1),
    Part("loudness", 2, 0.3),
    Part("contrast", 6, 0.7),
    Part("contrast varying", 6, 0.3),
    Part("harmony", 12, 1.4),
    Part("intervals", 7, 0.5),
    Part("tonnetz", 3, 0.3),
    Part("tonnetz varying", 3, 0.3),
    Part("moves", 1, 0.3),
    Part("rhythm", 14, 1.2),
)

# fmt: off
MEANS: NDArray[np.float64] = np.array((
    5.681, 0.4275, 0.2684, -0.2916, 0.09208, -0.007494, 0.191, 0.1068, 0.1177, 0.1477, 0.1353, 0.1328, 0.138, 0.1199,
    0.1012, 0.1418, 4.206, 2.837, 2.191, 2.039, 1.954, 2.002, 2.02, 2.107, 2.045, 1.919, 1.751, 1.571, 1.526, 1.806,
    2.105, 2.311, 3.649, 2.468, 1.895, 1.806, 1.7, 1.713, 1.692, 1.7, 1.651, 1.603, 1.512, 1.425, 1.377, 1.503, 1.63,
    1.703, 11.72, 8.368, 4.371, 4.141, 3.75, 3.43, 2.64, 2.08, 1.395, 1.264, 1.208, 1.215, 1.068, 0.9893, 0.4452,
    0.1493, 0.3048, 0.2539, 0.2364, 0.2944, 0.1591, 0.4102, 0.2026, 0.2168, 0.2501, 0.2105, 0.5996, 0.1255, 0.1928,
    0.1976, 0.1909, 0.294, 0.1078, 0.6639, 0.5426, 0.4727, 0.1882, 0.2041, 0.1956, 0.605, 0.1598, 0.1642, -0.04205,
    -0.07468, -0.07654, -0.02561, 0.02634, 0.005813, 0.04838, 0.03827, -0.05033, 0.07406, 0.07677, -0.06779,
))
DEVIATIONS: NDArray[np.float64] = np.array((
    4.343, 3.02, 1.603, 1.363, 1.143, 1.108, 0.9818, 0.9237, 0.9083, 0.8509, 0.6984, 0.6402, 0.6758, 0.8067, 1.032,
    1.255, 1.237, 0.9066, 0.6391, 0.5545, 0.5284, 0.4969, 0.5075, 0.5631, 0.4931, 0.4768, 0.4056, 0.3381, 0.3417,
    0.45, 0.5805, 0.6962, 1.451, 0.9944, 0.6172, 0.6387, 0.5197, 0.5232, 0.5015, 0.4965, 0.4298, 0.435, 0.3971,
    0.3527, 0.3532, 0.3849, 0.4541, 0.5176, 4.881, 4.104, 1.076, 0.9669, 0.9554, 1.062, 0.9735, 0.9788, 0.3913,
    0.3686, 0.3377, 0.3539, 0.3431, 0.3549, 0.07743, 0.08297, 0.07248, 0.1064, 0.1003, 0.07405, 0.07531, 0.08428,
    0.09048, 0.08954, 0.08899, 0.09609, 0.09194, 0.0456, 0.05859, 0.05839, 0.05643, 0.07412, 0.04801, 0.09019, 0.1118,
    0.126, 0.0412, 0.03558, 0.04113, 0.3242, 0.05588, 0.07653, 0.2212, 0.2264, 0.2288, 0.2556, 0.2495, 0.2389, 0.2961,
    0.2406, 0.2229, 0.3417, 0.7077, 0.6728,
))
# fmt: on
