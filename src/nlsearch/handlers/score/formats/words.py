"""Words of scores in text formats: sung texts and years."""

from __future__ import annotations

import re
from collections.abc import Iterable

_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")


def joined(syllables: Iterable[str]) -> str:
    """Return the text of a verse: syllables with a hyphen at their end go on in the next.

    >>> joined(["glo-", "ri-", "a", "in"])
    'gloria in'
    """
    pieces: list[str] = []
    for syllable in syllables:
        goes_on = len(syllable) > 1 and syllable.endswith("-")
        pieces.append(syllable[:-1] if goes_on else f"{syllable} ")
    return "".join(pieces).strip()


def year_of(text: str) -> str:
    """Return the first year in a text, 1000 to 2099, or ``""``."""
    found = _YEAR.search(text)
    return found[1] if found else ""
