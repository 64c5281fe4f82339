"""One dimension of a melody at a time: degrees, solfège, contour, rhythm, intervals with gaps, and chords.

A value is read as *patterns*: in a dimension of :mod:`symbols`, for each place the symbols that it allows.  An item
matches if one of its lines matches one of the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.score.compile import KIND, counted, edits_of, refuse_long, said_of, shown, where_of
from nlsearch.handlers.score.facts import GRAMS
from nlsearch.handlers.score.keys import SCALES
from nlsearch.handlers.score.melody import SOLFEGE, SUNG, read_intervals
from nlsearch.handlers.score.symbols import grams, name_of_symbol, proportions, runs_of
from nlsearch.model import AnyOf, Probe, Question, Scalar, Scan, Terms

Place = bytes | None
"""The symbols that a place of a pattern allows; None: any."""
EVERY = bytes(range(1, 256))
_START_BITS = 32
_ONE = 1 << _START_BITS
_DEGREE = re.compile(r"\^?(?P<sign>[#b♯♭]{0,2})(?P<degree>[1-7])$")
_PARSONS = {"D": b"\1", "U": b"\2", "R": b"\3", "?": None}
_LENGTH = re.compile(r"(?P<rest>r?)(?P<over>\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})(?:/(?P<under>\d{1,6}))?$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A dimension, and what is allowed at each place."""

    dimension: str
    places: tuple[Place, ...]

    def told(self) -> list[Any]:
        """Return it as plain data."""
        return [self.dimension, [b"" if place is None else place for place in self.places]]

    @classmethod
    def of(cls, told: Sequence[Any]) -> Pattern:
        """Return the pattern of :meth:`told`."""
        return cls(told[0], tuple(bytes(place) or None for place in told[1]))


def _split(text: str, what: str) -> list[str]:
    tokens = [token for token in re.split(r"[\s,;|]+", text.strip()) if token]
    if not tokens:
        raise QuerySyntax(f"there are no {what}")
    return tokens


# ------------------------------------------------------------------------------------------------------------ reading
def read_degrees(text: str) -> list[Pattern]:
    """Read degrees: ``1 2 3``, ``^5 #4 b7``, ``?``.  Raises ``QuerySyntax`` if a token is none."""
    told = []
    for token in _split(text, "degrees"):
        match = _DEGREE.match(token)
        if match is None and token != "?":  # noqa: S105 - a degree
            raise QuerySyntax(f"{token[:40]!r} is no degree", hint="write 1 to 7, with # or b before it, or ? for any")
        told.append(None if match is None else (int(match["degree"]), match["sign"]))
    return _degree_patterns(told)


def read_solfege(text: str) -> list[Pattern]:
    """Read syllables, do being the tonic.  Raises ``QuerySyntax`` if a token is none."""
    told = []
    for token in _split(text, "syllables"):
        match = SUNG.match(token)
        if match is None and token != "?":  # noqa: S105 - a syllable
            raise QuerySyntax(f"{token[:40]!r} is no syllable", hint="write do re mi fa sol la si, or ? for any")
        told.append(None if match is None else (SOLFEGE[match["name"].lower()] + 1, match["accidental"] or ""))
    return _degree_patterns(told)


def _degree_patterns(told: Sequence[tuple[int, str] | None]) -> list[Pattern]:
    """Return the pattern in keys with a major third, and in those with a minor one."""
    return [
        Pattern(
            "degree",
            tuple(
                None if one is None else bytes([(scale[one[0] - 1] + _signs(one[1])) % 12 + 1 + 12 * minor])
                for one in told
            ),
        )
        for minor, scale in enumerate(SCALES)
    ]


def _signs(text: str) -> int:
    return text.count("#") + text.count("♯") - text.count("b") - text.count("♭")


def read_contour(text: str) -> list[Pattern]:
    """Read a Parsons code: ``*UUDR``.  Raises ``QuerySyntax`` if a letter is none of it."""
    letters = re.sub(r"[\s,]+", "", text.strip()).removeprefix("*").upper()
    if not letters:
        raise QuerySyntax("there is no contour", hint='write U (up), D (down) and R (repeat): contour:"*UUDR"')
    for letter in letters:
        if letter not in _PARSONS:
            raise QuerySyntax(f"{letter!r} is no direction", hint="write U (up), D (down), R (repeat) or ? for any")
    return [Pattern("contour", tuple(_PARSONS[letter] for letter in letters))]


