"""``chords``: progressions of the chord symbols and numerals that a score states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.score.compile import KIND, edits_of
from nlsearch.handlers.score.harmonies import Chord, changes, chords_of, read_progression
from nlsearch.handlers.score.patterns import Pattern, matches, pattern_question
from nlsearch.handlers.score.patternverify import keys_of
from nlsearch.handlers.score.payload import Tune
from nlsearch.limits import Limits
from nlsearch.model import Json, Probe, Scalar, Verdict

_ADDITIONS = 4


def compile_chords(value: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile a progression.  Raises ``QuerySyntax`` if it does not read, or all of it is ``?``."""
    of_numerals, tokens = read_progression(value)
    if all(major is None for _, major, _ in tokens):
        raise QuerySyntax("everything matches that", hint="say something else than ?")
    edits = edits_of(options, len(tokens))
    which = (1, 2) if of_numerals else (1,)
    progressions = [[token[at] for token in tokens] for at in which]
    patterns = [_pattern("numeral" if of_numerals else "change", chords) for chords in progressions]  # type: ignore[arg-type]
    told = {
        "chords": [[_plain(chord) for chord in chords] for chords in progressions],
        "numerals": of_numerals,
        "edits": edits,
    }
    said = f"{len(tokens)} {'numerals in their key' if of_numerals else 'chords, in any key'}"
    said += f", up to {edits} edit{'s' if edits > 1 else ''}" if edits else ""
    return Probe(KIND, "chords", said, pattern_question(patterns, edits), told, "complete", exact_floor=1.0)


def _plain(chord: Any) -> list[int]:  # noqa: ANN401 - a chord or None
    return [] if chord is None else [chord.root, chord.triad, chord.added]


def _pattern(dimension: str, chords: Sequence[Chord | None]) -> Pattern:
    """Return the grams' pattern of a progression, which knows no additions."""
    if dimension == "numeral":
        places = tuple(None if c is None else bytes([1 + c.root % 12 + 12 * c.triad]) for c in chords)
        return Pattern(dimension, places)
    return Pattern(dimension, tuple(None if a is None or b is None else changes([a, b]) for a, b in pairwise(chords)))


def verify_chords(probe: Probe, tune: Tune, limits: Limits) -> Verdict | None:
    """Return the best match of the progression in the harmonies of a score, and the others."""
    told = probe.verification
    keys = keys_of(tune)
    held = chords_of(tune.harmonies, keys)
    if not held:
        return None
    found = sorted(set(_matches(told, [chord for _, chord, _ in held], [tonic for _, _, tonic in held])))
    if not found:
        return None
    listed = [
        _evidence(tune, [held[at][0] for at in range(start, end)], transposition, edits)
        for edits, start, end, transposition in found[: 1 + limits.evidence_more]
    ]
    best = listed[0]
    best["more"], best["count"] = listed[1:], len(found)
    edits = found[0][0]
    return Verdict(1 - edits / len(told["chords"][0]), "near" if edits else "exact", best)


def _matches(
    told: dict[str, Any], chords: Sequence[Chord], tonics: Sequence[int]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield edits, start, end, and semitones up (numerals: 0) of the matches."""
    if told["numerals"]:
        symbols = bytes(chord.symbol(tonic) if tonic >= 0 else 0 for chord, tonic in zip(chords, tonics, strict=True))
        for asked in told["chords"]:
            pattern = Pattern("numeral", tuple(_allowed(chord, 0) for chord in asked))
            yield from ((edits, start, end, 0) for start, end, edits in matches(pattern, symbols, told["edits"]))
        return
    symbols = bytes(chord.symbol() for chord in chords)
    for up in range(12):
        pattern = Pattern("change", tuple(_allowed(chord, up) for chord in told["chords"][0]))
        yield from ((edits, start, end, up) for start, end, edits in matches(pattern, symbols, told["edits"]))


def _allowed(chord: Sequence[int], up: int) -> bytes | None:
    """Return the symbols of all chords that a chord of the query stands for."""
    if not chord:
        return None
    root, triad, added = chord
    additions = range(_ADDITIONS) if not added else (added,)
    return bytes(Chord((root + up) % 12, triad, one).symbol() for one in additions)


def _evidence(tune: Tune, numbers: Sequence[int], transposition: int, edits: int) -> dict[str, Json]:
    """Return where a progression is: bars, and the chords as they are written."""
    harmonies = tune.harmonies
    part = next((n for n, part in enumerate(tune.around.parts) if part.bars), 0)
    bars = tune.around.parts[part].bars if tune.around.parts else []
    onsets = [onset for _, onset in bars]
    labels = []
    for number in (numbers[0], numbers[-1]):
        at = int(np.searchsorted(onsets, harmonies[number].onset, side="right")) - 1
        labels.append(str(bars[max(at, 0)][0]) if bars else "")
    name = tune.around.parts[part].name if tune.around.parts else ""
    return {
        "part": part,
        "part_name": name,
        "voice": "",
        "bars": labels,
        "notes": [],
        "chords": [harmonies[number].text for number in numbers],
        "transposition": transposition,
        "edits": [{"kind": "changed", "query_index": None, "note_index": None, "words": f"{edits} chords differ"}]
        if edits
        else [],
    }
