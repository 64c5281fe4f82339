"""What the readers of this kind give: a record, a feature that is annotated on one, or a file of several records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nlsearch.handlers.sequences.records import Annotation, Place, Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Annotation", "Place", "Record", "Whole"]


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
