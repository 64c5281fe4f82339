"""Whether a score matches a pattern in one dimension, or a progression of chords, and where.

Score and tier
--------------
Score = 1 − edits / places of the pattern; tier ``exact`` without edits, else ``near``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nlsearch.handlers.score.features import sounding
from nlsearch.handlers.score.keys import Tonality, tonality
from nlsearch.handlers.score.patterns import Pattern, matches
from nlsearch.handlers.score.payload import Line, Tune
from nlsearch.handlers.score.places import evidence, is_through_repeat, is_wanted
from nlsearch.handlers.score.symbols import of_line
from nlsearch.limits import Limits
from nlsearch.model import Json, Probe, Verdict

OF_PAIRS = ("contour", "rhythm", "gaps", "interval")
"""Dimensions whose symbols are of two notes."""


def keys_of(tune: Tune) -> list[tuple[int, Tonality]]:
    """Return the keys of a score, stated or estimated."""
    return tonality(tune.keys, *sounding(tune))[0]


def verify_pattern(probe: Probe, tune: Tune, limits: Limits) -> Verdict | None:
    """Return the best match of a score, and the others."""
    told = probe.verification
    patterns = [Pattern.of(one) for one in told["patterns"]]
    keys = keys_of(tune) if any(pattern.dimension == "degree" for pattern in patterns) else []
    found = sorted(_found(told, patterns, tune, keys), key=lambda match: match[0])[: limits.verify_matches]
    if not found:
        return None
    listed = [
        evidence(
            tune,
            line,
            list(range(start, end)),
            transposition=None,
            edits=_edits(edits),
            **_key(keys, tune, line, start),
        )
        if number <= limits.evidence_more
        else {}
        for number, (edits, line, start, end) in enumerate(found)
    ]
    best = listed[0]
    best["more"], best["count"] = listed[1 : 1 + limits.evidence_more], len(listed)
    if len(listed) >= limits.verify_matches:
        best["count_capped"] = True
    edits = found[0][0]
    return Verdict(1 - edits / len(patterns[0].places), "near" if edits else "exact", best)


def _found(
    told: dict[str, Any], patterns: Sequence[Pattern], tune: Tune, keys: Sequence[tuple[int, Tonality]]
) -> Iterator[tuple[int, Line, int, int]]:
    """Yield edits, line and notes [start, end) of all matches."""
    seen: set[tuple[int, ...]] = set()
    for line in tune.lines():
        if not is_wanted(line, tune, told["voice"]):
            continue
        taken: list[tuple[int, int]] = []
        for pattern in patterns:
            more = int(pattern.dimension in OF_PAIRS)
            for start, end, edits in matches(pattern, of_line(pattern.dimension, line, tune, keys), told["edits"]):
                if told["anchored"] and start:
                    continue
                last = end + more
                if line.is_played and not is_through_repeat(tune, line, start, last - 1):
                    continue
                place = (line.number, start, last)
                if place in seen or (edits and any(low < last and start < high for low, high in taken)):
                    continue
                seen.add(place)
                taken.append((start, last))
                yield edits, line, start, last


def _edits(count: int) -> list[Json]:
    return (
        [{"kind": "changed", "query_index": None, "note_index": None, "words": f"{count} symbols differ"}]
        if count
        else []
    )


def _key(keys: Sequence[tuple[int, Tonality]], tune: Tune, line: Line, start: int) -> dict[str, Json]:
    """Return the key in force where a match begins."""
    if not keys:
        return {}
    onset = int(tune.onset[line.notes[start]])
    held = [key for at, key in keys if at <= onset] or [keys[0][1]]
    return {"key": str(held[-1]), "key_source": "stated" if held[-1].is_stated else "estimated"}
