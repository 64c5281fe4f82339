"""Reading the tables of numbers in JCAMP-DX: AFFN, PAC, SQZ, DIF and DUP, with the checks that are built into them.

Conventions
-----------
A line of ``(X++(Y..Y))`` begins with the X of its first Y; both are in units of XFACTOR and YFACTOR, which are applied
elsewhere.  Digits with letters in front are compressed: ``@``, ``A``-``I``, ``a``-``i`` begin a value (SQZ), ``%``,
``J``-``R``, ``j``-``r`` a difference to the value before (DIF), ``S``-``Z``, ``s`` tell how often what is before stands
in all (DUP).  A line after one that ends in differences begins with the last value again, and with its X: the Y check.
``?`` is a value that was not measured, and becomes NaN.

References
----------
R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 1988, 42, 151 (JCAMP-DX 4.24, section "ASDF").
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import LimitExceeded

if TYPE_CHECKING:
    from numpy.typing import NDArray

Line = tuple[int, str]
"""A line's number in the file, from 1, and its text without comment."""

_VALUE, _DIFFERENCE, _REPEAT = 0, 1, 2
_DIGITS: dict[str, tuple[int, str]] = {
    "": (_VALUE, ""),
    "+": (_VALUE, "+"),
    "-": (_VALUE, "-"),
    **{letter: (_VALUE, str(n)) for n, letter in enumerate("@ABCDEFGHI")},
    **{letter: (_VALUE, f"-{n}") for n, letter in enumerate("abcdefghi", 1)},
    **{letter: (_DIFFERENCE, str(n)) for n, letter in enumerate("%JKLMNOPQR")},
    **{letter: (_DIFFERENCE, f"-{n}") for n, letter in enumerate("jklmnopqr", 1)},
    **{letter: (_REPEAT, str(n)) for n, letter in enumerate("STUVWXYZs", 1)},
}
_COMPRESSED = re.compile(r"[@A-DF-Za-df-z%]")  # E and e may be exponents
_ABSCISSA = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]\d+)?)")
_TOKEN = re.compile(r"([^\s,;\d.]?)([\d.]*)")
AFFN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?|[^\s,;]")
"""A number in AFFN or PAC, or a character that does not belong there."""
_UNEQUAL = 1e-6  # of the value: rounding of decimals is no failed check


@dataclass(slots=True)
class Ordinates:
    """What a table of ``(X++(Y..Y))`` holds.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        In units of YFACTOR; NaN where not measured.
    columns : ndarray of float64, shape (lines,)
        The X of each line, in units of XFACTOR.
    starts : ndarray of int64, shape (lines,)
        Which value each X belongs to.
    numbers : ndarray of int64, shape (lines,)
        The lines' numbers in the file.
    step : float
        Unit of the last digit of the X that has the fewest decimals.
    warnings : list of str
    """

    values: NDArray[np.float64]
    columns: NDArray[np.float64]
    starts: NDArray[np.int64]
    numbers: NDArray[np.int64]
    step: float
    warnings: list[str]


@dataclass(slots=True)
class _State:
    """What has been decoded; `differs` says whether the last line ended in differences."""

    most: int
    values: array[float] = field(default_factory=lambda: array("d"))
    differs: bool = False
    unchecked: list[int] = field(default_factory=list)

    def add(self, value: float, times: int = 1) -> None:
        """Take a value, perhaps several times.

        Raises
        ------
        LimitExceeded
            If there are more than may be.
        """
        if len(self.values) + times > self.most:
            raise LimitExceeded(f"its table unpacks to more than {self.most:,} values (record_bytes / 8)")
        if times == 1:
            self.values.append(value)
        else:
            self.values.extend(array("d", [value]) * times)


