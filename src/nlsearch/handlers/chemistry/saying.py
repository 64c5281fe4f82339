"""How it is said what a query was read as."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "atom"), counted(2, "aromatic ring")
    ('1 atom', '2 aromatic rings')
    """
    return f"{count} {noun}" + ("" if count == 1 else "s")
