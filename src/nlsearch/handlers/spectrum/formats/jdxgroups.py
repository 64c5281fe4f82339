"""Reading the tables of JCAMP-DX that give X and Y of every point, and assigned peaks.

Conventions
-----------
Numbers are in AFFN, with commas, semicolons or spaces between; groups do not go on in the next line.  Assignments are
``(x, y, multiplicity, <atoms>)`` with whatever parts the form names.

References
----------
R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 1988, 42, 151.  A. N. Davies and P. Lampen, Appl. Spectrosc. 1993, 47,
1093.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nlsearch.errors import LimitExceeded
from nlsearch.handlers.spectrum.formats.asdf import AFFN, Line, figure_of, told

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TUPLE = re.compile(r"\(\s*([^,()<>\s]*)\s*(?:,\s*([^,()<>\s]*))?")


def groups(lines: Sequence[Line], width: int, most: int) -> tuple[NDArray[np.float64], list[str]]:
    """Return the numbers of a table of ``(XY..XY)`` or of wider groups, and what was odd.

    Parameters
    ----------
    lines : sequence of (int, str)
    width : int
        Numbers in a group; groups do not go on in the next line.
    most : int
        How many numbers there may be.

    Returns
    -------
    ndarray of float64, shape (n, width)
    list of str

    Raises
    ------
    LimitExceeded
        If there are more.
    """
    found, damaged = array("d"), list[int]()
    for number, text in lines:
        figures = [math.nan if token == "?" else figure_of(token, math.inf) for token in AFFN.findall(text)]  # noqa: S105 - as above
        whole = next((at for at, figure in enumerate(figures) if math.isinf(figure)), len(figures))
        whole -= whole % width
        if whole < len(figures):
            damaged.append(number)
        found.extend(figures[:whole])
        if len(found) > most:
            raise LimitExceeded(f"its table has more than {most:,} numbers (record_bytes / 8)")
    return np.array(found, np.float64).reshape(-1, width), list(told(damaged, "cannot be read to the end"))


def assigned(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Return position and intensity of assigned peaks, ``(x, y, …, <atoms>)``; NaN where not given."""
    return [(figure_of(x), figure_of(y or "")) for _, text in lines for x, y in _TUPLE.findall(text)]
