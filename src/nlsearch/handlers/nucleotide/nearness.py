"""``near``: features within so many bases of features that a name finds, on the same record.

Conventions
-----------
The value is looked up first: the features that it names are the *anchors*.  A feature is near an anchor if one of its
bases is at most ``within`` bases from the anchor; *upstream* is what lies before the anchor in the anchor's own
direction.  The distance is the number of bases between both, 0 if they touch or overlap; around a circular record the
shorter way counts.  An anchor is not near itself, nor is what is the same gene at its very place: a feature with a gene
name or locus tag of the anchor's, or, where one of both has none, one of another type (a gene's CDS) or of the same
name.  Another gene at that place is a neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from nlsearch.errors import QuerySyntax
from nlsearch.folding import keyword
from nlsearch.handlers.contract import Buffer
from nlsearch.handlers.nucleotide.facts import UNSEEDED
from nlsearch.handlers.nucleotide.payload import Target
from nlsearch.handlers.nucleotide.regions import is_named, overlapping, place_of
from nlsearch.handlers.sequences.records import Place
from nlsearch.limits import Limits
from nlsearch.model import AnyOf, Exact, Json, Probe, Question, Scalar, Terms, Verdict

MOST_WINDOWS = 64
"""With more stretches to look at, all features of the records are candidates."""
_NOTHING = Terms(UNSEEDED, (0,))
"""A term that no item has."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A stretch that is named: half-open, on a record of `length` bases."""

    record: str
    start: int
    end: int
    strand: str
    length: int
    circular: bool
    name: str
    called: list[list[str]]
    """Type and name of each feature that is named there; empty where the payload does not tell."""
    genes: list[str]
    """The names of their genes, folded."""

    @classmethod
    def of(cls, payload: Buffer) -> Iterator[Anchor]:
        """Yield the stretches of a feature: one, or each part of one that runs across the origin."""
        target = Target(payload)
        parts = target.places()
        if not target.is_feature or not parts or not target.record:
            return
        first, last = min(part.start for part in parts), max(part.end for part in parts)
        strand = str(place_of(parts)["strand"])
        spans = [(part.start, part.end) for part in parts] if (first, last) == (0, target.strip_length) else []
        for start, end in spans if target.is_circular and spans else [(first, last)]:
            yield cls(
                target.record[0], start, end, strand, target.strip_length, target.is_circular, target.label,
                [target.identity[:2]] if target.identity else [], _genes(target),
            )  # fmt: skip

    def join(self, other: Anchor) -> None:
        """Take in another feature that is named at the same place."""
        self.called.extend(other.called)
        self.genes.extend(other.genes)

    def windows(self, within: int, side: str) -> Iterator[tuple[int, int]]:
        """Yield the half-open stretches of the record in which a feature is near."""
        ahead = self.strand != "-"
        low = self.start - within if side == "both" or (side == "upstream") == ahead else self.end
        high = self.end + within if side == "both" or (side == "downstream") == ahead else self.start
        if not self.circular:
            yield max(low, 0), high
            return
        for turn in (-self.length, 0, self.length):
            start, end = max(low + turn, 0), min(high + turn, self.length)
            if start <= end:
                yield start, end


@dataclass(frozen=True, slots=True)
class Nearness:
    """How far a feature is from an anchor, on which side, and of which."""

    distance: int
    side: str
    anchor: Anchor


def compile_near(value: str, payloads: Sequence[Buffer], options: Mapping[str, Scalar]) -> Probe:
    """Compile the operator ``near`` for the items that its value names.

    Raises
    ------
    QuerySyntax
        If the distance is negative.
    """
    within, side = int(options["within"]), str(options["side"])
    if within < 0:
        raise QuerySyntax(f"within is a number of bases from 0 on, not {within}")
    found: dict[tuple[str, int, int, str], Anchor] = {}
    for payload in payloads:
        for anchor in Anchor.of(payload):
            first = found.setdefault((keyword(anchor.record), anchor.start, anchor.end, anchor.strand), anchor)
            if first is not anchor:
                first.join(anchor)
    anchors = list(found.values())
    where = {"both": "of", "upstream": "upstream of", "downstream": "downstream of"}[side]
    places = f"{len(anchors):,} places named {value}" if len(anchors) != 1 else f"the place named {value}"
    said = f"features within {within:,} bases {where} {places}"
    verification = {"anchors": [list(astuple(anchor)) for anchor in anchors], "within": within, "side": side}
    return Probe("nucleotide", "near", said, _question(anchors, within, side), verification, "complete")


