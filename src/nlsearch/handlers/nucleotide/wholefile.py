"""The file as a whole: what the records of a file are together, as its last item."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from nlsearch.handlers.nucleotide.records import Whole
from nlsearch.handlers.nucleotide.sketching import Hashes, sketch_of, union
from nlsearch.handlers.sequences.packed import DIGEST_BYTES
from nlsearch.handlers.sequences.records import Place, Record
from nlsearch.model import RawItem, Skipped

FILE_ID = "file"
"""Becomes the locator ``#file``."""
DRAWN_RECORDS = 1_000
_PENDING = 2**20


@dataclass
class Gathered:
    """What the records of a file are together: how many, their bases, digests and hashes."""

    records: int = 0
    bases: int = 0
    digests: list[bytes] = field(default_factory=list)
    _sketches: list[Hashes] = field(default_factory=list)
    _waiting: int = 0

    def add(self, record: Record) -> None:
        """Take the next record; its sketch is made and kept with it."""
        sequence = record.sequence
        if record.sketch is None:
            record.sketch = sketch_of(sequence)
        self.records += 1
        self.bases += sequence.length
        self.digests.append(sequence.digest)
        if len(record.sketch):
            self._sketches.append(record.sketch)
            self._waiting += len(record.sketch)
        if self._waiting > _PENDING:
            self._sketches, self._waiting = [union(self._sketches)], 0

    def sketch(self) -> Hashes:
        """Return the sketch of all records together."""
        self._sketches = [union(self._sketches)]
        return self._sketches[0]

    def digest(self) -> bytes:
        """Return the digest of the only record; of several, one over their digests, whatever their order."""
        if self.records == 1:
            return self.digests[0]
        return hashlib.sha512(b"".join(sorted(self.digests))).digest()[:DIGEST_BYTES]


class WholeFile:
    """Makes the item of a file while its records pass by.

    Parameters
    ----------
    name : str
        The file's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._gathered = Gathered()
        self._lost = 0
        self._places: list[Place] = []
        self._organisms: set[str] = set()
        self._molecules: set[str] = set()

    def add(self, item: RawItem | Skipped) -> None:
        """Take the next item that was read."""
        if isinstance(item, Skipped):
            self._lost += 1
        elif isinstance(item.content, Record):
            self._add(item.content)

    def _add(self, record: Record) -> None:
        start = self._gathered.bases
        self._gathered.add(record)
        self._organisms.add(record.organism)
        self._molecules.add(record.molecule)
        if len(self._places) < DRAWN_RECORDS and record.sequence.length:
            self._places.append(Place(start, self._gathered.bases, record.name))

    def items(self) -> Iterator[RawItem]:
        """Yield the file as an item, if it holds several records that are not all too short for a sketch."""
        gathered = self._gathered
        if gathered.records < 2 or not len(sketch := gathered.sketch()):
            return
        whole = Whole(
            self._name,
            gathered.records,
            gathered.bases,
            sketch,
            gathered.digest(),
            _only(self._organisms),
            _only(self._molecules),
            self._places,
        )
        warnings = [f"records that could not be read are left out: {self._lost:,}"] if self._lost else []
        yield RawItem(whole, 0, self._name, FILE_ID, warnings=warnings)


def _only(values: set[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""
