"""What the readers of this kind give, and what is refused of a peak list.

Conventions
-----------
Peaks stand in the order of their positions; intensities are those of the record, in its own unit, and not negative,
but for samples of a profile.
Times are in seconds, energies in eV or per cent as the record gives them, masses in dalton.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.model import FieldValue

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(slots=True)
class Spectrum:
    """A spectrum as a reader gives it.

    Parameters
    ----------
    positions : ndarray of float64, shape (n,)
        Ascending and without duplicates (:func:`peak_list`).
    intensities : ndarray of float64, shape (n,)
    axis : str
        A name of :data:`nlsearch.handlers.spectrum.axes.AXES`.
    technique : str
        ``MS``, ``NMR``, ``IR``, ``Raman`` or ``UV/Vis``.
    name : str
        What the record calls itself, usually its compound.
    fields : dict
        Values of declared fields, as far as the record gives them; those that follow from others (``peaks``,
        ``base_peak``, ``neutral_mass``, ``inchikey`` from SMILES or InChI …) are filled in later.
    inchi, smiles : str
        The compound's structure, ``""`` where unknown.
    text : list of str
        Further words in which people find it: comments, authors, titles of publications.
    profile : bool
        True if the points are samples of a continuous trace and not peaks; peaks are then picked from them.
    """

    positions: NDArray[np.float64]
    intensities: NDArray[np.float64]
    axis: str = "mz"
    technique: str = "MS"
    name: str = ""
    fields: dict[str, FieldValue] = field(default_factory=dict)
    inchi: str = ""
    smiles: str = ""
    text: list[str] = field(default_factory=list)
    profile: bool = False


@dataclass(slots=True)
class Listed:
    """A peak list as it is kept, and what was odd about it."""

    positions: NDArray[np.float64]
    intensities: NDArray[np.float64]
    warnings: list[str]


def peak_list(positions: ArrayLike, intensities: ArrayLike, *, signed: bool = False) -> Listed:
    """Return the peaks of a record as they are kept: finite, ascending, one at each position.

    A position or an intensity that is not finite, a negative intensity, and a negative position (unless `signed`, as
    chemical shifts are) refuse their peak; intensities at one position are added up.

    Parameters
    ----------
    positions, intensities : array_like of float, shape (n,)
    signed : bool
        Whether positions may be negative.

    Raises
    ------
    ValueError
        If there are not as many intensities as positions.
    """
    where = np.asarray(positions, np.float64).ravel()
    how_much = np.asarray(intensities, np.float64).ravel()
    if len(where) != len(how_much):
        raise ValueError(f"{len(where):,} positions and {len(how_much):,} intensities")
    if _is_plain(where, how_much, signed=signed):
        return Listed(where, how_much, [])
    finite = np.isfinite(where) & np.isfinite(how_much)
    high = np.abs(np.where(finite, how_much, 0)) > np.finfo(np.float32).max
    negative = finite & ((how_much < 0) | ((where < 0) & (not signed)))
    warnings = [
        f"{counted(count, 'peak')} refused: {why}"
        for count, why in (
            (int((~finite).sum()), "a position or intensity that is no finite number"),
            (int(high.sum()), "an intensity beyond single precision"),
            (int((negative & ~high).sum()), "a negative position or intensity"),
        )
        if count
    ]
    kept = finite & ~negative & ~high
    where, how_much = where[kept], how_much[kept]
    order = np.argsort(where, kind="stable")
    if np.any(order[1:] < order[:-1]):
        where, how_much = where[order], how_much[order]
    distinct = np.concatenate([[True], where[1:] != where[:-1]])[: len(where)]
    if not distinct.all():
        starts = np.flatnonzero(distinct)
        lost = counted(len(where) - len(starts), "peak")
        warnings.append(f"{lost} at a position that another one has: intensities added up")
        where, how_much = where[starts], np.add.reduceat(how_much, starts)
    return Listed(where, how_much, warnings)


def _is_plain(where: NDArray[np.float64], how_much: NDArray[np.float64], *, signed: bool) -> bool:
    """Say whether nothing of a list has to change: what is no number compares as false."""
    if not len(where):
        return True
    low = signed or where[0] >= 0
    return bool(
        low
        and (where[1:] > where[:-1]).all()
        and where[-1] < np.inf
        and (how_much >= 0).all()
        and how_much.max() < 3e38
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 peak``, ``2 peaks``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def is_number(text: str) -> bool:
    """Say whether `text` is a number, NaN and infinity included."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def numbers(texts: Sequence[str]) -> list[float]:
    """Return the numbers in `texts`, NaN for what is none, so that :func:`peak_list` refuses it."""
    found = []
    for text in texts:
        try:
            found.append(float(text))
        except ValueError:
            found.append(float("nan"))
    return found
