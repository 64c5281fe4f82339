"""Kernels over lists of peaks: cleaning a list, and similarities of two lists.

Conventions
-----------
A *record* is bytes: version (1), axis, two zero bytes, the number of peaks (u4), the reference (f8, the m/z of the
precursor, NaN where there is none), then the positions (f8, ascending) and the intensities (f4) of all peaks.  A
*reference shift* moves the peaks of the item by the difference of both references, so that equal distances to the
reference lie upon each other.

Cleaning is ms_entropy's ``clean_spectrum``: peaks without intensity go, and those above the reference less a gap; peaks
closer than `merge` are merged around the highest; those below `noise` of the highest go; the sum becomes 1.  As there,
positions and intensities are compared in single precision.  Not cleaned either, peaks without intensity go, those at
negative positions unless they may be, and those beyond 10¹⁵, where no axis reaches.

References
----------
Entropy similarity and its weights: Li et al., Nat. Methods 2021, 18, 1524.  Hybrid: Li & Fiehn, Nat. Methods 2023, 20,
1475.  Modified cosine: Watrous et al., PNAS 2012, 109, E1743.  Optimal pairing: Kuhn, Nav. Res. Logist. Q. 1955, 2, 83.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlsearch.declarations import Buffer
from nlsearch.kernels import native

METRICS = ("entropy", "cosine", "modified", "neutral_loss", "hybrid")
BASES = ("entropy", "cosine")
HEADER = struct.Struct("<BBHId")
_SETTINGS = struct.Struct("<8i9d")
_BLOCK = 4096

PAIR = np.dtype(
    [("gain", "<f8"), ("query", "<i4"), ("item", "<i4"), ("query_position", "<f4"), ("item_position", "<f4"),
     ("shifted", "<i4"), ("place", "<i4")]
)  # fmt: skip
"""Two peaks that match: what they add to the score; which peaks of the records they are (−1: merged from several);
where they are after cleaning; whether the item's was shifted; the place in the query's cleaned list."""
_PEAK = np.dtype([("position", "<f4"), ("intensity", "<f4"), ("source", "<i4")])


@dataclass(frozen=True, slots=True)
class Comparing:
    """How two lists are cleaned and compared.

    Parameters
    ----------
    metric : str
        ``entropy``; ``cosine``; ``modified`` (cosine, peaks as they are or shifted); ``neutral_loss`` (peaks shifted);
        ``hybrid`` (entropy, then what is left shifted).
    tolerance : float
        How far matching peaks lie apart at most: in the unit of the axis, or in ppm of the query's peak if `relative`.
    relative : bool
    axis : int
        Only records of this axis are compared.
    reference : float
        The query's; NaN where it has none.  Metrics that shift need it of both.
    clean : bool
    merge : float, optional
        Distance below which peaks are merged; twice the tolerance if not given.
    noise, gap : float
        Of cleaning.
    optimal : bool
        Pairs of the cosine are those with the greatest sum; else the greatest pair comes first.
    base : str
        Whether neutral losses are compared by entropy or by cosine.
    intensity_power, mz_power : float
        Exponents of the cosine's weights.
    at_least : int
        With fewer pairs the score is 0.
    signed : bool
        Whether positions may be negative.
    within : (float, float), optional
        Only records whose reference lies there.
    """

    metric: str
    tolerance: float
    relative: bool = False
    axis: int = 0
    reference: float = math.nan
    clean: bool = True
    merge: float | None = None
    noise: float = 0.01
    gap: float = 1.6
    optimal: bool = False
    base: str = "entropy"
    intensity_power: float = 1.0
    mz_power: float = 0.0
    at_least: int = 1
    signed: bool = False
    within: tuple[float, float] | None = None

    @property
    def merging(self) -> float:
        """The distance below which peaks are merged."""
        return 2 * self.tolerance if self.merge is None else self.merge

    @property
    def by_entropy(self) -> bool:
        """Whether weights are those of the entropy similarity."""
        return self.metric in {"entropy", "hybrid"} or (self.metric == "neutral_loss" and self.base == "entropy")

    def packed(self) -> bytes:
        """Return the settings as the compiled kernels read them."""
        low, high = self.within or (1.0, 0.0)
        flags = (self.optimal, self.axis, self.relative, self.clean, self.at_least, not self.signed)
        numbers = (self.tolerance, self.merging, self.noise, self.gap, self.reference)
        powers = (self.intensity_power, self.mz_power)
        metric, base = METRICS.index(self.metric), BASES.index(self.base)
        return _SETTINGS.pack(metric, *flags, base, *numbers, *powers, low, high)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned list with its weights.

    Parameters
    ----------
    positions, intensities : ndarray of float32, shape (n,)
        Ascending; intensities sum to 1.
    sources : ndarray of int32, shape (n,)
        Which peak of the record each is, −1 if merged from several.
    weights : ndarray of float64, shape (n,)
        Those of the metric: sum 1 (entropy) or sum of squares 1 (cosine).
    apart, apart_relative : float
        Smallest distance of two peaks before merging, in the axis' unit and as a share of the upper one's position.
    exponent : float
        Entropy weights are intensities to this power, but for a factor; 1 for the cosine.
    """

    positions: NDArray[np.float32]
    intensities: NDArray[np.float32]
    sources: NDArray[np.int32]
    weights: NDArray[np.float64]
    apart: float
    apart_relative: float
    exponent: float


