"""A score while its parts are read one after the other, and how they are put together.

Formats that write part after part say how long a bar is only by what each part has in it, and parts of real files
disagree.  So notes are kept by their place in the bar until all parts are read; then every bar gets the length of its
longest part, and the parts stay together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nlsearch.handlers.score.notation import TICKS, Bar, Harmony, Key, Meter, Note, Part, Score, Voice, sort_voice

_ROUNDED = TICKS // 8
"""By less than this a bar is too long or too short only because durations in it were rounded."""
Place = tuple[int, int]
"""Index of a bar, and ticks from its start."""


@dataclass(slots=True)
class Draft:
    """A part of which the bars do not know yet where they begin.

    Parameters
    ----------
    part : Part
        Its voices are empty yet; onsets of its bars are not set.
    lengths, nominal : list of int
        Ticks by bar: what is in it, and what the meter says (0 for no meter).
    voices : dict of str to list of Note
        By name; onsets are ticks from the start of the note's bar.
    keys, meters, harmonies : list
        With their places; their own onsets are not set.
    """

    part: Part
    lengths: list[int] = field(default_factory=list)
    nominal: list[int] = field(default_factory=list)
    voices: dict[str, list[Note]] = field(default_factory=dict)
    keys: list[tuple[Place, Key]] = field(default_factory=list)
    meters: list[tuple[Place, Meter]] = field(default_factory=list)
    harmonies: list[tuple[Place, Harmony]] = field(default_factory=list)


def put_together(score: Score, drafts: list[Draft]) -> None:
    """Fill `score` from its parts.

    Keys are those of the first part with pitched notes that has any; likewise meters, of the first part that has any.
    Repeats and endings that only some parts of equal length show hold for all.
    """
    starts = _starts(drafts)
    _share_repeats([draft.part.bars for draft in drafts])
    for draft in drafts:
        for index, bar in enumerate(draft.part.bars):
            bar.onset = starts[index]
        for name, notes in draft.voices.items():
            for note in notes:
                note.onset += starts[note.bar]
            voice = Voice(name, notes)
            sort_voice(voice)
            _raise_syllables(notes)
            draft.part.voices.append(voice)
        score.parts.append(draft.part)
        for (bar_index, ticks), harmony in draft.harmonies:
            harmony.onset = starts[bar_index] + ticks
            score.harmonies.append(harmony)
    score.harmonies.sort(key=lambda harmony: harmony.onset)
    _put_keys(score, drafts, starts)
    meters = next((draft.meters for draft in drafts if draft.meters), [])
    for (bar_index, ticks), meter in meters:
        meter.onset = starts[bar_index] + ticks
        if not score.meters or meter.text != score.meters[-1].text:
            score.meters.append(meter)


def _put_keys(score: Score, drafts: list[Draft], starts: list[int]) -> None:
    by_pitch = sorted(drafts, key=lambda draft: not _is_pitched(draft))  # stable
    for (bar_index, ticks), key in next((draft.keys for draft in by_pitch if draft.keys), []):
        key.onset = starts[bar_index] + ticks
        if score.keys and score.keys[-1].onset == key.onset:  # a signature, then the key that it is meant for
            score.keys.pop()
        if not score.keys or (key.fifths, key.tonic, key.mode) != _named(score.keys[-1]):
            score.keys.append(key)


def _named(key: Key) -> tuple[int, str, str]:
    return key.fifths, key.tonic, key.mode


def _starts(drafts: list[Draft]) -> list[int]:
    """Return where each bar begins: after the longest that any part has in those before."""
    count = max((len(draft.lengths) for draft in drafts), default=0)
    lengths = [0] * count
    for draft in drafts:
        for index, length in enumerate(draft.lengths):
            lengths[index] = max(lengths[index], length)
    for draft in drafts:
        for index, length in enumerate(draft.nominal):
            if not lengths[index] or abs(lengths[index] - length) < _ROUNDED:
                lengths[index] = length
    starts = [0]
    for length in lengths:
        starts.append(starts[-1] + length)
    return starts


def _share_repeats(parts: list[list[Bar]]) -> None:
    count = max(map(len, parts), default=0)
    whole = [bars for bars in parts if len(bars) == count]
    for bars in zip(*whole, strict=True):
        first = any(bar.repeat_start for bar in bars)
        last = max(bar.repeat_end for bar in bars)
        endings = next((bar.endings for bar in bars if bar.endings), ())
        if first or last or endings:
            for bar in bars:
                bar.repeat_start, bar.repeat_end, bar.endings = first, last, endings


def _raise_syllables(notes: list[Note]) -> None:
    """Give the syllable of a chord to its top note, under whichever of its notes it is written."""
    top: Note | None = None
    for note in notes:
        if not note.lower:
            top = note
        elif note.syllable and top is not None:
            top.syllable, note.syllable = top.syllable or note.syllable, ""


def _is_pitched(draft: Draft) -> bool:
    return any(note.pitch is not None for notes in draft.voices.values() for note in notes)


# ---------------------------------------------------------------------------------------------------------------- ties
_OPEN_AT_ONCE = 16


class Ties:
    """Ties of a part that wait for their other note."""

    def __init__(self) -> None:
        self._open: dict[tuple[int | None, int], list[tuple[str, Note]]] = {}

    def begin(self, note: Note, name: int | None, voice: str, end: int) -> None:
        """Let `note` wait for one of the same `name` (a pitch) that goes on with it at `end`, by the part's clock."""
        waiting = self._open.setdefault((name, end), [])
        if len(waiting) < _OPEN_AT_ONCE:
            waiting.append((voice, note))

    def end(self, name: int | None, voice: str, onset: int) -> Note | None:
        """Return the note of the same name that goes on at `onset`, better of the same voice; None if there is none."""
        waiting = self._open.get((name, onset))
        if not waiting:
            return None
        best = next((index for index, (other, _) in enumerate(waiting) if other == voice), 0)
        note = waiting.pop(best)[1]
        if not waiting:
            del self._open[name, onset]
        return note


