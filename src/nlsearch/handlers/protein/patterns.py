"""PROSITE patterns: their syntax, and where they occur.

``x`` is any residue, ``[ALT]`` one of some, ``{AM}`` none of some, ``x(3)`` three of them and ``x(2,4)`` two to four,
``<`` the beginning of the chain and ``>`` its end, which may stand within brackets (``[G>]``: glycine or the end).
Elements are joined by ``-``; a period may end the pattern.

Conventions
-----------
Uncertain residues of a target match what they surely satisfy: B where both N and D would, Z where both Q and E would,
J where both L and I would, X where all twenty would, so within ``x``.  U and O are residues of their own.  A stop (*)
is none: nothing matches it.  In a pattern B, Z and J stand for either of their two, X for any residue.

An occurrence is the longest that begins at its position; those of all positions are found, overlapping ones too.

References
----------
Hulo et al., Nucleic Acids Res 2006 34:D227; the syntax is that of the PROSITE user manual, part IV.E.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.sequences.aminoacids import LETTERS

__all__ = ["Element", "Pattern"]

_TWENTY = "ARNDCQEGHILKMFPSTWYV"
_RESIDUES = _TWENTY + "UO"
_EITHER = {"B": "ND", "Z": "QE", "J": "LI"}
_WRITTEN = frozenset(_RESIDUES + "BZJX")
_MOST_REPEATS = 10_000
_ELEMENT = re.compile(
    r"(?P<before><?)(?:(?P<letter>[A-Za-z])|\[(?P<some>[A-Za-z<>]+)\]|\{(?P<others>[A-Za-z<>]+)\})"
    r"(?:\((?P<least>\d+)(?:,(?P<most>\d+))?\))?(?P<behind>>?)"
)
_SEPARATOR = 255
"""Stands behind each of several chains; no class holds it."""


@dataclass(frozen=True)
class Element:
    """One element of a pattern.

    Parameters
    ----------
    letters : frozenset of str
        The residues that it takes.
    least, most : int
        How many of them.
    begins, ends : bool
        Whether the beginning or the end of the chain satisfies it too, without a residue.
    """

    letters: frozenset[str]
    least: int = 1
    most: int = 1
    begins: bool = False
    ends: bool = False

    def taken(self) -> NDArray[np.bool_]:
        """Return which codes of a target it takes; shape (256,)."""
        table = np.zeros(256, np.bool_)
        wanted = {letter: {letter} for letter in _RESIDUES} | {letter: set(two) for letter, two in _EITHER.items()}
        for letter, needed in (wanted | {"X": set(_TWENTY)}).items():
            table[LETTERS.index(letter)] = needed <= self.letters
        return table

    @property
    def is_any(self) -> bool:
        """Whether it takes every residue."""
        return self.letters >= frozenset(_RESIDUES)


@dataclass(frozen=True)
class Pattern:
    """A pattern: its elements, and whether it is tied to the beginning or to the end of the chain."""

    elements: tuple[Element, ...]
    from_start: bool = False
    to_end: bool = False

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read a pattern.

        Raises
        ------
        QuerySyntax
            If it is none; the message names the element and its place.
        """
        dense = "".join(text.split()).removesuffix(".")
        if not dense:
            raise QuerySyntax("the pattern is empty", hint='write prosite:"N-{P}-[ST]-{P}"')
        parts = dense.split("-")
        elements: list[Element] = []
        from_start = to_end = False
        for number, part in enumerate(parts, 1):
            found = _ELEMENT.fullmatch(part)
            where = f"{part!r}, element {number} of the pattern,"
            if found is None:
                raise QuerySyntax(
                    f"{where} is none", hint="A, x, [AC], {P}, x(3), x(2,4); < first, > last; joined by -"
                )
            if (found["before"] and number > 1) or (found["behind"] and number < len(parts)):
                raise QuerySyntax(f"{where} is tied to an end of the chain, but others stand beyond")
            from_start, to_end = from_start or bool(found["before"]), to_end or bool(found["behind"])
            elements.append(_element(found, where, is_first=number == 1, is_last=number == len(parts)))
        return cls(tuple(elements), from_start, to_end)

    @property
    def read_as(self) -> str:
        """How it was understood."""
        least, most = (sum(getattr(one, name) for one in self.elements) for name in ("least", "most"))
        span = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        tied = " at the beginning of the chain" * self.from_start + " at its end" * self.to_end
        return f"PROSITE pattern of {len(self.elements)} elements, {span} residues{tied}"

    @property
    def reversed(self) -> Pattern:
        """The pattern of reversed chains."""
        turned = tuple(
            Element(one.letters, one.least, one.most, begins=one.ends, ends=one.begins) for one in self.elements[::-1]
        )
        return Pattern(turned, self.to_end, self.from_start)

    def occurs(self, chains: Sequence[bytes]) -> NDArray[np.bool_]:
        """Return in which of several chains it occurs; shape (n,)."""
        answer = np.zeros(len(chains), np.bool_)
        if not chains:
            return answer
        text = _Text(chains)
        answer[np.searchsorted(text.stops, text.ends(self))] = True
        return answer

    def occurrences(self, chain: bytes) -> NDArray[np.int64]:
        """Return where it begins in a chain, ascending; shape (n,)."""
        return np.sort(len(chain) - _Text([chain[::-1]]).ends(self.reversed))

    def longest_from(self, chain: bytes, start: int) -> int:
        """Return where the longest occurrence that begins at `start` ends."""
        return int(_Text([chain]).ends(self, np.array([start])).max())


