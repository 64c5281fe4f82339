"""A ``<note>`` of MusicXML as it is written.

References
----------
MusicXML 4.0, W3C 2021: element ``note``.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree.ElementTree import Element


class WrittenNote(NamedTuple):
    """What a note or rest says of itself; texts as they stand in the file."""

    pitch: Element | None
    duration: str | None
    voice: str
    staff: str
    kind: str
    dots: int
    is_rest: bool
    is_chord: bool
    is_grace: bool
    is_unpitched: bool
    starts: bool
    stops: bool
    lyrics: tuple[Element, ...]


def written_note(element: Element) -> WrittenNote:  # noqa: C901, PLR0912 - one pass over the children, the usual first
    """Read a ``<note>``.

    A tie is what ``<tie>`` says, which is for what sounds; where there is none, what ``<tied>`` says, which is drawn.
    """
    pitch = duration = notations = None
    voice = staff = kind = ""
    is_rest = is_chord = is_grace = starts = stops = is_unpitched = False
    lyrics: tuple[Element, ...] = ()
    dots = 0
    for child in element:
        tag = child.tag
        if tag == "pitch":
            pitch = child
        elif tag == "duration":
            duration = child.text
        elif tag == "voice":
            voice = child.text or ""
        elif tag == "type":
            kind = child.text or ""
        elif tag == "staff":
            staff = child.text or ""
        elif tag == "notations":
            notations = child
        elif tag == "rest":
            is_rest = True
        elif tag == "chord":
            is_chord = True
        elif tag == "lyric":
            lyrics = (*lyrics[:99], child)
        elif tag == "dot":
            dots += 1
        elif tag == "tie":
            starts |= child.get("type") == "start"
            stops |= child.get("type") == "stop"
        elif tag == "grace":
            is_grace = True
        elif tag == "unpitched":
            is_unpitched = True
    if notations is not None and not (starts or stops):
        for tied in notations.iterfind("tied"):
            starts |= tied.get("type") == "start"
            stops |= tied.get("type") == "stop"
    return WrittenNote(
        pitch, duration, voice, staff, kind, dots, is_rest, is_chord, is_grace, is_unpitched, starts, stops, lyrics
    )
