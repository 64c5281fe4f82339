"""The payload: the compact bytes from which a record of a protein is verified and drawn.

Layout
------
Little-endian: a header of 48 bytes (:data:`HEADER`), one code a residue, the places (uint32 starts, ends, and ends of
their names), their names and the label in UTF-8.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.sequences.records import Place

MAGIC = b"nlP1"
HEADER = struct.Struct("<4sBBHIII24sI")
RECORD, FEATURE = 0, 1
_LONGEST_LABEL = 4096


def encode(
    codes: bytes, label: str, places: Sequence[Place] = (), *, feature: bool = False, digest: bytes = b""
) -> bytes:
    """Return the payload of a record, or of a feature with its own residues.

    Parameters
    ----------
    codes : bytes
        As of :mod:`nlsearch.handlers.sequences.aminoacids`.
    label : str
        What to write on a drawing.
    places : sequence of Place
        Named stretches, ascending by start.
    feature : bool
        Whether it is a feature and not a record.
    digest : bytes
        The first 24 bytes of SHA-512 over the letters.
    """
    names = [place.name.encode("utf-8", "replace") for place in places]
    joined = b"".join(names)
    text = label.encode("utf-8", "replace")[:_LONGEST_LABEL]
    kind = FEATURE if feature else RECORD
    header = HEADER.pack(MAGIC, kind, 0, len(text), len(codes), len(places), len(joined), digest, 0)
    table = np.array([[place.start, place.end] for place in places], "<u4").reshape(-1, 2)
    ends = np.cumsum([len(name) for name in names], dtype="<u4")
    return b"".join([header, codes, np.ascontiguousarray(table.T).tobytes(), ends.tobytes(), joined, text])


@dataclass(frozen=True)
class Target:
    """A payload, opened.

    Raises
    ------
    IndexDamaged
        If the bytes are no such payload.
    """

    payload: Buffer

    def __post_init__(self) -> None:
        if len(self.payload) < HEADER.size or bytes(self.payload[:4]) != MAGIC:
            raise IndexDamaged("a protein payload is damaged", hint="run nlsearch check")
        if len(self.payload) != self._label_at + self._header[3]:
            raise IndexDamaged("a protein payload is damaged", hint="run nlsearch check")

    @cached_property
    def _header(self) -> tuple[bytes, int, int, int, int, int, int, bytes, int]:
        return HEADER.unpack_from(self.payload)

    @property
    def is_feature(self) -> bool:
        """Whether it is a feature and not a record."""
        return self._header[1] == FEATURE

    @property
    def length(self) -> int:
        """Residues."""
        return self._header[4]

    @property
    def digest(self) -> bytes:
        """Digest of the sequence."""
        return self._header[7]

    @property
    def codes(self) -> bytes:
        """The codes of the residues."""
        return bytes(self.payload[HEADER.size : HEADER.size + self.length])

    @property
    def _names_at(self) -> int:
        return HEADER.size + self.length + 12 * self._header[5]

    @property
    def _label_at(self) -> int:
        return self._names_at + self._header[6]

    @property
    def label(self) -> str:
        """What to write on a drawing."""
        return bytes(self.payload[self._label_at : self._label_at + self._header[3]]).decode("utf-8", "replace")

    def places(self, limit: int = 2**32) -> list[Place]:
        """Return the first `limit` named stretches."""
        count = self._header[5]
        table = np.frombuffer(self.payload, "<u4", 3 * count, HEADER.size + self.length).reshape(3, -1)
        starts, ends, stops = table[:, :limit].tolist()
        names = [
            bytes(self.payload[self._names_at + a : self._names_at + b]).decode("utf-8", "replace")
            for a, b in zip([0, *stops], stops, strict=False)
        ]
        return [Place(*place) for place in zip(starts, ends, names, strict=True)]
