"""Scores and E-values as BLAST prints them, so that equal alignments give equal columns."""

from __future__ import annotations

UNKNOWN = "N/A"
"""What BLAST prints for what it does not know."""


def evalue_text(value: float | None, digits: int = 2) -> str:
    """Return an E-value with `digits` decimals of its mantissa (BLAST: 2 in tables, 0 beside alignments)."""
    if value is None:
        return UNKNOWN
    if value < 1e-180:
        return "0.0"
    if value < 0.0009:
        return f"{value:.{digits}e}"
    for bound, decimals in ((0.1, 3), (1.0, 2), (10.0, 1)):
        if value < bound:
            return f"{value:.{decimals}f}"
    return f"{value:.0f}"


def bits_text(value: float | None) -> str:
    """Return a bit score: one decimal up to 99.9, then whole bits, cut off and not rounded."""
    if value is None:
        return UNKNOWN
    if value > 99_999:
        return f"{value:.3e}"
    return str(int(value)) if value > 99.9 else f"{value:.1f}"


def percent(part: int, whole: int) -> int:
    """Return a share in whole percent; 100 only if it is all.

    Examples
    --------
    >>> percent(197, 203), percent(999, 1000), percent(5, 5)
    (97, 99, 100)
    """
    return 100 if part == whole else min(99, int(0.5 + 100 * part / whole)) if whole else 0


def coverage(covered: int, whole: int) -> int:
    """Return the share of a query that is covered, in whole percent as BLAST rounds it: from 99 on downwards."""
    share = 100 * covered / whole
    return int(share + 0.5 if share < 99 else share)


def covered(ranges: list[tuple[int, int]]) -> int:
    """Return how many positions lie in at least one of `ranges`.

    Examples
    --------
    >>> covered([(0, 10), (5, 12), (20, 21)])
    13
    """
    total, end = 0, 0
    for first, last in sorted(ranges):
        total += max(0, last - max(first, end))
        end = max(end, last)
    return total
