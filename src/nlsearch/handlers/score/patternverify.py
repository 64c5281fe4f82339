"""Whether a score matches a pattern in one dimension, or a progression of chords, and where.

Score and tier
--------------
Score = 1 − edits / places of the pattern; tier ``exact`` without edits, else ``near``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlsearch.handlers.score.features import sounding
from nlsearch.handlers.score.keys import Tonality, tonality
from nlsearch.handlers.score.patterns import Pattern, edits_between, matches
from nlsearch.handlers.score.payload import Line, Tune
from nlsearch.handlers.score.places import evidence, is_through_repeat, is_wanted, verdict, written
from nlsearch.handlers.score.symbols import name_of_symbol, of_line
from nlsearch.limits import Limits
from nlsearch.model import Json, Probe, Verdict

OF_PAIRS = ("contour", "rhythm", "gaps", "interval")
"""Dimensions whose symbols are of two notes."""
PLACES = {"contour": "direction", "rhythm": "proportion", "gaps": "proportion", "interval": "interval"}
PLACES |= {"degree": "degree"}
"""What a place of a pattern is called."""


def keys_of(tune: Tune) -> list[tuple[int, Tonality]]:
    """Return the keys of a score, stated or estimated."""
    return tonality(tune.keys, *sounding(tune))


@dataclass(frozen=True, slots=True)
class _Match:
    """A match: edits, the line, its symbols [start, end) and notes [start, last)."""

    edits: int
    pattern: Pattern
    line: Line
    start: int
    end: int
    last: int


def verify_pattern(probe: Probe, tune: Tune, limits: Limits) -> Verdict | None:
    """Return the best match of a score, and the others."""
    told = probe.verification
    patterns = [Pattern.of(one) for one in told["patterns"]]
    keys = keys_of(tune) if any(pattern.dimension == "degree" for pattern in patterns) else []
    found = sorted(_found(told, patterns, tune, keys, limits), key=lambda match: match.edits)[: limits.verify_matches]
    if not found:
        return None
    listed = [
        evidence(
            tune,
            match.line,
            list(range(match.start, match.last)),
            transposition=None,
            edits=_edits(match, tune, keys),
            **_key(keys, tune, match.line, match.start),
        )
        for match in found[: 1 + limits.evidence_more]
    ]
    edits = found[0].edits
    score = 1 - edits / len(patterns[0].places)
    return verdict(listed, len(found), score, is_exact=not edits, capped=len(found) >= limits.verify_matches)


def _found(
    told: dict[str, Any], patterns: Sequence[Pattern], tune: Tune, keys: Sequence[tuple[int, Tonality]], limits: Limits
) -> Iterator[_Match]:
    """Yield the best matches; with edits, those that do not overlap a better one of their line."""
    for line in tune.lines():
        if not is_wanted(line, tune, told["voice"]):
            continue
        taken = np.zeros(len(line), np.bool_)
        seen: set[tuple[int, int]] = set()
        for pattern in patterns:
            more = int(pattern.dimension in OF_PAIRS)
            symbols = of_line(pattern.dimension, line, tune, keys)
            most = len(seen) + limits.verify_matches
            for start, end, edits in matches(pattern, symbols, told["edits"], is_anchored=told["anchored"]):
                last = end + more
                if (start, last) in seen or (edits and taken[start:last].any()):
                    continue
                if line.is_played and not is_through_repeat(tune, line, start, last - 1):
                    continue
                seen.add((start, last))
                taken[start:last] = True
                yield _Match(edits, pattern, line, start, end, last)
                if len(seen) == most:
                    break


def _edits(match: _Match, tune: Tune, keys: Sequence[tuple[int, Tonality]]) -> list[Json]:
    """Return the edits of a match, in words; `query_index` is the place of the pattern.

    Of a symbol that belongs to two notes, `note_index` is the second.
    """
    if not match.edits:
        return []
    dimension, what = match.pattern.dimension, PLACES[match.pattern.dimension]
    symbols = of_line(dimension, match.line, tune, keys)[match.start : match.end]
    rows = written(tune, match.line, list(range(match.start, match.last)))
    told: list[Json] = []
    for kind, place, at in edits_between(match.pattern, symbols):
        wanted = name_of_place(match.pattern, place)
        got = name_of_symbol(dimension, symbols[at]) if at < len(symbols) else ""
        told.append({
            "kind": kind,
            "query_index": None if kind == "extra" else place,
            "note_index": None if kind == "missing" else rows[at + match.last - match.end],
            "words": words_of(kind, f"{what} {place + 1}", wanted, got),
        })  # fmt: skip
    return told


def name_of_place(pattern: Pattern, place: int) -> str:
    """Return what a place of a pattern asks for, in words."""
    if place >= len(pattern.places):
        return ""
    allowed = pattern.places[place]
    return "any" if allowed is None else name_of_symbol(pattern.dimension, allowed[0])


def words_of(kind: str, where: str, wanted: str, got: str) -> str:
    """Return an edit in words."""
    if kind == "changed":
        return f"{where} is {got} instead of {wanted}"
    return f"{where}, {wanted}, is missing" if kind == "missing" else f"{got} is extra, before {where}"


def _key(keys: Sequence[tuple[int, Tonality]], tune: Tune, line: Line, start: int) -> dict[str, Json]:
    """Return the key in force where a match begins."""
    if not keys:
        return {}
    onset = int(tune.onset[line.notes[start]])
    held = [key for at, key in keys if at <= onset] or [keys[0][1]]
    return {"key": str(held[-1]), "key_source": "stated" if held[-1].is_stated else "estimated"}
