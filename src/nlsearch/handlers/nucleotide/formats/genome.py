"""The sequences of the records that a table of features is about: inside the file, or in files beside it.

They are read once to know which there are, and held at two bits a base, :data:`HELD_BASES` of them at most; longer ones
are then read again when a feature lies on them, and the last of these is held.  Of records of one name nothing is
guessed: they count as one if they are equal, and otherwise as none.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nlsearch.errors import InputError
from nlsearch.handlers.sequences.packed import Packed
from nlsearch.handlers.sequences.read import read_sequences
from nlsearch.handlers.sequences.records import NUCLEOTIDE, Record
from nlsearch.limits import Limits
from nlsearch.model import RawItem, Skipped

if TYPE_CHECKING:
    from nlsearch.handlers.contract import Source

HELD_BASES = 2**30
_OWN = {"2bit": "twobit"}
_Reader = Callable[[], Iterator[RawItem | Skipped]]


@dataclass(slots=True)
class _Origin:
    """Where sequences come from; `name` as warnings call it, `problem` says why the rest of it does not read."""

    name: str
    read: _Reader
    entries: int = 0
    problem: str = ""


@dataclass(slots=True, eq=False)
class _Entry:
    """A record of an origin, the `number`-th item of it."""

    origin: _Origin
    number: int
    length: int
    digest: bytes
    organism: str
    molecule: str
    packed: Packed | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a record that features lie on: its sequence, or a warning why it has none that can be told."""

    entry: _Entry | None = None
    warning: str = ""

    @property
    def length(self) -> int:
        """Bases; 0 where unknown."""
        return 0 if self.entry is None else self.entry.length

    @property
    def place(self) -> str:
        """The name of what holds it."""
        return "" if self.entry is None else self.entry.origin.name


class Sequences:
    """Finds sequences by the names that a table of features gives their records.

    A name is an id of a record; where no record has it for its id, one that has it for its accession, with version or
    without, is meant.  What is inside the file goes before what lies beside it.

    Parameters
    ----------
    inside : callable or None
        Gives the records that the file itself holds.
    companions : sequence of Source
    limits : Limits
    """

    def __init__(self, inside: _Reader | None, companions: Sequence[Source], limits: Limits) -> None:
        self._limits = limits
        self._origins = [] if inside is None else [_Origin("the file", inside)]
        self._inside = len(self._origins)
        for companion in companions:
            self._origins.append(_Origin(f"{companion.path.rpartition('/')[2]} beside it", self._reader(companion)))
        self._names: list[dict[str, list[_Entry]]] = []
        self._known: dict[str, Known] = {}
        self._held: list[tuple[int, int, _Entry]] = []
        self._held_bases = self._made = 0
        self._last: tuple[_Entry, Packed] | None = None
        self._walk: tuple[_Origin, Iterator[tuple[int, Record]]] | None = None

    def _reader(self, companion: Source) -> _Reader:
        return lambda: read_sequences(companion, self._limits, NUCLEOTIDE, _OWN)

    def of(self, name: str) -> Known:
        """Return what is known of the record of this name."""
        if not self._names:
            self._look()
        if name not in self._known:
            self._known[name] = self._found(name)
        return self._known[name]

    def sequence(self, known: Known) -> Packed | None:
        """Return the sequence of a record."""
        entry = known.entry
        if entry is None or entry.packed is not None:
            return None if entry is None else entry.packed
        if self._last is None or self._last[0] is not entry:
            self._last = None
            self._last = (entry, self._read_again(entry))
        return self._last[1]

    # ----------------------------------------------------------------------------------------------- what there is
    def _look(self) -> None:
        """Read all there is once: inside before beside, ids before accessions."""
        self._names = [{}, {}, {}, {}]
        for at, origin in enumerate(self._origins):
            ids, accessions = self._names[:2] if at < self._inside else self._names[2:]
            try:
                for number, record in _records(origin):
                    entry = self._entry(origin, number, record)
                    ids.setdefault(record.name, []).append(entry)
                    for accession in record.accessions:
                        if accession != record.name:
                            accessions.setdefault(accession, []).append(entry)
            except InputError as error:
                origin.problem = error.message

    def _entry(self, origin: _Origin, number: int, record: Record) -> _Entry:
        own = record.sequence
        origin.entries += 1
        entry = _Entry(origin, number, own.length, own.digest, record.organism, record.molecule, own)
        self._made += 1
        heapq.heappush(self._held, (-own.length, self._made, entry))
        self._held_bases += own.length
        while self._held_bases > HELD_BASES:  # the longest go, of which there are few
            _, _, longest = heapq.heappop(self._held)
            self._held_bases -= longest.length
            longest.packed = None
        return entry

    def _found(self, name: str) -> Known:
        entries = next((names[name] for names in self._names if name in names), [])
        if entries and all(entry.digest == entries[0].digest for entry in entries):
            return Known(entries[0]) if entries[0].length else Known(None, f"record {name} has no sequence in it")
        if entries:
            places = " and in ".join(dict.fromkeys(entry.origin.name for entry in entries))
            return Known(None, f"no sequence was taken: {len(entries)} records {name}, which differ, are in {places}")
        broken = [f"{origin.name} does not read: {origin.problem}" for origin in self._origins if origin.problem]
        looked = [origin.name for origin in self._origins if origin.entries and not origin.problem]
        missing = [f"record {name} is not among the sequences of {' or of '.join(looked)}"] if looked else []
        return Known(None, "; ".join([*broken, *missing]))

    # ----------------------------------------------------------------------------------------------- reading again
    def _read_again(self, entry: _Entry) -> Packed:
        """Go on from the last record that was read again, or begin anew where it lies before that."""
        for _ in range(2):
            if self._walk is None or self._walk[0] is not entry.origin:
                self._walk = (entry.origin, _records(entry.origin))
            for number, record in self._walk[1]:
                if number == entry.number:
                    return record.sequence
                if number > entry.number:
                    break
            self._walk = None
        raise InputError(f"{entry.origin.name} has changed while it was read", hint="index it again")


def _records(origin: _Origin) -> Iterator[tuple[int, Record]]:
    for number, item in enumerate(origin.read()):
        if isinstance(item, RawItem) and isinstance(item.content, Record):
            yield number, item.content
