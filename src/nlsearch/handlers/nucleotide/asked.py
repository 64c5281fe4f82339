"""A compiled query, opened for verification."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nlsearch.handlers.nucleotide.align import Match
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.seeding import SeedList
from nlsearch.handlers.sequences.bases import reverse_complement
from nlsearch.model import Extent


@dataclass
class Asked:
    """What a probe of this kind asks, as :mod:`compile` wrote it into ``Probe.verification``."""

    verification: dict[str, Any]
    searched: Extent | None = None
    _oriented: dict[str, bytes] = field(default_factory=dict)
    _seeds: dict[str, SeedList] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.length: int = self.verification["length"]
        self.digest: bytes = self.verification["digest"]
        self.edits: int | None = self.verification["edits"]
        self.is_seeded: bool = self.verification["seeded"]
        self.identity: float = self.verification["identity"]
        self.evalue: float = self.verification["evalue"]
        self.votes: int = self.verification["votes"]
        strand = self.verification["strand"]
        self.strands: tuple[str, ...] = ("+", "-") if strand == "both" else (strand,)

    @cached_property
    def _stored(self) -> Target:
        return Target(self.verification["query"])

    def oriented(self, strand: str) -> bytes:
        """Return the whole query on a strand."""
        if strand not in self._oriented:
            codes = self._stored.codes(0, self.length)
            self._oriented[strand] = codes if strand == "+" else reverse_complement(codes)
        return self._oriented[strand]

    @cached_property
    def is_palindrome(self) -> bool:
        """Whether both strands are the same and the plus strand is asked for, so that one of them is enough."""
        return "+" in self.strands and self.oriented("+") == self.oriented("-")

    @cached_property
    def flags(self) -> tuple[int, ...]:
        """The strands that are looked at, as the seed index numbers them."""
        wanted = ("+",) if self.is_palindrome else self.strands
        return tuple("+-".index(strand) for strand in wanted)

    def seeds(self, strand: str) -> SeedList:
        """Return the seeds of the query on a strand, ascending by word."""
        if strand not in self._seeds:
            self._seeds[strand] = SeedList.of(self.oriented(strand)).by_word()
        return self._seeds[strand]

    def letters(self, match: Match) -> bytes:
        """Return the codes of a match's part of the query, on the match's strand."""
        codes = self._stored.codes(match.q_start, match.q_end)
        return codes if match.strand == "+" else reverse_complement(codes)
