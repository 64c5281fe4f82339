"""From the value of an operator to a probe: how a melody or a pattern is read, and what finds its candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nlsearch.errors import InputError, QuerySyntax, QueryTooCostly
from nlsearch.handlers.score.facts import INTERVALS
from nlsearch.handlers.score.melody import (
    Tokens,
    pack,
    read_intervals,
    read_notes,
    spelled,
    tokens_of,
    tokens_of_intervals,
    unpack,
)
from nlsearch.handlers.score.seeding import AHEAD, packed_intervals
from nlsearch.kernels.melody import MUTE, WILD, Melody
from nlsearch.model import Probe, Question, Scalar, Scan, SeedMatch

KIND = "score"
MOST_NOTES = 2_000
"""Notes, or places of a pattern, that are looked for."""
MOST_COMPARED = 10_000
"""Notes times edits, twice: what looking at one place of a score costs."""
LEAST_NOTES = 2
ALL = 2**40
SHOWN = 200
"""Characters of the value that the answer repeats."""


def compile_melody(operator: str, value: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile ``notes``, ``abc``, ``pae`` or ``intervals`` (without ``?``).

    Raises
    ------
    QuerySyntax
        If the value does not read, or the options do not fit it.
    QueryTooCostly
        If it is too long.
    """
    tokens = _read(operator, value)
    count = len(tokens.notes)
    if count < LEAST_NOTES:
        raise QuerySyntax("one note is found in every score", hint="; ".join(["give at least two", *tokens.remarks]))
    refuse_long(count, "notes")
    edits = edits_of(options, count)
    if edits and len(tokens.stretches) > 1:
        raise QuerySyntax("edits do not go together with a gap (*)", hint="leave one of them out")
    durations = _with_durations(tokens, str(options.get("durations", "auto")))
    known = sum(note.pitch is not None for note in tokens.notes)
    left = (known - 1) // 2 if durations else known - 1
    if edits > left:
        because = ", where durations count," if durations else ""
        raise QuerySyntax(
            f"{edits} edits{because} may leave none of {known} known notes as it is",
            hint=f"at most {left}, or give more notes",
        )
    told = pack(tokens, edits, not options.get("transpose", True), bool(options.get("spelling", False)), durations)
    told |= where_of(options)
    melody = unpack(told)
    if operator == "intervals":
        told["relative"] = True
        steps = [f"{step:+d}" for step in np.diff(melody.pitches.astype(int)).tolist()]
        said = [f"{counted(len(steps), 'interval')}, {shown(' '.join(steps))}"]
    else:
        said = [f"{count} notes, {shown(spelled(tokens))}", *tokens.remarks]
    said += ["at this pitch"] if melody.is_fixed else ["at any pitch"]
    said += ["letter names count"] if melody.is_spelled else []
    said += ["durations count"] if durations else []
    said += said_of(edits, told)
    if edits and count < 2 * (edits + 1):
        said.append(f"with {counted(edits, 'edit')} so short a melody is found nearly everywhere")
    return Probe(
        KIND, operator, ", ".join(said), _question(melody, told["stretches"]), told, "complete", exact_floor=1.0
    )


def refuse_long(count: int, what: str) -> None:
    """Raise ``QueryTooCostly`` if more than :data:`MOST_NOTES` are looked for."""
    if count > MOST_NOTES:
        raise QueryTooCostly(f"{count:,} {what} are too many to look for", hint=f"at most {MOST_NOTES:,}")


