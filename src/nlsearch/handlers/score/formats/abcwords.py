"""What an ABC tune says of itself in words: titles, composers, origin, and text that is not aligned with notes.

References
----------
The ABC music standard 2.1 (December 2011), sections 3.1 and 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable

from nlsearch.handlers.score.formats.words import year_of
from nlsearch.handlers.score.notation import Score

_NAMES = {
    "A": "author",
    "B": "source",
    "D": "recording",
    "F": "address",
    "G": "group",
    "H": "history",
    "N": "note",
    "O": "origin",
    "P": "parts",
    "R": "genre",
    "S": "source",
    "Z": "transcriber",
}
"""Letters of fields and what they are called in ``Score.words``."""
_LONGEST = 20_000


class Words:
    """Words of a tune while its fields are read."""

    def __init__(self) -> None:
        self._titles: list[str] = []
        self._composers: list[str] = []
        self._text: list[str] = []
        self._said: dict[str, list[str]] = {}

    def say(self, letter: str, text: str) -> None:
        """Take a field of words; one that is none, of instructions or symbols, is left out."""
        known = self._of(letter)
        if known is not None and (text or letter == "W"):
            known.append(text)

    def goes_on(self, letter: str, text: str) -> bool:
        """Take what continues a field; say whether there is one."""
        known = self._of(letter)
        if known:
            known[-1] = f"{known[-1]} {text}" if len(known[-1]) < _LONGEST else known[-1]
        return bool(known)

    def _of(self, letter: str) -> list[str] | None:
        if letter in _NAMES:
            return self._said.setdefault(_NAMES[letter], [])
        return {"T": self._titles, "C": self._composers, "W": self._text}.get(letter)

    def fill(self, score: Score) -> None:
        """Put the words into a score whose parts are there."""
        score.title = self._titles[0] if self._titles else ""
        score.composer = "; ".join(self._composers)
        said = dict(self._said)
        if len(self._titles) > 1:
            said["subtitle"] = self._titles[1:]
        score.words = {name: "; ".join(values)[:_LONGEST] for name, values in said.items() if values}
        year = year_of(" ".join([*self._composers, *said.get("source", [])]))
        if year:
            score.words["year"] = year
        if self._text and score.parts and not any(part.verses for part in score.parts):
            score.parts[0].verses = list(_stanzas(self._text))


def _stanzas(lines: Iterable[str]) -> Iterable[str]:
    """Yield the stanzas of ``W:`` lines, which an empty one ends."""
    stanza: list[str] = []
    for line in lines:
        if line:
            stanza.append(line)
        elif stanza:
            yield " ".join(stanza)
            stanza = []
    if stanza:
        yield " ".join(stanza)