def read_rhythm(text: str) -> list[Pattern]:
    """Read durations relative to each other: ``1 1 2``, ``1/4 1/8 r1/8``; ``?`` is any, ``r`` a rest.

    Raises
    ------
    QuerySyntax
        If a token is no duration, or there are fewer than two.
    """
    lengths: list[Fraction | None] = []
    gaps: list[Fraction | None] = []
    rests = False
    for token in _split(text, "durations"):
        if token == "?":  # noqa: S105 - a duration
            lengths.append(None)
            gaps.append(None)
            continue
        length, is_rest = _length(token)
        if not is_rest:
            lengths.append(length)
            gaps.append(length)
        elif gaps and gaps[-1] is not None:
            gaps[-1], rests = gaps[-1] + length, True
    if len(lengths) < 2:
        raise QuerySyntax("one duration has no proportion to another", hint='give at least two: rhythm:"1 1 2"')
    found = [Pattern("gaps", _proportions(gaps))]
    return found if rests else [Pattern("rhythm", _proportions(lengths)), *found]


def _length(token: str) -> tuple[Fraction, bool]:
    match = _LENGTH.match(token)
    if match is None or not float(match["over"]) or not int(match["under"] or 1):
        raise QuerySyntax(f"{token[:40]!r} is no duration", hint="write numbers relative to each other: 1 1 2, 1/4 1/8")
    return Fraction(match["over"]) / int(match["under"] or 1), bool(match["rest"])


def _proportions(lengths: Sequence[Fraction | None]) -> tuple[Place, ...]:
    return tuple(
        None if before is None or after is None else proportions(np.array([float(before), float(after)]))
        for before, after in pairwise(lengths)
    )


def read_interval_pattern(text: str) -> list[Pattern]:
    """Read intervals some of which are ``?``."""
    steps = read_intervals(text)
    return [Pattern("interval", tuple(None if step is None else bytes([step + 128]) for step in steps))]


READERS: dict[str, tuple[Callable[[str], list[Pattern]], str]] = {
    "degrees": (read_degrees, "degree"),
    "solfege": (read_solfege, "syllable"),
    "contour": (read_contour, "direction"),
    "rhythm": (read_rhythm, "proportion"),
    "intervals": (read_interval_pattern, "interval"),
}
"""How a value is read, and what a place of it is called."""
_REMARKS = {
    "degrees": "of the key in force, by the scale of its mode",
    "solfege": "do is the tonic of the key in force",
    "rhythm": "at any tempo",
    "intervals": "in semitones",
}


