"""Rows of numbers in text formats of peak lists."""

from __future__ import annotations

from collections.abc import Sequence

from nlsearch.handlers.spectrum.records import counted, is_number, numbers
from nlsearch.handlers.textlines import shortened


def column(texts: Sequence[str]) -> list[float]:
    """Return the numbers of a column, NaN for what is none."""
    try:
        return list(map(float, texts))
    except ValueError:
        return numbers(texts)


def rows(lines: Sequence[str], warnings: list[str]) -> tuple[list[float], list[float]]:
    """Return the first two columns of peak lines; what is no peak line is left out with a warning."""
    split = [line.split(None, 2) for line in lines]
    odd = [line for line, row in zip(lines, split, strict=True) if len(row) < 2 or not is_number(row[0])]
    if odd:
        warnings.append(f"{counted(len(odd), 'line')} not understood, the first is {shortened(odd[0].strip())!r}")
        split = [row for row in split if len(row) > 1 and is_number(row[0])]
    return column([row[0] for row in split]), column([row[1] for row in split])
