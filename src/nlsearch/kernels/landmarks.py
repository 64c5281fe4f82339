"""The kernels of landmarks: levels of a sound in bands, the peaks among them, and one sound read at another's peaks.

Conventions
-----------
Levels are float32, shape (frames, bands): natural logarithms of power.  A peak is a cell that is higher than all cells
before it (by frame, then by band) within a reach, and no lower than those after it.

References
----------
Landmarks: Wang, ISMIR 2003, "An industrial-strength audio search algorithm".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.kernels import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANDMARK = np.dtype([("frame", "<u4"), ("band", "<u4"), ("level", "<f4")])
"""A peak: its frame, its band and its level."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Which bins of a spectrum each band takes, and with which weights.

    Parameters
    ----------
    bins : int
        Bins of the spectrum.
    first : ndarray of int32, shape (bands,)
        First bin of each band.
    edges : ndarray of int32, shape (bands + 1,)
        Where each band's weights begin in `weights`.
    weights : ndarray of float32, shape (edges[-1],)
    """

    bins: int
    first: NDArray[np.int32]
    edges: NDArray[np.int32]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.first)


def band_levels(spectrum: NDArray[np.complex64], bands: Bands, floor: float) -> NDArray[np.float32]:
    """Return the level of each band: ``ln(floor + sum of weight * |spectrum|**2)``.

    Parameters
    ----------
    spectrum : ndarray of complex64, shape (frames, bands.bins)
    bands : Bands
    floor : float
        Power that is added to every band, above 0.

    Returns
    -------
    ndarray of float32, shape (frames, len(bands))

    Raises
    ------
    ValueError
        If the shapes do not fit, or a band reaches over the spectrum.
    """
    if spectrum.ndim != 2 or spectrum.shape[1] != bands.bins or not floor > 0:
        raise ValueError(
            f"a spectrum of {spectrum.shape} does not have {bands.bins} bins, or the floor is not positive"
        )
    if native.compiled is None:
        return band_levels_reference(spectrum, bands, floor)
    levels = np.empty((len(spectrum), len(bands)), np.float32)
    given = np.ascontiguousarray(spectrum, np.complex64)
    native.compiled.band_levels(given, bands.bins, bands.first, bands.edges, bands.weights, floor, levels)
    return levels


def band_levels_reference(spectrum: NDArray[np.complex64], bands: Bands, floor: float) -> NDArray[np.float32]:
    """NumPy oracle of :func:`band_levels`."""
    power = np.abs(spectrum.astype(np.complex128)) ** 2
    table = np.zeros((bands.bins, len(bands)))
    for band, first in enumerate(bands.first.tolist()):
        held = bands.weights[bands.edges[band] : bands.edges[band + 1]]
        table[first : first + len(held), band] = held
    return np.log(power @ table + floor).astype(np.float32)


def whiten(levels: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Take from each level the mean of the levels of its frame within `reach` bands.

    Parameters
    ----------
    levels : ndarray of float32, shape (frames, bands)
    reach : int

    Returns
    -------
    ndarray of float32, shape (frames, bands)
    """
    if native.compiled is None:
        return whiten_reference(levels, reach)
    out = np.empty(levels.shape, np.float32)
    native.compiled.whiten_levels(np.ascontiguousarray(levels, np.float32), levels.shape[1], reach, out)
    return out