def edits_of(options: Mapping[str, Scalar], count: int) -> int:
    """Return the edits asked for.

    Raises
    ------
    QuerySyntax
        If they are more than half of `count`.
    QueryTooCostly
        If there are too many of them in something so long; see :data:`MOST_COMPARED`.
    """
    edits = int(options.get("edits", 0))
    if not 0 <= edits <= count // 2:
        if count < 2:
            raise QuerySyntax("what is looked for is too short for edits", hint="give more of it, or leave edits out")
        raise QuerySyntax(f"edits is a whole number from 0 to {count // 2}, half of the length of what is looked for")
    most = (MOST_COMPARED // count - 1) // 2
    if edits > most:
        raise QueryTooCostly(f"{edits} edits of {count:,} are too many to look for", hint=f"at most {most}")
    return edits


def counted(count: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{count} {what}{'s' if count != 1 else ''}"


def shown(text: str) -> str:
    """Return what the answer repeats of a value: the beginning of a long one."""
    return text if len(text) <= SHOWN else text[:SHOWN].rsplit(" ", 1)[0] + " …"


def said_of(edits: int, told: Mapping[str, Any]) -> list[str]:
    """Return edits and places in words."""
    said = [f"up to {counted(edits, 'edit')}"] if edits else []
    said += ["at the beginning of a voice"] if told["anchored"] else []
    return said + ([f"in the part or voice {shown(told['voice'])}"] if told["voice"] else [])


def where_of(options: Mapping[str, Scalar]) -> dict[str, Any]:
    """Return the options that say where to look, as plain data."""
    return {"anchored": bool(options.get("anchored", False)), "voice": str(options.get("voice", "")).strip()}


def _read(operator: str, value: str) -> Tokens:
    if operator == "notes":
        return read_notes(value)
    if operator == "intervals":
        intervals = read_intervals(value)
        return tokens_of_intervals([step for step in intervals if step is not None])
    try:
        if operator == "abc":
            from nlsearch.handlers.score.formats.abc import read_melody

            return tokens_of(read_melody(value))
        from nlsearch.handlers.score.formats.pae import read_incipit

        return tokens_of(read_incipit(value))
    except InputError as exc:
        raise QuerySyntax(str(exc)) from exc


def _with_durations(tokens: Tokens, wanted: str) -> bool:
    if wanted == "yes" and not tokens.has_durations:
        raise QuerySyntax("no durations are given", hint="write them after a colon: C4:8 D4:4")
    return tokens.has_durations and wanted != "no"


# ------------------------------------------------------------------------------------------------------- candidates
def _question(melody: Melody, stretches: list[int]) -> Question:
    """Return what finds the candidates: pieces that edits leave as they are, else all notes of all scores."""
    pieces = pieces_of(melody, stretches)
    if pieces is None:
        return Scan(scored=True)
    keys, positions, bits, spans = pieces
    return SeedMatch(
        INTERVALS,
        keys,
        positions,
        len(melody),
        max_occurrences=ALL,
        refine=True,
        bits=bits,
        spans=spans,
        pieces=melody.edits + 1,
    )


Pieces = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def pieces_of(melody: Melody, stretches: list[int]) -> Pieces | None:
    """Return keys, positions, bits and spans of all pieces of a melody that seeds find.

    None if no `edits` + 1 of them are disjoint.
    """
    edges = np.cumsum([0, *stretches])
    keys, positions, bits, spans = [], [], [], []
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        line = np.where(melody.pitches[low:high] == WILD, MUTE, melody.pitches[low:high]).astype(np.uint8)
        for at, key in enumerate(packed_intervals(line).tolist()):
            known = _known(key)
            for count in range(1, known + 1):
                keys.append(key)
                positions.append(low + at)
                bits.append(8 * count)
                spans.append(count + 1)
    if disjoint(positions, spans) <= melody.edits:
        return None
    return tuple(keys), tuple(positions), tuple(bits), tuple(spans)


def _known(key: int) -> int:
    """Return how many intervals a key holds."""
    raw = key.to_bytes(AHEAD, "big")
    return len(raw.rstrip(b"\0"))


def disjoint(positions: Sequence[int], spans: Sequence[int]) -> int:
    """Return the greatest number of pieces that do not overlap."""
    count = free = 0
    for end, start in sorted((position + span, position) for position, span in zip(positions, spans, strict=True)):
        if start >= free:
            count, free = count + 1, end
    return count
