"""Bars of text formats: how long a meter makes them, and their numbers where the source gives none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlsearch.handlers.score.notation import TICKS, Bar

_METER = re.compile(r"\s*\(?(\d{1,4}(?:\s*\+\s*\d{1,4})*)\)?\s*/\s*(\d{1,4})\s*$")


def meter_ticks(text: str) -> int:
    """Return the length of a bar of a meter such as ``"3/4"`` or ``"3+2/8"``; 0 if it has none."""
    found = _METER.match(text)
    if found is None or not int(found[2]):
        return 0
    return 4 * TICKS * sum(map(int, found[1].split("+"))) // int(found[2])


def number_bars(bars: Sequence[Bar], end: int, full: Sequence[int], *, joined: Sequence[bool] = ()) -> None:
    """Give numbers to bars that the source does not number: from 1, a pickup is 0.

    Parameters
    ----------
    bars : sequence of Bar
        Their labels are written.
    end : int
        Where the last one ends, in ticks.
    full : sequence of int
        For each bar the length that its meter gives it, 0 where there is none.
    joined : sequence of bool, optional
        For each bar whether it follows upon a sign that may stand within a bar, such as a repeat.  Two parts of a bar
        at such a sign have one number, as in print.
    """
    number = 0
    before = 0
    for at, bar in enumerate(bars):
        length = (bars[at + 1].onset if at + 1 < len(bars) else end) - bar.onset
        if at == 0:
            number = 0 if 0 < length < full[0] and len(bars) > 1 else 1
        elif not (joined and joined[at] and before and before + length == full[at]):
            number += 1
        before = length if length < full[at] else 0
        bar.label = str(number)
