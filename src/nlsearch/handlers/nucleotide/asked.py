"""A compiled query, opened for verification."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nlsearch.handlers.nucleotide.align import Match
from nlsearch.handlers.nucleotide.alphabet import reverse_complement
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.seeding import SeedList


@dataclass
class Asked:
    """What a probe of this kind asks, as :mod:`compile` wrote it into ``Probe.verification``."""

    verification: dict[str, Any]
    _oriented: dict[str, bytes] = field(default_factory=dict)
    _samples: dict[tuple[int, str], tuple[bytes, SeedList]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.length: int = self.verification["length"]
        self.digest: bytes = self.verification["digest"]
        self.edits: int | None = self.verification["edits"]
        self.is_seeded: bool = self.verification["seeded"]
        self.identity: float = self.verification["identity"]
        self.votes: int = self.verification["votes"]
        self.windows: list[tuple[int, int]] = [(start, end) for start, end in self.verification["windows"]]
        strand = self.verification["strand"]
        self.strands: tuple[str, ...] = ("+", "-") if strand == "both" else (strand,)

    @cached_property
    def _stored(self) -> Target:
        return Target(self.verification["query"])

    def oriented(self, strand: str) -> bytes | None:
        """Return the whole query on a strand; None if only samples of it are kept."""
        if not self._stored.has_sequence:
            return None
        if strand not in self._oriented:
            codes = self._stored.codes(0, self.length)
            self._oriented[strand] = codes if strand == "+" else reverse_complement(codes)
        return self._oriented[strand]

    @cached_property
    def is_palindrome(self) -> bool:
        """Whether both strands are the same and the plus strand is asked for, so that one of them is enough."""
        whole = self.oriented("+")
        return whole is not None and "+" in self.strands and whole == self.oriented("-")

    def sample(self, number: int, strand: str) -> tuple[bytes, SeedList]:
        """Return one window of the query on a strand, with its seeds; positions count from the window's start."""
        if (number, strand) not in self._samples:
            start, end = self.windows[number]
            stored = self._stored.has_sequence
            codes = self._stored.codes(start, end) if stored else self.verification["samples"][number]
            codes = codes if strand == "+" else reverse_complement(codes)
            self._samples[number, strand] = (codes, SeedList.of(codes).by_word())
        return self._samples[number, strand]

    def letters(self, match: Match) -> bytes:
        """Return the codes of a match's part of the query, on the match's strand; empty if they are not kept."""
        if self._stored.has_sequence:
            codes = self._stored.codes(match.q_start, match.q_end)
            return codes if match.strand == "+" else reverse_complement(codes)
        for number, (start, end) in enumerate(self.windows):
            if start <= match.q_start and match.q_end <= end:
                codes = self.verification["samples"][number][match.q_start - start : match.q_end - start]
                return codes if match.strand == "+" else reverse_complement(codes)
        return b""
