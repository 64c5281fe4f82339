r"""Words in MIDI files: lyric events, and the text events of karaoke files, as syllables of notes.

Conventions
-----------
A space at the end or the start of an event ends a word, a line break or one of ``/`` and ``\`` at its start too
(Soft Karaoke).  Files without such marks have a word an event.  A syllable belongs to the note that begins with it, or
at most :data:`NEAR` of a quarter note from it.

References
----------
SMF Lyric Meta Event Definition (RP-017), MIDI Manufacturers Association 1997; Lyric Extensions (RP-026).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nlsearch.handlers.score.formats.smftrack import Meta
from nlsearch.handlers.score.notation import TICKS, Note, Part
from nlsearch.handlers.texts import decoded

NEAR = 8
LOOKED_AT = 200
"""Syllables that tell which part they belong to."""
MOST_STREAMS = 8
"""Tracks of words without notes whose part is looked for."""
_TEXT, _LYRIC = 1, 5
_BREAKS = ("/", "\\")
_MARKS = " \t\r\n\0/\\"


@dataclass(frozen=True, slots=True)
class Sung:
    """A syllable and its time in ticks of the score."""

    onset: int
    syllable: str


def text_of(meta: Meta) -> str:
    """Return the text of a meta event on one line, without what is no text."""
    return " ".join("".join(c if c >= " " else " " for c in decoded(meta.content)).split())


def is_karaoke(metas: Sequence[Meta]) -> bool:
    """Say whether the text events of a track are sung: they begin with the marks of karaoke files."""
    texts = [meta.content[:1] for meta in metas if meta.sort == _TEXT]
    return sum(text in {b"/", b"\\"} for text in texts) > len(texts) // 50 and bool(texts)


def sung(metas: Sequence[Meta], time: Callable[[int], int]) -> list[Sung]:
    """Return the syllables of a track, with a hyphen where the word goes on; `time` makes its ticks the score's."""
    sort = _LYRIC
    if not any(meta.sort == _LYRIC for meta in metas):
        if not is_karaoke(metas):
            return []
        sort = _TEXT
    pieces = [(meta.tick, decoded(meta.content)) for meta in metas if meta.sort == sort]
    pieces = [(tick, text) for tick, text in pieces if text and not text.startswith("@")]
    syllables = _syllables([text for _, text in pieces])
    return [Sung(time(tick), said) for (tick, _), said in zip(pieces, syllables, strict=True) if said]


def _syllables(texts: list[str]) -> list[str]:
    """Return a syllable for each text, ``""`` for those that are marks only."""
    bare = [text.strip(_MARKS) for text in texts]
    starts = [text[0].isspace() or text.startswith(_BREAKS) or not said for text, said in zip(texts, bare, strict=True)]
    stops = [text[-1].isspace() for text in texts]
    parted = sum(start or stop for start, stop in zip(starts, stops, strict=True))
    has_hyphens = any(said.endswith("-") for said in bare)
    if not has_hyphens and 4 * parted >= len(texts):
        for at in range(len(texts) - 1):
            if bare[at] and not stops[at] and not starts[at + 1]:
                bare[at] += "-"
    return ["" if set(said) <= set("-_") else said for said in bare]


def verse(syllables: Sequence[Sung]) -> str:
    """Return the words that syllables make.

    Examples
    --------
    >>> verse([Sung(0, "Glo-"), Sung(1, "ri-"), Sung(2, "a"), Sung(3, "in")])
    'Gloria in'
    """
    return "".join(s.syllable[:-1] if s.syllable.endswith("-") else s.syllable + " " for s in syllables).strip()


def give(syllables: Sequence[Sung], parts: Sequence[Part]) -> None:
    """Give syllables to the notes of the part that begins most notes with them; their words to that part as a verse."""
    tables = [_by_onset(part) for part in parts]
    looked_at = syllables[:LOOKED_AT]
    fits = [sum(_nearest(onsets, one.onset) >= 0 for one in looked_at) for onsets, _ in tables]
    best = max(range(len(parts)), key=lambda at: (fits[at], -at))
    onsets, notes = tables[best]
    for one in syllables:
        at = _nearest(onsets, one.onset)
        if at >= 0:
            note = notes[at]
            note.syllable = f"{note.syllable} {one.syllable}" if note.syllable else one.syllable
    parts[best].verses.append(verse(syllables))


def _by_onset(part: Part) -> tuple[list[int], list[Note]]:
    """Return the onsets of a part, and the highest note at each."""
    tops: dict[int, Note] = {}
    for voice in part.voices:
        for note in voice.notes:
            if note.pitch is not None and (note.onset not in tops or (tops[note.onset].pitch or 0) < note.pitch):
                tops[note.onset] = note
    onsets = sorted(tops)
    return onsets, [tops[onset] for onset in onsets]


def _nearest(onsets: list[int], wanted: int) -> int:
    at = bisect_left(onsets, wanted)
    near = [(abs(onsets[i] - wanted), i) for i in (at - 1, at) if 0 <= i < len(onsets)]
    distance, best = min(near, default=(TICKS, -1))
    return best if distance <= TICKS // NEAR else -1
