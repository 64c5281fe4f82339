"""Entries waiting on the disk until their split is written, in a file without a name that dies with the process.

Arrays are written as they lie in memory and come back as views of the mapped file, so an entry costs its bytes once.
"""

from __future__ import annotations

import mmap
import tempfile
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from nlsearch.index.records import TEXTS, plain
from nlsearch.model import Entry, Features, Peaks, Seeds

_ALIGN = 8


class Spool:
    """A list of entries on the disk: add all, then read.

    Parameters
    ----------
    directory : path
        On the disk that holds the spool.
    """

    def __init__(self, directory: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=directory, buffering=1 << 20)  # noqa: SIM115 - lives with the spool
        self._places: list[tuple[int, int]] = []  # start and length of each header, whose arrays lie before it
        self._map: mmap.mmap | None = None
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._places)

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        features = entry.features
        header = (
            (entry.source_id, entry.kind, entry.path, entry.locator, entry.number, entry.title),
            (features.words, features.fields, features.size, features.keys, features.extent),
            {space: self._write(terms) for space, terms in features.terms.items()},
            {space: self._write_seeds(seeds) for space, seeds in features.seeds.items()},
            {space: self._write(vector) for space, vector in features.vectors.items()},
            self._write(np.frombuffer(features.payload, np.uint8)),
            {space: self._write_peaks(peaks) for space, peaks in features.peaks.items()},
        )
        packed = msgpack.packb(header, unicode_errors=TEXTS, default=plain)
        self._places.append((self.bytes, len(packed)))
        self._put(packed)

    def __getitem__(self, number: int) -> Entry:
        """Return entry `number`; its arrays are views of the file and stay valid while they are held."""
        if self._map is None:
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        start, length = self._places[number]
        header = msgpack.unpackb(self._map[start : start + length], unicode_errors=TEXTS, strict_map_key=False)
        (source_id, kind, path, locator, record, title), (words, fields, size, keys, extent), *organs = header
        terms, seeds, vectors, payload, peaks = organs
        features = Features(
            words=words,
            fields=fields,
            terms={space: self._read(place) for space, place in terms.items()},
            seeds={space: self._read_seeds(*place) for space, place in seeds.items()},
            vectors={space: self._read(place) for space, place in vectors.items()},
            payload=self._read(payload).tobytes(),
            size=size,
            keys=keys,
            peaks={space: self._read_peaks(*held) for space, held in peaks.items()},
            extent=extent,
        )
        return Entry(source_id, kind, path, locator, record, title, features)

    def close(self) -> None:
        """Free the disk space, as soon as no array of an entry is held."""
        self._map = None
        self._file.close()

    def _write(self, values: NDArray[Any]) -> tuple[int, str, int]:
        flat = np.ascontiguousarray(values)
        place = (self.bytes, flat.dtype.str, flat.size)
        self._put(flat.data.cast("B") if flat.size else b"")
        return place

    def _write_seeds(self, seeds: Seeds) -> tuple[Any, ...]:
        flags = None if seeds.flags is None else self._write(seeds.flags)
        return self._write(seeds.keys), self._write(seeds.positions), int(seeds.length), flags

    def _write_peaks(self, peaks: Peaks) -> tuple[Any, ...]:
        facts = (peaks.reference, peaks.exponent, peaks.scale, peaks.apart, peaks.apart_relative)
        return self._write(peaks.positions), self._write(peaks.weights), facts

    def _put(self, content: bytes | memoryview) -> None:
        padding = -len(content) % _ALIGN
        self._file.write(content)
        self._file.write(bytes(padding))
        self.bytes += len(content) + padding

    def _read(self, place: tuple[int, str, int]) -> NDArray[Any]:
        start, dtype, size = place
        assert self._map is not None  # noqa: S101 - mapped by __getitem__
        return np.frombuffer(self._map, dtype, size, start) if size else np.empty(0, dtype)

    def _read_peaks(
        self, positions: tuple[int, str, int], weights: tuple[int, str, int], facts: tuple[float, ...]
    ) -> Peaks:
        return Peaks(self._read(positions), self._read(weights), *facts)

    def _read_seeds(
        self,
        keys: tuple[int, str, int],
        positions: tuple[int, str, int],
        length: int,
        flags: tuple[int, str, int] | None,
    ) -> Seeds:
        read_flags = None if flags is None else self._read(flags)
        return Seeds(self._read(keys), self._read(positions), length, read_flags)
