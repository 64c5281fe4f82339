"""One dimension of a line at a time, as a string of symbols: contour, rhythm, degrees of the key, chords.

Conventions
-----------
A symbol is a byte; 0 stands where nothing is known, and no query matches it.  Symbol *i* of a line that belongs to
pairs of notes (contour, rhythm) is of the notes *i* and *i* + 1.

========  ================================================================================
contour   1 down, 2 up, 3 the same
rhythm    128 + 12 · log2 of the ratio of two durations, rounded: 128 for equal, 140 for twice
degree    1 + semitones above the tonic of the key in force; 12 more in keys with a minor third
interval  128 + semitones
chord     1 + semitones above the tonic, and the quality; see :mod:`harmonies`
========  ================================================================================

References
----------
D. Parsons, *The Directory of Tunes and Musical Themes*, 1975.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from nlsearch.handlers.score.keys import Tonality
from nlsearch.handlers.score.payload import NONE, Line, Tune

GRAM = 4
"""Symbols of a gram."""
DIMENSIONS = ("contour", "rhythm", "gaps", "degree", "interval", "numeral", "change")
"""``rhythm`` is of the durations as written, ``gaps`` from one onset to the next; ``numeral`` of chords in their key,
``change`` of chords beside the one before."""
_LEVELS = 12
_UNISON = 128
_OCTAVE = 12
_DIRECTIONS = ("down", "up", "the same")
_MAJOR_DEGREES = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")
_MINOR_DEGREES = ("1", "b2", "2", "3", "#3", "4", "#4", "5", "6", "#6", "7", "#7")


def contour(pitches: NDArray[np.uint8]) -> bytes:
    """Return the contour of a line, one symbol a pair."""
    return _pairs(pitches, np.array([3, 2, 1])[np.sign(_steps(pitches))])


def intervals(pitches: NDArray[np.uint8]) -> bytes:
    """Return the intervals of a line, one symbol a pair."""
    return _pairs(pitches, np.clip(_steps(pitches) + _UNISON, 1, 255))


def _steps(pitches: NDArray[np.uint8]) -> NDArray[np.int64]:
    line = pitches.astype(np.int64)
    return line[1:] - line[:-1]


def _pairs(pitches: NDArray[np.uint8], symbols: NDArray[np.int64]) -> bytes:
    known = pitches != NONE
    return np.where(known[1:] & known[:-1], symbols, 0).astype(np.uint8).tobytes()


def proportions(durations: NDArray[np.uint32] | NDArray[np.float64]) -> bytes:
    """Return the proportions of durations, one symbol a pair."""
    held = np.asarray(durations, np.float64)
    known = held > 0
    logs = np.log2(np.where(known, held, 1.0))
    symbols = np.clip(np.rint(_LEVELS * np.diff(logs)) + _UNISON, 1, 255)
    return np.where(known[1:] & known[:-1], symbols, 0).astype(np.uint8).tobytes()


def degrees(line: Line, tune: Tune, keys: Sequence[tuple[int, Tonality]]) -> bytes:
    """Return the degrees of a line, one symbol a note."""
    if not keys:
        return bytes(len(line))
    onsets = tune.onset[line.notes]
    at = np.maximum(np.searchsorted([onset for onset, _ in keys], onsets, side="right") - 1, 0)
    tonics = np.array([key.tonic for _, key in keys])[at]
    minor = np.array([12 * key.is_minor for _, key in keys])[at]
    symbols = (line.pitches.astype(np.int64) - tonics) % 12 + 1 + minor
    return np.where(line.pitches != NONE, symbols, 0).astype(np.uint8).tobytes()


def of_line(dimension: str, line: Line, tune: Tune, keys: Sequence[tuple[int, Tonality]]) -> bytes:
    """Return the symbols of a line in one dimension."""
    if dimension == "contour":
        return contour(line.pitches)
    if dimension == "rhythm":
        return proportions(line.lengths)
    if dimension == "gaps":
        return proportions(line.gaps)
    if dimension == "interval":
        return intervals(line.pitches)
    return degrees(line, tune, keys)


def name_of_symbol(dimension: str, symbol: int) -> str:
    """Return a symbol in words.

    Examples
    --------
    >>> name_of_symbol("contour", 2), name_of_symbol("interval", 125), name_of_symbol("degree", 4)
    ('up', '-3', 'b3')
    >>> name_of_symbol("rhythm", 140), name_of_symbol("degree", 16), name_of_symbol("gaps", 135)
    ('1:2', '3', '2:3')
    """
    if symbol == 0:
        return "unknown"
    if dimension == "contour":
        return _DIRECTIONS[symbol - 1]
    if dimension == "interval":
        return f"{symbol - _UNISON:+d}" if symbol != _UNISON else "0"
    if dimension in ("rhythm", "gaps"):
        ratio = Fraction(2 ** ((symbol - _UNISON) / _LEVELS)).limit_denominator(8)
        if symbol < _UNISON:
            ratio = 1 / Fraction(2 ** ((_UNISON - symbol) / _LEVELS)).limit_denominator(8)
        return f"{ratio.denominator}:{ratio.numerator}"
    return (_MINOR_DEGREES if symbol > _OCTAVE else _MAJOR_DEGREES)[(symbol - 1) % _OCTAVE]


def grams(dimension: str, symbols: bytes) -> NDArray[np.uint64]:
    """Return the terms of all runs of :data:`GRAM` known symbols: the dimension in the highest byte, then the symbols.

    Sorted, unique.
    """
    held = np.frombuffer(symbols, np.uint8).astype(np.uint64)
    if len(held) < GRAM:
        return np.empty(0, np.uint64)
    count = len(held) - GRAM + 1
    terms = np.full(count, DIMENSIONS.index(dimension) + 1, np.uint64)
    known = np.ones(count, np.bool_)
    for at in range(GRAM):
        symbol = held[at : at + count]
        terms = terms << np.uint64(8) | symbol
        known &= symbol > 0
    return np.unique(terms[known])


def grams_of(tune: Tune, keys: Sequence[tuple[int, Tonality]]) -> NDArray[np.uint64]:
    """Return the terms of all lines of a score, and of its chords."""
    from nlsearch.handlers.score.harmonies import chord_symbols

    found = [
        grams(dimension, of_line(dimension, line, tune, keys))
        for line in tune.lines()
        for dimension in ("contour", "rhythm", "gaps", "degree", "interval")
    ]
    found += [grams(dimension, symbols) for dimension, symbols in chord_symbols(tune.harmonies, keys).items()]
    return np.unique(np.concatenate([*found, np.empty(0, np.uint64)]))


def runs_of(pattern: Sequence[bytes | None]) -> Iterator[bytes]:
    """Yield the longest runs of positions of a pattern that allow one symbol each; None allows any."""
    run = bytearray()
    for allowed in (*pattern, None):
        if allowed is not None and len(allowed) == 1:
            run += allowed
        elif run:
            yield bytes(run)
            run = bytearray()