# --------------------------------------------------------------------------------------------------------------- verses
VerseName = tuple[str, str]
"""Its number or name, and the voice that it is written under."""


class Verses:
    """Words under the notes of a part."""

    def __init__(self) -> None:
        self._texts: dict[VerseName, list[str]] = {}
        self._syllables: dict[VerseName, list[tuple[Note, str]]] = {}

    def add(self, name: VerseName, note: Note, pieces: list[tuple[str, bool]]) -> None:
        """Add a syllable, or several that share a note.

        Parameters
        ----------
        name : tuple of str
        note : Note
        pieces : list of (str, bool)
            Text, and whether its word goes on.
        """
        pieces = [(text.strip("-"), goes_on or text.endswith("-")) for text, goes_on in pieces]
        shown = "".join(text + ("-" if goes_on else " ") for text, goes_on in pieces).rstrip(" ")
        if not shown.strip("- _"):
            return
        self._texts.setdefault(name, []).extend(text + ("" if goes_on else " ") for text, goes_on in pieces)
        self._syllables.setdefault(name, []).append((note, shown))

    def finish(self, part: Part) -> None:
        """Give the first verse to the notes, and the words of all verses to the part; equal ones once."""
        names = sorted(self._texts, key=lambda name: (_number(name[0]), _number(name[1])))
        first = names[0][0] if names else ""
        for name in names:
            if name[0] == first:
                for note, shown in self._syllables[name]:
                    note.syllable = shown
        texts = (" ".join("".join(self._texts[name]).split()) for name in names)
        part.verses += dict.fromkeys(texts)


def _number(name: str) -> tuple[bool, int, str]:
    """Return a key by which numbers come by size, before names."""
    digits = name if name.isdecimal() and len(name) < 10 else ""
    return (not digits, int(digits or 0), name)
