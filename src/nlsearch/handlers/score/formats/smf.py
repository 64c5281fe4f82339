"""Standard MIDI Files as bytes: the header, the chunks, a wrapper around them.

What is odd is said in warnings, and read as far as it goes.

References
----------
Standard MIDI Files 1.0 (RP-001), MIDI Manufacturers Association 1996; RMID: RP-029.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nlsearch.errors import MalformedContent
from nlsearch.handlers.score.formats.smftrack import Track, read_track

SLACK = 256
"""Bytes that may stand before the header (MacBinary has 128)."""
MOST_TRACKS = 65_535
"""As many as a header can announce."""
_HEADER, _TRACK = b"MThd", b"MTrk"
_PADDING = b"\0\x1a\r\n"


@dataclass(slots=True)
class File:
    """A file: its format, its division as the header has it, its tracks, and what was odd."""

    form: int
    division: int
    tracks: list[Track]
    warnings: list[str]


def read_file(data: bytes) -> File:
    """Return the tracks of a Standard MIDI File, or of one in a RIFF wrapper.

    Raises
    ------
    MalformedContent
        If there is no header.
    """
    warnings: list[str] = []
    start = data.find(_HEADER, 0, SLACK + 4)
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        start = _wrapped(data)
    if start < 0 or len(data) < start + 14:
        raise MalformedContent("the file holds no MIDI header" if start < 0 else "the MIDI header is cut")
    if start and data[:4] != b"RIFF":
        warnings.append(f"{start} bytes before the MIDI header are not read")
    length = int.from_bytes(data[start + 4 : start + 8], "big")
    form, announced, division = (int.from_bytes(data[at : at + 2], "big") for at in (start + 8, start + 10, start + 12))
    if form > 2:
        warnings.append(f"format {form} of MIDI files is not known, it is read as format 1")
        form = 1
    if length < 6:
        warnings.append(f"the MIDI header says that it has {length} bytes, not 6")
    tracks = []
    for number, (low, high) in enumerate(_chunks(data, start + 8 + max(6, length), warnings), start=1):
        track = read_track(data[low:high])
        if track.damage:
            warnings.append(f"track {number}: {track.damage}")
        tracks.append(track)
        if number == MOST_TRACKS:
            warnings.append(f"tracks after the first {MOST_TRACKS:,} are not read")
            break
    if announced != len(tracks):
        warnings.append(f"the header announces {announced} tracks, the file has {len(tracks)}")
    return File(form, division, tracks, warnings)


def _wrapped(data: bytes) -> int:
    """Return where the header is in a RIFF file: at the start of its chunk ``data``."""
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] == b"data":
            return at + 8 if data.startswith(_HEADER, at + 8) else -1
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return -1


def _chunks(data: bytes, at: int, warnings: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the tracks; a chunk whose length leads nowhere ends where the next track begins."""
    if not data.startswith(_TRACK, at) and (found := data.find(_TRACK)) >= 0 and not _is_chunk(data, at):
        warnings.append("the chunk behind the header is none: the first track found is read")
        at = found
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        low = at + 8
        high = low + length
        if high > len(data) or (high < len(data) and not _is_chunk(data, high)):
            following = data.find(_TRACK, low)
            if high > len(data) or following >= 0 or data[high:].strip(_PADDING):
                is_cut = high > len(data) and following < 0
                said = "is cut" if is_cut else f"has not the {length:,} bytes that it says"
                warnings.append(f"the chunk at byte {at:,} {said}")
            high = following if following >= 0 else len(data)
        if name == _TRACK:
            yield low, high
        at = high


def _is_chunk(data: bytes, at: int) -> bool:
    return data[at : at + 4].isalpha() and at + 8 <= len(data)