class _Text:
    """Several chains behind each other, over which an element moves a set of positions on, all at once."""

    def __init__(self, chains: Sequence[bytes]) -> None:
        mark = bytes([_SEPARATOR])
        self.codes = np.frombuffer(mark.join(chains) + mark, np.uint8)
        self.stops = np.cumsum([len(chain) + 1 for chain in chains], dtype=np.int64) - 1

    def ends(self, pattern: Pattern, starts: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return where occurrences end that begin at one of `starts`, or anywhere; ascending."""
        at = starts
        if at is None and pattern.from_start:
            at = np.concatenate([[0], self.stops[:-1] + 1])
        elif at is not None and pattern.from_start:
            at = at[self._begins(at)]
        for element in pattern.elements:
            at = self._moved(at, element)
        assert at is not None  # noqa: S101 - a pattern has an element
        return at[self._stops(at)] if pattern.to_end else at

    def _begins(self, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray((at == 0) | (self.codes[at - 1] == _SEPARATOR))

    def _stops(self, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(self.codes[at] == _SEPARATOR)

    def _moved(self, at: NDArray[np.int64] | None, element: Element) -> NDArray[np.int64]:
        """Return the positions behind an element, from those before it; None stands for all."""
        takes = element.taken()[self.codes]
        if at is None:
            plain = element.least and not element.begins and not element.ends
            at = np.flatnonzero(takes) if plain else np.arange(len(self.codes))
        barriers = np.flatnonzero(~takes)
        room = barriers[np.searchsorted(barriers, at)] - at
        kept = room >= element.least
        low, high = at[kept] + element.least, at[kept] + np.minimum(room[kept], element.most)
        beyond = low if element.least == element.most else _covered(low, high, len(self.codes))
        without = [at[self._begins(at)]] * element.begins + [at[self._stops(at)]] * element.ends
        return np.union1d(beyond, np.concatenate(without)) if without else beyond


def _covered(low: NDArray[np.int64], high: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return all positions in at least one of several closed ranges, ascending."""
    change = np.bincount(low, minlength=size + 1) - np.bincount(high + 1, minlength=size + 1)[: size + 1]
    return np.flatnonzero(np.cumsum(change) > 0)


def _element(found: re.Match[str], where: str, *, is_first: bool, is_last: bool) -> Element:
    written = found["letter"] or found["some"] or found["others"]
    letters = set(_RESIDUES)
    if found["letter"] not in {"x", "X"}:
        letters = _members(written, where)
    if found["others"]:
        letters = set(_RESIDUES) - letters
    begins, ends = "<" in written, ">" in written
    if found["others"] and (begins or ends):
        raise QuerySyntax(f"{where} excludes an end of the chain, which it cannot")
    if (begins and not is_first) or (ends and not is_last):
        raise QuerySyntax(f"{where} is tied to an end of the chain, but others stand beyond")
    least = int(found["least"] or 1)
    most = int(found["most"] or least)
    if least > most or not most:
        raise QuerySyntax(f"{where} says how often by a range that is none")
    if most > _MOST_REPEATS:
        raise QuerySyntax(f"{where} repeats more than {_MOST_REPEATS:,} times")
    return Element(frozenset(letters), least, most, begins, ends)


def _members(written: str, where: str) -> set[str]:
    members: set[str] = set()
    for letter in written.strip("<>"):
        if letter.upper() not in _WRITTEN:
            raise QuerySyntax(f"{letter!r} in {where} is no residue")
        members |= set(_EITHER.get(letter.upper(), letter.upper())) if letter.upper() != "X" else set(_RESIDUES)
    return members
