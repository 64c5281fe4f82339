"""``region``: a stretch of a record, and every feature that has bases in it.

Conventions
-----------
The value counts bases from 1 and both ends belong to it, as in INSDC's notation, in samtools and in genome browsers.
Records are named by FASTA id or accession, with or without version; case does not count.  A feature has the bases of
its parts: what lies in an intron of it is not in the feature.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlsearch.errors import QuerySyntax
from nlsearch.folding import keyword
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.sequences.bases import letters, reverse_complement
from nlsearch.handlers.sequences.records import Place
from nlsearch.model import AllOf, Exact, Json, Probe, Question, Range, Verdict

SHOWN_BASES = 100_000
"""Longer stretches come without their letters."""
NAMED_FEATURES = 50
_COMPLEMENT = re.compile(r"complement\((.*)\)", re.IGNORECASE)
_NUMBER = r"\d[\d,]*"
_RANGE = re.compile(rf"(?P<start>{_NUMBER})(?:\s*(?:-|\.\.|–)\s*(?P<end>{_NUMBER}))?")
_HINT = 'write region:"NC_005816:1000-2000"'


@dataclass(frozen=True, slots=True)
class Stretch:
    """A record's name, and a half-open range of it; ``end`` None is the record's end."""

    record: str
    start: int = 0
    end: int | None = None
    strand: str = "+"

    @classmethod
    def parse(cls, text: str) -> Stretch:
        """Read a name with a range.

        Raises
        ------
        QuerySyntax
            If there is no name, or the range begins before 1 or ends before it begins.
        """
        body, turned = _opened(text.strip())
        name, colon, place = body.rpartition(":")
        place, turned_inside = _opened(place.strip())
        found = _RANGE.fullmatch(place) if colon else None
        strand = "-" if turned != turned_inside else "+"
        if found is None and turned_inside:
            raise QuerySyntax(f"{place!r} is no range of bases", hint=_HINT)
        name = (name if found else body).strip()
        if not name.strip(":"):
            raise QuerySyntax("the region names no record", hint=_HINT)
        if found is None:
            return cls(name, strand=strand)
        start = _number(found["start"])
        end = _number(found["end"] or found["start"])
        if start < 1 or end < start:
            raise QuerySyntax(f"a region runs upwards from base 1 on, not from {start:,} to {end:,}", hint=_HINT)
        return cls(name, start - 1, end, strand)


def _opened(text: str) -> tuple[str, bool]:
    """Return what is inside of ``complement(…)``, and whether that was there."""
    turned = _COMPLEMENT.fullmatch(text)
    return (turned[1].strip(), True) if turned else (text, False)


def _number(text: str) -> int:
    digits = text.replace(",", "")
    if len(digits) > 15:
        raise QuerySyntax("a position has at most 15 digits")
    return int(digits)


def overlapping(record: str, start: int, end: int | None) -> Question:
    """Return the question for the items of a record between whose first and last base the range has one."""
    named = Exact("record", record)
    return named if end is None else AllOf((named, Range("start", None, end), Range("end", start + 1, None)))


def compile_region(text: str) -> Probe:
    """Compile the operator ``region``."""
    asked = Stretch.parse(text)
    where = "all" if asked.end is None else f"bases {asked.start + 1:,} to {asked.end:,} (1-based, both included)"
    said = f"{where} of {asked.record}" + (", reverse complement" if asked.strand == "-" else "")
    verification = {"record": asked.record, "start": asked.start, "end": asked.end, "strand": asked.strand}
    return Probe(
        "nucleotide",
        "region",
        said + ", and the features that overlap it",
        overlapping(asked.record, asked.start, asked.end),
        verification,
        "complete",
    )


def is_named(target: Target, record: str) -> bool:
    """Say whether an item is the record of that name, or a feature of it."""
    wanted = keyword(record)
    return any(keyword(name) == wanted for name in target.record)


def verify_region(probe: Probe, target: Target) -> Verdict | None:
    """Return where the region lies in a record, or which part of a feature lies in it."""
    asked = Stretch(**probe.verification)
    if not is_named(target, asked.record):
        return None
    return _feature(asked, target) if target.is_feature else _record(asked, target)


def _record(asked: Stretch, target: Target) -> Verdict | None:
    end = target.length if asked.end is None else min(asked.end, target.length)
    if asked.start >= end and asked.end is not None:
        return None
    evidence: dict[str, Json] = {"target": [asked.start, end], "strand": asked.strand}
    if target.has_sequence and end - asked.start <= SHOWN_BASES:
        codes = target.codes(asked.start, end)
        evidence["sequence"] = letters(codes if asked.strand == "+" else reverse_complement(codes))
    named = target.places(asked.start, end, 4 * NAMED_FEATURES)
    evidence["features"] = list(dict.fromkeys(place.name for place in named))[:NAMED_FEATURES]
    return Verdict(1.0, "exact", evidence)


def _feature(asked: Stretch, target: Target) -> Verdict | None:
    parts = target.places()
    end = target.strip_length if asked.end is None else asked.end
    inside = [part for part in parts if part.start < end and part.end > asked.start]
    if not inside and not (asked.end is None and not parts):
        return None
    bases = sum(part.end - part.start for part in parts)
    common = sum(min(part.end, end) - max(part.start, asked.start) for part in inside if part.end > part.start)
    evidence: dict[str, Json] = {**place_of(parts), "overlap": common}
    return Verdict(common / bases if bases else 1.0, "exact", evidence)


def place_of(parts: Sequence[Place]) -> dict[str, Json]:
    """Return where a feature is, as evidence: from its first to its last base, its strand, and its parts if several."""
    if not parts:
        return {}
    strands = {part.name for part in parts}
    evidence: dict[str, Json] = {
        "target": [min(part.start for part in parts), max(part.end for part in parts)],
        "strand": strands.pop() if len(strands) == 1 else "both",
    }
    if len(parts) > 1:
        evidence["parts_of_feature"] = [[part.start, part.end] for part in parts]
    return evidence
