"""Standard MIDI Files written by hand, chunks and events, and what the reader makes of them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence

from nlsearch.handlers.score.formats.midi import records
from nlsearch.handlers.score.notation import TICKS, Note, Part, Score
from nlsearch.limits import Limits
from nlsearch.model import RawItem

Event = tuple[int, bytes]


def number(value: int) -> bytes:
    """A variable-length quantity."""
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127 | 128)
    return bytes(reversed(groups))


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">I", len(content)) + content


def header(form: int = 1, tracks: int = 1, division: int = 480) -> bytes:
    return chunk(b"MThd", struct.pack(">HHH", form, tracks, division))


def meta(tick: int, sort: int, content: bytes | str) -> Event:
    raw = content.encode() if isinstance(content, str) else content
    return tick, bytes([0xFF, sort]) + number(len(raw)) + raw


def note(tick: int, length: int, pitch: int, channel: int = 0) -> list[Event]:
    return [(tick, bytes([0x90 | channel, pitch, 64])), (tick + length, bytes([0x80 | channel, pitch, 0]))]


def program(tick: int, value: int, channel: int = 0) -> Event:
    return tick, bytes([0xC0 | channel, value])


def body(events: Iterable[Event], *, ends: bool = True) -> bytes:
    """The bytes of a track: offs come before ons at the same time, else the order given."""
    written = b""
    before = 0
    for tick, content in sorted(events, key=lambda event: (event[0], event[1][0] & 0xF0 != 0x80)):
        written += number(tick - before) + content
        before = tick
    return written + (b"\0\xff\x2f\0" if ends else b"")


def smf(*tracks: Sequence[Event], form: int = 1, division: int = 480) -> bytes:
    return header(form, len(tracks), division) + b"".join(chunk(b"MTrk", body(track)) for track in tracks)


# ------------------------------------------------------------------------------------------------------------- reading
def items(data: bytes, **caps: int) -> list[RawItem]:
    found = list(records(io.BytesIO(data), Limits(**caps)))
    assert all(isinstance(item, RawItem) for item in found)
    return found  # type: ignore[return-value]


def score(data: bytes, **caps: int) -> Score:
    (item,) = items(data, **caps)
    assert item.number == 1
    assert item.warnings is item.content.warnings
    return item.content


def track(content: bytes, division: int = 480) -> bytes:
    return header(1, 1, division) + chunk(b"MTrk", content)


def notes_of(of: Part | Score) -> list[Note]:
    parts = of.parts if isinstance(of, Score) else [of]
    return [note for part in parts for voice in part.voices for note in voice.notes]


def quarters(of: Part | Score) -> list[tuple[float, float, int | None]]:
    return [(note.onset / TICKS, note.duration / TICKS, note.pitch) for note in notes_of(of)]
