"""Aligned lyrics of ABC (``w:`` fields).

References
----------
The ABC music standard 2.1 (December 2011), section 5.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlsearch.handlers.score.notation import Note

_PIECE = re.compile(r"[|*_]|-|(?:\\-|[^\s|*_-])+|\s+")

_HOLDS = frozenset({"-", "*", "_"})


def align(text: str, sung: Sequence[tuple[Note, int]], *, first: bool, start: int = 0) -> tuple[list[str], int, int]:
    r"""Give the notes of a line their syllables.

    ``-`` ends a syllable whose word goes on, ``_`` holds the one before, ``*`` leaves a note out, ``|`` goes on to the
    next bar, ``~`` is a space and ``\-`` a hyphen within a syllable.

    Parameters
    ----------
    text : str
        Of the field.
    sung : sequence of (Note, int)
        Notes of the line, tied ones too, and the index of the bar in which each stands.
    first : bool
        Whether it is the first verse, whose syllables are written to the notes.
    start : int
        Note with which it begins.

    Returns
    -------
    syllables : list of str
        With a hyphen at the end where the word goes on.
    beyond : int
        How many of them have no note.
    end : int
        The note behind the last.
    """
    syllables: list[str] = []
    beyond, at = 0, start
    is_open = False  # whether a hyphen that comes now ends the syllable before; else it holds its note
    for piece in _PIECE.findall(text):
        if piece == "-" and is_open:
            syllables[-1] += "-"
            if first and 0 < at <= len(sung) and sung[at - 1][0].syllable:
                sung[at - 1][0].syllable = syllables[-1]
        elif piece in _HOLDS:
            at += 1
        elif piece == "|":
            at = _next_bar(sung, at)
        elif not piece[0].isspace():
            syllables.append(piece.replace("\\-", "-").replace("~", " "))
            if at >= len(sung):
                beyond += 1
            elif first and not sung[at][0].syllable:
                sung[at][0].syllable = syllables[-1]
            at, is_open = at + 1, True
            continue
        is_open = False
    return syllables, beyond, at


def _next_bar(sung: Sequence[tuple[Note, int]], at: int) -> int:
    """Return the first note of the bar behind that of the note before `at`."""
    if not 0 < at <= len(sung):
        return at
    bar = sung[at - 1][1]
    while at < len(sung) and sung[at][1] == bar:
        at += 1
    return at
