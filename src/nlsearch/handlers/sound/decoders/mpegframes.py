"""What a file of MPEG audio needs so that libsndfile reads all of it: its first frame found, its length left open.

libsndfile skips an ID3 tag only if it is whole, and nothing else in front of the first frame.  Without a Xing or VBRI
header it takes the bit rate of the first frame for that of all, and stops too early where the rate varies.  So what
lies in front is left out, and a Xing header that states more frames than there can be is put there where none is.

References
----------
ID3v2: https://id3.org/id3v2.4.0-structure.  Frames: ISO/IEC 11172-3, section 2.4.2.3.  Xing's header is that of its
decoder's source, as LAME writes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nlsearch.handlers.sound.decoders.decoder import GuardedFile
from nlsearch.handlers.sound.formats import MPEG_FRAMES, layer3_length
from nlsearch.limits import MIB

SEARCHED_BYTES = MIB
"""How far behind the tags the first frame is looked for."""
_MOST_FRAMES = 2**24
"""For 100 hours at 44.1 kHz; no file of 4 GiB and 8 kbit/s has more."""
_TAG_BYTES = 10
_XING_AT = {(1, 1): 21, (1, 2): 36, (2, 1): 13, (2, 2): 21}
"""Where in a frame Xing's header is, by (MPEG version, 1 for mono or 2): behind the header and the side information."""


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """Where MPEG audio begins in a file, and what is to be put in front (``b""`` for nothing).

    `skipped` counts bytes in front that belong to no tag; `is_open` says that the length is not known.
    """

    start: int
    prefix: bytes
    skipped: int

    @property
    def is_open(self) -> bool:
        """Whether no header states the length."""
        return bool(self.prefix)


def find_first_frame(file: GuardedFile, size: int) -> FirstFrame | None:
    """Find where MPEG audio begins; None if it is not found, or needs no help.

    The file is then read from its begin again.
    """
    tags = _end_of_tags(file, size)
    file.seek(tags)
    head = file.read(SEARCHED_BYTES)
    file.seek(0)
    found = None if head.startswith(b"fLaC") else re.search(MPEG_FRAMES, head, re.DOTALL)
    if found is None:
        return None
    frame = head[found.start() : found.start() + 4096]
    prefix = b"" if re.search(rb"Xing|Info|VBRI", frame[:200]) else _xing(frame[:4])
    if not found.start() and not prefix:
        return None
    return FirstFrame(tags + found.start(), prefix, found.start())


def _end_of_tags(file: GuardedFile, size: int) -> int:
    """Return where the ID3 tags end; what claims to end behind the file ends where its header does."""
    at = 0
    for _ in range(8):
        file.seek(at)
        head = file.read(_TAG_BYTES)
        if len(head) < _TAG_BYTES or not head.startswith(b"ID3"):
            break
        length = 0
        for byte in head[6:]:
            length = length << 7 | byte & 0x7F
        footer = _TAG_BYTES if head[5] & 0x10 else 0
        end = at + _TAG_BYTES + length + footer
        at = end if end < size else at + _TAG_BYTES
    return at


def _xing(header: bytes) -> bytes:
    """Return a frame with a Xing header before one with this header; ``b""`` for layers I and II."""
    if header[1] >> 1 & 3 != 1:
        return b""
    version = 1 if header[1] >> 3 & 3 == 3 else 2
    plain = bytes([0xFF, header[1] | 1, header[2] & 0xFC, header[3]])  # no checksum, no padding
    length = layer3_length(plain)
    at = _XING_AT[version, 1 if header[3] >> 6 == 3 else 2]
    xing = b"Xing" + (1).to_bytes(4, "big") + _MOST_FRAMES.to_bytes(4, "big")
    return (plain + bytes(at - 4) + xing).ljust(length, b"\0")
