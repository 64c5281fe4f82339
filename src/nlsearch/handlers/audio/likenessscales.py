"""x"""
from __future__ import annotations
from dataclasses import dataclass
import numpy as np
@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size: int
    weight: float
PARTS = (
    Part("timbre", 16, 1.0), Part("timbre varying", 16, 1.0), Part("timbre changing", 16, 1.0), Part("loudness", 2, 0.5),
    Part("contrast", 6, 1.0), Part("contrast varying", 6, 1.0), Part("harmony", 12, 1.0), Part("intervals", 7, 1.0),
    Part("tonnetz", 3, 0.5), Part("tonnetz varying", 3, 0.5), Part("moves", 1, 0.5), Part("rhythm", 14, 1.0))
MEANS=0.0
DEVIATIONS=1.0
