"""Who and what: the tags of a sound file.

tinytag reads ID3v1 and v2, Vorbis comments, MP4, ASF, RIFF and AIFF; what it does not know (APE, Matroska, CAF, DSF)
the decoders' own metadata tell.  Nothing here raises for what a file holds: broken tags are a complaint.

Conventions
-----------
Texts are stripped, control characters and line ends in short ones are spaces, and lengths are bounded; what is not
there is ``""`` or None.  Text that says it is Latin-1 and is valid UTF-8 is UTF-8.  Pictures are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from nlsearch.errors import InputError
from nlsearch.handlers.contract import Source
from nlsearch.handlers.sound.decoders.decoder import GuardedFile
from nlsearch.handlers.sound.decoders.ffmpeg import read_metadata
from nlsearch.handlers.sound.decoders.sndfile import read_strings
from nlsearch.limits import MIB

SHORT, LONG = 500, 10_000
"""Characters kept of a name, and of a comment or lyrics."""
_READ_BYTES = 16 * MIB
_READS = 200_000
_LARGEST_NUMBER = 2**31 - 1
_NAMES = {
    "albumartist": "album_artist",
    "date": "year",
    "tracknumber": "track",
    "discnumber": "disc",
    "tsrc": "isrc",
    "label": "publisher",
    "tbpm": "bpm",
    "initial_key": "key",
    "initialkey": "key",
    "unsyncedlyrics": "lyrics",
    "description": "comment",
}
_TEXTS = (
    "title", "artist", "album", "album_artist", "composer", "performer", "genre", "isrc", "publisher", "copyright",
    "key",
)  # fmt: skip
_LONG_TEXTS = ("comment", "lyrics")
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Tags:
    """What the tags say; several artists are separated by ``; ``.

    `year`, `track` and `disc` are the first number of what stands there, `bpm` is beats per minute as tagged, `key` the
    key as tagged; `complaints` says what was odd.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    composer: str = ""
    performer: str = ""
    genre: str = ""
    year: int | None = None
    track: int | None = None
    disc: int | None = None
    comment: str = ""
    lyrics: str = ""
    isrc: str = ""
    publisher: str = ""
    copyright: str = ""
    bpm: float | None = None
    key: str = ""
    complaints: list[str] = field(default_factory=list)


class _Sparing:
    """A file of which no more is read than tags without pictures need; then it seems to end."""

    def __init__(self, inner: GuardedFile) -> None:
        self._inner = inner
        self._left, self._reads = _READ_BYTES, _READS
        self.seek, self.tell = inner.seek, inner.tell

    def read(self, size: int = -1) -> bytes:
        """Read at most what is left."""
        self._reads -= 1
        if self._reads < 0:
            return b""
        content = self._inner.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(content)
        return content

    @property
    def is_exhausted(self) -> bool:
        """Whether something was kept back."""
        return self._left == 0 or self._reads < 0


def read_tags(source: Source) -> Tags:
    """Read the tags of a sound file.

    Raises
    ------
    InputError
        If the source itself cannot be read.
    """
    complaints: list[str] = []
    with source.open() as stream:
        found = _tinytag(stream, complaints)
    if found is None:
        found = _by_decoder(source)
    if any("\ufffd" in text for texts in found.values() for text in texts):
        complaints.append("tags are not in the encoding that they state")
    return _tags(found, complaints)


def _tinytag(stream: BinaryIO, complaints: list[str]) -> dict[str, list[str]] | None:
    """Return values by name; None if tinytag does not know the format, or finds the tags broken."""
    from tinytag import TinyTag, TinyTagException
    from tinytag.tinytag import UnsupportedFormatError

    file = GuardedFile(stream)
    sparing = _Sparing(file)
    try:
        found = TinyTag.get(file_obj=sparing, duration=False)  # type: ignore[arg-type]
    except UnsupportedFormatError:
        file.check()
        return None
    except TinyTagException as exc:
        file.check()
        complaints.append(f"the tags are broken: {_short(str(exc) or type(exc.__cause__).__name__, 100)}")
        return None
    if sparing.is_exhausted:
        complaints.append("not all of the tags are read: they are too long")
    values: dict[str, list[str]] = {}
    for name, value in found.as_dict().items():
        if isinstance(value, list):
            _add(values, name, value)
    return values


def _by_decoder(source: Source) -> dict[str, list[str]]:
    """Return what the decoders know, values by name."""
    values: dict[str, list[str]] = {}
    for reader in (read_strings, read_metadata):
        try:
            found: Mapping[str, str] = reader(source.open())
        except InputError:
            continue
        for name, value in found.items():
            _add(values, name, [value])
    return values


def _add(values: dict[str, list[str]], name: str, texts: Iterable[str]) -> None:
    held = values.setdefault(_NAMES.get(name.lower(), name.lower()), [])
    held.extend(text for text in (_mended(text) for text in texts) if text not in held)


def _mended(text: str) -> str:
    """Return text, decoded as UTF-8 if it is UTF-8 that was taken for Latin-1."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _tags(found: Mapping[str, list[str]], complaints: list[str]) -> Tags:
    return Tags(
        **{name: _short("; ".join(found.get(name, [])[:20])) for name in _TEXTS},
        **{name: _long("\n".join(found.get(name, [])[:20])) for name in _LONG_TEXTS},
        year=_year(found.get("year", [])),
        track=_number(found.get("track", [])),
        disc=_number(found.get("disc", [])),
        bpm=_bpm(found.get("bpm", [])),
        complaints=complaints,
    )


def _short(text: str, most: int = SHORT) -> str:
    return " ".join(_UNSEEN.sub(" ", text[: 4 * most]).split())[:most].rstrip()


def _long(text: str) -> str:
    lines = text[: 2 * LONG].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_UNSEEN.sub(" ", line).rstrip() for line in lines).strip()[:LONG]


def _year(texts: Iterable[str]) -> int | None:
    found = [match for text in texts if (match := _YEAR.search(text[:SHORT]))]
    return int(found[0].group()) if found else None


def _number(texts: Iterable[str]) -> int | None:
    """Return the first number, of ``3/12`` the 3."""
    found = [match for text in texts if (match := re.match(r"\s*([0-9]{1,10})", text))]
    number = int(found[0].group(1)) if found else None
    return number if number is not None and number <= _LARGEST_NUMBER else None


def _bpm(texts: Iterable[str]) -> float | None:
    found = [match for text in texts if (match := re.match(r"\s*([0-9]{1,3}(?:\.[0-9]{1,6})?)", text))]
    return (float(found[0].group(1)) or None) if found else None
