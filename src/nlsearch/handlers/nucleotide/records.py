"""What the readers of this kind give beside records and features: a file of several records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nlsearch.handlers.sequences.records import Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(slots=True)
class Whole:
    """A file of several records, as one item; ``molecule`` and ``organism`` are ``""`` unless all records agree."""

    name: str
    records: int
    bases: int
    sketch: NDArray[np.uint64]
    digest: bytes
    organism: str = ""
    molecule: str = ""
    places: list[Place] = field(default_factory=list)