def compile_pattern(operator: str, value: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile one of :data:`READERS`.  Raises ``QuerySyntax`` if the value does not read."""
    reader, what = READERS[operator]
    patterns = reader(value)
    count = len(patterns[0].places)
    refuse_long(count, what + "s")
    if all(place is None for place in patterns[0].places):
        raise QuerySyntax("everything matches that", hint="say something else than ?")
    edits = edits_of(options, count)
    told = {"patterns": [pattern.told() for pattern in patterns], "edits": edits} | where_of(options)
    said = [
        f"{counted(count, what)}, {shown(_plain(operator, value, patterns))}",
        *filter(None, [_REMARKS.get(operator)]),
    ]
    said += said_of(edits, told)
    question = pattern_question(patterns, edits)
    return Probe(KIND, operator, ", ".join(said), question, told, "complete", exact_floor=1.0)


def _plain(operator: str, value: str, patterns: Sequence[Pattern]) -> str:
    """Return a value as it was read."""
    if operator in ("contour", "intervals"):
        return " ".join(_word(patterns[0].dimension, place) for place in patterns[0].places)
    return " ".join(token.removeprefix("^").lower() for token in _split(value, ""))


def _word(dimension: str, place: Place) -> str:
    """Return what a place asks for: one symbol, or any."""
    return "?" if place is None else name_of_symbol(dimension, place[0])


def pattern_question(patterns: Sequence[Pattern], edits: int) -> Question:
    """Return what finds the candidates of patterns: all grams of one of them; without any, everything.

    Edits leave one of `edits` + 1 pieces of a pattern as it is, so all grams of one of these.
    """
    parts: list[Question] = []
    for pattern in patterns:
        cuts = np.linspace(0, len(pattern.places), edits + 2).astype(int).tolist()
        for low, high in pairwise(cuts):
            held = [grams(pattern.dimension, run) for run in runs_of(pattern.places[low:high])]
            terms = np.unique(np.concatenate([*held, np.empty(0, np.uint64)]))
            if not len(terms):
                return Scan()
            parts.append(Terms(GRAMS, tuple(terms.tolist())))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(dict.fromkeys(parts)))


# ----------------------------------------------------------------------------------------------------------- matching
def matches(
    pattern: Pattern, symbols: bytes, edits: int, *, is_anchored: bool = False
) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and edits of the matches of a pattern in a string of symbols, the best first.

    With edits, of matches that end close to each other the best; anchored: only those that start with the string.
    """
    if edits == 0:
        for match in _expression(pattern).finditer(symbols, 0, len(pattern.places) if is_anchored else len(symbols)):
            yield match.start(), match.start() + len(pattern.places), 0
            if is_anchored:
                return
        return
    yield from _approximate(pattern, symbols, edits, is_anchored=is_anchored)


def _expression(pattern: Pattern) -> re.Pattern[bytes]:
    """Return what matches at each place where the pattern begins, without consuming it."""
    places = b"".join(
        b"[^\\x00]" if place is None else b"[" + b"".join(b"\\x%02x" % symbol for symbol in place) + b"]"
        for place in pattern.places
    )
    return re.compile(b"(?=" + places + b")", re.DOTALL)


def _approximate(pattern: Pattern, symbols: bytes, edits: int, *, is_anchored: bool) -> Iterator[tuple[int, int, int]]:
    """Yield where the edit distance to the pattern is smallest of all ends nearby, fewest edits first.

    A row is a place of the pattern, a column an end in the string.  Cost and start are one number, so that the least of
    it is the least cost, and of equal ones the earliest start: an extra symbol rather than a changed or a missing one.
    """
    size = len(symbols)
    ahead = np.arange(size + 1)
    behind = np.zeros(size + 1, np.int64) if is_anchored else ahead
    key = ((ahead if is_anchored else 0) << _START_BITS) + behind
    for wrong in _differences(pattern, symbols):
        fresh = key + _ONE
        fresh[1:] = np.minimum(fresh[1:], key[:-1] + (wrong.astype(np.int64) << _START_BITS))
        fresh -= ahead << _START_BITS
        key = np.minimum.accumulate(fresh) + (ahead << _START_BITS)
    cost, start = key >> _START_BITS, key & (_ONE - 1)
    least = cost.copy()
    for off in range(1, min(edits, size) + 1):
        least[off:] = np.minimum(least[off:], cost[:-off])
        least[:-off] = np.minimum(least[:-off], cost[off:])
    ends = np.flatnonzero((cost <= edits) & (cost == least) & (start < ahead))
    for end in ends[np.lexsort((-ends, start[ends], cost[ends]))]:
        yield int(start[end]), int(end), int(cost[end])


def _differences(pattern: Pattern, symbols: bytes) -> Iterator[NDArray[np.bool_]]:
    """Yield for each place of a pattern which symbols it does not allow."""
    line = np.frombuffer(symbols, np.uint8)
    for place in pattern.places:
        allowed = np.zeros(256, np.bool_)
        allowed[list(EVERY if place is None else place)] = True
        yield ~allowed[line]


def edits_between(pattern: Pattern, symbols: bytes) -> list[tuple[str, int, int]]:
    """Return the edits by which a pattern becomes all of a string: kind, place, symbol.

    Kinds are ``changed``, ``missing`` (the place has no symbol) and ``extra`` (the symbol has no place).
    """
    ahead = np.arange(len(symbols) + 1)
    wrong = list(_differences(pattern, symbols))
    rows = [ahead]
    for here in wrong:
        fresh = rows[-1] + 1
        fresh[1:] = np.minimum(fresh[1:], rows[-1][:-1] + here)
        rows.append(np.minimum.accumulate(fresh - ahead) + ahead)
    made: list[tuple[str, int, int]] = []
    i, at = len(wrong), len(symbols)
    while i or at:
        cost = rows[i][at]
        if i and at and cost == rows[i - 1][at - 1] + wrong[i - 1][at - 1]:
            i, at = i - 1, at - 1
            if wrong[i][at]:
                made.append(("changed", i, at))
        elif i and cost == rows[i - 1][at] + 1:
            i -= 1
            made.append(("missing", i, at))
        else:
            at -= 1
            made.append(("extra", i, at))
    return made[::-1]