def whiten_reference(levels: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """NumPy oracle of :func:`whiten`."""
    bands = levels.shape[1]
    low = np.maximum(np.arange(bands) - reach, 0)
    high = np.minimum(np.arange(bands) + reach + 1, bands)
    sums = np.concatenate([np.zeros((len(levels), 1)), np.cumsum(levels.astype(np.float64), axis=1)], axis=1)
    means = (sums[:, high] - sums[:, low]) / (high - low)
    return np.asarray(levels - means, np.float32)


def local_peaks(
    levels: NDArray[np.float32], reach: tuple[int, int], minimum: float, frames: tuple[int, int] | None = None
) -> NDArray[np.void]:
    """Find the cells above `minimum` that are the highest within `reach`.

    Parameters
    ----------
    levels : ndarray of float32, shape (frames, bands)
    reach : (int, int)
        Frames and bands to each side.
    minimum : float
    frames : (int, int), optional
        Only peaks in these frames, half-open; the others are looked at as their surroundings.

    Returns
    -------
    ndarray of LANDMARK, shape (m,)
        By frame, then by band.
    """
    begin, end = frames or (0, len(levels))
    if not 0 <= begin <= end <= len(levels):
        raise ValueError(f"frames {begin} to {end} are not among {len(levels)}")
    if native.compiled is None:
        return local_peaks_reference(levels, reach, minimum, (begin, end))
    given = np.ascontiguousarray(levels, np.float32)
    found = native.compiled.local_peaks(given, levels.shape[1], *reach, minimum, begin, end)
    return np.frombuffer(found, LANDMARK)


def local_peaks_reference(
    levels: NDArray[np.float32], reach: tuple[int, int], minimum: float, frames: tuple[int, int] | None = None
) -> NDArray[np.void]:
    """NumPy oracle of :func:`local_peaks`."""
    begin, end = frames or (0, len(levels))
    high = levels > np.float32(minimum)
    around = np.pad(levels, ((reach[0],) * 2, (reach[1],) * 2), constant_values=-np.inf)
    for later in range(-reach[0], reach[0] + 1):
        for up in range(-reach[1], reach[1] + 1):
            rows = slice(reach[0] + later, reach[0] + later + len(levels))
            other = around[rows, reach[1] + up : reach[1] + up + levels.shape[1]]
            if (later, up) < (0, 0):
                high &= levels > other
            elif (later, up) > (0, 0):
                high &= levels >= other
    high[:begin], high[end:] = False, False
    frame, band = np.nonzero(high)
    found = np.empty(len(frame), LANDMARK)
    found["frame"], found["band"], found["level"] = frame, band, levels[frame, band]
    return found


def peak_pairs(
    frames: NDArray[np.uint32], bands: NDArray[np.uint32], fan: int, most_frames: int, most_bands: int
) -> NDArray[np.uint32]:
    """Pair each peak with the next `fan` peaks in its zone: 1 to `most_frames` later, within `most_bands` bands.

    Parameters
    ----------
    frames, bands : ndarray of uint32, shape (n,)
        By frame, then by band.
    fan, most_frames, most_bands : int

    Returns
    -------
    ndarray of uint32, shape (m, 2)
        Numbers of the peaks of each pair, by the first.
    """
    if native.compiled is None:
        return peak_pairs_reference(frames, bands, fan, most_frames, most_bands)
    given = (np.ascontiguousarray(frames, np.uint32), np.ascontiguousarray(bands, np.uint32))
    return np.frombuffer(native.compiled.peak_pairs(*given, fan, most_frames, most_bands), np.uint32).reshape(-1, 2)


def peak_pairs_reference(
    frames: NDArray[np.uint32], bands: NDArray[np.uint32], fan: int, most_frames: int, most_bands: int
) -> NDArray[np.uint32]:
    """Slow oracle of :func:`peak_pairs`."""
    pairs = []
    at, band = frames.astype(int).tolist(), bands.astype(int).tolist()
    for first in range(len(at)):
        zone = [
            second
            for second in range(first + 1, len(at))
            if 1 <= at[second] - at[first] <= most_frames and abs(band[second] - band[first]) <= most_bands
        ]
        pairs += [(first, second) for second in zone[:fan]]
    return np.array(pairs, np.uint32).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Scales:
    """A clip as it is weighed with.

    Parameters
    ----------
    levels : ndarray of int8, shape (rows, bands)
        Of all windows.
    worth : ndarray of float32, shape (8, 256)
        Of a level (from -128) at a peak of a grade.
    windows : ndarray of int32, shape (w, 3)
        First frame in the clip, number of frames, and first row of `levels`.
    later, up : ndarray of int32, shape (m,)
        Moves: by how many frames and bands all peaks are moved, to see what the levels there are worth.
    tried : int
        The other moves are looked at only where one of the first so many promises something: where a peak of some
        window is worth `least` or more.
    least : float
    """

    levels: NDArray[np.int8]
    worth: NDArray[np.float32]
    windows: NDArray[np.int32]
    later: NDArray[np.int32]
    up: NDArray[np.int32]
    tried: int
    least: float


def weigh_places(
    scales: Scales,
    payloads: list[bytes | memoryview],
    rows: NDArray[np.uint32],
    targets: NDArray[np.int64],
    readings: NDArray[np.uint8],
) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """Add up what the levels of a clip are worth at the peaks of recordings, at several places and moves.

    Parameters
    ----------
    scales : Scales
    payloads : list of bytes
        As :mod:`nlsearch.handlers.audio.payload` lays them out.
    rows : ndarray of uint32, shape (n,)
        Which payload each place is in; ascending.
    targets : ndarray of int64, shape (n,)
        The frame of the recording at which the clip begins.
    readings : ndarray of uint8, shape (n,)
        Speeds 2 ** ((reading - 3) / 36), at which the clip sounds reading - 3 bands higher.

    Returns
    -------
    sums : ndarray of float32, shape (n, w, m)
    inside : ndarray of uint32, shape (n, w, m)
        How many peaks lie in the window; 0 for moves that were not looked at.

    Raises
    ------
    ValueError
        If shapes do not fit, or a payload is none.
    """
    if native.compiled is None:
        return weigh_places_reference(scales, payloads, rows, targets, readings)
    shape = (len(rows), len(scales.windows), len(scales.later))
    sums, inside = np.empty(shape, np.float32), np.empty(shape, np.uint32)
    moves = (np.ascontiguousarray(scales.later, np.int32), np.ascontiguousarray(scales.up, np.int32))
    native.compiled.weigh_places(
        np.ascontiguousarray(scales.levels, np.int8),
        scales.levels.shape[1],
        np.ascontiguousarray(scales.worth, np.float32),
        np.ascontiguousarray(scales.windows, np.int32),
        payloads,
        np.ascontiguousarray(rows, np.uint32),
        np.ascontiguousarray(targets, np.int64),
        np.ascontiguousarray(readings, np.uint8),
        (*moves, scales.tried, scales.least),
        sums,
        inside,
    )
    return sums, inside


def weigh_places_reference(
    scales: Scales,
    payloads: list[bytes | memoryview],
    rows: NDArray[np.uint32],
    targets: NDArray[np.int64],
    readings: NDArray[np.uint8],
) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """NumPy oracle of :func:`weigh_places`; it looks at all peaks of a recording, and the order of a sum may differ."""
    shape = (len(rows), len(scales.windows), len(scales.later))
    sums, inside = np.zeros(shape, np.float32), np.zeros(shape, np.uint32)
    for place, (row, target, reading) in enumerate(
        zip(rows.tolist(), targets.tolist(), readings.tolist(), strict=True)
    ):
        frames, bands, grades = marks_of_payload(payloads[row])
        speed = 2 ** ((reading - 3) / 36)
        for number, (begin, count, first) in enumerate(scales.windows.tolist()):
            levels = scales.levels[first : first + count]
            at = np.rint((frames - target) / speed).astype(np.int64) - begin
            at = at[None, :] + scales.later.astype(np.int64)[:, None]
            band = (bands + reading - 3)[None, :] + scales.up.astype(np.int64)[:, None]
            held = (at >= 0) & (at < count) & (band >= 0) & (band < levels.shape[1])
            if not levels.size:
                continue
            read = levels[np.where(held, at, 0), np.where(held, band, 0)].astype(np.int64) + 128
            worths = np.where(held, scales.worth[grades[None, :], read], 0.0)
            sums[place, number], inside[place, number] = worths.astype(np.float64).sum(axis=1), held.sum(axis=1)
        first = (sums[place, :, : scales.tried], inside[place, :, : scales.tried])
        if not ((first[1] > 0) & (first[0] >= np.float32(scales.least) * first[1])).any():
            sums[place, :, scales.tried :], inside[place, :, scales.tried :] = 0, 0
    return sums, inside


def marks_of_payload(payload: bytes | memoryview) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return frame, band and grade of all peaks of a payload; int64, shape (n,) each.

    Raises
    ------
    ValueError
        If it is none.
    """
    start = np.frombuffer(payload, "<u4", 4) if len(payload) >= 56 else np.zeros(4, "<u4")
    units, count, head = (int(number) for number in start[1:])
    begin = 56 + head
    if bytes(payload[:4]) != b"nlA1" or len(payload) != begin + 4 * (units + 1) + 2 * count:
        raise ValueError("is not the payload of a recording")
    starts = np.frombuffer(payload, "<u4", units + 1, begin).astype(np.int64)
    packed = np.frombuffer(payload, "<u2", count, begin + 4 * (units + 1)).astype(np.int64)
    frames = np.repeat(np.arange(units) * 32, np.diff(starts)) + (packed & 31)
    return frames, packed >> 8, packed >> 5 & 7
