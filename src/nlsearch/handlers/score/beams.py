"""Beams and tuplets around the notes of a bar, as MEI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from nlsearch.handlers.score.notelengths import Value, values_of


@dataclass(slots=True)
class Leaf:
    """A note, chord or rest as it is written: its markup, value and place; a grace note has no value."""

    markup: str
    value: Value | None
    onset: int
    is_rest: bool = False


def joined(leaves: Sequence[Leaf], start: int, beat: int) -> str:
    """Return the leaves of a bar with beams and tuplets around them."""
    pieces: list[str] = []
    for ratio, run in groupby(leaves, key=lambda leaf: leaf.value.ratio if leaf.value is not None else None):
        if ratio is None:
            pieces += _beamed(list(run), start, beat)
            continue
        group: list[Leaf] = []
        for leaf in run:
            group.append(leaf)
            if _is_whole(sum(one.value.ticks for one in group if one.value is not None)):
                pieces.append(_tuplet(group, ratio))
                group = []
        if group:
            pieces.append(_tuplet(group, ratio))
    return "".join(pieces)


def _is_whole(ticks: int) -> bool:
    """Say whether a tuplet of that length is complete: it lasts as long as one plain note value."""
    values = values_of(ticks)
    return len(values) == 1 and values[0].ratio is None and values[0].ticks == ticks


def _tuplet(group: Sequence[Leaf], ratio: tuple[int, int]) -> str:
    inner = "".join(leaf.markup for leaf in group)
    if len(group) > 1 and all(leaf.value is not None and leaf.value.is_beamed and not leaf.is_rest for leaf in group):
        inner = f"<beam>{inner}</beam>"
    return f'<tuplet num="{ratio[0]}" numbase="{ratio[1]}">{inner}</tuplet>'


def _beamed(leaves: Sequence[Leaf], start: int, beat: int) -> Iterator[str]:
    def place(leaf: Leaf) -> tuple[int, bool]:
        beamed = leaf.value is None or (leaf.value.is_beamed and not leaf.is_rest)
        return (leaf.onset - start) // beat, beamed

    for (_, beamed), run in groupby(leaves, key=place):
        group = list(run)
        inner = "".join(leaf.markup for leaf in group)
        yield f"<beam>{inner}</beam>" if beamed and sum(leaf.value is not None for leaf in group) > 1 else inner
