"""Note values: how lengths in ticks are written, with dots, tuplets and ties.

Conventions
-----------
A note value is a power of two of a whole note with up to two dots.  What is none is one in a tuplet (3 in the time of
2 …), or several, tied.  What is none of this (as a player held it) is rounded to :data:`GRID`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from nlsearch.handlers.score.notation import TICKS

GRID = TICKS // 8
"""A 32nd note."""
MOST_TIED = 4
"""Note values that make one length within a bar."""
_RATIOS = ((3, 2), (5, 4), (7, 4), (9, 8), (11, 8), (13, 8))
_SMALLEST = 256


@dataclass(frozen=True, slots=True)
class Value:
    """A note value.

    Parameters
    ----------
    base : str
        As MEI writes it: ``"breve"``, ``"1"``, ``"2"``, ``"4"`` …
    dots : int
    ratio : (int, int), optional
        Of the tuplet in which it stands: so many in the time of so many.
    ticks : int
        What it lasts.
    """

    base: str
    dots: int
    ticks: int
    ratio: tuple[int, int] | None = None

    @property
    def is_beamed(self) -> bool:
        """Whether it has flags."""
        return self.base not in {"breve", "1", "2", "4"}


def _plain() -> list[Value]:
    found = []
    for base in ("breve", *(str(2**power) for power in range(9))):
        ticks = 8 * TICKS if base == "breve" else 4 * TICKS // int(base)
        for dots in range(3):
            numerator, denominator = 2 ** (dots + 1) - 1, 2**dots
            if ticks * numerator % denominator == 0:
                found.append(Value(base, dots, ticks * numerator // denominator))
    return sorted(found, key=lambda value: -value.ticks)


PLAIN: tuple[Value, ...] = tuple(_plain())
"""All note values outside of tuplets, the longest first."""
_BY_TICKS = {value.ticks: value for value in PLAIN}


@cache
def values_of(ticks: int) -> tuple[Value, ...]:
    """Return the note values that together last `ticks`; none for less than half of :data:`GRID`, rounded.

    Examples
    --------
    >>> [(value.base, value.dots) for value in values_of(5 * TICKS // 2)]
    [('2', 0), ('8', 0)]
    >>> [(value.base, value.ratio) for value in values_of(TICKS // 3)]
    [('8', (3, 2))]
    """
    found = _exactly(ticks)
    if found is None:
        found = _exactly((2 * ticks + GRID) // (2 * GRID) * GRID)
    return found or ()


def is_written(ticks: int) -> bool:
    """Say whether a length can be written as it is."""
    return ticks == 0 or _exactly(ticks) is not None


def _exactly(ticks: int) -> tuple[Value, ...] | None:
    if ticks in _BY_TICKS:
        return (_BY_TICKS[ticks],)
    for ratio in _RATIOS:
        written, rest = divmod(ticks * ratio[0], ratio[1])
        if not rest and written in _BY_TICKS:
            plain = _BY_TICKS[written]
            return (Value(plain.base, plain.dots, ticks, ratio),)
    found: list[Value] = []
    while ticks > 0 and len(found) < MOST_TIED:
        value = next((value for value in PLAIN if value.ticks <= ticks), None)
        if value is None:
            return None
        found.append(value)
        ticks -= value.ticks
        if ticks in _BY_TICKS:
            return (*found, _BY_TICKS[ticks])
    return None if ticks else tuple(found)
