"""The payload of a spectrum: its peaks as kernels read them, then what a drawing and the operators need besides.

Conventions
-----------
The record of :mod:`nlsearch.kernels.peaklists` comes first: all peaks as they are searched by position, not cleaned.
Behind it stands a msgpack map with ``name``, ``technique``, ``formula``, ``nucleus`` and ``polarity``, as far as
they are known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgpack
import numpy as np

from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.spectrum.axes import BY_CODE, Axis
from nlsearch.kernels.peaklists import HEADER, open_record, pack_record

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROTON = "1H"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a payload holds.

    Parameters
    ----------
    positions : ndarray of float64, shape (n,)
        Ascending.
    intensities : ndarray of float32, shape (n,)
        In the record's own unit.
    axis : Axis
    precursor : float
        m/z; NaN where it is unknown.
    name, technique, formula, nucleus : str
        ``""`` where unknown.
    polarity : int
        1 or −1; 0 where it is unknown.
    """

    positions: NDArray[np.float64]
    intensities: NDArray[np.float32]
    axis: Axis
    precursor: float
    name: str = ""
    technique: str = ""
    formula: str = ""
    nucleus: str = ""
    polarity: int = 0


def encode(decoded: Decoded) -> bytes:
    """Return the payload of a spectrum."""
    record = pack_record(decoded.positions, decoded.intensities, decoded.axis.code, decoded.precursor)
    facts = {
        "name": decoded.name[:200],
        "technique": decoded.technique,
        "formula": decoded.formula,
        "nucleus": decoded.nucleus,
        "polarity": decoded.polarity,
    }
    tail: bytes = msgpack.packb({key: value for key, value in facts.items() if value}, unicode_errors="replace")
    return record + tail


def decode(payload: Buffer) -> Decoded:
    """Return what a payload holds.

    Raises
    ------
    ValueError
        If it is none.
    """
    positions, intensities, code, precursor = open_record(payload)
    if code not in BY_CODE:
        raise ValueError(f"no axis has the number {code}")
    tail = msgpack.unpackb(bytes(payload[HEADER.size + 12 * len(positions) :]))
    return Decoded(positions, intensities, BY_CODE[code], precursor, **tail)


def precursor_of(payload: Buffer) -> float | None:
    """Return the m/z of the precursor, or None."""
    reference: float = HEADER.unpack_from(payload)[4]
    return None if math.isnan(reference) else reference