def _question(anchors: Sequence[Anchor], within: int, side: str) -> Question:
    windows = {(anchor.record, *window) for anchor in anchors for window in anchor.windows(within, side)}
    if not windows:
        return _NOTHING
    if len(windows) > MOST_WINDOWS:
        return AnyOf(tuple(Exact("record", record) for record in sorted({record for record, _, _ in windows})))
    return AnyOf(tuple(overlapping(record, start, end) for record, start, end in sorted(windows)))


def verify_near(probe: Probe, target: Target, limits: Limits) -> Verdict | None:
    """Say how near a feature is to its nearest anchor, and to which others it is near."""
    if not target.is_feature:
        return None
    within, side = probe.verification["within"], probe.verification["side"]
    parts = target.places()
    anchors = [Anchor(*values) for values in probe.verification["anchors"]]
    found = [near for anchor in anchors if (near := _nearness(anchor, target, parts, within, side)) is not None]
    if not found:
        return None
    found.sort(key=lambda near: (near.distance, near.anchor.record, near.anchor.start))
    best, *more = [_evidence(near) for near in found]
    evidence = {**place_of(parts), **best, "more": more[: limits.evidence_more], "count": len(found)}
    return Verdict(1.0 - found[0].distance / within if within else 1.0, "exact", evidence)


def _evidence(near: Nearness) -> dict[str, Json]:
    anchor = near.anchor
    where = {"name": anchor.name, "target": [anchor.start, anchor.end], "strand": anchor.strand}
    return {"distance": near.distance, "side": near.side, "anchor": where}


def _nearness(anchor: Anchor, target: Target, parts: list[Place], within: int, side: str) -> Nearness | None:
    """Return how far a feature is from one anchor, None if too far, elsewhere, or the anchor itself."""
    if not parts or not is_named(target, anchor.record) or _is_itself(anchor, target, parts):
        return None
    turns = (0, anchor.length, -anchor.length) if anchor.circular else (0,)
    every = [_beside(anchor, part.start + turn, part.end + turn, within, side) for part in parts for turn in turns]
    return min((near for near in every if near is not None), key=lambda near: near.distance, default=None)


def _genes(target: Target) -> list[str]:
    return [keyword(name) for name in target.identity[2:]]


def _is_itself(anchor: Anchor, target: Target, parts: list[Place]) -> bool:
    spans = {(part.start, part.end) for part in parts}
    spans.add((min(part.start for part in parts), max(part.end for part in parts)))
    if (anchor.start, anchor.end) not in spans or place_of(parts)["strand"] != anchor.strand:
        return False
    genes = _genes(target)
    if genes and anchor.genes:
        return not set(genes).isdisjoint(anchor.genes)
    kind, name = target.identity[:2] or ("", "")
    return (
        not anchor.called
        or not name
        or any(of != kind or keyword(called) == keyword(name) for of, called in anchor.called)
    )


def _beside(anchor: Anchor, start: int, end: int, within: int, side: str) -> Nearness | None:
    before = start < anchor.start and end > anchor.start - within
    after = end > anchor.end and start < anchor.end + within
    first, second = ("upstream", "downstream") if anchor.strand != "-" else ("downstream", "upstream")
    overlaps = start < anchor.end and end > anchor.start
    fitting = {"both": overlaps or before or after, first: before, second: after}
    if not fitting[side]:
        return None
    distance = max(0, anchor.start - end, start - anchor.end)
    return Nearness(distance, "overlapping" if overlaps else first if before else second, anchor)
