"""Python oracles of the kernels over lists of peaks: slow and plain, and what runs where nothing was compiled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlsearch.declarations import Buffer
from nlsearch.kernels.peaklists import PAIR, Cleaned, Comparing, open_record
from nlsearch.kernels.peakpairs import Match, greedy, near, optimal

FAR, LOUD, HEAVY = np.float32(1e15), 2.0**50, 1e300
"""Positions, intensities and powers beyond which nothing can be added up, as in ``_peaklists.c``."""
_TINY = float(np.finfo(np.float64).tiny)


@np.errstate(over="ignore")  # positions beyond single precision go
def clean_reference(settings: Comparing, record: Buffer) -> Cleaned:
    """Python oracle of :func:`~nlsearch.kernels.peaklists.clean`."""
    positions, intensities, _, reference = open_record(record)
    where, height = positions.astype(np.float32), intensities.astype(np.float32)
    kept = (height > 0) & np.isfinite(height)
    kept &= (where < FAR) & (where > (-FAR if settings.signed else 0))
    if settings.clean and reference > 0:
        kept &= where <= np.float32(reference - settings.gap)
    source = np.flatnonzero(kept).astype(np.int32)
    where, height, source = _moderated(where[kept], height[kept], source)
    steps = np.diff(where)
    apart = float(steps.min(initial=np.inf))
    with np.errstate(over="ignore"):  # a step to a position next to 0
        shares = np.divide(steps, where[1:], out=np.zeros_like(steps), where=where[1:] > 0)
    relative = float(shares.min(initial=np.inf))
    if settings.clean:
        where, height, source = _merged(settings, where, height, source)
        if len(height):
            loud = height >= np.float32(settings.noise) * height.max()
            where, height, source = where[loud], height[loud], source[loud]
    if len(height):
        height = (height / height.sum(dtype=np.float64)).astype(np.float32)
    weights, exponent = _weights(settings, where, height)
    return Cleaned(where, height, source, weights, apart, relative, exponent)


def _moderated(where: NDArray[Any], height: NDArray[Any], source: NDArray[Any]) -> tuple[Any, ...]:
    most = float(height.max(initial=0))
    if 1 / LOUD <= most <= LOUD or not most:
        return where, height, source
    height = (height.astype(np.float64) * 2.0 ** -math.frexp(most)[1]).astype(np.float32)
    heard = height > 0
    return where[heard], height[heard], source[heard]


def _merged(settings: Comparing, where: NDArray[Any], height: NDArray[Any], source: NDArray[Any]) -> tuple[Any, ...]:
    merge = settings.merging
    while merge > 0 and len(where) > 1:
        needed = where[1:] * np.float32(merge * 1e-6) if settings.relative else np.float32(merge)
        if np.all(np.diff(where) >= needed):
            break
        before = len(where)
        where, height, source = _merge_once(settings, where, height, source)
        if len(where) == before:
            break
    return where, height, source


def _merge_once(
    settings: Comparing, where: NDArray[Any], height: NDArray[Any], source: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    left_height = height.copy()
    found = []
    for at in np.argsort(height, kind="stable")[::-1].tolist():
        if not left_height[at] > 0:
            continue
        below = above = np.float32(settings.merging)
        if settings.relative:
            below = where[at] * np.float32(settings.merging) * np.float32(1e-6)
            above = where[at] / (np.float32(1) - np.float32(settings.merging * 1e-6)) - where[at]
        low, high = at, at + 1
        while low > 0 and where[at] - where[low - 1] <= below:
            low -= 1
        while high < len(where) and where[high] - where[at] <= above:
            high += 1
        total, moment = np.float32(0), np.float32(0)
        for i in range(low, high):
            total, moment = total + left_height[i], moment + left_height[i] * where[i]
        alone = total == left_height[at]
        found.append((moment / total, total, source[at] if alone else -1))
        left_height[low:high] = 0
    found.sort(key=lambda peak: peak[0])
    columns = zip(*found, strict=True)
    return (
        np.array(next(columns), np.float32),
        np.array(next(columns), np.float32),
        np.array(next(columns), np.int32),
    )


def _weights(
    settings: Comparing, where: NDArray[np.float32], height: NDArray[np.float32]
) -> tuple[NDArray[np.float64], float]:
    intensity = height.astype(np.float64)
    if not len(intensity):
        return intensity, 1.0
    if not settings.by_entropy:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            powers = intensity**settings.intensity_power * np.abs(where.astype(np.float64)) ** settings.mz_power
        powers = np.where(powers < HEAVY, powers, HEAVY)
        powers /= max(float(powers.max()), _TINY)
        return powers / max(math.sqrt(float((powers**2).sum())), _TINY), 1.0
    there = intensity[intensity > 0]
    entropy = -float((there * np.log(there)).sum())
    exponent = 0.25 + 0.25 * entropy if entropy < 3 else 1.0
    powers = intensity**exponent
    return powers / powers.sum(), exponent


# ----------------------------------------------------------------------------------------------------------- comparing
def similarity_reference(settings: Comparing, query: Buffer, record: Buffer) -> float:
    """Python oracle of :func:`~nlsearch.kernels.peaklists.similarities`, for one record."""
    try:
        pairs = compare_reference(settings, query, record)
    except MemoryError:
        return math.nan
    return float(pairs["gain"].sum()) if len(pairs) >= settings.at_least else 0.0


def compare_reference(settings: Comparing, query: Buffer, record: Buffer) -> NDArray[Any]:
    """Python oracle of :func:`~nlsearch.kernels.peaklists.compare`."""
    _, _, axis, own = open_record(record)
    shifts = settings.metric in {"modified", "neutral_loss", "hybrid"}
    if axis != settings.axis or (shifts and not (own > 0 and settings.reference > 0)):
        return np.empty(0, PAIR)
    if settings.within is not None and not settings.within[0] <= own <= settings.within[1]:
        return np.empty(0, PAIR)
    a, b = clean_reference(settings, query), clean_reference(settings, record)
    shift = settings.reference - own if shifts else 0.0
    pairs = [
        (gain, a.sources[i], b.sources[j], a.positions[i], b.positions[j], shifted, i)
        for i, j, gain, shifted in _pairs(settings, a, b, shift)
    ]
    return np.array(pairs, PAIR)


def _pairs(settings: Comparing, a: Cleaned, b: Cleaned, shift: float) -> list[Match]:
    if settings.metric == "entropy":
        return list(_walk(settings, a, b, 0.0, set(), set()))
    if settings.metric == "neutral_loss" and settings.by_entropy:
        return list(_walk(settings, a, b, shift, set(), set()))
    if settings.metric == "hybrid":
        plain = list(_walk(settings, a, b, 0.0, set(), set()))
        used_a, used_b = {i for i, *_ in plain}, {j for _, j, *_ in plain}
        return plain + (list(_walk(settings, a, b, shift, used_a, used_b)) if shift else [])
    reach = partial(_reach, settings)
    found = near(reach, a, b, shift if settings.metric == "neutral_loss" else 0.0)
    if settings.metric == "modified" and abs(shift) > reach(settings.reference):
        found += near(reach, a, b, shift)
    return optimal(found) if settings.optimal else greedy(found)


def _reach(settings: Comparing, position: float) -> float:
    return abs(position) * settings.tolerance * 1e-6 if settings.relative else settings.tolerance


def _walk(
    settings: Comparing, a: Cleaned, b: Cleaned, shift: float, used_a: set[int], used_b: set[int]
) -> Iterator[Match]:
    left = [i for i in range(len(a.positions)) if i not in used_a]
    right = [j for j in range(len(b.positions)) if j not in used_b]
    while left and right:
        i, j = left[0], right[0]
        at = float(a.positions[i])
        difference = at - (float(b.positions[j]) + shift)
        if difference < -_reach(settings, at):
            left.pop(0)
        elif difference > _reach(settings, at):
            right.pop(0)
        else:
            yield i, j, _shared_entropy(a.weights[i], b.weights[j]), bool(shift)
            left.pop(0)
            right.pop(0)


def _shared_entropy(a: float, b: float) -> float:
    both = a + b
    return float(both * math.log2(both) - a * math.log2(a) - b * math.log2(b)) / 2 if a > 0 and b > 0 else 0.0


# ----------------------------------------------------------------------------------------------------------- positions
def shares_reference(
    asked: ArrayLike,
    tolerance: float,
    record: Buffer,
    *,
    relative: bool = False,
    losses: bool = False,
    axis: int = 0,
    least: float = 0.0,
) -> float:
    """Python oracle of :func:`~nlsearch.kernels.peaklists.shares`, for one record."""
    positions, intensities, own_axis, reference = open_record(record)
    if own_axis != axis or (losses and not reference > 0) or not len(positions):
        return 0.0
    answering = set()
    for wanted in np.asarray(asked, np.float64).tolist():
        width = abs(wanted) * tolerance * 1e-6 if relative else tolerance
        middle = reference - wanted if losses else wanted
        inside = np.flatnonzero((positions >= middle - width) & (positions <= middle + width))
        if not len(inside):
            return 0.0
        highest = int(inside[np.argmax(intensities[inside])])
        if not intensities[highest] > 0 or intensities[highest] < least * float(intensities.max()):
            return 0.0
        answering.add(highest)
    return float(sum(float(intensities[at]) for at in answering) / intensities.sum(dtype=np.float64))
