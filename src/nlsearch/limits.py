"""All caps in one table, each with its unit and its reason.

A refused file says which cap refused it (:class:`~nlsearch.errors.LimitExceeded`), and every cap can be set:
``Collection.open(..., limits=Limits(image_pixels=400_000_000))`` or ``nlsearch index --cap image_pixels=400000000``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from nlsearch.errors import LimitExceeded, QueryError

MIB = 2**20
GIB = 2**30


def _cap(default: int, unit: str, reason: str) -> Any:  # noqa: ANN401 - dataclasses.field is typed as the field's value
    return field(default=default, metadata={"unit": unit, "reason": reason})


def how_to_raise(name: str) -> str:
    """Return the hint of an error about the cap called `name`: how to set it, in a command and in Python."""
    return f"if you trust what is read, raise it with --cap {name}=N (Python: limits=Limits({name}=N))"


@dataclass(frozen=True)
class Limits:
    """The caps in force.  Instances are immutable, comparable and JSON-able (:meth:`to_dict`)."""

    source_bytes: int = _cap(4 * GIB, "bytes", "a single file, decompressed, as a handler may read it")
    container_members: int = _cap(100_000, "members", "an archive of millions of names exhausts the catalog")
    container_bytes: int = _cap(16 * GIB, "bytes", "everything that one archive unpacks to")
    container_ratio: int = _cap(200, "times", "unpacked to packed; honest data stays below, bombs do not")
    container_depth: int = _cap(3, "levels", "archives inside archives inside archives")
    records_per_source: int = _cap(50_000_000, "records", "a generated file must not fill the disk")
    worker_memory_bytes: int = _cap(4 * GIB, "bytes", "address space of one worker (RLIMIT_AS)")
    worker_seconds: int = _cap(120, "seconds", "wall clock without any answer from the worker")
    worker_answer_bytes: int = _cap(512 * MIB, "bytes", "one answer of a worker, so that garbage is not allocated")
    molecule_atoms: int = _cap(10_000, "atoms", "parsing and matching grow faster than linearly")
    tautomer_atoms: int = _cap(250, "heavy atoms", "each of up to 1,000 tautomers costs a copy of the molecule")
    record_bytes: int = _cap(64 * MIB, "bytes", "one record of a file of text records, which is held in memory")
    line_bytes: int = _cap(MIB, "bytes", "one line of a list, or a header line; a file without line ends has none")
    nucleotide_bases: int = _cap(2**32 - 1, "bases", "positions are 32-bit")
    audio_seconds: int = _cap(86_400, "seconds", "of one recording that are decoded; a small file can claim centuries")
    audio_channels: int = _cap(64, "channels", "a header may claim 1,024, and a block holds some of each")
    image_pixels: int = _cap(200_000_000, "pixels", "a decompression bomb decodes to gigabytes")
    score_notes: int = _cap(2_000_000, "notes", "a damaged MIDI file claims billions")
    query_bytes: int = _cap(1_000_000, "bytes", "a whole query with its values")
    query_clauses: int = _cap(4_096, "clauses", "each clause is a pass over the index")
    query_depth: int = _cap(50, "levels", "nested parentheses")
    query_residues: int = _cap(100_000, "residues", "comparing it with the longest protein known takes seconds then")
    mismatch_bases: int = _cap(150_000, "bases", "alignment within k edits costs length times edits at every candidate")
    evidence_more: int = _cap(100, "matches", "further matches of one item that are listed")
    verify_steps: int = _cap(1_000_000, "comparisons of atoms", "cages have exponentially many ways to fail a pattern")
    verify_matches: int = _cap(1_000, "matches", "matches of one item that are looked for")

    def to_dict(self) -> dict[str, int]:
        """Return the caps as a plain dictionary."""
        return asdict(self)

    def check(self, name: str, amount: int, *, locator: str = "") -> None:
        """Raise if `amount` is over the cap called `name`.

        Raises
        ------
        LimitExceeded
            With the cap's name, its value and how to raise it.
        """
        cap: int = getattr(self, name)
        if amount > cap:
            raise LimitExceeded(
                f"{amount:,} {UNITS[name]} is over the cap {name} = {cap:,}",
                locator=locator,
                hint=how_to_raise(name),
            )

    @classmethod
    def parse(cls, settings: dict[str, str]) -> Limits:
        """Make limits from texts such as ``{"image_pixels": "400000000"}``.

        Raises
        ------
        QueryError
            If a name is unknown or a value is not a positive whole number.
        """
        known = {f.name for f in fields(cls)}
        values: dict[str, int] = {}
        for name, text in settings.items():
            if name not in known:
                raise QueryError(f"there is no limit called {name!r}", hint="known: " + ", ".join(sorted(known)))
            if not text.isdecimal() or int(text) < 1:
                raise QueryError(f"limit {name} wants a positive whole number, not {text!r}")
            values[name] = int(text)
        return cls(**values)


UNITS: dict[str, str] = {f.name: f.metadata["unit"] for f in fields(Limits)}
REASONS: dict[str, str] = {f.name: f.metadata["reason"] for f in fields(Limits)}
