"""The payload: the compact bytes from which a record is verified and drawn, readable in windows.

Layout
------
Little-endian: a fixed header (:data:`_HEADER`), the runs of ambiguous letters (three uint32 each: start, length, code),
the places (uint32 starts, ends, and ends of their names with the strand in the highest two bits), the names, the label
and the names of the record (of a feature also, behind a NUL, its type, its name and the names of its gene), one a line
in UTF-8, each section padded to four bytes, the hashes of the sketch (uint64, ascending), and last the sequence at two
bits a base.  A window of a genome of 5 Mb touches the pages of that window only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import IndexDamaged
from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.nucleotide.records import Whole
from nlsearch.handlers.sequences.packed import DIGEST_BYTES, Packed, window
from nlsearch.handlers.sequences.records import Place

_MAGIC = b"nlS2"
_HEADER = struct.Struct(f"<4sBBHIQIIIII{DIGEST_BYTES}s")
RECORD, FEATURE, FILE = 0, 1, 2
_HAS_SEQUENCE, _CIRCULAR = 1, 2
_STRANDS, _STRAND_AT = ("", "+", "-", ""), 30
FARTHEST = 2**32 - 1
"""Where an annotation ends that points beyond what any sequence may have."""
STEP = 2**22
"""Bases that a scan unpacks at a time."""


def encode(
    sequence: Packed | None,
    label: str,
    places: list[Place],
    *,
    feature_of: int = 0,
    circular: bool = False,
    sketch: NDArray[np.uint64] | None = None,
    record: Sequence[str] = (),
    identity: Sequence[str] = (),
) -> bytes:
    """Return the payload of a record, or of a feature of a record of `feature_of` bases; `record` are its names.

    `identity` of a feature are its type, its name, and every name of its gene.
    """
    kind = FEATURE if feature_of else RECORD
    digest = sequence.digest if sequence is not None else b""
    return _encode(
        kind, sequence, label, places, feature_of, digest, sketch, circular=circular, record=record, identity=identity
    )


def encode_file(whole: Whole) -> bytes:
    """Return the payload of a file of several records, which holds no sequence."""
    return _encode(FILE, None, whole.name, whole.places, whole.bases, whole.digest, whole.sketch, records=whole.records)


def _encode(
    kind: int,
    sequence: Packed | None,
    label: str,
    places: list[Place],
    around: int,
    digest: bytes,
    sketch: NDArray[np.uint64] | None,
    *,
    circular: bool = False,
    records: int = 0,
    record: Sequence[str] = (),
    identity: Sequence[str] = (),
) -> bytes:
    """Write the sections; `around` are the bases of what a feature or a file lies in or holds."""
    hashes = np.empty(0, np.uint64) if sketch is None else sketch
    runs = np.empty((0, 3), np.uint32) if sequence is None else sequence.runs
    names = [place.name.encode("utf-8", "replace") for place in places]
    text = label.encode("utf-8", "replace")[:4096]
    joined = b"".join(names)
    of_record = "\0".join(map(_lines, (record, identity) if identity else (record,))).encode("utf-8", "replace")
    header = _HEADER.pack(
        _MAGIC,
        kind,
        (_HAS_SEQUENCE if sequence is not None else 0) | (_CIRCULAR if circular else 0),
        len(text),
        sequence.length if sequence is not None else records,
        around,
        len(runs),
        len(places),
        len(joined),
        len(hashes),
        len(of_record),
        digest,
    )
    table = np.array([[min(p.start, FARTHEST), min(p.end, FARTHEST)] for p in places], np.uint32).reshape(-1, 2)
    ends = np.cumsum([len(name) for name in names], dtype=np.uint32)
    strands = np.array([_STRANDS.index(place.strand) for place in places], np.uint32)
    return b"".join(
        [
            header,
            runs.astype("<u4").tobytes(),
            np.ascontiguousarray(table.T).astype("<u4").tobytes(),
            (ends | strands << np.uint32(_STRAND_AT)).astype("<u4").tobytes(),
            _padded(joined),
            _padded(text),
            _padded(of_record),
            hashes.astype("<u8").tobytes(),
            sequence.packed if sequence is not None else b"",
        ]
    )


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(" ".join(text.replace("\0", " ").split()) for text in texts)


def _padded(section: bytes) -> bytes:
    return section + bytes(-len(section) % 4)


@dataclass(frozen=True)
class Target:
    """A payload, opened.

    Raises
    ------
    IndexDamaged
        If the bytes are no payload of this kind.
    """

    payload: Buffer

    def __post_init__(self) -> None:
        damaged = len(self.payload) < _HEADER.size or bytes(self.payload[:4]) != _MAGIC
        if damaged or len(self.payload) < self._packed_at + (self.length + 3) // 4:
            raise IndexDamaged("a nucleotide payload is damaged", hint="run nlsearch check")

    @cached_property
    def _header(self) -> tuple[bytes, int, int, int, int, int, int, int, int, int, int, bytes]:
        return _HEADER.unpack_from(self.payload)

    @property
    def is_feature(self) -> bool:
        """Whether it is an annotated feature and not a record."""
        return self._header[1] == FEATURE

    @property
    def is_file(self) -> bool:
        """Whether it is a file of several records as a whole."""
        return self._header[1] == FILE

    @property
    def records(self) -> int:
        """How many records it is."""
        return self._header[4] if self.is_file else 1

    @property
    def has_sequence(self) -> bool:
        """Whether a sequence is kept."""
        return bool(self._header[2] & _HAS_SEQUENCE)

    @property
    def is_circular(self) -> bool:
        """Whether the record says that its molecule is circular."""
        return bool(self._header[2] & _CIRCULAR)

    @property
    def length(self) -> int:
        """Bases of the sequence; 0 if none is kept."""
        return self._header[4] if self.has_sequence else 0

    @property
    def strip_length(self) -> int:
        """Bases of the record, for a feature that of the record that carries it, for a file all of them."""
        return self._header[5] or self.length

    @property
    def bases(self) -> int:
        """Bases of the sequence, or of all records of a file."""
        return self._header[5] if self.is_file else self.length

    @property
    def digest(self) -> bytes:
        """Digest of the sequence; zeros if none is kept."""
        return self._header[11]

    def _table(self, at: int, count: int) -> NDArray[np.uint32]:
        return np.frombuffer(self.payload, "<u4", count, at)

    @cached_property
    def runs(self) -> NDArray[np.uint32]:
        """The runs of ambiguous letters, shape (r, 3): start, length, code."""
        return self._table(_HEADER.size, 3 * self._header[6]).reshape(-1, 3)

    @property
    def _places_at(self) -> int:
        return _HEADER.size + 12 * self._header[6]

    @property
    def _names_at(self) -> int:
        return self._places_at + 12 * self._header[7]

    @property
    def _label_at(self) -> int:
        return self._names_at + (self._header[8] + 3) // 4 * 4

    @property
    def _record_at(self) -> int:
        return self._label_at + (self._header[3] + 3) // 4 * 4

    @property
    def _sketch_at(self) -> int:
        return self._record_at + (self._header[10] + 3) // 4 * 4

    @property
    def record(self) -> list[str]:
        """The names of the record, for a feature of the one that carries it: its own name, and its accessions."""
        return self._lines_of(0)

    @property
    def identity(self) -> list[str]:
        """Of a feature its type, its name and the names of its gene; empty of what is none."""
        return self._lines_of(1)

    def _lines_of(self, part: int) -> list[str]:
        text = bytes(self.payload[self._record_at : self._record_at + self._header[10]]).decode("utf-8", "replace")
        found = text.split("\0")[part : part + 1]
        return found[0].split("\n") if found and found[0] else []

    @property
    def _packed_at(self) -> int:
        return self._sketch_at + 8 * self._header[9]

    @property
    def sketch(self) -> NDArray[np.uint64]:
        """The hashes of the sequence (see :mod:`sketching`), ascending; none for features."""
        hashes: NDArray[np.uint64] = np.frombuffer(self.payload, "<u8", self._header[9], self._sketch_at)
        return hashes

    @property
    def label(self) -> str:
        """What to write on a drawing."""
        return bytes(self.payload[self._label_at : self._label_at + self._header[3]]).decode("utf-8", "replace")

    def places(self, start: int = 0, end: int = 2**32, limit: int = 2**32) -> list[Place]:
        """Return at most `limit` named stretches that overlap ``[start, end)``, ascending."""
        count = self._header[7]
        starts, ends, name_ends = self._table(self._places_at, 3 * count).reshape(3, -1)
        found = np.flatnonzero((starts < end) & (ends > start))[:limit].tolist()
        stops = name_ends & np.uint32((1 << _STRAND_AT) - 1)
        name_starts = np.concatenate([[0], stops])
        return [
            Place(
                int(starts[i]),
                int(ends[i]),
                self._name(int(name_starts[i]), int(stops[i])),
                _STRANDS[int(name_ends[i]) >> _STRAND_AT],
            )
            for i in found
        ]

    def count_places(self, start: int, end: int) -> int:
        """Return how many named stretches overlap ``[start, end)``."""
        starts, ends, _ = self._table(self._places_at, 3 * self._header[7]).reshape(3, -1)
        return int(np.count_nonzero((starts < end) & (ends > start)))

    def _name(self, start: int, end: int) -> str:
        return bytes(self.payload[self._names_at + start : self._names_at + end]).decode("utf-8", "replace")

    @cached_property
    def _packed(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.payload, np.uint8, offset=self._packed_at)

    def codes(self, start: int, end: int) -> bytes:
        """Return the codes of ``[start, end)``, clipped to the sequence."""
        start = min(max(start, 0), self.length)
        return window(self._packed, self.runs, start, max(start, min(end, self.length)))

    def sequence(self) -> Packed:
        """Return the whole sequence as it was packed."""
        counts = np.bincount(np.frombuffer(self.codes(0, self.length), np.uint8), minlength=4)[:4].tolist()
        packed = bytes(self._packed[: (self.length + 3) // 4])
        return Packed(self.length, packed, self.runs, (counts[0], counts[1], counts[2], counts[3]), digest=self.digest)

    def around(self, start: int, end: int) -> bytes:
        """Return the codes of ``[start, end)``, which may end across the origin of a circular record."""
        return self.codes(start, end) + (self.codes(0, end - self.length) if end > self.length else b"")

    def windows(self, overlap: int) -> Iterator[tuple[int, int]]:
        """Cut the sequence into windows that overlap by `overlap`: every stretch of that length lies in one."""
        step = max(STEP, 2 * overlap)
        for start in range(0, max(self.length - overlap, 1), step):
            yield start, min(self.length, start + step + overlap)
