"""``iupac``: every place of a motif of IUPAC letters, on both strands, overlapping ones and those across an origin too.

Conventions
-----------
A letter of the motif matches as :mod:`alphabet` says: an ambiguous letter of the target only if all that it may be is
allowed.  A motif that is its own reverse complement is found once at each place, on the forward strand.  A place across
the origin of a circular record ends beyond the record's length and says ``wraps``.

Marks of restriction enzymes are read as in REBASE: ``^`` is where the motif's own strand is cut and ``_`` where the
other one is (Roberts et al., Nucleic Acids Res 2023 51:D629).  A cut is told as the number of the target's bases before
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlsearch.errors import QuerySyntax
from nlsearch.handlers.nucleotide.alphabet import parse_query
from nlsearch.handlers.nucleotide.facts import RECORD_TYPE
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.sequences.bases import ALLOWED, LETTERS, letters, reverse_complement
from nlsearch.kernels import MOTIF_CODES, find_motif
from nlsearch.limits import Limits
from nlsearch.model import Exact, Json, Probe, Scalar, Verdict

CUTS = {"^": "cut", "_": "cut_other_strand"}
"""Marks, and the keys of evidence that say where they are."""
SHOWN_LETTERS = 1_000
_STRANDS = {"both": "both strands", "+": "forward strand", "-": "reverse strand"}


@dataclass(frozen=True, slots=True)
class Motif:
    """Codes of a motif, and where it is cut: letters before the cut, by the key of evidence."""

    codes: bytes
    cuts: Mapping[str, int]

    @classmethod
    def parse(cls, text: str) -> Motif:
        """Read letters with cut marks.

        Raises
        ------
        QuerySyntax
            If it holds no letters, a letter that is none, or a mark twice.
        """
        plain = "".join(text.split())
        cuts = {}
        for mark, key in CUTS.items():
            if plain.count(mark) > 1:
                raise QuerySyntax(f"a motif has one cut mark {mark!r} at most")
            if mark in plain:
                cuts[key] = len(plain[: plain.index(mark)].translate(_WITHOUT_MARKS))
        return cls(parse_query(plain.translate(_WITHOUT_MARKS)), cuts)

    def strands(self, asked: str) -> Iterator[tuple[str, bytes]]:
        """Yield the strands to look at, each with the motif as it reads along the forward strand."""
        other = reverse_complement(self.codes)
        is_palindrome = other == self.codes and not self._is_lopsided
        if asked != "-":
            yield "+", self.codes
        if asked == "-" or (asked == "both" and not is_palindrome):
            yield "-", other

    @property
    def _is_lopsided(self) -> bool:
        """Whether a palindrome is cut otherwise when it is read from the other strand."""
        first, second = self.cuts.get("cut"), self.cuts.get("cut_other_strand")
        return first is not None and second is not None and first + second != len(self.codes)


_WITHOUT_MARKS = str.maketrans("", "", "".join(CUTS))


def compile_motif(text: str, options: Mapping[str, Scalar]) -> Probe:
    """Compile the operator ``iupac``."""
    motif, strand = Motif.parse(text), str(options.get("strand", "both"))
    said = f"motif of {len(motif.codes):,} {'letters' if len(motif.codes) > 1 else 'letter'}, {_STRANDS[strand]}"
    if len(list(motif.strands("both"))) == 1:
        said += ", the same on both"
    if motif.cuts:
        said += f", cut after letter {' and '.join(str(cut) for cut in motif.cuts.values())}"
    verification: dict[str, Any] = {"motif": motif.codes, "cuts": dict(motif.cuts), "strand": strand}
    return Probe("nucleotide", "iupac", said, Exact("feature", RECORD_TYPE), verification, "complete", exact_floor=1.0)


def verify_motif(probe: Probe, target: Target, limits: Limits) -> Verdict | None:
    """Return every place of the motif in a record; listed are as many as the cap ``evidence_more`` says."""
    asked = probe.verification
    motif = Motif(asked["motif"], asked["cuts"])
    if target.is_feature or not target.has_sequence:
        return None
    total, places = 0, []
    for strand, codes in motif.strands(asked["strand"]):
        count, starts = _places(codes, target, 1 + limits.evidence_more)
        total += count
        places += [(start, strand) for start in starts]
    if not places:
        return None
    best, *more = [_evidence(motif, start, strand, target) for start, strand in sorted(places)]
    best["more"] = more[: limits.evidence_more]
    best["count"] = total
    return Verdict(1.0, "exact", best)


def _places(codes: bytes, target: Target, most: int) -> tuple[int, list[int]]:
    """Return how many places there are along the forward strand, and the first of them."""
    allowed = np.zeros((len(codes), MOTIF_CODES), np.bool_)
    allowed[:, : len(LETTERS)] = ALLOWED[np.frombuffer(codes, np.uint8)]
    total = 0
    starts: list[int] = []
    for offset, text in _texts(target, len(codes)):
        count, found = _found(text, allowed, most - len(starts))
        total += count
        starts += [offset + start for start in found]
    return total, starts


def _found(text: bytes, allowed: NDArray[np.bool_], most: int) -> tuple[int, list[int]]:
    count, starts = find_motif(text, allowed, most)
    return count, starts.tolist()


def _texts(target: Target, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield stretches of the record, so that every place of `size` letters lies in one of them, with their starts."""
    for start, end in target.windows(size - 1):
        yield start, target.codes(start, end)
    if target.is_circular and 1 < size <= target.length:
        at = target.length - (size - 1)
        yield at, target.codes(at, target.length) + target.codes(0, size - 1)


def _evidence(motif: Motif, start: int, strand: str, target: Target) -> dict[str, Json]:
    size, end = len(motif.codes), start + len(motif.codes)
    found: dict[str, Json] = {"query": [0, size], "target": [start, end], "strand": strand}
    if size <= SHOWN_LETTERS:
        codes = target.codes(start, end) + target.codes(0, end - target.length)
        found["sequence"] = letters(codes if strand == "+" else reverse_complement(codes))
    for key, cut in motif.cuts.items():
        found[key] = start + cut if strand == "+" else end - cut
    if end > target.length:
        found["wraps"] = True
    return found