def pack_record(positions: ArrayLike, intensities: ArrayLike, axis: int = 0, reference: float = math.nan) -> bytes:
    """Return a record.

    Parameters
    ----------
    positions : array_like of float64, shape (n,)
        Ascending.
    intensities : array_like of float32, shape (n,)
    axis : int
        Below 256.
    reference : float
    """
    where = np.asarray(positions, "<f8")
    head = HEADER.pack(1, axis, 0, len(where), reference)
    return head + where.tobytes() + np.asarray(intensities, "<f4").tobytes()


def open_record(record: Buffer) -> tuple[NDArray[np.float64], NDArray[np.float32], int, float]:
    """Return positions, intensities, axis and reference of a record.

    Raises
    ------
    ValueError
        If it is none.
    """
    if len(record) < HEADER.size:
        raise ValueError("not a list of peaks")
    version, axis, _, count, reference = HEADER.unpack_from(record)
    if version != 1 or (len(record) - HEADER.size) // 12 < count:
        raise ValueError("not a list of peaks")
    positions = np.frombuffer(record, "<f8", count, HEADER.size)
    return positions, np.frombuffer(record, "<f4", count, HEADER.size + 8 * count), axis, reference


# ------------------------------------------------------------------------------------------------------------ cleaning
def clean(settings: Comparing, record: Buffer) -> Cleaned:
    """Clean the peaks of a record and weigh them."""
    if native.compiled is None:
        from nlsearch.kernels.peakoracles import clean_reference

        return clean_reference(settings, record)
    raw, weights, apart, relative, exponent, _ = native.compiled.clean_list(settings.packed(), record)
    peaks = np.frombuffer(raw, _PEAK)
    return Cleaned(
        peaks["position"],
        peaks["intensity"],
        peaks["source"],
        np.frombuffer(weights, "<f8"),
        apart,
        relative,
        exponent,
    )


# ----------------------------------------------------------------------------------------------------------- comparing
def compare(settings: Comparing, query: Buffer, record: Buffer) -> NDArray[Any]:
    """Return the pairs of peaks that match; their gains add up to the similarity.

    Returns
    -------
    ndarray of :data:`PAIR`, shape (n,)
        Empty also where the records cannot be compared (another axis, a reference that is missing or not within).

    Raises
    ------
    ValueError
        If one is no record.
    MemoryError
        If there are millions of pairs.
    """
    if native.compiled is None:
        from nlsearch.kernels.peakoracles import compare_reference

        return compare_reference(settings, query, record)
    return np.frombuffer(native.compiled.compare_lists(settings.packed(), query, record), PAIR)


def similarities(settings: Comparing, query: Buffer, records: Sequence[Buffer]) -> NDArray[np.float32]:
    """Return the similarity of a query with each of several records; NaN where there are millions of pairs.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    if native.compiled is None:
        from nlsearch.kernels.peakoracles import similarity_reference

        return np.array([similarity_reference(settings, query, one) for one in records], np.float32)
    out = np.zeros(len(records), np.float32)
    packed, listed = settings.packed(), list(records)
    for start in range(0, len(listed), _BLOCK):
        native.compiled.score_lists(packed, query, listed[start : start + _BLOCK], out[start : start + _BLOCK])
    return out


# ----------------------------------------------------------------------------------------------------------- positions
def shares(
    asked: ArrayLike,
    tolerance: float,
    records: Sequence[Buffer],
    *,
    relative: bool = False,
    losses: bool = False,
    axis: int = 0,
    least: float = 0.0,
) -> NDArray[np.float32]:
    """Return the share of intensity that peaks at all of some positions have; 0 where one of them has no peak.

    Parameters
    ----------
    asked : array_like of float64, shape (m,)
        Positions, or distances below the reference if `losses`.
    tolerance : float
        In the unit of the axis, or in ppm of what is asked if `relative`.
    records : sequence of bytes
    least : float
        Lowest intensity of a peak that answers, as a share of the highest.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    wanted = np.sort(np.asarray(asked, "<f8"))[:: -1 if losses else 1].copy()
    if native.compiled is None:
        from nlsearch.kernels.peakoracles import shares_reference

        found = (
            shares_reference(wanted, tolerance, one, relative=relative, losses=losses, axis=axis, least=least)
            for one in records
        )
        return np.fromiter(found, np.float32, len(records))
    out = np.zeros(len(records), np.float32)
    native.compiled.score_positions(wanted, tolerance, least, relative, losses, axis, list(records), out)
    return out
