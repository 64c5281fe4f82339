"""Standard MIDI Files of formats 0, 1 and 2, bare or in a RIFF wrapper, as scores.

Conventions
-----------
Formats 0 and 1 are one score, format 2 one a track.  A part is what one channel plays in one track; channel 10 is
percussion.  The title is the name of the first track where that is the name of the sequence, which it is unless it has
notes and others have too.  MIDI has no voices: :mod:`~nlsearch.handlers.score.separation` finds them.

Times are exact where the division divides :data:`~nlsearch.handlers.score.notation.TICKS`, else rounded to it (by less
than 2e-8 of a quarter note).  In a division of SMPTE frames a quarter note is half a second.  In a file that was played
in, and not quantised, notes struck within 1/16 of a quarter note are a chord, and begin with its first; all other
times are as played.  Bars follow the time signatures, which begin bars; 4/4 before the first, as the standard says.
They are numbered from 1.

References
----------
Standard MIDI Files 1.0 (RP-001), MIDI Manufacturers Association 1996.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from nlsearch.handlers.score.formats.midilyrics import MOST_STREAMS, Sung, give, is_karaoke, sung, text_of
from nlsearch.handlers.score.formats.miditime import Clock, bars_of, signatures
from nlsearch.handlers.score.formats.smf import read_file
from nlsearch.handlers.score.formats.smftrack import Track
from nlsearch.handlers.score.generalmidi import PERCUSSION_CHANNEL, PROGRAMS
from nlsearch.handlers.score.notation import TICKS, Note, Part, Score, Voice, sort_voice
from nlsearch.handlers.score.separation import is_performed, struck_together, voices_of
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

STRUCK_TOGETHER = TICKS // 16
"""Onsets that are a chord in a file that was played in."""
LONGEST_TEXT = 2_000
_TEXT, _NAME, _INSTRUMENT, _MARKER = 1, 3, 4, 6
_OTHERS = {_TEXT: "text", _MARKER: "markers"}


def counted(number: int, what: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "note"), counted(1000, "note")
    ('1 note', '1,000 notes')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@dataclass(slots=True)
class _Stream:
    """What one channel plays in one track."""

    track: int
    channel: int
    notes: list[tuple[int, int, int]]
    """Onset and end in ticks of the file, pitch."""


def records(stream: BinaryIO, limits: Limits) -> Iterator[RawItem | Skipped]:
    """Yield the scores of a MIDI file: one, or in format 2 one a track.

    Raises
    ------
    MalformedContent
        If there is no header.
    LimitExceeded
        If the file is larger than ``limits.record_bytes``.
    """
    data = stream.read(limits.record_bytes + 1)
    limits.check("record_bytes", len(data))
    file = read_file(data)
    groups = [[track] for track in file.tracks] if file.form == 2 and file.tracks else [file.tracks]
    allowed = limits.score_notes
    for number, tracks in enumerate(groups, start=1):
        clock, odd = Clock.of(file.division)
        score = Score(warnings=[*file.warnings, *odd])
        allowed -= _fill(score, tracks, clock, allowed, limits.score_notes)
        yield RawItem(score, number, score.title, warnings=score.warnings)


def _fill(score: Score, tracks: list[Track], clock: Clock, allowed: int, cap: int) -> int:
    """Fill `score` from tracks, with at most `allowed` notes; return how many it has."""
    streams = list(_streams(tracks))
    refused = _cut(streams, clock, allowed)
    signatures(score, tracks, clock)
    last = max((clock.time(end) for stream in streams for _, end, _ in stream.notes), default=0)
    bars = bars_of(score, last)
    starts = [bar.onset for bar in bars]
    for count, onset, why in refused:
        where = f"from bar {bars[bisect_right(starts, onset) - 1].label} on" if bars else "from the start"
        score.warnings.append(f"{counted(count, 'note')} left out, {where}: {why.format(cap=cap)}")
    played = _is_played(streams, clock)
    if played:
        score.warnings.append("not quantised: notes struck within 1/16 of a quarter note are taken as chords")
    lengthened = 0
    owners: list[int] = []
    for stream in streams:
        if stream.notes:
            part = Part(bars=bars)
            lengthened += _voice(part, stream, clock, starts, played=played)
            score.parts.append(part)
            owners.append(stream.track)
            part.instrument = _instrument(stream, tracks)
    _name(score, tracks, streams)
    _sing(score, tracks, owners, clock)
    _say(score, tracks)
    unended = sum(track.unended for track in tracks)
    if unended:
        score.warnings.append(f"{counted(unended, 'note')} without an end, taken to last until the next of the pitch")
    if lengthened:
        score.warnings.append(f"{counted(lengthened, 'note')} without length, taken as one tick of the file")
    if not score.parts:
        score.warnings.append("it has no notes")
    return sum(len(stream.notes) for stream in streams)


def _streams(tracks: list[Track]) -> Iterator[_Stream]:
    """Yield what each channel plays in each track, in the order of tracks and channels."""
    for number, track in enumerate(tracks):
        found: dict[int, list[tuple[int, int, int]]] = {}
        for onset, end, key in zip(track.onsets, track.ends, track.keys, strict=True):
            notes = found.get(key >> 7)
            if notes is None:
                notes = found[key >> 7] = []
            notes.append((onset, end, key & 127))
        track.onsets, track.ends, track.keys = [], [], []
        for channel in sorted(found):
            yield _Stream(number, channel, found[channel])


def _cut(streams: list[_Stream], clock: Clock, allowed: int) -> list[tuple[int, int, str]]:
    """Leave out notes beyond the cap and beyond the last time; return how many, from where on, and why."""
    refused: list[tuple[int, int, str]] = []
    for stream in streams:
        if stream.notes and stream.notes[-1][0] > clock.last:
            kept = [note for note in stream.notes if note[0] <= clock.last]
            what = "their times are beyond any piece of music"
            refused.append((len(stream.notes) - len(kept), clock.time(clock.last), what))
            stream.notes = kept
        if len(stream.notes) > allowed:
            over = stream.notes[allowed:]
            refused.append((len(over), clock.time(over[0][0]), "the cap score_notes is {cap:,}"))
            del stream.notes[allowed:]
        allowed -= len(stream.notes)
    return refused


def _is_played(streams: list[_Stream], clock: Clock) -> bool:
    onsets = sorted({onset for stream in streams for onset, _, _ in stream.notes})
    return is_performed([clock.time(onset) for onset in onsets], TICKS, clock.step)


def _voice(part: Part, stream: _Stream, clock: Clock, starts: list[int], *, played: bool) -> int:
    """Fill a part with its voices; return how many of its notes had no length."""
    timed = [(clock.time(onset), clock.time(min(end, clock.last + 1)), pitch) for onset, end, pitch in stream.notes]
    if played:
        moved = struck_together([onset for onset, _, _ in timed], STRUCK_TOGETHER)
        timed = [(onset, end, pitch) for onset, (_, end, pitch) in zip(moved, timed, strict=True)]
    bare = sum(end <= onset for onset, end, _ in timed)
    if bare:
        timed = [(onset, max(end, onset + clock.step), pitch) for onset, end, pitch in timed]
    timed.sort(key=lambda note: (note[0], -note[2], note[1]))
    is_percussion = stream.channel == PERCUSSION_CHANNEL
    lines = [list(range(len(timed)))] if is_percussion else voices_of(timed)
    for number, line in enumerate(lines, start=1):
        voice = Voice(str(number))
        for index in line:
            onset, end, pitch = timed[index]
            bar = bisect_right(starts, onset) - 1
            voice.notes.append(Note(onset, end - onset, None if is_percussion else pitch, None, bar))
        sort_voice(voice)
        part.voices.append(voice)
    return bare


# --------------------------------------------------------------------------------------------------------------- words
def _instrument(stream: _Stream, tracks: list[Track]) -> str:
    """Return the names of the sounds with which a channel plays; what the track says its instrument is, if none."""
    if stream.channel == PERCUSSION_CHANNEL:
        return "Percussion"
    own = tracks[stream.track]
    changes = [(tick, program) for tick, channel, program in own.programs if channel == stream.channel]
    if not changes and len(tracks) > 1:
        changes = [(tick, program) for tick, channel, program in tracks[0].programs if channel == stream.channel]
    onsets = [onset for onset, _, _ in stream.notes]
    names: dict[str, None] = {}
    for at, (tick, program) in enumerate(changes):
        following = changes[at + 1][0] if at + 1 < len(changes) else onsets[-1] + 1
        if bisect_right(onsets, following - 1) > bisect_right(onsets, tick - 1):
            names[PROGRAMS[program]] = None
    return ", ".join(names) or _first(own, _INSTRUMENT)


def _first(track: Track, sort: int) -> str:
    return next((text for meta in track.metas if meta.sort == sort and (text := text_of(meta))), "")


def _name(score: Score, tracks: list[Track], streams: list[_Stream]) -> None:
    """Give the score its title and the parts their names."""
    playing = [stream for stream in streams if stream.notes]
    sounding = {stream.track for stream in playing}
    names = [_first(track, _NAME) for track in tracks]
    if tracks and (0 not in sounding or len(sounding) == 1):
        score.title = names[0]
    shared = len(playing) > len(sounding)
    for part, stream in zip(score.parts, playing, strict=True):
        part.name = "" if len(tracks) == 1 and shared else names[stream.track]
        if shared and not part.name:
            part.name = part.instrument or f"channel {stream.channel + 1}"
    for track in tracks:
        if said := next((text for meta in track.metas if (text := text_of(meta)).startswith("@T")), ""):
            score.title = said[2:].strip()
            break


def _sing(score: Score, tracks: list[Track], owners: list[int], clock: Clock) -> None:
    """Give the words of each track to the parts in it; those of a track without notes to the part that they fit."""
    pitched = [part.instrument != "Percussion" for part in score.parts]
    everywhere = [part for part, is_pitched in zip(score.parts, pitched, strict=True) if is_pitched]
    inside: dict[int, list[Part]] = {}
    for part, owner, is_pitched in zip(score.parts, owners, pitched, strict=True):
        if is_pitched:
            inside.setdefault(owner, []).append(part)
    alone: list[list[Sung]] = []
    for number, track in enumerate(tracks):
        syllables = sung(track.metas, clock.time)
        if syllables and number in inside:
            give(syllables, inside[number])
        elif syllables:
            alone.append(syllables)
    for syllables in alone[:MOST_STREAMS] if everywhere else []:
        give(syllables, everywhere)
    if len(alone) > MOST_STREAMS:
        score.warnings.append(f"words of {counted(len(alone) - MOST_STREAMS, 'track')} without notes are not read")


def _say(score: Score, tracks: list[Track]) -> None:
    """Keep texts and markers."""
    for sort, name in _OTHERS.items():
        said: dict[str, None] = {}
        for track in tracks:
            if sort == _MARKER or not is_karaoke(track.metas):
                texts = (text_of(meta) for meta in track.metas if meta.sort == sort)
                said.update((text, None) for text in texts if text and not text.startswith("@"))
        if said:
            score.words[name] = "; ".join(said)[:LONGEST_TEXT]
