"""How values read in a line for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nlsearch.model import Json

LISTED = 12
"""Values of a list that are shown; of more their number is told."""


def shown(value: Json) -> str:
    """Write any value of evidence in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if 100 <= abs(value) < 1e6 else f"{value:.6g}"
    if isinstance(value, list):
        listed = ", ".join(shown(part) for part in value[:LISTED])
        return f"{listed}, … ({len(value)} in all)" if len(value) > LISTED else listed
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(part)}" for key, part in list(value.items())[:LISTED])
    return str(value)


def plural(number: int, noun: str) -> str:
    """Write a number of things.

    Examples
    --------
    >>> plural(1, "match"), plural(2, "match"), plural(1_000, "query")
    ('1 match', '2 matches', '1,000 queries')
    """
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith('ch') else 's'}"