def ordinates(lines: Sequence[Line], most: int) -> Ordinates:
    """Return the values of a table of ``(X++(Y..Y))``.

    A line that cannot be read to its end counts up to there; a Y check that fails is told, and what follows it in the
    line begins at its value.

    Raises
    ------
    LimitExceeded
        If there are more values than `most`; a few bytes of DUP can stand for any number.
    """
    state = _State(most)
    compressed = 2 * sum(_is_compressed(text) for _, text in lines) > len(lines)
    columns, starts, numbers, damaged = array("d"), array("q"), array("q"), list[int]()
    decimals = 99
    for number, text in lines:
        head = _ABSCISSA.match(text) if compressed else AFFN.match(text.lstrip(" \t,;"))
        x = figure_of(head.group().strip()) if head else math.nan
        if head is None or math.isnan(x):
            damaged.append(number)
            state.differs = False
            continue
        decimals = min(decimals, _decimals(head.group()))
        columns.append(x)
        numbers.append(number)
        starts.append(len(state.values) - (1 if state.differs else 0))
        if not (_decode(state, number, text[head.end() :]) if compressed else _plain(state, text)):
            damaged.append(number)
            state.differs = False
    return Ordinates(
        np.array(state.values, np.float64),
        np.array(columns, np.float64),
        np.array(starts, np.int64),
        np.array(numbers, np.int64),
        10.0**-decimals if columns else 1.0,
        [*told(damaged, "cannot be read to the end"), *told(state.unchecked, "does not begin with the value before")],
    )


def _is_compressed(text: str) -> bool:
    """Say whether a line has letters that are digits; E is one if the line is not X and Y with E as an exponent."""
    if _COMPRESSED.search(text):
        return True
    if "E" not in text and "e" not in text:
        return False
    tokens = AFFN.findall(text)
    return len(tokens) < 2 or "E" in tokens or "e" in tokens


def _decode(state: _State, number: int, text: str) -> bool:
    """Add the values of a line in SQZ, DIF, DUP or PAC; return False where it breaks."""
    check, state.differs = state.differs, False
    amount, difference = math.nan, False
    before = (len(state.values), state.values[-1]) if check else (-1, 0.0)
    for letter, digits in _TOKEN.findall(text):
        if not letter and not digits:
            continue
        kind, prefix = _DIGITS.get(letter, (-1, ""))
        figure = math.nan if letter == "?" else figure_of(prefix + digits)
        if letter != "?" and (kind < 0 or math.isnan(figure)):
            return False
        if kind == _REPEAT:
            if not _repeat(state, amount, int(figure), difference):
                return False
            continue
        difference, amount = kind == _DIFFERENCE, figure
        if difference and not state.values:
            return False
        value = state.values[-1] + amount if difference else amount
        if check:
            _check(state, number, value)
            check = False
        else:
            state.add(value)
        state.differs = difference
    if before[0] == len(state.values):  # the check is all there is in the line, and proves nothing against the values
        state.values[-1] = before[1]
    return True


def _repeat(state: _State, amount: float, times: int, difference: bool) -> bool:
    """Apply DUP: what is before stands `times` times in all; return False if nothing is before."""
    if math.isnan(amount) or times < 1 or not state.values:
        return False
    if not difference or amount == 0:
        state.add(state.values[-1], times - 1)
        return True
    if len(state.values) + times > state.most:
        state.add(0.0, times)
    for _ in range(times - 1):
        state.add(state.values[-1] + amount)
    return True


def _check(state: _State, number: int, value: float) -> None:
    before = state.values[-1]
    if abs(before - value) > _UNEQUAL * max(abs(before), abs(value), 1.0):
        state.unchecked.append(number)
        state.values[-1] = value


def _plain(state: _State, text: str) -> bool:
    """Add the values of a line in AFFN or PAC, whose first number is the X; return False where it breaks."""
    for at, token in enumerate(AFFN.findall(text)):
        figure = math.nan if token == "?" else figure_of(token)  # noqa: S105 - a missing value
        if math.isnan(figure) and token != "?":  # noqa: S105 - as above
            return False
        if at:
            state.add(figure)
    return True


def figure_of(text: str, otherwise: float = math.nan) -> float:
    """Return a number, `otherwise` for what is none."""
    try:
        return float(text)
    except ValueError:
        return otherwise


def _decimals(text: str) -> int:
    """Return the decimals of a number as it is written; of an exponent it counts too."""
    mantissa, _, exponent = text.strip().lower().partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def told(lines: list[int], what: str) -> Iterator[str]:
    """Yield a warning about `lines`, of which each `what`."""
    if len(lines) == 1:
        yield f"line {lines[0]} of the data {what}"
    elif lines:
        yield f"{len(lines):,} lines of the data, the first of them line {lines[0]}: each {what}"
