"""Small scores in MusicXML, and how tests read them."""

from __future__ import annotations

import io
import zipfile

from nlsearch.handlers.score.formats import musicxml
from nlsearch.handlers.score.notation import Score
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
CONTAINER = '<container><rootfiles><rootfile full-path="{}"/></rootfiles></container>'


def records(content: str | bytes, limits: Limits | None = None) -> list[RawItem | Skipped]:
    content = content.encode() if isinstance(content, str) else content
    return list(musicxml.records(io.BytesIO(content), limits or Limits()))


def read(content: str | bytes) -> Score:
    (item,) = records(content)
    assert isinstance(item, RawItem), item
    assert item.warnings is item.content.warnings
    return item.content


def note(name: str, length: int | None, more: str = "", before: str = "") -> str:
    """Write a note: ``C4``, ``F#5``, ``Bb3``; ``r`` is a rest, ``x`` unpitched."""
    if name == "r":
        what = "<rest/>"
    elif name == "x":
        what = "<unpitched><display-step>C</display-step><display-octave>5</display-octave></unpitched>"
    else:
        alter = name.count("#") - name[1:].count("b")
        what = f"<pitch><step>{name[0]}</step><alter>{alter}</alter><octave>{name[-1]}</octave></pitch>"
    lasts = "" if length is None else f"<duration>{length}</duration>"
    return f"<note>{before}{what}{lasts}{more}</note>"


def part(*bars: str, attributes: str = "<divisions>2</divisions>", name: str = "P1") -> str:
    first = f"<attributes>{attributes}</attributes>" + bars[0]
    measures = "".join(f'<measure number="{n}">{bar}</measure>' for n, bar in enumerate([first, *bars[1:]], 1))
    return f'<part id="{name}">{measures}</part>'


def score(*parts: str, head: str = "") -> str:
    return f'<?xml version="1.0"?>{DOCTYPE}<score-partwise version="4.0">{head}{"".join(parts)}</score-partwise>'


def mxl(content: str | bytes, container: str | None = CONTAINER.format("s.xml"), name: str = "s.xml") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        if container is not None:
            archive.writestr("META-INF/container.xml", container)
        archive.writestr(name, content)
    return stream.getvalue()


SCALE = score(part(note("C4", 2) + note("D4", 2), note("E4", 4)))
NOTES = [(0.0, 1.0, 60), (1.0, 1.0, 62), (2.0, 2.0, 64)]
