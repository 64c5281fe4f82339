"""Time in MIDI files: divisions, and what the meta events say of tempo, key and meter.

References
----------
Standard MIDI Files 1.0 (RP-001), MIDI Manufacturers Association 1996.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from nlsearch.handlers.score.formats.smftrack import Track
from nlsearch.handlers.score.notation import TICKS, Bar, Key, Meter, Score

LONGEST = 1_000_000
"""Quarter notes; what lies beyond is damage."""
MOST_BARS = 200_000
ASSUMED = 480
"""Ticks of a quarter note where the file says 0."""
_TEMPO, _METER, _KEY = 0x51, 0x58, 0x59
_LETTERS = "FCGDAEB"


@dataclass(frozen=True, slots=True)
class Clock:
    """Ticks of a file as those of a score: times `over` / `under`, rounded.

    Parameters
    ----------
    over, under : int
    last : int
        Of the ticks of the file, the last that can be.
    """

    over: int
    under: int
    last: int

    def time(self, tick: int) -> int:
        """Return the time in a score."""
        return (2 * tick * self.over + self.under) // (2 * self.under)

    @property
    def step(self) -> int:
        """One tick of the file, at least 1."""
        return max(1, self.over // self.under)

    @classmethod
    def of(cls, division: int) -> tuple[Clock, list[str]]:
        """Return the clock of a division as the header has it (16 bits), and what is odd about it."""
        odd = []
        over, under = TICKS, division
        if division & 0x8000:
            frames = 256 - (division >> 8)
            in_frame = max(1, division & 255)
            # a quarter note is half a second; 29 stands for 30 * 1000 / 1001, drop frame
            over, under = (2 * TICKS * 1001, 30_000 * in_frame) if frames == 29 else (2 * TICKS, frames * in_frame)
            odd.append(f"timed in {frames} frames a second, without quarter notes: one is taken as half a second")
        elif not division:
            under = ASSUMED
            odd.append(f"the header gives no time: a quarter note is taken as {ASSUMED} ticks")
        return cls(over, under, LONGEST * TICKS * under // over), odd


def signatures(score: Score, tracks: list[Track], clock: Clock) -> None:
    """Take the tempo, keys and meters of all tracks."""
    metas = [meta for track in tracks for meta in track.metas if meta.sort in {_TEMPO, _METER, _KEY}]
    metas.sort(key=lambda meta: meta.tick)
    odd = 0
    keys: dict[int, Key] = {}
    meters: dict[int, Meter] = {}
    for meta in metas:
        if meta.tick > clock.last:
            break
        onset = clock.time(meta.tick)
        content = meta.content
        if meta.sort == _TEMPO:
            length = int.from_bytes(content[:3], "big") if len(content) >= 3 else 0
            odd += not length
            if length and score.tempo is None:
                score.tempo = round(60_000_000 / length, 3)
        elif meta.sort == _KEY:
            key = _key(onset, content)
            odd += key is None
            if key is not None:
                keys[onset] = key
        else:
            meter = _meter(onset, content)
            odd += meter is None
            if meter is not None:
                meters[onset] = meter
    score.keys = [
        key
        for before, key in pairwise([None, *keys.values()])
        if key is not None and (before is None or (before.fifths, before.mode) != (key.fifths, key.mode))
    ]
    score.meters = [
        meter
        for before, meter in pairwise([None, *meters.values()])
        if meter is not None and (before is None or before.text != meter.text)
    ]
    if odd:
        score.warnings.append(f"signatures or tempos that make no sense are not used: {odd:,}")


def _key(onset: int, content: bytes) -> Key | None:
    if len(content) < 2 or content[1] > 1:
        return None
    fifths = content[0] - 256 if content[0] > 127 else content[0]
    if not -7 <= fifths <= 7:
        return None
    turns, letter = divmod(fifths + 1 + 3 * content[1], 7)
    tonic = _LETTERS[letter] + "#" * turns + "b" * -turns
    return Key(onset, fifths, tonic, "minor" if content[1] else "major")


def _meter(onset: int, content: bytes) -> Meter | None:
    if len(content) < 2 or not content[0] or content[1] > 7:
        return None
    return Meter(onset, f"{content[0]}/{1 << content[1]}")


def bars_of(score: Score, last: int) -> list[Bar]:
    """Return the bars up to a time: as the meters say, 4/4 before the first; a meter begins a bar.

    No more than :data:`MOST_BARS`; the last one then holds the rest, which is said in the warnings.
    """
    changes = [(meter.onset, meter.text) for meter in score.meters if meter.onset < max(last, 1)]
    if not changes or changes[0][0] > 0:
        changes.insert(0, (0, "4/4"))
    bars: list[Bar] = []
    for (onset, text), (end, _) in pairwise([*changes, (max(last, 1), "")]):
        beats, _, unit = text.partition("/")
        length = 4 * TICKS * int(beats) // int(unit)
        starts = range(onset, end, length)[: MOST_BARS - len(bars)]
        bars += [Bar(str(number), start) for number, start in enumerate(starts, start=len(bars) + 1)]
    if len(bars) == MOST_BARS:
        score.warnings.append(f"it is longer than {MOST_BARS:,} bars: the last one holds the rest")
    return bars
