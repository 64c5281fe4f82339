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
    6.927, 0.1573, 0.3664, -0.5004, 0.1327, -0.08361, 0.2334, 0.08144, 0.1295, 0.1382, 0.1519, 0.1462, 0.1654, 0.1235,
    0.1408, 0.1405, 5.082, 3.371, 2.567, 2.358, 2.256, 2.296, 2.311, 2.401, 2.335, 2.194, 1.998, 1.766, 1.706, 2.051,
    2.395, 2.609, 4.122, 2.785, 2.142, 2.022, 1.899, 1.905, 1.876, 1.888, 1.841, 1.788, 1.685, 1.578, 1.521, 1.669,
    1.818, 1.895, 14.4, 10.42, 4.919, 4.687, 4.4, 4.172, 3.341, 2.792, 1.485, 1.317, 1.259, 1.273, 1.151, 1.104,
    0.4449, 0.1498, 0.3049, 0.2539, 0.2367, 0.2944, 0.1598, 0.41, 0.2029, 0.2172, 0.2504, 0.211, 0.588, 0.1348,
    0.2014, 0.2046, 0.1985, 0.2973, 0.1184, 0.6507, 0.5283, 0.4587, 0.1853, 0.1996, 0.1903, 0.5911, 0.1982, 0.2008,
    -0.04316, -0.07147, -0.07178, -0.0274, 0.0304, 0.006374, 0.04905, 0.03763, -0.05027, 0.07364, 0.08535, -0.04272,
))
DEVIATIONS: NDArray[np.float64] = np.array((
    5.717, 3.522, 1.859, 1.667, 1.338, 1.303, 1.121, 1.074, 1.039, 0.9713, 0.8118, 0.7242, 0.7612, 0.9249, 1.187,
    1.431, 1.615, 1.064, 0.7597, 0.6775, 0.658, 0.6086, 0.6465, 0.6987, 0.6411, 0.6266, 0.5328, 0.4097, 0.4095,
    0.5784, 0.7489, 0.8628, 1.596, 1.073, 0.6537, 0.6889, 0.5648, 0.5477, 0.5299, 0.5277, 0.467, 0.4725, 0.4112,
    0.3552, 0.352, 0.3914, 0.4918, 0.5598, 5.145, 4.624, 1.197, 1.119, 1.132, 1.199, 1.11, 1.059, 0.4148, 0.3878,
    0.3714, 0.3752, 0.3779, 0.3969, 0.0772, 0.0825, 0.072, 0.1061, 0.09987, 0.07379, 0.07467, 0.08408, 0.08992,
    0.08918, 0.08853, 0.09548, 0.09122, 0.04492, 0.05727, 0.05722, 0.05554, 0.07132, 0.04788, 0.09006, 0.1109, 0.1244,
    0.04184, 0.03619, 0.04249, 0.3262, 0.05263, 0.08822, 0.2193, 0.2309, 0.234, 0.2575, 0.2499, 0.2383, 0.2949,
    0.2388, 0.2206, 0.3385, 0.6979, 0.6597,
))
# fmt: on
