"""``chords``: progressions of the chord symbols and numerals that a score states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.score.compile import KIND, counted, edits_of, refuse_long, shown
from nlsearch.handlers.score.harmonies import Chord, changes, chords_of, read_progression
from nlsearch.handlers.score.patterns import Pattern, edits_between, matches, pattern_question
from nlsearch.handlers.score.patternverify import keys_of, words_of
from nlsearch.handlers.score.payload import Tune
from nlsearch.handlers.score.places import verdict
from nlsearch.limits import Limits
from nlsearch.model import Json, Prefix, Probe, Question, Scalar, Scan, Verdict

_ADDITIONS = 4


def compile_chords(value: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile a progression.  Raises ``QuerySyntax`` if it does not read, or all of it is ``?``."""
    of_numerals, tokens = read_progression(value)
    if all(major is None for _, major, _ in tokens):
        raise QuerySyntax("everything matches that", hint="say something else than ?")
    refuse_long(len(tokens), "chords")
    edits = edits_of(options, len(tokens))
    which = (1, 2) if of_numerals else (1,)
    progressions = [[token[at] for token in tokens] for at in which]
    patterns = [_pattern("numeral" if of_numerals else "change", chords) for chords in progressions]  # type: ignore[arg-type]
    told = {
        "chords": [[_plain(chord) for chord in chords] for chords in progressions],
        "numerals": of_numerals,
        "edits": edits,
    }
    names = " ".join(token if of_numerals else "?" if chord is None else str(chord) for token, chord, _ in tokens)
    said = f"{counted(len(tokens), 'numeral' if of_numerals else 'chord')}, {shown(names)}, "
    said += "in the key in force" if of_numerals else "in any key"
    said += f", up to {counted(edits, 'edit')}" if edits else ""
    return Probe(KIND, "chords", said, _question(patterns, edits), told, "complete", exact_floor=1.0)


def _question(patterns: Sequence[Pattern], edits: int) -> Question:
    """Return what finds the candidates: grams, else all scores with chords."""
    question = pattern_question(patterns, edits)
    return question if not isinstance(question, Scan) else Prefix("chord", "")


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
    if not tune.around.harmonies:
        return None
    held = chords_of(tune.harmonies, keys_of(tune))
    if not held:
        return None
    found = sorted(_matches(told, [chord for _, chord, _ in held], [tonic for _, _, tonic in held]), key=_order)
    if not found:
        return None
    listed = [_evidence(tune, match, held) for match in found[: 1 + limits.evidence_more]]
    edits = found[0].edits
    return verdict(listed, len(found), 1 - edits / len(told["chords"][0]), is_exact=not edits)


@dataclass(frozen=True, slots=True)
class _Match:
    """A match: edits, chords [start, end), semitones up (of numerals 0), and what was looked for in what."""

    edits: int
    start: int
    end: int
    up: int
    pattern: Pattern
    symbols: bytes


def _order(match: _Match) -> tuple[int, ...]:
    return match.edits, match.start, -match.end, match.up


def _matches(told: dict[str, Any], chords: Sequence[Chord], tonics: Sequence[int]) -> Iterator[_Match]:
    """Yield the matches; of those of one stretch the one with the fewest edits."""
    if told["numerals"]:
        symbols = bytes(chord.symbol(tonic) if tonic >= 0 else 0 for chord, tonic in zip(chords, tonics, strict=True))
        asked = [(0, Pattern("numeral", tuple(_allowed(chord, 0) for chord in one))) for one in told["chords"]]
    else:
        symbols = bytes(chord.symbol() for chord in chords)
        one = told["chords"][0]
        asked = [(up, Pattern("change", tuple(_allowed(chord, up) for chord in one))) for up in range(12)]
    best: dict[tuple[int, int], _Match] = {}
    for up, pattern in asked:
        for start, end, edits in matches(pattern, symbols, told["edits"]):
            match = _Match(edits, start, end, up, pattern, symbols)
            if (start, end) not in best or edits < best[start, end].edits:
                best[start, end] = match
    yield from best.values()


def _allowed(chord: Sequence[int], up: int) -> bytes | None:
    """Return the symbols of all chords that a chord of the query stands for."""
    if not chord:
        return None
    root, triad, added = chord
    additions = range(_ADDITIONS) if not added else (added,)
    return bytes(Chord((root + up) % 12, triad, one).symbol() for one in additions)


def _evidence(tune: Tune, match: _Match, held: Sequence[tuple[int, Chord, int]]) -> dict[str, Json]:
    """Return where a progression is: bars, and the chords as they are written."""
    numbers = [held[at][0] for at in range(match.start, match.end)]
    harmonies = tune.harmonies
    part = next((n for n, part in enumerate(tune.around.parts) if part.bars), 0)
    bars = tune.around.parts[part].bars if tune.around.parts else []
    onsets = [onset for _, onset in bars]
    labels = []
    for number in (numbers[0], numbers[-1]):
        at = int(np.searchsorted(onsets, harmonies[number].onset, side="right")) - 1
        labels.append(str(bars[max(at, 0)][0]) if bars else "")
    name = tune.around.parts[part].name if tune.around.parts else ""
    chords = [harmonies[number].text for number in numbers]
    return {
        "part": part,
        "part_name": name,
        "voice": "",
        "bars": labels,
        "notes": [],
        "chords": chords,
        "harmonies": numbers,
        "transposition": match.up,
        "edits": _edits(match, chords) if match.edits else [],
    }


def _edits(match: _Match, chords: Sequence[str]) -> list[Json]:
    """Return the edits of a match, in words; chords as they are written, those asked for at the place of the match."""
    told: list[Json] = []
    for kind, place, at in edits_between(match.pattern, match.symbols[match.start : match.end]):
        asked = match.pattern.places[place] if place < len(match.pattern.places) else None
        chord = "any chord" if asked is None else _name(asked[0], is_numeral=match.pattern.dimension == "numeral")
        got = chords[at] if at < len(chords) else ""
        told.append({
            "kind": kind,
            "query_index": None if kind == "extra" else place,
            "note_index": None,
            "words": words_of(kind, f"chord {place + 1}", chord, got),
        })  # fmt: skip
    return told


def _name(symbol: int, *, is_numeral: bool) -> str:
    chord = Chord((symbol - 1) % 12, (symbol - 1) % 60 // 12, (symbol - 1) // 60)
    return chord.numeral() if is_numeral else str(chord)
