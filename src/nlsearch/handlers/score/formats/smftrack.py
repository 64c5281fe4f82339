"""Events of a track of a Standard MIDI File.

Conventions
-----------
Times are ticks of the file from the start of the track.  A note ends at the next note-off (or note-on of velocity 0) of
its channel and key; of two that sound at once the first ends first.  Where notes of a key have no note-off, each ends
at the latest where the next begins, the last with the track.  The pedal ends nothing.  Running status goes on after
meta events and system exclusive ones, although the standard forbids it, because programs write such files.

Where an event cannot be read the rest of the track is left, since times are counted from event to event; this is said
with the place.  Every note-on before it becomes a note.

References
----------
Standard MIDI Files 1.0 (RP-001), MIDI Manufacturers Association 1996.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

_SILENCE = frozenset({120, 123})
"""Controllers: all sound off, all notes off."""
_META, _SYSTEM, _ESCAPE, _END = 0xFF, 0xF0, 0xF7, 0x2F
_COMMON = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0} | dict.fromkeys(range(0xF8, 0xFF), 0)
"""Data bytes of messages that do not belong into a file, and are passed over."""


class _Damage(Exception):
    """An event is not one."""


@dataclass(slots=True)
class Meta:
    """A meta event: its time, type and bytes."""

    tick: int
    sort: int
    content: bytes


@dataclass(slots=True)
class Track:
    """The events of a track.

    Parameters
    ----------
    onsets, ends, keys : list of int, parallel
        Notes in the order in which they begin; a key is ``128 * channel + pitch``, channels from 0.
    programs : list of (int, int, int)
        Time, channel, program from 0.
    metas : list of Meta
    end : int
        Time of the last event.
    unended : int
        Notes without a note-off.
    damage : str
        What could not be read, ``""`` if everything could.
    """

    onsets: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    programs: list[tuple[int, int, int]] = field(default_factory=list)
    metas: list[Meta] = field(default_factory=list)
    end: int = 0
    unended: int = 0
    damage: str = ""


def read_track(data: bytes) -> Track:
    """Return the events of a track; reading never fails, see :attr:`Track.damage`."""
    track = Track()
    sounding: dict[int, deque[int]] = {}
    at = -1
    try:
        at = _read_events(data, track, sounding)
    except _Damage as exc:
        track.damage = str(exc)
    except IndexError:
        track.damage = "it ends within an event"
    if at >= 0 and data[at:].strip(b"\0"):
        track.damage = f"{len(data) - at:,} bytes behind its end are not read"
    _end_all(track, sounding)
    return track


def _read_events(data: bytes, track: Track, sounding: dict[int, deque[int]]) -> int:  # noqa: C901, PLR0912, PLR0915 - the inner loop
    """Fill `track`; return where the end of the track stands, -1 if nothing says so.

    Raises
    ------
    _Damage, IndexError
    """
    onsets, ends, keys = track.onsets, track.ends, track.keys
    at = tick = status = 0
    size = len(data)
    while at < size:
        begin = at
        byte = data[at]
        at += 1
        if byte < 128:
            tick += byte
        else:
            value = byte & 127
            while byte >= 128:
                byte = data[at]
                at += 1
                value = value << 7 | byte & 127
            if at - begin > 4:
                raise _unread(begin, tick, size, "a time of more than four bytes")
            tick += value
        track.end = tick
        byte = data[at]
        if byte >= 0xF0:
            at += 1
            if byte in _COMMON:
                at += _COMMON[byte]
                continue
            if byte not in {_META, _SYSTEM, _ESCAPE}:
                raise _unread(begin, tick, size, f"no event begins with {byte:02X}")
            sort = 0
            if byte == _META:
                sort = data[at]
                at += 1
            length, at = _length(data, at)
            if at + length > size:
                raise IndexError
            if byte == _META:
                track.metas.append(Meta(tick, sort, data[at : at + length]))
                if sort == _END:
                    return at + length
            at += length
            continue
        if byte >= 128:
            status = byte
            at += 1
        elif not status:
            raise _unread(begin, tick, size, "data without a status")
        first = data[at]
        at += 1
        if 0xC0 <= status < 0xE0:
            if first >= 128:
                raise _unread(begin, tick, size, f"a status {first:02X} in place of data")
            if status < 0xD0:
                track.programs.append((tick, status & 15, first))
            continue
        second = data[at]
        at += 1
        if (first | second) >= 128:
            raise _unread(begin, tick, size, f"a status {max(first, second):02X} in place of data")
        if status < 0xA0:
            key = (status & 15) << 7 | first
            if status >= 0x90 and second:
                waiting = sounding.get(key)
                if waiting is None:
                    waiting = sounding[key] = deque()
                waiting.append(len(onsets))
                onsets.append(tick)
                ends.append(-1)
                keys.append(key)
            else:
                waiting = sounding.get(key)
                if waiting:
                    ends[waiting.popleft()] = tick
        elif 0xB0 <= status < 0xC0 and first in _SILENCE:
            _silence(status & 15, tick, ends, sounding)
    return -1


def _unread(at: int, tick: int, size: int, what: str) -> _Damage:
    return _Damage(f"{what} at byte {at:,}, tick {tick:,}: the last {size - at:,} bytes are not read")


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length and where it ends."""
    value = 0
    while True:
        byte = data[at]
        at += 1
        value = value << 7 | byte & 127
        if byte < 128:
            return value, at
        if value >= 2**28:
            raise IndexError


def _silence(channel: int, tick: int, ends: list[int], sounding: dict[int, deque[int]]) -> None:
    for key, waiting in sounding.items():
        if key >> 7 == channel:
            for index in waiting:
                ends[index] = tick
            waiting.clear()


def _end_all(track: Track, sounding: dict[int, deque[int]]) -> None:
    """End the notes that have no note-off: at the next note of the key, or with the track."""
    hung = {key: len(waiting) for key, waiting in sounding.items() if waiting}
    track.unended = sum(hung.values())
    if not hung:
        return
    members: dict[int, list[int]] = {key: [] for key in hung}
    for index, key in enumerate(track.keys):
        if key in members:
            members[key].append(index)
    for indices in members.values():
        offs = sorted(track.ends[index] for index in indices if track.ends[index] >= 0)
        free = 0
        onsets = [track.onsets[index] for index in indices]
        for here, onset in zip(indices, onsets, strict=True):
            following = bisect_right(onsets, onset)
            latest = onsets[following] if following < len(onsets) else track.end
            free = max(free, bisect_right(offs, onset))
            if free < len(offs) and offs[free] <= latest:
                latest = offs[free]
                free += 1
            track.ends[here] = latest
